"""How long does a US-China truce last, what ends it, and what would make it last longer?

An agent-based negotiation game on Mesa: replay of a recorded sequence through the game's own
rules, compiled batches of simulated runs, and the survival of truces. From a scenario to a curve::

    from negotiation_abm import build_game, load_scenario, truce_survival

    game = build_game(load_scenario("busan_2025"))
    curve = truce_survival(game, replicates=10_000, seed=7, truces="running")
    print(curve.table)

Names load when they are used; ``docs/api.md`` has each with an example.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__version__ = "0.1.0"

_HOMES = {
    "Game": "scenario.game",
    "InputError": "files.errors",
    "NegotiationModel": "run.model",
    "Record": "record.load",
    "Replay": "replay.replay",
    "Scenario": "scenario.load",
    "branch": "replay.branch",
    "build_game": "scenario.game",
    "load_record": "record.load",
    "load_scenario": "scenario.load",
    "load_sweep": "sweep.summary",
    "paired_difference": "run.answers",
    "replay_record": "replay.replay",
    "run_replicates": "run.batch",
    "run_sweep": "sweep.runner",
    "simulate": "run.batch",
    "truce_survival": "run.answers",
}

__all__ = ["__version__", "use_modules", *_HOMES]


def use_modules(*paths: "str | Path") -> None:
    """Make modules of your own known, from files; a scenario then names them like shipped ones.

    Call it before anything else is imported from the package: the rules take in the modules when
    they are first imported. Processes started from this one know them too.

    Raises
    ------
    InputError
        If a file is missing or holds no module, or if the rules have been imported before.
    """
    from negotiation_abm.core.misfit import MisfitError
    from negotiation_abm.core.outside import name_module
    from negotiation_abm.files.errors import input_error

    for path in paths:
        try:
            name_module(path)
        except MisfitError as fault:
            raise input_error(path, fault) from None


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
