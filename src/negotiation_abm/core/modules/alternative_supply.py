"""Mines, magnets and chips elsewhere: the weapon speeds its own end, slowly.

Event: minerals deals with partners in October 2025, judged too small and too late; recycling and
magnet-free technology. Sources give 5 to 10 years for a full chain. Reading: use and threats of a
lever start investment against it; after a construction lag of two stages the new supply lowers the
lever's irreplaceability.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import potency_of
from negotiation_abm.core.parameter import scalar
from negotiation_abm.core.terms import MAX_LEVERS, NUM_PLAYERS

CLAIMS = ("M03", "M04", "M44")
PARAMETERS = (
    scalar("alternative_supply_rate", "a week at full use", 0, 0.25, "share of a chain begun"),
    scalar("alternative_supply_lag_weeks", "weeks", 4, 2600, "mean time from start to supply"),
)
FIELDS = [
    ("alternative_supply_planned", "f8", (NUM_PLAYERS, MAX_LEVERS)),  # share of a full chain
    ("alternative_supply_building", "f8", (NUM_PLAYERS, MAX_LEVERS)),
]


@rule
def end_turn(state, params, week, seed, replicate, live):
    """Investment starts from use and threats and moves through two stages of equal length."""
    stage = 2.0 / params.alternative_supply_lag_weeks
    for owner in range(NUM_PLAYERS):
        for lever in range(params.num_levers[owner]):
            wake = state.in_force[owner, lever] + state.pending[owner, lever]
            started = params.alternative_supply_rate * min(1.0, wake)
            planned = state.alternative_supply_planned[owner, lever]
            building = state.alternative_supply_building[owner, lever]
            if started + planned + building > 0.0:
                state.alternative_supply_planned[owner, lever] = planned * (1.0 - stage) + started
                state.alternative_supply_building[owner, lever] = (
                    building * (1.0 - stage) + planned * stage
                )
                _displace(state, params, owner, lever, building * stage)


@rule
def _displace(state, params, owner, lever, share):
    """New supply replaces that share of what could not be had elsewhere."""
    left = state.irreplaceability[owner, lever] * (1.0 - min(1.0, share))
    state.irreplaceability[owner, lever] = left
    if state.turn % 4 == 3:  # potency is booked every fourth week
        state.potency[owner, lever] = potency_of(params, owner, lever, left)
