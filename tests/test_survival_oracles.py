"""Random tables with ties, censoring, late entry and weights, against lifelines.

Forty of them by default, two hundred with ``-m verify``.
"""

import lifelines
import numpy as np
import pandas as pd
import pytest
from lifelines.statistics import multivariate_logrank_test

from negotiation_abm.survival import (
    count_spells,
    estimate,
    fit_all,
    fit_family,
    incidence_table,
    log_rank,
    proportional_hazards,
    rmst,
)
from negotiation_abm.survival.fits import FAMILIES, log_likelihood
from survival_helpers import by_hand, counted, random_spells, spells

KINDS = [(late, weights) for late in (False, True) for weights in (False, True)]
SEEDS = range(200)


def table_of(seed, *more):
    """A case: by default one of the first 40 seeds."""
    return pytest.param(seed, *more, marks=[pytest.mark.verify] if seed >= 40 else [])


TABLES = [table_of(seed, *KINDS[seed % 4]) for seed in SEEDS]


def weights_of(table):
    return table.get("weight")


def fitted(fitter, table, late_entry, frame):
    """A curve of lifelines, read at every week.

    Entry half a week early puts a spell at risk in the week in which it enters, whichever side of
    a tie lifelines takes.
    """
    entry = table["entry_weeks"] - 0.5 if late_entry else None
    fitter.fit(
        table["duration_weeks"], table["event_observed"], entry=entry, weights=weights_of(table)
    )
    weeks = np.arange(table["duration_weeks"].max() + 1)
    curve = getattr(fitter, frame).iloc[:, 0]
    start = 1.0 if frame == "survival_function_" else 0.0
    return curve.reindex(curve.index.union(weeks)).ffill().fillna(start).loc[weeks].to_numpy()


@pytest.mark.filterwarnings("ignore::lifelines.exceptions.StatisticalWarning")  # broken weights
@pytest.mark.parametrize(("seed", "late", "weights"), TABLES)
def test_curves_equal_lifelines(seed, late, weights):
    table = random_spells(seed, late, weights=weights)
    counts = counted(table)
    kaplan_meier = fitted(lifelines.KaplanMeierFitter(), table, late, "survival_function_")
    np.testing.assert_allclose(counts.survival, kaplan_meier, rtol=0, atol=1e-10)
    fitter = lifelines.NelsonAalenFitter(nelson_aalen_smoothing=False)
    cumulative = fitted(fitter, table, late, "cumulative_hazard_")
    np.testing.assert_allclose(np.cumsum(counts.hazard), cumulative, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("seed", "late", "weights"), TABLES)
def test_incidence_equals_a_brute_force_count(seed, late, weights):
    table = random_spells(seed, late, one_a_run=False, weights=weights)
    at_risk, ended, curve, incidence = by_hand(table)
    counts = counted(table)
    np.testing.assert_allclose(counts.at_risk, at_risk, rtol=0, atol=1e-9)
    np.testing.assert_allclose(counts.ended, ended, rtol=0, atol=1e-9)
    np.testing.assert_allclose(counts.survival, curve, rtol=0, atol=1e-12)
    long = incidence_table(counts)
    assert sorted(set(long["cause"])) == sorted(incidence)
    for name, values in incidence.items():
        np.testing.assert_allclose(
            long.loc[long["cause"] == name, "incidence"], values, rtol=0, atol=1e-12
        )


@pytest.mark.parametrize("seed", [table_of(seed) for seed in SEEDS])
def test_log_rank_equals_lifelines(seed):
    weights = seed % 2 == 1
    tables = [random_spells(1000 * seed + k, weights=weights) for k in range(2 + seed % 3)]
    every = pd.concat([table.assign(group=k) for k, table in enumerate(tables)])
    if weights:  # a weight of 3 is three spells; lifelines 0.30.3 itself fails on weights here
        tables = [table.assign(weight=np.ceil(table["weight"]).astype(int)) for table in tables]
        weight = np.concatenate([table["weight"] for table in tables])
        every = every.iloc[np.repeat(np.arange(len(every)), weight)]
    theirs = multivariate_logrank_test(
        every["duration_weeks"], every["group"], every["event_observed"]
    )
    ours = log_rank([counted(table) for table in tables])
    assert ours.degrees == len(tables) - 1
    assert ours.statistic == pytest.approx(theirs.test_statistic, abs=1e-10, rel=1e-10)
    assert ours.p_value == pytest.approx(theirs.p_value, abs=1e-10)


