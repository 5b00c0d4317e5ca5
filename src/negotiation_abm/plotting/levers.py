"""Levers over time: fans of many runs, some runs as threads, and the record over them."""

from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.folder import read_json, run_of
from negotiation_abm.plotting.registry import figure
from negotiation_abm.run.traces import NUM_TRACED, bands

THREADS = 12
COLUMNS = 4
IN_TRUCE = "in_truce"


@figure(
    "levers",
    table="traces.parquet",
    step="run",
    words=f"Pressure in force over time in the first {NUM_TRACED} runs: median, 50 and 90 % of "
    f"runs, {THREADS} runs as threads; and the share of runs in a truce",
    note=f"first {NUM_TRACED} runs shown",
)
def draw_levers(folder: Path) -> Figure | None:
    """The figure of a folder that `run` has filled."""
    made = run_of(folder)
    if made is None:
        return None
    table, scenario = pd.read_parquet(folder / "traces.parquet"), made["scenario"]
    return plot_levers_over_time(bands(table), table, scenario["players"], str(scenario["start"]))


@figure(
    "free_runs",
    table="traces.parquet",
    step="run",
    words="Where the record falls in the band of free runs from the same day",
    needs=("traces.parquet", "replay.json"),
    made_by="negotiation-abm replay and negotiation-abm run of one scenario into one folder",
    note=f"first {NUM_TRACED} runs shown",
)
def draw_free_runs(folder: Path) -> Figure | None:
    """The figure of a folder with a replay and a run; None where they begin on different days."""
    made, replay = run_of(folder), read_json(folder / "replay.json")
    if made is None or made["scenario"]["start"] != replay["start"]:
        return None
    fans = bands(pd.read_parquet(folder / "traces.parquet"))
    fans = fans[fans["week"] < len(replay["weekly"])]
    table = record_table(replay["weekly"], fans)
    return plot_free_runs(fans, table, replay["players"], replay["start"])


def plot_levers_over_time(
    fans: pd.DataFrame, traces: pd.DataFrame, players: list[str], start: str
) -> Figure:
    """A panel a lever: fan and threads; and the share of runs in a truce."""
    figure, axes = _panels(fans)
    for ax, name in zip(axes, _names(fans), strict=False):
        plot_fan(fans[fans["series"] == name], ax, _colour(name, players))
        if name != IN_TRUCE:
            plot_spaghetti(traces, ax, name)
    _finish(axes, fans, start)
    threads = Line2D([], [], color=style.GREY, lw=1.0, label=f"{THREADS} of the runs")
    _legend(figure, axes, [threads])
    return figure


def plot_free_runs(
    fans: pd.DataFrame, record: pd.DataFrame, players: list[str], start: str
) -> Figure:
    """A panel a lever: the record in black over the fan of free runs.

    Parameters
    ----------
    fans : DataFrame
        Series, week, mean, q05, q25, q50, q75, q95.
    record : DataFrame
        Series, week, value, and ``inside``: is it within the 90 % band?
    """
    figure, axes = _panels(fans)
    thick: dict[str, Any] = {"color": style.BLACK, "lw": 2.4}
    for ax, name in zip(axes, _names(fans), strict=False):
        plot_fan(fans[fans["series"] == name], ax, _colour(name, players))
        part = record[record["series"] == name]
        ax.step(part["week"], part["value"], where="post", **thick)
    _finish(axes, fans, start)
    for ax, name in zip(axes, _names(fans), strict=False):
        part = record[record["series"] == name]
        if name != IN_TRUCE:  # in the title, where no data lie below it
            inside = f"{part['inside'].sum()} of {len(part)} weeks in the 90 % band"
            ax.set_title(f"{words.lever(name)}\n{inside}", fontsize=10.5)
    _legend(figure, axes, [Line2D([], [], **thick, label="the record")])
    return figure


