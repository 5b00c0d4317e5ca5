"""Moments of free runs: what the likelihood of the record cannot see.

An outer search over the few parameters that the moments set, with the convex fit of all the others
inside it. Free runs use the same draws at every step, so the loss is smooth enough to search.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize

from negotiation_abm.batch import simulate
from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.fit import Fit, fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.core.params import derive
from negotiation_abm.core.terms import Move, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.errors import InputError, nearest
from negotiation_abm.game import Game
from negotiation_abm.parameters import TABLE
from negotiation_abm.resources import find, read_yaml

FOLDER = "configs/calibration"
MEASURES = {"covered": COVERED, "any_domain": ANY_DOMAIN}


@dataclass(frozen=True)
class Moments:
    """Targets of free runs, recorded spells, and the parameters that they set."""

    targets: dict[str, dict[str, Any]]
    spells: list[dict[str, Any]]
    search: dict[str, dict[str, float]]


def load_moments(reference: str | Path = "moments_2025") -> Moments:
    """Read a file of moments, by shipped name or path.

    Raises
    ------
    InputError
        If a part, a name or a number is missing or not admissible.
    """
    path = find(reference, FOLDER, ".yaml")
    data = read_yaml(path)
    parts = {name: data.get(name) for name in ("moments", "spells", "search")}
    for name, kind in (("moments", dict), ("spells", list), ("search", dict)):
        if not isinstance(parts[name], kind):
            raise InputError(path, name, f"missing, or not a {kind.__name__}")
    for name, entry in data["moments"].items():
        _numbers(path, f"moments.{name}", entry, ("target", "sd"))
    for name, entry in data["search"].items():
        if name not in TABLE or TABLE[name].shape != "scalar":
            raise InputError(path, f"search.{name}", f"unknown; {nearest(name, TABLE)}")
        _numbers(path, f"search.{name}", entry, ("mean", "sd", "low", "high"))
    for number, entry in enumerate(data["spells"]):
        _numbers(path, f"spells.{number}", entry, ("weeks",))
        if entry.get("measure") not in MEASURES or not isinstance(entry.get("ended"), bool):
            problem = f"measure ({', '.join(MEASURES)}) and ended (true, false) are needed"
            raise InputError(path, f"spells.{number}", problem)
    return Moments(data["moments"], data["spells"], data["search"])


def _numbers(path: Path, place: str, entry: Any, names: tuple[str, ...]) -> None:
    for name in names:
        value = entry.get(name) if isinstance(entry, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(path, f"{place}.{name}", f"{value!r} is not a number")
        if name == "sd" and value <= 0:
            raise InputError(path, f"{place}.{name}", f"{value} is not above 0")


def with_values(game: Game, data: Data, theta: np.ndarray, extra: dict[str, float]) -> Game:
    """The game with fitted coefficients and some further parameters."""
    params = game.params.copy()
    for value, coefficient in zip(theta, data.coefficients, strict=True):
        if coefficient.index:
            params[coefficient.parameter][0][coefficient.index] = value
        else:
            params[coefficient.parameter][0] = value
    for name, value in extra.items():
        params[name][0] = value
    derive(params)
    return Game(**{**game.__dict__, "params": params})


def simulated_moments(
    game: Game, replicates: int, seed: int, weeks_observed: int
) -> tuple[dict[str, float], Any]:
    """Moments of free runs, and a function for the log probability of a recorded spell.

    Moves are counted over the first `weeks_observed` weeks, spells over the whole horizon.
    """
    blocks = list(simulate(game, replicates, seed))
    runs = np.concatenate([block.runs for block in blocks])
    spells = np.concatenate([block.spells for block in blocks])
    year = Game(**{**game.__dict__, "weeks": game.weeks[:weeks_observed]})
    moved = np.concatenate([block.runs for block in simulate(year, replicates, seed)])["num_moves"]
    first = np.where(runs["first_truce_week"] < 0, len(game.weeks), runs["first_truce_week"])
    threats = runs["num_moves"][:, :, Move.THREATEN].sum()
    ended = spells[(spells["measure"] == COVERED) & (spells["cause"] != TruceEnd.CENSORED)]
    lever, scale = game.tariff_levers()[0]
    values = {
        "first_truce_week": float(np.median(first)),
        "peak_tariff_US": float(np.median(runs["peak_in_force"][:, 0, lever]) * scale),
        "threats_carried_out": float(runs["threats_carried_out"].sum() / max(1, threats)),
        "lapse_share": float((ended["cause"] == TruceEnd.LAPSE).mean()) if len(ended) else 0.0,
        "weibull_shape": weibull_shape(spells[spells["measure"] == ANY_DOMAIN]),
    }
    for i, player in enumerate(game.players):
        moves = moved[:, i].mean(axis=0)
        values[f"escalations_{player}"] = float(moves[Move.ESCALATE])
        values[f"concessions_{player}"] = float(moves[Move.CONCEDE])
    hazards = {name: _hazard(spells[spells["measure"] == m]) for name, m in MEASURES.items()}

    def log_probability(measure: str, weeks: int, is_ended: bool) -> float:
        hazard = hazards[measure]
        kept = np.log1p(-hazard[:weeks]).sum()
        return float(kept + np.log(hazard[weeks] if is_ended else 1.0 - hazard[weeks]))

    return values, log_probability


def _hazard(spells: np.ndarray, weeks: int = 60) -> np.ndarray:
    """Smoothed hazard by week of age (half a count of the mean hazard added to each week)."""
    duration = np.minimum(spells["duration_weeks"], weeks)
    observed = (spells["cause"] != TruceEnd.CENSORED) & (spells["duration_weeks"] <= weeks)
    ends = np.bincount(duration[observed], minlength=weeks + 1)
    left = np.bincount(duration, minlength=weeks + 1)
    at_risk = len(spells) - np.concatenate([[0], np.cumsum(left)[:-1]])
    mean = (ends.sum() + 0.5) / (at_risk.sum() + 1.0)
    return np.asarray(np.clip((ends + mean) / (at_risk + 1.0), 1e-9, 1.0 - 1e-9))


def weibull_shape(spells: np.ndarray) -> float:
    """Maximum-likelihood Weibull shape of durations (weeks + 1/2), censored ones included."""
    times = spells["duration_weeks"] + 0.5
    observed = spells["cause"] != TruceEnd.CENSORED
    logs = np.log(times)
    mean_log = logs[observed].mean()

    def slope(shape: float) -> float:
        powered = times**shape
        return float(1.0 / shape + mean_log - (powered * logs).sum() / powered.sum())

    return float(brentq(slope, 0.05, 20.0))


@dataclass(frozen=True)
class MomentFit:
    """A joint fit: the inner fit, the values set by the moments, and what free runs then give."""

    inner: Fit
    values: dict[str, float]
    moments: dict[str, float]
    loss: float
    log_likelihood_cost: float  # nats of likelihood given up for the moments


def fit_moments(
    data: Data,
    prior: Prior,
    moments: Moments,
    replicates: int = 2_000,
    seed: int = 1,
    max_evaluations: int = 200,
    likelihood: Likelihood | None = None,
) -> MomentFit:
    """Search the parameters of ``moments.search``; the rest is fitted anew at every step."""
    names = list(moments.search)
    low = np.array([moments.search[name]["low"] for name in names])
    high = np.array([moments.search[name]["high"] for name in names])
    mean = np.array([moments.search[name]["mean"] for name in names])
    sd = np.array([moments.search[name]["sd"] for name in names])
    place = {c.label: k for k, c in enumerate(data.coefficients)}
    likelihood = likelihood or Likelihood(data)
    weeks = int(data.round_turn.max()) + 1
    free = fit(data, prior, likelihood)
    best: dict[str, Any] = {"loss": np.inf}

    def loss(point: np.ndarray) -> float:
        inside = np.clip(point, low, high)
        given = dict(zip(names, inside.tolist(), strict=True))
        fixed = {place[name]: value for name, value in given.items() if name in place}
        inner = fit(data, prior, likelihood, fixed, free.theta)
        extra = {name: value for name, value in given.items() if name not in place}
        game = with_values(data.game, data, inner.theta, extra)
        values, log_probability = simulated_moments(game, replicates, seed, weeks)
        total = -inner.log_likelihood - prior.value_and_gradient(inner.theta)[0]
        total += 0.5 * float((((inside - mean) / sd) ** 2).sum())
        total += 100.0 * float(np.abs(point - inside).sum())
        for name, target in moments.targets.items():
            if name not in values:
                hint = nearest(name, values)
                raise InputError(data.game.scenario.path, f"moments.{name}", f"unknown; {hint}")
            total += 0.5 * ((values[name] - target["target"]) / target["sd"]) ** 2
        for spell in moments.spells:
            total -= log_probability(spell["measure"], spell["weeks"], spell["ended"])
        if total < best["loss"]:
            best.update(loss=total, inner=inner, given=given, values=values)
        return total

    minimize(
        loss,
        mean,
        method="Nelder-Mead",
        options={
            "maxfev": max_evaluations,
            "initial_simplex": _simplex(mean, sd),
            "xatol": 0.02,
            "fatol": 0.02,
        },
    )
    return MomentFit(
        inner=best["inner"],
        values=best["given"],
        moments=best["values"],
        loss=best["loss"],
        log_likelihood_cost=free.log_likelihood - best["inner"].log_likelihood,
    )


def _simplex(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    corners = [mean + sd * step for step in 0.7 * np.eye(len(mean))]
    return np.array([mean, *corners])
