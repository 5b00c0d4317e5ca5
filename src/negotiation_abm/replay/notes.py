"""What is noted while a record goes by: rows taken, rates, spells by date, pledges, sides."""

import datetime as dt
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from negotiation_abm.core.payoffs import pain
from negotiation_abm.core.terms import Event
from negotiation_abm.core.tracker import NUM_MEASURES
from negotiation_abm.record.load import Row
from negotiation_abm.replay.account import Account
from negotiation_abm.replay.result import RecordedSpell, Replay, Unplaced
from negotiation_abm.replay.situation import SAME_LEVEL, Situation

PLEDGE_STATUS = ("not begun", "running", "met", "missed", "void")


class Notes:
    """Writes into a `Replay`; reads the situation and leaves it alone."""

    def __init__(self, at: Situation, out: Replay) -> None:
        self._at = at
        self.out = out
        self.account = Account(at, out)
        began = at.scenario.truce.began if at.scenario.truce else at.scenario.start
        self._opened = [began] * NUM_MEASURES
        self._repairs = [0] * NUM_MEASURES
        self._first = {i: a for i, (a, _) in at.game.tariff_levers().items()}
        self._scales = _tariff_scales(at)
        self._levels = self._tariff_levels()
        self._rates = {lever: self._levels[lever] * scale for lever, scale in self._scales.items()}

    def placed(self, rows: Iterable[Row]) -> None:
        """The rows have been taken into the replay."""
        self.out.placed.extend(row.id for row in rows)

    def unplaced(self, row: Row, reason: str) -> None:
        """The row is left out."""
        self.out.unplaced.append(Unplaced(row.id, row.date, row.counted, reason, row.line))

    def illegal(self, row: Row, problem: str) -> None:
        """The row is left out, as the rules refuse its move."""
        move = f"{row.player} {row.move} {row.lever}".rstrip()
        legal = tuple(self._at.legal_moves(row))
        self.out.unplaced.append(
            Unplaced(row.id, row.date, row.counted, problem, row.line, True, move, legal)
        )

    def agreement(self, date: dt.date) -> None:
        """A truce has just begun, been repaired or renewed."""
        left, turn = self._at.state.weeks_left, self._at.state.turn
        expires = f"week of {self._at.scenario.date_of(turn + left)}" if left >= 0 else None
        self.out.agreements.append((date, Event(int(self._at.info.event)).name, expires))

    def prolonged(self, row: Row) -> None:
        """One side alone has put off the date of the truce."""
        self.agreement(row.date)
        self.out.prolonged[len(self.out.agreements) - 1] = (self._at.player_of(row), row.id)

    def broken_off(self, row: Row) -> None:
        """One side has broken off the talks."""
        until = f"week of {self._at.scenario.date_of(self._at.state.turn + (row.lead_weeks or 0))}"
        self.out.broken_off.append((row.date, self._at.player_of(row), row.id, until))

    def headline_rates(self, rows: Iterable[Row], date: dt.date) -> None:
        """Headline tariffs: as recorded, else the level of a tariff lever that has moved."""
        given = {
            (self._at.player_of(row), self._at.lever_of(row)): row.rate_pp
            for row in rows
            if row.rate_pp is not None and row.lever
        }
        levels = self._tariff_levels()
        for place, scale in self._scales.items():
            moved = abs(levels[place] - self._levels[place]) > SAME_LEVEL
            by_level = levels[place] * scale if moved else self._rates[place]
            rate = given.get(place, by_level)
            if rate != self._rates[place]:
                player, lever = place
                self._rates[place] = rate
                self.out.lever_rates.append((date, player, lever, rate, place in given))
                if self._first[player] == lever:
                    self.out.rates.append((date, player, rate))
        self._levels = levels

    def _tariff_levels(self) -> dict[tuple[int, int], float]:
        return {place: float(self._at.state.in_force[place]) for place in self._scales}

    def spells(
        self,
        closed: list[SimpleNamespace],
        before: list[bool],
        running: list[bool],
        date: dt.date,
    ) -> None:
        """Date the spells that the tracker has just closed, or opened since `before`."""
        for spell in closed:
            start = self._opened[spell.measure]
            self.out.spells.append(
                RecordedSpell(
                    measure=int(spell.measure),
                    start=start,
                    end=date,
                    duration_days=(date - start).days,
                    duration_weeks=int(spell.duration_weeks),
                    cause=int(spell.cause),
                    player=int(spell.player),
                    lever=int(spell.lever),
                    renewals=int(spell.renewals),
                    agency=bool(spell.agency),
                    pledge=int(spell.pledge),
                    repairs=self._repairs[spell.measure],
                    row_id=self.account.row_that_ended(spell, date),
                )
            )
        ended = {spell.measure for spell in closed}
        for measure, runs in enumerate(running):
            if runs and (not before[measure] or measure in ended):
                self._opened[measure], self._repairs[measure] = date, 0

    def repaired(self, before: list[bool]) -> None:
        """The truce has been repaired: spells that ran on, as they did `before`."""
        for measure, ran in enumerate(before):
            self._repairs[measure] += int(ran)

    def pledges(self, delivered: set[int]) -> None:
        """What became of each pledge, as far as the record says."""
        delivery, state = self._at.scenario.modules.delivery, self._at.state
        for number, pledge in enumerate(delivery.pledges if delivery else ()):
            recorded, share = number in delivered, float(state.pledge_delivered[number])
            status = PLEDGE_STATUS[int(state.pledge_status[number])]
            if pledge.due <= self.out.until and status == "running":
                status = "delivered late" if recorded else "due; the record says nothing"
            self.out.pledges.append(
                {
                    "name": pledge.name,
                    "player": pledge.player,
                    "lever": pledge.lever,
                    "made": pledge.made.isoformat(),
                    "due": pledge.due.isoformat(),
                    "amount": pledge.amount,
                    "status": status,
                    "delivered": share if recorded else None,
                }
            )

    def sides(self) -> dict[str, Any]:
        """Tariffs, moods and levers of both sides now, for the row of a week.

        ``headline_pp`` is the rate as announced, ``tariff_pp`` the effective one: the level of the
        tariff lever, which weighs the trade that is hit, in points.
        """
        state, levels, row = self._at.state, self._tariff_levels(), {}
        for i, player in enumerate(self._at.game.players):
            if i in self._first:
                place = i, self._first[i]
                row[f"{player}.headline_pp"] = self._rates[place]
                row[f"{player}.tariff_pp"] = levels[place] * self._scales[place]
            row[f"{player}.pain"] = float(pain(state, self._at.params, self._at.week, i))
            for name in ("felt", "anger", "goodwill", "market_loss"):
                row[f"{player}.{name}"] = float(getattr(state, name)[i])
        for i, a, label in self._at.game.lever_labels():
            for name in ("in_force", "loaded", "pending"):
                row[f"{label}.{name}"] = float(getattr(state, name)[i, a])
        return row


def _tariff_scales(at: Situation) -> dict[tuple[int, int], float]:
    """Points at full level of each tariff lever, by player and number of the lever."""
    levers = at.scenario.levers
    scales = {
        (i, a): levers[player][name].pp_at_full
        for i, player in enumerate(at.game.players)
        for a, name in enumerate(at.game.lever_names[i])
    }
    return {place: scale for place, scale in scales.items() if scale is not None}
