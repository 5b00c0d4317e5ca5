"""Free runs of the readable model, written down as records."""

import datetime as dt
from typing import Any

from negotiation_abm.core.terms import Forum, Move, Stage, lever_of, move_of
from negotiation_abm.record.load import BOTH, Record, Row
from negotiation_abm.run.model import NegotiationModel
from negotiation_abm.scenario.game import Game

WEEKS = 50


class Recorder(NegotiationModel):
    """A free run that writes its own record."""

    def __init__(self, game: Game, seed: int, replicate: int) -> None:
        self.rows: list[Row] = []
        super().__init__(game, seed=seed, replicate=replicate)

    def before_move(self) -> None:
        """A meeting of the week stands before its moves."""
        self._room = self.params.cap - self.state.in_force
        if self.params.revised_rules == 0:
            self._room = self._room - self.state.loaded
        if self.state.stage == Stage.MOVES:
            self._note_forum()

    def after_move(self, player: int, option: int, by_agency: bool) -> None:
        """Write down the move."""
        move, lever = Move(int(move_of(option))), int(lever_of(option))
        if move == Move.HOLD or by_agency:
            return
        columns: dict[str, Any] = {}
        if move >= Move.ESCALATE:
            level = float(self.state.in_force[player, lever])
            if move == Move.THREATEN:
                level = float(min(self.info.step, self._room[player, lever]))
                columns["lead_weeks"] = int(self.info.lead)
            if move == Move.CONCEDE and self.params.revised_rules == 1:
                columns["loaded"] = float(self.state.loaded[player, lever])  # perhaps given up
            columns |= {"lever": self.game.lever_names[player][lever], "level": level}
        self._write(self.game.players[player], move.name, **columns)

    def _note_forum(self) -> None:
        today = self._today()
        known = any(row.date == today and row.player == BOTH for row in self.rows)
        if self.state.forum != Forum.NONE and not known:
            self._write(BOTH, Forum(int(self.state.forum)).name)

    def _today(self) -> dt.date:
        return self.game.scenario.date_of(int(self.state.turn))

    def _write(self, player: str, move: str, **columns: Any) -> None:
        number = len(self.rows) + 1
        row = Row(
            line=number, id=f"F{number}", date=self._today(), player=player, move=move, **columns
        )
        self.rows.append(row)


def free_record(
    game: Game, seed: int, replicate: int, weeks: int = WEEKS
) -> tuple[Record, NegotiationModel]:
    """Record and final state of a free run of the readable model."""
    model = Recorder(game, seed, replicate)
    for _ in range(weeks):
        model.step()
    return Record(game.scenario.path, tuple(model.rows)), model
