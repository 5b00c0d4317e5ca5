"""What a record does not say: who held before a move was made, and who was asked first.

In each exchange of the game one side moves, then the other, and a side may hold; the order is drawn
anew each week. A record states moves alone. Many courses of a week give the same recorded moves: a
*reading* is one of them, the order of the sides and every HOLD filled in. A HOLD changes nothing in
the state, so the states between recorded moves are known, and the readings of a week can be listed.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

Reading = tuple[tuple[int, int, bool], ...]  # (player, segment, is the segment's move) a slot


@dataclass(frozen=True)
class Hidden:
    """Situations between recorded moves, and the readings of every week.

    A *segment* is the time between two moves of a week (or before the first, after the last): the
    state is the same throughout. A *row* is a segment seen by one player, so there are two rows a
    segment, player 0 first.

    Attributes
    ----------
    features : ndarray, shape (R, 20, K)
    offset : ndarray, shape (R, 20)
    legal : ndarray of bool, shape (R, 20)
    moved : ndarray of int, shape (R,)
        Option that the row's player chose at the end of the segment; -1 if it was not its move.
    decision : ndarray of int, shape (R,)
        Number of that decision in `Data`; -1 where there is none.
    truce : ndarray of int, shape (R,)
        Number of the soundness that the truce in force had drawn; -1 without a truce.
    turn : ndarray of int, shape (R,)
    exchanges : int
        Most exchanges in a week.
    """

    features: np.ndarray
    offset: np.ndarray
    legal: np.ndarray
    moved: np.ndarray
    decision: np.ndarray
    truce: np.ndarray
    turn: np.ndarray
    exchanges: int


@cache
def readings(movers: tuple[int, ...], exchanges: int) -> tuple[tuple[Reading, int], ...]:
    """Every reading of a week in which `movers` moved, in this order, with how often it occurs.

    The same reading can occur under both orders of the sides. A week of more moves than the usual
    number of exchanges can hold gets as many exchanges as its shortest reading needs.

    >>> for reading, count in readings((), 3):
    ...     print(reading, count)
    ((0, 0, False), (1, 0, False)) 2
    >>> len(readings((0,), 3))
    2
    """
    most = max(exchanges, min(_needed(movers, first) for first in (0, 1)))
    counts: dict[Reading, int] = {}
    for first in (0, 1):
        for reading in _walks(movers, first, most, 0, 0, False, ()):
            kept = tuple(sorted(reading))
            counts[kept] = counts.get(kept, 0) + 1
    return tuple(counts.items())


def _needed(movers: tuple[int, ...], first: int) -> int:
    """Exchanges of the shortest reading."""
    count, place = 1, 0
    for mover in movers:
        slot = 0 if mover == first else 1
        if slot < place:
            count, place = count + 1, 0
        place = slot + 1
    return count


def _walks(
    movers: tuple[int, ...],
    first: int,
    most: int,
    exchange: int,
    made: int,
    moved: bool,
    path: Reading,
) -> list[Reading]:
    """Continue a reading from the start of an exchange's slot."""
    place = len(path) % 2
    if place == 0 and path and not moved:  # both held: the week is over
        return [path] if made == len(movers) else []
    if place == 0 and exchange == most:
        return [path] if made == len(movers) else []
    player = first if place == 0 else 1 - first
    moved = moved and place == 1
    after = exchange + place
    paths = _walks(movers, first, most, after, made, moved, (*path, (player, made, False)))
    if made < len(movers) and movers[made] == player:
        slot = (player, made, True)
        paths += _walks(movers, first, most, after, made + 1, True, (*path, slot))
    return paths
