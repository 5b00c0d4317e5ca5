"""Scenarios: what a run starts from, read from YAML and checked."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from negotiation_abm.errors import InputError, nearest
from negotiation_abm.parameters import TABLE
from negotiation_abm.resources import find, read_yaml
from negotiation_abm.scenario_checks import check_scenario
from negotiation_abm.scenario_schema import Scenario

__all__ = ["Scenario", "load_scenario"]

FOLDER = "configs"


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
    path = find(reference, FOLDER, ".yaml")
    data = _with_base(path, read_yaml(path), ())
    for name, value in (changes or {}).items():
        _change(path, data, name, value)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise readable(path, error, Scenario) from None
    scenario._path = path
    check_scenario(scenario)
    return scenario


def _with_base(path: Path, data: dict[str, Any], seen: tuple[Path, ...]) -> dict[str, Any]:
    """Lay the file over the scenario that its `extends` names."""
    reference = data.pop("extends", None)
    if reference is None:
        return data
    base_path = find(str(reference), FOLDER, ".yaml", path.parent, (path, "extends")).resolve()
    if base_path in seen or base_path == path.resolve():
        raise InputError(path, "extends", f"{reference} extends this file again")
    base = _with_base(base_path, read_yaml(base_path), (*seen, path.resolve()))
    merged: dict[str, Any] = _merged(base, data)
    return merged


def _merged(base: Any, top: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(top, dict)):
        return top
    merged: dict[str, Any] = {
        name: _merged(base[name], top[name]) if name in top else base[name] for name in base
    }
    return merged | {name: value for name, value in top.items() if name not in base}


def _change(path: Path, data: dict[str, Any], name: str, value: Any) -> None:
    first, *rest = name.split(".")
    if first in TABLE:
        given = data.get("set") or {}
        if not isinstance(given, dict):
            raise InputError(path, "set", f"{given!r} is not a mapping of names to values")
        data["set"] = {**given, name: value}
        return
    if first not in Scenario.model_fields:
        allowed = [*Scenario.model_fields, *TABLE]
        raise InputError(path, name, f"unknown name to set; {nearest(first, allowed)}")
    place = data
    for depth, key in enumerate([first, *rest][:-1]):
        if key not in place:
            allowed = _fields_at([first, *rest][:depth]) or list(place)
            if key not in allowed:
                raise InputError(path, name, f"unknown '{key}'; {nearest(key, allowed)}")
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise InputError(path, name, "not a place that can be set")
    place[[first, *rest][-1]] = value


def readable(path: Path, error: ValidationError, model: type[BaseModel]) -> InputError:
    """The first problem that pydantic found in a file of this model, as one line."""
    problems = error.errors()
    unknown = [item for item in problems if item["type"] == "extra_forbidden"]
    first = (unknown or problems)[0]  # a misspelt name explains a missing one
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *parents, name = first["loc"]
        return InputError(path, place, f"unknown; {nearest(name, _fields_at(parents, model))}")
    if first["type"] == "missing":
        return InputError(path, place, "missing")
    allowed = first["msg"][0].lower() + first["msg"][1:]
    value = repr(first["input"])
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    return InputError(path, place, f"{shown}: {allowed}")


def _fields_at(parents: list[Any], model: type[BaseModel] = Scenario) -> list[str]:
    """Names that are allowed at a place of a file of this model, from the JSON schema."""
    schema = model.model_json_schema()
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
