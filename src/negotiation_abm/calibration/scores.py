"""Out-of-sample scores: leave a month out, refit, predict its moves; model against baselines."""

import numpy as np
import pandas as pd

from negotiation_abm.calibration.baselines import (
    BASELINES,
    lever_log_shares,
    types_of,
)
from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.fit import Term, fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.core.terms import NUM_OPTIONS, move_of

MODEL = "quantal response (this model)"
_TYPE = np.array([move_of(option) for option in range(NUM_OPTIONS)])


def log_scores(data: Data, theta: np.ndarray) -> np.ndarray:
    """Log probability of each recorded move: its type, and type with lever, shape (D, 2)."""
    values = data.features @ theta + data.offset
    values = np.where(data.legal, values, -np.inf)
    values -= values.max(axis=1, keepdims=True)
    chance = np.exp(values)
    chance /= chance.sum(axis=1, keepdims=True)
    rows = np.arange(len(chance))
    same = _TYPE[None, :] == types_of(data)[:, None]
    scores: np.ndarray = np.log(
        np.stack([(chance * same).sum(axis=1), chance[rows, data.chosen]], axis=1)
    )
    return scores


def leave_one_month_out(
    data: Data, prior: Prior, term: Term | None = None
) -> dict[str, np.ndarray]:
    """Log scores of every decision when its own month is left out of the fit.

    A `term` (moments of free runs) enters every fit as it is.

    Returns
    -------
    dict of str to ndarray, shape (D, 2)
        For the model and each baseline: type, and type with lever.
    """
    months = data.months()
    scores = {name: np.zeros((len(months), 2)) for name in (MODEL, *BASELINES)}
    start = fit(data, prior, term=term).theta
    for month in np.unique(months):
        out, train = months == month, months != month
        kept = Likelihood(data, train, data.round_months() != month)
        theta = fit(data, prior, kept, start=start, term=term).theta
        scores[MODEL][out] = log_scores(data, theta)[out]
        levers = lever_log_shares(data, train)
        even = lever_log_shares(data, train, even=True)
        for name, baseline in BASELINES.items():
            types = baseline(data, train)
            logs = np.log(types[np.arange(len(types)), types_of(data)])
            lever = even if name == "uniform" else levers
            scores[name][out] = np.stack([logs, logs + lever], axis=1)[out]
    return scores


def score_table(data: Data, scores: dict[str, np.ndarray]) -> pd.DataFrame:
    """Mean score of each model, and the model's gain over it in nats with month-block errors.

    Returns
    -------
    DataFrame
        model, type, type_and_lever (mean log score a decision); gain_type, gain_type_error,
        gain_lever, gain_lever_error (sum over the year of the model's score less this one's, and
        its standard error by months).
    """
    months = data.months()
    rows = []
    for name, values in scores.items():
        gaps = scores[MODEL] - values
        blocks = np.array([gaps[months == month].sum(axis=0) for month in np.unique(months)])
        errors = np.sqrt(len(blocks)) * blocks.std(axis=0, ddof=1)
        rows.append(
            {
                "model": name,
                "type": values[:, 0].mean(),
                "type_and_lever": values[:, 1].mean(),
                "gain_type": gaps[:, 0].sum(),
                "gain_type_error": errors[0],
                "gain_lever": gaps[:, 1].sum(),
                "gain_lever_error": errors[1],
            }
        )
    return pd.DataFrame(rows)
