"""What is to be played and what has been: runs ``first .. stop - 1`` of a point, and rectangles.

A *cell* is a stretch of runs of one point. Neighbouring points with the same stretch make a
*rectangle* ``(point, end, first, stop)``; a part of the store notes its rectangles, so that the
bookkeeping stays small whatever the number of points.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple


class Cell(NamedTuple):
    """Runs ``first .. stop - 1`` of a point."""

    point: int
    first: int
    stop: int


class Rectangle(NamedTuple):
    """The same stretch of runs at points ``point .. end - 1``."""

    point: int
    end: int
    first: int
    stop: int

    @property
    def runs(self) -> int:
        """Number of runs in it."""
        return (self.end - self.point) * (self.stop - self.first)

    def meets(self, other: "Rectangle") -> bool:
        """Have the two a run in common?"""
        points = self.point < other.end and other.point < self.end
        return points and self.first < other.stop and other.first < self.stop


def rectangles(cells: Iterable[Cell]) -> list[Rectangle]:
    """Cells in order of point, joined.

    >>> rectangles([Cell(3, 0, 5), Cell(4, 0, 5), Cell(5, 0, 2)])
    [Rectangle(point=3, end=5, first=0, stop=5), Rectangle(point=5, end=6, first=0, stop=2)]
    """
    joined: list[Rectangle] = []
    for cell in cells:
        if joined and joined[-1].end == cell.point and joined[-1][2:] == cell[1:]:
            joined[-1] = joined[-1]._replace(end=cell.point + 1)
        else:
            joined.append(Rectangle(cell.point, cell.point + 1, cell.first, cell.stop))
    return joined


def stretches(done: Iterable[Rectangle], start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """For each point of ``start .. end - 1`` in turn: its stretches of runs, sorted and joined."""
    waiting = sorted(done, reverse=True)
    active: list[Rectangle] = []
    known: list[tuple[int, int]] = []
    border = start
    for point in range(start, end):
        if point >= border or (waiting and waiting[-1].point <= point):
            while waiting and waiting[-1].point <= point:
                active.append(waiting.pop())
            active = [one for one in active if one.end > point]
            border = min((one.end for one in active), default=end)
            known = joined([(one.first, one.stop) for one in active])
        yield known


def joined(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order, those that touch or overlap made one.

    >>> joined([(4, 6), (0, 2), (2, 3)])
    [(0, 3), (4, 6)]
    """
    found: list[tuple[int, int]] = []
    for first, stop in sorted(pieces):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((first, stop))
    return found


def missing(
    window: Rectangle, wanted: Callable[[int], int], done: Iterable[Rectangle]
) -> Iterator[Cell]:
    """Cells of a window that are not done; ``wanted(point)`` runs of a point are to be there.

    >>> list(missing(Rectangle(0, 2, 0, 9), lambda p: 9, [Rectangle(0, 1, 2, 4)]))
    [Cell(point=0, first=0, stop=2), Cell(point=0, first=4, stop=9), Cell(point=1, first=0, stop=9)]
    """
    for point, played in enumerate(stretches(done, window.point, window.end), start=window.point):
        first, stop = window.first, min(window.stop, wanted(point))
        for begun, ended in played:
            if begun > first:
                yield from _cell(point, first, min(begun, stop))
            first = max(first, ended)
        yield from _cell(point, first, stop)


def _cell(point: int, first: int, stop: int) -> Iterator[Cell]:
    if stop > first:
        yield Cell(point, first, stop)


def chunks(cells: Iterable[Cell], runs: int) -> Iterator[list[Cell]]:
    """Units of work of `runs` runs: whole points where they fit, pieces of one where not."""
    held: list[Cell] = []
    size = 0
    for cell in cells:
        while cell.stop - cell.first > 0:
            cut = min(cell.stop, cell.first + runs - size)
            held.append(cell._replace(stop=cut))
            size += cut - cell.first
            cell = cell._replace(first=cut)
            if size >= runs:
                yield held
                held, size = [], 0
    if held:
        yield held


def shard(index: int, count: int, points: int, runs: int, by_point: bool) -> Rectangle:
    """The window of shard `index` (from 0) of `count`: some of the points, or of their runs."""
    if by_point or points >= count:
        low, high = points * index // count, points * (index + 1) // count
        return Rectangle(low, high, 0, runs)
    low, high = runs * index // count, runs * (index + 1) // count
    return Rectangle(0, points, low, high)
