"""Rows of some points, read back from the parts of a store in order of point and run."""

import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.run.spells import CAUSES, MEASURES
from negotiation_abm.sweep.cells import Rectangle
from negotiation_abm.sweep.store import Part

BLOCK_RUNS = 20_000  # runs held at a time
BLOCK_POINTS = 256
KEPT_BYTES = 40_000_000  # of decoded parts
_CODES = {
    "measure": {name: code for code, name in MEASURES.items()},
    "cause": {name: code for code, name in CAUSES.items()},
}


@dataclass(frozen=True)
class Rows:
    """Runs and spells of consecutive points, as columns.

    Attributes
    ----------
    runs, spells : dict of str to ndarray
        Columns; `point` counts from the first point of the block, `run` of a spell is the row of
        its run. Measures and causes are codes.
    num_points : int
    """

    runs: dict[str, np.ndarray]
    spells: dict[str, np.ndarray]
    num_points: int

    def upto(self, stops: np.ndarray) -> "Rows":
        """The rows of each point's runs below ``stops[point]``."""
        if not self.runs:
            return self
        runs = self.runs["replicate"] < stops[self.runs["point"]]
        spells = self.spells["replicate"] < stops[self.spells["point"]]
        place = np.cumsum(runs) - 1
        chosen = {name: column[spells] for name, column in self.spells.items()}
        chosen["run"] = place[chosen["run"]]
        return Rows(
            {name: column[runs] for name, column in self.runs.items()}, chosen, self.num_points
        )


class Reader:
    """Reads parts, and keeps the last few decoded."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = sorted(parts, key=lambda part: (min(part.rectangles), part.path.name))
        spans = [
            (min(r.point for r in part.rectangles), max(r.end for r in part.rectangles))
            for part in self._parts
        ]
        self._spans = np.array(spans, dtype=np.int64).reshape(-1, 2)
        self._kept: OrderedDict[int, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]
        self._kept = OrderedDict()

    def runs_of(self, points: int) -> np.ndarray:
        """How many runs each point has, shape (points,)."""
        change = np.zeros(points + 1, dtype=np.int64)
        for part in self._parts:
            for one in part.rectangles:
                change[one.point] += one.stop - one.first
                change[one.end] -= one.stop - one.first
        return np.cumsum(change)[:-1]

    def read(self, window: Rectangle) -> Rows:
        """The rows of a window."""
        found = [
            _cut(self._part(number), window)
            for number in self._near(window)
            if any(window.meets(one) for one in self._parts[number].rectangles)
        ]
        runs = _sorted([runs for runs, _ in found])
        spells = _sorted([spells for _, spells in found])
        if not found:
            return Rows({}, {}, window.end - window.point)
        span = int(runs["replicate"].max()) + 1 if len(runs["replicate"]) else 1
        keys = runs["point"] * span + runs["replicate"]
        spells["run"] = np.searchsorted(keys, spells["point"] * span + spells["replicate"])
        for columns in (runs, spells):
            columns["point"] = columns["point"] - window.point
        return Rows(runs, spells, window.end - window.point)

    def _near(self, window: Rectangle) -> list[int]:
        """Numbers of the parts that may hold rows of the window's points."""
        near = (self._spans[:, 0] < window.end) & (self._spans[:, 1] > window.point)
        found: list[int] = np.flatnonzero(near).tolist()
        return found

    def _part(self, number: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        if number not in self._kept:
            part = self._parts[number]
            runs, spells = (pq.read_table(part.file(kind)) for kind in ("runs", "spells"))
            self._kept[number] = _columns(runs), _columns(spells)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


def _size(part: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]) -> int:
    return sum(column.nbytes for columns in part for column in columns.values())


def _columns(table: pa.Table) -> dict[str, np.ndarray]:
    return {
        name: _numbers(name, table[name].combine_chunks())
        for name in table.column_names
        if name != "event_observed"  # the cause says it
    }


def _numbers(name: str, column: Any) -> np.ndarray:
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if isinstance(column, pa.DictionaryArray):
        codes = np.array([_code(name, text) for text in column.dictionary.to_pylist()], np.int64)
        codes = codes.astype(np.int32)
        indices = column.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return np.asarray(np.append(codes, -1)[indices])
    if column.null_count:
        column = column.fill_null(-1)
    numbers: np.ndarray = column.to_numpy(zero_copy_only=False)
    if numbers.dtype.kind == "f":
        return numbers
    return numbers.astype(np.int64 if name in ("point", "replicate") else np.int32)


def _code(name: str, text: str) -> int:
    """A number for a name, the same in every file."""
    known = _CODES.get(name)
    return known[text] if known else zlib.crc32(text.encode()) & 0x7FFFFFFF  # fits 32 bits


def _cut(
    part: tuple[dict[str, np.ndarray], dict[str, np.ndarray]], window: Rectangle
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    cut = []
    for columns in part:
        point, replicate = columns["point"], columns["replicate"]
        low, high = np.searchsorted(point, [window.point, window.end])
        inside = slice(int(low), int(high))
        chosen = (replicate[inside] >= window.first) & (replicate[inside] < window.stop)
        cut.append({name: column[inside][chosen] for name, column in columns.items()})
    return cut[0], cut[1]


def _sorted(pieces: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Pieces under one another, by point and run; rows of a run keep their order."""
    if len(pieces) < 2:
        return dict(pieces[0]) if pieces else {}
    names = [name for name in pieces[0] if all(name in piece for piece in pieces)]
    joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in names}
    order = np.lexsort((joined["replicate"], joined["point"]))
    return {name: column[order] for name, column in joined.items()}


def windows(runs: np.ndarray) -> Iterator[list[Rectangle]]:
    """Windows over all points, fit to be held in memory: some whole points, or pieces of one.

    Parameters
    ----------
    runs : ndarray of int, shape (points,)
        Runs of each point. What comes out for a point depends on its own number alone.
    """
    start, count = 0, len(runs)
    while start < count:
        if runs[start] > BLOCK_RUNS:
            stops = range(0, int(runs[start]), BLOCK_RUNS)
            yield [Rectangle(start, start + 1, first, first + BLOCK_RUNS) for first in stops]
            start += 1
            continue
        sizes = np.cumsum(runs[start : start + BLOCK_POINTS])
        fits = int(np.searchsorted(sizes, BLOCK_RUNS, side="right"))
        yield [Rectangle(start, start + max(1, fits), 0, BLOCK_RUNS)]
        start += max(1, fits)
