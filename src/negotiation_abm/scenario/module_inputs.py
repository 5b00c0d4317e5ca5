"""Inputs of modules as numbers: from the scenario into the parameter record and the calendar."""

import numpy as np

from negotiation_abm.core.modules import NAMES
from negotiation_abm.core.modules.shocks import QUANTITIES
from negotiation_abm.scenario.places import split_lever
from negotiation_abm.scenario.schema import Change, Pledge, Scenario, StateShock


def fill_modules(scenario: Scenario, params: np.void, weeks: np.ndarray) -> None:
    """Switch on the scenario's modules and fill their inputs, in place."""
    for name in scenario.modules.names():
        params["modules"][NAMES.index(name)] = 1
    params["num_modules"] = int(params["modules"].sum())
    modules = scenario.modules
    if modules.delivery is not None:
        params["num_pledges"] = len(modules.delivery.pledges)
        for number, pledge in enumerate(modules.delivery.pledges):
            _fill_pledge(scenario, params, number, pledge)
    if modules.shocks is not None:
        params["num_shocks"] = len(modules.shocks.events)
        for number, shock in enumerate(modules.shocks.events):
            _fill_shock(scenario, params, number, shock)
    for change in modules.negotiator.changes if modules.negotiator else ():
        _fill_change(scenario, weeks, change)
    for name, entry, field in (
        ("coalition", modules.coalition, "coalition_world"),
        ("status", modules.status, "status_retained"),
    ):
        for lever in entry.levers if entry else ():
            params[field][split_lever(scenario, f"modules.{name}", lever)] = 1
    _fill_issues(scenario, weeks)


def _fill_pledge(scenario: Scenario, params: np.void, number: int, pledge: Pledge) -> None:
    player = scenario.players.index(pledge.player)
    levers = list(scenario.levers[pledge.player])
    params["pledge_player"][number] = player
    params["pledge_lever"][number] = levers.index(pledge.lever) if pledge.lever else -1
    params["pledge_weight"][number] = pledge.weight
    params["pledge_first"][number] = scenario.turn_of(pledge.made)
    params["pledge_last"][number] = scenario.turn_of(pledge.due)


def _fill_shock(scenario: Scenario, params: np.void, number: int, shock: StateShock) -> None:
    params["shock_turn"][number] = -1 if shock.date is None else scenario.turn_of(shock.date)
    params["shock_rate"][number] = shock.rate or 0.0
    params["shock_quantity"][number] = QUANTITIES.index(shock.quantity)
    params["shock_player"][number] = scenario.players.index(shock.player) if shock.player else 0
    if shock.lever is not None:
        player, lever = split_lever(scenario, "modules.shocks", shock.lever)
        params["shock_player"][number] = player
        params["shock_lever"][number] = lever
    params["shock_adds"][number] = int(shock.add is not None)
    params["shock_value"][number] = shock.add if shock.add is not None else shock.set


def _fill_change(scenario: Scenario, weeks: np.ndarray, change: Change) -> None:
    """A step at the date, or a ramp that reaches its full size after ``ramp_weeks``."""
    since = np.arange(len(weeks)) - scenario.turn_of(change.date)
    share = np.where(since < 0, 0.0, np.minimum(1.0, (since + 1.0) / (change.ramp_weeks + 1.0)))
    player = scenario.players.index(change.player)
    for name in ("initiative", "audience_cost", "offer_cost"):
        weeks[f"negotiator_{name}"][:, player] += share * getattr(change, name)


def _fill_issues(scenario: Scenario, weeks: np.ndarray) -> None:
    issues = scenario.modules.side_issues
    for event in issues.events if issues else ():
        turn, player = scenario.turn_of(event.date), scenario.players.index(event.player)
        weight = issues.weights[event.issue] if issues else 0.0
        weeks["side_issues_anger"][turn, player] += weight * event.tension
        weeks["side_issues_goodwill"][turn, player] += weight * event.sweetener
