"""The truce that is in force when a game starts, and its spells among those of the runs."""

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
    """Which spells were running when the game started? A spell that begins in week 0 was not.

    Parameters
    ----------
    spells : ndarray of SPELL, shape (spells,), or a table with its columns and codes of measures

    Returns
    -------
    ndarray of bool, shape (spells,)
    """
    since = np.array(running_since(game))
    return np.asarray((spells["truce"] == 0) & (spells["start_week"] == since[spells["measure"]]))


def first_of_running(game: Game, spells: np.ndarray, measure: int) -> np.ndarray:
    """The spell of a measure that runs at the start, of each run that has one."""
    chosen = spells[(spells["measure"] == measure) & is_running(game, spells)]
    _, place = np.unique(chosen["replicate"], return_index=True)  # a repair may start another
    return np.asarray(chosen[place])
