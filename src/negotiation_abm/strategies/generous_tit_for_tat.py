"""Tit for tat that lets some blows pass, so that a slip of the hand starts no feud.

As `tit_for_tat`, but an escalation or a threat goes unanswered with the chance ``generosity``
(Nowak and Sigmund 1992, *Nature* 355; a third for the payoffs of Axelrod 1984).
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move, move_of, opponent_of
from negotiation_abm.strategies._pieces import in_kind

NEEDS = ("generosity",)
PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """The answer in kind; HOLD where `u` says to be generous."""
    option = in_kind(state, params, player, opponent_of(player))
    hurts = move_of(option) == Move.ESCALATE or move_of(option) == Move.THREATEN
    if hurts and u < params.generosity:
        return 0
    return option
