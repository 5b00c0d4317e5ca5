"""Free runs over the posterior, held against the record: patterns and predictive checks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.calibration.patterns import STATISTICS, Statistic
from negotiation_abm.core.terms import Event, Move
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.replay.events import History
from negotiation_abm.replay.watched import simulated_history
from negotiation_abm.scenario.game import Game

INSIDE = (0.05, 0.95)
CANNOT_FAIL = "cannot fail"  # a verdict that says nothing (`calibration.pool_patterns`)
BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)


def free_histories(
    games: Sequence[Game],
    weeks: int,
    runs: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> list[list[History]]:
    """`runs` free runs of each game (a posterior draw each), all with draws of their own.

    Parameters
    ----------
    weeks : int
        Played from the start, as many as the record has.
    """
    played = []
    for number, game in enumerate(games):
        short = replace(game, weeks=game.weeks[:weeks])
        played.append([simulated_history(short, seed, number * runs + r) for r in range(runs)])
        if progress:
            progress(len(played) * runs)
    return played


def pattern_table(recorded: Sequence[History], free: Sequence[Sequence[History]]) -> pd.DataFrame:
    """Each statistic of the records, of single free runs of the same length, and the verdict.

    Parameters
    ----------
    recorded : sequence of History
        One a record; several are pooled.
    free : sequence of sequence of History
        Free runs: each has one course of events for every record, in the same order.

    Returns
    -------
    DataFrame
        pattern, statistic, there (the line), record, free, low, high (median and 90 % of single
        runs), share (of runs in which the pattern is there: how often a run would show it by
        itself), rank (share of runs below the record), defined (share of runs in which the
        statistic has a value), tail (two-sided
        probability of a run as far out as the record), verdict: pass where the record lies inside
        the 90 % of single runs, else fail; ``not defined`` where it has no value.
    """
    return pd.DataFrame([_row(statistic, recorded, free) for statistic in STATISTICS])


def _row(
    statistic: Statistic, recorded: Sequence[History], free: Sequence[Sequence[History]]
) -> dict[str, Any]:
    value = statistic.value(recorded)
    values = np.array([statistic.value(run) for run in free])
    known = values[~np.isnan(values)]
    sign = "below" if statistic.below else "above"
    row: dict[str, Any] = {
        "pattern": statistic.pattern,
        "statistic": statistic.text_of(recorded[0].game.players),
        "there": f"{sign} {statistic.line:g}",
        "record": value,
    }
    if len(known) == 0 or np.isnan(value):
        empty = dict.fromkeys(("free", "low", "high", "share", "rank", "tail"), np.nan)
        return row | empty | {"defined": len(known) / len(values), "verdict": "not defined"}
    low, mid, high = np.quantile(known, [INSIDE[0], 0.5, INSIDE[1]])
    tail = 2.0 * min(np.mean(known <= value), np.mean(known >= value))
    return row | {
        "free": mid,
        "low": low,
        "high": high,
        "share": float(np.mean([statistic.holds(float(v)) for v in known])),
        "rank": float(np.mean(known < value) + 0.5 * np.mean(known == value)),
        "defined": len(known) / len(values),
        "tail": min(1.0, float(tail)),
        "verdict": "pass" if low <= value <= high else "fail",
    }


def verdicts(table: pd.DataFrame) -> dict[str, str]:
    """Verdict of each pattern: the worst of its statistics, those that cannot fail left out."""
    order = ("fail", "not defined", "pass", CANNOT_FAIL)
    return {
        str(pattern): min(part["verdict"], key=order.index)
        for pattern, part in table.groupby("pattern", sort=False)
    }


def predictive_table(recorded: History, free: list[list[History]]) -> pd.DataFrame:
    """The record inside what the posterior predicts.

    Returns
    -------
    DataFrame
        kind (moves: a month, side and type; tariff_pp: a week and side; truce: first start, number,
        lengths), key, side, record, q05, q25, q50, q75, q95, inside (None where the record has no
        value).
    """
    weeks = len(recorded.weeks)
    runs = [history for part in free for history in part]
    game = recorded.game
    rows = []
    months = [game.scenario.date_of(turn).strftime("%Y-%m") for turn in range(weeks)]
    names = list(dict.fromkeys(months))
    place = np.array([names.index(month) for month in months])
    for move in (Move.ESCALATE, Move.THREATEN, Move.CONCEDE, Move.SUSPEND):
        for i, player in enumerate(game.players):

            def counts(history: History, move: Move = move, i: int = i) -> np.ndarray:
                turns = history.of(move, i)["turn"]
                return np.bincount(place[turns], minlength=len(names))

            drawn = np.array([counts(history) for history in runs])
            for m, name in enumerate(names):
                rows.append(
                    _band(f"moves.{move.name}", name, player, counts(recorded)[m], drawn[:, m])
                )
    for i, (lever, scale) in game.tariff_levers().items():
        paths = np.array([h.weeks["in_force"][:, i, lever] * scale for h in runs])
        own = recorded.weeks["in_force"][:, i, lever] * scale
        for turn in range(weeks):
            date = game.scenario.date_of(turn).isoformat()
            rows.append(_band("tariff_pp", date, game.players[i], own[turn], paths[:, turn]))
    for name, statistic in _TRUCES.items():
        drawn = np.array([statistic(history, weeks) for history in runs])
        rows.append(_band("truce", name, "", statistic(recorded, weeks), drawn))
    return pd.DataFrame(rows)


def _first_start(history: History, weeks: int) -> float:
    begun = history.moves["turn"][history.moves["event"] == Event.BEGUN]
    return float(begun.min(initial=weeks))


def _mean_length(measure: int) -> Callable[[History, int], float]:
    def mean(history: History, weeks: int) -> float:
        lengths = [min(s.duration_weeks, weeks) for s in history.spells if s.measure == measure]
        return float(np.mean(lengths)) if lengths else float("nan")

    return mean


_TRUCES: dict[str, Callable[[History, int], float]] = {
    "week of the first start": _first_start,
    "number begun": lambda h, _: float((h.moves["event"] == Event.BEGUN).sum()),
    "weeks in truce": lambda h, _: float(h.weeks["in_truce"].sum()),
    "mean length, covered, weeks": _mean_length(COVERED),
    "mean length, any domain, weeks": _mean_length(ANY_DOMAIN),
}


def _band(kind: str, key: str, side: str, value: float, drawn: np.ndarray) -> dict[str, Any]:
    known = drawn[~np.isnan(drawn)]
    bands = np.quantile(known, BANDS) if len(known) else np.full(len(BANDS), np.nan)
    return {
        "kind": kind,
        "key": key,
        "side": side,
        "record": float(value),
        **{f"q{round(100 * b):02d}": float(q) for b, q in zip(BANDS, bands, strict=True)},
        "inside": None if np.isnan(value) else bool(bands[0] <= value <= bands[-1]),
    }
