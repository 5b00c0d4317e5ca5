"""Strategies from outside the package: reading a file, and what any such module must have."""

import inspect
from pathlib import Path
from types import ModuleType

from negotiation_abm.core import outside
from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.files.errors import input_error

ARGUMENTS = ("state", "params", "week", "player", "u", "weights")


def load_file(path: Path) -> ModuleType:
    """The module of a strategy file.

    Raises
    ------
    InputError
        If it is missing, is no Python, fails when read, or has no rule ``choose``; the message
        names the line.
    """
    try:
        return outside.load_file(path, "strategy", _check)
    except MisfitError as fault:
        raise input_error(path, fault) from None


def check_module(module: ModuleType, path: Path) -> None:
    """Raise an `InputError` if a module is no strategy."""
    try:
        _check(module)
    except MisfitError as fault:
        raise input_error(path, fault) from None


def _check(module: ModuleType) -> None:
    choose = getattr(module, "choose", None)
    if not inspect.isfunction(choose):
        names = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise MisfitError("choose", "missing", "choose", names or ("nothing",))
    given = tuple(inspect.signature(choose).parameters)
    if len(given) != len(ARGUMENTS):
        expected = ", ".join(ARGUMENTS)
        raise MisfitError("choose", f"takes ({', '.join(given)}); expected ({expected})")
    if not outside.is_rule(choose):
        raise MisfitError("choose", "is not marked @rule (from negotiation_abm.core._rule)")


def file_of(module: ModuleType) -> Path:
    """File that a module was read from."""
    return Path(getattr(module, "__file__", None) or module.__name__)
