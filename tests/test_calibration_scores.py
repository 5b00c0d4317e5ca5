"""Simple statistics to beat, and out-of-sample scores: closed forms, no leaks, brute force."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

from negotiation_abm import build_game, load_record, load_scenario
from negotiation_abm.calibration.baselines import (
    BASELINES,
    frequencies,
    lever_log_shares,
    markov_by_player,
    markov_pooled,
    mixture_of_strategies,
    noisy_tit_for_tat,
    uniform,
)
from negotiation_abm.calibration.choices import (
    START,
    choices_of,
    joined,
    legal_types,
    previous_types,
    types_of,
)
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.probability import brier, calibration_curve
from negotiation_abm.calibration.scores import (
    MODEL,
    leave_one_month_out,
    log_scores,
    score_table,
)
from negotiation_abm.calibration.validate import validate
from negotiation_abm.core.terms import Move
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.replay.replay import replay_record
from test_calibration_data import by_hand, episode, normal, shipped

HOLD, SUSPEND, ESCALATE, THREATEN, CONCEDE = range(5)  # also options, with the first lever


def sequence(chosen, player, legal=None, dates=None):
    """Decisions with one lever: options 0 to 4 are the five types."""
    decisions = len(chosen)
    return by_hand(np.zeros((decisions, 5, 1)), chosen, legal, player, dates)


def said(baseline, data, train=None, **options):
    """What a baseline says of every decision, having learnt from those of `train`."""
    choices = choices_of(data)
    return baseline(choices if train is None else choices.of(train), choices, **options)


@pytest.fixture(scope="module")
def duel():
    """Player 0 and player 1 in turn."""
    chosen = [ESCALATE, ESCALATE, HOLD, ESCALATE, ESCALATE, HOLD, HOLD, HOLD]
    return sequence(chosen, [0, 1, 0, 1, 0, 1, 0, 1])


@pytest.fixture(scope="module")
def left_out():
    """Left-one-month-out scores of the shipped record."""
    return leave_one_month_out(*shipped())


# ---------------------------------------------------------------------------
# Any baseline


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("source", [shipped, episode])
def test_probabilities_sum_to_one_over_legal_types(name, source):
    data, _ = source()
    train = np.arange(len(data.chosen)) % 3 > 0
    chances = said(BASELINES[name], data, train)
    assert chances.shape == (len(data.chosen), 5)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-12)
    assert (chances[legal_types(data.legal)] > 0.0).all()
    assert not chances[~legal_types(data.legal)].any()


def lags(data):
    return np.stack(previous_types(data), axis=1)


def with_other_moves(data, out):
    """Moves of the left-out month become HOLD, but for those that a training decision lags."""
    for d in np.flatnonzero(out & (data.chosen != 0)):
        changed = replace(data, chosen=np.where(np.arange(len(out)) == d, 0, data.chosen))
        if (lags(changed)[~out] == lags(data)[~out]).all():
            data = changed
    return data


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_see_only_training_moves_and_lags(name):
    """Other moves in the left-out month: only what follows them there can change."""
    data, _ = shipped()
    out = data.months() == 202504
    changed = with_other_moves(data, out)
    assert (changed.chosen != data.chosen).sum() > 5
    before, after = (said(BASELINES[name], seen, ~out) for seen in (data, changed))
    same = (lags(data) == lags(changed)).all(axis=1)
    assert (same & out).any()
    assert (~same & out).any()
    np.testing.assert_allclose(before[same], after[same], atol=1e-12)


def test_lever_shares_see_only_training_moves():
    data, _ = shipped()
    out = data.months() == 202504
    twisted = data.chosen.copy()
    last = np.flatnonzero(out & (data.chosen > 1))[-1]
    others = np.flatnonzero(data.legal[last] & (np.arange(data.legal.shape[1]) > 1))
    twisted[last] = others[others != data.chosen[last]][0]
    before = said(lever_log_shares, data, ~out)
    after = said(lever_log_shares, replace(data, chosen=twisted), ~out)
    rest = np.arange(len(out)) != last
    np.testing.assert_array_equal(before[rest], after[rest])


# ---------------------------------------------------------------------------
# Closed forms and tables by hand


def test_uniform_is_one_over_the_legal_types():
    legal = [[True, True, True, True, True], [True, False, True, False, False]]
    chances = said(uniform, sequence([0, 2], [0, 1], legal))
    assert chances.tolist() == [[0.2] * 5, [0.5, 0.0, 0.5, 0.0, 0.0]]


def test_uniform_levers_are_one_over_those_of_the_type():
    features = np.zeros((3, 8, 1))  # two levers: options 2 and 5 escalate
    legal = np.ones((3, 8), bool)
    legal[2, 5] = False
    data = by_hand(features, [0, 2, 2], legal)
    logs = said(lever_log_shares, data, even=True)
    assert np.exp(logs) == pytest.approx([1.0, 0.5, 1.0])


def test_frequencies_by_hand(duel):
    # Player 0: escalate, hold, escalate, hold; player 1: escalate, escalate, hold, hold.
    # Half a count in each of five cells: 2.5 / 6.5 and .5 / 6.5.
    chances = said(frequencies, duel)
    expected = np.array([2.5, 0.5, 2.5, 0.5, 0.5]) / 6.5
    np.testing.assert_allclose(chances, np.tile(expected, (8, 1)))


def test_frequencies_of_the_training_decisions_by_hand(duel):
    train = np.array([True, True, True, True, False, False, False, False])
    chances = said(frequencies, duel, train)
    assert chances[4] == pytest.approx(np.array([1.5, 0.5, 1.5, 0.5, 0.5]) / 4.5)  # player 0
    assert chances[5] == pytest.approx(np.array([0.5, 0.5, 2.5, 0.5, 0.5]) / 4.5)  # player 1


def test_frequencies_are_spread_over_what_is_legal():
    legal = np.ones((4, 5), bool)
    legal[3, SUSPEND] = legal[3, CONCEDE] = False
    chances = said(frequencies, sequence([HOLD, HOLD, ESCALATE, HOLD], [0, 0, 0, 0], legal))
    assert chances[3] == pytest.approx(np.array([3.5, 0, 1.5, 0.5, 0]) / 5.5)


def test_previous_types_by_hand(duel):
    other, own = previous_types(duel)
    assert other.tolist() == [
        *(START, ESCALATE, ESCALATE, HOLD, ESCALATE, ESCALATE, HOLD, HOLD),
    ]
    assert own.tolist() == [
        *(START, START, ESCALATE, ESCALATE, HOLD, ESCALATE, ESCALATE, HOLD),
    ]


def test_markov_by_hand(duel):
    # Answers to an escalation: escalate, hold, escalate, hold; to HOLD: escalate, hold, hold.
    chances = said(markov_pooled, duel)
    after_escalation = np.array([2.5, 0.5, 2.5, 0.5, 0.5]) / 6.5
    after_hold = np.array([2.5, 0.5, 1.5, 0.5, 0.5]) / 5.5
    at_start = np.array([0.5, 0.5, 1.5, 0.5, 0.5]) / 3.5
    rows = [at_start, after_escalation, after_escalation, after_hold]
    rows += [after_escalation, after_escalation, after_hold, after_hold]
    np.testing.assert_allclose(chances, rows)


def test_markov_by_player_by_hand(duel):
    # Player 0 after an escalation: hold, escalate; player 1 after one: escalate, hold.
    # Player 0 after HOLD: hold; player 1 after HOLD: escalate, hold.
    chances = said(markov_by_player, duel)
    answered = np.array([1.5, 0.5, 1.5, 0.5, 0.5]) / 4.5
    for d in (1, 2, 3, 4, 5, 7):
        np.testing.assert_allclose(chances[d], answered, err_msg=str(d))
    np.testing.assert_allclose(chances[6], np.array([1.5, 0.5, 0.5, 0.5, 0.5]) / 3.5)


def test_a_mixture_finds_two_kinds_of_sides_and_gives_a_new_side_their_shares():
    """Each of six sides faces random moves: four answer in kind, two concede whatever comes."""
    rng = np.random.default_rng(9)
    moves, parts = [HOLD, SUSPEND, ESCALATE, THREATEN, CONCEDE], []
    for number in range(6):
        faced = rng.choice(moves, 100)
        answers = np.where(number < 2, CONCEDE, faced)
        answers = np.where(rng.uniform(size=100) < 0.8, answers, rng.choice(moves, 100))
        data = sequence(np.stack([faced, answers], axis=1).ravel().tolist(), [0, 1] * 100)
        choices = choices_of(data, np.tile(["random", str(number)], 100))
        parts.append(choices.of(choices.side != "random"))
    train = joined(parts)
    known = mixture_of_strategies(train, train)
    conceding, answering = ((train.other == ESCALATE) & (train.side == side) for side in ("0", "5"))
    assert known[conceding][0, CONCEDE] > 0.6
    assert known[answering][0, ESCALATE] > 0.6
    new = replace(train, side=np.full(len(train.side), "new"))
    shares = mixture_of_strategies(train, new)[answering][0]
    assert 0.1 < shares[CONCEDE] < shares[ESCALATE] < 0.8


def test_tit_for_tat_follows_an_echo():
    chosen = [ESCALATE, ESCALATE, THREATEN, THREATEN, CONCEDE, CONCEDE, HOLD, HOLD]
    data = sequence(chosen, [0, 1] * 4)
    base, chances = said(frequencies, data), said(noisy_tit_for_tat, data)
    # Player 1 always answers in kind; player 0, who never does, bounds what the noise can be.
    noises = []
    for d in (1, 3, 5, 7):
        others = [kind for kind in range(5) if kind != chosen[d]]
        noises += list(chances[d, others] / base[d, others])
    assert max(noises) == pytest.approx(min(noises))
    assert 0.01 < noises[0] < 1.0
    np.testing.assert_allclose(chances[0], base[0])  # nothing to answer yet


def test_tit_for_tat_takes_the_noise_that_trains_best():
    data, _ = shipped()
    train, kinds = data.months() != 202504, types_of(data)
    other, _ = previous_types(data)
    base, legal = said(frequencies, data, train), legal_types(data.legal)
    best = -math.inf
    for noise in np.linspace(0.01, 1.0, 100):
        total = 0.0
        for d in np.flatnonzero(train):
            weights = noise * base[d] * legal[d]
            if other[d] != START and legal[d, other[d]]:
                weights[other[d]] += 1.0 - noise
            total += math.log(weights[kinds[d]] / weights.sum())
        best = max(best, total)
    found = said(noisy_tit_for_tat, data, train)
    assert np.log(found[train, kinds[train]]).sum() == pytest.approx(best)


def test_a_standing_offer_is_seen():
    """Offers are answered with one's own; nothing else tells the two states apart."""
    data = sequence([HOLD, SUSPEND] * 6, [0] * 12)
    data = replace(data, offered=data.chosen == SUSPEND)
    for name in ("tit-for-tat", "order-1 Markov", "ridge"):
        seeing = next(key for key in BASELINES if key.startswith(name) and "sees" in key)
        blind = next(key for key in BASELINES if key.endswith(name) or key.startswith(name))
        chances = said(BASELINES[seeing], data)
        assert chances[data.offered, SUSPEND].min() > 0.6, seeing
        if name != "tit-for-tat":  # which has nothing to answer where nobody has moved
            assert chances[~data.offered, SUSPEND].max() < 0.2, seeing
        assert said(BASELINES[blind], data)[data.offered, SUSPEND].mean() < 0.95


