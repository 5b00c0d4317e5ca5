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

How a truce ends (`end_by`, `close_week`):

- BREACH: a side puts back a good part of what it had suspended (``restore_share`` of the pain that
  all its loaded levers would cause) on one covered lever, or adds so much on one that its strain
  alone reaches the tolerance. With a ``restore_share`` of 0, as first specified, any escalation on
  a covered lever is a breach.
- COLLAPSE: the strain of all that was added reaches the tolerance, by a further step on a covered
  lever at once, else at the end of the week. Escalations on other levers strain a truce, and
  those on covered levers ``covered_strain`` times as much; an agency's act does no more than that.
  It is ascribed to the side that strained most.
- LAPSE: its date passes or, where the rules are ``tacit``, a side takes back what it had suspended
  in the week of the date. A date that passes without an act then leaves an undated truce.
- NON_DELIVERY: the strain, or the side that breaks it, answers something promised and not
  delivered.
- FULFILLED: all that it covers has been given up (``revised_rules``).

Loaded levers then snap back by ``snap_back_share``. Sources of the rules of ending: eight coded
episodes (``docs/episodes.md``), tried on their truces by `negotiation-abm episodes --set`.
"""

# mypy: disable-error-code="no-untyped-def"

from negotiation_abm.core._rule import rule
from negotiation_abm.core.levers import set_level, set_pending, touch
from negotiation_abm.core.terms import (
    NUM_PLAYERS,
    TINY,
    Event,
    Forum,
    Phase,
    TruceEnd,
    opponent_of,
)


@rule
def end_by(state, params, player, lever, step):
    """How a step of this size on the lever, by choice of its owner, would end the truce.

    Returns
    -------
    int
        `TruceEnd.BREACH`, or COLLAPSE where only what came before makes it too much; CENSORED if
        the truce would go on.
    """
    if state.covered[player, lever] == 0 or (params.revised_rules == 1 and step <= TINY):
        return TruceEnd.CENSORED
    if params.restore_share <= 0.0:
        return TruceEnd.BREACH
    severity = step * state.potency[player, lever]
    suspended = 0.0
    for other in range(params.num_levers[player]):
        if state.covered[player, other] == 1:
            suspended += state.loaded[player, other] * state.potency[player, other]
    if state.loaded[player, lever] > TINY and severity >= params.restore_share * suspended - TINY:
        return TruceEnd.BREACH
    added = params.covered_strain * severity
    if added >= params.tolerance:
        return TruceEnd.BREACH
    return TruceEnd.COLLAPSE if state.strain + added >= params.tolerance else TruceEnd.CENSORED


@rule
def is_collecting(state, params):
    """Is this the week of the truce's date, in which a side may take back what it suspended?"""
    return params.tacit == 1 and state.weeks_left == 0


@rule
def look_again(state, params):
    """What decides which steps would end the truce has changed: strain, clock, suspended parts."""
    if params.restore_share > 0.0 or params.tacit == 1:
        for player in range(NUM_PLAYERS):
            for lever in range(params.num_levers[player]):
                if state.covered[player, lever] == 1:
                    touch(state, player, lever)


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
def grieve(state, params, victim, amount, anger, lever, pledge):
    """The opponent of `victim` is seen not to deliver: anger, strain on the truce, a grievance.

    `lever` is the lever of the opponent that it is about (-1: none), `pledge` the pledge (-1).
    """
    state.anger[victim] += anger
    if state.phase != Phase.TRUCE or amount <= 0.0:
        return
    state.unmet[victim] += amount
    state.unmet_lever[victim] = lever
    state.unmet_pledge[victim] = pledge
    if strain_truce(state, params, opponent_of(victim), lever, amount):
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
def _relax(state):
    """The strain on the truce goes."""
    state.strain = 0.0
    for player in range(NUM_PLAYERS):
        state.strain_by[player] = 0.0


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
        state.is_drawn = 1
        state.weeks_left = term
    else:
        if state.strain > params.repair_strain and params.revised_rules == 0:
            state.frailty = frailty
        if 0 <= state.weeks_left <= params.renewal_window_weeks or state.outlived == 1:
            info.event = Event.RENEWED
            state.renewals += 1
            state.leaders = max(state.leaders, terms)
            state.weeks_left = max(0, state.weeks_left) + term if term >= 0 else -1
        else:
            info.event = Event.REPAIRED
    state.outlived = 0
    _relax(state)
    state.strain_player = -1
    state.strain_lever = -1
    state.strain_agency = 0
    state.strain_unmet = 0
    state.strain_pledge = -1
    _forgive(state)
    _cover(state, params, terms)
    _appease(state, params)
    look_again(state, params)


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
    state.outlived = 0
    _relax(state)
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
def fulfil(state, params, info):
    """End the truce as fulfilled if nothing that it covers is in force or suspended any more."""
    for player in range(NUM_PLAYERS):
        for lever in range(params.num_levers[player]):
            if state.covered[player, lever] == 1 and (
                state.loaded[player, lever] > TINY
                or state.in_force[player, lever] - params.floor[player, lever] > TINY
            ):
                return
    end_truce(state, params, TruceEnd.FULFILLED, -1, -1, info)


@rule
def strain_truce(state, params, player, lever, amount):
    """A side strains the truce; returns whether the strain is now put down to this act.

    It is put down to the latest act and, with a ``restore_share``, to the latest of the side that
    has strained the truce most.
    """
    state.strain += amount
    state.strain_by[player] += amount
    look_again(state, params)
    behind = state.strain_by[player] < state.strain_by[opponent_of(player)]
    if behind and params.restore_share > 0.0:
        return False
    state.strain_player = player
    state.strain_lever = lever
    state.strain_agency = state.by_agency
    state.strain_unmet = 0
    state.strain_pledge = -1
    return True


@rule
def collapse(state, params, info):
    """End the truce under its strain; it is put down to whom the strain is put down to."""
    cause = TruceEnd.NON_DELIVERY if state.strain_unmet == 1 else TruceEnd.COLLAPSE
    agency, pledge = state.strain_agency, state.strain_pledge
    end_truce(state, params, cause, state.strain_player, state.strain_lever, info)
    info.agency = agency
    info.pledge = pledge


@rule
def close_week(state, params, info):
    """Truce bookkeeping at the end of a turn: collapse, lapse, clock, decay of strain."""
    if state.phase != Phase.TRUCE:
        return
    if state.strain >= params.tolerance:
        collapse(state, params, info)
    elif state.weeks_left == 0 and params.tacit == 0:
        end_truce(state, params, TruceEnd.LAPSE, -1, -1, info)
    else:
        state.age += 1
        if state.strain > 0.0 or 0 <= state.weeks_left <= 1:
            look_again(state, params)
        if state.weeks_left == 0:
            state.outlived = 1
        if state.weeks_left >= 0:
            state.weeks_left -= 1
        state.strain *= params.strain_memory
        for player in range(NUM_PLAYERS):
            state.strain_by[player] *= params.strain_memory
        if params.num_modules > 0:
            for player in range(NUM_PLAYERS):
                state.unmet[player] *= params.strain_memory
