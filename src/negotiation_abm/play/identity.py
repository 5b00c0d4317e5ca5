"""What a game is played under, and the hash of where it stands: whether a file replays."""

import hashlib
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm import __version__
from negotiation_abm.core.state import STATE, as_record
from negotiation_abm.files.provenance import text_hash
from negotiation_abm.play.schema import MadeBy
from negotiation_abm.run.strategy_check import MEMORY
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import rules_hash

_DIGITS = 9  # of a state that is compared between machines


def made_by(game: Game) -> MadeBy:
    """What a game is played under."""
    return MadeBy(
        version=__version__,
        rules=rules_hash("record", "replay", "run", "play/session.py"),
        scenario=text_hash(game.scenario.model_dump(mode="json"))[:16],
        parameters=text_hash(game.parameter_set.values)[:16],
    )


def changed_between(before: MadeBy, now: MadeBy) -> list[str]:
    """What differs, in words; a version alone changes no game."""
    names = ("rules", "scenario", "parameters")
    return [name for name in names if getattr(before, name) != getattr(now, name)]


def state_hash(state: SimpleNamespace) -> str:
    """Hash of a state, floats to nine digits after the point."""
    record = as_record(state, STATE)[0]
    digest = hashlib.sha256()
    for name in STATE.names or ():
        if name in MEMORY:  # no part of what happens
            continue
        value: Any = np.asarray(record[name])
        if value.dtype.kind == "f":
            value = np.round(value, _DIGITS) + 0.0  # no minus zero
        digest.update(name.encode() + value.tobytes())
    return digest.hexdigest()[:16]
