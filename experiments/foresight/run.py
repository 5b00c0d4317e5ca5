"""What foresight adds: to the fit of the record of 2025, and to how long truces last in play.

    python experiments/foresight/run.py            # all numbers of docs/foresight.md, minutes
    python experiments/foresight/run.py --replicates 200

Writes ``fit.csv``, ``play.csv`` and ``foresight.json`` (what was played) to ``results/foresight``;
`make pages` runs it and writes the page.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm import build_game, load_record, load_scenario
from negotiation_abm.calibration.features import Coefficient, Data, collect
from negotiation_abm.calibration.fit import Fit, fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.priors import Prior, load_prior
from negotiation_abm.calibration.scores import log_scores
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import NUM_OPTIONS, Move
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.run.paired import mean_difference
from negotiation_abm.run.play import play_one
from negotiation_abm.strategies._lookahead import copy_state, foreseen, new_info, new_twin

PRIOR_SD = 3.0  # of the coefficient of foresight; neutral and wide
DEPTHS = {"foresight_1": 0, "foresight_2": 1}
HOLDS = {"summed out": MarginalLikelihood, "as replayed": Likelihood}
SCORES = ("left_out", "left_out_type", "left_out_lever")


def ahead(game, record, deep):
    """Foreseen change of the own flow, in nats, of each option: (D, 20) and (R, 20).

    At each decision of the replay, and in each row of what the record does not say (`Hidden`).
    """
    params, rows, hidden = as_object(game.params[0]), [], []
    twins, infos, twin = (new_twin(), new_twin(), new_twin()), new_info(), new_twin()

    def changes(state, week, player):
        copy_state(twin, state)  # the quantal response keeps factors in the state
        values = np.zeros(NUM_OPTIONS)
        for other in range(2 + 3 * params.num_levers[player]):
            if is_legal(twin[0], params, player, other):
                change = foreseen(twin[0], params, week, player, other, deep, twins, infos)
                values[other] = params.flow_weight * change
        return values

    def note(state, week, player, option, date):
        rows.append(changes(state, week, player))

    def note_segment(state, week, truce, player, option):
        hidden.extend(changes(state, week, side) for side in range(2))

    replay_record(game, record, on_decision=note, on_segment=note_segment)
    return params.precision * np.array(rows), params.precision * np.array(hidden)


def with_foresight(data: Data, column: np.ndarray, hidden: np.ndarray) -> Data:
    """The data with one coefficient more."""
    return replace(
        data,
        coefficients=(*data.coefficients, Coefficient("foresight", (), "foresight")),
        features=_wider(data.features, column),
        round_features=np.pad(data.round_features, ((0, 0), (0, 1))),
        hidden=replace(data.hidden, features=_wider(data.hidden.features, hidden)),
    )


def _wider(features: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.concatenate([features, column[:, :, None]], axis=2)


def wider(prior: Prior) -> Prior:
    """The prior with that of the coefficient of foresight."""
    size = len(prior.mean)
    covariance = np.zeros((size + 1, size + 1))
    covariance[:size, :size] = prior.covariance
    covariance[size, size] = PRIOR_SD**2
    return Prior(np.append(prior.mean, 0.0), covariance, tuple(prior.spreads))


def left_out(data: Data, prior: Prior, kind, whole: Fit) -> np.ndarray:
    """Each month predicted by a fit without it: (months, 3).

    Log likelihood of the month, and the log scores of its decisions as the replay has them: type,
    and type with lever.
    """
    months, rows = data.months(), []
    for month in np.unique(months):
        here, rounds = months == month, data.round_months() == month
        kept = kind(data, ~here, ~rounds)
        theta = fit(data, prior, kept, start=whole.theta, metric=whole.precision).theta
        own = kind(data, here, rounds).value_and_gradient(theta)[0]
        rows.append([own, *log_scores(data, theta)[here].sum(axis=0)])
    return np.array(rows)


def fit_table() -> pd.DataFrame:
    """Coefficient of foresight, and what it adds in and out of sample, for both readings of HOLD.

    Gains are sums over the record, with standard errors by months.
    """
    game, record = build_game(load_scenario("baseline_2025")), load_record("record_2025")
    data = collect(game, record)
    prior = load_prior(data)
    wide = {name: with_foresight(data, *ahead(game, record, deep)) for name, deep in DEPTHS.items()}
    rows = []
    for holds, kind in HOLDS.items():
        base = fit(data, prior, kind(data))
        before = left_out(data, prior, kind, base)
        for name, more in wide.items():
            found = fit(more, wider(prior), kind(more))
            gaps = left_out(more, wider(prior), kind, found) - before
            errors = np.sqrt(len(gaps)) * gaps.std(axis=0, ddof=1)
            row = {"strategy": name, "holds": holds, "coefficient": found.theta[-1]}
            row |= {"error": found.errors[-1]}
            row |= {"gain_in_sample": found.log_likelihood - base.log_likelihood}
            for score, gain, error in zip(SCORES, gaps.sum(axis=0), errors, strict=True):
                row |= {f"gain_{score}": gain, f"gain_{score}_error": error}
            rows.append(row)
    return pd.DataFrame(rows)


def play_table(replicates: int, seed: int) -> pd.DataFrame:
    """Truces with foresight on both sides, less without, paired."""
    rows, played = [], {}
    for strategy in ("logit", *DEPTHS):
        chosen = {"strategies": dict.fromkeys(("US", "CHINA"), strategy)}
        busan, january = (
            play_one(build_game(load_scenario(name, chosen)), wanted, replicates, seed)
            for name, wanted in (
                ("busan_2025", ("outlasts_365", "truce_weeks")),
                ("baseline_2025", ("first_truce_weeks",)),
            )
        )
        moves = busan.block.runs["num_moves"].sum(axis=1).astype(float)
        columns = {
            "survival_365": busan["outlasts_365"],
            "truce_weeks": busan["truce_weeks"],
            "first_truce_weeks": january["first_truce_weeks"],
            "escalations": moves[:, Move.ESCALATE],
            "concessions": moves[:, Move.CONCEDE],
        }
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
    made = {
        "parameters": build_game(load_scenario("baseline_2025")).parameter_set.name,
        "replicates": options.replicates,
        "seed": options.seed,
    }
    (options.out / "foresight.json").write_text(json.dumps(made, indent=2) + "\n")


if __name__ == "__main__":
    main()
