"""Paired contrasts: two games played with the same draws, compared run by run.

With common random numbers the difference between two scenarios has far less noise than either.
"""

from dataclasses import dataclass

import numpy as np

from negotiation_abm.survival.intervals import LEVEL, bounded, z_of

RESAMPLES = 400
CELLS = 1_000_000  # of a table of resamples, held at a time
_NONE = (float("nan"), float("nan"))


@dataclass(frozen=True)
class Difference:
    """A paired difference, changed minus base, with its interval; NaN where undefined."""

    base: float
    changed: float
    difference: float
    low: float
    high: float

    @property
    def is_null(self) -> bool:
        """Does the interval hold 0? Where there is no interval, nothing excludes 0."""
        is_defined = self.difference == self.difference
        return is_defined and not (self.low > 0.0 or self.high < 0.0)


def mean_difference(
    base: np.ndarray, changed: np.ndarray, level: float = LEVEL, are_same: bool = False
) -> Difference:
    """Difference of means over paired runs, with a normal interval.

    Yes or no (1 or 0) has the exact interval where no pair differs from the others. Of one pair
    there is no interval (NaN).

    Parameters
    ----------
    base, changed : ndarray, shape (runs,)
    are_same : bool
        The runs are known to be the same: they differ by nothing, without error.
    """
    if np.isnan(base).any() or np.isnan(changed).any():
        return Difference(*(float("nan"),) * 5)
    gaps = changed - base
    points = float(base.mean()), float(changed.mean()), float(gaps.mean())
    if len(gaps) < 2:
        return Difference(*points, *_NONE)
    error = float(gaps.std(ddof=1) / np.sqrt(len(gaps)))
    if is_yes_or_no(base) and is_yes_or_no(changed) and not are_same:
        return Difference(*points, *share_interval(points[2], error, len(gaps), level, lowest=-1))
    half = float(z_of(level) * error)
    return Difference(*points, points[2] - half, points[2] + half)


def is_yes_or_no(values: np.ndarray) -> bool:
    """Is every value 0 or 1?"""
    return bool(((values == 0) | (values == 1)).all())


def share_interval(
    value: float, error: float, runs: int, level: float = LEVEL, lowest: float = 0.0
) -> tuple[float, float]:
    """Interval of a share of runs (or, from `lowest` -1 on, of a difference of two)."""
    limits = np.array(lowest), np.array(1.0)
    count = np.array(runs)
    low, high = bounded(np.array(value), np.array(error), count, count, limits, level)
    return float(low), float(high)


def half_width(values: np.ndarray) -> float:
    """Half-width of the 95 % interval of a mean over runs; NaN where there is no interval.

    Of yes or no where all runs did the same it is the width of the exact interval.
    """
    if len(values) < 2:
        return float("nan")
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    if error > 0.0:
        return z_of() * error
    if not is_yes_or_no(values):
        return float("nan")
    low, high = share_interval(float(values.mean()), 0.0, len(values))
    return high - low


def median_difference(base: np.ndarray, changed: np.ndarray, seed: int) -> Difference:
    """Difference of medians of whole-week lengths over paired runs, with a bootstrap interval.

    Runs are resampled in pairs, through the joint counts of the two lengths: of the pairs of
    lengths that occur, some resamples at a time, so memory grows with neither runs nor weeks. Of
    one pair there is no interval (NaN).
    """
    if np.isnan(base).any() or np.isnan(changed).any():
        return Difference(*(float("nan"),) * 5)
    points = float(np.median(base)), float(np.median(changed))
    if len(base) < 2:
        return Difference(*points, points[1] - points[0], *_NONE)
    pairs, counts = np.unique(
        np.stack([base, changed]).astype(np.int64), axis=1, return_counts=True
    )
    rng, gaps = np.random.default_rng(seed), []
    size = int(pairs.max()) + 1
    at_once = max(1, min(RESAMPLES, CELLS // max(size, len(counts))))
    for start in range(0, RESAMPLES, at_once):
        number = min(at_once, RESAMPLES - start)
        drawn = rng.multinomial(len(base), counts / len(base), size=number)
        gaps.append(_medians(drawn, pairs[1], size) - _medians(drawn, pairs[0], size))
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(np.concatenate(gaps), [tail, 1.0 - tail])
    return Difference(*points, points[1] - points[0], float(low), float(high))


def _medians(drawn: np.ndarray, lengths: np.ndarray, size: int) -> np.ndarray:
    """Lower median of each resample; `drawn` counts the pairs, of which these are the lengths."""
    rows = np.arange(len(drawn))[:, None] * size
    place = (rows + lengths).ravel()
    counts = np.bincount(place, drawn.ravel(), minlength=len(drawn) * size).reshape(-1, size)
    half = counts.sum(axis=1, keepdims=True) / 2.0
    return np.asarray((np.cumsum(counts, axis=1) >= half).argmax(axis=1), dtype=float)
