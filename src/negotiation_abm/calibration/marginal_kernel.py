"""The compiled part of the marginal likelihood: one call fills the gradient and gives the value.

Options lie in compressed rows, so that only coefficients that are not 0 cost anything.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from negotiation_abm.kernel import compiler


@cache
def marginal_kernel() -> Callable[..., float]:
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
