"""The beginning and the end of a week.

Beginning: outside events set levers; a scheduled meeting takes place, or an unscheduled round comes
with a logistic hazard. End: announced measures count down, pain is felt, memories fade, use erodes
irreplaceability, the truce's clock runs.
"""

# mypy: disable-error-code="no-untyped-def"

import math

from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import (
    potency_of,
    set_level,
    set_pending,
    touch,
    touch_all,
    touch_answers,
)
from negotiation_abm.core.payoffs import relievable, round_log_odds
from negotiation_abm.core.terms import MAX_DOMAINS, NUM_PLAYERS, Forum, clear_info
from negotiation_abm.core.truce import close_week, look_again

EROSION_WEEKS = 13  # erosion takes years; booking it each quarter keeps the weekly work small


@rule
def round_probability(state, params):
    """Probability that an unscheduled round or call happens this week."""
    if state.no_rounds > 0:
        return 0.0
    return 1.0 / (1.0 + math.exp(min(700.0, -round_log_odds(state, params))))


@rule
def _end_answers(state, params):
    """What became too old to be answered with the week that has passed is touched."""
    for player in range(NUM_PLAYERS):
        for domain in range(MAX_DOMAINS):
            if state.turn - state.last_escalation[player, domain] == params.mirror_weeks + 1:
                touch_answers(state, params, player, domain)


@rule
def begin_turn(state, params, week, u_round):
    """Outside events, and the meeting of the week.

    `u_round` in (0, 1) draws whether an unscheduled round comes; 1 lets none come.
    """
    state.exchange = 0
    if week.new_salience == 1:
        touch_all(state)
    if state.turn - state.latest_escalation <= params.mirror_weeks + 1:
        _end_answers(state, params)
    if week.has_shock == 1:
        for player in range(NUM_PLAYERS):
            for lever in range(params.num_levers[player]):
                level = week.shock[player, lever]
                if level == level:  # not NaN
                    state.loaded[player, lever] = 0.0
                    set_level(state, params, player, lever, level)
    state.forum = week.forum
    if state.forum == Forum.NONE and u_round < round_probability(state, params):
        state.forum = Forum.ROUND


@rule
def _count_down(state, player, lever):
    """Announced measures come nearer; one past its date lapses. One without a date stays."""
    if state.pending[player, lever] > 0.0:
        if state.pending_weeks[player, lever] == 0:
            set_pending(state, player, lever, 0.0)
        elif state.pending_weeks[player, lever] > 0:
            state.pending_weeks[player, lever] -= 1
            if state.pending_weeks[player, lever] == 0:
                touch(state, player, lever)


@rule
def _wear(state, params, player, lever):
    """A week of use erodes irreplaceability."""
    state.use[player, lever] += state.in_force[player, lever]
    if state.turn % EROSION_WEEKS == EROSION_WEEKS - 1 and state.use[player, lever] > 0.0:
        state.irreplaceability[player, lever] *= math.exp(
            -params.erosion * state.use[player, lever]
        )
        state.potency[player, lever] = potency_of(
            params, player, lever, state.irreplaceability[player, lever]
        )
        touch(state, player, lever)
        look_again(state, params)
        state.use[player, lever] = 0.0


@rule
def end_turn(state, params, week, info):
    """Close the week; `info` says whether the truce collapsed or lapsed."""
    clear_info(info)
    for player in range(NUM_PLAYERS):
        felt = relievable(state, params, week, player)
        kept = params.felt_memory
        state.felt[player] = kept * state.felt[player] + (1.0 - kept) * felt
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            _count_down(state, player, lever)
            _wear(state, params, player, lever)
        state.anger[player] *= params.anger_memory
        state.goodwill[player] *= params.goodwill_memory
        state.market_loss[player] *= params.market_memory
        if state.offer[player] > 0:
            state.offer[player] -= 1
    if state.no_rounds > 0:
        state.no_rounds -= 1
    close_week(state, params, info)
    state.turn += 1
