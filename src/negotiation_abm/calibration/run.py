"""The `calibrate` step: fit, report, write."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.coding import split_packages
from negotiation_abm.calibration.features import Coefficient, Data, collect
from negotiation_abm.calibration.fit import Fit, fit
from negotiation_abm.calibration.identification import identification_table, sentence
from negotiation_abm.calibration.marginal import likelihood_of
from negotiation_abm.calibration.parameter_file import parameter_file
from negotiation_abm.calibration.posterior import Sample, sample
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.calibration.profiles import profile
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.record.load import Record
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import provenance_of
from negotiation_abm.survival.words import plain_rows

PACKAGES = ("main", "split")


def calibrate(
    game: Game,
    record: Record,
    out: Path | None = None,
    priors: str | Path = "priors",
    certainty: tuple[str, ...] | None = None,
    name: str = "likelihood_2025",
    draws: int = 0,
    seed: int = 1,
    packages: str = "main",
) -> dict[str, Any]:
    """Fit the payoff parameters to a record and report what it identifies.

    Parameters
    ----------
    certainty : tuple of str, optional
        Count only moves whose main row has one of these (HOLD always counts); the state follows
        the whole record either way.
    name : str
        Name of the parameter set that is written, ``NAME.yaml``.
    draws : int
        Posterior draws a chain (of four), written to ``NAME.parquet``; 0 for none.
    packages : {"main", "split"}
        A package is one decision on its main lever, or every measure one of its own.

    Returns
    -------
    dict
        converged, log_likelihood, decisions, coefficients (rows of `identification_table`), ...

    Raises
    ------
    InputError
        If the record does not fit the scenario, a move is illegal, or the fit has not converged.
    """
    with threadpool_limits(1, "blas"):  # matrices are small: more threads only wait
        data = collect(game, split_packages(record) if packages == "split" else record)
        prior = load_prior(data, priors)
        use = _counted(data, certainty)
        likelihood = likelihood_of(data, use)
        result = fit(data, prior, likelihood)
        chains = sample(result, draws=draws, seed=seed) if draws else None
        table = identification_table(result, chains)
        facts = {
            "scenario": game.scenario.name,
            "record": record.path.stem,
            "record_sha256": file_hash(record.path),
            "priors": Path(priors).stem,
            "packages": packages,
            "certainty": list(certainty) if certainty else None,
            "seed": seed,
            "draws": 4 * draws,
            "log_likelihood": round(result.log_likelihood, 4),
        }
        text = fitted_set(result, table, name, facts)
        summary = {
            "scenario": game.scenario.name,
            "record": record.path.name,
            "decisions": int(use.sum()),
            "moves": int((data.chosen[use] != 0).sum()),
            "weeks_that_could_have_a_round": len(data.round_held),
            "rounds": int(data.round_held.sum()),
            "converged": result.converged,
            "log_likelihood": result.log_likelihood,
            "coefficients": plain_rows(table),
            "sentences": [sentence(row) for _, row in table.iterrows()],
            "posterior": _posterior_summary(chains),
        }
        if out is not None:
            with writing(
                out, "calibrate", provenance_of(game) | {"fit": facts}, keep=True
            ) as draft:
                draft.text(f"{name}.yaml", text)
                table.to_csv(draft.path("identification.csv"), index=False, float_format="%.6g")
                if chains is not None:
                    frame = draws_table(data.coefficients, chains.draws)
                    frame.to_parquet(draft.path(f"{name}.parquet"), index=False)
                profiles = _profiles(result)
                profiles.to_csv(draft.path("profiles.csv"), index=False, float_format="%.6g")
                draft.json("calibration.json", summary)
    return summary


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


def fitted_set(
    result: Fit, table: pd.DataFrame, name: str, facts: dict[str, Any] | None = None
) -> str:
    """The text of the parameter set of a fit.

    Parameters
    ----------
    table : DataFrame
        `identification_table`.

    Raises
    ------
    InputError
        If the fit has not converged: it is no parameter set.
    """
    game, coefficients = result.data.game, result.data.coefficients
    if not result.converged:
        problem = "the fit did not converge; nothing written"
        raise InputError(game.scenario.path, "calibrate", problem)
    parts = zip(coefficients, result.theta, table["error"], table["rests_on"], strict=True)
    notes = [f"{c.label} {value:.2f} ({error:.2f}), rests on {on}" for c, value, error, on in parts]
    how = f"MAP ({'posterior sd' if 'r_hat' in table else 'Laplace error'})"
    words = "Maximum a posteriori from the likelihood of one record."
    return parameter_file(game, coefficients, result.theta, notes, how, name, words, facts)


def draws_table(coefficients: Sequence[Coefficient], draws: np.ndarray) -> pd.DataFrame:
    """One row a draw: chain, draw, and every coefficient by its label.

    Parameters
    ----------
    draws : ndarray, shape (chains, draws, K)
    """
    count, length, size = draws.shape
    frame = pd.DataFrame(
        draws.reshape(count * length, size), columns=[c.label for c in coefficients]
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
