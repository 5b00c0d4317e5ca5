"""Scenarios: what a run starts from, read from YAML and checked."""

import copy
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import FILES, InputError, suggest
from negotiation_abm.files.resources import file_beside, find
from negotiation_abm.files.validation import checked, fields_at
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.scenario.checks import check_scenario
from negotiation_abm.scenario.module_inputs import refuse_faulty_modules
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.schema import Scenario

__all__ = ["Scenario", "load_scenario", "read_scenario", "scenario_of"]

FOLDER = "configs"


def load_scenario(reference: str | Path, changes: dict[str, Any] | None = None) -> Scenario:
    """Read and check a scenario, by path or by shipped name.

    Parameters
    ----------
    reference : str or Path
        Path of a YAML file, or the name of a shipped one.
    changes : dict, optional
        Dotted names with values that replace those of the file: a place in the scenario
        (``levers.US.chips.step``, ``horizon_weeks``, ``calendar.summits.0.date``; entries of
        lists count from 0) or a parameter (``fatigue``, ``initiative.US``).

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    return scenario_of(*read_scenario(reference), changes)


def read_scenario(reference: str | Path) -> tuple[Path, dict[str, Any]]:
    """Path and unchecked content of a scenario, laid over what it extends."""
    path = find(reference, FOLDER, ".yaml")
    return path, _with_base(path, read_yaml(path), ())


def scenario_of(
    path: Path, content: dict[str, Any], changes: dict[str, Any] | None = None
) -> Scenario:
    """The checked scenario of what `read_scenario` gave, with changes as in `load_scenario`."""
    refuse_faulty_modules()
    data = copy.deepcopy(content)
    for name, value in (changes or {}).items():
        _change(path, data, name, value)
    scenario = checked(Scenario, path, data)
    scenario._path = path
    check_scenario(scenario)
    return scenario


def changes_beside(changes: dict[str, Any], base: Path) -> dict[str, Any]:
    """Changes that stand in a file of `base`: what they name there is named by its full path."""
    return changes | {
        name: reference_beside(str(changes[name]), base) for name in FILES if name in changes
    }


def reference_beside(reference: str, base: Path) -> str:
    """A reference that stands in a file of `base`: a file that lies there by its full path."""
    beside = file_beside(base / reference, None)
    return reference if beside is None else str(beside.resolve())


def _with_base(path: Path, data: dict[str, Any], seen: tuple[Path, ...]) -> dict[str, Any]:
    """Lay the file over the scenario that its `extends` names."""
    reference = data.pop("extends", None)
    if reference is None:
        return data
    base_path = find(str(reference), FOLDER, ".yaml", path.parent, (path, "extends")).resolve()
    if base_path in seen or base_path == path.resolve():
        raise InputError(path, "extends", f"{reference} extends this file again")
    base = _with_base(base_path, read_yaml(base_path), (*seen, path.resolve()))
    if base_path.parent != path.resolve().parent:
        base = _beside(base, base_path.parent)
    merged: dict[str, Any] = _merged(base, data)
    return merged


def _beside(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The content of a file of another folder, with the files that lie there by their full path."""
    found = dict(content)
    if isinstance(content.get("parameters"), str):
        found["parameters"] = reference_beside(content["parameters"], folder)
    record = content.get("record")
    if isinstance(record, dict) and isinstance(record.get("file"), str):
        found["record"] = record | {"file": reference_beside(record["file"], folder)}
    return found


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
        raise InputError(path, name, f"unknown name to set; {suggest(first, allowed)}")
    *parents, last = [first, *rest]
    place: Any = data
    for depth, key in enumerate(parents):
        place = _step(path, name, place, key, parents[:depth])
    if isinstance(place, list):
        place[_entry(path, name, place, last)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise InputError(path, name, "not a place that can be set")


def _step(path: Path, name: str, place: Any, key: str, parents: list[str]) -> Any:
    """What lies at `key` of a mapping or list; an optional mapping that is missing is made."""
    if isinstance(place, list):
        return place[_entry(path, name, place, key)]
    if not isinstance(place, dict):
        raise InputError(path, name, "not a place that can be set")
    if key not in place:
        allowed = fields_at(Scenario, parents) or list(place)
        if key not in allowed:
            raise InputError(path, name, f"unknown '{key}'; {suggest(key, allowed)}")
    return place.setdefault(key, {})


def _entry(path: Path, name: str, entries: list[Any], key: str) -> int:
    """Position in a list, counted from 0."""
    if not key.isdecimal() or int(key) >= len(entries):
        last = len(entries) - 1
        allowed = f"allowed: 0 to {last}" if entries else "the list is empty"
        raise InputError(path, name, f"'{key}' is no entry of the list; {allowed}")
    return int(key)
