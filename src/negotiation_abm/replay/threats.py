"""What becomes of each threat of a record: carried out, withdrawn, replaced, lapsed, pending."""

import datetime as dt

from negotiation_abm.core.terms import Event, lever_of
from negotiation_abm.record.load import Row
from negotiation_abm.replay.result import Threat
from negotiation_abm.replay.situation import SAME_LEVEL, Situation

AGREEMENTS = (Event.BEGUN, Event.REPAIRED, Event.RENEWED)


class Threats:
    """A list of the threats so far; reads the situation and leaves it alone."""

    def __init__(self, at: Situation) -> None:
        self._at = at
        self._open: dict[tuple[int, int], Threat] = {}
        self.all: list[Threat] = []

    def announced(self, row: Row, size: float, lead: int) -> str:
        """A threat has just been made; returns how the rules took it otherwise, if they did.

        Parameters
        ----------
        size, lead : float and int
            As recorded, the size no larger than the room of the lever.
        """
        state, place = self._at.state, (self._at.player_of(row), self._at.lever_of(row))
        earlier = self._open.get(place)
        pending, weeks = float(state.pending[place]), int(state.pending_weeks[place])
        if earlier is not None:
            earlier.fate, earlier.fate_date, earlier.fate_row = "replaced", row.date, row.id
        due = self._at.scenario.date_of(state.turn + weeks)
        threat = Threat(row.id, row.date, *place, pending, due)
        self._open[place] = threat
        self.all.append(threat)
        if earlier is None:
            return ""
        kept = []
        if weeks != lead:
            kept.append(f"the nearer date, the week of {due}")
        if row.level is not None and pending > size + SAME_LEVEL:
            kept.append(f"the larger size, {pending:.3g}")
        return f"the threat {earlier.row_id} stands, and the rules keep of both " * bool(
            kept
        ) + " and ".join(kept)

    def after_move(self, row: Row) -> None:
        """A move has been made: what is pending no more was carried out or withdrawn."""
        info = self._at.info
        mover = (int(info.mover), int(lever_of(info.option)))
        for place in self._gone():
            if info.carried_out and place == mover:
                fate = "carried out"
            else:
                fate = "withdrawn by agreement" if info.event in AGREEMENTS else "withdrawn"
            self._close(place, fate, row.date, row.id)

    def after_week(self, date: dt.date) -> None:
        """A week has ended: what is pending no more has passed its date."""
        for place in self._gone():
            self._close(place, "lapsed", date, "")

    def _gone(self) -> list[tuple[int, int]]:
        pending = self._at.state.pending
        return [place for place in self._open if not pending[place] > 0.0]

    def _close(self, place: tuple[int, int], fate: str, date: dt.date, row_id: str) -> None:
        threat = self._open.pop(place)
        threat.fate, threat.fate_date, threat.fate_row = fate, date, row_id
