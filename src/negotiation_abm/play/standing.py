"""A finished game beside many simulated ones of the same start: where it stands among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.state import as_record
from negotiation_abm.core.tracker import SPELL, TALLY
from negotiation_abm.play.course import truces
from negotiation_abm.play.session import Session
from negotiation_abm.run.outcome import Outcome, Runs
from negotiation_abm.run.play import Case, play, play_one
from negotiation_abm.run.registry import as_floats, for_people
from negotiation_abm.run.running import is_running
from negotiation_abm.run.spells import spells_table
from negotiation_abm.run.step import survival_by, survival_table
from negotiation_abm.scenario.game import Game

BAND = (0.1, 0.5, 0.9)


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
    game, seed = session.game, session.start.seed
    outcomes = for_people(game, "play")
    [same] = play([Case("", game, session.start.replicate)], outcomes, 1, seed)
    played = play_one(game, outcomes, replicates, seed, threads, progress)
    return Standing(
        table=_table(outcomes, _own(session, outcomes), same.values()[0], played.values()),
        survival=_survival(game, played.block.spells),
        spells=truces(session),
        replicates=replicates,
        seed=seed,
    )


def _own(session: Session, outcomes: Sequence[Outcome]) -> list[float]:
    """Outcomes of the game itself, by the same functions as those of the runs."""
    model = session.model
    spells = np.zeros(len(model.spells), SPELL)
    for number, spell in enumerate(model.spells):
        spells[number] = as_record(spell, SPELL)[0]
    runs = Runs(session.game, as_record(model.tally, TALLY), spells, session.traces[None])
    return [float(as_floats(outcome.value(runs))[0]) for outcome in outcomes]


def _table(
    outcomes: Sequence[Outcome], own: Sequence[float], same: np.ndarray, runs: np.ndarray
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


def _survival(game: Game, spells: np.ndarray) -> pd.DataFrame:
    """Survival by measure and group, as in the table of a run."""
    table = spells_table(game, spells).to_pandas()
    return survival_table(survival_by(table, bool(is_running(game, spells).any())))
