"""Quantal response over the legal moves: the calibrated strategy.

Each legal option is chosen with probability proportional to exp(precision x value)
(McKelvey and Palfrey 1995); values as in `negotiation_abm.core.payoffs.option_value`.

A value is a sum of what all moves of a type share and what the lever itself adds. So the weights
are products of a few shared factors, new at every decision, and of factors of each lever, which
stay the same for weeks: these are kept in the state together with the inputs that they were made
from, and made anew when an input differs. Exponents are limited to +-110 so that no product of
five overflows; above a precision of 5, where that could bind, nothing is kept.

One uniform draws the option. On its line pressure lies at the low end and settlement at the high
end, with HOLD between them: ESCALATE, THREATEN, HOLD, CONCEDE, SUSPEND. What changes the worth of
one kind of move then hardly moves the borders of the other kind, so two runs with the same draws
stay together much longer than with HOLD at one end (`docs/sweeps.md`, common random numbers).
"""

# mypy: disable-error-code="no-untyped-def"

import math

from negotiation_abm.core._rule import rule
from negotiation_abm.core.hooks import concede_lever_shift, escalate_lever_shift
from negotiation_abm.core.levers import room
from negotiation_abm.core.payoffs import (
    concede_value,
    escalate_value,
    goodwill_value,
    is_answer,
    option_value,
    pressure_value,
    settlement_value,
    suspend_value,
    threaten_value,
)
from negotiation_abm.core.transitions import TINY, can_offer, is_legal

PLAIN = True
LIMIT = 110.0
SHARP = 5.0  # precision above which the limit could bind


@rule
def limited_exp(exponent):
    """Exponential whose exponent is kept within +-110."""
    return math.exp(min(LIMIT, max(-LIMIT, exponent)))


@rule
def _threat_code(state, player, lever):
    """What a pending threat means for the odds: 0 none, -1 not yet due, else 1 + its lead."""
    if state.pending[player, lever] <= 0.0:
        return 0.0
    if state.pending_weeks[player, lever] > 0:
        return -1.0
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
        threaten = limited_exp(precision * threaten_value(state, params, player, lever))
    if level - params.floor[player, lever] > TINY:
        concede = limited_exp(precision * concede_value(state, params, week, player, lever))
    state.odds[player, lever, 0] = escalate
    state.odds[player, lever, 1] = threaten
    state.odds[player, lever, 2] = concede


@rule
def _shared_exp(state, player, place, exponent):
    """The same as `limited_exp`; the last result of each place is kept with its exponent."""
    if state.shared_inputs[player, place] != exponent or state.shared_odds[player, place] <= 0.0:
        state.shared_inputs[player, place] = exponent
        state.shared_odds[player, place] = limited_exp(exponent)
    return state.shared_odds[player, place]


@rule
def _shift_lever(state, params, week, player, lever, weights):
    """What modules add to the values of ESCALATE and CONCEDE on this lever."""
    shift = escalate_lever_shift(state, params, week, player, lever)
    if shift != 0.0:
        weights[2 + 3 * lever] *= limited_exp(params.precision * shift)
    shift = concede_lever_shift(state, params, week, player, lever)
    if shift != 0.0:
        weights[4 + 3 * lever] *= limited_exp(params.precision * shift)


@rule
def _sharp_weights(state, params, week, player, weights):
    """The same without kept factors, for a precision at which these could overflow."""
    count = 2 + 3 * params.num_levers[player]
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
    precision = params.precision
    if precision > SHARP:
        return _sharp_weights(state, params, week, player, weights)
    pressure = pressure_value(state, params, week, player)
    settlement = settlement_value(state, params, week, player)
    escalating = precision * (pressure + params.initiative[player])
    threatening = precision * (pressure + params.threat_initiative[player])
    conceding = precision * (settlement + goodwill_value(state, params, week, player))
    escalate = _shared_exp(state, player, 0, escalating)
    threaten = _shared_exp(state, player, 1, threatening)
    concede = _shared_exp(state, player, 2, conceding)
    weights[0] = 1.0
    weights[1] = 0.0
    if can_offer(state, params, player):
        offering = precision * (settlement + suspend_value(state, params, week, player))
        weights[1] = _shared_exp(state, player, 3, offering)
    total = 1.0 + weights[1]
    for lever in range(params.num_levers[player]):
        threat = _threat_code(state, player, lever)
        if not _is_known(state, week, player, lever, threat):
            _make_odds(state, params, week, player, lever, threat)
        answer = params.mirror_odds if is_answer(state, params, player, lever) else 1.0
        breach = params.breach_odds if state.covered[player, lever] == 1 else 1.0
        first = 2 + 3 * lever
        weights[first] = escalate * state.odds[player, lever, 0] * answer * breach
        weights[first + 1] = threaten * state.odds[player, lever, 1] * answer
        weights[first + 2] = concede * state.odds[player, lever, 2]
        if params.num_modules > 0:
            _shift_lever(state, params, week, player, lever, weights)
        total += weights[first] + weights[first + 1] + weights[first + 2]
    return 2 + 3 * params.num_levers[player], total


@rule
def draw_option(weights, count, target):
    """The option at which the cumulative weights, in the order of the line, pass `target`."""
    chosen = 0
    for kind in range(2):  # ESCALATE on each lever, then THREATEN
        for option in range(2 + kind, count, 3):
            if weights[option] > 0.0:
                chosen = option
                target -= weights[option]
                if target < 0.0:
                    return option
    if weights[0] > 0.0:
        chosen = 0
        target -= weights[0]
        if target < 0.0:
            return 0
    for option in range(4, count, 3):  # CONCEDE
        if weights[option] > 0.0:
            chosen = option
            target -= weights[option]
            if target < 0.0:
                return option
    return 1 if weights[1] > 0.0 else chosen


@rule
def choose(state, params, week, player, u, weights):
    """Draw an option by inverting the cumulative weights at `u`."""
    count, total = option_weights(state, params, week, player, weights)
    return draw_option(weights, count, u * total)
