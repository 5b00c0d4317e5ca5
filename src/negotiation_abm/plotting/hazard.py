"""Weekly hazard of truces by age, beside what fitted families say."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.folder import curves_of
from negotiation_abm.plotting.registry import figure
from negotiation_abm.studies.comparison import study_tables

FAMILIES = {
    "weibull": "Weibull",
    "log_normal": "log-normal",
    "log_logistic": "log-logistic",
    "cure": "Weibull, some last",
}


@figure(
    "hazard",
    table="survival.csv",
    step="run",
    words="When truces end: the weekly chance to end by age, pooled over four weeks, and what "
    "smooth families make of it; teeth are the dates at which terms end",
    needs=("summary.json", "truces.parquet"),
)
def draw_hazard(folder: Path) -> Figure | None:
    """One panel a measure, of the truce in force at the start where there is one."""
    table = curves_of(folder)
    if table is None:
        return None
    group = "running" if "running" in set(table["group"]) else "all"
    _, tables = study_tables(folder / "truces.parquet", [group])
    gaps = tables["fits"].rename(columns={"largest_gap": "gap"})
    keys = ["measure", "family"]
    curves = tables["fit_curves"].merge(gaps[[*keys, "gap"]].drop_duplicates(), on=keys)
    figure, axes = style.subplots(1, 2, figsize=(12.8, 6.4))
    figure.subplots_adjust(left=0.07, right=0.985, top=0.94, bottom=0.25, wspace=0.16)
    for ax, measure in zip(axes, MEASURE_TITLES, strict=True):
        ax.set_title(MEASURE_TITLES[measure])
        part, lines = (t[t["measure"] == measure] for t in (tables["hazard"], curves))
        if len(part):
            plot_hazard(part, ax, lines)
    return figure


def plot_hazard(
    table: pd.DataFrame, ax: Axes | None = None, curves: pd.DataFrame | None = None
) -> Axes:
    """Hazard with 95 % intervals, pooled over a few weeks of age, and fitted hazards as lines.

    Parameters
    ----------
    table : DataFrame
        ``hazard.csv`` of one measure and group.
    curves : DataFrame, optional
        ``fit_curves.csv`` of the same, with a column ``gap`` where it is to be told.
    """
    ax = ax or plt.gca()
    middle = (table["first_week"] + table["last_week"]) / 2.0
    errors = np.array([table["hazard"] - table["lower"], table["upper"] - table["hazard"]])
    width = int(table["last_week"].iloc[0] - table["first_week"].iloc[0]) + 1
    ax.errorbar(
        middle,
        table["hazard"],
        yerr=errors,
        fmt="o",
        color=style.BLACK,
        ms=5,
        elinewidth=1.2,
        label=f"simulated, pooled over {width} weeks",
    )
    ax.plot(middle, table["hazard"], color=style.BLACK, lw=0.7, alpha=0.5)
    groups = curves.groupby("family", sort=False) if curves is not None else ()
    for number, (family, part) in enumerate(groups):
        colour, line = style.series(number)
        gap = f" (gap {part['gap'].iloc[0]:.3f})" if "gap" in part else ""
        label = FAMILIES.get(str(family), str(family)) + gap
        ax.plot(part["week"], part["hazard"], color=colour, ls=line, label=label)
    ax.set_xlim(0, table["last_week"].max() + 1)
    known = table["at_risk"] >= 0.02 * table["at_risk"].max()  # beyond it intervals are wide
    top = table["upper"].fillna(table["hazard"])[known].max()  # one run has no interval
    ax.set_ylim(0, 1.05 * top if top > 0.0 else 1.0)
    ax.set_xlabel("age of the truce, weeks")
    ax.set_ylabel("chance to end in a week")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=10)
    return ax
