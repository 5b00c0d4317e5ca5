"""One lever: its effect, its potency, its room, and how its level is set."""

# mypy: disable-error-code="no-untyped-def"

import math

from negotiation_abm.core._rule import rule


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
    """How far a lever can still be raised."""
    return params.cap[player, lever] - state.in_force[player, lever] - state.loaded[player, lever]


@rule
def set_level(state, params, player, lever, level):
    """Set the pressure in force of a lever, and its effect with it."""
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
