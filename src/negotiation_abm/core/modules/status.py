"""Standing: meeting as equals is a gain, giving way alone a loss, some chips are not for sale.

Event: Busan, a mirrored package between equals; graded chip licences with the best kept back for
the AI race. Reading: signing a package that the other side has signed, and signing at a summit,
are worth a bonus; a concession that no concession of the opponent goes before costs; conceding a
retained lever costs more.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.inputs import levers
from negotiation_abm.core.parameter import NATS, scalar
from negotiation_abm.core.terms import MAX_LEVERS, NUM_PLAYERS, Forum, opponent_of

CLAIMS = ("M48", "M49", "M50", "M51")
PARAMETERS = (
    scalar("status_mirrored", NATS, -10, 10, "bonus of signing what the opponent has signed"),
    scalar("status_summit", NATS, -10, 10, "bonus of settling at a leaders' summit"),
    scalar("status_unmatched", NATS, -10, 10, "cost of conceding first"),
    scalar("status_matched_goodwill", "concessions", 0, 10, "goodwill from which it is no first"),
    scalar("status_retention", NATS, -10, 10, "further cost of conceding a retained lever"),
)
INPUTS = (levers("levers", "levers that are retained for other reasons, as OWNER.lever"),)
PARAM_FIELDS = [("status_retained", "i8", (NUM_PLAYERS, MAX_LEVERS))]  # 1: kept for other reasons


def fill(given, params, weeks):
    """Mark the levers that the scenario names."""
    for player, lever in given.levers:
        params["status_retained"][player, lever] = 1


@rule
def settlement_shift(state, params, week, player):
    """A settlement at a summit is one between equals."""
    return params.status_summit if state.forum == Forum.SUMMIT else 0.0


@rule
def suspend_shift(state, params, week, player):
    """Signing a mirrored package."""
    return params.status_mirrored if state.offer[opponent_of(player)] > 0 else 0.0


@rule
def concede_shift(state, params, week, player):
    """Giving way first costs standing."""
    matched = state.goodwill[player] >= params.status_matched_goodwill
    return 0.0 if matched else -params.status_unmatched


@rule
def concede_lever_shift(state, params, week, player, lever):
    """A retained lever is conceded only at a price."""
    return -params.status_retention if params.status_retained[player, lever] == 1 else 0.0
