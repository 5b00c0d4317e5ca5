"""What ends truces: cumulative incidence of each cause by age."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.folder import curves_of
from negotiation_abm.plotting.registry import figure

CAUSES = {
    "breach": (words.CAUSES["breach"], style.RED, ""),
    "collapse": (words.CAUSES["collapse"], style.ORANGE, "//"),
    "lapse": (words.CAUSES["lapse"], style.BLUE, ".."),
    "non_delivery": (words.CAUSES["non_delivery"], style.GREEN, "xx"),
    "escalation": (words.CAUSES["escalation"], style.PURPLE, "\\\\"),
    "fulfilled": (words.CAUSES["fulfilled"], style.GREY, "||"),
}
LABEL_WIDTH = 20  # letters a line


@figure(
    "ends_by_cause",
    table="survival.csv",
    step="run",
    words="What ends them: share of truces ended by each cause, by age",
    needs=("summary.json",),
    report_place=2,
)
def draw_ends_by_cause(folder: Path) -> Figure | None:
    """The figure of a folder that `run` has filled."""
    table = curves_of(folder)
    return None if table is None else plot_ends_by_cause(table)


def plot_ends_by_cause(table: pd.DataFrame) -> Figure:
    """One panel a measure, over all truces; `table` is ``survival.csv`` of a run."""
    measures = [name for name in MEASURE_TITLES if name in set(table["measure"])]
    figure, axes = style.subplots(1, len(measures), figsize=(6.4 * len(measures), 6.2), sharey=True)
    figure.subplots_adjust(left=0.09, right=0.985, top=0.93, bottom=0.25, wspace=0.1)
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        chosen = (table["measure"] == measure) & (table["group"] == "all")
        plot_incidence(table[chosen], ax)
        ax.set_title(MEASURE_TITLES[measure])
        if ax.get_legend():
            ax.get_legend().remove()
    known = {
        label: handle
        for ax in np.atleast_1d(axes)
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 0.035)}
    figure.legend(known.values(), known, ncols=3, fontsize=10, **place)
    np.atleast_1d(axes)[0].set_ylabel("share of truces ended")
    return figure


def plot_incidence(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Stacked cumulative incidence (Aalen-Johansen) of each cause by week of age."""
    ax = ax or plt.gca()
    base = np.zeros(len(table))
    for cause, (label, colour, hatch) in CAUSES.items():
        column = f"incidence_{cause}"
        if column not in table or not table[column].any():
            continue
        top = base + table[column].to_numpy()
        ax.fill_between(
            table["week"],
            base,
            top,
            step="post",
            facecolor=colour,
            alpha=0.75,
            hatch=hatch,
            edgecolor="white",
            lw=0.4,
            label=label,
        )
        base = top
    ax.set_xlim(0, table["week"].max())
    ax.set_ylim(0, 1.0)
    style.in_percent(ax)
    ax.set_xlabel("age of the truce, weeks")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(
            loc="upper left", frameon=True, facecolor="white", edgecolor="none", framealpha=0.85
        )
    return ax


def plot_ends(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How the truce in force ends: share of each end with its interval.

    Parameters
    ----------
    table : DataFrame
        end (a cause, or words), share, low, high: one row an end, from top to bottom.
    """
    ax = ax or plt.gca()
    place = np.arange(len(table))[::-1]
    looks = [CAUSES.get(str(end), (str(end), style.GREY, "")) for end in table["end"]]
    ax.barh(
        place,
        table["share"],
        height=0.6,
        color=[colour for _, colour, _ in looks],
        hatch=[hatch for _, _, hatch in looks],
        edgecolor="white",
        lw=0.5,
        alpha=0.75,
        xerr=[table["share"] - table["low"], table["high"] - table["share"]],
        error_kw={"elinewidth": 1.3, "capsize": 3, "ecolor": style.BLACK},
    )
    ax.set_yticks(place, [style.wrapped(label, LABEL_WIDTH) for label, _, _ in looks])
    ax.set_xlim(0.0, 1.0)
    style.in_percent(ax, "x")
    ax.set_xlabel("share of truces")
    return ax
