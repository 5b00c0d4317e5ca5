"""Survival of many points at once, from counts by whole weeks.

The estimators of `negotiation_abm.survival` (Kaplan-Meier with late entry, variances as sums of
squared influence over runs), laid out for many small tables: axis 0 is the point, the last axis
the week of age. The influence of a spell on an estimate is a difference of two entries of a table
and, if it ended, of a third, so it costs three look-ups a spell.
"""

from dataclasses import dataclass

import numpy as np

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.run.spells import CAUSES
from negotiation_abm.sweep.reader import Rows

NUM_CAUSES = len(CAUSES)
ROUNDING = 1e-12  # a product of shares that comes to one half may come a little above


@dataclass(frozen=True)
class Chosen:
    """The spells of one measure and group."""

    run: np.ndarray
    point: np.ndarray
    entry: np.ndarray
    weeks: np.ndarray
    cause: np.ndarray

    @property
    def ended(self) -> np.ndarray:
        """Was the end seen?"""
        return np.asarray(self.cause != TruceEnd.CENSORED)


def choose(rows: Rows, measure: int, group: str) -> Chosen:
    """Spells of a measure: of all truces, or of the one that was running at the start."""
    spells = rows.spells
    chosen = spells["measure"] == measure
    if group == "running":
        chosen &= (spells["truce"] == 0) & (spells["start_week"] <= 0)
    names = ("run", "point", "entry_weeks", "duration_weeks", "cause")
    return Chosen(*(spells[name][chosen] for name in names))


class Counts:
    """Spells entered and left, by point, cause (0: censored) and week of age."""

    def __init__(self, points: int) -> None:
        self.entered = np.zeros((points, 1), dtype=np.int64)
        self.left = np.zeros((points, NUM_CAUSES, 1), dtype=np.int64)

    def add(self, spells: Chosen) -> None:
        """Count the spells."""
        points = len(self.entered)
        weeks = max(self.entered.shape[1], int(spells.weeks.max(initial=0)) + 1)
        more = weeks - self.entered.shape[1]
        entered = np.bincount(spells.point * weeks + spells.entry, minlength=points * weeks)
        place = (spells.point * NUM_CAUSES + spells.cause) * weeks + spells.weeks
        left = np.bincount(place, minlength=points * NUM_CAUSES * weeks)
        self.entered = np.pad(self.entered, ((0, 0), (0, more))) + entered.reshape(points, weeks)
        self.left = np.pad(self.left, ((0, 0), (0, 0), (0, more))) + left.reshape(
            points, NUM_CAUSES, weeks
        )


class Curves:
    """Survival of each point, from its counts.

    Attributes
    ----------
    survival : ndarray, shape (points, weeks)
    known : ndarray of bool, shape (points, weeks)
        False beyond the data of a point.
    """

    def __init__(self, counts: Counts, least_weeks: int) -> None:
        more = max(0, least_weeks - counts.entered.shape[1])
        entered = np.pad(counts.entered, ((0, 0), (0, more)))
        left = np.pad(counts.left, ((0, 0), (0, 0), (0, more)))
        ended = left[:, 1:].sum(axis=1)
        gone = np.cumsum(left.sum(axis=1), axis=1)
        self.at_risk = np.cumsum(entered, axis=1) - np.pad(gone, ((0, 0), (1, 0)))[:, :-1]
        self.hazard = np.divide(
            ended, self.at_risk, out=np.zeros(ended.shape), where=self.at_risk > 0
        )
        self.survival = np.cumprod(1.0 - self.hazard, axis=1)
        spare = self.at_risk * (1.0 - self.hazard)
        self._jump = np.divide(1.0, spare, out=np.zeros(spare.shape), where=spare > 0)
        reached = np.flip(np.maximum.accumulate(np.flip(self.at_risk, axis=1), axis=1), axis=1)
        self.known = (reached > 0) | (self.survival <= 0.0)
        self.num_spells = entered.sum(axis=1)
        self.ended = left[:, 1:].sum(axis=2)  # by cause
        self.num_ended = self.ended.sum(axis=1)

    def median(self, level: np.ndarray | float = 0.5) -> np.ndarray:
        """First week at which survival is at most `level`; NaN where it is not reached."""
        line = np.broadcast_to(level, len(self.survival))[:, None] + ROUNDING
        below = self.survival <= line
        week = np.asarray(below.argmax(axis=1), dtype=float)
        week[~below.any(axis=1) | (self.num_spells == 0)] = np.nan
        return week

    def at(self, week: int) -> np.ndarray:
        """Probability of lasting more than `week` weeks; NaN beyond the data."""
        found = np.where(self.known[:, week], self.survival[:, week], np.nan)
        return np.asarray(np.where(self.num_spells > 0, found, np.nan))

    def mean(self, weeks: int) -> np.ndarray:
        """Mean duration up to `weeks` weeks (RMST); NaN where the data end before."""
        area = self.survival[:, :weeks].sum(axis=1)
        known = self.known[:, weeks - 1] & (self.num_spells > 0)
        return np.asarray(np.where(known, area, np.nan))

    def weight_at(self, week: np.ndarray) -> np.ndarray:
        """What a change of each week's hazard does to survival at `week`, one of each point."""
        points = np.arange(len(self.survival))
        until = np.arange(self.survival.shape[1])[None, :] <= week[:, None]
        return np.asarray(until * self.survival[points, week][:, None])

    def weight_mean(self, weeks: int) -> np.ndarray:
        """The same for the mean duration up to `weeks` weeks."""
        inside = self.survival.copy()
        inside[:, weeks:] = 0.0
        return np.asarray(np.flip(np.cumsum(np.flip(inside, axis=1), axis=1), axis=1))

    def influence(self, weight: np.ndarray, spells: Chosen, runs: int) -> np.ndarray:
        """Influence of each run on an estimate with that weight, shape (runs,)."""
        jump = weight * self._jump
        drift = np.pad(np.cumsum(self.hazard * jump, axis=1), ((0, 0), (1, 0)))
        own = drift[spells.point, spells.weeks + 1] - drift[spells.point, spells.entry]
        own -= np.where(spells.ended, jump[spells.point, spells.weeks], 0.0)
        return np.bincount(spells.run, own, minlength=runs)

    def share(self, cause: int) -> np.ndarray:
        """Share of a cause among the ends seen; NaN where there are none."""
        total = self.num_ended
        out = np.full(len(total), np.nan)
        return np.asarray(np.divide(self.ended[:, cause - 1], total, out=out, where=total > 0))

    def share_influence(self, cause: int, spells: Chosen, runs: int) -> np.ndarray:
        """Influence of each run on the share of a cause, shape (runs,)."""
        share = np.nan_to_num(self.share(cause))
        total = np.maximum(1, self.num_ended)
        own = (spells.cause == cause) - share[spells.point] * spells.ended
        return np.bincount(spells.run, own / total[spells.point], minlength=runs)
