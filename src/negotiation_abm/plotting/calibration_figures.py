"""Figures of a folder that `calibrate`, `validate`, `forecast` or sbc.py has filled."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.plotting import style
from negotiation_abm.plotting.calibration import (
    plot_forecast,
    plot_identification,
    plot_lever_response,
    plot_moves,
    plot_predictive,
    plot_ranks,
)
from negotiation_abm.plotting.registry import figure

WEAKENED = ("potency x 0", "disabled", "potency x 2")


@figure(
    "identification",
    table="identification.csv",
    step="calibrate",
    words="Estimates of the fit beside their priors",
)
def draw_identification(table: pd.DataFrame) -> Figure:
    """Estimates beside priors."""
    return _by_coefficient(table, plot_identification)


@figure(
    "predictive",
    table="predictive.csv",
    step="validate",
    words="Tariffs and moves of the record in the bands of what the posterior predicts",
)
def draw_predictive(table: pd.DataFrame) -> Figure:
    """Tariffs and moves of the record in the bands of free runs."""
    sides = list(dict.fromkeys(table.loc[table["kind"] == "tariff_pp", "side"]))
    figure, axes = style.subplots(3, 2, figsize=(12, 11.5))
    figure.subplots_adjust(left=0.07, right=0.98, top=0.96, bottom=0.09, hspace=0.42)
    for ax, side in zip(axes[0], sides, strict=False):
        plot_predictive(table, ax, side)
        ax.tick_params(axis="x", rotation=30)
    for ax in axes[0][len(sides) :]:
        ax.set_visible(False)
    if sides:
        axes[0, 0].legend(loc="upper right")
    for ax, move in zip(
        axes[1:].ravel(), ("ESCALATE", "THREATEN", "CONCEDE", "SUSPEND"), strict=True
    ):
        plot_moves(table, ax, move)
    figure.text(
        0.07,
        0.035,
        "Moves: bars are 90 % of free runs, ticks their medians; circles (first side) and "
        "crosses (second side) are the record.",
        fontsize=10,
    )
    return figure


@figure(
    "lever_response",
    table="lever_response.csv",
    step="validate",
    words="What weakening or doubling each lever does, over posterior draws",
)
def draw_lever_response(table: pd.DataFrame) -> Figure:
    """What each lever does."""
    names = list(dict.fromkeys(table["outcome"]))
    wanted = [name for name in names if "concessions" in name] + [
        name for name in names if "escalations" in name
    ]
    wanted += [n for n in ("truces begun", "S(26 weeks), covered") if n in names]
    figure, axes = style.subplots(3, 2, figsize=(12, 14), sharey=True)
    figure.subplots_adjust(left=0.18, right=0.98, top=0.96, bottom=0.08, hspace=0.42)
    for ax, name in zip(axes.ravel(), wanted, strict=False):
        plot_lever_response(table, ax, name, WEAKENED)
    style.fit_left(figure)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="lower center", bbox_to_anchor=(0.5, 0.018), ncols=3)
    return figure


@figure(
    "sbc",
    table="sbc.csv",
    step="sbc",
    words="Ranks of true values among posterior draws, over simulated pools",
    made_by="experiments/calibration/sbc.py",
)
def draw_ranks(table: pd.DataFrame) -> Figure:
    """Simulation-based calibration, by kind of unknown."""
    kinds = table["kind"].unique()
    figure, axes = style.subplots(2, 3, figsize=(12, 7), sharex=True, sharey=True)
    figure.subplots_adjust(left=0.09, right=0.98, top=0.94, bottom=0.2, hspace=0.3)
    for ax, kind in zip(axes.ravel(), kinds, strict=False):
        plot_ranks(table[table["kind"] == kind], ax)
        ax.set_title(kind)
        ax.label_outer()
    lines: dict[str, Any] = {}
    for ax in axes.ravel():
        for line, label in zip(*ax.get_legend_handles_labels(), strict=True):
            lines.setdefault(label, line)
    handles, labels = list(lines.values()), list(lines)
    figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 0.03), ncols=3)
    return figure


def _by_coefficient(table: pd.DataFrame, plot: Callable[[pd.DataFrame, Axes], Axes]) -> Figure:
    """A panel with a row a coefficient, its legend below."""
    figure, ax = style.subplots(figsize=(9.5, 2.0 + 0.27 * len(table)))
    figure.subplots_adjust(left=0.3, right=0.97, top=0.985, bottom=0.13)
    plot(table, ax)
    style.fit_left(figure)
    figure.legend(loc="lower center", bbox_to_anchor=(0.5, 0.018), ncols=3, fontsize=9)
    return figure


@figure(
    "forecast",
    table="forecast_curve.csv",
    step="forecast",
    words="Survival of the truce in force, with the band of the parameters",
    needs=("forecast_curve.csv", "forecast.json"),
)
def draw_forecast(table: pd.DataFrame, summary: dict[str, Any]) -> Figure:
    """Survival of the truce in force."""
    figure, ax = style.subplots(figsize=(10, 6))
    figure.subplots_adjust(left=0.09, right=0.97, top=0.94, bottom=0.14)
    plot_forecast(table, ax, str(summary["start"]))
    ax.set_title("Is the truce still in force? Bands: 90 % of the posterior draws")
    return figure
