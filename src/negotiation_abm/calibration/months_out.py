"""One calendar month of a pool left out at a time: how well do all other months predict it?

The posterior of all months is weighted with what it owes to the month (importance sampling, tails
smoothed: Vehtari, Simpson, Gelman, Yao and Gabry 2024); where the weights cannot be relied on, the
pool is fitted anew without the month. The simple statistics learn from the same other months of all
episodes. The situation at a choice is that of the record, as in every score.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.calibration.baselines import BASELINES, baseline_scores
from negotiation_abm.calibration.choices import joined
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
from negotiation_abm.calibration.scores import MODEL, log_scores
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
    used = [~member.data.agency for member in members]
    own = [m.months(m.data.turn[use]) for m, use in zip(members, used, strict=True)]
    month_of, choices = np.concatenate(own), joined([choices_of_sides(m, pool) for m in members])
    named = np.unique(month_of)
    weights = sum(_lost(m, theta, named) for m, theta in zip(members, thetas, strict=True))
    chance = _chances(members, thetas)
    scores = {name: np.zeros((len(month_of), 2)) for name in (MODEL, *BASELINES)}

    def one(number: int) -> dict[str, Any]:
        month, here = int(named[number]), month_of == named[number]
        logs, tail = smoothed(np.asarray(weights)[:, number])
        refit = not tail < RELIABLE
        if refit:
            less = [member.without(month) for member in members]
            again = fit_pool(less, pool, draws // CHAINS, seed, (), 1, WARM_UP, near)
            new = [again.draws(n).reshape(-1, t.shape[1]) for n, t in enumerate(thetas)]
            scores[MODEL][here] = np.log(_chances(members, new)[:, here].mean(axis=0))
        else:
            scores[MODEL][here] = np.log(np.tensordot(np.exp(logs), chance[:, here], 1))
        for name, values in baseline_scores(choices.of(~here), choices.of(here)).items():
            scores[name][here] = values
        return {"month": month, "choices": int(here.sum()), "tail": tail, "refitted": refit}

    rows = []
    with ThreadPoolExecutor(available_threads()) as threads:
        for row in threads.map(one, range(len(named))):
            rows.append(row)
            if progress:
                progress(len(rows), len(named))
    ends = np.cumsum([0, *map(len, own)])
    found = [
        LeftOut(
            member,
            {name: values[first:last] for name, values in scores.items()},
            theta,
            second_signatures(member.data)[use],
        )
        for member, theta, use, first, last in zip(
            members, thetas, used, ends[:-1], ends[1:], strict=True
        )
    ]
    return found, pd.DataFrame(rows)


def _lost(member: Member, thetas: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Log-likelihood without each month, less that of all, shape (draws, months)."""
    likelihood = member.likelihood
    weeks, rounds = (
        member.months(turns)[None, :] == months[:, None]
        for turns in (likelihood.weeks, member.data.round_turn)
    )
    return np.array([likelihood.without(theta, weeks, rounds) for theta in thetas])


def _chances(members: Sequence[Member], thetas: Sequence[np.ndarray]) -> np.ndarray:
    """Probability of type, and of type and lever, of each choice: shape (draws, choices, 2)."""
    return np.concatenate(
        [
            np.array([np.exp(log_scores(m.data, theta)[~m.data.agency]) for theta in own])
            for m, own in zip(members, thetas, strict=True)
        ],
        axis=1,
    )


def smoothed(logs: np.ndarray) -> tuple[np.ndarray, float]:
    """Logarithms of weights that sum to 1, with their largest smoothed, and the tail's shape."""
    from arviz_stats.base import array_stats  # takes a second

    if np.ptp(logs) == 0.0:
        return np.full(len(logs), -np.log(len(logs))), -np.inf
    kept, tail = array_stats.psislw(-logs)  # takes log-likelihoods
    kept = np.asarray(kept)
    top = kept.max()
    return kept - top - np.log(np.exp(kept - top).sum()), float(tail)
