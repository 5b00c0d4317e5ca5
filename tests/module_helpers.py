"""What the tests of modules share: modules on by name, their rules, random combinations."""

import copy
import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np

from helpers import make_params, make_week
from negotiation_abm import build_game, load_scenario, run_replicates
from negotiation_abm.core import hooks
from negotiation_abm.core.levers import potency_of, set_level
from negotiation_abm.core.modules import MAX_MODULES, MODULE_PARAMETERS, NAMES, module_of
from negotiation_abm.core.modules.shocks import QUANTITIES
from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.payoffs import option_value
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import Phase
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.load import Scenario

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


def random_settings(
    rng: np.random.Generator, scenario: Scenario, names: list[str]
) -> dict[str, float]:
    """Values for about half of the parameters of some modules."""
    settings = {}
    for parameter in MODULE_PARAMETERS:
        if module_of(parameter.name) in names and rng.random() < 0.5:
            ends = [f".{p}" for p in scenario.players] if parameter.shape == "player" else [""]
            for end in ends:
                settings[parameter.name + end] = random_value(rng, parameter)
    return settings


def _day(rng: np.random.Generator, scenario: Scenario) -> dt.date:
    return scenario.start + dt.timedelta(days=int(rng.integers(0, 7 * scenario.horizon_weeks)))


def _lever(rng: np.random.Generator, scenario: Scenario) -> str:
    return str(rng.choice([f"{p}.{a}" for p in scenario.players for a in scenario.levers[p]]))


def _random_pledge(rng: np.random.Generator, scenario: Scenario, number: int) -> dict[str, Any]:
    player = str(rng.choice(scenario.players))
    made = _day(rng, scenario) - dt.timedelta(days=60)
    due = max(made, scenario.start) + dt.timedelta(days=int(rng.integers(0, 400)))
    lever = str(rng.choice(list(scenario.levers[player]))) if rng.random() < 0.7 else None
    return {
        "name": f"pledge {number}",
        "player": player,
        "lever": lever,
        "weight": float(rng.uniform(0, 2)),
        "made": made,
        "due": due,
    }


def _random_shock(rng: np.random.Generator, scenario: Scenario) -> dict[str, Any]:
    quantity = str(rng.choice(QUANTITIES))
    value = float(rng.uniform(0, 20) if quantity == "weeks_left" else rng.uniform(-1, 1.5))
    when = {"date": _day(rng, scenario)} if rng.random() < 0.5 else {"rate": rng.uniform(0, 0.2)}
    place = {"lever": _lever(rng, scenario), "player": str(rng.choice(scenario.players))}
    return {"quantity": quantity, str(rng.choice(["set", "add"])): value} | when | place


def random_modules(
    rng: np.random.Generator, scenario: Scenario, names: list[str]
) -> dict[str, Any]:
    """Inputs for modules, as a scenario gives them."""
    levers = {"levers": [_lever(rng, scenario) for _ in range(2)]}
    issues = {"first": float(rng.uniform(0, 2)), "second": 0.0}
    inputs: dict[str, Any] = {
        "delivery": {"pledges": [_random_pledge(rng, scenario, k) for k in range(8)]},
        "coalition": levers,
        "status": levers,
        "negotiator": {
            "changes": [
                {
                    "date": _day(rng, scenario),
                    "player": str(rng.choice(scenario.players)),
                    "ramp_weeks": int(rng.integers(0, 30)),
                }
                | {name: float(rng.normal()) for name in ("initiative", "audience_cost")}
                | {"offer_cost": float(rng.normal())}
                for _ in range(3)
            ]
        },
        "side_issues": {
            "weights": issues,
            "events": [
                {
                    "date": _day(rng, scenario),
                    "issue": str(rng.choice(list(issues))),
                    "player": str(rng.choice(scenario.players)),
                    "tension": float(rng.uniform(0, 2)),
                    "sweetener": float(rng.uniform(0, 2)),
                }
                for _ in range(8)
            ],
        },
        "shocks": {"events": [_random_shock(rng, scenario) for _ in range(12)]},
    }
    return {name: inputs.get(name, {}) for name in names}


def random_combination(number: int) -> tuple[Game, list[str]]:
    """A game with some modules on, at random values; and their names."""
    rng = np.random.default_rng(number)
    scenario = load_scenario(("baseline_2025", "busan_2025")[number % 2], OFF)
    names = [name for name in NAMES if rng.random() < 0.6]
    changes = {
        "modules": random_modules(rng, scenario, names),
        "agency_rate": float(rng.choice([0.0, 0.1])),
        "precision": float(rng.choice([0.5, 1.0, 2.0, 8.0])),
        **random_settings(rng, scenario, names),
    }
    return build_game(load_scenario(scenario.path, changes)), names


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
