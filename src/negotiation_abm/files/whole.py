"""Files that appear whole or not at all: written aside, then renamed."""

import contextlib
import itertools
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

_HOST = re.sub(r"[^A-Za-z0-9]", "_", platform.node())[:40] or "here"
_ASIDE = re.compile(r"\.(\w+)-(\d{1,10})-\d+\.part")
_NUMBERS = itertools.count()


def aside(target: Path, suffix: str = "") -> Path:
    """A name beside the target that no other writer has, and that says whose it is.

    The suffix tells some writers a format.
    """
    own = f"{_HOST}-{os.getpid()}-{next(_NUMBERS)}"
    return target.with_name(f".{target.name}.{own}.part{suffix}")


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


def remove_asides(folder: Path, is_held: bool = False) -> None:
    """Remove what was left half-written in the folder and the folders in it.

    Parameters
    ----------
    is_held : bool
        Nobody else writes there, as whoever calls holds the folder's lock: all of it goes. Else
        what processes of this machine have left that are gone.
    """
    for path in [*folder.glob(".*.part*"), *folder.glob("*/.*.part*")]:
        found = _ASIDE.search(path.name)
        is_left = found and found[1] == _HOST and not _lives(int(found[2]))
        if is_held or is_left:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    """Is there a process of that number? Where the system does not say, there is."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
