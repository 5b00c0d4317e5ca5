"""The posterior of a pool: draws of the coefficients of each of its members.

Chains move by Hamiltonian Monte Carlo in coordinates in which the curvature at the mode is 1; after
every path the spreads are also drawn anew given the coefficients, because one of the two mixes
where the other does not.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.pool import Member
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.posterior import (
    CHAINS,
    OVERDISPERSED,
    WARM_UP,
    Chain,
    in_threads,
    mixing,
)

SEARCHES = 2  # for the mode, each with the curvature where the last one ended
INTERVAL = (0.05, 0.95)
NEAR = 0.05  # a slope, in nats per sd, from which a point counts as the mode for a metric


@dataclass(frozen=True)
class PooledFit:
    """Posterior draws of a pool.

    Attributes
    ----------
    hierarchy : Hierarchy
    points : ndarray, shape (chains, draws, unknowns)
    accepted : float
        Share of proposals accepted.
    """

    hierarchy: Hierarchy
    points: np.ndarray
    accepted: float

    def draws(self, number: int) -> np.ndarray:
        """Coefficients of one member, shape (chains, draws, K)."""
        return self.hierarchy.coefficients(self.points, number)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a part: unknown, times, mean, sd, low, high (90 %), prior_sd, diagnostics.

        The diagnostics are r_hat and effective_size (`mixing`). A deviation stands times its
        spread (`times`), and its `prior_sd` is that of the multiple.
        """
        unknowns = self.hierarchy.unknowns
        parts = self.hierarchy.parts(self.points)
        r_hat, size = mixing(parts)
        flat = parts.reshape(-1, len(unknowns))
        low, high = np.quantile(flat, INTERVAL, axis=0)
        return pd.DataFrame(
            {
                "unknown": [unknown.label for unknown in unknowns],
                "times": [unknown.spread for unknown in unknowns],
                "mean": flat.mean(axis=0),
                "sd": flat.std(axis=0),
                "low": low,
                "high": high,
                "prior_sd": [unknown.sd for unknown in unknowns],
                "r_hat": r_hat,
                "effective_size": size,
            }
        )


@dataclass(frozen=True)
class Metric:
    """Where a posterior lies: a point near its mode, and what each record says there."""

    centre: np.ndarray
    informations: list[np.ndarray]


def fit_pool(
    members: Sequence[Member],
    pool: Pool,
    draws: int = 400,
    seed: int = 1,
    left_out: Collection[str] = (),
    chains: int = CHAINS,
    warm_up: int = WARM_UP,
    metric: Metric | None = None,
) -> PooledFit:
    """Draw from the posterior of a pool.

    Parameters
    ----------
    draws : int
        A chain.
    left_out : collection of str
        Members whose record does not count; their coefficients are predicted.
    metric : Metric, optional
        Of the same members; it changes the speed, not what the draws are of.
    """
    hierarchy = Hierarchy(members, pool, left_out)
    near = metric or find_metric(hierarchy)
    centre, root = near.centre, hierarchy.root(near.centre, near.informations)
    back = np.linalg.inv(root)

    def target(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = hierarchy.value_and_gradient(centre + root @ z)
        return value, root.T @ slope

    def one(rng: np.random.Generator) -> tuple[np.ndarray, float]:
        chain = Chain(target, OVERDISPERSED * rng.standard_normal(hierarchy.size), rng)
        path = []
        for number in range(warm_up + draws):
            if number == warm_up:
                chain.settle()
            chain.move()
            point = hierarchy.with_new_spreads(centre + root @ chain.point, rng)
            chain.go_to(back @ (point - centre))
            path.append(point)
        return np.array(path[warm_up:]), chain.accepted

    points, accepted = in_threads(one, chains, seed)
    return PooledFit(hierarchy, points, accepted)


def find_metric(hierarchy: Hierarchy) -> Metric:
    """Where the posterior is highest given usual spreads, roughly."""
    point = hierarchy.start()
    is_free = ~hierarchy.is_spread()
    for _ in range(SEARCHES):
        root = hierarchy.root(point, hierarchy.informations(point)) * is_free[:, None]

        def loss(z: np.ndarray, at: np.ndarray = point, by: np.ndarray = root):  # type: ignore[no-untyped-def]
            value, slope = hierarchy.value_and_gradient(at + by @ z)
            return -value, -(by.T @ slope)

        origin, options = np.zeros(hierarchy.size), {"gtol": NEAR, "maxiter": 200}
        best = minimize(loss, origin, jac=True, method="L-BFGS-B", options=options)
        point = point + root @ best.x
    return Metric(point, hierarchy.informations(point))
