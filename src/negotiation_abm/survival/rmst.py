"""Restricted mean survival time: weeks that a truce lasts on average, counted up to a limit.

With whole weeks, ``E[min(T, until)]`` is the sum of ``P(T > w)`` over ``w = 0 .. until - 1``. Its
standard error is clustered by run. (Var(min(T, until)), which some packages return under this
name, is not an error of the mean.)
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from negotiation_abm.survival import intervals
from negotiation_abm.survival.counts import HARMLESS, SpellCounts
from negotiation_abm.survival.curves import Spells
from negotiation_abm.survival.intervals import LEVEL


@dataclass(frozen=True)
class Mean:
    """A restricted mean, or a difference of two, in weeks, with error and interval."""

    until: int
    value: float
    error: float
    low: float
    high: float


def rmst(counts: SpellCounts, until: int, level: float = LEVEL) -> Mean:
    """Restricted mean up to `until` weeks; NaN where the data end before it.

    With late entry it is conditional on reaching the first age at which anything is at risk.
    """
    found = counts.curves_at(level).mean(until)
    value, error = found.value, np.sqrt(counts.variance(found.influence(counts.spells)))
    if np.isnan(value[0]):
        return Mean(until, *(float("nan"),) * 4)
    low, high = found.interval(np.array([error]))
    error = error if counts.num_runs > 1 else np.nan
    return Mean(until, float(value[0]), float(error), float(low[0]), float(high[0]))


def rmst_difference(
    base: SpellCounts, other: SpellCounts, until: int, level: float = LEVEL
) -> Mean:
    """Difference of two restricted means, other less base, from independent runs."""
    one, two = rmst(base, until), rmst(other, until)
    return _difference(base, other, until, float(np.hypot(one.error, two.error)), level)


def run_influence(blocks: Iterable[pd.DataFrame], counts: SpellCounts, until: int) -> pd.Series:
    """Influence of each run on the restricted mean, by replicate; `counts` are of these blocks."""
    influence = counts.curves.mean(until).influence
    parts = []
    for block in blocks:
        spells = Spells(
            np.zeros(len(block), dtype=np.int64),
            block["entry_weeks"].to_numpy(),
            block["duration_weeks"].to_numpy(),
            (block["event_observed"] & (block["cause"] != HARMLESS)).to_numpy().astype(np.int64),
        )
        own = pd.Series(influence(spells), name="influence")
        parts.append(own.groupby(block["replicate"].to_numpy()).sum().rename_axis("replicate"))
    total: pd.Series = pd.concat(parts)
    return total


def paired_rmst_difference(
    base: tuple[SpellCounts, pd.Series],
    other: tuple[SpellCounts, pd.Series],
    until: int,
    level: float = LEVEL,
) -> Mean:
    """Difference of two restricted means of runs with the same draws, other less base.

    Each side is its counts and its `run_influence`; runs are paired by replicate.
    """
    gap = other[1].sub(base[1], fill_value=0.0)
    return _difference(base[0], other[0], until, float(np.sqrt(np.square(gap).sum())), level)


def _difference(
    base: SpellCounts, other: SpellCounts, until: int, error: float, level: float
) -> Mean:
    value = rmst(other, until).value - rmst(base, until).value
    limit = np.full((), float(until))
    runs = np.full((), min(base.num_runs, other.num_runs))
    low, high = intervals.bounded(
        np.array(value), np.array(error), runs, runs, (-limit, limit), level
    )
    return Mean(until, value, error if runs > 1 else float("nan"), float(low), float(high))
