"""The compiled part of the marginal likelihood: one call fills the gradient and gives the value.

What options have lies in compressed columns: only coefficients that are not 0 cost anything, and
the inner loops are long, so that the processor does not guess their ends wrong. What all options of
a type of move share in a row stands once, with their *stem*.
"""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from negotiation_abm.run.compiler import jit


def dot(values, places, vector, begin, end):  # type: ignore[no-untyped-def]
    """Sum of a compressed column times a vector: four sums, as one would wait for itself."""
    a = b = c = d = 0.0
    j = begin
    while j + 4 <= end:
        a += values[j] * vector[places[j]]
        b += values[j + 1] * vector[places[j + 1]]
        c += values[j + 2] * vector[places[j + 2]]
        d += values[j + 3] * vector[places[j + 3]]
        j += 4
    while j < end:
        a += values[j] * vector[places[j]]
        j += 1
    return (a + b) + (c + d)


def exponentials(values, bits):  # type: ignore[no-untyped-def]
    """Exponentials in place, of values of 0 or less, to 2e-16 of each.

    The processor does eight at a time, which it does not for calls of a library's exponential: the
    nearest power of 2 goes into the exponent's bits, and what is left of the argument, at most half
    of log 2, into its series.
    """
    for o in range(len(values)):
        x = max(values[o], -700.0)
        power = np.floor(x * 1.4426950408889634 + 0.5)
        x = (x - power * 0.6931471803691238) - power * 1.9082149292705877e-10
        y = 1.0 / 6227020800.0
        y = y * x + 1.0 / 479001600.0
        y = y * x + 1.0 / 39916800.0
        y = y * x + 1.0 / 3628800.0
        y = y * x + 1.0 / 362880.0
        y = y * x + 1.0 / 40320.0
        y = y * x + 1.0 / 5040.0
        y = y * x + 1.0 / 720.0
        y = y * x + 1.0 / 120.0
        y = y * x + 1.0 / 24.0
        y = y * x + 1.0 / 6.0
        y = y * x + 0.5
        y = y * x + 1.0
        values[o] = y * x + 1.0
        bits[o] = (np.int64(power) + 1023) << 52
    scale = bits.view(np.float64)
    for o in range(len(values)):
        values[o] *= scale[o]


