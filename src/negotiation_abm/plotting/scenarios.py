"""Truces of several scenarios: survival curves with numbers at risk."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.durations import BIN, age_axis, at_risk_row, plot_range
from negotiation_abm.plotting.registry import figure


@figure(
    "scenarios",
    table="scenarios.csv",
    step="comparison",
    words="Survival of truces by scenario, with the range over the posterior draws of each, and a "
    "histogram of their lengths; nothing is followed before the "
    "age that a truce in force had at the start",
    made_by="negotiation-abm plot DIR DIR",
)
def draw_scenarios(folder: Path) -> Figure:
    """The figure of a folder that `survival` of several runs has filled."""
    table = pd.read_csv(folder / "scenarios.csv", dtype={"scenario": str})
    names = list(table["scenario"].unique())
    below = 1.15 + 0.21 * len(names)
    height = 5.2 + below
    left = 0.06 + 0.0045 * max(len(name) for name in names)
    figure, (ax, beside) = style.subplots(
        1, 2, figsize=(15, height), gridspec_kw={"width_ratios": (1.5, 1)}
    )
    figure.subplots_adjust(left=left, right=0.985, top=0.94, bottom=below / height, wspace=0.13)
    path = folder / "ranges.csv"
    ranges = pd.read_csv(path, dtype={"scenario": str}) if path.is_file() else pd.DataFrame()
    for row, name in enumerate(names if len(ranges) else ()):
        own = (ranges["scenario"] == name) & (ranges["measure"] == table["measure"].iloc[0])
        plot_range(ranges[own], ax, style.series(row)[0], is_labelled=not row)
    plot_scenarios(table, ax)
    plot_histograms(table, beside)
    ax.get_legend().remove()
    handles, labels = ax.get_legend_handles_labels()
    place = (0.985, 0.04)
    figure.legend(handles, labels, loc="lower right", bbox_to_anchor=place, ncols=2, fontsize=10)
    return figure


def plot_histograms(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Lengths of the truces of several scenarios: how many of a hundred end in each four weeks.

    Parameters
    ----------
    table : DataFrame
        ``scenarios.csv`` of a comparison: scenario, week, ended, censored.
    """
    ax = ax or plt.gca()
    for row, (name, part) in enumerate(table.groupby("scenario", sort=False)):
        total = max(1.0, float(part["ended"].sum() + part["censored"].sum()))
        ended = 100.0 * part["ended"].groupby(part["week"] // BIN * BIN).sum() / total
        colour, line = style.series(row)
        rest = 100.0 * float(part["censored"].sum()) / total
        label = f"{name}: {rest:.0f} of a hundred {words.STILL}"
        edges = [*ended.index, ended.index[-1] + BIN]
        ax.stairs(ended, edges, color=colour, ls=line, lw=2, label=label)
    ax.set_xlim(0, float(table["week"].max()) + BIN)
    ax.set_ylim(0.0, 1.1 * ax.get_ylim()[1])
    ax.set_title("When they end: truces of a hundred, each four weeks")
    ax.set_xlabel("length of the truce, weeks")
    ax.legend(loc="upper right", fontsize=10)
    return ax


def plot_scenarios(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Survival of each scenario with its 95 % band, and a table of numbers at risk.

    Parameters
    ----------
    table : DataFrame
        ``scenarios.csv`` of a comparison: measure, scenario, week, survival, lower, upper, at_risk.
    """
    ax = ax or plt.gca()
    weeks = age_axis(int(table["week"].max()), ax)
    names = list(dict.fromkeys(table["scenario"]))
    for row, name in enumerate(names):
        part = table[table["scenario"] == name]
        colour, line = style.series(row)
        ax.step(part["week"], part["survival"], where="post", color=colour, ls=line, label=name)
        ax.fill_between(
            part["week"], part["lower"], part["upper"], step="post", color=colour, alpha=0.2, lw=0
        )
        at_risk_row(part, weeks, ax, colour, row, name)
    ax.set_ylabel("share of truces still in force")
    ax.set_title(MEASURE_TITLES[str(table["measure"].iloc[0])])
    ax.legend(loc="upper right")
    return ax
