"""Simulation-based calibration: what is simulated, ranks, bands, and the pool's sampler itself."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from cli_helpers import ROOT
from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.pool import load_members
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.sbc import (
    _week,
    band_level,
    calibrate_by_simulation,
    rank_table,
    ranks,
    simulated,
    simulated_fit,
)
from negotiation_abm.run.batch import available_threads

FOLDER = ROOT / "experiments" / "calibration"


@pytest.fixture(scope="module")
def pool():
    return replace(load_pool(FOLDER / "sbc_pool.yaml"), priors=str(FOLDER / "sbc_priors.yaml"))


@pytest.fixture(scope="module")
def members(pool):
    return load_members(pool)


# ---------------------------------------------------------------------------
# What is simulated


def test_a_week_ends_when_both_hold():
    rng = np.random.default_rng(1)
    never, always = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert _week([never, never], 3, rng) == []
    assert [player for player, _ in _week([always, never], 3, rng)] == [0, 0, 0]
    assert len(_week([always, always], 3, rng)) == 6


def test_slopes_of_simulated_choices_are_0_on_average(pool, members):
    """At the truth the expected slope of the right log-likelihood is 0, in every coefficient."""
    rng = np.random.default_rng(2)
    hierarchy = Hierarchy(members, pool)
    member = members[1]
    theta = hierarchy.coefficients(hierarchy.prior_draw(rng), 1)
    theta[[c.label for c in member.data.coefficients].index("truce_frailty")] = 1.2
    slopes = np.array(
        [simulated(member, theta, rng).likelihood.value_and_gradient(theta)[1] for _ in range(150)]
    )
    error = slopes.std(axis=0, ddof=1) / np.sqrt(len(slopes))
    far = np.abs(slopes.mean(axis=0)) / np.where(error > 0.0, error, 1.0)
    assert (error > 0.0).sum() > 20
    assert far.max() < 4.5


def test_situations_stay_those_of_the_record(members):
    member = members[0]
    made = simulated(member, np.zeros(len(member.data.coefficients)), np.random.default_rng(3))
    assert isinstance(made.likelihood, MarginalLikelihood)
    new, old = made.data.hidden, member.data.hidden
    assert set(new.turn) == set(old.turn)
    for turn in np.unique(new.turn)[:5]:
        first = old.features[old.turn == turn][:2]
        for pair in new.features[new.turn == turn].reshape(-1, *first.shape):
            np.testing.assert_array_equal(pair, first)


# ---------------------------------------------------------------------------
# Ranks and bands


def test_ranks_count_draws_below_the_truth():
    found = np.array([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]])
    assert ranks(np.array([1.5, 4.0]), found).tolist() == [2, 0]


def test_uniform_ranks_stay_inside_in_19_of_20_and_others_do_not():
    rng = np.random.default_rng(4)
    uniform = rng.integers(0, 20, size=(200, 400))
    table = rank_table([f"x{k}" for k in range(400)], uniform, 19)
    assert table["inside"].mean() == pytest.approx(0.95, abs=0.04)
    assert table["coverage"].mean() == pytest.approx(0.9, abs=0.01)
    assert table["p"].mean() == pytest.approx(0.5, abs=0.06)
    wide = np.clip(np.rint(9.5 + 1.5 * (uniform - 9.5)), 0, 19).astype(int)
    shifted = np.minimum(uniform + 3, 19)
    for wrong in (wide, shifted):
        assert rank_table([f"x{k}" for k in range(400)], wrong, 19)["inside"].mean() < 0.1


def test_a_band_is_narrower_than_that_of_a_single_rank():
    assert band_level(100, 19)[0] < 0.05


# ---------------------------------------------------------------------------
# The sampler


@pytest.mark.slow
def test_draws_that_are_too_narrow_are_caught(pool, members):
    """Ranks over all unknowns of a few fits; the same draws at half of their sd are found out."""
    right, wrong = [], []
    for seed in range(12):
        _, truth, found = simulated_fit(pool, members, seed, draws=19, thin=6)
        right.append(ranks(truth, found))
        mean = found.mean(axis=0)
        wrong.append(ranks(truth, mean + 0.5 * (found - mean)))
    outer = [np.isin(values, (0, 19)).mean() for values in (right, wrong)]
    assert outer[0] == pytest.approx(0.1, abs=0.05)  # two of twenty ranks
    assert outer[1] > 0.25
    assert np.mean(right) / 19 == pytest.approx(0.5, abs=0.06)


@pytest.mark.verify
def test_ranks_of_all_unknowns_are_uniform(pool, capsys):
    """500 fits; of bands of 95 % one in twenty is left by chance."""
    with ProcessPoolExecutor(available_threads(), get_context("spawn")) as executor:
        table = calibrate_by_simulation(pool, 500, 7, executor)
    with capsys.disabled():
        print("\n" + table[["unknown", "mean", "coverage", "p"]].round(3).to_string())
    assert table["p"].min() > 0.05 / len(table) / 10
    assert table["inside"].mean() > 0.85
    assert table["coverage"].mean() == pytest.approx(0.9, abs=0.01)
