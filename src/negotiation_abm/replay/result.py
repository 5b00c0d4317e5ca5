"""What a replay gives: decisions with probabilities, spells by date, the state week by week."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from negotiation_abm.record.load import Record
from negotiation_abm.scenario.game import Game


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
    """A truce spell of the record, by date; `row_id` is the row with which it ended, if known."""

    measure: int
    start: dt.date
    end: dt.date
    duration_days: int
    duration_weeks: int
    cause: int
    player: int
    lever: int
    renewals: int
    agency: bool
    pledge: int
    repairs: int = 0
    row_id: str = ""


@dataclass(frozen=True)
class Unplaced:
    """A row that the replay did not place, and why.

    `is_illegal`: the rules refuse its move, `move`, and would take any of `legal` in its place.
    """

    id: str
    date: dt.date
    counted: bool
    reason: str
    line: int
    is_illegal: bool = False
    move: str = ""
    legal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Warned:
    """What a coder may not have meant with a row; line 0 and no date: with the scenario."""

    line: int
    id: str
    date: dt.date | None
    text: str

    def __str__(self) -> str:
        return f"line {self.line} ({self.id}), {self.date}: {self.text}" if self.line else self.text


@dataclass(frozen=True)
class RecordedMove:
    """One recorded move, and how much it weighed.

    `severity` is the size of a step by the potency of its lever, of a threat that of the step
    announced, and None for other moves: an escalation of `min_severity` or more ends a truce in any
    domain. `ended` holds the measures whose spell ended with it.
    """

    row_id: str
    date: dt.date
    player: int
    option: int
    severity: float | None
    in_truce: bool
    covered: bool
    carried_out: bool
    ended: tuple[int, ...]


@dataclass
class Threat:
    """A recorded threat as the rules took it, and what became of it.

    `due` is the first day of the week of its date, None without a date. `fate_date` and `fate_row`
    are None and empty while it is pending.
    """

    row_id: str
    date: dt.date
    player: int
    lever: int
    size: float
    due: dt.date | None
    fate: str = "still pending"
    fate_date: dt.date | None = None
    fate_row: str = ""


@dataclass
class Replay:
    """What a replay gives; `weeks` has one dict a turn, in order.

    `rates` are headline tariffs of the first tariff lever of each side, `lever_rates` those of
    every tariff lever: date, player, lever, rate, and whether the record gives it. `prolonged` says
    which of the `agreements`, by number, is one side's act alone: player and row. `broken_off` has
    date, player, row, and the week up to which nobody was to meet.
    """

    game: Game
    record: Record
    until: dt.date
    weeks: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    spells: list[RecordedSpell] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    rates: list[tuple[dt.date, int, float]] = field(default_factory=list)
    lever_rates: list[tuple[dt.date, int, int, float, bool]] = field(default_factory=list)
    moves: list[RecordedMove] = field(default_factory=list)
    threats: list[Threat] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    rounds: list[tuple[int, bool, float]] = field(default_factory=list)
    pledges: list[dict[str, Any]] = field(default_factory=list)
    agreements: list[tuple[dt.date, str, str | None]] = field(default_factory=list)
    prolonged: dict[int, tuple[int, str]] = field(default_factory=dict)
    broken_off: list[tuple[dt.date, int, str, str]] = field(default_factory=list)

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
