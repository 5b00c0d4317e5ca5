"""Figures of slices: a phase diagram or a cloud over two names, a curve over one, one point."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.plotting import style
from negotiation_abm.plotting.durations import TITLES, plot_survival
from negotiation_abm.plotting.phase import COLOURS, plot_phase
from negotiation_abm.plotting.sobol import plot_morris, plot_sobol
from negotiation_abm.plotting.sweeps import readable, sweep_origin
from negotiation_abm.run.registry import text_of
from negotiation_abm.sweep.slices import (
    Query,
    is_grid,
    is_sweep,
    open_sweep,
    point_survival,
    resolved,
    slice_table,
    study_table,
)

FIXED_SHOWN = 2  # names in a title
GROUP_TEXT = {"running": "truce in force at the start", "all": "all truces", "": ""}
MEASURE_TEXT = {"covered": "covered", "any_domain": "any domain", "": ""}


def plot_slice(table: pd.DataFrame, query: Query, marked: int | None = None) -> Figure:
    """The figure of a slice: heat map, cloud or curve; `marked` is the number of a point."""
    figure, ax = plt.subplots(figsize=(8.6, 5.6))
    figure.subplots_adjust(left=0.11, right=0.98, top=0.92, bottom=0.16)
    label = outcome_text(str(query.outcome))
    if not query.up:
        plot_over(table, str(query.across), ax)
        ax.set_ylabel(label)
    elif is_grid(table, str(query.across), query.up):
        plot_phase(table[[query.across, query.up, "mean"]], ax, **_look(table, str(query.outcome)))
    else:
        plot_cloud(table, str(query.across), query.up, ax)
    if query.up:
        figure.axes[-1].set_ylabel(label)
        ax.set_ylabel(readable(query.up))
    ax.set_xlabel(readable(str(query.across)))
    ax.set_title(slice_title(query), fontsize=12)
    row = table[table["point"] == marked]
    if len(row):
        height = row[query.up or "mean"]
        ax.plot(row[query.across], height, "o", ms=15, mfc="none", mec=style.RED, mew=2.4)
    return figure


def _look(table: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """Limits and digits of a phase diagram."""
    if outcome.startswith(("survival_", "share_")):
        return {"limits": (0.0, 1.0), "contours": [0.5]}
    largest = table["mean"].abs().max()
    return {"digits": 0 if largest >= 20 else 1 if largest >= 2 else 2}


def slice_title(query: Query) -> str:
    """What a slice shows, in words."""
    words = [outcome_text(str(query.outcome)), GROUP_TEXT[query.group or ""]]
    words += [MEASURE_TEXT[query.measure or ""]]
    words += [f"{readable(name)} {_short(value)}" for name, value in query.at.items()][:FIXED_SHOWN]
    text = ", ".join(word for word in words if word)
    return text[0].upper() + text[1:]


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def outcome_text(name: str) -> str:
    """An outcome of a sweep in words.

    >>> outcome_text("survival_365"), outcome_text("share_breach"), outcome_text("US.num_escalate")
    ('probability of lasting 365 days', 'share ended by breach', 'escalations of US')
    """
    measure, _, rest = name.partition(".")
    if measure in TITLES:
        return f"{outcome_text(rest)} ({MEASURE_TEXT[measure]})"
    if name.startswith("survival_"):
        return f"probability of lasting {name.removeprefix('survival_')} days"
    if name.startswith("rmst_") and name != "rmst_weeks":
        return f"mean duration up to {name.removeprefix('rmst_')} weeks"
    known = {
        "rmst_weeks": "mean duration (limited), weeks",
        "median_weeks": "median, weeks",
        "median": "median, weeks",
    }
    words = known.get(name) or text_of(name)
    if words:
        return words
    if name.startswith("share_"):
        return f"share ended by {name.removeprefix('share_').replace('_', '-')}"
    return name.replace("_", " ")


def plot_over(table: pd.DataFrame, across: str, ax: Axes | None = None) -> Axes:
    """One outcome over one name with 95 % intervals; joined where each value has one point."""
    ax = ax or plt.gca()
    errors = [table["mean"] - table["low"], table["high"] - table["mean"]]
    joined = not table[across].duplicated().any()
    if joined:
        ax.fill_between(
            table[across], table["low"], table["high"], color=style.BLUE, alpha=0.25, lw=0
        )
        ax.plot(table[across], table["mean"], color=style.BLUE, marker="o", ms=5)
    else:
        ax.errorbar(
            table[across], table["mean"], yerr=errors, fmt="o", color=style.BLUE, ms=4, elinewidth=1
        )
    return ax


def plot_cloud(table: pd.DataFrame, across: str, up: str, ax: Axes | None = None) -> Axes:
    """Points in the plane of two names, coloured by the outcome."""
    ax = ax or plt.gca()
    dots = ax.scatter(
        table[across], table[up], c=table["mean"], cmap=COLOURS, s=45, ec="white", lw=0.5
    )
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02)
    bar.outline.set_visible(False)
    return ax


def plot_point(survival: pd.DataFrame, measure: str, title: str = "") -> Figure:
    """Survival of the truces of one point, by one measure."""
    figure, ax = plt.subplots(figsize=(8.6, 5.6))
    figure.subplots_adjust(left=0.11, right=0.98, top=0.92, bottom=0.28)
    plot_survival(survival[survival["measure"] == measure], ax)
    ax.set_ylabel("share of truces still holding")
    ax.set_title(title or TITLES[measure])
    ax.legend(loc="upper right")
    return figure


def plot_study(table: pd.DataFrame, is_narrow: bool = False) -> Figure:
    """Indices of one outcome, whichever the method."""
    width, height = (5.0, 3.2 + 0.5 * len(table)) if is_narrow else (8.6, 2.6 + 0.5 * len(table))
    figure, ax = plt.subplots(figsize=(width, height))
    left, bottom = (0.36, 1.9) if is_narrow else (0.3, 1.5)
    figure.subplots_adjust(left=left, right=0.98, top=1 - 0.5 / height, bottom=bottom / height)
    (plot_sobol if "total" in table else plot_morris)(table, ax)
    text = outcome_text(str(table["outcome"].iloc[0]))
    title = f"What decides the {text}" if "total" in table else f"What moves the {text}"
    figure.suptitle(title, x=0.02, y=1 - 0.1 / height, ha="left", va="top", fontsize=12)
    figure.legend(
        *ax.get_legend_handles_labels(),
        loc="lower center",
        bbox_to_anchor=(0.5, 0.28 / height),
        ncols=1 if is_narrow else 3,
        fontsize=9.5,
    )
    return figure


def look_up(
    folder: Path, query: Query, point: int | None = None
) -> tuple[pd.DataFrame, Callable[[], Figure], str]:
    """Table of a slice, what draws it (within `style.context`), and where it comes from.

    Raises
    ------
    InputError
        If the folder holds neither a sweep nor a study, or the query is none of it.
    """
    if not is_sweep(folder):
        table = study_table(folder, query.outcome)
        origin = style.origin(read_manifest(folder).get("sensitivity", {}))
        return table, lambda: plot_study(table), origin
    sweep = open_sweep(folder)
    origin = sweep_origin(folder)
    if point is not None:
        survival = point_survival(sweep, point)
        measure = query.measure or next(iter(TITLES))
        return survival, lambda: plot_point(survival, measure, f"Point {point}"), origin
    found = resolved(sweep, query)
    table = slice_table(sweep, found)
    return table, lambda: plot_slice(table, found), origin


def as_csv(table: pd.DataFrame) -> str:
    """A slice as the text of its file."""
    return str(table.to_csv(index=False, float_format="%.8g", lineterminator="\n"))


def write_slice(folder: Path, query: Query, point: int | None, out: Path | None) -> str:
    """The table of a slice as CSV; with `out`, also ``slice.csv`` and its figure in a folder."""
    table, draw, origin = look_up(folder, query, point)
    text = as_csv(table)
    if out is None:
        return text
    with style.context(), writing(out, "slice", {"folder": str(folder)}) as draft:
        draft.text("slice.csv", text)
        figure = draw()
        style.small_print(figure, origin)
        for kind in ("png", "svg"):
            style.save(figure, draft.path(f"slice.{kind}"))
        style.close([figure])
    return text
