"""A what-if as the page asks it: its place in the address, its command, its answer.

Both branches are played by `negotiation_abm.studies.whatif` with the seed and the number of runs of
the command, so that the tables are those that the command writes.
"""

import ctypes
import datetime as dt
import math
import os
import shlex
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pandas as pd

from negotiation_abm.core.params import LEVER_NUMBERS
from negotiation_abm.dashboard import permalink, settings
from negotiation_abm.dashboard.jobs import Task
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import shipped
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.plotting.report.assumptions import kind_of
from negotiation_abm.replay.branch import branch_turn
from negotiation_abm.replay.story import SCENARIOS, load_story
from negotiation_abm.run.sizes import DRAWS, RUNS
from negotiation_abm.scenario.parameters import TABLE
from negotiation_abm.scenario.posterior_draws import coefficients, load_draws
from negotiation_abm.studies.whatif.outcomes import BranchRuns, play_branch
from negotiation_abm.studies.whatif.posterior import ranges_of_branches
from negotiation_abm.studies.whatif.run import (
    Branches,
    branches,
    difference_table,
    path_table,
    summary_of,
)
from negotiation_abm.studies.whatif.schema import WhatIf, check_changes, parse_move

STUDY = "busan_drivers"  # its factors are the parameters that the page shows first
KEPT = 6  # unaltered branches, and answers
AT_ONCE = 2  # questions of all pages that are played at the same time; the others wait


@dataclass(frozen=True)
class Question:
    """A branch from the record and what is altered in it."""

    scenario: str
    date: dt.date
    set: tuple[tuple[str, float], ...] = ()
    skip: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()

    @property
    def whatif(self) -> WhatIf:
        """The what-if, named as the command names it."""
        return WhatIf.model_validate(
            {
                "name": f"{self.scenario}_{self.date}",
                "scenario": self.scenario,
                "from": self.date,
                "set": dict(self.set),
                "skip": list(self.skip),
                "moves": [parse_move(text) for text in self.moves],
            }
        )

    @property
    def is_altered(self) -> bool:
        """Is anything altered?"""
        return bool(self.set or self.skip or self.moves)

    def command(self) -> str:
        """The command that gives the same tables."""
        given = settings.current()
        words = ["negotiation-abm", "whatif", self.scenario, "--from", str(self.date)]
        for option, values in (
            ("--set", [f"{name}={number:g}" for name, number in self.set]),
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
        """The question at another date; moves that come before it are dropped."""
        moves = tuple(text for text in self.moves if parse_move(text).date >= date)
        return replace(self, date=date, moves=moves)


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
    }


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
    question = Question(name, values["from"], values["set"], values["skip"], values["move"])
    check_changes(dict(question.set))
    return question


def write(question: Question) -> str:
    """The address of a question."""
    values = {
        "scenario": question.scenario,
        "from": question.date,
        "set": question.set,
        "skip": question.skip,
        "move": question.moves,
    }
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


# ---------------------------------------------------------------------------
# What can be altered


@dataclass(frozen=True)
class Knob:
    """A number that can be altered: usual value, range of its slider, and what it rests on."""

    name: str
    label: str
    value: float
    low: float
    high: float
    step: float
    hint: str
    is_first: bool

    @property
    def digits(self) -> int:
        """Decimal places of its step."""
        return max(0, len(f"{self.step:.10f}".rstrip("0").split(".")[1]))


@lru_cache(maxsize=4)
def knobs(scenario: str) -> tuple[Knob, ...]:
    """The fitted parameters and the irreplaceability of each lever.

    The slider of a fitted parameter spans 95 % of its posterior draws, and what the shipped study
    of drivers spans. Those that the study varies come first.
    """
    game = load_story(scenario).game
    study = read_yaml(shipped("configs/sensitivity", ".yaml")[STUDY])["factors"]
    draws = load_draws(game.scenario.parameters, game.scenario.path.parent)
    found = []
    for name in coefficients(draws):
        first, *rest = name.split(".")
        if first == "lever_bias":
            continue
        value: Any = game.scenario.set.get(first, game.parameter_set.values[first])
        for part in rest:
            value = value[part] if isinstance(value, dict) else value
        low, high = (float(x) for x in draws[name].quantile([0.025, 0.975]))
        if low == high:  # held fixed
            continue
        source = _source_of(game.parameter_set.sources[first], name)
        table = TABLE[first]
        hint = (
            f"{table.doc.capitalize()}, in {table.unit}. {kind_of(source).capitalize()}; {source}; "
            f"95 % of draws from {low:.2g} to {high:.2g}."
        )
        found.append(_knob(name, float(value), low, high, hint, study.get(name)))
    number = next(p for p in LEVER_NUMBERS if p.name == "irreplaceability")
    for player, levers in game.scenario.levers.items():
        for lever, given in levers.items():
            name = f"levers.{player}.{lever}.irreplaceability"
            hint = (
                f"{number.doc.capitalize()}, as a {number.unit} from {number.low:g} to "
                f"{number.high:g}. Not identified by the record; {given.source or 'assumed'}."
            )
            found.append(
                _knob(name, given.irreplaceability, number.low, number.high, hint, study.get(name))
            )
    return tuple(sorted(found, key=lambda knob: not knob.is_first))


