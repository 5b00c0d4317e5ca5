"""What if: leave the record at a week, alter something, and see both branches side by side."""

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import solara
from matplotlib.figure import Figure

from negotiation_abm.dashboard import figures, pictures, question, settings
from negotiation_abm.dashboard.jobs import Job, Task, use_job
from negotiation_abm.dashboard.parts import (
    Chips,
    Choose,
    Command,
    Downloads,
    Note,
    Picture,
    Press,
    Progress,
    Range,
    Table,
)
from negotiation_abm.dashboard.question import Answer, Knob, Question
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words
from negotiation_abm.replay.story import load_story
from negotiation_abm.run import range_words
from negotiation_abm.run.outcome import digits_of
from negotiation_abm.run.sizes import DRAWS
from negotiation_abm.studies.whatif.run import as_csv
from negotiation_abm.studies.whatif.schema import parse_move
from negotiation_abm.survival.words import ONE_RUN, is_clear

MOVES = ("ESCALATE", "THREATEN", "CONCEDE", "SUSPEND", "HOLD")
BARE = ("SUSPEND", "HOLD")


@solara.component
def View(session: OpenPage, screen: Screen, query: str) -> None:
    """Controls on one side, both branches on the other."""
    first = solara.use_memo(lambda: question.read(query), [])
    asked, set_asked = solara.use_state(first)
    job = use_job(lambda task: _work(task, asked, screen), (asked, screen))
    ranges = use_job(lambda task: question.range_of(asked, task), asked)

    def ask(new: Question) -> None:
        set_asked(new)
        session.remember("whatif", question.write(new))

    solara.HTML(tag="h2", unsafe_innerHTML="What if?")
    solara.HTML(
        tag="p",
        classes=["lead"],
        unsafe_innerHTML=(
            "The record is replayed up to a week; from then on both sides play freely, "
            f"{settings.current().replicates:,} times. Alter something, and see what it changes in "
            "the same runs with the same draws."
        ),
    )
    _Told(asked, ranges)
    with solara.Div(classes=["grid", "sides"]):
        with solara.Div(classes=["stack"]):
            _Branch(asked, ask)
            if screen.is_narrow:
                _Curves(job)
            _Knobs(asked, ask)
        with solara.Div(classes=["stack"]):
            if not screen.is_narrow:
                _Curves(job)
            _Result(asked, job)


@solara.component
def _Told(asked: Question, ranges: Job) -> None:
    """The answer in a sentence, with its range over the posterior draws."""
    if ranges.error:
        return  # the job of the figure says the same
    if ranges.is_running or ranges.key != asked:
        text = f"Working out the answer over {DRAWS} posterior draws ..."
    elif ranges.value is None:
        text = "No truce is in force then, or the parameters have no posterior draws: no range."
    elif asked.is_altered:
        text = range_words.branches_sentence(ranges.value)
    else:
        text = range_words.as_recorded_sentence(ranges.value)
    if ranges.value is not None and not ranges.is_running:
        text += (
            f" In brackets: the middle 90 % of {ranges.value['draws']} posterior draws; below, "
            "simulation error alone."
        )
    solara.HTML(
        tag="p",
        classes=["told"],
        unsafe_innerHTML=escape(text),
        attributes={"role": "status", "id": "told"},
    )


def _work(task: Task, asked: Question, screen: Screen) -> tuple[Answer, bytes]:
    found = question.answer(asked, task)
    task.check()
    return found, figures.shown(lambda: _figure(found, screen.is_narrow), screen.is_dark)


def _figure(found: Answer, is_narrow: bool) -> Figure:
    return pictures.whatif_figure(found.paths, found.summary, is_narrow)


# ---------------------------------------------------------------------------
# Controls


@solara.component
def _Branch(asked: Question, ask: Any) -> None:
    """Where the record is left, and which of its moves are left out or added."""
    story = load_story(asked.scenario)
    scenario = story.game.scenario
    turn = scenario.turn_of(asked.date)
    with solara.Div(classes=["card", "stack"]):
        Range(
            label="Leave the record in the week of",
            name="from",
            value=turn,
            low=0,
            high=len(story.weeks),
            step=1,
            shown=scenario.date_of(turn).isoformat(),
            words=[scenario.date_of(k).isoformat() for k in range(len(story.weeks) + 1)],
            event_change=lambda to: ask(asked.at(scenario.date_of(int(to)))),
        )
        if not story.of_week(turn - 1) and turn:
            solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML="No move in the week before.")
        _Skip(asked, ask)
        _Move(asked, ask)


