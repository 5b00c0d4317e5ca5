"""Spells as counts: all that an estimate or a clustered interval needs, whatever their number.

Spells of whole weeks are of few *kinds*: an age at entry, a duration, and a cause (or censored).
The number of spells of each kind gives every estimate. The sum over runs of the product of the
numbers of two kinds in one run gives every run-clustered variance: for an estimate whose spells
of kind k have influence ``phi[k]``,

    variance = sum over runs of (sum of phi over the spells of the run) ** 2 = phi' pairs phi

so one pass over the spells is enough, and nothing that follows depends on how many there were.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from negotiation_abm.survival.curves import Counts, Curves, Spells
from negotiation_abm.survival.intervals import LEVEL

if TYPE_CHECKING:
    from scipy import sparse

CENSORED = "censored"
HARMLESS = "fulfilled"  # an end that is no failure
KIND = ["entry_weeks", "duration_weeks", "cause"]


@dataclass(frozen=True)
class SpellCounts:
    """Spells counted by kind.

    Attributes
    ----------
    kinds : DataFrame
        One row a kind: entry_weeks, duration_weeks, cause (``censored`` if the end was not
        observed), count (summed weights, if spells have weights).
    pairs : sparse array, shape (num_kinds, num_kinds)
        Sum over runs of the product of two kinds' counts.
    num_spells, num_runs : int
    """

    kinds: pd.DataFrame
    pairs: "sparse.csr_array"
    num_spells: int
    num_runs: int

    @cached_property
    def spells(self) -> Spells:
        """The kinds as spells of one point, weighted by their counts."""
        code = {cause: number for number, cause in enumerate([CENSORED, *self.causes])}
        return Spells(
            np.zeros(len(self.kinds), dtype=np.int64),
            self.kinds["entry_weeks"].to_numpy(),
            self.kinds["duration_weeks"].to_numpy(),
            self.kinds["cause"].map(code).to_numpy(dtype=np.int64),
            self.kinds["count"].to_numpy(),
        )

    @cached_property
    def curves(self) -> Curves:
        """The estimator of these spells, as its only point."""
        return self.curves_at(LEVEL)

    def curves_at(self, level: float) -> Curves:
        """The estimator with intervals of another level."""
        causes = self.causes
        harmless = 1 + causes.index(HARMLESS) if HARMLESS in causes else None
        counts = Counts(1, len(causes), harmless)
        counts.add(self.spells, np.array([self.num_runs]))
        return Curves(counts, level=level)

    @property
    def entry(self) -> np.ndarray:
        """Age at entry of each kind, in weeks."""
        return self.spells.entry

    @property
    def duration(self) -> np.ndarray:
        """Duration of each kind, in weeks."""
        return self.spells.weeks

    @cached_property
    def observed(self) -> np.ndarray:
        """Is the end of this kind a failure?"""
        return np.asarray(self.curves.is_failure[self.spells.cause])

    @cached_property
    def size(self) -> np.ndarray:
        """Count of each kind."""
        return self.kinds["count"].to_numpy()

    @property
    def num_weeks(self) -> int:
        """Number of weeks of age, from 0 to the longest duration."""
        return self.curves.num_weeks

    @cached_property
    def causes(self) -> list[str]:
        """Causes observed, in alphabetical order."""
        return sorted(set(self.kinds["cause"]) - {CENSORED})

    @property
    def ended(self) -> np.ndarray:
        """Failures observed in each week."""
        return np.asarray(self.curves.ended[0])

    @property
    def at_risk(self) -> np.ndarray:
        """Spells at each age that have entered and not yet left."""
        return np.asarray(self.curves.at_risk[0])

    @property
    def hazard(self) -> np.ndarray:
        """Share of those at risk that fail in each week."""
        return np.asarray(self.curves.hazard[0])

    @property
    def survival(self) -> np.ndarray:
        """Kaplan-Meier: probability of lasting more than this number of weeks."""
        return np.asarray(self.curves.survival[0])

    @property
    def end_of_data(self) -> int:
        """Weeks of age up to which the curve is known: the last with spells at risk, plus 1."""
        return int(self.curves.end[0])

    def is_at_risk(self) -> np.ndarray:
        """Is a spell of kind k at risk in week w? shape (num_kinds, num_weeks)."""
        weeks = np.arange(self.num_weeks)
        return np.asarray((self.entry[:, None] <= weeks) & (weeks <= self.duration[:, None]))

    def variance(self, influence: np.ndarray) -> np.ndarray:
        """Sum over runs of the squared influence of a run.

        Parameters
        ----------
        influence : ndarray, shape (num_kinds,) or (num_kinds, num_outputs)
            Of one spell of each kind.
        """
        return np.asarray((influence * (self.pairs @ influence)).sum(axis=0))

    def covariance(self, influence: np.ndarray) -> np.ndarray:
        """Sum over runs of the outer product of a run's influence on several outputs."""
        return np.asarray(influence.T @ (self.pairs @ influence))


