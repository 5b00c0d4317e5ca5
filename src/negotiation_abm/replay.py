"""The record through the game's own rules: state week by week, and how likely each move was.

Moves come from the record and levels are set to the recorded ones; everything else (anger, felt
pain, strain, clocks, ends of truces) follows the transition rules. Each decision gets the
probability that the quantal response gave to the recorded move, HOLD included: within a week the
recorded moves are read as exchanges, a side that did nothing in an exchange held, and a week
closes when both hold. There is no cap on exchanges here.

A package is one decision on its main lever (the first row of its `decision`); its other rows set
their levels and strain the truce but are not choices of their own. If a side's SUSPEND gives
levels, these replace the package rule for its levers.
"""

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core.payoffs import pain
from negotiation_abm.core.state import (
    INFO,
    NUM_OPTIONS,
    Event,
    Forum,
    Move,
    Phase,
    as_object,
    blank,
    move_of,
    option_of,
)
from negotiation_abm.core.tracker import (
    ANY_DOMAIN,
    COVERED,
    NO_SPELL,
    SPELL,
    TALLY,
    close_tally,
    start_tally,
    track_move,
    track_turn,
)
from negotiation_abm.core.transitions import (
    apply_move,
    begin_turn,
    end_turn,
    is_legal,
    round_probability,
    scheduled_step,
)
from negotiation_abm.core.truce import set_level
from negotiation_abm.errors import InputError
from negotiation_abm.game import Game
from negotiation_abm.record import BOTH, FORUMS, Record, Row, check_against
from negotiation_abm.strategies.logit import option_weights

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Decision:
    """One choice of one side, recorded or HOLD, and what the rules made of it.

    `probability` is that of the move with its lever, `type_probability` that of the move on any
    lever.
    """

    turn: int
    date: dt.date
    player: int
    option: int
    probability: float
    type_probability: float
    row_ids: tuple[str, ...]


@dataclass(frozen=True)
class RecordedSpell:
    """A truce spell of the record, by date."""

    measure: int
    start: dt.date
    end: dt.date
    duration_days: int
    duration_weeks: int
    cause: int
    player: int
    lever: int
    renewals: int


@dataclass(frozen=True)
class Unplaced:
    """A row that the replay did not place, and why."""

    id: str
    date: dt.date
    counted: bool
    reason: str


@dataclass
class Replay:
    """What a replay gives; `weeks` has one dict a turn, in order."""

    game: Game
    record: Record
    until: dt.date
    weeks: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    spells: list[RecordedSpell] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    rates: list[tuple[dt.date, int, float]] = field(default_factory=list)
    rounds: list[tuple[int, bool, float]] = field(default_factory=list)
    agreements: list[tuple[dt.date, str, str | None]] = field(default_factory=list)

    @property
    def num_moves(self) -> int:
        """Decisions that are not HOLD."""
        return sum(decision.option != 0 for decision in self.decisions)

    @property
    def log_score(self) -> float:
        """Mean log probability a decision, of move and lever (nats)."""
        return float(np.mean([np.log(d.probability) for d in self.decisions]))

    @property
    def type_log_score(self) -> float:
        """Mean log probability a decision, of the type of move alone (nats)."""
        return float(np.mean([np.log(d.type_probability) for d in self.decisions]))


def replay_record(game: Game, record: Record, skip_illegal: bool = False) -> Replay:
    """Replay `record` under the scenario and parameters of `game`.

    Parameters
    ----------
    skip_illegal : bool
        List a recorded move that the rules do not allow instead of refusing the record.

    Raises
    ------
    InputError
        If the record does not fit the scenario, or a recorded move is illegal at its point; the
        message names the row, the reason and what would be legal.
    """
    check_against(record, game.scenario)
    return _Player(game, record, skip_illegal).play()


