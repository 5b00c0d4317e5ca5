"""Measures of world scope draw in third parties.

Event: the controls of 9 October 2025 reached into every country's supply chains; allies moved
together and cases at the WTO followed. Reading: a measure of world scope builds up an external
cost to its author that grows with level and duration; it makes raising that lever dearer and
conceding it cheaper.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.inputs import levers
from negotiation_abm.core.parameter import NATS, PER_WEEK, scalar
from negotiation_abm.core.terms import MAX_LEVERS, NUM_PLAYERS

CLAIMS = ("M05", "M18", "M45")
PARAMETERS = (
    scalar("coalition_cost", NATS, -20, 20, "external cost of a year's full use of world scope"),
    scalar("coalition_memory", PER_WEEK, 0, 1, "how long third parties remember"),
)
FIELDS = [("coalition_stock", "f8", (NUM_PLAYERS, MAX_LEVERS))]  # years of full use, remembered
INPUTS = (levers("levers", "levers of world scope, as OWNER.lever"),)
PARAM_FIELDS = [("coalition_world", "i8", (NUM_PLAYERS, MAX_LEVERS))]  # 1: of world scope


def fill(given, params, weeks):
    """Mark the levers that the scenario names."""
    for player, lever in given.levers:
        params["coalition_world"][player, lever] = 1


@rule
def end_turn(state, params, week, seed, replicate, live):
    """A week of use above the floor adds to what third parties hold against the author."""
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            if params.coalition_world[player, lever] == 1:
                above = state.in_force[player, lever] - params.floor[player, lever]
                stock = params.coalition_memory * state.coalition_stock[player, lever]
                state.coalition_stock[player, lever] = stock + max(0.0, above) / 52.0


@rule
def escalate_lever_shift(state, params, week, player, lever):
    """Raising the lever further costs more abroad."""
    return -params.coalition_cost * state.coalition_stock[player, lever]


@rule
def concede_lever_shift(state, params, week, player, lever):
    """Easing it buys relief abroad."""
    return params.coalition_cost * state.coalition_stock[player, lever]
