"""The estimator: survival of many points at once, from counts by whole weeks.

Axis 0 is the point (a scenario, a draw, or one alone), the last axis the week of age. Everything is
made from two tables: spells that entered, and spells that left by cause, at each week of age. Times
are whole weeks and ties are exact; a spell that was running when observation began enters the risk
set at its age then (left truncation).

An `Estimate` gives a value for each point, the influence of any spell on it, and its interval
from an error. The variance of an estimate is the sum over runs of the squared sum of influence of
the spells of a run (Williams 1995). The influence of a spell is a difference of two entries of a
table and, if it ended, of a third: three look-ups a spell. Who adds it up over runs is not decided
here: `SpellCounts` does so from counts, the summary of a sweep block by block.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from negotiation_abm.survival import intervals
from negotiation_abm.survival.intervals import LEVEL, Band

ROUNDING = 1e-12  # a product of shares that comes to one half may come a little above
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Spells:
    """Spells as columns of equal length.

    Attributes
    ----------
    point : ndarray of int
    entry, weeks : ndarray of int
        Age at entry, and duration, in weeks.
    cause : ndarray of int
        0 if the end was not observed.
    size : ndarray, optional
        Weight of each; 1 by default.
    """

    point: np.ndarray
    entry: np.ndarray
    weeks: np.ndarray
    cause: np.ndarray
    size: np.ndarray | None = None


class Counts:
    """Spells entered and left, by point, cause (0: censored) and week of age, and their runs.

    `harmless` is a cause that is no failure, such as a truce that is fulfilled. It competes with
    the others in their shares and incidences; survival is that of truces which do not end so.
    """

    def __init__(self, points: int, causes: int, harmless: int | None = None) -> None:
        self.harmless = harmless
        self.entered = np.zeros((points, 1), dtype=np.int64)
        self.left = np.zeros((points, causes + 1, 1), dtype=np.int64)
        self.runs = np.zeros(points, dtype=np.int64)

    def add(self, spells: Spells, runs: np.ndarray) -> None:
        """Count spells; `runs` are further runs with spells, shape (points,)."""
        points, causes, weeks = self.left.shape
        longest = max(weeks, int(spells.weeks.max(initial=0)) + 1)
        more = longest - weeks
        place = (spells.point * causes + spells.cause) * longest + spells.weeks
        entered = _tally(spells.point * longest + spells.entry, spells.size, points * longest)
        left = _tally(place, spells.size, points * causes * longest)
        self.entered = np.pad(self.entered, ((0, 0), (0, more))) + entered.reshape(points, -1)
        self.left = np.pad(self.left, ((0, 0), (0, 0), (0, more)))
        self.left = self.left + left.reshape(points, causes, longest)
        self.runs = self.runs + runs


def _tally(place: np.ndarray, size: np.ndarray | None, length: int) -> np.ndarray:
    counts = np.bincount(place, weights=size, minlength=length)
    is_whole = size is None or size.dtype.kind in "iu"
    return np.asarray(counts.astype(np.int64 if is_whole else np.float64))


@dataclass(frozen=True)
class Estimate:
    """One number of each point.

    Attributes
    ----------
    value : ndarray, shape (points,)
        NaN where the data do not give it.
    influence : callable
        Influence of each of some `Spells` on it, shape (spells,).
    interval : callable
        Ends of the interval at each point, from the error (of a quantile: of the curve at it).
    span : float
        How far apart two values can be.
    """

    value: np.ndarray
    influence: Callable[[Spells], np.ndarray]
    interval: Callable[[np.ndarray], Band]
    span: float = 1.0


class Curves:
    """Survival of each point, from its counts.

    Attributes
    ----------
    at_risk, ended, hazard, survival : ndarray, shape (points, weeks)
        `ended` holds failures, that is ends by any cause but a harmless one. `survival` is
        Kaplan-Meier: the probability of lasting more than this number of weeks, given that of
        reaching the first age at which anything is at risk.
    ended_by : ndarray, shape (points, causes, weeks)
    standing : ndarray, shape (points, weeks)
        Probability that nothing at all has ended it; `survival` where no cause is harmless.
    first, end : ndarray of int, shape (points,)
        The curve is known from `first` up to before `end`: the first age with spells at risk, and
        the first without any after it. One that has come to 0 stays there.
    runs, num_spells, num_ended : ndarray, shape (points,)
    """

    def __init__(self, counts: Counts, least_weeks: int = 1, level: float = LEVEL) -> None:
        more = max(0, least_weeks - counts.entered.shape[1])
        entered = np.pad(counts.entered, ((0, 0), (0, more)))
        left = np.pad(counts.left, ((0, 0), (0, 0), (0, more)))
        gone = np.cumsum(left.sum(axis=1), axis=1)
        at_risk = np.cumsum(entered, axis=1) - np.pad(gone, ((0, 0), (1, 0)))[:, :-1]
        self.level = level
        self.runs = counts.runs
        self.at_risk = np.where(np.abs(at_risk) < 1e-9, 0, at_risk)  # weights leave rounding errors
        self.ended_by = left[:, 1:]
        self.is_failure = np.arange(left.shape[1]) > 0
        if counts.harmless is not None:
            self.is_failure[counts.harmless] = False
        self.ended = left[:, self.is_failure].sum(axis=1)
        self.censored = left[:, 0]
        self.num_spells = entered.sum(axis=1)
        self.num_ended = self.ended_by.sum(axis=(1, 2))
        self.hazard = ratio(self.ended, self.at_risk)
        self.survival = np.cumprod(1.0 - self.hazard, axis=1)
        self.standing = self.survival
        if counts.harmless is not None:
            leaving = ratio(self.ended_by.sum(axis=1), self.at_risk)
            self.standing = np.cumprod(1.0 - leaving, axis=1)
        self.first, self.end = self._known()

    def _known(self) -> tuple[np.ndarray, np.ndarray]:
        is_at_risk = self.at_risk > 0
        seen = np.maximum.accumulate(is_at_risk, axis=1)
        gap = seen & ~is_at_risk
        weeks = is_at_risk.shape[1]
        end = np.where(gap.any(axis=1), gap.argmax(axis=1), weeks)
        end = np.where(seen.any(axis=1), end, 0)
        return is_at_risk.argmax(axis=1), np.where(self.survival[:, -1] <= 0.0, FOREVER, end)

    @property
    def num_weeks(self) -> int:
        """Number of weeks of age in the tables."""
        return int(self.survival.shape[1])

    def at(self, week: int) -> Estimate:
        """Probability of lasting more than `week` weeks."""
        last = min(week, self.num_weeks - 1)
        point, risk = self.survival[:, last], self.at_risk[:, last]
        known = (self.first <= week) & (week < self.end)
        value = np.where(known, point, np.nan)
        count = np.where(point > 0.0, risk, self.num_ended)

        def interval(error: np.ndarray) -> Band:
            return intervals.probability(value, error, self.runs, count, self.level)

        week_of_each = np.full(len(value), last)
        return Estimate(value, self._influence(lambda: self._weight(week_of_each)), interval)

    def mean(self, until: int) -> Estimate:
        """Mean duration up to `until` weeks (restricted mean survival time)."""
        inside = self.survival.copy()
        inside[:, until:] = 0.0
        value = np.where((self.num_spells > 0) & (until <= self.end), inside.sum(axis=1), np.nan)
        limits = np.zeros(()), np.full((), float(until))

        def interval(error: np.ndarray) -> Band:
            return intervals.bounded(value, error, self.runs, self.num_spells, limits, self.level)

        def weight() -> np.ndarray:
            return np.flip(np.cumsum(np.flip(inside, axis=1), axis=1), axis=1)

        return Estimate(value, self._influence(weight), interval, float(until))

    def quantile(self, share: float) -> Estimate:
        """First week by which this share has ended; NaN where it is not reached."""
        height = 1.0 - share
        value = self._first_at_most(np.full(len(self.runs), height))
        last = np.minimum(self.end, self.num_weeks) - 1
        week = np.maximum(0, np.where(np.isnan(value), last, value)).astype(np.int64)
        point = self.survival[np.arange(len(week)), week]
        inside = np.where((point > 0.0) & (point < 1.0), point, 0.5)
        scale = -inside * np.log(inside)

        def interval(error: np.ndarray) -> Band:
            lines = intervals.quantile_lines(
                height, error / scale, self.runs, self.num_spells, self.level
            )
            return self._first_at_most(lines[0]), self._first_at_most(lines[1])

        return Estimate(value, self._influence(lambda: self._weight(week)), interval, np.inf)

    def _first_at_most(self, height: np.ndarray) -> np.ndarray:
        """First known week at which each curve is at most `height`; NaN if none is."""
        weeks = np.arange(self.num_weeks)
        known = (self.first[:, None] <= weeks) & (weeks < self.end[:, None])
        below = known & (self.survival <= height[:, None] + ROUNDING)
        week = np.asarray(below.argmax(axis=1), dtype=float)
        week[~below.any(axis=1)] = np.nan
        return week

    def share(self, cause: int) -> Estimate:
        """Share of a cause (from 1) among the ends observed; NaN where there are none."""
        total = np.maximum(1, self.num_ended)
        own = self.ended_by[:, cause - 1].sum(axis=1) / total
        value = np.where(self.num_ended > 0, own, np.nan)

        def influence(spells: Spells) -> np.ndarray:
            rest = (spells.cause == cause) - own[spells.point] * (spells.cause > 0)
            return np.asarray(rest / total[spells.point])

        def interval(error: np.ndarray) -> Band:
            limits = np.zeros(()), np.ones(())
            return intervals.bounded(value, error, self.runs, self.num_ended, limits, self.level)

        return Estimate(value, influence, interval)

    def incidence(self, cause: int) -> np.ndarray:
        """Aalen-Johansen cumulative incidence of a cause (from 1), shape (points, weeks)."""
        before = np.pad(self.standing, ((0, 0), (1, 0)), constant_values=1.0)[:, :-1]
        hazard = ratio(self.ended_by[:, cause - 1], self.at_risk)
        return np.asarray(np.cumsum(before * hazard, axis=1))

    def _weight(self, week: np.ndarray) -> np.ndarray:
        """Derivative of S(week) with respect to each weekly log survival, (points, weeks)."""
        until = np.arange(self.num_weeks) <= week[:, None]
        return np.asarray(until * self.survival[np.arange(len(week)), week][:, None])

    def _influence(self, weight: Callable[[], np.ndarray]) -> Callable[[Spells], np.ndarray]:
        """Influence of spells on an estimate with this weight of each week.

        Its tables are made when they are first asked for: a curve of values needs none of them.
        """

        @cache
        def tables() -> tuple[np.ndarray, np.ndarray]:
            jump = weight() * ratio(1.0, self.at_risk * (1.0 - self.hazard))
            drift = np.pad(np.cumsum(self.hazard * jump, axis=1), ((0, 0), (1, 0)))
            return jump, drift

        def influence(spells: Spells) -> np.ndarray:
            jump, drift = tables()
            own = drift[spells.point, spells.weeks + 1] - drift[spells.point, spells.entry]
            hit = np.where(self.is_failure[spells.cause], jump[spells.point, spells.weeks], 0.0)
            return np.asarray(own - hit)

        return influence


def ratio(part: np.ndarray | float, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, 0 where `whole` is 0."""
    return np.asarray(np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0))
