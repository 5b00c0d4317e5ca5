"""Pain, cost, flow payoff and the value of each move.

The weekly flow payoff of player *i* facing *j*, in payoff units (1 = the weekly pain of the
strongest lever at full use in a neutral week)::

    pain_i  = sum_a salience_j,a * potency_j,a * h(in_force_j,a)
    cost_i  = sum_a blowback_share_i,a * in_force_i,a
    flow_i  = -pain_i - blowback * cost_i - market * market_loss_i + relative_gains * pain_j

A move is worth ``flow_weight`` times the change of flow that it makes itself, plus the one-off
terms of its type. What drives settlement is not flow but `relievable` pain, remembered as
``felt``: it enters CONCEDE, SUSPEND and the coming of a round with one coefficient, ``fatigue``.
Values are in nats; choice is a quantal response to them (McKelvey and Palfrey 1995).

A value is a sum of terms, each a coefficient times what it weighs, and each term stands in one
function (``docs/howto_payoff_term.md``):

===================  ==========================================  ================================
function             moves                                       may depend on
===================  ==========================================  ================================
`pressure_value`     ESCALATE and THREATEN, on every lever       anything
`strike_value`       ESCALATE, on every lever                    anything
`warning_value`      THREATEN, on every lever                    anything
`settlement_value`   CONCEDE, on every lever, and SUSPEND        anything
`goodwill_value`     CONCEDE, on every lever                     anything
`suspend_value`      SUSPEND                                     anything
`escalate_value`     ESCALATE, on one lever                      the lever, see below
`threaten_value`     THREATEN, on one lever                      the lever, see below
`concede_value`      CONCEDE, on one lever                       the lever, see below
`round_log_odds`     the coming of a round                       anything
===================  ==========================================  ================================

A term of one lever may depend on what the quantal response looks at before it takes the value that
it remembers (`negotiation_abm.strategies._odds`): the lever's level, what is loaded, a threat
pending on it, its salience, its potency, and parameters.

Source of the form: sections 3 and 5 of the model description (``docs/model.md``).
"""

import math

from negotiation_abm.core import hooks
from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import room
from negotiation_abm.core.terms import (
    Forum,
    Move,
    Phase,
    TruceEnd,
    lever_of,
    move_of,
    opponent_of,
)
from negotiation_abm.core.truce import end_by, is_collecting

# mypy: disable-error-code="no-untyped-def"


@rule
def relievable(state, params, week, player):
    """Pain of `player` that a deal could take away: what stands above the owner's floor.

    What the opponent has announced counts with the weight ``announced_pain``, so that a threat
    pulls its target to settle as pain in force does.
    """
    owner = opponent_of(player)
    total = 0.0
    for lever in range(params.num_levers[owner]):
        above = state.bite[owner, lever] - params.floor_bite[owner, lever]
        if above > 0.0:
            total += week.salience[owner, lever] * state.potency[owner, lever] * above
    if params.announced_pain > 0.0 and state.num_pending > 0:
        total += params.announced_pain * announced(state, params, week, player)
    return total


@rule
def announced(state, params, week, player):
    """Weekly pain that the opponent's pending threats would add for `player`."""
    owner = opponent_of(player)
    total = 0.0
    for lever in range(params.num_levers[owner]):
        step = state.pending[owner, lever]
        if step > 0.0:
            hurt = week.salience[owner, lever] * state.potency[owner, lever]
            usual = params.step_gain[owner, lever]
            total += hurt * _bite_change(state, params, owner, lever, step, usual)
    return total


@rule
def pain(state, params, week, player):
    """Weekly pain that the opponent's levers cause `player`."""
    owner = opponent_of(player)
    total = 0.0
    for lever in range(params.num_levers[owner]):
        total += (
            week.salience[owner, lever] * state.potency[owner, lever] * state.bite[owner, lever]
        )
    return total


@rule
def cost(state, params, player):
    """Weekly cost of the player's own measures at home, before the scale ``blowback``."""
    total = 0.0
    for lever in range(params.num_levers[player]):
        total += params.blowback_share[player, lever] * state.in_force[player, lever]
    return total


