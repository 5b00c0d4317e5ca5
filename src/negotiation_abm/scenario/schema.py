"""The scenario format: every key, its type, bounds and meaning.

These models are the only definition of the format. ``negotiation-abm schema`` writes their JSON
Schema for editors; ``docs/scenario.md`` explains them.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from negotiation_abm.core.modules.delivery import MAX_PLEDGES
from negotiation_abm.core.modules.shocks import MAX_SHOCKS, QUANTITIES
from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.core.terms import MAX_EXCHANGES

_LEVER = {parameter.name: parameter for parameter in LEVER_NUMBERS}

FIRST_DAY, LAST_DAY = dt.date(1000, 1, 1), dt.date(3000, 1, 1)

Number = Annotated[float, Field(strict=True)]  # neither text nor yes and no
Whole = Annotated[int, Field(strict=True)]
Day = Annotated[dt.date, Field(ge=FIRST_DAY, le=LAST_DAY)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


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


class Pledge(_Model):
    """A promise of one side, delivered in its time or not (module `delivery`)."""

    name: str
    player: str
    lever: str | None = Field(default=None, description="lever of that player; null: an effort")
    weight: Number = Field(ge=0, le=10, description="importance, 1: as much as the main lever")
    made: Day
    due: Day
    amount: str = Field(default="", description="what was promised, in words")
    source: str = ""


class Delivery(_Model):
    """Inputs of the module `delivery`."""

    pledges: list[Pledge] = Field(max_length=MAX_PLEDGES)


class Change(_Model):
    """A change of a side's base values from a date on (module `negotiator`)."""

    date: Day
    player: str
    initiative: Number = Field(default=0.0, ge=-20, le=20, description="nats")
    audience_cost: Number = Field(default=0.0, ge=-20, le=20, description="nats")
    offer_cost: Number = Field(default=0.0, ge=-20, le=20, description="nats")
    ramp_weeks: Whole = Field(default=0, ge=0, le=520, description="0: at once")
    source: str = ""


class Negotiator(_Model):
    """Inputs of the module `negotiator`."""

    changes: list[Change]


class IssueEvent(_Model):
    """A dated event on a side issue."""

    date: Day
    issue: str
    player: str = Field(description="the side that it angers or pleases")
    tension: Number = Field(default=0.0, ge=0, le=10, description="in escalations")
    sweetener: Number = Field(default=0.0, ge=0, le=10, description="in concessions")
    note: str = ""


class SideIssues(_Model):
    """Inputs of the module `side_issues`."""

    weights: dict[str, Number] = Field(description="weight of each issue, 1: like a trade move")
    events: list[IssueEvent]


class StateShock(_Model):
    """A change of one quantity from outside (module `shocks`)."""

    quantity: str = Field(description=", ".join(QUANTITIES))
    date: Day | None = None
    rate: Number | None = Field(default=None, ge=0, le=1, description="a week, if at random")
    player: str | None = None
    lever: str | None = Field(default=None, description="OWNER.lever")
    set: Number | None = None
    add: Number | None = None
    note: str = ""


class Shocks(_Model):
    """Inputs of the module `shocks`."""

    events: list[StateShock] = Field(max_length=MAX_SHOCKS)


class Levers(_Model):
    """Inputs of a module that needs to know which levers it is about."""

    levers: list[str] = Field(default=[], description="OWNER.lever")


class Plain(_Model):
    """A module without inputs: naming it switches it on."""


class Modules(_Model):
    """Modules that are on, with their inputs; see ``docs/mechanisms.md``."""

    delivery: Delivery | None = None
    enforcement: Plain | None = None
    alternative_supply: Plain | None = None
    decoupling: Plain | None = None
    coalition: Levers | None = Field(default=None, description="levers of world scope")
    negotiator: Negotiator | None = None
    status: Levers | None = Field(default=None, description="retained levers")
    mediation: Plain | None = None
    side_issues: SideIssues | None = None
    shocks: Shocks | None = None
    own: list[str] = Field(default=[], description="modules of your own, by file name")

    def names(self) -> list[str]:
        """Names of the modules that are on."""
        typed = [name for name in type(self).model_fields if name != "own"]
        return [name for name in typed if getattr(self, name) is not None] + self.own


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
