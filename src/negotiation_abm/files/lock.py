"""One process or thread at a time; a lock goes with its holder, however that ends."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from negotiation_abm.files.errors import InputError


@contextlib.contextmanager
def hold(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold a lock on a file, which is made and stays: left behind it blocks nobody.

    Raises
    ------
    OSError
        If another holds it and `wait` is false, or it cannot be opened.
    """
    with path.open("a+b") as stream:
        _lock(stream.fileno(), wait)
        yield


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Wait for a folder and hold it; leaves no file where the system can lock folders."""
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            _lock(descriptor, wait=True)
        except OSError:
            stack.enter_context(hold(folder / ".folder.lock"))
        yield


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for long work.

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


def _lock(descriptor: int, wait: bool) -> None:
    if os.name == "nt":
        import msvcrt

        mode = msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK  # type: ignore[attr-defined,unused-ignore]
        msvcrt.locking(descriptor, mode, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
