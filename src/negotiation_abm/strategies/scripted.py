"""Plays the moves that the scenario's `script` names for the week and exchange, else HOLD.

For tests, playthroughs and records turned into counterfactual openings. A scripted move that is
not legal when its turn comes is passed over (HOLD), and a week in which both sides hold in an
exchange has no further one.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.transitions import is_legal

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """The scripted option of this exchange."""
    option = week.script[player, state.exchange]
    if option > 0 and is_legal(state, params, player, option):
        return option
    return 0
