"""Statistics of levels week by week, the same for a record and for many free runs.

A *rise* is a week at whose end a lever stands higher than before: what an escalation leaves behind.
"""

import numpy as np

from negotiation_abm.core.terms import Phase
from negotiation_abm.scenario.game import Game

ANSWER_WEEKS = 2  # an answer comes within days; a week of grace for the turn's border
BEFORE_DATE_WEEKS = 6  # the run-up to a date
CAPPED = 0.999
TINY = 1e-9


def rises(game: Game, in_force: np.ndarray) -> np.ndarray:
    """Which levers rose in which week, shape (runs, weeks, players, levers).

    Parameters
    ----------
    in_force : ndarray, shape (runs, weeks, players, levers)
        At the end of each week.
    """
    return _risen(in_force, game.initial["in_force"][0])


def _risen(in_force: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Weeks at whose end levels, shape (runs, weeks, ...), are above those of the week before."""
    found = np.empty(in_force.shape, bool)
    found[:, :1] = in_force[:, :1] > start + TINY
    found[:, 1:] = in_force[:, 1:] > in_force[:, :-1] + TINY
    return found


def near_dates(game: Game, in_truce: np.ndarray, weeks_left: np.ndarray) -> np.ndarray:
    """Weeks of the run-up to an expiry or an announced summit, shape (runs, weeks).

    Parameters
    ----------
    in_truce, weeks_left : ndarray, shape (runs, weeks)
        At the end of each week.
    """
    left = np.where(in_truce, weeks_left, -1)
    ahead = game.weeks["weeks_to_summit"][: left.shape[1]]
    soon = (ahead >= 1) & (ahead <= BEFORE_DATE_WEEKS)
    return np.asarray(((left >= 1) & (left <= BEFORE_DATE_WEEKS)) | soon)


def before_dates(
    game: Game, in_force: np.ndarray, in_truce: np.ndarray, weeks_left: np.ndarray
) -> float:
    """Rises a week in the run-up to dates, over those in other weeks, over all runs."""
    counts = rises(game, in_force).sum(axis=(2, 3))
    near = near_dates(game, in_truce, weeks_left)
    if near.all() or not near.any() or not counts[~near].any():
        return float("nan")
    return float(counts[near].mean() / counts[~near].mean())


def raises_answered(game: Game, in_force: np.ndarray) -> float:
    """Share of weeks in which player 0 raised its tariff that player 1, having room, answers."""
    levers = game.tariff_levers()
    if set(levers) != {0, 1}:
        return float("nan")
    start = game.initial["in_force"][0]
    own, other = (_risen(in_force[:, :, i, levers[i][0]], start[i, levers[i][0]]) for i in (0, 1))
    cap = float(game.params["cap"][0, 1, levers[1][0]])
    level = in_force[:, :, 1, levers[1][0]]
    room = np.concatenate([np.ones((len(level), 1), bool), level[:, :-1] < CAPPED * cap], axis=1)
    answered = other.copy()
    for weeks in range(1, ANSWER_WEEKS + 1):
        answered[:, :-weeks] |= other[:, weeks:]
    open_ = own & room
    return float((answered & open_).sum() / open_.sum()) if open_.any() else float("nan")


def is_truce(phase: np.ndarray) -> np.ndarray:
    """Weeks in truce."""
    return np.asarray(phase == Phase.TRUCE)
