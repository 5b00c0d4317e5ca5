"""Never raises a lever; settles, and in a dispute gives way.

The dove of Maynard Smith and Price (1973, *Nature* 246), who displays and never fights: offers
wherever an offer is legal; in a dispute in which its offer stands it concedes, the first lever
that can be lowered; else holds.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move, Phase
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.strategies._pieces import give_way

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """SUSPEND where legal; in a dispute CONCEDE; else HOLD."""
    if state.phase == Phase.DISPUTE or is_legal(state, params, player, Move.SUSPEND):
        return give_way(state, params, player)
    return 0
