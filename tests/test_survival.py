"""Survival of truces against lifelines, brute force and simulation."""

import numpy as np
import pandas as pd
import pytest

from cli_helpers import ROOT, shipped_game
from helpers import assert_near, trials
from negotiation_abm.run.step import run_batch
from negotiation_abm.survival import DAYS, regression, survival
from negotiation_abm.survival.counts import KIND
from negotiation_abm.survival.curves import Counts, Curves, Spells
from negotiation_abm.survival.estimators import incidence_table
from negotiation_abm.survival.influence import on_hazard, on_incidence, on_log_survival
from survival_helpers import CAUSES, by_hand, counted, random_spells, spells

lifelines = pytest.importorskip("lifelines")

SEEDS = range(25)
EXACT = 1.0 - 0.025 ** (1 / 2)  # what none of two may hide (Clopper and Pearson 1934)


def estimate(table, **options):
    return survival(lambda: [table], **options)


def fitted(table, late_entry):
    """Kaplan-Meier by lifelines, read at every week.

    Entry half a week early puts a spell at risk in the week in which it enters, whichever side
    of a tie lifelines takes.
    """
    fitter = lifelines.KaplanMeierFitter()
    entry = table["entry_weeks"].to_numpy() - 0.5 if late_entry else None
    fitter.fit(table["duration_weeks"], table["event_observed"], entry=entry)
    weeks = np.arange(table["duration_weeks"].max() + 1)

    def by_week(frame):
        return frame.reindex(frame.index.union(weeks)).ffill().fillna(1.0).loc[weeks].to_numpy()

    curve = by_week(fitter.survival_function_)[:, 0]
    lower, upper = by_week(fitter.confidence_interval_).T
    return curve, lower, upper


# ---------------------------------------------------------------------------
# Small numbers


def test_hand_example():
    table = spells([0, 1, 2, 3, 4], [0] * 5, [2, 2, 2, 4, 5], [True, True, False, True, False])
    got = estimate(table).table
    assert got["at_risk"].tolist() == [5, 5, 5, 2, 2, 1]
    assert got["ended"].tolist() == [0, 0, 2, 0, 1, 0]
    assert got["censored"].tolist() == [0, 0, 1, 0, 0, 1]
    np.testing.assert_allclose(got["survival"], [1, 1, 0.6, 0.6, 0.3, 0.3], rtol=0, atol=1e-15)


def test_spell_is_at_risk_in_the_week_of_its_late_entry():
    table = spells([0, 1, 2], [0, 3, 3], [5, 3, 6], [True, True, False])
    got = estimate(table).table
    assert got["at_risk"].tolist() == [1, 1, 1, 3, 2, 2, 1]
    assert got["survival"][3] == pytest.approx(2 / 3, abs=1e-15)


def test_counts():
    table = spells([0, 0, 7], [0, 0, 0], [1, 2, 3], [True, True, False])
    got = estimate(table)
    assert (got.num_spells, got.num_ended, got.num_runs) == (3, 2, 2)


def test_tables_have_a_row_for_each_cause_and_week_and_no_more():
    curves = estimate(random_spells(2)).counts.curves
    assert curves.ended_by.shape == (1, len(CAUSES), curves.num_weeks)
    for table in (curves.at_risk, curves.ended, curves.hazard, curves.survival, curves.standing):
        assert table.shape == (1, curves.num_weeks)


