"""The episodes of a pool as data: each record up to the cut-off date, base values by government."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from negotiation_abm.calibration.features import POOLED, Coefficient, Data, collect
from negotiation_abm.calibration.hidden import Hidden
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.files.errors import InputError
from negotiation_abm.record.load import Record, own_record
from negotiation_abm.scenario.game import Game, build_game

BETWEEN = " of "  # between a base value and an earlier government that it belongs to


@dataclass(frozen=True)
class Member:
    """An episode of a pool.

    Attributes
    ----------
    name : str
    record : Record
        Up to the cut-off date.
    data : Data
        A side that changes its government within the episode has base values for each; those of an
        earlier one stand last and are labelled with it.
    governments : tuple of str, one a coefficient
        Whose base value it is; empty for other coefficients.
    left_out : int, optional
        A month (YYYYMM) whose weeks the likelihood does not count.
    """

    name: str
    record: Record
    data: Data
    governments: tuple[str, ...]
    left_out: int | None = None

    @property
    def game(self) -> Game:
        """The scenario as numbers."""
        return self.data.game

    @cached_property
    def likelihood(self) -> MarginalLikelihood:
        """Of all that sides chose and of all rounds; what an agency did alone is no choice."""
        use = ~self.data.agency
        if self.left_out is None:
            return MarginalLikelihood(self.data, use)
        kept = [
            self.months(turn) != self.left_out for turn in (self.data.turn, self.data.round_turn)
        ]
        return MarginalLikelihood(self.data, use & kept[0], kept[1])

    def months(self, turns: np.ndarray) -> np.ndarray:
        """Month (YYYYMM) in which each week begins."""
        days = [self.game.scenario.date_of(int(turn)) for turn in turns]
        return np.array([day.year * 100 + day.month for day in days], dtype=int)

    def without(self, month: int) -> "Member":
        """The episode with the weeks of a month not counted; itself where it has none."""
        turns = np.concatenate([self.data.turn, self.data.round_turn])
        return replace(self, left_out=month) if (self.months(turns) == month).any() else self

    @property
    def lasting(self) -> np.ndarray:
        """Coefficients that hold at the end of the episode, numbers into `data.coefficients`."""
        labels = [coefficient.label for coefficient in self.data.coefficients]
        return np.flatnonzero([BETWEEN not in label for label in labels])


def load_members(
    pool: Pool,
    episodes: tuple[str, ...] = (),
    until: dt.date | None = None,
    alter: Callable[[Record], Record] | None = None,
) -> list[Member]:
    """Replay the episodes of a pool up to a cut-off date.

    Parameters
    ----------
    episodes : tuple of str, optional
        In place of those of the pool.
    until : date, optional
        In place of that of the pool, if it is earlier.
    alter : callable, optional
        Rewrites each record before, as another coder would have it.

    Raises
    ------
    InputError
        If an episode has no record, or none before the date, or its record cannot be replayed.
    """
    day = min(until or pool.until, pool.until)
    return [_member(pool, name, day, alter) for name in episodes or pool.episodes]


def _member(
    pool: Pool, name: str, until: dt.date, alter: Callable[[Record], Record] | None
) -> Member:
    scenario = pool.scenario(name)
    whole = own_record(scenario, "an episode has one")
    assert scenario.record is not None
    record = Record(whole.path, tuple(row for row in whole.rows if row.date <= until))
    record = alter(record) if alter else record
    if not any(row.date >= scenario.start for row in record.rows):
        raise InputError(pool.path, "until", f"{until}: {name} has no move by then")
    last = scenario.record.until or whole.rows[-1].date
    seen = scenario.record.model_copy(update={"until": min(last, until)})
    with pool.naming():
        game = build_game(scenario.model_copy(update={"record": seen}))
    data = collect(game, record, skip_illegal=bool(pool.changes))
    return Member(name, record, *_by_government(data, pool))


def _by_government(data: Data, pool: Pool) -> tuple[Data, tuple[str, ...]]:
    """Base values of a side that changes its government, one set for each."""
    scenario, hidden = data.game.scenario, data.hidden
    assert hidden is not None
    turns = np.arange(max(data.turn.max(), hidden.turn.max()) + 1)
    by_turn = {
        side: np.array([pool.government_of(side, scenario.date_of(turn)) for turn in turns])
        for side in data.game.players
    }
    columns: list[tuple[int, Coefficient, str]] = []
    earlier: list[tuple[int, Coefficient, str]] = []
    for k, coefficient in enumerate(data.coefficients):
        if coefficient.parameter not in POOLED:
            columns.append((k, coefficient, ""))
            continue
        names = by_turn[data.game.players[coefficient.index[0]]]
        columns.append((k, coefficient, str(names[-1])))
        for name in dict.fromkeys(names[names != names[-1]].tolist()):
            label = f"{coefficient.label}{BETWEEN}{name}"
            earlier.append((k, replace(coefficient, label=label), name))
    columns += earlier

    def split(features: np.ndarray, turn: np.ndarray) -> np.ndarray:
        parts = features[..., [k for k, _, _ in columns]].copy()
        for place, (_, coefficient, name) in enumerate(columns):
            if name:
                side = data.game.players[coefficient.index[0]]
                parts[by_turn[side][turn] != name, :, place] = 0.0
        return parts

    rounds = data.round_features[:, [k for k, _, _ in columns]]  # base values are 0 there
    changed = replace(
        data,
        coefficients=tuple(coefficient for _, coefficient, _ in columns),
        features=split(data.features, data.turn),
        round_features=rounds,
        hidden=Hidden(**hidden.__dict__ | {"features": split(hidden.features, hidden.turn)}),
    )
    return changed, tuple(name for _, _, name in columns)
