"""Parameter sets: a value and a source for every parameter of the rules.

A set is a YAML file (``configs/parameters/``). Player values are a mapping by player label, or
one number for both; ``lever_bias`` is a mapping of player to lever to number, 0 where missing.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.params import OPTIONAL, PARAMETERS
from negotiation_abm.core.terms import Move
from negotiation_abm.files.errors import InputError, nearest
from negotiation_abm.files.resources import find, read_yaml

FOLDER = "configs/parameters"
MODEL_VERSION = 1
TABLE = {parameter.name: parameter for parameter in PARAMETERS}


@dataclass(frozen=True)
class ParameterSet:
    """Values of every parameter, with their sources, for two named players."""

    name: str
    path: Path
    players: tuple[str, ...]
    values: dict[str, Any]
    sources: dict[str, str]
    fit: dict[str, Any] = field(default_factory=dict)  # what a fitted set was made from


def load_parameter_set(
    reference: str | Path, base: Path | None = None, named_in: tuple[Path, str] | None = None
) -> ParameterSet:
    """Read and check a parameter set, by shipped name or by path.

    Raises
    ------
    InputError
        If the file is missing, of another model version, or a name or value is not admissible.
    """
    path = find(reference, FOLDER, ".yaml", base, named_in)
    data = read_yaml(path)
    allowed = ("name", "description", "model_version", "players", "fit", "parameters")
    for key in data:
        if key not in allowed:
            raise InputError(path, str(key), f"unknown; {nearest(key, allowed)}")
    if data.get("model_version") != MODEL_VERSION:
        raise InputError(
            path,
            "model_version",
            f"{data.get('model_version')} is not the version of these rules, {MODEL_VERSION}",
        )
    players = tuple(_labels(path, data.get("players")))
    entries = data.get("parameters")
    if not isinstance(entries, dict):
        raise InputError(path, "parameters", "expected a mapping of parameter names")
    _check_names(path, entries)
    values, sources = {}, {}
    for name, entry in entries.items():
        if not isinstance(entry, dict) or set(entry) - {"value", "source", "note"}:
            raise InputError(path, f"parameters.{name}", "expected value: and source:")
        if not entry.get("source"):
            raise InputError(path, f"parameters.{name}.source", "missing; say where it comes from")
        values[name] = _checked(path, players, TABLE[name], entry.get("value"))
        sources[name] = str(entry["source"])
    fit = data.get("fit") or {}
    if not isinstance(fit, dict):
        raise InputError(path, "fit", "expected a mapping: what the set was fitted to")
    return ParameterSet(str(data.get("name", path.stem)), path, players, values, sources, fit)


def _labels(path: Path, players: Any) -> list[str]:
    if not isinstance(players, list) or not all(isinstance(p, str) for p in players):
        raise InputError(path, "players", f"{players!r} is not a list of labels")
    return players


def _check_names(path: Path, entries: dict[str, Any]) -> None:
    for name in entries:
        if name not in TABLE:
            raise InputError(path, f"parameters.{name}", f"unknown; {nearest(name, TABLE)}")
    for name in TABLE:
        if name not in entries and name not in OPTIONAL:
            raise InputError(path, f"parameters.{name}", "missing; every parameter needs a value")


def check_number(source: str | Path, place: str, parameter: Parameter, value: Any) -> float:
    """`value` as a number within the bounds of `parameter`, or an `InputError`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(source, place, f"{value!r} is not a number")
    if not parameter.low <= value <= parameter.high:  # NaN fails too
        raise InputError(
            source,
            place,
            f"{value} is out of bounds; allowed: {parameter.low:g} to {parameter.high:g} "
            f"({parameter.unit})",
        )
    if parameter.integer and value != int(value):
        raise InputError(source, place, f"{value} is not a whole number of {parameter.unit}")
    return value


def _checked(path: Path, players: tuple[str, ...], parameter: Parameter, value: Any) -> Any:
    place = f"parameters.{parameter.name}"
    if parameter.shape == "triple":
        if not isinstance(value, list) or len(value) != 3:
            raise InputError(path, place, f"{value!r} is not a list of three numbers")
        numbers = [check_number(path, place, parameter, item) for item in value]
        if parameter.name.endswith("_probability") and abs(sum(numbers) - 1.0) > 1e-9:
            raise InputError(path, place, f"{value} does not sum to 1")
        return numbers
    if parameter.shape == "chain":
        return _checked_chain(path, place, parameter, value)
    if parameter.shape == "scalar" or not isinstance(value, dict):
        return check_number(path, place, parameter, value)
    for player in players:
        if player not in value:
            raise InputError(path, f"{place}.{player}", "missing")
    return {
        _known(path, place, player, players): _checked_player(
            path, f"{place}.{player}", parameter, item
        )
        for player, item in value.items()
    }


def _checked_chain(path: Path, place: str, parameter: Parameter, value: Any) -> dict[str, Any]:
    """Rows by the opponent's last move; each says how likely the five moves are then."""
    names = [move.name for move in Move]
    if not isinstance(value, dict) or set(value) != set(names):
        raise InputError(path, place, f"expected a mapping of {', '.join(names)}")
    for name, row in value.items():
        if not isinstance(row, list) or len(row) != len(names):
            raise InputError(path, f"{place}.{name}", f"{row!r} is not a list of five numbers")
        for item in row:
            check_number(path, f"{place}.{name}", parameter, item)
        if abs(sum(row) - 1.0) > 1e-6:
            raise InputError(path, f"{place}.{name}", f"{row} does not sum to 1")
    return {name: value[name] for name in names}


def _known(path: Path, place: str, player: Any, players: tuple[str, ...]) -> str:
    if str(player) not in players:
        raise InputError(path, f"{place}.{player}", f"unknown; {nearest(player, players)}")
    return str(player)


def _checked_player(path: Path, place: str, parameter: Parameter, value: Any) -> Any:
    if parameter.shape == "lever" and isinstance(value, dict):
        return {
            str(lever): check_number(path, f"{place}.{lever}", parameter, item)
            for lever, item in value.items()
        }
    return check_number(path, place, parameter, value)
