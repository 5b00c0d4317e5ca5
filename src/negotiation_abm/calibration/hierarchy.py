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

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from negotiation_abm.calibration.features import POOLED
from negotiation_abm.calibration.pool import Member
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.priors import Entry, read_priors


@dataclass(frozen=True)
class Unknown:
    """A number that is sampled: its normal prior, and the spread that it is a multiple of."""

    label: str
    mean: float = 0.0
    sd: float = 1.0
    spread: str = ""


@dataclass(frozen=True)
class Expansion:
    """A log-likelihood to second order in the parts v: ``pull @ v - v @ curve @ v / 2``."""

    pull: np.ndarray
    curve: np.ndarray


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

    @property
    def prior_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and sd of the normal prior of each unknown."""
        return self._mean, self._sd

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
        """Which unknowns are spreads of deviations, shape (size,).

        The spread of soundness between truces is none: a likelihood integrates that out.
        """
        return np.isin(np.arange(self.size), [k for k, own in self._own.items() if len(own)])

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

    @cached_property
    def _quick_sums(self) -> tuple[csr_array, csr_array]:
        """The sums and their transpose, without the zeros that most of them are."""
        return csr_array(self._sums), csr_array(self._sums.T)

    def value_and_gradient(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Log posterior up to a constant, in nats, and its gradient."""
        sums, back = self._quick_sums
        thetas = sums @ self.parts(point) + self._held
        slopes = np.zeros(len(thetas))
        gap = (point - self._mean) / self._sd
        total = -0.5 * float(gap @ gap)
        for rows, member in self._counted:
            value, slopes[rows] = member.likelihood.value_and_gradient(thetas[rows])
            total += value
        pull = back @ slopes
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

    def scales(self, point: np.ndarray) -> np.ndarray:
        """What each unknown is multiplied with to be a part: its spread, or 1; shape (size,)."""
        scale = np.ones(self.size)
        inside = self._spread >= 0
        scale[inside] = np.abs(point[self._spread[inside]])
        return scale

    def expansions(self, point: np.ndarray) -> list[Expansion]:
        """The log-likelihood of each member around a point, to second order in the parts.

        What would make it curve upwards is left out.
        """
        parts = self.parts(point)
        thetas = self._sums @ parts + self._held
        found = []
        for rows, member in zip(self._rows, self.members, strict=True):
            likelihood, sums = member.likelihood, self._sums[rows]
            values, vectors = np.linalg.eigh(likelihood.information(thetas[rows]))
            curve = sums.T @ (vectors * np.maximum(values, 0.0)) @ (vectors.T @ sums)
            slope = sums.T @ likelihood.value_and_gradient(thetas[rows])[1]
            found.append(Expansion(curve @ parts + slope, curve))
        return found
