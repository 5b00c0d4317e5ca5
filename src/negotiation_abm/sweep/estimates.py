"""Estimates of every outcome at some points, their errors, and paired differences.

Each estimate comes with the influence of every run on it: its variance is the sum of their
squares over runs (Williams 1995), whatever the number of truces in a run. The difference between
two points has the variance of both less twice the sum of the products over the runs that they
share; with common random numbers these are the same draws, with independent ones there is nothing
to share.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.run.spells import CAUSES, MEASURES
from negotiation_abm.sweep.curves import Chosen, Counts, Curves, choose
from negotiation_abm.sweep.reader import Rows
from negotiation_abm.sweep.rows import is_outcome

GROUPS = ("running", "all")
LEVEL = 0.95


def z_of(level: float) -> float:
    """Half-width of a normal interval in standard errors."""
    return NormalDist().inv_cdf(0.5 + level / 2.0)


_Z = z_of(LEVEL)


class Outcome(NamedTuple):
    """What is estimated: of the truces of a measure and group, or (both empty) of a run."""

    measure: str
    group: str
    outcome: str


@dataclass(frozen=True)
class Settings:
    """Days at which survival is wanted, and the limit of its mean."""

    days: tuple[int, ...]
    rmst_days: int

    @property
    def rmst_weeks(self) -> int:
        """The limit in whole weeks."""
        return self.rmst_days // 7


@dataclass(frozen=True)
class Estimates:
    """Estimates at some points; arrays have shape (points, outcomes)."""

    outcomes: list[Outcome]
    runs: np.ndarray  # (points,)
    spells: np.ndarray
    value: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    covariance: np.ndarray  # with the reference

    def place(self, outcome: Outcome) -> int:
        """Column of an outcome."""
        return self.outcomes.index(outcome)


class Estimator:
    """Two passes over the rows of some points: counts and sums, then influence."""

    def __init__(self, blocks: Callable[[], Iterable[Rows]], points: int, settings: Settings):
        self._blocks = blocks
        self._points = points
        self._settings = settings
        self._counts = {(m, g): Counts(points) for m in MEASURES for g in GROUPS}
        self._runs = np.zeros(points)
        sums: dict[str, np.ndarray] = {}
        for rows in blocks():
            if not rows.runs:
                continue
            self._runs += np.bincount(rows.runs["point"], minlength=points)
            for (measure, group), counts in self._counts.items():
                counts.add(choose(rows, measure, group))
            for name, numbers in _numbers(rows).items():
                total = np.bincount(rows.runs["point"], numbers, minlength=points)
                sums[name] = sums.get(name, 0.0) + total
        count = np.where(self._runs > 0, self._runs, np.nan)
        self._means = {name: total / count for name, total in sums.items()}
        least = max(settings.rmst_weeks, *(days // 7 for days in settings.days)) + 1
        self._curves = {chosen: Curves(c, least) for chosen, c in self._counts.items()}
        self.outcomes = self._names()

    def _names(self) -> list[Outcome]:
        names = []
        for measure, group in self._counts:
            of = (MEASURES[measure], group)
            names += [Outcome(*of, f"survival_{days}") for days in self._settings.days]
            names += [Outcome(*of, "rmst_weeks"), Outcome(*of, "median_weeks")]
            names += [Outcome(*of, f"share_{CAUSES[c]}") for c in CAUSES if c]
        return names + [Outcome("", "", name) for name in self._means]

    def influence(self, rows: Rows) -> np.ndarray:
        """Influence of each run of `rows` on each outcome, shape (runs, outcomes)."""
        runs = len(rows.runs["point"])
        columns = []
        for (measure, group), curves in self._curves.items():
            columns += self._of_spells(curves, choose(rows, measure, group), runs)
        point = rows.runs["point"]
        count = self._runs[point]
        freedom = np.where(count > 1, count - 1.0, np.nan)
        scale = 1.0 / np.sqrt(count * freedom)
        for name, numbers in _numbers(rows).items():
            columns.append((numbers - self._means[name][point]) * scale)
        return np.column_stack(columns)

    def _of_spells(self, curves: Curves, spells: Chosen, runs: int) -> list[np.ndarray]:
        weeks = [np.full(self._points, days // 7) for days in self._settings.days]
        weights = [curves.weight_at(week) for week in weeks]
        weights.append(curves.weight_mean(self._settings.rmst_weeks))
        middle = np.nan_to_num(curves.median()).astype(int)
        weights.append(curves.weight_at(middle))  # of survival there, not of the week itself
        columns = [curves.influence(weight, spells, runs) for weight in weights]
        return columns + [curves.share_influence(c, spells, runs) for c in CAUSES if c]

    def estimate(self, partner: Callable[[Rows], np.ndarray] | None = None) -> Estimates:
        """The estimates.

        Parameters
        ----------
        partner : callable, optional
            Gives the influence of the reference's run with the same number, for each run.
        """
        shape = (self._points, len(self.outcomes))
        variance, covariance = np.zeros(shape), np.zeros(shape)
        for rows in self._blocks():
            if not rows.runs:
                continue
            own = self.influence(rows)
            variance += _summed(rows, own * own, self._points)
            if partner is not None:
                covariance += _summed(rows, own * partner(rows), self._points)
        return self._finished(np.sqrt(variance), covariance)

    def _finished(self, error: np.ndarray, covariance: np.ndarray) -> Estimates:
        shape = error.shape
        value, low, high = (np.full(shape, np.nan) for _ in range(3))
        spells = np.zeros(shape)
        column = 0
        for curves in self._curves.values():
            found = self._of_curves(curves, error[:, column:])
            size = len(found)
            for offset, (point, lower, upper) in enumerate(found):
                value[:, column + offset] = point
                low[:, column + offset], high[:, column + offset] = lower, upper
            spells[:, column : column + size] = curves.num_spells[:, None]
            column += size
        for mean in self._means.values():
            value[:, column] = mean
            width = _Z * error[:, column]
            low[:, column], high[:, column] = mean - width, mean + width
            column += 1
        error = np.where(np.isnan(value), np.nan, error)
        for number, outcome in enumerate(self.outcomes):
            if outcome.outcome == "median_weeks":  # only its interval is known
                error[:, number] = np.nan
        return Estimates(self.outcomes, self._runs, spells, value, error, low, high, covariance)

    def _of_curves(
        self, curves: Curves, error: np.ndarray
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for days in self._settings.days:
            point = curves.at(days // 7)
            found.append((point, *_log_log(point, error[:, len(found)], curves.num_spells)))
        limit = float(self._settings.rmst_weeks)
        point, width = curves.mean(self._settings.rmst_weeks), _Z * error[:, len(found)]
        found.append((point, np.maximum(0.0, point - width), np.minimum(limit, point + width)))
        width = _Z * error[:, len(found)]
        found.append((curves.median(), curves.median(0.5 + width), curves.median(0.5 - width)))
        for cause in CAUSES:
            if cause != TruceEnd.CENSORED:
                point, width = curves.share(cause), _Z * error[:, len(found)]
                found.append((point, *_share_interval(point, width, curves.num_ended)))
        return found


def _numbers(rows: Rows) -> dict[str, np.ndarray]:
    """Numbers of each run by outcome; a run without a new truce counts to its last week."""
    first, weeks = rows.runs["first_truce_week"], rows.runs["weeks"]
    found = {"first_truce_weeks": np.where(first < 0, weeks, first).astype(float)}
    for name, column in rows.runs.items():
        if is_outcome(name) and name != "first_truce_week":
            found[name] = column.astype(float)
    return found


def _summed(rows: Rows, numbers: np.ndarray, points: int) -> np.ndarray:
    """Sums over the runs of each point, shape (points, outcomes), one run after the other."""
    out = np.empty((points, numbers.shape[1]))
    for column in range(numbers.shape[1]):
        out[:, column] = np.bincount(rows.runs["point"], numbers[:, column], minlength=points)
    return out


def _log_log(
    point: np.ndarray, error: np.ndarray, spells: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-log interval of a survival; at 0 and 1 the exact one of as many independent truces."""
    inside = (point > 0.0) & (point < 1.0)
    safe = np.where(inside, point, 0.5)
    width = np.minimum(_Z * error / (safe * np.abs(np.log(safe))), 50.0)
    low = np.where(inside, np.exp(np.log(safe) * np.exp(width)), point)
    high = np.where(inside, np.exp(np.log(safe) * np.exp(-width)), point)
    return _at_borders(point, low, high, spells)


def _share_interval(
    point: np.ndarray, width: np.ndarray, ended: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.maximum(0.0, point - width), np.minimum(1.0, point + width)
    return _at_borders(point, low, high, ended)


def _at_borders(
    point: np.ndarray, low: np.ndarray, high: np.ndarray, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where nothing or everything happened: the exact binomial bound (Clopper and Pearson 1934)."""
    bound = ((1.0 - LEVEL) / 2.0) ** (1.0 / np.maximum(1, number))
    low = np.where(point == 1.0, bound, low)
    high = np.where(point == 0.0, 1.0 - bound, high)
    return low, high
