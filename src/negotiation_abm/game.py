"""A scenario as numbers: the records that the rules, the Mesa run and the kernel work on."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from negotiation_abm.core.modules import module_of
from negotiation_abm.core.params import (
    LEVER_NUMBERS,
    PARAMETERS,
    PARAMS,
    derive,
)
from negotiation_abm.core.state import STATE, WEEK
from negotiation_abm.core.terms import (
    LONG_AGO,
    Forum,
    Move,
    Phase,
    option_of,
)
from negotiation_abm.errors import InputError, nearest
from negotiation_abm.module_inputs import fill_modules
from negotiation_abm.parameters import ParameterSet, load_parameter_set
from negotiation_abm.scenario import Scenario
from negotiation_abm.scenario_checks import check_override, split_lever
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


def build_game(scenario: Scenario) -> Game:
    """Turn a checked scenario into arrays.

    Raises
    ------
    InputError
        If its parameter set is missing or not admissible.
    """
    base = scenario.path.parent
    parameter_set = load_parameter_set(scenario.parameters, base, (scenario.path, "parameters"))
    notes: list[str] = []
    params = np.zeros(1, PARAMS)
    _fill_parameters(scenario, parameter_set, params[0], notes)
    domains = _fill_levers(scenario, params[0])
    weeks = _weeks(scenario)
    fill_modules(scenario, params[0], weeks)
    derive(params)
    first, second = scenario.players
    return Game(
        scenario=scenario,
        parameter_set=parameter_set,
        params=params,
        weeks=weeks,
        initial=_initial(scenario, params[0]),
        lever_names=(tuple(scenario.levers[first]), tuple(scenario.levers[second])),
        domain_names=domains,
        strategy_codes=(
            code_of(scenario.strategies[first]),
            code_of(scenario.strategies[second]),
        ),
        notes=tuple(notes),
    )


def _fill_parameters(
    scenario: Scenario, chosen: ParameterSet, params: np.void, notes: list[str]
) -> None:
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
        else:
            params[parameter.name] = value
    for name, number in scenario.set.items():
        parameter, index = check_override(scenario, name, number)
        if index:
            params[parameter.name][tuple(index)] = number
        else:
            params[parameter.name] = number


def _excuse(scenario: Scenario, chosen: ParameterSet, name: str) -> None:
    """A module's parameter may be missing from the set if it is off, or set in the scenario."""
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


def _fill_levers(scenario: Scenario, params: np.void) -> tuple[str, ...]:
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


def _weeks(scenario: Scenario) -> np.ndarray:
    weeks = np.zeros(scenario.horizon_weeks, WEEK)
    weeks["salience"] = 1.0
    weeks["shock"] = np.nan
    weeks["script"] = -1
    for kind, meetings in (
        (Forum.ROUND, scenario.calendar.rounds),
        (Forum.SUMMIT, scenario.calendar.summits),
    ):
        for meeting in meetings:
            turn = scenario.turn_of(meeting.date)
            weeks["forum"][turn] = max(weeks["forum"][turn], int(kind))
    weeks["weeks_to_summit"] = _weeks_to_summit(scenario)
    _fill_salience(scenario, weeks)
    for shock in scenario.shocks:
        i, a = split_lever(scenario, "shocks", shock.lever)
        turn = scenario.turn_of(shock.date)
        weeks["shock"][turn, i, a] = shock.level
        weeks["has_shock"][turn] = 1
    for entry in scenario.script:
        player = scenario.players.index(entry.player)
        option = _option(scenario, player, entry.move, entry.lever)
        weeks["script"][scenario.turn_of(entry.date), player, entry.exchange - 1] = option
    return weeks


def _option(scenario: Scenario, player: int, move: str, lever: str | None) -> int:
    names = list(scenario.levers[scenario.players[player]])
    return int(option_of(Move[move], names.index(lever) if lever else 0))


def _weeks_to_summit(scenario: Scenario) -> np.ndarray:
    """Weeks to the next summit that is announced by then; -1 where there is none."""
    ahead = np.full(scenario.horizon_weeks, -1)
    for meeting in sorted(scenario.calendar.summits, key=lambda m: m.date, reverse=True):
        last = scenario.turn_of(meeting.date)
        known = scenario.turn_of(meeting.announced) if meeting.announced else 0
        for turn in range(max(0, known), last + 1):
            ahead[turn] = last - turn
    return ahead


def _fill_salience(scenario: Scenario, weeks: np.ndarray) -> None:
    """Factors of the calendar, judged on the middle day of each week."""
    middle = [scenario.date_of(turn) + dt.timedelta(days=3) for turn in range(len(weeks))]
    for season in scenario.calendar.seasons:
        i, a = split_lever(scenario, "calendar.seasons", season.lever)
        for turn, day in enumerate(middle):
            if day.month in season.months:
                weeks["salience"][turn, i, a] *= season.factor
    for approach in scenario.calendar.approaches:
        i, a = split_lever(scenario, "calendar.approaches", approach.lever)
        for turn, day in enumerate(middle):
            weeks_to = (approach.date - day).days / 7.0
            if 0.0 <= weeks_to <= approach.ramp_weeks:
                share = 1.0 - weeks_to / approach.ramp_weeks
                weeks["salience"][turn, i, a] *= 1.0 + (approach.factor - 1.0) * share


def _initial(scenario: Scenario, params: np.void) -> np.ndarray:
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
    one["weeks_left"] = -1
    one["odds"] = -1.0  # not yet made
    one["strain_player"] = one["strain_lever"] = one["strain_pledge"] = -1
    for number in range(int(params["num_pledges"])):  # on schedule until the start
        first, last = params["pledge_first"][number], params["pledge_last"][number]
        one["pledge_delivered"][number] = max(0.0, -first / (last - first + 1.0))
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
