"""How long truces last: Kaplan-Meier curves with bands, censoring and the number still followed."""

from pathlib import Path
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.folder import curves_of, read_json
from negotiation_abm.plotting.registry import figure

RECORDED = "recorded in 2025 (hollow: still in force)"
RANGE = "90 % of posterior draws"
RUG = 0.16  # height of the strip below the axis
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FEW = 6  # recorded truces that have their length written beside them
LABEL_LINE, LETTER = 10.5, 0.075  # of such a length: points a line, inches a letter
BIN = 4  # weeks
COUNTED = ("ended", "censored")
NO_RANGE = pd.DataFrame()
GROUPS = {
    "all": ("all truces, at one set of parameters", style.BLUE, "-"),
    "running": ("truce in force at the start, likewise", style.RED, (0, (5, 1.5))),
}


@figure(
    "truce_durations",
    table="survival.csv",
    step="run",
    words="How long truces last: share still in force by age, with the range over the posterior "
    "draws, the 95 % band of simulation error and the number still followed",
    needs=("summary.json",),
    report_place=1,
)
def draw_durations(folder: Path) -> Figure | None:
    """The figure of a folder that `run` has filled; truces of a replay beside it are marked."""
    table = curves_of(folder)
    if table is None:
        return None
    replay = folder / "replay.json"
    posterior = folder / "posterior.csv"
    ranges = pd.read_csv(posterior) if posterior.is_file() else pd.DataFrame()
    recorded = read_json(replay)["spells"] if replay.is_file() else []
    return plot_durations(table, recorded, ranges)


def plot_durations(
    table: pd.DataFrame, recorded: list[dict[str, Any]], ranges: pd.DataFrame = NO_RANGE
) -> Figure:
    """One panel a measure: survival with 95 % band, censoring ticks, numbers at risk.

    Parameters
    ----------
    table : DataFrame
        ``survival.csv`` of a run.
    recorded : list of dict
        Spells of a replay, as a rug below the axis; may be empty.
    ranges : DataFrame
        ``posterior.csv`` of the run; may be empty.
    """
    measures = [name for name in MEASURE_TITLES if name in set(table["measure"])]
    figure, axes = style.subplots(1, len(measures), figsize=(6.4 * len(measures), 7.2), sharey=True)
    figure.subplots_adjust(left=0.09, right=0.985, top=0.94, bottom=0.36, wspace=0.1)
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        part = table[table["measure"] == measure]
        plot_survival(part, ax)
        plot_range(ranges[ranges["measure"] == measure] if len(ranges) else ranges, ax)
        mark_recorded([spell for spell in recorded if spell["measure"] == measure], ax)
        ax.set_title(MEASURE_TITLES[measure])
        ax.set_ylabel("")
    first = np.atleast_1d(axes)[0]
    first.set_ylabel("share of truces still in force")
    entries = [ax.get_legend_handles_labels() for ax in np.atleast_1d(axes)]
    known = {
        label: handle
        for handles, labels in entries
        for handle, label in zip(handles, labels, strict=True)
    }
    figure.legend(
        known.values(), known, loc="lower center", bbox_to_anchor=(0.5, 0.03), ncols=2, fontsize=10
    )
    return figure


def plot_range(
    ranges: pd.DataFrame, ax: Axes, colour: str = style.GREY, is_labelled: bool = True
) -> None:
    """The range over the posterior draws of one measure, behind the curves; may be empty."""
    if ranges.empty:
        return
    labels = (RANGE, "best estimate over the draws") if is_labelled else (None, None)
    band: dict[str, Any] = {"color": colour, "alpha": 0.15, "lw": 0, "zorder": 0}
    ax.fill_between(
        ranges["week"], ranges["low"], ranges["high"], step="post", label=labels[0], **band
    )
    look: dict[str, Any] = {"color": colour, "lw": 1.4, "ls": ":", "label": labels[1]}
    ax.step(ranges["week"], ranges["survival"], where="post", **look)