def test_a_side_that_is_not_known_has_the_habits_of_all(duel):
    choices = choices_of(duel)
    stranger = replace(choices, side=np.full(8, "nobody"))
    shares = said(frequencies, duel)  # of both sides alike, which have moved as often
    np.testing.assert_allclose(frequencies(choices, stranger), shares)
    twice = joined([choices, stranger])
    assert len(twice.kind) == 16
    assert set(twice.side) == {"first", "second", "nobody"}


def test_lever_shares_by_hand():
    # Two levers. Player 0 escalated lever 0 twice and lever 1 once: 2.5 and 1.5 of 4.
    data = by_hand(np.zeros((4, 8, 1)), [2, 2, 5, 0])
    logs = said(lever_log_shares, data)
    assert np.exp(logs) == pytest.approx([2.5 / 4, 2.5 / 4, 1.5 / 4, 1.0])


def test_types_by_option():
    data = by_hand(np.zeros((5, 8, 1)), [0, 1, 5, 6, 7])
    assert types_of(data).tolist() == [HOLD, SUSPEND, ESCALATE, THREATEN, CONCEDE]
    assert [Move(kind).name for kind in types_of(data)][2] == "ESCALATE"


# ---------------------------------------------------------------------------
# Scores of the model


def test_log_scores_by_hand():
    # Two levers, theta 1: values 0 (HOLD), 1 and 2 (escalate either); THREATEN is illegal.
    features = np.zeros((1, 6, 1))
    features[0, 2], features[0, 5] = 1.0, 2.0
    legal = np.zeros((1, 6), bool)
    legal[0, [0, 2, 5]] = True
    scores = log_scores(by_hand(features, [5], legal), np.array([1.0]))
    total = 1.0 + math.e + math.e**2
    assert np.exp(scores[0]) == pytest.approx([(math.e + math.e**2) / total, math.e**2 / total])


