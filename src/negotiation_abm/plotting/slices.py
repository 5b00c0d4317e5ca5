"""Figures of slices: a phase diagram or a cloud over two names, a curve over one, one point."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import save_figure, style
from negotiation_abm.plotting.durations import plot_survival
from negotiation_abm.plotting.folder import origin_of
from negotiation_abm.plotting.phase import COLOURS, plot_phase
from negotiation_abm.plotting.registry import figure
from negotiation_abm.plotting.scale import Scale, mark_unset, scale_of
from negotiation_abm.plotting.sobol import plot_indices
from negotiation_abm.run.registry import text_of
from negotiation_abm.survival.words import GROUPS
from negotiation_abm.sweep.slices import (
    NAME,
    Query,
    is_grid,
    is_sweep,
    notes_of,
    open_sweep,
    point_survival,
    resolved,
    slice_table,
    study_table,
)

TITLE_WIDTH = 88  # letters a line
GROUP_TEXT = {**GROUPS, "": ""}


def plot_slice(table: pd.DataFrame, query: Query, marked: int | None = None) -> Figure:
    """The figure of a slice: heat map, cloud or curve; `marked` is the number of a point."""
    figure, ax = style.subplots(figsize=(8.6, 5.6), layout=style.roomy())
    look = {"label": outcome_text(str(query.outcome))} | _look(table, str(query.outcome))
    if query.up:
        plot_map(table, str(query.across), query.up, ax, **look)
    else:
        plot_over(table, str(query.across), ax)
        ax.set_ylabel(look["label"])
    ax.set_title(slice_title(query), fontsize=12)
    row = table[table["point"] == marked]
    if len(row):
        places = [scale_of(table[n]).place(row[n]) for n in (query.across, query.up) if n]
        x, y = places if query.up else (*places, row["mean"])
        ax.plot(x, y, "o", ms=15, mfc="none", mec=style.RED, mew=2.4)
    return figure


def plot_map(
    table: pd.DataFrame, across: str, up: str, ax: Axes | None = None, **look: Any
) -> Axes:
    """One outcome over two names: a heat map where the points make a grid, else a cloud.

    Parameters
    ----------
    table : DataFrame
        A slice: the two names, mean. Where neither name is set the point stands for itself below
        the panel's title.
    look : dict
        How `plot_phase` shows it: label, limits, contours, digits.
    """
    ax = ax or plt.gca()
    alone = table[[across, up]].isna().all(axis=1)
    shown = table[~alone] if not alone.all() else table
    scales = {name: scale_of(shown[name]) for name in (across, up)}
    places = pd.DataFrame({name: scale.place(shown[name]) for name, scale in scales.items()})
    places["mean"] = shown["mean"].to_numpy()
    if is_grid(shown, across, up):
        if not has_order(table, across, up):
            look = look | {"contours": ()}
        plot_phase(places, ax, **look)
    else:
        plot_cloud(places, ax, look.get("label", ""), look.get("limits"))
    for which, (name, scale) in zip("xy", scales.items(), strict=True):
        scale.label(ax, which)
        mark_unset(ax, scale, which)
        ax.set(**{f"{which}label": words.setting(name)})
    if alone.any() and not alone.all():
        values = ", ".join(f"{value:.3g}" for value in table.loc[alone, "mean"])
        ax.text(1.0, 1.01, f"both as in the scenario: {values}", transform=ax.transAxes,
                ha="right", va="bottom", fontsize=9)  # fmt: skip
    return ax


def _look(table: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """Limits and digits of a phase diagram."""
    if outcome.startswith(("survival_", "share_")):
        return {"limits": (0.0, 1.0), "contours": [0.5]}
    largest = table["mean"].abs().max()
    return {"digits": 0 if largest >= 20 else 1 if largest >= 2 else 2}


def slice_title(query: Query) -> str:
    """What a slice shows and where other names are held, in words that fit a figure."""
    parts = [outcome_text(str(query.outcome)), GROUP_TEXT[query.group or ""]]
    parts += [words.MEASURES[query.measure or ""]]
    parts += [f"{words.setting(name)} {held_text(value)}" for name, value in query.at.items()]
    text = ", ".join(part for part in parts if part)
    return fill(text[0].upper() + text[1:], TITLE_WIDTH)


def held_text(value: object) -> str:
    """A value at which a name is held, in words."""
    return "as in the scenario" if value is None or value != value else words.value(value)


def outcome_text(name: str) -> str:
    """An outcome of a sweep in words.

    >>> outcome_text("survival_365"), outcome_text("US.num_escalate")
    ('still in force after a year', 'escalations by US')
    """
    return text_of(name) or name.replace("_", " ")


def has_order(table: pd.DataFrame, across: str, up: str) -> bool:
    """Is the plane of two names one in which a line between points means something?"""
    shown = table[table[[across, up]].notna().any(axis=1)]
    scales = [scale_of(shown[name]) for name in (across, up)]
    return all(scale.is_ordered for scale in scales) and is_grid(shown, across, up)


def plot_over(table: pd.DataFrame, across: str, ax: Axes | None = None) -> Axes:
    """One outcome over one name with 95 % intervals; joined where each value has one point.

    What leaves the name as the scenario has it stands beside the other values.
    """
    ax = ax or plt.gca()
    scale = scale_of(table[across])
    plot_series(table, scale.place(table[across]), scale, ax, color=style.BLUE)
    mark_unset(ax, scale, "x")
    scale.label(ax, "x")
    ax.set_xlabel(words.setting(across))
    return ax


def plot_series(
    table: pd.DataFrame, places: np.ndarray, scale: Scale, ax: Axes, **look: Any
) -> None:
    """Estimates with their intervals: a line with a band, or marks where there is no order."""
    is_set = places != scale.unset if scale.unset is not None else np.ones(len(places), bool)
    joined = scale.kind != NAME and not pd.Series(places[is_set]).duplicated().any()
    line, rest = is_set & joined, ~(is_set & joined)
    label = look.pop("label", None)
    if line.any():
        low, high = table["low"][line], table["high"][line]
        ax.fill_between(places[line], low, high, color=look["color"], alpha=0.25, lw=0)
        ax.plot(places[line], table["mean"][line], marker="o", ms=5, label=label, **look)
        label = None
    if rest.any():
        part = table[rest]
        ends = [part["mean"] - part["low"], part["high"] - part["mean"]]
        ax.errorbar(places[rest], part["mean"], yerr=np.maximum(ends, 0.0), fmt="o", ms=5,
                    elinewidth=1.2, capsize=2, label=label, color=look["color"])  # fmt: skip


def plot_cloud(
    places: pd.DataFrame,
    ax: Axes | None = None,
    label: str = "",
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Points in a plane, coloured by the third column; hollow where that is not known."""
    ax = ax or plt.gca()
    across, up, shown = places.columns[:3]
    low, high = limits or (None, None)
    known = places[places[shown].notna()]
    dots = ax.scatter(
        known[across], known[up], c=known[shown], cmap=COLOURS, s=45, ec="white", lw=0.5,
        vmin=low, vmax=high,
    )  # fmt: skip
    rest = places[places[shown].isna()]
    if len(rest):
        ax.scatter(rest[across], rest[up], s=45, facecolor="none", ec=style.GREY)
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return ax


