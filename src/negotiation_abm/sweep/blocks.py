"""The blocks of a sweep's `design` as designs, with clear errors."""

import copy
import datetime as dt
import math
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from negotiation_abm.files.errors import InputError, shown, suggest
from negotiation_abm.files.resources import file_beside, not_there
from negotiation_abm.files.sheets import read_sheet
from negotiation_abm.files.validation import checked, node_at
from negotiation_abm.files.yaml_text import parse_yaml
from negotiation_abm.scenario.load import FILES, changes_beside, reference_beside
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.posterior_draws import changes_of, load_draws
from negotiation_abm.scenario.schema import Scenario
from negotiation_abm.sweep.designs import Chain, Cross, Design, Grid, Listed, Range, Sampled, Zip

MOST_SAMPLED = 10_000_000  # numbers in a sampled design, 80 MB
MOST_SOBOL = 21_201  # names that SciPy has direction numbers for
MOST_STEPS = 1_000_000
MOST_POINTS = 10**9
MOST_SIZE = 1e100  # of a number that a range ends at
Whole = Annotated[int, Field(strict=True)]
Names = Annotated[dict[str, Any], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class Span(_Model):
    """From a number or date to another: ``[low, high]``, or ``low:``, ``high:`` and ``scale:``."""

    low: Any
    high: Any
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="before")
    @classmethod
    def _of_pair(cls, given: Any) -> Any:
        if isinstance(given, list) and len(given) == 2:
            return {"low": given[0], "high": given[1]}
        if not isinstance(given, dict):
            raise ValueError("expected [low, high], or low:, high: and scale:")
        return given

    @model_validator(mode="after")
    def _check(self) -> "Span":
        low, high = self.low, self.high
        if not self.is_dates:
            if any(
                isinstance(end, bool) or not isinstance(end, int | float) for end in (low, high)
            ):
                raise ValueError(f"{shown(low)} to {shown(high)}: two numbers or two dates")
            if not all(abs(end) <= MOST_SIZE for end in (low, high)):
                raise ValueError(f"{low} to {high}; allowed: -{MOST_SIZE:g} to {MOST_SIZE:g}")
        if low > high:
            raise ValueError(f"{low} is above {high}")
        if self.scale == "log" and (self.is_dates or low <= 0):
            raise ValueError("a log scale needs numbers above 0")
        return self

    @property
    def is_dates(self) -> bool:
        """Two dates?"""
        return type(self.low) is dt.date and type(self.high) is dt.date

    def range(self, kind: str = "number") -> Range:
        """What a design draws from; `kind` is ``number`` or ``whole``."""
        return Range(self.low, self.high, "date" if self.is_dates else kind, self.scale == "log")


class _Steps(_Model):
    first: Any = Field(alias="from")
    last: Any = Field(alias="to")
    steps: Whole = Field(ge=1, le=MOST_STEPS)
    scale: Literal["linear", "log"] = "linear"


class _Posterior(_Model):
    set: str
    draws: Whole | None = Field(default=None, ge=1)


class _Sampled(_Model):
    points: Whole = Field(ge=1)
    seed: Whole = Field(default=1, ge=0, le=2**64 - 1)
    ranges: dict[str, Span] = Field(min_length=1)


_CONTENT: dict[str, Any] = {
    "grid": Names,
    "zip": Names,
    "list": Any,
    "latin_hypercube": _Sampled,
    "sobol": _Sampled,
    "posterior": _Posterior,
    "cross": Annotated[list[Any], Field(min_length=2)],
}
KINDS = tuple(_CONTENT)


def design_of(path: Path, blocks: list[Any]) -> Design:
    """The design that a list of blocks describes; blocks follow one another."""
    parts = [_block(path, f"design.{i}", block) for i, block in enumerate(blocks)]
    whole = parts[0] if len(parts) == 1 else Chain(tuple(parts))
    if whole.size > MOST_POINTS:
        problem = f"{whole.size} points; allowed: 1 to {MOST_POINTS}"
        raise InputError(path, "design", problem)
    return whole


def _block(path: Path, place: str, given: Any) -> Design:
    if not isinstance(given, dict) or len(given) != 1:
        raise InputError(path, place, f"expected one of {', '.join(KINDS)}")
    ((kind, content),) = given.items()
    place = f"{place}.{kind}"
    if kind not in KINDS:
        raise InputError(path, place, f"unknown design; {suggest(kind, KINDS)}")
    content = checked(_CONTENT[kind], path, content, place)
    if kind == "grid":
        return Grid(_axes(path, place, content))
    if kind == "zip":
        return _zip(path, place, content)
    if kind == "list":
        return _list(path, place, content)
    if kind == "posterior":
        return _posterior(path, place, content)
    if kind == "cross":
        return _cross(path, place, content)
    return _sampled(path, place, kind, content)


def _axes(path: Path, place: str, content: dict[str, Any]) -> dict[str, list[Any]]:
    axes = {name: _values(path, f"{place}.{name}", item) for name, item in content.items()}
    for name in set(axes) & set(FILES):
        axes[name] = [changes_beside({name: value}, path.parent)[name] for value in axes[name]]
    return axes


