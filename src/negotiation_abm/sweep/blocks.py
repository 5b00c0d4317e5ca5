"""The blocks of a sweep's `design` as designs, with clear errors."""

import csv
import datetime as dt
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import parse_yaml, read_text
from negotiation_abm.files.validation import node_at
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.posterior_draws import changes_of, load_draws
from negotiation_abm.scenario.schema import Scenario
from negotiation_abm.sweep.designs import Chain, Cross, Design, Grid, Listed, Range, Sampled, Zip

KINDS = ("grid", "zip", "list", "latin_hypercube", "sobol", "posterior", "cross")
MOST_SAMPLED = 10_000_000  # numbers in a sampled design, 80 MB


def design_of(path: Path, blocks: Any, place: str = "design") -> Design:
    """The design that a list of blocks describes; blocks follow one another."""
    if not isinstance(blocks, list) or not blocks:
        raise InputError(path, place, f"expected a list of blocks; allowed: {', '.join(KINDS)}")
    parts = [_block(path, f"{place}.{i}", block) for i, block in enumerate(blocks)]
    return parts[0] if len(parts) == 1 else Chain(tuple(parts))


def _block(path: Path, place: str, block: Any) -> Design:
    if not isinstance(block, dict) or len(block) != 1:
        raise InputError(path, place, f"expected one of {', '.join(KINDS)}")
    ((kind, content),) = block.items()
    if kind not in KINDS:
        raise InputError(path, f"{place}.{kind}", f"unknown design; {suggest(kind, KINDS)}")
    place = f"{place}.{kind}"
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


def _axes(path: Path, place: str, content: Any) -> dict[str, list[Any]]:
    if not isinstance(content, dict) or not content:
        raise InputError(path, place, "expected a mapping of dotted names to values")
    return {str(name): _values(path, f"{place}.{name}", item) for name, item in content.items()}


