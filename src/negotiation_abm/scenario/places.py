"""Names and dates inside a scenario: players, ``OWNER.lever``, days of the horizon."""

import datetime as dt
from typing import Any

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.scenario.schema import Scenario


def split_lever(scenario: Scenario, place: str, name: str) -> tuple[int, int]:
    """Player and lever number of ``OWNER.lever``, or an `InputError`."""
    known = [f"{p}.{a}" for p in scenario.players for a in scenario.levers[p]]
    if name not in known:
        raise InputError(
            scenario.path, place, f"'{name}' is a lever that no one owns; {suggest(name, known)}"
        )
    return scenario.lever_place(name)


def keys_are_players(scenario: Scenario, place: str, mapping: dict[str, Any]) -> None:
    """Raise an `InputError` if a key is no player of the scenario."""
    for key in mapping:
        if key not in scenario.players:
            raise InputError(
                scenario.path,
                f"{place}.{key}",
                f"unknown player; {suggest(key, scenario.players)}",
            )


def within(scenario: Scenario, place: str, date: dt.date) -> None:
    """Raise an `InputError` if a date lies outside the horizon."""
    if not scenario.start <= date < scenario.end:
        last = scenario.end - dt.timedelta(days=1)
        raise InputError(
            scenario.path,
            place,
            f"{date} is outside the horizon; allowed: {scenario.start} to {last}",
        )
