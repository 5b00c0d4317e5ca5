"""What the fit of 2025 leans on: fatigue tested from all sides, terms out of sample, codings.

    python experiments/calibration/checks.py OUT_DIR

writes ``checks.json``, which `write_up.py` puts into docs/calibration.md. Seeds are fixed: two runs
give the same.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from negotiation_abm import Game, Record, build_game, load_record, load_scenario
from negotiation_abm.calibration.baselines import types_of
from negotiation_abm.calibration.coding import CODINGS
from negotiation_abm.calibration.features import Data, collect
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.forecast import forecast
from negotiation_abm.calibration.joint import fit_joint
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal import likelihood_of
from negotiation_abm.calibration.moments import (
    load_moments,
    recorded_spells,
    with_coefficients,
)
from negotiation_abm.calibration.priors import Prior, load_prior
from negotiation_abm.calibration.scores import MODEL, leave_one_month_out
from negotiation_abm.core.terms import NUM_OPTIONS, Move, move_of
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.run.batch import available_threads

SCENARIO, RECORD, BUSAN = "baseline_2025", "record_2025", "busan_2025"
KINDS = np.array([move_of(o) for o in range(NUM_OPTIONS)])
SETTLING = np.isin(KINDS, (Move.CONCEDE, Move.SUSPEND))
SHOWN = ("fatigue", "acceptance", "reciprocity", "breach_cost", "mirror")
LEVER_DRAWS = 40
LEVER_SPREAD = 0.35
TIES = (0.7, 1.0)  # mean and sd: step of cost on concession in the sanctions data TIES
SEVERITIES = (0.05, 0.10, 0.15)


@dataclass(frozen=True)
class Case:
    """A record under a scenario, with what its fit needs."""

    game: Game
    record: Record
    data: Data
    prior: Prior


def case(changes=None, skip_illegal=False) -> Case:
    """The record of 2025 under the baseline, with some of its values changed."""
    game, record = build_game(load_scenario(SCENARIO, changes or {})), load_record(RECORD)
    data = collect(game, record, skip_illegal)
    return Case(game, record, data, load_prior(data))


@cache
def shipped() -> Case:
    return case()


def place(data, label):
    return [c.label for c in data.coefficients].index(label)


def fatigue_of(data, prior, likelihood=None):
    """Estimate, error, and what holding it at 0 costs (log-posterior, log-likelihood)."""
    likelihood = likelihood or likelihood_of(data)
    k = place(data, "fatigue")
    free = fit(data, prior, likelihood)
    zero = fit(data, prior, likelihood, {k: 0.0}, free.theta, metric=free.precision)
    assert free.converged
    assert zero.converged
    return {
        "estimate": free.theta[k],
        "error": free.errors[k],
        "zero_cost": free.log_posterior - zero.log_posterior,
        "zero_cost_likelihood": free.log_likelihood - zero.log_likelihood,
        "log_posterior": free.log_posterior,
    }


def quantiles(values):
    names = ("low", "median", "high")
    spread = np.quantile(values, [0.1, 0.5, 0.9]).tolist()
    return dict(zip(names, spread, strict=True)) | {"min": min(values), "max": max(values)}


# ---------------------------------------------------------------------------
# Data


def data_section():
    """Counts."""
    data, record = shipped().data, shipped().record
    kinds, months = types_of(data), data.months()
    moved = [known for known in data.certainty if known]
    legal = data.legal.sum(axis=1)
    return {
        "rows": len(record.rows),
        "decisions": len(data.chosen),
        "moves": int((kinds != Move.HOLD).sum()),
        "by_player": {
            label: {
                move.name: int(((kinds == move) & (data.player == player)).sum()) for move in Move
            }
            for player, label in enumerate(data.game.players)
        },
        "by_month": {str(m): int((kinds[months == m] != 0).sum()) for m in np.unique(months)},
        "certainty": {known: moved.count(known) for known in sorted(set(moved))},
        "rounds": int(data.round_held.sum()),
        "weeks": len(data.round_held),
        "legal": {"min": int(legal.min()), "max": int(legal.max()), "mean": float(legal.mean())},
        "coefficients": len(data.coefficients),
        "readings": len(likelihood_of(data).reading_weight),
        "in_play": {
            label: in_play(data, label) for label in ("breach_cost", "follow", "acceptance")
        },
    }


def in_play(data, label):
    """In how many decisions a term could be chosen, and in how many it was."""
    weights = data.features[:, :, place(data, label)]
    chosen = weights[np.arange(len(weights)), data.chosen]
    return {"open": int((weights != 0).any(axis=1).sum()), "chosen": int((chosen != 0).sum())}


# ---------------------------------------------------------------------------
# Fatigue


def felt_of(game, record):
    """Felt pain at the start of each week, shape (weeks, 2)."""
    rows = []
    replay_record(game, record, True, on_week=lambda state: rows.append(state.felt.copy()))
    return np.array(rows)


def parts_of(one, felt):
    """Each lever's part of what the other side feels, shape (weeks, levers)."""
    parts = []
    for _, _, label in one.game.lever_labels():
        without = build_game(load_scenario(SCENARIO, {f"levers.{label}.weight": 0.0}))
        parts.append((felt - felt_of(without, one.record)).sum(axis=1))
    return np.stack(parts, axis=1)


