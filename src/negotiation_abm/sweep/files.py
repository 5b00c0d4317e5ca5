"""Files of a sweep's folder: whole or not there, and one process at a time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.lock import hold

ASIDE = ".part"


def put(path: Path, content: bytes) -> None:
    """Write a file under another name, see it on the disk, and rename it; replaces what is there.

    Raises
    ------
    OSError
        If it cannot be written; nothing of it stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}{ASIDE}")
    try:
        with aside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def sweep_aside(folder: Path) -> None:
    """Remove files that a killed process was still writing."""
    for path in [*folder.glob(f".*{ASIDE}"), *folder.glob(f"*/.*{ASIDE}")]:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; the lock goes with the process, however that ends.

    Raises
    ------
    InputError
        If another process holds it.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(folder / ".lock", wait=False))
        except OSError:
            problem = "another process is at work in this folder; wait for it, or choose another"
            raise InputError(folder, "", problem) from None
        yield
