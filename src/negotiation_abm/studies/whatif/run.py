"""The step `whatif`: both branches with the same draws, compared run by run."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.record.load import Record, load_record, own_record
from negotiation_abm.replay.branch import Branch, branch_off, branch_turn, without
from negotiation_abm.run.paired import mean_difference
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.scenario.provenance import facts_of_record, facts_of_runs
from negotiation_abm.studies.whatif.outcomes import BranchRuns, play_branch
from negotiation_abm.studies.whatif.paths import path_table
from negotiation_abm.studies.whatif.posterior import ranges_of_branches
from negotiation_abm.studies.whatif.schema import WhatIf, check_changes
from negotiation_abm.survival.words import plain_rows


@dataclass(frozen=True)
class Branches:
    """The branch as it was and the altered one, not yet played."""

    whatif: WhatIf
    record: Record
    factual: Branch
    altered: Branch
    notes: tuple[str, ...]


def branches(whatif: WhatIf) -> Branches:
    """Both branches of a what-if.

    Raises
    ------
    InputError
        If the date, a row, a move or a change is not one of this scenario and record.
    """
    with whatif.naming():
        check_changes(whatif.changes)
        game = build_game(load_scenario(whatif.scenario, whatif.common))
        onward = build_game(load_scenario(whatif.scenario, whatif.common | whatif.changes))
    record = _record_of(whatif, game)
    turn = branch_turn(game, record, whatif.date)
    if onward.lever_names != game.lever_names:
        raise InputError("--set", "levers", "levers cannot be added or taken away at a date")
    altered = branch_off(game, without(record, whatif.skip), turn, onward, whatif.moves)
    return Branches(
        whatif, record, branch_off(game, record, turn), altered, _notes(whatif, game, record, turn)
    )


def _record_of(whatif: WhatIf, game: Game) -> Record:
    if whatif.record is not None:
        return load_record(whatif.record)
    return own_record(game.scenario, "a branch needs a record to leave")


def _notes(whatif: WhatIf, game: Game, record: Record, turn: int) -> tuple[str, ...]:
    """What changes nothing, in words."""
    scenario, notes = game.scenario, []
    for row in record.rows:
        if row.id in whatif.skip or row.decision in whatif.skip:
            if row.date >= scenario.date_of(turn):
                notes.append(f"{row.id} ({row.date}) comes after the branch: both are without it")
            elif row.not_represented or row.date < scenario.start:
                notes.append(f"{row.id} ({row.date}) is not part of the replay")
    for entry in whatif.moves:
        if entry.date >= scenario.end:
            notes.append(f"{entry.player} {entry.move} of {entry.date} comes after the horizon")
    return (*notes, *game.notes)


def run_whatif(
    whatif: WhatIf,
    replicates: int,
    seed: int,
    out: Path | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    draws: int = 0,
) -> dict[str, Any]:
    """Play both branches of a what-if with the same draws and compare them.

    Parameters
    ----------
    draws : int
        Posterior draws over which the range of the answer is taken; 0 for none.

    Returns
    -------
    dict
        What ``whatif.json`` holds: the alteration in words, and each outcome with its value in both
        branches and the paired difference. With `out`, this file, ``differences.csv`` and
        ``paths.csv`` are written.
    """
    pair = branches(whatif)
    factual = play_branch(pair.factual.game, replicates, seed, threads, progress)

    def further(done: int) -> None:
        if progress:
            progress(replicates + done)

    altered = play_branch(pair.altered.game, replicates, seed, threads, further)
    table = difference_table(factual, altered)
    summary = summary_of(pair, table, altered, replicates, seed)
    if draws:
        games = pair.factual.game, pair.altered.game
        summary["posterior"] = ranges_of_branches(*games, seed, draws, threads=threads)
    if out is not None:
        facts = facts_of_runs(pair.altered.game, replicates, seed)
        facts["whatif"] = whatif.model_dump(mode="json", by_alias=True)
        facts |= facts_of_record(pair.record.path)
        with writing(out, "whatif", facts) as draft:
            draft.text("differences.csv", as_csv(table))
            draft.text("paths.csv", as_csv(path_table(pair.factual, pair.record, factual, altered)))
            draft.json("whatif.json", summary)
    return summary


def difference_table(factual: BranchRuns, altered: BranchRuns) -> pd.DataFrame:
    """Paired difference of each outcome.

    Returns
    -------
    DataFrame
        outcome, text, unit, factual, altered, difference, low, high (95 %); outcomes that are not
        defined in both branches, and truces that had ended before both, are left out.
    """
    rows, are_same = [], np.array_equal(factual.values, altered.values, equal_nan=True)
    for k, outcome in enumerate(factual.outcomes):
        pair = factual.values[:, k], altered.values[:, k]
        found = mean_difference(*pair, are_same=are_same)
        ended_before = outcome.unit == "share" and found.base == found.changed == 0.0
        if np.isnan(found.difference) or ended_before:
            continue
        rows.append(
            {
                "outcome": outcome.name,
                "text": outcome.text,
                "unit": outcome.unit,
                "factual": found.base,
                "altered": found.changed,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
            }
        )
    return pd.DataFrame(rows)


def as_csv(table: pd.DataFrame) -> str:
    """A table of a what-if as the step writes it."""
    return str(table.to_csv(index=False, float_format="%.8g"))


def summary_of(
    pair: Branches, table: pd.DataFrame, altered: BranchRuns, replicates: int, seed: int
) -> dict[str, Any]:
    """What ``whatif.json`` holds, from the `difference_table` of both branches."""
    whatif, game, turn = pair.whatif, pair.factual.game, pair.factual.turn
    return {
        "name": whatif.name,
        "title": whatif.title,
        "description": whatif.description,
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "record": pair.record.path.name,
        "branch_week": game.scenario.date_of(turn).isoformat(),
        "weeks": len(game.weeks) - turn,
        "alteration": describe(whatif),
        "players": list(game.players),
        "truce_at_branch": [bool(b.game.initial["phase"][0]) for b in (pair.factual, pair.altered)],
        "replicates": replicates,
        "seed": seed,
        "interval": "95 %, paired by run; simulation error only, parameters held fixed",
        "forced_moves_a_run": {
            name: float(altered.forced[i]) for i, name in enumerate(game.players)
        },
        "posterior": None,
        "outcomes": plain_rows(table),
        "notes": list(pair.notes),
    }


def describe(whatif: WhatIf) -> list[str]:
    """The alteration, one line each."""
    lines = [f"without {name} of the record" for name in whatif.skip]
    for entry in whatif.moves:
        made = words.move(f"{entry.move} {entry.lever or ''}".strip())
        lines.append(f"{words.player(entry.player)} {made} in the week of {entry.date}")
    lines += [
        f"{words.player(player)} plays {words.strategy(name)}"
        for player, name in whatif.strategies.items()
    ]
    lines += [f"{words.setting(name)}: {_short(value)}" for name, value in whatif.set.items()]
    return lines or ["nothing is changed"]


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} in place of the usual ones"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
