"""The view Sweeps: any slice and any point of a sweep, a study, and what the command writes."""

import re
import shutil
import subprocess

import pytest

from e2e_helpers import (
    NARROW,
    OUT,
    ROOT,
    VIEW_SECONDS,
    WIDE,
    command_of,
    fits,
    saved,
    shot,
    start_server,
    wait_for,
)
from e2e_helpers import stop_server as stop
from negotiation_abm.studies.sensitivity.run import run_study
from negotiation_abm.studies.sensitivity.spec import load_spec as load_study
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.spec import load_spec
from sweep_helpers import sweep

STUDY = """
name: small
scenario: busan_2025
method: sobol
samples: 64
replicates: 40
seed: 1
outcomes: [share_in_truce, rmst_26]
factors:
  breach_cost: {low: 1.4, high: 4}
  fatigue: {low: 0, high: 3}
  levers.CHINA.rare_earths.irreplaceability: {low: 0.1, high: 1}
"""


@pytest.fixture(scope="module")
def results(compiled):
    """A sweep over two names, one over three, a study, and something that is none."""
    folder = OUT / "sweeps"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run_sweep(load_spec("rare_earths_breach", replicates=300), folder / "phase")
    values = {"breach_cost": [0.5, 2.0], "fatigue": [0.5, 1.5], "tolerance": [0.6, 0.8, 1.0]}
    sweep(folder / "more" / "three", design=[{"grid": values}], replicates=40)
    (folder / "study.yaml").write_text(STUDY)
    run_study(load_study(folder / "study.yaml"), folder / "study")
    (folder / "nothing").mkdir()
    return folder


