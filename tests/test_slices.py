"""Slices of sweeps and studies: the rows that were asked for, and no others."""

import datetime as dt
import io

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest

from cli_helpers import command
from negotiation_abm import InputError, build_game, load_scenario, run_replicates
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.plotting import style
from negotiation_abm.plotting.slices import look_up, outcome_text, plot_slice, slice_title
from negotiation_abm.run.spells import spells_table
from negotiation_abm.studies.sensitivity.outcomes import EXAMPLES
from negotiation_abm.survival import survival
from negotiation_abm.sweep import load_sweep
from negotiation_abm.sweep.slices import (
    Query,
    folders_in,
    inside,
    is_grid,
    open_sweep,
    point_survival,
    resolved,
    slice_table,
    study_outcomes,
    study_table,
)
from sweep_helpers import BREACH, RARE, sweep

THIRD = "fatigue"
GRID = {BREACH: [0.5, 2.0], RARE: [0.3, 0.6, 0.9], THIRD: [0.5, 1.0, 1.5]}
INDICES = """outcome,factor,is_dummy,first,first_low,first_high,total,total_low,total_high
rmst_52,breach_cost,False,0.9,0.7,1.1,0.95,0.8,1.1
rmst_52,dummy,True,0.0,-0.1,0.1,0.01,0.0,0.02
num_truces,breach_cost,False,0.5,0.4,0.6,0.6,0.5,0.7
num_truces,dummy,True,0.0,-0.1,0.1,0.01,0.0,0.02
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Results: a sweep over three names, one in a subfolder over a name that is text, a study."""
    folder = tmp_path_factory.mktemp("results")
    sweep(folder / "three", design=[{"grid": GRID}], replicates=30)
    design = [{"grid": {"strategies.US": ["logit", "dove"], BREACH: [0.5, 2.0]}}]
    sweep(folder / "more" / "text", design=design, replicates=20)
    (folder / "study").mkdir()
    (folder / "study" / "sensitivity.csv").write_text(INDICES)
    (folder / "empty").mkdir()
    return folder


@pytest.fixture(scope="module")
def three(root):
    return open_sweep(root / "three")


def test_what_is_usual(three):
    found = resolved(three, Query())
    assert found == Query("survival_365", "covered", "running", RARE, THIRD, {BREACH: 2.0})
    assert three.names == (BREACH, RARE, THIRD)
    assert (three.scenario, three.seed, three.replicates) == ("busan_2025", 5, 30)


@pytest.mark.parametrize("up", [THIRD, ""])
def test_a_slice_holds_the_rows_of_the_summary(three, root, up):
    at = {BREACH: "0.5"} if up else {BREACH: "0.5", THIRD: 1}
    asked = Query("survival_90", "any_domain", "all", RARE, up, at)
    table = slice_table(three, resolved(three, asked))
    whole = load_sweep(root / "three", "survival_90", "any_domain", "all")
    expected = whole[whole[BREACH] == 0.5]
    if not up:
        expected = expected[expected[THIRD] == 1.0]
    assert len(table) == len(expected) == (9 if up else 3)
    merged = table.merge(expected, on="point", suffixes=("", "_whole"))
    for name in ("mean", "low", "high", "runs", RARE):
        np.testing.assert_array_equal(merged[name], merged[f"{name}_whole"])
    assert table[RARE].is_monotonic_increasing or up


def test_outcomes_of_whole_runs_have_no_measure(three):
    found = resolved(three, Query("num_truces", "any_domain", "all"))
    assert (found.measure, found.group) == ("", "")
    assert len(slice_table(three, found)) == 9


def test_names_can_be_axes_or_fixed(root):
    text = open_sweep(root / "more" / "text")
    found = resolved(text, Query(at={"strategies.US": "dove"}))
    assert (found.across, found.up, found.at) == (BREACH, "", {"strategies.US": "dove"})
    assert len(slice_table(text, found)) == 2
    found = resolved(text, Query())
    assert (found.across, found.up, found.at) == (BREACH, "strategies.US", {})
    found = resolved(text, Query(across="strategies.US", up=""))
    assert found.at == {BREACH: 2.0}
    with pytest.raises(InputError, match="is an axis"):
        resolved(text, Query(across="strategies.US", at={"strategies.US": "dove"}))


