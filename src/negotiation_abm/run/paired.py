"""Paired contrasts: two games played with the same draws, compared run by run.

With common random numbers the difference between two scenarios has far less noise than either.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

RESAMPLES = 400


@dataclass(frozen=True)
class Difference:
    """A paired difference, changed minus base, with its 95 % interval; NaN where undefined."""

    base: float
    changed: float
    difference: float
    low: float
    high: float

    @property
    def is_null(self) -> bool:
        """Does the interval hold 0?"""
        return self.low <= 0.0 <= self.high


def mean_difference(base: np.ndarray, changed: np.ndarray, level: float = 0.95) -> Difference:
    """Difference of means over paired runs, with a normal interval."""
    if np.isnan(base).any() or np.isnan(changed).any():
        return Difference(*(float("nan"),) * 5)
    gaps = changed - base
    if len(gaps) < 2:
        points = float(base.mean()), float(changed.mean()), float(gaps.mean())
        return Difference(*points, float("-inf"), float("inf"))
    error = norm.ppf(0.5 + level / 2.0) * gaps.std(ddof=1) / np.sqrt(len(gaps))
    mean = float(gaps.mean())
    return Difference(float(base.mean()), float(changed.mean()), mean, mean - error, mean + error)


def median_difference(
    base: np.ndarray, changed: np.ndarray, seed: int, level: float = 0.95
) -> Difference:
    """Difference of medians of whole-week lengths over paired runs, with a bootstrap interval.

    Runs are resampled in pairs, through the joint counts of the two lengths.
    """
    if np.isnan(base).any() or np.isnan(changed).any():
        return Difference(*(float("nan"),) * 5)
    size = int(max(base.max(), changed.max())) + 1
    joint = np.zeros((size, size))
    np.add.at(joint, (base.astype(int), changed.astype(int)), 1.0)
    drawn = np.random.default_rng(seed).multinomial(
        len(base), joint.ravel() / len(base), size=RESAMPLES
    )
    tables = drawn.reshape(RESAMPLES, size, size)
    gaps = _medians(tables.sum(axis=1)) - _medians(tables.sum(axis=2))
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(gaps, [tail, 1.0 - tail])
    points = float(np.median(base)), float(np.median(changed))
    return Difference(*points, points[1] - points[0], float(low), float(high))


def _medians(counts: np.ndarray) -> np.ndarray:
    """Median of each row of counts by whole value."""
    half = counts.sum(axis=1, keepdims=True) / 2.0
    return np.asarray((np.cumsum(counts, axis=1) >= half).argmax(axis=1), dtype=float)
