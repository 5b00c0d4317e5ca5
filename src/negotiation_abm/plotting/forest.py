"""Forest plots: restricted means by scenario, hazard ratios by parameter."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.registry import figure
from negotiation_abm.survival.words import with_interval

TICKS = (0.05, *(k / 10 for k in range(1, 12)), 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


@figure(
    "rmst",
    table="rmst.csv",
    step="comparison",
    words="Difference of the restricted mean from the first scenario; filled where the interval "
    "excludes 0",
    needs=("rmst.csv", "comparison.json"),
    made_by="negotiation-abm survival DIR DIR",
)
def draw_rmst(table: pd.DataFrame, summary: dict[str, Any]) -> Figure:
    """Differences of a comparison on a figure of its own."""
    figure, ax = _forest(list(table["scenario"])[1:])
    plot_rmst(table, ax)
    ax.set_title(f"Mean truce length, restricted to {summary['until_weeks']} weeks")
    return figure


@figure(
    "hazard_ratios",
    table="regression.csv",
    step="comparison",
    words="What the varied numbers do to the end of truces: hazard ratios with intervals",
    made_by="negotiation-abm survival --regress DIR DIR DIR",
)
def draw_hazard_ratios(table: pd.DataFrame) -> Figure:
    """Hazard ratios on a figure of their own."""
    figure, ax = _forest([words.setting(name) for name in table["covariate"]])
    plot_hazard_ratios(table, ax)
    ax.set_title("What ends truces sooner")
    return figure


def _forest(labels: list[str]) -> tuple[Figure, Axes]:
    height = 1.9 + 0.75 * len(labels)
    figure, ax = style.subplots(figsize=(10, height))
    left = 0.04 + 0.0085 * max(12, *map(len, labels))
    figure.subplots_adjust(left=left, right=0.96, top=1 - 0.45 / height, bottom=1.1 / height)
    return figure, ax


def plot_rmst(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Difference of the mean truce length from the first scenario, with 95 % intervals.

    Parameters
    ----------
    table : DataFrame
        ``rmst.csv`` of a comparison: scenario, rmst, low, high, difference, difference_low,
        difference_high, paired.
    """
    ax = ax or plt.gca()
    base, rest = table.iloc[0], table.iloc[1:]
    own = with_interval([base[name] for name in ("rmst", "low", "high")], "{:.1f}".format, "", " ")
    labels = [f"{row['scenario']}\n{row['rmst']:.1f} weeks" for _, row in rest.iterrows()]
    _rows(ax, labels, rest, ("difference", "difference_low", "difference_high"), 0.0, "{:+.2f}")
    ax.set_xlabel(f"weeks more or less than {base['scenario']}\n({own}, weeks)")
    return ax


def plot_hazard_ratios(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Hazard ratio of each swept parameter, a standard deviation up, with 95 % intervals.

    Parameters
    ----------
    table : DataFrame
        ``regression.csv``: covariate, sd, hazard_ratio, lower, upper.
    """
    ax = ax or plt.gca()
    labels = [f"{words.setting(row['covariate'])}\n+{row['sd']:.2g}" for _, row in table.iterrows()]
    _rows(ax, labels, table, ("hazard_ratio", "lower", "upper"), 1.0, "{:.2f}")
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    shown = [tick for tick in TICKS if low <= tick <= high]
    shown = shown[:: 1 + len(shown) // 8]
    ax.set_xticks(shown, [f"{tick:g}" for tick in shown])
    ax.minorticks_off()
    ax.set_xlabel("hazard ratio, a standard deviation up\n(above 1: truces end sooner)")
    return ax


def _rows(
    ax: Axes,
    labels: list[str],
    table: pd.DataFrame,
    columns: tuple[str, str, str],
    null: float,
    text: str,
) -> None:
    """One row an estimate: point, interval, numbers; filled where the interval excludes `null`."""
    point, low, high = (table[name].to_numpy(dtype=float) for name in columns)
    place = np.arange(len(table))[::-1]
    ax.axvline(null, color=style.GREY, lw=1.0, ls=":")
    ax.hlines(place, low, high, color=style.BLUE, lw=2.2)
    clear = (low > null) | (high < null)
    for number, y in enumerate(place):
        filled = style.BLUE if clear[number] else "white"
        ax.plot(point[number], y, "s", color=style.BLUE, mfc=filled, ms=8, mew=1.6)
        numbers = with_interval((point[number], low[number], high[number]), text.format, "", " ")
        ax.annotate(
            numbers,
            (point[number], y),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=10,
        )
    ax.set_yticks(place, labels)
    ax.set_ylim(-0.6, len(table) - 0.3)
    ax.margins(x=0.2)
    ax.tick_params(axis="y", length=0)


def plot_differences(
    table: pd.DataFrame, ax: Axes | None = None, text: str = "{:+z.1f}", labels: bool = True
) -> Axes:
    """Difference of each case from a base, with its interval.

    Parameters
    ----------
    table : DataFrame
        case, difference, low, high: one row a case, from top to bottom.
    text : str
        Format of the numbers over the points.
    labels : bool
        Write the names of the cases (False: beside another panel that has them).
    """
    ax = ax or plt.gca()
    names = list(table["case"]) if labels else [""] * len(table)
    _rows(ax, names, table, ("difference", "low", "high"), 0.0, text)
    ax.locator_params(axis="x", nbins=5)
    return ax
