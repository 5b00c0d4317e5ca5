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

from negotiation_abm.batch import Block, run_replicates
from negotiation_abm.errors import InputError
from negotiation_abm.game import Game
from negotiation_abm.resources import source_hash
from negotiation_abm.sweep.cells import Cell, rectangles
from negotiation_abm.sweep.designs import Changes
from negotiation_abm.sweep.games import Games, Source
from negotiation_abm.sweep.rows import labels, tables

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
class Played:
    """What a task gave: files in the order in which to store them, what failed, seconds at work.

    A file's name is ``KIND/POINT-FIRST-HASH.parquet``, with the hash of its bytes. The last is the
    one of the runs; it names the others, so that the part is whole once it is there.
    """

    files: dict[str, bytes]
    cells: tuple[Cell, ...]
    failures: tuple[tuple[Cell, str], ...]
    seconds: float = field(compare=False, default=0.0)


def play(task: Task) -> Played:
    """Play the cells of a task.

    Raises
    ------
    InputError
        If this process has other rules than the one that made the task.
    """
    begun = time.perf_counter()
    if source_hash(rules_only=True) != task.rules:
        problem = "this worker has another version of the rules; install the same everywhere"
        raise InputError("negotiation_abm", "rules", problem)
    games = _GAMES.get(task.sweep)
    if games is None:
        _GAMES.clear()
        games = _GAMES[task.sweep] = Games(task.source, task.changes)
    played: list[tuple[Game, Block, Cell]] = []
    failures: list[tuple[Cell, str]] = []
    for cell in task.cells:
        changes, seed = task.points[cell.point]
        try:
            game = games.game(changes)
            count = cell.stop - cell.first
            block = run_replicates(game, seed, cell.first, count, "turns" in task.outputs)
        except Exception as error:  # whatever it is, the other points go on
            failures.append((cell, _text(error)))
        else:
            played.append((game, block, cell))
    cells = tuple(cell for _, _, cell in played)
    files = _files(task, played) if played else {}
    return Played(files, cells, tuple(failures), time.perf_counter() - begun)


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"


def _files(task: Task, played: list[tuple[Game, Block, Cell]]) -> dict[str, bytes]:
    groups: dict[Any, list[tuple[Game, Block, Cell]]] = {}
    for one in played:
        groups.setdefault(labels(one[0]), []).append(one)
    parts = [
        tables(
            group[0][0],
            [block for _, block, _ in group],
            [cell.point for _, _, cell in group],
            task.outputs,
        )
        for group in groups.values()
    ]
    note = {
        "sweep": task.sweep,
        "rules": task.rules,
        "cells": [list(one) for one in rectangles(cell for _, _, cell in played)],
    }
    files: dict[str, bytes] = {}
    first = played[0][2]
    for kind in sorted(parts[0], key="runs".__eq__):
        content = encode([part[kind] for part in parts], note | {"beside": list(files)})
        digest = bytes_hash(content)
        files[f"{kind}/{first.point:08d}-{first.first:08d}-{digest}.parquet"] = content
    return files


def bytes_hash(content: bytes) -> str:
    """What a file's name says of its content."""
    return hashlib.sha256(content).hexdigest()[:16]


def encode(parts: list[pa.Table], note: dict[str, Any]) -> bytes:
    """One Parquet file of tables under one another, sorted by point, with a note in it."""
    table = parts[0]
    if len(parts) > 1:
        table = pa.concat_tables(parts, promote_options="permissive").sort_by("point")
    table = table.replace_schema_metadata({META: json.dumps(note, sort_keys=True).encode()})
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd", compression_level=1)
    return stream.getvalue()
