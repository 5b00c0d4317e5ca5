"""Playing the pairs of a tournament, and what is taken down of each run.

The game is not symmetric, so a pair is ordered: the first strategy plays the first player. All
pairs have the same draws (common random numbers).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from negotiation_abm.core.terms import Move
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.run.batch import (
    TRACED_CHUNK_SIZE,
    Block,
    blank_traces,
    in_order,
    run_replicates,
)
from negotiation_abm.scenario.game import Game
from negotiation_abm.strategies import code_of

SPIRAL_WEEKS = 3
RISE = 1e-9

Pair = tuple[str, str]


@dataclass(frozen=True)
class Played:
    """The runs of one pair.

    Attributes
    ----------
    payoff : ndarray, shape (replicates, 2)
        Mean weekly flow payoff of each player.
    in_truce : ndarray, shape (replicates,)
        Share of weeks in a truce.
    spirals : ndarray of bool, shape (replicates,)
        Did both sides raise a lever in each of `SPIRAL_WEEKS` weeks running?
    escalations : ndarray, shape (replicates, 2)
    spells : ndarray of SPELL
        Truces, by the covered measure.
    """

    pair: Pair
    payoff: np.ndarray
    in_truce: np.ndarray
    spirals: np.ndarray
    escalations: np.ndarray
    spells: np.ndarray


def play_pairs(
    game: Game,
    names: list[str],
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Played]:
    """Play every ordered pair of `names`, in order."""
    pairs = list(product(names, names))
    starts = range(0, replicates, TRACED_CHUNK_SIZE)
    tasks = [
        (pair, start, min(TRACED_CHUNK_SIZE, replicates - start))
        for pair in pairs
        for start in starts
    ]
    parts: list[Played] = []
    done = 0
    for part in _play_tasks(game, tasks, seed, threads):
        parts.append(part)
        done += len(part.payoff)
        if progress:
            progress(done)
        if len(parts) == len(starts):
            yield _joined(parts)
            parts = []


def _play_tasks(
    game: Game, tasks: list[tuple[Pair, int, int]], seed: int, threads: int | None
) -> Iterator[Played]:
    """Play each task (pair, first replicate, number of them): the one place where runs are made."""

    def play(task: tuple[Pair, int, int]) -> Played:
        pair, start, size = task
        of_pair = replace(game, strategy_codes=(code_of(pair[0]), code_of(pair[1])))
        traces = blank_traces(of_pair, size)
        return _taken_down(
            of_pair, pair, run_replicates(of_pair, seed, start, size, traces), traces
        )

    yield from in_order(play, tasks, threads)


def _taken_down(game: Game, pair: Pair, block: Block, traces: np.ndarray) -> Played:
    return Played(
        pair=pair,
        payoff=traces["flow"].mean(axis=1),
        in_truce=block.runs["weeks_in_truce"] / traces.shape[1],
        spirals=spirals(game.initial["in_force"], traces["in_force"]),
        escalations=block.runs["num_moves"][:, :, Move.ESCALATE],
        spells=block.spells[block.spells["measure"] == COVERED],
    )


def spirals(initial: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """In which runs do both sides raise a lever in `SPIRAL_WEEKS` weeks running?

    Parameters
    ----------
    initial : ndarray, shape (1, 2, levers)
        Levels before the first week.
    levels : ndarray, shape (runs, weeks, 2, levers)
        Levels at the end of each week.

    Returns
    -------
    ndarray of bool, shape (runs,)
    """
    before = np.concatenate([np.broadcast_to(initial, levels[:, :1].shape), levels[:, :-1]], axis=1)
    both = (levels - before > RISE).any(axis=-1).all(axis=-1)
    weeks = both.shape[1] - SPIRAL_WEEKS + 1
    running = np.ones((len(both), max(0, weeks)), dtype=np.bool_)
    for week in range(SPIRAL_WEEKS):
        running &= both[:, week : week + weeks]
    return np.asarray(running.any(axis=1))


def _joined(parts: list[Played]) -> Played:
    return Played(
        parts[0].pair,
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("payoff", "in_truce", "spirals", "escalations", "spells")
        ),
    )
