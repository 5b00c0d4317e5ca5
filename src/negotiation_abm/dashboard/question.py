"""A what-if as the page asks it: its place in the address, and its command."""

import datetime as dt
import json
import shlex
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from negotiation_abm.dashboard import deal, permalink, settings
from negotiation_abm.dashboard.deal import AS_RECORDED, Deal
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import shipped
from negotiation_abm.replay.story import SCENARIOS, load_story
from negotiation_abm.studies.whatif.schema import (
    FOLDER,
    WhatIf,
    check_changes,
    load_whatif,
    parse_move,
)


@dataclass(frozen=True)
class Question:
    """A branch from the record and what is altered in it.

    Attributes
    ----------
    set : tuple of (str, float)
        Numbers of the model, by dotted name.
    skip : tuple of str
        Rows of the record that are left out.
    moves : tuple of str
        Moves that are made, as ``--move`` takes them.
    deal : Deal
        What is altered of the truce itself.
    asked : str
        The shipped what-if that all this is laid over; empty for none.
    """

    scenario: str
    date: dt.date
    set: tuple[tuple[str, float], ...] = ()
    skip: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    deal: Deal = AS_RECORDED
    asked: str = ""

    @property
    def changes(self) -> dict[str, Any]:
        """Changes of the scenario by dotted name; those of a shipped what-if not among them."""
        found = self.deal.changes(self.scenario, self.date)
        if self.asked and deal.EVENTS in found:  # after those of the shipped what-if
            before = load_whatif(self.asked).set.get(deal.EVENTS, [])
            found[deal.EVENTS] = [*before, *found[deal.EVENTS]]
        return found | dict(self.set)

    @property
    def whatif(self) -> WhatIf:
        """The what-if, named as the command names it."""
        moves = [parse_move(text) for text in self.moves]
        if not self.asked:
            return WhatIf.model_validate(
                {
                    "name": f"{self.scenario}_{self.date}",
                    "scenario": self.scenario,
                    "from": self.date,
                    "set": self.changes,
                    "skip": list(self.skip),
                    "moves": moves,
                }
            )
        base = load_whatif(self.asked)
        return base.model_copy(
            update={
                "set": base.set | self.changes,
                "skip": [*base.skip, *self.skip],
                "moves": [*base.moves, *moves],
            }
        )

    @property
    def is_altered(self) -> bool:
        """Is anything altered?"""
        return bool(self.set or self.skip or self.moves or self.asked or self.deal != AS_RECORDED)

    def command(self) -> str:
        """The command that gives the same tables."""
        given = settings.current()
        words = ["negotiation-abm", "whatif"]
        words += [self.asked] if self.asked else [self.scenario, "--from", str(self.date)]
        for option, values in (
            ("--set", [f"{name}={_as_text(value)}" for name, value in self.changes.items()]),
            ("--skip", self.skip),
            ("--move", self.moves),
        ):
            for value in values:
                words += [option, value]
        words += ["--replicates", str(given.replicates), "--seed", str(given.seed)]
        return shlex.join(words)

    def with_value(self, name: str, value: float | None) -> "Question":
        """The question with one parameter set, or back at its usual value (None)."""
        kept = tuple((key, number) for key, number in self.set if key != name)
        return replace(self, set=kept if value is None else (*kept, (name, value)))

    def at(self, date: dt.date) -> "Question":
        """The question at another date; what does not fit there is dropped.

        That is a shipped what-if, which has a date of its own, moves that come before, and another
        end of a truce that is not in force then.
        """
        moves = tuple(text for text in self.moves if parse_move(text).date >= date)
        ends = self.deal.ends if self.deal.ends in deal.ends_of(self.scenario, date) else 0
        return replace(self, date=date, moves=moves, asked="", deal=replace(self.deal, ends=ends))


def _as_text(value: Any) -> str:
    """A value as ``--set`` takes it."""
    return f"{value:g}" if isinstance(value, int | float) else json.dumps(value)


@lru_cache(maxsize=1)
def shipped_whatifs() -> dict[str, WhatIf]:
    """The shipped what-ifs about the scenarios of the page, by name."""
    every = {name: load_whatif(name) for name in shipped(FOLDER, ".yaml")}
    return {name: one for name, one in every.items() if one.scenario in SCENARIOS}


def question_of(name: str) -> Question:
    """A shipped what-if as a question, at the start of the week in which it leaves the record."""
    found = shipped_whatifs()[name]
    scenario = load_story(found.scenario).game.scenario
    return Question(found.scenario, scenario.date_of(scenario.turn_of(found.date)), asked=name)


def last_date(scenario: str) -> dt.date:
    """Start of the last week in which the record can be left."""
    story = load_story(scenario)
    return story.game.scenario.date_of(len(story.weeks))


def fields_of(scenario: str) -> dict[str, permalink.Field]:
    """What the address of a question holds."""
    start, last = load_story(scenario).game.scenario.start, last_date(scenario)
    usual = load_story(scenario).game.scenario.date_of(len(load_story(scenario).weeks) - 8)
    known = known_rows(scenario)
    return {
        "scenario": permalink.choice(SCENARIOS[0], SCENARIOS),
        "from": permalink.day(usual, start, last),
        "set": permalink.words(_setting, lambda item: f"{item[0]}={item[1]:g}"),
        "skip": permalink.words(permalink.choice("", known).read),
        "move": permalink.words(lambda text: _move(text)),
        "whatif": permalink.choice("", ["", *shipped_whatifs()]),
    } | deal.fields()


def known_rows(scenario: str) -> list[str]:
    """Ids of rows that can be left out."""
    return [row.id for event in load_story(scenario).events for row in event.rows if event.move]


def read(query: str) -> Question:
    """The question of an address.

    Raises
    ------
    InputError
        If a field is not admissible.
    """
    named = [part[9:] for part in query.split("&") if part.startswith("scenario=")]
    scenario = permalink.choice(SCENARIOS[0], SCENARIOS)
    try:
        name = scenario.read(named[0]) if named else SCENARIOS[0]
    except ValueError as error:
        raise InputError(permalink.PLACE, "scenario", str(error)) from None
    values = permalink.read(query, fields_of(name))
    altered = Deal(**{field: values[field] for field in deal.fields()})
    question = Question(
        name, values["from"], values["set"], values["skip"], values["move"], altered
    )
    check_changes(dict(question.set))
    if values["whatif"]:
        return replace(question_of(values["whatif"]), **_laid_over(question))
    if altered.ends and altered.ends not in deal.ends_of(name, question.date):
        problem = f"{altered.ends}; no truce is in force on {question.date}, or the runs end before"
        raise InputError(permalink.PLACE, "ends", problem)
    return question


def _laid_over(question: Question) -> dict[str, Any]:
    """What a question adds to a shipped what-if."""
    names = ("set", "skip", "moves", "deal")
    return {name: getattr(question, name) for name in names}


def write(question: Question) -> str:
    """The address of a question."""
    values = {
        "scenario": question.scenario,
        "from": question.date,
        "set": question.set,
        "skip": question.skip,
        "move": question.moves,
        "whatif": question.asked,
    } | asdict(question.deal)
    if question.asked:  # which says where the record is left
        values["from"] = fields_of(question.scenario)["from"].usual
    return permalink.write(values, fields_of(question.scenario))


def _setting(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if not (name and equals) or value != value or abs(value) == float("inf"):
        raise ValueError(f"'{text}' is not NAME=NUMBER")
    check_changes({name: value})
    return name, value


def _move(text: str) -> str:
    parse_move(text)
    return text
