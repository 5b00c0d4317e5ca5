"""Figures of slices: a phase diagram or a cloud over two names, a curve over one, one point."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.files.words import MEASURE_TITLES
from negotiation_abm.plotting import save_figure, style
from negotiation_abm.plotting.durations import plot_survival
from negotiation_abm.plotting.folder import origin_of
from negotiation_abm.plotting.planes import plot_map, plot_over
from negotiation_abm.plotting.registry import figure
from negotiation_abm.plotting.scale import scale_of
from negotiation_abm.plotting.sobol import plot_indices
from negotiation_abm.run.registry import text_of
from negotiation_abm.survival.words import GROUPS
from negotiation_abm.sweep.slices import (
    Query,
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
    return style.wrapped(text[0].upper() + text[1:], TITLE_WIDTH)


def held_text(value: object) -> str:
    """A value at which a name is held, in words."""
    return "as in the scenario" if value is None or value != value else words.value(value)


def outcome_text(name: str) -> str:
    """An outcome of a sweep in words.

    >>> outcome_text("survival_365"), outcome_text("US.num_escalate")
    ('still in force after a year', 'escalations by US')
    """
    return text_of(name) or name.replace("_", " ")


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
    style.fit_left(figure)
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
