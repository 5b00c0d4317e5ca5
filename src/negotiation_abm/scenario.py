"""Scenarios: what a run starts from, as YAML in and out.

The models below are the only definition of the scenario format; the checks that need more than
one field are in `negotiation_abm.scenario_checks`. ``negotiation-abm schema`` writes their JSON
Schema for editors.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.core.state import MAX_EXCHANGES
from negotiation_abm.errors import InputError, nearest
from negotiation_abm.parameters import TABLE
from negotiation_abm.resources import find, read_yaml

FOLDER = "configs"
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
    announced: dt.date | None = Field(default=None, description="known from this day; null: always")
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
    """Everything that a run starts from. Load one with `load_scenario`."""

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


def load_scenario(reference: str | Path, changes: dict[str, Any] | None = None) -> Scenario:
    """Read and check a scenario, by path or by shipped name.

    Parameters
    ----------
    reference : str or Path
        Path of a YAML file, or the name of a shipped one.
    changes : dict, optional
        Dotted names with values that replace those of the file: a place in the scenario
        (``levers.US.chips.step``, ``horizon_weeks``) or a parameter (``fatigue``,
        ``initiative.US``).

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    from negotiation_abm.scenario_checks import check_scenario

    path = find(reference, FOLDER, ".yaml")
    data = _with_base(path, read_yaml(path), ())
    for name, value in (changes or {}).items():
        _change(path, data, name, value)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise _readable(path, error) from None
    scenario._path = path
    check_scenario(scenario)
    return scenario


def _with_base(path: Path, data: dict[str, Any], seen: tuple[Path, ...]) -> dict[str, Any]:
    """Lay the file over the scenario that its `extends` names."""
    reference = data.pop("extends", None)
    if reference is None:
        return data
    base_path = find(str(reference), FOLDER, ".yaml", path.parent).resolve()
    if base_path in seen or base_path == path.resolve():
        raise InputError(path, "extends", f"{reference} extends this file again")
    base = _with_base(base_path, read_yaml(base_path), (*seen, path.resolve()))
    return _merged(base, data)


def _merged(base: Any, top: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(top, dict)):
        return top
    merged = {name: _merged(base[name], top[name]) if name in top else base[name] for name in base}
    return merged | {name: value for name, value in top.items() if name not in base}


def _change(path: Path, data: dict[str, Any], name: str, value: Any) -> None:
    first, *rest = name.split(".")
    if first in TABLE:
        data["set"] = {**(data.get("set") or {}), name: value}
        return
    if first not in Scenario.model_fields:
        allowed = [*Scenario.model_fields, *TABLE]
        raise InputError(path, name, f"unknown name to set; {nearest(first, allowed)}")
    place = data
    for key in [first, *rest][:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise InputError(path, name, "not a place that can be set")
    place[[first, *rest][-1]] = value


def _readable(path: Path, error: ValidationError) -> InputError:
    """The first problem that pydantic found, as one line."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *parents, name = first["loc"]
        return InputError(path, place, f"unknown; {nearest(name, _fields_at(parents))}")
    if first["type"] == "missing":
        return InputError(path, place, "missing")
    allowed = first["msg"][0].lower() + first["msg"][1:]
    return InputError(path, place, f"{first['input']!r}: {allowed}")


def _fields_at(parents: list[Any]) -> list[str]:
    """Names that are allowed at a place of the scenario, from the JSON schema."""
    schema = Scenario.model_json_schema()
    node: dict[str, Any] = schema
    for part in parents:
        node = _resolved(schema, node)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties", {})
    return list(_resolved(schema, node).get("properties", {}))


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", []):
        if choice.get("type") != "null":
            node = choice
            break
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else node
