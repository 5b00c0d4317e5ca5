"""The figures of the views, put together from the panels of `negotiation_abm.plotting`."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.plotting import timeline

PANELS = (
    (timeline.plot_tariffs, 2.4),
    (timeline.plot_levers, 2.3),
    (timeline.plot_moves, 1.5),
    (timeline.plot_probabilities, 1.3),
    (timeline.plot_mood, 1.3),
)
MOVES = 2  # the panel whose markers can be clicked


@dataclass(frozen=True)
class Mark:
    """Where a move stands in a figure: shares of its width and height, from the upper left."""

    id: str
    turn: int
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Places:
    """Where days and moves stand in a timeline, as shares of its width and height."""

    first: float
    a_week: float
    marks: tuple[Mark, ...]


def timeline_figure(replay: dict[str, Any], is_narrow: bool) -> Figure:
    """The recorded year: tariffs, other levers, moves, their probability, felt pain and strain."""
    size = (6.4, 13.0) if is_narrow else (12.0, 11.5)
    figure, axes = plt.subplots(
        len(PANELS),
        1,
        figsize=size,
        sharex=True,
        gridspec_kw={"height_ratios": [height for _, height in PANELS]},
    )
    left = 0.28 if is_narrow else 0.16
    figure.subplots_adjust(left=left, right=0.985, top=0.965, bottom=0.045, hspace=0.28)
    for (plot, _), ax in zip(PANELS, axes, strict=True):
        plot(replay, ax)
        timeline.shade_truces(replay, ax)
        if is_narrow:
            _narrow(ax)
    axes[0].set_title("Extra tariffs")
    axes[0].set_xlim(*timeline.span(replay))
    locator = mdates.MonthLocator(interval=2 if is_narrow else 1)
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    return figure


def _narrow(ax: Axes) -> None:
    """Long titles in two lines, legends in the panel or gone where a colour says it."""
    title = ax.get_title(loc="left")
    if len(title) > 45:
        middle = title.rfind(" ", 0, 40)
        ax.set_title(title[:middle] + "\n" + title[middle + 1 :], loc="left", fontsize=12)
    legend = ax.get_legend()
    if legend is None:
        return
    handles = legend.legend_handles
    labels = [text.get_text() for text in legend.get_texts()]
    if len(labels) > 5:
        ax.legend(
            handles, labels, loc="lower right", ncols=3, bbox_to_anchor=(1.0, 0.98), fontsize=9,
            columnspacing=0.8, handletextpad=0.2, borderaxespad=0.1,
        )  # fmt: skip
        ax.set_title("")
    else:
        ax.legend(handles, labels, loc="upper right", fontsize=9)


def places(figure: Figure, replay: dict[str, Any]) -> Places:
    """Where the weeks and the moves of a `timeline_figure` stand."""
    axes = figure.axes
    start = dt.date.fromisoformat(replay["start"])
    inverse = figure.transFigure.inverted()

    def place(ax: Axes, day: dt.date, height: float) -> tuple[float, float]:
        x, y = inverse.transform(ax.transData.transform((mdates.date2num(day), height)))
        return float(x), 1.0 - float(y)

    first = place(axes[0], start, 0.0)[0]
    a_week = place(axes[0], start + dt.timedelta(days=7), 0.0)[0] - first
    marks = []
    for move in replay["decisions_not_hold"]:
        lane = 1 - replay["players"].index(move["player"])
        height = lane + timeline.SUBLANES[move["move"].split()[0]]
        x, y = place(axes[MOVES], dt.date.fromisoformat(move["date"]), height)
        text = f"{move['date']} {move['player']} {move['move']}"
        marks.append(Mark(move["rows"][0], move["turn"], x, y, text))
    return Places(first, a_week, tuple(marks))
