"""Maximum a posteriori, Laplace errors, profiles."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import Prior


class Term(Protocol):
    """A further part of the log posterior, such as moments of free runs."""

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density up to a constant, and its gradient, shape (K,)."""

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian, shape (K, K)."""


@dataclass(frozen=True)
class Fit:
    """A maximum a posteriori fit.

    Attributes
    ----------
    theta : ndarray, shape (K,)
    covariance : ndarray, shape (K, K)
        Laplace: the inverse of the information at the optimum, prior included.
    likelihood : Likelihood
        Over the decisions and rounds that count.
    fixed : dict of int to float
        Coefficients that were held, by the prior or by the caller.
    log_likelihood, log_posterior : float
        In nats; the posterior up to a constant.
    term : Term or None
        What the log posterior has beside likelihood and prior.
    converged : bool
        Is the gradient 0 (to 1e-6) at the optimum?
    """

    data: Data
    prior: Prior
    likelihood: Likelihood
    theta: np.ndarray
    covariance: np.ndarray
    fixed: dict[int, float]
    log_likelihood: float
    log_posterior: float
    converged: bool
    term: Term | None = None

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log posterior up to a constant, and its gradient, shape (K,)."""
        return _objective(self.likelihood, self.prior, self.term, theta)

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian of the log posterior, shape (K, K)."""
        return _information(self.likelihood, self.prior, self.term, theta)

    @property
    def errors(self) -> np.ndarray:
        """Laplace standard errors, shape (K,)."""
        return np.sqrt(np.diag(self.covariance))


def _objective(
    likelihood: Likelihood, prior: Prior, term: Term | None, theta: np.ndarray
) -> tuple[float, np.ndarray]:
    value, gradient = likelihood.value_and_gradient(theta)
    for part in (prior, term):
        if part is not None:
            more, slope = part.value_and_gradient(theta)
            value, gradient = value + more, gradient + slope
    return value, gradient


def _information(
    likelihood: Likelihood, prior: Prior, term: Term | None, theta: np.ndarray
) -> np.ndarray:
    whole = likelihood.information(theta) + prior.precision
    return whole if term is None else whole + term.information(theta)


def fit(
    data: Data,
    prior: Prior,
    likelihood: Likelihood | None = None,
    fixed: dict[int, float] | None = None,
    start: np.ndarray | None = None,
    term: Term | None = None,
) -> Fit:
    """Fit the coefficients; without a `term` the problem is concave and has one optimum.

    Parameters
    ----------
    likelihood : Likelihood, optional
        Over all decisions and rounds by default.
    fixed : dict of int to float, optional
        Coefficients held at a value.
    term : Term, optional
        A further part of the log posterior.
    """
    likelihood = likelihood or Likelihood(data)
    fixed = prior.fixed | (fixed or {})
    free = np.array([k not in fixed for k in range(len(prior.mean))])
    theta = (prior.mean if start is None else start).astype(float).copy()
    for k, value in fixed.items():
        theta[k] = value

    def full(part: np.ndarray) -> np.ndarray:
        whole = theta.copy()
        whole[free] = part
        return whole

    def objective(part: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _objective(likelihood, prior, term, full(part))
        return -value, -gradient[free]

    def curvature(part: np.ndarray) -> np.ndarray:
        return np.asarray(_information(likelihood, prior, term, full(part))[np.ix_(free, free)])

    if free.any():
        found = minimize(objective, theta[free], jac=True, hess=curvature, method="trust-exact",
                         options={"gtol": 1e-8, "maxiter": 500})  # fmt: skip
        theta = full(found.x)
    loss, slope = objective(theta[free])
    covariance = np.zeros((len(theta), len(theta)))
    covariance[np.ix_(free, free)] = np.linalg.inv(curvature(theta[free]))
    return Fit(
        data=data,
        prior=prior,
        likelihood=likelihood,
        theta=theta,
        covariance=covariance,
        fixed=fixed,
        log_likelihood=likelihood.value_and_gradient(theta)[0],
        log_posterior=-loss,
        converged=bool(np.abs(slope).max(initial=0.0) < 1e-6),
        term=term,
    )


def profile(result: Fit, k: int, width: float = 3.0, points: int = 13) -> np.ndarray:
    """Profile of one coefficient: the others refitted at each of its values.

    Returns
    -------
    ndarray, shape (points, 3)
        Value, log-likelihood and log-posterior less their values at the optimum (nats).
    """
    reach = width * result.errors[k]
    values = np.linspace(result.theta[k] - reach, result.theta[k] + reach, points)
    rows = []
    for value in values:
        fixed = result.fixed | {k: float(value)}
        part = fit(result.data, result.prior, result.likelihood, fixed, result.theta, result.term)
        rows.append(
            (
                value,
                part.log_likelihood - result.log_likelihood,
                part.log_posterior - result.log_posterior,
            )
        )
    return np.array(rows)


def interval(result: Fit, k: int, level: float = 0.9) -> tuple[float, float]:
    """Laplace interval of one coefficient."""
    reach = norm.ppf(0.5 + level / 2.0) * result.errors[k]
    return float(result.theta[k] - reach), float(result.theta[k] + reach)
