"""The `calibrate` step: fit, report, write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.coding import split_packages
from negotiation_abm.calibration.emulator_check import check_emulator
from negotiation_abm.calibration.features import Data, collect
from negotiation_abm.calibration.fit import Fit, fit
from negotiation_abm.calibration.identification import identification_table, sentence
from negotiation_abm.calibration.joint import JointFit, fit_joint
from negotiation_abm.calibration.marginal import likelihood_of
from negotiation_abm.calibration.moments import Moments, load_moments
from negotiation_abm.calibration.parameter_file import parameter_file
from negotiation_abm.calibration.posterior import Sample, sample
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.calibration.profiles import profile
from negotiation_abm.calibration.scores import MODEL, leave_one_month_out, score_table
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.record.load import Record
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import provenance_of

CHECKED = 200  # posterior draws at which the emulator is held to simulation
CHECK_REPLICATES = 1_000
PACKAGES = ("main", "split")


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
    packages: str = "main",
    progress: Callable[[int], None] | None = None,
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
        File of moments of free runs to fit as well (``moments_2025``); without it the likelihood
        alone speaks.
    draws : int
        Posterior draws a chain (of four), written to ``NAME.parquet``; 0 for none.
    packages : {"main", "split"}
        A package is one decision on its main lever, or every measure one of its own.
    progress : callable, optional
        Called with the number of design points simulated (with `moments`).

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
        targets = load_moments(moments, game, record) if moments is not None else None
        use = _counted(data, certainty)
        likelihood = likelihood_of(data, use)
        joint = (
            fit_joint(data, prior, targets, likelihood, seed, progress=progress)
            if (targets is not None)
            else None
        )
        result = joint.fit if joint else fit(data, prior, likelihood)
        chains = sample(result, draws=draws, seed=seed) if draws else None
        table = identification_table(result, joint.likelihood_alone if joint else None, chains)
        facts = {
            "scenario": game.scenario.name,
            "record": record.path.stem,
            "record_sha256": file_hash(record.path),
            "priors": Path(priors).stem,
            "moments": Path(moments).stem if moments is not None else None,
            "packages": packages,
            "certainty": list(certainty) if certainty else None,
            "seed": seed,
            "draws": 4 * draws,
            "log_likelihood": round(result.log_likelihood, 4),
        }
        text = parameter_file(result, table, name, facts)
        summary = {
            "scenario": game.scenario.name,
            "record": record.path.name,
            "decisions": int(use.sum()),
            "moves": int((data.chosen[use] != 0).sum()),
            "weeks_that_could_have_a_round": len(data.round_held),
            "rounds": int(data.round_held.sum()),
            "converged": result.converged,
            "log_likelihood": result.log_likelihood,
            "coefficients": _records(table),
            "sentences": [sentence(row) for _, row in table.iterrows()],
            "moments": _moments_summary(joint, targets, chains, seed),
            "posterior": _posterior_summary(chains),
        }
        if out is not None:
            with writing(
                out, "calibrate", provenance_of(game) | {"fit": facts}, keep=True
            ) as draft:
                draft.text(f"{name}.yaml", text)
                table.to_csv(draft.path("identification.csv"), index=False, float_format="%.6g")
                if chains is not None:
                    frame = draws_table(data, chains)
                    frame.to_parquet(draft.path(f"{name}.parquet"), index=False)
                profiles = _profiles(result)
                profiles.to_csv(draft.path("profiles.csv"), index=False, float_format="%.6g")
                draft.json("calibration.json", summary)
    return summary


def _moments_summary(
    joint: JointFit | None, moments: Moments | None, chains: Sample | None, seed: int
) -> dict[str, Any] | None:
    if joint is None or moments is None:
        return None
    summary: dict[str, Any] = {
        "simulated": joint.simulated,
        "targets": moments.targets,
        "spells": moments.spells,
        "log_likelihood_cost": joint.likelihood_cost,
        "emulator_explains": joint.explained,
        "left_out": _left_out(joint),
    }
    if chains is not None:
        flat = chains.draws.reshape(-1, chains.draws.shape[2])
        some = flat[:: max(1, len(flat) // CHECKED)][:CHECKED]
        check = check_emulator(joint, moments, some, CHECK_REPLICATES, seed + 1)
        summary["emulator_check"] = {
            "draws": len(some),
            "error_nats": check.error,
            "effective_share": check.effective_share,
            "correlation": check.correlation,
        }
    return summary


def _left_out(joint: JointFit) -> list[dict[str, Any]]:
    """Scores with each month left out of the likelihood: without, and with the moments.

    The moments have seen the whole year, so what they cost here is a lower bound.
    """
    result = joint.fit
    alone = leave_one_month_out(result.data, result.prior)
    both = leave_one_month_out(result.data, result.prior, result.term)
    table = score_table(
        result.data, {MODEL: alone[MODEL], "with moments of free runs": both[MODEL]}
    )
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, which knows neither NaN nor infinity: None for both."""
    known = table.notna() & ~table.isin([np.inf, -np.inf])
    rows = table.astype(object).where(known, None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


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


def draws_table(data: Data, chains: Sample) -> pd.DataFrame:
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
