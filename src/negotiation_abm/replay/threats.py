"""What becomes of each threat of a record: carried out, withdrawn, replaced, lapsed, pending."""

import datetime as dt
from collections.abc import Iterator

from negotiation_abm.core.terms import Event, lever_of
from negotiation_abm.record.load import Row
from negotiation_abm.replay.result import Threat
from negotiation_abm.replay.situation import SAME_LEVEL, Situation

AGREEMENTS = (Event.BEGUN, Event.REPAIRED, Event.RENEWED)
PART = 0.5  # share of its size below which a threat is carried out in part
LATE = dt.timedelta(days=28)  # a step so soon after a lapse may be the threat itself, carried out


class Threats:
    """Writes a list of the threats; reads the situation and leaves it alone."""

    def __init__(self, at: Situation, threats: list[Threat]) -> None:
        self._at = at
        self._all = threats
        self._open: dict[tuple[int, int], Threat] = {}
        self._last: dict[tuple[int, int], Threat] = {}  # of each lever, open or not

    def after_move(self, row: Row) -> Iterator[tuple[Row, str]]:
        """A move has been made: threats that it made, carried out or withdrew.

        Yields
        ------
        tuple of Row and str
            The row, and what a coder may not have meant with it.
        """
        if row.move == "THREATEN":
            yield from self._announced(row)
        elif row.move == "ESCALATE":
            yield from self._late(row)
        info = self._at.info
        mover = (int(info.mover), int(lever_of(info.option)))
        for place in self._gone():
            if info.carried_out and place == mover:
                fate = self._carried_out(self._open[place])
            else:
                fate = "withdrawn by agreement" if info.event in AGREEMENTS else "withdrawn"
            self._close(place, fate, row.date, row.id)

    def _announced(self, row: Row) -> Iterator[tuple[Row, str]]:
        """A threat has just been made; doubts where the rules keep more of an earlier one."""
        state, place = self._at.state, (self._at.player_of(row), self._at.lever_of(row))
        pending, weeks = float(state.pending[place]), int(state.pending_weeks[place])
        due = self._at.scenario.date_of(state.turn + weeks) if weeks >= 0 else None
        earlier = self._open.get(place)
        threat = Threat(row.id, row.date, *place, pending, due)
        self._open[place] = self._last[place] = threat
        self._all.append(threat)
        if earlier is None:
            return
        earlier.fate, earlier.fate_date, earlier.fate_row = "replaced", row.date, row.id
        kept = []
        if weeks != self._at.lead_of(row):
            kept.append(f"the nearer date (week of {due})")
        if row.level is not None and pending > row.level + SAME_LEVEL:
            kept.append(f"the larger size ({pending:.3g})")
        if kept:
            yield (
                row,
                f"the threat {earlier.row_id} still stood, and the rules keep {' and '.join(kept)} "
                "of the two",
            )

    def _carried_out(self, threat: Threat) -> str:
        """Any step on a lever takes the place of the threat on it; a far smaller one says so."""
        potency = float(self._at.state.potency[threat.player, threat.lever])
        is_part = float(self._at.info.severity) < PART * threat.size * potency
        return "carried out in part" if is_part else "carried out"

    def _late(self, row: Row) -> Iterator[tuple[Row, str]]:
        """A step on a lever whose threat lapsed a short time ago."""
        last = self._last.get((self._at.player_of(row), self._at.lever_of(row)))
        if last and last.fate == "lapsed" and last.fate_date and row.date - last.fate_date <= LATE:
            yield (
                row,
                f"the threat {last.row_id} had lapsed by then, as its date lay in the week of "
                f"{last.due}; if this row carries it out, give {last.row_id} the later date, or "
                "add the THREATEN that put it off",
            )

    def after_week(self, date: dt.date) -> None:
        """A week has ended on this day: what is pending no more has passed its date."""
        for place in self._gone():
            self._close(place, "lapsed", date, "")

    def _gone(self) -> list[tuple[int, int]]:
        pending = self._at.state.pending
        return [place for place in self._open if not pending[place] > 0.0]

    def _close(self, place: tuple[int, int], fate: str, date: dt.date, row_id: str) -> None:
        threat = self._open.pop(place)
        threat.fate, threat.fate_date, threat.fate_row = fate, date, row_id
