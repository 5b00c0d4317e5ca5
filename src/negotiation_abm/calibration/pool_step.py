"""The `calibrate` step of a pool: every parameter set that its file lists, with its draws."""

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.identification import CLEAR, PRIOR_ALONE
from negotiation_abm.calibration.parameter_file import parameter_file
from negotiation_abm.calibration.pool import Member, load_members
from negotiation_abm.calibration.pool_file import Pool, Wanted
from negotiation_abm.calibration.pool_fit import INTERVAL, PooledFit, fit_pool
from negotiation_abm.calibration.posterior import CHAINS, mixing
from negotiation_abm.calibration.run import draws_table
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.survival.words import plain_rows

DRAWS = 500  # a chain, unless told otherwise
PRIOR_DRAWS = 2_000


def calibrate_pool(
    pool: Pool,
    out: Path | None = None,
    names: Sequence[str] = (),
    until: dt.date | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Fit a pool once for every parameter set that its file lists, and write the sets.

    Parameters
    ----------
    names : sequence of str
        Which sets; all by default.
    until : date, optional
        What lies after this day is not known, whatever the file says.
    draws : int
        Posterior draws a chain (of four).
    progress : callable, optional
        Called with the number of sets that are done.

    Returns
    -------
    dict
        What ``pool.json`` holds: pool, and for each set what it was fitted to, diagnostics of the
        chains, spreads and what the episodes share.

    Raises
    ------
    InputError
        If there is no such set, an episode cannot be replayed, or nothing is known by the date.
    """
    for name in names:
        if name not in pool.sets:
            raise InputError(pool.path, f"sets.{name}", suggest(name, pool.sets))
    chosen = {name: w for name, w in pool.sets.items() if not names or name in names}
    if not chosen:
        raise InputError(pool.path, "sets", "missing; a pool says which sets it gives")
    made: dict[str, tuple[str, pd.DataFrame, dict[str, pd.DataFrame]]] = {}
    summary: dict[str, Any] = {"pool": pool.name, "seed": seed, "draws_a_chain": draws, "sets": {}}
    for done, (name, wanted) in enumerate(chosen.items(), start=1):
        with threadpool_limits(1, "blas"):  # matrices are small: more threads only wait
            text, frame, tables, facts = _set(pool, name, wanted, until, draws, seed)
        made[name] = text, frame, tables
        summary["sets"][name] = facts
        if progress:
            progress(done)
    if out is not None:
        facts = {"pool": pool.name, "pool_sha256": file_hash(pool.path), "seed": seed}
        with writing(out, "calibrate", facts | {"sets": list(made)}, keep=True) as draft:
            first = next(iter(made.values()))[2]["identification"]
            first.to_csv(draft.path("identification.csv"), index=False, float_format="%.6g")
            for name, (text, frame, tables) in made.items():
                draft.text(f"{name}.yaml", text)
                frame.to_parquet(draft.path(f"{name}.parquet"), index=False)
                for kind, table in tables.items():
                    path = draft.path(f"{name}_{kind}.csv")
                    table.to_csv(path, index=False, float_format="%.6g")
            draft.json("pool.json", summary)
    return summary


def _set(
    pool: Pool, name: str, wanted: Wanted, until: dt.date | None, draws: int, seed: int
) -> tuple[str, pd.DataFrame, dict[str, pd.DataFrame], dict[str, Any]]:
    """One parameter set: its text, draws, tables, and what ``pool.json`` says of it."""
    days = [day for day in (wanted.until, until, pool.until) if day is not None]
    day = min(days)
    members = load_members(pool, tuple(wanted.episodes), day)
    number = [member.name for member in members].index(wanted.member)
    member = members[number]
    result = fit_pool(members, pool, draws, seed)
    lasting = member.lasting
    coefficients = [member.data.coefficients[k] for k in lasting]
    values = result.draws(number)[:, :, lasting]
    flat = values.reshape(-1, len(lasting))
    own = coefficient_table(result, number)
    facts = {
        "pool": pool.name,
        "scenario": wanted.member,
        "record": member.record.path.stem,
        "record_sha256": file_hash(member.record.path),
        "until": day.isoformat(),
        "episodes": {m.name: file_hash(m.record.path) for m in members},
        "priors": pool.priors,
        "seed": seed,
        "draws": CHAINS * draws,
    }
    text = parameter_file(
        member.game,
        coefficients,
        flat.mean(axis=0),
        [_source(row) for row in own.to_dict("records")],
        "posterior mean (sd)",
        name,
        _words(members, wanted),
        facts,
    )
    table = result.table
    free = table[table["times"] == ""]
    is_spread = free["unknown"].isin(result.hierarchy.spreads)
    return (
        text,
        draws_table(coefficients, values),
        {"unknowns": table, "identification": own},
        facts
        | {
            "decisions": {m.name: int((~m.data.agency).sum()) for m in members},
            "moves": {m.name: int(((m.data.chosen != 0) & ~m.data.agency).sum()) for m in members},
            "unknowns": len(table),
            "accepted": result.accepted,
            "largest_r_hat": float(table["r_hat"].max()),
            "smallest_effective_size": float(table["effective_size"].min()),
            "shared": plain_rows(free[~is_spread]),
            "spreads": plain_rows(free[is_spread]),
        },
    )


def _source(row: dict[Hashable, Any]) -> str:
    """Where the value of a coefficient comes from."""
    if row["rests_on"] == "fixed":
        return f"{row['coefficient']} held at {row['estimate']:g}"
    moments = f"{row['estimate']:.2f} ({row['error']:.2f})"
    return f"{row['coefficient']} {moments}, rests on {row['rests_on']}"


def _words(members: list[Member], wanted: Wanted) -> str:
    if len(members) == 1:
        return f"Posterior means of {wanted.member} alone."
    return f"Posterior means of {wanted.member}, fitted together with {len(members) - 1} more."


def coefficient_table(result: PooledFit, number: int) -> pd.DataFrame:
    """One row a coefficient of a member: posterior, prior, and what it rests on.

    Returns
    -------
    DataFrame
        coefficient, estimate (mean), error (sd), low, high (90 %), prior_mean, prior_sd, ratio
        (posterior over prior sd), rests_on (likelihood, both, prior, fixed), r_hat,
        effective_size.
    """
    member = result.hierarchy.members[number]
    rng = np.random.default_rng(0)
    points = np.array([result.hierarchy.prior_draw(rng) for _ in range(PRIOR_DRAWS)])
    before = result.hierarchy.coefficients(points, number)[:, member.lasting]
    draws = result.draws(number)[:, :, member.lasting]
    flat = draws.reshape(-1, draws.shape[2])
    low, high = np.quantile(flat, INTERVAL, axis=0)
    table = pd.DataFrame(
        {
            "coefficient": [member.data.coefficients[k].label for k in member.lasting],
            "estimate": flat.mean(axis=0),
            "error": flat.std(axis=0),
            "low": low,
            "high": high,
            "prior_mean": before.mean(axis=0),
            "prior_sd": before.std(axis=0),
        }
    )
    table["ratio"] = table["error"] / table["prior_sd"].where(table["prior_sd"] > 0)
    table["rests_on"] = [_rests_on(float(ratio)) for ratio in table["ratio"]]
    free = (table["prior_sd"] > 0).to_numpy()
    table.loc[free, ["r_hat", "effective_size"]] = np.stack(mixing(draws[:, :, free]), axis=1)
    return table


def _rests_on(ratio: float) -> str:
    """What carries a coefficient, by how much narrower its posterior is than its prior."""
    if np.isnan(ratio):
        return "fixed"
    return "prior" if ratio > PRIOR_ALONE else "likelihood" if ratio < CLEAR else "both"
