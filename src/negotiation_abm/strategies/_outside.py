"""Strategies from outside the package: reading a file, and what any such module must have."""

import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType

from negotiation_abm.core._rule import RULES
from negotiation_abm.files.errors import InputError, suggest

ARGUMENTS = ("state", "params", "week", "player", "u", "weights")


def load_file(path: Path) -> ModuleType:
    """The module of a strategy file.

    Raises
    ------
    InputError
        If it is missing, is no Python, fails when read, or has no rule ``choose``; the message
        names the line.
    """
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise InputError(path, "", "a strategy file is named like a Python module: my_strategy.py")
    if not path.is_file():
        raise InputError(path, "", "no such file")
    name = f"negotiation_abm_strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    known, before = len(RULES), sys.modules.get(name)
    sys.modules[name] = module  # compiled code is cached by the module's name
    try:
        spec.loader.exec_module(module)
        check_module(module, path)
    except BaseException as error:
        del RULES[known:]
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        raise _readable(path, error) from None
    return module


def _readable(path: Path, error: BaseException) -> BaseException:
    """What went wrong while a strategy file was read, as one line."""
    if isinstance(error, SyntaxError):
        return InputError(path, f"line {error.lineno}", f"not valid Python: {error.msg}")
    if isinstance(error, InputError) or not isinstance(error, Exception):
        return error
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path.resolve()
    ]
    place = f"line {lines[-1]}" if lines else ""
    return InputError(path, place, f"{type(error).__name__}: {error}")


def check_module(module: ModuleType, path: Path) -> None:
    """Raise an `InputError` if the module of a file is no strategy."""
    choose = getattr(module, "choose", None)
    if not inspect.isfunction(choose):
        names = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise InputError(path, "choose", f"missing; {suggest('choose', names)}")
    given = tuple(inspect.signature(choose).parameters)
    if len(given) != len(ARGUMENTS):
        expected = ", ".join(ARGUMENTS)
        raise InputError(path, "choose", f"takes ({', '.join(given)}); expected ({expected})")
    if not any(choose is function for function in RULES):
        problem = "is not marked @rule (from negotiation_abm.core._rule)"
        raise InputError(path, "choose", problem)


def file_of(module: ModuleType) -> Path:
    """File that a module was read from."""
    return Path(getattr(module, "__file__", None) or module.__name__)
