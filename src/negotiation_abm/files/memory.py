"""How much memory there is: what the machine has, and what the system allows this process."""

import math
import os

MIB = 2**20
STARTING, COMPILING = 256 * MIB, 1_200 * MIB  # address space with which nothing was seen to abort


def check_memory(needed: int, what: str) -> None:
    """Refuse work that a limit on the address space (``ulimit -v``) does not allow.

    Libraries in C and C++ end the process where they get no memory: no exception tells of it.

    Raises
    ------
    MemoryError
        With the limit and what `what` needs, in bytes.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < needed:
        has, needs = limit // MIB, needed // MIB
        raise MemoryError(f"the system allows this process {has} MiB, {what} needs {needs}")


def machine_memory() -> float:
    """Bytes of memory of this machine; without end where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return math.inf
