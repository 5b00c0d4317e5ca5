"""What a simple statistic may see of the choices of a record: types of moves, and who made them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from negotiation_abm.calibration.features import Data
from negotiation_abm.core.terms import NUM_OPTIONS, lever_of, move_of

NUM_TYPES = 5
START = NUM_TYPES  # the state before any move
TYPE_OF = np.array([move_of(option) for option in range(NUM_OPTIONS)])
_LEVER = np.array([lever_of(option) for option in range(NUM_OPTIONS)])


def types_of(data: Data) -> np.ndarray:
    """Type of each recorded move, shape (D,)."""
    return np.asarray(TYPE_OF[data.chosen])


def legal_types(legal: np.ndarray) -> np.ndarray:
    """Which types have a legal option, shape (D, 5)."""
    return np.stack([legal[:, kind == TYPE_OF].any(axis=1) for kind in range(NUM_TYPES)], axis=1)


def previous_types(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Last type of the opponent and of oneself before each decision (`START` before any)."""
    last = np.full(2, START)
    own, other = [], []
    for player, kind in zip(data.player, types_of(data), strict=True):
        own.append(last[player])
        other.append(last[1 - player])
        last[player] = kind
    return np.array(other), np.array(own)


@dataclass(frozen=True)
class Choices:
    """What a statistic may see of the choices of one record or several.

    Attributes
    ----------
    kind, chosen : ndarray of int, shape (D,)
        Type and option that was chosen.
    legal : ndarray of bool, shape (D, 20)
    other, own : ndarray of int, shape (D,)
        Last type of the other side and of oneself.
    offered : ndarray of bool, shape (D,)
    side : ndarray of str, shape (D,)
        Who decides.
    names : ndarray of str, shape (D, 20)
        Lever of each option, by name.
    """

    kind: np.ndarray
    chosen: np.ndarray
    legal: np.ndarray
    other: np.ndarray
    own: np.ndarray
    offered: np.ndarray
    side: np.ndarray
    names: np.ndarray

    def of(self, use: np.ndarray) -> "Choices":
        """Some of them."""
        return Choices(**{part.name: getattr(self, part.name)[use] for part in fields(self)})

    @property
    def types(self) -> np.ndarray:
        """Legal types, shape (D, 5)."""
        return legal_types(self.legal)


def choices_of(data: Data, sides: np.ndarray | None = None) -> Choices:
    """The decisions of a record; `sides` says who decides each (by default the player)."""
    other, own = previous_types(data)
    players = getattr(data.game, "players", ("first", "second"))
    levers = getattr(data.game, "lever_names", ((), ()))
    table = np.tile(_LEVER.astype(str).astype(object), (2, 1))
    for player, named in enumerate(levers):
        for option in range(2, NUM_OPTIONS):
            if _LEVER[option] < len(named):
                table[player, option] = named[_LEVER[option]]
    return Choices(
        kind=types_of(data),
        chosen=data.chosen,
        legal=data.legal,
        other=other,
        own=own,
        offered=data.offered,
        side=np.array(players)[data.player] if sides is None else sides,
        names=table[data.player],
    )


def joined(parts: Sequence[Choices]) -> Choices:
    """The choices of several records."""
    names = [part.name for part in fields(Choices)]
    return Choices(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
