"""Equilibria of stage games beside simulated moves."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.registry import figure

LEAST = 0.004  # left end of the axis of probabilities


@figure(
    "equilibrium",
    table="equilibrium.json",
    step="equilibrium",
    words="Options of the stage game of a week: how often each is taken in simulated play, beside "
    "the quantal-response and Nash equilibria",
    needs=("equilibrium.json", "equilibrium.csv"),
)
def plot_equilibrium(summary: dict[str, Any], table: pd.DataFrame) -> Figure:
    """One column a week, one row a player: each option with its frequency and equilibria."""
    weeks = list(dict.fromkeys(table["week_of"]))
    figure, axes = style.subplots(
        2, len(weeks), figsize=(5.2 * len(weeks) + 1, 11), squeeze=False, sharex=True
    )
    figure.subplots_adjust(
        left=2.6 / (5.2 * len(weeks) + 1), right=0.985, top=0.9, bottom=0.08, wspace=0.7, hspace=0.1
    )
    for column, week in enumerate(weeks):
        for row, player in enumerate(summary["players"]):
            part = table[(table["week_of"] == week) & (table["player"] == player)]
            plot_options(part, axes[row][column])
            axes[row][column].set_title(f"{words.player(player)}, week of {week}")
        axes[1][column].set_xlabel("probability")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper left", ncols=min(3, len(weeks)), bbox_to_anchor=(0.01, 0.98)
    )
    return figure


def plot_options(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Options of one player in one week: simulated (bar, 95 %), quantal response, Nash."""
    ax = ax or plt.gca()
    places = np.arange(len(table))[::-1]
    widths = np.maximum(table["simulated"].to_numpy() - LEAST, 0.0)
    ax.barh(places, widths, left=LEAST, color=style.SKY, height=0.7, label="simulated first move")
    low = np.maximum(table["low"], LEAST)
    ax.hlines(places, low, np.maximum(table["high"], LEAST), color=style.BLUE, lw=1.4)
    ax.plot(
        table["quantal_response"], places, "D", color=style.RED, ms=5, ls="none",
        label="quantal-response equilibrium of the stage game",
    )  # fmt: skip
    played = (table["nash"] > 0.0).to_numpy()
    ax.plot(
        table["nash"][played], places[played], "*", color=style.BLACK, ms=13, ls="none",
        clip_on=False, label="Nash equilibrium of the stage game",
    )  # fmt: skip
    ax.set_yticks(places, [words.move(name) for name in table["option"]], fontsize=9.5)
    ax.set_xscale("log")
    ax.set_xlim(LEAST, 1.0)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    return ax


@figure(
    "quantal_branch",
    table="equilibrium.json",
    step="equilibrium",
    words="Types of moves along the branch of quantal-response equilibria, by precision",
    needs=("equilibrium.json", "branch.csv"),
)
def plot_branches(summary: dict[str, Any], table: pd.DataFrame) -> Figure:
    """Types of moves along the branch, one panel a week and player."""
    weeks = list(dict.fromkeys(table["week_of"]))
    figure, axes = style.subplots(
        2, len(weeks), figsize=(4.6 * len(weeks) + 1, 7.6), squeeze=False, sharex=True, sharey=True
    )
    figure.subplots_adjust(left=0.08, right=0.985, top=0.86, bottom=0.12, wspace=0.1, hspace=0.2)
    for column, week in enumerate(weeks):
        for row, player in enumerate(summary["players"]):
            ax = axes[row][column]
            part = table[(table["week_of"] == week) & (table["player"] == player)]
            plot_branch(part, ax)
            ax.axvline(summary["precision"], color=style.GREY, lw=0.8, ls=":")
            ax.set_title(f"{words.player(player)}, week of {week}")
        axes[1][column].set_xlabel("precision, 1/nat")
    for row in range(2):
        axes[row][0].set_ylabel("probability")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        ncols=5 if len(weeks) > 1 else 2,
        bbox_to_anchor=(0.01, 0.99),
    )
    return figure


DEEDS = {
    "HOLD": "does nothing",
    "SUSPEND": "offers to suspend",
    "ESCALATE": "raises",
    "THREATEN": "threatens",
    "CONCEDE": "eases",
}
LINES = {
    "HOLD": (style.BLACK, "-"),
    "SUSPEND": (style.GREEN, (0, (5, 1.5))),
    "ESCALATE": (style.RED, (0, (1, 1))),
    "THREATEN": (style.ORANGE, (0, (3, 1, 1, 1))),
    "CONCEDE": (style.BLUE, (0, (7, 2))),
}


def plot_branch(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Probability of each type of move by precision, for one player."""
    ax = ax or plt.gca()
    for move, (colour, line) in LINES.items():
        part = table[table["move"] == move]
        ax.plot(part["precision"], part["probability"], color=colour, ls=line, label=DEEDS[move])
    ax.set_xscale("symlog", linthresh=0.1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_ylim(0, 1)
    return ax
