"""Maximum a posteriori, Laplace errors, profiles."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import Prior


@dataclass(frozen=True)
class Fit:
    """A maximum a posteriori fit.

    Attributes
    ----------
    theta : ndarray, shape (K,)
    covariance : ndarray, shape (K, K)
        Laplace: the inverse of the information at the optimum, prior included.
    fixed : dict of int to float
        Coefficients that were held, by the prior or by the caller.
    log_likelihood, log_posterior : float
        In nats; the posterior up to a constant.
    converged : bool
        Is the gradient 0 (to 1e-6) at the optimum?
    """

    data: Data
    prior: Prior
    theta: np.ndarray
    covariance: np.ndarray
    fixed: dict[int, float]
    log_likelihood: float
    log_posterior: float
    converged: bool

    @property
    def errors(self) -> np.ndarray:
        """Laplace standard errors, shape (K,)."""
        return np.sqrt(np.diag(self.covariance))


def fit(
    data: Data,
    prior: Prior,
    likelihood: Likelihood | None = None,
    fixed: dict[int, float] | None = None,
    start: np.ndarray | None = None,
) -> Fit:
    """Fit the coefficients; the problem is concave, so there is one optimum.

    Parameters
    ----------
    likelihood : Likelihood, optional
        Over all decisions and rounds by default.
    fixed : dict of int to float, optional
        Coefficients held at a value.
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
        whole = full(part)
        value, gradient = likelihood.value_and_gradient(whole)
        log_prior, pull = prior.value_and_gradient(whole)
        return -(value + log_prior), -(gradient + pull)[free]

    def curvature(part: np.ndarray) -> np.ndarray:
        whole = likelihood.information(full(part)) + prior.precision
        return np.asarray(whole[np.ix_(free, free)])

    found = minimize(objective, theta[free], jac=True, hess=curvature, method="trust-exact",
                     options={"gtol": 1e-8, "maxiter": 500})  # fmt: skip
    theta = full(found.x)
    value, _ = likelihood.value_and_gradient(theta)
    log_prior, _ = prior.value_and_gradient(theta)
    slope = objective(theta[free])[1]
    covariance = np.zeros((len(theta), len(theta)))
    covariance[np.ix_(free, free)] = np.linalg.inv(curvature(theta[free]))
    return Fit(
        data=data,
        prior=prior,
        theta=theta,
        covariance=covariance,
        fixed=fixed,
        log_likelihood=value,
        log_posterior=value + log_prior,
        converged=bool(np.abs(slope).max(initial=0.0) < 1e-6),
    )


def profile(result: Fit, k: int, width: float = 3.0, points: int = 13) -> np.ndarray:
    """Profile of one coefficient: the others refitted at each of its values.

    Returns
    -------
    ndarray, shape (points, 3)
        Value, log-likelihood and log-posterior less their values at the optimum (nats).
    """
    likelihood = Likelihood(result.data)
    reach = width * result.errors[k]
    values = np.linspace(result.theta[k] - reach, result.theta[k] + reach, points)
    rows = []
    for value in values:
        fixed = result.fixed | {k: float(value)}
        part = fit(result.data, result.prior, likelihood, fixed, result.theta)
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
