"""Modules: what the sources describe beyond levers and moves, one file each.

A module is a file of this folder, found by its name, or one from outside the package: a file that
``NEGOTIATION_ABM_MODULES`` names (`negotiation_abm.core.outside`), or an entry point of the group
``negotiation_abm.modules`` of an installed package. A scenario switches it on; off, it costs one
branch where its rules would act and leaves every run unchanged, draw for draw. It may declare

- ``CLAIMS``: the claims of the sources behind it (``docs/mechanisms.md``);
- ``PARAMETERS``: a tuple of `Parameter`, each name beginning with the module's;
- ``FIELDS``: fields of the state, ``(name, type, shape)``, zero at the start;
- ``INPUTS``: what it asks of a scenario, a tuple of keys (`negotiation_abm.core.inputs`);
- ``PARAM_FIELDS``, ``WEEK_FIELDS``: fields of the parameter record and of the calendar that hold
  these inputs in numbers;
- plain functions, called once for a game and never compiled:

  - ``check(given, scenario)``: raise a `MisfitError` where inputs do not fit together
  - ``fill(given, params, weeks)``: write the inputs, in numbers, into one record of parameters and
    the calendar (one record a turn)
  - ``start(state, params)``: fields of the state that are not zero at the start

- rules, by these names, each added to (or called after) what the game does anyway:

  - ``start_turn(state, params, week, seed, replicate, live)``: after the calendar, before the moves
  - ``end_turn(state, params, week, seed, replicate, live)``: before memories fade and clocks run
  - ``pressure_shift(state, params, week, player)``: value of ESCALATE and THREATEN
  - ``settlement_shift(state, params, week, player)``: value of CONCEDE and SUSPEND
  - ``concede_shift(state, params, week, player)``: value of CONCEDE
  - ``suspend_shift(state, params, week, player)``: value of SUSPEND
  - ``escalate_lever_shift(state, params, week, player, lever)``: ESCALATE on one lever
  - ``concede_lever_shift(state, params, week, player, lever)``: CONCEDE on one lever

`live` is 0 in a replay, where nothing is drawn. A module draws with
``uniforms(seed, replicate, state.turn, BLOCK)`` from a block of its own (64 and up; 96 and up from
outside).
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from negotiation_abm.core.modules._outside import HOOKS, find_outside, load_outside
from negotiation_abm.core.parameter import Parameter

__all__ = ["HOOKS", "load_outside"]

MAX_MODULES = 32
SHIPPED: tuple[str, ...] = tuple(
    sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))
)
_OUTSIDE, FAULTS = find_outside(SHIPPED, MAX_MODULES)
NAMES: tuple[str, ...] = (*SHIPPED, *_OUTSIDE)
MODULES: tuple[ModuleType, ...] = (
    *(importlib.import_module(f"{__name__}.{name}") for name in SHIPPED),
    *_OUTSIDE.values(),
)


def _declared(what: str) -> list[Any]:
    return [item for module in MODULES for item in getattr(module, what, ())]


FIELDS: list[Any] = _declared("FIELDS")
WEEK_FIELDS: list[Any] = _declared("WEEK_FIELDS")
PARAM_FIELDS: list[Any] = _declared("PARAM_FIELDS")
MODULE_PARAMETERS: tuple[Parameter, ...] = tuple(_declared("PARAMETERS"))


def module_of(parameter: str) -> str | None:
    """Name of the module that declares a parameter; None for one of the game itself."""
    for name, module in zip(NAMES, MODULES, strict=True):
        if any(item.name == parameter for item in getattr(module, "PARAMETERS", ())):
            return name
    return None


def outside() -> dict[str, str]:
    """Modules that are not of this package, with the file that holds each."""
    return {name: str(module.__file__ or name) for name, module in _OUTSIDE.items()}
