"""Memory that threads have freed goes back to the system; glibc keeps some 200 MB of it here."""

import ctypes
import os
from typing import Any

MMAP_THRESHOLD = -3  # of mallopt, as malloc.h numbers it
LARGE = 128 * 1024  # bytes, glibc's own default


def settle() -> None:
    """Keep tables of runs apart from small objects, so that the memory of a server stays flat.

    glibc raises the size from which a block is mapped on its own as blocks are freed; tables then
    lie between small objects in the arenas of many threads, which cannot shrink.
    """
    _call("mallopt", MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Return freed memory to the system."""
    _call("malloc_trim", 0)


def _call(name: str, *values: int) -> Any:
    """Call a function of the C library where it has it (glibc)."""
    found = getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None
    return found(*values) if found is not None else None
