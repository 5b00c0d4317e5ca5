"""What foresight adds: to the fit of the record of 2025, and to how long truces last in play.

    python experiments/foresight/run.py            # all numbers of docs/foresight.md, minutes
    python experiments/foresight/run.py --replicates 200

Writes ``fit.csv`` and ``play.csv`` to ``results/foresight``.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm import build_game, load_record, load_scenario, run_replicates
from negotiation_abm.calibration.features import Coefficient, Data, collect
from negotiation_abm.calibration.fit import Fit, fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import Prior, load_prior
from negotiation_abm.calibration.scores import log_scores
from negotiation_abm.contrast import mean_difference, outcomes
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import NUM_OPTIONS
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.replay import replay_record
from negotiation_abm.strategies._lookahead import copy_state, foreseen, new_info, new_twin

PRIOR_SD = 3.0  # of the coefficient of foresight; neutral and wide
DEPTHS = {"foresight_1": 0, "foresight_2": 1}


def ahead(game, record, deep):
    """Foreseen change of the own flow, in nats, of each option at each decision: (D, 20)."""
    params, rows = as_object(game.params[0]), []
    twins, infos, twin = (new_twin(), new_twin(), new_twin()), new_info(), new_twin()

    def note(state, week, player, option, date):
        copy_state(twin, state)  # the quantal response keeps factors in the state
        values = np.zeros(NUM_OPTIONS)
        for other in range(2 + 3 * params.num_levers[player]):
            if is_legal(twin[0], params, player, other):
                change = foreseen(twin[0], params, week, player, other, deep, twins, infos)
                values[other] = params.flow_weight * change
        rows.append(values)

    replay_record(game, record, on_decision=note)
    return params.precision * np.array(rows)


def with_foresight(data: Data, column: np.ndarray) -> Data:
    """The data with one coefficient more."""
    return replace(
        data,
        coefficients=(*data.coefficients, Coefficient("foresight", (), "foresight")),
        features=np.concatenate([data.features, column[:, :, None]], axis=2),
        round_features=np.pad(data.round_features, ((0, 0), (0, 1))),
    )


def wider(prior: Prior) -> Prior:
    """The prior with that of the coefficient of foresight."""
    size = len(prior.mean)
    covariance = np.zeros((size + 1, size + 1))
    covariance[:size, :size] = prior.covariance
    covariance[size, size] = PRIOR_SD**2
    return Prior(np.append(prior.mean, 0.0), covariance)


def left_out(data: Data, prior: Prior, start: np.ndarray) -> np.ndarray:
    """Log score of every decision (type; type and lever), its month left out of the fit: (D, 2)."""
    months, scores = data.months(), np.zeros((len(data.chosen), 2))
    for month in np.unique(months):
        kept = Likelihood(data, months != month, data.round_months() != month)
        theta = fit(data, prior, kept, start=start).theta
        out = months == month
        scores[out] = log_scores(data, theta)[out]
    return scores


def gain(scores, base, months):
    """Sum of the gains of log score, and its standard error by months."""
    gaps = scores - base
    blocks = np.array([gaps[months == month].sum(axis=0) for month in np.unique(months)])
    return gaps.sum(axis=0), np.sqrt(len(blocks)) * blocks.std(axis=0, ddof=1)


def fit_table() -> pd.DataFrame:
    """Coefficient of foresight, and what it adds in and out of sample."""
    game, record = build_game(load_scenario("baseline_2025")), load_record("record_2025")
    data = collect(game, record)
    prior = load_prior(data)
    base: Fit = fit(data, prior)
    scores = left_out(data, prior, base.theta)
    rows = []
    for name, deep in DEPTHS.items():
        more = with_foresight(data, ahead(game, record, deep))
        found = fit(more, wider(prior))
        total, error = gain(left_out(more, wider(prior), found.theta), scores, data.months())
        rows.append(
            {
                "strategy": name,
                "coefficient": found.theta[-1],
                "error": found.errors[-1],
                "gain_in_sample": found.log_likelihood - base.log_likelihood,
                "gain_left_out_type": total[0],
                "gain_left_out_type_error": error[0],
                "gain_left_out_lever": total[1],
                "gain_left_out_lever_error": error[1],
            }
        )
    return pd.DataFrame(rows)


def play_table(replicates: int, seed: int) -> pd.DataFrame:
    """Truces with foresight on both sides, less without, paired."""
    rows, played = [], {}
    for strategy in ("logit", *DEPTHS):
        chosen = {"strategies": dict.fromkeys(("US", "CHINA"), strategy)}
        games = [build_game(load_scenario(n, chosen)) for n in ("busan_2025", "baseline_2025")]
        columns = {
            "survival_365": outcomes(games[0], replicates, seed)[:, 1],
            "truce_weeks": outcomes(games[0], replicates, seed)[:, 2],
            "first_truce_weeks": outcomes(games[1], replicates, seed)[:, 0],
        }
        runs = run_replicates(games[0], seed, 0, replicates).runs
        columns["escalations"] = runs["num_moves"][:, :, 2].sum(axis=1).astype(float)
        columns["concessions"] = runs["num_moves"][:, :, 4].sum(axis=1).astype(float)
        played[strategy] = columns
        for name, values in columns.items():
            found = mean_difference(played["logit"][name], values)
            rows.append(
                {
                    "strategy": strategy,
                    "outcome": name,
                    "mean": found.changed,
                    "difference": found.difference,
                    "low": found.low,
                    "high": found.high,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("results/foresight"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in (
        ("fit", fit_table()),
        ("play", play_table(options.replicates, options.seed)),
    ):
        table.to_csv(options.out / f"{name}.csv", index=False, float_format="%.6g")
        print(table.round(3).to_string(index=False), "\n")


if __name__ == "__main__":
    main()
