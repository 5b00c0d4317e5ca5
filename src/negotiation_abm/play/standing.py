"""A finished game beside many simulated ones of the same start: where it stands among them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.state import as_record
from negotiation_abm.core.terms import Phase
from negotiation_abm.core.tracker import SPELL, TALLY
from negotiation_abm.play.course import truces
from negotiation_abm.play.session import Session
from negotiation_abm.run.batch import (
    TRACED_CHUNK_SIZE,
    Block,
    blank_traces,
    in_chunks,
    run_replicates,
)
from negotiation_abm.run.spells import MEASURES, spells_table
from negotiation_abm.run.step import GROUPS, survival_table
from negotiation_abm.scenario.game import Game
from negotiation_abm.studies.whatif.outcomes import outcomes_of
from negotiation_abm.survival import survival

BAND = (0.1, 0.5, 0.9)
WEEKS_AT_ONCE = 100_000  # of runs that a thread holds


@dataclass(frozen=True)
class Standing:
    """A finished game among simulated ones.

    Attributes
    ----------
    table : DataFrame
        One row an outcome: outcome, text, unit, yours, same_draws (the run with the draws of the
        game in which your side too plays by its strategy), mean, low, median, high (10, 50, 90 % of
        runs), below (share of runs below yours, ties half), error (of `below`, simulation).
    survival : DataFrame
        Survival of the simulated truces, columns as in ``survival.csv``; empty if there were none.
    spells : list of dict
        Truces of the game: measure, start, days, event_observed, cause, player, lever, renewals.
    replicates, seed : int
    """

    table: pd.DataFrame
    survival: pd.DataFrame
    spells: list[dict[str, Any]]
    replicates: int
    seed: int


def standing(
    session: Session,
    replicates: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Standing:
    """Simulate the game's start, both sides by strategies, and place the game among the runs.

    Runs 0, 1, ... of the game's seed. The game must be over.
    """
    names, own = _own(session)
    game, seed = session.game, session.start.seed
    _, same = _played(game, seed, session.start.replicate, 1)

    def part(first: int, count: int) -> tuple[np.ndarray, pd.DataFrame]:
        block, found = _played(game, seed, first, count)
        return found, spells_table(game, block.spells).to_pandas()

    values, spells = [], []
    size = max(1, min(TRACED_CHUNK_SIZE, WEEKS_AT_ONCE // len(game.weeks)))
    for found, ended in in_chunks(part, replicates, threads, size):
        values.append(found)
        spells.append(ended)
        if progress:
            progress(sum(map(len, values)))
    return Standing(
        table=_table(names, own, same[0], np.concatenate(values)),
        survival=_survival(pd.concat(spells), bool(game.initial["phase"][0] == Phase.TRUCE)),
        spells=truces(session),
        replicates=replicates,
        seed=seed,
    )


def _played(game: Game, seed: int, first: int, count: int) -> tuple[Block, np.ndarray]:
    """Runs, and their outcomes, shape (runs, outcomes)."""
    traces = blank_traces(game, count)
    block = run_replicates(game, seed, first, count, traces)
    return block, np.stack([column for _, column in outcomes_of(game, block, traces)], axis=1)


def _own(session: Session) -> tuple[list[Any], np.ndarray]:
    """Outcomes of the game itself, by the same function as those of the runs."""
    model = session.model
    spells = np.zeros(len(model.spells), SPELL)
    for number, spell in enumerate(model.spells):
        spells[number] = as_record(spell, SPELL)[0]
    block = Block(as_record(model.tally, TALLY), spells)
    found = list(outcomes_of(session.game, block, session.traces[None]))
    return [outcome for outcome, _ in found], np.array([float(v[0]) for _, v in found])


def _table(
    outcomes: list[Any], own: np.ndarray, same: np.ndarray, runs: np.ndarray
) -> pd.DataFrame:
    rows = []
    for k, outcome in enumerate(outcomes):
        column = runs[:, k]
        if np.isnan(column).any() or (outcome.unit == "share" and not column.any()):
            continue  # no truce was in force at the start
        below = float((column < own[k]).mean() + 0.5 * (column == own[k]).mean())
        low, middle, high = np.quantile(column, BAND)
        rows.append(
            {
                "outcome": outcome.name,
                "text": outcome.text,
                "unit": outcome.unit,
                "yours": own[k],
                "same_draws": same[k],
                "mean": column.mean(),
                "low": low,
                "median": middle,
                "high": high,
                "below": below,
                "error": float(np.sqrt(below * (1.0 - below) / len(column))),
            }
        )
    return pd.DataFrame(rows)


def _survival(spells: pd.DataFrame, is_running: bool) -> pd.DataFrame:
    """Survival by measure and group, as in the table of a run."""
    estimates = {}
    for measure in MEASURES.values():
        for group in GROUPS if is_running else ("all",):
            chosen = spells["measure"] == measure
            if group == "running":
                chosen &= (spells["truce"] == 0) & (spells["start_week"] <= 0)
            part = spells[chosen]
            found = survival(lambda part=part: [part])  # type: ignore[misc]
            if found is not None:
                estimates[measure, group] = found
    return survival_table(estimates)
