"""Data against a pydantic model: the first problem as one line, the names that a place allows."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from negotiation_abm.files.errors import InputError, shown, suggest

Kind = TypeVar("Kind")


def checked(kind: type[Kind], source: str | Path, data: Any, place: str = "") -> Kind:
    """`data` as an instance of `kind`: a pydantic model, dataclass, typed dictionary or type.

    Parameters
    ----------
    place : str
        Where `data` stands in the source, before the places that the message names.

    Raises
    ------
    InputError
        With source, place, value and what is allowed, for the first problem. A validator may raise
        a `ValueError` with a text of its own.
    """
    try:
        result: Kind = _adapter(cast(Any, kind)).validate_python(data)
        return result
    except ValidationError as error:
        problems = error.errors()
    first = next(filter(_is_name, problems), problems[0])  # a bad name explains a missing one
    parts = first["loc"]
    if _is_name(first) and first["type"] != "extra_forbidden":  # the place of a key is no name
        parts = (*parts[: -2 if parts[-1] == "[key]" else -1], first["input"])
    where = ".".join(part for part in (place, *map(str, parts)) if part)
    raise InputError(source, where, _in_words(kind, parts, dict(first))) from None


def closed_mapping(fields: Mapping[str, Any]) -> Any:
    """Type of a mapping that has these names, each with a value of its type, and no others."""
    kind = TypedDict("kind", dict(fields))  # type: ignore[misc]  # noqa: UP013
    kind.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    return kind


def fields_at(kind: Any, parents: Sequence[Any]) -> list[str]:
    """Names that are allowed at a place, from the JSON schema of `kind`."""
    return list(node_at(kind, parents).get("properties", {}))


def node_at(kind: Any, place: Sequence[Any]) -> dict[str, Any]:
    """The part of the JSON schema of `kind` that describes a place; empty if it has none."""
    schema = _schema(kind)
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


def _is_name(found: Any) -> bool:
    return found["type"] in ("extra_forbidden", "invalid_key") or "[key]" in found["loc"]


def _in_words(kind: Any, parts: Sequence[Any], found: dict[str, Any]) -> str:
    if found["type"] == "extra_forbidden":
        *parents, name = parts
        return f"unknown; {suggest(name, fields_at(kind, parents))}"
    if found["type"] == "missing":
        return "missing"
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    if found["type"] == "literal_error":
        names = re.findall(r"'([^']*)'", found["ctx"]["expected"])
        return f"{shown(found['input'])}; {suggest(found['input'], names)}"
    allowed = found["msg"][0].lower() + found["msg"][1:]
    if found["type"] in ("dict_type", "model_type", "model_attributes_type"):
        allowed = "expected a mapping of names to values"
    return f"{shown(found['input'])}: {allowed}{_quotes(found)}"


def _quotes(found: dict[str, Any]) -> str:
    """A hint for a word that YAML reads as something else: NO, 301, 2025-01-01."""
    value = found["input"]
    if found["type"] not in ("string_type", "invalid_key"):
        return ""
    if isinstance(value, bool):
        words, example = ("YES, ON and TRUE", "YES") if value else ("NO, OFF and FALSE", "NO")
        return f"; YAML reads {words} as {value}: put the word in quotes, such as '{example}'"
    if isinstance(value, int | float | dt.date):
        return f"; put it in quotes: '{value}'"
    return ""


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@lru_cache(maxsize=256)
def _schema(kind: Any) -> dict[str, Any]:
    return _adapter(kind).json_schema()


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in node.get("anyOf", []):
        if choice.get("type") != "null":
            node = choice
            break
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else node