def plot_point(survival: pd.DataFrame, measure: str, title: str = "") -> Figure:
    """Survival of the truces of one point, by one measure."""
    figure, ax = style.subplots(figsize=(8.6, 5.6))
    figure.subplots_adjust(left=0.11, right=0.98, top=0.92, bottom=0.28)
    plot_survival(survival[survival["measure"] == measure], ax)
    ax.set_ylabel("share of truces still in force")
    ax.set_title(title or MEASURE_TITLES[measure])
    ax.legend(loc="upper right")
    return figure


def plot_study(table: pd.DataFrame, is_narrow: bool = False) -> Figure:
    """Indices of one outcome, whichever the method."""
    width, height = (5.0, 3.2 + 0.5 * len(table)) if is_narrow else (8.6, 2.6 + 0.5 * len(table))
    figure, ax = style.subplots(figsize=(width, height))
    left, bottom = (0.36, 1.9) if is_narrow else (0.3, 1.5)
    figure.subplots_adjust(left=left, right=0.98, top=1 - 0.5 / height, bottom=bottom / height)
    plot_indices(table, ax)
    text = outcome_text(str(table["outcome"].iloc[0]))
    title = f"What decides: {text}" if "total" in table else f"What moves: {text}"
    figure.suptitle(title, x=0.02, y=1 - 0.1 / height, ha="left", va="top", fontsize=12)
    figure.legend(
        *ax.get_legend_handles_labels(),
        loc="lower center",
        bbox_to_anchor=(0.5, 0.28 / height),
        ncols=1 if is_narrow else 3,
        fontsize=9.5,
    )
    return figure


