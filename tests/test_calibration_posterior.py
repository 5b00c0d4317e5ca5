"""The posterior sample: moments that are known, diagnostics of chains, a spread and its prior."""

import math

import numpy as np
import pytest
from scipy.stats import rayleigh

from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.identification import (
    _marginal_pull,
    _rests_on,
    identification_table,
    sentence,
)
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.posterior import mixing, sample
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.calibration.profiles import profile
from test_calibration_data import by_hand, episode, episode_hidden, normal

# ---------------------------------------------------------------------------
# Samples of known distributions


@pytest.fixture(scope="module")
def known():
    """No data: the posterior is the prior, two pooled normals and a held value."""
    covariance = np.array([[5.0, 4.0, 0.0], [4.0, 5.0, 0.0], [0.0, 0.0, 0.0]])
    data = by_hand(np.zeros((1, 2, 3)), [0])
    return sample(fit(data, Prior(np.array([1.0, -1.0, 0.3]), covariance)), draws=1000, seed=2)


def test_a_normal_posterior_is_sampled(known):
    flat = known.draws.reshape(-1, 3)
    error = math.sqrt(5.0 / known.effective_size[:2].min())
    assert flat[:, :2].mean(axis=0) == pytest.approx([1.0, -1.0], abs=4 * error)
    np.testing.assert_allclose(np.cov(flat[:, :2].T), [[5, 4], [4, 5]], rtol=0.12)
    assert known.r_hat[:2].max() < 1.01
    assert known.effective_size[:2].min() > 1000
    assert known.accepted == pytest.approx(0.8, abs=0.1)  # what the warm-up looks for


def test_what_is_held_does_not_move(known):
    assert (known.draws[:, :, 2] == 0.3).all()
    assert np.isnan([known.r_hat[2], known.effective_size[2]]).all()


def test_the_caller_can_hold_more():
    result = fit(*episode())
    chains = sample(result, fixed=(0, 4), draws=20, seed=1)
    assert (chains.draws[:, :, 0] == result.theta[0]).all()
    assert (chains.draws[:, :, 4] == result.theta[4]).all()
    assert (chains.draws[:, :, 5].std() > 0).all()


