"""Every figure by name: what it is drawn from, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.plotting import calibration_figures as fitted
from negotiation_abm.plotting import style
from negotiation_abm.plotting.calendar import plot_calendar
from negotiation_abm.plotting.causes import plot_ends_by_cause
from negotiation_abm.plotting.durations import TITLES, plot_durations
from negotiation_abm.plotting.folder import complete, read_json, run_of
from negotiation_abm.plotting.forest import plot_hazard_ratios, plot_rmst
from negotiation_abm.plotting.hazard import plot_hazard
from negotiation_abm.plotting.levers import plot_free_runs, plot_levers_over_time, record_table
from negotiation_abm.plotting.scenarios import plot_scenarios
from negotiation_abm.plotting.sobol import order_of, plot_morris, plot_sobol
from negotiation_abm.plotting.timeline import plot_timeline
from negotiation_abm.run.spells import table_blocks
from negotiation_abm.run.traces import NUM_TRACED, bands
from negotiation_abm.studies.comparison import study_tables

OUTCOMES_SHOWN = 4
SHOWN = 12  # digits of a hash in the small print


@dataclass(frozen=True)
class Entry:
    """One figure of the gallery.

    Attributes
    ----------
    needs : tuple of str
        Files without which the folder has no such figure.
    table : str
        The file behind it: its hash stands in the small print.
    step : str
        Entry of the manifest that says where it comes from.
    draw : callable
        Folder to figure; None if the tables hold nothing to draw.
    made_by : str
        What writes the files.
    note : str
        More for the small print.
    """

    needs: tuple[str, ...]
    table: str
    step: str
    draw: Callable[[Path], Figure | None]
    made_by: str
    note: str = ""


def _timeline(folder: Path) -> Figure:
    replay = read_json(folder / "replay.json")
    with complete(folder / "replay.json"):
        return plot_timeline(replay)


def _curves(folder: Path) -> pd.DataFrame | None:
    """The table of curves of a run; None where no truce began."""
    summary = read_json(folder / "summary.json")
    with complete(folder / "summary.json"):
        if not summary["truces"]:
            return None
    with complete(folder / "survival.csv"):
        return pd.read_csv(folder / "survival.csv")


def _durations(folder: Path) -> Figure | None:
    table = _curves(folder)
    if table is None:
        return None
    path = folder / "replay.json"
    recorded = read_json(path)["spells"] if path.is_file() else []
    with complete(folder / "survival.csv"):
        return plot_durations(table, recorded)


def _causes(folder: Path) -> Figure | None:
    table = _curves(folder)
    if table is None:
        return None
    with complete(folder / "survival.csv"):
        return plot_ends_by_cause(table)


def _hazard(folder: Path) -> Figure | None:
    table = _curves(folder)
    if table is None:
        return None
    with complete(folder / "truces.parquet"):
        group = "running" if "running" in set(table["group"]) else "all"
        _, tables = study_tables(folder / "truces.parquet", [group])
        gaps = tables["fits"].rename(columns={"largest_gap": "gap"})
        keys = ["measure", "family"]
        curves = tables["fit_curves"].merge(gaps[[*keys, "gap"]].drop_duplicates(), on=keys)
        figure, axes = plt.subplots(1, 2, figsize=(12.8, 6.4))
        figure.subplots_adjust(left=0.07, right=0.985, top=0.94, bottom=0.25, wspace=0.16)
        for ax, measure in zip(axes, TITLES, strict=True):
            ax.set_title(TITLES[measure])
            part, lines = (t[t["measure"] == measure] for t in (tables["hazard"], curves))
            if len(part):
                plot_hazard(part, ax, lines)
    return figure


def _levers(folder: Path) -> Figure | None:
    made = run_of(folder)
    if made is None:
        return None
    scenario = made["scenario"]
    with complete(folder / "traces.parquet"):
        table = pd.read_parquet(folder / "traces.parquet")
        return plot_levers_over_time(
            bands(table), table, scenario["players"], str(scenario["start"])
        )


def _free_runs(folder: Path) -> Figure | None:
    made, replay = run_of(folder), read_json(folder / "replay.json")
    if made is None or made["scenario"]["start"] != replay["start"]:
        return None  # free runs from another day
    with complete(folder / "traces.parquet"):
        fans = bands(pd.read_parquet(folder / "traces.parquet"))
        fans = fans[fans["week"] < len(replay["weekly"])]
        table = record_table(replay["weekly"], fans)
        return plot_free_runs(fans, table, replay["players"], replay["start"])


def _calendar(folder: Path) -> Figure | None:
    made = run_of(folder)
    if made is None:
        return None
    with complete(folder / "truces.parquet"):
        spells = next(iter(table_blocks(folder / "truces.parquet")))
        runs = min(NUM_TRACED, int(made["replicates"]))
        spells = spells[(spells["measure"] == "covered") & (spells["replicate"] < runs)]
        if spells.empty:
            return None
        figure, ax = plt.subplots(figsize=(11, 9))
        figure.subplots_adjust(left=0.05, right=0.97, top=0.92, bottom=0.09)
        plot_calendar(spells, ax, runs, int(made["scenario"]["horizon_weeks"]))
    return figure


def _scenarios(folder: Path) -> Figure:
    with complete(folder / "scenarios.csv"):
        table = pd.read_csv(folder / "scenarios.csv", dtype={"scenario": str})
        names = table["scenario"].unique()
        below = 1.15 + 0.21 * len(names)
        height = 5.2 + below
        left = 0.09 + 0.007 * max(len(name) for name in names)
        figure, ax = plt.subplots(figsize=(10, height))
        figure.subplots_adjust(left=left, right=0.97, top=0.94, bottom=below / height)
        plot_scenarios(table, ax)
    return figure


def _rmst(folder: Path) -> Figure:
    with complete(folder / "rmst.csv"):
        table = pd.read_csv(folder / "rmst.csv", dtype={"scenario": str})
        figure, ax = _forest(list(table["scenario"])[1:])
        plot_rmst(table, ax)
        kind = read_json(folder / "comparison.json")
        ax.set_title(f"Mean truce length, restricted to {kind['until_weeks']} weeks")
    return figure


def _hazard_ratios(folder: Path) -> Figure:
    with complete(folder / "regression.csv"):
        table = pd.read_csv(folder / "regression.csv")
        figure, ax = _forest(list(table["covariate"]))
        plot_hazard_ratios(table, ax)
        ax.set_title("What ends truces sooner")
    return figure


def _forest(labels: list[str]) -> tuple[Figure, Axes]:
    height = 1.9 + 0.75 * len(labels)
    figure, ax = plt.subplots(figsize=(10, height))
    left = 0.04 + 0.0085 * max(12, *map(len, labels))
    figure.subplots_adjust(left=left, right=0.96, top=1 - 0.45 / height, bottom=1.1 / height)
    return figure, ax


def _sensitivity(folder: Path) -> Figure:
    with complete(folder / "sensitivity.csv"):
        table = pd.read_csv(folder / "sensitivity.csv")
        names = list(dict.fromkeys(table["outcome"]))[:OUTCOMES_SHOWN]
        order = order_of(table[table["outcome"] == names[0]])
        size = (3.0 + 3.6 * len(names), 2.3 + 0.5 * len(order))
        figure, axes = plt.subplots(1, len(names), figsize=size, squeeze=False, sharey=True)
        left, top, bottom = 2.6 / size[0], 0.45 / size[1], 1.45 / size[1]
        figure.subplots_adjust(left=left, right=0.98, top=1 - top, bottom=bottom, wspace=0.12)
        for ax, name in zip(axes.ravel(), names, strict=True):
            draw = plot_sobol if "total" in table else plot_morris
            draw(table[table["outcome"] == name], ax, order)
            ax.set_title(name)
        handles = axes[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="lower center", bbox_to_anchor=(0.5, 0.28 / size[1]), ncols=3)
    return figure


def _of_fit(table: str, step: str, draw: Callable[[Path], Figure]) -> Entry:
    """A figure of a fit, its validation or its forecast: one table, written by one command."""
    return Entry((table,), table, step, draw, f"negotiation-abm {step}")


RUN, REPLAY, SURVIVAL = "negotiation-abm run", "negotiation-abm replay", "negotiation-abm survival"
FIRST = f"first {NUM_TRACED} runs shown"
FIGURES = {
    "timeline": Entry(("replay.json",), "replay.json", "replay", _timeline, REPLAY),
    "truce_durations": Entry(("summary.json",), "survival.csv", "run", _durations, RUN),
    "ends_by_cause": Entry(("summary.json",), "survival.csv", "run", _causes, RUN),
    "hazard": Entry(("summary.json", "truces.parquet"), "survival.csv", "run", _hazard, RUN),
    "truce_calendar": Entry(("truces.parquet",), "truces.parquet", "run", _calendar, RUN, FIRST),
    "levers": Entry(("traces.parquet",), "traces.parquet", "run", _levers, RUN, FIRST),
    "free_runs": Entry(
        ("traces.parquet", "replay.json"),
        "traces.parquet",
        "run",
        _free_runs,
        f"{REPLAY} and {RUN} of one scenario into one folder",
        FIRST,
    ),
    "scenarios": Entry(
        ("scenarios.csv",), "scenarios.csv", "comparison", _scenarios, f"{SURVIVAL} DIR DIR"
    ),
    "rmst": Entry(("rmst.csv",), "rmst.csv", "comparison", _rmst, f"{SURVIVAL} DIR DIR"),
    "hazard_ratios": Entry(
        ("regression.csv",),
        "regression.csv",
        "comparison",
        _hazard_ratios,
        f"{SURVIVAL} --regress DIR DIR DIR",
    ),
    "sensitivity": Entry(
        ("sensitivity.csv",),
        "sensitivity.csv",
        "sensitivity",
        _sensitivity,
        "negotiation-abm sensitivity",
    ),
    "identification": _of_fit("identification.csv", "calibrate", fitted.identification),
    "predictive": _of_fit("predictive.csv", "validate", fitted.predictive),
    "lever_response": _of_fit("lever_response.csv", "validate", fitted.lever_response),
    "calibration_curve": _of_fit("calibration_curve.csv", "validate", fitted.calibration_curve),
    "recovery": _of_fit("recovery.csv", "recovery", fitted.recovery),
    "forecast": _of_fit("forecast_curve.csv", "forecast", fitted.forecast),
}


def drawn(folder: Path, name: str) -> tuple[Figure, str] | None:
    """A figure of the gallery with its small print, and what stands behind it.

    Returns
    -------
    tuple of Figure and str, or None
        None if the tables hold nothing to draw; the text names the table and its hash.
    """
    entry = FIGURES[name]
    figure = entry.draw(folder)
    if figure is None:
        return None
    digest = file_hash(folder / entry.table)
    origin = style.origin(read_manifest(folder).get(entry.step, {}))
    parts = [origin, entry.note, f"{entry.table} {digest[:SHOWN]}"]
    style.small_print(figure, "  |  ".join(part for part in parts if part))
    return figure, f"{entry.table} sha256 {digest}"
