"""The `run` step: play a batch, write its tables, and summarise how long truces last."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.core.terms import Phase
from negotiation_abm.files.folder import Draft, writing
from negotiation_abm.run.batch import CHUNK_SIZE, Block, simulate
from negotiation_abm.run.posterior import range_over_draws
from negotiation_abm.run.running import of_group
from negotiation_abm.run.spells import (
    MEASURES,
    runs_table,
    spells_table,
    table_blocks,
    taken_down,
)
from negotiation_abm.run.traces import NUM_TRACED, trace_runs, trace_table
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import facts_of_runs
from negotiation_abm.survival import DAYS, Blocks, Survival, survival
from negotiation_abm.survival.words import GROUPS, is_number


def run_batch(
    game: Game,
    replicates: int,
    seed: int,
    out: Path,
    threads: int | None = None,
    chunk_size: int = CHUNK_SIZE,
    progress: Callable[[int], None] | None = None,
    draws: int = 0,
) -> dict[str, Any]:
    """Play `replicates` runs and write their tables, summary and manifest to `out`.

    ``traces.parquet`` holds the weeks of the first runs only.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of runs finished, those of the draws included.
    draws : int
        Posterior draws of the parameter set over which ``posterior.csv`` and the summary give the
        range; 0 for none.

    Returns
    -------
    dict
        The summary, as in ``summary.json``.

    Raises
    ------
    InputError
        If `out` cannot be written to.
    """
    facts = facts_of_runs(game, replicates, seed)
    with writing(out, "run", facts) as draft:
        beside = taken_down(game, "run")
        blocks = simulate(game, replicates, seed, threads, chunk_size, progress, beside)
        facts["content"] = _write_tables(game, blocks, draft)
        truces = draft.path("truces.parquet")
        estimates = survival_of(truces, bool(game.initial["phase"][0] == Phase.TRUCE))
        table = survival_table(estimates)
        draft.csv("survival.csv", table, 10)
        summary = _summary(game, replicates, seed, estimates, draft.path("runs.parquet"))
        summary["content"] = facts["content"]
        found = None
        if draws:
            after = None if progress is None else lambda done: progress(replicates + done)
            found = range_over_draws(game, seed, draws, threads=threads, progress=after)
        if found is not None:
            draft.csv("posterior.csv", found.curve, 6)
            summary["posterior"] = found.summary()
        traces = trace_runs(game, seed, min(NUM_TRACED, replicates))
        trace_table(game, traces).to_parquet(draft.path("traces.parquet"), index=False)
        draft.json("summary.json", summary)
    return summary


def _write_tables(game: Game, blocks: Iterable[Block], draft: Draft) -> dict[str, Any]:
    """Stream the blocks to Parquet, a row group each; returns counts and content hashes."""
    hashes = {"runs": hashlib.sha256(), "spells": hashlib.sha256()}
    counts = {"runs": 0, "spells": 0}
    writers: dict[str, pq.ParquetWriter] = {}
    names = {"runs": "runs.parquet", "spells": "truces.parquet"}
    try:
        for block in blocks:
            tables = {
                "runs": runs_table(game, block),
                "spells": spells_table(game, block.spells),
            }
            for kind, table in tables.items():
                if kind not in writers:
                    writers[kind] = pq.ParquetWriter(draft.path(names[kind]), table.schema)
                writers[kind].write_table(table, row_group_size=max(1, len(table)))
                counts[kind] += len(table)
                _add_content(hashes[kind], table)
    finally:
        for writer in writers.values():
            writer.close()
    return {
        names[kind]: {"rows": counts[kind], "sha256": hashes[kind].hexdigest()} for kind in names
    }


def _add_content(digest: Any, table: pa.Table) -> None:
    """Add the values of a table to a hash, column by column."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(name.encode())
        for chunk in column.chunks:
            array = chunk.indices if isinstance(chunk, pa.DictionaryArray) else chunk
            filled = array.fill_null(-1) if array.null_count else array
            if pa.types.is_boolean(filled.type):
                filled = filled.cast(pa.int8())
            digest.update(filled.to_numpy(zero_copy_only=False).tobytes())


