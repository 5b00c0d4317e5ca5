"""The posterior of a pool: draws of the coefficients of each of its members.

Chains move by Hamiltonian Monte Carlo in coordinates in which the posterior given the spreads is
close to a standard normal (`surrogate`); after every path new spreads are proposed at the same
coordinates.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.pool import Member
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.posterior import (
    CHAINS,
    OVERDISPERSED,
    WARM_UP,
    Chain,
    Target,
    in_threads,
    mixing,
)
from negotiation_abm.calibration.surrogate import Frame, Surrogate, find_surrogate

INTERVAL = (0.05, 0.95)
NEW_SPREADS = (True, False) * 3  # proposals after each path: is one anew?
TAILS = 5.0  # degrees of freedom of a proposal


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


def fit_pool(
    members: Sequence[Member],
    pool: Pool,
    draws: int = 400,
    seed: int = 1,
    left_out: Collection[str] = (),
    chains: int = CHAINS,
    warm_up: int = WARM_UP,
    surrogate: Surrogate | None = None,
) -> PooledFit:
    """Draw from the posterior of a pool.

    Parameters
    ----------
    draws : int
        A chain.
    left_out : collection of str
        Members whose record does not count; their coefficients are predicted.
    surrogate : Surrogate, optional
        Of the same members; it changes the speed, not what the draws are of.
    """
    hierarchy = Hierarchy(members, pool, left_out)
    near = surrogate.of(hierarchy) if surrogate else find_surrogate(hierarchy)
    mode, _ = near.logs  # once, before the chains begin

    def one(rng: np.random.Generator) -> tuple[np.ndarray, float]:
        chain, path = PoolChain(near, rng), []
        for number in range(warm_up + draws):
            if number == warm_up:
                chain.settle()
            chain.move()
            for far in NEW_SPREADS if len(mode) else ():
                chain.move_spreads(far)
            path.append(near.point(chain.frame, chain.point))
        return np.array(path[warm_up:]), chain.accepted

    points, accepted = in_threads(one, chains, seed)
    return PooledFit(hierarchy, points, accepted)


class PoolChain(Chain):
    """A chain over a pool: paths given the spreads, and new spreads given the coordinates.

    Parameters
    ----------
    near : Surrogate
    """

    def __init__(self, near: Surrogate, rng: np.random.Generator) -> None:
        self.near = near
        mode, root = near.logs
        start = np.exp(mode + root @ rng.standard_normal(len(mode)))
        self.frame = near.frame(start)
        size = len(self.frame.mean)
        super().__init__(self._given(self.frame), OVERDISPERSED * rng.standard_normal(size), rng)

    def _given(self, frame: Frame) -> Target:
        """Log density of the coordinates given spreads, with the volume of the coordinates."""
        near, free = self.near, ~self.near.is_spread

        def target(z: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = near.hierarchy.value_and_gradient(near.point(frame, z))
            return value + frame.size, frame.slope(slope[free])

        return target

    def move_spreads(self, far: bool) -> None:
        """Propose spreads: anew from around the surrogate's mode, or near where they are."""
        mode, root = self.near.logs
        old = np.log(self.frame.spreads)
        step = root @ self.rng.standard_normal(len(mode))
        tails = np.sqrt(self.rng.chisquare(TAILS) / TAILS)
        logs = mode + step / tails if far else old + step
        frame = self.near.frame(np.exp(logs))
        target = self._given(frame)
        value, slope = target(self.point)
        gain = value - self.value + logs.sum() - old.sum()
        if far:
            gain += self._density(old) - self._density(logs)
        if np.log(self.rng.uniform()) < gain:
            self.frame, self.target, self.value, self.slope = frame, target, value, slope

    def _density(self, logs: np.ndarray) -> float:
        """Log density of a proposal, up to a constant."""
        mode, root = self.near.logs
        far = np.linalg.solve(root, logs - mode)
        return float(-0.5 * (TAILS + len(mode)) * np.log1p(far @ far / TAILS))