def _values(path: Path, place: str, item: Any) -> list[Any]:
    """A list as it is, or steps from one end to the other."""
    if isinstance(item, list):
        if not item:
            raise InputError(path, place, "no values")
        return item
    if not isinstance(item, dict):
        raise InputError(path, place, "expected a list of values, or from:, to: and steps:")
    steps = checked(_Steps, path, item, place)
    ends = {"low": steps.first, "high": steps.last, "scale": steps.scale}
    spread = checked(Span, path, ends, place).range()
    quantiles = np.linspace(0.0, 1.0, steps.steps).tolist()
    if spread.kind == "date":
        days = (spread.high - spread.low).days
        return [spread.low + dt.timedelta(days=round(days * u)) for u in quantiles]
    numbers = [float(f"{spread.at(u):.12g}") for u in quantiles]
    if isinstance(spread.low, int) and isinstance(spread.high, int):
        return [int(number) if number.is_integer() else number for number in numbers]
    return numbers


def _zip(path: Path, place: str, content: dict[str, Any]) -> Zip:
    axes = _axes(path, place, content)
    lengths = {name: len(values) for name, values in axes.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise InputError(path, place, f"as many values for each name: {shown}")
    return Zip(axes)


def _list(path: Path, place: str, content: Any) -> Listed:
    """Points in a CSV file (a column a name, an empty cell leaves it alone) or in the spec."""
    if isinstance(content, list) and all(isinstance(p, dict) for p in content) and content:
        points = [{str(name): value for name, value in p.items()} for p in content]
        return Listed([changes_beside(point, path.parent) for point in points])
    if not isinstance(content, str):
        raise InputError(path, place, "expected the name of a CSV file, or a list of mappings")
    source = file_beside(content, path.parent)
    if source is None:
        raise InputError(path, place, f"'{content}': {not_there(content, path.parent)}")
    sheet = read_sheet(source)
    if not sheet.rows:
        raise InputError(source, "", "expected a line of dotted names, then a line for each point")
    if len(set(sheet.header)) < len(sheet.header) or not all(sheet.header):
        raise InputError(source, "line 1", "a name is empty or given twice")
    points = []
    for number, row in sheet.rows:
        cells = zip(sheet.header, map(sheet.number, row), strict=True)
        point = {n: _cell(source, number, n, text) for n, text in cells if text}
        points.append(changes_beside(point, source.parent))
    return Listed(points)


def _cell(source: Path, number: int, name: str, text: str) -> Any:
    try:
        return copy.deepcopy(_parsed(text))
    except yaml.YAMLError:
        raise InputError(
            source, f"line {number}, {name}", f"{shown(text)} is not a value"
        ) from None


@lru_cache(maxsize=1_000)
def _parsed(text: str) -> Any:
    """The value of a cell: in a column of names or dates, the same few texts come again."""
    return parse_yaml(text)


def _posterior(path: Path, place: str, content: _Posterior) -> Listed:
    """Draws of a calibrated set, evenly spaced over its rows."""
    reference = reference_beside(content.set, path.parent)
    draws = load_draws(reference, path.parent)
    count = content.draws or len(draws)
    if count > len(draws):
        raise InputError(path, f"{place}.draws", f"{count}; allowed: 1 to {len(draws)}")
    rows = [number * len(draws) // count for number in range(count)]
    return Listed([{"parameters": reference} | changes_of(draws, row) for row in rows])


def _cross(path: Path, place: str, content: list[Any]) -> Cross:
    parts = [_block(path, f"design.{i}", block) for i, block in enumerate(content)]
    seen: dict[str, int] = {}
    for number, part in enumerate(parts):
        for name in part.names:
            if name in seen:
                problem = f"'{name}' varies in block {seen[name]} too"
                raise InputError(path, f"{place}.{number}", problem)
            seen[name] = number
    return Cross(tuple(parts))


def _sampled(path: Path, place: str, kind: str, content: _Sampled) -> Sampled:
    points, most = content.points, max(1, MOST_SAMPLED // len(content.ranges))
    if kind == "sobol" and len(content.ranges) > MOST_SOBOL:
        problem = f"{len(content.ranges)} names; allowed: 1 to {MOST_SOBOL}"
        raise InputError(path, f"{place}.ranges", problem)
    if points > most:
        raise InputError(path, f"{place}.points", f"{points}; allowed: 1 to {most}")
    if kind == "sobol" and points & (points - 1):
        below = 2 ** int(math.log2(points))
        problem = f"{points} is no power of 2; allowed: {below} or {2 * below}, say"
        raise InputError(path, f"{place}.points", problem)
    chosen = {}
    for name, span in content.ranges.items():
        chosen[name] = span.range(kind_of(name))
        if chosen[name].kind == "whole" and (span.low % 1 or span.high % 1):
            problem = f"{span.low} to {span.high}: whole numbers are wanted here"
            raise InputError(path, f"{place}.ranges.{name}", problem)
    return Sampled(kind, points, content.seed, chosen)


def kind_of(name: str) -> str:
    """What a place holds: `whole`, `date`, `number`, or something else.

    >>> kind_of("shadow_weeks"), kind_of("fatigue"), kind_of("terms.summit.weeks")
    ('whole', 'number', 'whole')
    >>> kind_of("truce.expires"), kind_of("levers.US.chips.agency")
    ('date', 'boolean')
    """
    first, *rest = name.split(".")
    if first in TABLE:
        return "whole" if TABLE[first].integer else "number"
    node = node_at(Scenario, [first, *rest])
    found = str(node.get("format") or node.get("type") or "number")
    return {"integer": "whole"}.get(found, found)
