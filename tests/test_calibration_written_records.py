"""Free runs written as records: the replay of such a record is the run itself."""

import pytest

from cli_helpers import shipped_game
from negotiation_abm import replay_record
from negotiation_abm.calibration.features import collect
from negotiation_abm.core.terms import Move
from recorder_helpers import WEEKS, free_record


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
