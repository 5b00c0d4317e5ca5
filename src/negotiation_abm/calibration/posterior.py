"""A sample of the posterior: Hamiltonian Monte Carlo, and diagnostics of its chains.

The posterior is log-concave and close to normal, so the sampler works in coordinates in which the
Laplace approximation is a standard normal (Neal 2011). Diagnostics are the rank-normalised split
R-hat and the bulk effective sample size of Vehtari et al. (2021), as arviz-stats computes them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from negotiation_abm.calibration.fit import Fit
from negotiation_abm.run.batch import available_threads

CHAINS = 4
STEP = 0.25  # before the warm-up has found a better one
LENGTH = 1.6  # of a path, in sds; a quarter of the way round is pi / 2
WISHED = 0.8  # share of proposals accepted
WARM_UP = 200
OVERDISPERSED = 1.5  # sds around the mode from which chains begin
RAYLEIGH_CURVATURE = 4.0  # of the log density of a Rayleigh variate's logarithm at its mode
REACH = 10.0  # logarithms by which a spread may be off


@dataclass(frozen=True)
class Sample:
    """Posterior draws of the coefficients.

    Attributes
    ----------
    draws : ndarray, shape (chains, draws, K)
    accepted : float
        Share of proposals accepted.
    r_hat, effective_size : ndarray, shape (K,)
        NaN for coefficients that are held.
    """

    draws: np.ndarray
    accepted: float
    r_hat: np.ndarray
    effective_size: np.ndarray


def sample(
    result: Fit,
    fixed: tuple[int, ...] = (),
    chains: int = CHAINS,
    draws: int = 1_000,
    seed: int = 1,
) -> Sample:
    """Draw from the posterior around a fit.

    Parameters
    ----------
    fixed : tuple of int
        Coefficients held at the fit's values, besides those that the prior holds.
    """
    held = {*result.fixed, *fixed}
    free = np.array([k for k in range(len(result.theta)) if k not in held])
    spreads = result.prior.spreads  # sampled as logarithms
    is_spread = np.isin(free, spreads)
    centre, slopes, prior = result.theta.copy(), np.ones(len(result.theta)), result.prior.precision
    if spreads:
        centre[spreads] = slopes[spreads] = result.prior.start()[spreads]
        prior = prior.copy()
        prior[spreads, spreads] = RAYLEIGH_CURVATURE
    data_part = result.information(centre) - result.prior.information(centre)
    root = whitening((data_part * np.outer(slopes, slopes))[np.ix_(free, free)],
                      prior[np.ix_(free, free)])  # fmt: skip

    def coefficients_at(z: np.ndarray) -> np.ndarray:
        theta, moved = centre.copy(), root @ z
        factor = np.exp(np.clip(moved, -REACH, REACH)[is_spread])
        theta[free] += np.where(is_spread, 0.0, moved)
        theta[free[is_spread]] *= factor
        return theta

    def target(z: np.ndarray) -> tuple[float, np.ndarray]:
        theta = coefficients_at(z)
        value, slope = result.value_and_gradient(theta)
        jacobian = np.log(theta[free][is_spread]).sum()
        pull = np.where(is_spread, theta[free] * slope[free] + 1.0, slope[free])
        return value + jacobian, root.T @ pull

    def one(rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """A chain in whitened coordinates, from an overdispersed point."""
        chain, path = Chain(target, OVERDISPERSED * rng.standard_normal(len(free)), rng), []
        for number in range(WARM_UP + draws):
            if number == WARM_UP:
                chain.settle()
            chain.move()
            path.append(chain.point)
        return np.array(path[WARM_UP:]), chain.accepted

    paths, accepted = in_threads(one, chains, seed)
    thetas = np.array([[coefficients_at(z) for z in path] for path in paths])
    r_hat, size = np.full(len(result.theta), np.nan), np.full(len(result.theta), np.nan)
    r_hat[free], size[free] = mixing(thetas[:, :, free])
    return Sample(thetas, accepted, r_hat, size)


Target = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Chain:
    """One chain of Hamiltonian Monte Carlo for a density that is close to a standard normal.

    Until `settle` the logarithm of its step follows what is accepted (Robbins and Monro 1951).

    Parameters
    ----------
    target : callable
        Point -> log density up to a constant, and its gradient.
    point : ndarray, shape (size,)
        Where the chain begins.
    """

    def __init__(self, target: Target, point: np.ndarray, rng: np.random.Generator) -> None:
        self.target, self.rng, self.step = target, rng, STEP
        self.tried = self.hits = 0
        self._is_warm = False
        self.go_to(point)

    def go_to(self, point: np.ndarray) -> None:
        """Put the chain at a point."""
        self.point = point
        self.value, self.slope = self.target(point)

    def move(self) -> None:
        """Propose one path, and accept or reject its end."""
        momentum = self.rng.standard_normal(len(self.point))
        step = self.step * self.rng.uniform(0.7, 1.3)
        leaps = max(1, round(LENGTH / self.step))
        new, slope, push = self.point.copy(), self.slope, momentum + 0.5 * step * self.slope
        for leap in range(leaps):
            new = new + step * push
            value, slope = self.target(new)
            push = push + (0.5 if leap == leaps - 1 else 1.0) * step * slope
        energy = float(value - 0.5 * push @ push - self.value + 0.5 * momentum @ momentum)
        self.tried += 1
        if not self._is_warm:
            chance = float(np.exp(min(0.0, energy))) if np.isfinite(energy) else 0.0
            self.step *= float(np.exp((chance - WISHED) / np.sqrt(1.0 + self.tried)))
            self.step = min(self.step, LENGTH)
        if float(np.log(self.rng.uniform())) < energy:  # never where the energy is not a number
            self.point, self.value, self.slope = new, value, slope
            self.hits += 1

    def settle(self) -> None:
        """The warm-up is over: keep the step, and count what is accepted anew."""
        self._is_warm = True
        self.tried = self.hits = 0

    @property
    def accepted(self) -> float:
        """Share of proposals accepted."""
        return self.hits / max(1, self.tried)


def in_threads(
    one: Callable[[np.random.Generator], tuple[np.ndarray, float]], chains: int, seed: int
) -> tuple[np.ndarray, float]:
    """Chains side by side, each with random numbers of its own: all draws, share accepted."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(chains)]
    with ThreadPoolExecutor(min(chains, available_threads())) as pool:
        paths, rates = zip(*pool.map(one, streams), strict=True)
    return np.array(paths), float(np.mean(rates))


def whitening(information: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Root of an approximate covariance; where the data inform negatively, that of the prior."""
    factor = np.linalg.cholesky(prior)
    half = np.linalg.solve(factor, np.linalg.solve(factor, information).T)
    values, vectors = np.linalg.eigh(0.5 * (half + half.T))
    scaled = vectors / np.sqrt(1.0 + np.maximum(values, 0.0))
    return np.asarray(np.linalg.solve(factor.T, scaled))


def mixing(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Have the chains mixed? Diagnostics of each quantity, from its values alone.

    Parameters
    ----------
    draws : ndarray, shape (chains, draws, K)

    Returns
    -------
    r_hat : ndarray, shape (K,)
        Rank-normalised split R-hat: the larger of that of the values and that of their distances
        from the median.
    effective_size : ndarray, shape (K,)
        Bulk effective sample size.
    """
    from arviz_stats.base import array_stats  # takes a second, which only a sample needs

    r_hat = array_stats.rhat(draws, chain_axis=0, draw_axis=1, method="rank")
    size = array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk")
    return np.asarray(r_hat), np.asarray(size)
