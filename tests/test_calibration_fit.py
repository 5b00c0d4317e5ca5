"""The fit: its optimum, closed forms, errors and profiles."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from negotiation_abm import load_record
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.fit import fit, interval, refit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.calibration.profiles import likelihood_interval, profile
from test_calibration_data import by_hand, episode, normal, shipped


def sigmoid(value):
    return 1.0 / (1.0 + math.exp(-value))


def slope(result, likelihood=None):
    """Gradient of the log-posterior at the estimate."""
    likelihood = likelihood or Likelihood(result.data)
    _, gradient = likelihood.value_and_gradient(result.theta)
    _, pull = result.prior.value_and_gradient(result.theta)
    return gradient + pull


def coin(heads, tosses):
    """`tosses` choices between HOLD and one move worth theta, `heads` of them the move."""
    return by_hand([[[0.0], [1.0]]] * tosses, [1] * heads + [0] * (tosses - heads))


@pytest.fixture(scope="module")
def small():
    return fit(*episode())


@pytest.fixture(scope="module")
def result():
    return fit(*shipped())


# ---------------------------------------------------------------------------
# The optimum


def test_gradient_is_zero_at_the_estimate(result):
    free = [k for k in range(len(result.theta)) if k not in result.prior.fixed]
    assert np.abs(slope(result)[free]).max() < 1e-6
    assert result.converged


def test_estimate_does_not_depend_on_the_start(small):
    rng = np.random.default_rng(2)
    for _ in range(5):
        start = rng.normal(0.0, 3.0, len(small.theta))
        again = fit(small.data, small.prior, start=start)
        assert again.converged
        np.testing.assert_allclose(again.theta, small.theta, atol=1e-5)
        assert again.log_posterior == pytest.approx(small.log_posterior, abs=1e-9)


def test_estimate_of_the_shipped_record_does_not_depend_on_the_start(result):
    rng = np.random.default_rng(3)
    for _ in range(5):
        again = fit(*shipped(), start=rng.normal(0.0, 2.0, len(result.theta)))
        assert again.converged
        np.testing.assert_allclose(again.theta, result.theta, atol=1e-5)


def test_no_point_nearby_is_better(small):
    likelihood, rng = Likelihood(small.data), np.random.default_rng(4)
    for _ in range(50):
        point = small.theta + 0.1 * rng.normal(size=len(small.theta)) * (small.errors > 0)
        value, _ = likelihood.value_and_gradient(point)
        assert value + small.prior.value_and_gradient(point)[0] < small.log_posterior


def test_parts_of_the_log_posterior(small):
    value, _ = Likelihood(small.data).value_and_gradient(small.theta)
    density, _ = small.prior.value_and_gradient(small.theta)
    assert small.log_likelihood == pytest.approx(value)
    assert small.log_posterior == pytest.approx(value + density)


def test_a_subset_of_decisions_gives_its_own_fit(small):
    data = small.data
    first = data.turn < 10
    likelihood = Likelihood(data, first)
    part = fit(data, small.prior, likelihood)
    free = part.errors > 0
    assert np.abs(slope(part, likelihood)[free]).max() < 1e-6
    assert np.abs(slope(part)[free]).max() > 1e-3  # not the optimum of all decisions


# ---------------------------------------------------------------------------
# Coefficients that are held


def test_values_held_by_the_prior_stay(result):
    held = {result.data.coefficients[k].label for k in result.prior.fixed}
    assert held == {"market", "restraint", "hold_fire", "fatigue_escalate"}
    for k, value in result.prior.fixed.items():
        assert (result.theta[k], result.errors[k]) == (value, 0.0)


def test_values_held_by_the_caller_stay(small):
    part = fit(small.data, small.prior, fixed={0: 0.3, 4: -1.0})
    assert (part.theta[0], part.theta[4]) == (0.3, -1.0)
    assert not part.covariance[[0, 4]].any()
    assert not part.covariance[:, [0, 4]].any()
    free = [k for k in range(len(part.theta)) if k not in (0, 4) and k not in part.prior.fixed]
    assert np.abs(slope(part)[free]).max() < 1e-6
    assert part.log_posterior < small.log_posterior


def test_holding_the_estimate_changes_nothing(small):
    part = fit(small.data, small.prior, fixed={12: float(small.theta[12])})
    np.testing.assert_allclose(part.theta, small.theta, atol=1e-5)
    assert part.log_posterior == pytest.approx(small.log_posterior, abs=1e-9)


def test_refitting_is_fitting_with_more_held(small):
    part = fit(small.data, small.prior, fixed={0: 0.3})
    again, whole = refit(part, {4: -1.0}), fit(small.data, small.prior, fixed={0: 0.3, 4: -1.0})
    assert (again.theta[0], again.theta[4]) == (0.3, -1.0)
    np.testing.assert_allclose(again.theta, whole.theta, atol=1e-5)
    assert again.log_posterior == pytest.approx(whole.log_posterior, abs=1e-9)
    assert set(again.fixed) == {0, 4, *small.prior.fixed}


def test_a_metric_changes_the_way_and_not_the_place(small):
    again = fit(small.data, small.prior, metric=100.0 * np.eye(len(small.theta)))
    assert again.converged
    np.testing.assert_allclose(again.theta, small.theta, atol=1e-5)


def test_all_can_be_held():
    data = coin(3, 10)
    part = fit(data, normal([1.0]), fixed={0: 0.5})
    assert part.theta.tolist() == [0.5]
    assert part.converged


# ---------------------------------------------------------------------------
# Closed forms


@pytest.mark.parametrize(("heads", "tosses"), [(3, 10), (1, 40), (5, 5), (0, 7)])
def test_two_options_have_a_known_mode(heads, tosses):
    sd = 1.5
    found = fit(coin(heads, tosses), normal([sd]))
    mode = brentq(lambda t: heads - tosses * sigmoid(t) - t / sd**2, -20, 20, xtol=1e-13)
    chance = sigmoid(mode)
    assert found.theta[0] == pytest.approx(mode, abs=1e-7)
    assert found.errors[0] ** -2 == pytest.approx(tosses * chance * (1 - chance) + sd**-2)


def test_a_flat_prior_gives_the_log_odds():
    found = fit(coin(12, 48), normal([1e4]))
    assert found.theta[0] == pytest.approx(math.log(12 / 36), abs=1e-6)
    assert found.errors[0] == pytest.approx(math.sqrt(48 / (12 * 36)), rel=1e-6)
    assert found.log_likelihood == pytest.approx(12 * math.log(0.25) + 36 * math.log(0.75))


def test_rounds_alone_have_a_known_mode():
    # Every choice is between two options of the same value: only the weeks speak.
    data = by_hand([[[0.0], [0.0]]], [0], rounds=[[1.0]] * 20, held=[1] * 5 + [0] * 15)
    found = fit(data, normal([1e4]))
    assert found.theta[0] == pytest.approx(math.log(5 / 15), abs=1e-6)
    assert found.log_likelihood == pytest.approx(
        math.log(0.5) + 5 * math.log(0.25) + 15 * math.log(0.75)
    )


def test_three_options_have_the_shares_as_their_mode():
    features = [[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]] * 20
    found = fit(by_hand(features, [0] * 10 + [1] * 6 + [2] * 4), normal([1e4, 1e4]))
    assert found.theta == pytest.approx([math.log(0.6), math.log(0.4)], abs=1e-6)
    # Inverse of the multinomial information: 1/n_a on and 1/n_0 off the diagonal.
    expected = [[1 / 6 + 1 / 10, 1 / 10], [1 / 10, 1 / 4 + 1 / 10]]
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-6)


def test_without_information_the_posterior_is_the_prior():
    found = fit(by_hand(np.zeros((4, 2, 2)), [0, 1, 0, 1]), normal([0.5, 2.0], mean=0.7))
    assert found.theta == pytest.approx([0.7, 0.7])
    assert found.errors == pytest.approx([0.5, 2.0])


def test_a_record_of_silence_lowers_what_acts_and_nothing_else(tmp_path):
    # 20 weeks in which nobody moved: each week two HOLDs; levers at their start.
    path = tmp_path / "silence.csv"
    path.write_text(
        "id,date,player,move,not_represented\nA,2019-07-01,JAPAN,,nothing happened\n",
        encoding="utf-8",
    )
    data = collect(episode()[0].game, load_record(path))
    assert not data.chosen.any()
    assert not data.round_held.any()
    found = fit(data, load_prior(data))
    value = dict(zip([c.label for c in data.coefficients], found.theta, strict=True))
    for player in ("JAPAN", "KOREA"):
        assert value[f"initiative.{player}"] < -1.0
        assert value[f"offer_cost.{player}"] > 1.0
    assert value["round_base"] < -1.0
    for never in ("acceptance", "breach_cost", "mirror", "follow", "round_truce"):
        assert value[never] == pytest.approx(0.0, abs=1e-12), never


# ---------------------------------------------------------------------------
# Errors and intervals


def test_laplace_covariance_is_the_inverse_of_a_numeric_hessian(small):
    likelihood, free = Likelihood(small.data), np.flatnonzero(small.errors > 0)

    def gradient(point):
        return likelihood.value_and_gradient(point)[1] + small.prior.value_and_gradient(point)[1]

    hessian = []
    for k in free:
        step = np.zeros(len(small.theta))
        step[k] = 1e-5
        up, down = gradient(small.theta + step), gradient(small.theta - step)
        hessian.append((up - down)[free] / 2e-5)
    expected = np.linalg.inv(-np.array(hessian))
    np.testing.assert_allclose(small.covariance[np.ix_(free, free)], expected, atol=1e-6)


def test_data_narrow_the_prior(result):
    free = result.errors > 0
    prior = np.sqrt(np.diag(result.prior.covariance))
    assert (result.errors[free] <= prior[free] + 1e-12).all()


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_intervals_are_those_of_a_normal(small, level):
    k = [c.label for c in small.data.coefficients].index("fatigue")
    low, high = interval(small, k, level)
    assert (low + high) / 2 == pytest.approx(small.theta[k])
    inside = norm.cdf(high, small.theta[k], small.errors[k])
    assert 2 * inside - 1 == pytest.approx(level)


# ---------------------------------------------------------------------------
# Profiles


def profiled(result, label, **options):
    k = [c.label for c in result.data.coefficients].index(label)
    return profile(result, k, **options), result.theta[k], result.errors[k]


@pytest.mark.parametrize("label", ["fatigue", "initiative.JAPAN", "acceptance"])
def test_profile_is_highest_at_the_estimate(small, label):
    rows, estimate, error = profiled(small, label, points=7)
    assert rows[3] == pytest.approx([estimate, 0.0, 0.0], abs=1e-6)
    assert rows[[0, -1], 0] == pytest.approx([estimate - 3 * error, estimate + 3 * error])
    assert (rows[:, 2] <= 1e-9).all()
    assert (np.diff(rows[:4, 2]) > 0).all()
    assert (np.diff(rows[3:, 2]) < 0).all()


@pytest.mark.parametrize("label", ["fatigue", "reciprocity", "round_base"])
def test_profile_is_the_quadratic_of_the_error_near_the_estimate(result, label):
    rows, estimate, error = profiled(result, label, width=0.2, points=5)
    distance = (rows[:, 0] - estimate) / error
    np.testing.assert_allclose(rows[:, 2], -0.5 * distance**2, atol=6e-4)


def test_profile_of_a_normal_posterior_is_a_parabola():
    found = fit(by_hand(np.zeros((1, 2, 2)), [0]), normal([0.5, 2.0]))
    rows = profile(found, 1, points=5)
    assert rows[:, 0] == pytest.approx([-6, -3, 0, 3, 6])
    assert rows[:, 1] == pytest.approx([0] * 5)
    assert rows[:, 2] == pytest.approx([-4.5, -1.125, 0, -1.125, -4.5])


# ---------------------------------------------------------------------------
# Intervals of the profile likelihood


def deficit(theta, heads, tosses):
    """Nats by which `theta` is worse than the best for so many heads."""

    def height(share):
        log = 0.0 if heads == 0 else heads * math.log(share)
        return log + (0.0 if heads == tosses else (tosses - heads) * math.log(1.0 - share))

    return height(heads / tosses) - height(sigmoid(theta))


@pytest.mark.parametrize(("heads", "tosses"), [(3, 10), (20, 40), (1, 40)])
@pytest.mark.parametrize("sd", [2.0, 20.0])
def test_likelihood_interval_is_the_one_of_the_likelihood_ratio(heads, tosses, sd):
    low, high = likelihood_interval(fit(coin(heads, tosses), normal([sd])), 0)
    drop = norm.ppf(0.95) ** 2 / 2.0  # chi squared with one degree of freedom at .9, halved
    mode = math.log(heads / (tosses - heads))
    assert low < mode < high
    for end in (low, high):
        assert deficit(end, heads, tosses) == pytest.approx(drop, abs=2e-2)


def test_likelihood_interval_of_what_always_happened_is_open_above():
    low, high = likelihood_interval(fit(coin(5, 5), normal([3.0])), 0)
    assert high == math.inf
    # Five heads of five: -5 log share = drop.
    assert sigmoid(low) == pytest.approx(math.exp(-(norm.ppf(0.95) ** 2) / 10.0), abs=2e-3)
    assert likelihood_interval(fit(coin(0, 5), normal([3.0])), 0)[0] == -math.inf


def test_likelihood_interval_of_what_touches_nothing_is_open_on_both_sides():
    found = fit(by_hand([[[0.0, 0.0], [1.0, 0.0]]] * 9, [1] * 4 + [0] * 5), normal([2.0, 2.0]))
    assert likelihood_interval(found, 1) == (-math.inf, math.inf)


def test_likelihood_interval_does_not_depend_on_the_own_prior():
    narrow, wide = (likelihood_interval(fit(coin(12, 40), normal([sd])), 0) for sd in (0.5, 5.0))
    assert narrow == pytest.approx(wide, abs=5e-3)


def test_likelihood_interval_is_found_where_the_prior_does_not_reach():
    found = fit(coin(300, 1000), normal([0.08]))  # its 4 sds end at -.32
    low, high = likelihood_interval(found, 0)
    assert low < math.log(3 / 7) < high < -0.5
    for end in (low, high):
        assert deficit(end, 300, 1000) == pytest.approx(norm.ppf(0.95) ** 2 / 2.0, abs=2e-2)
