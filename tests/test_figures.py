"""Figures from a real run and replay."""

import json
import shutil
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cli_helpers import FIGURES, contents, leftovers, make_results
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.plotting import plot_folder, style
from negotiation_abm.plotting.causes import plot_ends_by_cause, plot_incidence
from negotiation_abm.plotting.durations import mark_recorded, plot_durations, plot_survival
from negotiation_abm.plotting.timeline import (
    plot_levers,
    plot_moves,
    plot_probabilities,
    plot_tariffs,
    plot_timeline,
)

mpl.use("Agg")
pytestmark = pytest.mark.usefixtures("closed_figures")
PNG, SVG = b"\x89PNG\r\n", b"<?xml"
PANELS = [plot_tariffs, plot_levers, plot_moves, plot_probabilities]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("figures"), 60)


@pytest.fixture(scope="module")
def replay(folder):
    return json.loads((folder / "replay.json").read_text())


@pytest.fixture(scope="module")
def summary(folder):
    return json.loads((folder / "summary.json").read_text())


@pytest.fixture(scope="module")
def table(folder):
    return pd.read_csv(folder / "survival.csv")


def test_folder_gets_its_figures(folder):
    settings, open_before = dict(plt.rcParams), plt.get_fignums()
    paths = plot_folder(folder)
    names = {path.relative_to(folder).as_posix() for path in paths}
    assert names >= FIGURES
    for path in paths:
        start = path.read_bytes()[:6]
        assert start.startswith(PNG if path.suffix == ".png" else SVG)
        assert path.stat().st_size > 20_000
    drawn = contents(folder / "figures")
    assert b"record record_2025.csv" in drawn["timeline.svg"]
    for name in ("truce_durations.svg", "ends_by_cause.svg"):  # the small print
        assert b"scenario busan_2025" in drawn[name]
        assert b"60 runs, seed 1" in drawn[name]
    files = read_manifest(folder)["plot"]["files"]
    assert files == {name: file_hash(folder / name) for name in names}
    assert leftovers(folder) == []
    assert plt.get_fignums() == open_before
    assert {name: value for name, value in plt.rcParams.items() if value != settings[name]} == {}


def test_small_print_tells_draws_from_runs(folder):
    step = read_manifest(folder)["run"]
    assert "|  60 runs, seed 1  |" in style.origin(step)
    assert "parameters calibrated_2025 (min_severity 0.1)  |" in style.origin(step)
    of_draws = style.origin(step | {"draws": 400})
    assert "|  400 posterior draws of 60 runs, seed 1  |" in of_draws


def test_figures_are_the_same_twice(folder, tmp_path):
    """From the same tables, the same bytes: no date, no random names."""
    if not (folder / "figures").is_dir():
        plot_folder(folder)
    shutil.copytree(folder, tmp_path, ignore=shutil.ignore_patterns("figures"), dirs_exist_ok=True)
    plot_folder(tmp_path)
    before, after = contents(folder), contents(tmp_path)
    drawn = [name for name in before if name.startswith("figures/")]
    assert set(drawn) >= FIGURES
    assert [name for name in drawn if after[name] != before[name]] == []


@pytest.mark.parametrize("panel", PANELS)
def test_panels_of_the_timeline(replay, panel):
    _, ax = plt.subplots()
    assert panel(replay, ax) is ax
    assert panel(replay) is plt.gca()


def test_survival_panel(table):
    _, ax = plt.subplots()
    part = table[table["measure"] == "covered"]
    assert plot_survival(part, ax) is ax
    assert plot_survival(part) is plt.gca()
    drawn = max((line.get_ydata() for line in ax.lines), key=len)
    chosen = part[part["group"] == "all"]["survival"].to_numpy()
    np.testing.assert_array_equal(drawn, chosen)  # the numbers of the table, not others


def test_incidence_panel(table):
    _, ax = plt.subplots()
    part = table[(table["measure"] == "any_domain") & (table["group"] == "all")]
    assert plot_incidence(part, ax) is ax
    assert plot_incidence(part) is plt.gca()
    tops = [path.vertices[:, 1].max() for band in ax.collections for path in band.get_paths()]
    last = part.iloc[-1]
    every = last.filter(like="incidence_").sum()
    assert max(tops) == pytest.approx(every, abs=1e-6)
    assert every >= 1.0 - last["survival"] - 1e-6  # fulfilled is an end, and no failure


def test_whole_figures(replay, summary, table):
    figures = [
        plot_timeline(replay),
        plot_durations(table, replay["spells"]),
        plot_durations(table, []),
        plot_ends_by_cause(table),
    ]
    assert all(isinstance(figure, Figure) for figure in figures)
    assert [len(figure.axes) for figure in figures] == [4, 2, 2, 2]
    for figure in figures:
        for ax in figure.axes:
            assert ax.has_data()
        assert any(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes)


def test_recorded_spells_stand_at_their_length(table, replay):
    _, ax = plt.subplots()
    spells = [spell for spell in replay["spells"] if spell["measure"] == "any_domain"]
    mark_recorded(spells, ax)
    marks = [line for line in ax.lines if line.get_marker() == "D"]
    days = sorted(float(line.get_xdata()[0]) * 7 for line in marks)
    assert all(line.get_ydata()[0] < 0.0 for line in marks)  # below the axis: no height of its own
    assert days == pytest.approx(sorted(spell["days"] for spell in spells))
    labels = {text.get_text() for text in ax.texts}
    assert labels == {
        f"{spell['days']}{'' if spell['event_observed'] else '+'} d" for spell in spells
    }


@pytest.mark.parametrize("measure", ["covered", "any_domain"])
def test_one_measure_alone(table, summary, measure):
    part = table[table["measure"] == measure]
    assert len(plot_durations(part, []).axes) == 1
    assert len(plot_ends_by_cause(part).axes) == 1


def test_nothing_is_computed_from_other_data(replay, table):
    """A panel leaves its data as they were."""
    before, copy = json.dumps(replay), table.copy()
    for panel in PANELS:
        panel(replay, plt.figure().add_subplot())
    plt.figure()
    plot_survival(table[table["measure"] == "covered"])
    assert json.dumps(replay) == before
    pd.testing.assert_frame_equal(table, copy)


def test_every_text_can_be_drawn(replay):
    """No glyph is missing from the font: matplotlib would warn, and warnings are errors."""
    with warnings.catch_warnings(), style.context():
        warnings.simplefilter("error")
        FigureCanvasAgg(plot_timeline(replay)).draw()
