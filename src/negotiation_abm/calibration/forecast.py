"""A forecast from posterior draws, with what is not known kept apart from what is chance.

The truce in force at the start of a scenario is played on from its start state. For each posterior
draw the free runs give a probability; its spread over draws is parameter uncertainty. Given a
draw, whether the truce lasts is chance: process uncertainty. The two add up to the variance of the
outcome, ``p (1 - p) = mean of p_d (1 - p_d) + variance of p_d``.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.terms import Phase, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.files.errors import InputError
from negotiation_abm.run.batch import Block
from negotiation_abm.run.play import Case, play
from negotiation_abm.run.running import first_of_running
from negotiation_abm.run.spells import curves_of
from negotiation_abm.scenario.game import Game
from negotiation_abm.survival import Curves
from negotiation_abm.survival.curves import ratio

MEASURES = {"covered": COVERED, "any_domain": ANY_DOMAIN}
DAYS = (90, 180, 365)
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Forecast:
    """Tables of a forecast.

    Attributes
    ----------
    survival : DataFrame
        measure, given (start, or known: the truce stood on that day), until (days or date),
        probability, low, high (90 % over draws), parameter_share (of the variance),
        simulation_error.
    ends : DataFrame
        measure, cause, share of all ends within the horizon, low, high.
    renewal : dict
        probability of renewal by the date, with interval; weeks early (mean, quantiles; None where
        no truce was renewed). Empty where there is no date within the horizon.
    curve : DataFrame
        measure, week (from the start), survival (mean over draws), low, high.
    """

    survival: pd.DataFrame
    ends: pd.DataFrame
    renewal: dict[str, Any]
    curve: pd.DataFrame


def forecast(
    games: Sequence[Game],
    replicates: int,
    seed: int,
    known: dt.date | None = None,
    progress: Callable[[int], None] | None = None,
) -> Forecast:
    """Forecast the truce in force at the start, over `games` (a posterior draw each).

    Parameters
    ----------
    replicates : int
        Runs a draw; every draw has draws of its own.
    known : date, optional
        Day until which the truce is known to have stood, by both measures.

    Raises
    ------
    InputError
        If no truce is in force at the start, `known` lies outside the horizon, or hardly any run
        stands until then.
    """
    first = games[0]
    scenario = first.scenario
    if first.initial["phase"][0] != Phase.TRUCE:
        raise InputError(scenario.path, "truce", "missing; a forecast starts with a truce in force")
    if known is not None and not scenario.start <= known < scenario.end:
        allowed = f"{scenario.start} to {scenario.end}"
        raise InputError(scenario.path, "--known", f"{known} is not in {allowed}")

    def cases() -> Iterator[Case]:
        for number, game in enumerate(games):
            yield Case("whole", game, number * replicates)
            date = _date_week(game)
            if date is not None:
                until = replace(game, weeks=game.weeks[: date + 1])
                yield Case("until its date", until, number * replicates)

    blocks: dict[str, list[Block]] = {"whole": [], "until its date": []}
    for played in play(cases(), (), replicates, seed):
        blocks[played.case.label].append(played.block)
        if progress and played.case.label == "whole":
            progress(len(blocks["whole"]))
    wholes = blocks["whole"]
    stood = 0 if known is None else scenario.turn_of(known)
    return Forecast(
        survival=_survival(first, wholes, known, stood),
        ends=_ends(first, wholes),
        renewal=_renewal(first, blocks["until its date"]),
        curve=_curve(first, wholes),
    )


def _date_week(game: Game) -> int | None:
    """Turn in which the running truce has its date, within the horizon."""
    left = int(game.initial["weeks_left"][0])
    return left if 0 <= left < len(game.weeks) else None


def _curves_of(game: Game, blocks: list[Block], measure: int) -> Curves:
    """Survival from the start of the truce in force then, a point a draw.

    A truce that stands at the horizon is censored there: its last week was seen.
    """
    groups = [first_of_running(game, block.spells, measure) for block in blocks]
    for spells in groups:
        spells["duration_weeks"] -= spells["entry_weeks"]
        spells["entry_weeks"] = 0
    return curves_of(groups, len(game.weeks))


def _at_start(curves: Curves, week: int) -> np.ndarray:
    """Share that stands at the start of a week, shape (draws,)."""
    return np.ones(len(curves.runs)) if week == 0 else curves.survival[:, week - 1]


def _survival(game: Game, blocks: list[Block], known: dt.date | None, stood: int) -> pd.DataFrame:
    date = _date_week(game)
    points: list[tuple[str, int]] = [(f"{days} d", days // 7) for days in DAYS]
    if date is not None:
        points.append((f"its date, {game.scenario.date_of(date)}", date))
    rows = []
    for measure, code in MEASURES.items():
        curves = _curves_of(game, blocks, code)
        for given, since in (("start", 0), *((("known", stood),) if known else ())):
            for label, week in points:
                if week >= len(game.weeks):
                    continue
                p = ratio(curves.survival[:, week], _at_start(curves, since))
                size = curves.at_risk[:, since]
                if size.max() < 2:
                    problem = f"{known}: too few runs stand until then; give more replicates"
                    raise InputError(game.scenario.path, "--known", problem)
                rows.append({"measure": measure, "given": given, "until": label} | _spread(p, size))
    return pd.DataFrame(rows)


def _spread(p: np.ndarray, size: np.ndarray) -> dict[str, float]:
    """Probability with its interval over draws, the noise of finite runs taken off its variance.

    A draw counts by its standing runs: what is known to have stood speaks for the draws in which
    that was likely.
    """
    p, size = p[size > 1], size[size > 1]
    mean = float(np.average(p, weights=size))
    noise = float(np.average(p * (1.0 - p) / (size - 1), weights=size))
    whole = mean * (1.0 - mean)
    between = max(0.0, float(np.average((p - mean) ** 2, weights=size)) - noise)
    between = min(between, whole)
    low, high = np.quantile(p, INTERVAL, weights=size, method="inverted_cdf")
    return {
        "probability": mean,
        "low": float(low),
        "high": float(high),
        "parameter_share": between / whole if whole > 0 else 0.0,
        "simulation_error": float(np.sqrt((whole - between) / size.sum())),
    }


def _ends(game: Game, blocks: list[Block]) -> pd.DataFrame:
    rows = []
    for measure, code in MEASURES.items():
        causes = [first_of_running(game, block.spells, code)["cause"] for block in blocks]
        for end in TruceEnd:
            shares = np.array([np.mean(c == end) for c in causes])
            if not shares.any():
                continue
            low, high = np.quantile(shares, INTERVAL)
            name = "still in force at the horizon" if end == TruceEnd.CENSORED else end.name.lower()
            rows.append(
                {"measure": measure, "end": name, "share": shares.mean(), "low": low, "high": high}
            )
    return pd.DataFrame(rows)


def _renewal(game: Game, blocks: list[Block]) -> dict[str, Any]:
    """Renewal by the date: of all truces, and how early, over runs that stop at the date."""
    if not blocks:
        return {}
    date = int(game.initial["weeks_left"][0])
    window = int(game.params["renewal_window_weeks"][0])
    shares, leads, standing = [], [], []
    for block in blocks:
        own = first_of_running(game, block.spells, COVERED)
        renewed = own["renewals"] > 0
        shares.append(renewed.mean())
        lasted = own["duration_weeks"] - own["entry_weeks"]
        reached = renewed | (lasted >= date - window)
        standing.append((int(renewed.sum()), int(reached.sum())))
        one = (block.runs["num_renewals"] == 1) & (block.runs["num_truces"] == 0)
        leads.append(block.runs["renewal_lead_weeks"][one])
    lead = np.concatenate(leads)
    renewed_runs, reached_runs = np.sum(standing, axis=0)
    renewed_share = float(renewed_runs / reached_runs) if reached_runs else None
    low, high = np.quantile(shares, INTERVAL)
    quantiles = np.quantile(lead, (0.05, 0.5, 0.95)).tolist() if len(lead) else [None] * 3
    return {
        "date": game.scenario.date_of(date).isoformat(),
        "probability": float(np.mean(shares)),
        "low": float(low),
        "high": float(high),
        "window_weeks": window,
        "of_those_that_reach_the_window": renewed_share,
        "weeks_early_mean": float(lead.mean()) if len(lead) else None,
        "weeks_early_quantiles": quantiles,
    }


def _curve(game: Game, blocks: list[Block]) -> pd.DataFrame:
    weeks = np.arange(len(game.weeks))
    parts = []
    for measure, code in MEASURES.items():
        curves = _curves_of(game, blocks, code).survival[:, : len(weeks)]
        low, high = np.quantile(curves, INTERVAL, axis=0)
        columns = {"week": weeks, "survival": curves.mean(axis=0), "low": low, "high": high}
        parts.append(pd.DataFrame({"measure": measure, **columns}))
    return pd.concat(parts, ignore_index=True)
