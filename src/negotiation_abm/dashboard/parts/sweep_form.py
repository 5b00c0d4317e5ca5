"""The form that starts a small sweep, its progress, and a way to stop it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import solara

from negotiation_abm.dashboard import small_sweep
from negotiation_abm.dashboard.jobs import Task, use_job
from negotiation_abm.dashboard.knobs import Knob
from negotiation_abm.dashboard.names import scenario_titles
from negotiation_abm.dashboard.parts import Choose, Note, Press, Progress
from negotiation_abm.dashboard.parts.game import Entry
from negotiation_abm.dashboard.small_sweep import RUNS, STEPS, Small
from negotiation_abm.files.errors import InputError

SIDES = ("across", "up")


@solara.component
def NewSweep(root: Path, is_open: bool, done: Callable[[str], None]) -> None:
    """A card that opens into the form; `done` gets the folder of a sweep that was played."""
    opened, set_opened = solara.use_state(is_open)
    started, set_started = solara.use_state(cast(Small | None, None))

    def work(task: Task) -> str:
        return small_sweep.play(started, root, task) if started else ""

    job = use_job(work, started)

    def finish() -> None:
        if job.value and job.key == started:
            set_started(None)
            done(job.value)

    solara.use_effect(finish, [job.value, job.key])
    with solara.Div(classes=["card", "stack"]):
        Press(
            label=f"{'▾' if opened else '▸'} Start a sweep",
            name="new-sweep",
            kind="bare",
            event_press=lambda _: set_opened(not opened),
        )
        if opened:
            _Form(started is not None and not job.error, set_started)
        if started is not None and job.error:
            Note(job.error, kind="error")
        elif started is not None:
            Progress(job.share, job.text or f"playing {started.points} points")
            Press(label="Stop", name="stop-sweep", event_press=lambda _: set_started(None))


@solara.component
def _Form(is_running: bool, start: Callable[[Small], None]) -> None:
    """Two factors with their ends and numbers of values, and the runs of each point."""
    known = solara.use_memo(small_sweep.factors, [])
    names = list(known)
    scenario, set_scenario = solara.use_state(small_sweep.USUAL)
    asked, set_asked = solara.use_state({s: _usual(known[names[k]]) for k, s in enumerate(SIDES)})
    runs, set_runs = solara.use_state(RUNS[1])
    error, set_error = solara.use_state("")

    def change(side: str, **changes: Any) -> None:
        set_asked(lambda old: old | {side: old[side] | changes})

    def begin(_: Any) -> None:
        across, up = (asked[side] for side in SIDES)
        try:
            found = small_sweep.checked(
                scenario,
                (across["name"], up["name"]),
                [across["low"], across["high"], up["low"], up["high"]],
                [across["steps"], up["steps"]],
                runs,
            )
        except InputError as problem:
            set_error(str(problem))
            return
        set_error("")
        start(found)

    Choose(
        label="Scenario",
        name="new-scenario",
        value=scenario,
        options=[{"value": n, "text": title} for n, title in scenario_titles().items()],
        event_change=set_scenario,
    )
    for side in SIDES:
        _Axis(side, asked[side], known, change)
    Choose(
        label="Runs of each point",
        name="new-runs",
        value=str(runs),
        options=[{"value": str(n), "text": f"{n:,}"} for n in RUNS],
        event_change=lambda value: set_runs(int(value)),
    )
    total = asked["across"]["steps"] * asked["up"]["steps"]
    if error:
        Note(error, kind="error")
    Press(
        label=f"Play {total} points, {total * runs:,} runs",
        name="start-sweep",
        kind="main",
        enabled=not is_running,
        event_press=begin,
    )


@solara.component
def _Axis(
    side: str, now: dict[str, Any], known: dict[str, Knob], change: Callable[..., None]
) -> None:
    """One factor: which, from where to where, in how many values."""
    Choose(
        label="Across" if side == "across" else "Up",
        name=f"new-{side}",
        value=now["name"],
        options=[
            {
                "value": knob.name,
                "text": knob.label,
                "group": "what matters most" if knob.is_first else "others",
            }
            for knob in known.values()
        ],
        event_change=lambda name: change(side, **_usual(known[name])),
    )
    with solara.Div(classes=["line", "pair"]):
        for end, label in (("low", "from"), ("high", "to")):
            Entry(
                label=label,
                value=now[end],
                name=f"new-{side}-{end}",
                event_change=lambda value, end=end: change(side, **{end: value}),
            )
        Choose(
            label="values",
            name=f"new-{side}-steps",
            value=str(now["steps"]),
            options=[{"value": str(n), "text": str(n)} for n in STEPS],
            event_change=lambda value: change(side, steps=int(value)),
        )


def _usual(knob: Knob) -> dict[str, Any]:
    """The range of a factor, as text, and five values."""
    low, high = (f"{end:.{knob.digits}f}" for end in (knob.low, knob.high))
    return {"name": knob.name, "low": low, "high": high, "steps": 5}
