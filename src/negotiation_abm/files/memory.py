"""A limit on memory that the system sets, seen before a library ends the process over it."""

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