def with_felt(data, felt):
    """The same data with another series of felt pain, shape (weeks, 2), behind `fatigue`."""
    k = place(data, "fatigue")
    features, rounds = data.features.copy(), data.round_features.copy()
    features[:, :, k] = felt[data.turn, data.player][:, None] * (data.legal & SETTLING)
    rounds[:, k] = felt[data.round_turn].mean(axis=1)
    hidden = data.hidden
    unseen = hidden.features.copy()
    side = np.arange(len(hidden.turn)) % 2
    unseen[:, :, k] = felt[hidden.turn, side][:, None] * (hidden.legal & SETTLING)
    hidden = replace(hidden, features=unseen)
    return replace(data, features=features, round_features=rounds, hidden=hidden)


def with_fatigue_prior(prior, k, mean, sd):
    covariance, centre = prior.covariance.copy(), prior.mean.copy()
    covariance[k, k], centre[k] = sd**2, mean
    return Prior(centre, covariance, tuple(prior.spreads))


def fatigue_section():
    one = shipped()
    data, prior = one.data, one.prior
    k, felt = place(data, "fatigue"), felt_of(one.game, one.record)
    np.testing.assert_allclose(with_felt(data, felt).hidden.features, data.hidden.features)
    whole = fatigue_of(data, prior)
    result = fit(data, prior)
    scale = np.sqrt(np.diag(result.covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.nan_to_num(result.covariance[k] / (scale * scale[k]))
    labels = [c.label for c in data.coefficients]
    order = [o for o in np.argsort(-np.abs(correlation)) if o != k][:6]
    return {
        "as_fitted": whole,
        "holds_as_replayed": fatigue_of(data, prior, Likelihood(data)),
        "correlations": {labels[o]: float(correlation[o]) for o in order},
        "felt": {
            "correlation": float(np.corrcoef(felt.T)[0, 1]),
            "mean": felt.mean(axis=0).tolist(),
            "sd": felt.std(axis=0).tolist(),
            "weeks_0_4": felt[[0, 4]].tolist(),
        },
        "evidence": evidence(data, prior),
        "whose": {
            name: fatigue_of(with_felt(data, series), prior)
            for name, series in (
                ("the opponent's", felt[:, ::-1]),
                ("half of each (joint_pain .5)", np.repeat(felt.mean(1, keepdims=True), 2, 1)),
            )
        },
        "without_lever": without_levers(one, felt, whole["log_posterior"]),
        "memory": {str(memory): fatigue_of(*memory_case(memory)) for memory in (0.3, 0.6, 0.8)},
        "prior_sd": {
            str(sd): fatigue_of(data, with_fatigue_prior(prior, k, 0.0, sd))
            for sd in (1.0, 1.5, 3.0, 6.0)
        },
        "ties_prior": fatigue_of(data, with_fatigue_prior(prior, k, *TIES)),
        "lever_weights": lever_weights(),
        "shifts": shifts(data, prior, felt, whole["log_posterior"]),
    }


def memory_case(memory):
    other = case({"felt_memory": memory})
    return other.data, other.prior


def evidence(data, prior):
    """Which part of the record carries it."""
    everything = np.ones(len(data.chosen), bool)
    rounds = np.ones(len(data.round_held), bool)
    quiet, weeks = data.months() <= 202503, data.round_months() <= 202503
    found = {
        "choices alone, no rounds": (everything, ~rounds),
        "choices of the US, rounds": (data.player == 0, rounds),
        "choices of CHINA, rounds": (data.player == 1, rounds),
        "without January to March": (~quiet, ~weeks),
    }
    found |= {
        f"without {month}": (data.months() != month, data.round_months() != month)
        for month in np.unique(data.months())
    }
    return {
        name: fatigue_of(data, prior, likelihood_of(data, *parts)) for name, parts in found.items()
    }


def without_levers(one, felt, best):
    parts = parts_of(one, felt)
    found = {}
    for a, (owner, _, label) in enumerate(one.game.lever_labels()):
        series = felt.copy()
        series[:, 1 - owner] -= parts[:, a]
        rest = fatigue_of(with_felt(one.data, series), one.prior)
        share = parts[:, a].sum() / felt[:, 1 - owner].sum()
        found[label] = rest | {"share": float(share), "loss": best - rest["log_posterior"]}
    return found


def lever_weights():
    """Refits with every weight times lognormal(0.35)."""
    rng = np.random.default_rng(1)
    labels = [label for _, _, label in shipped().game.lever_labels()]
    levers = shipped().game.scenario.levers
    fits = []
    for _ in range(LEVER_DRAWS):
        factors = np.exp(LEVER_SPREAD * rng.standard_normal(len(labels)))
        changes = {"tolerance": 100.0}  # or a heavy draw would end the truce in October
        for label, factor in zip(labels, factors, strict=True):
            player, lever = label.split(".")
            changes[f"levers.{label}.weight"] = float(levers[player][lever].weight * factor)
        drawn = case(changes)
        fits.append(fatigue_of(drawn.data, drawn.prior))
    return {
        "draws": LEVER_DRAWS,
        "estimate": quantiles([f["estimate"] for f in fits]),
        "zero_cost": quantiles([f["zero_cost"] for f in fits]),
    }


def shifts(data, prior, felt, true):
    """The felt series moved around the year by whole weeks."""
    losses = []
    whole = fit(data, prior)
    for shift in range(1, len(felt)):
        moved = with_felt(data, np.roll(felt, shift, axis=0))
        again = fit(moved, prior, start=whole.theta, metric=whole.precision)
        losses.append(true - again.log_posterior)
    best = int(np.argmin(losses))
    return {
        "count": len(losses),
        "as_good": int((np.array(losses) <= 0).sum()),
        "best_shift": best + 1,
        "best_loss": losses[best],
        "median_loss": float(np.median(losses)),
    }


# ---------------------------------------------------------------------------
# Terms out of sample, codings


def terms_section():
    """What each group of terms adds when a month is left out, free against held at 0."""
    one = shipped()
    months = one.data.months()
    full = leave_one_month_out(one.data, one.prior)[MODEL]
    found = {}
    for label in ("fatigue", "acceptance", "reciprocity", "breach_cost", "mirror", "lever_bias"):
        covariance = one.prior.covariance.copy()
        held = [k for k, c in enumerate(one.data.coefficients) if c.parameter == label]
        covariance[held, :] = covariance[:, held] = 0.0
        less = Prior(one.prior.mean, covariance, tuple(one.prior.spreads))
        gaps = full - leave_one_month_out(one.data, less)[MODEL]
        blocks = np.array([gaps[months == m].sum(axis=0) for m in np.unique(months)])
        errors = np.sqrt(len(blocks)) * blocks.std(axis=0, ddof=1)
        found[label] = {
            "type": gaps[:, 0].sum(),
            "type_error": errors[0],
            "lever": gaps[:, 1].sum(),
            "lever_error": errors[1],
        }
    return found


def coding_section():
    """The fit under other codings of the same year."""
    one = shipped()
    found = {}
    for name, code in CODINGS.items():
        data = collect(*code(one.game, one.record), skip_illegal=True)
        found[name] = coded(data, load_prior(data), likelihood_of(data))
    found["HOLDs as the replay reads them"] = coded(one.data, one.prior, Likelihood(one.data))
    for known in (("seed",), ("seed", "outside")):
        use = np.array([c == "" or c in known for c in one.data.certainty])
        name = f"only {' and '.join(known)} count, state kept"
        found[name] = coded(one.data, one.prior, likelihood_of(one.data, use), use)
    return found


def coded(data, prior, likelihood, use=None):
    use = np.ones(len(data.chosen), bool) if use is None else use
    result = fit(data, prior, likelihood)
    zero = fatigue_of(data, prior, likelihood)["zero_cost"]
    return {
        "moves": int((data.chosen[use] != 0).sum()),
        "rounds": int(data.round_held.sum()),
        "zero_cost": zero,
        "converged": result.converged,
    } | {
        label: [result.theta[place(data, label)], result.errors[place(data, label)]]
        for label in SHOWN
    }


def severity_section():
    """Spells and the joint fit where other escalations end an any-domain spell."""
    found = {}
    for severity in SEVERITIES:
        one = case({"min_severity": severity})
        moments = load_moments("moments_2025", one.game, one.record)
        joint = fit_joint(
            one.data, one.prior, moments, seed=3, points=400, replicates=300, rounds=3
        )
        busan = build_game(load_scenario(BUSAN, {"min_severity": severity}))
        fitted = with_coefficients(busan, one.data.coefficients, joint.fit.theta)
        ahead = forecast([fitted], 20_000, 3).survival
        found[str(severity)] = {
            "spells": [
                f"{s['weeks']}{'' if s['ended'] else '+'}"
                for s in recorded_spells(one.game, one.record)
                if s["measure"] == "any_domain"
            ],
            "weibull_shape": joint.simulated["weibull_shape"],
            "survival_365": {
                row["measure"]: row["probability"]
                for row in ahead.to_dict("records")
                if row["until"] == "365 d"
            },
        } | {
            label: joint.fit.theta[place(one.data, label)]
            for label in ("breach_cost", "restraint", "depth", "truce_frailty", "deadline")
        }
    return found


SECTIONS = {
    "data": data_section,
    "fatigue": fatigue_section,
    "terms": terms_section,
    "coding": coding_section,
    "severity": severity_section,
}


def section(name):
    print(f"checks: {name}", flush=True)
    with threadpool_limits(1, "blas"):
        return SECTIONS[name]()


def main(out, names):
    found = {}
    path = Path(out) / "checks.json"
    if names and path.is_file():
        found = json.loads(path.read_text())
    with ProcessPoolExecutor(available_threads(), get_context("spawn")) as pool:
        wanted = names or list(SECTIONS)
        found |= dict(zip(wanted, pool.map(section, wanted), strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2, default=float) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(SECTIONS):
        sys.exit(f"usage: checks.py OUT_DIR [{' | '.join(SECTIONS)}]")
    main(sys.argv[1], sys.argv[2:])
