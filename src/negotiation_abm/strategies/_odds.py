"""The odds of all options under quantal response, and what is remembered of them.

A value is a sum of what all moves of a type share and what the lever itself adds. So the odds
are products of a few shared factors, new at every decision, and of factors of each lever, which
stay the same for weeks. Each factor is the exponential of a function of
`negotiation_abm.core.payoffs`, so a term that is added to that function is in the odds too. Two
memories in the state save work:

- factors of a lever, with the inputs that they were made from: made anew when an input differs;
- their products with what answers and coverage make of them, and the sums of these over levers:
  they hold until something about a lever is touched (`negotiation_abm.core.levers.touch`).

Exponents are limited to +-110 so that no product of five overflows; above a precision of 5, where
that could bind, nothing is kept. With modules on, which may change anything, all levers are looked
at anew at every decision.
"""

# mypy: disable-error-code="no-untyped-def"

import math

from negotiation_abm.core._rule import rule
from negotiation_abm.core.hooks import concede_lever_shift, escalate_lever_shift
from negotiation_abm.core.levers import can_concede, room
from negotiation_abm.core.payoffs import (
    concede_value,
    escalate_value,
    goodwill_value,
    is_answer,
    is_breach,
    option_value,
    pressure_value,
    settlement_value,
    strike_value,
    suspend_value,
    threaten_value,
    warning_value,
)
from negotiation_abm.core.terms import TINY, Move, num_options, option_of
from negotiation_abm.core.transitions import can_offer, is_legal

LIMIT = 110.0
SHARP = 5.0  # precision above which the limit could bind


@rule
def limited_exp(exponent):
    """Exponential whose exponent is kept within +-110."""
    return math.exp(min(LIMIT, max(-LIMIT, exponent)))


@rule
def _threat_code(state, player, lever):
    """What a pending threat means for the odds.

    0: there is none, -1: it is not yet due, -2: it has no date, else 1 + its lead.
    """
    if state.pending[player, lever] <= 0.0:
        return 0.0
    if state.pending_weeks[player, lever] > 0:
        return -1.0
    if state.pending_weeks[player, lever] < 0:
        return -2.0
    return 1.0 + state.pending_lead[player, lever]


@rule
def _is_known(state, week, player, lever, threat):
    """Do the lever's factors still hold?"""
    return (
        state.odds_inputs[player, lever, 0] == state.in_force[player, lever]
        and state.odds_inputs[player, lever, 1] == state.loaded[player, lever]
        and state.odds_inputs[player, lever, 2] == threat
        and state.odds_inputs[player, lever, 3] == week.salience[player, lever]
        and state.odds_inputs[player, lever, 4] == state.potency[player, lever]
        and state.odds[player, lever, 0] >= 0.0
    )


@rule
def _make_odds(state, params, week, player, lever, threat):
    """The lever's factors for ESCALATE, THREATEN and CONCEDE (0: illegal), and their inputs."""
    level = state.in_force[player, lever]
    state.odds_inputs[player, lever, 0] = level
    state.odds_inputs[player, lever, 1] = state.loaded[player, lever]
    state.odds_inputs[player, lever, 2] = threat
    state.odds_inputs[player, lever, 3] = week.salience[player, lever]
    state.odds_inputs[player, lever, 4] = state.potency[player, lever]
    precision = params.precision
    escalate = threaten = concede = 0.0
    if room(state, params, player, lever) > TINY:
        escalate = limited_exp(precision * escalate_value(state, params, week, player, lever))
        threaten = limited_exp(precision * threaten_value(state, params, week, player, lever))
    if can_concede(state, params, player, lever):
        concede = limited_exp(precision * concede_value(state, params, week, player, lever))
    state.odds[player, lever, 0] = escalate
    state.odds[player, lever, 1] = threaten
    state.odds[player, lever, 2] = concede


@rule
def _make_ready(state, params, week, player):
    """Odds of each lever, answers and coverage in them, and their sums over the levers."""
    escalate = threaten = concede = 0.0
    for lever in range(params.num_levers[player]):
        if state.is_ready[player, lever] == 0 or params.num_modules > 0:
            _make_lever_ready(state, params, week, player, lever)
        escalate += state.ready_odds[player, lever, 0]
        threaten += state.ready_odds[player, lever, 1]
        concede += state.ready_odds[player, lever, 2]
    state.odds_sums[player, 0] = escalate
    state.odds_sums[player, 1] = threaten
    state.odds_sums[player, 2] = concede
    state.are_summed[player] = 1


