"""Priors of a fit: normal, with partial pooling between the players."""

from pathlib import Path

import numpy as np

from negotiation_abm.calibration.features import POOLED, Data
from negotiation_abm.files.errors import InputError, nearest
from negotiation_abm.files.resources import find, read_yaml

FOLDER = "configs/calibration"
KINDS = ("normal", "rayleigh")


class Prior:
    """A normal prior with mean `mean`, shape (K,), and precision matrix `precision`, (K, K).

    A coefficient whose variance is 0 is held at its mean (`fixed`). One that is listed in `spreads`
    is a standard deviation: its sign means nothing, and it has a Rayleigh prior, whose density is 0
    at 0, so that a mode is not drawn there (Chung et al. 2013).
    """

    def __init__(
        self, mean: np.ndarray, covariance: np.ndarray, spreads: tuple[int, ...] = ()
    ) -> None:
        self.spreads = list(spreads)
        held = np.diag(covariance) == 0.0
        self.mean = mean
        self.covariance = covariance
        self.precision = np.linalg.inv(covariance + np.diag(held.astype(float)))
        self.precision[held] = 0.0
        self.fixed = {int(k): float(mean[k]) for k in np.flatnonzero(held)}

    def start(self) -> np.ndarray:
        """A point to begin at, shape (K,): the mean, or the mode of a spread."""
        point = self.mean.astype(float).copy()
        point[self.spreads] = np.sqrt(np.diag(self.covariance))[self.spreads]
        return point

    def moments(self, k: int) -> tuple[float, float]:
        """Mean and standard deviation of one coefficient."""
        mean, sd = float(self.mean[k]), float(np.sqrt(self.covariance[k, k]))
        if k in self.spreads:
            return sd * np.sqrt(np.pi / 2.0), sd * np.sqrt(2.0 - np.pi / 2.0)
        return mean, sd

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density up to a constant, and its gradient."""
        pull = self.precision @ (theta - self.mean)
        value, gradient = -0.5 * (theta - self.mean) @ pull, -pull
        if self.spreads:
            spread = theta[self.spreads]
            value += np.log(np.abs(spread)).sum()
            gradient[self.spreads] += 1.0 / spread
        return float(value), gradient

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian, shape (K, K)."""
        whole = self.precision.copy()
        whole[self.spreads, self.spreads] += 1.0 / theta[self.spreads] ** 2
        return whole


def load_prior(data: Data, reference: str | Path = "priors") -> Prior:
    """Read the priors of every coefficient of `data`.

    The two entries of a player parameter share a mean: variance sd^2 + pool_sd^2 each, covariance
    sd^2.

    Raises
    ------
    InputError
        If a prior is missing or not admissible.
    """
    path = find(reference, FOLDER, ".yaml")
    entries = read_yaml(path).get("priors")
    if not isinstance(entries, dict):
        raise InputError(path, "priors", "expected a mapping of parameter names")
    names = {c.parameter for c in data.coefficients}
    for name in entries:
        if name not in names:
            raise InputError(path, f"priors.{name}", f"unknown; {nearest(name, sorted(names))}")
    size = len(data.coefficients)
    mean, covariance, spreads = np.zeros(size), np.zeros((size, size)), []
    for k, coefficient in enumerate(data.coefficients):
        entry = entries.get(coefficient.parameter)
        if not isinstance(entry, dict):
            raise InputError(path, f"priors.{coefficient.parameter}", "missing")
        mean[k] = _number(path, coefficient.parameter, entry, "mean")
        sd = _number(path, coefficient.parameter, entry, "sd")
        pool = coefficient.parameter in POOLED
        pool_sd = _number(path, coefficient.parameter, entry, "pool_sd") if pool else 0.0
        if pool and pool_sd == 0.0 < sd:
            place = f"priors.{coefficient.parameter}.pool_sd"
            raise InputError(path, place, "0 makes the players one; allowed: above 0")
        covariance[k, k] = sd**2 + pool_sd**2
        if entry.get("kind", "normal") not in KINDS:
            place = f"priors.{coefficient.parameter}.kind"
            raise InputError(path, place, f"unknown; {nearest(str(entry['kind']), KINDS)}")
        if entry.get("kind") == "rayleigh":
            if mean[k] != 0.0 or pool or sd == 0.0:
                place = f"priors.{coefficient.parameter}"
                raise InputError(path, place, "a Rayleigh prior has mean 0 and an sd above 0")
            spreads.append(k)
        for j, other in enumerate(data.coefficients[:k]):
            if pool and other.parameter == coefficient.parameter:
                covariance[k, j] = covariance[j, k] = sd**2
    return Prior(mean, covariance, tuple(spreads))


def _number(path: Path, parameter: str, entry: dict[str, object], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise InputError(path, f"priors.{parameter}.{name}", f"{value!r} is not a number")
    if name != "mean" and value < 0:
        raise InputError(path, f"priors.{parameter}.{name}", f"{value} is below 0")
    return float(value)
