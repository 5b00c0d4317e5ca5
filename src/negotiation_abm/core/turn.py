"""The order of a week: what happens when, and whose move it is.

This is the one place that says it. The compiled run, the Mesa model, the replay of a record, a game
of a person, the learning environment and the check of a strategy all go through a week with these
rules; they differ only in where a move comes from (a strategy, a person, a learner, the record).

A week has stages, which `state.stage` names:

- ``BEFORE``: nothing has happened yet. `begin_week` draws who moves first, lets outside events and
  the meeting happen, and runs the modules.
- ``AGENCIES``: now and then an agency escalates without its leader's choice; `act_of_agency`, once
  for each player.
- ``MOVES``: the player that `mover` names is to move; `play_move` makes the move. Both players move
  once in an exchange. A further exchange follows if somebody moved and the week has room for it.
- ``AFTER``: all moves are made. `finish_week` runs the modules, counts down what was announced, and
  lets pain be felt and memories fade.

A state says where its week stands, so a run can start from the middle of one.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.draws import (
    AGENCY_BLOCK,
    SOUNDNESS_BLOCK,
    TURN_BLOCK,
    decision_block,
    normal,
    pick,
    uniforms,
)
from negotiation_abm.core.hooks import end_modules, start_modules
from negotiation_abm.core.terms import Move, Phase, Stage, opponent_of
from negotiation_abm.core.transitions import (
    agency_option,
    apply_agency_move,
    apply_move,
    scheduled_step,
)
from negotiation_abm.core.week import begin_turn, end_turn


@rule
def open_week(state, params, week, u_round, first, seed, replicate, live):
    """Outside events, the meeting, and modules; then `first` is to move.

    Parameters
    ----------
    u_round : float
        Uniform that says whether an unscheduled round comes; 1 lets none come.
    first : int
        Player who moves first in every exchange of the week.
    live : int
        1 in a simulated run; 0 in a replay, where modules draw nothing.
    """
    begin_turn(state, params, week, u_round)
    if params.num_modules > 0:
        start_modules(state, params, week, seed, replicate, live)
    state.first = first
    state.place = 0
    state.moved = 0
    state.stage = Stage.MOVES


@rule
def begin_week(state, params, week, seed, replicate):
    """Open a week of a simulated run; agencies come next, if one acts this week.

    A truce that was in force before the run has its soundness drawn now (``revised_rules``).
    """
    if params.revised_rules == 1 and state.phase == Phase.TRUCE and state.is_drawn == 0:
        u_first, u_second, _, _ = uniforms(seed, replicate, state.turn, SOUNDNESS_BLOCK)
        state.frailty = normal(u_first, u_second)
        state.is_drawn = 1
    u_order, u_round, u_first, u_second = uniforms(seed, replicate, state.turn, TURN_BLOCK)
    open_week(state, params, week, u_round, 0 if u_order < 0.5 else 1, seed, replicate, 1)
    if u_first < params.agency_rate[0] or u_second < params.agency_rate[1]:
        state.agency_draw[0] = u_first
        state.agency_draw[1] = u_second
        state.stage = Stage.AGENCIES


@rule
def act_of_agency(state, params, seed, replicate, info):
    """Perhaps an agency of the player whose turn it is escalates; `info` says what it did."""
    player = state.place
    info.option = Move.HOLD
    if state.agency_draw[player] < params.agency_rate[player]:
        block = uniforms(seed, replicate, state.turn, AGENCY_BLOCK)
        u_lever = block[0] if player == 0 else block[2]
        u_size = block[1] if player == 0 else block[3]
        option = agency_option(state, params, player, u_lever)
        if option != Move.HOLD:
            multiple = pick(params.step_multiple, params.step_probability, u_size)
            step = scheduled_step(state, params, player, option, multiple)
            apply_agency_move(state, params, player, option, step, info)
    if player == 0:
        state.place = 1
    else:
        state.place = 0
        state.stage = Stage.MOVES


@rule
def mover(state):
    """The player who is to move."""
    return state.first if state.place == 0 else opponent_of(state.first)


@rule
def decision_draws(state, seed, replicate):
    """The uniforms of the decision that is due: choice, size, lead, slip of the hand."""
    return uniforms(seed, replicate, state.turn, decision_block(state.exchange, state.place))


@rule
def play_move(state, params, player, option, u_size, u_lead, info):
    """Make the move that is due, in a size and with a lead that are drawn, and pass on."""
    step = 0.0
    lead = 0
    frailty = 0.0
    if option > Move.SUSPEND:
        multiple = pick(params.step_multiple, params.step_probability, u_size)
        lead = pick(params.lead_weeks, params.lead_probability, u_lead)
        step = scheduled_step(state, params, player, option, multiple)
    elif option == Move.SUSPEND:
        frailty = normal(u_size, u_lead)
    apply_move(state, params, player, option, step, lead, frailty, info)
    pass_on(state, params, option != Move.HOLD, False)


@rule
def pass_on(state, params, has_moved, is_awaited):
    """Hand the turn to the next player, exchange, or the end of the week.

    Parameters
    ----------
    has_moved : bool
        Did the player who was to move do anything but HOLD?
    is_awaited : bool
        Is a further move of this week known to come? A record may hold more exchanges than a run
        has room for.
    """
    if has_moved:
        state.moved = 1
    if state.place == 0:
        state.place = 1
    elif is_awaited or (state.moved == 1 and state.exchange + 1 < params.exchanges_per_turn):
        state.exchange += 1
        state.place = 0
        state.moved = 0
    else:
        state.stage = Stage.AFTER


@rule
def finish_week(state, params, week, seed, replicate, live, info):
    """Modules, clocks, pain and memories; `info` says whether the truce collapsed or lapsed.

    The turn counter then stands at the next week, of which nothing has happened yet.
    """
    if params.num_modules > 0:
        end_modules(state, params, week, seed, replicate, live)
    end_turn(state, params, week, info)
    state.stage = Stage.BEFORE
