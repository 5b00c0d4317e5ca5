"""Kaplan-Meier, Aalen-Johansen, Nelson-Aalen and hazards by age, with run-clustered intervals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from negotiation_abm.survival.counts import SpellCounts, count_spells, per
from negotiation_abm.survival.influence import on_hazard, on_incidence, on_log_survival

DAYS = (90, 180, 365)
Blocks = Callable[[], Iterable[pd.DataFrame]]
Interval = tuple[int | None, int | None, int | None]


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
    counts : SpellCounts
        What it was estimated from.
    """

    table: pd.DataFrame
    shares: dict[str, tuple[float, float, float]]
    counts: SpellCounts

    @property
    def num_spells(self) -> int:
        """Number of spells."""
        return self.counts.num_spells

    @property
    def num_ended(self) -> int:
        """Number of spells whose end was observed."""
        return int(self.counts.ended.sum())

    @property
    def num_runs(self) -> int:
        """Number of runs that have spells."""
        return self.counts.num_runs

    def at_days(self, days: int) -> tuple[float, float, float]:
        """Probability of lasting more than `days`, with its interval; NaN beyond the data."""
        week = days // 7
        if week >= len(self.table) or self.table["at_risk"][week] == 0:
            return (float("nan"),) * 3
        point, low, high = self.table[["survival", "lower", "upper"]].to_numpy()[week]
        return float(point), float(low), float(high)

    def quantile_weeks(self, share: float) -> Interval:
        """First week by which this share has ended, with its interval; None: not reached."""
        low, point, high = (
            _first_at_most(self.table[name], 1.0 - share) for name in ("lower", "survival", "upper")
        )
        return point, low, high

    def median_weeks(self) -> Interval:
        """Median duration in weeks with its interval; None where it is not reached."""
        return self.quantile_weeks(0.5)


def _first_at_most(curve: pd.Series, level: float) -> int | None:
    below = np.flatnonzero(curve.to_numpy() <= level + 1e-12)
    return int(below[0]) if len(below) else None


def survival(blocks: Blocks, level: float = 0.95) -> Survival | None:
    """Estimate survival from blocks of spells.

    Parameters
    ----------
    blocks : callable
        Gives an iterable of frames as `count_spells` takes them.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    Survival or None
        None if there are no spells.
    """
    counts = count_spells(blocks())
    return None if counts is None else estimate(counts, level)


def estimate(counts: SpellCounts, level: float = 0.95) -> Survival:
    """Survival and cumulative incidence from counts; a spell enters at its age at entry."""
    curve = counts.survival
    variance = counts.variance(on_log_survival(counts))
    lower, upper = log_log_band(curve, variance, level)
    table = pd.DataFrame(
        {
            "week": np.arange(counts.num_weeks),
            "at_risk": counts.at_risk,
            "ended": counts.ended,
            "censored": counts.censored,
            "survival": curve,
            "lower": lower,
            "upper": upper,
        }
    )
    for cause in counts.causes:
        table[f"incidence_{cause}"] = incidence(counts, cause)
    return Survival(table, _shares(counts, level), counts)


def incidence(counts: SpellCounts, cause: str) -> np.ndarray:
    """Aalen-Johansen cumulative incidence of a cause by week of age; ties are counted exactly."""
    before = np.concatenate([[1.0], counts.survival[:-1]])
    return np.asarray(np.cumsum(before * per(counts.ended_by(cause), counts.at_risk)))


