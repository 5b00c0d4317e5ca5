"""Parameters and lever numbers of a scenario, from its set and its own overrides."""

from typing import Any

import numpy as np

from negotiation_abm.core.modules import module_of
from negotiation_abm.core.params import LEVER_NUMBERS, PARAMETERS
from negotiation_abm.files.errors import InputError, nearest
from negotiation_abm.scenario.checks import check_override
from negotiation_abm.scenario.load import Scenario
from negotiation_abm.scenario.parameters import ParameterSet
from negotiation_abm.scenario.places import split_lever
from negotiation_abm.strategies import needs_of


def fill_parameters(
    scenario: Scenario, chosen: ParameterSet, params: np.void, notes: list[str]
) -> None:
    """Fill the parameters from the set and the scenario's overrides, in place.

    `notes` gets a line where a player is not in the set and the mean of its players is used.
    """
    sources = [scenario.plays_as.get(player, player) for player in scenario.players]
    for player, source in scenario.plays_as.items():
        if source not in chosen.players:
            raise InputError(
                scenario.path,
                f"plays_as.{player}",
                f"'{source}' is no player of {chosen.name}; {nearest(source, chosen.players)}",
            )
    pooled = [p for p, s in zip(scenario.players, sources, strict=True) if s not in chosen.players]
    if pooled:
        notes.append(
            f"{' and '.join(pooled)} not in parameter set {chosen.name}: "
            "the mean of its players is used (set plays_as to choose one)"
        )
    for parameter in PARAMETERS:
        if parameter.name not in chosen.values:
            _excuse(scenario, chosen, parameter.name)
            continue
        value = chosen.values[parameter.name]
        if parameter.shape == "player":
            params[parameter.name] = [_player_value(value, source) for source in sources]
        elif parameter.shape == "lever":
            for i, player in enumerate(scenario.players):
                for a, lever in enumerate(scenario.levers[player]):
                    params[parameter.name][i, a] = _lever_value(value, sources[i], lever)
        elif parameter.shape == "chain":
            params[parameter.name] = list(value.values())
        else:
            params[parameter.name] = value
    apply_overrides(scenario, params)


def apply_overrides(scenario: Scenario, params: np.void) -> None:
    """Write the scenario's overrides (`set`) over the parameters, in order, in place."""
    for name, number in scenario.set.items():
        parameter, index = check_override(scenario, name, number)
        if index:
            params[parameter.name][tuple(index)] = number
        else:
            params[parameter.name] = number


def _excuse(scenario: Scenario, chosen: ParameterSet, name: str) -> None:
    """A parameter may be missing from the set if nothing uses it, or set in the scenario."""
    for player, strategy in scenario.strategies.items():
        if name in needs_of(strategy) and name not in scenario.set:
            raise InputError(
                chosen.path,
                f"parameters.{name}",
                f"missing, and the strategy '{strategy}' of {player} needs it",
            )
    module = module_of(name)
    if module in scenario.modules.names() and name not in scenario.set:
        raise InputError(
            chosen.path,
            f"parameters.{name}",
            f"missing, and module '{module}' of {scenario.name} is on; set it here or in set:",
        )


def _player_value(value: Any, source: str) -> float:
    if not isinstance(value, dict):
        return float(value)
    return float(value[source] if source in value else np.mean(list(value.values())))


def _lever_value(value: Any, source: str, lever: str) -> float:
    """Bias of a lever; 0 where the set does not know the player or the lever."""
    if not isinstance(value, dict):
        return float(value)
    own = value.get(source, {})
    return float(own.get(lever, 0.0) if isinstance(own, dict) else own)


def fill_levers(scenario: Scenario, params: np.void) -> tuple[str, ...]:
    """Lever numbers, domains, coverage and terms; returns the names of the domains."""
    domains: list[str] = []
    for i, player in enumerate(scenario.players):
        params["num_levers"][i] = len(scenario.levers[player])
        for a, lever in enumerate(scenario.levers[player].values()):
            for parameter in LEVER_NUMBERS:
                params[parameter.name][i, a] = getattr(lever, parameter.name)
            if lever.domain not in domains:
                domains.append(lever.domain)
            params["domain"][i, a] = domains.index(lever.domain)
            params["agency_lever"][i, a] = int(lever.agency)
    for row, name in enumerate(("round", "summit")):
        terms = scenario.terms[name]
        params["term_weeks"][row] = -1 if terms.weeks is None else terms.weeks
        for player, levers in terms.covers.items():
            for lever_name in levers:
                i, a = split_lever(scenario, "terms", f"{player}.{lever_name}")
                params["coverage"][row, i, a] = 1
    return tuple(domains)
