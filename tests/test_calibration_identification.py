"""What the record says about each coefficient: shares, costs, influence, sentences."""

import numpy as np
import pandas as pd
import pytest

from negotiation_abm.calibration.fit import fit, interval
from negotiation_abm.calibration.identification import _influence, identification_table, sentence
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal import likelihood_of
from test_calibration_data import by_hand, episode, episode_hidden, normal, shipped

COLUMNS = [
    *("coefficient", "estimate", "error", "low", "high", "prior_mean", "prior_sd", "ratio"),
    *("likelihood_low", "likelihood_high"),
    *("zero_cost", "rests_on", "most_influential"),
]


@pytest.fixture(scope="module")
def small():
    return fit(*episode())


@pytest.fixture(scope="module")
def table(small):
    return identification_table(small)


def toy(sds):
    """30 choices of HOLD or one of two moves; the third coefficient touches nothing."""
    features = [[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]] * 30
    return fit(by_hand(features, [0] * 15 + [1] * 9 + [2] * 6), normal(sds))


# ---------------------------------------------------------------------------
# The table


def test_one_row_a_coefficient(small, table):
    assert list(table.columns) == COLUMNS
    assert table["coefficient"].tolist() == [c.label for c in small.data.coefficients]


def test_numbers_of_the_table(small, table):
    np.testing.assert_array_equal(table["estimate"], small.theta)
    np.testing.assert_array_equal(table["error"], small.errors)
    sds = np.sqrt(np.diag(small.prior.covariance))
    free = sds > 0
    for k in small.prior.spreads:  # sd of a Rayleigh variate of mode 1
        sds[k] = np.sqrt(2.0 - np.pi / 2.0)
        assert table["prior_mean"][k] == pytest.approx(np.sqrt(np.pi / 2.0))
    np.testing.assert_allclose(table["ratio"][free], small.errors[free] / sds[free])
    assert table["ratio"][~free].isna().all()
    for k in (0, 5, 12):
        assert (table["low"][k], table["high"][k]) == interval(small, k, 0.9)


def test_cost_of_zero_is_that_of_a_refit(small, table):
    for k in (3, 12, 17):
        held = fit(small.data, small.prior, fixed={k: 0.0})
        cost = small.log_posterior - held.log_posterior
        assert table["zero_cost"][k] == pytest.approx(cost, abs=1e-7)
    spread = table["coefficient"] == "truce_frailty"
    assert table["zero_cost"].isna().tolist() == spread.tolist()
    assert (table["zero_cost"][~spread] > -1e-9).all()


def test_cost_of_zero_by_hand():
    # 12 of 48 under a nearly flat prior: 48 log 2 less the entropy of 1/4.
    # (A second coefficient that touches nothing: something must be left to fit.)
    features = [[[0.0, 0.0], [1.0, 0.0]]] * 48
    result = fit(by_hand(features, [1] * 12 + [0] * 36), normal([1e4, 1.0]))
    cost = 12 * np.log(0.25) + 36 * np.log(0.75) + 48 * np.log(2.0)
    assert identification_table(result)["zero_cost"][0] == pytest.approx(cost, abs=1e-6)


def test_cost_of_zero_is_of_the_decisions_that_count():
    data, prior = episode()
    likelihood = Likelihood(data, data.turn < 10)
    result = fit(data, prior, likelihood)
    held = fit(data, prior, likelihood, {12: 0.0})
    cost = identification_table(result)["zero_cost"][12]
    assert cost == pytest.approx(result.log_posterior - held.log_posterior, abs=1e-6)


# ---------------------------------------------------------------------------
# What it rests on


def test_categories_by_hand():
    found = identification_table(toy([5.0, 0.6, 2.0]))
    # Errors by the likelihood alone are about .4: a share of .08, of more than half, of all.
    assert found["rests_on"].tolist() == ["likelihood", "both", "prior"]
    assert found["ratio"][2] == pytest.approx(1.0)


def test_what_the_likelihood_leaves_open_on_a_side_is_shared_with_the_prior():
    # 30 of 30: the posterior is narrow beside its prior, but only the prior says "not more".
    always = fit(by_hand([[[0.0], [1.0]]] * 30, [1] * 30), normal([5.0]))
    found = identification_table(always)
    assert found["ratio"][0] < 0.5
    assert (found["likelihood_high"][0], found["rests_on"][0]) == (np.inf, "both")
    assert "only the prior bounds it from above" in sentence(found.iloc[0])


def test_a_held_coefficient_is_fixed():
    found = identification_table(toy([5.0, 0.0, 2.0]))
    assert found["rests_on"].tolist() == ["likelihood", "fixed", "prior"]
    assert (found["zero_cost"][1], found["error"][1]) == (0.0, 0.0)
    assert found["most_influential"][1] == ""


def test_categories_follow_the_ratio(table):
    known = table[table["rests_on"] != "fixed"]
    is_bounded = np.isfinite(known[["likelihood_low", "likelihood_high"]]).all(axis=1)
    is_carried = (known["ratio"] < 0.5) & is_bounded
    expected = np.select([known["ratio"] > 0.9, is_carried], ["prior", "likelihood"], "both")
    assert known["rests_on"].tolist() == expected.tolist()


