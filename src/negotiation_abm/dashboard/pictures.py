"""The figures of the views, put together from the panels of `negotiation_abm.plotting`."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style, timeline, whatif
from negotiation_abm.plotting.dates import by_date, by_month, mark_day

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
    figure, axes = style.subplots(
        len(PANELS),
        1,
        figsize=size,
        sharex=True,
        gridspec_kw={"height_ratios": [height for _, height in PANELS]},
    )
    left = 0.28 if is_narrow else 0.16
    figure.subplots_adjust(left=left, right=0.975, top=0.965, bottom=0.045, hspace=0.28)
    for (plot, _), ax in zip(PANELS, axes, strict=True):
        plot(replay, ax)
        timeline.shade_truces(replay, ax)
        if is_narrow:
            _narrow(ax)
    said = "announced; dotted: average" if is_narrow else "announced, and averaged over all goods"
    axes[0].set_title(f"Extra tariffs: {said}" + ("" if is_narrow else " (dotted)"))
    axes[0].set_xlim(*timeline.span(replay))
    by_month(axes[-1], 2 if is_narrow else 1)
    style.fit_left(figure)
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
    handles = [handle for handle in legend.legend_handles if handle is not None]
    labels = [text.get_text() for text in legend.get_texts()]
    if len(labels) > 5 or len(labels) == 2:  # their panels are full
        ax.legend(
            handles, labels, loc="lower right", ncols=3, bbox_to_anchor=(1.0, 0.98), fontsize=9,
            columnspacing=0.8, handletextpad=0.2, borderaxespad=0.1,
        )  # fmt: skip
        if len(labels) > 5:
            ax.set_title("")
    else:
        ax.legend(handles, labels, loc="upper right", fontsize=9)
        if len(labels) == 3:  # lines run up to the top
            ax.set_ylim(top=2.0 * ax.get_ylim()[1])


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
        text = f"{move['date']} {words.player(move['player'])} {words.move(move['move'])}"
        marks.append(Mark(move["rows"][0], move["turn"], x, y, text))
    return Places(first, a_week, tuple(marks))


def whatif_figure(paths: pd.DataFrame, summary: dict[str, Any], is_narrow: bool) -> Figure:
    """Survival of the truce of the branch, its difference, and the fan of both tariffs."""
    standing = "holds.covered" in set(paths["series"])
    curve = "holds.covered" if standing else "in_truce"
    tariffs = [name for name in paths["series"].unique() if name.endswith(".tariff_pp")]
    count = 2 + len(tariffs)
    shape = (count, 1) if is_narrow else ((count + 1) // 2, 2)
    size = (6.4, 3.3 * count) if is_narrow else (12.0, 3.7 * shape[0])
    figure, axes = style.subplots(*shape, figsize=size, squeeze=False)
    edges = (0.1, 0.97, 0.94, 0.03, 0.32) if is_narrow else (0.05, 0.99, 0.9, 0.05, 0.27)
    left, right, top, bottom, hspace = edges
    figure.subplots_adjust(left, bottom, right, top, 0.17, hspace)
    panels = list(axes.ravel())
    whatif.plot_path(paths[paths["series"] == curve], panels[0])
    panels[0].set_title(
        "Share of runs whose truce is still in force" if standing else "Share of runs in a truce"
    )
    panels[0].set_ylim(0, 1.02)
    whatif.plot_difference(paths, panels[1], curve)
    for name, ax in zip(tariffs, panels[2:], strict=False):
        whatif.plot_path(paths[paths["series"] == name], ax)
        ax.set_title(whatif.words_of(name))
    for ax in panels[:count]:
        mark_day(ax, summary["branch_week"])
        by_date(ax, 6 if is_narrow else 8)
    for ax in panels[count:]:
        ax.set_axis_off()
    handles, labels = panels[2 if tariffs else 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", ncols=3, bbox_to_anchor=(0.0, 1.0))
    return figure
