"""Inputs of the modules of a scenario: checked, and put into numbers.

What a key may be follows from its kind (`negotiation_abm.core.inputs`); what concerns several keys
is the module's own ``check``, and where the numbers go its own ``fill``.
"""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core import modules
from negotiation_abm.core.inputs import Key
from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.files.errors import InputError, input_error, suggest
from negotiation_abm.files.resources import read_text
from negotiation_abm.scenario.places import split_lever, within
from negotiation_abm.scenario.schema import Scenario

MODULE = dict(zip(modules.NAMES, modules.MODULES, strict=True))


def refuse_faulty_modules() -> None:
    """Raise an `InputError` if a module from outside was named and cannot be used."""
    for source, fault in modules.FAULTS:
        raise input_error(source, fault)


def is_module_file(path: Path) -> bool:
    """Does a Python file define a rule that is called for modules (rather than a strategy)?"""
    try:
        tree = ast.parse(read_text(path))
    except SyntaxError:
        return False
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return "choose" not in names and not names.isdisjoint(modules.HOOKS)


def check_module_file(path: Path) -> str:
    """Name of the module that a file holds; an `InputError` if it cannot be used as one."""
    try:
        modules.load_outside(path)
    except MisfitError as fault:
        raise input_error(path, fault) from None
    return path.stem


def check_modules(scenario: Scenario) -> None:
    """Raise an `InputError` at the first input of a module that does not fit."""
    for name, given in scenario.modules.inputs().items():
        module = MODULE[name]
        in_numbers(scenario, f"modules.{name}", getattr(module, "INPUTS", ()), given)
        if hasattr(module, "check"):
            try:
                module.check(given, scenario)
            except MisfitError as fault:
                raise input_error(scenario.path, fault, f"modules.{name}") from None


def fill_modules(scenario: Scenario, params: np.void, weeks: np.ndarray) -> None:
    """Switch on the scenario's modules and fill their inputs, in place."""
    on = scenario.modules.inputs()
    params["num_modules"] = len(on)
    for name, given in on.items():
        module = MODULE[name]
        params["modules"][modules.NAMES.index(name)] = 1
        if hasattr(module, "fill"):
            keys = getattr(module, "INPUTS", ())
            module.fill(in_numbers(scenario, f"modules.{name}", keys, given), params, weeks)


def start_modules(params: np.void, state: np.void) -> None:
    """Let the modules that are on fill their part of the first state, in place."""
    for module, is_on in zip(modules.MODULES, params["modules"], strict=False):
        if is_on and hasattr(module, "start"):
            module.start(state, params)


def in_numbers(
    scenario: Scenario, place: str, keys: tuple[Key, ...], given: Any
) -> SimpleNamespace:
    """Inputs with players, levers, dates and words as numbers, by key.

    Raises
    ------
    InputError
        At the first name that the scenario does not know or date outside its horizon.
    """
    return SimpleNamespace(
        **{
            key.name: _number(scenario, f"{place}.{key.name}", key, getattr(given, key.name), given)
            for key in keys
        }
    )


def _number(scenario: Scenario, place: str, key: Key, value: Any, beside: Any) -> Any:
    """One input in numbers; `beside` is the mapping that it stands in."""
    if value is None:
        return None
    if key.kind == "player":
        return _place(scenario, place, "player", value, scenario.players)
    if key.kind == "choice":
        return _place(scenario, place, key.name, value, key.words)
    if key.kind == "day":
        if not key.anywhere:
            within(scenario, place, value)
        return scenario.turn_of(value)
    if key.kind == "lever":
        return split_lever(scenario, place, value)
    if key.kind == "own_lever":
        return split_lever(scenario, place, f"{getattr(beside, key.of)}.{value}")[1]
    if key.kind == "levers":
        return [split_lever(scenario, f"{place}.{n}", item) for n, item in enumerate(value)]
    if key.kind == "entries":
        return [
            in_numbers(scenario, f"{place}.{n}", key.keys, item) for n, item in enumerate(value)
        ]
    return value


def _place(scenario: Scenario, place: str, what: str, value: str, allowed: Any) -> int:
    """Position of a name among those that are allowed."""
    if value not in allowed:
        problem = f"unknown {what} '{value}'; {suggest(value, allowed)}"
        raise InputError(scenario.path, place, problem)
    return list(allowed).index(value)
