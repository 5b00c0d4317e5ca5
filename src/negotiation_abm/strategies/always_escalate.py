"""Raises a lever at every move: the unconditional defector of Axelrod (1984).

The first of its levers that has room, in the order of the scenario; HOLD when all are full.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move
from negotiation_abm.strategies._pieces import first_legal

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """The first legal ESCALATE."""
    return first_legal(state, params, player, Move.ESCALATE)
