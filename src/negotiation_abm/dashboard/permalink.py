"""The state of a view as the query of its address, and back.

A view names its fields; each has a reader that turns text into a value or says what is allowed.
What has its usual value is left out of the address.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from negotiation_abm.files.errors import InputError, suggest, whole_number
from negotiation_abm.scenario.fields import day_of

PLACE = "address of the page"
LONGEST = 4000  # characters of a query


@dataclass(frozen=True)
class Field:
    """One field of an address: its usual value, and how text becomes a value and back."""

    usual: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def whole(usual: int, low: int, high: int) -> Field:
    """A whole number within bounds."""
    return Field(usual, lambda text: whole_number(text, low, high))


def choice(usual: str, names: Iterable[str]) -> Field:
    """One of some names."""
    allowed = list(names)

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"unknown '{text}'; {suggest(text, allowed)}")
        return text

    return Field(usual, read)


def day(usual: dt.date, first: dt.date, last: dt.date) -> Field:
    """A date within bounds."""

    def read(text: str) -> dt.date:
        try:
            value = day_of(text)
        except ValueError as error:
            raise ValueError(f"'{text}' {error}") from None
        if not first <= value <= last:
            raise ValueError(f"{value} is outside; allowed: {first} to {last}")
        return value

    return Field(usual, read, lambda value: str(value.isoformat()))


def flag(usual: bool) -> Field:
    """Yes (1) or no (0)."""
    return Field(usual, lambda text: bool(whole(0, 0, 1).read(text)), lambda v: str(int(v)))


def words(one: Callable[[str], Any] = str, write: Callable[[Any], str] = str) -> Field:
    """Several values, parted by commas."""
    return Field(
        (),
        lambda text: tuple(one(part) for part in text.split(",") if part),
        lambda values: ",".join(write(value) for value in values),
    )


def read(query: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    """Values of all fields; the usual one where the address has none.

    Raises
    ------
    InputError
        If a field is unknown, given twice, or its value is not admissible.

    Examples
    --------
    >>> read("week=12", {"week": whole(0, 0, 49)})
    {'week': 12}
    """
    if len(query) > LONGEST:
        raise InputError(PLACE, "", f"{len(query)} characters; allowed: {LONGEST}")
    values = {name: field.usual for name, field in fields.items()}
    seen: set[str] = set()
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in fields:
            raise InputError(PLACE, name, f"unknown; {suggest(name, fields)}")
        if name in seen:
            raise InputError(PLACE, name, "given twice")
        seen.add(name)
        try:
            values[name] = fields[name].read(text)
        except InputError as error:
            raise InputError(PLACE, name, str(error)) from None
        except ValueError as error:
            raise InputError(PLACE, name, str(error)) from None
    return values


def write(values: Mapping[str, Any], fields: Mapping[str, Field]) -> str:
    """The query of an address, without what has its usual value.

    Examples
    --------
    >>> write({"week": 12}, {"week": whole(0, 0, 49)})
    'week=12'
    """
    given = {
        name: field.write(values[name])
        for name, field in fields.items()
        if values[name] != field.usual
    }
    return urlencode(given, safe=":,=")
