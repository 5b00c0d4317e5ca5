"""A checked scenario as numbers: parameters, levers, and the state before the first turn."""

from typing import Any

import numpy as np

from negotiation_abm.core.params import LEVER_NUMBERS, PARAMETERS
from negotiation_abm.core.state import STATE
from negotiation_abm.core.terms import LONG_AGO, Phase
from negotiation_abm.scenario.module_inputs import start_modules
from negotiation_abm.scenario.parameters import ParameterSet
from negotiation_abm.scenario.schema import Scenario


def fill_parameters(scenario: Scenario, chosen: ParameterSet, params: np.void) -> None:
    """Fill the parameters from the set and the scenario's overrides, in place."""
    sources = [scenario.plays_as.get(player, player) for player in scenario.players]
    for parameter in PARAMETERS:
        if parameter.name not in chosen.values:
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
        parameter, *index = name.split(".")
        if len(index) == 2:
            params[parameter][scenario.lever_place(".".join(index))] = number
        elif index:
            params[parameter][scenario.players.index(index[0])] = number
        else:
            params[parameter] = number


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
                params["coverage"][row][scenario.lever_place(f"{player}.{lever_name}")] = 1
    return tuple(domains)


def initial_state(scenario: Scenario, params: np.void) -> np.ndarray:
    """One `STATE` record (length 1): the state before the first turn."""
    state = np.zeros(1, STATE)
    one = state[0]
    for i, player in enumerate(scenario.players):
        for a, lever in enumerate(scenario.levers[player].values()):
            one["in_force"][i, a] = lever.start
            one["loaded"][i, a] = lever.loaded
            one["irreplaceability"][i, a] = lever.irreplaceability
    one["potency"] = params["weight"] * one["irreplaceability"] ** params["convexity"]
    one["bite"] = (1.0 - np.exp(-params["saturation"] * one["in_force"])) * params["bite_scale"]
    one["intensity"] = 1.0
    one["unmet_lever"] = one["unmet_pledge"] = -1
    one["last_escalation"] = LONG_AGO
    one["latest_escalation"] = LONG_AGO
    one["weeks_left"] = -1
    one["odds"] = -1.0  # not yet made
    one["strain_player"] = one["strain_lever"] = one["strain_pledge"] = -1
    start_modules(params, one)
    if scenario.truce is not None:
        _start_truce(scenario, params, one)
    return state


def _start_truce(scenario: Scenario, params: np.void, one: np.void) -> None:
    truce = scenario.truce
    assert truce is not None
    row = 1 if truce.terms == "summit" else 0
    one["phase"] = Phase.TRUCE
    one["age"] = -scenario.turn_of(truce.began)
    one["leaders"] = row
    one["renewals"] = truce.renewals
    one["covered"] = params["coverage"][row]
    if truce.expires is not None:
        one["weeks_left"] = scenario.turn_of(truce.expires)
