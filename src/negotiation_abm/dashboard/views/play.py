"""Play: one side against the calibrated opponent, week by week."""

from collections.abc import Callable
from typing import Any, cast

import solara
from reacton.core import get_render_context

from negotiation_abm.dashboard import board, game_address, permalink
from negotiation_abm.dashboard.names import scenario_titles
from negotiation_abm.dashboard.parts import (
    Choose,
    Note,
    Press,
    Tick,
)
from negotiation_abm.dashboard.parts.game import (
    STYLE,
    Entry,
    Facts,
    Levers,
    Load,
    Log,
    Moves,
)
from negotiation_abm.dashboard.parts.game_record import Course, End, Files
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.words import escape
from negotiation_abm.play.advice import choices
from negotiation_abm.play.schema import LARGEST, Start, parse_game
from negotiation_abm.play.session import Session, resume

NEWS_WEEKS = 26  # at most held until something happens
LEAD = (
    "Take one side of the truce, week by week, against the calibrated player on the other: the "
    "same rules and draws as every run. At the end your truce record is placed among simulated "
    "games."
)


@solara.component
def View(session: OpenPage, screen: Screen, query: str) -> None:
    """The game of the address, to be played on."""
    known = game_address.fields()
    first = solara.use_memo(lambda: permalink.read(query, known), [])
    opened = solara.use_memo(lambda: game_address.opened(first), [])
    game, set_game = solara.use_state(opened)
    worth, set_worth = solara.use_state(bool(first["worth"]))
    version, set_version = solara.use_state(0)
    error, set_error = solara.use_state("")
    refusals, set_refusals = solara.use_state(0)
    at_once = get_render_context()  # several changes of state, one picture of them

    pending, set_pending = solara.use_state(cast(Session | None, None))

    def remember(now: Session, shown: bool, is_new: bool = False) -> None:
        session.remember("play", permalink.write(game_address.values_of(now, shown), known), is_new)

    def refuse(reason: str = "") -> None:
        """Keep the game as it is, and have the fields of a new one say what it started from."""
        with at_once:
            set_error(reason)
            set_pending(None)
            set_refusals(lambda old: old + 1)

    def act(work: Callable[[], Session | None]) -> None:
        """Do something to the game; what goes wrong is one line."""
        try:
            found = work() or game
        except InputError as problem:
            refuse(str(problem))
            return
        with at_once:
            set_error("")
            set_game(found)
            set_version(lambda old: old + 1)
            set_pending(None)
            remember(found, worth, is_new=True)

    def begin(work: Callable[[], Session | None]) -> None:
        """Begin another game, if it can be begun; one that is under way is asked about first."""
        try:
            found = work()
        except InputError as problem:
            refuse(str(problem))
            return
        if game.moves and not game.is_over:
            with at_once:
                set_error("")
                set_pending(found)
        else:
            act(lambda: found)

    def show(value: bool) -> None:
        set_worth(value)
        remember(game, value)

    solara.use_effect(lambda: remember(game, worth), [])
    solara.Style(STYLE)
    solara.HTML(tag="h2", unsafe_innerHTML="Play")
    solara.HTML(tag="p", classes=["lead"], unsafe_innerHTML=LEAD)
    _Setup(pending or game, begin).key(f"setup {refusals}")
    if pending is not None:
        _Ask(game, lambda: act(lambda: pending), refuse)
    if error:
        Note(error, kind="error")
    for note in game.notes:
        Note(note, kind="warning")
    if game.is_over:
        End(game, version, screen).key("end")
    with solara.Div(classes=["grid", "sides"]).key("board"):
        with solara.Div(classes=["stack"]).key("left"):
            _Stands(game, version).key("stands")
            if not screen.is_narrow:
                _Levers(game, version).key("levers")
        with solara.Div(classes=["stack"]).key("right"):
            if not game.is_over:
                _Move(game, worth, show, act).key("move")
            if screen.is_narrow:
                _Levers(game, version).key("levers below")
            _Log(game, version).key("log")
    Course(game, version, screen).key("course")
    Files(game, version).key("files")


@solara.component
def _Ask(game: Session, go: Callable[[], None], keep: Callable[[], None]) -> None:
    """May the game that is under way be thrown away?"""
    with solara.Div(classes=["card", "line"], attributes={"role": "alertdialog"}):
        solara.HTML(
            tag="span",
            unsafe_innerHTML=(
                f"A new game throws away this one, with {len(game.moves)} moves of yours."
            ),
        )
        Press(label="Start the new game", name="throw", kind="main", event_press=lambda _: go())
        Press(label="Keep this game", name="keep", event_press=lambda _: keep())


@solara.component
def _Stands(game: Session, version: int) -> None:
    """Where the game stands."""
    with solara.Div(classes=["card"]):
        solara.HTML(tag="h3", unsafe_innerHTML="Where the game stands")
        Facts(board.situation(game))


