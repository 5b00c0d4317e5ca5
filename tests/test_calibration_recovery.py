"""Known parameters back from records of free runs; the machinery is in experiments/calibration."""

import importlib.util
import math
import sys

import numpy as np
import pytest

from cli_helpers import ROOT
from negotiation_abm import replay_record

CHECKS = ROOT / "experiments" / "calibration" / "checks.py"
SOUND = {"truce_frailty": 0.0}  # as the likelihood takes every truce to be


@pytest.fixture(scope="module")
def checks():
    if not CHECKS.is_file():
        pytest.skip("experiments are not in this copy")
    spec = importlib.util.spec_from_file_location("calibration_checks", CHECKS)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("replicate", range(3))
def test_a_free_run_written_as_a_record_replays_to_the_same_state(checks, replicate):
    game = checks.game_at(SOUND)
    record, model = checks.free_record(game, 7, replicate)
    replay = replay_record(game, record)
    assert replay.num_moves == len(model.moves) > 20
    last = replay.weeks[-1]
    assert len(replay.weeks) == model.state.turn == checks.WEEKS
    for i, a, label in game.lever_labels():
        for name in ("in_force", "loaded", "pending"):
            assert last[f"{label}.{name}"] == pytest.approx(getattr(model.state, name)[i, a])
    for i, player in enumerate(game.players):
        for name in ("felt", "anger", "goodwill"):
            assert last[f"{player}.{name}"] == pytest.approx(getattr(model.state, name)[i])
        # Not exact after a breach: the level that a record gives has the snap-back in it, and the
        # replay reads the whole rise as the size of the move.
        assert last[f"{player}.market_loss"] == pytest.approx(model.state.market_loss[i], abs=0.01)


@pytest.mark.slow
def test_choices_as_played_are_those_of_the_record_and_more_holds(checks):
    game = checks.game_at(SOUND)
    record, model = checks.free_record(game, 7, 0, watched=True)
    data = checks.collect(game, record)
    played = checks.as_played(data, model.seen)
    assert played.chosen[played.chosen > 0].tolist() == data.chosen[data.chosen > 0].tolist()
    moves, theirs = played.features[played.chosen > 0], data.features[data.chosen > 0]
    np.testing.assert_allclose(moves, theirs, atol=1e-9)


@pytest.mark.verify
def test_known_parameters_come_back(checks):
    """60 records at start_2025: coverage of 90 % intervals, bias against the error."""
    found = checks.recovery(checks.game_at(SOUND))
    table = checks.recovery_table(found)
    print(table.round(2).to_string())
    assert found["converged"].all()
    carried = table[table["carried"] >= 0.5]
    assert len(carried) >= 15
    # Intervals of a posterior that shrinks towards 0: near nominal together, not one by one.
    assert 0.85 < carried["coverage"].mean() < 0.96
    lowest = 0.9 - 4 * math.sqrt(0.9 * 0.1 / checks.RECORDS)
    assert (carried["coverage"] > lowest).all()
    # Bias: below one error everywhere. Reciprocity loses most, as a record does not state HOLDs.
    assert (carried["bias"].abs() < carried["mean_error"]).all()
    assert carried["coverage"]["fatigue"] > 0.8
    assert abs(carried["bias"]["fatigue"]) < 4 * carried["bias_error"]["fatigue"]


@pytest.mark.verify
def test_seeing_every_hold_takes_most_of_the_bias_of_reciprocity(checks):
    game = checks.game_at(SOUND)
    read, played = (
        checks.recovery_table(checks.recovery(game, every_hold=every_hold)).loc["reciprocity"]
        for every_hold in (False, True)
    )
    assert abs(played["bias"]) < 0.6 * abs(read["bias"])
