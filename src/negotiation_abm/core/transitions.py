"""The game, move by move: what is legal, what becomes of a choice, what a move does.

`negotiation_abm.core.turn` says in which order things happen within a week. Draws come in as
arguments; the same functions serve replay, where levels and dates come from the record instead.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import (
    can_concede,
    room,
    set_level,
    set_pending,
    touch,
    touch_answers,
)
from negotiation_abm.core.terms import (
    NUM_PLAYERS,
    TINY,
    Forum,
    Move,
    Phase,
    TruceEnd,
    clear_info,
    lever_of,
    move_of,
    num_options,
    opponent_of,
    option_of,
)
from negotiation_abm.core.truce import (
    agree,
    collapse,
    end_by,
    end_truce,
    fulfil,
    is_collecting,
    look_again,
    strain_truce,
    terms_index,
)


@rule
def is_threatened(state, params):
    """Is something announced that an agreement of this week would withdraw?"""
    if state.num_pending == 0:
        return False
    terms = terms_index(state)
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            if state.pending[player, lever] > 0.0 and (
                params.coverage[terms, player, lever] == 1 or state.covered[player, lever] == 1
            ):
                return True
    return False


@rule
def can_be_widened(state, params):
    """Would an agreement at this week's meeting cover a lever that the truce does not?"""
    if params.revised_rules == 0 or state.forum == Forum.NONE:
        return False
    terms = terms_index(state)
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            if params.coverage[terms, player, lever] == 1 and state.covered[player, lever] == 0:
                return True
    return False


@rule
def can_offer(state, params, player):
    """Is SUSPEND legal: no own offer standing, and something to settle?"""
    if state.offer[player] > 0:
        return False
    if state.phase == Phase.DISPUTE or state.offer[opponent_of(player)] > 0:
        return True
    if 0 <= state.weeks_left <= params.renewal_window_weeks:
        return True
    if state.outlived == 1 or state.strain > params.repair_strain:
        return True
    return is_threatened(state, params) or can_be_widened(state, params)


@rule
def is_legal(state, params, player, option):
    """May `player` choose `option` now?"""
    move = move_of(option)
    if move == Move.HOLD:
        return True
    if move == Move.SUSPEND:
        return can_offer(state, params, player)
    lever = lever_of(option)
    if lever >= params.num_levers[player]:
        return False
    if move == Move.CONCEDE:
        return can_concede(state, params, player, lever)
    return room(state, params, player, lever) > TINY


@rule
def final_option(state, params, week, player, option, u):
    """What becomes of a choice: a move forced by the calendar, a slip of the hand, or itself.

    With probability ``noise`` (`u` says whether and which) a legal option is taken at random.
    A forced option that is not legal now is passed over.
    """
    forced = week.forced[player, state.exchange] - 1
    if forced >= 0 and is_legal(state, params, player, forced):
        return forced
    if u < params.noise[player]:
        return _slip(state, params, player, u / params.noise[player])
    return option


@rule
def _slip(state, params, player, u):
    """A legal option, all alike."""
    options = num_options(params.num_levers[player])
    count = 0
    for option in range(options):
        if is_legal(state, params, player, option):
            count += 1
    place = int(u * count)
    for option in range(options):
        if is_legal(state, params, player, option):
            if place == 0:
                return option
            place -= 1
    return 0


@rule
def scheduled_step(state, params, player, option, multiple):
    """Size of a move before its lever's limits: an announced step, or the usual one x `multiple`.

    CONCEDE takes the usual step; HOLD and SUSPEND have none.
    """
    move = move_of(option)
    if move < Move.ESCALATE:
        return 0.0
    lever = lever_of(option)
    if move == Move.ESCALATE and state.pending[player, lever] > 0.0:
        return state.pending[player, lever]
    if move == Move.CONCEDE:
        return params.step[player, lever]
    return params.step[player, lever] * multiple


@rule
def _annoy(state, player, anger):
    """The opponent's anger grows; the player's own is answered one for one."""
    state.anger[opponent_of(player)] += anger
    state.anger[player] = max(0.0, state.anger[player] - anger)


