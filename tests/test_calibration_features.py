"""The record as data: features are the values that the rules give, whatever the coefficients."""

import numpy as np
import pytest

from cli_helpers import shipped_game
from negotiation_abm import load_record, replay_record
from negotiation_abm.calibration.features import FITTED, collect
from negotiation_abm.calibration.scores import log_scores
from negotiation_abm.core.params import derive
from negotiation_abm.core.payoffs import option_value, round_log_odds
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import NUM_OPTIONS
from negotiation_abm.scenario.game import Game
from test_calibration_data import episode, episode_hidden, shipped, shipped_hidden

CHANGES = {"fatigue": 0.75, "initiative.CHINA": -2.5, "lever_bias.US.chips": 0.3, "mirror": 3.0}
BOTH_BASELINES = ("baseline_2025", "mechanisms_2025")


def with_values(game, theta, data):
    """Parameters of `game` as an object, with its coefficients at `theta`."""
    params = game.params.copy()
    for coefficient, value in zip(data.coefficients, theta, strict=True):
        params[coefficient.parameter][(0, *coefficient.index)] = value
    return as_object(params[0])


# ---------------------------------------------------------------------------
# Linearity


@pytest.mark.parametrize("name", BOTH_BASELINES)
def test_features_give_the_value_of_every_option_at_any_coefficients(name):
    data, _ = shipped(name)
    rng = np.random.default_rng(5)
    thetas = rng.normal(0.0, 2.0, (3, len(data.coefficients)))
    sets = [with_values(data.game, theta, data) for theta in thetas]
    number = iter(range(len(data.chosen)))

    def compare(state, week, player, option, date):
        d = next(number)
        for theta, params in zip(thetas, sets, strict=True):
            ours = data.features[d] @ theta + data.offset[d]
            for other in np.flatnonzero(data.legal[d]):
                value = option_value(state, params, week, player, int(other))
                assert ours[other] == pytest.approx(value, abs=1e-10), (d, other)

    replay_record(data.game, load_record("record_2025"), on_decision=compare)
    assert next(number, None) is None


@pytest.mark.parametrize("name", BOTH_BASELINES)
def test_features_give_the_log_odds_of_every_round_at_any_coefficients(name):
    data, _ = shipped(name)
    theta = np.random.default_rng(6).normal(0.0, 2.0, len(data.coefficients))
    params, seen = with_values(data.game, theta, data), {}

    def note(state):
        seen[int(state.turn)] = round_log_odds(state, params)

    replay_record(data.game, load_record("record_2025"), on_week=note)
    ours = data.round_features @ theta
    np.testing.assert_allclose(ours, [seen[turn] for turn in data.round_turn], atol=1e-10)


@pytest.mark.parametrize("name", BOTH_BASELINES)
def test_scores_at_the_scenarios_own_values_are_those_of_the_replay(name):
    data, _ = shipped(name)
    replay = replay_record(data.game, load_record("record_2025"))
    scores = log_scores(data, data.point())
    assert scores[:, 1].mean() == pytest.approx(replay.log_score, abs=1e-12)
    assert scores[:, 0].mean() == pytest.approx(replay.type_log_score, abs=1e-12)
    each = np.log([decision.probability for decision in replay.decisions])
    np.testing.assert_allclose(scores[:, 1], each, atol=1e-10)


@pytest.mark.parametrize("name", BOTH_BASELINES)
def test_odds_of_the_replay_have_every_term(name):
    """With every coefficient away from 0: a term that the odds leave out would show."""
    data, _ = shipped(name)
    theta = np.random.default_rng(7).normal(0.0, 1.0, len(data.coefficients))
    params = data.game.params.copy()
    for coefficient, value in zip(data.coefficients, theta, strict=True):
        params[coefficient.parameter][(0, *coefficient.index)] = value
    derive(params)
    game = Game(**{**data.game.__dict__, "params": params})
    replay = replay_record(game, load_record("record_2025"))
    each = np.log([decision.probability for decision in replay.decisions])
    np.testing.assert_allclose(log_scores(data, theta)[:, 1], each, atol=1e-9)


def test_rounds_at_the_scenarios_own_values_are_those_of_the_replay():
    data, _ = shipped()
    replay = replay_record(data.game, load_record("record_2025"))
    chances = 1.0 / (1.0 + np.exp(-(data.round_features @ data.point())))
    np.testing.assert_allclose(chances, [chance for _, _, chance in replay.rounds], atol=1e-12)
    assert data.round_held.tolist() == [float(held) for _, held, _ in replay.rounds]
    assert data.round_turn.tolist() == [turn for turn, _, _ in replay.rounds]


