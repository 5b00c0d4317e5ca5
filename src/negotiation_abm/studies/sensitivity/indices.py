"""From a table of points and outcomes to indices with bootstrap intervals.

Sobol: first-order and total indices of Saltelli et al. (2010), from SciPy; intervals resample the
rows of the design. Morris: mean absolute elementary effects over trajectories (Campolongo et al.
2007), from SALib.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import sobol_indices

from negotiation_abm.files.errors import InputError
from negotiation_abm.studies.sensitivity.design import LEVELS, matrices, problem_of
from negotiation_abm.studies.sensitivity.factors import DUMMY

RESAMPLES = 1000
NAMED = 8


def indices(
    points: pd.DataFrame,
    outcome: str,
    names: list[str],
    method: str,
    samples: int,
    seed: int = 1,
    level: float = 0.95,
    source: str | Path = "points",
) -> pd.DataFrame:
    """Indices of each factor and the dummy on one outcome.

    Parameters
    ----------
    points : DataFrame
        The design (`design.design`) with a column for the outcome.
    names : list of str
        Factors, without the dummy.
    method : str
        ``sobol`` or ``morris``.
    samples : int
        Rows or trajectories of the design.

    Returns
    -------
    DataFrame
        One row a factor: outcome, factor, is_dummy; for Sobol first and total, for Morris mu_star
        (per range of the factor), each with ``_low`` and ``_high``; for Morris mu and sigma too.

    Raises
    ------
    InputError
        If the table lacks points or values (with their names), or the outcome never varies.
    """
    wide = _complete(points, outcome, names, method, samples, source)
    values = wide.to_numpy()
    if np.ptp(values) == 0.0:
        raise InputError(source, outcome, "has the same value at every point: nothing to divide up")
    if method == "sobol":
        table = _sobol(values, seed, level)
    else:
        table = _morris(points, outcome, names, seed, level)
    every = [*names, DUMMY]
    table.insert(0, "outcome", outcome)
    table.insert(1, "factor", every)
    table.insert(2, "is_dummy", [name == DUMMY for name in every])
    return table


def _complete(
    points: pd.DataFrame,
    outcome: str,
    names: list[str],
    method: str,
    samples: int,
    source: str | Path,
) -> pd.DataFrame:
    """Outcome by row and matrix, all there, or an error that names what is missing."""
    if outcome not in points:
        raise InputError(source, outcome, "no such column")
    kinds = matrices(names) if method == "sobol" else [f"step{n}" for n in range(len(names) + 2)]
    wide = points.pivot_table(
        index="row", columns="matrix", values=outcome, dropna=False, aggfunc="first"
    )
    wide = wide.reindex(index=range(samples), columns=kinds).astype(float)
    bad = [
        f"{kind}/{row}"
        for kind in kinds
        for row in np.flatnonzero(~np.isfinite(wide[kind].to_numpy()))
    ]
    if bad:
        shown = ", ".join(bad[:NAMED]) + (", ..." if len(bad) > NAMED else "")
        problem = f"{len(bad)} of {wide.size} points have no value: {shown}"
        raise InputError(source, outcome, problem)
    return wide


def _sobol(values: np.ndarray, seed: int, level: float) -> pd.DataFrame:
    """First and total indices; `values` has the columns A, B, A with column i of B, ..."""
    rows = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    drawn = np.stack([sobol(values[row]) for row in rows])
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    point = sobol(values)
    return pd.DataFrame(
        {
            "first": point[0],
            "first_low": low[0],
            "first_high": high[0],
            "total": point[1],
            "total_low": low[1],
            "total_high": high[1],
        }
    )


def sobol(values: np.ndarray) -> np.ndarray:
    """First and total indices, shape (2, num_factors), of columns A, B, A with column i of B.

    An outcome that never varies has indices of 0.
    """
    found = sobol_indices(
        func={"f_A": values.T[:1], "f_B": values.T[1:2], "f_AB": values.T[2:, None]},
        n=len(values),
    )
    return np.stack([found.first_order, found.total_order])


def _morris(
    points: pd.DataFrame, outcome: str, names: list[str], seed: int, level: float
) -> pd.DataFrame:
    try:
        from SALib.analyze import morris
    except ImportError:
        problem = "needs SALib: pip install 'negotiation-abm[sensitivity]'"
        raise InputError("Morris screening", "", problem) from None
    ordered = points.assign(step=points["matrix"].str.removeprefix("step").astype(int))
    ordered = ordered.sort_values(["row", "step"])
    found = morris.analyze(
        problem_of(names),
        ordered[[*names, DUMMY]].to_numpy(),
        ordered[outcome].to_numpy(),
        num_resamples=RESAMPLES,
        conf_level=level,
        num_levels=LEVELS,
        seed=seed % 2**32,
    )
    half = np.asarray(found["mu_star_conf"], dtype=float)
    star = np.asarray(found["mu_star"], dtype=float)
    return pd.DataFrame(
        {
            "mu_star": star,
            "mu_star_low": np.maximum(0.0, star - half),
            "mu_star_high": star + half,
            "mu": np.asarray(found["mu"], dtype=float),
            "sigma": np.asarray(found["sigma"], dtype=float),
        }
    )
