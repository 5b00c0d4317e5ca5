"""Graduated and reciprocated initiatives in tension reduction (Osgood 1962).

A steady series of small unilateral steps, which goes on whether or not it is answered at once: in
the first exchange of a week, with the chance ``grit_pace``, an offer or a concession. An
escalation is answered in kind, once; threats are passed over; a concession or an offer is answered
by an offer or a concession. (Osgood 1962, *An Alternative to War or Surrender*.)
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move, move_of, opponent_of
from negotiation_abm.strategies._pieces import give_way, in_kind

NEEDS = ("grit_pace",)
PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """Firm once against an escalation, otherwise the first to step back."""
    opponent = opponent_of(player)
    last = move_of(state.last_option[opponent])
    if last == Move.ESCALATE:
        return in_kind(state, params, player, opponent)
    if last == Move.CONCEDE or last == Move.SUSPEND:
        return give_way(state, params, player)
    if state.exchange == 0 and u < params.grit_pace:
        return give_way(state, params, player)
    return 0