@pytest.fixture(scope="module")
def server(results):
    with (OUT / "server_sweeps.log").open("w") as log:
        found = start_server(log, "--results", str(results.relative_to(ROOT)))
        try:
            wait_for(found)
            yield found
        finally:
            stop(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_looks(visit, name, scheme):
    one = visit({"wide": WIDE, "narrow": NARROW}[name], scheme)
    page = one.open("/sweep?folder=phase&point=42")
    one.settle()
    assert fits(page)
    shot(one, f"sweep_{name}" + ("_dark" if scheme == "dark" else ""))


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_study_looks(visit, name):
    one = visit({"wide": WIDE, "narrow": NARROW}[name])
    page = one.open("/sweep?folder=study")
    one.settle()
    assert fits(page)
    shot(one, f"study_{name}")


@pytest.mark.parametrize(
    "path",
    [
        "/sweep?folder=phase",
        "/sweep?folder=phase&outcome=median_weeks&measure=any_domain&group=all",
        "/sweep?folder=more/three&across=tolerance&up=&at=fatigue=0.5",
        "/sweep?folder=study&outcome=rmst_26",
    ],
)
def test_downloads_are_what_the_command_writes(visit, results, tmp_path, path):
    one = visit()
    page = one.open(path)
    one.settle()
    words = command_of(page)
    words[words.index("--out") + 1] = str(tmp_path)
    subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    for kind in ("csv", "svg"):
        assert saved(page, f"slice.{kind}") == (tmp_path / f"slice.{kind}").read_bytes()
    assert saved(page, "slice.png").startswith(b"\x89PNG")


def test_survival_of_any_point(visit, tmp_path):
    one = visit()
    page = one.open("/sweep?folder=phase")
    one.settle()
    page.select_option("#choose-point", "37")
    page.wait_for_selector("text=Survival of point 37")
    one.settle()
    assert "point=37" in page.url
    words = [w.strip() for w in page.locator(".command code").nth(1).inner_text().split()]
    assert "--point" in words
    content = saved(page, "point_37.csv")
    out = tmp_path / "out"
    words[words.index("--out") + 1] = str(out)
    subprocess.run([*command_of(page)[:3], *words[1:]], check=True, capture_output=True, cwd=ROOT)
    assert (out / "slice.csv").read_bytes() == content


def test_a_cell_says_its_value_and_opens_its_point(visit):
    one = visit()
    page = one.open("/sweep?folder=phase")
    one.settle()
    page.hover("[data-cell='37']")
    said = page.inner_text(".tip")
    assert "cost of breaking the truce" in said
    value = page.get_attribute("[data-cell='37']", "aria-label").rsplit(": ", 1)[1]
    assert said.endswith(value)
    page.click("[data-cell='37']")
    page.wait_for_selector("text=Survival of point 37")
    page.wait_for_url("**point=37*")
    page.wait_for_selector("[data-cell='37'].picked")
    for raw in ("breach_cost", "irreplaceability", "CHINA", "rare_earths"):
        assert raw not in page.inner_text(".page h2 >> xpath=..").split("The same from")[0]


def test_a_small_sweep_is_started_and_stopped(visit, results):
    one = visit()
    page = one.open("/sweep?folder=phase")
    one.settle()
    page.click("#press-new-sweep")
    page.select_option("#choose-new-across-steps", "3")
    page.select_option("#choose-new-up-steps", "2")
    page.select_option("#choose-new-runs", "200")
    page.fill("#entry-new-up-low", "")
    page.press("#entry-new-up-low", "Tab")
    page.click("#press-start-sweep")
    page.wait_for_selector(".box.error:has-text('is not a number')")
    page.fill("#entry-new-up-low", "0")
    page.press("#entry-new-up-low", "Tab")
    page.click("#press-start-sweep:has-text('Play 6 points, 1,200 runs')")
    page.wait_for_url(re.compile(r"folder=page(/|%2F)"), timeout=4000 * VIEW_SECONDS)
    page.wait_for_function("document.querySelectorAll('[data-cell]').length === 6")
    one.settle()
    assert page.locator("[data-cell]").count() == 6
    played = page.locator(".command code").last.inner_text()
    assert played.startswith("negotiation-abm sweep ")
    shutil.rmtree(results / "page")  # other tests choose among the folders that they made


def test_point_played_anew_gives_the_same_curve(visit, tmp_path):
    """The second command plays the point as a run: its survival is that of the sweep."""
    import shlex

    import pandas as pd

    one = visit()
    page = one.open("/sweep?folder=phase&point=40")
    one.settle()
    words = shlex.split(page.locator(".command code").nth(2).inner_text())
    words[words.index("--out") + 1] = str(tmp_path / "run")
    subprocess.run([*command_of(page)[:3], *words[1:]], check=True, capture_output=True, cwd=ROOT)
    (tmp_path / "of_sweep.csv").write_bytes(saved(page, "point_40.csv"))
    anew, ours = (pd.read_csv(tmp_path / name) for name in ("run/survival.csv", "of_sweep.csv"))
    columns = ["measure", "group", "week", "at_risk", "survival", "lower", "upper"]
    pd.testing.assert_frame_equal(anew[columns], ours[columns], check_exact=False, rtol=1e-6)


def test_choices_change_what_is_shown(visit):
    one = visit()
    page = one.open("/sweep?folder=phase")
    one.settle()
    page.select_option("#choose-outcome", "num_truces")
    page.wait_for_url("**outcome=num_truces*")
    one.settle()
    page.wait_for_selector("#choose-measure", state="detached")  # an outcome of whole runs
    page.select_option("#choose-up", "")
    page.wait_for_selector("#choose-at-breach_cost")
    one.settle()
    shown = page.get_attribute(".picture img", "src")
    page.select_option("#choose-at-breach_cost", "4")
    page.wait_for_function(
        "s => { const i = document.querySelector('.picture img'); return i && i.src !== s; }",
        arg=shown,
    )
    page.select_option("#choose-folder", "study")
    page.wait_for_url("**folder=study*")
    one.settle()
    assert "rmst_26" in page.inner_html("#choose-outcome")


def test_permalink_restores_the_view(visit):
    path = "/sweep?folder=more/three&outcome=rmst_weeks&across=tolerance&up=breach_cost&point=3"
    first, second = visit(), visit()
    page = first.open(path)
    first.settle()
    page.select_option("#choose-at-fatigue", "0.5")
    page.wait_for_url("**at=fatigue=0.5*")
    first.settle()
    other = second.open(page.url.split(first.server.address)[1])
    second.settle()
    for place in ("#choose-across", "#choose-up", "#choose-at-fatigue", "#choose-outcome"):
        assert page.input_value(place) == other.input_value(place)
    assert page.inner_text(".command code >> nth=0") == other.inner_text(".command code >> nth=0")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/sweep?folder=../..", ("folder", "lies outside")),
        ("/sweep?folder=/etc", ("folder", "lies outside")),
        ("/sweep?folder=phse", ("no such folder", "did you mean 'phase'")),
        ("/sweep?folder=nothing", ("holds neither a sweep nor a study",)),
        ("/sweep?folder=phase&outcome=x", ("outcome", "'x'", "allowed")),
        ("/sweep?folder=phase&across=breach", ("across", "did you mean 'breach_cost'")),
        ("/sweep?folder=phase&at=breach_cost", ("at", "expected NAME=VALUE")),
        ("/sweep?folder=phase&point=90", ("point", "allowed: 0 to 89")),
        ("/sweep?folder=phase&point=x", ("point", "'x'")),
    ],
)
def test_wrong_address_is_a_message(visit, path, words):
    page = visit().open(path, ".box.error")
    text = page.inner_text(".box.error")
    for word in words:
        assert word in text
    assert "Traceback" not in page.inner_text("body")


def test_without_results_the_page_says_what_to_do(browser, tmp_path):
    from e2e_helpers import Visit

    with (tmp_path / "log").open("w") as log:
        alone = start_server(log, "--results", str(tmp_path / "none"))
        try:
            wait_for(alone)
            one = Visit(browser.new_page(), alone)
            one.watch()
            page = one.open("/sweep", "#main .box.note")  # another says that rules are compiled
            assert "negotiation-abm sweep" in page.inner_text("#main .box.note")
            assert one.problems == []
            page.close()
        finally:
            stop(alone)
