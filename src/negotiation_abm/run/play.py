"""Play runs and collect their outcomes: the one way from games to numbers, case by case."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files.memory import machine_memory
from negotiation_abm.run.batch import (
    CHUNK_SIZE,
    Block,
    in_order,
    joined,
    run_outcomes,
    traced_size,
)
from negotiation_abm.run.outcome import Outcome
from negotiation_abm.run.registry import as_floats, filled, named
from negotiation_abm.scenario.game import Game

Wanted = Sequence[Outcome | str]


@dataclass(frozen=True)
class Case:
    """A game to play, under a label (any hashable); its runs are numbered from `first`."""

    label: Any
    game: Game
    first: int = 0


@dataclass(frozen=True)
class Played:
    """The runs of one case.

    Attributes
    ----------
    case : Case
    outcomes : tuple of Outcome
        Filled in for the game, in the order asked for.
    block : Block
        Tallies (`block.runs`), spells, and the values of each outcome.
    """

    case: Case
    outcomes: tuple[Outcome, ...]
    block: Block

    def __getitem__(self, name: str) -> np.ndarray:
        """Values of one outcome, first axis the run."""
        return self.block.outcomes[name]

    def values(self) -> np.ndarray:
        """All outcomes as numbers, shape (runs, outcomes); NaN where one is not defined."""
        columns = [as_floats(self[outcome.name]) for outcome in self.outcomes]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self.block.runs), 0))


def play(
    cases: Iterable[Case],
    outcomes: Wanted,
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Played]:
    """Play every case with the same draws, and yield them one by one in their order.

    Runs go over threads in chunks; neither the chunks nor the threads change a value. Only one
    case is held at a time, and weeks only while an outcome is made from them.

    Parameters
    ----------
    outcomes : sequence of Outcome or str
        Entries, filled in for each game, or names of filled-in ones.
    seed : int
        0 to 2**64 - 1. Run `n` of every case has the draws of replicate ``first + n``.
    progress : callable, optional
        Called with the number of runs finished, over all cases. What it raises ends the work.

    Raises
    ------
    MemoryError
        If the first runs show that those of a case, which are held together, cannot be.
    """
    parts: list[Block] = []
    done = 0
    for (case, wanted, _, size, is_last), block in _blocks(
        cases, outcomes, replicates, seed, threads
    ):
        if not parts:
            _check_room(block, size, replicates)
        parts.append(block)
        done += size
        if progress:
            progress(done)
        if is_last:
            yield Played(case, wanted, joined(parts))
            parts = []


def _check_room(block: Block, size: int, replicates: int) -> None:
    """Refuse at once what would end without memory after hours."""
    arrays = (block.runs, block.spells, *block.outcomes.values())
    wanted, there = sum(one.nbytes for one in arrays) / size * replicates, machine_memory()
    if wanted > there:
        most = f"this machine has {there / 1e9:,.0f} GB"
        raise MemoryError(f"{replicates:,} runs would take {wanted / 1e9:,.0f} GB; {most}")


_Task = tuple[Case, tuple[Outcome, ...], int, int, bool]


def _blocks(
    cases: Iterable[Case], outcomes: Wanted, replicates: int, seed: int, threads: int | None
) -> Iterator[tuple[_Task, Block]]:
    """Each chunk of each case, played over threads, in order."""

    def tasks() -> Iterator[_Task]:
        for case in cases:
            wanted = tuple(wanted_of(case.game, outcomes))
            is_traced = any(outcome.needs == "weeks" for outcome in wanted)
            size = traced_size(case.game) if is_traced else CHUNK_SIZE
            for start in range(0, replicates, size):
                number = min(size, replicates - start)
                yield case, wanted, case.first + start, number, start + number == replicates

    def work(task: _Task) -> tuple[_Task, Block]:
        case, wanted, first, size, _ = task
        return task, run_outcomes(case.game, seed, first, size, wanted)

    yield from in_order(work, tasks(), threads)


def wanted_of(game: Game, outcomes: Wanted) -> list[Outcome]:
    """Entries and names, filled in for a game, in the order asked for."""
    found: list[Outcome] = []
    for one in outcomes:
        found += named(game, one) if isinstance(one, str) else filled(game, [one])
    return found


def play_one(
    game: Game,
    outcomes: Wanted,
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Played:
    """`play` for a single game."""
    [played] = play([Case("", game)], outcomes, replicates, seed, threads, progress)
    return played


def outcome_table(
    cases: Iterable[Case],
    outcomes: Wanted,
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Outcomes of every run of every case.

    Returns
    -------
    DataFrame
        One row a case and replicate (the index), one column an outcome; NaN where a run does not
        define it.
    """
    parts = {}
    for played in play(cases, outcomes, replicates, seed, threads, progress):
        names = [outcome.name for outcome in played.outcomes]
        replicate = pd.Index(played.block.runs["replicate"], name="replicate")
        parts[played.case.label] = pd.DataFrame(played.values(), replicate, names)
    table: pd.DataFrame = pd.concat(parts, names=["case"])
    return table
