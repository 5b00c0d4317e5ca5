"""Checks of a scenario that need more than one field, and of its parameter set."""

from typing import Any

from negotiation_abm.core.modules import module_of
from negotiation_abm.core.terms import MAX_DOMAINS, MAX_LEVERS
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.scenario.module_inputs import check_modules
from negotiation_abm.scenario.parameters import TABLE, ParameterSet, admissible, check_name
from negotiation_abm.scenario.places import keys_are_players, split_lever, within
from negotiation_abm.scenario.schema import Scenario
from negotiation_abm.strategies import needs_of, strategies


def check_scenario(scenario: Scenario) -> None:
    """Raise an `InputError` at the first thing that does not fit together."""
    _check_players(scenario)
    _check_levers(scenario)
    _check_terms(scenario)
    _check_calendar(scenario)
    _check_truce(scenario)
    _check_script(scenario)
    check_modules(scenario)
    for name, value in scenario.set.items():
        check_override(scenario, name, value)


def _check_players(scenario: Scenario) -> None:
    first, second = scenario.players
    if first == second or "both" in scenario.players or not (first and second):
        raise InputError(
            scenario.path, "players", f"{scenario.players}: two different labels, not 'both'"
        )
    if any("." in player for player in scenario.players):
        raise InputError(scenario.path, "players", "a label must not hold a dot")
    for place in ("strategies", "levers"):
        mapping = getattr(scenario, place)
        keys_are_players(scenario, place, mapping)
        for player in scenario.players:
            if player not in mapping:
                raise InputError(scenario.path, f"{place}.{player}", "missing")
    keys_are_players(scenario, "plays_as", scenario.plays_as)
    for player, name in scenario.strategies.items():
        if name not in strategies():
            raise InputError(
                scenario.path,
                f"strategies.{player}",
                f"unknown strategy '{name}'; {suggest(name, strategies())}",
            )


def _check_levers(scenario: Scenario) -> None:
    domains = set()
    for player in scenario.players:
        levers = scenario.levers[player]
        if not 1 <= len(levers) <= MAX_LEVERS:
            raise InputError(
                scenario.path,
                f"levers.{player}",
                f"{len(levers)} levers; allowed: 1 to {MAX_LEVERS}",
            )
        for name, lever in levers.items():
            place = f"levers.{player}.{name}"
            if "." in name:
                raise InputError(scenario.path, place, "a lever's name must not hold a dot")
            domains.add(lever.domain)
            if lever.start + lever.loaded > lever.cap + 1e-12:
                raise InputError(
                    scenario.path,
                    f"{place}.start",
                    f"{lever.start} in force and {lever.loaded} loaded exceed cap {lever.cap}",
                )
            if lever.floor > lever.start + 1e-12:
                raise InputError(
                    scenario.path,
                    f"{place}.floor",
                    f"{lever.floor} is above the start level {lever.start}",
                )
    if len(domains) > MAX_DOMAINS:
        raise InputError(
            scenario.path, "levers", f"{len(domains)} domains; allowed: at most {MAX_DOMAINS}"
        )


def _check_terms(scenario: Scenario) -> None:
    for name in scenario.terms:
        if name not in ("round", "summit"):
            raise InputError(
                scenario.path, f"terms.{name}", f"unknown; {suggest(name, ('round', 'summit'))}"
            )
    for name in ("round", "summit"):
        if name not in scenario.terms:
            raise InputError(scenario.path, f"terms.{name}", "missing")
        covers = scenario.terms[name].covers
        keys_are_players(scenario, f"terms.{name}.covers", covers)
        for player, levers in covers.items():
            for lever in levers:
                split_lever(scenario, f"terms.{name}.covers.{player}", f"{player}.{lever}")


