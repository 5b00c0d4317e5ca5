"""What the tests of modules share: modules on by name, their rules, random combinations."""

import copy
import datetime as dt
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from helpers import FIRST_RULES, REVISED, SHIPPED, make_params, make_week
from negotiation_abm import InputError, build_game, load_scenario, run_replicates
from negotiation_abm.core import hooks
from negotiation_abm.core.inputs import NEEDED, Key
from negotiation_abm.core.levers import potency_of, set_level
from negotiation_abm.core.modules import (
    MAX_MODULES,
    MODULE_PARAMETERS,
    MODULES,
    NAMES,
    module_of,
)
from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.payoffs import option_value
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import Phase
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.load import Scenario
from negotiation_abm.scenario.module_inputs import check_modules
from negotiation_abm.scenario.module_models import Modules
from negotiation_abm.scenario.parameters import load_parameter_set

US, CHINA = 0, 1
OFF: dict[str, Any] = {"modules": {}}


# ---------------------------------------------------------------------------
# Rules by hand.


def on(*names: str) -> dict[str, Any]:
    """Changes of `helpers.make_params` that switch modules on."""
    flags = [0] * MAX_MODULES
    for name in names:
        flags[NAMES.index(name)] = 1
    return {"modules": flags, "num_modules": len(names)}


def open_week(
    state: SimpleNamespace,
    params: SimpleNamespace,
    week: SimpleNamespace | None = None,
    live: int = 1,
    draw: tuple[int, int] = (1, 0),
) -> None:
    """What modules do after the calendar; `draw` is seed and replicate."""
    hooks.start_modules(state, params, week or make_week(), *draw, live)


def close_weeks(
    state: SimpleNamespace,
    params: SimpleNamespace,
    count: int = 1,
    week: SimpleNamespace | None = None,
    live: int = 1,
    draw: tuple[int, int] = (1, 0),
) -> list[SimpleNamespace]:
    """What modules do at the end of the next weeks, and the turn; a copy of each state."""
    seen = []
    for _ in range(count):
        hooks.end_modules(state, params, week or make_week(), *draw, live)
        seen.append(copy.deepcopy(state))
        state.turn += 1
    return seen


def shift(
    module: str,
    state: SimpleNamespace,
    player: int,
    option: int,
    week: SimpleNamespace | None = None,
    **changes: Any,
) -> float:
    """What a module adds to the value of an option."""
    week = week or make_week()
    with_it, without = make_params(**on(module), **changes), make_params(**changes)
    return float(
        option_value(state, with_it, week, player, option)
        - option_value(state, without, week, player, option)
    )


# ---------------------------------------------------------------------------
# Games.


def game_with(modules: dict[str, Any], scenario: str = "busan_2025", **changes: Any) -> Game:
    """A shipped scenario with these modules and no others."""
    return build_game(load_scenario(scenario, {"modules": modules} | changes))


def run_bytes(game: Game, replicates: int = 200, seed: int = 5) -> tuple[bytes, bytes]:
    """Runs and spells of a batch, byte for byte."""
    block = run_replicates(game, seed, 0, replicates)
    return block.runs.tobytes(), block.spells.tobytes()


def pledge(**changes: Any) -> dict[str, Any]:
    """A pledge of CHINA in `busan_2025`: soybeans, over the first six weeks."""
    usual = {"name": "buy", "player": "CHINA", "lever": "soybeans", "weight": 0.5}
    return usual | {"made": "2025-11-10", "due": "2025-12-21"} | changes


# ---------------------------------------------------------------------------
# Random combinations.


def random_value(rng: np.random.Generator, parameter: Parameter) -> float:
    """Anywhere within the bounds, mostly near the low end (or 0, if that lies within)."""
    share = rng.random() ** 3
    if parameter.low < 0.0 < parameter.high:
        return float(share * rng.choice([parameter.low, parameter.high]))
    return float(parameter.low + share * (parameter.high - parameter.low))


