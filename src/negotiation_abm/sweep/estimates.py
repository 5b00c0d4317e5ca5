"""Estimates of every outcome at some points, their errors, and paired differences.

Each estimate comes with the influence of every run on it: its variance is the sum of their
squares over runs (Williams 1995), whatever the number of truces in a run. The difference between
two points has the variance of both less twice the sum of the products over the runs that they
share; with common random numbers these are the same draws, with independent ones there is nothing
to share. Survival is estimated by `negotiation_abm.survival`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.run.registry import entry_of
from negotiation_abm.run.running import of_group
from negotiation_abm.run.spells import CAUSES, MEASURES
from negotiation_abm.survival import Counts, Curves, Estimate, Spells, intervals
from negotiation_abm.sweep.reader import Rows
from negotiation_abm.sweep.rows import is_outcome

GROUPS = ("running", "all")


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
    sharing: np.ndarray  # runs that an estimate is made from
    span: np.ndarray  # how far apart two values can be
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
        counts = {
            (measure, group): Counts(points, len(CAUSES) - 1, TruceEnd.FULFILLED)
            for measure in MEASURES
            for group in GROUPS
        }
        self._runs, self._weeks = np.zeros(points), np.zeros(points)
        sums: dict[str, np.ndarray] = {}
        for rows in blocks():
            if not rows.runs:
                continue
            self._runs += np.bincount(rows.runs["point"], minlength=points)
            np.maximum.at(self._weeks, rows.runs["point"], rows.runs["weeks"])
            for (measure, group), tables in counts.items():
                spells, run = chosen_spells(rows, measure, group)
                own = rows.runs["point"][run[np.diff(run, prepend=-1) > 0]]  # once a run
                tables.add(spells, np.bincount(own, minlength=points))
            for name, numbers in _numbers(rows).items():
                total = np.bincount(rows.runs["point"], numbers, minlength=points)
                sums[name] = sums.get(name, 0.0) + total
        count = np.where(self._runs > 0, self._runs, np.nan)
        self._means = {name: total / count for name, total in sums.items()}
        self._curves = {chosen: Curves(c) for chosen, c in counts.items()}
        self._of_spells = {
            chosen: _estimates(curves, settings) for chosen, curves in self._curves.items()
        }
        self.outcomes = [
            Outcome(MEASURES[measure], group, name)
            for (measure, group), found in self._of_spells.items()
            for name in found
        ] + [Outcome("", "", name) for name in self._means]

    def influence(self, rows: Rows) -> np.ndarray:
        """Influence of each run of `rows` on each outcome, shape (runs, outcomes)."""
        point = rows.runs["point"]
        columns = []
        for (measure, group), found in self._of_spells.items():
            spells, run = chosen_spells(rows, measure, group)
            for estimate in found.values():
                columns.append(np.bincount(run, estimate.influence(spells), minlength=len(point)))
        count = self._runs[point]
        freedom = np.where(count > 1, count - 1.0, np.nan)
        scale = 1.0 / np.sqrt(count * freedom)
        for name, numbers in _numbers(rows).items():
            columns.append((numbers - self._means[name][point]) * scale)
        return np.column_stack(columns)

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
        columns: list[tuple[np.ndarray, ...]] = []  # value, low, high, spells, runs, span
        for chosen, found in self._of_spells.items():
            curves = self._curves[chosen]
            for name, estimate in found.items():
                low, high = estimate.interval(error[:, len(columns)])
                span = np.full(self._points, estimate.span)
                columns.append((estimate.value, low, high, curves.num_spells, curves.runs, span))
                if name == "median_weeks":  # only its interval is known
                    error[:, len(columns) - 1] = np.nan
        for name, mean in self._means.items():
            lowest, highest = self._limits(name)
            own = error[:, len(columns)]
            low, high = intervals.bounded(mean, own, self._runs, self._runs, (lowest, highest))
            none = np.zeros(self._points)
            columns.append((mean, low, high, none, self._runs, highest - lowest))
        value, low, high, spells, runs, span = np.stack(columns).transpose(1, 2, 0)
        error = np.where(np.isnan(value) | (runs < 2), np.nan, error)
        return Estimates(
            self.outcomes, self._runs, spells, runs, span, value, error, low, high, covariance
        )

    def _limits(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest value that an outcome of a run can have, at each point."""
        none = np.zeros(self._points)
        if name in ("first_truce_weeks", "weeks_in_truce"):
            return none, self._weeks
        entry = entry_of(name)
        is_share = entry is not None and entry.unit == "share"
        return (none, none + 1.0) if is_share else (none - np.inf, none + np.inf)


def _estimates(curves: Curves, settings: Settings) -> dict[str, Estimate]:
    """Every outcome of a group of spells, by name."""
    return {
        **{f"survival_{days}": curves.at(days // 7) for days in settings.days},
        "rmst_weeks": curves.mean(settings.rmst_weeks),
        "median_weeks": curves.quantile(0.5),
        **{f"share_{name}": curves.share(code) for code, name in CAUSES.items() if code},
    }


def chosen_spells(rows: Rows, measure: int, group: str) -> tuple[Spells, np.ndarray]:
    """Spells of a measure and group (`GROUPS`), and the row of the run of each."""
    spells = rows.spells
    is_new = _is_new(rows) if group == "running" else None
    chosen = (spells["measure"] == measure) & of_group(spells, group, is_new)
    run, *columns = (
        spells[name][chosen] for name in ("run", "point", "entry_weeks", "duration_weeks", "cause")
    )
    return Spells(*columns), run


def _is_new(rows: Rows) -> np.ndarray:
    """Does the run of each spell start in a truce of age 0?

    Truces of a run are numbered from 0 and each has a spell: where there is one more than began in
    the run, the first was in force at its start.
    """
    run, runs = rows.spells["run"], len(rows.runs["point"])
    truces, entry = np.zeros(runs, dtype=np.int64), np.zeros(runs, dtype=np.int64)
    np.maximum.at(truces, run, rows.spells["truce"] + 1)
    np.maximum.at(entry, run, rows.spells["entry_weeks"])
    return np.asarray(((truces > rows.runs["num_truces"]) & (entry == 0))[run])


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
