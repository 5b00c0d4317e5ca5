"""What-ifs in the report: a page of their own, or behind the page of a run."""

import json
import shutil

import pytest

from cli_helpers import command, contents, shipped_game
from negotiation_abm import InputError
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.plotting.folder import read_json
from negotiation_abm.plotting.report import write_report
from negotiation_abm.plotting.report.assumptions import resting
from negotiation_abm.plotting.report.whatif_words import answer, moved
from negotiation_abm.run.step import run_batch
from negotiation_abm.studies.whatif.run import run_whatif
from negotiation_abm.studies.whatif.schema import WhatIf, load_whatif
from report_helpers import assert_loads_nothing, needs_browser, num_pages, requests_of, visible

HEADINGS = ("Truce, still in force", "Average extra tariff, points", "Pain, units a week")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run, two shipped what-ifs, and one by hand from a week without a truce."""
    root = tmp_path_factory.mktemp("report")
    run_batch(shipped_game("busan_2025"), 100, 1, root / "run")
    for name in ("no_busan", "two_month_truce"):
        run_whatif(load_whatif(name), 100, 1, root / name)
    asked = {"name": "mine", "scenario": "baseline_2025", "from": "2025-03-03"}
    asked |= {"strategies": {"US": "dove"}, "common": {"parameters": "start_2025"}}
    run_whatif(WhatIf.model_validate(asked), 100, 1, root / "mine")
    return root


def page_of(*folders):
    return write_report(folders[0], folders[1:]).read_text()


def test_it_says_what_was_asked_altered_and_found(results):
    folder = results / "two_month_truce"
    summary = read_json(folder / "whatif.json")
    page = visible(page_of(folder))
    assert "What if: The truce renewed for two months instead of one year?" in page
    assert f"The change. {summary['alteration'][0]}" in page
    assert "up to the week of 2025-11-10" in page
    sentences = answer(summary)
    assert len(sentences) == 4
    assert all(sentence in page for sentence in sentences)
    assert "not a forecast" in page


def test_every_difference_stands_with_its_interval(results):
    folder = results / "two_month_truce"
    page = visible(page_of(folder))
    for heading in HEADINGS:
        assert f"{heading} as recorded with your change difference (95 %)" in page
    shown = 0
    for row in read_json(folder / "whatif.json")["outcomes"]:
        if row["unit"] == "pp":
            low, high = f"{row['low']:.2f}", f"{row['high']:.2f}"
            cells = f"{row['factual']:.2f} {row['altered']:.2f} {row['difference']:+.2f}"
            assert page.count(f"{cells} ({low} to {high})") >= 1
            shown += 1
        if row["outcome"].startswith("pain."):
            cells = f"{row['factual']:.3f} {row['altered']:.3f} {row['difference']:+.3f}"
            assert f"{row['text'].removeprefix('pain of ')} {cells}" in page
            shown += 1
        if row["unit"] == "share":
            cells = f"{100 * row['factual']:.1f} {100 * row['altered']:.1f}"
            assert f"{row['text'].removeprefix('still in force a')}, % {cells}" in page
            shown += 1
    assert shown == 4 + 8 + 6


def test_it_says_what_it_rests_on_and_how_to_make_it_again(results):
    folder = results / "no_busan"
    made = read_manifest(folder)["whatif"]
    page = visible(page_of(folder))
    for kind, names in resting(made):
        assert f"{kind} {len(names)} {', '.join(names)}" in page
    assert "what the record does not identify" in page
    for text in (made["scenario_hash"][:16], made["parameter_hash"][:16], "100, seed 1"):
        assert text in page
    for name in ("differences.csv", "paths.csv"):
        assert f"{name}, sha256 {made['files'][name][:32]}" in page
    assert made["record_sha256"][:16] in page


def test_a_branch_without_a_truce_has_its_sentence_and_no_rows_of_it(results):
    page = visible(page_of(results / "mine"))
    assert "What if: US plays dove?" in page
    assert "No truce at the branch has a length to compare" in page
    assert "fter 26 weeks" not in page


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((-0.2, -0.3, -0.1), "0.2 weeks less (0.1 to 0.3)"),
        ((0.2, 0.1, 0.3), "0.2 weeks more (0.1 to 0.3)"),
        ((0.2, -0.1, 0.5), "no clear difference (-0.1 to 0.5 weeks)"),
        ((0.0, 0.0, 0.0), "no clear difference (0.0 to 0.0 weeks)"),
    ],
)
def test_differences_in_words(row, words):
    found = dict(zip(("difference", "low", "high"), row, strict=True))
    assert moved(found, 1, " weeks") == words


def test_a_run_lists_what_ifs_behind_its_page(capsys, results):
    folders = [results / name for name in ("no_busan", "mine", "no_busan")]
    done = command(capsys, "report", results / "run", "--whatif", *folders)
    assert done.status == 0
    text = (results / "run" / "report.html").read_text()
    assert_loads_nothing(text, 5)
    assert text.count('class="page whatif"') == 2  # the same folder twice is one
    page = visible(text)
    assert "How long does this truce last, and what ends it?" in page
    assert "What if: No meeting in Busan?" in page
    assert read_manifest(folders[0])["whatif"]["files"]["differences.csv"][:32] in page
    warning = "Played with the parameters start_2025, not with those of the first page"
    assert page.count(warning) == 1  # "mine" alone


def test_a_what_if_in_the_folder_of_a_run_is_listed(results, tmp_path):
    folder = shutil.copytree(results / "run", tmp_path / "both")
    run_whatif(load_whatif("no_busan"), 20, 1, folder)
    page = page_of(folder, folder)
    assert page.count('class="page whatif"') == 1
    assert "How long does this truce last" in page


def test_other_values_under_the_same_name_are_named(results, tmp_path):
    folder = shutil.copytree(results / "no_busan", tmp_path / "older")
    manifest = read_manifest(folder)
    manifest["whatif"]["parameter_hash"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    page = visible(page_of(results / "run", folder))
    assert "Played with other values of calibrated_2025 than those of the first page" in page


def test_refused(capsys, results, tmp_path):
    run = results / "run"
    for words, problem in (
        ((tmp_path,), "holds no run and no what-if"),
        ((run, "--whatif", tmp_path / "nowhere"), "no such folder"),
        ((run, "--whatif", run), "holds no what-if"),
        ((run, "--whatif", tmp_path), "holds no what-if"),
    ):
        done = command(capsys, "report", *words)
        assert done.status == 2
        assert len(done.err.splitlines()) == 1
        assert problem in done.err
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("whatif.json", "{}", r"whatif\.json: not a complete result"),
        ("whatif.json", "{", "not valid JSON"),
        ("paths.csv", "arm\n", r"paths\.csv: not a complete result"),
    ],
)
def test_a_broken_what_if_leaves_no_page(results, tmp_path, file, content, problem):
    folder = shutil.copytree(results / "two_month_truce", tmp_path / "broken")
    (folder / "report.html").unlink(missing_ok=True)
    (folder / file).write_text(content)
    with pytest.raises(InputError, match=problem):
        write_report(folder)
    assert not (folder / "report.html").exists()


@needs_browser
@pytest.mark.slow
def test_no_request_and_two_pages_and_one_more_for_each_listed(results, tmp_path):
    page = write_report(results / "two_month_truce")
    assert requests_of(tmp_path, page) == set()
    assert num_pages(tmp_path, page) == 2
    folders = [results / name for name in ("no_busan", "mine", "two_month_truce")]
    assert num_pages(tmp_path, write_report(results / "run", folders)) == 2 + 3
