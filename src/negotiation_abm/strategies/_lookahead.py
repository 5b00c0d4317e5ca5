"""Looking ahead: what a move does to the own flow payoff by way of the moves that follow it.

A *twin* of the state takes the moves that are thought through. Copying a state is the one thing
that Python and the compiler do differently, so `new_twin`, `new_info` and `copy_state` are not
rules: `negotiation_abm.run.kernel` gives the compiler its own version of each.

Moves thought through have their usual size, a lead in the middle of the usual ones, and a truce
begun by them is of middling soundness.
"""

# mypy: disable-error-code="no-untyped-def"

from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core._rule import rule
from negotiation_abm.core.draws import pick
from negotiation_abm.core.payoffs import flow
from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import NUM_OPTIONS, opponent_of
from negotiation_abm.core.transitions import apply_move, scheduled_step
from negotiation_abm.strategies._odds import limited_exp, option_weights
from negotiation_abm.strategies.logit import draw_option

MIDDLE = 0.5


def new_twin() -> Any:
    """Room for one state."""
    return [None]


def new_info() -> Any:
    """Room for one record of diagnostics."""
    return [as_object(blank(INFO)[0])]


def copy_state(twin: Any, state: Any) -> None:
    """Copy `state` into the room."""
    twin[0] = SimpleNamespace(
        **{
            name: value.copy() if isinstance(value, np.ndarray) else value
            for name, value in vars(state).items()
        }
    )


@rule
def imagine(state, params, player, option, info):
    """Carry out a move that is only thought through."""
    lead = pick(params.lead_weeks, params.lead_probability, MIDDLE)
    step = scheduled_step(state, params, player, option, 1.0)
    apply_move(state, params, player, option, step, lead, 0.0, info)


@rule
def _flow_after(state, params, week, player, mover, option, twin, infos):
    """Flow of `player` once `mover` has taken `option`; the twin keeps the state."""
    copy_state(twin, state)
    imagine(twin[0], params, mover, option, infos[0])
    return flow(twin[0], params, week, player)


@rule
def expected_gain(state, params, week, player, mover, deep, twin, further, infos):
    """Expected change of the flow of `player` by the next move of `mover`.

    With `deep` 1 the own move that follows is thought of too; `mover` is then the opponent.
    """
    weights = np.empty(NUM_OPTIONS)
    count, total = option_weights(state, params, week, mover, weights)
    now = flow(state, params, week, player)
    expected = 0.0
    if deep == 1:
        expected = weights[0] / total * _own_gain(state, params, week, player, further, infos)
    for option in range(1, count):
        chance = weights[option] / total
        if chance >= params.foresight_least:
            then = _flow_after(state, params, week, player, mover, option, twin, infos)
            change = then - now
            if deep == 1:
                change += _own_gain(twin[0], params, week, player, further, infos)
            expected += chance * change
    return expected


@rule
def _own_gain(state, params, week, player, twin, infos):
    """Expected change of the own flow by the own next move."""
    weights = np.empty(NUM_OPTIONS)
    count, total = option_weights(state, params, week, player, weights)
    now, expected = flow(state, params, week, player), 0.0
    for option in range(1, count):
        chance = weights[option] / total
        if chance >= params.foresight_least:
            then = _flow_after(state, params, week, player, player, option, twin, infos)
            expected += chance * (then - now)
    return expected


@rule
def foreseen(state, params, week, player, option, deep, twins, infos):
    """Expected change of the own flow by the moves that follow `option`, in payoff units."""
    twin, answered, further = twins
    copy_state(twin, state)
    imagine(twin[0], params, player, option, infos[0])
    opponent = opponent_of(player)
    return expected_gain(twin[0], params, week, player, opponent, deep, answered, further, infos)


@rule
def choose_ahead(state, params, week, player, u, weights, deep):
    """Quantal response to the value of a move and of what is expected to follow it."""
    count, _ = option_weights(state, params, week, player, weights)
    twins, infos = (new_twin(), new_twin(), new_twin()), new_info()
    total, scale = 0.0, params.precision * params.flow_weight * params.foresight
    for option in range(count):
        if weights[option] > 0.0:
            ahead = foreseen(state, params, week, player, option, deep, twins, infos)
            weights[option] *= limited_exp(scale * ahead)
            total += weights[option]
    return draw_option(weights, count, u * total)
