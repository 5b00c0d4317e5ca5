"""Quantal response that also weighs the answer it expects: one move of foresight.

To the value of a move (`logit`) comes ``foresight`` times what the opponent's next move is expected
to change in the own flow payoff, if the opponent responds to the move as `logit` does. This is
level-1 thinking over a quantal response (Stahl and Wilson 1995, *Games and Economic Behavior* 10).
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.strategies._lookahead import choose_ahead

NEEDS = ("foresight", "foresight_least")


@rule
def choose(state, params, week, player, u, weights):
    """The quantal response with the expected answer of the opponent in the values."""
    return choose_ahead(state, params, week, player, u, weights, 0)
