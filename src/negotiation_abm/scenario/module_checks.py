"""Checks of the modules of a scenario: what they name must exist, dates must make sense."""

from negotiation_abm.core.modules import NAMES
from negotiation_abm.core.modules.shocks import QUANTITIES
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.scenario.places import split_lever, within
from negotiation_abm.scenario.schema import Scenario, StateShock


def check_modules(scenario: Scenario) -> None:
    """Raise an `InputError` at the first input of a module that does not fit."""
    modules = scenario.modules
    for number, name in enumerate(modules.own):
        if name not in NAMES:
            raise InputError(
                scenario.path,
                f"modules.own.{number}",
                f"unknown module '{name}'; {suggest(name, NAMES)}",
            )
    for module, entry in (("coalition", modules.coalition), ("status", modules.status)):
        for number, lever in enumerate(entry.levers if entry else ()):
            split_lever(scenario, f"modules.{module}.levers.{number}", lever)
    _check_pledges(scenario)
    _check_negotiator(scenario)
    _check_issues(scenario)
    for number, shock in enumerate(modules.shocks.events if modules.shocks else ()):
        _check_shock(scenario, f"modules.shocks.events.{number}", shock)


def _player(scenario: Scenario, place: str, player: str) -> None:
    if player not in scenario.players:
        raise InputError(
            scenario.path, place, f"unknown player '{player}'; {suggest(player, scenario.players)}"
        )


def _check_pledges(scenario: Scenario) -> None:
    delivery = scenario.modules.delivery
    owners: dict[str, str] = {}
    for number, pledge in enumerate(delivery.pledges if delivery else ()):
        place = f"modules.delivery.pledges.{number}"
        _player(scenario, f"{place}.player", pledge.player)
        if pledge.name in owners:
            problem = f"'{pledge.name}' is pledged twice"
            if owners[pledge.name] != pledge.player:
                problem = (
                    f"'{pledge.name}' has more than one owner: {owners[pledge.name]} and "
                    f"{pledge.player}"
                )
            raise InputError(scenario.path, f"{place}.player", problem)
        owners[pledge.name] = pledge.player
        if pledge.due < scenario.start:
            raise InputError(
                scenario.path, f"{place}.due", f"{pledge.due} is before the start {scenario.start}"
            )
        if pledge.due < pledge.made:
            raise InputError(
                scenario.path, f"{place}.due", f"{pledge.due} is before it is made, {pledge.made}"
            )
        if pledge.lever is not None:
            split_lever(scenario, f"{place}.lever", f"{pledge.player}.{pledge.lever}")


def _check_negotiator(scenario: Scenario) -> None:
    negotiator = scenario.modules.negotiator
    for number, change in enumerate(negotiator.changes if negotiator else ()):
        _player(scenario, f"modules.negotiator.changes.{number}.player", change.player)
        within(scenario, f"modules.negotiator.changes.{number}.date", change.date)


def _check_issues(scenario: Scenario) -> None:
    issues = scenario.modules.side_issues
    if issues is None:
        return
    for name, weight in issues.weights.items():
        if not 0.0 <= weight <= 10.0:
            raise InputError(
                scenario.path, f"modules.side_issues.weights.{name}", f"{weight}; allowed: 0 to 10"
            )
    for number, event in enumerate(issues.events):
        place = f"modules.side_issues.events.{number}"
        if event.issue not in issues.weights:
            raise InputError(
                scenario.path,
                f"{place}.issue",
                f"'{event.issue}' has no weight; {suggest(event.issue, issues.weights)}",
            )
        _player(scenario, f"{place}.player", event.player)
        within(scenario, f"{place}.date", event.date)


def _check_shock(scenario: Scenario, place: str, shock: StateShock) -> None:
    if shock.quantity not in QUANTITIES:
        raise InputError(
            scenario.path,
            f"{place}.quantity",
            f"'{shock.quantity}' is no quantity of the state; "
            f"{suggest(shock.quantity, QUANTITIES)}",
        )
    if (shock.date is None) == (shock.rate is None):
        raise InputError(scenario.path, place, "give either date or rate")
    if (shock.set is None) == (shock.add is None):
        raise InputError(scenario.path, place, "give either set or add")
    if shock.date is not None:
        within(scenario, f"{place}.date", shock.date)
    kind = QUANTITIES.index(shock.quantity)
    if kind < 4:
        if shock.lever is None:
            raise InputError(scenario.path, f"{place}.lever", f"missing; {shock.quantity} has one")
        split_lever(scenario, f"{place}.lever", shock.lever)
    elif kind < 8:
        if shock.player is None:
            raise InputError(scenario.path, f"{place}.player", f"missing; {shock.quantity} has one")
        _player(scenario, f"{place}.player", shock.player)