def plot_survival(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Survival of each group of one measure, with band, ticks and a table of numbers at risk."""
    ax = ax or plt.gca()
    weeks = age_axis(int(table["week"].max()), ax)
    groups = [name for name in GROUPS if name in set(table["group"])]
    for row, name in enumerate(groups):
        label, colour, line = GROUPS[name]
        part = table[table["group"] == name]
        ax.step(part["week"], part["survival"], where="post", color=colour, ls=line, label=label)
        ax.fill_between(
            part["week"], part["lower"], part["upper"], step="post", color=colour, alpha=0.25, lw=0
        )
        censored = part[(part["censored"] > 0) & (part["week"] % 4 == 0)]
        ax.plot(censored["week"], censored["survival"], "|", color=colour, ms=7, mew=1.2)
        at_risk_row(part, weeks, ax, colour, row)
    look: dict[str, Any] = {"fontsize": 10, "color": style.GREY, "va": "top"}
    ax.text(0.0, -0.145, "still followed", transform=ax.transAxes, **look)
    return ax


def age_axis(longest: int, ax: Axes) -> list[int]:
    """Axes of a share by age in weeks, with thin lines at 90, 180 and 365 days; the ticks."""
    weeks = list(range(0, longest + 1, max(1, round(longest / 8 / 13)) * 13))
    ax.set(xlim=(0, longest), ylim=(0, 1.0), xticks=weeks, xlabel="age of the truce, weeks")
    style.in_percent(ax)
    for days in (90, 180, 365):
        ax.axvline(days / 7.0, color=style.GREY, lw=0.7, ls=":", zorder=0)
        ax.text(days / 7.0, 0.012, f" {days} d", fontsize=9, color=style.GREY, va="bottom")
    return weeks


def at_risk_row(
    part: pd.DataFrame, weeks: list[int], ax: Axes, colour: str, row: int, name: str = ""
) -> None:
    """One row of the table of numbers at risk, below the axis; `name` stands to its left."""
    if name:
        ax.annotate(
            name,
            (0, 0),
            xycoords="axes fraction",
            xytext=(-26, -62 - 15 * row),
            textcoords="offset points",
            ha="right",
            fontsize=9.5,
            color=colour,
        )
    at_risk = dict(zip(part["week"], part["at_risk"], strict=True))
    for week in weeks:
        ax.annotate(
            _thousands(at_risk.get(week, 0)),
            (week, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -62 - 15 * row),
            textcoords="offset points",
            ha="center",
            fontsize=9.5,
            color=colour,
        )


def _thousands(count: float) -> str:
    """A count in at most four characters: 950, 9.5k, 95k.

    >>> _thousands(950), _thousands(9480), _thousands(95000)
    ('950', '9.5k', '95k')
    """
    if count < 1000:
        return f"{count:.0f}"
    if count < 9950:
        return f"{count / 1000:.1f}k"
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"


def mark_recorded(spells: list[dict[str, Any]], ax: Axes, label: str = RECORDED) -> None:
    """Put recorded spells as a rug below the axis, where they have no height of the model's.

    A hollow mark is still in force. Where there are few, each has its length in days below it, on
    the first line that has room.
    """
    if not spells:
        return
    ax.set_ylim(bottom=-RUG)
    ax.axhline(0.0, color=style.BLACK, lw=0.8)
    ax.set_yticks(SHARES)
    taken: list[float] = []  # how far the labels of each line reach
    for number, spell in enumerate(sorted(spells, key=lambda item: item["days"])):
        ended = spell["event_observed"]
        place = (spell["days"] / 7.0, -RUG / 3.0)
        look: dict[str, Any] = {"ms": 8, "mew": 1.6, "zorder": 5, "clip_on": False}
        look |= {"mfc": style.BLACK if ended else "white", "label": None if number else label}
        ax.plot(*place, "D", color=style.BLACK, **look)
        if len(spells) <= FEW:
            text = f"{spell['days']}{'' if ended else '+'} d"
            line = _free_line(taken, place[0], 0.5 * _width(text, ax))
            look = {"textcoords": "offset points", "fontsize": 9.5, "va": "top", "ha": "center"}
            ax.annotate(text, place, xytext=(0, -6 - LABEL_LINE * line), **look)
    deeper = LABEL_LINE / 72.0 / _inches(ax)[1] * max(0, len(taken) - 1)  # share of the height
    ax.set_ylim(bottom=-(RUG + deeper) / (1.0 - deeper))


def _width(text: str, ax: Axes) -> float:
    """About how much of the horizontal axis a label of the rug takes, with a gap beside it."""
    low, high = ax.get_xlim()
    return (len(text) + 1) * LETTER * (high - low) / _inches(ax)[0]


def _inches(ax: Axes) -> tuple[float, float]:
    """Width and height of a panel."""
    width, height = cast(Figure, ax.get_figure(root=True)).get_size_inches()
    return ax.get_position().width * width, ax.get_position().height * height


def _free_line(taken: list[float], at: float, half: float) -> int:
    """The first line whose labels end before this one begins; it is taken from now on.

    >>> taken = []
    >>> [_free_line(taken, at, 2.0) for at in (3.0, 6.0, 7.5, 12.0)]
    [0, 1, 0, 1]
    """
    line = next((n for n, end in enumerate(taken) if end <= at - half), len(taken))
    taken[line : line + 1] = [at + half]
    return line


def plot_lengths(table: pd.DataFrame, ax: Axes | None = None, **look: Any) -> Axes:
    """Plain histogram of lengths: how many of a hundred truces end in each four weeks.

    Truces still in force when their run ends stand apart, at the length seen until then.

    Parameters
    ----------
    table : DataFrame
        Rows of ``survival.csv`` of one measure and group: week, ended, censored.
    """
    ax = ax or plt.gca()
    bins = table["week"] // BIN * BIN
    total = max(1.0, float(table["ended"].sum() + table["censored"].sum()))
    ended, running = (100.0 * table[name].groupby(bins).sum() / total for name in COUNTED)
    colour = look.get("color", style.BLUE)
    bar: dict[str, Any] = {"width": 0.9 * BIN, "align": "edge", "edgecolor": colour}
    ax.bar(ended.index, ended, color=colour, label="ended", **bar)
    ax.bar(
        running.index, running, bottom=ended, color="white", hatch="///", label=words.STILL, **bar
    )
    ax.set_xlim(0, float(table["week"].max()) + BIN)
    ax.set_xlabel("length of the truce, weeks")
    ax.set_ylabel("truces of a hundred")
    return ax


@figure(
    "truce_lengths",
    table="survival.csv",
    step="run",
    words="How many of a hundred truces end in each four weeks of their age, and how many are "
    "still in force when the runs end",
    needs=("summary.json",),
)
def draw_lengths(folder: Path) -> Figure | None:
    """A histogram a measure, of the truce in force at the start where there is one."""
    table = curves_of(folder)
    if table is None:
        return None
    group = "running" if "running" in set(table["group"]) else "all"
    measures = [name for name in MEASURE_TITLES if name in set(table["measure"])]
    figure, axes = style.subplots(
        1, len(measures), figsize=(6.4 * len(measures), 5.2), sharey=True, layout=style.roomy()
    )
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        plot_lengths(table[(table["measure"] == measure) & (table["group"] == group)], ax)
        ax.set_title(MEASURE_TITLES[measure])
    np.atleast_1d(axes)[0].legend(loc="upper center")
    return figure
