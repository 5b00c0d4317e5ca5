"""Never moves: the null strategy, for closed forms and contrasts."""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule

PLAIN = True


@rule
def choose(state, params, week, player, u, weights):
    """Always HOLD."""
    return 0
