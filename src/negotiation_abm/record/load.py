"""The observed sequence of moves: load and check a record, of 2025 or of any other episode.

The format is described in ``docs/record.md``; `Row` is its definition.
"""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find
from negotiation_abm.files.sheets import Sheet, read_sheet
from negotiation_abm.record.schema import (
    BOTH,
    CERTAINTIES,
    FORUMS,
    LEVER_MOVES,
    MOVES,
    Record,
    Row,
    check_row,
)
from negotiation_abm.scenario.schema import Scenario

__all__ = [
    "BOTH",
    "CERTAINTIES",
    "FORUMS",
    "LEVER_MOVES",
    "MOVES",
    "Record",
    "Row",
    "check_against",
    "load_record",
]

FOLDER = "seeds"
COLUMNS = [column.name for column in dataclasses.fields(Row) if column.name != "line"]
REQUIRED = ("id", "date", "player", "move")
DECIMALS = ("level", "loaded", "rate_pp")
_ROW = TypeAdapter(Row)


def load_record(
    reference: str | Path, base: Path | None = None, named_in: tuple[Path, str] | None = None
) -> Record:
    """Read a record (CSV) and check it by itself; `check_against` holds it to a scenario.

    Raises
    ------
    InputError
        With file, line, column, value and what is allowed.
    """
    path = find(reference, FOLDER, ".csv", base, named_in)
    sheet = read_sheet(path)
    _check_header(path, sheet.header)
    rows = tuple(_row(sheet, line, cells) for line, cells in sheet.rows)
    if not rows:
        raise InputError(path, "", "no rows")
    _check_order(path, rows)
    return Record(path, rows)


def _check_header(path: Path, header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise InputError(path, "line 1", f"unknown column '{name}'; {suggest(name, COLUMNS)}")
        if header.count(name) > 1:
            raise InputError(path, "line 1", f"column '{name}' is given twice")
    for name in REQUIRED:
        if name not in header:
            raise InputError(path, "line 1", f"column '{name}' is missing")


def _row(sheet: Sheet, line: int, cells: list[str]) -> Row:
    given = {name: text for name, text in zip(sheet.header, cells, strict=True) if text}
    numbers = {name: sheet.number(given[name]) for name in DECIMALS if name in given}
    try:
        row = _ROW.validate_python({"line": line} | given | numbers)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        problem = f"'{given[name]}'; {_allowed(name, given[name])}" if name in given else "missing"
        raise InputError(sheet.path, f"line {line}, {name}", problem) from None

    def refuse(column: str, problem: str) -> InputError:
        return InputError(sheet.path, f"line {line} ({row.id}), {column}", problem)

    check_row(row, refuse)
    return row


def _allowed(name: str, text: str) -> str:
    """What is allowed in a column: the words that stand in the type of its field."""
    if name == "move":
        return suggest(text, MOVES)
    hint: Any = get_type_hints(Row, include_extras=True)[name]
    hint = hint if hasattr(hint, "__metadata__") else get_args(hint)[0]  # of one or none
    words = next(word for word in hint.__metadata__ if isinstance(word, str))
    return f"allowed: {words}"


def _check_order(path: Path, rows: tuple[Row, ...]) -> None:
    seen: dict[str, int] = {}
    owners: dict[str, str] = {}
    for before, row in zip((rows[0], *rows), rows, strict=False):
        if row.date < before.date:
            raise InputError(
                path,
                f"line {row.line} ({row.id}), date",
                f"{row.date} comes before the row above it ({before.date}); rows go by date",
            )
        if row.id in seen:
            raise InputError(
                path, f"line {row.line}, id", f"'{row.id}' stands on line {seen[row.id]} too"
            )
        seen[row.id] = row.line
        if row.decision and owners.setdefault(row.decision, row.player) != row.player:
            raise InputError(
                path,
                f"line {row.line} ({row.id}), decision",
                f"'{row.decision}' belongs to {owners[row.decision]}, not {row.player}",
            )


def check_against(record: Record, scenario: Scenario) -> None:
    """Check that players, levers and dates of `record` are those of `scenario`.

    Rows before the start are history and allowed; rows after the horizon are refused. Rows that are
    not represented may be of anyone.

    Raises
    ------
    InputError
        With file, line, column, value and what is allowed.
    """
    for row in record.rows:
        place = f"line {row.line} ({row.id})"
        if row.date >= scenario.end:
            last = scenario.end - dt.timedelta(days=1)
            raise InputError(
                record.path,
                f"{place}, date",
                f"{row.date} is outside the horizon of {scenario.name}; allowed: to {last}",
            )
        if not row.not_represented:
            _check_names(record.path, place, row, scenario)


def _check_names(path: Path, place: str, row: Row, scenario: Scenario) -> None:
    if row.player != BOTH and row.player not in scenario.players:
        problem = f"unknown '{row.player}'; {suggest(row.player, [*scenario.players, BOTH])}"
        raise InputError(path, f"{place}, player", problem)
    levers = scenario.levers.get(row.player, {})
    if row.lever and row.lever not in levers:
        problem = f"unknown lever '{row.lever}' of {row.player}; {suggest(row.lever, levers)}"
        raise InputError(path, f"{place}, lever", problem)
    if row.move == "DELIVER":
        _check_delivery(path, place, row, scenario)
    elif row.level is not None and row.move != "THREATEN":
        lever = levers[row.lever]
        if not lever.floor - 1e-9 <= row.level <= lever.cap + 1e-9:
            problem = (
                f"{row.level:g}; allowed for {row.lever}: {lever.floor:g} (its floor) to "
                f"{lever.cap:g} (its cap)"
            )
            raise InputError(path, f"{place}, level", problem)


def _check_delivery(path: Path, place: str, row: Row, scenario: Scenario) -> None:
    delivery = scenario.modules.delivery
    if delivery is None:
        return
    owners = {pledge.name: pledge.player for pledge in delivery.pledges}
    if row.decision not in owners:
        problem = f"unknown pledge '{row.decision}'; {suggest(row.decision, owners)}"
        raise InputError(path, f"{place}, decision", problem)
    if row.player != owners[row.decision]:
        problem = f"'{row.player}'; '{row.decision}' is a pledge of {owners[row.decision]}"
        raise InputError(path, f"{place}, player", problem)
