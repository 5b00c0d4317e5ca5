"""The `validate` step of a pool: every episode left out once; free runs of all against records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.free_runs import verdicts
from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.left_out import (
    CHAINS,
    DRAWS,
    WARM_UP,
    best_statistic,
    by_move,
    gains,
    leave_one_episode_out,
    within,
)
from negotiation_abm.calibration.months_out import leave_one_month_out
from negotiation_abm.calibration.pool import load_members
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.pool_fit import fit_pool
from negotiation_abm.calibration.pool_patterns import MECHANISMS, pool_patterns
from negotiation_abm.calibration.scores import MODEL
from negotiation_abm.calibration.spells import MODELS, endings, spell_tables
from negotiation_abm.calibration.surrogate import find_surrogate
from negotiation_abm.calibration.validate import Validation
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.survival.words import plain_rows


def validate_pool(
    pool: Pool,
    out: Path | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    with_free_runs: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Validation:
    """Leave out one episode of a pool, or one month, at a time; score what the rest predicts.

    Parameters
    ----------
    draws : int
        Posterior draws a chain (of two) of each fit.
    with_free_runs : bool
        Also simulate the recorded truces from their starts, and whole episodes from theirs, with a
        fit to all episodes.

    Returns
    -------
    Validation
        Tables ``left_out`` (`gains`), ``left_out_once`` (joint agreements counted once),
        ``left_out_by_move``, ``endings``; the first three with months left out (``months_out`` and
        so on), ``months`` (how each was predicted); if asked for, ``spells``, ``shapes``,
        ``pool_patterns`` and ``pool_patterns_by_episode`` (see there); then ``endings`` says also
        how likely the moves were by the fit to all episodes.

    Raises
    ------
    InputError
        If the pool has fewer than two episodes, or one of them cannot be replayed.
    """
    if len(pool.episodes) < 2:
        raise InputError(pool.path, "episodes", "one alone; to leave one out takes two or more")
    total = len(pool.episodes)

    def told(done: int) -> None:
        if progress:
            progress("episodes left out", done, total)

    def told_model(done: int) -> None:
        if progress:
            progress("models of free runs", done, 2 + len(MECHANISMS))

    def told_months(done: int, of: int) -> None:
        if progress:
            progress("months left out", done, of)

    with threadpool_limits(1, "blas"):
        members = load_members(pool)
        near = find_surrogate(Hierarchy(members, pool))
        found = leave_one_episode_out(members, pool, seed, draws, near, told)
        by_month, months = leave_one_month_out(members, pool, seed, draws, near, told_months)
        tables = {"endings": endings(found), "months": months}
        for name, left in (("left_out", found), ("months_out", by_month)):
            tables |= {
                name: gains(left),
                f"{name}_once": gains(left, once=True),
                f"{name}_by_move": by_move(left),
            }
        if with_free_runs:
            tables |= spell_tables(found, seed)
            whole = fit_pool(members, pool, draws, seed, (), CHAINS, WARM_UP, near)
            inside = endings([within(whole, number) for number in range(total)])
            tables["endings"] = tables["endings"].merge(
                inside, on=["episode", "date", "side"], suffixes=("", "_in_sample")
            )
            patterns, by_episode = pool_patterns(members, whole, seed, told_model)
            tables |= {"pool_patterns": patterns, "pool_patterns_by_episode": by_episode}
    summary = _summary(pool, tables) | {
        "seed": seed,
        "draws_a_fit": len(found[0].draws),
        "decisions": {one.member.name: len(one.is_second) for one in found},
    }
    if out is not None:
        facts = {
            "pool": pool.name,
            "pool_sha256": file_hash(pool.path),
            "until": pool.until.isoformat(),
            "seed": seed,
            "records": {member.name: file_hash(member.record.path) for member in members},
        }
        with writing(out, "left_out", facts) as draft:
            for name, table in tables.items():
                table.to_csv(draft.path(f"{name}.csv"), index=False, float_format="%.6g")
            draft.json("pool_validation.json", summary)
    return Validation(summary, tables)


def _summary(pool: Pool, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    summary: dict[str, Any] = {"pool": pool.name, "until": pool.until.isoformat()}
    for name in ("left_out", "left_out_once", "months_out", "months_out_once"):
        table = tables[name]
        best = best_statistic(table)
        rows = table[table["model"] == best]
        summary[name] = {
            "best_statistic": best,
            "gains": plain_rows(rows.filter(regex="episode|gain_")),
            "loses": rows[(rows["episode"] != "all") & (rows["gain_type"] < 0)]["episode"].tolist(),
        }
    moves = tables["left_out_by_move"]
    best = summary["left_out"]["best_statistic"]
    summary["by_move"] = {
        row["move"]: row[MODEL] - row[best] for row in moves.to_dict(orient="records")
    }
    months = tables["months"]
    summary["months"] = {
        "number": len(months),
        "refitted": int(months["refitted"].sum()),
        "largest_tail_used": float(months["tail"][~months["refitted"]].max()),
    }
    summary["endings"] = plain_rows(tables["endings"])
    if "spells" in tables:
        spells = tables["spells"]
        summary["spells"] = {"number": len(spells)} | {
            name: float(spells[name].sum()) for name in MODELS
        }
        summary["shapes"] = plain_rows(tables["shapes"])
        summary["patterns"] = plain_rows(tables["pool_patterns"])
        summary["verdicts"] = verdicts(tables["pool_patterns"])
    return summary
