"""A third party brokers a meeting.

Event: nobody did in 2025; one source thinks the EU, Japan or ASEAN could. Reading: with a small
rate a week in which no meeting takes place gets one. At the 2025 rate, 0, it changes nothing: a
negative control.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.draws import uniforms
from negotiation_abm.core.parameter import scalar
from negotiation_abm.core.terms import Forum

CLAIMS = ("M43",)
BLOCK = 64
PARAMETERS = (scalar("mediation_rate", "a week", 0, 1, "chance of a brokered round"),)


@rule
def start_turn(state, params, week, seed, replicate, live):
    """A brokered round comes by its own draw, if no meeting takes place anyway."""
    if live == 0 or state.forum != Forum.NONE:
        return
    if uniforms(seed, replicate, state.turn, BLOCK)[0] < params.mediation_rate:
        state.forum = Forum.ROUND
