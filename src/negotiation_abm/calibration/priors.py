"""Priors of a fit: normal, with partial pooling between the players."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from negotiation_abm.calibration.features import POOLED, Coefficient, Data
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml

FOLDER = "configs/calibration"
Number = Annotated[float, Field(strict=True)]


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


class Entry(BaseModel):
    """The prior of one parameter; ``docs/calibration.md`` explains it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    mean: Number
    sd: Number = Field(ge=0)
    pool_sd: Number = Field(default=0.0, ge=0)
    kind: Literal["normal", "rayleigh"] = "normal"
    source: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _check(self) -> "Entry":
        if self.kind == "rayleigh" and (self.mean != 0.0 or self.pool_sd or self.sd == 0.0):
            raise ValueError("a Rayleigh prior has mean 0 and an sd above 0")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    description: str = ""
    priors: dict[str, Entry]


def load_prior(data: Data, reference: str | Path = "priors") -> Prior:
    """Read the priors of every coefficient of `data`.

    The two entries of a player parameter share a mean: variance sd^2 + pool_sd^2 each, covariance
    sd^2.

    Raises
    ------
    InputError
        If a prior is missing or not admissible.
    """
    entries = read_priors(data.coefficients, reference)
    size = len(data.coefficients)
    mean, covariance, spreads = np.zeros(size), np.zeros((size, size)), []
    for k, coefficient in enumerate(data.coefficients):
        entry = entries[coefficient.parameter]
        mean[k] = entry.mean
        covariance[k, k] = entry.sd**2 + entry.pool_sd**2
        if entry.kind == "rayleigh":
            spreads.append(k)
        for j, other in enumerate(data.coefficients[:k]):
            if coefficient.parameter in POOLED and other.parameter == coefficient.parameter:
                covariance[k, j] = covariance[j, k] = entry.sd**2
    return Prior(mean, covariance, tuple(spreads))


def read_priors(
    coefficients: Iterable[Coefficient], reference: str | Path = "priors"
) -> dict[str, Entry]:
    """The prior of each parameter that has a coefficient.

    Raises
    ------
    InputError
        If one is missing, unknown or not admissible.
    """
    path = find(reference, FOLDER, ".yaml")
    entries = checked(_File, path, read_yaml(path)).priors
    names = {coefficient.parameter for coefficient in coefficients}
    for name in entries:
        if name not in names:
            raise InputError(path, f"priors.{name}", f"unknown; {suggest(name, sorted(names))}")
    for name in sorted(names):
        if name not in entries:
            raise InputError(path, f"priors.{name}", "missing")
        pool_sd, place = entries[name].pool_sd, f"priors.{name}.pool_sd"
        if name not in POOLED and "pool_sd" in entries[name].model_fields_set:
            raise InputError(path, place, "only a parameter of the players has one")
        if name in POOLED and pool_sd == 0.0 < entries[name].sd:
            raise InputError(path, place, "0 makes the players one; allowed: above 0")
    return entries