DATES = ["2026-03-01", "2026-06-01", "2026-11-10"]
DAYS = [dt.date.fromisoformat(text) for text in DATES]
EXPIRES, WHO = "truce.expires", "strategies.US"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """What the page on sweeps has as its example: numbers, names, dates, points of two designs."""
    folder = tmp_path_factory.mktemp("mixed")
    grid = {BREACH: [0.5, 2.0], WHO: ["logit", "tit_for_tat"]}
    cube = {"points": 6, "seed": 3, "ranges": {THIRD: [0, 2], EXPIRES: DAYS[::2]}}
    design = [{"grid": grid}, {"latin_hypercube": cube}]
    sweep(folder, design=design, replicates=10, reference={})
    return open_sweep(folder)


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A grid over dates and strategies, and its reference."""
    folder = tmp_path_factory.mktemp("timed")
    grid = {EXPIRES: DAYS, WHO: ["logit", "dove", "hold"], BREACH: [0.5, 1.0, 2.0]}
    sweep(folder, design=[{"grid": grid}], replicates=5, reference={})
    return open_sweep(folder)


def test_kinds_of_what_varies(mixed):
    assert {name: mixed.kind(name) for name in mixed.names} == {
        BREACH: "number",
        WHO: "name",
        THIRD: "number",
        EXPIRES: "date",
    }
    assert mixed.values(WHO) == ["logit", "tit_for_tat", None]
    assert mixed.axes[-1] == WHO


def test_no_point_is_dropped(mixed):
    """Points that leave the axis alone are in the slice, and in the figure."""
    whole = load_sweep(mixed.path, "survival_365", "covered", "running")
    for name in mixed.names:
        found = resolved(mixed, Query(across=name, up="", at=dict.fromkeys(
            set(mixed.names) - {name}, "")))  # fmt: skip
        table = slice_table(mixed, found)
        alone = whole[[n for n in mixed.names if n != name]].isna().all(axis=1)
        assert sorted(table["point"]) == sorted(whole[alone]["point"])
        assert table[name].isna().any()
        with style.context():
            drawn = plot_slice(table, found)
        assert points_drawn(drawn.axes[0]) == len(table)
        assert "as in" in labels_of(drawn.axes[0].xaxis)[0]


def points_drawn(ax):
    """Marks of a curve: those joined by a line and those that stand alone."""
    lines = [line for line in ax.lines if line.get_marker() == "o"]
    bars = [part.lines[0] for part in ax.containers]
    return sum(len(line.get_xdata()) for line in {*lines, *bars})


def labels_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_what_is_held_is_where_points_are(mixed, timed):
    """By default a slice has points, whatever the designs; names go with what varies with them."""
    for one in (mixed, timed):
        for across in one.names:
            for up in (None, ""):
                found = resolved(one, Query(across=across, up=up))
                table = slice_table(one, found)
                assert table[across].nunique() > 1, (across, up, found)
    found = resolved(mixed, Query(across=BREACH))
    assert (found.up, found.at) == (WHO, {THIRD: None, EXPIRES: None})


def test_what_is_held_fixed_is_said(timed, capsys, tmp_path):
    found = resolved(timed, Query())
    assert (found.across, found.up, found.at) == (BREACH, EXPIRES, {WHO: "logit"})
    assert slice_title(found).replace("\n", " ").endswith("strategy of US calibrated player")
    done = command(capsys, "slice", timed.path)
    assert "strategies.US = logit (of logit, dove, hold, as in the scenario)" in done.err
    assert "left out: 1 point that leaves a fixed name as it is" in done.err
    table = pd.read_csv(io.StringIO(done.out))
    assert set(table[WHO]) == {"logit"}
    again = command(capsys, "slice", timed.path, "--at", f"{WHO}=hold", "--out", tmp_path / "out")
    assert "held fixed: strategies.US = hold" in again.err
    assert read_manifest(tmp_path / "out")["slice"]["query"]["at"] == {WHO: "hold"}
    assert "hold</text>" in (tmp_path / "out" / "slice.svg").read_text()
    alone = command(capsys, "slice", timed.path, "--at", f"{WHO}=", "--up", "")
    assert len(alone.out.splitlines()) == 2  # the reference


def test_dates_stand_on_an_axis_of_time(timed):
    with style.context():
        found = resolved(timed, Query(across=EXPIRES, up="", at={WHO: "dove", BREACH: 2}))
        table = slice_table(timed, found)
        ax = plot_slice(table, found).axes[0]
        days = ax.lines[0].get_xdata()
        assert [str(mdates.num2date(day).date()) for day in days] == DATES
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), table["mean"])
        assert labels_of(ax.xaxis) == DATES
        both = resolved(timed, Query(across=WHO, up=EXPIRES))
        ax = plot_slice(slice_table(timed, both), both).axes[0]
        assert labels_of(ax.xaxis) == ["calibrated player", "dove", "hold"]
        assert labels_of(ax.yaxis) == DATES
        assert ax.collections[0].get_array().shape == (3, 3)
        assert len(ax.collections) == 1  # no line where there is no order


@pytest.mark.parametrize("name", ["mixed", "timed"])
def test_any_sweep_is_drawn(request, name, capsys):
    one = request.getfixturevalue(name)
    done = command(capsys, "plot", one.path, "--figure", "phase")
    assert done.status == 0
    assert done.out.split() == [str(one.path / "figures" / f"phase.{k}") for k in ("png", "svg")]
    assert "held fixed" in (one.path / "figures" / "phase.svg").read_text()


def test_a_written_slice_is_drawn_again(root, tmp_path, capsys):
    for number, options in enumerate(([], ["--point", 3], ["--up", ""])):
        out = tmp_path / str(number)
        command(capsys, "slice", root / "three", *options, "--out", out)
        assert command(capsys, "plot", out).status == 0
        kinds = [(out / f"slice.{kind}", out / f"figures/slice.{kind}") for kind in ("png", "svg")]
        assert all(b.stat().st_size > 5000 for pair in kinds for b in pair)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query("survival_9"), "outcome: 'survival_9'; did you mean 'survival_90'"),
        (Query(measure="cover"), "measure: 'cover'; did you mean 'covered'"),
        (Query(group="most"), "group: 'most'; allowed: running, all"),
        (Query(across="breach"), "across: 'breach'; did you mean 'breach_cost'"),
        (Query(across=RARE, up=RARE), "goes across already"),
        (Query(at={"breach": 1}), "at: 'breach'; did you mean 'breach_cost'"),
        (Query(at={BREACH: 3.0}), "at breach_cost: '3.0'; allowed: 0.5, 2"),
        (Query(at={BREACH: "much"}), "at breach_cost: 'much'; allowed: 0.5, 2"),
    ],
)
def test_what_is_not_there_is_said(three, query, text):
    with pytest.raises(InputError) as caught:
        resolved(three, query)
    assert text in str(caught.value)


def test_survival_of_a_point_is_that_of_its_runs(three, root):
    """Played anew, the same runs give the same curve."""
    table = load_sweep(root / "three", "num_truces")
    row = table[(table[BREACH] == 0.5) & (table[RARE] == 0.9) & (table[THIRD] == 1.5)].iloc[0]
    found = point_survival(three, int(row["point"]))
    names = {BREACH: 0.5, RARE: 0.9, THIRD: 1.5}
    game = build_game(load_scenario("busan_2025", names))
    spells = spells_table(game, run_replicates(game, 5, 0, 30).spells).to_pandas()
    for measure in ("covered", "any_domain"):
        expected = survival(lambda m=measure: [spells[spells["measure"] == m]]).table
        part = found[(found["measure"] == measure) & (found["group"] == "all")]
        for name in ("at_risk", "survival", "lower", "upper"):
            np.testing.assert_allclose(part[name], expected[name], err_msg=name)
    with pytest.raises(InputError, match="point: 18; allowed: 0 to 17"):
        point_survival(three, 18)


def test_a_study(root):
    table = study_table(root / "study", "num_truces")
    assert list(table["factor"]) == ["breach_cost", "dummy"]
    assert list(table["is_dummy"]) == [False, True]
    assert study_outcomes(pd.read_csv(io.StringIO(INDICES))) == ["rmst_52", "num_truces"]
    with pytest.raises(InputError, match="outcome: 'rmst'; did you mean 'rmst_52'"):
        study_table(root / "study", "rmst")
    with pytest.raises(InputError, match=r"neither a sweep nor a study"):
        study_table(root / "empty")


def test_a_table_that_is_none_is_refused(tmp_path):
    (tmp_path / "sensitivity.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not the table of a study"):
        study_table(tmp_path)


def test_folders_are_found_and_others_refused(root, tmp_path):
    assert folders_in(root) == ["more/text", "study", "three"]
    assert inside(root, "more/text") == (root / "more" / "text").resolve()
    for name in ("..", "../..", "/etc", "three/../..", "\0", "x" * 9000, str(tmp_path)):
        with pytest.raises(InputError, match=r"lies outside|no such folder"):
            inside(root, name)
    with pytest.raises(InputError, match=r"no such folder in .*; did you mean 'three'"):
        inside(root, "thre")
    (root / "empty" / "way_out").symlink_to(tmp_path)
    with pytest.raises(InputError, match="lies outside"):
        inside(root, "empty/way_out")


# ---------------------------------------------------------------------------
# Figures and the command.


def test_a_grid_is_one_point_a_cell():
    grid = pd.DataFrame({"a": [1, 2, 1, 2], "b": [3, 3, 4, 4]})
    assert is_grid(grid, "a", "b")
    assert not is_grid(pd.concat([grid, grid]), "a", "b")
    assert not is_grid(pd.DataFrame({"a": [1, 2, 3], "b": [3, 5, 4]}), "a", "b")


def test_figures_show_the_table(three):
    with style.context():
        found = resolved(three, Query("median_weeks", "covered", "all", RARE, THIRD))
        table = slice_table(three, found)
        figure = plot_slice(table, found, marked=int(table["point"].iloc[0]))
        values = figure.axes[0].collections[0].get_array()
        np.testing.assert_allclose(np.sort(values.ravel()), np.sort(table["mean"]))
        curve = resolved(three, Query("survival_90", across=RARE, up=""))
        rows = slice_table(three, curve)
        figure_2 = plot_slice(rows, curve)
        np.testing.assert_allclose(figure_2.axes[0].lines[0].get_ydata(), rows["mean"])
        cloud = plot_slice(pd.concat([table, table]), found)
        assert len(cloud.axes[0].collections[0].get_offsets()) == 2 * len(table)
    assert slice_title(found) == (
        "Median length, weeks, all truces, agreed measures, cost of breaking the truce 2"
    )


def test_every_outcome_has_words(three):
    names = [outcome for _, _, outcome in three.outcomes()]
    for name in (*names, *EXAMPLES):
        assert "_" not in outcome_text(name)
    assert outcome_text("any_domain.rmst_52") == "average length within 52 weeks (any measure)"
    assert outcome_text("share_in_truce") == "share of weeks in a truce"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--outcome", "median_weeks", "--across", RARE, "--up", "", "--at", f"{BREACH}=0.5"],
        ["--point", 3, "--measure", "any_domain"],
    ],
)
def test_command(root, tmp_path, capsys, options):
    done = command(capsys, "slice", root / "three", *options)
    assert done.status == 0
    assert "breach_cost" in done.err or "--point" in options or "--at" in options
    again = command(capsys, "slice", root / "three", *options, "--out", tmp_path / "out")
    assert again.status == 0
    assert (tmp_path / "out" / "slice.csv").read_text() == done.out
    assert len(pd.read_csv(io.StringIO(done.out))) >= 3
    assert (tmp_path / "out" / "slice.svg").stat().st_size > 1000


def test_command_of_a_study(root, tmp_path, capsys):
    done = command(capsys, "slice", root / "study", "--out", tmp_path / "out")
    assert done.status == 0
    assert len(pd.read_csv(tmp_path / "out" / "slice.csv")) == 2
    assert set(look_up(root / "study", Query()).table["outcome"]) == {"rmst_52"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["empty"], "holds neither a sweep nor a study"),
        (["missing"], "no such folder"),
        (["three", "--outcome", "x"], "outcome: 'x'; allowed: "),
        (["three", "--at", "fatigue"], "--at: fatigue: expected NAME=VALUE"),
        (["three", "--point", "77"], "point: 77; allowed: 0 to 17"),
        (["study", "--outcome", "x"], "outcome: 'x'; allowed: rmst_52, num_truces"),
    ],
)
def test_command_refuses_what_is_not_there(root, tmp_path, capsys, words, text):
    folder, *options = words
    done = command(capsys, "slice", root / folder, *options, "--out", tmp_path / "out")
    assert (done.status, done.out) == (2, "")
    assert text in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
