"""What drives an outcome: Sobol indices or Morris effects, beside the noise floor."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.registry import figure
from negotiation_abm.run.registry import text_of

OUTCOMES_SHOWN = 4
LABEL_WIDTH, TITLE_WIDTH = 30, 34  # letters a line
FLOOR = "what chance alone would give"


@figure(
    "sensitivity",
    table="sensitivity.csv",
    step="sensitivity",
    words="What drives the outcome: Sobol indices (or Morris effects) with intervals, beside the "
    "noise floor",
    report_place=1,
)
def draw_sensitivity(table: pd.DataFrame) -> Figure:
    """A panel an outcome, of the first outcomes of a study."""
    names = list(dict.fromkeys(table["outcome"]))[:OUTCOMES_SHOWN]
    order = order_of(table[table["outcome"] == names[0]])
    size = (3.0 + 3.6 * len(names), 2.3 + 0.5 * len(order))
    figure, axes = style.subplots(1, len(names), figsize=size, squeeze=False, sharey=True)
    left, top, bottom = 2.6 / size[0], 0.45 / size[1], 1.45 / size[1]
    figure.subplots_adjust(left=left, right=0.98, top=1 - top, bottom=bottom, wspace=0.12)
    for ax, name in zip(axes.ravel(), names, strict=True):
        plot_indices(table[table["outcome"] == name], ax, order)
        ax.set_title(style.wrapped(text_of(name) or name, TITLE_WIDTH), fontsize=11)
    style.fit_left(figure)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="lower center", bbox_to_anchor=(0.5, 0.28 / size[1]), ncols=3)
    return figure


def plot_indices(
    table: pd.DataFrame, ax: Axes | None = None, order: list[str] | None = None
) -> Axes:
    """Indices of one outcome, whichever the method: `plot_sobol` or `plot_morris`."""
    return (plot_sobol if "total" in table else plot_morris)(table, ax, order)


def plot_sobol(table: pd.DataFrame, ax: Axes | None = None, order: list[str] | None = None) -> Axes:
    """First and total index of each factor with intervals; the dummy gives the floor.

    Parameters
    ----------
    order : list of str, optional
        Factors from top to bottom (default: by total index, the dummy last).
    table : DataFrame
        Sobol rows of ``sensitivity.csv`` for one outcome: factor, is_dummy, first, total, each
        with ``_low`` and ``_high``.
    """
    ax = ax or plt.gca()
    rows = _ordered(table, order)
    place = np.arange(len(rows))[::-1]
    for shift, name, colour, hatch, label in (
        (0.2, "total", style.BLUE, "", "total: alone and with others"),
        (-0.2, "first", style.ORANGE, "//", "first: alone"),
    ):
        _bars(ax, place + shift, rows, name, colour, hatch, label)
    _floor(ax, table, "total_high")
    ax.set_yticks(place, _labels(rows))
    ax.set_xlim(left=min(0.0, float(rows["first_low"].min()), float(rows["total_low"].min())))
    ax.set_xlabel("share of the variance")
    return ax


def plot_morris(
    table: pd.DataFrame, ax: Axes | None = None, order: list[str] | None = None
) -> Axes:
    """Mean absolute elementary effect of each factor with intervals; the dummy gives the floor.

    Parameters
    ----------
    table : DataFrame
        Morris rows of ``sensitivity.csv`` for one outcome: factor, is_dummy, mu_star,
        mu_star_low, mu_star_high, sigma.
    """
    ax = ax or plt.gca()
    rows = _ordered(table, order)
    place = np.arange(len(rows))[::-1]
    _bars(ax, place, rows, "mu_star", style.BLUE, "", "mean absolute effect")
    ax.plot(rows["sigma"], place, "D", color=style.RED, ms=6, label="sd of the effects")
    _floor(ax, table, "mu_star_high")
    ax.set_yticks(place, _labels(rows))
    ax.set_xlim(left=0.0)
    ax.set_xlabel("change over the range of a factor")
    return ax


def order_of(table: pd.DataFrame) -> list[str]:
    """Factors of one outcome by size, the dummy last."""
    by = "total" if "total" in table else "mu_star"
    ordered = table.sort_values(["is_dummy", by], ascending=[True, False])
    return list(ordered["factor"])


def _ordered(table: pd.DataFrame, order: list[str] | None) -> pd.DataFrame:
    return table.set_index("factor").loc[order or order_of(table)].reset_index()


def _labels(rows: pd.DataFrame) -> list[str]:
    """Names that fit, on two lines where they are long."""
    labels = []
    for _, row in rows.iterrows():
        name = words.setting(str(row["factor"]))
        labels.append("chance alone" if row["is_dummy"] else style.wrapped(name, LABEL_WIDTH))
    return labels


def _bars(
    ax: Axes, place: np.ndarray, rows: pd.DataFrame, name: str, colour: str, hatch: str, label: str
) -> None:
    value = rows[name].to_numpy()
    errors = [value - rows[f"{name}_low"], rows[f"{name}_high"] - value]
    ax.barh(
        place,
        value,
        height=0.36,
        color=colour,
        hatch=hatch,
        edgecolor="white",
        lw=0.5,
        xerr=np.maximum(errors, 0.0),
        error_kw={"elinewidth": 1.3, "capsize": 2, "ecolor": style.BLACK},
        label=label,
    )


def _floor(ax: Axes, table: pd.DataFrame, column: str) -> None:
    floor = float(table.loc[table["is_dummy"], column].max())
    ax.axvspan(0.0, floor, color=style.GREY, alpha=0.25, lw=0, zorder=0, label=FLOOR)
    ax.axvline(floor, color=style.GREY, lw=1.2, ls="--")