def _legend(figure: Figure, axes: list[Axes], more: list[Line2D]) -> None:
    """In the last panel if that is empty, else above all."""
    handles = [*axes[0].get_legend_handles_labels()[0], *more]
    if axes[-1].axison:
        figure.legend(handles=handles, loc="upper right", ncols=4)
    else:
        axes[-1].legend(handles=handles, loc="center")


def plot_fan(table: pd.DataFrame, ax: Axes | None = None, colour: str = style.BLUE) -> Axes:
    """Median and bands (50 and 90 %) of one series by week; the mean for a share of runs."""
    ax = ax or plt.gca()
    if table["series"].iloc[0] == IN_TRUCE:
        ax.plot(table["week"], table["mean"], color=colour, label="share of runs")
        return ax
    for low, high, alpha, label in (
        ("q05", "q95", 0.2, "90 % of runs"),
        ("q25", "q75", 0.4, "50 % of runs"),
    ):
        ax.fill_between(
            table["week"], table[low], table[high], color=colour, alpha=alpha, lw=0, label=label
        )
    ax.plot(table["week"], table["q50"], color=colour, label="median")
    return ax


def plot_spaghetti(traces: pd.DataFrame, ax: Axes | None = None, name: str = "") -> Axes:
    """One lever in some runs, a thin line each."""
    ax = ax or plt.gca()
    wide = traces.pivot(index="week", columns="replicate", values=name)
    shades = matplotlib.colormaps["Greys"](np.linspace(0.45, 0.9, THREADS))
    for colour, replicate in zip(shades, wide.columns[:THREADS], strict=False):
        ax.step(wide.index, wide[replicate], where="post", color=colour, lw=0.6, alpha=0.8)
    return ax


def _names(fans: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(fans["series"]))


def _colour(name: str, players: list[str]) -> str:
    if name == IN_TRUCE:
        return style.GREEN
    return style.PLAYER_COLOURS[players.index(name.split(".")[0])]


def _panels(fans: pd.DataFrame) -> tuple[Figure, list[Axes]]:
    names = _names(fans)
    rows = -(-len(names) // COLUMNS)
    figure, axes = style.subplots(
        rows, COLUMNS, figsize=(14, 2.9 * rows + 0.6), sharex=True, sharey=True, squeeze=False
    )
    figure.subplots_adjust(
        left=0.05,
        right=0.985,
        wspace=0.12,
        top=1.0 - 0.75 / (2.9 * rows + 0.6),
        bottom=0.09,
        hspace=0.42,
    )
    every = list(axes.ravel())
    for ax in every[len(names) :]:
        ax.set_axis_off()
    for above in every[max(0, len(names) - COLUMNS) : len(names)]:
        above.tick_params(labelbottom=True)
    return figure, every


def _finish(axes: list[Axes], fans: pd.DataFrame, start: str) -> None:
    for ax, name in zip(axes, _names(fans), strict=False):
        title = "in a truce" if name == IN_TRUCE else words.lever(name)
        ax.set_title(title, fontsize=11)
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, fans["week"].max())
    for ax in axes[::COLUMNS]:
        ax.set_ylabel("in force")
    names = _names(fans)
    for ax in axes[max(0, len(names) - COLUMNS) : len(names)]:
        ax.set_xlabel(f"weeks from {start}")


def record_table(weekly: list[dict[str, Any]], fans: pd.DataFrame) -> pd.DataFrame:
    """The weeks of a replay beside the bands: series, week, value, inside."""
    rows = [
        {"series": name, "week": week["turn"], "value": _value(week, name)}
        for name in _names(fans)
        for week in weekly
    ]
    table = pd.DataFrame(rows).merge(fans, on=["series", "week"])
    low, high = table["q05"] - 1e-6, table["q95"] + 1e-6
    table["inside"] = (low <= table["value"]) & (table["value"] <= high)
    return table


def _value(week: dict[str, Any], name: str) -> float:
    if name == IN_TRUCE:
        return float(week["phase"] == "TRUCE")
    return float(week[f"{name}.in_force"])
