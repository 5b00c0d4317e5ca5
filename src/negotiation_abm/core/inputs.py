"""What a module asks of a scenario: keys of a mapping, declared as plain data.

A module lists its keys in ``INPUTS``. `negotiation_abm.scenario` makes the format out of them,
holds what a scenario gives to it, and hands the module's ``fill`` the same inputs in numbers:

=============  =====================================  ==============================
made by        in the scenario                        in numbers
=============  =====================================  ==============================
`number`       a number within bounds                 the same
`whole`        a whole number within bounds           the same
`text`         words                                  the same
`choice`       one of some words                      its place among them
`day`          a date (within the horizon)            turn, counted from 0
`player`       label of a player                      0 or 1
`lever`        ``OWNER.lever``                        (player, number of the lever)
`own_lever`    lever of the player named beside it    number of the lever
`levers`       a list of ``OWNER.lever``              a list of such pairs
`weights`      a mapping of names to numbers          the same, a dict
`entries`      a list of mappings                     a list, attributes by key
=============  =====================================  ==============================

What may be left out and has no default is None in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "number",
    "whole",
    "text",
    "choice",
    "day",
    "player",
    "lever",
    "own_lever",
    "levers",
    "weights",
    "entries",
]
NEEDED: Any = ...  # default of a key that a scenario must give


@dataclass(frozen=True)
class Key:
    """One key of the inputs of a module: name, kind, meaning, default and bounds."""

    name: str
    kind: Kind
    doc: str = ""
    default: Any = NEEDED
    low: float = 0.0
    high: float = 0.0
    words: tuple[str, ...] = ()  # of a choice
    of: str = ""  # of an own lever: the key beside it that names the player
    anywhere: bool = False  # of a day: may lie outside the horizon
    keys: tuple["Key", ...] = ()  # of entries
    most: int | None = None  # of entries: how many there may be


def number(name: str, low: float, high: float, doc: str = "", default: Any = NEEDED) -> Key:
    """A number from `low` to `high`."""
    return Key(name, "number", doc, default, low, high)


def whole(name: str, low: int, high: int, doc: str = "", default: Any = NEEDED) -> Key:
    """A whole number from `low` to `high`."""
    return Key(name, "whole", doc, default, low, high)


def text(name: str, doc: str = "", default: Any = NEEDED) -> Key:
    """Words for people; no rule reads them."""
    return Key(name, "text", doc, default)


def choice(name: str, words: Sequence[str], doc: str = "", default: Any = NEEDED) -> Key:
    """One of some words."""
    return Key(name, "choice", doc, default, words=tuple(words))


def day(name: str, doc: str = "", default: Any = NEEDED, anywhere: bool = False) -> Key:
    """A date, within the horizon unless it may lie `anywhere`."""
    return Key(name, "day", doc, default, anywhere=anywhere)


def player(name: str = "player", doc: str = "", default: Any = NEEDED) -> Key:
    """Label of a player."""
    return Key(name, "player", doc, default)


def lever(name: str = "lever", doc: str = "OWNER.lever", default: Any = NEEDED) -> Key:
    """Name of a lever with its owner."""
    return Key(name, "lever", doc, default)


def own_lever(name: str = "lever", doc: str = "", default: Any = NEEDED, of: str = "player") -> Key:
    """Name of a lever of the player whom the key `of` beside it names."""
    return Key(name, "own_lever", doc, default, of=of)


def levers(name: str = "levers", doc: str = "OWNER.lever") -> Key:
    """Names of levers with their owners; none by default."""
    return Key(name, "levers", doc, ())


def weights(name: str, low: float, high: float, doc: str = "") -> Key:
    """Numbers by names that the scenario chooses."""
    return Key(name, "weights", doc, NEEDED, low, high)


def entries(name: str, keys: Sequence[Key], doc: str = "", most: int | None = None) -> Key:
    """A list of mappings with these keys."""
    return Key(name, "entries", doc, NEEDED, keys=tuple(keys), most=most)
