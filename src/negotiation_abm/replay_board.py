"""The board of a replay: the state, the tracker, and what is noted while the record goes by."""

import datetime as dt
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core.hooks import end_modules
from negotiation_abm.core.levers import set_intensity, set_level, touch_all
from negotiation_abm.core.modules.delivery import MET, settle_pledge
from negotiation_abm.core.payoffs import pain
from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import (
    NUM_OPTIONS,
    Event,
    Forum,
    Move,
    Phase,
    move_of,
    option_of,
)
from negotiation_abm.core.tracker import (
    NO_SPELL,
    NUM_MEASURES,
    SPELL,
    TALLY,
    close_tally,
    start_tally,
    track_move,
    track_turn,
)
from negotiation_abm.core.transitions import (
    apply_move,
    end_turn,
    is_legal,
    scheduled_step,
)
from negotiation_abm.core.truce import grieve
from negotiation_abm.game import Game
from negotiation_abm.record import Record, Row
from negotiation_abm.replay_result import (
    Decision,
    RecordedSpell,
    Replay,
    Unplaced,
)
from negotiation_abm.strategies._odds import option_weights

SAME_LEVEL = 1e-9
NOT_LIVE = 0  # modules draw nothing in a replay
PLEDGE_STATUS = ("not begun", "running", "met", "missed", "void")


