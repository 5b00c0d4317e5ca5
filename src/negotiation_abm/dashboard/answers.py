"""Answers to what-ifs: both branches, played once for all pages that ask the same.

Both branches are played by `negotiation_abm.studies.whatif` with the seed and the number of runs of
the command, so that the tables are those that the command writes.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd

from negotiation_abm.dashboard import memory, settings
from negotiation_abm.dashboard.jobs import Task
from negotiation_abm.dashboard.question import Question
from negotiation_abm.replay.branch import branch_turn
from negotiation_abm.replay.story import load_story
from negotiation_abm.run.sizes import DRAWS, RUNS
from negotiation_abm.studies.whatif.outcomes import BranchRuns, play_branch
from negotiation_abm.studies.whatif.paths import path_table
from negotiation_abm.studies.whatif.posterior import ranges_of_branches
from negotiation_abm.studies.whatif.run import (
    Branches,
    branches,
    difference_table,
    summary_of,
)

KEPT = 6  # unaltered branches, and answers
AT_ONCE = 2  # questions of all pages that are played at the same time; the others wait


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
        with _place(task):
            return _answer(question, task)

    found: Answer = _answers.get(question, task, make)
    return found


@contextmanager
def _place(task: Task) -> Iterator[None]:
    """One of the places to play at; waits for it, and leaves no memory behind."""
    while not _places.acquire(timeout=0.05):
        task.progress(0.0, "waiting for other pages")
    try:
        yield
    finally:
        _places.release()
        memory.give_back()


def _answer(question: Question, task: Task) -> Answer:
    given = settings.current()
    count, seed = given.replicates, given.seed
    pair = _branches(question)
    task.need_compiled()
    share = 0.5 if question.is_altered else 1.0
    key = (question.scenario, str(pair.whatif.common), pair.factual.turn, seed, count)

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
    return Answer(question, summary, table, path_table(pair.factual, pair.record, factual, altered))


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
        with _place(task):
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
