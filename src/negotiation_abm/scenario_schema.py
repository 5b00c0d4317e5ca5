"""The scenario format: every key, its type, bounds and meaning.

These models are the only definition of the format. ``negotiation-abm schema`` writes their JSON
Schema for editors; ``docs/scenario.md`` explains them.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.core.state import MAX_EXCHANGES

_LEVER = {parameter.name: parameter for parameter in LEVER_NUMBERS}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


def _number(name: str, **extra: Any) -> Any:
    """A field for one lever number, with the bounds and meaning of the parameter table."""
    parameter = _LEVER[name]
    text = f"{parameter.doc} ({parameter.unit})"
    return Field(ge=parameter.low, le=parameter.high, description=text, **extra)


class Lever(_Model):
    """One leverage asset of one player."""

    weight: float = _number("weight")
    irreplaceability: float = _number("irreplaceability")
    blowback_share: float = _number("blowback_share", default=0.0)
    step: float = _number("step")
    floor: float = _number("floor", default=0.0)
    cap: float = _number("cap", default=1.0)
    start: float = Field(default=0.0, ge=0, le=1, description="pressure in force at the start")
    loaded: float = Field(default=0.0, ge=0, le=1, description="suspended share at the start")
    domain: str = Field(description="field of policy; escalations are answered within it")
    hits: str = Field(default="", description="constituency that the lever hurts")
    agency: bool = Field(default=False, description="may an agency use it on its own?")
    pp_at_full: float | None = Field(
        default=None, gt=0, description="tariff in percentage points at level 1, for a tariff"
    )
    source: str = Field(default="", description="fact ids, a paper, or 'assumed'")


class Terms(_Model):
    """What an agreement gets from the forum in which it is made."""

    weeks: int | None = Field(default=None, ge=1, le=1040, description="term; null: no date")
    covers: dict[str, list[str]] = Field(description="levers covered, by owner")


class Meeting(_Model):
    """A round or summit on the calendar."""

    date: dt.date
    announced: dt.date | None = Field(
        default=None, description="a summit is known from this day; null: always"
    )
    note: str = ""


class Season(_Model):
    """A factor on the salience of a lever in some months of the year."""

    lever: str = Field(description="OWNER.lever")
    months: list[int] = Field(description="months 1 to 12 in which the factor holds")
    factor: float = Field(ge=0, le=100)
    source: str = ""


class Approach(_Model):
    """A factor on the salience of a lever that builds up linearly to a date and then ends."""

    lever: str = Field(description="OWNER.lever")
    date: dt.date
    ramp_weeks: int = Field(ge=1, le=520)
    factor: float = Field(ge=0, le=100)
    source: str = ""


class Calendar(_Model):
    """Dates that both sides know, and what they do to salience."""

    rounds: list[Meeting] = []
    summits: list[Meeting] = []
    seasons: list[Season] = []
    approaches: list[Approach] = []


class RunningTruce(_Model):
    """A truce that is already in force when the scenario starts."""

    began: dt.date
    expires: dt.date | None = None
    terms: str = Field(default="round", pattern="^(round|summit)$", description="round or summit")
    renewals: int = Field(default=0, ge=0, le=100)


class Shock(_Model):
    """An event from outside that sets a lever (a court voids it, an intervention)."""

    date: dt.date
    lever: str = Field(description="OWNER.lever")
    level: float = Field(ge=0, le=1, description="pressure in force from that week")
    note: str = ""


class ScriptedMove(_Model):
    """A move of a player whose strategy is `scripted`."""

    date: dt.date
    player: str
    move: str = Field(pattern="^(HOLD|SUSPEND|ESCALATE|THREATEN|CONCEDE)$")
    lever: str | None = None
    exchange: int = Field(default=1, ge=1, le=MAX_EXCHANGES)


class Observation(_Model):
    """The record that a replay of this scenario uses unless told otherwise."""

    file: str = Field(description="path, or name of a shipped record")
    until: dt.date | None = Field(default=None, description="last day observed")


class Scenario(_Model):
    """Everything that a run starts from. Load one with `negotiation_abm.load_scenario`."""

    name: str
    title: str = ""
    description: str = ""
    start: dt.date
    horizon_weeks: int = Field(ge=1, le=2600)
    players: list[str] = Field(min_length=2, max_length=2)
    plays_as: dict[str, str] = Field(
        default={}, description="player of the parameter set whose values a player takes"
    )
    parameters: str = Field(description="name or path of a parameter set")
    set: dict[str, float | int] = Field(
        default={}, description="values that replace those of the set, by dotted name"
    )
    strategies: dict[str, str]
    levers: dict[str, dict[str, Lever]]
    terms: dict[str, Terms]
    calendar: Calendar = Calendar()
    truce: RunningTruce | None = None
    shocks: list[Shock] = []
    script: list[ScriptedMove] = []
    record: Observation | None = None

    _path: Path = PrivateAttr(default=Path("scenario"))

    @property
    def path(self) -> Path:
        """File that the scenario was read from."""
        return self._path

    @property
    def end(self) -> dt.date:
        """First day after the horizon."""
        return self.start + dt.timedelta(weeks=self.horizon_weeks)

    def turn_of(self, date: dt.date) -> int:
        """Turn (week from the start) that holds `date`; may lie outside the horizon."""
        return (date - self.start).days // 7

    def date_of(self, turn: int) -> dt.date:
        """First day of a turn."""
        return self.start + dt.timedelta(weeks=turn)
