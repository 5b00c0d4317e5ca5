"""Coefficients of several episodes as one hierarchy, and the log posterior over it.

What all episodes share is one number. A base value of a move is a common mean, plus a deviation of
the government, plus one of the episode and side; a parameter that differs between episodes is a
mean plus a deviation, and a habit of a lever a deviation alone. A deviation is a standard normal
times a spread (non-centred, Betancourt and Girolami 2015), and spreads are estimated, under
half-normal priors. `unknowns` lists the numbers that are sampled, and every coefficient of an
episode is a sum of some of their `parts`. The sign of a spread means nothing: it is sampled as a
normal number of either sign, so that a path can pass 0.

An episode without a likelihood keeps its deviations, and they follow their priors: this is how an
episode is left out, and how a new one is drawn.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from negotiation_abm.calibration.features import POOLED
from negotiation_abm.calibration.pool import Member
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.priors import Entry, read_priors

WIDTH = 1.0  # of a slice before it is stretched or shrunk, in logarithms
LEAST = np.log(1e-3)  # of the logarithm of a spread


@dataclass(frozen=True)
class Unknown:
    """A number that is sampled: its normal prior, and the spread that it is a multiple of."""

    label: str
    mean: float = 0.0
    sd: float = 1.0
    spread: str = ""


class Hierarchy:
    """The unknowns of a pool, and what they make of the coefficients of each member.

    Parameters
    ----------
    members : sequence of Member
    pool : Pool
    left_out : collection of str
        Members whose record does not count.

    Attributes
    ----------
    unknowns : list of Unknown
        Spreads come last, by the names of the pool's file.
    """

    def __init__(
        self, members: Sequence[Member], pool: Pool, left_out: Collection[str] = ()
    ) -> None:
        self.members = list(members)
        self.left_out = frozenset(left_out)
        self.spreads = {name: sd for name, sd in pool.spreads.items() if sd > 0.0}
        coefficients = [c for member in members for c in member.data.coefficients]
        self._entries = read_priors(coefficients, pool.priors)
        found: dict[str, Unknown] = {}
        parts = [
            [self._parts(member, k, found) for k in range(len(member.data.coefficients))]
            for member in members
        ]
        found |= {name: Unknown(name, sd=sd) for name, sd in self.spreads.items()}
        self.unknowns = list(found.values())
        place = {label: number for number, label in enumerate(found)}
        self._sums = np.zeros((sum(map(len, parts)), len(found)))
        self._held = np.zeros(len(self._sums))
        for row, (labels, value) in enumerate(part for own in parts for part in own):
            self._held[row] = value
            self._sums[row, [place[label] for label in labels]] = 1.0
        ends = np.cumsum([len(own) for own in parts])
        self._rows = [slice(end - len(own), end) for own, end in zip(parts, ends, strict=True)]
        self._spread = np.array([place[u.spread] if u.spread else -1 for u in self.unknowns])
        self._mean = np.array([unknown.mean for unknown in self.unknowns])
        self._sd = np.array([unknown.sd for unknown in self.unknowns])
        self._own = {
            place[name]: np.flatnonzero(self._spread == place[name]) for name in self.spreads
        }

    def _parts(self, member: Member, k: int, found: dict[str, Unknown]) -> tuple[list[str], float]:
        """Labels of what a coefficient is the sum of, and what is held; new ones are noted."""
        coefficient = member.data.coefficients[k]
        name = coefficient.parameter
        entry: Entry = self._entries[name]
        if entry.kind == "rayleigh":  # a spread of the rules themselves
            return ([name], 0.0) if name in self.spreads else ([], 0.0)
        parts: list[Unknown] = []
        if entry.sd > 0.0 and name != "lever_bias":
            parts.append(Unknown(f"mean of {name}", entry.mean, entry.sd))
        if name in POOLED:
            government = member.governments[k]
            parts.append(Unknown(f"{name}, {government}", spread="government"))
            parts.append(Unknown(f"{name}, {government} in {member.name}", spread="episode"))
        elif name in self.spreads:
            parts.append(Unknown(f"{coefficient.label} in {member.name}", spread=name))
        parts = [part for part in parts if not part.spread or part.spread in self.spreads]
        for part in parts:
            found.setdefault(part.label, part)
        return [part.label for part in parts], entry.mean if entry.sd == 0.0 else 0.0

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return len(self.unknowns)

    def start(self) -> np.ndarray:
        """A point to begin at: prior means, spreads at half the sd of their priors."""
        point = self._mean.copy()
        for place in self._own:
            point[place] = 0.5 * self._sd[place]
        return point

    def prior_draw(self, rng: np.random.Generator) -> np.ndarray:
        """A point drawn from the prior, shape (size,)."""
        return np.asarray(self._mean + self._sd * rng.standard_normal(self.size))

    def is_spread(self) -> np.ndarray:
        """Which unknowns are spreads, shape (size,)."""
        return np.isin(np.arange(self.size), list(self._own))

    def parts(self, points: np.ndarray) -> np.ndarray:
        """What coefficients are sums of, shape (..., size): deviations times their spreads."""
        values = points.copy()
        inside = self._spread >= 0
        values[..., inside] *= points[..., self._spread[inside]]
        values[..., list(self._own)] = np.abs(points[..., list(self._own)])
        return np.asarray(values)

    def coefficients(self, points: np.ndarray, number: int) -> np.ndarray:
        """Coefficients of one member at points of shape (..., size): shape (..., K)."""
        rows = self._rows[number]
        return np.asarray(self.parts(points) @ self._sums[rows].T + self._held[rows])

    @cached_property
    def _counted(self) -> list[tuple[slice, Member]]:
        pairs = zip(self._rows, self.members, strict=True)
        return [(rows, member) for rows, member in pairs if member.name not in self.left_out]

    def value_and_gradient(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Log posterior up to a constant, in nats, and its gradient."""
        thetas = self._sums @ self.parts(point) + self._held
        slopes = np.zeros(len(thetas))
        gap = (point - self._mean) / self._sd
        total = -0.5 * float(gap @ gap)
        for rows, member in self._counted:
            value, slopes[rows] = member.likelihood.value_and_gradient(thetas[rows])
            total += value
        pull = slopes @ self._sums
        return total, self._pulled(pull, point) - gap / self._sd

    def _pulled(self, pull: np.ndarray, point: np.ndarray) -> np.ndarray:
        """Slopes by unknown from slopes by part, shape (..., size)."""
        inside = self._spread >= 0
        slopes = pull.copy()
        slopes[..., inside] *= point[self._spread[inside]]
        for place, own in self._own.items():
            slopes[..., place] *= np.sign(point[place])
            slopes[..., place] += pull[..., own] @ point[own]
        return np.asarray(slopes)

    def informations(self, point: np.ndarray) -> list[np.ndarray]:
        """Information of each member's record at a point, without what would make it negative."""
        thetas = self._sums @ self.parts(point) + self._held
        found = []
        for rows, member in zip(self._rows, self.members, strict=True):
            values, vectors = np.linalg.eigh(member.likelihood.information(thetas[rows]))
            found.append((vectors * np.maximum(values, 0.0)) @ vectors.T)
        return found

    def root(self, point: np.ndarray, informations: Sequence[np.ndarray]) -> np.ndarray:
        """Root of the covariance of a normal close to the posterior around a point.

        From the Gauss-Newton part of the information of the records.
        """
        precision = np.diag(1.0 / self._sd**2)
        for rows, member, known in zip(self._rows, self.members, informations, strict=True):
            if member.name not in self.left_out:
                slopes = self._pulled(self._sums[rows], point)
                precision += slopes.T @ known @ slopes
        factor = np.linalg.cholesky(precision)
        return np.asarray(solve_triangular(factor, np.eye(self.size), lower=True).T)

    def with_new_spreads(self, point: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Spreads and the split of coefficients into parts, drawn anew given all coefficients.

        Given these all is normal, so the parts are integrated out while the spreads are drawn, and
        drawn after them. It costs no likelihood, and it moves spreads that records say little about
        further than a path does.
        """
        new, fixed = point.copy(), self.parts(point)
        groups = self._groups
        totals = [group.sums @ fixed[group.unknowns] for group in groups]
        for place, using in self._using.items():
            sds = self._sds(new)

            def density(
                log: float, place: int = place, using: list[int] = using, sds: np.ndarray = sds
            ) -> float:
                if log < LEAST:
                    return -np.inf
                sds[self._own[place]] = spread = np.exp(log)
                parts = sum(groups[n].log_density(totals[n], self._mean, sds) for n in using)
                return float(parts + log - 0.5 * (spread / self._sd[place]) ** 2)

            new[place] = np.exp(_sliced(density, max(np.log(fixed[place]), LEAST), rng))
        sds = self._sds(new)
        for group, total in zip(groups, totals, strict=True):
            new[group.unknowns] = group.drawn(total, self._mean, sds, rng)
        inside = self._spread >= 0
        new[inside] /= new[self._spread[inside]]
        return new

    def _sds(self, point: np.ndarray) -> np.ndarray:
        """Sd of each part given the spreads of a point."""
        sds = self._sd.copy()
        inside = self._spread >= 0
        sds[inside] = np.abs(point[self._spread[inside]])
        return sds

    @cached_property
    def _using(self) -> dict[int, list[int]]:
        """Spreads that have deviations, and the groups that these lie in."""
        return {
            place: [n for n, g in enumerate(self._groups) if np.isin(own, g.unknowns).any()]
            for place, own in self._own.items()
            if len(own)
        }

    @cached_property
    def _groups(self) -> list["_Group"]:
        """Coefficients of one parameter over all members, for those with deviations."""
        names = np.array([c.parameter for m in self.members for c in m.data.coefficients])
        groups = []
        for name in dict.fromkeys(names.tolist()):
            rows = self._sums[names == name]
            used = np.flatnonzero(rows.any(axis=0))
            if (self._spread[used] >= 0).any():
                groups.append(_Group(used, np.unique(rows[:, used], axis=0)))
        return groups


@dataclass(frozen=True)
class _Group:
    """Coefficients that are sums of the same normal parts.

    Attributes
    ----------
    unknowns : ndarray of int
        The parts, by their places among all.
    sums : ndarray, shape (coefficients, parts)
    """

    unknowns: np.ndarray
    sums: np.ndarray

    @cached_property
    def _is_plain(self) -> bool:
        """Is every coefficient one part of its own?"""
        return bool((self.sums.sum(axis=1) == 1.0).all())

    def _covariance(self, sds: np.ndarray) -> np.ndarray:
        scaled = self.sums * sds[self.unknowns]
        return np.asarray(scaled @ scaled.T)

    def log_density(self, totals: np.ndarray, mean: np.ndarray, sds: np.ndarray) -> float:
        """Of the coefficients, up to a constant."""
        if self._is_plain:
            sd = self.sums @ sds[self.unknowns]
            gap = (totals - self.sums @ mean[self.unknowns]) / sd
            return float(-0.5 * gap @ gap - np.log(sd).sum())
        covariance = self._covariance(sds)
        gap = totals - self.sums @ mean[self.unknowns]
        size = np.linalg.slogdet(covariance)[1]
        return float(-0.5 * gap @ np.linalg.solve(covariance, gap) - 0.5 * size)

    def drawn(
        self, totals: np.ndarray, mean: np.ndarray, sds: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """The parts given the coefficients (Matheron's rule)."""
        if self._is_plain:
            return np.asarray(self.sums.T @ totals)
        sd = sds[self.unknowns]
        parts = mean[self.unknowns] + sd * rng.standard_normal(len(sd))
        gap = np.linalg.solve(self._covariance(sds), totals - self.sums @ parts)
        return np.asarray(parts + sd**2 * (self.sums.T @ gap))


def _sliced(density: Callable[[float], float], at: float, rng: np.random.Generator) -> float:
    """One move of slice sampling, with steps out and shrinkage (Neal 2003)."""
    line = density(at) + np.log(rng.uniform())
    low = at - WIDTH * rng.uniform()
    high = low + WIDTH
    while density(low) > line:
        low -= WIDTH
    while density(high) > line:
        high += WIDTH
    while True:
        new = float(rng.uniform(low, high))
        if density(new) > line:
            return new
        low, high = (new, high) if new < at else (low, new)
