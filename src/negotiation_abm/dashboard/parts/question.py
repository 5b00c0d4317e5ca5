"""The controls of a what-if: where the record is left, and what is altered of it, truce, model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import solara

from negotiation_abm.dashboard import deal
from negotiation_abm.dashboard.knobs import Knob, knobs
from negotiation_abm.dashboard.parts import Chips, Choose, Press, Range
from negotiation_abm.dashboard.question import Question, question_of, shipped_whatifs
from negotiation_abm.files import words
from negotiation_abm.files.words import escape
from negotiation_abm.replay.story import load_story
from negotiation_abm.studies.whatif.schema import parse_move

MOVES = ("ESCALATE", "THREATEN", "CONCEDE", "SUSPEND", "HOLD")
BARE = ("SUSPEND", "HOLD")
Ask = Callable[[Question], None]


@solara.component
def Shipped(asked: Question, ask: Ask) -> None:
    """The shipped what-ifs, to be chosen."""
    every = shipped_whatifs()
    own = {"value": "", "text": "a question of your own"}
    with solara.Div(classes=["card", "stack"]):
        Choose(
            label="Question",
            name="whatif",
            value=asked.asked,
            options=[own, *({"value": n, "text": one.title or n} for n, one in every.items())],
            event_change=lambda name: ask(
                question_of(name) if name else Question(asked.scenario, asked.date)
            ),
        )
        if asked.asked:
            text = escape(every[asked.asked].description)
            solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML=text)


@solara.component
def Truce(asked: Question, ask: Ask) -> None:
    """The truce itself: when it ends, what later ones are, whether purchases are made."""
    now = asked.deal

    def change(**changes: Any) -> None:
        ask(replace(asked, deal=replace(now, **changes)))

    with solara.Div(classes=["card", "stack"]):
        solara.HTML(tag="h3", unsafe_innerHTML="The truce")
        ends = deal.ends_of(asked.scenario, asked.date)
        if ends:
            _choose("It runs until", "ends", str(now.ends or ""), "the date agreed",
                    {str(weeks): text for weeks, text in ends.items()},
                    lambda value: change(ends=int(value or 0)))  # fmt: skip
        else:
            text = "No truce is in force in this week, so there is no date to move."
            solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML=text)
        _choose("A truce that leaders agree later lasts", "term", str(now.term or ""), "a year",
                {str(weeks): text for weeks, text in deal.TERMS_TEXT.items()},
                lambda value: change(term=int(value or 0)))  # fmt: skip
        _choose("... and covers", "covers", now.covers, "what Busan covered", deal.COVERS_TEXT,
                lambda value: change(covers=value))  # fmt: skip
        _choose("China's pledge to buy soybeans", "pledge", now.pledge, "not part of the game",
                deal.PLEDGES_TEXT, lambda value: change(pledge=value))  # fmt: skip


def _choose(
    label: str,
    name: str,
    value: str,
    usual: str,
    options: dict[str, str],
    change: Callable[[str], None],
) -> None:
    """A list whose first entry leaves all as it is."""
    every = [{"value": "", "text": usual}, *({"value": v, "text": t} for v, t in options.items())]
    Choose(label=label, value=value, options=every, name=name, event_change=change)


@solara.component
def Branch(asked: Question, ask: Any) -> None:
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
    texts = {
        e.id: f"{e.date} {words.player(e.player)} {words.move(e.move)}" for e in reversed(moves)
    }
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
                name = words.player(player)
                moves.append({"value": place, "text": f"{name} {text}", "group": name})
    weeks = [
        {"value": str(k), "text": str(scenario.date_of(turn + k))}
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
        Choose(
            label="in the week of",
            name="move-week",
            value=week,
            options=weeks,
            event_change=set_week,
        )
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
    return f"{words.player(move.player)} {what}, {move.date}"


@solara.component
def Knobs(asked: Question, ask: Any) -> None:
    """Sliders of the parameters, those that matter most first."""
    every = knobs(asked.scenario)
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
        hint=words.unbroken(knob.hint),
        marked=given is not None,
        event_change=change,
    )
