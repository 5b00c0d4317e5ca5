"""The record through the game's own rules: state week by week, and how likely each move was.

Moves come from the record and levels are set to the recorded ones; everything else (anger, felt
pain, strain, clocks, ends of truces) follows the transition rules. Each decision gets the
probability that the quantal response gave to the recorded move, HOLD included: within a week the
recorded moves are read as exchanges, a side that did nothing in an exchange held, and a week
closes when both hold. There is no cap on exchanges here.

A package is one decision on its main lever (the first row of its `decision`); its other rows set
their levels and strain the truce but are not choices of their own. If a side's SUSPEND gives
levels, these replace the package rule for its levers.
"""

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from negotiation_abm.record.load import Record, Row, check_against
from negotiation_abm.replay.board import Board
from negotiation_abm.replay.result import Decision, RecordedSpell, Replay, Unplaced
from negotiation_abm.replay.walk import Walk
from negotiation_abm.replay.warnings import warnings_of
from negotiation_abm.scenario.game import Game

__all__ = ["Decision", "RecordedSpell", "Replay", "Unplaced", "replay_record", "replay_until"]

MANY_ROWS = 5_000  # says so


def replay_record(
    game: Game,
    record: Record,
    skip_illegal: bool = False,
    on_decision: Callable[..., None] | None = None,
    on_week: Callable[..., None] | None = None,
    watcher: Any = None,
    on_segment: Callable[..., None] | None = None,
) -> Replay:
    """Replay `record` under the scenario and parameters of `game`.

    Parameters
    ----------
    skip_illegal : bool
        List a recorded move that the rules do not allow instead of refusing the record.
    on_decision : callable, optional
        Called before each choice with state, week, player, option and date.
    on_week : callable, optional
        Called with the state at the start of each week, before the coming of a round is drawn.
    watcher : HistoryBuilder, optional
        Takes down moves and weeks.
    on_segment : callable, optional
        Called before each recorded move is carried out, and before each week is closed, with state,
        week, number of the truce's soundness (-1 without a truce), player and option (both -1 at
        the end of a week).

    Raises
    ------
    InputError
        If the record does not fit the scenario, or a recorded move is illegal at its point; the
        message names the row, the reason and what would be legal.
    """
    if len(record.rows) > MANY_ROWS:
        said = f"{len(record.rows):,}"
        logging.getLogger(__name__).info("replaying the %s rows of %s ...", said, record.path)
    board = _board(game, record)
    board.out.warnings.extend(warnings_of(game, record))
    board.on_decision = on_decision
    board.watcher = watcher
    board.on_segment = on_segment
    last = game.scenario.turn_of(last_day(game, record))
    _walk(board, record, last + 1, skip_illegal, on_week)
    board.close()
    return board.out


def replay_until(game: Game, record: Record, turn: int) -> Board:
    """Replay `record` up to the start of a turn; the board holds the state from which to go on.

    Raises
    ------
    InputError
        As `replay_record`.
    """
    board = _board(game, record)
    _walk(board, record, turn)
    return board


def _board(game: Game, record: Record) -> Board:
    """The board before the first week of a record that fits the scenario."""
    check_against(record, game.scenario)
    return Board(game, record, last_day(game, record))


def _walk(
    board: Board,
    record: Record,
    turns: int,
    skip_illegal: bool = False,
    on_week: Callable[..., None] | None = None,
    opened: bool = False,
) -> None:
    """Play the first `turns` weeks of a record, and open the next one if so wanted."""
    walk = Walk(board, skip_illegal, on_week)
    scenario = board.scenario
    by_turn: dict[int, list[Row]] = {}
    for row in record.rows:
        if row.not_represented:
            board.notes.unplaced(row, row.not_represented)
        elif row.date < scenario.start:
            board.notes.unplaced(row, "before the start of the scenario")
        else:
            by_turn.setdefault(scenario.turn_of(row.date), []).append(row)
    for turn in range(turns):
        walk.week(turn, by_turn.get(turn, []))
    if opened:
        walk.open(turns, by_turn.get(turns, []))


def freeze(game: Game, record: Record, turn: int) -> Board:
    """The board in a week of the record, its meetings held and no move made yet.

    Raises
    ------
    InputError
        As `replay_record`.
    """
    board = _board(game, record)
    _walk(board, record, turn, opened=True)
    return board


def last_day(game: Game, record: Record) -> dt.date:
    """Last day observed by a replay: the scenario's, or that of the last row if it is later."""
    last = record.rows[-1].date
    observation = game.scenario.record
    if observation and observation.until:
        last = max(last, observation.until)
    return min(last, game.scenario.end - dt.timedelta(days=1))
