"""Modules: what the sources describe beyond levers and moves, one file each.

A module is a file of this folder, found by its name. A scenario switches it on; off, it costs one
branch where its rules would act and leaves every run unchanged, draw for draw. It may declare

- ``CLAIMS``: the claims of the sources behind it (``docs/mechanisms.md``);
- ``PARAMETERS``: a tuple of `Parameter`, each name beginning with the module's;
- ``FIELDS``: fields of the state, ``(name, type, shape)``, zero at the start;
- ``WEEK_FIELDS``: fields of the calendar, filled from the scenario;
- ``INPUTS``: fixed fields of the parameter record, filled from the scenario;
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
``uniforms(seed, replicate, state.turn, BLOCK)`` from a block of its own (64 and up).
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from negotiation_abm.core.parameter import Parameter

MAX_MODULES = 32
NAMES: tuple[str, ...] = tuple(sorted(info.name for info in pkgutil.iter_modules(__path__)))
MODULES: tuple[ModuleType, ...] = tuple(
    importlib.import_module(f"{__name__}.{name}") for name in NAMES
)


def _declared(what: str) -> list[Any]:
    return [item for module in MODULES for item in getattr(module, what, ())]


FIELDS: list[Any] = _declared("FIELDS")
WEEK_FIELDS: list[Any] = _declared("WEEK_FIELDS")
INPUTS: list[Any] = _declared("INPUTS")
MODULE_PARAMETERS: tuple[Parameter, ...] = tuple(_declared("PARAMETERS"))


def module_of(parameter: str) -> str | None:
    """Name of the module that declares a parameter; None for one of the game itself."""
    for name, module in zip(NAMES, MODULES, strict=True):
        if any(item.name == parameter for item in getattr(module, "PARAMETERS", ())):
            return name
    return None
