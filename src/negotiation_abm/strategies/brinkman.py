"""Raises the stakes before a date and signs on it (Schelling 1960).

With an expiry or an announced summit ahead, within ``brinkmanship_weeks``, it threatens on the
first lever on which nothing is pending, and where all are threatened it raises one that the truce
does not cover; one move a week. It signs at a meeting, in the last week before an expiry, and
whenever the opponent's offer stands. Else it holds. (Schelling 1960, *The Strategy of Conflict*.)
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.payoffs import date_is_near
from negotiation_abm.core.terms import Forum, Move, Phase, opponent_of, option_of
from negotiation_abm.core.transitions import is_legal

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """SUSPEND when it is time to sign, pressure before, HOLD else."""
    if _is_time_to_sign(state, player) and is_legal(state, params, player, Move.SUSPEND):
        return option_of(Move.SUSPEND, 0)
    if state.exchange == 0 and date_is_near(state, params, week):
        return _pressure(state, params, player)
    return 0


@rule
def _is_time_to_sign(state, player):
    """Is there a meeting, an offer of the opponent, or a date within a week?"""
    last_week = state.phase == Phase.TRUCE and 0 <= state.weeks_left <= 1
    return last_week or state.forum != Forum.NONE or state.offer[opponent_of(player)] > 0


@rule
def _pressure(state, params, player):
    """A threat on a lever without one, else an escalation that breaks nothing."""
    for lever in range(params.num_levers[player]):
        option = option_of(Move.THREATEN, lever)
        if state.pending[player, lever] == 0.0 and is_legal(state, params, player, option):
            return option
    for lever in range(params.num_levers[player]):
        option = option_of(Move.ESCALATE, lever)
        if state.covered[player, lever] == 0 and is_legal(state, params, player, option):
            return option
    return 0