def incidence_table(counts: SpellCounts, level: float = 0.95) -> pd.DataFrame:
    """Cumulative incidence with clustered intervals: cause, week, incidence, lower, upper.

    Intervals are log-log on the incidence, which keeps them within 0 and 1.
    """
    parts = []
    for cause in counts.causes:
        point = incidence(counts, cause)
        variance = counts.variance(on_incidence(counts, cause))
        lower, upper = log_log_band(point, per(variance, point**2), level)
        weeks = np.arange(counts.num_weeks)
        columns = {"week": weeks, "incidence": point, "lower": lower, "upper": upper}
        parts.append(pd.DataFrame({"cause": cause, **columns}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def nelson_aalen(counts: SpellCounts, level: float = 0.95) -> pd.DataFrame:
    """Cumulative hazard: week, cumulative_hazard, lower, upper (log-transformed, clustered)."""
    total = np.cumsum(counts.hazard)
    error = np.sqrt(counts.variance(np.cumsum(on_hazard(counts), axis=1)))
    factor = np.exp(_z(level) * per(error, total))
    columns = {"cumulative_hazard": total, "lower": total / factor, "upper": total * factor}
    return pd.DataFrame({"week": np.arange(counts.num_weeks), **columns})


def hazard_table(counts: SpellCounts, width: int = 1, level: float = 0.95) -> pd.DataFrame:
    """Weekly hazard by age, pooled over `width` weeks.

    Returns
    -------
    DataFrame
        first_week, last_week, at_risk (spell-weeks), ended, hazard (ends a spell-week), lower,
        upper (logit, clustered). Ages at which nothing was at risk have no row.
    """
    start = np.arange(0, counts.num_weeks, width)
    at_risk, ended = np.add.reduceat(counts.at_risk, start), np.add.reduceat(counts.ended, start)
    hazard = per(ended, at_risk)
    residual = counts.is_at_risk() * -np.repeat(hazard, width)[: counts.num_weeks]
    hit = np.flatnonzero(counts.observed)
    residual[hit, counts.duration[hit]] += 1.0
    influence = np.add.reduceat(residual, start, axis=1) * per(np.ones(len(start)), at_risk)
    lower, upper = _logit_band(hazard, counts.variance(influence), level)
    table = pd.DataFrame(
        {
            "first_week": start,
            "last_week": np.minimum(start + width, counts.num_weeks) - 1,
            "at_risk": at_risk,
            "ended": ended,
            "hazard": hazard,
            "lower": lower,
            "upper": upper,
        }
    )
    return table[table["at_risk"] > 0].reset_index(drop=True)


def _shares(counts: SpellCounts, level: float) -> dict[str, tuple[float, float, float]]:
    """Shares of causes among the ends, with clustered intervals."""
    total = max(1.0, float(counts.ended.sum()))
    shares = {}
    for cause in counts.causes:
        share = float(counts.ended_by(cause).sum() / total)
        rest = (counts.kinds["cause"] == cause).to_numpy() - share * counts.observed
        error = _z(level) * float(np.sqrt(counts.variance(rest))) / total
        shares[cause] = (share, max(0.0, share - error), min(1.0, share + error))
    return shares


def _z(level: float) -> float:
    return float(norm.ppf(0.5 + level / 2.0))


def log_log_band(
    curve: np.ndarray, variance: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Log-log interval of a probability (Kalbfleisch and Prentice 2002).

    `variance` is that of its logarithm. At 0 and 1 the interval is the point.
    """
    inside = (curve > 0.0) & (curve < 1.0)
    log_curve = np.log(np.where(inside, curve, 0.5))
    width = _z(level) * np.sqrt(np.maximum(variance, 0.0)) / np.abs(log_curve)
    width = np.minimum(width, 50.0)  # a band of [0, 1] either way
    lower = np.where(inside, np.exp(log_curve * np.exp(width)), curve)
    upper = np.where(inside, np.exp(log_curve * np.exp(-width)), curve)
    return lower, upper


def _logit_band(
    share: np.ndarray, variance: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    inside = (share > 0.0) & (share < 1.0)
    middle = np.where(inside, share, 0.5)
    odds = middle / (1.0 - middle)
    width = np.minimum(_z(level) * np.sqrt(variance) / (middle * (1.0 - middle)), 50.0)
    low, high = odds * np.exp(-width), odds * np.exp(width)
    lower = np.where(inside, low / (1.0 + low), share)
    upper = np.where(inside, high / (1.0 + high), share)
    return lower, upper
