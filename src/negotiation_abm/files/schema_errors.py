"""What a pydantic model says about a place: its errors as one line, the names it allows."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from negotiation_abm.files.errors import InputError, nearest


def readable(path: Path, error: ValidationError, model: type[BaseModel]) -> InputError:
    """The first problem that pydantic found, as one line."""
    problems = error.errors()
    unknown = [item for item in problems if item["type"] == "extra_forbidden"]
    first = (unknown or problems)[0]  # a misspelt name explains a missing one
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *parents, name = first["loc"]
        return InputError(path, place, f"unknown; {nearest(name, fields_at(model, parents))}")
    if first["type"] == "missing":
        return InputError(path, place, "missing")
    allowed = first["msg"][0].lower() + first["msg"][1:]
    value = repr(first["input"])
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    return InputError(path, place, f"{shown}: {allowed}")


def fields_at(model: type[BaseModel], parents: Sequence[Any]) -> list[str]:
    """Names that are allowed at a place, from the JSON schema of `model`."""
    return list(node_at(model, parents).get("properties", {}))


def node_at(model: type[BaseModel], place: Sequence[Any]) -> dict[str, Any]:
    """The part of the JSON schema of `model` that describes a place; empty if it has none."""
    schema = _schema(model)
    node: Any = schema
    for part in place:
        node = _resolved(schema, node)
        if isinstance(part, int) or node.get("type") == "array":
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties", {})
        if not isinstance(node, dict):  # additionalProperties: false
            return {}
    return _resolved(schema, node)


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", []):
        if choice.get("type") != "null":
            node = choice
            break
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else node
