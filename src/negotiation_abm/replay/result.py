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
    agency: bool
    pledge: int


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
    pledges: list[dict[str, Any]] = field(default_factory=list)
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
