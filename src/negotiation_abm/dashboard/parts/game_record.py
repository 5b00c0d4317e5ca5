"""What a game has come to: its course, its standing, its files."""

import time
from collections.abc import Callable
from typing import Any

import solara

from negotiation_abm import __version__
from negotiation_abm.dashboard import board, figures
from negotiation_abm.dashboard.jobs import Task, use_job
from negotiation_abm.dashboard.parts import Command, Downloads, Note, Picture, Table
from negotiation_abm.dashboard.parts.game import Facts
from negotiation_abm.dashboard.session import Screen
from negotiation_abm.files import words
from negotiation_abm.play.course import course
from negotiation_abm.play.log import log_table
from negotiation_abm.play.schema import as_text
from negotiation_abm.play.session import Session
from negotiation_abm.play.standing import Standing, standing
from negotiation_abm.play.step import FLOATS, summary_of
from negotiation_abm.plotting.play import plot_course, plot_game, plot_game_standing
from negotiation_abm.run.outcome import digits_of

REPLICATES = 2_000  # as the command has it
PAUSE_SECONDS, PAUSE_STEPS = 0.4, 8


@solara.component
def End(game: Session, version: int, screen: Screen) -> None:
    """The truce record among simulated games."""

    def work(task: Task) -> tuple[Standing, dict[str, Any], figures.Shown]:
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
        if row["unit"] != "share":  # yes or no: the figure says it
            n = digits_of(row["unit"])
            band = f"{row['median']:.{n}f} [{row['low']:.{n}f}, {row['high']:.{n}f}]"
            own, below = f"{row['yours']:.{n}f}", board.percent(row["below"])
            rows.append([row["text"], words.unit(row["unit"]), own, band, below])
    if is_narrow:
        text = "Yours, and the median [10, 90 %] of simulated games."
        solara.HTML(tag="p", classes=["hint"], unsafe_innerHTML=text)
        Facts([(f"{name}, {unit}", f"{own}; {band}") for name, unit, own, band, _ in rows], True)
        return
    columns = [("", "left"), ("unit", "left"), ("yours", "right"), ("median [10, 90 %]", "right")]
    Table(columns=[*columns, ("below yours", "right")], rows=rows)


@solara.component
def Course(game: Session, version: int, screen: Screen) -> None:
    """The weeks played so far, as a figure."""
    now = solara.use_memo(lambda: course(game), [id(game), version])

    def work(task: Task) -> figures.Shown | None:
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
def Files(game: Session, version: int) -> None:
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


def _origin(game: Session) -> str:
    return (
        f"scenario {game.game.scenario.name}  |  parameters {game.game.parameter_set.name}  |  "
        f"{game.start.side} played by a person, seed {game.start.seed}  |  "
        f"negotiation_abm {__version__}"
    )


def _csv(table: Any) -> bytes:
    return str(table.to_csv(index=False, float_format=FLOATS, lineterminator="\n")).encode()