@dataclass(frozen=True)
class Slice:
    """What was looked up: a table, its figure, and what goes with both.

    Attributes
    ----------
    draw : callable
        Draws the figure, within `style.context`.
    origin : str
        Where the folder comes from, in one line.
    notes : list of str
        What the slice does not show of its sweep: what is held fixed, what is left out.
    facts : dict
        What the manifest of a written slice holds, for `draw_slice`.
    """

    table: pd.DataFrame
    draw: Callable[[], Figure]
    origin: str
    notes: list[str]
    facts: dict[str, Any]


def look_up(folder: Path, query: Query, point: int | None = None) -> Slice:
    """A slice of a folder.

    Raises
    ------
    InputError
        If the folder holds neither a sweep nor a study, or the query is none of it.
    """
    if not is_sweep(folder):
        table = study_table(folder, query.outcome)
        origin = origin_of(folder, "sensitivity")
        return Slice(table, lambda: plot_study(table), origin, [], {"kind": "study"})
    sweep = open_sweep(folder)
    origin = origin_of(folder, "sweep")
    if point is not None:
        survival = point_survival(sweep, point)
        measure = query.measure or next(iter(MEASURE_TITLES))
        facts = {"kind": "point", "point": point, "measure": measure}
        return Slice(survival, lambda: _of_point(survival, facts), origin, [], facts)
    found = resolved(sweep, query)
    table = slice_table(sweep, found)
    facts = {"kind": "slice", "query": asdict(found)}
    return Slice(table, lambda: plot_slice(table, found), origin, notes_of(sweep, found), facts)


def _of_point(survival: pd.DataFrame, facts: dict[str, Any]) -> Figure:
    return plot_point(survival, facts["measure"], f"Point {facts['point']}")


@figure(
    "slice",
    table="slice.csv",
    step="slice",
    words="One outcome of a sweep over one or two names that vary, the survival of one point, or "
    "the indices of a study",
    made_by="negotiation-abm slice --out",
)
def draw_slice(folder: Path) -> Figure | None:
    """The figure of a folder that `slice` has filled."""
    facts = read_manifest(folder).get("slice", {})
    table = pd.read_csv(folder / "slice.csv")
    if facts.get("kind") == "point":
        return _of_point(table, facts)
    if facts.get("kind") == "slice":
        return plot_slice(table, Query(**facts["query"]))
    return plot_study(table) if facts.get("kind") == "study" else None


def as_csv(table: pd.DataFrame) -> str:
    """A slice as the text of its file."""
    return str(table.to_csv(index=False, float_format="%.8g", lineterminator="\n"))


def write_slice(folder: Path, found: Slice, out: Path) -> None:
    """Write ``slice.csv`` and its figure into a folder."""
    facts = {"folder": str(folder), "origin": found.origin, "notes": found.notes} | found.facts
    with style.context(), writing(out, "slice", facts) as draft:
        draft.text("slice.csv", as_csv(found.table))
        figure = found.draw()
        style.small_print(figure, found.origin)
        save_figure(draft, "slice", figure)
