"""Every figure of the gallery: drawn from its table, legible, quick, and by name."""

import itertools
import json
import re
import shutil
import time
import types
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from PIL import Image

from cli_helpers import ROOT, command, contents, howto, python, shipped_game
from negotiation_abm import load_record
from negotiation_abm.calibration.forecast_step import make_forecast
from negotiation_abm.calibration.run import calibrate
from negotiation_abm.calibration.validate import Effort, validate
from negotiation_abm.dashboard import browser
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.plotting import plot_folder, registry, style
from negotiation_abm.plotting.calendar import plot_calendar
from negotiation_abm.plotting.claims import all_claims, claim_of
from negotiation_abm.plotting.durations import plot_durations
from negotiation_abm.plotting.forest import plot_hazard_ratios, plot_rmst
from negotiation_abm.plotting.hazard import plot_hazard
from negotiation_abm.plotting.levers import plot_fan, plot_spaghetti, record_table
from negotiation_abm.plotting.phase import plot_phase
from negotiation_abm.plotting.registry import all_figures, figures_of
from negotiation_abm.plotting.report import write_report
from negotiation_abm.plotting.scenarios import plot_scenarios
from negotiation_abm.plotting.slices import look_up, plot_study, write_slice
from negotiation_abm.plotting.sobol import plot_morris, plot_sobol
from negotiation_abm.replay.step import write_replay
from negotiation_abm.run.step import run_batch
from negotiation_abm.run.traces import bands
from negotiation_abm.studies.comparison import compare, study_tables
from negotiation_abm.studies.sensitivity.run import run_study
from negotiation_abm.studies.sensitivity.spec import load_spec
from negotiation_abm.sweep.slices import Query
from sweep_helpers import BREACH, RARE, sweep