def test_a_type_is_at_least_as_likely_as_the_move(left_out):
    for name, values in left_out.items():
        assert (values[:, 0] >= values[:, 1] - 1e-12).all(), name
        assert (values <= 1e-12).all(), name


def test_each_month_is_predicted_without_it(left_out):
    data, prior = shipped()
    for month in (202504, 202512):
        out = data.months() == month
        kept = Likelihood(data, ~out, data.round_months() != month)
        theta = fit(data, prior, kept).theta
        np.testing.assert_allclose(
            left_out[MODEL][out], log_scores(data, theta)[out], atol=1e-6, err_msg=str(month)
        )


def test_moves_of_the_month_do_not_change_what_is_predicted_for_it():
    """The last move of the left-out month is another: all other scores of the month stay."""
    data, prior = episode()
    month = data.months() == 201907
    last = np.flatnonzero(month & (data.chosen != 0))[-1]
    legal = np.flatnonzero(data.legal[last])
    chosen = data.chosen.copy()
    chosen[last] = legal[(legal > 1) & (legal != chosen[last])][0]
    before = leave_one_month_out(data, prior)
    after = leave_one_month_out(replace(data, chosen=chosen), prior)
    earlier = month & (np.arange(len(month)) < last)
    for name in before:
        np.testing.assert_allclose(before[name][earlier], after[name][earlier], atol=1e-6)
    later = month & (np.arange(len(month)) > last)
    np.testing.assert_allclose(before[MODEL][later], after[MODEL][later], atol=1e-6)
    assert not np.allclose(before[MODEL][~month], after[MODEL][~month], atol=1e-6)


