"""A dry run: everything that is wrong with a record, and what its coder may not have meant.

`replay_record` stops at the first row that it cannot use; this lists them all.
"""

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.record.load import Record, Row, examine_record, misfits
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.schema import Scenario


@dataclass(frozen=True)
class Fault:
    """Something that must change before a record can be used, or a warning.

    Attributes
    ----------
    line, id, column, date, move : int, str, str, str, str
        Where it is, as far as that is known; without a line it is not about one row.
    problem : str
        What is wrong, and what would be right.
    legal : tuple of str
        What the side could have done at this point; empty if the fault is not one of rules.
    """

    file: str
    problem: str
    line: int = 0
    id: str = ""
    column: str = ""
    date: str = ""
    move: str = ""
    legal: tuple[str, ...] = ()

    def __str__(self) -> str:
        row = (f"line {self.line}" if self.line else "") + (f" ({self.id})" if self.id else "")
        place = ", ".join(part for part in (row, self.column or self.date) if part)
        return ": ".join(part for part in (self.file, place, self.problem) if part)


@dataclass
class Examined:
    """What a dry run found, by line."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def examine_file(path: Path) -> tuple[Record, Examined]:
    """A record by itself: every cell and row that cannot be read."""
    record, problems = examine_record(path)
    return record, Examined([of_error(error) for error in problems])


def examine(scenario: Scenario, record: Record) -> Examined:
    """A readable record under its scenario.

    First what does not fit (names, levels, dates). If all fits, the record is replayed: each row
    that the rules do not allow, judged as if the illegal rows before it had not been, and every
    warning.
    """
    unfit = [of_error(error) for error in misfits(record, scenario)]
    if unfit:
        return Examined(unfit)
    return _dry_run(build_game(scenario), record)


def _dry_run(game: Game, record: Record) -> Examined:
    replay = replay_record(game, record, skip_illegal=True)
    rows = {row.id: row for row in record.rows}
    faults = [
        _of_row(record, rows[one.id], one.reason, one.legal)
        for one in replay.unplaced
        if one.is_illegal
    ]
    warnings = [
        _of_row(record, rows[one.id], one.text)
        if one.line
        else Fault(str(game.scenario.path), one.text)
        for one in replay.warnings
    ]
    return Examined(sorted(faults, key=lambda fault: fault.line), warnings)


def _of_row(record: Record, row: Row, problem: str, legal: tuple[str, ...] = ()) -> Fault:
    move = f"{row.player} {row.move} {row.lever}".strip()
    return Fault(
        str(record.path), problem, row.line, row.id, date=str(row.date), move=move, legal=legal
    )


def of_error(error: InputError) -> Fault:
    """What an error of reading says; its place is that of a row: ``line 3 (x), column``."""
    found = re.fullmatch(r"line (\d+)(?: \((.*)\))?(?:, (\w+))?", error.place)
    if found is None:
        problem = ": ".join(part for part in (error.place, error.problem) if part)
        return Fault(error.source, problem)
    line, row_id, column = found.groups()
    return Fault(error.source, error.problem, int(line), row_id or "", column or "")


def as_data(fault: Fault) -> dict[str, Any]:
    """A fault as plain data; what is not known is None."""
    return {name: value or None for name, value in asdict(fault).items()} | {
        "legal": list(fault.legal)
    }
