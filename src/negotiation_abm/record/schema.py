"""The format of a record: every column, what is allowed in it, and what it means."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

LEVER_MOVES = ("ESCALATE", "THREATEN", "CONCEDE")
FORUMS = ("ROUND", "CALL", "SUMMIT")
TALKS = ("PROLONG", "BREAK_OFF")
ASIDE = ("DELIVER", *TALKS)  # acts that are no choice of the game
MOVES = (*LEVER_MOVES, "SUSPEND", *FORUMS, *ASIDE)
CERTAINTIES = ("seed", "outside", "general_knowledge")
BOTH = "both"


def _one_of(allowed: tuple[str, ...]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return AfterValidator(check)


def _pattern(pattern: str) -> BeforeValidator:
    """Only a text of this form: pydantic takes many more for a date or a truth."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError(value)
        return value

    return BeforeValidator(check)


def _levers() -> AfterValidator:
    """Levers of either side, with their owners: `levers_of` reads them."""

    def check(text: str) -> str:
        if not all(re.fullmatch(r"[^.;\s]+\.[^.;\s]+", one.strip()) for one in text.split(";")):
            raise ValueError(text)
        return text

    return AfterValidator(check)


_Text = Annotated[str, "a text"]
_Day = Annotated[dt.date, _pattern(r"\d{4}-\d{2}-\d{2}"), "a date YYYY-MM-DD"]
_Flag = Annotated[bool, _pattern("[01]"), "1 or 0"]
_Level = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), "a number from 0 to 1, as 0.4"]
_Levers = Annotated[str, _levers(), "levers as PLAYER.lever, apart by semicolons"]
_Weeks = Annotated[int, Field(ge=-1, le=1040), "whole weeks from 0 to 1040; -1 for no date"]
_Rate = Annotated[float, Field(ge=-100, le=10_000), "a number of percentage points"]


@dataclass(frozen=True)
class Row:
    """One row of a record; the fields are the columns of the file, `line` its line number."""

    line: int
    id: _Text
    date: _Day
    player: Annotated[str, "a player of the scenario, or both"]
    move: Annotated[str, _one_of(MOVES), ", ".join(MOVES)] = ""
    lever: Annotated[str, "a lever of the player"] = ""
    level: _Level | None = None
    loaded: _Level | None = None
    lead_weeks: _Weeks | None = None
    date_due: _Day | None = None
    expires: _Day | None = None
    covers: _Levers = ""
    ends_truce: _Flag = False
    rate_pp: _Rate | None = None
    decision: _Text = ""
    quiet: _Flag = False
    agency: _Flag = False
    counted: _Flag = True
    certainty: Annotated[str, _one_of(CERTAINTIES), ", ".join(CERTAINTIES)] = "outside"
    source: _Text = ""
    statement: _Text = ""
    not_represented: _Text = ""


def levers_of(covers: str) -> list[tuple[str, str]]:
    """Owner and name of each lever in a cell of the column `covers`.

    >>> levers_of("US.market_access; CHINA.rare_earths")
    [('US', 'market_access'), ('CHINA', 'rare_earths')]
    """
    parts = [one.strip().partition(".") for one in covers.split(";") if one.strip()]
    return [(owner, lever) for owner, _, lever in parts]


@dataclass(frozen=True)
class Record:
    """A checked record: its rows in order, and the file that they come from."""

    path: Path
    rows: tuple[Row, ...]


