"""Files that appear whole or not at all: written aside, then renamed."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

_ASIDE = ".part"
_NUMBERS = itertools.count()


def aside(target: Path, suffix: str = "") -> Path:
    """A name beside the target that no other writer has; the suffix tells some writers a format."""
    return target.with_name(f".{target.name}.{os.getpid()}-{next(_NUMBERS)}{_ASIDE}{suffix}")


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Where to write a file for now; leaving the context renames it.

    Raises
    ------
    OSError
        If it cannot be written. On this and any other exception nothing of it stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    path = aside(target)
    try:
        yield path
        os.replace(path, target)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def put(target: Path, content: bytes) -> None:
    """Write a file and see it on the disk before it replaces what is there; as `replacing`."""
    with replacing(target) as path, path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def remove_asides(folder: Path) -> None:
    """Remove what a killed process was still writing, in the folder and those in it."""
    for path in [*folder.glob(f".*{_ASIDE}"), *folder.glob(f"*/.*{_ASIDE}")]:
        path.unlink(missing_ok=True)
