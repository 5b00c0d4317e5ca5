"""Likelihood of a record with what it does not say summed out.

Two things are not in a record: who held before a move (`hidden`), and how sound each truce is (the
rules draw a standard normal for each truce and for each repair of a strained one). Readings of a
week are summed with their probability under the game's own order of play, soundness is integrated
over even nodes. A week within which the soundness changes is read as the replay reads it.
With one reading a week and one node at 0 this is `likelihood.Likelihood`, but for the chance of one
half that the order of the sides has in a week with moves.

A call is compiled: it runs over the coefficients of each legal option that are not 0.
"""

import numpy as np

from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.hidden import Reading, readings
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal_kernel import marginal_kernel
from negotiation_abm.core.terms import Move, move_of

NODES = 14
REACH = (-3.5, 6.25)  # of the nodes, in standard deviations of soundness
STEP = 1e-5  # of the central differences of the gradient


def _sparse(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compressed rows: where each begins, columns and values of what is not 0.

    Places are unsigned, which spares the compiled loops the question whether one is negative.
    """
    place, column = np.nonzero(rows)
    starts = np.searchsorted(place, np.arange(len(rows) + 1))
    return starts.astype(np.int64), column.astype(np.uint32), rows[place, column]


def _stems(
    features: np.ndarray, row: np.ndarray, kind: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each option has of its own, what all of its type share in a row, and which stem it has.

    Parameters
    ----------
    features : ndarray, shape (options, K)
    row, kind : ndarray of int, shape (options,)
        Row and type of move of each option.
    """
    _, stem_of = np.unique(row * (kind.max() + 1) + kind, return_inverse=True)
    order = np.argsort(stem_of, kind="stable")
    first = np.searchsorted(stem_of[order], np.arange(stem_of.max() + 1))
    low, high = (f.reduceat(features[order], first, axis=0) for f in (np.minimum, np.maximum))
    shared = np.where(low == high, low, 0.0)
    return features - shared[stem_of], shared, stem_of.astype(np.uint32)


def quadrature(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of an integral over a standard normal; weights sum to 1.

    The nodes are evenly spaced (the trapezoidal rule) and reach further up than down, as a truce
    that lasts speaks for a soundness far above the mean, and none speaks for one far below. Gauss
    and Hermite's rule of as many nodes lies where the normal is, not where the truces are, and
    errs by ten times as much; see the tests.
    """
    node = np.linspace(*REACH, nodes) if nodes > 1 else np.zeros(1)
    weight = np.exp(-0.5 * node**2)
    return node, weight / weight.sum()


def is_pressing(options: int) -> np.ndarray:
    """Which options the soundness of a truce holds back, shape (options,)."""
    kinds = [move_of(option) for option in range(options)]
    return np.isin(kinds, (Move.ESCALATE, Move.THREATEN))


class MarginalLikelihood:
    """Likelihood of the decisions and rounds of one record, HOLDs and soundness summed out.

    Parameters
    ----------
    data : Data
        With `hidden`.
    decisions, rounds : ndarray of bool, optional
        Which of them count (all by default). A move that does not count is taken as it was; the
        HOLDs of a week count if those that the replay reads into it do.
    nodes : int
        Nodes of the integral over soundness; 1 takes every truce as of mean soundness.

    Attributes
    ----------
    counted : ndarray of bool, shape (D,)
        `decisions`.
    weeks : ndarray of int, shape (W,)
        Turn of each week; one with several truces stands several times.
    """

    def __init__(
        self,
        data: Data,
        decisions: np.ndarray | None = None,
        rounds: np.ndarray | None = None,
        nodes: int = NODES,
    ) -> None:
        hidden = data.hidden
        assert hidden is not None, "collected without what the record does not say"
        use = np.ones(len(data.chosen), bool) if decisions is None else decisions
        held = np.ones(len(data.round_held), bool) if rounds is None else rounds
        self.counted = use
        self._list_readings(data, use)
        legal = hidden.legal.copy()
        unread = np.setdiff1d(np.arange(len(legal)), self.term_row)
        legal[unread, 1:] = False  # HOLD alone, as no reading asks
        counts = legal.sum(axis=1)
        self.size = len(data.coefficients)
        kinds = np.array([move_of(option) for option in range(legal.shape[1])])
        row, option = np.nonzero(legal)
        own, shared, self.stem_of = _stems(hidden.features[legal], row, kinds[option])
        self.options, self.stems = _sparse(own.T), _sparse(shared.T)
        self.offset = hidden.offset[legal]
        self.row_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        pressing = is_pressing(len(kinds))
        in_truce = hidden.truce >= 0
        self.pressing = (pressing & in_truce[:, None])[legal].astype(float)
        self.in_truce = in_truce
        before = np.cumsum(legal, axis=1) - 1
        at = np.maximum(hidden.moved, 0)
        place = self.row_start[:-1] + before[np.arange(len(at)), at]
        self.move_place = np.where(hidden.moved >= 0, place, -1).astype(np.int64)
        self.round_rows = _sparse(data.round_features[held])
        self.round_held = data.round_held[held].astype(float)
        self.node, weight = quadrature(nodes)
        self.log_weight = np.log(weight)
        labels = [c.label for c in data.coefficients]
        self.frailty = labels.index("truce_frailty") if "truce_frailty" in labels else -1

    def _list_readings(self, data: Data, use: np.ndarray) -> None:
        """Lay out the readings of every week as rows that hold or move."""
        hidden = data.hidden
        assert hidden is not None
        row, is_move, starts, log_weight, blocks, truces = [], [], [0], [], [0], []
        turns = []
        holds = _holds_count(data, use)
        for turn in np.unique(hidden.turn):
            own = np.flatnonzero(hidden.turn == turn)[::2]  # first rows of its segments
            movers = tuple(
                0 if hidden.moved[r] >= 0 else 1
                for r in own
                if (hidden.moved[r : r + 2] >= 0).any()
            )
            listed = readings(movers, hidden.exchanges)
            parts = sorted(set(hidden.truce[own].tolist()) - {-1}) or [-1]
            if len(parts) > 1:  # soundness changes within the week: the replay's own reading
                listed = ((_as_replayed(data, int(turn)), 2),)
            for part in parts:
                for reading, count in listed:
                    for player, segment, moves in reading:
                        r = int(own[segment]) + player
                        known = int(hidden.truce[r]) if hidden.truce[r] >= 0 else parts[0]
                        if len(parts) > 1 and known != part:
                            continue
                        counted = use[hidden.decision[r]] if moves else holds[int(turn)]
                        if counted:
                            row.append(r)
                            is_move.append(moves)
                    starts.append(len(row))
                    log_weight.append(np.log(count / 2.0))
                blocks.append(len(log_weight))
                truces.append(part)
                turns.append(int(turn))
        self.term_row = np.array(row, dtype=np.int64)
        self.term_moves = np.array(is_move, dtype=bool)
        self.reading_start = np.array(starts, dtype=np.int64)
        self.reading_weight = np.array(log_weight)
        self.week_start = np.array(blocks, dtype=np.int64)
        self.week_truce = np.array(truces, dtype=np.int64)
        self.weeks = np.array(turns, dtype=int)

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood in nats and its gradient, shape (K,)."""
        return self._called(theta)[:2]

    def without(self, theta: np.ndarray, out: np.ndarray, rounds: np.ndarray) -> np.ndarray:
        """What the log-likelihood loses if some weeks do not count, for many choices of weeks.

        Parameters
        ----------
        out : ndarray of bool, shape (choices, W)
            Weeks that do not count, in the order of `weeks`.
        rounds : ndarray of bool, shape (choices, R)
            The same for weeks that could have a round.

        Returns
        -------
        ndarray, shape (choices,)
            Log-likelihood without them, less that of all.
        """
        by_week = self._called(theta)[2]
        odds = np.zeros(len(self.round_held))
        starts, columns, values = self.round_rows
        np.add.at(odds, np.repeat(np.arange(len(odds)), np.diff(starts)), values * theta[columns])
        lost = rounds @ (self.round_held * odds - np.logaddexp(0.0, odds))
        outside = self.week_truce < 0
        lost = lost + out[:, outside] @ by_week[outside, 0]
        for truce in range(self.week_truce.max(initial=-1) + 1):
            own = self.week_truce == truce
            whole = by_week[own].sum(axis=0) + self.log_weight
            less = whole - out[:, own].astype(float) @ by_week[own]
            lost += np.logaddexp.reduce(whole) - np.logaddexp.reduce(less, axis=1)
        return np.asarray(-lost)

    def _called(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Value, gradient, and log probability of every week by node, shape (W, nodes)."""
        gradient = np.zeros(self.size)
        by_week = np.zeros((len(self.week_truce), len(self.node)))
        value = marginal_kernel()(
            np.ascontiguousarray(theta, dtype=float),
            gradient,
            *self.options,
            *self.stems,
            self.stem_of,
            self.offset,
            self.row_start,
            self.pressing,
            self.move_place,
            self.in_truce,
            self.term_row,
            self.term_moves,
            self.reading_start,
            self.reading_weight,
            self.week_start,
            self.week_truce,
            self.node,
            self.log_weight,
            self.frailty,
            *self.round_rows,
            self.round_held,
            by_week,
        )
        return float(value), gradient, by_week

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian, shape (K, K), by central differences of the gradient."""
        columns = []
        for k in range(self.size):
            step = np.zeros(self.size)
            step[k] = STEP
            up, down = (self.value_and_gradient(theta + s)[1] for s in (step, -step))
            columns.append((down - up) / (2.0 * STEP))
        information = np.array(columns)
        return np.asarray(0.5 * (information + information.T))


def likelihood_of(
    data: Data, decisions: np.ndarray | None = None, rounds: np.ndarray | None = None
) -> Likelihood | MarginalLikelihood:
    """The likelihood of `data`: marginal if it knows what the record does not say."""
    kind = Likelihood if data.hidden is None else MarginalLikelihood
    return kind(data, decisions, rounds)


def _as_replayed(data: Data, turn: int) -> Reading:
    """The reading of a week that the replay gives it."""
    made, slots = 0, []
    for d in np.flatnonzero(data.turn == turn):
        moves = bool(data.chosen[d] != 0)
        slots.append((int(data.player[d]), made, moves))
        made += moves
    return tuple(slots)


def _holds_count(data: Data, use: np.ndarray) -> dict[int, bool]:
    """Do the HOLDs of each week count? As those do that the replay reads into it."""
    counted: dict[int, bool] = {}
    for turn in np.unique(data.turn):
        here = data.turn == turn
        held = here & (data.chosen == 0)
        counted[int(turn)] = bool(use[held if held.any() else here].any())
    return counted
