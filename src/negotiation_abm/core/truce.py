"""The truce: package, coverage, clock, repair and renewal, strain, and its ends.

Both offers standing make an agreement. In a dispute it **begins** a truce; with at most
``renewal_window_weeks`` on the clock it **renews** it (the term is added to what is left); else
it **repairs** it and leaves the clock alone. The forum of the week sets the term and the set of
levers covered; a renewal or repair keeps what is covered and adds what its forum covers.

Two readings where the record speaks against a simpler rule:

- the package takes pressure off the levers that the agreement **newly** covers. The London
  repair and the August renewal of 2025 moved no level; Busan moved those that it added.
- an agreement withdraws the pending measures on covered levers. The US port fees announced in
  April 2025 went on counting down through Geneva, London and the August renewal.

A truce ends by BREACH (escalation on a covered lever), COLLAPSE (strain from uncovered levers
reaches the tolerance) or LAPSE (its date passes); loaded levers then snap back in part. Where the
strain, or the side that breaks it, answers something promised and not delivered, the cause is
NON_DELIVERY.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import set_level, set_pending, touch
from negotiation_abm.core.terms import (
    NUM_PLAYERS,
    Event,
    Forum,
    Phase,
    TruceEnd,
    opponent_of,
)


@rule
def suspend_lever(state, params, player, lever):
    """Take the package's share off one lever; part of it stays loaded."""
    above = state.in_force[player, lever] - params.floor[player, lever]
    if above > 0.0:
        off = params.suspended_share * above
        state.loaded[player, lever] += params.loaded_share * off
        set_level(state, params, player, lever, state.in_force[player, lever] - off)


@rule
def terms_index(state):
    """Row of the terms that an agreement gets this week: 0 round, 1 leaders' summit."""
    return 1 if state.forum == Forum.SUMMIT else 0


@rule
def _cover(state, params, terms):
    """Cover the forum's set, suspend what is newly covered, withdraw threats on covered levers."""
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            if params.coverage[terms, player, lever] == 1 and state.covered[player, lever] == 0:
                state.covered[player, lever] = 1
                touch(state, player, lever)
                suspend_lever(state, params, player, lever)
            if state.covered[player, lever] == 1 and state.pending[player, lever] > 0.0:
                set_pending(state, player, lever, 0.0)


@rule
def _forgive(state):
    """An agreement or the end of the truce closes the account of what was promised."""
    for player in range(NUM_PLAYERS):
        state.unmet[player] = 0.0
        state.unmet_lever[player] = -1
        state.unmet_pledge[player] = -1


@rule
def grieve(state, victim, amount, anger, lever, pledge):
    """The opponent of `victim` is seen not to deliver: anger, strain on the truce, a grievance.

    `lever` is the lever of the opponent that it is about (-1: none), `pledge` the pledge (-1).
    """
    state.anger[victim] += anger
    if state.phase != Phase.TRUCE or amount <= 0.0:
        return
    state.unmet[victim] += amount
    state.unmet_lever[victim] = lever
    state.unmet_pledge[victim] = pledge
    strain_truce(state, opponent_of(victim), lever, amount)
    state.strain_agency = 0
    state.strain_unmet = 1
    state.strain_pledge = pledge


@rule
def _appease(state, params):
    """What any agreement does to the mood, and to the offers on the table."""
    for player in range(NUM_PLAYERS):
        state.offer[player] = 0
        state.anger[player] *= params.agreement_anger
        state.goodwill[player] += params.agreement_goodwill


@rule
def agree(state, params, frailty, info):
    """Both offers stand: begin, renew or repair the truce (`frailty`: a standard normal)."""
    terms = terms_index(state)
    term = params.term_weeks[terms]
    if state.phase == Phase.DISPUTE:
        info.event = Event.BEGUN
        state.phase = Phase.TRUCE
        state.age = 0
        state.renewals = 0
        state.leaders = terms
        state.frailty = frailty
        state.weeks_left = term
    else:
        if state.strain > params.repair_strain:
            state.frailty = frailty
        if 0 <= state.weeks_left <= params.renewal_window_weeks:
            info.event = Event.RENEWED
            state.renewals += 1
            state.leaders = max(state.leaders, terms)
            state.weeks_left = state.weeks_left + term if term >= 0 else -1
        else:
            info.event = Event.REPAIRED
    state.strain = 0.0
    state.strain_player = -1
    state.strain_lever = -1
    state.strain_agency = 0
    state.strain_unmet = 0
    state.strain_pledge = -1
    _forgive(state)
    _cover(state, params, terms)
    _appease(state, params)


@rule
def end_truce(state, params, cause, player, lever, info):
    """End the truce: coverage and strain go, loaded levers snap back in part."""
    info.event = Event.ENDED
    info.cause = cause
    info.player = player
    info.lever = lever
    info.agency = state.by_agency
    state.phase = Phase.DISPUTE
    state.weeks_left = -1
    state.strain = 0.0
    _forgive(state)
    for owner in range(NUM_PLAYERS):
        if cause != TruceEnd.LAPSE:
            state.offer[owner] = 0
        for a in range(params.num_levers[owner]):
            if state.covered[owner, a] == 1:
                state.covered[owner, a] = 0
                touch(state, owner, a)
            back = params.snap_back_share * state.loaded[owner, a]
            if back > 0.0:
                state.loaded[owner, a] -= back
                set_level(state, params, owner, a, state.in_force[owner, a] + back)


@rule
def strain_truce(state, player, lever, severity):
    """An escalation outside the truce's text strains it."""
    state.strain += severity
    state.strain_player = player
    state.strain_lever = lever
    state.strain_agency = state.by_agency
    state.strain_unmet = 0
    state.strain_pledge = -1


@rule
def close_week(state, params, info):
    """Truce bookkeeping at the end of a turn: collapse, lapse, clock, decay of strain."""
    if state.phase != Phase.TRUCE:
        return
    if state.strain >= params.tolerance:
        cause = TruceEnd.NON_DELIVERY if state.strain_unmet == 1 else TruceEnd.COLLAPSE
        agency, pledge = state.strain_agency, state.strain_pledge
        end_truce(state, params, cause, state.strain_player, state.strain_lever, info)
        info.agency = agency
        info.pledge = pledge
    elif state.weeks_left == 0:
        end_truce(state, params, TruceEnd.LAPSE, -1, -1, info)
    else:
        state.age += 1
        if state.weeks_left > 0:
            state.weeks_left -= 1
        state.strain *= params.strain_memory
        if params.num_modules > 0:
            for player in range(NUM_PLAYERS):
                state.unmet[player] *= params.strain_memory