def test_log_rank_with_late_entry_by_hand():
    """The hypergeometric sums, written out week by week."""
    tables = [random_spells(seed, late_entry=True) for seed in (5, 6)]
    hands = [by_hand(table) for table in tables]
    score = spread = 0.0
    for t in range(max(len(hand[0]) for hand in hands)):
        (n1, d1), (n2, d2) = (
            (hand[0][t], hand[1][t]) if t < len(hand[0]) else (0, 0) for hand in hands
        )
        n, d = n1 + n2, d1 + d2
        if n > 1:
            score += d1 - d * n1 / n
            spread += d * (n1 / n) * (n2 / n) * (n - d) / (n - 1)
    got = log_rank([counted(table) for table in tables])
    assert got.statistic == pytest.approx(score**2 / spread, rel=1e-10)


@pytest.mark.parametrize("seed", range(20))
def test_rmst_is_the_area_that_lifelines_gives(seed):
    table = random_spells(seed)
    fitter = lifelines.KaplanMeierFitter()
    fitter.fit(table["duration_weeks"], table["event_observed"])
    until = int(table["duration_weeks"].max())
    theirs = lifelines.utils.restricted_mean_survival_time(fitter, until)
    assert rmst(counted(table), until).value == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "fitter", "theirs"),
    [
        ("weibull", lifelines.WeibullFitter, ("lambda_", "rho_")),
        ("log_normal", lifelines.LogNormalFitter, ("mu_", "sigma_")),
        ("log_logistic", lifelines.LogLogisticFitter, ("alpha_", "beta_")),
    ],
)
def test_fits_equal_interval_censored_lifelines(name, fitter, theirs):
    rng = np.random.default_rng(3)
    life = np.floor(rng.weibull(0.8, 3000) * 30).astype(int)
    entry = np.where(rng.random(3000) < 0.3, rng.integers(0, 8, 3000), 0)
    kept = life >= entry
    life, entry = life[kept], entry[kept]
    window = np.maximum(rng.integers(10, 90, len(life)), entry)
    observed, weeks = life <= window, np.minimum(life, window)
    got = fit_family(counted(spells(np.arange(len(life)), entry, weeks, observed)), name)
    lower, upper = np.where(observed, weeks, weeks + 1), np.where(observed, weeks + 1.0, np.inf)
    fit = fitter().fit_interval_censoring(lower, upper, entry=entry)
    assert got.converged
    assert got.log_likelihood == pytest.approx(fit.log_likelihood_, abs=1e-4)
    assert got.aic == pytest.approx(2 * 2 - 2 * fit.log_likelihood_, abs=1e-4)
    for (value, error), their in zip(got.parameters.values(), theirs, strict=True):
        assert value == pytest.approx(fit.params_[their], rel=1e-4)
        # ours is robust, theirs of the model: near each other where the model is near
        assert error == pytest.approx(fit.summary["se(coef)"][their], rel=0.15)


@pytest.mark.parametrize("name", FAMILIES)
def test_fit_is_at_the_top_of_its_likelihood(name):
    """Where no coordinate leads further up: its slope there is less than a hundredth."""
    rng = np.random.default_rng(10)
    life = np.where(rng.random(2_000) < 0.3, 10**6, rng.geometric(0.1, 2_000) - 1)
    counts = counted(spells(np.arange(2_000), 0 * life, np.minimum(life, 60), life < 60))
    got = fit_family(counts, name)
    values = [value for value, _ in got.parameters.values()]
    free = np.log(values)
    if name == "log_normal":
        free[0] = values[0]
    if name == "cure":
        free[2] = np.log(values[2] / (1.0 - values[2]))
    assert log_likelihood(counts, FAMILIES[name], free) == pytest.approx(got.log_likelihood)
    for step in 1e-3 * np.eye(len(free)):
        up, down = (log_likelihood(counts, FAMILIES[name], free + h) for h in (step, -step))
        assert max(up, down) < got.log_likelihood
        assert abs(up - down) < 1e-5
    assert got.converged


def test_families_are_fitted_from_five_weeks_with_ends_on_best_first():
    life = np.repeat([1, 2, 4, 8, 9], 4)
    for weeks, names in ((life[:-4], set()), (life, set(FAMILIES))):
        got = fit_all(counted(spells(range(len(weeks)), 0 * weeks, weeks, weeks > 0)))
        assert {fit.family for fit in got} == names
        assert [fit.aic for fit in got] == sorted(fit.aic for fit in got)


def swept(seed, longest=40):
    """Spells of twenty groups whose hazard follows two of three covariates."""
    rng = np.random.default_rng(seed)
    z = pd.DataFrame(rng.normal(size=(20, 3)), columns=["a", "b", "c"])
    tables = []
    for group, row in z.iterrows():
        life = np.floor(rng.exponential(1 / (0.04 * np.exp(0.5 * row["a"] - 0.2 * row["b"])), 200))
        window = rng.integers(5, longest, 200)
        weeks = np.minimum(life, window).astype(int)
        run = np.repeat(np.arange(50), 4) + 1000 * group
        tables.append(spells(run, 0 * weeks, weeks, life <= window).assign(**row))
    return z, tables