def _source_of(source: str, name: str) -> str:
    """The part of a source that speaks of one player or lever."""
    head, _, rest = source.partition(": ")
    parts = [part for part in rest.split("; ") if part.startswith(f"{name} ")]
    return f"{head} {parts[0].removeprefix(f'{name} ')}" if parts else source


def _knob(
    name: str,
    value: float,
    low: float,
    high: float,
    hint: str,
    factor: dict[str, float] | str | None,
) -> Knob:
    """A parameter as a slider; `factor` is its range in the study of drivers, or ``draws``."""
    if isinstance(factor, dict):
        low, high = min(low, factor["low"]), max(high, factor["high"])
    low, high = min(low, value), max(high, value)
    step = 10.0 ** _magnitude((high - low) / 60.0)
    low, high = (round(x / step) * step for x in (low, high))
    return Knob(name, words.setting(name), value, low, high, step, hint, factor is not None)


def _magnitude(size: float) -> int:
    return math.floor(math.log10(size))


# ---------------------------------------------------------------------------
# Answers


@dataclass(frozen=True)
class Answer:
    """What a question gives: as in ``whatif.json``, ``differences.csv`` and ``paths.csv``."""

    question: Question
    summary: dict[str, Any]
    table: pd.DataFrame
    paths: pd.DataFrame


class _Kept:
    """The last few results by key; one that is being made is waited for, not made twice."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, task: Task, make: Callable[[], Any]) -> Any:
        """The value of a key; `make` may raise, and then nothing is kept."""
        with self._lock:
            turn = self._making.setdefault(key, threading.Lock())
        while not turn.acquire(timeout=0.05):
            task.progress(0.0)
        try:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    return self._values[key]
            value = make()
            with self._lock:
                self._values[key] = value
                while len(self._values) > self._size:
                    self._making.pop(self._values.popitem(last=False)[0], None)
            return value
        finally:
            turn.release()


_unaltered = _Kept(KEPT)
_answers = _Kept(KEPT)
_ranges = _Kept(KEPT)
_places = threading.Semaphore(AT_ONCE)


def answer(question: Question, task: Task) -> Answer:
    """Play both branches; the unaltered one is kept for the next question.

    Raises
    ------
    InputError
        If the question cannot be asked.
    CancelledError
        If it is no longer asked.
    """

    def make() -> Answer:
        while not _places.acquire(timeout=0.05):
            task.progress(0.0, "waiting for other pages")
        try:
            return _answer(question, task)
        finally:
            _places.release()
            _give_back()

    found: Answer = _answers.get(question, task, make)
    return found


def _give_back() -> None:
    """Return freed memory to the system; glibc keeps what threads have freed, some 200 MB here."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def _answer(question: Question, task: Task) -> Answer:
    given = settings.current()
    count, seed = given.replicates, given.seed
    pair = _branches(question)
    task.need_compiled()
    share = 0.5 if question.is_altered else 1.0
    key = (question.scenario, pair.factual.turn, seed, count)

    def half(done: int) -> None:
        task.progress(share * done / count, "playing the unaltered branch")

    def rest(done: int) -> None:
        task.progress(0.5 + 0.5 * done / count, "playing the altered branch")

    factual: BranchRuns = _unaltered.get(
        key, task, lambda: play_branch(pair.factual.game, count, seed, progress=half)
    )
    altered = factual
    if question.is_altered:
        altered = play_branch(pair.altered.game, count, seed, progress=rest)
    task.check()
    table = difference_table(factual, altered)
    summary = summary_of(pair, table, altered, count, seed)
    task.check()
    return Answer(question, summary, table, path_table(pair, factual, altered))


def range_of(question: Question, task: Task) -> dict[str, Any] | None:
    """The range of the answer over the posterior draws, as the command gives it.

    Raises
    ------
    InputError, CancelledError
        As `answer`.
    """

    def make() -> Any:
        pair = _branches(question)
        task.need_compiled()
        return ranges_of_branches(
            pair.factual.game,
            pair.altered.game,
            settings.current().seed,
            progress=lambda done: task.progress(done / (2.0 * DRAWS * RUNS)),
        )

    found: dict[str, Any] | None = _ranges.get(question, task, make)
    return found


def _branches(question: Question) -> Branches:
    story = load_story(question.scenario)
    branch_turn(story.game, story.record, question.date)
    return branches(question.whatif)
