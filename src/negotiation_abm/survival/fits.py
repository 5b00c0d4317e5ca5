"""Parametric fits of truce durations on weekly data: Weibull, log-normal, log-logistic, cure.

A truce of d whole weeks ended between d and d + 1 weeks of age. With ``S(t)`` the survival of the
family in continuous time, the hazard of week w is ``1 - S(w + 1) / S(w)``, and the likelihood

    sum over w of  ended[w] log h[w] + (at_risk[w] - ended[w]) log (1 - h[w])

is exact for interval-censored, right-censored and left-truncated spells. The cure family is a
Weibull in which a share ``lasting`` never ends.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from negotiation_abm.survival.counts import SpellCounts

LogSurvival = Callable[[np.ndarray, np.ndarray], np.ndarray]
TINY = 1e-300
LEAST_WEEKS = 5


@dataclass(frozen=True)
class Family:
    """A family: names of its parameters and log S(age); parameters come in free coordinates."""

    names: tuple[str, ...]
    log_survival: LogSurvival
    start: Callable[[float], list[float]]
    natural: Callable[[np.ndarray], np.ndarray]


def _weibull(free: np.ndarray, age: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(-((age / np.exp(free[0])) ** np.exp(free[1])))


def _log_normal(free: np.ndarray, age: np.ndarray) -> np.ndarray:
    from scipy.special import log_ndtr

    with np.errstate(divide="ignore"):
        return np.asarray(log_ndtr((free[0] - np.log(age)) / np.exp(free[1])))


def _log_logistic(free: np.ndarray, age: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(-np.log1p((age / np.exp(free[0])) ** np.exp(free[1])))


def _cure(free: np.ndarray, age: np.ndarray) -> np.ndarray:
    lasting = _share(free[2])
    return np.asarray(np.log(lasting + (1.0 - lasting) * np.exp(_weibull(free[:2], age)) + TINY))


def _cure_natural(free: np.ndarray) -> np.ndarray:
    return np.array([*np.exp(free[:2]), _share(free[2])])


def _share(free: float) -> float:
    return float(np.exp(-np.logaddexp(0.0, -free)))


FAMILIES = {
    "weibull": Family(("scale", "shape"), _weibull, lambda mean: [np.log(mean), 0.0], np.exp),
    "log_normal": Family(
        ("mu", "sigma"),
        _log_normal,
        lambda mean: [np.log(mean) - 0.3, 0.0],
        lambda free: np.array([free[0], np.exp(free[1])]),
    ),
    "log_logistic": Family(
        ("scale", "shape"), _log_logistic, lambda mean: [np.log(mean) - 0.3, 0.2], np.exp
    ),
    "cure": Family(
        ("scale", "shape", "lasting"),
        _cure,
        lambda mean: [np.log(mean) - 0.5, 0.0, -1.0],
        _cure_natural,
    ),
}


@dataclass(frozen=True)
class Fit:
    """One fitted family.

    Attributes
    ----------
    parameters : dict
        Name to (estimate, standard error clustered by run).
    log_likelihood, aic : float
    largest_gap : float
        Largest distance between the fitted curve and Kaplan-Meier, in probability.
    survival : ndarray
        P(duration > week) for week 0, 1, ..., given entry at the first age at risk.
    converged : bool
    """

    family: str
    parameters: dict[str, tuple[float, float]]
    log_likelihood: float
    aic: float
    largest_gap: float
    survival: np.ndarray
    converged: bool


def log_likelihood(counts: SpellCounts, family: Family, free: np.ndarray) -> float:
    """Log-likelihood of a family at a point in its free coordinates."""
    log_curve = family.log_survival(free, np.arange(counts.num_weeks + 1, dtype=float))
    with np.errstate(invalid="ignore"):
        step = np.minimum(np.diff(np.maximum(log_curve, -1e4)), 0.0)
    log_hazard = np.log(-np.expm1(step) + TINY)
    stay = counts.at_risk - counts.ended
    return float(counts.ended @ log_hazard + stay @ step)


def fit_family(counts: SpellCounts, name: str) -> Fit:
    """Maximum likelihood of one family, with run-clustered errors.

    Raises
    ------
    KeyError
        If there is no such family.
    """
    from scipy.optimize import minimize  # slow to import, and few commands fit a family

    family = FAMILIES[name]
    size = max(1.0, float(counts.ended.sum()))
    exposure = max(1.0, float(counts.at_risk.sum())) / size  # weeks at risk for each end

    def loss(free: np.ndarray) -> float:
        return -log_likelihood(counts, family, free) / size

    rough = minimize(loss, family.start(exposure), method="Nelder-Mead")
    best = minimize(loss, rough.x, method="BFGS", options={"gtol": 1e-7})
    if best.fun > rough.fun:
        best = rough
    gradient = np.abs(_derivatives(lambda free: np.array([loss(free)]), best.x)).max()
    top = log_likelihood(counts, family, best.x)
    curve = _curve(counts, family, best.x)
    seen = counts.at_risk > 0
    return Fit(
        name,
        dict(zip(family.names, _with_errors(counts, family, best.x), strict=True)),
        top,
        2.0 * len(family.names) - 2.0 * top,
        float(np.abs(curve - counts.survival)[seen].max()),
        curve,
        bool(gradient < 1e-3),
    )


def fit_all(counts: SpellCounts) -> list[Fit]:
    """All families, the lowest AIC first; none if ends fall into fewer than `LEAST_WEEKS` weeks."""
    if np.count_nonzero(counts.ended) < LEAST_WEEKS:
        return []
    return sorted((fit_family(counts, name) for name in FAMILIES), key=lambda fit: fit.aic)


def _curve(counts: SpellCounts, family: Family, free: np.ndarray) -> np.ndarray:
    first = int(counts.entry.min())
    log_curve = family.log_survival(free, np.arange(counts.num_weeks + 1, dtype=float))
    return np.asarray(np.exp(np.minimum(log_curve[1:] - log_curve[first], 0.0)))


def _with_errors(
    counts: SpellCounts, family: Family, free: np.ndarray
) -> list[tuple[float, float]]:
    """Natural parameters with sandwich errors; infinite where one is at its bound."""

    def contribution(point: np.ndarray) -> np.ndarray:
        log_curve = np.maximum(
            family.log_survival(point, np.arange(counts.num_weeks + 1, dtype=float)), -1e4
        )
        held, later = log_curve[counts.duration], log_curve[counts.duration + 1]
        ended = held + np.log(-np.expm1(np.minimum(later - held, 0.0)) + TINY)
        return np.asarray(np.where(counts.observed, ended, later) - log_curve[counts.entry])

    values, slope = family.natural(free), np.diag(_derivatives(family.natural, free))
    errors = np.full(len(free), np.inf)
    moving = np.flatnonzero(np.abs(slope) > 1e-6)  # the others are at a bound
    spread = np.eye(len(free))[:, moving]

    def shifted(change: np.ndarray) -> np.ndarray:
        return contribution(free + spread @ change)

    here = np.zeros(len(moving))
    score = _derivatives(shifted, here)
    information = -_derivatives(
        lambda change: counts.size @ _derivatives(lambda more: shifted(change + more), here),
        here,
        1e-3,
    )
    with contextlib.suppress(np.linalg.LinAlgError):
        bread = np.linalg.inv(information)
        variance = np.diag(bread @ counts.covariance(score) @ bread)
        errors[moving] = np.abs(slope[moving]) * np.sqrt(np.maximum(variance, 0.0))
    return [(float(v), float(e)) for v, e in zip(values, errors, strict=True)]


def _derivatives(
    function: Callable[[np.ndarray], np.ndarray], point: np.ndarray, step: float = 1e-4
) -> np.ndarray:
    """Central differences, shape (num_outputs, num_parameters)."""
    shifts = step * np.eye(len(point))
    return np.array([(function(point + h) - function(point - h)) / (2.0 * step) for h in shifts]).T
