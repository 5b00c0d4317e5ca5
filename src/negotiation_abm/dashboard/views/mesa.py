"""Mesa view: the same model in Mesa's own page, `SolaraViz`, with its standard controls."""

import warnings
from pathlib import Path
from typing import Any

import solara
from solara.components.applayout import appbar_portal, apptitle_portal, sidebar_portal

from negotiation_abm.dashboard import figures, mesa_model, permalink
from negotiation_abm.dashboard.mesa_model import ShownModel
from negotiation_abm.dashboard.names import scenario_titles
from negotiation_abm.dashboard.parts import Command, Downloads
from negotiation_abm.dashboard.parts.game import STYLE as GAME_STYLE
from negotiation_abm.dashboard.parts.game import Facts, Log
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files import words

with warnings.catch_warnings():  # Solara's advice on how Mesa uses its hooks
    warnings.simplefilter("ignore", UserWarning)
    from mesa.visualization import SolaraViz, make_plot_component
    from mesa.visualization.utils import update_counter

LEAD = (
    "For those who build models: Mesa is a Python library for agent-based models, and this is its "
    "own page around the same rules. Two agents, the United States and China, make one step a "
    "week. Press Step or play; a change of a parameter holds from the next reset on. The same "
    "seed and replicate give the same game as every other run. Nothing here is needed for the "
    "other views."
)
STATE = {
    "phase": "relation",
    "truce_age": "age of the truce, weeks",
    "weeks_left": "weeks left of it",
    "strain": "strain on it",
    "forum": "meeting",
    "num_truces": "truces so far",
}
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
    solara.HTML(tag="h2", unsafe_innerHTML="The model in Mesa, step by step")
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
                "text": f"{player}: {text}",
                "side": "own" if player == words.player(model.game.players[0]) else "other",
                "mark": "",
            }
            for date, player, text in mesa_model.move_lines(model)
        ]
    )


@solara.component
def _State(model: ShownModel, steps: int) -> None:
    """What the data collector took down last, and the agents."""
    given, table = model.arguments, mesa_model.table_of(model)
    title = scenario_titles()[str(given["scenario"])]
    run = f"{title}, seed {given['seed']}, replicate {given['run']}"
    rows = [("run", run)]
    if len(table):
        last = table.iloc[-1]
        rows += [(text, _short(last[name])) for name, text in STATE.items()]
    for agent in model.governments:
        text = f"payoff {agent.flow_payoff:.2f}, pain felt {agent.felt:.2f}"
        rows.append((words.player(agent.label), f"{text}, anger {agent.anger:.2f}"))
    solara.HTML(tag="h3", unsafe_innerHTML=f"After {steps} steps")
    Facts(rows)


def _short(value: Any) -> str:
    """A number in three digits, a name of a state in small letters; below 0 is none."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value).lower() if isinstance(value, str) else "none" if value < 0 else str(value)


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
