"""The Mesa model as Mesa's own page shows it: its parameters, its plots, its tables."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.dashboard.game_address import opponents
from negotiation_abm.dashboard.names import scenario_titles
from negotiation_abm.dashboard.permalink import Field, choice, whole
from negotiation_abm.files import words
from negotiation_abm.files.resources import shipped
from negotiation_abm.plotting import style
from negotiation_abm.run.model import NegotiationModel
from negotiation_abm.scenario.load import FOLDER, load_scenario

USUAL = "busan_2025"
MOST_SEED, MOST_RUN = 999, 999  # ends of Mesa's sliders
SHOWN_MOVES = 12


class ShownModel(NegotiationModel):
    """`NegotiationModel` with one argument a control of Mesa's page.

    Parameters
    ----------
    scenario, seed, replicate
        As of `NegotiationModel`; a scenario by its name or its title.
    first, second : str
        Strategies of the two players, by their names or as `words.strategy` says them.
    """

    def __init__(
        self,
        scenario: str = USUAL,
        seed: int = 1,
        replicate: int = 0,
        first: str = "logit",
        second: str = "logit",
    ) -> None:
        scenario = _name_of(scenario, scenario_titles())
        known = {name: words.strategy(name) for name in opponents()}
        first, second = (_name_of(text, known) for text in (first, second))
        players = load_scenario(scenario).players
        chosen = dict(zip(players, (first, second), strict=True))
        super().__init__(scenario, seed, replicate, chosen)
        self.arguments = {
            "scenario": scenario,
            "seed": seed,
            "run": replicate,
            "first": first,
            "second": second,
        }


def _name_of(text: str, texts: dict[str, str]) -> str:
    """The name that goes by this text, which may be the name itself."""
    return next((name for name, known in texts.items() if known == text), text)


def fields() -> dict[str, Field]:
    """What the address of the view holds."""
    return {
        "scenario": choice(USUAL, shipped(FOLDER, ".yaml")),
        "seed": whole(1, 0, MOST_SEED),
        "run": whole(0, 0, MOST_RUN),
        "first": choice("logit", opponents()),
        "second": choice("logit", opponents()),
        "step": whole(0, 0, 2600),
    }


def model_of(values: dict[str, Any]) -> ShownModel:
    """The model of an address, played up to its step."""
    model = ShownModel(
        values["scenario"], values["seed"], values["run"], values["first"], values["second"]
    )
    for _ in range(values["step"]):
        if not model.running:
            break
        model.step()
    return model


def values_of(model: ShownModel) -> dict[str, Any]:
    """The address of a model: the way back."""
    return model.arguments | {"step": steps_of(model)}


def steps_of(model: NegotiationModel) -> int:
    """Weeks that the model has played."""
    return len(model.datacollector.model_vars["week"])


def controls(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Parameters of the model as Mesa's page takes them, with the values of an address."""
    players, titles = load_scenario(values["scenario"]).players, scenario_titles()
    strategies = [words.strategy(name) for name in opponents()]
    first, second = (words.strategy(values[name]) for name in ("first", "second"))

    def select(label: str, value: str, names: list[str]) -> dict[str, Any]:
        return {"type": "Select", "label": label, "value": value, "values": names}

    def slider(label: str, value: int, most: int) -> dict[str, Any]:
        ends = {"min": 0, "max": most, "step": 1}
        return {"type": "SliderInt", "label": label, "value": value} | ends

    return {
        "scenario": select("Scenario", titles[values["scenario"]], list(titles.values())),
        "seed": slider("Seed", values["seed"], MOST_SEED),
        "replicate": slider("Replicate", values["run"], MOST_RUN),
        "first": select(f"Strategy of {words.player(players[0])}", first, strategies),
        "second": select(f"Strategy of {words.player(players[1])}", second, strategies),
    }


def lever_measures(model: NegotiationModel, player: int) -> dict[str, str]:
    """Measures of a player's levers, each with its colour."""
    names = [label for i, _, label in model.game.lever_labels() if i == player]
    return {f"{name}.in_force": style.series(k)[0] for k, name in enumerate(names)}


def tidy(ax: Axes, player: str) -> None:
    """One of Mesa's plots of a player's levers in the look of the others."""
    ax.set(ylim=(0, 1.02), ylabel=f"levers of {words.player(player)}, in force")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for number, line in enumerate(ax.lines):
        line.set_linestyle(style.series(number)[1])
        name = str(line.get_label()).removesuffix(".in_force").split(".")[-1]
        line.set_label(words.lever(name, is_short=True))
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, 1.19), ncols=3, frameon=False, fontsize=9)


def table_of(model: NegotiationModel) -> pd.DataFrame:
    """What Mesa's data collector has taken down, one row a week."""
    table: pd.DataFrame = model.datacollector.get_model_vars_dataframe()
    return table


def as_csv(model: NegotiationModel) -> str:
    """That table as the text of a file."""
    return str(table_of(model).to_csv(index=False, float_format="%.8g", lineterminator="\n"))


def levers_figure(model: NegotiationModel) -> Figure:
    """Levers of both sides week by week, weeks in a truce shaded."""
    figure, axes = style.subplots(1, 2, figsize=(13, 4.6), sharey=True)
    figure.subplots_adjust(left=0.055, right=0.985, top=0.84, bottom=0.17, wspace=0.12)
    table = table_of(model)
    for player, ax in enumerate(axes):
        for measure, colour in lever_measures(model, player).items():
            ax.plot(table["week"], table[measure], color=colour, label=measure)
        in_truce = (table["phase"] == "TRUCE").to_numpy()
        ax.fill_between(table["week"], 0, 1.02, where=in_truce, color="#d9d9d9", alpha=0.5, lw=0)
        tidy(ax, model.game.players[player])
        ax.set_xlabel("week")
    return figure


def command_of(model: ShownModel) -> str:
    """A line of Python that plays the same and writes the same table."""
    given = model.arguments
    players = model.game.players
    chosen = dict(zip(players, (given["first"], given["second"]), strict=True))
    return (
        'python -c "from negotiation_abm import NegotiationModel; '
        f"m = NegotiationModel('{given['scenario']}', seed={given['seed']}, "
        f"replicate={given['run']}, strategies={chosen}); "
        f"[m.step() for _ in range({steps_of(model)})]; "
        "m.datacollector.get_model_vars_dataframe().to_csv("
        "'mesa.csv', index=False, float_format='%.8g')\""
    )


def move_lines(model: NegotiationModel) -> list[list[str]]:
    """The last moves, newest first: week, player, move."""
    rows = []
    for move in reversed(model.moves[-SHOWN_MOVES:]):
        label = model.game.option_label(
            _option(model, move), model.game.players.index(move["player"])
        )
        text = words.move(label)
        by = " (an agency)" if move["by_agency"] else ""
        date = model.game.scenario.date_of(move["turn"]).isoformat()
        rows.append([date, words.player(move["player"]), text + by])
    return rows


def _option(model: NegotiationModel, move: dict[str, Any]) -> int:
    from negotiation_abm.core.terms import option_of

    if move["lever"] is None:
        return int(move["move"])
    player = model.game.players.index(move["player"])
    return int(option_of(move["move"], model.game.lever_names[player].index(move["lever"])))
