"""A dispute as it was known on a day: the pool by then, the truce in force, the weeks ahead."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.pool import Member, load_members
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.core.draws import SOUNDNESS_BLOCK, normal, uniforms
from negotiation_abm.core.terms import Phase
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.files.errors import InputError
from negotiation_abm.record.load import Record, Row, load_record
from negotiation_abm.replay.branch import branch_off
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.replay.result import Replay
from negotiation_abm.run.posterior import games_of
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.scenario.schema import Scenario

WEEKS_AHEAD = 60
GRID = np.linspace(-4.0, 4.0, 17)  # of the soundness of a truce, in standard deviations


@dataclass(frozen=True)
class Dispute:
    """What was known of a dispute on a day, and the game that goes on from there.

    Attributes
    ----------
    members : list of Member
        Every episode of the pool that had begun, its record cut at the day.
    member : Member
        The dispute that is asked about.
    known : date
    game : Game
        Begins with the first week after the day; nobody knows a summit, a shock or a date that was
        made public later.
    """

    members: list[Member]
    member: Member
    known: dt.date
    game: Game

    @cached_property
    def replays(self) -> list[Replay]:
        """Every known episode under the rules, in the order of `members`."""
        return [replay_record(m.game, m.record, skip_illegal=True) for m in self.members]

    @property
    def replay(self) -> Replay:
        """That of the dispute itself."""
        return self.replays[self.members.index(self.member)]

    @property
    def turn(self) -> int:
        """The first week ahead."""
        return int(self.game.initial["turn"][0])

    @property
    def in_truce(self) -> bool:
        """Is a truce in force at the end of the day?"""
        return bool(self.game.initial["phase"][0] == Phase.TRUCE)

    @property
    def since(self) -> dt.date | None:
        """Day on which the truce in force was agreed; None without one."""
        starts = [s.start for s in self.replay.spells if s.measure == COVERED]
        return max(starts) if self.in_truce and starts else None

    @property
    def date_turn(self) -> int | None:
        """Week in which the truce in force has its date; None without one."""
        left = int(self.game.initial["weeks_left"][0])
        return self.turn + left if self.in_truce and left >= 0 else None

    @property
    def deadline(self) -> dt.date | None:
        """The date of the truce: the day that the record gives, else the last day of its week."""
        if self.date_turn is None:
            return None
        scenario = self.game.scenario
        days = [row.expires for row in self.member.record.rows if row.expires is not None]
        exact = [day for day in days if scenario.turn_of(day) == self.date_turn]
        return exact[-1] if exact else scenario.date_of(self.date_turn + 1) - dt.timedelta(days=1)

    def games(self, draws: np.ndarray) -> list[Game]:
        """The game with each of some draws of the coefficients, shape (draws, K)."""
        lasting = self.member.lasting
        labels = [self.member.data.coefficients[k].label for k in lasting]
        return games_of(self.game, pd.DataFrame(draws[:, lasting], columns=labels))

    @cached_property
    def _truce_so_far(self) -> MarginalLikelihood | None:
        """Likelihood of the weeks of the truce in force alone; None without one."""
        data = self.member.data
        assert data.hidden is not None
        number = int(data.hidden.truce.max(initial=-1))
        if not self.in_truce or number < 0:
            return None
        turns = np.unique(data.hidden.turn[data.hidden.truce == number])
        return MarginalLikelihood(data, np.isin(data.turn, turns) & ~data.agency, nodes=1)

    def weights(self, theta: np.ndarray, seed: int, replicates: np.ndarray) -> np.ndarray:
        """How much each run counts, by how likely the truce so far was with its soundness.

        A run draws the soundness of the truce in force as if it were new; one that has stood for
        long, or has borne much, is rather a sound one. The weights sum to 1.

        Parameters
        ----------
        theta : ndarray, shape (K,)
            Coefficients of the member, those of earlier governments too.
        replicates : ndarray of int
            Numbers of the runs.
        """
        likelihood = self._truce_so_far
        if likelihood is None:
            return np.full(len(replicates), 1.0 / len(replicates))
        logs = np.empty(len(GRID))
        for place, value in enumerate(GRID):
            likelihood.node = np.array([value])
            logs[place] = likelihood.value_and_gradient(theta)[0]
        drawn = [uniforms(seed, int(r), self.turn, SOUNDNESS_BLOCK)[:2] for r in replicates]
        own = np.interp([normal(*pair) for pair in drawn], GRID, logs - logs.max())
        weights = np.exp(own)
        return np.asarray(weights / weights.sum())


def dispute_known(pool: Pool, name: str, known: dt.date) -> Dispute:
    """A dispute with all that the pool knew on a day.

    An episode of the pool that tells of the same sides at the same time gives way to the dispute
    itself. One that had not begun is left out.

    Raises
    ------
    InputError
        If the dispute has no record, had not begun, or its record had ended before the day.
    """
    begun = [one for one in _others(pool, name) if _has_begun(one, known)]
    members = load_members(pool, (*begun, name), known)
    member = members[-1]
    scenario = as_known(member.game.scenario, known)
    turn = scenario.turn_of(known) + 1
    last = scenario.record.until if scenario.record else None
    if last is not None and last < known:
        raise InputError(scenario.path, "--until", f"{known}: the record ends on {last}")
    scenario = scenario.model_copy(update={"horizon_weeks": turn + WEEKS_AHEAD})
    start = branch_off(build_game(scenario), member.record, turn).game
    return Dispute(members, member, known, start)


def as_known(scenario: Scenario, day: dt.date) -> Scenario:
    """The scenario without summits, shocks and moves that were made public after a day."""
    meetings = [m for m in scenario.calendar.summits if m.announced is None or m.announced <= day]
    return scenario.model_copy(
        update={
            "calendar": scenario.calendar.model_copy(update={"summits": meetings}),
            "shocks": [shock for shock in scenario.shocks if shock.date <= day],
            "script": [move for move in scenario.script if move.date <= day],
        }
    )


def whole_record(name: str) -> tuple[Scenario, Record]:
    """Scenario and record of an episode, uncut."""
    scenario = load_scenario(name)
    if scenario.record is None:
        raise InputError(scenario.path, "record", "missing; an episode has one")
    named_in = (scenario.path, "record.file")
    return scenario, load_record(scenario.record.file, scenario.path.parent, named_in)


def _others(pool: Pool, name: str) -> list[str]:
    """Episodes of the pool that do not tell of the dispute itself."""
    own, _ = whole_record(name)
    found = []
    for other in pool.episodes:
        scenario, _ = whole_record(other)
        same = sorted(scenario.players) == sorted(own.players)
        apart = scenario.end <= own.start or own.end <= scenario.start
        if other != name and (apart or not same):
            found.append(other)
    return found


def _has_begun(name: str, known: dt.date) -> bool:
    scenario, record = whole_record(name)
    return any(scenario.start <= r.date <= known and not r.not_represented for r in record.rows)


def decided_escalations(rows: Sequence[Row], after: dt.date, until: dt.date) -> list[Row]:
    """Escalations that a side decided between two days, in order; acts of agencies are none."""
    return [
        row
        for row in rows
        if row.move == "ESCALATE"
        and not row.agency
        and not row.not_represented
        and after < row.date <= until
    ]


def until_week(game: Game, turn: int) -> Game:
    """The game with its last week, so that a run stops after it."""
    return replace(game, weeks=game.weeks[: turn + 1])
