"""Parameter sets: a value and a source for every parameter of the rules.

A set is a YAML file (``configs/parameters/``). Player values are a mapping by player label, or
one number for both; ``lever_bias`` is a mapping of player to lever to number, 0 where missing.
"""

from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.params import OPTIONAL, PARAMETERS
from negotiation_abm.core.terms import Move
from negotiation_abm.files.errors import suggest
from negotiation_abm.files.resources import find
from negotiation_abm.files.validation import checked, closed_mapping
from negotiation_abm.files.yaml_text import read_yaml

FOLDER = "configs/parameters"
MODEL_VERSION = 1
TABLE = {parameter.name: parameter for parameter in PARAMETERS}
MOVES = [move.name for move in Move]
_DEPTH = {"scalar": 0, "player": 1, "lever": 2}


@dataclass(frozen=True)
class ParameterSet:
    """Values of every parameter, with their sources, for two named players."""

    name: str
    path: Path
    players: tuple[str, ...]
    values: dict[str, Any]
    sources: dict[str, str]
    fit: dict[str, Any] = field(default_factory=dict)  # what a fitted set was made from


def _this_version(value: Any) -> Any:
    if value != MODEL_VERSION:
        raise ValueError(f"{value} is not the version of these rules, {MODEL_VERSION}")
    return value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: Any
    source: str = Field(min_length=1)
    note: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    description: str = ""
    model_version: Annotated[Any, AfterValidator(_this_version)]
    players: list[str]
    fit: dict[str, Any] | None = None
    parameters: dict[str, _Entry]


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
    file = checked(_File, path, read_yaml(path))
    given = {name: entry.value for name, entry in file.parameters.items()}
    names = [name for name in TABLE if name in given or name not in OPTIONAL]
    forms = tuple((name, _form(TABLE[name], given.get(name))) for name in names)
    values = checked(_kind(tuple(file.players), forms), path, given, "parameters")
    sources = {name: entry.source for name, entry in file.parameters.items()}
    players = tuple(file.players)
    return ParameterSet(file.name or path.stem, path, players, values, sources, file.fit or {})


def _form(parameter: Parameter, value: Any) -> frozenset[str] | None:
    """None for one number; for one number a player, the players that have one for each lever."""
    if parameter.shape not in ("player", "lever") or not isinstance(value, dict):
        return None
    is_lever = parameter.shape == "lever"
    return frozenset(player for player, own in value.items() if is_lever and isinstance(own, dict))


@lru_cache(maxsize=16)
def _kind(players: tuple[str, ...], forms: tuple[tuple[str, frozenset[str] | None], ...]) -> Any:
    """Type of the values of a set, by the names that it must have and the form of each."""
    kinds: dict[str, Any] = {}
    for name, form in forms:
        parameter = TABLE[name]
        number = Annotated[Any, BeforeValidator(partial(admissible, parameter))]
        if parameter.shape == "triple":
            kinds[name] = _several(parameter, "three", name.endswith("_probability"))
        elif parameter.shape == "chain":  # rows by the opponent's last move
            kinds[name] = closed_mapping(dict.fromkeys(MOVES, _several(parameter, "five", True)))
        elif form is None:
            kinds[name] = number
        else:
            kinds[name] = closed_mapping(
                {player: dict[str, number] if player in form else number for player in players}
            )
    return closed_mapping(kinds)


def _several(parameter: Parameter, count: str, adds_up: bool) -> Any:
    """Type of a list of numbers, as many as the word `count` says, that may have to add up to 1."""

    def check(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != {"three": 3, "five": 5}[count]:
            raise ValueError(f"{value!r} is not a list of {count} numbers")
        for number in value:
            admissible(parameter, number)
        if adds_up and abs(sum(value) - 1.0) > 1e-6:
            raise ValueError(f"{value} does not sum to 1")
        return value

    return Annotated[Any, BeforeValidator(check)]


def admissible(parameter: Parameter, value: Any) -> float:
    """`value` as it is; a `ValueError` says what is wrong if it is none of the parameter."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    if not parameter.low <= value <= parameter.high:  # NaN fails too
        allowed = f"{parameter.low:g} to {parameter.high:g} ({parameter.unit})"
        raise ValueError(f"{value} is out of bounds; allowed: {allowed}")
    if parameter.integer and value != int(value):
        raise ValueError(f"{value} is not a whole number of {parameter.unit}")
    return value


def check_name(name: str) -> None:
    """A `ValueError` unless a dotted name is a parameter, or a part of one, of one number."""
    first, *rest = name.split(".")
    if first not in TABLE:
        raise ValueError(f"unknown parameter; {suggest(first, TABLE)}")
    depth = _DEPTH.get(TABLE[first].shape, -1)
    if len(rest) > depth:
        problem = "cannot be set by one number" if depth < 0 else "has no such part"
        raise ValueError(f"'{first}' {problem}")
