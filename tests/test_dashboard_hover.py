"""What figures say where the mouse is, cells that can be clicked, small sweeps, deals."""

import datetime as dt
import json

import matplotlib
import numpy as np
import pandas as pd
import pytest

from cli_helpers import PATIENCE
from negotiation_abm.dashboard import deal, figures, hover, question, small_sweep, warm
from negotiation_abm.dashboard.cells import cells_of
from negotiation_abm.dashboard.deal import Deal
from negotiation_abm.dashboard.jobs import CancelledError, Task
from negotiation_abm.dashboard.question import Question
from negotiation_abm.files.errors import InputError
from negotiation_abm.plotting import style
from negotiation_abm.plotting.slices import plot_slice
from negotiation_abm.studies.whatif.run import branches
from negotiation_abm.sweep.slices import Query, open_sweep, slice_table

BASE = "baseline_2025"
BUSAN = dt.date(2025, 11, 10)


def panels(draw):
    """What a figure of one panel says."""
    with style.context():
        figure, ax = style.subplots()
        draw(ax)
        figure.draw_without_rendering()
        return hover.panels_of(figure)


# ---------------------------------------------------------------------------
# Hover


def test_a_line_says_its_values_with_its_band():
    weeks, share = np.arange(5), np.array([1.0, 0.8, 0.6, 0.5, 0.5])

    def draw(ax):
        ax.step(weeks, share, where="post", color=style.BLUE, label="as recorded")
        ax.fill_between(weeks, share - 0.1, share + 0.1, step="post", color=style.BLUE, alpha=0.2)
        ax.set_xlabel("age, weeks")
        ax.axhline(0.3)

    (panel,) = panels(draw)
    (line,) = panel["series"]
    assert (line["name"], line["steps"]) == ("as recorded", "post")
    assert [point[2] for point in line["points"]] == [f"age, weeks: {k}" for k in weeks]
    assert line["points"][1][3] == "0.8 (0.7 to 0.9)"
    left, _, right, _ = panel["box"]
    assert all(left <= point[0] <= right for point in line["points"])


def test_lines_without_a_name_are_not_told_beside_those_with_one():
    def draw(ax):
        ax.plot([0, 1, 2], [0, 1, 2], label="told")
        ax.plot([0, 1, 2], [2, 1, 0])

    (panel,) = panels(draw)
    assert [line["name"] for line in panel["series"]] == ["told"]


def test_bars_marks_and_cells_say_what_they_are():
    def bars(ax):
        ax.barh([0, 1], [0.25, 0.5], label="total")
        ax.set_yticks([0, 1], ["tolerance", "cost of a breach"])

    (panel,) = panels(bars)
    assert [spot[4] for spot in panel["spots"]] == [
        "tolerance\ntotal: 0.25",
        "cost of a breach\ntotal: 0.5",
    ]

    def errors(ax):
        ax.errorbar([1, 2], [0.5, 0.6], yerr=[0.1, 0.2], fmt="o", label="seen")

    (panel,) = panels(errors)
    assert panel["spots"][1][4] == "2\nseen: 0.6 (0.4 to 0.8)"

    def mesh(ax):
        found = ax.pcolormesh([0, 1, 2], [0, 1], np.ma.masked_invalid([[0.5, np.nan]]))
        ax.figure.colorbar(found, ax=ax).set_label("weeks")

    (panel,) = panels(mesh)
    assert [spot[4] for spot in panel["spots"]] == [
        "0.5\n0.5\nweeks: 0.5",
        "1.5\n0.5\nweeks: not reached",
    ]


def test_days_are_dates_and_names_are_names():
    from negotiation_abm.plotting.dates import by_date, day

    def draw(ax):
        ax.plot([day("2025-10-06"), day("2025-10-13"), day("2025-10-20")], [1, 2, 3])
        ax.set_xlabel("day")
        by_date(ax, 4)

    (panel,) = panels(draw)
    assert panel["series"][0]["points"][1][2] == "2025-10-13"


# ---------------------------------------------------------------------------
# Small sweeps and their cells


@pytest.fixture
def ready():
    """The rules are compiled."""
    warm.start()
    assert warm.wait(PATIENCE)


