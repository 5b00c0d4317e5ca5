"""Sweeps: slices of a sweep, survival of any point, indices of a study, any figure of a folder."""

from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import solara
from matplotlib.figure import Figure

from negotiation_abm.dashboard import browser, figures, settings, small_sweep
from negotiation_abm.dashboard.browser import Asked
from negotiation_abm.dashboard.cells import cells_of
from negotiation_abm.dashboard.jobs import Task, use_job
from negotiation_abm.dashboard.parts import Choose, Command, Downloads, Note, Picture
from negotiation_abm.dashboard.parts.sweep_form import NewSweep
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.plotting.claims.studies import extremes
from negotiation_abm.plotting.registry import drawn, find_figure
from negotiation_abm.plotting.slices import (
    GROUP_TEXT,
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
    inside,
    is_sweep,
    notes_of,
    point_survival,
    slice_table,
    study_table,
    value_text,
    values_of_point,
)

LEAD = (
    "A sweep plays many points of a scenario many times. Choose an outcome and what goes along the "
    "axes; choose a point to see how long its truces last. Other results are shown by "
    "their figures."
)
EMPTY = (
    "Nothing to show in {root}: no sweep, no study, no other result. Start a small sweep below, or "
    "in a terminal: negotiation-abm sweep rare_earths_breach --out results/phase, or "
    "negotiation-abm sensitivity busan_drivers."
)


@solara.component
def View(session: OpenPage, screen: Screen, query: str) -> None:
    """A folder of results, one slice of it, one point."""
    root = settings.current().results
    first = solara.use_memo(lambda: browser.read(query, root), [])
    asked, set_asked = solara.use_state(first)
    error, set_error = solara.use_state("")
    solara.HTML(tag="h2", unsafe_innerHTML="Sweeps")
    solara.HTML(tag="p", classes=["lead"], unsafe_innerHTML=LEAD)

    def ask(new: Asked) -> None:
        try:
            found = browser.filled(new, root)
        except InputError as problem:
            set_error(str(problem))
            return
        set_error("")
        set_asked(found)
        session.remember("sweep", browser.write(found, root))

    if error:
        Note(error, kind="error")

    def show(folder: str) -> None:
        ask(Asked(folder, Query()))

    if asked is None:
        Note(EMPTY.format(root=root))
        NewSweep(root, True, show).key("new")
        return
    folder = inside(root, asked.folder)
    with solara.Div(classes=["grid", "sides"]):
        with solara.Div(classes=["stack"]):
            _Controls(asked, ask, root).key("controls")
            NewSweep(root, False, show).key("new")
        with solara.Div(classes=["stack"]):
            if asked.figure:
                _Figure(asked, folder, root, screen).key(f"figure-{asked.figure}")
                return
            _Slice(asked, folder, root, screen, ask).key("slice")
            if asked.point is not None and is_sweep(folder):
                _Point(asked, browser.opened(folder), root, screen).key("point")


@solara.component
def _Controls(asked: Asked, ask: Any, root: Path) -> None:
    """What is shown, to be chosen."""
    folder, query = inside(root, asked.folder), asked.query
    with solara.Div(classes=["card", "stack"]):
        _Choose(
            "Folder",
            asked.folder,
            browser.folders(root),
            lambda v: ask(Asked(v, Query())),
            "folder",
        )
        _Choose(
            "Shown",
            asked.figure,
            browser.figures_in(folder),
            lambda v: ask(Asked(asked.folder, Query(), figure=v)),
            "figure",
            lambda v: v.replace("_", " ") or "a slice",
        )
        if asked.figure:
            return
        _Choose(
            "Outcome",
            str(query.outcome),
            browser.outcomes_of(folder),
            lambda value: ask(asked.changed(outcome=value)),
            "outcome",
            outcome_text,
        )
        if not is_sweep(folder):
            return
        sweep = browser.opened(folder)
        known = browser.choices_of(sweep, asked)
        labels: dict[str, tuple[str, Any]] = {
            "measure": ("Measure of a truce", lambda v: words.MEASURES[v]),
            "group": ("Truces", lambda v: GROUP_TEXT[v]),
            "across": ("Across", words.setting),
            "up": ("Up", lambda v: words.setting(v) if v else "nothing: a curve"),
        }
        for name, (label, say) in labels.items():
            if known[name]:
                _Choose(
                    label,
                    str(getattr(query, name)),
                    known[name],
                    lambda value, name=name: ask(_with(asked, name, value)),
                    name,
                    say,
                )
        for name in browser.to_fix(sweep, asked):
            values = sweep.values(name)
            _Choose(
                f"{words.setting(name)} fixed at",
                value_text(query.at[name]),
                [value_text(value) for value in values],
                lambda value, name=name: ask(asked.changed(at=query.at | {name: value})),
                f"at-{name}",
                lambda text: text or "as in the scenario",
            )
    with solara.Div(classes=["card", "stack"]):
        points = browser.points_of(sweep, asked)
        options = [{"value": "", "text": "none"}, *points]
        Choose(
            label="Survival of a point",
            value="" if asked.point is None else str(asked.point),
            options=options,
            name="point",
            event_change=lambda value: ask(
                Asked(asked.folder, query, int(value) if value else None)
            ),
        )
        solara.HTML(
            tag="p",
            classes=["hint"],
            unsafe_innerHTML=(
                f"{sweep.table['point'].nunique():,} points of {sweep.replicates:,} runs each, "
                f"seed {sweep.seed}; intervals are 95 %."
            ),
        )


