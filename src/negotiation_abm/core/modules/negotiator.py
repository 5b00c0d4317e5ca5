"""Who negotiates: dated changes of a side's base values, with a slow drift as an option.

Event: since April 2025 China's talks are led by a harder chief negotiator: dialogue goes on,
concessions are withheld; over the years the student turned teacher. Reading: from a date on (at
once, or over a ramp) audience cost, initiative and offer cost of a side shift.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from negotiation_abm.core import inputs
from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import NUM_PLAYERS

CLAIMS = ("M26", "M28", "M29")
INPUTS = (
    inputs.entries(
        "changes",
        (
            inputs.day("date"),
            inputs.player(),
            inputs.number("initiative", -20, 20, "nats", default=0.0),
            inputs.number("audience_cost", -20, 20, "nats", default=0.0),
            inputs.number("offer_cost", -20, 20, "nats", default=0.0),
            inputs.whole("ramp_weeks", 0, 520, "0: at once", default=0),
            inputs.text("source", default=""),
        ),
        "changes of a side's base values from a date on",
    ),
)
WEEK_FIELDS = [
    ("negotiator_initiative", "f8", (NUM_PLAYERS,)),  # nats, in force this week
    ("negotiator_audience_cost", "f8", (NUM_PLAYERS,)),
    ("negotiator_offer_cost", "f8", (NUM_PLAYERS,)),
]


def fill(given, params, weeks):
    """A step at the date, or a ramp that reaches its full size after ``ramp_weeks``."""
    for change in given.changes:
        since = np.arange(len(weeks)) - change.date
        ramp = np.minimum(1.0, (since + 1.0) / (change.ramp_weeks + 1.0))
        share = np.where(since < 0, 0.0, ramp)
        for name in ("initiative", "audience_cost", "offer_cost"):
            weeks[f"negotiator_{name}"][:, change.player] += share * getattr(change, name)


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
