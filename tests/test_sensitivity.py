"""Sensitivity: designs, indices against scipy and closed forms, the noise floor, refusals."""

import datetime as dt
import logging
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from cli_helpers import ROOT, WIDTH, command, contents, leftovers, strict_json
from negotiation_abm import InputError
from negotiation_abm.scenario.parameters import load_parameter_set
from negotiation_abm.studies.sensitivity.design import design, matrices, num_points
from negotiation_abm.studies.sensitivity.factors import Factor
from negotiation_abm.studies.sensitivity.indices import indices, sobol
from negotiation_abm.studies.sensitivity.run import analyse, run_points, run_study
from negotiation_abm.studies.sensitivity.spec import load_spec

STUDY = {
    "scenario": "busan_2025",
    "method": "sobol",
    "samples": 16,
    "replicates": 40,
    "outcomes": ["rmst_40", "share_in_truce"],
    "factors": {
        "breach_cost": {"low": 0.5, "high": 4.0},
        "coalition_cost": {"low": 0.0, "high": 6.0},  # of a module that is off
    },
}


def spec_of(folder, **changes):
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY | changes, sort_keys=False))
    return load_spec(path)


def abstract(folder, names, **changes):
    """A study of factors that an evaluator of one's own reads; the names are those of the game."""
    return spec_of(folder, factors={n: {"low": 0.0, "high": 1.0} for n in names}, **changes)


NAMES = ("fatigue", "follow", "hold_fire")


def ishigami(noise):
    """A test function with known indices, with noise that follows the seed."""

    def evaluate(changes, seed):
        x, y, z = (np.pi * (2.0 * changes[name] - 1.0) for name in NAMES)
        value = np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)
        value += noise * np.random.default_rng(seed).normal()
        return {"rmst_40": value, "share_in_truce": value}

    return evaluate


# ---------------------------------------------------------------------------
# Design


def test_sobol_design_mixes_one_column_at_a_time(tmp_path):
    points = design(abstract(tmp_path, NAMES))
    columns = [*NAMES, "dummy"]
    by = {name: part[columns].to_numpy() for name, part in points.groupby("matrix", sort=False)}
    assert list(by) == matrices(list(NAMES))
    for number, name in enumerate(columns):
        changed = by[f"A.{name}"] != by["A"]
        assert changed[:, number].all()
        assert not np.delete(changed, number, axis=1).any()
        assert (by[f"A.{name}"][:, number] == by["B"][:, number]).all()
    assert points["point"].is_unique
    assert points[columns].to_numpy().min() >= 0.0
    assert points[columns].to_numpy().max() < 1.0


def test_points_share_draws_unless_the_dummy_differs(tmp_path):
    points = design(abstract(tmp_path, NAMES))
    seeds = points.pivot(index="row", columns="matrix", values="seed")
    for name in NAMES:
        assert (seeds["A"] == seeds[f"A.{name}"]).all()
    assert (seeds["A.dummy"] == seeds["B"]).all()
    assert (seeds["A.dummy"] != seeds["A"]).all()


def test_morris_steps_change_one_factor_and_the_seed_follows_the_dummy(tmp_path):
    points = design(abstract(tmp_path, NAMES, method="morris", samples=6))
    for _, part in points.groupby("row"):
        steps = np.diff(part[[*NAMES, "dummy"]].to_numpy(), axis=0)
        assert ((np.abs(steps) > 1e-9).sum(axis=1) == 1).all()
        moved = np.abs(np.diff(part["dummy"])) > 1e-9
        assert ((np.diff(part["seed"]) != 0) == moved).all()


def test_factors():
    assert Factor("fatigue", (1.0, 3.0)).at(0.25) == pytest.approx(1.5)
    assert Factor("mirror_weeks", (1.0, 4.0)).at(0.5) == 2  # whole weeks
    choice = Factor("strategies.US", ("logit", "hold"), is_choice=True)
    assert [choice.at(u) for u in (0.0, 0.49, 0.5, 0.999, 1.0)] == ["logit"] * 2 + ["hold"] * 3