@rule
def _escalate(state, params, player, lever, step, info):
    step = min(step, room(state, params, player, lever))
    severity = step * state.potency[player, lever]
    end = end_by(state, params, player, lever, step)
    info.cause = TruceEnd.ESCALATION
    info.player = player
    info.lever = lever
    info.agency = state.by_agency
    answers = state.unmet[player] >= params.grievance
    owed_lever, owed_pledge = state.unmet_lever[player], state.unmet_pledge[player]
    info.severity = severity
    info.carried_out = 1 if state.pending[player, lever] > 0.0 else 0
    set_pending(state, player, lever, 0.0)
    set_level(state, params, player, lever, state.in_force[player, lever] + step)
    if params.revised_rules == 1:
        state.loaded[player, lever] = max(0.0, state.loaded[player, lever] - step)
    state.market_loss[player] += severity
    domain = params.domain[player, lever]
    state.last_escalation[player, domain] = state.turn
    state.latest_escalation = state.turn
    touch_answers(state, params, player, domain)
    _annoy(state, player, 1.0)
    if state.phase == Phase.TRUCE:
        is_choice = state.by_agency == 0 or params.restore_share <= 0.0
        if end == TruceEnd.BREACH and is_choice:
            cause = TruceEnd.LAPSE if is_collecting(state, params) else TruceEnd.BREACH
            end_truce(state, params, cause, player, lever, info)
        elif step > TINY or params.revised_rules == 0:
            weight = params.covered_strain if state.covered[player, lever] == 1 else 1.0
            strain_truce(state, params, player, lever, weight * severity)
            if end == TruceEnd.COLLAPSE and is_choice:
                collapse(state, params, info)
        if answers and info.cause != TruceEnd.LAPSE:
            info.cause = TruceEnd.NON_DELIVERY
            info.player = opponent_of(player)
            info.lever = owed_lever
            info.pledge = owed_pledge


@rule
def _threaten(state, params, player, lever, step, lead):
    """Announce a step; `lead` in weeks, -1 for no date.

    A further threat on a lever replaces the one before. In the first version of the rules the
    larger size and the nearer date of the two hold.
    """
    step = min(step, room(state, params, player, lever))
    is_new = state.pending[player, lever] == 0.0 or params.revised_rules == 1
    if not is_new:
        step = max(step, state.pending[player, lever])
    if is_new or lead < state.pending_weeks[player, lever]:
        state.pending_weeks[player, lever] = lead
        state.pending_lead[player, lever] = lead
    set_pending(state, player, lever, step)
    state.market_loss[player] += step * state.potency[player, lever]
    _annoy(state, player, params.threat_anger)


@rule
def _concede(state, params, player, lever, step, info):
    """Take pressure back; where none is in force, withdraw a threat or give up a suspended part."""
    if params.revised_rules == 1 and (
        state.in_force[player, lever] - params.floor[player, lever] <= TINY
    ):
        if state.pending[player, lever] > 0.0:
            set_pending(state, player, lever, 0.0)
        else:
            state.loaded[player, lever] = max(0.0, state.loaded[player, lever] - step)
            touch(state, player, lever)
            look_again(state, params)
    level = max(params.floor[player, lever], state.in_force[player, lever] - step)
    set_level(state, params, player, lever, min(level, state.in_force[player, lever]))
    state.goodwill[opponent_of(player)] += 1.0
    if params.revised_rules == 1 and state.covered[player, lever] == 1:
        fulfil(state, params, info)


@rule
def apply_move(state, params, player, option, step, lead, frailty, info):
    """Carry out one move; `info` says what it did to the truce.

    Parameters
    ----------
    step : float
        Size of the move on its lever (`scheduled_step`, or the record's).
    lead : int
        Weeks until the announced date, for THREATEN.
    frailty : float
        Standard normal of the truce that this move may begin.
    """
    clear_info(info)
    info.mover = player
    info.by_agency = state.by_agency
    info.option = option
    info.step = step
    info.lead = lead
    info.weeks_left = state.weeks_left
    move = move_of(option)
    lever = lever_of(option)
    if move == Move.ESCALATE:
        _escalate(state, params, player, lever, step, info)
    elif move == Move.THREATEN:
        _threaten(state, params, player, lever, step, lead)
    elif move == Move.CONCEDE:
        _concede(state, params, player, lever, step, info)
    elif move == Move.SUSPEND:
        state.offer[player] = params.offer_weeks
        if state.offer[opponent_of(player)] > 0:
            agree(state, params, frailty, info)
    state.last_option[player] = option


@rule
def apply_agency_move(state, params, player, option, step, info):
    """Carry out an escalation that an agency makes of its own accord; answered as if intended."""
    state.by_agency = 1
    apply_move(state, params, player, option, step, 0, 0.0, info)
    state.by_agency = 0


@rule
def agency_option(state, params, player, u_lever):
    """The escalation of an agency on a lever of its own; 0 if there is none.

    As first specified, agencies keep to levers that the truce does not cover.
    """
    count = 0
    for lever in range(params.num_levers[player]):
        count += _is_open_to_agency(state, params, player, lever)
    pick = int(u_lever * count)
    for lever in range(params.num_levers[player]):
        if _is_open_to_agency(state, params, player, lever) == 1:
            if pick == 0:
                return option_of(Move.ESCALATE, lever)
            pick -= 1
    return 0


@rule
def _is_open_to_agency(state, params, player, lever):
    is_open = state.covered[player, lever] == 0 or params.restore_share > 0.0
    is_open = is_open and params.agency_lever[player, lever] == 1
    return 1 if is_open and room(state, params, player, lever) > TINY else 0