@cache
def marginal_kernel() -> Callable[..., float]:
    """The compiled log-likelihood; fills the gradient.

    What it calls is no compiled function of its own, which the compiler could not find again in its
    cache.
    """
    from numba.extending import register_jitable

    register_jitable(dot)
    register_jitable(exponentials)

    @partial(jit, nogil=True, error_model="numpy")
    def log_likelihood(  # type: ignore[no-untyped-def]
        theta, gradient, starts, places, values, stem_starts, stem_places, stem_values, stem_of,
        offset, row_start, pressing, move_place,
        in_truce, term_row, term_moves, reading_start, reading_weight, week_start, week_truce,
        node, log_weight, frailty, round_starts, round_columns, round_values, round_held,
        week_log,
    ):  # fmt: skip
        rows, nodes, readings = len(row_start) - 1, len(node), len(reading_weight)
        weeks, coefficients = len(week_truce), len(theta)
        tau = abs(theta[frailty]) if frailty >= 0 else 0.0  # its sign means nothing
        shift = np.exp(-tau * node)

        # Weights of the options; log probability of HOLD and of the move of each row, by node.
        stem = np.zeros(stem_of.max() + 1)
        for k in range(coefficients):
            if theta[k] != 0.0:
                for j in range(stem_starts[k], stem_starts[k + 1]):
                    stem[stem_places[j]] += stem_values[j] * theta[k]
        weight = offset.copy()
        for o in range(len(weight)):
            weight[o] += stem[stem_of[o]]
        for k in range(coefficients):
            if theta[k] != 0.0:
                for j in range(starts[k], starts[k + 1]):
                    weight[places[j]] += values[j] * theta[k]
        press = np.zeros(rows)
        hold, move = np.empty((rows, nodes)), np.empty((rows, nodes))
        part = np.empty((rows, nodes))
        best_of, moved_by = np.empty(rows), np.zeros(rows)
        for r in range(rows):
            best = -np.inf
            for o in range(row_start[r], row_start[r + 1]):
                best = max(best, weight[o])
            for o in range(row_start[r], row_start[r + 1]):
                weight[o] -= best
            best_of[r] = best
            if move_place[r] >= 0:
                moved_by[r] = weight[move_place[r]]
        exponentials(weight, np.empty(len(weight), np.int64))
        for r in range(rows):
            best, moved, chosen = best_of[r], moved_by[r], move_place[r]
            whole = pressed = 0.0
            for o in range(row_start[r], row_start[r + 1]):
                whole += weight[o] * (1.0 - pressing[o])
                pressed += weight[o] * pressing[o]
            press[r] = pressed
            tilt = tau * pressing[chosen] if chosen >= 0 else 0.0
            for q in range(nodes):
                if q == 0 or in_truce[r]:
                    total = whole + pressed * shift[q]
                    log_total = np.log(total)
                part[r, q] = 1.0 / total
                hold[r, q] = -best - log_total
                move[r, q] = moved - log_total - tilt * node[q]

        # Log probability of each reading, each week, each truce, by node. A week outside of any
        # truce is at every node the same.
        read = np.empty((readings, nodes))
        truces = max(0, week_truce.max() + 1)
        truce_log = np.zeros((truces, nodes))
        value = 0.0
        for w in range(weeks):
            first, last, number = week_start[w], week_start[w + 1], week_truce[w]
            for p in range(first, last):
                for q in range(nodes):
                    read[p, q] = reading_weight[p]
                for t in range(reading_start[p], reading_start[p + 1]):
                    r = term_row[t]
                    source = move if term_moves[t] else hold
                    for q in range(nodes):
                        read[p, q] += source[r, q]
            for q in range(nodes if number >= 0 else 1):
                best = -np.inf
                for p in range(first, last):
                    best = max(best, read[p, q])
                total = 0.0
                for p in range(first, last):
                    read[p, q] = np.exp(read[p, q] - best)
                    total += read[p, q]
                for p in range(first, last):
                    read[p, q] /= total
                week_log[w, q] = best + np.log(total)
                if number >= 0:
                    truce_log[number, q] += week_log[w, q]
                else:
                    value += week_log[w, q]
        belief = np.empty((truces, nodes))
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
            for p in range(week_start[w], week_start[w + 1]):
                for q in range(nodes if number >= 0 else 1):
                    read[p, q] *= belief[number, q] if number >= 0 else 1.0
                for t in range(reading_start[p], reading_start[p + 1]):
                    r = term_row[t]
                    for q in range(nodes if number >= 0 else 1):
                        if term_moves[t]:
                            made[r, q] += read[p, q]
                        else:
                            held[r, q] += read[p, q]
        slope = 0.0
        for r in range(rows):
            of_calm = of_press = of_move = 0.0
            chosen = move_place[r]
            for q in range(nodes):
                count = (held[r, q] + made[r, q]) * part[r, q]
                of_calm += count
                of_press += count * shift[q]
                of_move += made[r, q]
                slope += node[q] * count * press[r] * shift[q]
                if chosen >= 0:
                    slope -= node[q] * made[r, q] * pressing[chosen]
            for o in range(row_start[r], row_start[r + 1]):
                weight[o] *= -of_calm if pressing[o] == 0.0 else -of_press
            if chosen >= 0:
                weight[chosen] += of_move
        stem[:] = 0.0
        for o in range(len(weight)):
            stem[stem_of[o]] += weight[o]
        for k in range(coefficients):
            gradient[k] = dot(values, places, weight, starts[k], starts[k + 1])
            gradient[k] += dot(stem_values, stem_places, stem, stem_starts[k], stem_starts[k + 1])
        if frailty >= 0:
            gradient[frailty] += slope if theta[frailty] >= 0.0 else -slope

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