def test_many_points_at_once_are_each_what_they_are_alone():
    tables = [random_spells(seed, late_entry=True) for seed in (3, 7, 8)]
    code = {"censored": 0} | {cause: number for number, cause in enumerate(CAUSES, start=1)}

    def columns(part, point):
        where = np.full(len(part), point)
        entry, weeks = part["entry_weeks"].to_numpy(), part["duration_weeks"].to_numpy()
        return Spells(where, entry, weeks, part["cause"].map(code).to_numpy())

    counts, longest = Counts(3, 4), max(table["duration_weeks"].max() for table in tables) + 1
    for point, table in enumerate(tables):
        for part in (table.iloc[:20], table.iloc[20:]):
            counts.add(columns(part, point), np.arange(3) == point)
    together = Curves(counts)
    assert together.runs.tolist() == [2, 2, 2]
    for point, table in enumerate(tables):
        one = Counts(1, 4)  # a cause that none of them has
        one.add(columns(table, 0), np.array([2]))
        alone = Curves(one, least_weeks=longest)
        assert alone.num_weeks == longest
        for name in ("at_risk", "ended", "ended_by", "hazard", "survival", "first", "end"):
            assert np.array_equal(getattr(together, name)[point], getattr(alone, name)[0]), name
        pairs = [(curves.at(9), curves.mean(9), curves.share(2)) for curves in (together, alone)]
        for ours, theirs in zip(*pairs, strict=True):
            assert ours.value[point] == theirs.value[0]
            effect = ours.influence(columns(table, point))
            np.testing.assert_array_equal(effect, theirs.influence(columns(table, 0)))


def test_no_spells_give_no_estimate():
    assert estimate(random_spells(1).iloc[:0]) is None
    assert survival(lambda: []) is None


def test_all_end_in_the_first_week():
    got = estimate(spells([0, 1], [0, 0], [0, 0], [True, True]))
    row = got.table[["survival", "lower", "upper"]].to_numpy()[0]
    assert row == pytest.approx([0.0, 0.0, EXACT])
    assert got.median_weeks() == (0, 0, None)


def test_none_ends():
    got = estimate(spells([0, 1], [0, 0], [3, 9], [False, False]))
    assert (got.table[["survival", "upper"]] == 1.0).all(axis=None)
    lower = got.table["lower"].to_numpy()
    assert lower[:4] == pytest.approx(1.0 - EXACT)
    assert lower[4:] == pytest.approx(0.025)  # one spell is left
    assert got.median_weeks() == (None, 0, None)  # of two runs none need be like the next
    assert got.shares == {}


def test_one_spell_alone():
    got = estimate(spells([4], [2], [6], [True]))
    assert got.table["at_risk"].tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert got.table["survival"].tolist() == [1.0] * 6 + [0.0]


# ---------------------------------------------------------------------------
# Against lifelines and brute force


