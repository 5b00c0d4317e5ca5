"""Every parameter and every number of a lever changes some run: none stands there for nothing.

What there is to try comes from the tables of parameters, and where to try it from the shipped
scenarios, their modules and the strategies, so a parameter that is added needs no entry here.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from negotiation_abm import InputError, build_game, load_scenario, run_replicates
from negotiation_abm.core.modules import NAMES, module_of
from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.params import LEVER_NUMBERS, PARAMETERS, derive
from negotiation_abm.core.tracker import TRACE
from negotiation_abm.files.resources import shipped
from negotiation_abm.scenario.game import Game
from negotiation_abm.strategies import needs_of, shipped_names

REPLICATES = (30, 300)  # few show what a common parameter does, more what a rare one does
SEED = 3
LIKELY = ("baseline_2025", "mechanisms_busan", "busan_2025", "mechanisms_2025")
SCENARIOS = (*LIKELY, *(name for name in shipped("configs", ".yaml") if name not in LIKELY))
SHARES = (0.5, 0.1, 0.0, 1.0)  # of the way from the lower to the upper bound


# Without these, others have nothing to act on: what strains a truce without ending it, and the
# memory of market losses.
GRADED = {"restore_share": 0.5, "market": 0.2}


@cache
def game_of(scenario: str, strategy: str | None) -> Game:
    """A shipped scenario with graded ends; both sides play `strategy` if one is named."""
    loaded = load_scenario(scenario, GRADED)
    if strategy is None:
        return build_game(loaded)
    return build_game(
        load_scenario(scenario, {"strategies": dict.fromkeys(loaded.players, strategy)} | GRADED)
    )


def run_bytes(game: Game, replicates: int) -> tuple[bytes, bytes, bytes]:
    """Runs, spells and weekly payoffs of a batch, byte for byte."""
    weeks = np.zeros((replicates, len(game.weeks)), TRACE)
    block = run_replicates(game, SEED, 0, replicates, weeks)
    return block.runs.tobytes(), block.spells.tobytes(), weeks["flow"].tobytes()


@cache
def usual_run(scenario: str, strategy: str | None, replicates: int) -> tuple[bytes, bytes, bytes]:
    """What is played with the values of the scenario."""
    return run_bytes(game_of(scenario, strategy), replicates)


def games_for(parameter: Parameter) -> Iterator[tuple[str, str | None]]:
    """Scenario and strategy of each game that may read a parameter."""
    module = module_of(parameter.name)
    readers = [name for name in shipped_names() if parameter.name in needs_of(name)]
    for strategy in readers or [None]:
        for scenario in SCENARIOS:
            flags = game_of(scenario, strategy).params["modules"][0]
            if module is None or flags[NAMES.index(module)] == 1:
                yield scenario, strategy


def other_values(parameter: Parameter, value: np.ndarray) -> Iterator[np.ndarray]:
    """Admissible values other than `value`, the same for all players and levers."""
    if parameter.shape in ("triple", "chain"):  # what must sum to 1 still does
        yield np.roll(value, 1, axis=-1)
        return
    for share in SHARES:
        number = parameter.low + share * (parameter.high - parameter.low)
        yield np.full_like(value, round(number) if parameter.integer else number)


def with_value(game: Game, name: str, value: np.ndarray) -> Game:
    """The same game with another value of a parameter of the rules."""
    params = game.params.copy()
    params[name][0] = value
    derive(params)
    return Game(**{**game.__dict__, "params": params})


def changes_a_run(parameter: Parameter) -> bool:
    """Is there a game that is played otherwise when a parameter has another value?"""
    return any(
        run_bytes(with_value(game, parameter.name, value), replicates)
        != usual_run(scenario, strategy, replicates)
        for replicates in REPLICATES
        for scenario, strategy in games_for(parameter)
        for game in [game_of(scenario, strategy)]
        for value in other_values(parameter, game.params[parameter.name][0])
    )


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_a_parameter_changes_some_run(parameter):
    if not any(games_for(parameter)):
        pytest.skip(f"module {module_of(parameter.name)} is on in no shipped scenario")
    assert changes_a_run(parameter), f"{parameter.name} is read by no rule of any shipped game"


@pytest.mark.parametrize("number", LEVER_NUMBERS, ids=lambda number: number.name)
def test_a_number_of_a_lever_changes_some_run(number):
    scenario = LIKELY[0]
    loaded, usual = load_scenario(scenario), usual_run(scenario, None, max(REPLICATES))
    for player, levers in loaded.levers.items():
        for lever in levers:
            for share in SHARES:
                value = number.low + share * (number.high - number.low)
                try:
                    changed = load_scenario(
                        scenario, {f"levers.{player}.{lever}.{number.name}": value}
                    )
                except InputError:
                    continue  # its other numbers do not allow this one
                if run_bytes(build_game(changed), max(REPLICATES)) != usual:
                    return
    pytest.fail(f"{number.name} of no lever changes a run of {scenario}")
