"""A slice of a sweep, a figure of a folder, one point: picture, files, command."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import solara
from matplotlib.figure import Figure

from negotiation_abm.dashboard import browser, figures, small_sweep
from negotiation_abm.dashboard.browser import Asked
from negotiation_abm.dashboard.cells import cells_of
from negotiation_abm.dashboard.jobs import Task, use_job
from negotiation_abm.dashboard.parts import Command, Downloads, Note, Picture
from negotiation_abm.dashboard.session import Screen
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.words import escape
from negotiation_abm.plotting.claims.studies import extremes
from negotiation_abm.plotting.registry import drawn, find_figure
from negotiation_abm.plotting.slices import (
    Slice,
    as_csv,
    held_text,
    look_up,
    outcome_text,
    plot_point,
    plot_slice,
    plot_study,
)
from negotiation_abm.sweep.slices import (
    Query,
    Sweep,
    is_sweep,
    notes_of,
    point_survival,
    slice_table,
    study_table,
    values_of_point,
)


@solara.component
def SliceShown(asked: Asked, folder: Path, root: Path, screen: Screen, ask: Any) -> None:
    """The figure of the slice, its files, its command; a cell of it opens its point."""

    def make() -> tuple[pd.DataFrame, Any]:
        if not is_sweep(folder):
            table = study_table(folder, asked.query.outcome)
            return table, lambda: plot_study(table, screen.is_narrow)
        table = slice_table(browser.opened(folder), asked.query)
        return table, lambda: _sized(plot_slice(table, asked.query, asked.point), screen)

    def work(task: Task) -> tuple[list[str], figures.Shown, list[dict[str, Any]]]:
        table, draw = make()
        task.check()
        said = _said(table, browser.opened(folder), asked.query) if is_sweep(folder) else []
        cells: list[dict[str, Any]] = []

        def find(figure: Figure) -> None:
            if is_sweep(folder):
                cells.extend(cells_of(figure, table, asked.query))

        return said, figures.shown(draw, screen.is_dark, find), cells

    def file(kind: str) -> bytes:
        return _file(look_up(folder, asked.query), kind)

    job = use_job(work, (asked.key(), screen))
    with solara.Div(classes=["card", "stack"]):
        if job.error:
            Note(job.error, kind="error")
        said, picture, cells = job.value or ([], None, [])
        text = outcome_text(str(asked.query.outcome))
        Picture(
            picture,
            f"{text} over what varies",
            job.is_running,
            cells=cells,
            picked="" if asked.point is None else str(asked.point),
            on_pick=lambda point: ask(replace(asked, point=int(point))),
        )
        for line in said:
            solara.HTML(tag="p", classes=["soft", "small"], unsafe_innerHTML=escape(line))
    played_by = small_sweep.command(root, asked.folder)
    with solara.Div(classes=["card", "stack"]):
        Downloads({f"slice.{k}": partial(file, k) for k in ("csv", "png", "svg")})
        Command(browser.command(asked, root, is_of_point=False))
        if played_by:
            text = "The sweep itself, as the page played it:"
            solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML=text)
            Command(played_by)


def _said(table: pd.DataFrame, sweep: Sweep, query: Query) -> list[str]:
    """What stands under the figure of a slice; the choices beside it say what is held fixed."""
    if not len(table):
        return []
    notes = [note for note in notes_of(sweep, query) if not note.startswith("held fixed")]
    return [f"{extremes(table, query)}.", *notes]


def _file(found: Slice, kind: str) -> bytes:
    """A file of a slice, as the command `slice` writes it: csv, png or svg."""
    if kind == "csv":
        return as_csv(found.table).encode()
    return figures.file_of(found.draw, kind, found.origin)


@solara.component
def FigureShown(asked: Asked, folder: Path, root: Path, screen: Screen) -> None:
    """A figure of the folder, its files, its command."""
    entry = find_figure(asked.figure)

    def make() -> Figure:
        found = drawn(folder, entry)
        if found is None:
            raise InputError(folder, entry.name, "nothing to draw")
        return found[0]

    job = use_job(lambda task: figures.shown(make, screen.is_dark), (asked.key(), screen))
    with solara.Div(classes=["card", "stack"]):
        if job.error:
            Note(job.error, kind="error")
        Picture(job.value, entry.words, job.is_running)
        solara.HTML(tag="p", classes=["soft", "small"], unsafe_innerHTML=f"{escape(entry.words)}.")
    with solara.Div(classes=["card", "stack"]):
        Downloads({f"{entry.name}.{k}": partial(figures.file_of, make, k) for k in ("png", "svg")})
        Command(browser.command(asked, root, is_of_point=False))


def _sized(figure: Figure, screen: Screen) -> Figure:
    """The figure smaller on a phone, so that its letters are not."""
    if screen.is_narrow:
        width, height = figure.get_size_inches()
        figure.set_size_inches(0.66 * width, 0.78 * height)
        for ax in figure.axes:
            title = ax.get_title(loc="left")
            ax.set_title(title.replace(", ", "\n", 1), fontsize=10.5, loc="left")
            ax.tick_params(labelsize=9.5)
            for text in ax.texts:
                text.set_fontsize(0.8 * float(text.get_fontsize()))
        if figure.get_layout_engine() is not None:  # it finds the room itself
            return figure
        box = figure.subplotpars
        figure.subplots_adjust(left=box.left + 0.05, top=box.top - 0.03, bottom=box.bottom + 0.02)
    return figure


@solara.component
def PointShown(asked: Asked, sweep: Sweep, root: Path, screen: Screen) -> None:
    """Survival of the truces of one point."""
    point = asked.point
    assert point is not None
    measure = asked.query.measure or "covered"

    def work(task: Task) -> figures.Shown:
        table = point_survival(sweep, point)
        task.check()
        return figures.shown(
            lambda: _sized(plot_point(table, measure, f"Point {point}"), screen), screen.is_dark
        )

    def file(kind: str) -> bytes:
        return _file(look_up(sweep.path, Query(measure=measure), point), kind)

    job = use_job(work, (sweep.path, point, measure, screen))
    values = ", ".join(
        f"{words.setting(name)} {held_text(value)}"
        for name, value in values_of_point(sweep, point).items()
    )
    with solara.Div(classes=["card", "stack"]):
        solara.HTML(tag="h3", unsafe_innerHTML=f"Survival of point {point}: {escape(values)}")
        if job.error:
            Note(job.error, kind="error")
        Picture(job.value, f"Survival of the truces of point {point}", job.is_running)
        Downloads({f"point_{point}.{k}": partial(file, k) for k in ("csv", "png", "svg")})
        Command(browser.command(replace_measure(asked, measure), root, is_of_point=True))
        solara.HTML(
            tag="p",
            classes=["hint"],
            unsafe_innerHTML="The point played anew, as a run of its own:",
        )
        Command(browser.run_command(sweep, point))


def replace_measure(asked: Asked, measure: str) -> Asked:
    """The same with the measure that the curve of a point has."""
    return Asked(asked.folder, Query(measure=measure), asked.point)
