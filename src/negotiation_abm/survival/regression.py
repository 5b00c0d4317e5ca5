"""Proportional hazards on weekly data: what swept parameters do to the end of truces.

The hazard of week w in a group of spells with covariates z is ``1 - exp(-exp(a[w] + b' z))``: the
Cox model seen through whole weeks, with a free baseline and ties exact (Prentice and Gloeckler
1978). It needs no more than the counts of each group, so a sweep of millions of spells takes
moments. Errors are clustered by run. Groups count as independent: where they share random numbers
(common replicates) errors of differences between them are on the safe side.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from negotiation_abm.survival.counts import SpellCounts
from negotiation_abm.survival.intervals import LEVEL, z_of

STEPS = 60


def proportional_hazards(
    groups: Sequence[SpellCounts], covariates: pd.DataFrame, level: float = LEVEL
) -> pd.DataFrame:
    """Hazard ratios of covariates that are constant within a group.

    Parameters
    ----------
    groups : sequence of SpellCounts
    covariates : DataFrame
        Numbers, one row a group.

    Returns
    -------
    DataFrame
        One row a covariate: covariate, sd (over groups), coefficient and error (log hazard, per
        unit), hazard_ratio, lower, upper (per sd). Above 1: truces end sooner.

    Raises
    ------
    ValueError
        If a covariate does not vary, or some of them cannot be told apart.
    """
    values = covariates.to_numpy(dtype=float)
    spread = values.std(axis=0)
    for name, sd in zip(covariates.columns, spread, strict=True):
        if sd == 0.0:
            raise ValueError(f"{name} has the same value in every group")
    z = (values - values.mean(axis=0)) / spread
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(z)), z])) <= z.shape[1]:
        names = ", ".join(covariates.columns)
        raise ValueError(f"{len(z)} groups cannot tell these apart: {names}")
    weeks, at_risk, ended = _tables(groups)
    point = _solve(z, at_risk, ended)
    bread = np.linalg.inv(_slopes(point, z, at_risk, ended)[1])
    meat = sum(
        (
            group.covariance(_influence(group, weeks, point, row))
            for group, row in zip(groups, z, strict=True)
        ),
        np.zeros_like(bread),
    )
    first = len(weeks)
    error = np.sqrt(np.diag(bread @ meat @ bread))[first:]
    effect = point[first:]
    half = z_of(level) * error
    return pd.DataFrame(
        {
            "covariate": list(covariates.columns),
            "sd": spread,
            "coefficient": effect / spread,
            "error": error / spread,
            "hazard_ratio": np.exp(effect),
            "lower": np.exp(effect - half),
            "upper": np.exp(effect + half),
        }
    )


def _tables(groups: Sequence[SpellCounts]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weeks in which some but not all end; at risk and ended by group and such week.

    In other weeks the baseline fits perfectly, and they say nothing about covariates.
    """
    size = max(group.num_weeks for group in groups)
    both = np.array(
        [
            [np.pad(part.astype(float), (0, size - len(part))) for part in (g.at_risk, g.ended)]
            for g in groups
        ]
    )
    at_risk, ended = both[:, 0], both[:, 1]
    total, events = at_risk.sum(axis=0), ended.sum(axis=0)
    weeks = np.flatnonzero((events > 0) & (events < total))
    return weeks, at_risk[:, weeks], ended[:, weeks]


def _solve(z: np.ndarray, at_risk: np.ndarray, ended: np.ndarray) -> np.ndarray:
    """Maximum of the likelihood by Newton steps, halved where they do not climb."""
    rate = ended.sum(axis=0) / at_risk.sum(axis=0)
    point = np.concatenate([np.log(-np.log1p(-rate)), np.zeros(z.shape[1])])
    height = _log_likelihood(point, z, at_risk, ended)
    for _ in range(STEPS):
        gradient, information = _slopes(point, z, at_risk, ended)
        step = np.linalg.solve(information, gradient)
        for _ in range(30):
            raised = _log_likelihood(point + step, z, at_risk, ended)
            if raised >= height - 1e-12 * abs(height):
                break
            step = step / 2.0
        point, height = point + step, raised
        if np.abs(step).max() < 1e-10:
            break
    return point


def _intensity(point: np.ndarray, z: np.ndarray, num_weeks: int) -> np.ndarray:
    """Cumulated hazard within a week, by group and week."""
    return np.asarray(np.exp(point[:num_weeks] + (z @ point[num_weeks:])[:, None]))


def _log_likelihood(
    point: np.ndarray, z: np.ndarray, at_risk: np.ndarray, ended: np.ndarray
) -> float:
    with np.errstate(over="ignore"):
        rate = np.minimum(_intensity(point, z, ended.shape[1]), 1e6)
    return float((ended * np.log(-np.expm1(-rate)) - (at_risk - ended) * rate).sum())


def _slopes(
    point: np.ndarray, z: np.ndarray, at_risk: np.ndarray, ended: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and expected information of the log-likelihood."""
    rate = _intensity(point, z, ended.shape[1])
    odds = rate / np.expm1(rate)  # weight of an end in the score
    score = ended * odds - (at_risk - ended) * rate
    weight = at_risk * rate * odds
    gradient = np.concatenate([score.sum(axis=0), z.T @ score.sum(axis=1)])
    cross = weight.T @ z
    corner = z.T @ (z * weight.sum(axis=1)[:, None])
    information = np.block([[np.diag(weight.sum(axis=0)), cross], [cross.T, corner]])
    return gradient, information


def _influence(
    group: SpellCounts, weeks: np.ndarray, point: np.ndarray, row: np.ndarray
) -> np.ndarray:
    """Score of a spell of each kind of one group, shape (num_kinds, num_parameters)."""
    held = weeks[weeks < group.num_weeks]
    rate = _intensity(point, row[None, :], len(weeks))[0, : len(held)]
    hit = group.observed[:, None] & (group.duration[:, None] == held)
    score = np.where(hit, rate / np.expm1(rate), group.is_at_risk()[:, held] * -rate)
    by_week = np.zeros((len(group.size), len(weeks)))
    by_week[:, : len(held)] = score
    return np.column_stack([by_week, np.outer(score.sum(axis=1), row)])
