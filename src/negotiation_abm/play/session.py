"""A game of one person against a strategy: the readable run, one decision of the person at a time.

The same rules and draws as any run: a person who takes in each exchange what the side's own
strategy would choose plays the run with the game's seed and replicate, move for move.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from negotiation_abm.core.state import as_object, as_record, blank
from negotiation_abm.core.terms import Move, Phase, lever_of, option_of
from negotiation_abm.core.tracker import TRACE, trace_turn
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.play.identity import changed_between, made_by, state_hash
from negotiation_abm.play.log import LogEntry, closing, move_entry, opening
from negotiation_abm.play.response import response
from negotiation_abm.play.schema import SavedGame, Start
from negotiation_abm.play.start import game_of
from negotiation_abm.run.model import Government, NegotiationModel
from negotiation_abm.run.options import legal_options


class Session:
    """A game that is being played.

    Parameters
    ----------
    start : Start

    Attributes
    ----------
    model : NegotiationModel
        The run; look, do not touch.
    side : int
        Number of the player that the person takes.
    moves : list of str
        Moves of the person so far.
    log : list of LogEntry
        Everything that was not HOLD.
    """

    def __init__(self, start: Start, source: str | Path = "") -> None:
        self.start = start
        self.game = game_of(start, source)
        self.model = NegotiationModel(self.game, start.seed, start.replicate)
        self.side = self.game.players.index(start.side)
        self.moves: list[str] = []
        self.log: list[LogEntry] = []
        self.notes: list[str] = []
        self._traces: list[np.ndarray] = []
        self._course = self._weeks()
        self._go(None)

    @property
    def is_over(self) -> bool:
        """Has the game come to its horizon?"""
        return not self.model.running

    @property
    def other(self) -> int:
        """Number of the opponent."""
        return 1 - self.side

    @property
    def traces(self) -> np.ndarray:
        """The weeks played so far, `TRACE` records, shape (weeks,)."""
        return np.concatenate(self._traces) if self._traces else np.zeros(0, TRACE)

    def legal(self) -> list[int]:
        """Options that the person may choose now; none once the game is over."""
        if self.is_over:
            return []
        return legal_options(self.model.state, self.model.params, self.side)

    def label(self, option: int) -> str:
        """An option of the person by name, as it stands in a file."""
        return self.game.option_label(option, self.side)

    def option(self, text: str) -> int:
        """The option of a name such as ``ESCALATE chips``.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        word, _, lever = text.partition(" ")
        if word not in Move.__members__:
            raise InputError("", text, f"unknown move; {suggest(word, Move.__members__)}")
        move, names = Move[word], self.game.lever_names[self.side]
        if move < Move.ESCALATE:
            if lever:
                raise InputError("", text, f"{word} has no lever")
            return int(option_of(move, -1))
        if lever not in names:
            raise InputError("", text, f"unknown lever; {suggest(lever, names)}")
        return int(option_of(move, names.index(lever)))

    def play(self, choice: int | str) -> None:
        """Make the person's move, and all that follows until the person is to move again.

        Raises
        ------
        InputError
            If there is no such move, it is not legal now, or the game is over.
        """
        text = choice if isinstance(choice, str) else self.label(choice)
        if self.is_over:
            raise InputError("", text, "the game is over")
        option = self.option(text)
        allowed = self.legal()
        if option not in allowed:
            week = self.game.scenario.date_of(self.model.state.turn)
            problem = f"not legal in the week of {week}; {_list(self.label(o) for o in allowed)}"
            raise InputError("", text, problem)
        self.moves.append(text)
        self._go(option)

    def advised(self) -> int:
        """What the strategy of the person's side would choose, with this exchange's draw."""
        return self.model.governments[self.side].choice()

    def hold_until_news(self, weeks: int) -> None:
        """Hold until something happens, for so many weeks at most."""
        until, seen = self.model.state.turn + weeks, len(self.log)
        while not self.is_over and self.model.state.turn < until and len(self.log) == seen:
            self.play(0)

    def play_on(self) -> None:
        """Let the strategy of the person's side play to the end."""
        while not self.is_over:
            self.play(self.advised())

    def saved(self) -> SavedGame:
        """The game so far as a file holds it."""
        return SavedGame(
            **self.start.model_dump(include=set(Start.model_fields)),
            parameter_set=self.game.parameter_set.name,
            moves=self.moves,
            made_by=made_by(self.game),
            state=state_hash(self.model.state),
        )

    def _go(self, option: int | None) -> None:
        try:
            if option is None:
                next(self._course)
            else:
                self._course.send(option)
        except StopIteration:
            pass

    def _weeks(self) -> Generator[None, int, None]:
        """Play on, and stop wherever the person is to move."""
        model = self.model
        while model.running:
            self._open_week()
            while (government := model.mover) is not None:
                option = (yield) if government.player == self.side else None
                self._move(government, option)
            self._close_week()

    def _open_week(self) -> None:
        model, before = self.model, self.model.state.in_force.copy()
        known = len(model.moves)
        model.begin_week()
        self._note(opening(model))
        for made in model.moves[known:]:  # agencies, of their own accord
            player = self.game.players.index(made["player"])
            lever = self.game.lever_names[player].index(made["lever"])
            option = option_of(made["move"], lever)
            self._note(move_entry(model, player, option, float(before[player, lever]), None))

    def _move(self, government: Government, option: int | None) -> None:
        model, player = self.model, government.player
        before, exchange = model.state.in_force.copy(), int(model.state.exchange)
        chances = response(model, player, model.state)
        government.play(option)
        made = int(model.info.option)
        if made:
            lever = lever_of(made)
            level = float(before[player, lever]) if lever >= 0 else None
            entry = move_entry(model, player, made, level, float(chances[made]), exchange)
            self._note(entry)

    def _close_week(self) -> None:
        model, was_truce = self.model, self.model.state.phase == Phase.TRUCE
        model.close_week()
        self._note(closing(model, was_truce))
        trace = as_object(blank(TRACE)[0])
        trace_turn(trace, model.state, model.params, model.week, model.tally)
        self._traces.append(as_record(trace, TRACE))

    def _note(self, entry: LogEntry | None) -> None:
        if entry is not None:
            self.log.append(entry)


def resume(saved: SavedGame, source: str | Path) -> Session:
    """Play a saved game again up to its last move.

    What it was made by may have changed since: that is said in `Session.notes`.

    Raises
    ------
    InputError
        If a move is not one of the game then, or the game comes to another state than the file
        says although nothing has changed.
    """
    session = Session(saved, source)
    now = made_by(session.game)
    changed = [] if saved.made_by is None else changed_between(saved.made_by, now)
    hint = f" (it was saved under other {' and '.join(changed)})" if changed else ""
    for number, text in enumerate(saved.moves):
        try:
            session.play(text)
        except InputError as error:
            raise InputError(source, f"moves.{number}", f"{error}{hint}") from None
    if saved.state not in (None, state_hash(session.model.state)):
        if not changed:
            problem = "the moves lead to another state than the file says; it has been edited"
            raise InputError(source, "state", problem)
        session.notes.append(
            f"saved under other {' and '.join(changed)}: the same moves now lead to another state"
        )
    return session


def _list(names: Any) -> str:
    return f"allowed: {', '.join(names)}"
