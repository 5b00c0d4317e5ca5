"""The file of a forecast that is kept: questions, probabilities, and what was known."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.dispute import dispute_known, whole_record
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.pool_fit import fit_pool
from negotiation_abm.calibration.questions import answered
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import as_json
from negotiation_abm.files.provenance import describe, file_hash
from negotiation_abm.files.whole import put

CHAIN = 200  # posterior draws a chain
DRAWS = 100  # of which so many are played
RUNS = 200


def keep_forecast(
    pool: Pool,
    name: str,
    known: dt.date,
    made: dt.date,
    folder: Path | None = None,
    chain: int = CHAIN,
    draws: int = DRAWS,
    runs: int = RUNS,
    seed: int = 1,
    extra: Sequence[dt.date] = (),
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Fit the pool to what was known on a day, ask the fixed questions, and write the file.

    Parameters
    ----------
    name : str
        The dispute that is asked about.
    made : date
        The day on which this is done; it stands in the name of the file.
    chain, draws, runs : int
        Posterior draws a chain, draws that are played, runs of each.
    extra : sequence of date
        Further days on which the truce may stand.

    Raises
    ------
    InputError
        If the file exists already, the dispute had not begun, or a further day is not ahead or too
        far.
    """
    title = whole_record(name)[0].name
    path = None if folder is None else folder / f"{title}_known_{known}_made_{made}.json"
    if path is not None and path.exists():
        raise InputError(path, "", "exists already; a forecast is never edited")
    dispute = dispute_known(pool, name, known)
    last = known + dt.timedelta(days=180)
    for day in extra:
        if not known < day <= last:
            raise InputError("--on", str(day), f"allowed: the days after {known} up to {last}")
    with threadpool_limits(1, "blas"):
        result = fit_pool(dispute.members, pool, chain, seed)
    all_draws = result.draws(len(dispute.members) - 1)
    flat = all_draws.reshape(-1, all_draws.shape[2])
    some = np.linspace(0, len(flat) - 1, min(draws, len(flat))).round().astype(int)
    found = {
        "made_on": made.isoformat(),
        "known_until": known.isoformat(),
        "kind": "hindcast" if known < pool.until else "forecast",
        "episode": title,
        "truce_since": dispute.since.isoformat() if dispute.since else None,
        "pool": pool.name,
        "pool_sha256": file_hash(pool.path),
        "records_sha256": {m.name: file_hash(m.record.path) for m in dispute.members},
        "draws_a_chain": chain,
        "draws_played": len(some),
        "runs_a_draw": runs,
        "seed": seed,
        "largest_r_hat": round(float(result.table["r_hat"].max()), 3),
        "versions": describe()["environment"],
        "questions": answered(dispute, flat[some], runs, seed, extra, progress),
    }
    if path is not None:
        put(path, as_json(found).encode("utf-8"))
    return found
