"""The fixed questions about a dispute on a day, and what the game answers over posterior draws."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from negotiation_abm.calibration import benchmarks
from negotiation_abm.calibration.dispute import Dispute, until_week
from negotiation_abm.core.terms import Move, Phase, TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.run.batch import Block, blank_traces, run_replicates
from negotiation_abm.run.posterior import spread
from negotiation_abm.run.running import first_of_running
from negotiation_abm.scenario.game import Game

HORIZONS = (30, 90, 180)  # days after the cut-off
WINDOW = 180  # days in which the next escalation is looked for
YES_NO = ("yes", "no")
NONE = "none"
RISE = 1e-9


@dataclass(frozen=True)
class Question:
    """What is asked, and what may come out.

    Attributes
    ----------
    kind : str
        ``stands`` (a truce is in force and still stands on the day), ``in_force`` (none is, and one
        is in force on the day), ``prolonged``, ``next_side``, ``next_lever``.
    day : date
        On which it is resolved at the latest.
    answers : tuple of str
    """

    kind: str
    text: str
    day: dt.date
    answers: tuple[str, ...]


def questions_of(dispute: Dispute, extra: Sequence[dt.date] = ()) -> list[Question]:
    """The fixed questions; `extra` days are asked about as the fixed ones are."""
    known, since = dispute.known, dispute.since
    days = [known + dt.timedelta(days=n) for n in HORIZONS]
    found = []
    for day in [*days, *extra]:
        if since is not None:
            text = f"Does the truce of {since} still stand on {day}?"
            found.append(Question("stands", text, day, YES_NO))
        else:
            found.append(Question("in_force", f"Is a truce in force on {day}?", day, YES_NO))
    deadline = dispute.deadline
    if deadline is not None:
        text = f"Is the truce of {since} prolonged before its date, {deadline}?"
        found.append(Question("prolonged", text, deadline, YES_NO))
    end = known + dt.timedelta(days=WINDOW)
    sides = (*dispute.game.players, NONE)
    levers = (*(label for _, _, label in _levers(dispute.game)), NONE)
    ask = f"escalation that a side decides by {end}?"
    found.append(Question("next_side", f"Which side makes the next {ask}", end, sides))
    found.append(Question("next_lever", f"On which lever is the next {ask}", end, levers))
    return found


def _levers(game: Game) -> list[tuple[int, int, str]]:
    return [
        (i, a, f"{game.players[i]} {name}")
        for i, names in enumerate(game.lever_names)
        for a, name in enumerate(names)
    ]


def answered(
    dispute: Dispute,
    draws: np.ndarray,
    runs: int,
    seed: int,
    extra: Sequence[dt.date] = (),
    progress: Callable[[int], None] | None = None,
) -> list[dict[str, Any]]:
    """Every question with the probabilities of the game and of what it is held against.

    Parameters
    ----------
    draws : ndarray, shape (draws, K)
        Coefficients of the member.
    runs : int
        A draw.

    Returns
    -------
    list of dict
        kind, question, day, answers, probability, low and high (5 and 95 % of the draws),
        status_quo and constant_hazard: lists with one number an answer.
    """
    questions = questions_of(dispute, extra)
    shares: list[list[np.ndarray]] = [[] for _ in questions]
    for number, (game, theta) in enumerate(zip(dispute.games(draws), draws, strict=True)):
        first = number * runs
        weights = dispute.weights(theta, seed, np.arange(first, first + runs))
        played = _Played(dispute, game, seed, first, runs)
        for place, question in enumerate(questions):
            shares[place].append(weights @ played.outcomes(question))
        if progress:
            progress(number + 1)
    rows = []
    for question, found in zip(questions, shares, strict=True):
        sizes = np.full(len(found), runs)
        spreads = [spread(column, sizes) for column in np.array(found).T]
        middle, low, high = (
            np.clip(part, 0.0, 1.0).tolist() for part in zip(*spreads, strict=True)
        )
        rows.append(
            {
                "kind": question.kind,
                "question": question.text,
                "day": question.day.isoformat(),
                "answers": list(question.answers),
                "probability": _rounded(middle),
                "low": _rounded(low),
                "high": _rounded(high),
                "status_quo": benchmarks.status_quo(dispute, question),
                "constant_hazard": _rounded(benchmarks.constant_hazard(dispute, question)),
            }
        )
    return rows


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [round(float(number), 4) for number in numbers]


class _Played:
    """Runs of one draw from the cut-off on, and what they say to a question."""

    def __init__(self, dispute: Dispute, game: Game, seed: int, first: int, runs: int) -> None:
        last = dispute.known + dt.timedelta(days=WINDOW)
        self.dispute, self.turn = dispute, dispute.turn
        self.game = until_week(game, game.scenario.turn_of(last))
        self.traces = blank_traces(self.game, runs)
        self.block = run_replicates(self.game, seed, first, runs, self.traces)
        self._again: Callable[[Game], Block] = lambda g: run_replicates(g, seed, first, runs)
        self._whole = game

    def outcomes(self, question: Question) -> np.ndarray:
        """What each run answers, shape (runs, answers): 1 at its answer, or shares."""
        if question.kind in ("stands", "in_force"):
            return _yes_no(self._on(question.day, question.kind == "stands"))
        if question.kind == "prolonged":
            return _yes_no(self._prolonged())
        by_lever = self._next()
        if question.kind == "next_lever":
            return by_lever
        owner = np.array([i for i, _, _ in _levers(self.game)] + [len(self.game.players)])
        return np.stack([by_lever[:, owner == i].sum(axis=1) for i in range(3)], axis=1)

    def _on(self, day: dt.date, same: bool) -> np.ndarray:
        """Does a truce stand on a day? An end within a week falls on any of its days alike."""
        scenario = self.game.scenario
        week = scenario.turn_of(day) - self.turn
        share = ((day - scenario.date_of(week + self.turn)).days + 1) / 7.0
        before, after = (self._stands(w, same) for w in (week - 1, week))
        return (1.0 - share) * before + share * after

    def _stands(self, week: int, same: bool) -> np.ndarray:
        """Is a truce in force at the end of a week ahead (-1: at the start)?"""
        runs = len(self.traces)
        if not same:
            now = self.traces["phase"][:, week] if week >= 0 else self.game.initial["phase"]
            return np.broadcast_to(np.asarray(now == Phase.TRUCE, float), runs)
        own = first_of_running(self.game, self.block.spells, COVERED)
        lasting = np.isin(own["cause"], (TruceEnd.CENSORED, TruceEnd.FULFILLED))
        ended = own["start_week"] + own["duration_weeks"] - self.turn
        return np.where(lasting, 1.0, ended > week)

    def _prolonged(self) -> np.ndarray:
        turn = self.dispute.date_turn
        assert turn is not None
        assert self._whole.tally is not None
        game = until_week(self._whole, turn)
        own = first_of_running(game, self._again(game).spells, COVERED)
        return np.asarray(own["renewals"] > self._whole.tally["spell_renewals"][0, COVERED], float)

    def _next(self) -> np.ndarray:
        """Shares of the levers in the first week with an escalation; the last column is none."""
        levers = _levers(self.game)
        made = self.traces["num_moves"][:, :, :, Move.ESCALATE]  # since the start
        any_made = made.sum(axis=2) > 0
        week = any_made.argmax(axis=1)
        rows = np.arange(len(made))
        before = np.where(
            (week == 0)[:, None, None],
            self.game.initial["in_force"],
            self.traces["in_force"][rows, week - 1],
        )
        rose = self.traces["in_force"][rows, week] - before > RISE
        acted = made[rows, week] > 0
        found = np.zeros((len(made), len(levers) + 1))
        for place, (i, a, _) in enumerate(levers):
            found[:, place] = rose[:, i, a] & acted[:, i]
            unseen = acted[:, i] & ~rose[:, i].any(axis=1)  # raised and lowered in one week
            found[unseen, place] = 1.0 / len(self.game.lever_names[i])
        found[~any_made.any(axis=1)] = 0.0
        found[:, -1] = ~any_made.any(axis=1)
        return np.asarray(found / found.sum(axis=1, keepdims=True))


def _yes_no(yes: np.ndarray) -> np.ndarray:
    return np.stack([yes, 1.0 - yes], axis=1)