class _Player:
    """Walks one record through the rules, week by week."""

    def __init__(self, game: Game, record: Record, skip_illegal: bool) -> None:
        observation = game.scenario.record
        last = record.rows[-1].date
        until = max(observation.until or last, last) if observation else last
        until = min(until, game.scenario.end - dt.timedelta(days=1))
        self.game = game
        self.scenario = game.scenario
        self.skip_illegal = skip_illegal
        self.out = Replay(game, record, until)
        self.params = as_object(game.params[0])
        self.state = as_object(game.initial[0])
        self.info = as_object(blank(INFO)[0])
        self.tally = as_object(blank(TALLY)[0])
        self.spells = [as_object(blank(SPELL)[0]) for _ in range(4)]
        self.num_spells = 0
        self.weights = np.zeros(NUM_OPTIONS)
        self.opened = [self.scenario.start] * 2
        self.first_row: dict[str, str] = {}
        self.offered: list[list[Row]] = [[], []]
        self.rates = self._start_rates()
        start_tally(self.tally, self.state, 0)
        if self.scenario.truce is not None:
            self.opened = [self.scenario.truce.began] * 2

    def _start_rates(self) -> dict[int, float]:
        return {
            i: float(self.state.in_force[i, a] * scale)
            for i, (a, scale) in self.game.tariff_levers().items()
        }

    def play(self) -> Replay:
        for row in self.out.record.rows:
            if row.not_represented or not row.move:
                self._leave_out(row, row.not_represented)
            elif row.date < self.scenario.start:
                self._leave_out(row, "before the start of the scenario")
        placed = {item.id for item in self.out.unplaced}
        rows = [row for row in self.out.record.rows if row.id not in placed]
        by_turn: dict[int, list[Row]] = {}
        for row in rows:
            by_turn.setdefault(self.scenario.turn_of(row.date), []).append(row)
        for turn in range(self.scenario.turn_of(self.out.until) + 1):
            self._week(turn, by_turn.get(turn, []))
        before = self._before_tracking()
        self.num_spells = close_tally(
            self.tally, self.state, self.params, self.spells, self.num_spells
        )
        self._note_spells(before, self.out.until)
        return self.out

    def _leave_out(self, row: Row, reason: str) -> None:
        self.out.unplaced.append(Unplaced(row.id, row.date, row.counted, reason))

    def _week(self, turn: int, rows: list[Row]) -> None:
        week = as_object(self.game.weeks[turn])
        forums = [row for row in rows if row.move in FORUMS]
        week.forum = max(
            (Forum.SUMMIT if row.move == "SUMMIT" else Forum.ROUND for row in forums),
            default=Forum.NONE,
        )
        chance = round_probability(self.state, self.params)
        if week.forum != Forum.SUMMIT:
            self.out.rounds.append((turn, week.forum == Forum.ROUND, chance))
        begin_turn(self.state, self.params, week, 1.0)
        self.out.placed.extend(row.id for row in forums)
        decisions, carried = self._decisions([row for row in rows if row.player != BOTH])
        self._exchanges(turn, week, decisions, carried)
        before = self._before_tracking()
        phase, date = self.state.phase, self.scenario.date_of(turn + 1) - dt.timedelta(days=1)
        weeks_left, strain = self.state.weeks_left, self.state.strain
        end_turn(self.state, self.params, week, self.info)
        self.num_spells = track_turn(
            self.tally, self.state, self.params, self.info, self.spells, self.num_spells
        )
        self._note_spells(before, min(date, self.out.until))
        self._note_week(turn, week, phase, weeks_left, strain, chance)

    def _decisions(self, rows: list[Row]) -> tuple[list[Row], dict[str, list[Row]]]:
        """Main rows in order, and the rows that each carries along, by its id."""
        main: list[Row] = []
        carried: dict[str, list[Row]] = {}
        for row in rows:
            key = row.decision or row.id
            if key not in self.first_row:
                self.first_row[key] = row.id
                main.append(row)
                carried[row.id] = []
            elif self.first_row[key] in carried:
                carried[self.first_row[key]].append(row)
            else:  # a later week: carried out without a choice
                carried.setdefault("", []).append(row)
        return main, carried

    def _exchanges(
        self,
        turn: int,
        week: SimpleNamespace,
        queue: list[Row],
        carried: dict[str, list[Row]],
    ) -> None:
        for row in carried.get("", []):
            self._carry(row, week)
        first = self._player_of(queue[0]) if queue else 0
        queue = list(queue)
        while True:
            moved = False
            for player in (first, 1 - first):
                if queue and self._player_of(queue[0]) == player:
                    row = queue.pop(0)
                    moved = self._move(turn, week, row, carried[row.id]) or moved
                else:
                    self._decide(turn, week, player, 0, self.scenario.date_of(turn), ())
            self.state.exchange += 1
            if not queue and (not moved or self.state.exchange >= self.params.exchanges_per_turn):
                return

    def _player_of(self, row: Row) -> int:
        return self.scenario.players.index(row.player)

    def _option_of(self, row: Row) -> int:
        player = self._player_of(row)
        names = self.game.lever_names[player]
        move = Move[row.move]
        return int(option_of(move, names.index(row.lever) if move >= Move.ESCALATE else 0))

    def _move(self, turn: int, week: SimpleNamespace, row: Row, carried: list[Row]) -> bool:
        """Score and carry out one recorded decision; False if it was skipped as illegal."""
        player, option = self._player_of(row), self._option_of(row)
        problem = self._problem(row, player, option)
        if problem:
            if not self.skip_illegal:
                raise InputError(
                    self.out.record.path, f"line {row.line} ({row.id}), {row.date}", problem
                )
            self._leave_out(row, problem)
            for other in carried:
                self._leave_out(other, f"carried by {row.id}, which is illegal")
            return False
        ids = (row.id, *(other.id for other in carried))
        self._decide(turn, week, player, option, row.date, ids)
        before = self._before_tracking()
        levels = self.state.in_force.copy(), self.state.loaded.copy()
        left = self.state.weeks_left
        step = self._step(row, player, option)
        apply_move(
            self.state, self.params, player, option, step, row.lead_weeks or 0, 0.0, self.info
        )
        if option == Move.SUSPEND:
            self.offered[player] = [row, *carried]
            if self.info.event in (Event.BEGUN, Event.REPAIRED, Event.RENEWED):
                self._settle(levels)
                self._note_agreement(row.date)
        self.num_spells = track_move(
            self.tally,
            self.state,
            self.params,
            player,
            option,
            left,
            self.info,
            self.spells,
            self.num_spells,
        )
        self._note_spells(before, row.date)
        if option != Move.SUSPEND:
            self._set_recorded(row)
            for other in carried:
                self._carry(other, week)
        for item in (row, *carried):
            self._note_rate(item)
            self.out.placed.append(item.id) if item.id not in self.out.placed else None
        return True

    def _problem(self, row: Row, player: int, option: int) -> str:
        """Why a recorded move cannot be made here; empty if it can."""
        if not is_legal(self.state, self.params, player, option):
            legal = [
                self.game.option_label(other, player)
                for other in range(2 + 3 * self.params.num_levers[player])
                if is_legal(self.state, self.params, player, other)
            ]
            return (
                f"{self.game.option_label(option, player)} is not legal here: "
                f"{self._why(player, option)}; legal: {', '.join(legal)}"
            )
        if row.level is None or option == Move.SUSPEND:
            return ""
        now = self.state.in_force[player, self.game.lever_names[player].index(row.lever)]
        if row.move == "ESCALATE" and row.level < now - TOLERANCE:
            return f"ESCALATE to level {row.level:g}, but {row.lever} is at {now:g}"
        if row.move == "CONCEDE" and row.level > now + TOLERANCE:
            return f"CONCEDE to level {row.level:g}, but {row.lever} is at {now:g}"
        return ""

    def _why(self, player: int, option: int) -> str:
        if option == Move.SUSPEND:
            if self.state.offer[player] > 0:
                return "an own offer stands already"
            return (
                f"a truce with {self.state.weeks_left} weeks left, no strain and no threat to "
                "withdraw"
            )
        if move_of(option) == Move.CONCEDE:
            return "the lever is at its floor"
        return "the lever is at its cap (in force and loaded)"

    def _step(self, row: Row, player: int, option: int) -> float:
        """Size of the recorded move; the rules' usual size where the record gives no level."""
        if row.level is None or option == Move.SUSPEND:
            return float(scheduled_step(self.state, self.params, player, option, 1.0))
        if row.move == "THREATEN":
            return row.level
        lever = self.game.lever_names[player].index(row.lever)
        return abs(row.level - float(self.state.in_force[player, lever]))

    def _decide(
        self,
        turn: int,
        week: SimpleNamespace,
        player: int,
        option: int,
        date: dt.date,
        ids: tuple[str, ...],
    ) -> None:
        count, total = option_weights(self.state, self.params, week, player, self.weights)
        same_type = sum(
            self.weights[other] for other in range(count) if move_of(other) == move_of(option)
        )
        self.out.decisions.append(
            Decision(
                turn,
                date,
                player,
                option,
                float(self.weights[option] / total),
                float(same_type / total),
                ids,
            )
        )
        if option == 0:
            apply_move(self.state, self.params, player, 0, 0.0, 0, 0.0, self.info)

    def _settle(self, levels: tuple[np.ndarray, np.ndarray]) -> None:
        """After an agreement: recorded levels and dates instead of the package rule."""
        for player in range(2):
            rows = self.offered[player]
            given = [row for row in rows if row.level is not None]
            if given:
                for lever in range(self.params.num_levers[player]):
                    set_level(self.state, self.params, player, lever, levels[0][player, lever])
                self.state.loaded[player] = levels[1][player]
                for row in given:
                    self._set_recorded(row)
            for row in rows[:1]:
                if row.expires is not None:
                    self.state.weeks_left = self.scenario.turn_of(row.expires) - self.state.turn
            self.offered[player] = []

    def _set_recorded(self, row: Row) -> None:
        if not row.lever or row.level is None or row.move == "THREATEN":
            return
        player = self._player_of(row)
        lever = self.game.lever_names[player].index(row.lever)
        set_level(self.state, self.params, player, lever, row.level)
        if row.loaded is not None:
            self.state.loaded[player, lever] = row.loaded
        self.state.loaded[player, lever] = min(self.state.loaded[player, lever], 1.0 - row.level)

    def _carry(self, row: Row, week: SimpleNamespace) -> None:
        """A further row of a package: its lever moves and strains, but it is no choice."""
        player = self._player_of(row)
        if row.move != "SUSPEND":
            option = self._option_of(row)
            state = self.state
            mood = state.anger.copy(), state.goodwill.copy(), state.last_option.copy()
            before = self._before_tracking()
            step = self._step(row, player, option)
            left = self.state.weeks_left
            apply_move(
                self.state, self.params, player, option, step, row.lead_weeks or 0, 0.0, self.info
            )
            state.anger, state.goodwill, state.last_option = mood
            counts = self.tally.num_moves.copy()
            self.num_spells = track_move(
                self.tally,
                self.state,
                self.params,
                player,
                option,
                left,
                self.info,
                self.spells,
                self.num_spells,
            )
            self.tally.num_moves = counts
            self._note_spells(before, row.date)
        self._set_recorded(row)
        self._note_rate(row)
        if row.id not in self.out.placed:
            self.out.placed.append(row.id)

    def _note_agreement(self, date: dt.date) -> None:
        weeks_left = self.state.weeks_left
        expires = self.scenario.date_of(self.state.turn + weeks_left) if weeks_left >= 0 else None
        self.out.agreements.append(
            (
                date,
                Event(int(self.info.event)).name,
                f"week of {expires.isoformat()}" if expires else None,
            )
        )

    def _note_rate(self, row: Row) -> None:
        """Keep the headline tariff: as recorded, else the level of the tariff lever in pp."""
        player = self._player_of(row)
        tariff = self.game.tariff_levers().get(player)
        if tariff is None or row.lever != self.game.lever_names[player][tariff[0]]:
            return
        if row.move == "THREATEN" or (row.rate_pp is None and row.level is None):
            return
        rate = row.rate_pp if row.rate_pp is not None else float(row.level or 0.0) * tariff[1]
        if rate != self.rates[player]:
            self.rates[player] = rate
            self.out.rates.append((row.date, player, rate))

    def _before_tracking(self) -> list[int]:
        return [int(start) for start in self.tally.spell_start]

    def _note_spells(self, before: list[int], date: dt.date) -> None:
        """Date the spells that the tracker closed or opened just now."""
        for spell in self.spells[: self.num_spells]:
            start = self.opened[spell.measure]
            self.out.spells.append(
                RecordedSpell(
                    spell.measure,
                    start,
                    date,
                    (date - start).days,
                    int(spell.duration_weeks),
                    int(spell.cause),
                    int(spell.player),
                    int(spell.lever),
                    int(spell.renewals),
                )
            )
        closed = {spell.measure for spell in self.spells[: self.num_spells]}
        self.num_spells = 0
        for measure in (COVERED, ANY_DOMAIN):
            now = self.tally.spell_start[measure]
            if now != NO_SPELL and (before[measure] == NO_SPELL or measure in closed):
                self.opened[measure] = date

    def _note_week(
        self,
        turn: int,
        week: SimpleNamespace,
        phase: int,
        weeks_left: int,
        strain: float,
        chance: float,
    ) -> None:
        state, players = self.state, self.game.players
        row: dict[str, Any] = {
            "turn": turn,
            "week_of": self.scenario.date_of(turn).isoformat(),
            "forum": Forum(int(state.forum)).name,
            "round_probability": chance,
            "phase": Phase(int(phase)).name,
            "weeks_left": int(weeks_left),
            "strain": float(strain),
            "leaders": int(state.leaders) if phase else 0,
        }
        for i, player in enumerate(players):
            if i in self.rates:
                row[f"{player}.tariff_pp"] = self.rates[i]
            row[f"{player}.pain"] = float(pain(state, self.params, week, i))
            for name in ("felt", "anger", "goodwill", "market_loss"):
                row[f"{player}.{name}"] = float(getattr(state, name)[i])
        for i, a, label in self.game.lever_labels():
            for name in ("in_force", "loaded", "pending"):
                row[f"{label}.{name}"] = float(getattr(state, name)[i, a])
        self.out.weeks.append(row)
