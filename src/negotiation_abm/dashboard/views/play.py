"""Play: one side against the calibrated opponent, week by week."""

import time
from collections.abc import Callable
from typing import Any

import solara

from negotiation_abm import __version__
from negotiation_abm.dashboard import board, figures, permalink
from negotiation_abm.dashboard.jobs import Task, use_job
from negotiation_abm.dashboard.parts import (
    Choose,
    Command,
    Downloads,
    Note,
    Picture,
    Press,
    Table,
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
from negotiation_abm.dashboard.session import Screen, Session
from negotiation_abm.errors import InputError
from negotiation_abm.play.advice import choices
from negotiation_abm.play.course import course
from negotiation_abm.play.log import log_table
from negotiation_abm.play.schema import LARGEST, Start, as_text, parse_game
from negotiation_abm.play.session import Session as Game
from negotiation_abm.play.session import resume
from negotiation_abm.play.standing import Standing, standing
from negotiation_abm.play.step import FLOATS, summary_of
from negotiation_abm.plotting.play import plot_course, plot_game, plot_game_standing
from negotiation_abm.resources import shipped
from negotiation_abm.scenario import FOLDER

REPLICATES = 2_000
NEWS_WEEKS = 26  # at most held until something happens
PAUSE_SECONDS, PAUSE_STEPS = 0.4, 8
DIGITS = {"weeks": 0, "count": 0, "pp": 1, "units/week": 2}
LEAD = (
    "Take one side of the truce, week by week, against the calibrated player on the other: the "
    "same rules and draws as every run. At the end your truce record is placed among simulated "
    "games."
)


@solara.component
def View(session: Session, screen: Screen, query: str) -> None:
    """The game of the address, to be played on."""
    known = board.fields()
    first = solara.use_memo(lambda: permalink.read(query, known), [])
    opened = solara.use_memo(lambda: board.opened(first), [])
    game, set_game = solara.use_state(opened)
    worth, set_worth = solara.use_state(bool(first["worth"]))
    version, set_version = solara.use_state(0)
    error, set_error = solara.use_state("")

    def remember(now: Game, shown: bool) -> None:
        session.remember("play", permalink.write(board.values_of(now, shown), known))

    def act(work: Callable[[], Game | None]) -> None:
        """Do something to the game; what goes wrong is one line."""
        try:
            found = work() or game
        except InputError as problem:
            set_error(str(problem))
            return
        set_error("")
        set_game(found)
        set_version(lambda old: old + 1)
        remember(found, worth)

    def show(value: bool) -> None:
        set_worth(value)
        remember(game, value)

    solara.use_effect(lambda: remember(game, worth), [])
    solara.Style(STYLE)
    solara.HTML(tag="h2", unsafe_innerHTML="Play")
    solara.HTML(tag="p", classes=["lead"], unsafe_innerHTML=LEAD)
    _Setup(game, act)
    if error:
        Note(error, kind="error")
    for note in game.notes:
        Note(note, kind="warning")
    if game.is_over:
        _End(game, version, screen).key("end")
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
    _Course(game, version, screen).key("course")
    _Files(game, version).key("files")


@solara.component
def _Stands(game: Game, version: int) -> None:
    """Where the game stands."""
    with solara.Div(classes=["card"]):
        solara.HTML(tag="h3", unsafe_innerHTML="Where the game stands")
        Facts(board.situation(game))


@solara.component
def _Log(game: Game, version: int) -> None:
    """What has happened."""
    with solara.Div(classes=["card"]):
        solara.HTML(tag="h3", unsafe_innerHTML="Log")
        Log(board.log_rows(game))


@solara.component
def _Levers(game: Game, version: int) -> None:
    """Levers of both sides."""
    with solara.Div(classes=["card"]):
        Levers(board.lever_rows(game))


@solara.component
def _Setup(game: Game, act: Callable[[Callable[[], Game | None]], None]) -> None:
    """What a new game starts from; a change begins one."""
    start, players = game.start, game.game.players
    can_leave = game.game.scenario.record is not None

    def anew(**changes: Any) -> None:
        def work() -> Game:
            data = start.model_dump(include=set(Start.model_fields)) | changes
            if "scenario" in changes:
                data |= {"date": None, "set": {}, "weeks": board.USUAL_WEEKS}
            return Game(Start(**data))

        act(work)

    def number(text: str) -> None:
        act(lambda: Game(start.model_copy(update={"seed": _seed(text)})))

    def load(file: dict[str, Any]) -> None:
        def work() -> Game:
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
            options=[{"value": name, "text": name} for name in shipped(FOLDER, ".yaml")],
            name="scenario",
            event_change=lambda value: anew(scenario=value),
        )
        Choose(
            label="Your side",
            value=start.side,
            options=[{"value": name, "text": name} for name in players],
            name="side",
            event_change=lambda value: anew(side=value),
        )
        Choose(
            label="The other plays",
            value=start.opponent,
            options=[
                {"value": name, "text": "calibrated (logit)" if name == "logit" else name}
                for name in board.opponents()
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


def _weeks(game: Game) -> list[int]:
    found = board.weeks_to_choose(game)
    given = game.start.weeks or 0
    return found if given in found else [*sorted({given, *found} - {0}), 0]


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**64:
        raise InputError("seed", text[:40], f"is not a whole number; allowed: 0 to {2**64 - 1}")
    return int(text)


@solara.component
def _Move(
    game: Game,
    worth: bool,
    show: Callable[[bool], None],
    act: Callable[[Callable[[], Game | None]], None],
) -> None:
    """The moves of the person, and ways to let time pass."""
    with solara.Div(classes=["card"]):
        solara.HTML(tag="h3", unsafe_innerHTML=f"Your move as {game.start.side}")
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
                    "Value: what the calibrated player weighs, in nats, holding is 0. Chance: how "
                    "likely that player is to choose the move here. Flow: change of your weekly "
                    "flow payoff at once. Likely answers: of the other side, if it moved next."
                ),
            )


