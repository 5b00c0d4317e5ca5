"""Looking outcomes up: by the command that reports them, or by name.

The entries are those of `negotiation_abm.run.outcomes`, and those that installed packages offer
by entry points of the group ``negotiation_abm.outcomes``: an `Outcome` each, or several in a list.
"""

import importlib.metadata
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.run.outcome import SUBJECTS, Outcome
from negotiation_abm.run.outcomes import OUTCOMES
from negotiation_abm.scenario.game import Game

GROUP = "negotiation_abm.outcomes"


@cache
def entries() -> tuple[Outcome, ...]:
    """All entries: those of the package, then those of others.

    Raises
    ------
    InputError
        If what a package offers is no outcome, or has the name of another.
    """
    found = list(OUTCOMES)
    for point in importlib.metadata.entry_points(group=GROUP):
        for outcome in _offered(point):
            if outcome.name in [entry.name for entry in found]:
                problem = f"there is an outcome '{outcome.name}' already; choose another name"
                raise InputError(f"entry point {point.name}", point.value, problem)
            found.append(outcome)
    return tuple(found)


def _offered(point: importlib.metadata.EntryPoint) -> list[Outcome]:
    try:
        thing = point.load()
    except Exception as error:
        problem = f"cannot be loaded ({type(error).__name__}: {error})"
        raise InputError(f"entry point {point.name}", point.value, problem) from None
    offered = [thing] if isinstance(thing, Outcome) else thing
    if not isinstance(offered, list | tuple) or not all(isinstance(o, Outcome) for o in offered):
        problem = "is neither an Outcome nor a list of them"
        raise InputError(f"entry point {point.name}", point.value, problem)
    return list(offered)


def filled(game: Game, entries: Iterable[Outcome]) -> list[Outcome]:
    """Entries filled in for a game, in the order of tables: all of a player, then the next."""
    chosen = list(entries)
    found: list[Outcome] = []
    for each in SUBJECTS:
        columns = [entry.of(game) for entry in chosen if entry.each == each]
        found += [outcome for row in zip(*columns, strict=True) for outcome in row]
    return found


def outcomes_for(game: Game, *commands: str) -> list[Outcome]:
    """Outcomes of a game that any of these commands reports, in the order of tables."""
    return filled(game, [entry for entry in entries() if not entry.commands.isdisjoint(commands)])


def for_people(game: Game, command: str) -> list[Outcome]:
    """The same for one command, in the order in which people read them."""
    return sorted(outcomes_for(game, command), key=lambda outcome: outcome.place)


def named(game: Game, *names: str) -> list[Outcome]:
    """The outcomes of a game of these names, in their order.

    Raises
    ------
    KeyError
        If there is none of a name.
    """
    known = {outcome.name: outcome for outcome in filled(game, entries())}
    return [known[name] for name in names]


@cache
def entry_of(name: str) -> Outcome | None:
    """The entry that a filled-in name belongs to, whatever the game; None if there is none.

    >>> entry_of("US.num_escalate").unit, entry_of("survival_365")
    ('count', None)
    """
    return next((entry for entry in entries() if entry.labels_in(name) is not None), None)


def text_of(name: str) -> str | None:
    """An outcome of a run, a sweep or a study in words; None if there is none of that name.

    >>> text_of("US.num_escalate")
    'escalations by US'
    """
    entry = entry_of(name)
    if entry is None:
        return words.outcome(name)
    labels: dict[str, Any] = entry.labels_in(name) or {}
    return entry.spoken(labels)


def as_floats(values: np.ndarray) -> np.ndarray:
    """Values of an outcome as numbers, NaN where they are not defined."""
    return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
