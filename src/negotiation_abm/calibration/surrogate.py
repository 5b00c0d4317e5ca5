"""The posterior of a pool as a normal given its spreads: coordinates for a sampler.

Where the log-likelihood of every member is taken to second order, all unknowns but the spreads are
normal given these, with a mean and a covariance in closed form. The sampler moves in coordinates in
which that normal is a standard one *at each value of the spreads*, so that a spread and what it
multiplies hardly depend on each other (an elliptical reparametrisation; Christensen, Roberts and
Sköld 2006). How the posterior differs from the normal, the sampler corrects: the surrogate changes
its speed, not what its draws are of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import blas, lapack
from scipy.optimize import minimize

from negotiation_abm.calibration.hierarchy import Expansion, Hierarchy

SEARCHES = 3  # for where to expand, each with the curvature where the last one ended
NEAR = 0.1  # a slope, in nats per sd, from which a point counts as the mode for a surrogate
LOGS = (np.log(0.02), np.log(4.0))  # of a spread over the sd of its prior, between which to search
STEP = 0.05  # of differences in logarithms of spreads
FLAT = 0.5  # least curvature in a logarithm that proposals rely on


@dataclass(frozen=True)
class Frame:
    """Coordinates z at one value of the spreads, for what is not a spread.

    Attributes
    ----------
    spreads : ndarray
    mean : ndarray, shape (free,)
        At ``z = 0``.
    factor : ndarray, shape (free, free)
        Lower Cholesky factor of the precision.
    size : float
        Logarithm of the volume of a unit of z.
    evidence : float
        Log density of the spreads under the surrogate, up to a constant.
    """

    spreads: np.ndarray
    mean: np.ndarray
    factor: np.ndarray
    size: float
    evidence: float

    def values(self, z: np.ndarray) -> np.ndarray:
        """What is not a spread."""
        return np.asarray(self.mean + blas.dtrsv(self.factor, z, lower=1, trans=1))

    def slope(self, gradient: np.ndarray) -> np.ndarray:
        """Gradient by z from one by what is not a spread."""
        return np.asarray(blas.dtrsv(self.factor, gradient, lower=1))


@dataclass(frozen=True)
class Surrogate:
    """A pool's posterior to second order.

    Attributes
    ----------
    centre : ndarray, shape (unknowns,)
        Near the mode given likely spreads; the likelihoods are expanded around it.
    expansions : list of Expansion
        One a member; those of members that are left out do not count.
    """

    hierarchy: Hierarchy
    centre: np.ndarray
    expansions: Sequence[Expansion]

    def of(self, hierarchy: Hierarchy) -> "Surrogate":
        """The same expansions for a hierarchy of the same members of which others are left out."""
        return Surrogate(hierarchy, self.centre, self.expansions)

    @cached_property
    def is_spread(self) -> np.ndarray:
        """Which unknowns are spreads, shape (unknowns,)."""
        return self.hierarchy.is_spread()

    @cached_property
    def _total(self) -> Expansion:
        """Over all members that count, of what is not a spread."""
        pairs = zip(self.hierarchy.members, self.expansions, strict=True)
        used = [one for member, one in pairs if member.name not in self.hierarchy.left_out]
        free = np.flatnonzero(~self.is_spread)
        pull = sum((one.pull[free] for one in used), np.zeros(len(free)))
        curve = sum((one.curve[np.ix_(free, free)] for one in used), np.zeros((len(free),) * 2))
        return Expansion(pull, curve)

    def frame(self, spreads: np.ndarray) -> Frame:
        """Coordinates at positive spreads, in the order of the unknowns."""
        free = ~self.is_spread
        mean, sd = (moment[free] for moment in self.hierarchy.prior_moments)
        point = np.zeros(self.hierarchy.size)
        point[self.is_spread] = spreads
        scale = self.hierarchy.scales(point)[free]
        slope = scale * self._total.pull + mean / sd**2
        precision = self._total.curve * scale * scale[:, None]
        precision[np.diag_indices_from(precision)] += 1.0 / sd**2
        factor, _ = lapack.dpotrf(precision.T, lower=1, overwrite_a=1)
        half = blas.dtrsv(factor, slope, lower=1)
        size = -float(np.log(np.diag(factor)).sum())
        top = self.hierarchy.prior_moments[1][self.is_spread]
        evidence = 0.5 * (half @ half - np.square(spreads / top).sum()) + size
        mean = blas.dtrsv(factor, half, lower=1, trans=1)
        return Frame(spreads, mean, factor, size, float(evidence))

    def point(self, frame: Frame, z: np.ndarray) -> np.ndarray:
        """The unknowns at coordinates z."""
        point = np.empty(self.hierarchy.size)
        point[self.is_spread] = frame.spreads
        point[~self.is_spread] = frame.values(z)
        return point

    @cached_property
    def logs(self) -> tuple[np.ndarray, np.ndarray]:
        """Mode of the logarithms of the spreads, and a root of their covariance there."""
        sd = self.hierarchy.prior_moments[1][self.is_spread]
        if not len(sd):
            return np.zeros(0), np.zeros((0, 0))

        def loss(logs: np.ndarray) -> float:
            return -self.frame(np.exp(logs)).evidence - float(logs.sum())

        bounds = [tuple(np.log(top) + np.array(LOGS)) for top in sd]
        best = minimize(loss, np.log(0.5 * sd), method="L-BFGS-B", bounds=bounds).x
        steps = STEP * np.eye(len(sd))
        values = np.array(
            [[loss(best + a + b) - loss(best + a - b) for b in steps] for a in steps]
        ) - np.array([[loss(best - a + b) - loss(best - a - b) for b in steps] for a in steps])
        bends, vectors = np.linalg.eigh((values + values.T) / (8.0 * STEP**2))
        return best, vectors / np.sqrt(np.maximum(bends, FLAT))


def find_surrogate(hierarchy: Hierarchy) -> Surrogate:
    """Expand a posterior near its mode given the spreads that are most likely.

    The members that are left out are expanded too, so that the result serves for any of them.
    """
    found = Surrogate(hierarchy, hierarchy.start(), hierarchy.expansions(hierarchy.start()))
    spreads = hierarchy.start()[found.is_spread]
    for _ in range(SEARCHES):
        frame = found.frame(spreads)

        def loss(z: np.ndarray, at: Surrogate = found, by: Frame = frame):  # type: ignore[no-untyped-def]
            value, slope = hierarchy.value_and_gradient(at.point(by, z))
            return -value, -by.slope(slope[~at.is_spread])

        origin, options = np.zeros(len(frame.mean)), {"gtol": NEAR, "maxiter": 200}
        best = minimize(loss, origin, jac=True, method="L-BFGS-B", options=options)
        centre = found.point(frame, best.x)
        found = Surrogate(hierarchy, centre, hierarchy.expansions(centre))
        spreads = np.exp(found.logs[0])
    return found
