"""Who negotiates: dated changes of a side's base values, with a slow drift as an option.

Event: since April 2025 China's talks are led by a harder chief negotiator: dialogue goes on,
concessions are withheld; over the years the student turned teacher. Reading: from a date on (at
once, or over a ramp) audience cost, initiative and offer cost of a side shift.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import NUM_PLAYERS

CLAIMS = ("M26", "M28", "M29")
WEEK_FIELDS = [
    ("negotiator_initiative", "f8", (NUM_PLAYERS,)),  # nats, in force this week
    ("negotiator_audience_cost", "f8", (NUM_PLAYERS,)),
    ("negotiator_offer_cost", "f8", (NUM_PLAYERS,)),
]


@rule
def pressure_shift(state, params, week, player):
    """Shift of initiative: ESCALATE and THREATEN."""
    return week.negotiator_initiative[player]


@rule
def concede_shift(state, params, week, player):
    """Shift of audience cost: CONCEDE."""
    return -week.negotiator_audience_cost[player]


@rule
def suspend_shift(state, params, week, player):
    """Shift of offer cost: SUSPEND."""
    return -week.negotiator_offer_cost[player]