@solara.component
def _Log(game: Session, version: int) -> None:
    """What has happened."""
    with solara.Div(classes=["card"]):
        solara.HTML(tag="h3", unsafe_innerHTML="Log")
        Log(board.log_rows(game))


@solara.component
def _Levers(game: Session, version: int) -> None:
    """Levers of both sides."""
    with solara.Div(classes=["card"]):
        Levers(board.lever_rows(game))


@solara.component
def _Setup(game: Session, act: Callable[[Callable[[], Session | None]], None]) -> None:
    """What a new game starts from; a change begins one."""
    start, players = game.start, game.game.players
    can_leave = game.game.scenario.record is not None

    def anew(**changes: Any) -> None:
        def work() -> Session:
            data = start.model_dump(include=set(Start.model_fields)) | changes
            if "scenario" in changes:
                data |= {"date": None, "set": {}, "weeks": game_address.USUAL_WEEKS}
            return Session(Start(**data))

        act(work)

    def number(text: str) -> None:
        act(lambda: Session(start.model_copy(update={"seed": _seed(text)})))

    def load(file: dict[str, Any]) -> None:
        def work() -> Session:
            name = str(file.get("name"))[:80]
            if int(file.get("size") or 0) > LARGEST:
                raise InputError(name, "", f"{file['size']:,} bytes; allowed: up to {LARGEST:,}")
            saved = parse_game(str(file.get("text")), name, only_shipped=True)
            return resume(saved, name)

        act(work)

    weeks = solara.use_memo(lambda: _weeks(game), [start])
    with solara.Div(classes=["card"]), solara.Div(classes=["setup"]):
        Choose(
            label="Scenario",
            value=start.scenario,
            options=[{"value": name, "text": title} for name, title in scenario_titles().items()],
            name="scenario",
            event_change=lambda value: anew(scenario=value),
        )
        Choose(
            label="Your side",
            value=start.side,
            options=[{"value": name, "text": words.player(name)} for name in players],
            name="side",
            event_change=lambda value: anew(side=value),
        )
        Choose(
            label="The other plays",
            value=start.opponent,
            options=[
                {"value": name, "text": words.strategy(name)} for name in game_address.opponents()
            ],
            name="opponent",
            event_change=lambda value: anew(opponent=value),
        )
        Choose(
            label="Weeks",
            value=str(start.weeks or 0),
            options=[{"value": str(n), "text": str(n) if n else "all"} for n in weeks],
            name="weeks",
            event_change=lambda value: anew(weeks=int(value) or None),
        )
        if can_leave:
            Entry(
                label="Leave the record in the week of",
                value=start.date.isoformat() if start.date else "",
                name="from",
                kind="date",
                event_change=lambda value: anew(date=value or None),
            )
        Entry(label="Seed", value=str(start.seed), name="seed", low="0", event_change=number)
        Press(label="New game", name="new", event_press=lambda _: anew())
        Load(label="Load a game", name="game", accept=".json", most=LARGEST, event_load=load)


def _weeks(game: Session) -> list[int]:
    found = game_address.weeks_to_choose(game)
    given = game.start.weeks or 0
    return found if given in found else [*sorted({given, *found} - {0}), 0]


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**64:
        raise InputError("seed", text[:40], f"is not a whole number; allowed: 0 to {2**64 - 1}")
    return int(text)


@solara.component
def _Move(
    game: Session,
    worth: bool,
    show: Callable[[bool], None],
    act: Callable[[Callable[[], Session | None]], None],
) -> None:
    """The moves of the person, and ways to let time pass."""
    with solara.Div(classes=["card"]):
        solara.HTML(
            tag="h3", unsafe_innerHTML=f"Your move as {escape(words.player(game.start.side))}"
        )
        with solara.Div(classes=["actions"]):
            Press(
                label="Hold",
                name="hold",
                kind="main",
                event_press=lambda _: act(lambda: game.play(0)),
            )
            Press(
                label="Hold until something happens",
                name="news",
                event_press=lambda _: act(lambda: game.hold_until_news(NEWS_WEEKS)),
            )
            Press(
                label="As the calibrated player would",
                name="advised",
                event_press=lambda _: act(lambda: game.play(game.advised())),
            )
            Press(
                label="Let it play to the end",
                name="rest",
                event_press=lambda _: act(game.play_on),
            )
            Press(
                label="Undo my last move",
                name="undo",
                enabled=bool(game.moves),
                event_press=lambda _: act(lambda: game_address.undone(game)),
            )
            Tick(label="Show what moves are worth", value=worth, name="worth", event_change=show)
        Moves(
            rows=board.move_rows(game, choices(game)),
            worth=worth,
            event_play=lambda option: act(lambda: game.play(int(option))),
        )
        if worth:
            solara.HTML(
                tag="p",
                classes=["hint"],
                unsafe_innerHTML=(
                    "Value: what the calibrated player weighs; holding is 0. Chance: how "
                    "likely that player is to choose the move here. Flow: change of your weekly "
                    "flow payoff at once. Likely answers: of the other side, if it moved next."
                ),
            )
