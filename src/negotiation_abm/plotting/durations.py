"""How long truces last: Kaplan-Meier curves with bands, censoring and the number still followed."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.folder import curves_of, read_json
from negotiation_abm.plotting.registry import figure

RECORDED = "recorded in 2025 (hollow: still in force)"
GROUPS = {
    "all": ("all truces", style.BLUE, "-"),
    "running": ("truce in force at the start", style.RED, (0, (5, 1.5))),
}


@figure(
    "truce_durations",
    table="survival.csv",
    step="run",
    words="How long truces last: share still in force by age, with 95 % band, censoring and the "
    "number still followed",
    needs=("summary.json",),
    report_place=1,
)
def draw_durations(folder: Path) -> Figure | None:
    """The figure of a folder that `run` has filled; truces of a replay beside it are marked."""
    table = curves_of(folder)
    if table is None:
        return None
    replay = folder / "replay.json"
    return plot_durations(table, read_json(replay)["spells"] if replay.is_file() else [])


def plot_durations(table: pd.DataFrame, recorded: list[dict[str, Any]]) -> Figure:
    """One panel a measure: survival with 95 % band, censoring ticks, numbers at risk.

    Parameters
    ----------
    table : DataFrame
        ``survival.csv`` of a run.
    recorded : list of dict
        Spells of a replay, marked on the curves; may be empty.
    """
    measures = [name for name in MEASURE_TITLES if name in set(table["measure"])]
    figure, axes = style.subplots(1, len(measures), figsize=(6.4 * len(measures), 6.4), sharey=True)
    figure.subplots_adjust(left=0.09, right=0.985, top=0.93, bottom=0.27, wspace=0.1)
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        part = table[table["measure"] == measure]
        plot_survival(part, ax)
        mark_recorded([spell for spell in recorded if spell["measure"] == measure], part, ax)
        ax.set_title(MEASURE_TITLES[measure])
        ax.set_ylabel("")
        ax.legend(loc="upper right")
    np.atleast_1d(axes)[0].set_ylabel("share of truces still in force")
    return figure


def plot_survival(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Survival of each group of one measure, with band, ticks and a table of numbers at risk."""
    ax = ax or plt.gca()
    longest = int(table["week"].max())
    step = max(1, round(longest / 8 / 13)) * 13
    weeks = list(range(0, longest + 1, step))
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
    day_marks(ax)
    ax.set_xlim(0, longest)
    ax.set_ylim(0, 1.0)
    ax.set_xticks(weeks)
    ax.set_xlabel("age of the truce, weeks")
    return ax


def day_marks(ax: Axes) -> None:
    """Thin lines at 90, 180 and 365 days."""
    for days in (90, 180, 365):
        ax.axvline(days / 7.0, color=style.GREY, lw=0.7, ls=":", zorder=0)
        ax.text(days / 7.0, 0.012, f" {days} d", fontsize=9, color=style.GREY, va="bottom")


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


def mark_recorded(
    spells: list[dict[str, Any]], table: pd.DataFrame, ax: Axes, label: str = RECORDED
) -> None:
    """Put recorded spells on the curve at their length; a hollow mark is still in force."""
    part = table[table["group"] == "all"]
    for number, spell in enumerate(sorted(spells, key=lambda item: item["days"])):
        week = spell["days"] / 7.0
        height = float(np.interp(week, part["week"] + 0.5, part["survival"]))
        ended = spell["event_observed"]
        ax.plot(
            week,
            height,
            "D",
            color=style.BLACK,
            mfc=style.BLACK if ended else "white",
            ms=8,
            mew=1.6,
            zorder=5,
            label=None if number else label,
        )
        ax.annotate(
            f"{spell['days']}{'' if ended else '+'} d",
            (week, height),
            xytext=(8, 6),
            textcoords="offset points",
            fontsize=11,
            zorder=6,
        )