def test_scores_follow_the_precision_of_the_scenario():
    game = shipped_game("baseline_2025", precision=2.0)
    data = collect(game, load_record("record_2025"), with_hidden=False)
    replay = replay_record(game, load_record("record_2025"))
    assert log_scores(data, data.point())[:, 1].mean() == pytest.approx(replay.log_score)


# ---------------------------------------------------------------------------
# What is in the data


def test_shapes():
    data, _ = shipped()
    size = len(data.coefficients)
    entries = {"scalar": 1, "player": 2, "lever": len(data.game.lever_labels())}
    assert size == sum(entries[parameter.shape] for parameter in FITTED)
    assert data.features.shape == (174, NUM_OPTIONS, size)
    assert data.offset.shape == data.legal.shape == (174, NUM_OPTIONS)
    for each in (data.chosen, data.player, data.turn, data.dates, data.certainty, data.row_ids):
        assert len(each) == 174
    assert data.round_features.shape == (49, size)
    assert data.round_held.shape == data.round_turn.shape == (49,)
    assert data.round_held.sum() == 10
    assert data.point().shape == (size,)


def test_labels_are_unique_and_name_players_and_levers():
    labels = [c.label for c in shipped()[0].coefficients]
    assert len(set(labels)) == len(labels)
    assert {"fatigue", "initiative.CHINA", "lever_bias.CHINA.rare_earths"} <= set(labels)


@pytest.fixture(scope="module")
def changed():
    """The record under other values of some coefficients; the game before and after."""
    game = shipped_game("baseline_2025", **CHANGES)
    before = game.params.tobytes()
    return collect(game, load_record("record_2025"), with_hidden=False), before


def test_point_reads_the_scenarios_values(changed):
    data, _ = changed
    point = dict(zip([c.label for c in data.coefficients], data.point(), strict=True))
    assert {name: point[name] for name in CHANGES} == CHANGES
    assert point["initiative.US"] == data.game.parameter_set.values["initiative"]["US"]


def test_features_do_not_depend_on_the_scenarios_values(changed):
    data, _ = changed
    np.testing.assert_array_equal(data.features, shipped()[0].features)
    np.testing.assert_array_equal(data.round_features, shipped()[0].round_features)


def test_collecting_leaves_the_game_alone(changed):
    data, before = changed
    assert data.game.params.tobytes() == before


def test_hold_weighs_nothing_and_illegal_options_are_blank():
    data, _ = shipped()
    assert data.legal[:, 0].all()
    assert not data.features[:, 0].any()
    assert not data.features[~data.legal].any()
    assert data.legal[np.arange(len(data.chosen)), data.chosen].all()


def test_offset_is_what_modules_add():
    assert not shipped()[0].offset.any()
    with_modules = shipped("mechanisms_2025")[0]
    assert with_modules.offset.any()
    assert not with_modules.offset[:, 0].any()


def test_decisions_know_their_rows_and_certainty():
    data, _ = shipped()
    rows = {row.id: row for row in load_record("record_2025").rows}
    for ids, certainty, date, chosen in zip(
        data.row_ids, data.certainty, data.dates, data.chosen, strict=True
    ):
        assert bool(ids) == bool(chosen)
        if ids:
            assert (rows[ids[0]].certainty, rows[ids[0]].date) == (certainty, date)
        else:
            assert certainty == ""


@pytest.mark.parametrize("pair", [(shipped, shipped_hidden), (episode, episode_hidden)])
def test_decisions_are_the_same_with_and_without_what_the_record_does_not_say(pair):
    plain, hidden = (source()[0] for source in pair)
    for name in ("features", "offset", "legal", "chosen", "player", "turn", "round_features"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(hidden, name), err_msg=name)
    assert plain.hidden is None


@pytest.mark.parametrize("source", [shipped_hidden, episode_hidden])
def test_segments_see_what_the_decisions_see(source):
    data, _ = source()
    hidden = data.hidden
    moved = np.flatnonzero(hidden.moved >= 0)
    decisions = hidden.decision[moved]
    assert decisions.tolist() == np.flatnonzero(data.chosen != 0).tolist()
    np.testing.assert_array_equal(hidden.moved[moved], data.chosen[decisions])
    np.testing.assert_array_equal(moved % 2, data.player[decisions])
    np.testing.assert_array_equal(hidden.features[moved], data.features[decisions])
    np.testing.assert_array_equal(hidden.legal[moved], data.legal[decisions])
    last = np.flatnonzero(np.diff(hidden.turn, append=-1))  # the second row of each week's last
    assert (hidden.moved[last] == -1).all()
    assert hidden.turn[last].tolist() == np.unique(data.turn).tolist()
