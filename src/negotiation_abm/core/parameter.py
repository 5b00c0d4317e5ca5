"""What a parameter is: name, shape, unit, admissible range and meaning."""

from dataclasses import dataclass
from typing import Literal

Shape = Literal["scalar", "player", "lever", "triple", "chain"]


@dataclass(frozen=True)
class Parameter:
    """One parameter: what it is called, its shape, unit, admissible range and meaning."""

    name: str
    shape: Shape
    unit: str
    low: float
    high: float
    doc: str
    integer: bool = False


def scalar(name: str, unit: str, low: float, high: float, doc: str) -> Parameter:
    """One number for the game."""
    return Parameter(name, "scalar", unit, low, high, doc)


def weeks(name: str, low: float, high: float, doc: str) -> Parameter:
    """A whole number of weeks."""
    return Parameter(name, "scalar", "weeks", low, high, doc, integer=True)


def player(name: str, unit: str, low: float, high: float, doc: str) -> Parameter:
    """One number for each player."""
    return Parameter(name, "player", unit, low, high, doc)


NATS = "nats"
SHARE = "fraction"
PER_WEEK = "fraction kept a week"
