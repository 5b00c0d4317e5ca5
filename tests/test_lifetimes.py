"""The command survival: one run, several compared, and what it refuses."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from cli_helpers import WIDTH, command, contents, leftovers, make_results, shipped_game, strict_json
from helpers import assert_near
from negotiation_abm import InputError
from negotiation_abm.run.step import run_batch
from negotiation_abm.studies.comparison import compare, study
from negotiation_abm.survival import count_spells, paired_rmst_difference, rmst, run_influence

TABLES = {"hazard.csv", "incidence.csv", "fits.csv", "fit_curves.csv", "survival.json"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Busan under three breach costs, the same draws, and one of other draws."""
    folder = tmp_path_factory.mktemp("runs")
    for name, cost, seed in (
        ("as_is", 2.7, 3),
        ("cheap", 1.5, 3),
        ("dear", 4.0, 3),
        ("new", 2.7, 4),
    ):
        game = shipped_game("busan_2025", breach_cost=cost)
        run_batch(game, 150, seed, folder / name)
    return folder


@pytest.fixture
def copy(runs, tmp_path):
    shutil.copytree(runs / "as_is", tmp_path / "as_is")
    return tmp_path / "as_is"


def running(folder):
    spells = pd.read_parquet(folder / "truces.parquet")
    chosen = (spells["measure"] == "covered") & (spells["truce"] == 0) & (spells["start_week"] < 0)
    return spells[chosen]


def test_one_run(capsys, copy):
    before = contents(copy)
    done = command(capsys, "survival", copy)
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= WIDTH
    assert "agreed measures / running" in done.out
    assert "log-logistic" in done.out
    after = contents(copy)
    assert set(after) - set(before) == TABLES
    manifest = json.loads(after["manifest.json"])
    assert set(manifest["survival"]["files"]) == TABLES
    assert "run" in manifest
    summary = strict_json((copy / "survival.json").read_text())
    entry = next(e for e in summary["truces"] if e["group"] == "running")
    expected = rmst(count_spells([running(copy)]), 52)
    assert entry["rmst"]["value"] == pytest.approx(expected.value)
    assert entry["rmst"]["error"] == pytest.approx(expected.error)


def test_json_is_what_is_written(capsys, copy):
    done = command(capsys, "survival", copy, "--json", "--until", "30", "--out", copy / "more")
    assert strict_json(done.out) == json.loads((copy / "more" / "survival.json").read_text())
    assert strict_json(done.out)["until_weeks"] == 30


def test_tables_of_a_run(copy):
    study(copy)
    curves = pd.read_csv(copy / "survival.csv")
    incidence = pd.read_csv(copy / "incidence.csv")
    keys = ["measure", "group", "week"]
    by_cause = incidence.pivot(index=keys, columns="cause", values="incidence").fillna(0.0)
    survival = curves.set_index(keys)["survival"]
    gaps = by_cause.sum(axis=1) + survival.loc[by_cause.index] - 1.0
    assert (gaps >= -1e-8).all()  # fulfilled is an end, and no failure to survival
    assert (gaps[by_cause["fulfilled"] == 0.0].abs() <= 1e-8).all()
    assert (incidence["lower"] <= incidence["incidence"] + 1e-12).all()
    fits = pd.read_csv(copy / "fits.csv")
    assert fits["converged"].all()
    assert set(fits["family"]) == {"weibull", "log_normal", "log_logistic", "cure"}
    fitted = pd.read_csv(copy / "fit_curves.csv")
    assert set(fitted["family"]) == set(fits["family"])