@rule
def flow(state, params, week, player):
    """Weekly flow payoff of `player`."""
    return (
        -pain(state, params, week, player)
        - params.blowback * cost(state, params, player)
        - params.market * state.market_loss[player]
        + params.relative_gains * pain(state, params, week, opponent_of(player))
    )


@rule
def _bite_change(state, params, player, lever, change, usual):
    """Change of h when the lever moves by `change` from where it is.

    By h(x + d) - h(x) = (scale - h(x)) (1 - exp(-c d)); `usual` is that bracket for the lever's
    whole step, computed once, so that only a step cut short by a limit, or a lever enforced at
    another intensity than 1, needs an exponential.
    """
    intensity = state.intensity[player, lever]
    if abs(change) == params.step[player, lever] and intensity == 1.0:
        bracket = usual
    else:
        bracket = 1.0 - math.exp(-params.saturation * change * intensity)
    return (params.bite_scale - state.bite[player, lever]) * bracket


@rule
def _flow_change(state, params, week, player, lever, change, usual):
    """Change of the player's flow when the lever moves by `change` (either sign)."""
    hurt = week.salience[player, lever] * state.potency[player, lever]
    hurt *= _bite_change(state, params, player, lever, change, usual)
    own = params.blowback * params.blowback_share[player, lever] * change
    return params.relative_gains * hurt - own


@rule
def date_is_near(state, params, week):
    """Is an expiry or an announced summit 1 to ``brinkmanship_weeks`` ahead?"""
    window = params.brinkmanship_weeks
    expiry = state.phase == Phase.TRUCE and 1 <= state.weeks_left <= window
    return expiry or 1 <= week.weeks_to_summit <= window


@rule
def is_shadowed(state, params, week):
    """Is the truce fresh and an announced summit near?"""
    near = 0 <= week.weeks_to_summit <= params.shadow_weeks
    return state.phase == Phase.TRUCE and state.age <= params.shadow_weeks and near


@rule
def pressure_value(state, params, week, player):
    """What ESCALATE and THREATEN share on every lever, without their base value."""
    value = params.reciprocity * state.anger[player]
    value += params.fatigue_escalate * state.felt[player]
    if state.phase == Phase.TRUCE:
        value -= params.restraint + params.truce_frailty * state.frailty
        if state.leaders == 1:
            value -= params.depth
        if is_shadowed(state, params, week):
            value -= params.shadow
    if date_is_near(state, params, week):
        value += params.brinkmanship
    if params.num_modules > 0:
        value += hooks.pressure_shift(state, params, week, player)
    return value


@rule
def is_answer(state, params, player, lever):
    """Has the opponent escalated in the lever's domain within ``mirror_weeks``?"""
    domain = params.domain[player, lever]
    since = state.turn - state.last_escalation[opponent_of(player), domain]
    return since <= params.mirror_weeks


@rule
def strike_value(state, params, week, player):
    """What ESCALATE has on every lever beyond `pressure_value`: its base value."""
    return params.initiative[player]


@rule
def warning_value(state, params, week, player):
    """What THREATEN has on every lever beyond `pressure_value`: its base value."""
    return params.threat_initiative[player]


@rule
def escalate_value(state, params, week, player, lever):
    """What the lever itself adds to the value of ESCALATE: habit, flow, a threat pending on it."""
    step = min(params.step[player, lever], room(state, params, player, lever))
    severity = step * state.potency[player, lever]
    usual = params.step_gain[player, lever]
    change = _flow_change(state, params, week, player, lever, step, usual)
    change -= params.market * severity
    value = params.lever_bias[player, lever] + params.flow_weight * change
    if state.pending[player, lever] > 0.0:
        if state.pending_weeks[player, lever] == 0:
            lead = state.pending_lead[player, lever]
            value += params.follow * math.exp(-lead / params.follow_decay_weeks)
        elif state.pending_weeks[player, lever] > 0:
            value -= params.hold_fire
    return value


