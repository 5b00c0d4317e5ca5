"""A dry run: what a sweep will take, tried on a second's worth of its runs."""

import contextlib
import sys
import time
from dataclasses import dataclass

import numpy as np

from negotiation_abm.sweep.cells import Cell
from negotiation_abm.sweep.chunk import Finished, play
from negotiation_abm.sweep.executors import Team
from negotiation_abm.sweep.plan import Plan
from negotiation_abm.sweep.work import CHUNK_SECONDS, LARGEST_CHUNK, pilot_seconds, task_of

TRIAL_SECONDS = 0.7  # of each worker
SUMMARY_SECONDS_RUN = 1.5e-6
SUMMARY_SECONDS_POINT = 3e-4
BYTES_FLYING = 1_000  # of a run between being played and being stored
BYTES_POINT = 60
BYTES_SUMMARY = 60_000_000


@dataclass(frozen=True)
class Forecast:
    """What a sweep will take; with a stop rule, at least and at most.

    Attributes
    ----------
    runs, seconds, disk : tuple of float
        Least and most.
    memory : float
        Peak of this process in bytes.
    """

    points: int
    runs: tuple[int, int]
    seconds: tuple[float, float]
    disk: tuple[float, float]
    memory: float
    chunk_runs: int
    workers: int


def forecast(plan: Plan, team: Team) -> Forecast:
    """Try some points on all workers at once, and scale up."""
    alone = pilot_seconds(plan, Cell(0, 0, 1))
    chunk = max(1, min(int(CHUNK_SECONDS / alone), LARGEST_CHUNK))
    samples = [_sample(plan, alone, worker) for worker in range(team.size)]
    tasks = [task_of(plan, sample, plan.identity()) for sample in samples]
    for future in [team.submit(play, tasks[0]) for _ in range(team.size)]:
        future.result()  # workers have started and compiled
    begun = time.perf_counter()
    played: list[Finished] = [f.result() for f in [team.submit(play, task) for task in tasks]]
    seconds = (time.perf_counter() - begun) / sum(task.runs for task in tasks)
    bytes_run = np.mean([sum(map(len, one.files.values())) for one in played]) / tasks[0].runs
    least, most = plan.num_points * plan.spec.replicates, plan.most_runs
    finish = SUMMARY_SECONDS_POINT * plan.num_points

    def span(rate: float, extra: float = 0.0) -> tuple[float, float]:
        return least * rate + extra, most * rate + extra

    flying = 2 * team.size * min(chunk, most) * BYTES_FLYING
    return Forecast(
        points=plan.num_points,
        runs=(least, most),
        seconds=span(seconds + SUMMARY_SECONDS_RUN, finish),
        disk=span(float(bytes_run)),
        memory=_resident() + flying + BYTES_SUMMARY + BYTES_POINT * plan.num_points,
        chunk_runs=chunk,
        workers=team.size,
    )


def _sample(plan: Plan, seconds: float, worker: int) -> list[Cell]:
    """Cells of points spread over the plan, as many as fill the trial."""
    wanted = max(1, int(TRIAL_SECONDS / seconds))
    runs = min(plan.spec.replicates, wanted)
    number = min(plan.num_points, max(1, wanted // runs))
    points = np.linspace(0, plan.num_points - 1, number).astype(int).tolist()
    runs = max(runs, min(plan.spec.most_runs(), wanted // number))
    first = worker * runs
    return [Cell(point, first, first + runs) for point in dict.fromkeys(points)]


def _resident() -> float:
    """Peak memory of this process so far, in bytes; 0 where the system does not say."""
    with contextlib.suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(peak) * (1 if sys.platform == "darwin" else 1024)
    return 0.0
