"""The board of a replay: the state and the tracker, and every change of them."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from negotiation_abm.core.levers import set_intensity, set_level, touch_all
from negotiation_abm.core.modules.delivery import MET, settle_pledge
from negotiation_abm.core.state import as_object, blank
from negotiation_abm.core.terms import (
    NUM_OPTIONS,
    Event,
    Forum,
    Move,
    Phase,
    TruceEnd,
    clear_info,
    lever_of,
    move_of,
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
from negotiation_abm.core.transitions import apply_move
from negotiation_abm.core.truce import end_truce, grieve
from negotiation_abm.core.turn import finish_week
from negotiation_abm.record.load import Record, Row, levers_of
from negotiation_abm.replay.notes import Notes
from negotiation_abm.replay.result import Decision, Replay
from negotiation_abm.replay.situation import Situation
from negotiation_abm.scenario.game import Game
from negotiation_abm.strategies._odds import option_weights

NOT_LIVE = 0  # modules draw nothing in a replay


class Board(Situation):
    """State of one replay; every change of it is tracked and dated in `out`."""

    def __init__(self, game: Game, record: Record, until: dt.date) -> None:
        super().__init__(game)
        self.out = Replay(game, record, until)
        self.notes = Notes(self, self.out)
        self._tally = as_object(blank(TALLY)[0])
        self._closed = [as_object(blank(SPELL)[0]) for _ in range(NUM_MEASURES + 1)]
        self._weights = np.zeros(NUM_OPTIONS)
        self.on_decision: Callable[..., None] | None = None  # sees the state before each choice
        self.on_segment: Callable[..., None] | None = None  # the same, at moves and ends of weeks
        # Of the truce in force: how often the rules would have drawn it.
        is_drawn = self.params.revised_rules == 1 and self.state.phase == Phase.TRUCE
        self._soundness = 0 if is_drawn else -1
        self.watcher: Any = None  # sees each move and each week
        self._delivered: set[int] = set()
        start_tally(self._tally, self.state, 0)

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
        before = self._running()
        strained = state.strain > self.params.repair_strain
        state.by_agency = int(row.agency)
        if self.watcher is not None:
            self.watcher.look(state)
        self._give_up(row)
        self.notes.account.before_move(row)
        step, lead = self.step_of(row), self.lead_of(row)
        apply_move(state, self.params, player, option, step, lead, 0.0, self.info)
        if row.ends_truce and state.phase == Phase.TRUCE:
            end_truce(state, self.params, TruceEnd.BREACH, player, lever_of(option), self.info)
        count = track_move(self._tally, state, self.params, self.info, self._closed, 0)
        is_new = strained and self.params.revised_rules == 0
        if self.info.event == Event.BEGUN or (
            self.info.event in (Event.REPAIRED, Event.RENEWED) and is_new
        ):
            self._soundness += 1
        state.is_drawn = 0
        if self.watcher is not None:
            self.watcher.moved(state, player, option, lead, self.info, is_further)
        state.by_agency = 0
        self.notes.account.after_move(row, self._closed[:count])
        self._date_spells(before, count, row.date)
        if self.info.event == Event.REPAIRED:
            self.notes.repaired(before)

    def _give_up(self, row: Row) -> None:
        """A concession whose row leaves less suspended than there was gives that part up."""
        if row.move == "CONCEDE" and row.loaded is not None and self.params.revised_rules == 1:
            player, lever = self.player_of(row), self.lever_of(row)
            left = min(float(self.state.loaded[player, lever]), row.loaded)
            self.state.loaded[player, lever] = left

    @contextmanager
    def covering(self, rows: Iterable[Row]) -> Iterator[None]:
        """An agreement of these offers covers what they name, if they do, in place of the terms."""
        named = [pair for row in rows for pair in levers_of(row.covers)]
        usual = self.params.coverage
        if named:
            self.params.coverage = np.zeros_like(usual)
            for owner, lever in named:
                player = self.scenario.players.index(owner)
                number = self.game.lever_names[player].index(lever)
                self.params.coverage[:, player, number] = 1
        try:
            yield
        finally:
            self.params.coverage = usual

    def act_on_talks(self, row: Row) -> str:
        """A truce prolonged by one side alone, or talks broken off: no choice of the game.

        Returns why it cannot be; empty if it was done.
        """
        state, player = self.state, self.player_of(row)
        if row.move == "BREAK_OFF":
            state.offer[player] = 0
            state.no_rounds = max(int(state.no_rounds), row.lead_weeks or 0)
            self.notes.broken_off(row)
            return ""
        if state.phase != Phase.TRUCE:
            return "PROLONG, but no truce is in force"
        before = self._running()
        clear_info(self.info)
        self.info.mover, self.info.option = player, Move.SUSPEND
        self.info.weeks_left, self.info.event = state.weeks_left, Event.RENEWED
        state.weeks_left = -1
        if row.expires is not None:
            state.weeks_left = self.scenario.turn_of(row.expires) - state.turn
        state.renewals += 1
        state.outlived = 0
        touch_all(state)
        count = track_move(self._tally, state, self.params, self.info, self._closed, 0)
        self._date_spells(before, count, row.date)
        self.notes.prolonged(row)
        self.notes.account.prolonged(row, int(self.info.weeks_left))
        return ""

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
        self.notes.account.levels_set(row, float(self.state.loaded[player, lever]))

    def enforce(self, row: Row) -> str:
        """A quiet row: the formal level stays, its enforcement changes to give the row's level.

        Returns why the row says nothing that can be done; empty if it was done.
        """
        player, lever = self.player_of(row), self.lever_of(row)
        formal = float(self.state.in_force[player, lever])
        if row.level is None:
            return "a quiet change without a level"
        if formal <= 0.0:
            return f"a quiet change, and {row.lever} is not in force: nothing to enforce"
        set_intensity(self.state, self.params, player, lever, row.level / formal)
        return ""

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
                    grieve(state, params, 1 - owner, strain, 0.0, lever, number)

    def close_week(self, chance: float) -> None:
        """End the turn and note the state of the week."""
        self._end_segment(-1, -1)
        state, turn, before = self.state, self.state.turn, self._running()
        phase, weeks_left, strain = state.phase, state.weeks_left, state.strain
        self.due_pledges()
        finish_week(state, self.params, self.week, 0, 0, NOT_LIVE, self.info)
        if self.watcher is not None:
            self.watcher.week_over(state, self.week)
        count = track_turn(self._tally, state, self.params, self.info, self._closed, 0)
        last_day = self.scenario.date_of(turn + 1) - dt.timedelta(days=1)
        date = min(last_day, self.out.until)
        self._date_spells(before, count, date)
        self.notes.account.week_over(date)
        self.notes.headline_rates((), date)
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
            | self.notes.sides()
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
        self.notes.pledges(self._delivered)
        self.notes.account.close()

    def _running(self) -> list[bool]:
        return [start != NO_SPELL for start in self._tally.spell_start]

    def _date_spells(self, before: list[bool], count: int, date: dt.date) -> None:
        """Note the first `count` spells of `_closed`, and those that have begun since `before`."""
        self.notes.spells(self._closed[:count], before, self._running(), date)
