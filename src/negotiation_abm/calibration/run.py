"""The `calibrate` and `validate` steps: fit, report, score, write."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.calibration.features import Data, collect
from negotiation_abm.calibration.fit import Fit, fit, profile
from negotiation_abm.calibration.identification import identification_table, sentence
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.moments import MomentFit, fit_moments, load_moments
from negotiation_abm.calibration.parameter_file import parameter_file
from negotiation_abm.calibration.posterior import Sample, sample
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.calibration.scores import (
    MODEL,
    leave_one_month_out,
    log_scores,
    score_table,
)
from negotiation_abm.game import Game
from negotiation_abm.provenance import file_hash
from negotiation_abm.record import Record
from negotiation_abm.results import provenance_of, writing


def calibrate(
    game: Game,
    record: Record,
    out: Path | None = None,
    priors: str | Path = "priors",
    certainty: tuple[str, ...] | None = None,
    name: str = "likelihood_2025",
    moments: str | Path | None = None,
    draws: int = 0,
    seed: int = 1,
) -> dict[str, Any]:
    """Fit the payoff parameters to a record and report what it identifies.

    Parameters
    ----------
    certainty : tuple of str, optional
        Count only moves whose main row has one of these (HOLD always counts); the state follows
        the whole record either way.
    name : str
        Name of the parameter set that is written, ``NAME.yaml``.
    moments : str or Path, optional
        File of moments of free runs that set some parameters (``moments_2025``); without it the
        likelihood alone speaks.
    draws : int
        Posterior draws a chain (of four), written to ``NAME.parquet``; 0 for none.

    Returns
    -------
    dict
        converged, log_likelihood, decisions, coefficients (rows of `identification_table`).

    Raises
    ------
    InputError
        If the record does not fit the scenario, a move is illegal, or the fit has not converged.
    """
    data = collect(game, record)
    prior = load_prior(data, priors)
    use = _counted(data, certainty)
    likelihood = Likelihood(data, use)
    joint = None
    if moments is not None:
        joint = fit_moments(data, prior, load_moments(moments), seed=seed, likelihood=likelihood)
    result = joint.inner if joint else fit(data, prior, likelihood)
    given = joint.values if joint else {}
    table = identification_table(result, tuple(given))
    text = parameter_file(result, table, name, given)
    chains = sample(result, _places(data, given), draws=draws, seed=seed) if draws else None
    summary = {
        "scenario": game.scenario.name,
        "record": record.path.name,
        "decisions": int(use.sum()),
        "moves": int((data.chosen[use] != 0).sum()),
        "weeks_that_could_have_a_round": len(data.round_held),
        "rounds": int(data.round_held.sum()),
        "converged": result.converged,
        "log_likelihood": result.log_likelihood,
        "coefficients": table.astype(object).where(table.notna(), None).to_dict(orient="records"),
        "sentences": [sentence(row) for _, row in table.iterrows()],
        "moments": _moments_summary(joint),
        "posterior": _posterior_summary(chains),
    }
    if out is not None:
        facts = provenance_of(game) | {"record_sha256": file_hash(record.path)}
        with writing(out, "calibrate", facts) as draft:
            draft.text(f"{name}.yaml", text)
            table.to_csv(draft.path("identification.csv"), index=False, float_format="%.6g")
            if chains is not None:
                frame = _draws_table(data, chains)
                frame.to_parquet(draft.path(f"{name}.parquet"), index=False)
            _profiles(result).to_csv(draft.path("profiles.csv"), index=False, float_format="%.6g")
            draft.json("calibration.json", summary)
    return summary


def _places(data: Data, names: Iterable[str]) -> tuple[int, ...]:
    return tuple(k for k, c in enumerate(data.coefficients) if c.label in names)


def _moments_summary(joint: MomentFit | None) -> dict[str, Any] | None:
    if joint is None:
        return None
    return {
        "set": joint.values,
        "simulated": joint.moments,
        "log_likelihood_cost": joint.log_likelihood_cost,
    }


def _posterior_summary(chains: Sample | None) -> dict[str, Any] | None:
    if chains is None:
        return None
    return {
        "chains": chains.draws.shape[0],
        "draws_a_chain": chains.draws.shape[1],
        "accepted": chains.accepted,
        "largest_r_hat": float(np.nanmax(chains.r_hat)),
        "smallest_effective_size": float(np.nanmin(chains.effective_size)),
    }


def _draws_table(data: Data, chains: Sample) -> pd.DataFrame:
    """One row a draw: chain, draw, and every coefficient by its label."""
    count, length, size = chains.draws.shape
    frame = pd.DataFrame(
        chains.draws.reshape(count * length, size), columns=[c.label for c in data.coefficients]
    )
    frame.insert(0, "chain", np.repeat(np.arange(count), length))
    frame.insert(1, "draw", np.tile(np.arange(length), count))
    return frame


def _counted(data: Data, certainty: tuple[str, ...] | None) -> np.ndarray:
    if certainty is None:
        return np.ones(len(data.chosen), dtype=bool)
    return np.array([known == "" or known in certainty for known in data.certainty])


def _profiles(result: Fit) -> pd.DataFrame:
    parts = []
    for k, coefficient in enumerate(result.data.coefficients):
        if k in result.fixed:
            continue
        rows = profile(result, k)
        part = pd.DataFrame(rows, columns=["value", "log_likelihood", "log_posterior"])
        part.insert(0, "coefficient", coefficient.label)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def validate(
    game: Game, record: Record, out: Path | None = None, priors: str | Path = "priors"
) -> dict[str, Any]:
    """Score a record: with the scenario's own parameters, and with each month left out of a fit.

    Returns
    -------
    dict
        as_given (mean log scores with the scenario's parameters, nothing refitted), scores (rows
        of `score_table`), calibration (predicted against observed frequency), brier.
    """
    data = collect(game, record)
    given = log_scores(data, data.point())
    scores = leave_one_month_out(data, load_prior(data, priors))
    table = score_table(data, scores)
    summary = {
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "record": record.path.name,
        "decisions": len(data.chosen),
        "as_given": {"type": given[:, 0].mean(), "type_and_lever": given[:, 1].mean()},
        "scores": table.to_dict(orient="records"),
        "brier": brier(data, data.point()),
        "calibration": calibration_curve(data, data.point()).to_dict(orient="records"),
        "best_baseline": table[table["model"] != MODEL].sort_values("gain_type")["model"].iloc[0],
    }
    if out is not None:
        facts = provenance_of(game) | {"record_sha256": file_hash(record.path)}
        with writing(out, "validate", facts) as draft:
            table.to_csv(draft.path("scores.csv"), index=False, float_format="%.6g")
            draft.json("validation.json", summary)
    return summary


def _chances(data: Data, theta: np.ndarray) -> np.ndarray:
    values = np.where(data.legal, data.features @ theta + data.offset, -np.inf)
    chance = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def brier(data: Data, theta: np.ndarray) -> float:
    """Mean squared error of the probabilities of all options (0 best, 2 worst)."""
    chance = _chances(data, theta)
    hit = np.zeros_like(chance)
    hit[np.arange(len(hit)), data.chosen] = 1.0
    return float(np.square(chance - hit).sum(axis=1).mean())


def calibration_curve(data: Data, theta: np.ndarray, bins: int = 8) -> pd.DataFrame:
    """Predicted against observed frequency over all legal options other than HOLD.

    Options are sorted by probability and cut into `bins` groups of about the same expected count.
    """
    chance = _chances(data, theta)
    hit = np.zeros_like(chance)
    hit[np.arange(len(hit)), data.chosen] = 1.0
    keep = data.legal.copy()
    keep[:, 0] = False
    p, y = chance[keep], hit[keep]
    order = np.argsort(p)
    p, y = p[order], y[order]
    group = np.minimum((np.cumsum(p) / p.sum() * bins).astype(int), bins - 1)
    rows = [
        {
            "predicted": p[group == g].mean(),
            "observed": y[group == g].mean(),
            "options": int((group == g).sum()),
            "error": float(np.sqrt((p * (1 - p))[group == g].sum()) / (group == g).sum()),
        }
        for g in np.unique(group)
    ]
    return pd.DataFrame(rows)
