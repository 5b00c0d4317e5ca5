"""The year's surprises: how unexpected each recorded move was, and what it cost."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.dates import by_month, days
from negotiation_abm.plotting.registry import figure

NAMED = 9  # of the least expected moves
MARKERS = "os"


@figure(
    "surprise",
    table="surprise.json",
    step="surprise",
    words="How unexpected each recorded move was under the rules, and what the best reply would "
    "have brought beyond it",
    needs=("surprise.json", "surprise.csv"),
)
def plot_surprises(summary: dict[str, Any], table: pd.DataFrame) -> Figure:
    """Surprise and regret of each move over the year."""
    figure, axes = style.subplots(2, 1, figsize=(14.5, 9.2), sharex=True)
    figure.subplots_adjust(left=0.072, right=0.77, top=0.95, bottom=0.09, hspace=0.14)
    plot_surprise(table, summary["players"], axes[0])
    plot_regret(table, summary["players"], summary["weeks_ahead"], axes[1])
    by_month(axes[1])
    return figure


def plot_surprise(table: pd.DataFrame, players: list[str], ax: Axes | None = None) -> Axes:
    """Surprise in bits; the least expected moves are named."""
    ax = ax or plt.gca()
    for i, player in enumerate(players):
        part = table[table["player"] == player]
        dates = days(part["date"])
        colour = style.PLAYER_COLOURS[i]
        ax.vlines(dates, 0.0, part["surprise_bits"], color=colour, lw=1.0, alpha=0.6)
        ax.plot(dates, part["surprise_bits"], MARKERS[i], color=colour, ms=7, mec="white",
                label=words.player(player))  # fmt: skip
    top = table.sort_values("surprise_bits", ascending=False, kind="stable").head(NAMED)
    lines = []
    for number, (when, (_, row)) in enumerate(
        zip(days(top["date"]), top.iterrows(), strict=True), 1
    ):
        ax.annotate(
            str(number), (when, row["surprise_bits"]), xytext=(0, 6), textcoords="offset points",
            fontsize=10, ha="center",
        )  # fmt: skip
        deed = f"{words.player(row['player'])} {words.move(row['move'])}"
        lines.append(f"{number}  {row['date'][5:]}  {deed}")
    ax.text(
        1.01, 1.0, "\n".join(lines), transform=ax.transAxes, fontsize=10, va="top", linespacing=1.5
    )
    ax.set_ylim(0, table["surprise_bits"].max() * 1.2)
    ax.set_ylabel("surprise, bits")
    ax.set_title("How unexpected each recorded move was")
    ax.legend(loc="upper left", ncols=2)
    return ax


def plot_regret(
    table: pd.DataFrame, players: list[str], weeks: int, ax: Axes | None = None
) -> Axes:
    """Payoff that the best option would have brought beyond the move made, with 95 % intervals."""
    ax = ax or plt.gca()
    for i, player in enumerate(players):
        part = table[table["player"] == player]
        below = np.maximum(part["regret"] - part["regret_low"], 0.0)
        above = np.maximum(part["regret_high"] - part["regret"], 0.0)
        ax.errorbar(days(part["date"]), part["regret"], yerr=np.array([below, above]),
                    fmt=MARKERS[i], color=style.PLAYER_COLOURS[i], ms=6, capsize=2, lw=1.2,
                    mec="white", label=words.player(player))  # fmt: skip
    ax.axhline(0.0, color=style.GREY, lw=0.8)
    ax.set_ylabel("regret, payoff units a week")
    ax.set_title(f"What the best reply would have brought beyond it, over {weeks} weeks")
    return ax