def test_factors_of_whole_numbers_and_dates(tmp_path):
    ends = dt.date(2026, 10, 1), dt.date(2027, 10, 1)
    factors = {
        "terms.summit.weeks": {"low": 26, "high": 78},
        "calendar.approaches.0.ramp_weeks": {"low": 2, "high": 6},
        "truce.expires": {"low": ends[0], "high": ends[1]},
        "calendar.summits.0.date": {"low": dt.date(2026, 4, 1), "high": dt.date(2026, 5, 1)},
    }
    spec = spec_of(tmp_path, factors=factors)
    for factor in spec.factors:
        low, high = factors[factor.name].values()
        values = [factor.at(u) for u in (0.0, 0.3, 0.61, 1.0)]
        assert (values[0], values[-1]) == (low, high)
        assert all(type(value) is type(low) for value in values)
        assert values == sorted(values)
    points = run_points(spec, lambda changes, seed: {o: float(seed) for o in spec.outcomes})
    assert len(points) == 16 * 7


def test_posterior_draws_give_their_own_quantiles(tmp_path):
    spec = spec_of(tmp_path, draws="calibrated_2025", factors={"fatigue": "draws"})
    draws = np.array(spec.factors[0].values)
    assert len(draws) == load_parameter_set("calibrated_2025").fit["draws"]
    assert spec.factors[0].at(0.5) == pytest.approx(np.median(draws))


# ---------------------------------------------------------------------------
# Indices


