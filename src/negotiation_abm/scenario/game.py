"""A scenario as numbers: the records that the rules, the Mesa run and the kernel work on."""

from dataclasses import dataclass

import numpy as np

from negotiation_abm.core.params import PARAMS, derive
from negotiation_abm.core.terms import Move
from negotiation_abm.scenario.checks import check_parameters
from negotiation_abm.scenario.module_inputs import fill_modules
from negotiation_abm.scenario.numbers import fill_levers, fill_parameters, initial_state
from negotiation_abm.scenario.parameters import ParameterSet, load_parameter_set
from negotiation_abm.scenario.schema import Scenario
from negotiation_abm.scenario.weeks import scenario_weeks
from negotiation_abm.strategies import code_of


@dataclass(frozen=True)
class Game:
    """The arrays of one scenario.

    Attributes
    ----------
    params, initial : ndarray
        One `PARAMS` and one `STATE` record (length 1).
    weeks : ndarray
        One `WEEK` record a turn.
    strategy_codes : tuple of int
        Strategy of each player (`strategies.code_of`).
    notes : tuple of str
        What a reader of results should know (pooled parameters, ...).
    tally : ndarray or None
        One `TALLY` record with the spells that are open at the start, where the game goes on from
        a record; None: what `initial` says.
    """

    scenario: Scenario
    parameter_set: ParameterSet
    params: np.ndarray
    weeks: np.ndarray
    initial: np.ndarray
    lever_names: tuple[tuple[str, ...], tuple[str, ...]]
    domain_names: tuple[str, ...]
    strategy_codes: tuple[int, int]
    notes: tuple[str, ...]
    tally: np.ndarray | None = None

    @property
    def players(self) -> tuple[str, str]:
        """Labels of the two players."""
        first, second = self.scenario.players
        return first, second

    @property
    def pledge_names(self) -> list[str]:
        """Names of the pledges of the module `delivery`, in order."""
        delivery = self.scenario.modules.delivery
        return [pledge.name for pledge in delivery.pledges] if delivery else []

    def lever_labels(self) -> list[tuple[int, int, str]]:
        """Player, lever number and ``PLAYER.lever`` of every lever."""
        return [
            (i, a, f"{self.players[i]}.{name}")
            for i in range(2)
            for a, name in enumerate(self.lever_names[i])
        ]

    def tariff_levers(self) -> dict[int, tuple[int, float]]:
        """For each player that has one: number and scale in pp of its first tariff lever."""
        found: dict[int, tuple[int, float]] = {}
        for i, a, name in self.lever_labels():
            player, lever = name.split(".")
            scale = self.scenario.levers[player][lever].pp_at_full
            if scale is not None and i not in found:
                found[i] = (a, scale)
        return found

    def option_label(self, option: int, player: int) -> str:
        """A move in words, such as ``ESCALATE chips``."""
        if option < 2:
            return Move(option).name
        return f"{Move(2 + (option - 2) % 3).name} {self.lever_names[player][(option - 2) // 3]}"


def fill_params(
    scenario: Scenario, parameter_set: ParameterSet, weeks: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
    """The parameters of a game, shape (1,), its domains and notes; modules fill in `weeks`.

    Raises
    ------
    InputError
        If the parameter set is not admissible.
    """
    notes = check_parameters(scenario, parameter_set)
    params = np.zeros(1, PARAMS)
    fill_parameters(scenario, parameter_set, params[0])
    domains = fill_levers(scenario, params[0])
    fill_modules(scenario, params[0], weeks)
    derive(params)
    return params, domains, notes


def build_game(scenario: Scenario, parameter_set: ParameterSet | None = None) -> Game:
    """Turn a checked scenario into arrays.

    Parameters
    ----------
    parameter_set : ParameterSet, optional
        What `scenario.parameters` names, if it has been read before.

    Raises
    ------
    InputError
        If its parameter set is missing or not admissible.
    """
    base = scenario.path.parent
    if parameter_set is None:
        parameter_set = load_parameter_set(scenario.parameters, base, (scenario.path, "parameters"))
    weeks = scenario_weeks(scenario)
    params, domains, notes = fill_params(scenario, parameter_set, weeks)
    first, second = scenario.players
    return Game(
        scenario=scenario,
        parameter_set=parameter_set,
        params=params,
        weeks=weeks,
        initial=initial_state(scenario, params[0]),
        lever_names=(tuple(scenario.levers[first]), tuple(scenario.levers[second])),
        domain_names=domains,
        strategy_codes=(
            code_of(scenario.strategies[first]),
            code_of(scenario.strategies[second]),
        ),
        notes=tuple(notes),
    )
