"""The unit of work: plays some cells and gives back finished files, as bytes.

`play` needs nothing but its task, so it can run in a thread, in another process or on another
machine. Whoever calls it stores the bytes. A point that cannot be played is reported beside the
others and stops none of them.
"""

import hashlib
import io
import json
import time
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.files.errors import InputError
from negotiation_abm.sweep.cells import Cell, rectangles
from negotiation_abm.sweep.designs import Changes
from negotiation_abm.sweep.games import Games, Source, rules
from negotiation_abm.sweep.rows import Piece, labels, play_cell, tables

HELD_RUNS = 2_000  # before they are turned into tables
META = b"negotiation_abm.sweep"
_GAMES: dict[str, Games] = {}  # builders of the last sweep that this process worked on


@dataclass(frozen=True)
class Task:
    """Cells to play, with all that is needed for it.

    Attributes
    ----------
    sweep : str
        Hash of what the sweep's runs depend on (`Plan.fixed`).
    rules : str
        Hash of the rules; a worker with others refuses.
    points : dict of int to (changes, seed)
    """

    sweep: str
    rules: str
    source: Source
    changes: Changes
    points: dict[int, tuple[Changes, int]]
    cells: tuple[Cell, ...]
    outputs: tuple[str, ...]

    @property
    def runs(self) -> int:
        """Number of runs."""
        return sum(cell.stop - cell.first for cell in self.cells)


@dataclass(frozen=True)
class Finished:
    """What a task gave: files in the order in which to store them, what failed, seconds at work.

    A file's name is ``KIND/POINT-FIRST-HASH.parquet``, with the hash of its bytes. The last is the
    one of the runs; it names the others, so that the part is whole once it is there.
    """

    files: dict[str, bytes]
    cells: tuple[Cell, ...]
    failures: tuple[tuple[Cell, str], ...]
    seconds: float = field(compare=False, default=0.0)


def play(task: Task) -> Finished:
    """Play the cells of a task.

    Raises
    ------
    InputError
        If this process has other rules than the one that made the task.
    """
    begun = time.perf_counter()
    if rules() != task.rules:
        problem = "this worker has another version of the rules; install the same everywhere"
        raise InputError("negotiation_abm", "rules", problem)
    games = _GAMES.get(task.sweep)
    if games is None:
        _GAMES.clear()
        games = _GAMES[task.sweep] = Games(task.source, task.changes)
    rows = _Rows(task.outputs)
    failures: list[tuple[Cell, str]] = []
    for cell in task.cells:
        changes, seed = task.points[cell.point]
        try:
            game = games.game(changes)
            piece = play_cell(game, seed, cell, task.outputs)
        except Exception as error:  # whatever it is, the other points go on
            failures.append((cell, _text(error)))
        else:
            rows.add(piece)
    files = _files(task, rows) if rows.cells else {}
    return Finished(files, tuple(rows.cells), tuple(failures), time.perf_counter() - begun)


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"


class _Rows:
    """Turns what has been played into tables soon, as these take a tenth of the memory."""

    def __init__(self, outputs: tuple[str, ...]) -> None:
        self.cells: list[Cell] = []
        self._outputs = outputs
        self._waiting: list[Piece] = []
        self._held = 0  # runs of the pieces that wait
        self._tables: list[dict[str, pa.Table]] = []

    def add(self, piece: Piece) -> None:
        """Take one more piece."""
        if self._waiting and labels(piece.game) != labels(self._waiting[0].game):
            self._turn()
        self.cells.append(piece.cell)
        self._waiting.append(piece)
        self._held += len(piece.block.runs)
        if self._held >= HELD_RUNS:
            self._turn()

    def _turn(self) -> None:
        self._tables.append(tables(self._waiting, self._outputs))
        self._waiting, self._held = [], 0

    def finished(self) -> dict[str, list[pa.Table]]:
        """Tables of each kind, in order of the cells."""
        if self._waiting:
            self._turn()
        return {kind: [one[kind] for one in self._tables] for kind in self._tables[0]}


def _files(task: Task, rows: _Rows) -> dict[str, bytes]:
    parts = rows.finished()
    note = {
        "sweep": task.sweep,
        "rules": task.rules,
        "cells": [list(one) for one in rectangles(rows.cells)],
    }
    files: dict[str, bytes] = {}
    first = rows.cells[0]
    for kind in sorted(parts, key="runs".__eq__):
        content = encode(parts[kind], note | {"beside": list(files)})
        digest = bytes_hash(content)
        files[f"{kind}/{first.point:08d}-{first.first:08d}-{digest}.parquet"] = content
    return files


def bytes_hash(content: bytes) -> str:
    """What a file's name says of its content."""
    return hashlib.sha256(content).hexdigest()[:16]


def encode(parts: list[pa.Table], note: dict[str, Any]) -> bytes:
    """One Parquet file of tables under one another, with a note in it."""
    table = parts[0]
    if len(parts) > 1:
        table = pa.concat_tables(parts, promote_options="permissive").combine_chunks()
    table = table.replace_schema_metadata({META: json.dumps(note, sort_keys=True).encode()})
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd", compression_level=1)
    return stream.getvalue()