@solara.component
def _End(game: Game, version: int, screen: Screen) -> None:
    """The truce record among simulated games."""

    def work(task: Task) -> tuple[Standing, dict[str, Any], bytes]:
        task.need_compiled()
        found = standing(
            game, REPLICATES, progress=lambda done: task.progress(done / REPLICATES, "Simulating")
        )
        summary = summary_of(game, found)
        task.check()
        picture = figures.shown(
            lambda: plot_game_standing(summary, found.survival, screen.is_narrow), screen.is_dark
        )
        return found, summary, picture

    job = use_job(work, (id(game), version, screen))
    with solara.Div(classes=["card"]):
        solara.HTML(tag="h3", unsafe_innerHTML="Your truce record among simulated games")
        if job.error:
            Note(job.error, kind="error")
        if job.value is None:
            Picture(None, "")
            return
        found, summary, picture = job.value
        weeks = found.table.set_index("outcome").loc["weeks_in_truce"]
        solara.HTML(
            tag="p",
            unsafe_innerHTML=(
                f"<strong>{weeks['yours']:.0f} weeks in a truce</strong>; simulated games have "
                f"{weeks['median']:.0f} in the middle ({weeks['low']:.0f} to {weeks['high']:.0f} "
                f"in 80 %), {board.percent(weeks['below'])} "
                f"of them fewer (those with as many count half)."
            ),
        )
        Picture(picture, "Your truces on simulated survival; your outcomes among simulated games")
        _Outcomes(summary, screen.is_narrow)
        Downloads(
            {
                "standing.csv": lambda: _csv(found.table),
                "simulated.csv": lambda: _csv(found.survival),
                "standing.png": lambda: _standing_file(found, summary, "png"),
                "standing.svg": lambda: _standing_file(found, summary, "svg"),
            }
        )


@solara.component
def _Outcomes(summary: dict[str, Any], is_narrow: bool) -> None:
    """Each outcome beside the simulated ones."""
    rows = []
    for row in summary["outcomes"]:
        if row["unit"] in DIGITS:
            n = DIGITS[row["unit"]]
            band = f"{row['median']:.{n}f} [{row['low']:.{n}f}, {row['high']:.{n}f}]"
            own, below = f"{row['yours']:.{n}f}", board.percent(row["below"])
            rows.append([row["text"], row["unit"], own, band, below])
    if is_narrow:
        text = "Yours, and the median [10, 90 %] of simulated games."
        solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML=text)
        Facts([(f"{name}, {unit}", f"{own}; {band}") for name, unit, own, band, _ in rows], True)
        return
    columns = [("", "left"), ("unit", "left"), ("yours", "right"), ("median [10, 90 %]", "right")]
    Table(columns=[*columns, ("below yours", "right")], rows=rows)


@solara.component
def _Course(game: Game, version: int, screen: Screen) -> None:
    """The weeks played so far, as a figure."""
    now = solara.use_memo(lambda: course(game), [id(game), version])

    def work(task: Task) -> bytes | None:
        if not now["weekly"]:
            return None
        pause(task)
        return figures.shown(lambda: plot_course(now, screen.is_narrow), screen.is_dark)

    job = use_job(work, (id(game), version, screen))
    if job.error:
        Note(job.error, kind="error")
    if not now["weekly"]:
        return
    with solara.Div(classes=["card"]):
        Picture(job.value, "The course of the game: tariffs, levers, moves", job.is_running)


@solara.component
def _Files(game: Game, version: int) -> None:
    """The game to keep, and the command that plays it again."""
    name = f"game_{game.start.scenario}_{game.start.side}_{game.start.seed}.json"

    def figure(kind: str) -> bytes:
        return figures.file_of(lambda: plot_game(course(game)), kind, _origin(game))

    files: dict[str, Callable[[], bytes]] = {
        name: lambda: as_text(game.saved()).encode(),
        "log.csv": lambda: _csv(log_table(game.log)),
    }
    if len(game.traces):
        files |= {"game.png": lambda: figure("png"), "game.svg": lambda: figure("svg")}
    with solara.Div(classes=["card", "stack"]):
        solara.HTML(tag="h3", unsafe_innerHTML="Keep the game")
        Downloads(files)
        Command(f"negotiation-abm play {name} --out results/play")
        solara.HTML(
            tag="p",
            classes=["hint"],
            unsafe_innerHTML=(
                "Save the game first: the file holds its start and your moves. The address of "
                "this page holds the same."
            ),
        )


def pause(task: Task) -> None:
    """Wait a moment, so that a figure is not drawn for each of several quick moves."""
    for _ in range(PAUSE_STEPS):
        task.check()
        time.sleep(PAUSE_SECONDS / PAUSE_STEPS)


def _standing_file(found: Standing, summary: dict[str, Any], kind: str) -> bytes:
    about = (
        f"scenario {summary['scenario']}  |  parameters {summary['parameters']}  |  "
        f"{found.replicates:,} runs, seed {found.seed}  |  negotiation_abm {__version__}"
    )
    return figures.file_of(lambda: plot_game_standing(summary, found.survival), kind, about)


def _origin(game: Game) -> str:
    return (
        f"scenario {game.game.scenario.name}  |  parameters {game.game.parameter_set.name}  |  "
        f"{game.start.side} played by a person, seed {game.start.seed}  |  "
        f"negotiation_abm {__version__}"
    )


def _csv(table: Any) -> bytes:
    return str(table.to_csv(index=False, float_format=FLOATS, lineterminator="\n")).encode()
