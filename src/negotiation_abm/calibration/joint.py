"""A joint fit: the likelihood of the record, the priors, and moments of free runs.

The log posterior is that of `fit` plus, for each moment, ``-((simulated - target) / sd)^2 / 2``
and, for each recorded spell, the log probability that free runs give it. What free runs give is
taken from an `emulator` that is refined where the posterior lies: design points are drawn, first
around the mode and last from the posterior itself, simulated with the same draws each, and the
surfaces fitted anew, for a few rounds. So every coefficient has an error that knows of both, and a
posterior sample costs no simulation. How far the emulator can be trusted is measured on draws that
it has not seen (`emulator_check`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from negotiation_abm.calibration.emulator import Surface, fit_surface
from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.fit import AnyLikelihood, Fit, fit
from negotiation_abm.calibration.moments import (
    PLAIN,
    Moments,
    scale_of,
    simulated_moments,
    with_coefficients,
)
from negotiation_abm.calibration.posterior import CHAINS, sample
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.run.batch import available_threads

ROUNDS = 4
POINTS = 700  # simulated a round
REPLICATES = 400  # runs a point
FAR = 8.0  # logarithms and log-odds beyond which a surface is not believed
WIDER = 1.2  # design points are spread a little wider than the posterior

Progress = Callable[[int], None]


@dataclass(frozen=True)
class MomentTerm:
    """Log density of the moments as a function of the coefficients, by the emulator.

    Attributes
    ----------
    names : tuple of str, length M
        Moments that have a target, then ``spell_N``.
    target, sd : ndarray, shape (T,)
        Of the first T names.
    surface : Surface
        In the coordinates ``root @ (theta - centre)[free]``, outcomes on their own scales.
    """

    names: tuple[str, ...]
    target: np.ndarray
    sd: np.ndarray
    surface: Surface
    centre: np.ndarray
    free: np.ndarray
    root: np.ndarray

    def _outcomes(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Emulated outcomes, moments on their natural scale, and slopes by coefficient (M, K)."""
        raw, slopes = self.surface(self.root @ (theta - self.centre)[self.free])
        inside = self._is_believed(raw)
        slopes = slopes * inside[:, None]
        gradient = np.zeros((len(raw), len(theta)))
        gradient[:, self.free] = slopes @ self.root
        values = raw.copy()
        for m, name in enumerate(self.names[: len(self.target)]):
            scale = scale_of(name)
            at = raw[m] if scale is PLAIN else np.clip(raw[m], -FAR, FAR)
            values[m] = scale.back(at)
            gradient[m] *= scale.slope(at)
        count = len(self.target)
        values[count:] = np.minimum(values[count:], 0.0)  # log probabilities
        return values, gradient

    def _is_believed(self, raw: np.ndarray) -> np.ndarray:
        """Where a surface has not left what its outcome can be, shape (M,)."""
        count = len(self.target)
        inside = raw <= 0.0
        inside[:count] = [
            scale_of(name) is PLAIN or abs(value) <= FAR
            for name, value in zip(self.names[:count], raw[:count], strict=True)
        ]
        return inside

    def outcomes(self, theta: np.ndarray) -> dict[str, float]:
        """Emulated moments and log probabilities of the spells."""
        return dict(zip(self.names, self._outcomes(theta)[0].tolist(), strict=True))

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density up to a constant, and its gradient, shape (K,)."""
        values, gradient = self._outcomes(theta)
        count = len(self.target)
        gap = (values[:count] - self.target) / self.sd
        value = -0.5 * gap @ gap + values[count:].sum()
        pull = -(gap / self.sd) @ gradient[:count] + gradient[count:].sum(axis=0)
        return float(value), pull

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian, shape (K, K); of the moments the Gauss-Newton part."""
        _, gradient = self._outcomes(theta)
        count = len(self.target)
        scaled = gradient[:count] / self.sd[:, None]
        whole: np.ndarray = scaled.T @ scaled
        raw, _ = self.surface(self.root @ (theta - self.centre)[self.free])
        curve = self.surface.curve[count:][self._is_believed(raw)[count:]].sum(axis=0)
        bent = self.root.T @ curve @ self.root
        whole[np.ix_(self.free, self.free)] -= 2.0 * bent
        return whole

    def log_density(self, simulated: dict[str, float]) -> float:
        """The same log density of moments that were simulated."""
        count = len(self.target)
        values = np.array([simulated[name] for name in self.names])
        gap = (values[:count] - self.target) / self.sd
        return float(-0.5 * gap @ gap + values[count:].sum())