def test_the_model_beats_every_baseline_out_of_sample(left_out):
    table = score_table(shipped()[0], left_out).set_index("model")
    others = table.drop(index=MODEL)
    assert set(others.index) == set(BASELINES)
    assert (others["gain_type"] > 0.0).all()
    assert (others["gain_lever"] > 0.0).all()
    assert (others["gain_lever"] > others["gain_type"]).all()


def test_out_of_sample_is_worse_than_in_sample(left_out):
    data, prior = shipped()
    inside = log_scores(data, fit(data, prior).theta)
    assert (inside.mean(axis=0) > left_out[MODEL].mean(axis=0)).all()


# ---------------------------------------------------------------------------
# The table of scores


def test_table_is_that_of_a_loop(left_out):
    data, _ = shipped()
    table = score_table(data, left_out)
    assert table["model"].tolist() == [MODEL, *BASELINES]
    for _, row in table.iterrows():
        values = left_out[row["model"]]
        for column, name in enumerate(("type", "lever")):
            sums = {}
            for d, date in enumerate(data.dates):
                key = (date.year, date.month)
                gap = left_out[MODEL][d, column] - values[d, column]
                sums[key] = sums.get(key, 0.0) + gap
            blocks = list(sums.values())
            mean = sum(blocks) / len(blocks)
            variance = sum((block - mean) ** 2 for block in blocks) / (len(blocks) - 1)
            assert row[f"gain_{name}"] == pytest.approx(sum(blocks))
            assert row[f"gain_{name}_error"] == pytest.approx(math.sqrt(len(blocks) * variance))
        assert row["type"] == pytest.approx(values[:, 0].mean())
        assert row["type_and_lever"] == pytest.approx(values[:, 1].mean())


