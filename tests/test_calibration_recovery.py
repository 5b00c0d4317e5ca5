"""Known parameters back from records that the model has written."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from cli_helpers import shipped_game
from negotiation_abm import replay_record
from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.recovery import (
    LEVEL,
    WEEKS,
    free_record,
    recover,
    recovery,
    recovery_table,
    truths_of,
)
from negotiation_abm.core.terms import Move
from negotiation_abm.run.posterior import thinned
from negotiation_abm.scenario.parameters import load_parameter_set

RECORDS = 200
IDENTIFIED = 0.5  # mean posterior over prior sd below which a coefficient counts as identified
SEED = 11


@cache
def truths(count):
    """Posterior draws of the shipped calibrated set, evenly over its chains."""
    frame = draws_of(load_parameter_set("calibrated_2025"))
    return truths_of(thinned(frame, count))


# ---------------------------------------------------------------------------
# Records of free runs


@pytest.mark.slow
@pytest.mark.parametrize("replicate", range(3))
def test_a_free_run_written_as_a_record_replays_to_the_same_state(replicate):
    game = shipped_game("baseline_2025")
    record, model = free_record(game, 7, replicate)
    replay = replay_record(game, record)
    assert replay.num_moves == len(model.moves) > 20
    last = replay.weeks[-1]
    assert len(replay.weeks) == model.state.turn == WEEKS
    for i, a, label in game.lever_labels():
        for name in ("in_force", "loaded", "pending"):
            assert last[f"{label}.{name}"] == pytest.approx(getattr(model.state, name)[i, a])
    for i, player in enumerate(game.players):
        for name in ("felt", "anger", "goodwill"):
            assert last[f"{player}.{name}"] == pytest.approx(getattr(model.state, name)[i])
        # Not exact after a breach: the level that a record gives has the snap-back in it, and the
        # replay reads the whole rise as the size of the move.
        assert last[f"{player}.market_loss"] == pytest.approx(model.state.market_loss[i], abs=0.01)


def test_a_written_record_has_the_moves_as_played_and_its_meetings():
    game = shipped_game("baseline_2025")
    record, model = free_record(game, 7, 0)
    moves = [row for row in record.rows if row.player != "both"]
    assert [(row.player, Move[row.move], row.lever or None) for row in moves] == [
        (move["player"], move["move"], move["lever"]) for move in model.moves
    ]
    assert [game.scenario.turn_of(row.date) for row in moves] == [m["turn"] for m in model.moves]
    data = collect(game, record)
    assert (data.chosen != 0).sum() == len(moves)
    meetings = [row for row in record.rows if row.player == "both"]
    held = {game.scenario.turn_of(row.date) for row in meetings if row.move == "ROUND"}
    assert held == set(data.round_turn[data.round_held == 1.0].tolist())
    assert len({row.date for row in meetings}) == len(meetings)


# ---------------------------------------------------------------------------
# One fit, many fits


def test_truths_are_changes_of_a_scenario():
    frame = pd.DataFrame({"fatigue": [1.0, 2.0], "lever_bias.US.chips": [0.5, -0.5]})
    assert truths_of(frame)[1] == {"fatigue": 2.0, "lever_bias.US.chips": -0.5}
    game = shipped_game("baseline_2025", **truths_of(frame)[1])
    assert float(game.params["fatigue"][0]) == 2.0
    assert float(game.params["lever_bias"][0, 0, 1]) == -0.5


def test_table_by_hand():
    found = pd.DataFrame(
        {
            "coefficient": ["a", "a", "b", "b"],
            "truth": [1.0, 2.0, 0.0, 0.0],
            "estimate": [1.5, 1.5, 1.0, 3.0],
            "error": [0.5, 0.7, 1.0, 1.0],
            "ratio": [0.2, 0.4, 1.0, 1.0],
            "covered": [True, True, True, False],
        }
    )
    table = recovery_table(found)
    assert table.index.tolist() == ["a", "b"]
    assert table["bias"].tolist() == [0.0, 2.0]
    assert table["sd"].tolist() == pytest.approx([math.sqrt(0.5), math.sqrt(2.0)])
    assert table["bias_error"].tolist() == pytest.approx([0.5, 1.0])
    assert table["coverage"].tolist() == [1.0, 0.5]
    assert table["coverage_error"]["a"] == pytest.approx(math.sqrt(LEVEL * (1 - LEVEL) / 2))
    assert table["error"].tolist() == pytest.approx([0.6, 1.0])
    assert table["ratio"].tolist() == pytest.approx([0.3, 1.0])


@pytest.mark.slow
def test_one_record_is_recovered_and_says_so():
    """Base values of one year: within four errors of the truth, and more often than not in 90 %."""
    truth = truths(8)[3]
    rows = pd.DataFrame(recover("baseline_2025", truth, SEED, 3, draws=100))
    rows = rows.set_index("coefficient")
    assert rows["converged"].all()
    free = {name: value for name, value in truth.items() if name != "fatigue_escalate"}
    assert rows["truth"].to_dict() == pytest.approx(free)  # all but what the prior holds
    known = rows[rows["ratio"] < IDENTIFIED]
    assert len(known) >= 10
    assert ((known["estimate"] - known["truth"]).abs() < 4 * known["error"]).all()
    assert rows["covered"].mean() > 0.7


# ---------------------------------------------------------------------------
# Statistical verification


@pytest.fixture(scope="module")
def found():
    """200 records of a year, each with the truth of a posterior draw."""
    return recovery("baseline_2025", truths(RECORDS), SEED)


@pytest.mark.verify
def test_intervals_of_what_is_identified_cover_what_they_say(found, capsys):
    """90 % intervals: .85 to .95 each, within two standard errors of the simulation."""
    table = recovery_table(found)
    with capsys.disabled():
        print("\n" + table.round(3).to_string())
    assert found["converged"].mean() > 0.99
    known = table[table["ratio"] < IDENTIFIED]
    assert len(known) >= 12
    slack = 2 * known["coverage_error"]
    outside = known[(known["coverage"] < 0.85 - slack) | (known["coverage"] > 0.95 + slack)]
    assert outside.empty, outside["coverage"].to_dict()
    assert 0.85 < known["coverage"].mean() < 0.95


@pytest.mark.verify
def test_what_is_identified_is_not_far_off(found):
    """Priors pull towards 0, as the truths come from a fit that has moments to resist them."""
    table = recovery_table(found)
    known = table[table["ratio"] < IDENTIFIED]
    relative = known["bias"].abs() / known["error"]
    assert relative.max() < 0.8, relative.to_dict()
    assert relative.mean() < 0.4


@pytest.mark.verify
def test_summing_over_holds_takes_most_of_the_bias_of_reciprocity(found):
    few = found[found["record"] < 60]
    read = recovery("baseline_2025", truths(RECORDS)[:60], SEED, with_hidden=False)
    summed, plain = (recovery_table(part).loc["reciprocity"] for part in (few, read))
    assert plain["bias"] < 0.0
    assert abs(summed["bias"]) < 0.6 * abs(plain["bias"])
    assert np.isfinite(summed["bias"])