@dataclass(frozen=True)
class JointFit:
    """A joint fit and what it is made of.

    Attributes
    ----------
    fit : Fit
        Its `term` is the `MomentTerm`.
    likelihood_alone : Fit
        The same without moments.
    simulated : dict
        Moments of free runs at the estimate, simulated (not emulated).
    explained : dict
        Share of the variance of each outcome over the design that the emulator explains.
    """

    fit: Fit
    likelihood_alone: Fit
    simulated: dict[str, float]
    explained: dict[str, float]

    @property
    def likelihood_cost(self) -> float:
        """Nats of log-likelihood given up for the moments."""
        return self.likelihood_alone.log_likelihood - self.fit.log_likelihood


def fit_joint(
    data: Data,
    prior: Prior,
    moments: Moments,
    likelihood: AnyLikelihood | None = None,
    seed: int = 1,
    points: int = POINTS,
    replicates: int = REPLICATES,
    rounds: int = ROUNDS,
    progress: Progress | None = None,
) -> JointFit:
    """Fit coefficients to a record and to moments of free runs.

    Parameters
    ----------
    points, replicates, rounds : int
        Design points a round, runs a point, rounds of refinement.
    progress : callable, optional
        Called with the number of points simulated.
    """
    alone = fit(data, prior, likelihood)
    names = (*moments.targets, *(f"spell_{n}" for n in range(len(moments.spells))))
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x6D6F6D]))
    free = np.array([k not in alone.fixed for k in range(len(alone.theta))])
    result, design, outcomes = alone, np.empty((0, len(free))), np.empty((0, len(names)))
    for number in range(rounds):
        last = number == rounds - 1
        new = _drawn(result, points, rng) if last else _design(result, free, points, rng)
        design = np.vstack([design, new])
        done = _simulate(
            data, moments, names, new, replicates, seed, len(design) - points, progress
        )
        outcomes = np.vstack([outcomes, done])
        term = _term(moments, names, result, free, design, outcomes)
        result = fit(data, prior, alone.likelihood, None, result.theta, term, result.precision)
    simulated = simulate_at(data, moments, result.theta, 10 * replicates, seed)
    explained = dict(zip(names, term.surface.explained.tolist(), strict=True))
    return JointFit(result, alone, simulated, explained)


def _design(result: Fit, free: np.ndarray, points: int, rng: np.random.Generator) -> np.ndarray:
    """Points where the posterior lies: its Laplace approximation, a little wider.

    A spread comes from its prior: near 0 a Laplace approximation says little about its range.
    """
    root = np.linalg.cholesky(result.covariance[np.ix_(free, free)])
    theta = np.repeat(result.theta[None], points, axis=0)
    theta[:, free] += WIDER * rng.standard_normal((points, free.sum())) @ root.T
    for k in result.prior.spreads:
        theta[:, k] = rng.rayleigh(np.sqrt(result.prior.covariance[k, k]), points)
    return theta


def _drawn(result: Fit, points: int, rng: np.random.Generator) -> np.ndarray:
    """Points of the last round: posterior draws, whose skew a Laplace approximation misses."""
    draws = sample(result, draws=-(-points // CHAINS), seed=int(rng.integers(2**31))).draws
    return draws.reshape(-1, draws.shape[2])[:points]


def _simulate(
    data: Data,
    moments: Moments,
    names: tuple[str, ...],
    design: np.ndarray,
    replicates: int,
    seed: int,
    before: int,
    progress: Progress | None,
) -> np.ndarray:
    """Outcomes at each design point on their own scales, shape (N, M)."""
    targets = len(moments.targets)

    def one(theta: np.ndarray) -> list[float]:
        values = simulate_at(data, moments, theta, replicates, seed)
        return [
            float(scale_of(name).forward(values[name]) if m < targets else values[name])
            for m, name in enumerate(names)
        ]

    rows = []
    with ThreadPoolExecutor(available_threads()) as pool:
        for row in pool.map(one, design):
            rows.append(row)
            if progress:
                progress(before + len(rows))
    return np.array(rows)


def simulate_at(
    data: Data, moments: Moments, theta: np.ndarray, replicates: int, seed: int
) -> dict[str, float]:
    """Moments of free runs with coefficients `theta`."""
    game = with_coefficients(data.game, data.coefficients, theta)
    weeks = int(max(data.round_turn.max(initial=0), data.turn.max(initial=0))) + 1
    return simulated_moments(game, moments, weeks, replicates, seed)


def _term(
    moments: Moments,
    names: tuple[str, ...],
    result: Fit,
    free: np.ndarray,
    design: np.ndarray,
    outcomes: np.ndarray,
) -> MomentTerm:
    """The emulator over all points so far, in coordinates of their own spread."""
    centre = design.mean(axis=0)
    spread = np.cov(design[:, free].T)
    root = np.linalg.inv(np.linalg.cholesky(spread))
    surface = fit_surface((design - centre)[:, free] @ root.T, outcomes)
    target = np.array([float(entry["target"]) for entry in moments.targets.values()])
    sd = np.array([float(entry["sd"]) for entry in moments.targets.values()])
    return MomentTerm(names, target, sd, surface, centre, free, root)
