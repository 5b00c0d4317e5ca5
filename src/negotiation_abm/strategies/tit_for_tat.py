"""Answers the opponent's last move in kind (Axelrod 1984); begins with HOLD.

An escalation is answered by an escalation, a threat by a threat, a concession by a concession:
on the own lever of the same domain that is listed first, else on the first lever where the answer
is legal. An offer is answered by an offer. What cannot be answered in kind is answered by HOLD.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import opponent_of
from negotiation_abm.strategies._pieces import in_kind

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """The opponent's last move, made with an own lever."""
    return in_kind(state, params, player, opponent_of(player))
