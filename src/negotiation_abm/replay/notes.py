"""What is noted while a record goes by: rows taken, rates, spells by date, pledges, sides."""

import datetime as dt
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from negotiation_abm.core.payoffs import pain
from negotiation_abm.core.terms import Event
from negotiation_abm.core.tracker import NUM_MEASURES
from negotiation_abm.record.load import Row
from negotiation_abm.replay.result import RecordedSpell, Replay, Unplaced
from negotiation_abm.replay.situation import SAME_LEVEL, Situation

PLEDGE_STATUS = ("not begun", "running", "met", "missed", "void")


class Notes:
    """Writes into a `Replay`; reads the situation and leaves it alone."""

    def __init__(self, at: Situation, out: Replay) -> None:
        self._at = at
        self.out = out
        began = at.scenario.truce.began if at.scenario.truce else at.scenario.start
        self._opened = [began] * NUM_MEASURES
        self._tariffs = at.game.tariff_levers()
        self._levels = self._tariff_levels()
        self.rates = {i: self._levels[i] * scale for i, (_, scale) in self._tariffs.items()}

    def placed(self, rows: Iterable[Row]) -> None:
        """The rows have been taken into the replay."""
        self.out.placed.extend(row.id for row in rows)

    def unplaced(self, row: Row, reason: str) -> None:
        """The row is left out."""
        self.out.unplaced.append(Unplaced(row.id, row.date, row.counted, reason))

    def agreement(self, date: dt.date) -> None:
        """A truce has just begun, been repaired or renewed."""
        left, turn = self._at.state.weeks_left, self._at.state.turn
        expires = f"week of {self._at.scenario.date_of(turn + left)}" if left >= 0 else None
        self.out.agreements.append((date, Event(int(self._at.info.event)).name, expires))

    def headline_rates(self, rows: Iterable[Row], date: dt.date) -> None:
        """Headline tariffs: as recorded, else the tariff lever's level where it has moved."""
        given = {
            self._at.player_of(row): row.rate_pp
            for row in rows
            if row.rate_pp is not None and self._is_tariff(row)
        }
        levels = self._tariff_levels()
        for player, (_, scale) in self._tariffs.items():
            moved = abs(levels[player] - self._levels[player]) > SAME_LEVEL
            rate = given.get(player, levels[player] * scale if moved else self.rates[player])
            if rate != self.rates[player]:
                self.rates[player] = rate
                self.out.rates.append((date, player, rate))
        self._levels = levels

    def _is_tariff(self, row: Row) -> bool:
        player = self._at.player_of(row)
        return player in self._tariffs and self._at.lever_of(row) == self._tariffs[player][0]

    def _tariff_levels(self) -> dict[int, float]:
        return {i: float(self._at.state.in_force[i, a]) for i, (a, _) in self._tariffs.items()}

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
                )
            )
        ended = {spell.measure for spell in closed}
        for measure, runs in enumerate(running):
            if runs and (not before[measure] or measure in ended):
                self._opened[measure] = date

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
            if i in self.rates:
                row[f"{player}.headline_pp"] = self.rates[i]
                row[f"{player}.tariff_pp"] = levels[i] * self._tariffs[i][1]
            row[f"{player}.pain"] = float(pain(state, self._at.params, self._at.week, i))
            for name in ("felt", "anger", "goodwill", "market_loss"):
                row[f"{player}.{name}"] = float(getattr(state, name)[i])
        for i, a, label in self._at.game.lever_labels():
            for name in ("in_force", "loaded", "pending"):
                row[f"{label}.{name}"] = float(getattr(state, name)[i, a])
        return row
