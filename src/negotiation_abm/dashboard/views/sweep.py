"""Sweeps: slices of a sweep, survival of any point, indices of a study, any figure of a folder."""

from pathlib import Path
from typing import Any

import solara

from negotiation_abm.dashboard import browser, settings
from negotiation_abm.dashboard.browser import Asked
from negotiation_abm.dashboard.parts import Choose, Note
from negotiation_abm.dashboard.parts.slices import FigureShown, PointShown, SliceShown
from negotiation_abm.dashboard.parts.sweep_form import NewSweep
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.plotting.slices import (
    GROUP_TEXT,
    outcome_text,
)
from negotiation_abm.sweep.slices import (
    Query,
    inside,
    is_sweep,
    value_text,
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
                FigureShown(asked, folder, root, screen).key(f"figure-{asked.figure}")
                return
            SliceShown(asked, folder, root, screen, ask).key("slice")
            if asked.point is not None and is_sweep(folder):
                PointShown(asked, browser.opened(folder), root, screen).key("point")


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
            label=f"Survival of a point ({'across, up' if query.up else 'across'}: outcome)",
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
                f"seed {sweep.seed}; intervals are 95\N{NO-BREAK SPACE}%."
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
