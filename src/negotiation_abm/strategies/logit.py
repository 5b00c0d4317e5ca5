"""Quantal response over the legal moves: the calibrated strategy.

Each legal option is chosen with probability proportional to exp(precision x value)
(McKelvey and Palfrey 1995); values as in `negotiation_abm.core.payoffs.option_value`, odds as in
`negotiation_abm.strategies._odds`.

One uniform draws the option. On its line pressure lies at the low end and settlement at the high
end, with HOLD between them: ESCALATE, THREATEN, HOLD, CONCEDE, SUSPEND. What changes the worth of
one kind of move then hardly moves the borders of the other kind, so two runs with the same draws
stay together much longer than with HOLD at one end (`docs/sweeps.md`, common random numbers).
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import Move, option_of
from negotiation_abm.strategies._odds import SHARP, option_weights, shared_factors

PLAIN = True


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
def _lever_at(state, params, player, kind, target):
    """The lever at which the cumulative odds of a kind of move pass `target`; else the last."""
    chosen = 0
    for lever in range(params.num_levers[player]):
        odds = state.ready_odds[player, lever, kind]
        if odds > 0.0:
            chosen = lever
            target -= odds
            if target < 0.0:
                break
    return chosen


@rule
def choose(state, params, week, player, u, weights):
    """Draw an option by inverting the cumulative weights at `u`."""
    if params.precision > SHARP:
        count, total = option_weights(state, params, week, player, weights)
        return draw_option(weights, count, u * total)
    escalate, threaten, concede, offer = shared_factors(state, params, week, player)
    escalating = escalate * state.odds_sums[player, 0]
    threatening = threaten * state.odds_sums[player, 1]
    conceding = concede * state.odds_sums[player, 2]
    target = u * (escalating + threatening + 1.0 + conceding + offer)
    if target < escalating:
        lever = _lever_at(state, params, player, 0, target / escalate)
        return option_of(Move.ESCALATE, lever)
    target -= escalating
    if target < threatening:
        lever = _lever_at(state, params, player, 1, target / threaten)
        return option_of(Move.THREATEN, lever)
    target -= threatening
    if target < 1.0:
        return 0  # most decisions end here: no lever has been looked at
    target -= 1.0
    if target >= conceding and offer > 0.0:
        return option_of(Move.SUSPEND, 0)
    if conceding <= 0.0:
        return 0
    lever = _lever_at(state, params, player, 2, target / concede)
    return option_of(Move.CONCEDE, lever)
