"""Kaplan-Meier, Aalen-Johansen and hazards by age, with run-clustered intervals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from negotiation_abm.survival import intervals
from negotiation_abm.survival.counts import SpellCounts, count_spells
from negotiation_abm.survival.curves import Curves, Estimate, ratio
from negotiation_abm.survival.influence import on_incidence, on_log_survival
from negotiation_abm.survival.intervals import LEVEL

DAYS = (90, 180, 365)
Blocks = Callable[[], Iterable[pd.DataFrame]]
Interval = tuple[int | None, int | None, int | None]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Survival:
    """Survival of one group of spells.

    Intervals are NaN (of a quantile: None) where spells come from one run only.

    Attributes
    ----------
    counts : SpellCounts
        What it is estimated from.
    level : float
        Confidence level of the intervals.
    """

    counts: SpellCounts
    level: float = LEVEL

    @cached_property
    def _curves(self) -> Curves:
        return self.counts.curves_at(self.level)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a week of age.

        Columns week, at_risk, ended, censored, survival, lower, upper, and the cumulative
        incidence ``incidence_<cause>`` of each cause.
        """
        curves = self._curves
        curve, first = curves.survival[0], int(curves.first[0])
        error = curve * np.sqrt(self.counts.variance(on_log_survival(self.counts)))
        count = np.where(curve > 0.0, curves.at_risk[0], curves.num_ended[0])
        lower, upper = intervals.probability(curve, error, curves.runs, count, self.level)
        lower[:first] = upper[:first] = 1.0  # given that they were reached
        columns = {
            "week": np.arange(len(curve)),
            "at_risk": curves.at_risk[0],
            "ended": curves.ended[0],
            "censored": curves.censored[0],
            "survival": curve,
            "lower": lower,
            "upper": upper,
        }
        for number, cause in enumerate(self.counts.causes, start=1):
            columns[f"incidence_{cause}"] = curves.incidence(number)[0]
        return pd.DataFrame(columns)

    @cached_property
    def shares(self) -> dict[str, Triple]:
        """For each cause, its share of the ends observed, with its interval."""
        return {
            cause: self._resolved(self._curves.share(number))
            for number, cause in enumerate(self.counts.causes, start=1)
        }

    def _resolved(self, estimate: Estimate) -> Triple:
        """Value and interval of an estimate."""
        error = np.sqrt(self.counts.variance(estimate.influence(self.counts.spells)))
        low, high = estimate.interval(np.array([error]))
        return float(estimate.value[0]), float(low[0]), float(high[0])

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

    def at_days(self, days: int) -> Triple:
        """Probability of lasting more than `days`, with its interval; NaN beyond the data."""
        return self._resolved(self._curves.at(days // 7))

    def quantile_weeks(self, share: float) -> Interval:
        """First week by which this share has ended, with its interval; None: not reached."""
        point, low, high = (
            None if np.isnan(week) else int(week)
            for week in self._resolved(self._curves.quantile(share))
        )
        return point, low, high

    def median_weeks(self) -> Interval:
        """Median duration in weeks with its interval; None where it is not reached."""
        return self.quantile_weeks(0.5)


def survival(blocks: Blocks, level: float = LEVEL) -> Survival | None:
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


def estimate(counts: SpellCounts, level: float = LEVEL) -> Survival:
    """Survival and cumulative incidence from counts; a spell enters at its age at entry."""
    return Survival(counts, level)


def incidence_table(counts: SpellCounts, level: float = LEVEL) -> pd.DataFrame:
    """Cumulative incidence with clustered intervals: cause, week, incidence, lower, upper.

    Intervals are log-log on the incidence, which keeps them within 0 and 1.
    """
    parts, curves = [], counts.curves
    first = int(curves.first[0])
    for number, cause in enumerate(counts.causes, start=1):
        point = curves.incidence(number)[0]
        error = np.sqrt(counts.variance(on_incidence(counts, number)))
        lower, upper = intervals.probability(point, error, curves.runs, curves.at_risk[0], level)
        lower[:first] = upper[:first] = 0.0  # given that they were reached
        columns = {"week": np.arange(len(point)), "incidence": point, "lower": lower}
        parts.append(pd.DataFrame({"cause": cause, **columns, "upper": upper}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def hazard_table(counts: SpellCounts, width: int = 1, level: float = LEVEL) -> pd.DataFrame:
    """Weekly hazard by age, pooled over `width` weeks.

    Returns
    -------
    DataFrame
        first_week, last_week, at_risk (spell-weeks), ended, hazard (ends a spell-week), lower,
        upper (logit, clustered). Ages at which nothing was at risk have no row.
    """
    start = np.arange(0, counts.num_weeks, width)
    at_risk, ended = np.add.reduceat(counts.at_risk, start), np.add.reduceat(counts.ended, start)
    hazard = ratio(ended, at_risk)
    residual = counts.is_at_risk() * -np.repeat(hazard, width)[: counts.num_weeks]
    hit = np.flatnonzero(counts.observed)
    residual[hit, counts.duration[hit]] += 1.0
    influence = np.add.reduceat(residual, start, axis=1) * ratio(1.0, at_risk)
    error = np.sqrt(counts.variance(influence))
    runs = np.array(counts.num_runs)
    lower, upper = intervals.chance(hazard, error, runs, at_risk, level)
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
