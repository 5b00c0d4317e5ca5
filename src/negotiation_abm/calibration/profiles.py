"""Profiles of a fit: one coefficient moved, all others fitted anew."""

from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from negotiation_abm.calibration.fit import Fit, refit

REACH = 4.0  # prior sds from the prior mean beyond which a bound of the likelihood is not sought


def profile(result: Fit, k: int, width: float = 3.0, points: int = 13) -> np.ndarray:
    """Profile of one coefficient: the others refitted at each of its values.

    Returns
    -------
    ndarray, shape (points, 3)
        Value, log-likelihood and log-posterior less their values at the optimum (nats).
    """
    reach = width * result.errors[k]
    low = result.theta[k] - reach
    if k in result.prior.spreads:  # never 0 or below
        low = max(low, result.theta[k] / points)
    values = np.linspace(low, result.theta[k] + reach, points)
    rows = []
    for value in values:
        part = refit(result, {k: float(value)})
        rows.append(
            (
                value,
                part.log_likelihood - result.log_likelihood,
                part.log_posterior - result.log_posterior,
            )
        )
    return np.array(rows)


def likelihood_interval(result: Fit, k: int, level: float = 0.9) -> tuple[float, float]:
    """Interval of one coefficient by its profile likelihood, its own prior taken out.

    The values at which the others, refitted under their own priors, give all but
    ``chi2(1).ppf(level) / 2`` nats of the best. A side on which the likelihood never falls that
    far, within 4 prior sds (or 4 errors of the record, if that is further), is not bounded by the
    record: there the coefficient is not identifiable in practice (Raue et al. 2009), however narrow
    a prior makes its posterior.

    Returns
    -------
    tuple of float
        Infinite where not bounded. The lower end of a spread is at least 0.
    """
    mean, sd = result.prior.mean[k], np.sqrt(result.prior.covariance[k, k])
    is_spread = k in result.prior.spreads
    known: dict[float, tuple[float, np.ndarray]] = {}  # heights, and what the others are there

    def height(value: float) -> float:
        value = float(value)
        if value not in known:
            near = min(known, key=lambda other: abs(other - value), default=None)
            part = refit(result, {k: value}, None if near is None else known[near][1])
            own = -0.5 * ((value - mean) / sd) ** 2 + (np.log(value) if is_spread else 0.0)
            known[value] = float(part.log_posterior - own), part.theta
        return known[value][0]

    mode, error = result.theta[k], result.errors[k]
    low_end, high_end = mean - REACH * sd, mean + REACH * sd
    own = 1.0 / error**2 - 1.0 / sd**2  # the record's part of the information
    if is_spread:
        low_end = mode / 100.0
    elif own > 1.0 / sd**2:  # the record may point to where a narrow prior does not reach
        centre = (mode / error**2 - mean / sd**2) / own
        low_end = min(low_end, centre - REACH / np.sqrt(own))
        high_end = max(high_end, centre + REACH / np.sqrt(own))
    steps = np.array([0.0, 0.5, 1.0, 2.0, 3.0])
    up = np.append(mode + error * steps, np.linspace(mode, high_end, 6)[1:])
    down = np.append(mode - error * steps, np.linspace(mode, low_end, 6)[1:])
    for way in (np.sort(up), np.sort(down)[::-1]):  # outwards, so that each fit starts near
        for value in way[(way >= low_end) & (way <= high_end)]:
            height(value)
    best = max(known, key=height)
    line = known[best][0] - chdtri(1, 1.0 - level) / 2.0

    def crossing(outwards: list[float]) -> float:
        """Where the profile falls below the line, on the way from the best along these points."""
        for before, value in pairwise(outwards):
            if known[value][0] < line:
                ends = sorted((before, value))
                return float(brentq(lambda v: height(v) - line, *ends, xtol=1e-3, rtol=1e-4))
        return float("inf")

    high = crossing([value for value in sorted(known) if value >= best])
    low = crossing([value for value in sorted(known, reverse=True) if value <= best])
    if low == float("inf"):
        low = 0.0 if is_spread else -low
    return low, high
