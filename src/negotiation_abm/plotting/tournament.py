"""Figures of a tournament: matrices of pairs, and the ranking."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.registry import figure


@figure(
    "tournament_payoffs",
    table="tournament.json",
    step="tournament",
    words="Mean weekly payoff of each side, by pair of strategies",
    needs=("tournament.json", "pairs.csv"),
)
def plot_payoffs(summary: dict[str, Any], pairs: pd.DataFrame) -> Figure:
    """Mean weekly payoff of each side, by pair."""
    first, second = summary["players"]
    return _matrices(
        pairs,
        summary,
        [
            (f"payoff_{name}", f"Mean payoff a week of {words.player(name)}")
            for name in (first, second)
        ],
    )


@figure(
    "tournament_truces",
    table="tournament.json",
    step="tournament",
    words="Weeks in a truce, truces that last 180 days, and spirals, by pair of strategies",
    needs=("tournament.json", "pairs.csv"),
)
def plot_truces(summary: dict[str, Any], pairs: pd.DataFrame) -> Figure:
    """Share of weeks in a truce, survival of truces past 180 days, and spirals, by pair."""
    return _matrices(
        pairs,
        summary,
        [
            ("share_in_truce", "Share of weeks in a truce"),
            ("survival_180", "Truces that last 180 days"),
            ("spirals", "Share of runs that spiral"),
        ],
    )


def _matrices(
    pairs: pd.DataFrame, summary: dict[str, Any], columns: list[tuple[str, str]]
) -> Figure:
    size = len(summary["strategies"])
    side = max(4.2, 0.52 * size)
    figure, axes = style.subplots(1, len(columns), figsize=(side * len(columns) + 2.6, side + 2.4))
    figure.subplots_adjust(
        left=2.3 / (side * len(columns) + 2.6), right=0.99, top=0.93, bottom=2.3 / (side + 2.4),
        wspace=0.06,
    )  # fmt: skip
    for number, (ax, (column, title)) in enumerate(zip(np.atleast_1d(axes), columns, strict=True)):
        plot_matrix(pairs, column, summary["strategies"], ax)
        ax.set_title(title)
        ax.set_xlabel(f"strategy of {words.player(summary['players'][1])}")
        if number:
            ax.set_yticklabels([])
        else:
            ax.set_ylabel(f"strategy of {words.player(summary['players'][0])}")
    return figure


def plot_matrix(pairs: pd.DataFrame, column: str, names: list[str], ax: Axes | None = None) -> Axes:
    """One column of the table of pairs as a matrix with its values; empty where undefined."""
    ax = ax or plt.gca()
    values = pairs.pivot(index="first", columns="second", values=column).loc[names, names]
    grid = values.to_numpy(dtype=float)
    image = ax.imshow(grid, cmap="cividis", aspect="auto")
    low, high = np.nanmin(grid), np.nanmax(grid)
    for (row, place), value in np.ndenumerate(grid):
        if np.isnan(value):
            continue
        dark = not high > low or (value - low) / (high - low) < 0.5
        text = f"{value:.2f}".replace("0.", ".")
        ax.text(place, row, text, ha="center", va="center", fontsize=8.5,
                color="white" if dark else "black")  # fmt: skip
    labels = [words.strategy(name) for name in names]
    ax.set_xticks(range(len(names)), labels, rotation=90, fontsize=10)
    ax.set_yticks(range(len(names)), labels, fontsize=10)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    image.set_clim(low, high)
    return ax


@figure(
    "tournament_ranking",
    table="tournament.json",
    step="tournament",
    words="Strategies by their mean payoff over all opponents, with 95 % intervals",
    needs=("tournament.json", "ranking.csv"),
)
def plot_rankings(summary: dict[str, Any], table: pd.DataFrame) -> Figure:
    """The ranking on a figure of its own."""
    height = 1.7 + 0.42 * len(table)
    figure, ax = style.subplots(figsize=(9, height))
    figure.subplots_adjust(left=0.25, right=0.97, top=1 - 0.5 / height, bottom=0.85 / height)
    plot_ranking(table, summary["players"], ax)
    return figure


def plot_ranking(table: pd.DataFrame, players: list[str], ax: Axes | None = None) -> Axes:
    """Mean payoff of each strategy over both sides and as each player, with 95 % intervals."""
    ax = ax or plt.gca()
    places = np.arange(len(table))[::-1]
    series = [
        ("payoff", "both sides", style.BLACK, "D"),
        *(
            (f"payoff_as_{name}", f"as {words.player(name)}", colour, marker)
            for name, colour, marker in zip(players, style.PLAYER_COLOURS, "os", strict=True)
        ),
    ]
    for column, label, colour, marker in series:
        ax.errorbar(table[column], places, xerr=table[f"{column}_half"], fmt=marker, color=colour,
                    ms=6, capsize=3, lw=1.2, label=label)  # fmt: skip
    ax.set_yticks(places, [words.strategy(name) for name in table["strategy"]])
    ax.grid(axis="y", lw=0.5, color="#dddddd")
    ax.set_axisbelow(True)
    ax.set_xlabel("mean weekly flow payoff over all opponents")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)
    return ax
