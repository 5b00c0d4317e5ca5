"""Sweeps: many points of a scenario, many runs of each, on one machine or a cluster."""

import importlib
from typing import Any

_HOMES = {
    "SweepSpec": "spec",
    "load_spec": "spec",
    "load_sweep": "summary",
    "make_plan": "plan",
    "merge_shards": "shards",
    "run_sweep": "runner",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