@solara.component
def _Skip(asked: Question, ask: Any) -> None:
    """Moves of the record that are left out."""
    story = load_story(asked.scenario)
    moves = [event for event in story.events if event.probability is not None]
    texts = {e.id: f"{e.date} {e.player} {words.move(e.move)}" for e in reversed(moves)}
    before = {event.id for event in moves if event.date < asked.date}
    options = [{"value": "", "text": "nothing more"}]
    options += [
        {"value": name, "text": text}
        for name, text in texts.items()
        if name in before and name not in asked.skip
    ]
    Choose(
        label="Leave out of the record",
        name="skip",
        value="",
        options=options,
        event_change=lambda name: ask(replace(asked, skip=(*asked.skip, name))) if name else None,
    )
    if asked.skip:
        Chips(
            items=[{"value": n, "text": f"without {texts.get(n, n)}"} for n in asked.skip],
            event_drop=lambda name: ask(
                replace(asked, skip=tuple(n for n in asked.skip if n != name))
            ),
        )


@solara.component
def _Move(asked: Question, ask: Any) -> None:
    """Moves that are made whatever the sides would choose."""
    story = load_story(asked.scenario)
    scenario = story.game.scenario
    turn = scenario.turn_of(asked.date)
    week, set_week = solara.use_state("0")
    moves = []
    for side, player in enumerate(story.summary["players"]):
        for move in MOVES:
            levers = ("",) if move in BARE else story.game.lever_names[side]
            for lever in levers:
                place = f"{player}:{move}" + (f":{lever}" if lever else "")
                text = words.move(f"{move} {lever}".strip())
                moves.append({"value": place, "text": f"{player} {text}", "group": player})
    weeks = [
        {"value": str(k), "text": f"week of {scenario.date_of(turn + k)}"}
        for k in range(min(26, scenario.horizon_weeks - turn))
    ]
    with solara.Div(classes=["line", "pair"]):
        Choose(
            label="Add a move",
            name="move",
            value="",
            options=[{"value": "", "text": "nothing more"}, *moves],
            event_change=lambda place: (
                ask(
                    replace(
                        asked,
                        moves=(*asked.moves, f"{scenario.date_of(turn + int(week))}:{place}"),
                    )
                )
                if place
                else None
            ),
        )
        Choose(label="in the", name="move-week", value=week, options=weeks, event_change=set_week)
    if asked.moves:
        Chips(
            items=[{"value": text, "text": _move_text(text)} for text in asked.moves],
            event_drop=lambda text: ask(
                replace(asked, moves=tuple(m for m in asked.moves if m != text))
            ),
        )


def _move_text(text: str) -> str:
    move = parse_move(text)
    what = words.move(f"{move.move} {move.lever or ''}".strip())
    return f"{move.player} {what}, {move.date}"


@solara.component
def _Knobs(asked: Question, ask: Any) -> None:
    """Sliders of the parameters, those that matter most first."""
    every = question.knobs(asked.scenario)
    groups = (
        ("Parameters that matter", [k for k in every if k.is_first]),
        ("Other levers", [k for k in every if not k.is_first and k.name.startswith("levers.")]),
        (
            "Other fitted parameters",
            [k for k in every if not k.is_first and not k.name.startswith("levers.")],
        ),
    )
    opened, set_opened = solara.use_state(frozenset({0}))

    def turn(number: int) -> Callable[[Any], None]:
        return lambda _: set_opened(opened ^ {number})

    for number, (title, chosen) in enumerate(groups):
        is_open = number in opened
        with solara.Div(classes=["card"]):
            with solara.Div(classes=["line", "spread"]):
                if number:
                    Press(
                        label=f"{'▾' if is_open else '▸'} {title} ({len(chosen)})",
                        name=f"group-{number}",
                        kind="bare",
                        event_press=turn(number),
                    )
                else:
                    solara.HTML(tag="h3", unsafe_innerHTML=escape(title))
                    Press(
                        label="reset",
                        name="reset",
                        kind="quiet",
                        enabled=asked.is_altered,
                        event_press=lambda _: ask(Question(asked.scenario, asked.date)),
                    )
            if is_open:
                for knob in chosen:
                    _Slider(asked, ask, knob).key(knob.name)


