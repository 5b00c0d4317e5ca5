"""Who does the work: threads, processes, a Dask cluster, or any executor with `submit`."""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.run.batch import available_threads


class Team:
    """An executor and its size.

    Parameters
    ----------
    executor : object
        Has ``submit(function, argument)`` that returns a future with ``result`` and
        ``add_done_callback``.
    size : int
        Tasks at work at a time.
    renew : callable, optional
        Makes a new executor after a worker died and took the old one with it.
    """

    def __init__(
        self, executor: Any, size: int, renew: Callable[[], Executor] | None = None
    ) -> None:
        self.executor = executor
        self.size = size
        self._renew = renew

    def submit(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Hand in one task, to a new executor if a worker died and took the old one with it."""
        try:
            return self.executor.submit(function, argument)
        except BrokenExecutor:  # it is found out before any of its tasks says so
            if not self.renew():
                raise
            return self.executor.submit(function, argument)

    def renew(self) -> bool:
        """Replace a broken executor, if that is possible."""
        if self._renew is None:
            return False
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self._renew()
        return True


@contextlib.contextmanager
def threads(count: int | None = None) -> Iterator[Team]:
    """Threads of this process: the default, as the compiled run lets go of the interpreter."""
    size = count or available_threads()
    with _closing(Team(ThreadPoolExecutor(size), size)) as team:
        yield team


@contextlib.contextmanager
def processes(count: int | None = None) -> Iterator[Team]:
    """Processes of this machine, started afresh (no fork) and replaced when one dies."""
    size = count or available_threads()

    def make() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(size, multiprocessing.get_context("spawn"))

    with _closing(Team(make(), size, make)) as team:
        yield team


@contextlib.contextmanager
def _closing(team: Team) -> Iterator[Team]:
    try:
        yield team
    finally:
        team.executor.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def dask(address: str | None = None, workers: int | None = None) -> Iterator[Team]:
    """A Dask cluster: the one at `address`, or a local one of worker processes.

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        problem = "Dask is not installed; pip install 'negotiation-abm[cluster]'"
        raise InputError("--scheduler" if address else "--workers", "", problem) from None
    with contextlib.ExitStack() as stack:
        target: Any = address
        if address is None:
            size = workers or available_threads()
            target = stack.enter_context(
                LocalCluster(n_workers=size, threads_per_worker=1, dashboard_address=None)
            )
        try:
            client = stack.enter_context(Client(target, timeout="20s"))
        except (OSError, ValueError) as error:
            raise InputError("--scheduler", str(address), f"does not answer ({error})") from None
        yield Team(_Dask(client), max(1, sum(client.nthreads().values())))


class _Dask:
    """Hands tasks to a Dask client; a worker that dies has its task played by another."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, function: Callable[[Any], Any], argument: Any) -> Any:
        return self._client.submit(function, argument, pure=False)


def team_of(executor: Any) -> Team:
    """A team of any executor; its size is asked of it, else a guess.

    Raises
    ------
    InputError
        If it has no `submit`.
    """
    if isinstance(executor, Team):
        return executor
    if not callable(getattr(executor, "submit", None)):
        raise InputError("executor", type(executor).__name__, "has no method 'submit'")
    if callable(getattr(executor, "nthreads", None)):  # a Dask client
        return Team(_Dask(executor), max(1, sum(executor.nthreads().values())))
    known = getattr(executor, "_max_workers", None)
    return Team(executor, known if isinstance(known, int) else os.cpu_count() or 1)