def survival_of(truces: Path, is_running: bool) -> dict[tuple[str, str], Survival]:
    """Survival by measure and group of spells of a result file.

    `is_running` says whether a truce was in force at the start.
    """
    return _by_group(lambda *of: selected_spells(truces, *of), is_running)


def survival_by(spells: pd.DataFrame, is_running: bool) -> dict[tuple[str, str], Survival]:
    """The same of a table of spells, whose rows are in order of replicate."""
    return _by_group(lambda measure, group: lambda: [_chosen(spells, measure, group)], is_running)


def _by_group(
    select: Callable[[str, str], Blocks], is_running: bool
) -> dict[tuple[str, str], Survival]:
    found = {
        (measure, group): survival(select(measure, group))
        for measure in MEASURES.values()
        for group in (GROUPS if is_running else ("all",))
    }
    return {key: estimate for key, estimate in found.items() if estimate is not None}


def selected_spells(truces: Path, measure: str, group: str) -> Blocks:
    """Spells of one measure and group (`GROUPS`) of a result file, a block of runs at a time.

    Only runs that start in a truce have a group ``running``.
    """
    return lambda: (_chosen(block, measure, group) for block in table_blocks(truces))


def _chosen(spells: pd.DataFrame, measure: str, group: str) -> pd.DataFrame:
    return spells[(spells["measure"] == measure) & of_group(spells, group)]


def survival_table(estimates: dict[tuple[str, str], Survival]) -> pd.DataFrame:
    """The tables of several estimates, one under the other, with measure and group."""
    parts = []
    for (measure, group), estimate in estimates.items():
        part = estimate.table.copy()
        part.insert(0, "measure", measure)
        part.insert(1, "group", group)
        parts.append(part)
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    causes = [name for name in table if str(name).startswith("incidence_")]
    return table.fillna(dict.fromkeys(causes, 0.0))  # a cause that ended none of a group


def _summary(
    game: Game,
    replicates: int,
    seed: int,
    estimates: dict[tuple[str, str], Survival],
    runs_path: Path,
) -> dict[str, Any]:
    return {
        "scenario": game.scenario.name,
        "start": game.scenario.start.isoformat(),
        "horizon_weeks": game.scenario.horizon_weeks,
        "replicates": replicates,
        "seed": seed,
        "parameters": game.parameter_set.name,
        "min_severity": float(game.params["min_severity"][0]),
        "interval": "95 %, run-clustered Monte-Carlo error only; parameters held fixed",
        "posterior": None,
        "truces": [
            _survival_summary(measure, group, estimate)
            for (measure, group), estimate in estimates.items()
        ],
        "runs": _means(runs_path),
        "notes": list(game.notes),
    }


def _means(path: Path) -> dict[str, dict[str, float | None]]:
    """Mean and Monte-Carlo error of each column over runs, a row group at a time."""
    names: list[str] = []
    sums = np.zeros((3, 1))
    for block in table_blocks(path):
        numbers = block.drop(columns="replicate").astype(float)
        names = list(numbers.columns)
        sums = sums + np.array([numbers.count(), numbers.sum(), (numbers**2).sum()])
    result: dict[str, dict[str, float | None]] = {}
    for name, (n, total, squares) in zip(names, sums.T, strict=True):
        mean = total / n if n else float("nan")
        spread = max(0.0, squares - n * mean**2) / (n - 1) if n > 1 else float("nan")
        error = (spread / n) ** 0.5 if n else float("nan")
        result[name] = {"mean": _finite(mean), "mc_error": _finite(error)}
    return result


def _finite(value: float) -> float | None:
    return float(value) if is_number(value) else None


def _survival_summary(measure: str, group: str, estimate: Survival) -> dict[str, Any]:
    median, low, high = estimate.median_weeks()
    return {
        "measure": measure,
        "group": group,
        "num_spells": estimate.num_spells,
        "num_ended": estimate.num_ended,
        "num_runs": estimate.num_runs,
        "median_weeks": median,
        "median_interval": [low, high],
        "survival": {
            f"{days} d": [_finite(value) for value in estimate.at_days(days)] for days in DAYS
        },
        "ends_by_cause": {
            cause: [_finite(value) for value in share] for cause, share in estimate.shares.items()
        },
    }