@rule
def _make_lever_ready(state, params, week, player, lever):
    """Odds of one lever, answers and coverage in them."""
    threat = _threat_code(state, player, lever)
    if not _is_known(state, week, player, lever, threat):
        _make_odds(state, params, week, player, lever, threat)
    answer = params.mirror_odds if is_answer(state, params, player, lever) else 1.0
    breach = params.breach_odds if is_breach(state, params, player, lever) else 1.0
    state.ready_odds[player, lever, 0] = state.odds[player, lever, 0] * answer * breach
    state.ready_odds[player, lever, 1] = state.odds[player, lever, 1] * answer
    state.ready_odds[player, lever, 2] = state.odds[player, lever, 2]
    if params.num_modules > 0:
        _shift_lever(state, params, week, player, lever)
    state.is_ready[player, lever] = 1


@rule
def _shift_lever(state, params, week, player, lever):
    """What modules add to the values of ESCALATE and CONCEDE on this lever."""
    shift = escalate_lever_shift(state, params, week, player, lever)
    if shift != 0.0:
        state.ready_odds[player, lever, 0] *= limited_exp(params.precision * shift)
    shift = concede_lever_shift(state, params, week, player, lever)
    if shift != 0.0:
        state.ready_odds[player, lever, 2] *= limited_exp(params.precision * shift)


@rule
def _shared_exp(state, player, place, exponent):
    """`limited_exp`, memoised: one slot per player and shared factor."""
    if state.shared_inputs[player, place] != exponent or state.shared_odds[player, place] <= 0.0:
        state.shared_inputs[player, place] = exponent
        state.shared_odds[player, place] = limited_exp(exponent)
    return state.shared_odds[player, place]


@rule
def shared_factors(state, params, week, player):
    """What multiplies the ready odds of ESCALATE, THREATEN and CONCEDE, and the odds of SUSPEND.

    HOLD has odds of 1. Not for a precision above `SHARP`.
    """
    if state.are_summed[player] == 0 or params.num_modules > 0:
        _make_ready(state, params, week, player)
    precision = params.precision
    pressure = precision * pressure_value(state, params, week, player)
    pressure = _shared_exp(state, player, 0, pressure)
    strike = precision * strike_value(state, params, week, player)
    strike = _shared_exp(state, player, 1, strike)
    warning = precision * warning_value(state, params, week, player)
    warning = _shared_exp(state, player, 2, warning)
    settlement = precision * settlement_value(state, params, week, player)
    settlement = _shared_exp(state, player, 3, settlement)
    goodwill = precision * goodwill_value(state, params, week, player)
    goodwill = _shared_exp(state, player, 4, goodwill)
    offer = 0.0
    if can_offer(state, params, player):
        offering = precision * suspend_value(state, params, week, player)
        offer = settlement * _shared_exp(state, player, 5, offering)
    return pressure * strike, pressure * warning, settlement * goodwill, offer


@rule
def _sharp_weights(state, params, week, player, weights):
    """`option_weights` without memory, for a precision at which a product could overflow."""
    count = num_options(params.num_levers[player])
    largest = 0.0
    for option in range(count):
        if is_legal(state, params, player, option):
            value = option_value(state, params, week, player, option)
            weights[option] = params.precision * value
            largest = max(largest, weights[option])
    total = 0.0
    for option in range(count):
        if is_legal(state, params, player, option):
            weights[option] = math.exp(weights[option] - largest)
            total += weights[option]
        else:
            weights[option] = 0.0
    return count, total


@rule
def option_weights(state, params, week, player, weights):
    """Fill `weights` with exp(precision x value), 0 for illegal options.

    Returns
    -------
    count : int
        Number of options that can be legal, 2 + 3 x the player's levers.
    total : float
        Sum of the weights. (All may share a factor: only their ratios mean something.)
    """
    if params.precision > SHARP:
        return _sharp_weights(state, params, week, player, weights)
    escalate, threaten, concede, offer = shared_factors(state, params, week, player)
    weights[0] = 1.0
    weights[1] = offer
    total = 1.0 + offer
    for lever in range(params.num_levers[player]):
        first = option_of(Move.ESCALATE, lever)
        weights[first] = escalate * state.ready_odds[player, lever, 0]
        weights[first + 1] = threaten * state.ready_odds[player, lever, 1]
        weights[first + 2] = concede * state.ready_odds[player, lever, 2]
        total += weights[first] + weights[first + 1] + weights[first + 2]
    return num_options(params.num_levers[player]), total