def test_what_never_happened_rests_on_the_prior(table):
    # No truce of the episode was near a summit, and nobody escalated in a leaders' truce.
    rests = dict(zip(table["coefficient"], table["rests_on"], strict=True))
    assert (rests["shadow"], rests["depth"]) == ("prior", "prior")
    assert rests["initiative.JAPAN"] == "likelihood"


# ---------------------------------------------------------------------------
# Influence


def really_left_out(result, d):
    keep = np.arange(len(result.data.chosen)) != d
    part = fit(result.data, result.prior, Likelihood(result.data, keep), start=result.theta)
    free = result.errors > 0
    return ((part.theta - result.theta)[free]) / result.errors[free], free


def test_influence_by_hand():
    # One coefficient, 40 choices, 10 of them the move, prior sd 2: the Newton step of leaving out.
    result = fit(by_hand([[[0.0], [1.0]]] * 40, [1] * 10 + [0] * 30), normal([2.0]))
    chance = 1.0 / (1.0 + np.exp(-result.theta[0]))
    shifts = _influence(result)
    assert shifts[0] == pytest.approx([-(1 - chance) * result.errors[0]])
    assert shifts[-1] == pytest.approx([chance * result.errors[0]])


@pytest.mark.parametrize("name", ["shipped", "episode"])
def test_influence_is_close_to_really_leaving_a_decision_out(name):
    result = fit(*(shipped() if name == "shipped" else episode()))
    shifts = _influence(result)
    strength = np.abs(shifts).max(axis=1)
    order = np.argsort(-strength)
    for d in (order[0], order[4], order[len(order) // 2]):
        actual, free = really_left_out(result, d)
        step = shifts[d, free]
        k = np.argmax(np.abs(actual))
        # One step with all of the information falls short of the refit, the more the larger it is.
        assert np.sign(step[k]) == np.sign(actual[k])
        assert np.abs(step - actual).max() < 0.03 + 0.6 * np.abs(actual).max()
        assert np.corrcoef(step, actual)[0, 1] > 0.9


def test_influence_of_weak_decisions_is_exact_to_second_order():
    # The error of the step falls with the square of a decision's weight: halve the features.
    gaps = []
    for size in (0.4, 0.2):
        features = [[[0.0], [1.0]]] * 60 + [[[0.0], [size]]]
        result = fit(by_hand(features, [1] * 20 + [0] * 40 + [1]), normal([3.0]))
        actual, _ = really_left_out(result, 60)
        gaps.append(abs(_influence(result)[60, 0] - actual[0]))
    assert gaps[1] < gaps[0] / 3.0


def test_rows_are_named_by_their_influence(small, table):
    k = table["coefficient"].tolist().index("acceptance")
    shifts = _influence(small)[:, k]
    moves = [d for d in range(len(shifts)) if small.data.row_ids[d]]
    first = max(moves, key=lambda d: abs(shifts[d]))
    named = table["most_influential"][k]
    assert named.startswith(f"{small.data.row_ids[first][0]} ({shifts[first]:+.2f})")
    assert len(named.split("; ")) <= 3


@pytest.mark.parametrize("source", [episode, episode_hidden])
def test_decisions_that_do_not_count_have_no_influence(source):
    data, prior = source()
    use = data.turn < 10
    result = fit(data, prior, likelihood_of(data, use))
    shifts = _influence(result)
    assert not shifts[~use].any()
    assert shifts[use & (data.chosen != 0)].any(axis=1).all()
    named = {
        part.split()[0]
        for row in identification_table(result)["most_influential"]
        for part in row.split("; ")
        if part
    }
    counted = {ids[0] for d, ids in enumerate(data.row_ids) if ids and use[d]}
    assert named
    assert named <= counted


# ---------------------------------------------------------------------------
# Sentences


def row(**values):
    usual = {"coefficient": "fatigue", "estimate": 2.345, "low": 0.381, "high": 4.329}
    usual |= {"likelihood_low": 0.2, "likelihood_high": 5.0}
    return pd.Series(usual | values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"rests_on": "fixed", "estimate": 0.0}, "fatigue is held at 0.00."),
        (
            {"rests_on": "prior"},
            "fatigue: the record says next to nothing; 2.35 (0.38 to 4.33) is the prior.",
        ),
        (
            {"rests_on": "likelihood"},
            "fatigue is 2.35 (0.38 to 4.33, 90 %): the record carries it, its sign is clear.",
        ),
        (
            {"rests_on": "both", "low": -0.5},
            "fatigue is 2.35 (-0.50 to 4.33, 90 %): record and prior share, its sign is open.",
        ),
        (
            {"rests_on": "likelihood", "estimate": -2.0, "low": -3.0, "high": -1.0},
            "fatigue is -2.00 (-3.00 to -1.00, 90 %): the record carries it, its sign is clear.",
        ),
        (
            {"rests_on": "both", "likelihood_low": -np.inf, "likelihood_high": np.inf},
            "fatigue is 2.35 (0.38 to 4.33, 90 %): record and prior share, its sign is clear; "
            "only the prior bounds it from either side.",
        ),
    ],
)
def test_sentences(values, text):
    assert sentence(row(**values)) == text