mpl.use("Agg")
pytestmark = pytest.mark.usefixtures("closed_figures")
SVG_TEXT = "{http://www.w3.org/2000/svg}text"
NO_BREAK = "\N{NO-BREAK SPACE}"
RAW = re.compile(r"[a-z]_[a-z0-9]|[a-z]\.[a-zA-Z]|CHINA|[A-Z]{6}|logit|rmst|document \d")
SMALL_PRINT = re.compile(
    r"  \|  |\.(csv|parquet|json) \w{12}$"
)  # for those who make the figure again
# Those that the page tells of have a heading; one that somebody adds may do without.
GALLERY = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
SHIPPED = {name for name in all_figures() if f"**`{name}`**" in GALLERY}
STUDY = """
scenario: busan_2025
method: {}
samples: {}
replicates: 5
outcomes: [share_in_truce]
factors: {{breach_cost: {{low: 1, high: 4}}, fatigue: {{low: 1, high: 2}}}}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run with its replay, a comparison, two studies, a sweep and a slice of it."""
    folder = tmp_path_factory.mktemp("gallery")
    game = shipped_game("baseline_2025")
    write_replay(game, load_record("record_2025"), folder / "run")
    run_batch(game, 80, 1, folder / "run")
    for number, cost in enumerate((2.7, 1.0, 4.0)):
        changed = shipped_game("busan_2025", breach_cost=cost)
        run_batch(changed, 60, 1, folder / f"cost {number}")
    runs = [folder / f"cost {number}" for number in range(3)]
    compare(runs, folder / "comparison", regress=True)
    for method, samples in (("sobol", 8), ("morris", 4)):
        path = folder / f"{method}.yaml"
        path.write_text(STUDY.format(method, samples))
        run_study(load_spec(path), folder / method)
    sweep(folder / "sweep", design=[{"grid": {BREACH: [0, 2], RARE: [0.2, 0.9]}}], replicates=20)
    write_slice(folder / "sweep", look_up(folder / "sweep", Query()), folder / "slice")
    return folder


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A fit, its validation and a forecast, small; the stored ranks of simulated fits."""
    folder = tmp_path_factory.mktemp("fitted")
    game, record = shipped_game("baseline_2025"), load_record("record_2025")
    calibrate(game, record, folder, name="mine")
    effort = Effort(draws=2, runs=2, lever_runs=20, control_runs=50)
    validate(game, record, folder, effort=effort)
    make_forecast(shipped_game("busan_2025"), 4, 20, 1, out=folder)
    shutil.copy(ROOT / "experiments" / "calibration" / "sbc.csv", folder)
    return folder


def tables(folder):
    """What a folder holds besides figures and manifest."""
    found = contents(folder)
    return {name: found[name] for name in found if not name.startswith(("figures/", "manifest"))}


def check(folder, entry, claims=True):
    """Draw one figure by its name: it shows something, says of what, leaves tables alone."""
    before = tables(folder)
    png, svg = plot_folder(folder, [entry.name])
    assert tables(folder) == before
    assert {png, svg} == {folder / "figures" / f"{entry.name}.{kind}" for kind in ("png", "svg")}
    digest = file_hash(folder / entry.table)
    with Image.open(png) as image:
        assert min(image.size) >= 500
        assert np.asarray(image.convert("L")).std() > 10  # not blank
        assert image.info["Description"] == f"{entry.table} sha256 {digest}"
    text = svg.read_text()
    shown = ["".join(one.itertext()) for one in ElementTree.fromstring(text).iter(SVG_TEXT)]
    raw = [line for line in shown if RAW.search(line) and not SMALL_PRINT.search(line)]
    assert not raw, raw
    said = claim_of(entry.name, folder)
    assert said in " ".join(shown).replace(NO_BREAK, " ")
    assert re.search(r"\d", said) or not claims or (not said and entry.name not in SHIPPED)
    assert not [line for line in shown if line.startswith("%")]  # a percent sign has its number
    assert f"{entry.table} {digest[:12]}" in text
    return text


@pytest.mark.parametrize("name", all_figures())
def test_each_figure_by_name(results, name):
    """In a folder that has its files; other steps draw theirs in the tests of the step."""
    entry = all_figures()[name]
    folder = next((path for path in sorted(results.iterdir()) if entry.is_in(path)), None)
    if folder is None or entry.step in ("calibrate", "validate", "forecast", "sbc"):
        pytest.skip(f"no folder here holds {', '.join(entry.needs)}")
    if name == "free_runs":
        folder = results / "run"
    assert "negotiation_abm" in check(folder, entry)  # the small print


@pytest.mark.slow
def test_each_figure_of_a_fit(fitted):
    names = [entry.name for entry in figures_of(fitted)]
    assert {"identification", "predictive", "lever_response", "calibration_curve"} <= set(names)
    for name in names:
        text = check(fitted, all_figures()[name])
        assert "parameters calibrated_2025" in text or name == "sbc"


@pytest.mark.parametrize("entry", all_figures().values(), ids=lambda entry: entry.name)
def test_each_figure_says_what_it_is(entry):
    assert entry.name in all_claims() or entry.name not in SHIPPED
    assert entry.words[0].isupper()
    assert not entry.words.endswith(".")
    assert len(entry.words.split()) >= 3
    assert entry.needs
    assert "  " not in entry.words


def test_labels_of_the_rug_do_not_touch():
    """Lengths of recorded truces that lie near each other are written on lines of their own."""
    weeks = np.arange(105.0)
    table = pd.DataFrame({"week": weeks, "survival": 1.0, "lower": 1.0, "upper": 1.0})
    table = table.assign(measure="covered", group="all", at_risk=10, ended=0, censored=0)
    lengths = (88, 90, 92, 100, 121, 300)
    spells = [{"measure": "covered", "days": n, "event_observed": n < 100} for n in lengths]
    drawn = plot_durations(table, spells)
    drawn.draw_without_rendering()
    texts = [t for t in drawn.axes[0].texts if re.fullmatch(r"\d+\+? d", t.get_text())]
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) == len(lengths)
    assert not [(a, b) for a, b in itertools.combinations(boxes, 2) if a.overlaps(b)]
    floor = drawn.axes[0].get_window_extent().y0
    assert min(box.y0 for box in boxes) >= floor  # above the numbers of the axis


def test_no_line_of_a_heat_map_crosses_a_number():
    rows = [(x, y, (x + y) / 10) for x in range(5) for y in range(4)]
    table = pd.DataFrame(rows, columns=["x", "y", "share"])
    drawn, ax = style.subplots()
    plot_phase(table, ax, contours=[0.35])
    drawn.draw_without_rendering()
    lines = [
        path for c in ax.collections if isinstance(c, LineCollection) for path in c.get_paths()
    ]
    assert lines
    for text in ax.texts:
        box = text.get_window_extent().transformed(ax.transData.inverted())
        assert not any(path.intersects_bbox(box, filled=False) for path in lines)


def test_the_gallery_has_the_words_of_the_list():
    """A figure that is not on the page yet breaks nothing; `docs/make_gallery.py` puts it there."""
    page = (ROOT / "docs" / "gallery.md").read_text()
    words = " ".join(page.split())
    named = re.findall(r"^\*\*`(\w+)`\*\*:", page, re.MULTILINE)
    assert len(named) == len(set(named)) > 20
    for name in named:
        entry = all_figures()[name]
        assert f"**`{name}`**: {entry.words}." in words
        assert re.search(rf"negotiation-abm plot \S+ --figure {name}$", page, re.MULTILINE)


HOWTO = howto("figure")


def test_howto_works_word_for_word(results, monkeypatch, capsys):
    """The two figures of the page, put where it says, are in the list, `plot` and the page."""
    blocks = re.findall(r"```python\n(.*?)```", HOWTO, re.DOTALL)
    monkeypatch.setattr(registry, "FIGURES", all_figures())
    module = types.ModuleType("negotiation_abm.plotting.calm_weeks")
    exec("\n\n".join(blocks), module.__dict__)
    for name in ("calm_weeks", "two_panels"):
        check(results / "run", registry.all_figures()[name], claims=False)
        assert name in browser.figures_in(results / "run")
        done = command(capsys, "plot", results / "run", "--figure", name)
        assert done.out.split()[0].endswith(f"figures/{name}.png")
    ax = module.plot_weeks_in_truce(pd.read_parquet(results / "run" / "runs.parquet"))
    assert ax is plt.gca()
    with pytest.raises(ValueError, match="two figures are called 'calm_weeks'"):
        registry.figure("calm_weeks", table="a.csv", step="run", words="")(check)


@pytest.mark.parametrize("place", [1, 2])
def test_a_figure_reaches_the_report_if_it_says_so(results, monkeypatch, place):
    def draw(folder):
        whole, ax = style.subplots()
        ax.plot([0, 1])
        return whole

    monkeypatch.setattr(registry, "FIGURES", all_figures())
    words = "A figure of my own, to be found in the report"
    registry.figure("mine", table="runs.parquet", step="run", words=words, report_place=place)(draw)
    page = write_report(results / "cost 0").read_text()
    shown = [page.index(text) for text in (words, "How long truces last", "What ends them")]
    assert len(set(shown)) == 3
    assert shown[0] < shown[2] or place == 2


def test_drawing_leaves_matplotlib_alone(results):
    """In a process of its own: backend, settings, and figures that Pyplot knows of."""
    code = """