def _with(asked: Asked, name: str, value: str) -> Asked:
    """Another axis, measure or group; axes that would meet change places."""
    changes: dict[str, Any] = {name: value}
    if name == "across" and value == asked.query.up:
        changes["up"] = asked.query.across
    if name == "measure":
        changes["group"] = None
    return asked.changed(**changes)


@solara.component
def _Choose(
    label: str,
    value: str,
    names: list[str],
    change: Any,
    name: str,
    words: Any = None,
) -> None:
    options = [{"value": one, "text": words(one) if words else one} for one in names]
    Choose(label=label, value=value, options=options, name=name, event_change=change)


@solara.component
def _Slice(asked: Asked, folder: Path, root: Path, screen: Screen, ask: Any) -> None:
    """The figure of the slice, its files, its command; a cell of it opens its point."""

    def make() -> tuple[pd.DataFrame, Any]:
        if not is_sweep(folder):
            table = study_table(folder, asked.query.outcome)
            return table, lambda: plot_study(table, screen.is_narrow)
        table = slice_table(browser.opened(folder), asked.query)
        return table, lambda: _sized(plot_slice(table, asked.query, asked.point), screen)

    def work(task: Task) -> tuple[pd.DataFrame, figures.Shown, list[dict[str, Any]]]:
        table, draw = make()
        task.check()
        cells: list[dict[str, Any]] = []

        def find(figure: Figure) -> None:
            if is_sweep(folder):
                cells.extend(cells_of(figure, table, asked.query))

        return table, figures.shown(draw, screen.is_dark, find), cells

    def file(kind: str) -> bytes:
        return _file(look_up(folder, asked.query), kind)

    job = use_job(work, (asked.key(), screen))
    with solara.Div(classes=["card", "stack"]):
        if job.error:
            Note(job.error, kind="error")
        table, picture, cells = job.value or (None, None, [])
        text = outcome_text(str(asked.query.outcome))
        Picture(
            picture,
            f"{text} over what varies",
            job.is_running,
            cells=cells,
            picked="" if asked.point is None else str(asked.point),
            on_pick=lambda point: ask(replace(asked, point=int(point))),
        )
        if table is not None and is_sweep(folder) and len(table):
            said = escape(extremes(table, asked.query))
            solara.HTML(tag="p", classes=["soft", "small"], unsafe_innerHTML=f"{said}.")
            for note in notes_of(browser.opened(folder), asked.query):
                if not note.startswith("held fixed"):  # the choices beside it say that
                    solara.HTML(tag="p", classes=["soft", "small"], unsafe_innerHTML=escape(note))
    played_by = small_sweep.command(root, asked.folder)
    with solara.Div(classes=["card", "stack"]):
        Downloads({f"slice.{k}": partial(file, k) for k in ("csv", "png", "svg")})
        Command(browser.command(asked, root, is_of_point=False))
        if played_by:
            hint = "The sweep itself, as the page played it:"
            solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML=hint)
            Command(played_by)


def _file(found: Slice, kind: str) -> bytes:
    """A file of a slice, as the command `slice` writes it: csv, png or svg."""
    if kind == "csv":
        return as_csv(found.table).encode()
    return figures.file_of(found.draw, kind, found.origin)


@solara.component
def _Figure(asked: Asked, folder: Path, root: Path, screen: Screen) -> None:
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
def _Point(asked: Asked, sweep: Sweep, root: Path, screen: Screen) -> None:
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
