"""The one-page report: what it says, that it asks the network for nothing, how it prints."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from cli_helpers import command, contents, leftovers, shipped_game
from negotiation_abm import InputError
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.words import percent, span
from negotiation_abm.plotting.folder import read_json
from negotiation_abm.plotting.report import write_report
from negotiation_abm.plotting.report.assumptions import resting
from negotiation_abm.plotting.report.words import answer, drivers
from negotiation_abm.run.step import run_batch
from negotiation_abm.studies.sensitivity.run import run_study
from negotiation_abm.studies.sensitivity.spec import load_spec
from report_helpers import assert_loads_nothing, needs_browser, num_pages, requests_of, visible

STUDY = """
scenario: {}
samples: 8
replicates: 20
outcomes: [share_in_truce]
factors: {{breach_cost: {{low: 1, high: 4}}, coalition_cost: {{low: 0, high: 2}}}}
"""


@pytest.fixture(scope="module")
def busan(tmp_path_factory):
    """A run with a study in its folder, and its report."""
    folder = tmp_path_factory.mktemp("report") / "busan"
    run_batch(shipped_game("busan_2025"), 200, 1, folder, draws=10)
    study = folder.parent / "study.yaml"
    study.write_text(STUDY.format("busan_2025"))
    run_study(load_spec(study), folder)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "baseline"
    run_batch(shipped_game("baseline_2025"), 200, 1, folder)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def fullest(tmp_path_factory, busan):
    """Every module on, a fitted set, and a study of more factors: the longest page."""
    folder = tmp_path_factory.mktemp("report") / "fullest"
    run_batch(shipped_game("mechanisms_busan", parameters="calibrated_2025"), 60, 1, folder)
    study = folder.parent / "study.yaml"
    names = ("breach_cost", "fatigue", "restraint", "depth", "follow", "hold_fire", "mirror")
    factors = "".join(f"  {name}: {{low: 0.5, high: 3}}\n" for name in names)
    head = "scenario: busan_2025\nsamples: 4\nreplicates: 5\noutcomes: [share_in_truce]\n"
    study.write_text(f"{head}factors:\n{factors}")
    run_study(load_spec(study), folder)
    write_report(folder)
    return folder


# ---------------------------------------------------------------------------
# What it says


def test_it_answers_with_the_range_over_the_draws_first(busan):
    summary = read_json(busan / "summary.json")
    page = visible((busan / "report.html").read_text())
    sentences = answer(summary, None)
    assert len(sentences) == 5
    mean, low, high = summary["posterior"]["still_in_force"]["covered"]["365 d"]
    assert low <= mean <= high
    assert f"{percent(mean)}, and anything from {span(low, high)}" in sentences[0]
    assert "10 posterior draws of calibrated_2025" in page
    assert page.index(sentences[0]) < page.index("Simulation error alone")
    entry = next(e for e in summary["truces"] if e["group"] == "running")
    assert f"lasts {entry['median_weeks']} weeks in the median" in page
    point, low, high = (100 * value for value in entry["survival"]["365 d"])
    assert f"{point:.1f} % ({low:.1f} to {high:.1f}) of such truces" in page
    assert "How long does this truce last, and what ends it?" in page
    assert "A simulated truce is not a forecast" in page


def test_it_says_what_drives_it_and_what_stays_in_the_noise(busan):
    page = visible((busan / "report.html").read_text())
    assert "cost of breaking the truce" in page
    assert "1 of 2 factors do no more than chance" in page


def test_without_a_study_it_says_how_to_make_one(baseline):
    page = visible((baseline / "report.html").read_text())
    assert "negotiation-abm sensitivity STUDY --out" in page


def test_a_study_of_another_scenario_is_named(baseline, busan, tmp_path):
    folder = shutil.copytree(baseline, tmp_path / "mixed")
    shutil.copy(busan / "sensitivity.csv", folder)
    manifest = read_manifest(folder) | {"sensitivity": read_manifest(busan)["sensitivity"]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    page = visible(write_report(folder).read_text())
    assert "The study is of busan_2025, not of this run." in page


def test_every_parameter_in_use_stands_under_what_it_rests_on(busan):
    made = read_manifest(busan)["run"]
    groups = dict(resting(made))
    names = [name for members in groups.values() for name in members]
    assert len(names) == len(set(names))
    assert "delivery_slack" in names  # a module that is on
    assert "coalition_cost" not in names  # one that is off
    every = shipped_game("mechanisms_busan")
    made = {
        "scenario": every.scenario.model_dump(mode="json"),
        "parameter_set": made["parameter_set"],
    }
    names = [name for _, members in resting(made) for name in members]
    assert {"coalition_cost", "decoupling_power", "mediation_rate"} <= set(names)
    assert "shadow" in groups["fitted; the record and the prior share it"]
    assert "breach_cost" in groups["fitted; the record carries it"]
    assert "restore_share" in groups["assumed"]
    page = visible((busan / "report.html").read_text())
    assert "fitted; the record and the prior share it" in page


def test_fitted_sets_say_what_the_record_carries(tmp_path):
    game = shipped_game("busan_2025", parameters="calibrated_2025", **{"fatigue": 1.0})
    run_batch(game, 20, 1, tmp_path)
    groups = dict(resting(read_manifest(tmp_path)["run"]))
    assert "shadow" in groups["fitted; the record and the prior share it"]
    assert "reciprocity" in groups["fitted; the record carries it"]
    assert groups["set by this scenario"] == ["fatigue"]


def test_drivers_of_nothing():
    row = {"outcome": "rmst_52", "total_low": 0.0, "is_dummy": False, "factor": "fatigue"}
    rows = [
        row | {"total": 0.01, "total_high": 0.02},
        row | {"total": 0.02, "total_high": 0.03, "factor": "dummy", "is_dummy": True},
    ]
    assert drivers(rows) == (
        "Average length within 52 weeks: none of 1 factors moves it beyond chance."
    )


def test_it_tells_how_to_make_it_again(busan):
    made = read_manifest(busan)["run"]
    page = visible((busan / "report.html").read_text())
    for text in (made["scenario_hash"][:16], "seed 1", made["environment"]["source_hash"]):
        assert text in page


def test_texts_of_the_scenario_are_escaped(tmp_path):
    game = shipped_game("busan_2025", title="<script>alert(1)</script>")
    run_batch(game, 10, 1, tmp_path)
    page = write_report(tmp_path).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_no_truce_at_all(tmp_path):
    run_batch(
        shipped_game("baseline_2025", strategies={"US": "hold", "CHINA": "hold"}), 5, 1, tmp_path
    )
    assert "No truce began in any of the runs." in visible(write_report(tmp_path).read_text())


def test_refused(capsys, tmp_path):
    for words, problem in (
        (("report", tmp_path / "nowhere"), "no such folder"),
        (("report", tmp_path), "holds no run"),
    ):
        done = command(capsys, *words)
        assert done.status == 2
        assert problem in done.err
    assert contents(tmp_path) == {}


def test_a_broken_summary_leaves_no_page(busan, tmp_path):
    folder = shutil.copytree(busan, tmp_path / "broken")
    (folder / "report.html").unlink()
    (folder / "summary.json").write_text("{}")
    with pytest.raises(InputError, match=r"summary\.json: not a complete result"):
        write_report(folder)
    assert not (folder / "report.html").exists()
    assert leftovers(folder) == []


# ---------------------------------------------------------------------------
# One file, no network


def test_nothing_is_loaded(busan):
    assert_loads_nothing((busan / "report.html").read_text(), 3)


@needs_browser
@pytest.mark.slow
def test_no_request_leaves_the_page_in_a_browser(busan, tmp_path):
    control = tmp_path / "control.html"
    control.write_text('<img src="http://pictures.example/x.png">')
    assert requests_of(tmp_path, control) == {"http://pictures.example/x.png"}
    assert requests_of(tmp_path, busan / "report.html") == set()
    with Image.open(tmp_path / "page.png") as image:
        assert np.asarray(image.convert("L")).std() > 10


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("name", ["busan", "baseline", "fullest"])
def test_it_prints_on_two_pages(request, name, tmp_path):
    assert num_pages(tmp_path, request.getfixturevalue(name) / "report.html") == 2
