"""What a branch is judged by, run by run: its outcomes, and the paths of tariffs and truce."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from negotiation_abm.core.terms import Phase
from negotiation_abm.run.outcome import MEASURES, Outcome, Runs
from negotiation_abm.run.outcomes import tariff_path, weeks_held
from negotiation_abm.run.play import play_one
from negotiation_abm.run.registry import as_floats, for_people
from negotiation_abm.scenario.game import Game


@dataclass(frozen=True)
class BranchRuns:
    """All runs of one branch.

    Attributes
    ----------
    outcomes : tuple of Outcome, length K
    values : ndarray, shape (replicates, K)
        NaN where an outcome is not defined: a truce that was not in force at the branch.
    lasted : ndarray of float32, shape (replicates, measures)
        Weeks from the branch to the end of the truce spell that runs then; the weeks played where
        it has not ended, NaN where none is in force, 0 where that of this measure had ended before.
    tariffs : ndarray of float32, shape (replicates, weeks, players with a tariff)
        Percentage points at the end of each week.
    in_truce : ndarray of bool, shape (replicates, weeks)
    forced : ndarray, shape (2,)
        Mean number of forced moves that each player made in a run.
    """

    outcomes: tuple[Outcome, ...]
    values: np.ndarray
    lasted: np.ndarray
    tariffs: np.ndarray
    in_truce: np.ndarray
    forced: np.ndarray


def play_branch(
    game: Game,
    replicates: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> BranchRuns:
    """Play a branch and take down its outcomes.

    Whatever `progress` raises ends the work within a chunk.
    """
    judged = for_people(game, "whatif")
    played = play_one(game, [*judged, *_PATHS], replicates, seed, threads, progress)
    lasted = [played[f"lasted {measure}"] for measure in MEASURES]
    tariffs = [played[f"tariff {game.players[i]}"] for i in game.tariff_levers()]
    in_truce = played["in truce"]
    return BranchRuns(
        outcomes=tuple(judged),
        values=np.stack([as_floats(played[outcome.name]) for outcome in judged], axis=1),
        lasted=np.stack(lasted, axis=1).astype(np.float32),
        tariffs=np.stack(tariffs, axis=2)
        if tariffs
        else np.zeros((*in_truce.shape, 0), np.float32),
        in_truce=in_truce,
        forced=played.block.runs["forced_moves"].sum(axis=0) / replicates,
    )


def _tariff(runs: Runs, *lever: Any) -> np.ndarray:
    return tariff_path(runs, *lever).astype(np.float32)


# Not one number a run but its weeks, for the figure.
_PATHS = (
    Outcome("in truce", "", "", lambda runs: runs.weeks["phase"] == Phase.TRUCE, needs="weeks"),
    Outcome("tariff {player}", "", "pp", _tariff, "tariff", needs="weeks"),
    *(
        Outcome(f"lasted {measure}", "", "weeks", partial(weeks_held, measure=measure),
                needs="spells")
        for measure in MEASURES
    ),
)  # fmt: skip
