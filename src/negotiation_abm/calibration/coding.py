"""The same record, coded in another way: what a critic would ask for.

A variant changes the record, the game or which moves count, and nothing else; the fit is then made
anew.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from negotiation_abm.core.parameter import PER_WEEK, WEEKS
from negotiation_abm.core.params import PARAMETERS, derive
from negotiation_abm.record.load import LEVER_MOVES, Record, Row
from negotiation_abm.scenario.game import Game

MEMORIES = tuple(p.name for p in PARAMETERS if p.unit == PER_WEEK)
WINDOWS = tuple(p.name for p in PARAMETERS if p.unit == WEEKS)


def split_packages(record: Record) -> Record:
    """Every measure of a package as a decision of its own.

    An offer to suspend stays one decision: its rows are the terms of one paper.
    """
    rows = tuple(
        replace(row, decision="") if row.move in LEVER_MOVES else row for row in record.rows
    )
    return Record(record.path, rows)


def with_certainty(record: Record, known: tuple[str, ...]) -> Record:
    """Only rows of these certainties; the others are not in the record at all."""
    return Record(record.path, tuple(row for row in record.rows if row.certainty in known))


def half_weekly(game: Game, record: Record) -> tuple[Game, Record]:
    """Turns of half a week: the calendar is stretched by two and what counts weeks with it.

    A memory m a week becomes the square root of m a turn, a window of n weeks 2 n turns. Dates of
    the result are stretched too: day d after the start becomes day 2 d.
    """
    start = game.scenario.start

    def stretched(date: dt.date) -> dt.date:
        return start + 2 * (date - start)

    def row_of(row: Row) -> Row:
        return replace(
            row,
            date=stretched(row.date),
            lead_weeks=None if row.lead_weeks is None else 2 * row.lead_weeks,
            date_due=None if row.date_due is None else stretched(row.date_due),
            expires=None if row.expires is None else stretched(row.expires),
        )

    scenario = game.scenario
    seen = scenario.record
    if seen is not None and seen.until is not None:
        seen = seen.model_copy(update={"until": stretched(seen.until) + dt.timedelta(days=1)})
    changed = scenario.model_copy(
        update={"horizon_weeks": 2 * scenario.horizon_weeks, "record": seen}
    )
    params = game.params.copy()
    for name in MEMORIES:
        params[name] = np.sqrt(params[name])
    for name in WINDOWS:
        params[name] *= 2
    params["erosion"] /= 2.0
    params["term_weeks"] = np.where(params["term_weeks"] < 0, -1, 2 * params["term_weeks"])
    derive(params)
    weeks = np.repeat(game.weeks, 2)
    ahead = weeks["weeks_to_summit"]
    late = np.arange(len(weeks)) % 2
    weeks["weeks_to_summit"] = np.where(ahead < 0, -1, np.maximum(0, 2 * ahead - late))
    twice = Game(**{**game.__dict__, "scenario": changed, "params": params, "weeks": weeks})
    return twice, Record(record.path, tuple(row_of(row) for row in record.rows))


Coding = Callable[[Game, Record], tuple[Game, Record]]

CODINGS: dict[str, Coding] = {
    "as shipped": lambda game, record: (game, record),
    "only rows of the five documents": lambda game, record: (
        game,
        with_certainty(record, ("seed",)),
    ),
    "without general knowledge": lambda game, record: (
        game,
        with_certainty(record, ("seed", "outside")),
    ),
    "packages split": lambda game, record: (game, split_packages(record)),
    "half-weekly turns": half_weekly,
}