class Board:
    """State of one replay; every change of it is tracked and dated in `out`."""

    def __init__(self, game: Game, record: Record, until: dt.date) -> None:
        self.game = game
        self.scenario = game.scenario
        self.out = Replay(game, record, until)
        self.params = as_object(game.params[0])
        self.state = as_object(game.initial[0])
        self.info = as_object(blank(INFO)[0])
        self.week = as_object(game.weeks[0])
        self._tally = as_object(blank(TALLY)[0])
        self._closed = [as_object(blank(SPELL)[0]) for _ in range(NUM_MEASURES + 1)]
        self._weights = np.zeros(NUM_OPTIONS)
        self.on_decision: Callable[..., None] | None = None  # sees the state before each choice
        self.on_segment: Callable[..., None] | None = None  # the same, at moves and ends of weeks
        self._soundness = -1  # of the truce in force: how often the rules would have drawn it
        self.watcher: Any = None  # sees each move and each week
        self._delivered: set[int] = set()
        began = self.scenario.truce.began if self.scenario.truce else self.scenario.start
        self._opened = [began] * NUM_MEASURES
        self._tariffs = game.tariff_levers()
        self._levels = self._tariff_levels()
        self.rates = {i: self._levels[i] * scale for i, (_, scale) in self._tariffs.items()}
        start_tally(self._tally, self.state, 0)

    # what a row of the record means here

    def player_of(self, row: Row) -> int:
        """Index of the row's player."""
        return self.scenario.players.index(row.player)

    def lever_of(self, row: Row) -> int:
        """Number of the row's lever."""
        return self.game.lever_names[self.player_of(row)].index(row.lever)

    def option_of(self, row: Row) -> int:
        """The option that the row's player chose."""
        move = Move[row.move]
        return int(option_of(move, self.lever_of(row) if move >= Move.ESCALATE else 0))

    def step_of(self, row: Row) -> float:
        """Size of the recorded move; the rules' usual size where the record gives no level."""
        player, option = self.player_of(row), self.option_of(row)
        if row.level is None or option == Move.SUSPEND:
            return float(scheduled_step(self.state, self.params, player, option, 1.0))
        if row.move == "THREATEN":
            return row.level
        return abs(row.level - float(self.state.in_force[player, self.lever_of(row)]))

    def problem_with(self, row: Row) -> str:
        """Why the recorded move cannot be made now, and what could; empty if it can."""
        player, option = self.player_of(row), self.option_of(row)
        if not is_legal(self.state, self.params, player, option):
            options = range(2 + 3 * self.params.num_levers[player])
            legal = [o for o in options if is_legal(self.state, self.params, player, o)]
            return (
                f"{self.game.option_label(option, player)} is not legal here: "
                f"{self._why_illegal(player, option)}; legal: "
                f"{', '.join(self.game.option_label(o, player) for o in legal)}"
            )
        return self.wrong_direction(row)

    def wrong_direction(self, row: Row) -> str:
        """Why the recorded level contradicts the move; empty if it does not."""
        if row.level is None or row.move not in ("ESCALATE", "CONCEDE"):
            return ""
        player = self.player_of(row)
        now = self.state.in_force[player, self.lever_of(row)]
        lowers = row.move == "ESCALATE" and row.level < now - SAME_LEVEL
        raises = row.move == "CONCEDE" and row.level > now + SAME_LEVEL
        if lowers or raises:
            return f"{row.move} to level {row.level:g}, but {row.lever} is at {now:g}"
        return ""

    def _why_illegal(self, player: int, option: int) -> str:
        if option != Move.SUSPEND:
            conceding = move_of(option) == Move.CONCEDE
            return "the lever is at its " + ("floor" if conceding else "cap (in force and loaded)")
        if self.state.offer[player] > 0:
            return "an own offer stands already"
        left = "no date" if self.state.weeks_left < 0 else f"{self.state.weeks_left} weeks left"
        return f"a truce with {left}, no strain and no threat to withdraw"

    # changes

    def score(self, player: int, option: int, date: dt.date, ids: tuple[str, ...]) -> None:
        """Note a decision with the probability of its option and of its type of move."""
        if self.on_decision is not None:
            self.on_decision(self.state, self.week, player, option, date)
        if option != Move.HOLD:
            self._end_segment(player, option)
        weights = self._weights
        count, total = option_weights(self.state, self.params, self.week, player, weights)
        same = [o for o in range(count) if move_of(o) == move_of(option)]
        self.out.decisions.append(
            Decision(
                turn=self.state.turn,
                date=date,
                player=player,
                option=option,
                probability=float(weights[option] / total),
                type_probability=float(sum(weights[o] for o in same) / total),
                row_ids=ids,
            )
        )

    def _end_segment(self, player: int, option: int) -> None:
        if self.on_segment is not None:
            truce = self._soundness if self.state.phase == Phase.TRUCE else -1
            self.on_segment(self.state, self.week, truce, player, option)

    def hold(self, player: int) -> None:
        """A side that did nothing in an exchange."""
        self.score(player, 0, self.scenario.date_of(self.state.turn), ())
        apply_move(self.state, self.params, player, 0, 0.0, 0, 0.0, self.info)

    def apply(self, row: Row, is_further: bool = False) -> None:
        """Put a recorded move through the transition rules; a further row of a package says so."""
        state, player, option = self.state, self.player_of(row), self.option_of(row)
        left, before = state.weeks_left, self._running()
        strained = state.strain > self.params.repair_strain
        state.by_agency = int(row.agency)
        if self.watcher is not None:
            self.watcher.look(state)
        apply_move(
            state,
            self.params,
            player,
            option,
            self.step_of(row),
            row.lead_weeks or 0,
            0.0,
            self.info,
        )
        if self.info.event == Event.BEGUN or (
            self.info.event in (Event.REPAIRED, Event.RENEWED) and strained
        ):
            self._soundness += 1
        if self.watcher is not None:
            self.watcher.moved(state, player, option, row.lead_weeks or 0, self.info, is_further)
        count = track_move(
            self._tally, state, self.params, player, option, left, self.info, self._closed, 0
        )
        state.by_agency = 0
        self._date_spells(before, count, row.date)

    def set_recorded(self, row: Row) -> None:
        """Set the row's lever to its recorded levels."""
        if not row.lever or row.level is None or row.move == "THREATEN":
            return
        player, lever = self.player_of(row), self.lever_of(row)
        set_intensity(self.state, self.params, player, lever, 1.0)
        set_level(self.state, self.params, player, lever, row.level)
        loaded = self.state.loaded[player, lever] if row.loaded is None else row.loaded
        room = self.params.cap[player, lever] - row.level
        self.state.loaded[player, lever] = max(0.0, min(loaded, room))
        touch_all(self.state)

    def enforce(self, row: Row) -> None:
        """A quiet row: the formal level stays, its enforcement changes to give the row's level."""
        player, lever = self.player_of(row), self.lever_of(row)
        formal = float(self.state.in_force[player, lever])
        if row.level is not None and formal > 0.0:
            set_intensity(self.state, self.params, player, lever, row.level / formal)

    def deliver(self, row: Row) -> None:
        """A recorded delivery: the share of a pledge that has been met by now."""
        delivery = self.scenario.modules.delivery
        names = [pledge.name for pledge in delivery.pledges] if delivery else []
        number = names.index(row.decision)
        self.state.pledge_delivered[number] = row.level
        self._delivered.add(number)

    def due_pledges(self) -> None:
        """Pledges due this week, of which the record says how far they were met."""
        state, params = self.state, self.params
        for number in sorted(self._delivered):
            due = params.pledge_last[number] == state.turn and state.phase == Phase.TRUCE
            if due and state.pledge_status[number] < MET:
                strain = settle_pledge(state, params, number)
                owner, lever = int(params.pledge_player[number]), int(params.pledge_lever[number])
                if strain > 0.0:
                    grieve(state, 1 - owner, strain, 0.0, lever, number)

    def note_pledges(self) -> None:
        """What became of each pledge, as far as the record says."""
        delivery = self.scenario.modules.delivery
        for number, pledge in enumerate(delivery.pledges if delivery else ()):
            recorded = number in self._delivered
            status = PLEDGE_STATUS[int(self.state.pledge_status[number])]
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
                    "delivered": float(self.state.pledge_delivered[number]) if recorded else None,
                }
            )

    def close_week(self, chance: float) -> None:
        """End the turn and note the state of the week."""
        self._end_segment(-1, -1)
        state, turn, before = self.state, self.state.turn, self._running()
        phase, weeks_left, strain = state.phase, state.weeks_left, state.strain
        self.due_pledges()
        if self.params.num_modules > 0:
            end_modules(state, self.params, self.week, 0, 0, NOT_LIVE)
        end_turn(state, self.params, self.week, self.info)
        if self.watcher is not None:
            self.watcher.week_over(state, self.week)
        count = track_turn(self._tally, state, self.params, self.info, self._closed, 0)
        last_day = self.scenario.date_of(turn + 1) - dt.timedelta(days=1)
        date = min(last_day, self.out.until)
        self._date_spells(before, count, date)
        self.note_rates((), date)
        self.out.weeks.append(
            {
                "turn": turn,
                "week_of": self.scenario.date_of(turn).isoformat(),
                "forum": Forum(int(state.forum)).name,
                "round_probability": chance,
                "phase": Phase(int(phase)).name,
                "weeks_left": int(weeks_left),
                "strain": float(strain),
                "leaders": int(state.leaders) if phase else 0,
            }
            | self._sides()
        )

    def open_spells(self) -> np.ndarray:
        """A `TALLY` record that has begun, with the spells that run now and nothing else."""
        tally = blank(TALLY)
        tally["begun"] = 1
        tally["spell_start"] = self._tally.spell_start
        tally["spell_renewals"] = self._tally.spell_renewals
        return tally

    def is_delivered(self, pledge: int) -> bool:
        """Does the record say how far this pledge has been met?"""
        return pledge in self._delivered

    def close(self) -> None:
        """Censor what still runs on the last day."""
        before = self._running()
        count = close_tally(self._tally, self.state, self.params, self.info, self._closed, 0)
        self._date_spells(before, count, self.out.until)
        self.note_pledges()

    # notes

    def note_placed(self, rows: Iterable[Row]) -> None:
        """The rows have been taken into the replay."""
        self.out.placed.extend(row.id for row in rows)

    def note_unplaced(self, row: Row, reason: str) -> None:
        """The row is left out."""
        self.out.unplaced.append(Unplaced(row.id, row.date, row.counted, reason))

    def note_agreement(self, date: dt.date) -> None:
        """A truce has just begun, been repaired or renewed."""
        left, turn = self.state.weeks_left, self.state.turn
        expires = f"week of {self.scenario.date_of(turn + left)}" if left >= 0 else None
        self.out.agreements.append((date, Event(int(self.info.event)).name, expires))

    def note_rates(self, rows: Iterable[Row], date: dt.date) -> None:
        """Headline tariffs: as recorded, else the tariff lever's level where it has moved."""
        given = {
            self.player_of(row): row.rate_pp
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
        player = self.player_of(row)
        return player in self._tariffs and self.lever_of(row) == self._tariffs[player][0]

    def _tariff_levels(self) -> dict[int, float]:
        return {i: float(self.state.in_force[i, a]) for i, (a, _) in self._tariffs.items()}

    def _running(self) -> list[bool]:
        return [start != NO_SPELL for start in self._tally.spell_start]

    def _date_spells(self, before: list[bool], count: int, date: dt.date) -> None:
        """Date the spells that the tracker has just closed (the first `count`) or opened."""
        closed: list[SimpleNamespace] = self._closed[:count]
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
        for measure, running in enumerate(self._running()):
            if running and (not before[measure] or measure in ended):
                self._opened[measure] = date

    def _sides(self) -> dict[str, Any]:
        state, row = self.state, {}
        for i, player in enumerate(self.game.players):
            if i in self.rates:
                row[f"{player}.tariff_pp"] = self.rates[i]
            row[f"{player}.pain"] = float(pain(state, self.params, self.week, i))
            for name in ("felt", "anger", "goodwill", "market_loss"):
                row[f"{player}.{name}"] = float(getattr(state, name)[i])
        for i, a, label in self.game.lever_labels():
            for name in ("in_force", "loaded", "pending"):
                row[f"{label}.{name}"] = float(getattr(state, name)[i, a])
        return row