def count_spells(blocks: Iterable[pd.DataFrame]) -> SpellCounts | None:
    """Count blocks of spells by kind.

    Parameters
    ----------
    blocks : iterable of DataFrame
        Columns replicate, entry_weeks, duration_weeks, event_observed, cause, and ``weight`` where
        spells have weights. All spells of a run stand in one frame, in order of replicate.

    Returns
    -------
    SpellCounts or None
        None if there are no spells.
    """
    total: SpellCounts | None = None
    for block in blocks:
        if len(block):
            counts = _counted(block)
            total = counts if total is None else merged(total, counts)
    return total


def _counted(block: pd.DataFrame) -> SpellCounts:
    from scipy import sparse

    entry, weeks = block["entry_weeks"].to_numpy(), block["duration_weeks"].to_numpy()
    cause = block["cause"].astype("category").cat
    code = np.where(block["event_observed"].to_numpy(), cause.codes, -1)
    radix = len(cause.categories) + 1
    key = (entry.astype(np.int64) * (int(weeks.max()) + 1) + weeks) * radix + code + 1
    number, kept = pd.factorize(key)
    whole, part = np.divmod(kept, radix)
    names = np.array([CENSORED, *cause.categories], dtype=object)
    weight = block["weight"].to_numpy() if "weight" in block else np.ones(len(block), dtype=int)
    dtype = np.int64 if weight.dtype.kind in "iu" else np.float64
    kinds = pd.DataFrame(
        {
            "entry_weeks": whole // (int(weeks.max()) + 1),
            "duration_weeks": whole % (int(weeks.max()) + 1),
            "cause": names[part],
            "count": np.bincount(number, weights=weight).astype(dtype),
        }
    )
    replicate = block["replicate"].to_numpy()
    starts = np.flatnonzero(np.diff(replicate, prepend=replicate[0] - 1))
    ends = np.append(starts, len(block)).astype(np.int32)
    shape = (len(starts), len(kept))
    held = sparse.csr_array((weight.astype(float), number.astype(np.int32), ends), shape=shape)
    return SpellCounts(kinds, sparse.csr_array(held.T @ held), len(block), len(starts))


def merged(one: SpellCounts, other: SpellCounts) -> SpellCounts:
    """Counts of two sets of runs that have no run in common."""
    from scipy import sparse

    both = pd.concat([one.kinds, other.kinds], ignore_index=True)
    groups = both.groupby(KIND, sort=False)
    number = groups.ngroup().to_numpy()
    kinds = groups["count"].sum().reset_index()
    size = len(kinds)
    moved = [
        sparse.coo_array((pairs.data, (place[pairs.row], place[pairs.col])), shape=(size, size))
        for pairs, place in (
            (one.pairs.tocoo(), number[: len(one.kinds)]),
            (other.pairs.tocoo(), number[len(one.kinds) :]),
        )
    ]
    return SpellCounts(
        kinds,
        sparse.csr_array(moved[0] + moved[1]),
        one.num_spells + other.num_spells,
        one.num_runs + other.num_runs,
    )
