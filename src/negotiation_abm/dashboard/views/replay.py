"""Replay: the recorded year week by week, what was done, how likely the rules found it, and why."""

import html
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
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.replay.story import (
    SCENARIOS,
    Event,
    Story,
    facts_by_date,
    load_story,
    sources_of,
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
            f"{html.escape(story.game.scenario.title)}. Every recorded move goes through the rules "
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
                _Facts(event)
        with solara.Div(classes=["stack"]):
            _Week(story, week)
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
                    items=[_item(story, entry) for entry in story.of_week(week)],
                    picked=state["event"],
                    none="Nothing in the record: both sides held.",
                    event_pick=lambda name: change(event="" if name == state["event"] else name),
                )
    _Levers(story, week)
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


def _item(story: Story, event: Event) -> dict[str, Any]:
    """An event as the list shows it."""
    row = event.rows[0]
    players = story.summary["players"]
    chance = ""
    if event.probability is not None:
        chance = (
            f"chance under the rules {words.percent(event.probability)}; "
            f"by any measure {words.percent(event.type_probability or 0.0)}"
        )
    more = len(event.rows) - 1
    return {
        "id": event.id,
        "player": _who(event),
        "side": players.index(event.player) if event.player in players else 2,
        "move": words.move(event.move) if event.move else "(no move of the game)",
        "date": event.date.isoformat(),
        "text": row.statement + (f" (and {more} more)" if more else ""),
        "chance": chance,
        "width": f"{100 * (event.probability or 0.0):.1f}%",
        "source": _short(row.source),
    }


def _short(source: str) -> str:
    """The sources of a row by their names."""
    names = list(dict.fromkeys(sources_of(source)))
    return f"source: {'; '.join(names)}" if names else ""


def _who(event: Event) -> str:
    return "both sides" if event.player == "both" else words.player(event.player)


@solara.component
def _Week(story: Story, week: int) -> None:
    """The state of the relation at the end of a week, in numbers."""
    now = story.weeks[week]
    left = f", {now['weeks_left']} weeks left" if now["weeks_left"] >= 0 else ""
    truce = f"truce{left}" if now["phase"] == "TRUCE" else "dispute"
    forum = {"NONE": "none", "ROUND": "round or call", "SUMMIT": "summit"}[now["forum"]]
    numbers = [
        ("relation", truce),
        ("meeting", forum),
        ("chance of talks this week", words.percent(now["round_probability"])),
        ("strain on the truce", f"{now['strain']:.2f}"),
    ]
    for player in story.summary["players"]:
        name = words.player(player)
        numbers.append((f"felt pain, {name}", f"{now[f'{player}.felt']:.3f}"))
        numbers.append((f"anger, {name}", f"{now[f'{player}.anger']:.2f}"))
    body = "".join(
        f"<div><dt>{html.escape(t)}</dt><dd>{html.escape(v)}</dd></div>" for t, v in numbers
    )
    solara.HTML(
        tag="div",
        classes=["card"],
        unsafe_innerHTML=(
            f"<h3>Week of {html.escape(now['week_of'])}, {week + 1} of {len(story.weeks)}</h3>"
            f"<dl class='numbers'>{body}</dl>"
        ),
    )


def _headline(headline: float, rate: float) -> str:
    """The headline tariff behind the effective one, where the two differ."""
    return f", headline {headline:.0f}" if abs(headline - rate) >= 0.5 else ""


@solara.component
def _Levers(story: Story, week: int) -> None:
    """Levers of both sides at the end of a week: in force, ready to snap back, announced."""
    now = story.weeks[week]
    with solara.Div(classes=["grid", "halves"]):
        for side, player in enumerate(story.summary["players"]):
            rows = ""
            for lever in story.game.lever_names[side]:
                force, loaded, pending = (
                    now[f"{player}.{lever}.{part}"] for part in ("in_force", "loaded", "pending")
                )
                value = f"{force:.2f}"
                if lever == story.summary["tariff_levers"].get(player):
                    headline, rate = now[f"{player}.headline_pp"], now[f"{player}.tariff_pp"]
                    value = f"{rate:.0f} points" + _headline(headline, rate)
                value += f" (+{loaded:.2f})" if loaded > 0.0 else ""
                bars = "".join(
                    f"<i class='{kind}' style='width:{100 * part:.1f}%'></i>"
                    for kind, part in (("now", force), ("loaded", loaded), ("pending", pending))
                )
                rows += (
                    f"<span>{html.escape(words.lever(lever))}</span>"
                    f"<span class='track side-{side}' aria-hidden='true'>{bars}</span>"
                    f"<span class='value'>{value}</span>"
                )
            solara.HTML(
                tag="div",
                classes=["card"],
                unsafe_innerHTML=(
                    f"<h3>Levers of {html.escape(words.player(player))} at the end of the week</h3>"
                    f"<div class='levers'>{rows}</div><p class='hint'>Solid: in force. Hatched, "
                    "(+): suspended, ready to snap back. Dashed: announced.</p>"
                ),
            )


@solara.component
def _Facts(event: Event) -> None:
    """What the record says of an event, the facts of its day, and their sources."""
    parts = ""
    for row in event.rows:
        parts += _fact(row.statement, f"row {row.id}", row.certainty, sources_of(row.source))
        if row.not_represented:
            parts += f"<p class='hint'>Not in the replay: {html.escape(row.not_represented)}.</p>"
    known = facts_by_date().get(event.date.isoformat(), [])
    for fact in known:
        value = f"{fact['value']} {fact['unit']}" if fact["unit"] not in ("bool", "text") else ""
        about = f"{fact['id']}{f' = {value}' if value else ''}"
        parts += _fact(
            fact["statement"], about, fact["certainty"], sources_of(";".join(fact["source"]))
        )
    solara.HTML(
        tag="div",
        classes=["card"],
        attributes={"id": "facts"},
        unsafe_innerHTML=(
            f"<h3>{event.date.isoformat()}, {html.escape(_who(event))} "
            f"{html.escape(words.move(event.move))}: what is known of that day</h3>{parts}"
        ),
    )


def _fact(statement: str, about: str, certainty: str, sources: list[str]) -> str:
    where = "; ".join(sources) or "no source"
    return (
        f"<div class='fact'><p>{html.escape(statement)}</p><p class='hint'>{html.escape(about)} | "
        f"{html.escape(certainty.replace('_', ' '))} | {html.escape(where)}</p></div>"
    )