def _values(path: Path, place: str, item: Any) -> list[Any]:
    """A list as it is, or steps from one end to the other."""
    if isinstance(item, list):
        if not item:
            raise InputError(path, place, "no values")
        return item
    allowed = ("from", "to", "steps", "scale")
    if not isinstance(item, dict) or not {"from", "to", "steps"} <= set(item) <= set(allowed):
        raise InputError(path, place, "expected a list of values, or from:, to: and steps:")
    steps = item["steps"]
    if not _is_whole(steps) or not 1 <= steps <= 10_000_000:
        raise InputError(path, f"{place}.steps", f"{steps!r}; allowed: 1 to 10000000")
    spread = _range(path, place, {"low": item["from"], "high": item["to"]}, item.get("scale"), "")
    quantiles = np.linspace(0.0, 1.0, steps).tolist()
    if spread.kind == "date":
        days = (spread.high - spread.low).days
        return [spread.low + dt.timedelta(days=round(days * u)) for u in quantiles]
    numbers = [float(f"{spread.at(u):.12g}") for u in quantiles]
    if _is_whole(item["from"]) and _is_whole(item["to"]):
        return [int(number) if number.is_integer() else number for number in numbers]
    return numbers


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _zip(path: Path, place: str, content: Any) -> Zip:
    axes = _axes(path, place, content)
    lengths = {name: len(values) for name, values in axes.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise InputError(path, place, f"as many values for each name: {shown}")
    return Zip(axes)


def _list(path: Path, place: str, content: Any) -> Listed:
    """Points in a CSV file (a column a name, an empty cell leaves it alone) or in the spec."""
    if isinstance(content, list) and all(isinstance(p, dict) for p in content) and content:
        return Listed([{str(name): value for name, value in p.items()} for p in content])
    if not isinstance(content, str):
        raise InputError(path, place, "expected the name of a CSV file, or a list of mappings")
    source = next((p for p in (Path(content), path.parent / content) if p.is_file()), None)
    if source is None:
        raise InputError(path, place, f"'{content}': no such file")
    rows = list(csv.reader(io.StringIO(read_text(source))))
    if len(rows) < 2:
        raise InputError(source, "", "expected a line of dotted names, then a line for each point")
    header = [name.strip() for name in rows[0]]
    if len(set(header)) < len(header) or not all(header):
        raise InputError(source, "line 1", "a name is empty or given twice")
    points = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            problem = f"{len(row)} cells under {len(header)} names"
            raise InputError(source, f"line {number}", problem)
        cells = zip(header, row, strict=True)
        points.append({n: _cell(source, number, n, text) for n, text in cells if text.strip()})
    return Listed(points)


def _cell(source: Path, number: int, name: str, text: str) -> Any:
    try:
        return parse_yaml(text)
    except (yaml.YAMLError, ValueError):
        raise InputError(source, f"line {number}, {name}", f"{text!r} is not a value") from None


def _posterior(path: Path, place: str, content: Any) -> Listed:
    """Draws of a calibrated set, evenly spaced over its rows."""
    if not isinstance(content, dict) or not {"set"} <= set(content) <= {"set", "draws"}:
        raise InputError(path, place, "expected set: and draws:")
    draws = load_draws(str(content["set"]), path.parent)
    count = content.get("draws", len(draws))
    if not _is_whole(count) or not 1 <= count <= len(draws):
        raise InputError(path, f"{place}.draws", f"{count!r}; allowed: 1 to {len(draws)}")
    rows = [number * len(draws) // count for number in range(count)]
    chosen = {"parameters": str(content["set"])}
    return Listed([chosen | changes_of(draws, row) for row in rows])


def _cross(path: Path, place: str, content: Any) -> Cross:
    if not isinstance(content, list) or len(content) < 2:
        raise InputError(path, place, "expected a list of two or more blocks")
    parts = [_block(path, f"{place}.{i}", block) for i, block in enumerate(content)]
    seen: dict[str, int] = {}
    for number, part in enumerate(parts):
        for name in part.names:
            if name in seen:
                problem = f"'{name}' varies in block {seen[name]} too"
                raise InputError(path, f"{place}.{number}", problem)
            seen[name] = number
    return Cross(tuple(parts))


def _sampled(path: Path, place: str, kind: str, content: Any) -> Sampled:
    allowed = ("points", "seed", "ranges")
    if not isinstance(content, dict):
        raise InputError(path, place, f"expected {', '.join(allowed)}")
    for key in content:
        if key not in allowed:
            raise InputError(path, f"{place}.{key}", f"unknown; {suggest(key, allowed)}")
    ranges = content.get("ranges")
    if not isinstance(ranges, dict) or not ranges:
        raise InputError(path, f"{place}.ranges", "expected a mapping of names to [low, high]")
    points: Any = content.get("points")
    seed: Any = content.get("seed", 1)
    most = MOST_SAMPLED // len(ranges)
    if not _is_whole(points) or not 1 <= points <= most:
        raise InputError(path, f"{place}.points", f"{points!r}; allowed: 1 to {most}")
    if kind == "sobol" and points & (points - 1):
        below = 2 ** int(math.log2(points))
        problem = f"{points} is no power of 2; allowed: {below} or {2 * below}, say"
        raise InputError(path, f"{place}.points", problem)
    if not _is_whole(seed) or not 0 <= seed < 2**64:
        raise InputError(path, f"{place}.seed", f"{seed!r}; allowed: 0 to {2**64 - 1}")
    chosen = {
        str(name): _named_range(path, f"{place}.ranges.{name}", str(name), item)
        for name, item in ranges.items()
    }
    return Sampled(kind, points, seed, chosen)


def _named_range(path: Path, place: str, name: str, item: Any) -> Range:
    if isinstance(item, list) and len(item) == 2:
        item = {"low": item[0], "high": item[1]}
    if not isinstance(item, dict) or not {"low", "high"} <= set(item) <= {"low", "high", "scale"}:
        raise InputError(path, place, "expected [low, high], or low:, high: and scale:")
    return _range(path, place, item, item.get("scale"), kind_of(name))


def _range(path: Path, place: str, ends: dict[str, Any], scale: Any, kind: str) -> Range:
    low, high = ends["low"], ends["high"]
    if isinstance(low, dt.date) and isinstance(high, dt.date):
        kind = "date"
    elif any(isinstance(end, bool) or not isinstance(end, int | float) for end in (low, high)):
        raise InputError(path, place, f"{low!r} to {high!r}: two numbers or two dates")
    elif not math.isfinite(low) or not math.isfinite(high):
        raise InputError(path, place, f"{low} to {high} is not finite")
    if low > high:
        raise InputError(path, place, f"{low} is above {high}")
    if scale not in (None, "linear", "log"):
        raise InputError(path, f"{place}.scale", suggest(scale, ("linear", "log")))
    if scale == "log" and (kind == "date" or low <= 0):
        raise InputError(path, f"{place}.scale", "a log scale needs numbers above 0")
    if kind == "whole" and (low != int(low) or high != int(high)):
        raise InputError(path, place, f"{low} to {high}: whole numbers are wanted here")
    return Range(low, high, kind or "number", scale == "log")


def kind_of(name: str) -> str:
    """What a place holds: `whole` or `number`.

    >>> kind_of("shadow_weeks"), kind_of("fatigue"), kind_of("terms.summit.weeks")
    ('whole', 'number', 'whole')
    """
    first, *rest = name.split(".")
    if first in TABLE:
        return "whole" if TABLE[first].integer else "number"
    return "whole" if node_at(Scenario, [first, *rest]).get("type") == "integer" else "number"
