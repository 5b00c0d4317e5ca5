"""What a replay notes of each move: its weight, the spells that it ended, threats, open doubts.

A doubt is a warning that shows only as the record goes by: the replay takes a row, but not as it
looks. Doubts that need no replay are found in `negotiation_abm.replay.warnings`.
"""

import datetime as dt
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from negotiation_abm.core.levers import room
from negotiation_abm.core.terms import Event, Forum, Move, Phase, TruceEnd
from negotiation_abm.record.load import Row
from negotiation_abm.replay.result import RecordedMove, Replay
from negotiation_abm.replay.situation import SAME_LEVEL, Situation
from negotiation_abm.replay.threats import Threats
from negotiation_abm.replay.warnings import warned

BOTH_SIDES = (0, 1)


class Account:
    """Writes moves, threats and warnings into a `Replay`; reads the situation, leaves it alone."""

    def __init__(self, at: Situation, out: Replay) -> None:
        self._at = at
        self._out = out
        self._threats = Threats(at, out.threats)
        self._offers: list[Row | None] = [None, None]  # main rows of the offers that stand

    def before_move(self, row: Row) -> None:
        """Take down what the next move is judged against."""
        state, player = self._at.state, self._at.player_of(row)
        self._in_truce = bool(state.phase == Phase.TRUCE)
        self._covered = bool(row.lever and state.covered[player, self._at.lever_of(row)])
        if row.ends_truce and not self._in_truce:
            self._doubt(row, "ends_truce 1, but no truce is in force; look where it ended before")
        if row.move == "THREATEN" and row.level is not None:
            free = float(room(state, self._at.params, player, self._at.lever_of(row)))
            if row.level > free + SAME_LEVEL:
                self._doubt(
                    row,
                    f"a threat of {row.level:g}, but {row.lever} can only rise by {free:.3g} from "
                    "where it stands (suspended parts of it count under revised_rules only); the "
                    "rules take that size",
                )

    def after_move(self, row: Row, closed: Sequence[SimpleNamespace]) -> None:
        """Note a move that has just been made, and the spells that it closed."""
        info, player = self._at.info, self._at.player_of(row)
        self._out.moves.append(
            RecordedMove(
                row_id=row.id,
                date=row.date,
                player=player,
                option=self._at.option_of(row),
                severity=self._severity(row),
                in_truce=self._in_truce,
                covered=self._covered,
                carried_out=bool(info.carried_out),
                ended=tuple(int(spell.measure) for spell in closed),
            )
        )
        for row_in_doubt, text in self._threats.after_move(row):
            self._doubt(row_in_doubt, text)

    def _severity(self, row: Row) -> float | None:
        """Size of a step, or of an announced step, by the potency of its lever."""
        if row.move == "ESCALATE":
            return float(self._at.info.severity)
        if row.move != "THREATEN":
            return None
        place = self._at.player_of(row), self._at.lever_of(row)
        return float(self._at.state.pending[place] * self._at.state.potency[place])

    def offered(self, row: Row) -> None:
        """An offer stands, and the other side has not answered yet."""
        self._offers[self._at.player_of(row)] = row

    def agreed(self, offers: list[list[Row]], before: np.ndarray) -> None:
        """The offers of both sides have made an agreement; `before`: what was in force."""
        self._offers = [None, None]
        for player in BOTH_SIDES:
            if offers[player]:
                self._look_at_levels(player, offers[player], before[player])
        last = max((rows[0] for rows in offers if rows), key=lambda row: row.line)
        self._look_at_forum(last, any(row.expires for rows in offers for row in rows))

    def _look_at_levels(self, player: int, rows: list[Row], before: np.ndarray) -> None:
        """Levels that the package rule has cut, as no row gives one; and levels raised."""
        names, now = self._at.game.lever_names[player], self._at.state.in_force[player]
        for row in rows:
            level = before[names.index(row.lever)] if row.lever else 0.0
            if row.level is not None and row.level > level + SAME_LEVEL:
                self._doubt(
                    row,
                    f"a SUSPEND that raises {row.lever} from {level:.3g} to {row.level:g}; check "
                    "the level, or write an ESCALATE",
                )
        if any(row.level is not None for row in rows):
            return
        cut = [
            f"{name} from {before[a]:.3g} to {now[a]:.3g}"
            for a, name in enumerate(names)
            if now[a] < before[a] - SAME_LEVEL
        ]
        if cut:
            self._doubt(
                rows[0],
                f"no level is given, so the agreement takes the rules' own share off: "
                f"{', '.join(cut)}; give the lever and its level if it was otherwise (the level as "
                "it was, if nothing was eased)",
            )

    def _look_at_forum(self, row: Row, is_dated: bool) -> None:
        """An agreement in the week after a summit has the terms of a round."""
        weeks, params = self._out.weeks, self._at.params
        if self._at.state.forum != Forum.NONE or not weeks or weeks[-1]["forum"] != "SUMMIT":
            return
        other_term = not is_dated and params.term_weeks[0] != params.term_weeks[1]
        if other_term or (params.coverage[0] != params.coverage[1]).any():
            self._doubt(
                row,
                "this agreement comes in the week after a summit and gets the terms of a round, as "
                "a meeting stands for its own week only; date the meeting by its joint statement, "
                "or the two offers in its week, if the summit made it",
            )

    def prolonged(self, row: Row, before: int) -> None:
        """One side has given the truce a date; `before`: weeks that were left, -1 for no date."""
        left = int(self._at.state.weeks_left)
        if left >= 0 and (before < 0 or left < before):
            was = f"in {before} weeks" if before >= 0 else "none"
            self._doubt(row, f"a PROLONG that shortens the truce: its date was {was} before")

    def levels_set(self, row: Row, loaded: float) -> None:
        """The lever of a row has been set; `loaded`: what was left of the suspended part."""
        if row.loaded is not None and loaded < row.loaded - SAME_LEVEL:
            self._doubt(
                row,
                f"loaded {row.loaded:g} is more than the cap of {row.lever} allows beside a level "
                f"of {row.level:g}; the rules take {loaded:.3g}",
            )

    def left_alone(self, row: Row, reason: str) -> None:
        """A row that is no move could not be carried out."""
        if row.move != "DELIVER":
            self._doubt(row, reason)

    def week_over(self, date: dt.date) -> None:
        """The week has ended, on this day: threats past their date, offers that stand no more."""
        self._threats.after_week(date)
        for player in BOTH_SIDES:
            if self._at.state.offer[player] == 0:
                self._unanswered(player)

    def close(self) -> None:
        """The record has ended: offers that still stand have no answer."""
        for player in BOTH_SIDES:
            self._unanswered(player)
        self._out.warnings.sort(key=lambda one: one.line)

    def row_that_ended(self, spell: SimpleNamespace, date: dt.date) -> str:
        """Id of the row with which a spell ended; empty if none did.

        If it ended with a week, this is the last step of the lever that is named as the cause.
        """
        moves = self._out.moves
        if spell.cause == TruceEnd.CENSORED or spell.lever < 0 or spell.pledge >= 0:
            return ""
        own = (
            move.row_id
            for move in reversed(moves)
            if (move.player, (move.option - 2) // 3) == (spell.player, spell.lever)
            and move.option >= Move.ESCALATE
            and move.date <= date
        )
        return next(own, "")

    def _unanswered(self, player: int) -> None:
        row, self._offers[player] = self._offers[player], None
        if row is not None:
            weeks = int(self._at.params.offer_weeks)
            levels = ", and no level was set" if row.level is not None else ""
            self._doubt(
                row,
                f"the other side did not answer this offer while it stood ({weeks} weeks at most), "
                f"so it changed nothing{levels}; right if it was refused; if there was a deal, "
                "give the other side its own SUSPEND",
            )

    def _doubt(self, row: Row, text: str) -> None:
        self._out.warnings.append(warned(row, text))


def is_agreement(event: int) -> bool:
    """Has a truce begun, been repaired or renewed?"""
    return event in (Event.BEGUN, Event.REPAIRED, Event.RENEWED)
