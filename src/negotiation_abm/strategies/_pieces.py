"""What several strategies share: the first lever of a kind, answers in kind, settling."""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import LONG_AGO, MAX_DOMAINS, Move, lever_of, move_of, option_of
from negotiation_abm.core.transitions import is_legal


@rule
def first_legal(state, params, player, move):
    """The move on the first lever on which it is legal; 0 (HOLD) if there is none."""
    for lever in range(params.num_levers[player]):
        option = option_of(move, lever)
        if is_legal(state, params, player, option):
            return option
    return 0


@rule
def in_kind(state, params, player, opponent):
    """The opponent's last move with an own lever; 0 (HOLD) if it cannot be answered in kind.

    The own lever of the same domain that is listed first, else the first on which the answer is
    legal. An offer is answered by an offer.
    """
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


@rule
def give_way(state, params, player):
    """An offer if one can be made, else the first concession; 0 (HOLD) if there is none."""
    if is_legal(state, params, player, Move.SUSPEND):
        return option_of(Move.SUSPEND, 0)
    return first_legal(state, params, player, Move.CONCEDE)


@rule
def has_escalated(state, player):
    """Has this player ever escalated, in any domain?"""
    for domain in range(MAX_DOMAINS):
        if state.last_escalation[player, domain] > LONG_AGO:
            return True
    return False
