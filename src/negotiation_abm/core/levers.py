"""One lever: its effect, its potency, its room, and how its level is set."""

# mypy: disable-error-code="no-untyped-def"

import math

from negotiation_abm.core._rule import rule
from negotiation_abm.core.terms import MAX_LEVERS, NUM_PLAYERS, TINY, opponent_of


@rule
def bite_of(params, level):
    """Saturating effect h of a lever at `level`: 0 at 0, 1 at 1, concave.

    >>> from types import SimpleNamespace
    >>> p = SimpleNamespace(saturation=2.0, bite_scale=1.0 / (1.0 - math.exp(-2.0)))
    >>> round(bite_of(p, 0.5), 4)
    0.7311
    """
    return (1.0 - math.exp(-params.saturation * level)) * params.bite_scale


@rule
def potency_of(params, owner, lever, irreplaceability):
    """Weekly pain of a lever at full use: weight x irreplaceability ** convexity."""
    return params.weight[owner, lever] * irreplaceability**params.convexity


@rule
def room(state, params, player, lever):
    """How far a lever can still be raised.

    What is suspended can be put back by choice under ``revised_rules``; else it only snaps back.
    """
    left = params.cap[player, lever] - state.in_force[player, lever]
    if params.revised_rules == 0:
        left -= state.loaded[player, lever]
    return left


@rule
def can_concede(state, params, player, lever):
    """Is there anything on the lever to take back?

    That is pressure above the floor and, under ``revised_rules``, a suspended part or a threat.
    """
    if state.in_force[player, lever] - params.floor[player, lever] > TINY:
        return True
    if params.revised_rules == 0:
        return False
    return state.loaded[player, lever] > TINY or state.pending[player, lever] > 0.0


@rule
def touch(state, player, lever):
    """Note that something about a lever has changed: what is remembered of it is looked at anew.

    Whatever changes a level, a threat, coverage, potency or salience does so, and an escalation of
    the opponent in the lever's domain, when it comes and when the time to answer it has run out.
    """
    state.is_ready[player, lever] = 0
    state.are_summed[player] = 0


@rule
def touch_all(state):
    """Note that any lever may have changed."""
    for player in range(NUM_PLAYERS):
        for lever in range(MAX_LEVERS):
            touch(state, player, lever)


@rule
def touch_answers(state, params, player, domain):
    """Note that an escalation of `player` in `domain` can be answered now, or no longer."""
    answering = opponent_of(player)
    for lever in range(params.num_levers[answering]):
        if params.domain[answering, lever] == domain:
            touch(state, answering, lever)


@rule
def set_pending(state, player, lever, step):
    """Announce a step on a lever, or withdraw it (0)."""
    state.num_pending += int(step > 0.0) - int(state.pending[player, lever] > 0.0)
    state.pending[player, lever] = step
    touch(state, player, lever)


@rule
def set_level(state, params, player, lever, level):
    """Set the pressure in force of a lever, and its effect with it."""
    touch(state, player, lever)
    state.in_force[player, lever] = level
    state.bite[player, lever] = bite_of(params, level * state.intensity[player, lever])


@rule
def set_intensity(state, params, player, lever, intensity):
    """Set how strictly a lever is enforced; its effect follows, its formal level stays.

    What the quantal response remembers of the lever is dropped, as it does not look at intensity.
    """
    state.intensity[player, lever] = intensity
    set_level(state, params, player, lever, state.in_force[player, lever])
    state.odds[player, lever, 0] = -1.0
