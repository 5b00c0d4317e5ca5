"""Strategies: one file each, found by its name.

A strategy is a module of this folder with a rule ``choose(state, params, week, player, u,
weights)`` that returns the number of a legal option (`negotiation_abm.core.state.option_of`).
`u` is the uniform of this decision and `weights` a scratch array of `NUM_OPTIONS` floats. Adding
a strategy is adding a file: its name becomes the name that scenarios use. One that makes no arrays
of its own can say ``PLAIN = True`` and is then compiled into a faster loop.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

Choose = Callable[..., int]


@cache
def strategies() -> dict[str, Choose]:
    """Every strategy by name, in alphabetical order (which is also its code in a batch run)."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {name: _choose(name) for name in names}


def is_plain(name: str) -> bool:
    """Does a strategy say that it makes no arrays of its own, nor any rule that it calls?"""
    return bool(getattr(importlib.import_module(f"{__name__}.{name}"), "PLAIN", False))


def _choose(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}").choose


def code_of(name: str) -> int:
    """Position of a strategy in `strategies`, the number that a kernel knows it by."""
    return list(strategies()).index(name)
