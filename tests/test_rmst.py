"""Restricted means, hazards, quantiles, clustered intervals and speed."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy.special import bdtr
from scipy.stats import binom, norm

from helpers import assert_near, trials
from negotiation_abm.survival import (
    count_spells,
    estimate,
    fit_all,
    hazard_table,
    incidence_table,
    log_rank,
    paired_rmst_difference,
    rmst,
    rmst_difference,
    run_influence,
)
from negotiation_abm.survival.intervals import binomial_quantile, quantile_lines
from survival_helpers import CAUSES, counted, geometric, random_spells, spells


def truth(hazard, until):
    """Restricted mean of spells of whole weeks with a constant hazard."""
    return sum((1.0 - hazard) ** (week + 1) for week in range(until))


def with_influence(table, until):
    counts = counted(table)
    return counts, run_influence([table], counts, until)


def test_hand_example():
    counts = counted(spells(range(4), [0] * 4, [1, 3, 5, 7], [True] * 4))
    assert rmst(counts, 6).value == pytest.approx((1 + 3 + 5 + 6) / 4)
    assert rmst(counts, 10).value == pytest.approx(4.0)  # all have ended: it stays at their mean
    assert rmst(counts, 10).error == pytest.approx(np.std([1, 3, 5, 7]) / 2)


def test_without_censoring_it_is_the_mean_and_its_error():
    rng = np.random.default_rng(1)
    table = geometric(rng, 500, 0.06)
    got = rmst(counted(table), 30)
    short = np.minimum(table["duration_weeks"], 30)
    assert got.value == pytest.approx(short.mean(), abs=1e-10)
    assert got.error == pytest.approx(short.std(ddof=0) / np.sqrt(500), abs=1e-10)


def test_not_a_number_beyond_the_data():
    counts = counted(spells([0, 1], [0, 0], [4, 9], [True, False]))
    assert np.isnan(rmst(counts, 11).value)
    assert rmst(counts, 10).value == pytest.approx(4 + 0.5 * 6)
    assert np.isnan(rmst_difference(counts, counts, 11).value)


@trials(100, 2000)
def test_interval_covers_the_truth(trials):
    rng = np.random.default_rng(2025)
    limits = {0.03: (20, 52), 0.1: (10, 30)}
    hits = {(hazard, until): 0 for hazard in limits for until in limits[hazard]}
    for _ in range(trials):
        for hazard in limits:
            counts = counted(geometric(rng, 200, hazard, censor_after=200))
            for until in limits[hazard]:
                got = rmst(counts, until)
                hits[hazard, until] += got.low <= truth(hazard, until) <= got.high
    for share in np.array(list(hits.values())) / trials:
        assert abs(share - 0.95) <= 0.02 * np.sqrt(2000 / trials)


@trials(80, 1000)
def test_interval_covers_the_truth_with_late_entry_and_several_spells_a_run(trials):
    rng = np.random.default_rng(2026)
    hits = 0
    for _ in range(trials):
        hazard = rng.choice([0.03, 0.15], 150)  # a run has a hazard of its own
        first = geometric(rng, 150, hazard, spells_a_run=3)
        counts = counted(first)
        expected = (truth(0.03, 30) + truth(0.15, 30)) / 2.0
        got = rmst(counts, 30)
        hits += got.low <= expected <= got.high
    assert abs(hits / trials - 0.9475) <= 0.0225 * np.sqrt(1000 / trials)


@trials(50, 400)
def test_difference_of_independent_runs_covers_the_truth(trials):
    rng = np.random.default_rng(7)
    expected = truth(0.04, 40) - truth(0.05, 40)
    hits = 0
    for _ in range(trials):
        base, other = (counted(geometric(rng, 300, h, censor_after=120)) for h in (0.05, 0.04))
        got = rmst_difference(base, other, 40)
        hits += got.low <= expected <= got.high
    assert_near(hits / trials, 0.95, np.sqrt(0.95 * 0.05 / trials))


def paired(rng, runs):
    """Two scenarios that share their draws: the other one lasts a little longer."""
    u = rng.random((runs, 2))
    tables = []
    for hazard in (0.05, 0.045):
        life = np.floor(np.log(u.ravel()) / np.log(1.0 - hazard)).astype(int)
        run = np.repeat(np.arange(runs), 2)
        tables.append(spells(run, 0 * life, np.minimum(life, 80), life <= 80))
    return tables


@trials(25, 200)
def test_paired_difference_covers_the_truth_and_is_sharper(trials):
    rng = np.random.default_rng(11)
    expected = truth(0.045, 40) - truth(0.05, 40)
    hits, ratio = 0, []
    for _ in range(trials):
        base, other = paired(rng, 200)
        one, two = with_influence(base, 40), with_influence(other, 40)
        got = paired_rmst_difference(one, two, 40)
        hits += got.low <= expected <= got.high
        ratio.append(got.error / rmst_difference(one[0], two[0], 40).error)
    assert_near(hits / trials, 0.95, np.sqrt(0.95 * 0.05 / trials))
    assert np.mean(ratio) < 0.2


def test_pairing_with_itself_leaves_nothing():
    table = random_spells(3, late_entry=True, one_a_run=False)
    side = with_influence(table, 10)
    got = paired_rmst_difference(side, side, 10)
    assert (got.value, got.error) == (0.0, 0.0)


def test_a_run_without_spells_on_one_side_counts_with_those_of_the_other():
    base = random_spells(5, one_a_run=False)
    other = base[base["replicate"] % 3 > 0]
    one, two = with_influence(base, 12), with_influence(other, 12)
    size = base["replicate"].max() + 1
    gap = two[1].reindex(range(size)).fillna(0.0) - one[1].reindex(range(size)).fillna(0.0)
    for sides, sign in (((one, two), 1), ((two, one), -1)):
        got = paired_rmst_difference(*sides, 12)
        assert got.value == pytest.approx(sign * (rmst(two[0], 12).value - rmst(one[0], 12).value))
        assert got.error == pytest.approx(np.sqrt(np.square(gap).sum()), rel=1e-12)


@pytest.mark.parametrize(("runs", "is_known"), [(1, False), (2, True), (3, True)])
def test_a_difference_has_an_error_from_two_runs_on(runs, is_known):
    base, other = (
        spells(range(runs), [0] * runs, [k, k + 1, k + 4][:runs], [True] * runs) for k in (1, 3)
    )
    one, two = with_influence(base, 9), with_influence(other, 9)
    few = with_influence(spells(range(9), [0] * 9, range(9), [True] * 9), 9)
    for sides in ((one, two), (one, few), (few, two)):
        got = rmst_difference(sides[0][0], sides[1][0], 9)
        paired = paired_rmst_difference(*sides, 9)
        assert [np.isfinite(mean.error) for mean in (got, paired)] == [is_known, is_known]
        assert np.isfinite(rmst(one[0], 9).error) == is_known


def test_influence_of_runs_adds_up_to_the_variance():
    table = random_spells(5, late_entry=True, one_a_run=False)
    counts, influence = with_influence(table, 12)
    assert np.square(influence).sum() == pytest.approx(rmst(counts, 12).error ** 2, rel=1e-10)
    assert len(influence) == table["replicate"].nunique()
    halves = [table[table["replicate"] < 40], table[table["replicate"] >= 40]]
    pd.testing.assert_series_equal(run_influence(halves, counts, 12), influence)


# ---------------------------------------------------------------------------
# Hazards, incidence, quantiles


def test_pooled_hazard_is_ends_over_spell_weeks():
    rng = np.random.default_rng(4)
    table = geometric(rng, 4000, 0.05, censor_after=60)
    got = hazard_table(counted(table), width=4)
    assert got["last_week"].iloc[0] == 3
    first = table["duration_weeks"] < 4
    exposure = np.minimum(table["duration_weeks"] + 1, 4).sum()
    ended = (first & table["event_observed"]).sum()
    assert got["hazard"].iloc[0] == pytest.approx(ended / exposure)
    assert ((got["lower"] < 0.05) & (got["upper"] > 0.05)).mean() > 0.85


@pytest.mark.parametrize("seed", range(5))
def test_weekly_hazard_rebuilds_the_curve(seed):
    counts = counted(random_spells(seed))
    hazard = hazard_table(counts)
    np.testing.assert_allclose(np.cumprod(1 - hazard["hazard"]), counts.survival, atol=1e-12)


@trials(40, 300)
def test_bands_of_incidence_cover_the_truth(trials):
    rng = np.random.default_rng(12)
    weeks, hits = np.array([3, 10, 25]), np.zeros(3)
    chance = 0.3 * (1.0 - 0.92 ** (weeks + 1))
    for _ in range(trials):
        table = geometric(rng, 150, 0.08, censor_after=80, spells_a_run=2)
        table["cause"] = np.where(rng.random(len(table)) < 0.3, CAUSES[0], CAUSES[1])
        counts = counted(table)
        rows = incidence_table(counts).query("cause == 'breach'").set_index("week").loc[weeks]
        hits += (rows["lower"].to_numpy() <= chance) & (chance <= rows["upper"].to_numpy())
    for share in hits / trials:
        assert_near(share, 0.945, np.sqrt(0.95 * 0.05 / trials))


def test_ends_of_a_quantile_follow_its_error_and_without_one_the_order_of_the_runs():
    runs = np.array([50.0, 50.0])
    high, low = quantile_lines(0.5, np.array([0.2, 0.0]), runs, runs)
    width = norm.ppf(0.975) * 0.2
    assert (high[0], low[0]) == pytest.approx((0.5 ** np.exp(-width), 0.5 ** np.exp(width)))
    assert high[1] == binom.ppf(0.975, 50, 0.5) / 50
    assert low[1] == (binom.ppf(0.025, 50, 0.5) - 1) / 50


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.83])
def test_binomial_quantile_at_each_step_of_the_distribution(chance):
    """Where rounding may put it a step too high."""
    number = np.repeat(np.arange(1, 60), np.arange(1, 60))
    count = np.concatenate([np.arange(trials) for trials in range(1, 60)])
    share = bdtr(count, number, chance)
    clear = (share < 1.0 - 1e-6) & (share > 1e-6)
    number, count, share = number[clear], count[clear], share[clear]
    assert np.array_equal(binomial_quantile(share, number, chance), count)
    between = (share + bdtr(count + 1, number, chance)) / 2.0
    assert np.array_equal(binomial_quantile(between, number, chance), count + 1)


def test_quantiles_and_not_reached():
    table = spells(range(40), [0] * 40, [5] * 15 + [9] * 25, [True] * 15 + [False] * 25)
    got = estimate(counted(table))
    assert got.quantile_weeks(0.25) == (5, 5, None)
    assert got.quantile_weeks(0.9) == (None, None, None)


ONE_RUN = ("one", "one censored")
EDGES = {
    "one": spells([0], [0], [5], [True]),
    "one censored": spells([0], [0], [5], [False]),
    "all censored": spells(range(30), [0] * 30, [5] * 20 + [9] * 10, [False] * 30),
    "all at once": spells(range(30), [0] * 30, [0] * 30, [True] * 30),
    "all in one week": spells(range(30), [0] * 30, [7] * 30, [True] * 30),
    "one end": spells(range(30), [0] * 30, [5] * 29 + [3], [False] * 29 + [True]),
    "all late": spells(range(30), [4] * 30, range(4, 34), [True] * 30),
}


@pytest.mark.parametrize("case", EDGES)
def test_edges_pass_without_a_warning(case):
    counts = counted(EDGES[case])
    for table in (hazard_table(counts), estimate(counts).table):
        ends = table[["lower", "upper"]]
        assert ends.isna().all(axis=None) if case in ONE_RUN else not ends.isna().any(axis=None)
        assert not table.drop(columns=["lower", "upper"]).isna().any(axis=None)
    assert len(fit_all(counts)) == (4 if case == "all late" else 0)
    assert log_rank([counts, counts]).p_value == pytest.approx(1.0)
    assert rmst(counts, 3).value <= 3.0


# ---------------------------------------------------------------------------
# Log-rank under clustering


@trials(40, 300)
def test_clustered_log_rank_keeps_its_level_and_the_plain_one_does_not(trials):
    rng = np.random.default_rng(21)
    plain = clustered = 0
    for _ in range(trials):
        groups = []
        for _ in range(2):
            hazard = rng.choice([0.02, 0.2], 100)
            groups.append(counted(geometric(rng, 100, hazard, censor_after=60, spells_a_run=5)))
        got = log_rank(groups)
        plain += got.p_value < 0.05
        clustered += got.clustered_p_value < 0.05
    assert_near(clustered / trials, 0.055, np.sqrt(0.05 * 0.95 / trials))
    assert plain / trials > 0.12


# ---------------------------------------------------------------------------
# Size and speed


def million():
    rng = np.random.default_rng(0)
    runs = 250_000
    table = geometric(rng, runs, 0.04, censor_after=104, spells_a_run=4)
    code = np.where(table["event_observed"], rng.integers(0, 3, len(table)), 3)
    return table.assign(cause=pd.Categorical.from_codes(code, [*CAUSES, "censored"]))


def test_a_million_spells_are_counted():
    assert estimate(count_spells([million()])).num_spells == 1_000_000


@pytest.mark.speed
def test_a_million_spells_take_a_tenth_of_a_second():
    table, times = million(), []
    for _ in range(5):
        begun = time.process_time()
        got = estimate(count_spells([table]))
        times.append(time.process_time() - begun)
    assert min(times) < 0.1
    begun = time.perf_counter()
    fit_all(got.counts)
    hazard_table(got.counts)
    rmst(got.counts, 52)
    assert time.perf_counter() - begun < 2.0
