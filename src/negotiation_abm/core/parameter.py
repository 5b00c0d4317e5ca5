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
    fitted: bool = False  # is it a coefficient of the payoffs that a calibration estimates?
    optional: bool = False  # may a parameter set lack it? It is then 0


def scalar(name: str, unit: str, low: float, high: float, doc: str) -> Parameter:
    """One number for the game."""
    return Parameter(name, "scalar", unit, low, high, doc)


def weeks(name: str, low: float, high: float, doc: str) -> Parameter:
    """A whole number of weeks."""
    return Parameter(name, "scalar", WEEKS, low, high, doc, integer=True)


def coefficient(
    name: str,
    unit: str,
    low: float,
    high: float,
    doc: str,
    shape: Literal["scalar", "player", "lever"] = "scalar",
    optional: bool = False,
) -> Parameter:
    """A number that a calibration estimates: the value of each move is linear in it.

    An `optional` one may be missing from a parameter set, in which its term is then off.
    """
    return Parameter(name, shape, unit, low, high, doc, fitted=True, optional=optional)


def truce(name: str, unit: str, high: float, doc: str) -> Parameter:
    """One number of the rules of a truce, from 0; a parameter set may lack it."""
    return Parameter(name, "scalar", unit, 0, high, doc, optional=True)


def switch(name: str, doc: str) -> Parameter:
    """A rule that is on (1) or off (0); it is off in a parameter set that lacks it."""
    return Parameter(name, "scalar", "0 or 1", 0, 1, doc, integer=True, optional=True)


def player(name: str, unit: str, low: float, high: float, doc: str) -> Parameter:
    """One number for each player."""
    return Parameter(name, "player", unit, low, high, doc)


NATS = "nats"
SHARE = "fraction"
PER_WEEK = "fraction kept a week"
WEEKS = "weeks"
