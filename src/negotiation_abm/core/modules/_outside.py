"""Modules from outside the package: finding them, and what any such module must have."""

import importlib.metadata
import inspect
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.core.outside import is_rule, load_file, named_files

GROUP = "negotiation_abm.modules"
FIRST_BLOCK = 96  # the shipped modules use the blocks of random numbers below
_TURN = ("state", "params", "week", "seed", "replicate", "live")
_PLAYER = ("state", "params", "week", "player")
HOOKS: dict[str, tuple[str, ...]] = {
    "start_turn": _TURN,
    "end_turn": _TURN,
    "pressure_shift": _PLAYER,
    "settlement_shift": _PLAYER,
    "concede_shift": _PLAYER,
    "suspend_shift": _PLAYER,
    "escalate_lever_shift": (*_PLAYER, "lever"),
    "concede_lever_shift": (*_PLAYER, "lever"),
}
RECORDS = ("FIELDS", "PARAM_FIELDS", "WEEK_FIELDS")


def find_outside(
    shipped: tuple[str, ...], most: int
) -> tuple[dict[str, ModuleType], list[tuple[str, MisfitError]]]:
    """Modules of named files and of installed packages, and what is wrong with the others.

    Parameters
    ----------
    shipped : tuple of str
        Names that are taken.
    most : int
        How many modules there may be in all.

    Returns
    -------
    found : dict of str to module
        By name, in alphabetical order.
    faults : list of (str, MisfitError)
        File or entry point that cannot be used, and why.
    """
    found: dict[str, ModuleType] = {}
    faults: list[tuple[str, MisfitError]] = []
    for source, name, load in _candidates():
        try:
            if name in shipped:
                raise MisfitError("", f"'{name}' is a shipped module; choose another name")
            if name in found:
                raise MisfitError("", f"a module '{name}' is known already; choose another name")
            if len(shipped) + len(found) == most:
                raise MisfitError("", f"more than {most} modules")
            found[name] = load()
        except MisfitError as fault:
            faults.append((source, fault))
    return dict(sorted(found.items())), faults


def _candidates() -> list[tuple[str, str, Any]]:
    """Source, name and loader of each module that is offered from outside."""
    offered = [(path, Path(path).stem, partial(load_outside, Path(path))) for path in named_files()]
    points = importlib.metadata.entry_points(group=GROUP)
    return offered + [
        (f"entry point {point.name}: {point.value}", point.name, _point_loader(point))
        for point in points
    ]


def load_outside(path: Path) -> ModuleType:
    """The module of a file; a `MisfitError` if it holds none."""
    return load_file(path, "module", lambda module: check_module(path.stem, module))


def _point_loader(point: importlib.metadata.EntryPoint) -> Any:
    def load() -> ModuleType:
        try:
            module = point.load()
        except Exception as error:
            problem = f"cannot be loaded ({type(error).__name__}: {error})"
            raise MisfitError("", problem) from None
        if not isinstance(module, ModuleType):
            raise MisfitError("", "is not a module")
        check_module(point.name, module)
        return module

    return load


def check_module(name: str, module: ModuleType) -> None:
    """Raise a `MisfitError` if something that calls itself a module is none."""
    hooks = [hook for hook in HOOKS if hasattr(module, hook)]
    if not hooks:
        own = [key for key, value in vars(module).items() if is_rule(value)]
        problem = f"has no rule of a week (its rules: {', '.join(own) or 'none'})"
        raise MisfitError("", problem, own[0] if own else "", HOOKS)
    for hook in hooks:
        _check_hook(hook, getattr(module, hook))
    names = [parameter.name for parameter in getattr(module, "PARAMETERS", ())]
    for record in RECORDS:
        fields = getattr(module, record, ())
        try:
            names += np.dtype(list(fields)).names or ()
        except (TypeError, ValueError) as error:
            raise MisfitError(record, f"is no list of (name, type, shape): {error}") from None
    for field in names:
        if not field.startswith(f"{name}_"):
            raise MisfitError(field, f"a field or parameter of '{name}' is named {name}_...")
    if len(set(names)) < len(names):
        raise MisfitError("", f"a name is given twice among {', '.join(sorted(names))}")
    if getattr(module, "BLOCK", FIRST_BLOCK) < FIRST_BLOCK:
        raise MisfitError("BLOCK", f"{module.BLOCK}; allowed: {FIRST_BLOCK} and higher")


def _check_hook(hook: str, function: Any) -> None:
    given = tuple(inspect.signature(function).parameters) if callable(function) else ()
    if len(given) != len(HOOKS[hook]):
        expected = ", ".join(HOOKS[hook])
        raise MisfitError(hook, f"takes ({', '.join(given)}); expected ({expected})")
    if not is_rule(function):
        raise MisfitError(hook, "is not marked @rule (from negotiation_abm.core._rule)")
