"""Estimates of a sweep, beside the estimators of single scenarios and by hand."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from negotiation_abm import build_game, load_scenario, run_replicates
from negotiation_abm.run.paired import mean_difference
from negotiation_abm.run.play import play_one
from negotiation_abm.run.spells import spells_table
from negotiation_abm.run.step import survival_of
from negotiation_abm.survival import rmst
from negotiation_abm.sweep import reader
from negotiation_abm.sweep.estimates import Estimator, Outcome, Settings
from negotiation_abm.sweep.reader import Rows
from negotiation_abm.sweep.summary import load_sweep
from sweep_helpers import BREACH, outcome, sweep

SEED = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("sweep") / "out"
    design = [{"list": [{BREACH: 0.5}, {BREACH: 2.5}, {"fatigue": 1.0}]}]
    sweep(out, design=design, replicates=300, reference={})
    return out


@pytest.fixture(scope="module")
def table(folder):
    return load_sweep(folder)


@pytest.fixture(scope="module")
def singles(tmp_path_factory):
    """Survival of the same scenarios by the estimators of `run`, in order of point."""
    found = []
    for changes in ({BREACH: 0.5}, {BREACH: 2.5}, {"fatigue": 1.0}, {}):
        game = build_game(load_scenario("busan_2025", changes))
        path = tmp_path_factory.mktemp("single") / "truces.parquet"
        spells_table(game, run_replicates(game, SEED, 0, 300).spells).to_pandas().to_parquet(path)
        found.append(survival_of(path, True))
    return found


@pytest.mark.parametrize("measure", ["covered", "any_domain"])
@pytest.mark.parametrize("group", ["running", "all"])
def test_survival_and_shares_are_those_of_a_single_run(table, singles, measure, group):
    for point, single in enumerate(singles):
        estimate = single[measure, group]
        for days in (90, 180, 365):
            row = outcome(table, point, f"survival_{days}", measure, group)
            assert_allclose([row["mean"], row["low"], row["high"]], estimate.at_days(days))
        for cause, share in estimate.shares.items():
            row = outcome(table, point, f"share_{cause}", measure, group)
            assert_allclose([row["mean"], row["low"], row["high"]], share)
        row = outcome(table, point, "median_weeks", measure, group)
        median = [np.nan if week is None else week for week in estimate.median_weeks()]
        assert_allclose([row["mean"], row["low"], row["high"]], median)
        mean = rmst(estimate.counts, 52)
        row = outcome(table, point, "rmst_weeks", measure, group)
        found = [row["mean"], row["error"], row["low"], row["high"]]
        assert_allclose(found, [mean.value, mean.error, mean.low, mean.high])
        assert row["spells"] == estimate.num_spells


def test_mean_survival_is_the_mean_of_cut_durations(folder, table):
    """Nothing is censored within a year here, so it is a plain mean and its plain error."""
    spells = pd.read_parquet(folder / "spells")
    started = (spells["measure"] == "covered") & (spells["truce"] == 0) & (spells["start_week"] < 1)
    for point in range(4):
        weeks = spells[started & (spells["point"] == point)]["duration_weeks"].clip(upper=52)
        row = outcome(table, point, "rmst_weeks", "covered", "running")
        assert_allclose(row["mean"], weeks.mean())
        assert_allclose(row["error"], weeks.std(ddof=0) / np.sqrt(len(weeks)))
        assert_allclose(row["sd"], weeks.std(ddof=0))


def test_numbers_of_runs_have_plain_means_and_errors(folder, table):
    runs = pd.read_parquet(folder / "runs")
    for name in ("num_truces", "weeks_in_truce", "US.num_escalate", "CHINA.mean_tariff_pp"):
        by_point = runs.groupby("point")[name]
        for point, (mean, sd) in enumerate(zip(by_point.mean(), by_point.std(), strict=True)):
            row = outcome(table, point, name)
            error = sd / np.sqrt(300)
            assert_allclose([row["mean"], row["sd"], row["error"]], [mean, sd, error])
            assert_allclose(
                [row["low"], row["high"]], [mean - 1.96 * error, mean + 1.96 * error], rtol=1e-4
            )


def test_paired_differences_are_those_of_runs_with_the_same_draws(table):
    base, changed = (
        play_one(
            build_game(load_scenario("busan_2025", changes)),
            ["first_truce_weeks", "outlasts_365"],
            300,
            SEED,
        )
        for changes in ({}, {BREACH: 2.5})
    )
    for own, name, of in (
        ("first_truce_weeks", "first_truce_weeks", (None, None)),
        ("outlasts_365", "survival_365", ("covered", "running")),
    ):
        paired = mean_difference(base[own], changed[own])
        row = outcome(table, 1, name, *of)
        assert_allclose(row["difference"], paired.difference, atol=1e-12)
        width = (paired.high - paired.low) / (row["difference_high"] - row["difference_low"])
        assert width == pytest.approx(1.0, rel=0.002)  # one divides by n, one by n - 1


def test_reference_differs_from_itself_by_nothing(table):
    own = table[(table["point"] == 3) & (table["outcome"] != "median_weeks")]
    assert (own["difference"] == 0).all()
    assert (own["difference_error"] == 0).all()


def test_clustered_variance_is_that_of_whole_runs():
    """By a jackknife over runs, which knows nothing of influence."""
    game = build_game(load_scenario("busan_2025"))
    block = run_replicates(game, 3, 0, 80)
    rows = rows_of(block)
    settings = Settings((90, 365), 365)
    found = Estimator(lambda: iter([rows]), 1, settings).estimate()
    without = []
    for left_out in range(80):
        kept = rows.runs["replicate"] != left_out
        spells = rows.spells["replicate"] != left_out
        few = Rows(
            {name: column[kept] for name, column in rows.runs.items()},
            {name: column[spells] for name, column in rows.spells.items()},
            1,
        )
        few.spells["run"] = few.spells["run"] - (few.spells["replicate"] > left_out)
        without.append(Estimator(lambda few=few: iter([few]), 1, settings).estimate().value[0])
    jackknife = np.sqrt(79 / 80 * np.square(np.array(without) - np.mean(without, axis=0)).sum(0))
    for name in ("survival_90", "survival_365", "rmst_weeks", "share_breach"):
        for measure in ("covered", "any_domain"):
            place = found.place(Outcome(measure, "all", name))
            assert found.error[0, place] == pytest.approx(jackknife[place], rel=0.1)


def rows_of(block):
    runs = {
        "point": np.zeros(len(block.runs), dtype=int),
        "replicate": block.runs["replicate"],
        "weeks": np.full(len(block.runs), 104),
        "first_truce_week": block.runs["first_truce_week"],
        "num_truces": block.runs["num_truces"],
    }
    names = (
        "replicate",
        "truce",
        "measure",
        "start_week",
        "entry_weeks",
        "duration_weeks",
        "cause",
    )
    spells = {name: block.spells[name] for name in names}
    spells["run"] = spells["replicate"]
    spells["point"] = np.zeros(len(block.spells), dtype=int)
    return Rows(runs, spells, 1)


def test_blocks_change_nothing_but_the_last_bits(folder, table, monkeypatch, tmp_path):
    """A point with more runs than fit is read in blocks."""
    monkeypatch.setattr(reader, "BLOCK_RUNS", 128)
    monkeypatch.setattr("negotiation_abm.sweep.summary.BLOCK_RUNS", 128)
    out = tmp_path / "blocks"
    design = [{"list": [{BREACH: 0.5}, {BREACH: 2.5}, {"fatigue": 1.0}]}]
    sweep(out, design=design, replicates=300, reference={})
    pd.testing.assert_frame_equal(load_sweep(out), table, rtol=1e-9)


def test_where_nothing_ends_the_interval_is_the_exact_one():
    block = run_replicates(build_game(load_scenario("busan_2025", {"initiative": -20})), 1, 0, 50)
    found = Estimator(lambda: iter([rows_of(block)]), 1, Settings((90,), 365)).estimate()
    place = found.place(Outcome("covered", "running", "survival_90"))
    assert found.value[0, place] == 1.0
    assert found.high[0, place] == 1.0
    assert found.low[0, place] == pytest.approx(0.025 ** (1 / 50))


def test_beyond_the_data_nothing_is_said(tmp_path):
    changes = {"horizon_weeks": 30, "calendar.summits": [], "breach_cost": 5, "initiative": -6}
    sweep(tmp_path / "short", design=[{"list": [changes]}], replicates=40)
    table = load_sweep(tmp_path / "short")
    assert np.isnan(outcome(table, 0, "survival_365", "covered", "running")["mean"])
    assert np.isnan(outcome(table, 0, "rmst_weeks", "covered", "running")["mean"])
    assert np.isnan(outcome(table, 0, "median_weeks", "covered", "running")["mean"])
    assert 0 < outcome(table, 0, "survival_90", "covered", "running")["mean"] <= 1
