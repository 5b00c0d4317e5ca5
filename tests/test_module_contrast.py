"""Paired contrasts against brute force and closed forms, and the mechanisms table."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm, ttest_rel

from helpers import assert_near
from module_helpers import game_with
from negotiation_abm import NegotiationModel, load_scenario
from negotiation_abm.core.modules import side_issues
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.run.paired import RESAMPLES, mean_difference, median_difference
from negotiation_abm.run.play import play_one
from negotiation_abm.studies import mechanisms
from negotiation_abm.studies.mechanisms import (
    EVERY,
    JUDGED_BY,
    LEVERS,
    TERMS,
    mechanisms_table,
    start_with,
)

# ---------------------------------------------------------------------------
# Means.


def test_mean_difference_by_hand():
    # gaps 2, 0, 4, -2: mean 1, variance (1 + 1 + 9 + 9) / 3
    found = mean_difference(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 2.0, 7.0, 2.0]))
    assert (found.base, found.changed, found.difference) == (2.5, 3.5, 1.0)
    half = 1.959964 * np.sqrt(20 / 3) / 2
    assert (found.low, found.high) == pytest.approx((1 - half, 1 + half), abs=1e-6)
    assert found.is_null


def test_mean_difference_is_that_of_a_paired_test():
    rng = np.random.default_rng(1)
    base = rng.exponential(10, 5000)
    changed = base + rng.normal(0.1, 2, 5000)
    found = mean_difference(base, changed, level=0.9)
    interval = ttest_rel(changed, base).confidence_interval(0.9)  # t is all but normal here
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-3)


def test_paired_draws_leave_less_noise_than_separate_ones():
    rng = np.random.default_rng(2)
    base, noise = rng.exponential(10, 1000), rng.normal(1, 1, 1000)
    paired = mean_difference(base, base + noise)
    separate = mean_difference(base, rng.permutation(base + noise))
    assert paired.high - paired.low < (separate.high - separate.low) / 5


def test_mean_interval_covers_at_its_level():
    rng, count = np.random.default_rng(3), 2000
    covered = 0
    for _ in range(count):
        base = rng.poisson(20, 200).astype(float)
        found = mean_difference(base, base + rng.choice([-1.0, 0.0, 2.0], 200))
        covered += found.low <= 1 / 3 <= found.high
    assert_near(covered / count, 0.95, np.sqrt(0.95 * 0.05 / count))


@pytest.mark.parametrize("difference", [mean_difference, lambda a, b: median_difference(a, b, 1)])
def test_equal_runs_differ_by_exactly_nothing(difference):
    lengths = np.random.default_rng(4).integers(0, 105, 501).astype(float)
    found = difference(lengths, lengths.copy())
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.is_null


@pytest.mark.parametrize("difference", [mean_difference, lambda a, b: median_difference(a, b, 1)])
def test_undefined_outcome_has_an_undefined_difference(difference):
    found = difference(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
    assert all(np.isnan(value) for value in vars(found).values())
    assert not found.is_null


def test_mean_difference_of_a_single_run():
    assert mean_difference(np.array([1.0]), np.array([3.0])).difference == 2.0


# ---------------------------------------------------------------------------
# Medians.


def brute_medians(base, changed, seed, count=4000):
    """Differences of (lower) medians of resampled pairs."""
    rng, size = np.random.default_rng(seed), len(base)
    rows = rng.integers(0, size, (count, size))
    middle = (size - 1) // 2
    return np.sort(changed[rows])[:, middle] - np.sort(base[rows])[:, middle]


@pytest.mark.parametrize("size", [101, 200])
def test_median_difference_against_resampled_pairs(size):
    rng = np.random.default_rng(size)
    base = np.minimum(104, rng.geometric(0.03, size)).astype(float)
    changed = np.clip(base + rng.integers(-4, 15, size), 0, 104)
    found = median_difference(base, changed, 1)
    assert (found.base, found.changed) == (np.median(base), np.median(changed))
    assert found.difference == np.median(changed) - np.median(base)
    gaps = brute_medians(base, changed, 2)
    # an end is a quantile of 400 resamples: hold it to quantiles 4 standard errors around
    slack = 4 * np.sqrt(0.025 * 0.975 / RESAMPLES)
    for end, tail in ((found.low, 0.025), (found.high, 0.975)):
        near = np.quantile(gaps, [max(0.0, tail - slack), min(1.0, tail + slack)])
        assert near[0] <= end <= near[1]
    assert found.low <= found.difference <= found.high


def test_shift_of_all_runs_is_found_without_error():
    base = np.random.default_rng(5).integers(0, 90, 301).astype(float)
    found = median_difference(base, base + 7, 1)
    assert (found.difference, found.low, found.high) == (7.0, 7.0, 7.0)
    assert not found.is_null


@pytest.mark.parametrize(("ones", "high"), [(2, 0.0), (5, 1.0)])
def test_median_of_zeros_and_ones(ones, high):
    """The resampled median of 11 is 1 if at least 6 of the drawn runs are."""
    changed = np.repeat([1.0, 0.0], [ones, 11 - ones])
    assert (binom.sf(5, 11, ones / 11) > 0.025) == (high == 1.0)
    found = median_difference(np.zeros(11), changed, 3)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, high)


def test_median_interval_of_many_runs_has_the_width_of_theory():
    """An independent uniform length has a median with standard error range / (2 sqrt n)."""
    rng, size, weeks = np.random.default_rng(6), 400, 200
    base = np.zeros(size)
    found = median_difference(base, rng.integers(0, weeks, size).astype(float), 1)
    expected = 2 * norm.ppf(0.975) * weeks / (2 * np.sqrt(size))
    assert found.high - found.low == pytest.approx(expected, rel=0.2)


def test_median_difference_depends_on_its_seed_alone():
    rng = np.random.default_rng(7)
    base, changed = rng.integers(0, 50, (2, 300)).astype(float)
    assert median_difference(base, changed, 1) == median_difference(base, changed, 1)


# ---------------------------------------------------------------------------
# Outcomes of runs.


@pytest.mark.parametrize("name", ["busan_2025", "baseline_2025"])
def test_outcomes_are_those_of_the_readable_run(name):
    game = game_with({}, name)
    found = play_one(game, JUDGED_BY, 5, 3).values()
    for replicate, (length, alive, first_truce) in enumerate(found):
        model = NegotiationModel(game, 3, replicate).run_to_horizon()
        begun = model.tally.first_truce_week
        assert first_truce == (begun if begun >= 0 else len(game.weeks))
        first = [s for s in model.spells if s.measure == COVERED and s.start_week < 0]
        if name == "baseline_2025":
            assert not first
            assert np.isnan([alive, length]).all()
        else:
            assert length == first[0].duration_weeks
            assert alive == (length > 52)


def test_truce_that_holds_is_as_long_as_the_horizon():
    still = dict.fromkeys(("US", "CHINA"), "hold")
    game = game_with({}, strategies=still, **{"truce.expires": None})
    # from 30 October 2025 to the last of 104 weeks from 10 November
    assert play_one(game, JUDGED_BY, 2, 1).values().tolist() == [[105.0, 1.0, 104.0]] * 2


def test_truce_that_begins_on_the_first_day_is_in_force_at_the_start():
    game = game_with({}, **{"truce.began": "2025-11-10"})
    assert not np.isnan(play_one(game, JUDGED_BY, 2, 1).values()).any()


# ---------------------------------------------------------------------------
# The mechanisms table.

OUTCOMES = ("median_weeks", "survival_365", "first_truce_weeks")
PARTS = ("base", "on", "difference", "low", "high")
ISSUES = ("tiktok", "taiwan", "ukraine", "rumours")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mechanisms")
    return mechanisms_table(200, 1, folder), folder


@pytest.fixture(scope="module")
def table(written):
    return written[0].set_index("module")


def test_columns_of_the_table(table):
    assert list(table.columns) == ["kind", "claims", *(f"{o}_{p}" for o in OUTCOMES for p in PARTS)]
    assert not table.isna().any().any()


def test_rows_of_the_table(table):
    issues = [f"side_issues: {issue}" for issue in ISSUES]
    names = load_scenario("mechanisms_busan").modules.names()
    assert list(table.index) == [*names, *issues, EVERY, *TERMS, *LEVERS]
    claims = {claim for name in names for claim in table.claims[name].split()}
    assert set(table.claims[EVERY].split()) == claims


def test_all_rows_share_one_game(table):
    """Modules are added to it, terms and levers taken away from it."""
    own = table.kind.isin(["term", "lever"])
    for outcome in OUTCOMES:
        usual = table[f"{outcome}_on"].where(own, table[f"{outcome}_base"])
        assert usual.nunique() == 1
    base = play_one(game_with({}), JUDGED_BY, 200, 1)
    assert table.median_weeks_base[EVERY] == np.median(base["truce_weeks"])
    assert table.survival_365_base[EVERY] == base["outlasts_365"].mean()


def test_differences_of_the_table_add_up(table):
    for outcome in OUTCOMES:
        difference = table[f"{outcome}_on"] - table[f"{outcome}_base"]
        np.testing.assert_allclose(table[f"{outcome}_difference"], difference, atol=1e-12)
        assert (table[f"{outcome}_low"] <= table[f"{outcome}_high"]).all()


def test_a_term_is_taken_away_by_a_zero(table):
    """What `mirror` adds is the game as it is, less the game where it is 0."""
    games = [start_with("mechanisms_busan", [], changes=change) for change in ({"mirror": 0.0}, {})]
    without, usual = (play_one(game, JUDGED_BY, 200, 1)["outlasts_365"].mean() for game in games)
    assert without != usual
    assert table.survival_365_difference["mirror"] == pytest.approx(usual - without)


def test_every_term_and_lever_carries_a_claim_of_the_page(table):
    page = Path(__file__).parents[1].joinpath("docs", "mechanisms.md").read_text()
    for claim in " ".join([*TERMS.values(), *LEVERS.values()]).split():
        assert f"| {claim} |" in page


def test_side_issues_share_out_the_claims_of_their_module():
    assert sorted(mechanisms.ISSUES.values()) == sorted(side_issues.CLAIMS)


# Without weight in the calibrated sets, `market` is a term that is not there.
@pytest.mark.parametrize("control", ["mediation", "side_issues: rumours", "market"])
def test_negative_control_is_exactly_nothing(table, control):
    for outcome in OUTCOMES:
        for part in ("difference", "low", "high"):
            assert table[f"{outcome}_{part}"][control] == 0.0


def test_pledges_do_not_touch_the_first_truce(table):
    """Nothing is delivered, nor missed, before there is a truce."""
    assert table.first_truce_weeks_difference["delivery"] == 0.0


def test_table_is_written_with_its_origin(written):
    table, folder = written
    read = pd.read_csv(folder / "mechanisms.csv")
    assert list(read.columns) == list(table.columns)
    np.testing.assert_allclose(read.iloc[:, 3:], table.iloc[:, 3:], rtol=1e-5)
    facts = json.loads((folder / "manifest.json").read_text())["mechanisms"]
    assert (facts["seed"], facts["replicates"]) == (1, 200)