def _of_module(name: str, number: int) -> np.random.Generator:
    """Random numbers of one module: a further module leaves those of the others as they are."""
    return np.random.default_rng([number, *name.encode()])


def random_settings(number: int, scenario: Scenario, names: list[str]) -> dict[str, float]:
    """Values for some modules: about half of their parameters, and all that the set has not."""
    settings = {}
    known = load_parameter_set(scenario.parameters).values
    for parameter in MODULE_PARAMETERS:
        rng = _of_module(parameter.name, number)
        needed = parameter.name not in known
        if module_of(parameter.name) in names and (needed or rng.random() < 0.5):
            ends = [f".{p}" for p in scenario.players] if parameter.shape == "player" else [""]
            for end in ends if not needed else ["", *ends]:
                settings[parameter.name + end] = random_value(rng, parameter)
    return settings


def random_modules(
    rng: np.random.Generator, scenario: Scenario, names: list[str]
) -> dict[str, Any]:
    """Inputs for modules, as a scenario gives them, made from what each module declares."""
    return {name: _random_inputs(rng, scenario, name) for name in names}


def _random_inputs(rng: np.random.Generator, scenario: Scenario, name: str) -> dict[str, Any]:
    """Inputs of one module that it does not refuse; lists grow entry by entry."""
    keys = getattr(MODULES[NAMES.index(name)], "INPUTS", ())
    given: dict[str, Any] = {}
    for key in keys:
        given[key.name] = [] if key.kind == "entries" else _random_value(rng, scenario, key, given)
    for key in [key for key in keys if key.kind == "entries"]:
        for _ in range(200):
            if len(given[key.name]) == (key.most or 8):
                break
            entry = _random_entry(rng, scenario, key.keys, given)
            longer = given | {key.name: [*given[key.name], entry]}
            if _is_accepted(scenario, name, longer):
                given = longer
    assert _is_accepted(scenario, name, given), given
    return given


def _is_accepted(scenario: Scenario, name: str, given: dict[str, Any]) -> bool:
    modules = Modules.model_validate({name: given})
    try:
        check_modules(scenario.model_copy(update={"modules": modules}))
    except InputError:
        return False
    return True


def _random_entry(
    rng: np.random.Generator, scenario: Scenario, keys: Any, around: dict[str, Any]
) -> dict[str, Any]:
    """An entry of a list; about half of what may be left out is."""
    entry: dict[str, Any] = {}
    for key in keys:
        if key.default is NEEDED or rng.random() < 0.5:
            entry[key.name] = _random_value(rng, scenario, key, around | entry)
    return entry


def _random_value(
    rng: np.random.Generator, scenario: Scenario, key: Key, around: dict[str, Any]
) -> Any:
    """A value of a kind; names of `around` (weights of issues) are words that a text may be."""
    levers = [f"{p}.{a}" for p in scenario.players for a in scenario.levers[p]]
    if key.kind == "number":
        low = max(key.low, -1.0)
        return float(rng.uniform(low, min(key.high, low + 2.5)))
    if key.kind == "whole":
        return int(rng.integers(key.low, min(key.high, 30) + 1))
    if key.kind == "choice":
        return str(rng.choice(key.words))
    if key.kind == "day":
        beyond = 60 if key.anywhere else 0
        days = rng.integers(-beyond, 7 * scenario.horizon_weeks + beyond)
        return scenario.start + dt.timedelta(days=int(days))
    if key.kind == "player":
        return str(rng.choice(scenario.players))
    if key.kind == "lever":
        return str(rng.choice(levers))
    if key.kind == "own_lever":
        return str(rng.choice(list(scenario.levers[around[key.of]])))
    if key.kind == "levers":
        return [str(name) for name in rng.choice(levers, 2)]
    if key.kind == "weights":
        return {"first": float(rng.uniform(key.low, min(key.high, 2.0))), "second": key.low}
    words = [name for value in around.values() if isinstance(value, dict) for name in value]
    return str(rng.choice(words)) if words else f"text {rng.integers(2**32)}"