@pytest.mark.parametrize("late_entry", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_survival_equals_lifelines(seed, late_entry):
    table = random_spells(seed, late_entry)
    curve, _, _ = fitted(table, late_entry)
    np.testing.assert_allclose(estimate(table).table["survival"], curve, rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_spell_a_run_gives_the_log_log_band_of_greenwood(seed):
    table = random_spells(seed)
    curve, lower, upper = fitted(table, late_entry=False)
    got = estimate(table).table
    inside = (curve > 1e-12) & (curve < 1.0)
    assert inside.sum() > 5
    np.testing.assert_allclose(got["lower"][inside], lower[inside], rtol=0, atol=1e-10)
    np.testing.assert_allclose(got["upper"][inside], upper[inside], rtol=0, atol=1e-10)


@pytest.mark.parametrize("late_entry", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_counts_and_incidence_equal_brute_force(seed, late_entry):
    table = random_spells(seed, late_entry, one_a_run=False)
    at_risk, ended, curve, incidence = by_hand(table)
    got = estimate(table).table
    assert got["week"].tolist() == list(range(len(curve)))
    assert got["at_risk"].tolist() == at_risk
    assert got["ended"].tolist() == ended
    np.testing.assert_allclose(got["survival"], curve, rtol=0, atol=1e-12)
    names = [name for name in got if name.startswith("incidence_")]
    assert sorted(names) == [f"incidence_{name}" for name in incidence]
    for name, values in incidence.items():
        np.testing.assert_allclose(got[f"incidence_{name}"], values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(got["survival"] + got[names].sum(axis=1), 1.0, rtol=0, atol=1e-12)


def test_nothing_has_ended_before_the_first_spell_comes_into_view():
    """Its interval says so too: what is told is given that the week of entry was reached."""
    ends = ["breach", "lapse", "lapse", "censored"]
    table = spells(range(4), [4, 4, 5, 5], [9, 12, 14, 20], [True, True, True, False], ends)
    found = incidence_table(counted(table))
    early = found[found["week"] < 4]
    assert len(early) == 2 * 4
    assert (early[["incidence", "lower", "upper"]] == 0.0).all(axis=None)
    late = found[(found["week"] == 12) & (found["cause"] == "lapse")]
    assert (late["lower"] < late["incidence"]).all()
    assert (late["incidence"] < late["upper"]).all()


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_variance_equals_influence_by_brute_force(seed):
    """With late entry and several spells a run, for which Greenwood's formula does not hold."""
    table = random_spells(seed, late_entry=True, one_a_run=False)
    at_risk, ended, curve, _ = by_hand(table)
    runs = {}
    for row in table.itertuples():
        influence, total = [], 0.0
        for t, (n, d) in enumerate(zip(at_risk, ended, strict=True)):
            if row.entry_weeks <= t <= row.duration_weeks and n > d:
                died = row.duration_weeks == t and row.event_observed
                total -= (died - d / n) / (n - d)
            influence.append(total)
        runs[row.replicate] = runs.get(row.replicate, 0.0) + np.array(influence)
    error = np.sqrt(sum(np.square(values) for values in runs.values()))
    got = estimate(table).table
    inside = (got["survival"] > 1e-12) & (got["survival"] < 1.0)
    log_curve = np.log(np.array(curve)[inside])
    width = 1.959963984540054 * error[inside] / np.abs(log_curve)
    np.testing.assert_allclose(got["lower"][inside], np.exp(log_curve * np.exp(width)), atol=1e-10)
    np.testing.assert_allclose(got["upper"][inside], np.exp(log_curve * np.exp(-width)), atol=1e-10)


CURVES = {
    "hazard": (lambda counts: counts.hazard, on_hazard),
    "hazard of a cause": (
        lambda counts: counts.curves.ended_by[0, 1] / np.maximum(counts.at_risk, 1e-9),
        lambda counts: on_hazard(counts, 2),
    ),
    "log survival": (lambda counts: np.log(counts.survival), on_log_survival),
    "incidence": (
        lambda counts: counts.curves.incidence(1)[0],
        lambda counts: on_incidence(counts, 1),
    ),
}
NUMBERS = {
    name: (
        lambda counts, of=of: of(counts.curves).value,
        lambda counts, of=of: of(counts.curves).influence(counts.spells)[:, None],
    )
    for name, of in {
        "survival": lambda curves: curves.at(6),
        "restricted mean": lambda curves: curves.mean(9),
        "share": lambda curves: curves.share(1),
    }.items()
}


@pytest.mark.parametrize("harmless", [False, True])
@pytest.mark.parametrize("name", [*CURVES, *NUMBERS])
def test_influence_of_a_spell_is_what_more_weight_of_it_changes(name, harmless):
    """The derivative, taken by differences, whatever the formula."""
    table = random_spells(47, late_entry=True).iloc[:60].assign(weight=1.0)
    table = table[table["duration_weeks"] < 12]
    if harmless:
        table = table.replace({"cause": {"collapse": "fulfilled"}})
    value, influence = {**CURVES, **NUMBERS}[name]
    counts = counted(table)
    expected = influence(counts)
    assert len(expected) > 25
    for kind, row in zip(counts.kinds[KIND].to_numpy(), expected, strict=True):
        spell = np.flatnonzero((table[KIND] == kind).all(axis=1))[0]
        ends = []
        for weight in (1.0 + 1e-4, 1.0 - 1e-4):
            heavier = table["weight"].to_numpy().copy()
            heavier[spell] = weight
            ends.append(value(counted(table.assign(weight=heavier))))
        np.testing.assert_allclose((ends[0] - ends[1]) / 2e-4, row, rtol=0, atol=1e-6)


def test_late_entry_band_is_near_greenwood_in_a_large_table():
    rng = np.random.default_rng(3)
    size = 20_000
    entry = np.where(rng.random(size) < 0.5, 0, rng.integers(0, 10, size))
    table = spells(np.arange(size), entry, entry + rng.geometric(0.05, size) - 1, [True] * size)
    _, lower, upper = fitted(table, late_entry=True)
    got = estimate(table).table[1:40]
    width = (got["upper"] - got["lower"]).to_numpy()
    np.testing.assert_allclose(width, (upper - lower)[1:40], rtol=0.02)


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_invariants(seed):
    got = estimate(random_spells(seed, late_entry=True, one_a_run=False))
    curve = got.table["survival"].to_numpy()
    assert (np.diff(curve) <= 0.0).all()
    assert (got.table["lower"] <= curve + 1e-15).all()
    assert (got.table["upper"] >= curve - 1e-15).all()
    assert got.table[["lower", "survival", "upper"]].to_numpy().min() >= 0.0
    assert got.table[["lower", "survival", "upper"]].to_numpy().max() <= 1.0
    assert not got.table.isna().any(axis=None)
    assert sum(point for point, _, _ in got.shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert all(0.0 <= low <= point <= high <= 1.0 for point, low, high in got.shares.values())


def test_lower_level_gives_a_narrower_band():
    table = random_spells(5)
    wide, narrow = estimate(table).table, estimate(table, level=0.8).table
    inside = (wide["survival"] > 0.0) & (wide["survival"] < 1.0)
    assert (narrow["lower"] > wide["lower"])[inside].all()
    assert (narrow["upper"] < wide["upper"])[inside].all()


def test_twin_spells_widen_the_band_by_the_root_of_two():
    single = random_spells(11)
    twins = single.loc[single.index.repeat(2)].reset_index(drop=True)
    one, two = estimate(single).table, estimate(twins).table
    np.testing.assert_allclose(two["survival"], one["survival"], atol=1e-12)
    np.testing.assert_allclose(two["lower"], one["lower"], atol=1e-12)  # no news in a twin
    alone = estimate(twins.assign(replicate=np.arange(len(twins)))).table
    inside = (one["survival"] > 0.0) & (one["survival"] < 1.0)

    def width(table):
        return np.log(np.log(table["lower"][inside]) / np.log(table["survival"][inside]))

    np.testing.assert_allclose(width(two), np.sqrt(2.0) * width(alone), rtol=1e-9)


# ---------------------------------------------------------------------------
# Blocks


def cut(table, borders):
    """Blocks of whole runs, empty ones included."""
    number = np.searchsorted(borders, table["replicate"].to_numpy(), side="right")
    return [table[number == k] for k in range(len(borders) + 1)]


@pytest.mark.parametrize("seed", SEEDS[:10])
@pytest.mark.parametrize("late_entry", [False, True])
def test_result_does_not_depend_on_how_blocks_are_cut(seed, late_entry):
    table = random_spells(seed, late_entry, one_a_run=False)
    rng = np.random.default_rng(seed + 100)
    last = int(table["replicate"].max())
    whole = estimate(table)
    for count in (1, 3, 12):
        borders = np.sort(rng.integers(-2, last + 3, count))
        parts = cut(table, borders)
        assert sum(map(len, parts)) == len(table)
        got = survival(lambda parts=parts: iter(parts))
        assert sorted(got.table) == sorted(whole.table)
        for name in whole.table:
            np.testing.assert_allclose(
                got.table[name], whole.table[name], rtol=0, atol=1e-12, err_msg=name
            )
        assert got.num_runs == whole.num_runs
        assert got.num_spells == whole.num_spells
        assert set(got.shares) == set(whole.shares)
        for name, values in whole.shares.items():
            np.testing.assert_allclose(got.shares[name], values, rtol=0, atol=1e-12)


# ---------------------------------------------------------------------------
# Reading the curve


def test_median_is_the_first_week_at_or_below_one_half():
    table = spells(range(4), [0] * 4, [1, 3, 5, 7], [True] * 4)
    assert estimate(table).median_weeks()[0] == 3


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_median_equals_lifelines(seed):
    table = random_spells(seed)
    fitter = lifelines.KaplanMeierFitter()
    fitter.fit(table["duration_weeks"], table["event_observed"])
    median = estimate(table).median_weeks()[0]
    assert (np.inf if median is None else median) == fitter.median_survival_time_


def test_median_not_reached():
    table = spells(range(40), [0] * 40, [5] * 15 + [9] * 25, [True] * 15 + [False] * 25)
    point, low, high = estimate(table).median_weeks()
    assert point is None
    assert low == 5  # the lower band crosses one half
    assert high is None


def test_at_days_is_the_share_that_lasts_longer():
    weeks = np.arange(5, 60)
    table = spells(range(len(weeks)), [0] * len(weeks), weeks, [True] * len(weeks))
    got = estimate(table)
    for days in (0, 6, 7, 90, 180, 365):
        # A spell of w weeks lasts w*7 to w*7+6 days.
        assert got.at_days(days)[0] == pytest.approx((weeks > days // 7).mean(), abs=1e-12)


def test_days_are_those_that_the_format_of_a_sweep_names():
    page = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
    assert f"| `days` | {', '.join(map(str, DAYS))} | days at which survival is given |" in page


def test_at_days_beyond_the_data_is_not_a_number():
    got = estimate(spells([0, 1], [0, 0], [4, 12], [True, False]))
    assert got.at_days(12 * 7 + 6)[0] == pytest.approx(0.5)
    assert np.isnan(got.at_days(13 * 7)).all()
    assert len(got.at_days(13 * 7)) == 3


def test_at_days_where_no_one_is_at_risk_is_not_a_number():
    got = estimate(spells([0, 1], [4, 4], [12, 12], [True, True]))
    assert np.isnan(got.at_days(7)).all()
    assert not np.isnan(got.at_days(28)).any()


# ---------------------------------------------------------------------------
# Real truces


def test_curves_of_a_run_equal_lifelines_on_its_table(tmp_path):
    run_batch(shipped_game("busan_2025"), 80, 3, tmp_path)
    table = pd.read_csv(tmp_path / "survival.csv")
    truces = pd.read_parquet(tmp_path / "truces.parquet")
    truces["event_observed"] &= truces["cause"] != "fulfilled"  # no failure: observation ends
    for measure in ("covered", "any_domain"):
        chosen = truces[truces["measure"] == measure]
        running = chosen[(chosen["truce"] == 0) & (chosen["start_week"] < 0)]
        assert len(running) == 80  # the truce of Busan runs in every replicate
        for group, part in (("all", chosen), ("running", running)):
            ours = table[(table["measure"] == measure) & (table["group"] == group)]
            curve, _, _ = fitted(part, late_entry=True)
            np.testing.assert_allclose(ours["survival"], curve, rtol=0, atol=1e-8)


# ---------------------------------------------------------------------------
# Coverage


def correlated(rng, runs, spells_a_run):
    """Spells that share the hazard of their run; the true survival is a mixture."""
    hazard = rng.choice([0.03, 0.15], runs)
    life = rng.geometric(np.repeat(hazard, spells_a_run)) - 1
    window = rng.integers(5, 60, runs * spells_a_run)
    observed = life <= window
    cause = np.where(observed, rng.choice(CAUSES[:2], len(life)), "censored")
    replicate = np.repeat(np.arange(runs), spells_a_run)
    return spells(replicate, 0 * life, np.minimum(life, window), observed, cause)


@trials(80, 200)
def test_clustered_band_covers_the_truth_and_the_plain_one_does_not(trials):
    rng = np.random.default_rng(20250120)
    runs, weeks = 120, np.array([2, 5, 10, 20])
    truth = (0.97 ** (weeks + 1) + 0.85 ** (weeks + 1)) / 2.0
    clustered, plain = np.zeros(len(weeks)), np.zeros(len(weeks))
    for _ in range(trials):
        table = correlated(rng, runs, spells_a_run=5)
        for hits, part in (
            (clustered, table),
            (plain, table.assign(replicate=np.arange(len(table)))),
        ):
            got = estimate(part).table.loc[weeks]
            hits += (got["lower"].to_numpy() <= truth) & (truth <= got["upper"].to_numpy())
    for share in clustered / trials:
        assert_near(share, 0.945, np.sqrt(0.95 * 0.05 / trials))  # 120 runs: a shade below .95
    assert (plain / trials).min() < 0.88
    assert (plain < clustered).all()


@trials(80, 200)
def test_interval_of_shares_covers_the_truth(trials):
    rng = np.random.default_rng(20251030)
    runs, hits = 120, 0
    for _ in range(trials):
        lean = rng.choice([0.2, 0.8], runs)  # a run leans to one cause
        cause = np.where(rng.random(runs * 4) < np.repeat(lean, 4), "breach", "lapse")
        life = rng.geometric(0.1, runs * 4) - 1
        table = spells(np.repeat(np.arange(runs), 4), 0 * life, life, [True] * len(life), cause)
        _, low, high = estimate(table).shares["breach"]
        hits += low <= 0.5 <= high
    assert_near(hits / trials, 0.945, np.sqrt(0.95 * 0.05 / trials))


# ---------------------------------------------------------------------------
# An end that is no failure.


def with_cause(table, old, new):
    """The spells with another word for a cause."""
    return table.assign(cause=table["cause"].astype(str).replace(old, new))


def test_a_fulfilled_truce_is_no_failure_and_competes_with_the_others():
    table = random_spells(4, late_entry=True, one_a_run=False)
    fulfilled = with_cause(table, "collapse", "fulfilled")
    failed = table["event_observed"] & (table["cause"] != "collapse")
    got, without = estimate(fulfilled), estimate(table.assign(event_observed=failed))
    for column in ("survival", "lower", "upper", "at_risk", "ended"):
        np.testing.assert_allclose(got.table[column], without.table[column], atol=1e-12)
    assert got.median_weeks() == without.median_weeks()
    # shares and incidences do not know the word: all ends compete
    plain = estimate(table)
    assert got.shares["breach"] == pytest.approx(plain.shares["breach"])
    assert got.shares["fulfilled"] == pytest.approx(plain.shares["collapse"])
    ours, theirs = incidence_table(got.counts), incidence_table(plain.counts)
    for cause in ("breach", "lapse"):
        for column in ("incidence", "lower", "upper"):
            np.testing.assert_allclose(
                ours.loc[ours["cause"] == cause, column],
                theirs.loc[theirs["cause"] == cause, column],
                atol=1e-12,
            )


def test_a_regression_finds_its_maximum_where_whole_steps_leap_past_it():
    """Three groups with a few weeks at risk: Newton's own steps run away from here."""
    z = np.array([[0.23], [0.73], [0.68]])
    at_risk, ended = np.array([[6.0], [308.0], [305.0]]), np.array([[5.0], [37.0], [25.0]])
    point = regression._solve(z, at_risk, ended)
    gradient, information = regression._slopes(point, z, at_risk, ended)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-8)
    assert (np.linalg.eigvalsh(information) > 0.0).all()
    assert point == pytest.approx([1.4927, -5.2810], abs=1e-4)
