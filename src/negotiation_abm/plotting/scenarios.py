"""Truces of several scenarios: survival curves with numbers at risk."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.durations import at_risk_row, day_marks
from negotiation_abm.plotting.registry import figure


@figure(
    "scenarios",
    table="scenarios.csv",
    step="comparison",
    words="Survival of truces by scenario, with the numbers at risk; nothing is at risk before the "
    "age that a truce in force had at the start",
    made_by="negotiation-abm survival DIR DIR",
)
def draw_scenarios(folder: Path) -> Figure:
    """The figure of a folder that `survival` of several runs has filled."""
    table = pd.read_csv(folder / "scenarios.csv", dtype={"scenario": str})
    names = table["scenario"].unique()
    below = 1.15 + 0.21 * len(names)
    height = 5.2 + below
    left = 0.09 + 0.007 * max(len(name) for name in names)
    figure, ax = style.subplots(figsize=(10, height))
    figure.subplots_adjust(left=left, right=0.97, top=0.94, bottom=below / height)
    plot_scenarios(table, ax)
    return figure


def plot_scenarios(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Survival of each scenario with its 95 % band, and a table of numbers at risk.

    Parameters
    ----------
    table : DataFrame
        ``scenarios.csv`` of a comparison: measure, scenario, week, survival, lower, upper, at_risk.
    """
    ax = ax or plt.gca()
    longest = int(table["week"].max())
    step = max(1, round(longest / 8 / 13)) * 13
    weeks = list(range(0, longest + 1, step))
    names = list(dict.fromkeys(table["scenario"]))
    for row, name in enumerate(names):
        part = table[table["scenario"] == name]
        colour, line = style.series(row)
        ax.step(part["week"], part["survival"], where="post", color=colour, ls=line, label=name)
        ax.fill_between(
            part["week"], part["lower"], part["upper"], step="post", color=colour, alpha=0.2, lw=0
        )
        at_risk_row(part, weeks, ax, colour, row, name)
    day_marks(ax)
    ax.set_xlim(0, longest)
    ax.set_ylim(0, 1.0)
    ax.set_xticks(weeks)
    ax.set_xlabel("age of the truce, weeks")
    ax.set_ylabel("share of truces still in force")
    ax.set_title(MEASURE_TITLES[str(table["measure"].iloc[0])])
    ax.legend(loc="upper right")
    return ax