def random_rules(number: int) -> dict[str, float]:
    """The first rules of a truce, or the revised ones at values of their own."""
    rng = _of_module("rules", number)
    if rng.random() < 0.25:
        return FIRST_RULES
    return REVISED | {
        "restore_share": float(rng.choice([0.0, 0.2, 0.5, 1.0])),
        "covered_strain": float(rng.choice([1.0, 4.0, 8.0])),
        "tacit": int(rng.integers(2)),
        "announced_pain": float(rng.random()),
        "snap_back_share": float(rng.choice([0.0, 0.5, 1.0])),
    }


def random_game(number: int, names: list[str], **changes: Any) -> Game:
    """A shipped scenario with these modules on, their inputs and parameters at random values."""
    scenario = load_scenario(SHIPPED[number % 2], OFF)
    modules: dict[str, Any] = {}
    for name in names:
        modules |= random_modules(_of_module(name, number), scenario, [name])
    settings = random_settings(number, scenario, names)
    return build_game(load_scenario(scenario.path, {"modules": modules} | changes | settings))


@cache
def random_combination(number: int) -> tuple[Game, list[str]]:
    """A game with some modules on, at random values and rules; and their names."""
    rng = np.random.default_rng(number)
    names = [name for name in NAMES if _of_module(name, number).random() < 0.6]
    changes = {
        "agency_rate": float(rng.choice([0.0, 0.1])),
        "precision": float(rng.choice([0.5, 1.0, 2.0, 8.0])),
    }
    return random_game(number, names, **changes, **random_rules(number)), names


def random_state(
    rng: np.random.Generator, game: Game
) -> tuple[SimpleNamespace, SimpleNamespace, SimpleNamespace]:
    """A state drawn without regard to how it could come about; its parameters and week."""
    params, state = as_object(game.params[0]), as_object(game.initial[0])
    state.turn = int(rng.integers(0, len(game.weeks)))
    for player in range(2):
        state.anger[player], state.goodwill[player] = rng.exponential(1.0, 2)
        state.felt[player], state.market_loss[player] = rng.exponential(0.5, 2)
        state.offer[player] = rng.choice([0, 2])
        for lever in range(params.num_levers[player]):
            _random_lever(rng, state, params, player, lever)
    state.last_escalation[:] = state.turn - rng.integers(0, 5, state.last_escalation.shape)
    state.phase = int(rng.choice([Phase.DISPUTE, Phase.TRUCE]))
    state.age, state.weeks_left = int(rng.integers(0, 30)), int(rng.integers(-1, 20))
    state.leaders, state.forum = int(rng.integers(0, 2)), int(rng.integers(0, 3))
    state.frailty, state.strain = float(rng.normal()), float(rng.exponential(0.2))
    state.decoupling_cost = float(rng.random())
    return params, state, as_object(game.weeks[state.turn])


def _random_lever(
    rng: np.random.Generator, state: Any, params: Any, player: int, lever: int
) -> None:
    floor, cap = params.floor[player, lever], params.cap[player, lever]
    level = rng.choice([floor, cap, rng.uniform(floor, cap)])
    state.loaded[player, lever] = rng.choice([0.0, 0.5]) * (cap - level)
    state.pending[player, lever] = rng.choice([0.0, 0.3])
    state.pending_weeks[player, lever] = rng.integers(0, 3)
    state.pending_lead[player, lever] = rng.integers(0, 10)
    state.covered[player, lever] = rng.integers(0, 2)
    state.irreplaceability[player, lever] = rng.random()
    state.potency[player, lever] = potency_of(
        params, player, lever, state.irreplaceability[player, lever]
    )
    state.intensity[player, lever] = rng.uniform(0.7, 1.3)
    set_level(state, params, player, lever, level)
    state.coalition_stock[player, lever] = rng.random()