import sys
import matplotlib
matplotlib.use("svg")
before = dict(matplotlib.rcParams)
import matplotlib.pyplot as plt
import negotiation_abm.plotting.registry as registry
from negotiation_abm.dashboard import browser
from negotiation_abm.plotting import plot_folder, registry, style
from pathlib import Path
registry.all_figures()
print(len(plot_folder(Path(sys.argv[1]), ["timeline", "levers"])))
assert matplotlib.get_backend() == "svg", matplotlib.get_backend()
assert plt.get_fignums() == []
changed = {name for name in before if matplotlib.rcParams[name] != before[name]}
assert changed == set(), changed
"""
    done = python(code, str(results / "run"))
    assert done.stderr == ""
    assert int(done.stdout) == 4


def test_study_of_morris_is_drawn_too(results):
    names = {path.name for path in plot_folder(results / "morris")}
    assert {"sensitivity.png", "sensitivity.svg"} <= names


@pytest.mark.speed
def test_all_figures_take_less_than_20_seconds(results):
    begun = time.perf_counter()
    for folder in ("run", "comparison", "sobol"):
        plot_folder(results / folder)
    assert time.perf_counter() - begun < 20


REFUSED = {
    "unknown": ("run", "hazrd", "did you mean 'hazard'"),
    "of another folder": ("run", "rmst", "negotiation-abm survival DIR DIR writes it"),
    "no replay": ("cost 0", "free_runs", "replay.json: missing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(capsys, results, case):
    folder, name, problem = REFUSED[case]
    done = command(capsys, "plot", results / folder, "--figure", name)
    assert done.status == 2
    assert problem in done.err


def test_free_runs_from_another_day_are_refused(capsys, tmp_path, results):
    write_replay(shipped_game("baseline_2025"), load_record("record_2025"), tmp_path)
    run_batch(shipped_game("busan_2025"), 10, 1, tmp_path)
    done = command(capsys, "plot", tmp_path, "--figure", "free_runs")
    assert done.status == 2
    assert "nothing to draw for 'free_runs'" in done.err


# ---------------------------------------------------------------------------
# What is drawn is what the table says


def test_scenarios(results):
    table = pd.read_csv(results / "comparison" / "scenarios.csv")
    ax = plot_scenarios(table, plt.figure().add_subplot())
    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]  # and no mark of days
    for line, (_, part) in zip(curves, table.groupby("scenario", sort=False), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), part["survival"])
    styles = [str(line._unscaled_dash_pattern) for line in ax.get_legend().get_lines()]
    assert len(set(styles)) == 3  # told apart in grey


def test_rmst_marks_what_excludes_zero(results):
    table = pd.read_csv(results / "comparison" / "rmst.csv")
    ax = plot_rmst(table, plt.figure().add_subplot())
    marks = [line for line in ax.lines if line.get_marker() == "s"]
    assert [line.get_xdata()[0] for line in marks] == table["difference"].tolist()[1:]
    clear = (table["difference_low"] > 0) | (table["difference_high"] < 0)
    filled = [line.get_markerfacecolor() != "white" for line in marks]
    assert filled == clear.tolist()[1:]


def test_hazard_ratios(results):
    table = pd.read_csv(results / "comparison" / "regression.csv")
    ax = plot_hazard_ratios(table, plt.figure().add_subplot())
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "s"]
    assert marks == table["hazard_ratio"].tolist()


def test_hazard(results):
    _, tables = study_tables(results / "run" / "truces.parquet", ["all"])
    part = tables["hazard"][tables["hazard"]["measure"] == "covered"]
    ax = plot_hazard(part, plt.figure().add_subplot())
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), part["hazard"])


def test_calendar_has_every_truce_once(results):
    spells = pd.read_parquet(results / "run" / "truces.parquet")
    spells = spells[spells["measure"] == "covered"]
    ax = plot_calendar(spells, plt.figure().add_subplot(), 80, 104)
    bars = [bar for bar in ax.patches if bar.get_width() > 0]
    standing = spells["cause"] == "censored"
    assert len(bars) == (standing | (spells["duration_weeks"] > 0)).sum()
    length = sum(bar.get_width() for bar in bars)
    assert length == pytest.approx(spells["duration_weeks"].sum() + standing.sum())
    assert ax.get_ylim() == (-0.5, 79.5)


def test_fans_and_threads(results):
    traces = pd.read_parquet(results / "run" / "traces.parquet")
    fans = bands(traces)
    part = fans[fans["series"] == "US.chips"]
    ax = plot_fan(part, plt.figure().add_subplot())
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), part["q50"])
    ax = plot_spaghetti(traces, plt.figure().add_subplot(), "US.chips")
    first = traces[traces["replicate"] == 0]["US.chips"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), first)


def test_record_inside_its_band(results):
    replay = json.loads((results / "run" / "replay.json").read_text())
    fans = bands(pd.read_parquet(results / "run" / "traces.parquet"))
    table = record_table(replay["weekly"], fans)
    row = table[(table["series"] == "CHINA.rare_earths") & (table["week"] == 30)].iloc[0]
    assert row["value"] == replay["weekly"][30]["CHINA.rare_earths.in_force"]
    assert row["inside"] == (row["q05"] - 1e-6 <= row["value"] <= row["q95"] + 1e-6)
    assert len(table) == len(replay["weekly"]) * fans["series"].nunique()


@pytest.mark.parametrize(
    ("method", "draw", "size"),
    [
        ("sobol", plot_sobol, "total"),
        ("morris", plot_morris, "mu_star"),
    ],
)
def test_indices_stand_beside_the_floor(results, method, draw, size):
    table = pd.read_csv(results / method / "sensitivity.csv")
    ax = draw(table, plt.figure().add_subplot())
    floor = table.loc[table["is_dummy"], f"{size}_high"].max()
    assert any(np.allclose(line.get_xdata(), floor) for line in ax.lines)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[-1] == "chance alone"
    widths = [bar.get_width() for bar in ax.containers[1].patches] if size == "total" else None
    if widths is not None:
        assert sorted(widths, reverse=True)[:2] == pytest.approx(
            sorted(table["total"], reverse=True)[:2]
        )


# ---------------------------------------------------------------------------
# The README's own figure


@pytest.mark.verify
def test_run_and_plot_reproduce_the_figures_of_the_readme(tmp_path):
    """`make run`, to the hash of the table behind each figure; the last bits are a processor's."""
    game = shipped_game("baseline_2025")
    write_replay(game, load_record("record_2025"), tmp_path)
    run_batch(game, 10_000, 1, tmp_path)
    for name in ("truce_durations", "ends_by_cause"):
        (made, _) = plot_folder(tmp_path, [name])
        with Image.open(made) as ours, Image.open(ROOT / f"docs/figures/{name}.png") as theirs:
            assert ours.info["Description"] == theirs.info["Description"]
    digest = file_hash(tmp_path / "survival.csv")[:12]
    assert f"`survival.csv {digest}`" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("is_narrow", [False, True])
def test_no_label_of_a_study_is_cut_off(is_narrow):
    table = pd.DataFrame({"factor": ["breach_cost", RARE], "is_dummy": False})
    for name in ("total", "first"):
        table = table.assign(**{name: 0.4, f"{name}_low": 0.1, f"{name}_high": 0.7})
    drawn = plot_study(table.assign(outcome="share_in_truce"), is_narrow)
    drawn.draw_without_rendering()
    assert drawn.axes[0].get_tightbbox().x0 >= 0.0
