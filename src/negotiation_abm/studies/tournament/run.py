"""The step `tournament`: tables of pairs and of strategies, with intervals."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.folder import writing
from negotiation_abm.run.outcomes import SPIRAL_WEEKS
from negotiation_abm.run.paired import half_width
from negotiation_abm.run.play import Played
from negotiation_abm.run.registry import as_floats
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import facts_of_runs
from negotiation_abm.strategies import needs_of, strategies
from negotiation_abm.studies.tournament.play import further_outcomes, play_pairs
from negotiation_abm.survival import DAYS, survival
from negotiation_abm.survival.counts import HARMLESS
from negotiation_abm.survival.words import plain_rows


def entrants(chosen: list[str] | None) -> list[str]:
    """The strategies that take part: all that are known, or those that are named.

    Raises
    ------
    InputError
        If a name is unknown or given twice.
    """
    known = list(strategies())
    for name in chosen or []:
        if name not in known:
            raise InputError("--strategies", name, f"unknown strategy; {suggest(name, known)}")
    if chosen and len(set(chosen)) < len(chosen):
        raise InputError("--strategies", ",".join(chosen), "a strategy is named twice")
    return chosen or known


def check_needs(game: Game, names: list[str]) -> None:
    """Raise an `InputError` if the parameter set lacks what one of the strategies reads."""
    chosen = game.parameter_set
    for name in names:
        for needed in needs_of(name):
            if needed not in chosen.values and needed not in game.scenario.set:
                raise InputError(
                    chosen.path,
                    f"parameters.{needed}",
                    f"missing, and the strategy '{name}' needs it",
                )


def run_tournament(
    game: Game,
    names: list[str],
    replicates: int,
    seed: int,
    out: Path | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Play every ordered pair and write ``pairs.csv``, ``ranking.csv`` and ``tournament.json``.

    Returns
    -------
    dict
        What ``tournament.json`` holds; ``content`` is a hash of the tables, the same for the same
        scenario, strategies, replicates and seed on any number of threads.
    """
    rows = []
    payoffs = np.zeros((len(names), len(names), replicates, 2), np.float32)
    for number, played in enumerate(play_pairs(game, names, replicates, seed, threads, progress)):
        rows.append(_pair_row(game, played))
        for i, player in enumerate(game.players):
            payoffs[number // len(names), number % len(names), :, i] = played[f"{player}.flow"]
    pairs = pd.DataFrame(rows)
    ranking = ranking_table(game, names, payoffs, pairs)
    texts = {
        f"{name}.csv": table.to_csv(index=False, float_format="%.8g")
        for name, table in (("pairs", pairs), ("ranking", ranking))
    }
    summary = {
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "players": list(game.players),
        "strategies": names,
        "noise": [float(share) for share in game.params["noise"][0]],
        "weeks": len(game.weeks),
        "replicates": replicates,
        "seed": seed,
        "spiral": f"both sides raise a lever in {SPIRAL_WEEKS} weeks running",
        "interval": "95 %, simulation error only, parameters held fixed",
        "ranking": plain_rows(ranking),
        "spiralling_pairs": _spiralling(pairs),
        "content": hashlib.sha256("".join(texts.values()).encode()).hexdigest(),
    }
    if out is not None:
        facts = facts_of_runs(game, replicates, seed) | {
            "strategies": names,
            "content": summary["content"],
        }
        with writing(out, "tournament", facts) as draft:
            for name, text in texts.items():
                draft.text(name, text)
            draft.json("tournament.json", summary)
    return summary


def _pair_row(game: Game, played: Played) -> dict[str, Any]:
    """One row of ``pairs.csv``: means with half-widths, and survival of the truces of the pair."""
    row: dict[str, Any] = dict(zip(("first", "second"), played.case.label, strict=True))
    for player in game.players:
        row |= _mean(f"payoff_{player}", played[f"{player}.flow"])
    for name in ("share_in_truce", "spirals"):
        row |= _mean(name, as_floats(played[name]))
    for player in game.players:
        row[f"escalations_{player}"] = float(played[f"{player}.num_escalate"].mean())
    row |= _survival_columns(played.block.spells[played.block.spells["measure"] == COVERED])
    for outcome in further_outcomes(game):
        row |= _mean(outcome.name, as_floats(played[outcome.name]))
    return row


def _mean(name: str, values: np.ndarray) -> dict[str, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return {name: float("nan"), f"{name}_half": float("nan")}
    return {name: float(values.mean()), f"{name}_half": half_width(values)}


def _survival_columns(spells: np.ndarray) -> dict[str, float]:
    """S at 90, 180 and 365 days of all truces of a pair; NaN where none lived so long or began."""
    columns = ("replicate", "entry_weeks", "duration_weeks")
    frame = pd.DataFrame({name: spells[name] for name in columns})
    frame = frame.assign(event_observed=spells["cause"] != 0)
    fulfilled = spells["cause"] == TruceEnd.FULFILLED
    frame = frame.assign(cause=np.where(fulfilled, HARMLESS, "end"))
    found = survival(lambda: [frame])
    row: dict[str, float] = {"num_truces": float(len(frame))}
    for days in DAYS:
        values = found.at_days(days) if found else (float("nan"),) * 3
        for name, value in zip(("", "_low", "_high"), values, strict=True):
            row[f"survival_{days}{name}"] = value
    return row


def ranking_table(
    game: Game, names: list[str], payoffs: np.ndarray, pairs: pd.DataFrame
) -> pd.DataFrame:
    """Strategies by mean payoff over all opponents and both sides, best first.

    Parameters
    ----------
    payoffs : ndarray, shape (strategies, strategies, replicates, 2)
        By first and second strategy of the pair.

    Returns
    -------
    DataFrame
        rank, strategy, payoff and half-width over both sides; the same as first and as second
        player; share of weeks in truce and of runs that spiral over all its pairs.
    """
    first, second = game.players
    rows = []
    for k, name in enumerate(names):
        as_first = payoffs[k, :, :, 0].mean(axis=0, dtype=float)  # over opponents, by replicate
        as_second = payoffs[:, k, :, 1].mean(axis=0, dtype=float)
        own = pairs[(pairs["first"] == name) | (pairs["second"] == name)]
        rows.append(
            {"strategy": name}
            | _mean("payoff", (as_first + as_second) / 2.0)
            | _mean(f"payoff_as_{first}", as_first)
            | _mean(f"payoff_as_{second}", as_second)
            | {
                "share_in_truce": float(own["share_in_truce"].mean()),
                "spirals": float(own["spirals"].mean()),
            }
        )
    table = pd.DataFrame(rows).sort_values("payoff", ascending=False, kind="stable")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table.reset_index(drop=True)


def _spiralling(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Pairs of which most runs spiral, most first."""
    chosen = pairs[pairs["spirals"] > 0.5].sort_values("spirals", ascending=False, kind="stable")
    return [
        {"first": row["first"], "second": row["second"], "share": float(row["spirals"])}
        for _, row in chosen.iterrows()
    ]
