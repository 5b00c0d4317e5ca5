"""Quantal response over the legal moves: the calibrated strategy.

Each legal option is chosen with probability proportional to exp(precision x value)
(McKelvey and Palfrey 1995); values as in `negotiation_abm.core.payoffs`.
"""

# mypy: disable-error-code="no-untyped-def"

import math

from negotiation_abm.core._rule import rule
from negotiation_abm.core.payoffs import (
    concede_value,
    escalate_value,
    pressure_value,
    room,
    settlement_value,
    suspend_value,
    threaten_value,
)
from negotiation_abm.core.transitions import TINY, can_offer

ILLEGAL = -1e300


@rule
def option_values(state, params, week, player, values):
    """Fill `values` (one entry an option) in nats; illegal options get `ILLEGAL`.

    Returns the number of options that can be legal: 2 + 3 x the player's levers.
    """
    pressure = pressure_value(state, params, week, player)
    settlement = settlement_value(state, params, player)
    values[0] = 0.0
    values[1] = ILLEGAL
    if can_offer(state, params, player):
        values[1] = settlement + suspend_value(state, params, player)
    for lever in range(params.num_levers[player]):
        first = 2 + 3 * lever
        values[first] = ILLEGAL
        values[first + 1] = ILLEGAL
        values[first + 2] = ILLEGAL
        if room(state, params, player, lever) > TINY:
            values[first] = (
                pressure
                + params.initiative[player]
                + escalate_value(state, params, week, player, lever)
            )
            values[first + 1] = (
                pressure
                + params.threat_initiative[player]
                + threaten_value(state, params, player, lever)
            )
        if state.in_force[player, lever] - params.floor[player, lever] > TINY:
            values[first + 2] = (
                settlement
                - params.audience_cost[player]
                + concede_value(state, params, week, player, lever)
            )
    return 2 + 3 * params.num_levers[player]


@rule
def option_weights(state, params, week, player, weights):
    """Fill `weights` with exp(precision x (value - largest)); returns (count, sum)."""
    count = option_values(state, params, week, player, weights)
    largest = 0.0  # HOLD is always legal and worth 0
    for option in range(count):
        largest = max(largest, weights[option])
    total = 0.0
    for option in range(count):
        if weights[option] == ILLEGAL:
            weights[option] = 0.0
        else:
            weights[option] = math.exp(params.precision * (weights[option] - largest))
            total += weights[option]
    return count, total


@rule
def choose(state, params, week, player, u, weights):
    """Draw an option by inverting the cumulative weights at `u`."""
    count, total = option_weights(state, params, week, player, weights)
    target = u * total
    chosen = 0
    for option in range(count):
        if weights[option] > 0.0:
            chosen = option
            target -= weights[option]
            if target < 0.0:
                break
    return chosen
