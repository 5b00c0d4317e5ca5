"""Figures of a folder that `calibrate`, `validate`, `forecast` or a recovery has filled."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from negotiation_abm.plotting.calibration import (
    plot_calibration_curve,
    plot_forecast,
    plot_identification,
    plot_lever_response,
    plot_moves,
    plot_predictive,
    plot_recovery,
)
from negotiation_abm.plotting.folder import complete, read_json

WEAKENED = ("potency x 0", "disabled", "potency x 2")


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def identification(folder: Path) -> Figure:
    """Estimates beside priors."""
    with complete(folder / "identification.csv"):
        table = _read(folder / "identification.csv")
        figure, ax = plt.subplots(figsize=(9.5, 2.0 + 0.27 * len(table)))
        figure.subplots_adjust(left=0.3, right=0.97, top=0.985, bottom=0.13)
        plot_identification(table, ax)
        figure.legend(loc="lower center", bbox_to_anchor=(0.5, 0.018), ncols=3, fontsize=9)
    return figure


def predictive(folder: Path) -> Figure:
    """Tariffs and moves of the record in the bands of free runs."""
    with complete(folder / "predictive.csv"):
        table = _read(folder / "predictive.csv")
        sides = list(dict.fromkeys(table.loc[table["kind"] == "tariff_pp", "side"]))
        figure, axes = plt.subplots(3, 2, figsize=(12, 11.5))
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


def lever_response(folder: Path) -> Figure:
    """What each lever does."""
    with complete(folder / "lever_response.csv"):
        table = _read(folder / "lever_response.csv")
        names = list(dict.fromkeys(table["outcome"]))
        wanted = [name for name in names if "concessions" in name] + [
            name for name in names if "escalations" in name
        ]
        wanted += [n for n in ("truces begun", "S(26 weeks), covered") if n in names]
        figure, axes = plt.subplots(3, 2, figsize=(12, 14), sharey=True)
        figure.subplots_adjust(left=0.18, right=0.98, top=0.97, bottom=0.08, hspace=0.35)
        for ax, name in zip(axes.ravel(), wanted, strict=False):
            plot_lever_response(table, ax, name, WEAKENED)
        handles = axes[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="lower center", bbox_to_anchor=(0.5, 0.018), ncols=3)
    return figure


def calibration_curve(folder: Path) -> Figure:
    """Predicted against observed."""
    with complete(folder / "calibration_curve.csv"):
        figure, ax = plt.subplots(figsize=(7, 6))
        figure.subplots_adjust(left=0.12, right=0.97, top=0.97, bottom=0.14)
        plot_calibration_curve(_read(folder / "calibration_curve.csv"), ax)
        ax.legend(loc="upper left")
    return figure


def recovery(folder: Path) -> Figure:
    """Coverage over synthetic records."""
    with complete(folder / "recovery.csv"):
        table = _read(folder / "recovery.csv")
        figure, ax = plt.subplots(figsize=(9, 2.0 + 0.27 * len(table)))
        figure.subplots_adjust(left=0.3, right=0.97, top=0.985, bottom=0.13)
        plot_recovery(table, ax)
        figure.legend(loc="lower center", bbox_to_anchor=(0.5, 0.018), ncols=3, fontsize=9)
    return figure


def forecast(folder: Path) -> Figure:
    """Survival of the truce in force."""
    summary = read_json(folder / "forecast.json")
    with complete(folder / "forecast_curve.csv"):
        figure, ax = plt.subplots(figsize=(10, 6))
        figure.subplots_adjust(left=0.09, right=0.97, top=0.94, bottom=0.14)
        plot_forecast(_read(folder / "forecast_curve.csv"), ax, str(summary["start"]))
        ax.set_title(f"{summary['scenario']}: bands are 90 % of posterior draws")
    return figure
