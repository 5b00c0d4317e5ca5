"""A sample of the posterior: Hamiltonian Monte Carlo, and diagnostics of its chains.

The posterior is log-concave and close to normal, so the sampler works in coordinates in which the
Laplace approximation is a standard normal (Neal 2011). Diagnostics are the rank-normalised split
R-hat and the bulk effective sample size of Vehtari et al. (2021), as arviz-stats computes them.
"""

from dataclasses import dataclass

import numpy as np

from negotiation_abm.calibration.fit import Fit

CHAINS = 4
STEP = 0.25
LEAPS = 8
WARM_UP = 200
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
    root = _whitening((data_part * np.outer(slopes, slopes))[np.ix_(free, free)],
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

    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(chains)]
    paths, rates = zip(*(_chain(target, len(free), draws, rng) for rng in streams), strict=True)
    thetas = np.array([[coefficients_at(z) for z in path] for path in paths])
    r_hat, size = np.full(len(result.theta), np.nan), np.full(len(result.theta), np.nan)
    r_hat[free], size[free] = mixing(thetas[:, :, free])
    return Sample(thetas, float(np.mean(rates)), r_hat, size)


def _whitening(information: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Root of an approximate covariance; where the data inform negatively, that of the prior."""
    factor = np.linalg.cholesky(prior)
    half = np.linalg.solve(factor, np.linalg.solve(factor, information).T)
    values, vectors = np.linalg.eigh(0.5 * (half + half.T))
    scaled = vectors / np.sqrt(1.0 + np.maximum(values, 0.0))
    return np.asarray(np.linalg.solve(factor.T, scaled))


def _chain(target, size: int, draws: int, rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """One chain in whitened coordinates, started from an overdispersed point."""
    z = 1.5 * rng.standard_normal(size)
    value, slope = target(z)
    path, hits = [], 0
    for number in range(WARM_UP + draws):
        momentum = rng.standard_normal(size)
        step = STEP * rng.uniform(0.7, 1.3)
        new, gradient, push = z.copy(), slope, momentum + 0.5 * step * slope
        for leap in range(LEAPS):
            new = new + step * push
            new_value, gradient = target(new)
            push = push + (0.5 if leap == LEAPS - 1 else 1.0) * step * gradient
        energy = new_value - 0.5 * push @ push - value + 0.5 * momentum @ momentum
        if np.log(rng.uniform()) < energy:  # never where the energy is not a number
            z, value, slope = new, new_value, gradient
            hits += number >= WARM_UP
        if number >= WARM_UP:
            path.append(z)
    return path, hits / draws


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
