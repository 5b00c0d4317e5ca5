"""The record as data for a likelihood: what each payoff parameter weighs at each choice.

In a replay the state does not depend on the payoff parameters (levels and moves are recorded), and
the value of every option is linear in them. So the quantal response is a conditional logit with
fixed features, and the coming of rounds a logit that shares ``fatigue``: both are concave in the
parameters.
"""

# mypy: disable-error-code="no-untyped-def"

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.calibration.hidden import Hidden
from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.params import PARAMETERS
from negotiation_abm.core.payoffs import option_value, round_log_odds
from negotiation_abm.core.state import STATE, WEEK, as_object, as_record
from negotiation_abm.core.terms import NUM_OPTIONS, num_options
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.record.load import Record
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.run.compiler import jit, register_rules
from negotiation_abm.scenario.game import Game

FITTED: tuple[Parameter, ...] = tuple(parameter for parameter in PARAMETERS if parameter.fitted)
POOLED = frozenset(parameter.name for parameter in FITTED if parameter.shape == "player")


@dataclass(frozen=True)
class Coefficient:
    """One number to estimate: a parameter, or its entry for a player or a lever."""

    parameter: str
    index: tuple[int, ...]
    label: str


@dataclass(frozen=True)
class Data:
    """Choices and rounds of one record under one scenario.

    Attributes
    ----------
    coefficients : tuple of Coefficient, length K
    features : ndarray, shape (D, 20, K)
        Value of each option at each decision is ``features @ coefficients + offset``.
    offset : ndarray, shape (D, 20)
        What modules that are on add whatever the coefficients.
    legal : ndarray of bool, shape (D, 20)
    chosen, player, turn : ndarray of int, shape (D,)
    dates : tuple of date, length D
    certainty : tuple of str, length D
        Of the main row of the decision; empty for HOLD, which no row states.
    row_ids : tuple of tuple of str, length D
    agency : ndarray of bool, shape (D,)
        Did an agency act of its own accord? The rules draw that, nobody chooses it.
    offered : ndarray of bool, shape (D,)
        Does an offer of the other side stand?
    round_features : ndarray, shape (R, K)
    round_held : ndarray of float, shape (R,)
    round_turn : ndarray of int, shape (R,)
    hidden : Hidden, optional
        What the record does not say, for a likelihood that sums over it.
    """

    game: Game
    coefficients: tuple[Coefficient, ...]
    features: np.ndarray
    offset: np.ndarray
    legal: np.ndarray
    chosen: np.ndarray
    player: np.ndarray
    turn: np.ndarray
    dates: tuple[dt.date, ...]
    certainty: tuple[str, ...]
    row_ids: tuple[tuple[str, ...], ...]
    agency: np.ndarray
    offered: np.ndarray
    round_features: np.ndarray
    round_held: np.ndarray
    round_turn: np.ndarray
    hidden: Hidden | None = None

    def months(self) -> np.ndarray:
        """Month of each decision, as YYYYMM."""
        return np.array([date.year * 100 + date.month for date in self.dates])

    def round_months(self) -> np.ndarray:
        """Month of each week that could have a round, as YYYYMM of its first day."""
        days = [self.game.scenario.date_of(int(turn)) for turn in self.round_turn]
        return np.array([day.year * 100 + day.month for day in days])

    def point(self) -> np.ndarray:
        """The scenario's own values of the coefficients, shape (K,)."""
        record = self.game.params[0]
        return np.array([float(record[c.parameter][c.index]) for c in self.coefficients])


def coefficients_of(game: Game) -> tuple[Coefficient, ...]:
    """Every coefficient that the likelihood knows, in the order of `PARAMETERS`.

    A parameter marked as fitted there has one coefficient; one of a player or a lever has one for
    each player, or for each lever of both.
    """
    return tuple(c for parameter in FITTED for c in _coefficients(game, parameter))


def _coefficients(game: Game, parameter: Parameter) -> list[Coefficient]:
    """One coefficient for each entry of a parameter that the game has."""
    name = parameter.name
    if parameter.shape == "scalar":
        return [Coefficient(name, (), name)]
    if parameter.shape == "player":
        return [Coefficient(name, (i,), f"{name}.{label}") for i, label in enumerate(game.players)]
    return [Coefficient(name, (i, a), f"{name}.{label}") for i, a, label in game.lever_labels()]


