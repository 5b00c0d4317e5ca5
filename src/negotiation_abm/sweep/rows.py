"""Rows of a sweep as tables: what a part of the store holds of runs, spells and turns."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from negotiation_abm.core.terms import Forum, Phase
from negotiation_abm.run.batch import Block, blank_traces, joined, run_outcomes
from negotiation_abm.run.registry import entry_of
from negotiation_abm.run.spells import runs_table, spells_table, taken_down
from negotiation_abm.scenario.game import Game
from negotiation_abm.sweep.cells import Cell

SPELL_COLUMNS = (
    "replicate",
    "truce",
    "measure",
    "start_week",
    "entry_weeks",
    "duration_weeks",
    "event_observed",
    "cause",
)


class Piece(NamedTuple):
    """What has been played of a point."""

    game: Game
    block: Block
    cell: Cell
    traces: np.ndarray | None


def play_cell(game: Game, seed: int, cell: Cell, outputs: Sequence[str]) -> Piece:
    """Play the runs of a cell, with all that its rows need."""
    count = cell.stop - cell.first
    traces = blank_traces(game, count) if "turns" in outputs else None
    beside = taken_down(game, *commands_of(outputs))
    return Piece(game, run_outcomes(game, seed, cell.first, count, beside, traces), cell, traces)


def commands_of(outputs: Sequence[str]) -> tuple[str, ...]:
    """Commands whose outcomes are kept of each run: those of a sweep, or of a run as well."""
    return ("run", "sweep") if "runs" in outputs else ("sweep",)


def labels(game: Game) -> tuple[object, ...]:
    """What a game's tables depend on besides its numbers."""
    tariffs = tuple(sorted(game.tariff_levers().items()))
    return game.players, game.lever_names, tuple(game.pledge_names), tariffs, len(game.weeks)


def tables(pieces: Sequence[Piece], outputs: Sequence[str]) -> dict[str, pa.Table]:
    """Tables of pieces of games with the same labels, by kind.

    Parameters
    ----------
    outputs : sequence of str
        ``runs`` and ``spells`` for all columns of these tables, ``turns`` for a row a week.

    Returns
    -------
    dict of str to pyarrow.Table
        ``runs`` and ``spells`` always, the columns that the summary needs at least.
    """
    game = pieces[0].game
    block = joined([piece.block for piece in pieces])
    runs = _with_nan(runs_table(game, block, *commands_of(outputs)))
    runs = runs.append_column("weeks", pa.array(np.full(len(runs), len(game.weeks), np.int32)))
    spells = spells_table(game, block.spells)
    if "spells" not in outputs:
        spells = spells.select(list(SPELL_COLUMNS))
    found = {
        "runs": _with_point(runs, pieces, [len(piece.block.runs) for piece in pieces]),
        "spells": _with_point(spells, pieces, [len(piece.block.spells) for piece in pieces]),
    }
    if "turns" in outputs:
        sizes = [len(piece.block.runs) * len(game.weeks) for piece in pieces]
        found["turns"] = _with_point(_turns_table(game, pieces), pieces, sizes)
    return found


def _with_nan(runs: pa.Table) -> pa.Table:
    """The table with NaN in place of null where the summary has a mean of fractions."""
    for number, field in enumerate(runs.schema):
        if is_outcome(field.name) and pa.types.is_floating(field.type):
            column = runs[field.name].fill_null(float("nan"))
            runs = runs.set_column(number, field.name, column)
    return runs


def is_outcome(name: str) -> bool:
    """Is a column of runs one that the summary gives?"""
    entry = entry_of(name)
    return entry is not None and "sweep" in entry.commands


def _with_point(table: pa.Table, pieces: Sequence[Piece], sizes: Sequence[int]) -> pa.Table:
    points = np.array([piece.cell.point for piece in pieces], dtype=np.int64)
    return table.add_column(0, "point", pa.array(np.repeat(points, sizes)))


def _turns_table(game: Game, pieces: Sequence[Piece]) -> pa.Table:
    """One row a run and week: phase, clock, forum, strain, feelings, every lever's level."""
    weeks = len(game.weeks)
    turns = np.concatenate([p.traces for p in pieces if p.traces is not None]).ravel()
    replicates = np.concatenate([piece.block.runs["replicate"] for piece in pieces])
    columns: dict[str, pa.Array] = {
        "replicate": pa.array(np.repeat(replicates, weeks)),
        "week": pa.array(np.tile(np.arange(weeks, dtype=np.int32), len(replicates))),
        "phase": _named(turns["phase"], [phase.name.lower() for phase in Phase]),
        "truce_age": pa.array(turns["age"].astype(np.int32)),
        "weeks_left": pa.array(turns["weeks_left"].astype(np.int32)),
        "forum": _named(turns["forum"], [forum.name.lower() for forum in Forum]),
        "strain": pa.array(turns["strain"]),
    }
    for i, player in enumerate(game.players):
        for field in ("flow", "felt", "anger", "goodwill"):
            columns[f"{player}.{field}"] = pa.array(turns[field][:, i])
    for i, a, label in game.lever_labels():
        for field in ("in_force", "loaded", "hurt"):
            columns[f"{label}.{field}"] = pa.array(turns[field][:, i, a])
    return pa.table(columns)


def _named(codes: np.ndarray, names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(names))
