"""The format of a what-if: where to leave the record, and what is altered.

Shipped ones lie in ``configs/whatifs``; ``docs/whatif.md`` explains the keys.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.core.terms import Move
from negotiation_abm.files.errors import InputError, changed_by, suggest
from negotiation_abm.files.resources import find, shipped
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.scenario.fields import day_of
from negotiation_abm.scenario.load import changes_beside, reference_beside
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.schema import Day, ScriptedMove

FOLDER = "configs/whatifs"
# Places of a scenario that can be altered at a date; what lies before it is the record's.
OPEN = ("parameters", "set", "strategies", "levers", "terms", "calendar", "modules", "shocks")


class WhatIf(BaseModel):
    """One what-if: a branch from the record and its alterations."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str = Field(pattern=r"^\w[\w .-]*$", description="letters, digits, space, dot, hyphen")
    title: str = ""
    description: str = ""
    scenario: str = Field(description="path or name of a scenario with a record")
    record: str | None = Field(default=None, description="record; null: the scenario's")
    common: dict[str, Any] = Field(
        default={}, description="changes of the scenario in both branches, by dotted name"
    )
    date: Day = Field(alias="from", description="the branch: start of the week that holds it")
    set: dict[str, Any] = Field(default={}, description="changes from the branch on")
    moves: list[ScriptedMove] = Field(default=[], description="moves that are made")
    skip: list[str] = Field(default=[], description="rows or decisions of the record left out")
    strategies: dict[str, str] = Field(default={}, description="strategies from the branch on")

    _path: Path | None = PrivateAttr(default=None)  # file that it was read from

    def naming(self) -> contextlib.AbstractContextManager[None]:
        """What is wrong with a change is told of the file that asks for it, if there is one."""
        if self._path is None:
            return contextlib.nullcontext()
        places = {name: f"common.{name}" for name in self.common}
        places |= {name: f"set.{name}" for name in self.set}
        places |= {name: name for name in self.changes if name not in self.set}
        return changed_by(self._path, places)

    @property
    def changes(self) -> dict[str, Any]:
        """Changes of the scenario in the altered branch alone, by dotted name."""
        return self.set | {f"strategies.{player}": name for player, name in self.strategies.items()}


def load_whatif(reference: str | Path) -> WhatIf:
    """Read and check a what-if, by shipped name or by path.

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    path = find(reference, FOLDER, ".yaml")
    whatif = checked(WhatIf, path, read_yaml(path))
    whatif._path = path
    base, record = path.parent, whatif.record
    files = {
        "scenario": reference_beside(whatif.scenario, base),
        "record": record and reference_beside(record, base),
        "common": changes_beside(whatif.common, base),
        "set": changes_beside(whatif.set, base),
    }
    return whatif.model_copy(update=files)


def is_whatif(reference: str) -> bool:
    """Does this mean a what-if (a shipped name, or a file that has a ``from``)?"""
    if reference in shipped(FOLDER, ".yaml"):
        return True
    path = Path(reference)
    return path.suffix in (".yaml", ".yml") and path.is_file() and "from" in read_yaml(path)


def check_changes(changes: dict[str, Any]) -> None:
    """Refuse changes of what lies before the branch.

    Raises
    ------
    InputError
        If a name is no place that can be altered at a date.
    """
    for name in changes:
        first, *rest = name.split(".")
        if first in TABLE or first in OPEN:
            if first == "levers" and rest[2:] and rest[2] not in [p.name for p in LEVER_NUMBERS]:
                allowed = ", ".join(p.name for p in LEVER_NUMBERS)
                raise InputError(
                    "--set", name, f"cannot be altered at a date; allowed of a lever: {allowed}"
                )
            continue
        problem = f"cannot be altered at a date; {suggest(first, [*OPEN, *TABLE])}"
        raise InputError("--set", name, problem)


_MOVE = re.compile(r"(\d{4}-\d{2}-\d{2}):([^:]+):([^:]+)(?::([^:]+))?")


def parse_move(text: str) -> ScriptedMove:
    """A move from ``DATE:PLAYER:MOVE[:LEVER]``.

    Raises
    ------
    InputError
        If it does not have this form.

    Examples
    --------
    >>> parse_move("2025-11-01:US:ESCALATE:market_access").lever
    'market_access'
    """
    found = _MOVE.fullmatch(text)
    if found is None:
        raise InputError("--move", text, "expected DATE:PLAYER:MOVE:LEVER (SUSPEND has no lever)")
    day, player, move, lever = found.groups()
    if move not in Move.__members__:
        problem = f"unknown move '{move}'; {suggest(move, Move.__members__)}"
        raise InputError("--move", text, problem)
    try:
        date = day_of(day)
        return ScriptedMove(date=date, player=player, move=move, lever=lever)
    except (ValueError, ValidationError):
        raise InputError("--move", text, f"'{day}' is no date of the calendar") from None
