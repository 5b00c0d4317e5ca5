"""One outcome over two names (heat map or cloud) or over one (line or marks)."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.phase import COLOURS, plot_phase
from negotiation_abm.plotting.scale import Scale, mark_unset, scale_of
from negotiation_abm.sweep.slices import NAME, is_grid


def plot_map(
    table: pd.DataFrame, across: str, up: str, ax: Axes | None = None, **look: Any
) -> Axes:
    """One outcome over two names: a heat map where the points make a grid, else a cloud.

    Parameters
    ----------
    table : DataFrame
        A slice: the two names, mean. Where neither name is set the point stands for itself below
        the panel's title.
    look : dict
        How `plot_phase` shows it: label, limits, contours, digits.
    """
    ax = ax or plt.gca()
    alone = table[[across, up]].isna().all(axis=1)
    shown = table[~alone] if not alone.all() else table
    scales = {name: scale_of(shown[name]) for name in (across, up)}
    places = pd.DataFrame({name: scale.place(shown[name]) for name, scale in scales.items()})
    places["mean"] = shown["mean"].to_numpy()
    if is_grid(shown, across, up):
        if not has_order(table, across, up):
            look = look | {"contours": ()}
        plot_phase(places, ax, **look)
    else:
        plot_cloud(places, ax, look.get("label", ""), look.get("limits"))
    for which, (name, scale) in zip("xy", scales.items(), strict=True):
        scale.label(ax, which)
        mark_unset(ax, scale, which)
        ax.set(**{f"{which}label": words.setting(name)})
    if alone.any() and not alone.all():
        values = ", ".join(f"{value:.3g}" for value in table.loc[alone, "mean"])
        ax.text(1.0, 1.01, f"both as in the scenario: {values}", transform=ax.transAxes,
                ha="right", va="bottom", fontsize=9)  # fmt: skip
    return ax


def has_order(table: pd.DataFrame, across: str, up: str) -> bool:
    """Is the plane of two names one in which a line between points means something?"""
    shown = table[table[[across, up]].notna().any(axis=1)]
    scales = [scale_of(shown[name]) for name in (across, up)]
    return all(scale.is_ordered for scale in scales) and is_grid(shown, across, up)


def plot_over(table: pd.DataFrame, across: str, ax: Axes | None = None) -> Axes:
    """One outcome over one name with 95 % intervals; joined where each value has one point.

    What leaves the name as the scenario has it stands beside the other values.
    """
    ax = ax or plt.gca()
    scale = scale_of(table[across])
    plot_series(table, scale.place(table[across]), scale, ax, color=style.BLUE)
    mark_unset(ax, scale, "x")
    scale.label(ax, "x")
    ax.set_xlabel(words.setting(across))
    return ax


def plot_series(
    table: pd.DataFrame, places: np.ndarray, scale: Scale, ax: Axes, **look: Any
) -> None:
    """Estimates with their intervals: a line with a band, or marks where there is no order."""
    is_set = places != scale.unset if scale.unset is not None else np.ones(len(places), bool)
    joined = scale.kind != NAME and not pd.Series(places[is_set]).duplicated().any()
    line, rest = is_set & joined, ~(is_set & joined)
    label = look.pop("label", None)
    if line.any():
        low, high = table["low"][line], table["high"][line]
        ax.fill_between(places[line], low, high, color=look["color"], alpha=0.25, lw=0)
        ax.plot(places[line], table["mean"][line], marker="o", ms=5, label=label, **look)
        label = None
    if rest.any():
        part = table[rest]
        ends = [part["mean"] - part["low"], part["high"] - part["mean"]]
        ax.errorbar(places[rest], part["mean"], yerr=np.maximum(ends, 0.0), fmt="o", ms=5,
                    elinewidth=1.2, capsize=2, label=label, color=look["color"])  # fmt: skip


def plot_cloud(
    places: pd.DataFrame,
    ax: Axes | None = None,
    label: str = "",
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Points in a plane, coloured by the third column; hollow where that is not known."""
    ax = ax or plt.gca()
    across, up, shown = places.columns[:3]
    low, high = limits or (None, None)
    known = places[places[shown].notna()]
    dots = ax.scatter(
        known[across], known[up], c=known[shown], cmap=COLOURS, s=45, ec="white", lw=0.5,
        vmin=low, vmax=high,
    )  # fmt: skip
    rest = places[places[shown].isna()]
    if len(rest):
        ax.scatter(rest[across], rest[up], s=45, facecolor="none", ec=style.GREY)
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return ax
