"""Facts with provenance: what the source documents state, checked against their schema."""

from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import read_yaml, shipped
from negotiation_abm.record.load import CERTAINTIES

REQUIRED = ("id", "value", "unit", "date", "source", "certainty", "statement")
OPTIONAL = ("claims", "conflict", "note")


def load_facts(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Facts by id, from `path` or the shipped file.

    Raises
    ------
    InputError
        If an entry lacks a field, repeats an id, or names a source that is not listed beside it.
    """
    path = path or shipped("seeds", ".yaml")["facts"]
    sources = _source_ids(path)
    facts: dict[str, dict[str, Any]] = {}
    entries = read_yaml(path).get("facts") or ()
    if not isinstance(entries, list):
        raise InputError(path, "facts", "expected a list")
    for number, entry in enumerate(entries):
        place = f"facts.{number}"
        if not isinstance(entry, dict):
            raise InputError(path, place, "expected a mapping")
        place = f"facts.{entry.get('id', number)}"
        _check_entry(path, place, entry, sources)
        if entry["id"] in facts:
            raise InputError(path, place, "this id is given twice")
        facts[entry["id"]] = entry
    return facts


def check_facts(path: Path) -> int:
    """Check a file of facts; returns how many it holds."""
    return len(load_facts(path))


def _source_ids(path: Path) -> set[str] | None:
    """Ids of the sources listed in the file beside, if there is one."""
    beside = path.with_name("sources.yaml")
    if not beside.is_file():
        return None
    data = read_yaml(beside)
    return set(source_ids(beside, data))


def source_ids(path: Path, data: dict[str, Any]) -> list[str]:
    """Ids of the documents and outside sources that a file of sources lists."""
    ids = []
    for name in ("sources", "outside"):
        entries = data.get(name, [])
        if not isinstance(entries, list):
            raise InputError(path, name, "expected a list")
        for number, entry in enumerate(entries):
            if not isinstance(entry, dict) or "id" not in entry:
                raise InputError(path, f"{name}.{number}", "expected a mapping with an id")
            ids.append(str(entry["id"]))
    return ids


def _check_entry(path: Path, place: str, entry: dict[str, Any], sources: set[str] | None) -> None:
    for name in REQUIRED:
        if name not in entry:
            raise InputError(path, f"{place}.{name}", "missing")
    for name in entry:
        if name not in (*REQUIRED, *OPTIONAL):
            raise InputError(
                path, f"{place}.{name}", f"unknown; {suggest(name, (*REQUIRED, *OPTIONAL))}"
            )
    if not isinstance(entry["id"], str):
        raise InputError(path, f"{place}.id", f"{entry['id']!r} is not a text")
    if not isinstance(entry["source"], list):
        raise InputError(path, f"{place}.source", f"{entry['source']!r} is not a list")
    if entry["certainty"] not in CERTAINTIES:
        raise InputError(
            path,
            f"{place}.certainty",
            f"'{entry['certainty']}'; {suggest(entry['certainty'], CERTAINTIES)}",
        )
    if sources is not None:
        for source in entry["source"]:
            if str(source) not in sources:
                raise InputError(
                    path, f"{place}.source", f"unknown '{source}'; {suggest(source, sources)}"
                )
