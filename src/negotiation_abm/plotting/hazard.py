"""Weekly hazard of truces by age, beside what fitted families say."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from negotiation_abm.plotting import style

FAMILIES = {
    "weibull": "Weibull",
    "log_normal": "log-normal",
    "log_logistic": "log-logistic",
    "cure": "Weibull, some last",
}


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
