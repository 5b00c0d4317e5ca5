"""The observed sequence of moves: load and check a record, of 2025 or of any other episode.

The format is described in ``docs/record.md``; `COLUMNS` is its definition.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find, read_text
from negotiation_abm.scenario.load import Scenario

FOLDER = "seeds"
LEVER_MOVES = ("ESCALATE", "THREATEN", "CONCEDE")
FORUMS = ("ROUND", "CALL", "SUMMIT")
MOVES = (*LEVER_MOVES, "SUSPEND", *FORUMS, "DELIVER")
CERTAINTIES = ("seed", "outside", "general_knowledge")
BOTH = "both"


@dataclass(frozen=True)
class Row:
    """One row of a record; the fields are the columns of the file, `line` its line number."""

    line: int
    id: str
    date: dt.date
    player: str
    move: str = ""
    lever: str = ""
    level: float | None = None
    loaded: float | None = None
    lead_weeks: int | None = None
    expires: dt.date | None = None
    rate_pp: float | None = None
    decision: str = ""
    quiet: bool = False
    agency: bool = False
    counted: bool = True
    certainty: str = "outside"
    source: str = ""
    statement: str = ""
    not_represented: str = ""


@dataclass(frozen=True)
class Record:
    """A checked record: its rows in order, and the file that they come from."""

    path: Path
    rows: tuple[Row, ...]


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
    reader = csv.DictReader(io.StringIO(read_text(path)), strict=True)
    try:
        header = reader.fieldnames or []
        _check_header(path, list(header))
        rows = tuple(_row(path, reader.line_num, raw) for raw in reader)
    except csv.Error as error:
        line = reader.reader.line_num
        raise InputError(path, f"line {line}", f"not valid CSV: {error}") from None
    if not rows:
        raise InputError(path, "", "no rows")
    _check_order(path, rows)
    return Record(path, rows)


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return parse


def _choice(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError
        return text

    return parse


def _flag(text: str) -> bool:
    return {"1": True, "0": False}[text]


def _day(text: str) -> dt.date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError
    return dt.date.fromisoformat(text)


def _weeks(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 1040:
        raise ValueError
    return value


_LEVEL = (_number(0.0, 1.0), "a number from 0 to 1")
_DATE = (_day, "a date YYYY-MM-DD")

COLUMNS: dict[str, tuple[Callable[[str], Any], str]] = {
    "id": (str, "a text"),
    "date": _DATE,
    "player": (str, "a player of the scenario, or both"),
    "move": (_choice(MOVES), ", ".join(MOVES)),
    "lever": (str, "a lever of the player"),
    "level": _LEVEL,
    "loaded": _LEVEL,
    "lead_weeks": (_weeks, "whole weeks from 0 to 1040"),
    "expires": _DATE,
    "rate_pp": (_number(-100.0, 10_000.0), "a number of percentage points"),
    "decision": (str, "a text"),
    "quiet": (_flag, "1 or 0"),
    "agency": (_flag, "1 or 0"),
    "counted": (_flag, "1 or 0"),
    "certainty": (_choice(CERTAINTIES), ", ".join(CERTAINTIES)),
    "source": (str, "a text"),
    "statement": (str, "a text"),
    "not_represented": (str, "a text"),
}
REQUIRED = ("id", "date", "player", "move")


def _check_header(path: Path, header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise InputError(path, "line 1", f"unknown column '{name}'; {suggest(name, COLUMNS)}")
        if header.count(name) > 1:
            raise InputError(path, "line 1", f"column '{name}' is given twice")
    for name in REQUIRED:
        if name not in header:
            raise InputError(path, "line 1", f"column '{name}' is missing")


def _row(path: Path, line: int, raw: dict[str | Any, str | Any]) -> Row:
    if None in raw or None in raw.values():
        raise InputError(path, f"line {line}", "not as many fields as the header has columns")
    values: dict[str, Any] = {}
    for name, text in raw.items():
        if text.strip() == "":
            continue
        parse, allowed = COLUMNS[name]
        try:
            values[name] = parse(text.strip())
        except (ValueError, KeyError):
            hint = f"; {suggest(text, MOVES)}" if name == "move" else f"; allowed: {allowed}"
            raise InputError(path, f"line {line}, {name}", f"'{text}'{hint}") from None
    for name in ("id", "date", "player"):
        if name not in values:
            raise InputError(path, f"line {line}, {name}", "missing")
    row = Row(line=line, **values)
    _check_row(path, row)
    return row


def _check_row(path: Path, row: Row) -> None:
    """Columns that belong to a move stand with that move, and only there."""

    def refuse(column: str, problem: str) -> InputError:
        return InputError(path, f"line {row.line} ({row.id}), {column}", problem)

    if not row.move:
        if not row.not_represented:
            raise refuse("move", f"missing; give a move ({', '.join(MOVES)}) or not_represented")
        return
    if row.move in FORUMS:
        if row.player != BOTH:
            raise refuse("player", f"'{row.player}'; a {row.move} is of both")
        for column in ("lever", "level", "loaded", "lead_weeks", "expires", "rate_pp"):
            if getattr(row, column) not in (None, ""):
                raise refuse(column, f"a {row.move} has none")
        return
    if row.player == BOTH:
        raise refuse("player", f"both; a {row.move} has one player")
    if row.move in LEVER_MOVES and not row.lever:
        raise refuse("lever", f"missing; {row.move} needs a lever")
    if row.quiet and row.move not in ("ESCALATE", "CONCEDE"):
        raise refuse("quiet", f"1; only ESCALATE and CONCEDE can be quiet, not {row.move}")
    if row.move == "DELIVER":
        if row.level is None or not row.decision:
            raise refuse("decision", "a DELIVER needs the pledge's name there and a level")
        return
    if row.level is not None and not row.lever:
        raise refuse("lever", "missing; a level needs a lever")
    if row.move == "THREATEN" and row.lead_weeks is None:
        raise refuse("lead_weeks", "missing; THREATEN needs the weeks to its date")
    if row.level is not None and row.loaded is not None and row.level + row.loaded > 1 + 1e-9:
        raise refuse("loaded", f"{row.level} in force and {row.loaded} loaded exceed 1")
    if row.expires is not None and (row.move != "SUSPEND" or row.expires < row.date):
        raise refuse("expires", f"{row.expires}; only a SUSPEND has one, not before its own date")


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

    Rows before the start are history and allowed; rows after the horizon are refused.
    """
    for row in record.rows:
        place = f"line {row.line} ({row.id})"
        if row.player != BOTH and row.player not in scenario.players:
            raise InputError(
                record.path,
                f"{place}, player",
                f"unknown '{row.player}'; {suggest(row.player, [*scenario.players, BOTH])}",
            )
        if row.lever and (row.player == BOTH or row.lever not in scenario.levers[row.player]):
            known = scenario.levers[row.player] if row.player != BOTH else ()
            raise InputError(
                record.path,
                f"{place}, lever",
                f"unknown lever '{row.lever}' of {row.player}; {suggest(row.lever, known)}",
            )
        if row.level is not None and row.move not in ("THREATEN", "DELIVER"):
            lever = scenario.levers[row.player][row.lever]
            if not lever.floor - 1e-9 <= row.level <= lever.cap + 1e-9:
                raise InputError(
                    record.path,
                    f"{place}, level",
                    f"{row.level:g}; allowed for {row.lever}: {lever.floor:g} (its floor) to "
                    f"{lever.cap:g} (its cap)",
                )
        if row.move == "DELIVER":
            delivery = scenario.modules.delivery
            owners = {p.name: p.player for p in delivery.pledges} if delivery else {}
            if delivery and row.decision not in owners:
                raise InputError(
                    record.path,
                    f"{place}, decision",
                    f"unknown pledge '{row.decision}'; {suggest(row.decision, owners)}",
                )
            if delivery and row.player != owners[row.decision]:
                raise InputError(
                    record.path,
                    f"{place}, player",
                    f"'{row.player}'; '{row.decision}' is a pledge of {owners[row.decision]}",
                )
        if row.date >= scenario.end:
            last = scenario.end - dt.timedelta(days=1)
            raise InputError(
                record.path,
                f"{place}, date",
                f"{row.date} is outside the horizon of {scenario.name}; allowed: to {last}",
            )
