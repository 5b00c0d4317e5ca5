"""The observed sequence of moves: load and check a record, of 2025 or of any other episode.

The format is described in ``docs/record.md``; `Row` is its definition.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find
from negotiation_abm.files.sheets import Sheet, read_sheet
from negotiation_abm.record.schema import (
    ASIDE,
    BOTH,
    CERTAINTIES,
    FORUMS,
    LEVER_MOVES,
    MOVES,
    TALKS,
    Record,
    Row,
    check_row,
    levers_of,
)
from negotiation_abm.scenario.schema import Scenario

__all__ = [
    "ASIDE",
    "BOTH",
    "CERTAINTIES",
    "FORUMS",
    "LEVER_MOVES",
    "MOVES",
    "TALKS",
    "Record",
    "Row",
    "check_against",
    "levers_of",
    "load_record",
    "own_record",
]

FOLDER = "seeds"
COLUMNS = [column.name for column in dataclasses.fields(Row) if column.name != "line"]
REQUIRED = ("id", "date", "player", "move")
DECIMALS = ("level", "loaded", "rate_pp")
DAYS = ("date", "date_due", "expires")
FLAGS = ("ends_truce", "quiet", "agency", "counted")
NOTHING = ("NA", "N/A", "#N/A", "NaN", "nan", "NULL", "None")  # what programs write for no value
UNSAID = ("decision", "not_represented")  # texts that say something even if they say "NA"
MOST_ROWS = 100_000
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
    record, problems = examine_record(find(reference, FOLDER, ".csv", base, named_in))
    raise_first(problems)
    return record


def own_record(scenario: Scenario, need: str) -> Record:
    """The record that a scenario names.

    Parameters
    ----------
    need : str
        What it is needed for, to be said where the scenario names none.

    Raises
    ------
    InputError
        If the scenario names none; as `load_record`.
    """
    if scenario.record is None:
        raise InputError(scenario.path, "record", f"missing; {need}")
    return load_record(scenario.record.file, scenario.path.parent, (scenario.path, "record.file"))


def raise_first(problems: list[InputError]) -> None:
    """Raise the first of some faults, if there is one, and say how many more there are."""
    if not problems:
        return
    first, others = problems[0], len(problems) - 1
    more = f"; {others} more: negotiation-abm check lists all" if others else ""
    raise InputError(first.source, first.place, first.problem + more)


def examine_record(path: Path) -> tuple[Record, list[InputError]]:
    """Read a record as far as it can be read, and list everything that is wrong with it by itself.

    Returns
    -------
    record : Record
        The rows that are right.
    problems : list of InputError
        Bad cells and rows by line, then what is wrong with the order of the rows. Empty: the record
        can be used.

    Raises
    ------
    InputError
        If the file is no table, its header is not that of a record, or it has too many rows.
    """
    sheet = read_sheet(path)
    _check_header(path, sheet.header)
    if len(sheet.rows) > MOST_ROWS:
        raise InputError(path, "", f"{len(sheet.rows):,} rows; allowed: up to {MOST_ROWS:,}")
    rows: list[Row] = []
    problems: list[InputError] = []
    for line, cells in sheet.rows:
        try:
            rows.append(_row(sheet, line, cells))
        except InputError as error:
            problems.append(error)
    if not sheet.rows:
        problems.append(InputError(path, "", "no rows"))
    problems.extend(_misplaced(path, rows))
    return Record(path, tuple(rows)), problems


def _check_header(path: Path, header: list[str]) -> None:
    if "" in header:
        problem = "a column without a name holds something; give its name, or delete it"
        raise InputError(path, "line 1", problem)
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
    for name in UNSAID:
        if given.get(name) in NOTHING:
            problem = f"'{given[name]}'; leave the cell empty where nothing is given"
            raise InputError(sheet.path, f"line {line}, {name}", problem)
    read = {name: sheet.number(given[name]) for name in DECIMALS if name in given}
    read |= {name: sheet.flag(given[name]) for name in FLAGS if name in given}
    if "lead_weeks" in given:
        read["lead_weeks"] = sheet.whole(given["lead_weeks"])
    read |= {name: sheet.day(given[name]) for name in DAYS if name in given}
    try:
        row = _ROW.validate_python({"line": line} | given | read)
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
    if name in DAYS and re.fullmatch(r"\d[\d ./\u2010-\u2015-]+", text):
        words += "; if a spreadsheet has changed it, give its column that format and save again"
    return f"allowed: {words}"


def _misplaced(path: Path, rows: list[Row]) -> Iterator[InputError]:
    """What is wrong with the rows beside each other: dates, ids, owners of packages."""
    seen: dict[str, int] = {}
    owners: dict[str, str] = {}
    for before, row in zip((rows[:1] + rows), rows, strict=False):
        if row.date < before.date:
            yield InputError(
                path,
                f"line {row.line} ({row.id}), date",
                f"{row.date} comes before the row above it ({before.date}); rows go by date",
            )
        if row.id in seen:
            yield InputError(
                path, f"line {row.line}, id", f"'{row.id}' stands on line {seen[row.id]} too"
            )
        seen.setdefault(row.id, row.line)
        if row.decision and owners.setdefault(row.decision, row.player) != row.player:
            yield InputError(
                path,
                f"line {row.line} ({row.id}), decision",
                f"'{row.decision}' belongs to {owners[row.decision]}, not {row.player}",
            )


def check_against(record: Record, scenario: Scenario) -> None:
    """Check that players, levers and dates of `record` are those of `scenario`.

    Raises
    ------
    InputError
        With file, line, column, value and what is allowed: the first of `misfits`.
    """
    raise_first(list(misfits(record, scenario)))


def misfits(record: Record, scenario: Scenario) -> Iterator[InputError]:
    """All places where `record` does not fit `scenario`: players, levers, levels, dates.

    Rows before the start are history and allowed; the first row after the horizon is named, with
    the horizon that would hold them all, and so is an end of observation after it. Rows that are
    not represented may be of anyone.
    """
    after = False
    for row in record.rows:
        place = f"line {row.line} ({row.id})"
        if row.date >= scenario.end and not after:
            after = True
            problem = _outside(row.date, record.rows[-1].date, scenario)
            yield InputError(record.path, f"{place}, date", problem)
        if not row.not_represented:
            try:
                _check_names(record.path, place, row, scenario)
            except InputError as error:
                yield error
    until = scenario.record.until if scenario.record else None
    if until is not None and until >= scenario.end and not after:
        problem = f"{_outside(until, until, scenario)}, or give an earlier date"
        yield InputError(scenario.path, "record.until", problem)


def _outside(date: dt.date, last: dt.date, scenario: Scenario) -> str:
    """That a date lies after the horizon, and how many weeks would reach the `last` one."""
    weeks = scenario.turn_of(last) + 1
    return (
        f"{date} is outside the horizon of {scenario.name}; "
        f"allowed: to {scenario.end - dt.timedelta(days=1)}; "
        f"write horizon_weeks: {weeks} in the scenario to reach {last}"
    )


def _check_names(path: Path, place: str, row: Row, scenario: Scenario) -> None:
    if row.player != BOTH and row.player not in scenario.players:
        problem = (
            f"unknown '{row.player}'; {suggest(row.player, [*scenario.players, BOTH])}; an act of "
            "anyone else needs not_represented"
        )
        raise InputError(path, f"{place}, player", problem)
    levers = scenario.levers.get(row.player, {})
    if row.lever and row.lever not in levers:
        problem = f"unknown lever '{row.lever}' of {row.player}; {suggest(row.lever, levers)}"
        raise InputError(path, f"{place}, lever", problem)
    for owner, name in levers_of(row.covers):
        _check_covered(path, place, owner, name, scenario)
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


def _check_covered(path: Path, place: str, owner: str, lever: str, scenario: Scenario) -> None:
    if owner not in scenario.players:
        problem = f"unknown player '{owner}'; {suggest(owner, scenario.players)}"
    elif lever not in scenario.levers[owner]:
        problem = f"unknown lever '{lever}' of {owner}; {suggest(lever, scenario.levers[owner])}"
    else:
        return
    raise InputError(path, f"{place}, covers", problem)


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
