"""The weeks of some runs: where levers stood and whether a truce was in force."""

import numpy as np
import pandas as pd

from negotiation_abm.core.terms import Phase
from negotiation_abm.run.batch import blank_traces, run_replicates
from negotiation_abm.scenario.game import Game

NUM_TRACED = 200
KEYS = ("replicate", "week", "in_truce", "weeks_left", "strain")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def trace_runs(game: Game, seed: int, count: int = NUM_TRACED) -> np.ndarray:
    """Weeks of the replicates ``0 .. count - 1``: the same runs as in any batch of this seed.

    Returns
    -------
    ndarray of TRACE, shape (count, num_weeks)
        State at the end of each week.
    """
    traces = blank_traces(game, count)
    run_replicates(game, seed, 0, count, traces)
    return traces


def trace_table(game: Game, traces: np.ndarray) -> pd.DataFrame:
    """One row a run and week.

    Returns
    -------
    DataFrame
        replicate, week, in_truce, weeks_left (to its date; -1 without), strain (severity), and
        ``PLAYER.lever`` for each lever, in force at the end of the week (0 to 1).
    """
    count, weeks = traces.shape
    flat = traces.ravel()
    columns: dict[str, np.ndarray] = {
        "replicate": np.repeat(np.arange(count), weeks),
        "week": np.tile(np.arange(weeks, dtype=np.int32), count),
        "in_truce": flat["phase"] == Phase.TRUCE,
        "weeks_left": flat["weeks_left"].astype(np.int32),
        "strain": flat["strain"].astype(np.float32),
    }
    for i, a, label in game.lever_labels():
        columns[label] = flat["in_force"][:, i, a].astype(np.float32)
    return pd.DataFrame(columns)


def levers_of(table: pd.DataFrame) -> list[str]:
    """Names of the levers of a trace table."""
    return [name for name in table.columns if name not in KEYS]


def bands(table: pd.DataFrame) -> pd.DataFrame:
    """Quantiles over runs of each lever by week, and the share of runs in a truce.

    Returns
    -------
    DataFrame
        One row a series and week: series (a lever, or ``in_truce``), week, mean, and ``q05``,
        ``q25``, ``q50``, ``q75``, ``q95``.
    """
    parts = []
    for series in (*levers_of(table), "in_truce"):
        wide = table.pivot(index="week", columns="replicate", values=series).to_numpy(dtype=float)
        columns = {
            f"q{100 * q:02.0f}": values
            for q, values in zip(QUANTILES, np.quantile(wide, QUANTILES, axis=1), strict=True)
        }
        weeks = np.arange(len(wide))
        parts.append(
            pd.DataFrame({"series": series, "week": weeks, "mean": wide.mean(axis=1), **columns})
        )
    return pd.concat(parts, ignore_index=True)
