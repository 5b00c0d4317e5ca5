"""A branch from the record: the recorded path, the branch as recorded, and with the change."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.dates import by_date, days, mark_day
from negotiation_abm.plotting.registry import figure

ARMS: dict[str, tuple[str, str, Any, str]] = {
    "factual": (words.ARMS["factual"], style.BLUE, "-", ""),
    "altered": (words.ARMS["altered"], style.RED, (0, (5, 1.5)), "///"),
}


@figure(
    "whatif",
    table="whatif.json",
    step="whatif",
    words="The record, then both branches: effective tariffs, share of runs in a truce, and its "
    "difference",
    needs=("whatif.json", "paths.csv"),
    report_place=1,
)
def plot_whatif(summary: dict[str, Any], paths: pd.DataFrame) -> Figure:
    """Tariffs of both sides, share of runs in truce, and the paired difference of that share."""
    tariffs = [name for name in paths["series"].unique() if name.endswith(".tariff_pp")]
    panels = [*tariffs, "in_truce", "difference"]
    rows = (len(panels) + 1) // 2
    figure, axes = style.subplots(rows, 2, figsize=(13, 4.1 * rows), sharex=True)
    figure.subplots_adjust(left=0.07, right=0.985, top=0.86, bottom=0.1, wspace=0.16, hspace=0.25)
    for ax, name in zip(axes.ravel(), panels, strict=False):
        if name == "difference":
            plot_difference(paths, ax)
        else:
            plot_path(paths[paths["series"] == name], ax)
            ax.set_title("Share of runs in a truce" if name == "in_truce" else words_of(name))
        mark_day(ax, summary["branch_week"])
        by_date(ax, 8)
    for ax in axes.ravel()[len(panels) :]:
        ax.set_axis_off()
    handles, labels = axes.ravel()[0].get_legend_handles_labels()
    title = summary["title"] or "; ".join(summary["alteration"])
    figure.suptitle(title, x=0.01, y=0.985, ha="left", fontsize=15)
    figure.legend(
        handles, labels, loc="upper left", ncols=4, bbox_to_anchor=(0.005, 0.95), frameon=False
    )
    return figure


def words_of(series: str) -> str:
    """A series of ``PLAYER.tariff_pp`` in words."""
    player = words.player(series.split(".")[0])
    return f"Average extra tariff of {player}, points: median, 80 % of runs"


def plot_path(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """One series: the record in black, both branches with their bands.

    The band holds 80 % of runs (a tariff) or is a 95 % interval (a share).
    """
    ax = ax or plt.gca()
    for arm, (label, colour, line, hatch) in ARMS.items():
        part = table[table["arm"] == arm]
        weeks = days(part["week_of"])
        band: Any = {"x": weeks, "y1": part["low"], "y2": part["high"], "step": "post", "lw": 0}
        ax.fill_between(**band, color=colour, alpha=0.18)
        if hatch:  # apart from the fill: browsers do not see through a hatched one
            light = style.lighter(colour)
            ax.fill_between(**band, facecolor="none", edgecolor=light, hatch=hatch)
        ax.step(weeks, part["value"], where="post", color=colour, ls=line, label=label)
    record = table[table["arm"] == "record"]
    weeks = days(record["week_of"])
    ax.step(weeks, record["value"], where="post", color=style.BLACK, lw=1.6, label="record")
    ax.set_ylim(bottom=0)
    if not table["series"].str.endswith(".tariff_pp").any():
        style.in_percent(ax)
    return ax


def plot_difference(paths: pd.DataFrame, ax: Axes | None = None, series: str = "in_truce") -> Axes:
    """Paired difference of a share of runs, with the change less as recorded."""
    ax = ax or plt.gca()
    part = paths[(paths["arm"] == "difference") & (paths["series"] == series)]
    weeks = days(part["week_of"])
    ax.axhline(0.0, color=style.GREY, lw=0.8)
    ax.fill_between(
        weeks, part["low"], part["high"], step="post", color=style.GREEN, alpha=0.3, lw=0
    )
    ax.step(weeks, part["value"], where="post", color=style.GREEN)
    style.in_percent(ax, unit="")
    ax.set_title("Difference of that share, points")
    return ax
