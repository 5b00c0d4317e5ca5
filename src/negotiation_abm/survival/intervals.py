"""Intervals: one rule for each kind of number, for one run, and for runs that are all alike.

- **Most numbers**: a normal interval from an error that is clustered by run; of a probability
  on the log-log scale, of a hazard on the logit scale, which keep it within 0 and 1.
- **One run** has no interval (NaN): nothing says how far another run would be from it.
- **Runs that are all alike** have an error of 0, which is not certainty. Up to
  ``b = 1 - (alpha / 2) ** (1 / n)`` of further runs may do something else without `n` runs
  showing it (Clopper and Pearson 1934, for none of `n`). The interval is what the number would be
  if that share of the runs went to either limit of the scale: for a share of all, ``[1 - b, 1]``;
  for none, ``[0, b]``. Here `n` is the number of runs, or of spells where they are fewer, as spells
  of one run are not independent (Dorey and Korn 1987 take those still at risk). A number without
  a limit has no interval then.
"""

from statistics import NormalDist

import numpy as np

LEVEL = 0.95
NO_SPREAD = 1e-12
WIDEST = 50.0  # of a transformed interval: from 0 to 1 either way
Band = tuple[np.ndarray, np.ndarray]


def z_of(level: float = LEVEL) -> float:
    """Half-width of a normal interval in standard errors.

    >>> round(z_of(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf(0.5 + level / 2.0)


def unseen_share(number: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Largest share of further runs that may differ though `number` runs are all alike.

    >>> float(round(unseen_share(np.array(2)), 3))
    0.842
    """
    share: np.ndarray = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / np.maximum(1.0, number))
    return share


def bounded(
    value: np.ndarray,
    error: np.ndarray,
    runs: np.ndarray,
    count: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    level: float = LEVEL,
) -> Band:
    """Normal interval of a number between two limits.

    Parameters
    ----------
    value, error : ndarray
    runs, count : ndarray
        Runs that the number is made from, and spells (or whatever is counted).
    limits : tuple of ndarray
        Lowest and highest value; infinite where there is none.
    """
    half = z_of(level) * error
    low, high = np.maximum(limits[0], value - half), np.minimum(limits[1], value + half)
    return _ruled((low, high), value, error, runs, count, limits, level)


def probability(
    value: np.ndarray,
    error: np.ndarray,
    runs: np.ndarray,
    count: np.ndarray,
    level: float = LEVEL,
) -> Band:
    """Log-log interval of a probability (Kalbfleisch and Prentice 2002)."""
    inside = (value > 0.0) & (value < 1.0)
    safe = np.where(inside, value, 0.5)
    band = log_log(safe, error / (safe * -np.log(safe)), level)
    return _ruled(band, value, error, runs, count, _UNIT, level)


def log_log(value: np.ndarray, error: np.ndarray, level: float = LEVEL) -> Band:
    """Interval of a probability inside 0 and 1 from the error of ``log(-log(value))``."""
    width = np.minimum(z_of(level) * error, WIDEST)
    logarithm = np.log(value)
    return np.exp(logarithm * np.exp(width)), np.exp(logarithm * np.exp(-width))


def chance(
    value: np.ndarray,
    error: np.ndarray,
    runs: np.ndarray,
    count: np.ndarray,
    level: float = LEVEL,
) -> Band:
    """Logit interval of a hazard."""
    inside = (value > 0.0) & (value < 1.0)
    safe = np.where(inside, value, 0.5)
    odds = safe / (1.0 - safe)
    width = np.minimum(z_of(level) * error / (safe * (1.0 - safe)), WIDEST)
    low, high = odds * np.exp(-width), odds * np.exp(width)
    band = low / (1.0 + low), high / (1.0 + high)
    return _ruled(band, value, error, runs, count, _UNIT, level)


def quantile_lines(
    level_of_curve: float,
    error: np.ndarray,
    runs: np.ndarray,
    count: np.ndarray,
    level: float = LEVEL,
) -> Band:
    """Heights at which a survival curve passes the ends of the interval of a quantile.

    Woodruff (1952) with the error on the log-log scale at the quantile; where all runs are alike,
    the exact interval of an order statistic. NaN for one run.

    Parameters
    ----------
    level_of_curve : float
        Height that defines the quantile: one half for a median.
    error : ndarray
        Of ``log(-log S)`` at the quantile.

    Returns
    -------
    high_line, low_line : ndarray
        The curve is at or below these from the lower and from the upper end on.
    """
    height = np.full(np.shape(error), level_of_curve)
    low, high = log_log(height, error, level)
    alike = error <= NO_SPREAD
    if np.any(alike):
        number = np.maximum(1.0, np.floor(np.minimum(runs, count)))
        tail = (1.0 - level) / 2.0
        exact_high = binomial_quantile(1.0 - tail, number, level_of_curve) / number
        exact_low = (binomial_quantile(tail, number, level_of_curve) - 1.0) / number
        high, low = np.where(alike, exact_high, high), np.where(alike, exact_low, low)
    return np.where(runs < 2, np.nan, high), np.where(runs < 2, np.nan, low)


def binomial_quantile(share: float, number: np.ndarray, chance: float | np.ndarray) -> np.ndarray:
    """Least number of successes that so many trials do not exceed with probability `share`.

    What ``scipy.stats.binom.ppf`` gives, without the second that its import takes.

    >>> binomial_quantile(0.975, np.array([1.0, 10.0, 100.0]), 0.5)
    array([ 1.,  8., 60.])
    """
    from scipy.special import bdtr, bdtrik

    trials = np.asarray(number).astype(int)  # bdtr takes whole numbers only
    above = np.ceil(bdtrik(share, trials, chance))
    below = np.maximum(0.0, above - 1.0)
    least: np.ndarray = np.where(bdtr(below, trials, chance) >= share, below, above)
    return least


_UNIT = (np.zeros(()), np.ones(()))


def _ruled(
    band: Band,
    value: np.ndarray,
    error: np.ndarray,
    runs: np.ndarray,
    count: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    level: float,
) -> Band:
    """The interval by the rules for runs that are all alike, and for one run."""
    share = unseen_share(np.minimum(runs, count), level)
    alike, single = error <= NO_SPREAD, runs < 2
    ends = []
    for end, limit in zip(band, limits, strict=True):
        known = np.where(np.isfinite(limit), limit, np.nan)
        end = np.where(alike, value + share * (known - value), end)
        ends.append(np.where(single | np.isnan(value), np.nan, end))
    return ends[0], ends[1]
