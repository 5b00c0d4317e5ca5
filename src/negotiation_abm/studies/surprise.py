"""The step `surprise`: how unexpected each recorded move was, and what it cost its player.

Surprise is minus the binary logarithm of the probability that the quantal response gave to the
move. Regret is what the best reply would have brought beyond it: from the state before the move
each legal option is carried out in its usual size, and both sides play on freely, from the middle
of the week in which the move was made. Payoff is the mean weekly flow payoff over the weeks ahead.
All options have the same draws; the best is picked on one half of the runs and compared on the
other, so that picking the luckiest of many does not count as regret. The other half is played of
those options alone that are compared.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.state import INFO, STATE, as_object, as_record, blank
from negotiation_abm.core.terms import MAX_EXCHANGES, NUM_OPTIONS, Move
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.core.turn import pass_on
from negotiation_abm.files.folder import writing
from negotiation_abm.record.load import Record
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.run.paired import Difference, mean_difference
from negotiation_abm.run.play import Case, play
from negotiation_abm.run.registry import named
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import facts_of_record, facts_of_runs
from negotiation_abm.strategies._lookahead import copy_state, imagine, new_twin
from negotiation_abm.strategies._odds import option_weights
from negotiation_abm.survival.words import plain_rows

WEEKS_AHEAD = 26


@dataclass(frozen=True)
class Moment:
    """The state before a recorded move."""

    state: SimpleNamespace
    player: int
    option: int
    date: dt.date
    row_ids: tuple[str, ...]
    shares: np.ndarray  # probability of each option, 0 where illegal; shape (20,)

    @property
    def legal(self) -> list[int]:
        """Legal options, in order."""
        return [int(option) for option in np.flatnonzero(self.shares)]

    @property
    def rank(self) -> int:
        """Place of the recorded option by probability, from 1."""
        return int((self.shares > self.shares[self.option]).sum()) + 1


def moments(game: Game, record: Record) -> list[Moment]:
    """The moments of all recorded moves, in order."""
    seen: list[Any] = []
    twin, weights = new_twin(), np.empty(NUM_OPTIONS)
    params = as_object(game.params[0])

    def note(
        state: SimpleNamespace, week: SimpleNamespace, player: int, option: int, date: dt.date
    ) -> None:
        if not option:
            seen.append(None)
            return
        copy_state(twin, state)
        count, total = option_weights(twin[0], params, week, player, weights)
        shares = np.zeros(NUM_OPTIONS)
        for other in range(count):
            if is_legal(state, params, player, other):
                shares[other] = max(weights[other] / total, np.finfo(float).tiny)
        seen.append((twin[0], player, option, date, shares))

    decisions = replay_record(game, record, on_decision=note).decisions
    return [
        Moment(state, player, option, date, decision.row_ids, shares)
        for decision, entry in zip(decisions, seen, strict=True)
        if entry is not None
        for state, player, option, date, shares in [entry]
    ]


def game_after(game: Game, moment: Moment, option: int, weeks_ahead: int) -> Game:
    """The game that goes on from a moment after `option`, for so many weeks.

    It begins in the middle of the week: whoever has not moved yet moves next.
    """
    twin, info = new_twin(), as_object(blank(INFO)[0])
    copy_state(twin, moment.state)
    state = twin[0]
    params = as_object(game.params[0])
    imagine(state, params, moment.player, option, info)
    state.exchange = min(state.exchange, MAX_EXCHANGES - 1)  # a record may hold more than a run
    pass_on(state, params, option != Move.HOLD, False)
    weeks = game.weeks[: int(state.turn) + weeks_ahead]
    return replace(game, weeks=weeks, initial=as_record(state, STATE))


def payoffs_after(
    game: Game,
    moment: Moment,
    options: Iterable[int],
    runs: range,
    seed: int,
    weeks_ahead: int,
    threads: int | None = None,
) -> dict[int, np.ndarray]:
    """What some options are worth at a moment, in these runs.

    Worth is the mean weekly flow payoff of the player in the weeks after it, shape (runs,).
    """
    flow = f"{game.players[moment.player]}.flow"
    cases = (
        Case(option, game_after(game, moment, option, weeks_ahead), runs.start)
        for option in options
    )
    results = play(cases, named(game, flow), len(runs), seed, threads)
    return {played.case.label: played[flow] for played in results}


def regrets(
    game: Game,
    found: list[Moment],
    replicates: int,
    seed: int,
    weeks_ahead: int = WEEKS_AHEAD,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[Moment, int, Difference, Difference]]:
    """For each moment: the best option, what the move lacks to it, what it gains over HOLD."""
    half = replicates // 2
    size = max(1, half)  # a single run both picks and compares
    for number, moment in enumerate(found):
        worth = partial(
            payoffs_after, game, moment, seed=seed, weeks_ahead=weeks_ahead, threads=threads
        )
        first = worth(moment.legal, range(size))
        best = max(first, key=lambda option: float(first[option].mean()))
        rest = worth({Move.HOLD, moment.option, best}, range(half, replicates))
        regret = mean_difference(rest[moment.option][-size:], rest[best][-size:])
        held, made = (
            np.concatenate([first[option][:half], rest[option]])
            for option in (Move.HOLD, moment.option)
        )
        if progress:
            progress(number + 1)
        yield moment, best, regret, mean_difference(held, made)


def run_surprise(
    game: Game,
    record: Record,
    replicates: int,
    seed: int,
    out: Path | None = None,
    weeks_ahead: int = WEEKS_AHEAD,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Surprise and regret of every recorded move.

    Returns
    -------
    dict
        What ``surprise.json`` holds; with `out`, this file and ``surprise.csv`` are written.

    Raises
    ------
    InputError
        As `negotiation_abm.replay.replay.replay_record`.
    """
    found = moments(game, record)
    statements = {row.id: row.statement for row in record.rows}
    rows = [
        _row(game, *parts, statements)
        for parts in regrets(game, found, replicates, seed, weeks_ahead, threads, progress)
    ]
    table = pd.DataFrame(rows)
    summary = {
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "record": record.path.name,
        "players": list(game.players),
        "replicates": replicates,
        "seed": seed,
        "weeks_ahead": weeks_ahead,
        "payoff": "mean weekly flow payoff over the weeks ahead, payoff units",
        "interval": "95 %, paired by run; simulation error only, parameters held fixed",
        "moves": plain_rows(rows),
        "notes": list(game.notes),
    }
    if out is not None:
        facts = facts_of_runs(game, replicates, seed) | facts_of_record(record.path)
        with writing(out, "surprise", facts) as draft:
            draft.csv("surprise.csv", table, 8)
            draft.json("surprise.json", summary)
    return summary


def _row(
    game: Game,
    moment: Moment,
    best: int,
    regret: Difference,
    against_hold: Difference,
    statements: dict[str, str],
) -> dict[str, Any]:
    share = float(moment.shares[moment.option])
    return {
        "date": moment.date.isoformat(),
        "player": game.players[moment.player],
        "move": game.option_label(moment.option, moment.player),
        "rows": ";".join(moment.row_ids),
        "probability": share,
        "surprise_bits": float(-np.log2(share)),
        "rank": moment.rank,
        "legal": len(moment.legal),
        "best": game.option_label(best, moment.player),
        "regret": regret.difference,
        "regret_low": regret.low,
        "regret_high": regret.high,
        "against_hold": against_hold.difference,
        "against_hold_low": against_hold.low,
        "against_hold_high": against_hold.high,
        "statement": statements[moment.row_ids[0]],
    }
