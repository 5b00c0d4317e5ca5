"""The scenario format: every key, its type, bounds and meaning.

These models are the only definition of the format. ``negotiation-abm schema`` writes their JSON
Schema for editors; ``docs/scenario.md`` explains them.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, PrivateAttr

from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.core.terms import MAX_EXCHANGES
from negotiation_abm.scenario.fields import CONFIG, Day, Number, Whole
from negotiation_abm.scenario.module_models import Modules

_LEVER = {parameter.name: parameter for parameter in LEVER_NUMBERS}


class _Model(BaseModel):
    model_config = CONFIG


def _number(name: str, **extra: Any) -> Any:
    """A field for one lever number, with the bounds and meaning of the parameter table."""
    parameter = _LEVER[name]
    text = f"{parameter.doc} ({parameter.unit})"
    return Field(ge=parameter.low, le=parameter.high, description=text, **extra)


class Lever(_Model):
    """One leverage asset of one player."""

    weight: Number = _number("weight")
    irreplaceability: Number = _number("irreplaceability")
    blowback_share: Number = _number("blowback_share", default=0.0)
    step: Number = _number("step")
    floor: Number = _number("floor", default=0.0)
    cap: Number = _number("cap", default=1.0)
    start: Number = Field(default=0.0, ge=0, le=1, description="pressure in force at the start")
    loaded: Number = Field(default=0.0, ge=0, le=1, description="suspended share at the start")
    domain: str = Field(description="field of policy; escalations are answered within it")
    hits: str = Field(default="", description="constituency that the lever hurts")
    agency: bool = Field(default=False, description="may an agency use it on its own?")
    pp_at_full: Number | None = Field(
        default=None, gt=0, description="tariff in percentage points at level 1, for a tariff"
    )
    source: str = Field(default="", description="fact ids, a paper, or 'assumed'")


class Terms(_Model):
    """What an agreement gets from the forum in which it is made."""

    weeks: Whole | None = Field(default=None, ge=1, le=1040, description="term; null: no date")
    covers: dict[str, list[str]] = Field(description="levers covered, by owner")


class Meeting(_Model):
    """A round or summit on the calendar."""

    date: Day
    announced: Day | None = Field(
        default=None, description="a summit is known from this day; null: always"
    )
    note: str = ""


class Season(_Model):
    """A factor on the salience of a lever in some months of the year."""

    lever: str = Field(description="OWNER.lever")
    months: list[Whole] = Field(description="months 1 to 12 in which the factor holds")
    factor: Number = Field(ge=0, le=100)
    source: str = ""


class Approach(_Model):
    """A factor on the salience of a lever that builds up linearly to a date and then ends."""

    lever: str = Field(description="OWNER.lever")
    date: Day
    ramp_weeks: Whole = Field(ge=1, le=520)
    factor: Number = Field(ge=0, le=100)
    source: str = ""


class Calendar(_Model):
    """Dates that both sides know, and what they do to salience."""

    rounds: list[Meeting] = []
    summits: list[Meeting] = []
    seasons: list[Season] = []
    approaches: list[Approach] = []


class RunningTruce(_Model):
    """A truce that is already in force when the scenario starts."""

    began: Day
    expires: Day | None = None
    terms: str = Field(default="round", pattern="^(round|summit)$", description="round or summit")
    renewals: Whole = Field(default=0, ge=0, le=100)


class Shock(_Model):
    """An event from outside that sets a lever (a court voids it, an intervention)."""

    date: Day
    lever: str = Field(description="OWNER.lever")
    level: Number = Field(ge=0, le=1, description="pressure in force from that week")
    note: str = ""


class ScriptedMove(_Model):
    """A move of a player whose strategy is `scripted`."""

    date: Day
    player: str
    move: str = Field(pattern="^(HOLD|SUSPEND|ESCALATE|THREATEN|CONCEDE)$")
    lever: str | None = None
    exchange: Whole = Field(default=1, ge=1, le=MAX_EXCHANGES)


class Observation(_Model):
    """The record that a replay of this scenario uses unless told otherwise."""

    file: str = Field(description="path, or name of a shipped record")
    until: Day | None = Field(default=None, description="last day observed")


class Scenario(_Model):
    """Everything that a run starts from. Load one with `negotiation_abm.load_scenario`."""

    name: str = Field(
        pattern=r"^\w[\w .-]*$", description="letters, digits, space, dot, hyphen, underscore"
    )
    title: str = ""
    description: str = ""
    start: Day
    horizon_weeks: Whole = Field(ge=1, le=2600)
    players: list[str] = Field(min_length=2, max_length=2)
    plays_as: dict[str, str] = Field(
        default={}, description="player of the parameter set whose values a player takes"
    )
    parameters: str = Field(description="name or path of a parameter set")
    set: dict[str, Number] = Field(
        default={}, description="values that replace those of the set, by dotted name"
    )
    strategies: dict[str, str]
    levers: dict[str, dict[str, Lever]]
    terms: dict[str, Terms]
    calendar: Calendar = Calendar()
    truce: RunningTruce | None = None
    shocks: list[Shock] = []
    script: list[ScriptedMove] = []
    modules: Modules = Modules()
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

    def lever_place(self, name: str) -> tuple[int, int]:
        """Player and lever number of ``OWNER.lever``."""
        owner, _, lever = name.partition(".")
        return self.players.index(owner), list(self.levers[owner]).index(lever)

    def turn_of(self, date: dt.date) -> int:
        """Turn (week from the start) that holds `date`; may lie outside the horizon."""
        return (date - self.start).days // 7

    def date_of(self, turn: int) -> dt.date:
        """First day of a turn."""
        return self.start + dt.timedelta(weeks=int(turn))
