"""What an outcome of a run is, and over which parts of a game one entry is repeated.

The entries themselves are listed in `negotiation_abm.run.outcomes`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.files import words
from negotiation_abm.run.running import first_of_running
from negotiation_abm.scenario.game import Game

MEASURES = {COVERED: "covered", ANY_DOMAIN: "any_domain"}
AHEAD = (13, 26, 52)  # weeks after the start at which the truce in force then is looked at
COMMANDS = frozenset({"run", "sweep", "whatif", "play", "tournament"})
NEEDS = ("tally", "spells", "weeks")
LAST = 100

# Decimal places for people, by unit: of a number of one run, and of a mean over runs.
DIGITS = {"share": (2, 3), "weeks": (0, 2), "count": (0, 2), "pp": (1, 2), "units/week": (2, 3)}
OTHER_DIGITS = (2, 2)


def digits_of(unit: str, is_mean: bool = False) -> int:
    """Decimal places with which a number of this unit is shown to people.

    >>> digits_of("weeks"), digits_of("weeks", is_mean=True), digits_of("barrels")
    (0, 2, 2)
    """
    return DIGITS.get(unit, OTHER_DIGITS)[is_mean]


@dataclass(frozen=True)
class Runs:
    """Some runs of one game, as an outcome sees them.

    Attributes
    ----------
    game : Game
        What was played; `game.initial` is the state before the first week.
    tally : ndarray of TALLY, shape (runs,)
        Counts and means of each run, in order of replicate.
    """

    game: Game
    tally: np.ndarray
    spells_given: np.ndarray | None = None
    weeks_given: np.ndarray | None = None

    @property
    def spells(self) -> np.ndarray:
        """Truce spells of these runs: ndarray of SPELL, shape (spells,)."""
        if self.spells_given is None:
            raise ValueError("an outcome that reads spells says needs='spells' in its entry")
        return self.spells_given

    @cached_property
    def running(self) -> dict[int, np.ndarray]:
        """Spells that run at the start, one of each run that has one, by measure."""
        return {measure: first_of_running(self.game, self.spells, measure) for measure in MEASURES}

    @property
    def weeks(self) -> np.ndarray:
        """State at the end of each week: ndarray of TRACE, shape (runs, weeks)."""
        if self.weeks_given is None:
            raise ValueError("an outcome that reads weeks says needs='weeks' in its entry")
        return self.weeks_given

    @property
    def num_weeks(self) -> int:
        """Weeks that each run plays."""
        return num_weeks(self.game)

    def rows(self, spells: np.ndarray) -> np.ndarray:
        """Row of the run that each of these spells belongs to."""
        return np.asarray(np.searchsorted(self.tally["replicate"], spells["replicate"]))


def num_weeks(game: Game) -> int:
    """Weeks from the start of a game to its horizon."""
    return len(game.weeks) - int(game.initial["turn"][0])


@dataclass(frozen=True)
class Outcome:
    """One outcome of a run: an entry of the registry, or one that is filled in for a game.

    Attributes
    ----------
    name, text : str
        Its name in tables, and in words. Where it is repeated, they hold a place to fill in:
        ``{player}``, ``{lever}``, ``{who}``, or ``{measure}`` and ``{ahead}``.
    unit : str
        One of `DIGITS`, or any other.
    value : callable
        Takes `Runs`, and what the outcome is repeated over (see `SUBJECTS`); returns one value a
        run, shape (runs,). A value that is not defined is NaN, or masked in a masked array.
    each : str
        What it is repeated over, a key of `SUBJECTS`.
    needs : str
        ``tally``, ``spells`` (and the tally) or ``weeks`` (and both): the more, the slower.
    commands : frozenset of str
        Commands that report it without being asked for it by name; by default all of `COMMANDS`.
    place : int
        Its place in tables that people read, small numbers first.
    """

    name: str
    text: str
    unit: str
    value: Callable[..., Any]
    each: str = "run"
    needs: str = "tally"
    commands: frozenset[str] = COMMANDS
    place: int = LAST

    def of(self, game: Game) -> list["Outcome"]:
        """The outcome for each part of a game that it is repeated over."""
        return [self._filled(labels, parts) for labels, parts in SUBJECTS[self.each](game)]

    def _filled(self, labels: dict[str, Any], parts: tuple[Any, ...]) -> "Outcome":
        function = self.value
        return replace(
            self,
            name=self.name.format(**labels),
            text=self.spoken(labels),
            value=(lambda runs: function(runs, *parts)) if parts else function,
            each="run",
        )

    def spoken(self, labels: dict[str, Any]) -> str:
        """The outcome in words, with what stands in the places of its name."""
        return self.text.format(**{key: SAY.get(key, str)(value) for key, value in labels.items()})

    def labels_in(self, name: str) -> dict[str, str] | None:
        """What stands in the places of a filled-in name; None if it is not one of this entry."""
        match = self._pattern.fullmatch(name)
        return None if match is None else match.groupdict()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.name)
        for place, allowed in _ALLOWED.items():
            pattern = pattern.replace(re.escape(f"{{{place}}}"), f"(?P<{place}>{allowed})")
        return re.compile(pattern)


SAY: dict[str, Callable[[Any], str]] = {
    "player": words.player,
    "lever": words.lever,
    "measure": lambda name: words.MEASURES[name],
}
_ALLOWED = {
    "player": r"[^.]+",
    "lever": r"[^.]+\.[^.]+",
    "who": ".+",
    "measure": "|".join(MEASURES.values()),
    "ahead": r"\d+",
}

Subjects = Sequence[tuple[dict[str, Any], tuple[Any, ...]]]


def _players(game: Game) -> Subjects:
    return [({"player": player}, (i,)) for i, player in enumerate(game.players)]


def _tariffs(game: Game) -> Subjects:
    levers = game.tariff_levers().items()
    return [({"player": game.players[i]}, (i, a, scale)) for i, (a, scale) in levers]


def _levers(game: Game) -> Subjects:
    return [({"lever": label}, (i, a)) for i, a, label in game.lever_labels()]


def constituencies(game: Game) -> dict[str, list[tuple[int, int]]]:
    """Levers (owner, number) that hit each constituency; the lever's name where none is given."""
    found: dict[str, list[tuple[int, int]]] = {}
    for i, a, label in game.lever_labels():
        player, name = label.split(".")
        who = game.scenario.levers[player][name].hits or f"target of {label}"
        found.setdefault(who, []).append((i, a))
    return found


def _constituencies(game: Game) -> Subjects:
    return [({"who": who}, (levers,)) for who, levers in constituencies(game).items()]


def _holds(game: Game) -> Subjects:
    return [
        (
            {"measure": label, "ahead": ahead},
            (measure, ahead),
        )
        for measure, label in MEASURES.items()
        for ahead in AHEAD
        if ahead < num_weeks(game)
    ]


# What an outcome can be repeated over, in the order of tables: the places in its name that are
# filled in, and what its function is given besides the runs.
SUBJECTS: dict[str, Callable[[Game], Subjects]] = {
    "run": lambda game: [({}, ())],  # once
    "player": _players,  # number of the player
    "tariff": _tariffs,  # number of the player, its tariff lever, percentage points at full level
    "lever": _levers,  # number of the owner, number of the lever
    "constituency": _constituencies,  # the levers that hit it: (owner, number) of each
    "holds": _holds,  # measure, and weeks from the start (`AHEAD`)
}
