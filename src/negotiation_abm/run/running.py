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
    in_force = game.initial["phase"][0] == Phase.TRUCE
    return was_running(spells, in_force, int(game.initial["turn"][0]))


def was_running(spells: Any, in_force: np.ndarray | bool, turn: int = 0) -> np.ndarray:
    """Which spells were running when their runs started? One that begins in week 0 was not.

    Parameters
    ----------
    spells : ndarray of SPELL, or a table with its columns
    in_force : bool or ndarray of bool, shape (spells,)
        Was a truce in force at the start of the run? It tells a truce that is agreed in the first
        week from one that is in force then at age 0.
    turn : int
        First week of the runs.

    Returns
    -------
    ndarray of bool, shape (spells,)
    """
    is_fresh = (spells["truce"] == 0) & (spells["start_week"] == turn)
    return np.asarray((spells["entry_weeks"] > 0) | (in_force & is_fresh))


def of_group(spells: Any, group: str, in_force: np.ndarray | bool = True) -> np.ndarray:
    """Which spells belong to a group: ``all``, or ``running`` (`was_running`)?"""
    if group == "running":
        return was_running(spells, in_force)
    return np.ones(len(spells["truce"]), dtype=np.bool_)


def first_of_running(game: Game, spells: np.ndarray, measure: int) -> np.ndarray:
    """The spell of a measure that runs at the start, of each run that has one."""
    chosen = spells[(spells["measure"] == measure) & is_running(game, spells)]
    _, place = np.unique(chosen["replicate"], return_index=True)  # a repair may start another
    return np.asarray(chosen[place])
