"""Scores of predicted moves: in sample, a month left out, on another record; against baselines."""

import numpy as np
import pandas as pd

from negotiation_abm.calibration.baselines import BASELINES, baseline_scores
from negotiation_abm.calibration.choices import choices_of, types_of
from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.marginal import likelihood_of
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.calibration.probability import chances
from negotiation_abm.core.terms import NUM_OPTIONS, Move, move_of

MODEL = "quantal response (this model)"
_TYPE = np.array([move_of(option) for option in range(NUM_OPTIONS)])

Scores = dict[str, np.ndarray]  # by model: log scores of type, and of type with lever, shape (D, 2)


def log_scores(data: Data, theta: np.ndarray) -> np.ndarray:
    """Log probability of each recorded move: its type, and type with lever, shape (D, 2)."""
    return scores_of(data, chances(data, theta))


def scores_of(data: Data, chance: np.ndarray) -> np.ndarray:
    """The same where `chance` gives the probability of every option, shape (D, 20)."""
    rows = np.arange(len(chance))
    same = _TYPE[None, :] == types_of(data)[:, None]
    scores: np.ndarray = np.log(
        np.stack([(chance * same).sum(axis=1), chance[rows, data.chosen]], axis=1)
    )
    return scores


def scores_as_given(data: Data, theta: np.ndarray, train: Data) -> Scores:
    """Log scores of `data`: the model at `theta`, and baselines fitted to the record `train`."""
    return {MODEL: log_scores(data, theta)} | baseline_scores(choices_of(train), choices_of(data))


def leave_one_month_out(data: Data, prior: Prior) -> Scores:
    """Log scores of every decision when its own month is left out of the fit.

    Returns
    -------
    dict of str to ndarray, shape (D, 2)
        For the model and each baseline: type, and type with lever.
    """
    months = data.months()
    scores = {name: np.zeros((len(months), 2)) for name in (MODEL, *BASELINES)}
    full, choices = fit(data, prior), choices_of(data)
    for month in np.unique(months):
        out, train = months == month, months != month
        kept = likelihood_of(data, train, data.round_months() != month)
        part = fit(data, prior, kept, start=full.theta, metric=full.precision)
        scores[MODEL][out] = log_scores(data, part.theta)[out]
        for name, values in baseline_scores(choices.of(train), choices).items():
            scores[name][out] = values[out]
    return scores


def score_table(data: Data, scores: Scores) -> pd.DataFrame:
    """Mean score of each model, and the model's gain over it in nats with month-block errors.

    Returns
    -------
    DataFrame
        model, type, type_and_lever (mean log score a decision); gain_type, gain_type_error,
        gain_lever, gain_lever_error (sum over the record of the model's score less this one's, and
        its standard error by months).
    """
    months = data.months()
    rows = []
    for name, values in scores.items():
        gaps = scores[MODEL] - values
        blocks = np.array([gaps[months == month].sum(axis=0) for month in np.unique(months)])
        errors = np.full(2, np.nan)
        if len(blocks) > 1:
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


def by_move_type(data: Data, scores: Scores) -> pd.DataFrame:
    """Mean log score (type with lever) of each model for each type of recorded move.

    Returns
    -------
    DataFrame
        move, decisions, and one column a model.
    """
    kinds = types_of(data)
    rows = []
    for move in Move:
        here = kinds == move
        if here.any():
            means = {name: values[here, 1].mean() for name, values in scores.items()}
            rows.append({"move": move.name, "decisions": int(here.sum())} | means)
    return pd.DataFrame(rows)
