"""Python files from outside the package: reading one, and naming those that hold modules.

The records of the game (`core.state`, `core.params`) are laid out when they are imported, from the
modules that are known by then. Modules from outside must therefore be named before: by the
environment variable ``NEGOTIATION_ABM_MODULES``, by `name_module`, or as entry points of an
installed package.
"""

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from negotiation_abm.core._rule import RULES
from negotiation_abm.core.misfit import MisfitError

VARIABLE = "NEGOTIATION_ABM_MODULES"


def name_module(path: str | Path) -> None:
    """Name a file that holds a module; it is read when the rules are first imported.

    The name is kept in the environment, so that processes started from this one know it too.

    Raises
    ------
    MisfitError
        If there is no such file, or the rules have been imported before without it.
    """
    path, known = Path(path).resolve(), named_files()
    if not path.is_file():
        raise MisfitError("", "no such file")
    if str(path) in known:
        return
    if "negotiation_abm.core.modules" in sys.modules:
        problem = "the rules are imported already, and a module must be named before"
        raise MisfitError("", f"{problem}: call use_modules first, or set {VARIABLE}")
    os.environ[VARIABLE] = os.pathsep.join([*known, str(path)])


def named_files() -> list[str]:
    """Files of modules that the environment names, in order."""
    return [path for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]


def load_file(path: Path, kind: str, check: Callable[[ModuleType], None]) -> ModuleType:
    """The Python module of a file that holds a `kind` (strategy, module).

    It is entered in ``sys.modules`` under a name of its own, as compiled code is cached by it. A
    file that is refused leaves no trace.

    Raises
    ------
    MisfitError
        If the file is missing, is no Python, fails when read, or `check` refuses it; the place
        names the line where there is one.
    """
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise MisfitError("", f"a {kind} file is named like a Python module: my_{kind}.py")
    if not path.is_file():
        raise MisfitError("", "no such file")
    name = f"negotiation_abm_{kind}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    known, before = len(RULES), sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        check(module)
    except BaseException as error:
        del RULES[known:]
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        raise _readable(path, error) from None
    return module


def _readable(path: Path, error: BaseException) -> BaseException:
    """What went wrong while a file was read, in one line; an interruption stays what it is."""
    if isinstance(error, SyntaxError):
        return MisfitError(f"line {error.lineno}", f"not valid Python: {error.msg}")
    if isinstance(error, MisfitError) or not isinstance(error, Exception):
        return error
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path.resolve()
    ]
    place = f"line {lines[-1]}" if lines else ""
    return MisfitError(place, f"{type(error).__name__}: {error}")


def is_rule(function: object) -> bool:
    """Is a function marked ``@rule``?"""
    return any(function is known for known in RULES)
