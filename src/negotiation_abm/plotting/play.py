"""A game of one person: its course, and where it stands among simulated ones."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import style
from negotiation_abm.plotting.dates import by_date
from negotiation_abm.plotting.durations import mark_recorded, plot_survival
from negotiation_abm.plotting.folder import read_json
from negotiation_abm.plotting.registry import figure
from negotiation_abm.plotting.timeline import (
    plot_levers,
    plot_moves,
    plot_tariffs,
    plot_timeline,
    shade_truces,
    span,
)
from negotiation_abm.survival import z_of

MEASURE = "covered"
ROOM = 1.15  # beside the last mark
OWN = "your truces (hollow: still in force)"


@figure(
    "game",
    table="play.json",
    step="play",
    words="The course of a game: tariffs, other levers, moves, and how likely the calibrated "
    "player found each",
)
def draw_game(folder: Path) -> Figure | None:
    """The figure of a folder that `play` has filled; None where no week was played."""
    summary = read_json(folder / "play.json")
    return plot_game(summary["course"]) if summary["weeks_played"] else None


@figure(
    "standing",
    table="play.json",
    step="play",
    words="The truces and outcomes of a game among simulated ones",
)
def draw_standing(folder: Path) -> Figure | None:
    """The figure of a folder that `play` has filled; None for a game that is not over."""
    summary = read_json(folder / "play.json")
    if not summary["is_over"]:
        return None
    return plot_game_standing(summary, pd.read_csv(folder / "simulated.csv"))


def plot_game(course: dict[str, Any]) -> Figure:
    """Tariffs, other levers, moves and their probabilities, as of a replay."""
    figure = plot_timeline(course)
    figure.axes[0].set_title(_title(course))
    figure.axes[-1].set_title("Chance that the calibrated player gave to the move")
    return figure


def _title(course: dict[str, Any]) -> str:
    return f"The game: {course['start']} to {course['until']}"


def plot_course(course: dict[str, Any], is_narrow: bool = False) -> Figure:
    """The same without probabilities, low, or narrow for a phone."""
    size = (5.0, 7.6) if is_narrow else (12.0, 7.4)
    figure, axes = style.subplots(
        3, 1, figsize=size, sharex=True, gridspec_kw={"height_ratios": (2.2, 2.6, 1.5)}
    )
    left = 0.38 if is_narrow else 0.165
    figure.subplots_adjust(left=left, right=0.98, top=0.955, bottom=0.06, hspace=0.25)
    for ax, draw in zip(axes, (plot_tariffs, plot_levers, plot_moves), strict=True):
        draw(course, ax)
        shade_truces(course, ax)
    axes[0].set_title("The game" if is_narrow else _title(course))
    if is_narrow:
        axes[0].legend(loc="upper right", fontsize=10)
        axes[1].set_title("Levers: in force,\nsuspended (light)")
        axes[2].get_legend().remove()
    axes[0].set_xlim(*span(course))
    by_date(axes[-1], 6 if is_narrow else 12)
    style.fit_left(figure)
    return figure


def plot_game_standing(
    summary: dict[str, Any], survival: pd.DataFrame, is_narrow: bool = False
) -> Figure:
    """Own truces on the survival of simulated ones; share of simulated games below the own."""
    if is_narrow:
        figure, axes = style.subplots(2, 1, figsize=(5.0, 10.6))
        figure.subplots_adjust(left=0.21, right=0.97, top=0.9, bottom=0.08, hspace=0.45)
        box = axes[1].get_position()
        axes[1].set_position((0.57, box.y0, 0.4, box.height))
    else:
        figure, axes = style.subplots(
            1, 2, figsize=(14, 6.4), gridspec_kw={"width_ratios": (1, 0.75)}
        )
        figure.subplots_adjust(left=0.075, right=0.985, top=0.93, bottom=0.27, wspace=0.6)
    part = survival[survival["measure"] == MEASURE] if len(survival) else survival
    if len(part):
        plot_survival(part, axes[0])
        own = [spell for spell in summary["course"]["spells"] if spell["measure"] == MEASURE]
        mark_recorded(own, axes[0], OWN)
        axes[0].legend(loc="upper right")
        axes[0].set_ylabel("share of truces still in force")
        axes[0].set_xlim(right=ROOM * axes[0].get_xlim()[1])
    axes[0].set_title(MEASURE_TITLES[MEASURE])
    plot_standing(pd.DataFrame(summary["outcomes"]), axes[1])
    if is_narrow:
        axes[0].set_title("To the end of the truce")
        handles = axes[0].get_legend_handles_labels()
        if axes[0].get_legend() is not None:
            axes[0].get_legend().remove()
        figure.legend(*handles, loc="upper left", fontsize=10, bbox_to_anchor=(0.0, 1.0))
        axes[1].set_title("")
        axes[1].set_title("Your game among simulated ones", loc="right")
        axes[1].set_xlabel("share of games below yours", loc="right")
        axes[1].tick_params(axis="y", labelsize=9.5)
        axes[1].get_legend().remove()
    return figure


def plot_standing(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """For each outcome the share of simulated games below the own one, with its 95 % interval.

    Parameters
    ----------
    table : DataFrame
        ``standing.csv`` of a game; what is yes or no is left out.
    """
    ax = ax or plt.gca()
    rows = table[table["unit"] != "share"]
    place = np.arange(len(rows))[::-1]
    ax.axvspan(0.1, 0.9, color=style.GREY, alpha=0.15, lw=0, label="80 % of simulated games")
    ax.axvline(0.5, color=style.GREY, lw=1.0, ls=":")
    ax.errorbar(
        rows["below"],
        place,
        xerr=z_of() * rows["error"],
        fmt="D",
        color=style.BLUE,
        ms=6,
        elinewidth=1.3,
        capsize=2,
        label="your game",
    )
    ax.set_yticks(place, list(rows["text"]), fontsize=10.5)
    ax.set(xlim=(-0.03, 1.03), xlabel="share of simulated games below yours (ties count half)")
    ax.set_title("Your game among simulated ones")
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, -0.12), ncols=2)
    return ax
