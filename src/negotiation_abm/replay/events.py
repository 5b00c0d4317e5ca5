"""One course of events, recorded or simulated, in one form: its moves and its weeks.

A replay is watched by a `HistoryBuilder`, a free run takes down the same (`replay.watched`), so
that a statistic of the record and its simulated distribution come from one function of a `History`.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core.moves import MOVES
from negotiation_abm.core.terms import (
    MAX_LEVERS,
    NUM_PLAYERS,
    Event,
    Move,
    Phase,
    lever_of,
    move_of,
)
from negotiation_abm.record.load import Record
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.scenario.game import Game

WEEKS = np.dtype(
    [
        ("turn", "i8"),
        ("forum", "i8"),
        ("in_truce", "i8"),  # at the end of the week
        ("weeks_left", "i8"),
        ("weeks_to_summit", "i8"),
        ("in_force", "f8", (NUM_PLAYERS, MAX_LEVERS)),
    ]
)


@dataclass(frozen=True)
class History:
    """Moves (`MOVES`), weeks (`WEEKS`) and truce spells of one course of events.

    `spells` have the fields measure, duration_weeks and cause.
    """

    game: Game
    moves: np.ndarray
    weeks: np.ndarray
    spells: list[Any]

    def of(self, move: Move, player: int | None = None, further: bool = False) -> np.ndarray:
        """Moves of one kind, of one player or both; `further` rows of packages only if asked."""
        chosen = self.moves["move"] == move
        if not further:
            chosen &= self.moves["further"] == 0
        if player is not None:
            chosen &= self.moves["player"] == player
        return np.asarray(self.moves[chosen])


class HistoryBuilder:
    """Watches a state and takes down moves and weeks.

    Call `look` before each move and wherever else something may have changed, `moved` after each
    move, `week_over` after the end of each turn.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self._moves: list[tuple[Any, ...]] = []
        self._weeks: list[tuple[Any, ...]] = []
        self._easing: tuple[int, np.ndarray] | None = (
            None  # agreement whose levels may still change
        )

    def look(self, state: SimpleNamespace) -> None:
        """Take note of what the next move will be judged against."""
        self._settle(state)
        self._covered = state.covered.copy()
        self._pending = np.where(state.pending > 0.0, state.pending_lead, -1)
        self._in_force = state.in_force.copy()
        self._truce = int(state.phase == Phase.TRUCE), int(state.weeks_left)

    def moved(
        self,
        state: SimpleNamespace,
        player: int,
        option: int,
        lead: int,
        info: SimpleNamespace,
        is_further: bool = False,
    ) -> None:
        """One move has been carried out; a further row of a package is no choice of its own."""
        move, lever = int(move_of(option)), int(lever_of(option))
        if move != Move.HOLD:
            covered = int(self._covered[player, lever]) if lever >= 0 else 0
            pending = int(self._pending[player, lever]) if lever >= 0 else -1
            self._moves.append(
                (
                    int(state.turn),
                    player,
                    move,
                    lever,
                    float(info.severity),
                    covered,
                    *self._truce,
                    lead if move == Move.THREATEN else pending,
                    int(info.carried_out),
                    int(info.event),
                    int(is_further),
                    (0, 0),
                )
            )
        easing = None
        if info.event in (Event.BEGUN, Event.REPAIRED, Event.RENEWED):
            easing = (len(self._moves) - 1, self._in_force)
        self.look(state)
        self._easing = easing

    def _settle(self, state: SimpleNamespace) -> None:
        """Count the levers that the last agreement lowered; a record sets them after the move."""
        if self._easing is None:
            return
        number, before = self._easing
        eased = (state.in_force < before - 1e-9).sum(axis=1)
        self._moves[number] = (*self._moves[number][:-1], tuple(eased.tolist()))
        self._easing = None

    def week_over(self, state: SimpleNamespace, week: SimpleNamespace) -> None:
        """A turn has ended."""
        self.look(state)
        self._weeks.append(
            (
                int(state.turn) - 1,
                int(state.forum),
                int(state.phase == Phase.TRUCE),
                int(state.weeks_left),
                int(week.weeks_to_summit),
                state.in_force.copy(),
            )
        )

    def history(self, spells: list[Any]) -> History:
        """What has been taken down."""
        moves, weeks = np.array(self._moves, MOVES), np.array(self._weeks, WEEKS)
        return History(self.game, moves, weeks, spells)


def recorded_history(game: Game, record: Record, skip_illegal: bool = False) -> History:
    """The record under the rules.

    Parameters
    ----------
    skip_illegal : bool
        Leave out moves that the rules refuse, as under rules that the coder did not know.

    Raises
    ------
    InputError
        As `replay_record`.
    """
    builder = HistoryBuilder(game)
    result = replay_record(game, record, skip_illegal, watcher=builder)
    return builder.history(list(result.spells))
