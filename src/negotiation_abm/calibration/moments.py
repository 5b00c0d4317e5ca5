"""Moments of free runs: what the likelihood of a record cannot see.

The likelihood looks one step ahead from the recorded state. How long truces last when the game is
left to itself, how often they lapse, how far a spiral goes, it does not see. A file of moments
(``configs/calibration``) gives targets with a spread, and recorded spells that enter by the
probability that free runs give them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from negotiation_abm.calibration.features import Coefficient
from negotiation_abm.calibration.weekly import before_dates, is_truce, raises_answered
from negotiation_abm.core.params import derive
from negotiation_abm.core.terms import Move, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.record.load import Record
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.run.outcome import Outcome, Runs
from negotiation_abm.run.outcomes import first_truce_weeks
from negotiation_abm.run.play import play_one
from negotiation_abm.run.spells import curves_of
from negotiation_abm.scenario.game import Game

FOLDER = "configs/calibration"
MEASURES = {"covered": COVERED, "any_domain": ANY_DOMAIN}
HAZARD_WEEKS = 60
WINDOW = 2  # weeks to each side over which a hazard is averaged
HALF = 0.5  # a count added where a share or a rate could be 0


@dataclass(frozen=True)
class Moments:
    """Targets of free runs (name: target, sd, source) and recorded spells."""

    path: Path
    targets: dict[str, dict[str, Any]]
    spells: list[dict[str, Any]]


@dataclass(frozen=True)
class Scale:
    """On which scale a moment is close to linear in the coefficients, and the way back."""

    forward: Callable[[Any], Any]
    back: Callable[[Any], Any]
    slope: Callable[[Any], Any]  # of `back`


PLAIN = Scale(lambda m: m, lambda e: e, np.ones_like)
LOG = Scale(np.log, np.exp, np.exp)
LOGIT = Scale(
    lambda m: np.log(m / (1.0 - m)),
    lambda e: 1.0 / (1.0 + np.exp(-e)),
    lambda e: 0.25 / np.cosh(0.5 * e) ** 2,
)
_KINDS = {
    "first_truce_week": LOG,
    "peak_tariff": PLAIN,
    "threats_carried_out": LOGIT,
    "lapse_share": LOGIT,
    "renewal_lead": LOG,
    "weibull_shape": LOG,
    "escalations": LOG,
    "concessions": LOG,
    "before_dates": LOG,
    "raises_answered": LOGIT,
}
_OF_PLAYERS = ("peak_tariff", "escalations", "concessions")


def moment_names(game: Game) -> list[str]:
    """Names of all moments of a game; those of a player end in its label."""
    names: list[str] = []
    for kind in _KINDS:
        if kind not in _OF_PLAYERS:
            names.append(kind)
            continue
        sides = game.tariff_levers() if kind == "peak_tariff" else range(2)
        names += [f"{kind}_{game.players[i]}" for i in sides]
    return names


def scale_of(name: str) -> Scale:
    """The scale of a moment."""
    return next(scale for kind, scale in _KINDS.items() if name.startswith(kind))


def load_moments(reference: str | Path, game: Game, record: Record | None = None) -> Moments:
    """Read a file of moments, by shipped name or path.

    ``spells: record`` takes the spells that `record` has under the rules.

    Raises
    ------
    InputError
        If a part, a name or a number is missing or not admissible.
    """
    path = find(reference, FOLDER, ".yaml")
    data = read_yaml(path)
    for name in data:
        if name not in ("name", "scenario", "moments", "spells"):
            raise InputError(
                path, str(name), f"unknown; {suggest(str(name), ['moments', 'spells'])}"
            )
    targets, spells = data.get("moments"), data.get("spells", [])
    if spells == "record":
        spells = recorded_spells(game, record) if record is not None else []
    if not isinstance(targets, dict):
        raise InputError(path, "moments", "missing, or not a mapping of names")
    if not isinstance(spells, list):
        raise InputError(path, "spells", "neither a list nor 'record'")
    known = moment_names(game)
    for name, entry in targets.items():
        if name not in known:
            raise InputError(path, f"moments.{name}", f"unknown; {suggest(str(name), known)}")
        _numbers(path, f"moments.{name}", entry, ("target", "sd"))
    for number, entry in enumerate(spells):
        place = f"spells.{number}"
        _numbers(path, place, entry, ("weeks",))
        if entry.get("measure") not in MEASURES or not isinstance(entry.get("ended"), bool):
            problem = f"measure ({', '.join(MEASURES)}) and ended (true, false) are needed"
            raise InputError(path, place, problem)
        if entry["weeks"] != int(entry["weeks"]) or not 0 <= entry["weeks"] <= HAZARD_WEEKS:
            problem = f"{entry['weeks']} is not a whole number from 0 to {HAZARD_WEEKS}"
            raise InputError(path, f"{place}.weeks", problem)
    return Moments(path, targets, spells)


def recorded_spells(game: Game, record: Record) -> list[dict[str, Any]]:
    """Spells of a record under the rules, by both measures, as a file of moments has them."""
    names = {code: name for name, code in MEASURES.items()}
    return [
        {
            "measure": names[spell.measure],
            "weeks": min(spell.duration_weeks, HAZARD_WEEKS),
            "ended": spell.cause != TruceEnd.CENSORED and spell.duration_weeks <= HAZARD_WEEKS,
            "source": f"{record.path.stem}, {spell.start} to {spell.end}",
        }
        for spell in replay_record(game, record, skip_illegal=True).spells
    ]


def _numbers(path: Path, place: str, entry: Any, names: tuple[str, ...]) -> None:
    for name in names:
        value = entry.get(name) if isinstance(entry, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise InputError(path, f"{place}.{name}", f"{value!r} is not a number")
        if name == "sd" and value <= 0:
            raise InputError(path, f"{place}.{name}", f"{value} is not above 0")


def with_coefficients(game: Game, coefficients: tuple[Coefficient, ...], theta: np.ndarray) -> Game:
    """The game with these coefficients in place of its own."""
    params = game.params.copy()
    for value, coefficient in zip(theta, coefficients, strict=True):
        params[coefficient.parameter][(0, *coefficient.index)] = value
    params["truce_frailty"] = np.abs(params["truce_frailty"])  # a spread: its sign means nothing
    derive(params)
    return Game(**{**game.__dict__, "params": params})


def simulated_moments(
    game: Game, moments: Moments, weeks: int, replicates: int, seed: int
) -> dict[str, float]:
    """Every moment over free runs, and ``spell_N``: log probability of each recorded spell.

    Moves are counted over the first `weeks` weeks, the rest over the whole horizon.
    """
    first_weeks = Outcome("seen", "", "", lambda runs: runs.weeks[:, :weeks].copy(), needs="weeks")
    played = play_one(game, [first_weeks], replicates, seed, threads=1)
    runs, spells, seen = played.block.runs, played.block.spells, played["seen"]
    first = first_truce_weeks(Runs(game, runs))
    threats = runs["num_moves"][:, :, Move.THREATEN].sum()
    ended = spells[(spells["measure"] == COVERED) & (spells["cause"] != TruceEnd.CENSORED)]
    lapses = (ended["cause"] == TruceEnd.LAPSE).sum()
    values = {
        "first_truce_week": float(np.exp(np.log1p(first).mean())),
        "threats_carried_out": _share(runs["threats_carried_out"].sum(), threats),
        "lapse_share": _share(lapses, len(ended)),
        "renewal_lead": float(
            (runs["renewal_lead_weeks"].sum() + HALF) / (runs["num_renewals"].sum() + HALF)
        ),
        "weibull_shape": weibull_shape(spells[spells["measure"] == ANY_DOMAIN]),
    }
    values["before_dates"] = _between(
        before_dates(game, seen["in_force"], is_truce(seen["phase"]), seen["weeks_left"]), 0.01, 100
    )
    values["raises_answered"] = _between(raises_answered(game, seen["in_force"]), 0.01, 0.99)
    for i, (lever, scale) in game.tariff_levers().items():
        peak = runs["peak_in_force"][:, i, lever]
        values[f"peak_tariff_{game.players[i]}"] = float(peak.mean() * scale)
    for i, player in enumerate(game.players):
        for name, move in (("escalations", Move.ESCALATE), ("concessions", Move.CONCEDE)):
            total = seen["num_moves"][:, -1, i, move].sum()
            values[f"{name}_{player}"] = float((total + HALF) / replicates)
    hazards = {name: _hazard(spells[spells["measure"] == m]) for name, m in MEASURES.items()}
    for number, spell in enumerate(moments.spells):
        values[f"spell_{number}"] = _log_probability(hazards[spell["measure"]], spell)
    return values


def _between(value: float, low: float, high: float) -> float:
    """`value` kept away from the ends of its scale; the middle where it is not defined."""
    return float(np.sqrt(low * high)) if np.isnan(value) else float(np.clip(value, low, high))


def _share(part: float, whole: float) -> float:
    return float((part + HALF) / (whole + 2.0 * HALF))


def _hazard(spells: np.ndarray) -> np.ndarray:
    """Hazard by week of age, averaged over neighbouring weeks, never 0 or 1."""
    curves, width = curves_of([spells], HAZARD_WEEKS + 1), np.ones(2 * WINDOW + 1)
    ends, at_risk = (
        np.convolve(counts[0, : HAZARD_WEEKS + 1], width, "same")
        for counts in (curves.ended, curves.at_risk)
    )
    return np.asarray((ends + HALF) / (at_risk + 2.0 * HALF))


def _log_probability(hazard: np.ndarray, spell: dict[str, Any]) -> float:
    weeks = int(spell["weeks"])
    kept = np.log1p(-hazard[:weeks]).sum()
    return float(kept + np.log(hazard[weeks] if spell["ended"] else 1.0 - hazard[weeks]))


def weibull_shape(spells: np.ndarray) -> float:
    """Maximum-likelihood Weibull shape of durations (weeks + 1/2), censored ones included.

    1 (a constant hazard) where nothing ends.
    """
    times = spells["duration_weeks"] + 0.5
    observed = spells["cause"] != TruceEnd.CENSORED
    if len(np.unique(times[observed])) < 2:
        return 1.0
    logs = np.log(times)
    mean_log = logs[observed].mean()

    def slope(shape: float) -> float:
        powered = np.exp(shape * (logs - logs.max()))
        return float(1.0 / shape + mean_log - (powered * logs).sum() / powered.sum())

    return float(brentq(slope, 0.02, 50.0))