def test_several_runs(capsys, runs, tmp_path):
    folders = [runs / name for name in ("as_is", "cheap", "dear", "new")]
    done = command(capsys, "survival", *folders, "--out", tmp_path / "cmp")
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= WIDTH
    assert "p-value follows the number of runs" in done.out
    rows = pd.read_csv(tmp_path / "cmp" / "rmst.csv").set_index("scenario")
    assert rows["paired"].tolist() == [True, True, True, False]  # the last has other draws
    sides = []
    for name in ("as_is", "cheap"):
        spells = running(runs / name)
        counts = count_spells([spells])
        sides.append((counts, run_influence([spells], counts, 52)))
    expected = paired_rmst_difference(*sides, 52)
    assert rows["difference"]["cheap"] == pytest.approx(expected.value)
    assert rows["difference_error"]["cheap"] == pytest.approx(expected.error)
    assert rows["difference_high"]["cheap"] < 0.0 < rows["difference_low"]["dear"]
    assert_near(rows["difference"]["new"], 0.0, rows["difference_error"]["new"])
    curves = pd.read_csv(tmp_path / "cmp" / "scenarios.csv")
    assert list(dict.fromkeys(curves["scenario"])) == ["as_is", "cheap", "dear", "new"]
    assert leftovers(tmp_path) == []


def test_regression_names_what_differs(capsys, runs, tmp_path):
    folders = [runs / name for name in ("as_is", "cheap", "dear")]
    done = command(capsys, "survival", *folders, "--regress", "--out", tmp_path)
    assert done.status == 0
    table = pd.read_csv(tmp_path / "regression.csv")
    assert table["covariate"].tolist() == ["breach_cost"]
    assert table["upper"][0] < 1.0  # a dearer breach: truces end later
    assert table["sd"][0] == pytest.approx(np.std([2.7, 1.5, 4.0]))


REFUSED = {
    "no folder": (("nowhere",), "no such folder"),
    "no run": (("{}",), "holds no run"),
    "twice the same": (("{}/as_is", "{}/as_is"), "given twice"),
    "beyond the data": (("{}/as_is", "{}/new", "--until", "400"), "known for"),
    "regression of one": (("{}/as_is", "--regress"), "needs several run folders"),
    "nothing differs": (("{}/as_is", "{}/new", "--regress"), "no number"),
    "a level of 2": (("{}/as_is", "--level", "2"), "between 0 and 1"),
    "a group that is none": (("{}/as_is", "--group", "old"), "invalid choice"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(capsys, runs, tmp_path, case):
    words, problem = REFUSED[case]
    out = () if "--out" in words else ("--out", tmp_path / "out")
    done = command(capsys, "survival", *(word.format(runs) for word in words), *out)
    assert done.status == 2
    assert problem in done.err
    assert "Traceback" not in done.err
    assert contents(tmp_path) == {}


def test_too_few_runs_for_the_covariates(runs, tmp_path):
    made = []
    for name, cost in (("one", 1.0), ("two", 3.0)):
        game = shipped_game("busan_2025", breach_cost=cost, fatigue=cost)
        run_batch(game, 40, 1, tmp_path / name)
        made.append(tmp_path / name)
    with pytest.raises(InputError, match="cannot tell these apart: breach_cost, fatigue"):
        compare(made, tmp_path / "out", regress=True)


def test_running_truces_are_compared_where_all_runs_have_one(tmp_path, runs):
    make_results(tmp_path / "busan")
    run_batch(shipped_game("baseline_2025"), 60, 1, tmp_path / "baseline")
    both = [tmp_path / "busan", runs / "as_is"]
    assert compare(both, tmp_path / "a")["group"] == "running"
    mixed = [tmp_path / "busan", tmp_path / "baseline"]
    assert compare(mixed, tmp_path / "b", until=20)["group"] == "all"
    with pytest.raises(InputError, match="--group"):
        compare(mixed, tmp_path / "c", group="running")


@pytest.mark.parametrize("replicates", [1, 2, pytest.param(3, marks=pytest.mark.verify)])
def test_few_truces_give_no_fits_and_no_error(capsys, tmp_path, replicates):
    run_batch(shipped_game("busan_2025", breach_cost=20.0), replicates, 1, tmp_path)
    done = command(capsys, "survival", tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "no fit: " in done.out
    assert "AIC" not in done.out
    assert command(capsys, "plot", tmp_path).status == 0
    assert command(capsys, "report", tmp_path).status == 0


def test_no_truce_at_all(capsys, tmp_path):
    game = shipped_game("baseline_2025", strategies={"US": "hold", "CHINA": "hold"})
    summary = run_batch(game, 20, 1, tmp_path)
    assert summary["truces"] == []
    done = command(capsys, "survival", tmp_path)
    assert done.status == 2
    assert "no truce began" in done.err
