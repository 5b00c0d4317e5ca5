"""Mesa view: the same model in Mesa's own page, `SolaraViz`, with its standard controls."""

import warnings
from pathlib import Path
from typing import Any

import solara
from solara.components.applayout import appbar_portal, apptitle_portal, sidebar_portal

from negotiation_abm.dashboard import figures, mesa_model, permalink
from negotiation_abm.dashboard.mesa_model import ShownModel
from negotiation_abm.dashboard.parts import Command, Downloads
from negotiation_abm.dashboard.parts.game import STYLE as GAME_STYLE
from negotiation_abm.dashboard.parts.game import Facts, Log
from negotiation_abm.dashboard.session import OpenPage, Screen

with warnings.catch_warnings():  # Solara's advice on how Mesa uses its hooks
    warnings.simplefilter("ignore", UserWarning)
    from mesa.visualization import SolaraViz, make_plot_component
    from mesa.visualization.utils import update_counter

LEAD = (
    "The readable model in Mesa's own page, for those who know Mesa: two agents, one step a week. "
    "A change of a parameter holds from the next reset on. The same seed and replicate give the "
    "same game as every other run."
)
STYLE = Path(__file__).parent.parent / "parts" / "mesa.css"


@solara.component
def View(session: OpenPage, screen: Screen, query: str) -> None:
    """Mesa's page with its controls on the left, as the other views have theirs."""
    known = solara.use_memo(mesa_model.fields, [])
    values = solara.use_memo(lambda: permalink.read(query, known), [])
    first = solara.use_memo(lambda: mesa_model.model_of(values), [])
    model: solara.Reactive[ShownModel] = solara.use_reactive(first)
    controls = solara.use_memo(lambda: mesa_model.controls(values), [])
    parts = solara.use_memo(lambda: _parts(first, screen), [screen])
    solara.Style(GAME_STYLE)
    solara.Style(STYLE)
    solara.HTML(tag="h2", unsafe_innerHTML="Mesa view")
    solara.HTML(tag="p", classes=["lead"], unsafe_innerHTML=LEAD)
    with _Host().key(str(screen)):
        SolaraViz(model, components=list(parts), model_params=controls, name="NegotiationModel")
    _Files(session, model)


@solara.component
def _Host(children: Any = ()) -> None:
    """Room for what Mesa puts into a sidebar; its title bar is the header of the page."""
    aside = sidebar_portal.use_portal()
    appbar_portal.use_portal()
    apptitle_portal.use_portal()
    with solara.Div(classes=["grid", "sides", "mesa-host"]):
        solara.Div(children=aside)
        solara.Div(children=list(children))


def _parts(model: ShownModel, screen: Screen) -> list[Any]:
    """Mesa's plots of the levers of both sides, and the last moves."""

    def finish(ax: Any, player: int) -> None:
        mesa_model.tidy(ax, model.game.players[player])
        ax.figure.set_size_inches(4.7, 3.9)
        if screen.is_dark:
            for patch in (ax.patch, ax.figure.patch):
                patch.set_facecolor(figures.GROUND)
            figures.darken(ax.figure)

    plots = [
        make_plot_component(
            mesa_model.lever_measures(model, player),
            post_process=lambda ax, player=player: finish(ax, player),
        )
        for player in range(2)
    ]
    return [*plots, (_moves, 0), (_state, 0)]


def _moves(model: ShownModel) -> Any:
    return _Moves(model, len(model.moves))


def _state(model: ShownModel) -> Any:
    return _State(model, mesa_model.steps_of(model))


@solara.component
def _Moves(model: ShownModel, count: int) -> None:
    """The last moves."""
    solara.HTML(tag="h3", unsafe_innerHTML=f"Last of {count} moves")
    Log(
        [
            {
                "date": date,
                "text": f"{player}: {words}",
                "side": "own" if player == model.game.players[0] else "other",
                "mark": "",
            }
            for date, player, words in mesa_model.move_lines(model)
        ]
    )


@solara.component
def _State(model: ShownModel, steps: int) -> None:
    """What the data collector took down last, and the agents."""
    given, table = model.arguments, mesa_model.table_of(model)
    run = f"{given['scenario']}, seed {given['seed']}, replicate {given['run']}"
    rows = [("run", run)]
    if len(table):
        last = table.iloc[-1]
        names = ("phase", "truce_age", "weeks_left", "strain", "forum", "num_truces")
        rows += [(name, _short(last[name])) for name in names]
    for agent in model.governments:
        words = f"flow payoff {agent.flow_payoff:.2f}, felt {agent.felt:.2f}"
        rows.append((f"agent {agent.label}", f"{words}, anger {agent.anger:.2f}"))
    solara.HTML(tag="h3", unsafe_innerHTML=f"After {steps} steps")
    Facts(rows)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@solara.component
def _Files(session: OpenPage, model: solara.Reactive[ShownModel]) -> None:
    """What the data collector holds, and a line of Python that gives the same."""
    update_counter.get()
    now = model.value
    values = mesa_model.values_of(now)
    query = permalink.write(values, mesa_model.fields())
    solara.use_effect(lambda: session.remember("mesa", query), [query])

    def figure(kind: str) -> bytes:
        return figures.file_of(lambda: mesa_model.levers_figure(now), kind)

    files: dict[str, Any] = {"mesa.csv": lambda: mesa_model.as_csv(now).encode()}
    if values["step"]:
        files |= {"mesa.png": lambda: figure("png"), "mesa.svg": lambda: figure("svg")}
    with solara.Div(classes=["card", "stack"]):
        Downloads(files)
        Command(mesa_model.command_of(now))