def check_row(row: Row, refuse: Callable[[str, str], Exception]) -> None:
    """Columns that belong to a move stand with that move, and only there."""
    if not row.move:
        if not row.not_represented:
            raise refuse("move", f"missing; give a move ({', '.join(MOVES)}) or not_represented")
        return
    if row.move in FORUMS:
        if row.player != BOTH:
            raise refuse("player", f"'{row.player}'; a {row.move} is of both")
        _has_none(row, (*_OF_LEVERS, "lead_weeks", "date_due", "expires", "covers"), refuse)
        return
    if row.player == BOTH:
        raise refuse("player", f"both; a {row.move} has one player, so each side needs a row")
    if row.move in LEVER_MOVES and not row.lever:
        raise refuse("lever", f"missing; {row.move} needs a lever")
    if row.quiet and row.move not in ("ESCALATE", "CONCEDE"):
        raise refuse("quiet", f"1; only ESCALATE and CONCEDE can be quiet, not {row.move}")
    _check_truce(row, refuse)
    if row.move in TALKS:
        _check_act(row, refuse)
        return
    _check_due(row, refuse)
    if row.loaded is not None and not _gets_level(row):
        problem = f"{row.loaded:g}; it needs a lever and the level that this row leaves in force"
        raise refuse("loaded", problem)
    if row.move == "DELIVER":
        if row.level is None or not row.decision:
            raise refuse("decision", "a DELIVER needs the pledge's name there and a level")
        return
    if row.level is not None and not row.lever:
        raise refuse("lever", "missing; a level needs a lever")
    if row.level is not None and row.loaded is not None and row.level + row.loaded > 1 + 1e-9:
        raise refuse("loaded", f"{row.level} in force and {row.loaded} loaded exceed 1")


_OF_LEVERS = ("lever", "level", "loaded", "rate_pp")


def _has_none(row: Row, columns: tuple[str, ...], refuse: Callable[[str, str], Exception]) -> None:
    for column in columns:
        if getattr(row, column) not in (None, ""):
            raise refuse(column, f"a {row.move} has none")


def _check_truce(row: Row, refuse: Callable[[str, str], Exception]) -> None:
    """What only an agreement has, and what only a step can do to a truce."""
    dated = row.move in ("SUSPEND", "PROLONG")
    if row.expires is not None and (not dated or row.expires < row.date):
        problem = f"{row.expires}; only a SUSPEND or a PROLONG has one, not before its own date"
        raise refuse("expires", problem)
    if row.covers and row.move != "SUSPEND":
        raise refuse("covers", f"'{row.covers}'; only a SUSPEND names what is covered")
    if row.ends_truce and row.move not in ("ESCALATE", "THREATEN"):
        problem = f"1; only an ESCALATE or a THREATEN can end a truce, not {row.move}"
        raise refuse("ends_truce", problem)


def _check_act(row: Row, refuse: Callable[[str, str], Exception]) -> None:
    """A truce that one side prolongs has a new date or none; broken-off talks stay away."""
    _has_none(row, (*_OF_LEVERS, "date_due"), refuse)
    if row.move == "PROLONG" and row.expires is None and row.lead_weeks is None:
        problem = "missing; PROLONG needs the new date of the truce, or lead_weeks -1 for no date"
        raise refuse("expires", problem)
    if row.move == "PROLONG" and row.lead_weeks not in (None, -1):
        raise refuse("lead_weeks", f"{row.lead_weeks}; a PROLONG has -1, for no date, or none")
    if row.move == "PROLONG" and row.expires is not None and row.lead_weeks is not None:
        raise refuse("lead_weeks", f"{row.lead_weeks}; expires is given as well, leave one empty")
    if row.move == "BREAK_OFF" and (row.lead_weeks is None or row.lead_weeks < 0):
        raise refuse("lead_weeks", "BREAK_OFF needs the weeks, from 0, in which no round came")


def _check_due(row: Row, refuse: Callable[[str, str], Exception]) -> None:
    """A threat says when it falls due: by its date or by the weeks to it; it may have no date."""
    if row.date_due is not None:
        if row.move != "THREATEN":
            raise refuse("date_due", f"{row.date_due}; only a THREATEN has one")
        if row.lead_weeks is not None:
            raise refuse(
                "date_due", f"{row.date_due}; lead_weeks is given as well, leave one empty"
            )
        if row.date_due < row.date:
            raise refuse("date_due", f"{row.date_due}; it comes before the threat, of {row.date}")
    elif row.move == "THREATEN" and row.lead_weeks is None:
        problem = (
            "missing; THREATEN needs the weeks to its date (-1 for no date), or the date itself in "
            "date_due"
        )
        raise refuse("lead_weeks", problem)


def _gets_level(row: Row) -> bool:
    """Does the row set a lever to a level?"""
    sets = row.move in ("ESCALATE", "CONCEDE", "SUSPEND")
    return sets and bool(row.lever) and row.level is not None
