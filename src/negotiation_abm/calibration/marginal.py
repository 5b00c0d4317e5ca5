"""Likelihood of a record with what it does not say summed out.

Two things are not in a record: who held before a move (`hidden`), and how sound each truce is (the
rules draw a standard normal for each truce and for each repair of a strained one). Readings of a
week are summed with their probability under the game's own order of play, soundness is integrated
with Gauss-Hermite nodes. A week within which the soundness changes is read as the replay reads it.
With one reading a week and one node at 0 this is `likelihood.Likelihood`, but for the chance of one
half that the order of the sides has in a week with moves.

A call is compiled: it runs over the coefficients of each legal option that are not 0.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.hidden import Reading, readings
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.core.terms import Move, move_of
from negotiation_abm.kernel import compiler

NODES = 7
STEP = 1e-5  # of the central differences of the gradient


def _sparse(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compressed rows: where each begins, columns and values of what is not 0."""
    place, column = np.nonzero(rows)
    starts = np.searchsorted(place, np.arange(len(rows) + 1))
    return starts.astype(np.int64), column.astype(np.int64), rows[place, column]


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
        legal = hidden.legal
        counts = legal.sum(axis=1)
        self.size = len(data.coefficients)
        self.options = _sparse(hidden.features[legal])
        self.offset = hidden.offset[legal]
        self.row_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        kinds = np.array([move_of(option) for option in range(legal.shape[1])])
        pressing = np.isin(kinds, (Move.ESCALATE, Move.THREATEN))
        self.pressing = np.broadcast_to(pressing, legal.shape)[legal]
        before = np.cumsum(legal, axis=1) - 1
        at = np.maximum(hidden.moved, 0)
        place = self.row_start[:-1] + before[np.arange(len(at)), at]
        self.move_place = np.where(hidden.moved >= 0, place, -1).astype(np.int64)
        self._list_readings(data, use)
        self.round_rows = _sparse(data.round_features[held])
        self.round_held = data.round_held[held].astype(float)
        node, weight = np.polynomial.hermite_e.hermegauss(nodes)
        self.node, self.log_weight = node, np.log(weight / weight.sum())
        labels = [c.label for c in data.coefficients]
        self.frailty = labels.index("truce_frailty") if "truce_frailty" in labels else -1

    def _list_readings(self, data: Data, use: np.ndarray) -> None:
        """Lay out the readings of every week as rows that hold or move."""
        hidden = data.hidden
        assert hidden is not None
        row, is_move, starts, log_weight, blocks, truces = [], [], [0], [], [0], []
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
        self.term_row = np.array(row, dtype=np.int64)
        self.term_moves = np.array(is_move, dtype=bool)
        self.reading_start = np.array(starts, dtype=np.int64)
        self.reading_weight = np.array(log_weight)
        self.week_start = np.array(blocks, dtype=np.int64)
        self.week_truce = np.array(truces, dtype=np.int64)
        self.row_truce = hidden.truce.astype(np.int64)

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood in nats and its gradient, shape (K,)."""
        gradient = np.zeros(self.size)
        value = _kernel()(
            np.ascontiguousarray(theta, dtype=float),
            gradient,
            *self.options,
            self.offset,
            self.row_start,
            self.pressing,
            self.move_place,
            self.row_truce,
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
        )
        return float(value), gradient

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian, shape (K, K), by central differences of the gradient."""
        columns = []
        for k in range(self.size):
            step = np.zeros(self.size)
            step[k] = STEP
            up, down = (self.value_and_gradient(theta + s)[1] for s in (step, -step))
            columns.append((down - up) / (2.0 * STEP))
        whole = np.array(columns)
        return np.asarray(0.5 * (whole + whole.T))


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
    found: dict[int, bool] = {}
    for turn in np.unique(data.turn):
        here = data.turn == turn
        held = here & (data.chosen == 0)
        found[int(turn)] = bool(use[held if held.any() else here].any())
    return found


