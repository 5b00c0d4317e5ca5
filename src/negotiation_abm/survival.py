"""Truce survival on whole-week durations, with intervals that respect runs as clusters.

Exact discrete-time estimators: Kaplan-Meier for survival and Aalen-Johansen for the cumulative
incidence of each way to end. Ties are the rule in weekly data and are counted, not broken. A spell
already running when observation began enters the risk set at its age then (left truncation).

Several truces of one run are not independent, so variances are sums over runs of squared
influence (Williams 1995); with one spell a run and no late entry they reduce to Greenwood's
formula. Bands are log-log (Kalbfleisch and Prentice 2002). Everything is computed in two passes
over blocks of whole runs, so memory does not grow with their number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

DAYS = (90, 180, 365)
Blocks = Callable[[], Iterable[pd.DataFrame]]


@dataclass(frozen=True)
class Survival:
    """Survival of one group of spells.

    Attributes
    ----------
    table : DataFrame
        One row a week of age: week, at_risk, ended, censored, survival, lower, upper, and the
        cumulative incidence ``incidence_<cause>`` of each cause.
    shares : dict
        For each cause, its share of the ends observed: (share, lower, upper).
    num_spells, num_ended, num_runs : int
    """

    table: pd.DataFrame
    shares: dict[str, tuple[float, float, float]]
    num_spells: int
    num_ended: int
    num_runs: int

    def at_days(self, days: int) -> tuple[float, float, float]:
        """Probability of lasting more than `days`, with its interval; NaN beyond the data."""
        week = days // 7
        if week >= len(self.table) or self.table["at_risk"][week] == 0:
            return (float("nan"),) * 3
        point, low, high = self.table[["survival", "lower", "upper"]].to_numpy()[week]
        return float(point), float(low), float(high)

    def median_weeks(self) -> tuple[int | None, int | None, int | None]:
        """Median duration in weeks with its interval; None where it is not reached."""
        return (
            _first_below(self.table["survival"]),
            _first_below(self.table["lower"]),
            _first_below(self.table["upper"]),
        )


def _first_below(curve: pd.Series) -> int | None:
    below = np.flatnonzero(curve.to_numpy() <= 0.5)
    return int(below[0]) if len(below) else None


def survival(blocks: Blocks, level: float = 0.95) -> Survival | None:
    """Estimate survival from blocks of spells.

    Parameters
    ----------
    blocks : callable
        Gives an iterable of frames with columns replicate, entry_weeks, duration_weeks,
        event_observed, cause; called twice. All spells of a run stand in one frame, in order of
        replicate.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    Survival or None
        None if there are no spells.
    """
    counts = _Counts()
    for block in blocks():
        counts.add(block)
    if counts.num_spells == 0:
        return None
    at_risk, ended = counts.at_risk(), counts.ended.sum(axis=0)
    hazard = np.divide(ended, at_risk, out=np.zeros(len(ended)), where=at_risk > 0)
    curve = np.cumprod(1.0 - hazard)
    before = np.concatenate([[1.0], curve[:-1]])
    variance, shares = _clustered(blocks, counts, at_risk, hazard, level)
    lower, upper = _log_log_band(curve, variance, level)
    table = pd.DataFrame(
        {
            "week": np.arange(len(curve)),
            "at_risk": at_risk,
            "ended": ended,
            "censored": counts.censored,
            "survival": curve,
            "lower": lower,
            "upper": upper,
        }
    )
    for cause, by_week in zip(counts.causes, counts.ended, strict=True):
        rate = np.divide(by_week, at_risk, out=np.zeros(len(curve)), where=at_risk > 0)
        table[f"incidence_{cause}"] = np.cumsum(before * rate)
    return Survival(table, shares, counts.num_spells, int(ended.sum()), counts.num_runs)


class _Counts:
    """Entries, ends by cause and censorings by week of age."""

    def __init__(self) -> None:
        self.causes: list[str] = []
        self.ended = np.zeros((0, 1), dtype=np.int64)
        self.entered = np.zeros(1, dtype=np.int64)
        self.censored = np.zeros(1, dtype=np.int64)
        self.num_spells = 0
        self.num_runs = 0

    def add(self, block: pd.DataFrame) -> None:
        if block.empty:
            return
        weeks = block["duration_weeks"].to_numpy()
        self._grow(int(weeks.max()) + 1)
        size = len(self.entered)
        observed = block["event_observed"].to_numpy()
        self.entered += np.bincount(block["entry_weeks"].to_numpy(), minlength=size)
        self.censored += np.bincount(weeks[~observed], minlength=size)
        cause = block["cause"].astype(str).to_numpy()
        for name in sorted(set(cause[observed])):
            if name not in self.causes:
                self.causes.append(name)
                self.ended = np.vstack([self.ended, np.zeros(size, dtype=np.int64)])
            chosen = weeks[observed & (cause == name)]
            self.ended[self.causes.index(name)] += np.bincount(chosen, minlength=size)
        self.num_spells += len(block)
        self.num_runs += block["replicate"].nunique()

    def _grow(self, size: int) -> None:
        more = size - len(self.entered)
        if more > 0:
            self.entered = np.pad(self.entered, (0, more))
            self.censored = np.pad(self.censored, (0, more))
            self.ended = np.pad(self.ended, ((0, 0), (0, more)))

    def at_risk(self) -> np.ndarray:
        """Spells at each age that have entered and not yet left."""
        left = self.ended.sum(axis=0) + self.censored
        gone = np.concatenate([[0], np.cumsum(left)[:-1]])
        return np.asarray(np.cumsum(self.entered) - gone)


def _clustered(
    blocks: Blocks, counts: _Counts, at_risk: np.ndarray, hazard: np.ndarray, level: float
) -> tuple[np.ndarray, dict[str, tuple[float, float, float]]]:
    """Variance of log S by week, and shares of causes with intervals, summed over runs."""
    spare = at_risk * (1.0 - hazard)
    jump = np.divide(1.0, spare, out=np.zeros(len(spare)), where=spare > 0)
    drift = np.concatenate([[0.0], np.cumsum(hazard * jump)])
    total_ended = max(1, int(counts.ended.sum()))
    share = counts.ended.sum(axis=1) / total_ended
    variance = np.zeros(len(hazard))
    share_variance = np.zeros(len(share))
    for block in blocks():
        if block.empty:
            continue
        starts = np.flatnonzero(np.diff(block["replicate"].to_numpy(), prepend=-1))
        influence = _influence(block, jump, drift)
        variance += np.square(np.add.reduceat(influence, starts, axis=0)).sum(axis=0)
        cause = block["cause"].astype(str).to_numpy()
        observed = block["event_observed"].to_numpy()
        for number, name in enumerate(counts.causes):
            rest = (observed & (cause == name)) - share[number] * observed
            share_variance[number] += np.square(np.add.reduceat(rest, starts)).sum()
    z = norm.ppf(0.5 + level / 2.0)
    error = z * np.sqrt(share_variance) / total_ended
    shares = {
        name: (float(p), float(max(0.0, p - e)), float(min(1.0, p + e)))
        for name, p, e in zip(counts.causes, share, error, strict=True)
    }
    return variance, shares


def _influence(block: pd.DataFrame, jump: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """Influence of each spell on log S at each week, shape (num_spells, num_weeks)."""
    weeks = np.arange(len(jump))
    last = block["duration_weeks"].to_numpy()
    entry = block["entry_weeks"].to_numpy()
    until = np.minimum(last[:, None], weeks[None, :]) + 1
    spent = drift[np.maximum(until, entry[:, None])] - drift[entry][:, None]
    hit = np.where(block["event_observed"].to_numpy(), jump[last], 0.0)
    return np.asarray(spent - hit[:, None] * (weeks[None, :] >= last[:, None]))


def _log_log_band(
    curve: np.ndarray, variance: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    inside = (curve > 0.0) & (curve < 1.0)
    log_curve = np.log(np.where(inside, curve, 0.5))
    width = norm.ppf(0.5 + level / 2.0) * np.sqrt(variance) / np.abs(log_curve)
    width = np.minimum(width, 50.0)  # a band of [0, 1] either way
    lower = np.where(inside, np.exp(log_curve * np.exp(width)), curve)
    upper = np.where(inside, np.exp(log_curve * np.exp(-width)), curve)
    return lower, upper
