"""How long does a US-China truce last, what ends it, and what would make it last longer?

An agent-based negotiation game on Mesa: replay of a recorded sequence through the game's own
rules, compiled batches of simulated runs, and the survival of truces. Names load when used::

    from negotiation_abm import (
        load_scenario,
        build_game,
        load_record,
        replay_record,
        simulate,
    )
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Game": "scenario.game",
    "InputError": "files.errors",
    "NegotiationModel": "run.model",
    "Record": "record.load",
    "Replay": "replay.replay",
    "Scenario": "scenario.load",
    "build_game": "scenario.game",
    "load_record": "record.load",
    "load_scenario": "scenario.load",
    "load_sweep": "sweep.summary",
    "replay_record": "replay.replay",
    "run_replicates": "run.batch",
    "run_sweep": "sweep.runner",
    "simulate": "run.batch",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
