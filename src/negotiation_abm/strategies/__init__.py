"""Strategies: one file each, found by its name.

A strategy is a module with a rule ``choose(state, params, week, player, u, weights)`` that returns
the number of a legal option (`negotiation_abm.core.terms.option_of`). `u` is the uniform of this
decision and `weights` a scratch array of `NUM_OPTIONS` floats. It may name the strategy parameters
that it reads in ``NEEDS``. One that makes no arrays of its own, nor any rule that it calls, can say
``PLAIN = True`` and is then compiled into a faster loop.

Shipped strategies are the files of this folder: adding one is adding a file, whose name becomes
the name that scenarios use. Others come from an installed package (entry points of the group
``negotiation_abm.strategies``) or from a single file (`add_file`).
"""

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

from negotiation_abm.core import modules
from negotiation_abm.files.errors import InputError
from negotiation_abm.strategies._outside import check_module, file_of, load_file

Choose = Callable[..., int]
GROUP = "negotiation_abm.strategies"
_ADDED: dict[str, ModuleType] = {}


@cache
def shipped_names() -> tuple[str, ...]:
    """Names of the strategies of this package, in alphabetical order."""
    names = (info.name for info in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


@cache
def _modules() -> dict[str, ModuleType]:
    """Module of every strategy by name: shipped ones in alphabetical order, then the others.

    Later ones come last, so that the codes of those before stay what they are.
    """
    found = {name: importlib.import_module(f"{__name__}.{name}") for name in shipped_names()}
    for name, module in (_installed() | _ADDED).items():
        if name in shipped_names():
            raise InputError(
                file_of(module), "", f"'{name}' is a shipped strategy; choose another name"
            )
        found[name] = module
    return found


def _installed() -> dict[str, ModuleType]:
    """Strategies that installed packages offer."""
    found = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            module = point.load()
        except Exception as error:
            problem = f"cannot be loaded ({type(error).__name__}: {error})"
            raise InputError(f"entry point {point.name}", point.value, problem) from None
        if not isinstance(module, ModuleType):
            raise InputError(f"entry point {point.name}", point.value, "is not a module")
        check_module(module, file_of(module))
        found[point.name] = module
    return found


def add(name: str, module: ModuleType) -> None:
    """Make a strategy from outside known by a name; a second one of that name replaces it.

    Raises
    ------
    InputError
        If a shipped strategy has that name.
    """
    before = dict(_ADDED)
    _ADDED[name] = module
    forget()
    try:
        _modules()
    except InputError:
        _ADDED.clear()
        _ADDED.update(before)
        forget()
        raise


def add_file(path: str | Path) -> str:
    """Read a strategy from a file of its own; returns its name, that of the file.

    Raises
    ------
    InputError
        If the file holds no strategy, or a shipped one has its name.
    """
    path = Path(path)
    add(path.stem, load_file(path))
    return path.stem


def forget() -> None:
    """Look for strategies anew."""
    _modules.cache_clear()
    strategies.cache_clear()


@cache
def strategies() -> dict[str, Choose]:
    """Every strategy by name; its place is also its code in a batch run."""
    return {name: module.choose for name, module in _modules().items()}


def is_plain(name: str) -> bool:
    """Does a strategy say that it makes no arrays of its own, nor any rule that it calls?"""
    return bool(getattr(_modules()[name], "PLAIN", False))


def code_of(name: str) -> int:
    """Position of a strategy in `strategies`, the number that a kernel knows it by."""
    return list(strategies()).index(name)


def needs_of(name: str) -> tuple[str, ...]:
    """Strategy parameters that a strategy reads; none for an unknown one."""
    module = _modules().get(name)
    return tuple(getattr(module, "NEEDS", ()))


def outside() -> dict[str, str]:
    """Strategies that are not of this package, with the file that holds each."""
    return {
        name: str(file_of(module))
        for name, module in _modules().items()
        if name not in shipped_names()
    }


def outside_files() -> dict[str, str]:
    """File of each strategy and module that is not of this package; a name may be both."""
    strategies_of = {f"strategy {name}": path for name, path in outside().items()}
    return strategies_of | {f"module {name}": path for name, path in modules.outside().items()}