@cache
def _kernel() -> Callable[..., float]:
    """The compiled log-likelihood; fills the gradient."""
    numba = compiler()

    @numba.njit(nogil=True, cache=True, error_model="numpy")
    def log_likelihood(  # type: ignore[no-untyped-def]
        theta, gradient, starts, columns, values, offset, row_start, pressing, move_place,
        row_truce, term_row, term_moves, reading_start, reading_weight, week_start, week_truce,
        node, log_weight, frailty, round_starts, round_columns, round_values, round_held,
    ):  # fmt: skip
        rows, nodes, readings = len(row_start) - 1, len(node), len(reading_weight)
        weeks, truces = len(week_truce), 0
        for truce in week_truce:
            truces = max(truces, truce + 1)
        tau = theta[frailty] if frailty >= 0 else 0.0
        shift = np.exp(-tau * node)

        # Weights of the options; log probability of HOLD and of the move of each row, by node.
        weight = np.empty(len(offset))
        calm, press, top = np.zeros(rows), np.zeros(rows), np.zeros(rows)
        hold, move = np.zeros((rows, nodes)), np.zeros((rows, nodes))
        for r in range(rows):
            best = -np.inf
            for o in range(row_start[r], row_start[r + 1]):
                total = offset[o]
                for j in range(starts[o], starts[o + 1]):
                    total += values[j] * theta[columns[j]]
                weight[o] = total
                best = max(best, total)
            top[r] = best
            chosen = move_place[r]
            moved = weight[chosen] - best if chosen >= 0 else 0.0
            for o in range(row_start[r], row_start[r + 1]):
                weight[o] = np.exp(weight[o] - best)
                if pressing[o] and row_truce[r] >= 0:
                    press[r] += weight[o]
                else:
                    calm[r] += weight[o]
            for q in range(nodes if row_truce[r] >= 0 else 1):
                log_total = np.log(calm[r] + press[r] * shift[q])
                hold[r, q] = -best - log_total
                if chosen >= 0:
                    move[r, q] = moved - log_total
                    if pressing[chosen] and row_truce[r] >= 0:
                        move[r, q] -= tau * node[q]

        # Log probability of each reading, each week, each truce, by node.
        read = np.zeros((readings, nodes))
        week = np.zeros((weeks, nodes))
        truce_log = np.zeros((truces, nodes))
        value = 0.0
        for w in range(weeks):
            number = week_truce[w]
            for q in range(nodes if number >= 0 else 1):
                best = -np.inf
                for p in range(week_start[w], week_start[w + 1]):
                    total = reading_weight[p]
                    for t in range(reading_start[p], reading_start[p + 1]):
                        r = term_row[t]
                        at = q if row_truce[r] >= 0 else 0
                        total += move[r, at] if term_moves[t] else hold[r, at]
                    read[p, q] = total
                    best = max(best, total)
                total = 0.0
                for p in range(week_start[w], week_start[w + 1]):
                    total += np.exp(read[p, q] - best)
                week[w, q] = best + np.log(total)
                if number >= 0:
                    truce_log[number, q] += week[w, q]
            if number < 0:
                value += week[w, 0]
        belief = np.zeros((truces, nodes))
        for g in range(truces):
            best = -np.inf
            for q in range(nodes):
                belief[g, q] = truce_log[g, q] + log_weight[q]
                best = max(best, belief[g, q])
            total = 0.0
            for q in range(nodes):
                belief[g, q] = np.exp(belief[g, q] - best)
                total += belief[g, q]
            for q in range(nodes):
                belief[g, q] /= total
            value += best + np.log(total)

        # Expected counts of HOLD and move of each row, by node; the gradient from them.
        held, made = np.zeros((rows, nodes)), np.zeros((rows, nodes))
        for w in range(weeks):
            number = week_truce[w]
            for q in range(nodes if number >= 0 else 1):
                share = belief[number, q] if number >= 0 else 1.0
                for p in range(week_start[w], week_start[w + 1]):
                    chance = share * np.exp(read[p, q] - week[w, q])
                    for t in range(reading_start[p], reading_start[p + 1]):
                        r = term_row[t]
                        at = q if row_truce[r] >= 0 else 0
                        if term_moves[t]:
                            made[r, at] += chance
                        else:
                            held[r, at] += chance
        for r in range(rows):
            of_calm = of_press = of_move = slope = 0.0
            chosen = move_place[r]
            for q in range(nodes if row_truce[r] >= 0 else 1):
                count = held[r, q] + made[r, q]
                total = calm[r] + press[r] * shift[q]
                of_calm += count / total
                of_press += count * shift[q] / total
                of_move += made[r, q]
                if row_truce[r] >= 0:
                    slope += node[q] * count * press[r] * shift[q] / total
                    if chosen >= 0 and pressing[chosen]:
                        slope -= node[q] * made[r, q]
            if frailty >= 0:
                gradient[frailty] += slope
            if of_calm == 0.0:
                continue
            for o in range(row_start[r], row_start[r + 1]):
                pull = -weight[o] * (of_press if pressing[o] and row_truce[r] >= 0 else of_calm)
                if o == chosen:
                    pull += of_move
                for j in range(starts[o], starts[o + 1]):
                    gradient[columns[j]] += pull * values[j]

        # Rounds.
        for n in range(len(round_held)):
            odds = 0.0
            for j in range(round_starts[n], round_starts[n + 1]):
                odds += round_values[j] * theta[round_columns[j]]
            value += round_held[n] * odds - (max(odds, 0.0) + np.log1p(np.exp(-abs(odds))))
            rest = round_held[n] - 1.0 / (1.0 + np.exp(-odds))
            for j in range(round_starts[n], round_starts[n + 1]):
                gradient[round_columns[j]] += rest * round_values[j]
        return value

    compiled: Callable[..., float] = log_likelihood
    return compiled
