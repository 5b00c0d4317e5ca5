"""One estimator: the same spells give the same numbers, intervals and words in every command."""

import dataclasses
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from cli_helpers import ROOT, command, shipped_game
from negotiation_abm import build_game, load_scenario, run_replicates
from negotiation_abm.calibration.forecast import forecast
from negotiation_abm.calibration.lever_response import response_means
from negotiation_abm.core.terms import Phase
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.plotting.report.words import answer
from negotiation_abm.run.outcome import MEASURES, Runs
from negotiation_abm.run.paired import half_width, mean_difference, median_difference
from negotiation_abm.run.registry import named
from negotiation_abm.run.running import is_running, was_running
from negotiation_abm.run.spells import spells_table
from negotiation_abm.run.step import run_batch, survival_by
from negotiation_abm.studies.tournament.run import run_tournament
from negotiation_abm.survival import Counts, Curves, Spells, count_spells, estimate, rmst
from negotiation_abm.survival.words import ONE_RUN
from negotiation_abm.sweep.slices import open_sweep, point_survival
from negotiation_abm.sweep.summary import load_sweep
from survival_helpers import CAUSES, random_spells, spells
from sweep_helpers import BREACH, outcome, sweep

SCENARIOS = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))

# ---------------------------------------------------------------------------
# Many points at once


def columns_of(table, point):
    code = {"censored": 0} | {cause: number for number, cause in enumerate(CAUSES, start=1)}
    cause = table["cause"].where(table["event_observed"], "censored").map(code)
    entry, weeks = table["entry_weeks"].to_numpy(), table["duration_weeks"].to_numpy()
    return Spells(np.full(len(table), point), entry, weeks, cause.to_numpy())


@pytest.mark.parametrize("first", range(0, 40, 8))
def test_points_together_are_each_point_alone(first):
    tables = [random_spells(first + k, k % 2 == 1, one_a_run=k > 3) for k in range(8)]
    counts = Counts(len(tables), len(CAUSES))
    parts = [columns_of(table, point) for point, table in enumerate(tables)]
    for point, (part, table) in enumerate(zip(parts, tables, strict=True)):
        runs = np.zeros(len(tables), dtype=int)
        runs[point] = table["replicate"].nunique()
        counts.add(part, runs)
    curves = Curves(counts)
    wanted = [curves.at(12), curves.at(30), curves.mean(20), curves.quantile(0.5)]
    for point, (part, table) in enumerate(zip(parts, tables, strict=True)):
        alone = estimate(count_spells([table]))
        mean = rmst(alone.counts, 20)
        expected = [
            alone.at_days(12 * 7), alone.at_days(30 * 7), (mean.value, mean.low, mean.high),
            [np.nan if week is None else week for week in alone.median_weeks()],
        ]  # fmt: skip
        for one, triple in zip(wanted, expected, strict=True):
            influence = pd.Series(one.influence(part)).groupby(table["replicate"].to_numpy()).sum()
            error = np.zeros(len(tables))
            error[point] = np.sqrt(np.square(influence).sum())
            ends = [end[point] for end in one.interval(error)]
            np.testing.assert_allclose([one.value[point], *ends], triple, rtol=1e-9)


# ---------------------------------------------------------------------------
# The truce in force at the start


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_truce_runs_at_the_start_of_a_scenario_that_starts_without_one(name):
    game = shipped_game(name)
    block = run_replicates(game, 1, 0, 400)
    running = is_running(game, block.spells)
    in_force = game.initial["phase"][0] == Phase.TRUCE
    for measure in MEASURES:
        of_measure = block.spells["measure"] == measure
        assert running[of_measure].sum() == (400 if in_force else 0)
    np.testing.assert_array_equal(running, was_running(block.spells, is_new=False))


def test_a_spell_that_a_repair_opens_in_the_first_week_does_not_run_at_the_start(tmp_path):
    game, replicates = shipped_game("busan_2025"), 10_000
    block = run_replicates(game, 1, 0, replicates)
    repaired = (block.spells["truce"] == 0) & (block.spells["start_week"] == 0)
    assert repaired.any()  # else this would prove nothing
    table = spells_table(game, block.spells).to_pandas()
    assert survival_by(table, True)["any_domain", "running"].num_spells == replicates


