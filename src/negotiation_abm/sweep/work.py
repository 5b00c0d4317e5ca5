"""Getting cells played: tasks go out a few at a time, and what comes back is stored at once."""

import itertools
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.sweep.cells import Cell, chunks
from negotiation_abm.sweep.chunk import Finished, Task, play
from negotiation_abm.sweep.executors import Team
from negotiation_abm.sweep.folder import check_there
from negotiation_abm.sweep.games import rules
from negotiation_abm.sweep.plan import Plan
from negotiation_abm.sweep.store import Store

CHUNK_SECONDS = 1.0
LARGEST_CHUNK = 20_000  # runs; more would only take memory
PILOT_RUNS = 50
ATTEMPTS = 3  # that a task is handed in after a worker of the own pool died


class Work:
    """Plays cells of a plan into a store with a team.

    Attributes
    ----------
    runs : int
        Runs played so far.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        team: Team,
        chunk_runs: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._plan = plan
        self._store = store
        self._team = team
        self._chunk_runs = chunk_runs
        self._progress = progress
        self.runs = 0
        self._expected = 0

    def play(self, cells: Iterable[Cell], expected: int) -> None:
        """Play all cells; `expected` runs are to come, a guess will do.

        Raises
        ------
        InputError
            If the store cannot be written to; what was stored before stays whole.
        """
        self._expected = self.runs + expected
        cells = iter(cells)
        first = next(cells, None)
        if first is None:
            return
        cells = itertools.chain([first], cells)
        size = self._chunk_runs or self._chosen_size(first, expected)
        tasks = (task_of(self._plan, chunk, self._store.sweep) for chunk in chunks(cells, size))
        for task, answer in self._answers(tasks):
            self._keep(task, answer)

    def _chosen_size(self, first: Cell, expected: int) -> int:
        """Runs that take about a second, and not so many that a worker is left without."""
        seconds = pilot_seconds(self._plan, first)
        fair = -(-expected // (4 * self._team.size))
        return max(1, min(int(CHUNK_SECONDS / seconds), LARGEST_CHUNK, max(fair, 200)))

    def _answers(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Finished | Exception]]:
        """What becomes of each task, in the order in which they end."""
        ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        numbers = itertools.count()
        flying: dict[int, tuple[Any, Task, int, Any]] = {}

        def send(task: Task, attempt: int) -> None:
            number = next(numbers)
            future = self._team.submit(play, task)
            flying[number] = future, task, attempt, self._team.executor
            future.add_done_callback(lambda _: ready.put(number))

        try:
            for task in itertools.islice(tasks, 2 * self._team.size):
                send(task, 1)
            while flying:
                future, task, attempt, executor = flying.pop(ready.get())
                try:
                    answer: Finished | Exception = future.result()
                except BrokenExecutor as error:  # a worker died and took the pool with it
                    is_renewed = executor is not self._team.executor or self._team.renew()
                    if is_renewed and attempt < ATTEMPTS:
                        send(task, attempt + 1)
                        continue
                    if not is_renewed:
                        raise
                    answer = error
                except Exception as error:
                    answer = error
                yield task, answer
                for task in itertools.islice(tasks, 1):
                    send(task, 1)
        finally:
            for future, *_ in flying.values():
                future.cancel()

    def _keep(self, task: Task, answer: Finished | Exception) -> None:
        check_there(self._store.folder)
        try:
            if isinstance(answer, Finished):
                self._store.add(answer)
            else:
                text = f"{type(answer).__name__}: {answer}"
                self._store.add_failures([(cell, text) for cell in task.cells])
        except OSError as error:
            problem = (
                f"writing stopped ({error.strerror or error}); what was stored before is whole, "
                "and the same command goes on from there"
            )
            raise InputError(self._store.folder, "", problem) from None
        self.runs += task.runs
        if self._progress:
            self._progress(self.runs, max(self.runs, self._expected))


def task_of(plan: Plan, cells: list[Cell], sweep: str) -> Task:
    """The task of a chunk of cells."""
    points = {cell.point: (plan.changes(cell.point), plan.seed(cell.point)) for cell in cells}
    return Task(
        sweep=sweep,
        rules=rules(),
        source=plan.source,
        changes=plan.spec.set,
        points=points,
        cells=tuple(cells),
        outputs=tuple(plan.spec.outputs),
    )


def pilot_seconds(plan: Plan, cell: Cell) -> float:
    """Seconds that a run takes on this machine, tried on one point; compiles if need be."""
    sweep = plan.identity()
    warm, trial = Cell(cell.point, 0, 1), Cell(cell.point, 0, PILOT_RUNS)
    play(task_of(plan, [warm], sweep))
    begun = time.perf_counter()
    play(task_of(plan, [trial], sweep))
    return (time.perf_counter() - begun) / PILOT_RUNS