def test_seeds():
    result = fit(by_hand([[[0.0], [1.0]]] * 10, [1] * 3 + [0] * 7), normal([2.0]))
    one, two, other = (sample(result, draws=50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.draws, two.draws)
    assert not np.array_equal(one.draws, other.draws)


@pytest.mark.slow
def test_a_skewed_posterior_is_that_of_a_grid():
    """No head in seven tosses: far from normal."""
    result = fit(by_hand([[[0.0], [1.0]]] * 7, [0] * 7), normal([4.0]))
    draws = sample(result, draws=1500, seed=3).draws.ravel()
    grid = np.linspace(-25, 10, 20001)
    log = -7 * np.logaddexp(0.0, grid) - 0.5 * (grid / 4.0) ** 2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = (grid * weight).sum()
    sd = math.sqrt(((grid - mean) ** 2 * weight).sum())
    assert draws.mean() == pytest.approx(mean, abs=0.12 * sd)
    assert draws.std() == pytest.approx(sd, rel=0.06)


@pytest.mark.slow
def test_a_spread_without_data_has_its_rayleigh_prior():
    """Sampled as a logarithm, and never below 0."""
    data = by_hand(np.zeros((1, 2, 2)), [0])
    prior = Prior(np.zeros(2), np.diag([1.5**2, 1.0]), spreads=(0,))
    chains = sample(fit(data, prior), draws=1500, seed=4)
    draws = chains.draws[:, :, 0].ravel()
    assert draws.min() > 0.0
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = np.mean(draws < rayleigh.ppf(level, scale=1.5))
        assert below == pytest.approx(level, abs=0.03), level
    assert chains.r_hat.max() < 1.01


# ---------------------------------------------------------------------------
# Diagnostics


def test_independent_draws_are_worth_themselves():
    draws = np.random.default_rng(5).normal(size=(4, 2000, 3))
    r_hat, size = mixing(draws)
    np.testing.assert_allclose(r_hat, 1.0, atol=0.003)
    np.testing.assert_allclose(size, 8000, rtol=0.15)


def test_a_chain_with_memory_is_worth_less():
    rng, memory = np.random.default_rng(7), np.array([0.5, 0.9])
    steps = rng.normal(size=(4, 20_000, 2)) * np.sqrt(1 - memory**2)
    draws = np.empty_like(steps)
    draws[:, 0] = rng.normal(size=(4, 2))
    for t in range(1, steps.shape[1]):
        draws[:, t] = memory * draws[:, t - 1] + steps[:, t]
    np.testing.assert_allclose(mixing(draws)[1], 80_000 * (1 - memory) / (1 + memory), rtol=0.12)


def test_chains_that_disagree_are_told():
    rng = np.random.default_rng(8)
    apart = rng.normal(size=(4, 500)) + np.array([[0], [0], [0], [1.0]])
    wider = rng.normal(size=(4, 500)) * np.array([[1], [1], [1], [3.0]])  # by the folded ranks
    drifting = rng.normal(size=(4, 500)) + np.linspace(0, 2, 500)  # by the halves
    r_hat, size = mixing(np.stack([apart, wider, drifting], axis=2))
    assert (r_hat > 1.05).all()
    assert size[0] < 100


# ---------------------------------------------------------------------------
# A spread and its prior


def spread_prior():
    return Prior(np.zeros(2), np.diag([1.5**2, 4.0]), spreads=(0,))


def test_rayleigh_density_by_hand():
    prior = spread_prior()
    for x in (0.4, 1.5, 3.0):
        value, gradient = prior.value_and_gradient(np.array([x, 1.0]))
        expected = math.log(x) - 0.5 * (x / 1.5) ** 2 - 0.5 * 0.25
        assert value == pytest.approx(expected)
        assert gradient == pytest.approx([1 / x - x / 1.5**2, -0.25])
        other, _ = prior.value_and_gradient(np.array([-x, 1.0]))
        assert other == pytest.approx(value)
        whole = prior.information(np.array([x, 1.0]))
        assert whole.tolist() == [[pytest.approx(1 / 1.5**2 + 1 / x**2), 0], [0, 0.25]]


def test_rayleigh_moments_and_mode():
    prior = spread_prior()
    assert prior.moments(0) == pytest.approx((rayleigh.mean(scale=1.5), rayleigh.std(scale=1.5)))
    assert prior.moments(1) == (0.0, 2.0)
    assert prior.start().tolist() == [1.5, 0.0]
    assert prior.value_and_gradient(np.array([1.5, 0.0]))[1] == pytest.approx([0.0, 0.0])


def test_a_fitted_spread_is_above_zero_and_its_profile_too():
    data, prior = episode_hidden()
    result = fit(data, prior)
    (k,) = prior.spreads
    assert data.coefficients[k].label == "truce_frailty"
    assert result.theta[k] > 0.0
    rows = profile(result, k, points=5)
    assert (rows[:, 0] > 0.0).all()
    assert rows[:, 2].max() <= 1e-6


# ---------------------------------------------------------------------------
# Identification with draws


def test_what_a_coefficient_rests_on():
    assert _rests_on(True, 0.1, True) == "fixed"
    assert _rests_on(False, 0.95, True) == "prior"
    assert _rests_on(False, 0.3, True) == "likelihood"
    assert _rests_on(False, 0.3, False) == "both"  # open on a side
    assert _rests_on(False, 0.7, True) == "both"


def test_errors_and_intervals_are_of_the_draws():
    result = fit(*episode_hidden())
    chains = sample(result, draws=60, seed=1)
    table = identification_table(result, chains)
    flat = chains.draws.reshape(-1, len(result.theta))
    free = [k for k in range(len(result.theta)) if k not in result.fixed]
    np.testing.assert_allclose(table["error"][free], flat.std(axis=0)[free])
    np.testing.assert_allclose(table["low"][free], np.quantile(flat, 0.05, axis=0)[free])
    np.testing.assert_allclose(table["high"][free], np.quantile(flat, 0.95, axis=0)[free])
    np.testing.assert_array_equal(table["r_hat"], chains.r_hat)
    np.testing.assert_array_equal(table["effective_size"], chains.effective_size)
    assert (table["estimate"] == result.theta).all()
    assert len({sentence(row) for _, row in table.iterrows()}) == len(table)


def test_influence_of_a_move_is_what_counting_it_makes():
    data, prior = episode_hidden()
    result = fit(data, prior)
    pull = _marginal_pull(result)
    assert not pull[data.chosen == 0].any()
    d = int(np.flatnonzero(data.chosen)[2])
    use = np.arange(len(data.chosen)) != d
    with_, without = (
        MarginalLikelihood(data, counted).value_and_gradient(result.theta)[1]
        for counted in (None, use)
    )
    np.testing.assert_allclose(pull[d], with_ - without)