@pytest.mark.parametrize(
    "changes", [{"precision": 0.05}, {"strategies.US": "dove", "strategies.CHINA": "dove"}]
)
def test_a_truce_agreed_in_the_first_week_does_not_run_at_the_start(tmp_path, changes):
    game = build_game(load_scenario("baseline_2025", changes))
    block = run_replicates(game, 5, 0, 300)
    assert (block.spells["start_week"] == 0).any()  # else this would prove nothing
    sweep(tmp_path, scenario="baseline_2025", set=changes, replicates=300,
          design=[{"list": [{BREACH: 0.5}, {BREACH: 2.0}]}])  # fmt: skip
    table = load_sweep(tmp_path)
    assert set(table["group"].dropna()) == {"all"}
    assert set(point_survival(open_sweep(tmp_path), 0)["group"]) == {"all"}


def test_a_truce_of_age_0_runs_at_the_start(tmp_path):
    fresh = {"truce.began": "2025-11-10"}
    game = shipped_game("busan_2025", **fresh)
    block = run_replicates(game, 5, 0, 200)
    covered = block.spells[block.spells["measure"] == COVERED]
    assert not covered["entry_weeks"].any()
    assert is_running(game, covered).sum() == 200
    sweep(tmp_path, set=fresh, replicates=200, design=[{"list": [{BREACH: 2.0}]}])
    row = outcome(load_sweep(tmp_path), 0, "survival_90", "covered", "running")
    assert row["spells"] == 200


def test_a_sweep_over_truce_and_no_truce_reports_each_point_as_it_is(tmp_path):
    truce = load_scenario("busan_2025").truce.model_dump(mode="json")
    sweep(tmp_path, replicates=50, design=[{"list": [{"truce": truce}, {"truce": None}]}])
    table = load_sweep(tmp_path)
    groups = table.groupby("point")["group"].apply(lambda column: set(column.dropna()))
    assert groups.tolist() == [{"running", "all"}, {"all"}]


# ---------------------------------------------------------------------------
# All have ended, or the runs stop before


def test_where_all_have_ended_none_lasts_longer():
    found = estimate(count_spells([spells(range(50), [0] * 50, [3] * 50, [True] * 50)]))
    for days in (28, 90, 365, 10_000):
        point, low, high = found.at_days(days)
        assert (point, low) == (0.0, 0.0)
        assert high == pytest.approx(1.0 - 0.025 ** (1 / 50))
    assert found.median_weeks() == (3, 3, 3)


def test_where_all_have_ended_run_and_report_say_0(tmp_path, capsys):
    game = shipped_game("busan_2025", **{"strategies.US": "always_escalate"})
    summary = run_batch(game, 60, 1, tmp_path)
    assert {e["survival"]["365 d"][0] for e in summary["truces"]} == {0.0}
    said = " ".join(answer(summary, None))
    assert "0.0 % (0.0 to 6.0) of such truces hold for more than a year" in said


@pytest.mark.parametrize("horizon", [51, 52, 53, 54, 60])
def test_a_horizon_ends_no_truce(horizon):
    """A truce that stands in the last week is censored there: it lasts more than that week."""
    game = shipped_game("busan_2025")
    long = run_replicates(game, 5, 0, 200)
    short = dataclasses.replace(game, weeks=game.weeks[:horizon])
    block = run_replicates(short, 5, 0, 200)
    [outlasts] = named(short, "outlasts_365")
    values = outlasts.value(Runs(short, block.runs, block.spells))
    if horizon >= 52:  # the truce is two weeks old at the start
        expected = outlasts.value(Runs(game, long.runs, long.spells))
        np.testing.assert_array_equal(values, expected)
    table = forecast([short], 200, 5).survival.query("until == '365 d' and measure == 'covered'")
    assert len(table) == (horizon > 52)
    lasted = long.spells[is_running(game, long.spells) & (long.spells["measure"] == COVERED)]
    for chance in table["probability"]:
        assert chance == pytest.approx(np.mean(lasted["duration_weeks"] - 2 > 52))
    names = response_means(short, block)
    for label, measure in (("covered", "covered"), ("any domain", "any_domain")):
        whole = survival_by(spells_table(short, block.spells).to_pandas(), True)[measure, "all"]
        assert names[f"S(26 weeks), {label}"] == pytest.approx(whole.at_days(26 * 7)[0])


# ---------------------------------------------------------------------------
# One run, all, none


def intervals_of(table):
    """Every interval of the estimates of a table of spells."""
    found = estimate(count_spells([table]))
    mean = rmst(found.counts, 4)
    triples = [found.at_days(7 * week) for week in range(12)]
    return [*triples, *found.shares.values(), (mean.value, mean.low, mean.high)]


