"""A chain on the opponent's last move: the statistical baseline.

The kind of move is drawn from the row of ``markov_chain`` for the kind of the opponent's last move
(HOLD before any), over the kinds that have a legal option; the lever is any legal one, all alike.
The shipped chain is the transition table of the record of 2025, both sides together, as in the
baselines of a calibration (order-1 Markov, pooled).
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import move_of, num_options, opponent_of
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.strategies.logit import draw_option

NEEDS = ("markov_chain",)
PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """An option drawn by the chain."""
    last = move_of(state.last_option[opponent_of(player)])
    count = num_options(params.num_levers[player])
    total = 0.0
    for option in range(count):
        weights[option] = 0.0
        if is_legal(state, params, player, option):
            move = move_of(option)
            legal = _num_legal(state, params, player, move, count)
            weights[option] = params.markov_chain[last, move] / legal
            total += weights[option]
    return draw_option(weights, count, u * total)


@rule
def _num_legal(state, params, player, move, count):
    """Legal options of one kind."""
    found = 0
    for option in range(count):
        if move_of(option) == move and is_legal(state, params, player, option):
            found += 1
    return found