def _check_calendar(scenario: Scenario) -> None:
    calendar = scenario.calendar
    for kind in ("rounds", "summits"):
        for number, meeting in enumerate(getattr(calendar, kind)):
            place = f"calendar.{kind}.{number}"
            within(scenario, f"{place}.date", meeting.date)
            if meeting.announced and meeting.announced > meeting.date:
                raise InputError(
                    scenario.path, f"{place}.announced", f"{meeting.announced} is after its date"
                )
    for number, season in enumerate(calendar.seasons):
        place = f"calendar.seasons.{number}"
        split_lever(scenario, f"{place}.lever", season.lever)
        for month in season.months:
            if not 1 <= month <= 12:
                raise InputError(scenario.path, f"{place}.months", f"{month}; allowed: 1 to 12")
    for number, approach in enumerate(calendar.approaches):
        split_lever(scenario, f"calendar.approaches.{number}.lever", approach.lever)
    for number, shock in enumerate(scenario.shocks):
        split_lever(scenario, f"shocks.{number}.lever", shock.lever)
        within(scenario, f"shocks.{number}.date", shock.date)


def _check_truce(scenario: Scenario) -> None:
    truce = scenario.truce
    if truce is None:
        return
    if truce.began > scenario.start:
        raise InputError(
            scenario.path, "truce.began", f"{truce.began} is after the start {scenario.start}"
        )
    if truce.expires and truce.expires < scenario.start:
        raise InputError(
            scenario.path, "truce.expires", f"{truce.expires} is before the start {scenario.start}"
        )


def _check_script(scenario: Scenario) -> None:
    for number, entry in enumerate(scenario.script):
        place = f"script.{number}"
        if entry.player not in scenario.players:
            raise InputError(
                scenario.path,
                f"{place}.player",
                f"unknown player '{entry.player}'; {suggest(entry.player, scenario.players)}",
            )
        within(scenario, f"{place}.date", entry.date)
        if entry.move in ("ESCALATE", "THREATEN", "CONCEDE"):
            split_lever(scenario, f"{place}.lever", f"{entry.player}.{entry.lever}")
        elif entry.lever is not None:
            raise InputError(scenario.path, f"{place}.lever", f"{entry.move} has no lever")


def check_override(scenario: Scenario, name: str, value: Any) -> None:
    """Raise an `InputError` unless `value` may stand for the parameter of a dotted name."""
    place = f"set.{name}"
    first, *rest = name.split(".")
    try:
        check_name(name)
        admissible(TABLE[first], value)
    except ValueError as error:
        raise InputError(scenario.path, place, str(error)) from None
    if len(rest) == 2:
        split_lever(scenario, place, ".".join(rest))
    elif rest and rest[0] not in scenario.players:
        problem = f"unknown player; {suggest(rest[0], scenario.players)}"
        raise InputError(scenario.path, place, problem)


def check_parameters(scenario: Scenario, chosen: ParameterSet) -> list[str]:
    """Hold the parameter set to the scenario; returns what a reader of results should know.

    Raises
    ------
    InputError
        If the set lacks a player that one plays as, or a parameter that a strategy or module uses.
    """
    for player, source in scenario.plays_as.items():
        if source not in chosen.players:
            problem = f"'{source}' is no player of {chosen.name}; {suggest(source, chosen.players)}"
            raise InputError(scenario.path, f"plays_as.{player}", problem)
    for name in set(TABLE) - set(chosen.values) - set(scenario.set):
        _check_unused(scenario, chosen, name)
    known = scenario.plays_as.keys() | chosen.players
    pooled = [player for player in scenario.players if player not in known]
    if not pooled:
        return []
    return [
        f"{' and '.join(pooled)} not in parameter set {chosen.name}: "
        "the mean of its players is used (set plays_as to choose one)"
    ]


def _check_unused(scenario: Scenario, chosen: ParameterSet, name: str) -> None:
    """A parameter may be missing if nothing uses it."""
    place = f"parameters.{name}"
    for player, strategy in scenario.strategies.items():
        if name in needs_of(strategy):
            problem = f"missing, and the strategy '{strategy}' of {player} needs it"
            raise InputError(chosen.path, place, problem)
    module = module_of(name)
    if module in scenario.modules.names():
        problem = f"missing, and module '{module}' of {scenario.name} is on; set it here or in set:"
        raise InputError(chosen.path, place, problem)
