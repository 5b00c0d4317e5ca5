"""Settles until the opponent escalates, then never again: the grim trigger (Friedman 1971).

Offers a truce, or holds, while nothing is on record against the opponent. From the opponent's first
escalation on it raises the first of its levers that has room, move after move. (Friedman 1971,
*Review of Economic Studies* 38.)
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move, opponent_of
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.strategies._pieces import first_legal, has_escalated

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """SUSPEND or HOLD while there is trust; after a betrayal the first legal ESCALATE."""
    if has_escalated(state, opponent_of(player)):
        return first_legal(state, params, player, Move.ESCALATE)
    return Move.SUSPEND if is_legal(state, params, player, Move.SUSPEND) else 0
