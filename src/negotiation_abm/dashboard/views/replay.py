"""Replay: the recorded year week by week, what was done, how likely the rules found it, and why."""

from functools import lru_cache
from typing import Any, cast

import solara
from matplotlib.figure import Figure

from negotiation_abm.dashboard import figures, permalink, pictures, question
from negotiation_abm.dashboard.jobs import Task, use_job
from negotiation_abm.dashboard.names import scenario_titles
from negotiation_abm.dashboard.parts import (
    Choose,
    Command,
    Downloads,
    Events,
    Note,
    Press,
    Timeline,
)
from negotiation_abm.dashboard.parts.week import Facts, Levers, Week, item_of
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.words import escape
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.replay.story import (
    SCENARIOS,
    Event,
    Story,
    load_story,
)
from negotiation_abm.replay.tables import decision_table, weekly_table

SCENARIO = permalink.choice(SCENARIOS[0], SCENARIOS)


def fields_of(story: Story) -> dict[str, permalink.Field]:
    """What the address of this view holds."""

    def event(text: str) -> str:
        found = story.event(text)
        if found is None:
            known = [row.id for e in story.events for row in e.rows]
            raise ValueError(f"no such row '{text}'; {suggest(text, known)}")
        return found.id

    return {
        "scenario": SCENARIO,
        "week": permalink.whole(story.telling_week, 0, len(story.weeks) - 1),
        "event": permalink.Field("", event),
    }


def _scenario_of(query: str) -> str:
    """The scenario that an address names; its other fields are read when that is loaded."""
    named = [part[9:] for part in query.split("&") if part.startswith("scenario=")]
    if named and named[0] not in SCENARIOS:
        raise InputError(permalink.PLACE, f"scenario '{named[0]}'", suggest(named[0], SCENARIOS))
    return named[0] if named else SCENARIOS[0]


@solara.component
def View(session: OpenPage, screen: Screen, query: str) -> None:
    """The year, its week, its event."""
    asked = solara.use_memo(lambda: _read(query), [])
    state, set_state = solara.use_state(asked)
    story = load_story(state["scenario"])
    job = use_job(
        lambda task: _timeline(task, state["scenario"], screen), (state["scenario"], screen)
    )

    def change(**changes: Any) -> None:
        after = state | changes
        set_state(after)
        session.remember("replay", permalink.write(after, fields_of(story)))

    week = state["week"]
    event = story.event(state["event"]) if state["event"] else None
    solara.HTML(tag="h2", unsafe_innerHTML="The recorded year under the rules")
    solara.HTML(
        tag="p",
        classes=["lead"],
        unsafe_innerHTML=(
            f"{escape(story.game.scenario.title)}. Every recorded move goes through the rules "
            "of the game, which say how likely it was. Move the week, press play, or click a move."
        ),
    )
    with solara.Div(classes=["grid", "replay"]):
        with solara.Div(classes=["stack"]):
            with solara.Div(classes=["card"]):
                shown, where = job.value if job.value else (None, pictures.Places(0.0, 0.0, ()))
                if job.error:
                    Note(job.error, kind="error")
                Timeline(
                    labels=[entry["week_of"] for entry in story.weeks],
                    week=week,
                    image=shown.address if shown else "",
                    hover=shown.hover if shown else "",
                    alt="Tariffs, other levers, moves, their probability, felt pain, strain",
                    first=where.first,
                    aweek=where.a_week,
                    marks=[mark.__dict__ for mark in where.marks],
                    picked=state["event"],
                    event_change=lambda to: change(week=int(to)),
                    event_pick=lambda name: change(
                        event=name, week=cast(Event, story.event(name)).turn
                    ),
                )
            if event is not None:
                Facts(event)
        with solara.Div(classes=["stack"]):
            Week(story, week)
            Press(
                label="Ask what if, from this week on",
                name="ask",
                kind="main",
                event_press=lambda _: session.open(
                    "whatif",
                    question.write(
                        question.Question(state["scenario"], story.game.scenario.date_of(week))
                    ),
                ),
            )
            with solara.Div(classes=["card"]):
                solara.HTML(tag="h3", unsafe_innerHTML="What was done in this week")
                Events(
                    items=[item_of(story, entry) for entry in story.of_week(week)],
                    picked=state["event"],
                    none="Nothing in the record: both sides held.",
                    event_pick=lambda name: change(event="" if name == state["event"] else name),
                )
    Levers(story, week)
    with solara.Div(classes=["card", "stack"]):
        Choose(
            label="Scenario",
            name="scenario",
            value=state["scenario"],
            options=[{"value": name, "text": scenario_titles()[name]} for name in SCENARIOS],
            event_change=lambda name: change(scenario=name),
        )
        Command(f"negotiation-abm replay {state['scenario']} --out results/replay")
        Downloads(_files(state["scenario"]))


def _read(query: str) -> dict[str, Any]:
    return permalink.read(query, fields_of(load_story(_scenario_of(query))))


@lru_cache(maxsize=8)
def _drawn(scenario: str, screen: Screen) -> tuple[figures.Shown, pictures.Places]:
    """The timeline, and where its weeks and moves stand."""
    story, found = load_story(scenario), []

    def make() -> Figure:
        figure = pictures.timeline_figure(story.summary, screen.is_narrow)
        found.append(pictures.places(figure, story.summary))
        return figure

    return figures.shown(make, screen.is_dark), found[0]


def _timeline(task: Task, scenario: str, screen: Screen) -> tuple[figures.Shown, pictures.Places]:
    task.check()
    return _drawn(scenario, screen)


def _files(scenario: str) -> dict[str, Any]:
    """What can be downloaded; the tables are those that the command writes."""

    def make() -> Figure:
        return pictures.timeline_figure(load_story(scenario).summary, False)

    def table(build: Any) -> bytes:
        story = load_story(scenario)
        found = build(replay_record(story.game, story.record))
        return bytes(found.to_csv(index=False, float_format="%.10g").encode())

    return {
        "replay.csv": lambda: table(weekly_table),
        "decisions.csv": lambda: table(decision_table),
        "timeline.png": lambda: figures.file_of(make, "png"),
        "timeline.svg": lambda: figures.file_of(make, "svg"),
    }