def small(**changes):
    given = {
        "scenario": "busan_2025",
        "names": ("breach_cost", "fatigue"),
        "ends": ["1", "4", "0.5", "2"],
        "steps": [3, 2],
        "runs": 200,
    }
    return small_sweep.checked(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scenario": "busan"}, "did you mean 'busan_2025'"),
        ({"names": ("breach_cost", "breach_cost")}, "choose another one"),
        ({"names": ("breach_cots", "fatigue")}, "did you mean 'breach_cost'"),
        ({"ends": ["x", "4", "0.5", "2"]}, "is not a number"),
        ({"ends": ["4", "1", "0.5", "2"]}, "4 to 1 is no range"),
        ({"ends": ["nan", "1", "0.5", "2"]}, "no range"),
        ({"steps": [3, 50]}, "allowed: 2 to 8"),
        ({"runs": 10**6}, "allowed"),
    ],
)
def test_a_sweep_that_is_not_admissible_is_one_line(changes, words):
    with pytest.raises(InputError) as raised:
        small(**changes)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_small_sweep_is_played_and_its_cells_stand_on_its_points(ready, tmp_path):
    told = []
    folder = small_sweep.play(small(), tmp_path, Task(lambda *said: told.append(said)))
    sweep = open_sweep(tmp_path / folder)
    assert len(sweep.points({})) == 6
    assert small_sweep.command(tmp_path, folder).split()[:2] == ["negotiation-abm", "sweep"]
    assert small_sweep.command(tmp_path, "phase") == ""
    query = Query("survival_365", "covered", "running", "breach_cost", "fatigue", {})
    table, found = slice_table(sweep, query), []
    shown = figures.shown(
        lambda: plot_slice(table, query), False, lambda f: found.extend(cells_of(f, table, query))
    )
    assert {cell["id"] for cell in found} == {str(point) for point in table["point"]}
    spots = json.loads(shown.hover)[0]["spots"]
    for cell in found:
        inside = [s for s in spots if s[0] <= cell["x"] <= s[2] and s[1] <= cell["y"] <= s[3]]
        assert len(inside) == 1
        assert cell["width"] == pytest.approx(inside[0][2] - inside[0][0], abs=2e-4)
        value = cell["text"].rsplit(": ", 1)[1]
        assert inside[0][4].endswith(value)


def test_a_sweep_that_is_no_longer_wanted_stops_and_goes_on_later(ready, tmp_path):
    task = Task(lambda *said: None)
    task.cancel()
    with pytest.raises(CancelledError):
        small_sweep.play(small(), tmp_path, task)
    assert small_sweep.play(small(), tmp_path, Task(lambda *said: None))


# ---------------------------------------------------------------------------
# The truce itself, and shipped what-ifs


@pytest.mark.parametrize(
    "altered",
    [
        Deal(ends=13),
        Deal(term=26, covers="tariffs"),
        Deal(covers="chips"),
        Deal(pledge="half"),
        Deal(9, 104, "chips", "broken"),
    ],
)
def test_a_deal_is_asked_as_the_command_asks_it(altered):
    from negotiation_abm.cli.options import changes_of

    asked = Question(BASE, BUSAN, deal=altered)
    assert question.read(question.write(asked)) == asked
    given = []
    import shlex

    words = shlex.split(asked.command())
    given = [words[k + 1] for k, word in enumerate(words) if word == "--set"]

    class Options:
        set = given

    def plain(value):
        return json.loads(json.dumps(value, default=str))

    assert plain(changes_of(Options)) == plain(asked.whatif.set)
    assert asked.is_altered
    branches(asked.whatif)


def test_the_date_can_be_moved_only_where_a_truce_is_in_force():
    assert not deal.ends_of(BASE, dt.date(2025, 4, 7))
    assert 13 in deal.ends_of(BASE, BUSAN)
    assert Question(BASE, BUSAN, deal=Deal(ends=13)).at(dt.date(2025, 4, 7)).deal == Deal()
    with pytest.raises(InputError, match="no truce is in force"):
        question.read("from=2025-04-07&ends=13")


@pytest.mark.parametrize("name", list(question.shipped_whatifs()))
def test_a_shipped_what_if_can_be_chosen_and_altered_further(name):
    asked = question.question_of(name)
    assert question.read(question.write(asked)) == asked
    assert asked.command().split()[:3] == ["negotiation-abm", "whatif", name]
    more = asked.with_value("breach_cost", 1.5)
    assert question.read(question.write(more)) == more
    assert more.whatif.set["breach_cost"] == 1.5
    assert set(asked.whatif.set) <= set(more.whatif.set)
    assert more.at(dt.date(2025, 6, 2)).asked == ""


def test_cells_of_an_axis_alone():
    means = np.array([0.1, 0.2, 0.3])
    table = pd.DataFrame({"point": [0, 1, 2], "breach_cost": [1.0, 2.0, 3.0], "mean": means})
    table = table.assign(low=means - 0.1, high=means + 0.1)
    query = Query("survival_365", "covered", "running", "breach_cost", "", {})
    found = []
    figures.shown(
        lambda: plot_slice(table, query), False, lambda f: found.extend(cells_of(f, table, query))
    )
    assert [cell["id"] for cell in found] == ["0", "1", "2"]
    assert [cell["width"] for cell in found] == [0.0, 0.0, 0.0]
    assert found[0]["y"] > found[2]["y"]


def test_a_light_figure_is_light_whatever_was_drawn_before():
    """Settings that a dark figure left behind do not reach the next one."""

    def make():
        return style.subplots()[0]

    def ground(is_dark):
        return figures.GROUND.encode() in figures.shown(make, is_dark).svg

    before = dict(matplotlib.rcParams)
    assert ground(is_dark=True)
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context(figures.DARK_SETTINGS):
        assert not ground(is_dark=False)