@rule
def threaten_value(state, params, week, player, lever):
    """What the lever itself adds to the value of THREATEN.

    A threat on a covered lever breaks nothing, so it carries no breach cost (the record has
    three such threats in October 2025); it costs market loss at once. The pain that it announces
    counts with the weight ``announced_pain``, as that of an escalation counts in full.
    """
    step = min(params.step[player, lever], room(state, params, player, lever))
    change = -params.market * step * state.potency[player, lever]
    if params.announced_pain > 0.0:
        hurt = week.salience[player, lever] * state.potency[player, lever]
        usual = params.step_gain[player, lever]
        hurt *= _bite_change(state, params, player, lever, step, usual)
        change += params.announced_pain * params.relative_gains * hurt
    return params.lever_bias[player, lever] + params.flow_weight * change


@rule
def is_breach(state, params, player, lever):
    """Would the lever's usual step, by choice, end the truce at the cost of a breach?

    In the week of its date, where the rules are ``tacit``, a side collects and breaks nothing.
    """
    if state.covered[player, lever] == 0 or is_collecting(state, params):
        return False
    step = min(params.step[player, lever], room(state, params, player, lever))
    return end_by(state, params, player, lever, step) != TruceEnd.CENSORED


@rule
def settlement_value(state, params, week, player):
    """What CONCEDE and SUSPEND share: felt pain, and a forum that is on."""
    value = params.fatigue * state.felt[player]
    if state.forum != Forum.NONE:
        value += params.forum
    if params.num_modules > 0:
        value += hooks.settlement_shift(state, params, week, player)
    return value


@rule
def goodwill_value(state, params, week, player):
    """What CONCEDE has on every lever beyond `settlement_value`: audience cost, goodwill."""
    value = params.reciprocity * state.goodwill[player] - params.audience_cost[player]
    if params.num_modules > 0:
        value += hooks.concede_shift(state, params, week, player)
    return value


@rule
def concede_value(state, params, week, player, lever):
    """What the lever itself adds to the value of CONCEDE."""
    above = state.in_force[player, lever] - params.floor[player, lever]
    step = min(params.step[player, lever], above)
    usual = params.step_loss[player, lever]
    return params.flow_weight * _flow_change(state, params, week, player, lever, -step, usual)


@rule
def suspend_value(state, params, week, player):
    """Value of SUSPEND beyond `settlement_value`: offer cost, acceptance, deadline.

    An offer alone moves no lever; what a deal would take away enters through ``fatigue``.
    """
    value = -params.offer_cost[player]
    if state.offer[opponent_of(player)] > 0:
        value += params.acceptance
    if state.phase == Phase.TRUCE and state.weeks_left >= 0:
        value += params.deadline * math.exp(-state.weeks_left / params.deadline_decay_weeks)
    if params.num_modules > 0:
        value += hooks.suspend_shift(state, params, week, player)
    return value


@rule
def option_value(state, params, week, player, option):
    """Value of a legal option in nats: what the quantal response weighs; HOLD is worth 0.

    It adds up the functions of the move. Two terms stand here alone, an answer and the cost of a
    breach: `negotiation_abm.strategies._odds` has them as factors that are made once for a game.
    """
    move = move_of(option)
    lever = lever_of(option)
    if move == Move.HOLD:
        return 0.0
    if move == Move.SUSPEND:
        value = settlement_value(state, params, week, player)
        return value + suspend_value(state, params, week, player)
    if move == Move.CONCEDE:
        value = settlement_value(state, params, week, player)
        value += goodwill_value(state, params, week, player)
        value += hooks.concede_lever_shift(state, params, week, player, lever)
        return value + concede_value(state, params, week, player, lever)
    value = pressure_value(state, params, week, player)
    if is_answer(state, params, player, lever):
        value += params.mirror
    if move == Move.THREATEN:
        value += warning_value(state, params, week, player)
        return value + threaten_value(state, params, week, player, lever)
    if is_breach(state, params, player, lever):
        value -= params.breach_cost
    value += strike_value(state, params, week, player)
    value += hooks.escalate_lever_shift(state, params, week, player, lever)
    return value + escalate_value(state, params, week, player, lever)


@rule
def round_log_odds(state, params):
    """Log-odds that an unscheduled round or call happens this week."""
    value = params.round_base + params.fatigue * 0.5 * (state.felt[0] + state.felt[1])
    value += params.round_strain * state.strain
    if state.phase == Phase.TRUCE:
        value += params.round_truce
        if 0 <= state.weeks_left <= params.round_date_weeks:
            value += params.round_date
    return value
