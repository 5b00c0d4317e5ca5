"""What tests of equilibria share: random games, and weeks of the record, frozen."""

import datetime as dt

import numpy as np

from cli_helpers import shipped_game
from negotiation_abm import load_record
from negotiation_abm.replay.branch import branch_turn
from negotiation_abm.replay.replay import freeze

WEEKS = ["2025-04-07", "2025-10-06", "2025-10-27"]


def random_game(seed):
    """Two matrices of 2 to 5 rows and columns."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, 6, 2)
    return rng.normal(size=shape), rng.normal(size=shape)


def board_of(date, **changes):
    """A game, and its board in a week of 2025."""
    game = shipped_game("baseline_2025", **changes)
    record = load_record("record_2025")
    return game, freeze(game, record, branch_turn(game, record, dt.date.fromisoformat(date)))
