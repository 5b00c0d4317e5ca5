"""One calendar month of a pool left out at a time: how well do all other months predict it?

The posterior of all months is weighted with what it owes to the month (importance sampling, tails
smoothed: Vehtari, Simpson, Gelman, Yao and Gabry 2024); where the weights cannot be relied on, the
pool is fitted anew without the month. The simple statistics learn from the same other months of all
episodes. The situation at a choice is that of the record, as in every score.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.calibration.baselines import BASELINES, baseline_scores, joined
from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.left_out import (
    CHAINS,
    WARM_UP,
    LeftOut,
    choices_of_sides,
    second_signatures,
)
from negotiation_abm.calibration.pool import Member
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.pool_fit import fit_pool
from negotiation_abm.calibration.probability import chances
from negotiation_abm.calibration.scores import MODEL, scores_of
from negotiation_abm.calibration.surrogate import Surrogate, find_surrogate
from negotiation_abm.run.batch import available_threads

DRAWS = 150  # a chain
RELIABLE = 0.7  # largest shape of the tail of weights that are relied on


def leave_one_month_out(
    members: Sequence[Member],
    pool: Pool,
    seed: int = 1,
    draws: int = DRAWS,
    near: Surrogate | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[LeftOut], pd.DataFrame]:
    """Predict each month from all others.

    Parameters
    ----------
    draws : int
        Posterior draws a chain (of two).
    near : Surrogate, optional
        Of all episodes.

    Returns
    -------
    list of LeftOut
        One an episode, its scores put together from the months; `draws` are those of all months.
    DataFrame
        A row a month: month, choices, tail (shape of the tail of the weights), refitted.
    """
    near = near or find_surrogate(Hierarchy(members, pool))
    full = fit_pool(members, pool, draws, seed, (), CHAINS, WARM_UP, near)
    thetas = [full.draws(n).reshape(-1, len(m.data.coefficients)) for n, m in enumerate(members)]
    whole = [_values(member, theta) for member, theta in zip(members, thetas, strict=True)]
    used = [~member.data.agency for member in members]
    months = [member.data.months() for member in members]
    choices = joined([choices_of_sides(member, pool) for member in members])
    month_of = np.concatenate([m[use] for m, use in zip(months, used, strict=True)])
    scores = {name: np.zeros((len(month_of), 2)) for name in (MODEL, *BASELINES)}
    named = np.unique(month_of).tolist()

    def one(month: int) -> dict[str, Any]:
        less = [member.without(month) for member in members]
        weights = sum(
            _values(member, theta) - value if member.has(month) else np.zeros(len(value))
            for member, theta, value in zip(less, thetas, whole, strict=True)
        )
        logs, tail = smoothed(np.asarray(weights))
        refit = not tail < RELIABLE
        found = thetas
        if refit:
            again = fit_pool(less, pool, draws // 2, seed, (), CHAINS, WARM_UP, near)
            found = [again.draws(n).reshape(-1, t.shape[1]) for n, t in enumerate(thetas)]
            logs = np.full(len(found[0]), -np.log(len(found[0])))
        here = month_of == month
        scores[MODEL][here] = np.concatenate(
            [
                _scores(member.data, theta, use & (own == month), np.exp(logs))
                for member, theta, use, own in zip(members, found, used, months, strict=True)
            ]
        )
        for name, values in baseline_scores(choices.of(~here), choices.of(here)).items():
            scores[name][here] = values
        return {"month": month, "choices": int(here.sum()), "tail": tail, "refitted": refit}

    rows = []
    with ThreadPoolExecutor(available_threads()) as threads:
        for row in threads.map(one, named):
            rows.append(row)
            if progress:
                progress(len(rows), len(named))
    ends = np.cumsum([0, *(int(use.sum()) for use in used)])
    return [
        LeftOut(
            member,
            {name: values[first:last] for name, values in scores.items()},
            theta,
            second_signatures(member.data)[use],
        )
        for member, theta, use, first, last in zip(
            members, thetas, used, ends[:-1], ends[1:], strict=True
        )
    ], pd.DataFrame(rows)


def _values(member: Member, thetas: np.ndarray) -> np.ndarray:
    """Log-likelihood of a member at each draw."""
    return np.array([member.likelihood.value_and_gradient(theta)[0] for theta in thetas])


def _scores(data: Data, thetas: np.ndarray, use: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log scores of some choices, their probability averaged over weighted draws, shape (n, 2)."""
    if not use.any():
        return np.zeros((0, 2))
    part = replace(
        data,
        features=data.features[use],
        offset=data.offset[use],
        legal=data.legal[use],
        chosen=data.chosen[use],
    )
    chance = sum(w * chances(part, theta) for w, theta in zip(weights, thetas, strict=True))
    return scores_of(part, np.asarray(chance))


def smoothed(logs: np.ndarray) -> tuple[np.ndarray, float]:
    """Logarithms of weights that sum to 1, with their largest smoothed, and the tail's shape."""
    from arviz_stats.base import array_stats  # takes a second

    if np.ptp(logs) == 0.0:
        return np.full(len(logs), -np.log(len(logs))), -np.inf
    kept, tail = array_stats.psislw(-logs)  # takes log-likelihoods
    kept = np.asarray(kept)
    top = kept.max()
    return kept - top - np.log(np.exp(kept - top).sum()), float(tail)
