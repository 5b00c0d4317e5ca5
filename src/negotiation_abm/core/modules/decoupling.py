"""Forced symbiosis: full decoupling is more than either side can bear.

Event: tariffs above 100 pp lasted a month in spring 2025; both sides then sat down. Reading: as
the pressure in force nears its maximum on all levers together, a convex mutual cost makes
settlement worth more and escalation less, for both alike.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.parameter import NATS, scalar
from negotiation_abm.core.terms import NUM_PLAYERS

CLAIMS = ("M16", "M17")
PARAMETERS = (
    scalar("decoupling_settle", NATS, -20, 20, "value of settlement at full decoupling"),
    scalar("decoupling_restrain", NATS, -20, 20, "cost of escalation at full decoupling"),
    scalar("decoupling_power", "exponent", 1, 10, "convexity of the cost"),
)
FIELDS = [("decoupling_cost", "f8", ())]  # 0 to 1, from the levers at the end of last week


@rule
def end_turn(state, params, week, seed, replicate, live):
    """Share of all pressure in force, by weight, to a power."""
    used = 0.0
    full = 0.0
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            weight = params.weight[player, lever]
            used += weight * state.in_force[player, lever]
            full += weight * params.cap[player, lever]
    share = used / full if full > 0.0 else 0.0
    state.decoupling_cost = share**params.decoupling_power


@rule
def settlement_shift(state, params, week, player):
    """What decoupling adds to the value of settling."""
    return params.decoupling_settle * state.decoupling_cost


@rule
def pressure_shift(state, params, week, player):
    """What decoupling takes off the value of pressing on."""
    return -params.decoupling_restrain * state.decoupling_cost
