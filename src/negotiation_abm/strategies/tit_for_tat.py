"""Answers the opponent's last move in kind (Axelrod 1984); begins with HOLD.

An escalation is answered by an escalation, a threat by a threat, a concession by a concession:
on the own lever of the same domain that is listed first, else on the first lever where the answer
is legal. An offer is answered by an offer. What cannot be answered in kind is answered by HOLD.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import (
    Move,
    lever_of,
    move_of,
    opponent_of,
    option_of,
)
from negotiation_abm.core.transitions import is_legal

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """The opponent's last move, made with an own lever."""
    opponent = opponent_of(player)
    last = state.last_option[opponent]
    move = move_of(last)
    if move < Move.ESCALATE:
        return last if is_legal(state, params, player, last) else 0
    domain = params.domain[opponent, lever_of(last)]
    fallback = 0
    for lever in range(params.num_levers[player]):
        option = option_of(move, lever)
        if is_legal(state, params, player, option):
            if params.domain[player, lever] == domain:
                return option
            if fallback == 0:
                fallback = option
    return fallback
