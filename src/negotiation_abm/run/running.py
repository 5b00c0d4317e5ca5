"""The truce that is in force when a game starts, and its spells among those of the runs."""

from typing import Any

import numpy as np

from negotiation_abm.core.terms import Phase
from negotiation_abm.core.tracker import NO_SPELL, NUM_MEASURES
from negotiation_abm.scenario.game import Game

NOT_RUNNING = NO_SPELL


def running_since(game: Game) -> list[int]:
    """Turn in which the spell that runs at the start began, by measure; `NOT_RUNNING` if none does.

    In a game that leaves a record the truce may be in force although its any-domain spell has
    ended.
    """
    if game.initial["phase"][0] != Phase.TRUCE:
        return [NOT_RUNNING] * NUM_MEASURES
    if game.tally is not None:
        return [int(start) for start in game.tally["spell_start"][0]]
    return [int(game.initial["turn"][0] - game.initial["age"][0])] * NUM_MEASURES


def is_running(game: Game, spells: np.ndarray) -> np.ndarray:
    """Which spells of a game were running when it started? (`was_running`)"""
    one = game.initial[0]
    is_new = one["phase"] == Phase.TRUCE and one["age"] == 0
    return was_running(spells, bool(is_new), int(one["turn"]))


def was_running(spells: Any, is_new: np.ndarray | bool, turn: int = 0) -> np.ndarray:
    """Which spells were running when their runs started?

    Those whose observation begins at an age above 0. A truce that is agreed in the first week was
    not running, nor is a spell that a repair opens in that week.

    Parameters
    ----------
    spells : ndarray of SPELL, or a table with its columns
    is_new : bool or ndarray of bool, shape (spells,)
        Is a truce of age 0 in force at the start of the run? Then its spells begin there.
    turn : int
        First week of the runs.

    Returns
    -------
    ndarray of bool, shape (spells,)
    """
    begins = (spells["truce"] == 0) & (spells["start_week"] == turn)
    return np.asarray((spells["entry_weeks"] > 0) | (is_new & begins))


def of_group(spells: Any, group: str, is_new: np.ndarray | bool | None = None) -> np.ndarray:
    """Which spells belong to a group: ``all``, or ``running`` (`was_running`)?

    Without `is_new` they are spells of whole runs that all start in the same truce: it is of age 0
    if none was older.
    """
    if group == "all":
        return np.ones(len(spells["truce"]), dtype=np.bool_)
    if is_new is None:
        is_new = not bool((spells["entry_weeks"] > 0).any())
    return was_running(spells, is_new)


def first_of_running(game: Game, spells: np.ndarray, measure: int) -> np.ndarray:
    """The spell of a measure that runs at the start, of each run that has one."""
    chosen = spells[(spells["measure"] == measure) & is_running(game, spells)]
    _, place = np.unique(chosen["replicate"], return_index=True)  # a repair may start another
    return np.asarray(chosen[place])