def test_table_by_hand():
    dates = [dt.date(2025, 1, 1), dt.date(2025, 1, 2), dt.date(2025, 2, 1)]
    data = sequence([0, 0, 0], [0, 0, 0], dates=dates)
    ours, theirs = np.zeros((3, 2)), np.array([[-1.0, -2.0], [-2.0, -3.0], [-1.0, -1.0]])
    table = score_table(data, {MODEL: ours, "other": theirs}).set_index("model")
    other = table.loc["other"]
    # Sums by month: 3 and 1 (type), 5 and 1; sd of (3, 1) is sqrt(2), times sqrt(2) months.
    assert (other["gain_type"], other["gain_lever"]) == (4.0, 6.0)
    assert other["gain_type_error"] == pytest.approx(2.0)
    assert other["gain_lever_error"] == pytest.approx(4.0)
    assert other["type"] == pytest.approx(-4 / 3)


# ---------------------------------------------------------------------------
# Brier score, calibration curve, the step `validate`


def test_brier_by_hand():
    even = by_hand(np.zeros((2, 2, 1)), [0, 1])
    assert brier(even, np.zeros(1)) == pytest.approx(0.5)
    sure = by_hand([[[0.0], [1.0]]], [1])
    assert brier(sure, np.array([60.0])) == pytest.approx(0.0)
    assert brier(sure, np.array([-60.0])) == pytest.approx(2.0)


def test_calibration_curve_counts_every_legal_option_but_hold():
    data, _ = shipped()
    curve = calibration_curve(data, data.point())
    assert curve["options"].sum() == data.legal[:, 1:].sum()
    assert (np.diff(curve["predicted"]) > 0).all()
    moves = (data.chosen != 0).sum()
    assert (curve["observed"] * curve["options"]).sum() == pytest.approx(moves)


def test_calibration_curve_of_even_options_by_hand():
    data = by_hand(np.zeros((8, 2, 1)), [0, 1] * 4)
    curve = calibration_curve(data, np.zeros(1), bins=1)
    assert curve.to_dict(orient="records") == [
        {
            "predicted": 0.5,
            "observed": 0.5,
            "options": 8,
            "error": pytest.approx(math.sqrt(8 * 0.25) / 8),
        }
    ]


def test_validate_gives_the_scores_as_given_and_left_out(monkeypatch, left_out):
    data, _ = shipped()
    record = replay_of_shipped().record
    where = "negotiation_abm.calibration.validate.leave_one_month_out"
    monkeypatch.setattr(where, lambda *_: left_out)
    chosen = replace(data.game.parameter_set, fit={"record_sha256": file_hash(record.path)})
    summary = validate(replace(data.game, parameter_set=chosen), record).summary
    assert summary["as_given"]["type_and_lever"] == pytest.approx(replay_of_shipped().log_score)
    assert summary["as_given"]["type"] == pytest.approx(replay_of_shipped().type_log_score)
    assert (summary["decisions"], summary["parameters"]) == (174, "calibrated_2025")
    assert summary["in_sample"]
    best = max((row["type"], row["model"]) for row in summary["scores"] if row["model"] != MODEL)
    assert summary["best_baseline"] == best[1]
    assert summary["brier"] == pytest.approx(brier(data, data.point()))


def test_another_coding_of_a_dispute_in_the_pool_is_in_sample():
    game, record = shipped()[0].game, load_record("record_2025")
    assert validate(game, record).summary["in_sample"]
    other = build_game(load_scenario("us_eu_2018", {"parameters": "calibrated_2025_alone"}))
    elsewhere = load_record(other.scenario.record.file, other.scenario.path.parent)
    assert not validate(other, elsewhere).summary["in_sample"]


def replay_of_shipped():
    return replay_record(shipped()[0].game, load_record("record_2025"))


def test_a_record_within_one_month_is_refused_or_scored():
    dates = [dt.date(2025, 1, 6), dt.date(2025, 1, 13)]
    data = sequence([HOLD, ESCALATE], [0, 1], dates=dates)
    scores = leave_one_month_out(data, normal([1.0]))
    assert np.isfinite(scores[MODEL]).all()