@pytest.mark.parametrize("runs", range(1, 9))
@pytest.mark.parametrize("kind", ["alike", "none ends", "two halves", "mixed"])
def test_no_interval_has_width_0_and_one_run_has_none(runs, kind):
    rng = np.random.default_rng(runs)
    number = np.repeat(np.arange(runs), 2)
    weeks = {"mixed": rng.integers(0, 9, 2 * runs), "two halves": np.tile([2, 7], runs)}
    life = weeks.get(kind, np.full(2 * runs, 3))
    table = spells(number, 0 * life, life, np.full(2 * runs, kind != "none ends"))
    for value, low, high in intervals_of(table):
        if np.isnan(value) or runs == 1:
            assert np.isnan([low, high]).all()
        else:
            assert low <= value <= high
            assert low < high


def test_the_exact_interval_is_that_of_clopper_and_pearson():
    from scipy.stats import binomtest

    for runs in (2, 5, 40):
        table = spells(range(runs), [0] * runs, [4] * runs, [True] * runs)
        found = estimate(count_spells([table]))
        for days, hits in ((21, runs), (28, 0)):
            exact = binomtest(hits, runs).proportion_ci(method="exact")
            assert found.at_days(days)[1:] == pytest.approx((exact.low, exact.high))


def test_twins_are_no_news_for_the_exact_interval():
    single = spells(range(9), [0] * 9, [4] * 9, [True] * 9)
    twins = single.loc[single.index.repeat(3)].reset_index(drop=True)
    assert intervals_of(twins)[:12] == intervals_of(single)[:12]


@pytest.mark.parametrize("replicates", [1, 2])
def test_run_and_sweep_agree_on_the_least_of_runs(tmp_path, replicates):
    summary = run_batch(shipped_game("busan_2025", **{BREACH: 2.0}), replicates, 5, tmp_path / "a")
    sweep(tmp_path / "b", replicates=replicates, design=[{"list": [{BREACH: 2.0}]}])
    table = load_sweep(tmp_path / "b")
    for entry in summary["truces"]:
        of = entry["measure"], entry["group"]
        pairs = [(f"survival_{days}", entry["survival"][f"{days} d"]) for days in (90, 180, 365)]
        pairs.append(("median_weeks", [entry["median_weeks"], *entry["median_interval"]]))
        pairs += [(f"share_{cause}", share) for cause, share in entry["ends_by_cause"].items()]
        for name, values in pairs:
            row = outcome(table, 0, name, *of)
            expected = [np.nan if value is None else value for value in values]
            np.testing.assert_allclose([row["mean"], row["low"], row["high"]], expected)
            assert replicates > 1 or np.isnan([row["low"], row["high"], row["error"]]).all()


def test_one_run_is_said_to_have_no_interval(tmp_path, capsys):
    folder = str(tmp_path / "run")
    options = ("--replicates", "1")
    for words in (
        ("run", "busan_2025", "--out", folder, *options),
        ("survival", folder),
        ("whatif", "soybeans_stopped", "--out", str(tmp_path / "whatif"), *options),
        ("tournament", "baseline_2025", "--strategies", "dove,hold", *options),
    ):
        done = command(capsys, *words)
        assert (done.status, done.err) == (0, "")
        assert ONE_RUN in done.out, words
        assert "nan" not in done.out
    assert command(capsys, "report", folder).status == 0
    assert ONE_RUN in (tmp_path / "run" / "report.html").read_text()


def test_yes_or_no_of_all_pairs_has_the_exact_interval():
    ones, zeros = np.ones(20), np.zeros(20)
    share = 1.0 - 0.025 ** (1 / 20)
    found = mean_difference(ones, ones)
    assert (found.low, found.high) == pytest.approx((-share, share))
    found = mean_difference(zeros, ones)
    assert (found.low, found.high) == pytest.approx((1.0 - 2.0 * share, 1.0))
    assert mean_difference(ones, ones, are_same=True).high == 0.0
    assert half_width(ones) == pytest.approx(share)


def test_one_pair_has_no_interval_and_excludes_nothing():
    one, other = np.array([1.0]), np.array([3.0])
    for found in (mean_difference(one, other), median_difference(one, other, 1)):
        assert found.difference == 2.0
        assert np.isnan([found.low, found.high]).all()
        assert found.is_null


def test_a_tournament_bounds_what_all_runs_did():
    found = run_tournament(shipped_game("baseline_2025"), ["always_escalate", "hold"], 10, 1)
    assert found["spiralling_pairs"][0]["share"] == 1.0
    assert all(row["payoff_half"] is None or row["payoff_half"] > 0.0 for row in found["ranking"])


# ---------------------------------------------------------------------------
# Memory


def test_a_bootstrap_of_many_weeks_fits_in_memory():
    rng = np.random.default_rng(1)
    base, changed = rng.integers(0, 2600, (2, 5000)).astype(float)
    tracemalloc.start()
    found = median_difference(base, changed, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.low < found.difference < found.high
    assert peak < 100e6
