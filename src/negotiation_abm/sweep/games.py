"""The game of a point, fast: one game is built for each combination of slow changes.

Most names that a sweep varies are numbers that end up in the parameter record. For those the base
game's record is copied and the numbers are written over it; the rest, and whatever is out of
bounds, goes the slow way through the scenario. Both give the same arrays, bit for bit.
"""

import dataclasses
import math
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_abm.core.params import LEVER_NUMBERS, derive
from negotiation_abm.files.errors import InputError
from negotiation_abm.scenario.checks import check_override
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import Scenario, read_scenario, scenario_of
from negotiation_abm.scenario.numbers import apply_overrides, initial_state
from negotiation_abm.scenario.parameters import TABLE, ParameterSet, load_parameter_set
from negotiation_abm.scenario.provenance import rules_hash
from negotiation_abm.sweep.designs import Changes

KEPT = 64  # base games
_NUMBERS = {parameter.name: parameter for parameter in LEVER_NUMBERS}
_LEVELS = ("start", "loaded")


def rules() -> str:
    """Hash of what determines the numbers of a sweep's runs; runs of one sweep have one."""
    return rules_hash("run", "sweep/games.py")


@dataclass(frozen=True)
class Source:
    """A scenario and the parameter sets that its points name, as read: all that a worker needs."""

    path: Path
    content: dict[str, Any]
    sets: dict[str, ParameterSet]


def read_source(reference: str, changes: Changes, sets: set[str]) -> Source:
    """Read the scenario of a sweep, its parameter set, and those that its points name."""
    path, content = read_scenario(reference)
    base = scenario_of(path, content, changes)
    found = {name: load_parameter_set(name, path.parent) for name in sorted(sets)}
    named_in = (path, "parameters")
    found[base.parameters] = load_parameter_set(base.parameters, path.parent, named_in)
    return Source(path, content, found)


class Games:
    """Builds games of one source; safe to share between threads."""

    def __init__(self, source: Source, changes: Changes) -> None:
        self.source = source
        self.changes = changes
        self._bases: OrderedDict[str, Game | None] = OrderedDict()

    def game(self, point: Changes) -> Game:
        """The game of a point.

        Raises
        ------
        InputError
            If a name or value is not admissible, as from the slow way.
        """
        slow = {name: value for name, value in point.items() if not _is_quick(name, value)}
        if any(name.split(".")[0] == "set" for name in slow):
            return self.slow_game(point)
        base = self._base(slow)
        quick = None
        if base is not None:
            numbers = {name: value for name, value in point.items() if name not in slow}
            quick = _quick_game(base, numbers) if numbers else base
        return quick or self.slow_game(point)

    def slow_game(self, point: Changes) -> Game:
        """The game of a point, through the whole scenario."""
        scenario = scenario_of(self.source.path, self.source.content, self.changes | point)
        return build_game(scenario, self.source.sets.get(scenario.parameters))

    def _base(self, slow: Changes) -> Game | None:
        """The game with the slow changes alone; None if there is none without the others."""
        key = repr(sorted(slow.items()))
        if key not in self._bases:
            try:
                self._bases[key] = self.slow_game(slow)
            except InputError:
                self._bases[key] = None
            while len(self._bases) > KEPT:
                self._bases.popitem(last=False)
        return self._bases.get(key)


def _is_quick(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    first, *rest = name.split(".")
    if first in TABLE:
        return TABLE[first].shape not in ("triple", "chain")
    return first == "levers" and len(rest) == 3 and rest[2] in (*_NUMBERS, *_LEVELS)


def _quick_game(base: Game, numbers: dict[str, float]) -> Game | None:
    """The base game with other numbers; None where the slow way has to say what is wrong."""
    scenario = _with_numbers(base.scenario, numbers)
    if scenario is None:
        return None
    params = base.params.copy()
    for name, value in numbers.items():
        first, *rest = name.split(".")
        if first == "levers" and rest[2] in _NUMBERS:
            player = base.players.index(rest[0])
            params[rest[2]][0, player, base.lever_names[player].index(rest[1])] = value
    try:
        for name in numbers:
            if name in scenario.set:
                check_override(scenario, name, numbers[name])
    except InputError:
        return None
    apply_overrides(scenario, params[0])
    derive(params)
    initial = initial_state(scenario, params[0])
    return dataclasses.replace(base, scenario=scenario, params=params, initial=initial)


def _with_numbers(scenario: Scenario, numbers: dict[str, float]) -> Scenario | None:
    """The scenario with overrides and lever numbers replaced; None if one is out of bounds."""
    overrides = dict(scenario.set)
    levers = {player: dict(own) for player, own in scenario.levers.items()}
    changed: set[tuple[str, str]] = set()
    for name, value in numbers.items():
        first, *rest = name.split(".")
        if first != "levers":
            overrides[name] = float(value)
            continue
        player, lever, field = rest
        low, high = (_NUMBERS[field].low, _NUMBERS[field].high) if field in _NUMBERS else (0, 1)
        if lever not in levers.get(player, {}) or not low <= value <= high:
            return None
        levers[player][lever] = levers[player][lever].model_copy(update={field: float(value)})
        changed.add((player, lever))
    for player, lever in changed:
        one = levers[player][lever]
        if one.start + one.loaded > one.cap or one.floor > one.start:
            return None
    copied: Scenario = scenario.model_copy(update={"set": overrides, "levers": levers})
    return copied