@solara.component
def _Slider(asked: Question, ask: Any, knob: Knob) -> None:
    """One parameter: its value beside its usual one, its range and what it rests on."""
    given = dict(asked.set).get(knob.name)
    value = knob.value if given is None else given
    usual = f"{knob.value:.{knob.digits}f}"

    def change(to: float) -> None:
        number = float(f"{to:.{knob.digits}f}")
        back = abs(number - knob.value) < 0.5 * knob.step
        ask(asked.with_value(knob.name, None if back else number))

    Range(
        label=knob.label,
        name=knob.name,
        value=value,
        low=knob.low,
        high=knob.high,
        step=knob.step,
        shown=usual if given is None else f"{value:.{knob.digits}f} (usually {usual})",
        hint=knob.hint,
        marked=given is not None,
        event_change=change,
    )


# ---------------------------------------------------------------------------
# Result


@solara.component
def _Curves(job: Job) -> None:
    """How far the work is, and the figure of both branches."""
    found, svg = job.value if job.value else (None, None)
    with solara.Div(classes=["card", "stack"]):
        if job.error:
            Note(job.error, kind="error")
        elif job.is_running:
            Progress(job.share, job.text or "playing both branches")
        else:
            Progress(1.0, _done(found, job.seconds))
        Picture(
            svg,
            "Both branches: survival of the truce, its difference, tariffs",
            job.is_running or bool(job.error),
            question.write(found.question) if found else "",
        )


@solara.component
def _Result(asked: Question, job: Job) -> None:
    """Differences of both branches, the command and the files."""
    found: Answer | None = job.value[0] if job.value else None
    if found is not None:
        with solara.Div(classes=["card", "stack"]):
            _Differences(found)
            for line in found.summary["notes"]:
                Note(line)
    with solara.Div(classes=["card", "stack"]):
        Command(asked.command())
        if found is not None and found.question == asked:
            Downloads(_files(found))


def _done(found: Answer | None, seconds: float) -> str:
    if found is None:
        return ""
    count = found.summary["replicates"]
    what = "; ".join(found.summary["alteration"])
    if not found.question.is_altered:
        return f"{count:,} runs as recorded in {seconds:.1f} s. Nothing is changed yet."
    return f"Changed: {what}. {count:,} paired runs, {seconds:.1f} s."


def _files(found: Answer) -> dict[str, Any]:
    """What can be downloaded; the tables are those that the command writes."""
    about = (
        f"scenario {found.summary['scenario']}  |  {'; '.join(found.summary['alteration'])}  |  "
        f"{found.summary['replicates']:,} runs, seed {found.summary['seed']}"
    )

    def make() -> Figure:
        return _figure(found, False)

    return {
        "differences.csv": lambda: as_csv(found.table).encode(),
        "paths.csv": lambda: as_csv(found.paths).encode(),
        "whatif.png": lambda: figures.file_of(make, "png", about),
        "whatif.svg": lambda: figures.file_of(make, "svg", about),
    }


@solara.component
def _Differences(found: Answer) -> None:
    """Each outcome in both branches and the paired difference with its interval."""
    if not found.question.is_altered:
        rows = [_plain(row) for row in found.summary["outcomes"]]
        columns = [("outcome", "left"), (words.ARMS["factual"], "right")]
        Table(columns=columns, rows=rows, caption="As recorded")
        return
    rows, strong = [], set()
    for number, row in enumerate(found.summary["outcomes"]):
        digits = digits_of(row["unit"], is_mean=True)
        if is_clear(row):
            strong.add(number)
        rows.append(
            [
                *_plain(row),
                f"{row['altered']:.{digits}f}",
                f"{row['difference']:+.{digits}f}",
                ONE_RUN
                if row["low"] is None
                else f"{row['low']:.{digits}f} to {row['high']:.{digits}f}",
            ]
        )
    columns = [
        ("outcome", "left"),
        (words.ARMS["factual"], "right"),
        (words.ARMS["altered"], "right"),
        ("difference", "right"),
        ("95 %", "right"),
    ]
    Table(columns=columns, rows=rows, caption="What it changes", strong=strong)
    solara.HTML(
        tag="p",
        classes=["hint"],
        unsafe_innerHTML=(
            "Bold: the interval of the paired difference excludes 0. It is simulation error only; "
            "parameters are held fixed."
        ),
    )


def _plain(row: dict[str, Any]) -> list[str]:
    unit = f", {row['unit']}" if row["unit"] in ("pp", "units/week") else ""
    return [row["text"] + unit, f"{row['factual']:.{digits_of(row['unit'], is_mean=True)}f}"]