def test_regression_of_two_groups_by_hand():
    """One week tells of the covariate: in others nothing ends, or everything does."""
    tables = []
    for ended in (2, 5):
        weeks = np.array([3] * ended + [4] * (10 - ended) + [1])
        tables.append(spells(np.arange(11), 0 * weeks, weeks, weeks > 1))
    z = pd.DataFrame({"dose": [1.0, 4.0]})
    (row,) = proportional_hazards([counted(t) for t in tables], z, 0.9).itertuples()
    hazard = np.array([0.2, 0.5])
    inner = np.log(1.0 - hazard)
    effect = np.diff(np.log(-inner))[0]
    error = np.sqrt((hazard / (10.0 * (1.0 - hazard) * inner**2)).sum())
    assert (row.covariate, row.sd) == ("dose", 1.5)
    assert (row.coefficient, row.error) == pytest.approx((effect / 3.0, error / 3.0), rel=1e-8)
    assert row.hazard_ratio == pytest.approx(np.exp(effect / 2.0))
    half = 1.6448536269514722 * error / 2.0
    assert (row.lower, row.upper) == pytest.approx(
        (np.exp(effect / 2.0 - half), np.exp(effect / 2.0 + half))
    )


def test_regression_equals_piecewise_interval_censored_lifelines():
    z, tables = swept(1, longest=12)
    ours = proportional_hazards([counted(table) for table in tables], z).set_index("covariate")
    every = pd.concat(tables)
    observed, weeks = every["event_observed"], every["duration_weeks"]
    every = every[["a", "b", "c"]].assign(
        lower=weeks + ~observed, upper=np.where(observed, weeks + 1.0, np.inf)
    )
    fitter = lifelines.CoxPHFitter(
        baseline_estimation_method="piecewise", breakpoints=list(range(1, 12))
    )
    fitter.fit_interval_censoring(every, "lower", "upper")
    theirs = fitter.summary.loc["beta_"]
    for name in z:
        assert ours["coefficient"][name] == pytest.approx(theirs["coef"][name], abs=2e-4)
        assert ours["error"][name] == pytest.approx(theirs["se(coef)"][name], rel=0.2)


def test_regression_is_near_cox_with_clusters():
    z, tables = swept(2)
    ours = proportional_hazards([counted(table) for table in tables], z).set_index("covariate")
    every = pd.concat(tables)[["a", "b", "c", "duration_weeks", "event_observed", "replicate"]]
    fitter = lifelines.CoxPHFitter()
    fitter.fit(every, "duration_weeks", "event_observed", cluster_col="replicate")
    for name in z:
        theirs = fitter.summary.loc[name]
        assert ours["coefficient"][name] == pytest.approx(theirs["coef"], abs=3e-3)
        assert ours["error"][name] == pytest.approx(theirs["se(coef)"], rel=0.05)


def test_regression_refuses_what_cannot_be_told_apart():
    z, tables = swept(3)
    counts = [counted(table) for table in tables]
    with pytest.raises(ValueError, match="d has the same value"):
        proportional_hazards(counts, z.assign(d=1.0))
    with pytest.raises(ValueError, match="cannot tell these apart"):
        proportional_hazards(counts, z.assign(d=z["a"] + z["b"]))


def test_fit_of_geometric_spells_finds_the_rate():
    rng = np.random.default_rng(8)
    life = rng.geometric(0.05, 50_000) - 1
    counts = count_spells([spells(np.arange(len(life)), 0 * life, life, life >= 0)])
    fit = fit_family(counts, "weibull")
    scale, error = fit.parameters["scale"]
    assert abs(scale + 1 / np.log(0.95)) < 4 * error
    assert abs(fit.parameters["shape"][0] - 1) < 4 * fit.parameters["shape"][1]
    assert fit.largest_gap < 0.01


def test_cure_finds_the_share_that_lasts():
    rng = np.random.default_rng(9)
    life = np.where(rng.random(20_000) < 0.3, 10**6, rng.geometric(0.1, 20_000) - 1)
    observed = life < 80
    counts = count_spells([spells(np.arange(len(life)), 0 * life, np.minimum(life, 80), observed)])
    lasting, error = fit_family(counts, "cure").parameters["lasting"]
    assert abs(lasting - 0.3) < 4 * error
    assert error < 0.01
    assert fit_family(counts, "cure").aic < fit_family(counts, "weibull").aic - 100


def test_weights_of_one_change_nothing():
    plain = random_spells(4, late_entry=True, one_a_run=False)
    weighted = plain.assign(weight=1.0)
    one, two = estimate(counted(plain)).table, estimate(counted(weighted)).table
    np.testing.assert_allclose(one.to_numpy(), two.to_numpy(), rtol=0, atol=1e-14)
