"""Facts with provenance: what the source documents state, checked against their schema."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import shipped
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.record.schema import CERTAINTIES


def _certainty(text: str) -> str:
    if text not in CERTAINTIES:
        raise ValueError(f"'{text}'; {suggest(text, CERTAINTIES)}")
    return text


class Fact(BaseModel):
    """One fact; ``docs/data.md`` explains the keys."""

    model_config = ConfigDict(extra="forbid")

    id: str
    value: Any
    unit: str
    date: Any
    source: list[Any]
    certainty: Annotated[str, AfterValidator(_certainty)]
    statement: str
    claims: Any = None
    conflict: Any = None
    note: str | None = None


class _Source(BaseModel):
    id: Any


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
    entries = checked(list[dict[str, Any]], path, read_yaml(path).get("facts") or [], "facts")
    for number, entry in enumerate(entries):
        place = f"facts.{entry.get('id', number)}"
        fact = checked(Fact, path, entry, place)
        if sources is not None:
            for source in map(str, fact.source):
                if source not in sources:
                    problem = f"unknown '{source}'; {suggest(source, sources)}"
                    raise InputError(path, f"{place}.source", problem)
        if fact.id in facts:
            raise InputError(path, place, "this id is given twice")
        facts[fact.id] = fact.model_dump(exclude_unset=True)
    return facts


def check_facts(path: Path) -> int:
    """Check a file of facts; returns how many it holds."""
    return len(load_facts(path))


def _source_ids(path: Path) -> set[str] | None:
    """Ids of the sources listed in the file beside, if there is one."""
    beside = path.with_name("sources.yaml")
    return set(source_ids(beside, read_yaml(beside))) if beside.is_file() else None


def source_ids(path: Path, data: dict[str, Any]) -> list[str]:
    """Ids of the documents and outside sources that a file of sources lists."""
    listed = [
        checked(list[_Source], path, data.get(name, []), name) for name in ("sources", "outside")
    ]
    return [str(source.id) for entries in listed for source in entries]
