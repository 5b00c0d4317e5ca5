"""Restricted mean survival time: weeks that a truce lasts on average, counted up to a limit.

With whole weeks, ``E[min(T, until)]`` is the sum of ``P(T > w)`` over ``w = 0 .. until - 1``. Its
standard error is clustered by run. (Var(min(T, until)), which some packages return under this
name, is not an error of the mean.)
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from negotiation_abm.survival.counts import SpellCounts
from negotiation_abm.survival.influence import on_rmst


@dataclass(frozen=True)
class Mean:
    """A restricted mean, or a difference of two, in weeks, with error and interval."""

    until: int
    value: float
    error: float
    low: float
    high: float


def _mean(until: int, value: float, variance: float, level: float) -> Mean:
    error = float(np.sqrt(max(0.0, variance)))
    half = float(norm.ppf(0.5 + level / 2.0)) * error
    return Mean(until, value, error, value - half, value + half)


def rmst(counts: SpellCounts, until: int, level: float = 0.95) -> Mean:
    """Restricted mean up to `until` weeks; NaN where the data end before it.

    With late entry it is conditional on reaching the first age at which anything is at risk.
    """
    if until > counts.end_of_data:
        return Mean(until, *(float("nan"),) * 4)
    value = float(counts.survival[:until].sum())
    return _mean(until, value, float(counts.variance(on_rmst(counts, until))), level)


def rmst_difference(base: SpellCounts, other: SpellCounts, until: int, level: float = 0.95) -> Mean:
    """Difference of two restricted means, other less base, from independent runs."""
    one, two = rmst(base, until), rmst(other, until)
    return _mean(until, two.value - one.value, one.error**2 + two.error**2, level)


def run_influence(blocks: Iterable[pd.DataFrame], counts: SpellCounts, until: int) -> pd.Series:
    """Influence of each run on the restricted mean, by replicate; `counts` are of these blocks."""
    kinds = counts.kinds.assign(influence=on_rmst(counts, until))
    parts = []
    for block in blocks:
        cause = block["cause"].astype(object).where(block["event_observed"], "censored")
        rows = block[["replicate", "entry_weeks", "duration_weeks"]].assign(cause=cause)
        rows = rows.merge(kinds, on=["entry_weeks", "duration_weeks", "cause"], how="left")
        parts.append(rows.groupby("replicate")["influence"].sum())
    total: pd.Series = pd.concat(parts)
    return total


def paired_rmst_difference(
    base: tuple[SpellCounts, pd.Series],
    other: tuple[SpellCounts, pd.Series],
    until: int,
    level: float = 0.95,
) -> Mean:
    """Difference of two restricted means of runs with the same draws, other less base.

    Each side is its counts and its `run_influence`; runs are paired by replicate.
    """
    one, two = rmst(base[0], until), rmst(other[0], until)
    gap = other[1].sub(base[1], fill_value=0.0)
    return _mean(until, two.value - one.value, float(np.square(gap).sum()), level)
