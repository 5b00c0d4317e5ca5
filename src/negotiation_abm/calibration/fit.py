"""Maximum a posteriori, Laplace errors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal import MarginalLikelihood, likelihood_of
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.survival import z_of

TIGHT = 1e-8  # largest slope that the optimiser looks for
POLISH = 3
CONVERGED = 1e-6  # and that counts as none

AnyLikelihood = Likelihood | MarginalLikelihood


@dataclass(frozen=True)
class Fit:
    """A maximum a posteriori fit.

    Attributes
    ----------
    theta : ndarray, shape (K,)
    likelihood : Likelihood or MarginalLikelihood
        Over the decisions and rounds that count.
    fixed : dict of int to float
        Coefficients that were held, by the prior or by the caller.
    log_likelihood, log_posterior : float
        In nats; the posterior up to a constant.
    converged : bool
        Is the gradient 0 (to 1e-6) at the optimum?
    """

    data: Data
    prior: Prior
    likelihood: AnyLikelihood
    theta: np.ndarray
    fixed: dict[int, float]
    log_likelihood: float
    log_posterior: float
    converged: bool

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log posterior up to a constant, and its gradient, shape (K,)."""
        return _objective(self.likelihood, self.prior, theta)

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian of the log posterior, shape (K, K)."""
        return _information(self.likelihood, self.prior, theta)

    @cached_property
    def precision(self) -> np.ndarray:
        """Information at the optimum, prior included, shape (K, K)."""
        return np.asarray(self.information(self.theta))

    @cached_property
    def covariance(self) -> np.ndarray:
        """Laplace: the inverse of `precision` over what is free, shape (K, K)."""
        free = np.array([k not in self.fixed for k in range(len(self.theta))])
        covariance = np.zeros((len(free), len(free)))
        covariance[np.ix_(free, free)] = np.linalg.inv(self.precision[np.ix_(free, free)])
        return covariance

    @property
    def errors(self) -> np.ndarray:
        """Laplace standard errors, shape (K,)."""
        return np.sqrt(np.diag(self.covariance))


def _objective(
    likelihood: AnyLikelihood, prior: Prior, theta: np.ndarray
) -> tuple[float, np.ndarray]:
    value, gradient = likelihood.value_and_gradient(theta)
    more, slope = prior.value_and_gradient(theta)
    return value + more, gradient + slope


def _information(likelihood: AnyLikelihood, prior: Prior, theta: np.ndarray) -> np.ndarray:
    return np.asarray(likelihood.information(theta) + prior.information(theta))


def _inverse(information: np.ndarray) -> np.ndarray:
    """Inverse of a symmetric matrix, with directions of no information kept finite."""
    values, vectors = np.linalg.eigh(information)
    kept = np.maximum(values, 1e-6 * values.max())
    inverse = (vectors / kept) @ vectors.T
    return np.asarray(0.5 * (inverse + inverse.T))


def _polished(
    objective: Callable[[np.ndarray], tuple[float, np.ndarray]],
    curvature: Callable[[np.ndarray], np.ndarray],
    part: np.ndarray,
) -> np.ndarray:
    """Newton steps where a quasi-Newton search has come to its limits; a trust region if lost."""
    for _ in range(POLISH):
        slope = objective(part)[1]
        if np.abs(slope).max() <= TIGHT:
            return part
        part = part - _inverse(curvature(part)) @ slope
    if np.abs(objective(part)[1]).max() > CONVERGED:
        options = {"gtol": TIGHT, "maxiter": 500}
        optimum = minimize(
            objective, part, jac=True, hess=curvature, method="trust-exact", options=options
        )
        part = np.asarray(optimum.x)
    return part


def fit(
    data: Data,
    prior: Prior,
    likelihood: AnyLikelihood | None = None,
    fixed: dict[int, float] | None = None,
    start: np.ndarray | None = None,
    metric: np.ndarray | None = None,
) -> Fit:
    """Fit the coefficients.

    With the plain likelihood the problem is concave and has one optimum; else
    it is close to that (several starts find the same, see the tests).

    Parameters
    ----------
    likelihood : Likelihood or MarginalLikelihood, optional
        Over all decisions and rounds by default, with what the record does not say summed out
        where `data` allows.
    fixed : dict of int to float, optional
        Coefficients held at a value.
    metric : ndarray, shape (K, K), optional
        A guess of the information at the optimum; it changes the speed, not the result.
    """
    likelihood = likelihood or likelihood_of(data)
    fixed = prior.fixed | (fixed or {})
    free = np.array([k not in fixed for k in range(len(prior.mean))])
    theta = (prior.start() if start is None else start).astype(float).copy()
    for k, value in fixed.items():
        theta[k] = value

    def full(part: np.ndarray) -> np.ndarray:
        coefficients = theta.copy()
        coefficients[free] = part
        return coefficients

    def objective(part: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _objective(likelihood, prior, full(part))
        return -value, -gradient[free]

    def curvature(part: np.ndarray) -> np.ndarray:
        return np.asarray(_information(likelihood, prior, full(part))[np.ix_(free, free)])

    if free.any():
        first = prior.information(theta) if metric is None else metric
        options = {"gtol": TIGHT, "hess_inv0": _inverse(first[np.ix_(free, free)])}
        optimum = minimize(objective, theta[free], jac=True, method="BFGS", options=options)
        theta = full(optimum.x)
        theta = full(_polished(objective, curvature, theta[free]))
    theta[prior.spreads] = np.abs(theta[prior.spreads])
    loss, slope = objective(theta[free])
    return Fit(
        data=data,
        prior=prior,
        likelihood=likelihood,
        theta=theta,
        fixed=fixed,
        log_likelihood=likelihood.value_and_gradient(theta)[0],
        log_posterior=-loss,
        converged=bool(np.abs(slope).max(initial=0.0) < CONVERGED),
    )


def refit(result: Fit, fixed: dict[int, float], start: np.ndarray | None = None) -> Fit:
    """The same fit with further coefficients held at a value; `start` may be nearer to it."""
    return fit(
        result.data,
        result.prior,
        result.likelihood,
        result.fixed | fixed,
        result.theta if start is None else start,
        result.precision,
    )


def interval(result: Fit, k: int, level: float = 0.9) -> tuple[float, float]:
    """Laplace interval of one coefficient."""
    reach = z_of(level) * result.errors[k]
    return float(result.theta[k] - reach), float(result.theta[k] + reach)
