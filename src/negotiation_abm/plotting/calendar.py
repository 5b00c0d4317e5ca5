"""The truce calendar: each run a row, each truce a bar, coloured by what ended it."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.plotting import style
from negotiation_abm.plotting.causes import CAUSES
from negotiation_abm.plotting.folder import run_of
from negotiation_abm.plotting.registry import figure
from negotiation_abm.run.spells import table_blocks
from negotiation_abm.run.traces import NUM_TRACED

STANDING = "still in force"
HEIGHTS = {"breach": 0.95, "collapse": 0.7, "lapse": 0.35, "non_delivery": 0.55, "fulfilled": 0.2}


@figure(
    "truce_calendar",
    table="truces.parquet",
    step="run",
    words=f"The first {NUM_TRACED} runs as rows, truces as bars, thick or thin by what ended them",
    note=f"first {NUM_TRACED} runs shown",
)
def draw_calendar(folder: Path) -> Figure | None:
    """The figure of a folder that `run` has filled."""
    made = run_of(folder)
    if made is None:
        return None
    spells = next(iter(table_blocks(folder / "truces.parquet")))
    runs = min(NUM_TRACED, int(made["replicates"]))
    spells = spells[(spells["measure"] == "covered") & (spells["replicate"] < runs)]
    if spells.empty:
        return None
    figure, ax = style.subplots(figsize=(11, 9))
    figure.subplots_adjust(left=0.05, right=0.97, top=0.92, bottom=0.09)
    plot_calendar(spells, ax, runs, int(made["scenario"]["horizon_weeks"]))
    return figure


def plot_calendar(
    table: pd.DataFrame, ax: Axes | None = None, num_runs: int = 200, num_weeks: int | None = None
) -> Axes:
    """Truces of the first runs as bars over the weeks; rows are sorted by weeks in truce.

    Parameters
    ----------
    table : DataFrame
        Covered spells (`spells_table`) of the replicates ``0 .. num_runs - 1``.
    num_weeks : int, optional
        Horizon.
    """
    ax = ax or plt.gca()
    end = table["start_week"] + table["duration_weeks"]
    spells = table.assign(end=end, start=table["start_week"].clip(lower=0))
    held = (spells["end"] - spells["start"]).groupby(spells["replicate"]).sum()
    order = held.reindex(range(num_runs), fill_value=0).sort_values(kind="stable").index
    row = {replicate: place for place, replicate in enumerate(order)}
    colours = {cause: entry[1] for cause, entry in CAUSES.items()} | {"censored": style.GREY}
    for cause, colour in colours.items():
        part = spells[spells["cause"] == cause]
        if part.empty:
            continue
        label = STANDING if cause == "censored" else CAUSES[cause][0]
        places = part["replicate"].map(row)
        width = part["end"] - part["start"] + (cause == "censored")
        alpha = 0.35 if cause == "censored" else 0.9
        height = HEIGHTS.get(cause, 0.95)
        ax.barh(places, width, left=part["start"], height=height, color=colour, alpha=alpha, lw=0)
        if cause != "censored":
            ax.plot(part["end"], places, "|", color=style.BLACK, ms=2.5, mew=0.8)
        ax.barh([0], [0], color=colour, alpha=alpha, label=f"{label} ({len(part)})")
    ax.set_xlim(0, num_weeks or spells["end"].max())
    ax.set_ylim(-0.5, num_runs - 0.5)
    ax.set_yticks([])
    ax.set_xlabel("weeks from the start")
    ax.set_ylabel(f"{num_runs} runs, by weeks in truce")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=10, borderaxespad=0.3)
    return ax