def collect(
    game: Game, record: Record, skip_illegal: bool = False, with_hidden: bool = True
) -> Data:
    """Replay `record` and take down the features of every decision and every possible round.

    Parameters
    ----------
    with_hidden : bool
        Also what is needed to sum over HOLDs that a record does not state. Without it a fit takes
        the HOLDs that the replay reads into the record.

    Raises
    ------
    InputError
        As `replay_record`.
    """
    coefficients = coefficients_of(game)
    units = _unit_parameters(game, coefficients)
    base, *plain = [as_object(unit) for unit in units]
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, int, int, int, dt.date, bool]] = []
    rounds: dict[int, np.ndarray] = {}
    both: list[tuple[np.ndarray, np.ndarray, np.ndarray, int, int, int, int]] = []
    segments: list[int] = []
    seen: list[Any] = [None, None]

    @lru_cache(maxsize=2)
    def weighed(turn: int, made: int, player: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What each option weighs for a player; the state stays as it is between two moves."""
        state, week = seen
        legal = np.zeros(NUM_OPTIONS, dtype=bool)
        values = np.zeros((NUM_OPTIONS, len(coefficients)))
        offset = np.zeros(NUM_OPTIONS)
        count = num_options(base.num_levers[player])
        records = as_record(state, STATE), as_record(week, WEEK)
        weighing()(*records, units, player, count, values, offset, legal)
        return values * base.precision, offset * base.precision, legal

    def note(
        state: SimpleNamespace, week: SimpleNamespace, player: int, option: int, date: dt.date
    ) -> None:
        seen[:] = state, week
        parts = weighed(int(state.turn), len(segments), player)
        offered = bool(state.offer[1 - player] > 0)
        rows.append((*parts, option, player, int(state.turn), date, offered))

    def note_segment(
        state: SimpleNamespace, week: SimpleNamespace, truce: int, player: int, option: int
    ) -> None:
        """A segment ends with a move of `player`, or (-1) with the week."""
        seen[:] = state, week
        turn = int(state.turn)
        for side in range(2 if with_hidden else 0):
            moved = option if side == player else -1
            decision = len(rows) - 1 if side == player else -1
            both.append((*weighed(turn, len(segments), side), moved, decision, truce, turn))
        segments.append(turn)

    def note_round(state: SimpleNamespace) -> None:
        rounds[int(state.turn)] = np.array([round_log_odds(state, unit) for unit in plain])

    result = replay_record(game, record, skip_illegal, note, note_round, on_segment=note_segment)
    certainty = {row.id: row.certainty for row in record.rows}
    by_agency = {row.id for row in record.rows if row.agency}
    possible = [(turn, held) for turn, held, _ in result.rounds]
    return Data(
        game=game,
        coefficients=coefficients,
        features=np.array([row[0] for row in rows]),
        offset=np.array([row[1] for row in rows]),
        legal=np.array([row[2] for row in rows]),
        chosen=np.array([row[3] for row in rows]),
        player=np.array([row[4] for row in rows]),
        turn=np.array([row[5] for row in rows]),
        dates=tuple(row[6] for row in rows),
        certainty=tuple(certainty[d.row_ids[0]] if d.row_ids else "" for d in result.decisions),
        row_ids=tuple(d.row_ids for d in result.decisions),
        agency=np.array([bool(by_agency.intersection(d.row_ids[:1])) for d in result.decisions]),
        offered=np.array([row[7] for row in rows]),
        round_features=np.array([rounds[turn] for turn, _ in possible]),
        round_held=np.array([float(held) for _, held in possible]),
        round_turn=np.array([turn for turn, _ in possible]),
        hidden=_hidden(both, int(base.exchanges_per_turn)) if with_hidden else None,
    )


def _hidden(both: list[tuple[Any, ...]], exchanges: int) -> Hidden:
    names = ("features", "offset", "legal", "moved", "decision", "truce", "turn")
    columns = {
        name: np.array(part) for name, part in zip(names, zip(*both, strict=True), strict=True)
    }
    return Hidden(**columns, exchanges=exchanges)


def _unit_parameters(game: Game, coefficients: tuple[Coefficient, ...]) -> np.ndarray:
    """Parameters with all coefficients at 0, then for each with that one at 1, shape (K + 1,)."""
    units = np.repeat(game.params[:1], len(coefficients) + 1)
    for coefficient in coefficients:
        units[coefficient.parameter] = 0
    for k, coefficient in enumerate(coefficients, start=1):
        units[coefficient.parameter][(k, *coefficient.index)] = 1.0
    return units


@cache
def weighing() -> Callable[..., None]:
    """The compiled loop over options and coefficients: fills values, offset and legal."""
    register_rules()

    @partial(jit, nogil=True)
    def weigh(state, week, units, player, count, values, offset, legal):
        for option in range(count):
            if is_legal(state[0], units[0], player, option):
                legal[option] = True
                still = option_value(state[0], units[0], week[0], player, option)
                offset[option] = still
                for k in range(1, len(units)):
                    value = option_value(state[0], units[k], week[0], player, option)
                    values[option, k - 1] = value - still

    compiled: Callable[..., None] = weigh
    return compiled
