"""Quantal response that weighs the answer it expects and its own next move: two of foresight.

As `foresight_1`, and after each answer that is likely enough (``foresight_least``) the own move
that would follow it, again by the quantal response. (Stahl and Wilson 1995, *Games and Economic
Behavior* 10, for the idea of bounded steps of thinking.)
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.strategies._lookahead import choose_ahead

NEEDS = ("foresight", "foresight_least")


@rule
def choose(state, params, week, player, u, weights):
    """The quantal response with the answer and the own move after it in the values."""
    return choose_ahead(state, params, week, player, u, weights, 1)