def test_indices_are_those_of_the_formulas():
    """First order as in Saltelli et al. (2010), total order as in Jansen (1999), term by term."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(64, 6)) + rng.normal(size=(64, 1))
    a, b = values[:, 0], values[:, 1]
    both = np.concatenate([a, b])
    first, total = sobol(values)
    for factor in range(4):
        mixed = values[:, 2 + factor]
        one = np.mean((b - both.mean()) * (mixed - a)) / both.var()
        every = np.mean((a - mixed) ** 2) / 2.0 / both.var()
        assert (first[factor], total[factor]) == pytest.approx((one, every), abs=1e-12)


def test_rows_that_are_all_alike_have_indices_of_0():
    assert not sobol(np.ones((8, 5))).any()


@pytest.mark.slow
def test_indices_of_a_known_function_and_its_noise(tmp_path):
    spec = abstract(tmp_path, NAMES, samples=1024)
    table = indices(
        run_points(spec, ishigami(0.5)), "rmst_40", list(NAMES), "sobol", 1024
    ).set_index("factor")
    spread = 7.0**2 / 8 + 0.1 * np.pi**4 / 5 + 0.01 * np.pi**8 / 18 + 0.5 + 0.5**2
    first = [0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 7.0**2 / 8, 0.0]
    total = [first[0] + 8 * 0.01 * np.pi**8 / 225, first[1], 8 * 0.01 * np.pi**8 / 225]
    for name, one, every in zip(NAMES, first, total, strict=True):
        assert table["first"][name] == pytest.approx(one / spread, abs=0.06)
        assert table["total"][name] == pytest.approx(every / spread, abs=0.06)
    dummy = table.loc["dummy"]
    assert dummy["total"] == pytest.approx(0.25 / spread, rel=0.2)  # what noise alone scores
    assert dummy["total_low"] < 0.25 / spread < dummy["total_high"]


def test_morris_of_a_linear_function(tmp_path):
    spec = abstract(tmp_path, NAMES, method="morris", samples=10)

    def evaluate(changes, seed):
        value = 3.0 * changes["fatigue"] - 1.0 * changes["follow"]
        return {"rmst_40": value, "share_in_truce": value}

    table = indices(run_points(spec, evaluate), "rmst_40", list(NAMES), "morris", 10)
    table = table.set_index("factor")
    np.testing.assert_allclose(table["mu_star"], [3.0, 1.0, 0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(table["mu"], [3.0, -1.0, 0.0, 0.0], atol=1e-9)
    assert table["is_dummy"].tolist() == [False, False, False, True]


def test_an_inert_factor_lies_inside_the_noise_floor(tmp_path):
    spec = spec_of(tmp_path)
    table = run_study(spec, tmp_path / "out")
    for _, part in table.groupby("outcome"):
        rows = part.set_index("factor")
        floor = rows["total_high"]["dummy"]
        assert 0.0 < rows["total"]["dummy"] <= floor  # the draws do matter a little
        assert rows["total"]["coalition_cost"] <= floor
        assert rows["total"]["breach_cost"] > 2 * floor


# ---------------------------------------------------------------------------
# Incomplete tables


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    run_study(abstract(folder, NAMES), folder / "out", evaluator=ishigami(0.1))
    return folder / "out"


@pytest.fixture
def copy(done, tmp_path):
    return shutil.copytree(done, tmp_path / "out")


def test_one_missing_point_is_refused_by_name(copy):
    points = pd.read_csv(copy / "points.csv")
    points[points["point"] != "A.follow/7"].to_csv(copy / "points.csv", index=False)
    before = contents(copy)
    with pytest.raises(InputError, match=r"rmst_40: 1 of 96 points have no value: A\.follow/7$"):
        analyse(copy)
    assert contents(copy) == before


def test_a_value_that_is_no_number_is_refused_by_name(copy):
    points = pd.read_csv(copy / "points.csv")
    points.loc[points["point"].isin(["A/3", "B/0"]), "share_in_truce"] = np.nan
    points.to_csv(copy / "points.csv", index=False)
    with pytest.raises(InputError, match="share_in_truce: 2 of 96 points have no value: A/3, B/0"):
        analyse(copy)


def test_an_outcome_that_never_varies_is_refused(copy):
    points = pd.read_csv(copy / "points.csv").assign(rmst_40=1.0)
    points.to_csv(copy / "points.csv", index=False)
    with pytest.raises(InputError, match="same value at every point"):
        analyse(copy)


def test_undefined_outcomes_leave_nothing_behind(tmp_path):
    def evaluate(changes, seed):
        return {"rmst_40": np.nan, "share_in_truce": 1.0}

    with pytest.raises(InputError, match="80 of 80 points have no value: A/0, A/1"):
        run_study(spec_of(tmp_path), tmp_path / "out", evaluator=evaluate)
    assert not (tmp_path / "out").exists()


def test_indices_anew_are_the_same(copy):
    before = contents(copy)
    analyse(copy)
    after = contents(copy)
    for name in ("points.csv", "sensitivity.csv"):
        assert after[name] == before[name]


# ---------------------------------------------------------------------------
# The command


@pytest.mark.slow
def test_command(capsys, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY | {"samples": 4, "replicates": 10}))
    ran = command(capsys, "sensitivity", path, "--out", tmp_path / "out")
    assert (ran.status, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= WIDTH
    assert "noise floor" in ran.out
    assert set(contents(tmp_path / "out")) == {"points.csv", "sensitivity.csv", "manifest.json"}
    again = command(capsys, "sensitivity", tmp_path / "out", "--json")
    rows = strict_json(again.out)
    assert {row["outcome"] for row in rows} == {"rmst_40", "share_in_truce"}
    table = pd.read_csv(tmp_path / "out" / "sensitivity.csv")
    assert [row["total"] for row in rows] == pytest.approx(table["total"].tolist())
    assert leftovers(tmp_path) == []


REFUSED = {
    "unknown key": ({"sample": 4}, "sample: unknown; did you mean 'samples'?"),
    "unknown method": ({"method": "sobl"}, "did you mean 'sobol'"),
    "an outcome twice": ({"outcomes": ["rmst_40"] * 3_000}, "outcomes.rmst_40: given twice"),
    "weeks without end": ({"outcomes": ["rmst_" + "9" * 5_000]}, "outcomes.rmst_999"),
    "no weeks": ({"outcomes": ["rmst_0"]}, "outcomes.rmst_0: unknown"),
    "samples without end": ({"samples": 2**40}, "less than or equal to 1048576"),
    "replicates without end": ({"replicates": 10**30}, "less than or equal to 1000000000"),
    "seed without end": ({"seed": 10**40}, "seed: 1000"),
    "samples of 12": ({"samples": 12}, "12 is not a power of 2"),
    "no replicates": (
        {"replicates": 0},
        "replicates: 0: input should be greater than or equal to 2",
    ),
    "unknown scenario": ({"scenario": "busan"}, "did you mean 'busan_2025'"),
    "unknown outcome": ({"outcomes": ["rmst_40", "rmst"]}, "outcomes.rmst: unknown"),
    "no factors": ({"factors": {}}, "factors: {}: dictionary should have at least 1 item"),
    "unknown factor": ({"factors": {"breach_cst": {"low": 0, "high": 1}}}, "breach_cst"),
    "out of bounds": ({"factors": {"breach_cost": {"low": 0, "high": 90}}}, "out of bounds"),
    "ends the wrong way": (
        {"factors": {"fatigue": {"low": 2, "high": 1}}},
        "factors.fatigue: 2 is above 1",
    ),
    "an end that is text": (
        {"factors": {"fatigue": {"low": "a", "high": 1}}},
        "'a' to 1: two numbers",
    ),
    "unknown part": ({"factors": {"fatigue": {"low": 0, "hihg": 1}}}, "did you mean 'high'"),
    "a range of whole numbers out of bounds": (
        {"factors": {"terms.summit.weeks": {"low": 0, "high": 52}}},
        "study.yaml: factors.terms.summit.weeks: 0: input should be greater than or equal to 1",
    ),
    "a range of truths": (
        {"factors": {"levers.US.chips.agency": {"low": 0.2, "high": 1}}},
        "study.yaml: factors.levers.US.chips.agency: 0.2: input should be a valid boolean",
    ),
    "a range of names": (
        {"factors": {"strategies.US": {"low": 0, "high": 1}}},
        "study.yaml: factors.strategies.US: 0.0: input should be a valid string",
    ),
    "numbers for a date": (
        {"factors": {"truce.expires": {"low": 26, "high": 78}}},
        "study.yaml: factors.truce.expires: 26.0",
    ),
    "dates for a number": (
        {"factors": {"fatigue": {"low": dt.date(2026, 1, 1), "high": dt.date(2026, 2, 1)}}},
        "study.yaml: factors.fatigue: ",
    ),
    "a date before the start": (
        {"factors": {"truce.expires": {"low": dt.date(2020, 1, 1), "high": dt.date(2026, 2, 1)}}},
        "study.yaml: factors.truce.expires: 2020-01-01",
    ),
    "a choice of an unknown set": (
        {
            "factors": {
                "parameters": {"values": ["start_2025", "calibrated_2052", "calibrated_2025"]}
            }
        },
        "study.yaml: factors.parameters: 'calibrated_2052'",
    ),
    "a factor called dummy": ({"factors": {"dummy": {"low": 0, "high": 1}}}, "name is taken"),
    "draws of nobody": ({"factors": {"fatigue": "draws"}}, "write draws: NAME"),
    "draws of no such factor": (
        {"draws": "calibrated_2025", "factors": {"tolerance": "draws"}},
        "has no draws",
    ),
    "unknown draws": (
        {"draws": "calibrated_2052", "factors": {"fatigue": "draws"}},
        "did you mean 'calibrated_202",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(capsys, tmp_path, case):
    changes, problem = REFUSED[case]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY | changes))
    ran = command(capsys, "sensitivity", path, "--out", tmp_path / "out")
    assert ran.status == 2
    assert problem in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_study_is_refused(capsys, tmp_path):
    ran = command(capsys, "sensitivity", tmp_path)
    assert ran.status == 2
    assert "holds no study" in ran.err


def test_shipped_study_is_sound():
    spec = load_spec("busan_drivers")
    assert len(design(spec)) == num_points(spec) == spec.samples * (len(spec.factors) + 3)


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_a_large_design_is_noted_and_counted_without_being_made(
    tmp_path, monkeypatch, caplog, method
):
    spec = abstract(tmp_path, NAMES, method=method, samples=8)
    caplog.set_level(logging.INFO, "negotiation_abm")
    assert num_points(spec) == len(design(spec))
    assert caplog.messages == []
    monkeypatch.setattr("negotiation_abm.studies.sensitivity.design.MANY", 10)
    design(spec)
    assert caplog.messages == [f"laying out {num_points(spec)} points ..."]


def test_the_study_of_the_docs_is_one(tmp_path):
    text = (ROOT / "docs/sensitivity.md").read_text()
    path = tmp_path / "my_study.yaml"
    path.write_text(text.partition("```yaml\n")[2].partition("```")[0])
    spec = load_spec(path)
    assert [factor.is_choice for factor in spec.factors] == [False, False, False, True]
