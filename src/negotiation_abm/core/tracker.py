"""Measurement, apart from the dynamics: truce spells by both measures, and a tally of the run.

A *covered* spell lasts from the agreement that begins a truce to its end (breach, collapse,
lapse). An *any-domain* spell lasts from an agreement to the first escalation of at least
``min_severity`` on any lever, or to the end of the truce if that comes first; a repair or a
renewal starts a new one when none is running. Durations are whole weeks from the turn of the
agreement to the turn of the end.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from negotiation_abm.core._rule import rule
from negotiation_abm.core.payoffs import flow
from negotiation_abm.core.terms import (
    MAX_LEVERS,
    NUM_MOVES,
    NUM_PLAYERS,
    Event,
    Forum,
    Move,
    Phase,
    clear_info,
    move_of,
)

COVERED = 0
ANY_DOMAIN = 1
NUM_MEASURES = 2
NO_SPELL = -100_000

SPELL = np.dtype(
    [
        ("replicate", "i8"),
        ("truce", "i8"),  # number of the truce within its run, from 0
        ("measure", "i8"),  # COVERED or ANY_DOMAIN
        ("start_week", "i8"),  # turn of the agreement (negative: before the start)
        ("entry_weeks", "i8"),  # age at which observation began (0 unless already running)
        ("duration_weeks", "i8"),
        ("cause", "i8"),  # TruceEnd
        ("player", "i8"),  # who ended it; -1
        ("lever", "i8"),  # with which lever; -1
        ("agency", "i8"),  # 1 if an agency did it of its own accord
        ("pledge", "i8"),  # the pledge behind it; -1
        ("renewals", "i8"),
    ],
    align=True,
)

TALLY = np.dtype(
    [
        ("replicate", "i8"),
        ("begun", "i8"),  # 1 once it is prepared (at a branch from a record: before the run)
        ("first_turn", "i8"),
        ("num_moves", "i8", (NUM_PLAYERS, NUM_MOVES)),  # by player and Move
        ("threats_carried_out", "i8", (NUM_PLAYERS,)),
        ("agency_shocks", "i8", (NUM_PLAYERS,)),
        ("forced_moves", "i8", (NUM_PLAYERS,)),  # moves of the calendar that were made
        ("num_meetings", "i8"),
        ("num_truces", "i8"),  # begun in the run
        ("num_renewals", "i8"),
        ("num_repairs", "i8"),
        ("renewal_lead_weeks", "i8"),  # summed over renewals
        ("first_truce_week", "i8"),  # -1 if none began
        ("weeks_in_truce", "i8"),
        ("peak_in_force", "f8", (NUM_PLAYERS, MAX_LEVERS)),
        ("mean_in_force", "f8", (NUM_PLAYERS, MAX_LEVERS)),  # over turns, at their end
        ("mean_felt", "f8", (NUM_PLAYERS,)),
        # open spells
        ("spell_start", "i8", (NUM_MEASURES,)),  # NO_SPELL if none is running
        ("spell_renewals", "i8", (NUM_MEASURES,)),
        ("truce", "i8"),
    ],
    align=True,
)

TRACE = np.dtype(
    [
        ("phase", "i8"),
        ("age", "i8"),
        ("weeks_left", "i8"),
        ("forum", "i8"),
        ("strain", "f8"),
        ("flow", "f8", (NUM_PLAYERS,)),  # flow payoff of the week
        ("felt", "f8", (NUM_PLAYERS,)),
        ("anger", "f8", (NUM_PLAYERS,)),
        ("goodwill", "f8", (NUM_PLAYERS,)),
        ("in_force", "f8", (NUM_PLAYERS, MAX_LEVERS)),
        ("loaded", "f8", (NUM_PLAYERS, MAX_LEVERS)),
        ("hurt", "f8", (NUM_PLAYERS, MAX_LEVERS)),  # weekly pain that the lever causes
        ("num_moves", "i8", (NUM_PLAYERS, NUM_MOVES)),  # since the start, by player and Move
    ],
    align=True,
)


@rule
def start_tally(tally, state, replicate):
    """Prepare a zeroed tally; a truce already in force opens a spell of each measure.

    One that has begun already keeps its open spells.
    """
    tally.replicate = replicate
    tally.first_turn = state.turn
    tally.first_truce_week = -1
    if tally.begun == 1:
        return
    tally.begun = 1
    for measure in range(NUM_MEASURES):
        tally.spell_start[measure] = NO_SPELL
    if state.phase == Phase.TRUCE:
        for measure in range(NUM_MEASURES):
            tally.spell_start[measure] = state.turn - state.age
            tally.spell_renewals[measure] = state.renewals


@rule
def _open_spell(tally, measure, turn):
    if tally.spell_start[measure] == NO_SPELL:
        tally.spell_start[measure] = turn
        tally.spell_renewals[measure] = 0


@rule
def close_spell(tally, measure, turn, info, spells, count):
    """Write the running spell of `measure` to ``spells[count]``; returns the new count.

    `info` says what ended it, and who, with what.
    """
    if tally.spell_start[measure] == NO_SPELL:
        return count
    spell = spells[count]
    start = tally.spell_start[measure]
    spell.replicate = tally.replicate
    spell.truce = tally.truce
    spell.measure = measure
    spell.start_week = start
    spell.entry_weeks = max(0, tally.first_turn - start)
    spell.duration_weeks = turn - start
    spell.cause = info.cause
    spell.player = info.player
    spell.lever = info.lever
    spell.agency = info.agency
    spell.pledge = info.pledge
    spell.renewals = tally.spell_renewals[measure]
    tally.spell_start[measure] = NO_SPELL
    return count + 1


@rule
def _track_end(tally, info, turn, spells, count):
    for measure in range(NUM_MEASURES):
        count = close_spell(tally, measure, turn, info, spells, count)
    tally.truce += 1
    return count


@rule
def _track_agreement(tally, event, turn, lead_weeks):
    if event == Event.BEGUN:
        tally.num_truces += 1
        if tally.first_truce_week < 0:
            tally.first_truce_week = turn
    elif event == Event.RENEWED:
        tally.num_renewals += 1
        tally.renewal_lead_weeks += lead_weeks
        for measure in range(NUM_MEASURES):
            if tally.spell_start[measure] != NO_SPELL:
                tally.spell_renewals[measure] += 1
    else:
        tally.num_repairs += 1
    for measure in range(NUM_MEASURES):
        _open_spell(tally, measure, turn)


@rule
def track_move(tally, state, params, info, spells, count):
    """Count the move that `info` tells of, and open or close spells.

    Returns the number of spells written so far.
    """
    player, move = info.mover, move_of(info.option)
    tally.num_moves[player, move] += 1
    if move == Move.HOLD:
        return count
    tally.threats_carried_out[player] += info.carried_out
    tally.agency_shocks[player] += info.by_agency
    if info.event == Event.ENDED:
        count = _track_end(tally, info, state.turn, spells, count)
    elif info.event != Event.NONE:
        _track_agreement(tally, info.event, state.turn, info.weeks_left)
    elif move == Move.ESCALATE and info.severity >= params.min_severity:
        count = close_spell(tally, ANY_DOMAIN, state.turn, info, spells, count)
    return count


@rule
def track_forced(tally, state, week, player, option):
    """Count a move that the calendar forces, if it was made."""
    forced = week.forced[player, state.exchange]
    if forced > 0 and option == forced - 1:
        tally.forced_moves[player] += 1


@rule
def track_turn(tally, state, params, info, spells, count):
    """Bookkeeping after `finish_week`; returns the number of spells written so far."""
    turn = state.turn - 1
    if info.event == Event.ENDED:
        count = _track_end(tally, info, turn, spells, count)
    if state.phase == Phase.TRUCE:
        tally.weeks_in_truce += 1
    if state.forum != Forum.NONE:
        tally.num_meetings += 1
    for player in range(NUM_PLAYERS):
        tally.mean_felt[player] += state.felt[player]
        for lever in range(params.num_levers[player]):
            level = state.in_force[player, lever]
            tally.mean_in_force[player, lever] += level
            tally.peak_in_force[player, lever] = max(tally.peak_in_force[player, lever], level)
    return count


@rule
def close_tally(tally, state, params, info, spells, count):
    """Censor what still runs after the last turn, and turn sums into means."""
    turns = max(1, state.turn - tally.first_turn)
    clear_info(info)
    for measure in range(NUM_MEASURES):
        count = close_spell(tally, measure, state.turn - 1, info, spells, count)
    for player in range(NUM_PLAYERS):
        tally.mean_felt[player] /= turns
        for lever in range(params.num_levers[player]):
            tally.mean_in_force[player, lever] /= turns
    return count


@rule
def trace_turn(trace, state, params, week, tally):
    """Note the state at the end of a week, and the moves made so far."""
    trace.phase = state.phase
    trace.age = state.age if state.phase == Phase.TRUCE else 0
    trace.weeks_left = state.weeks_left
    trace.forum = state.forum
    trace.strain = state.strain
    for player in range(NUM_PLAYERS):
        trace.flow[player] = flow(state, params, week, player)
        trace.felt[player] = state.felt[player]
        trace.anger[player] = state.anger[player]
        trace.goodwill[player] = state.goodwill[player]
        for move in range(NUM_MOVES):
            trace.num_moves[player, move] = tally.num_moves[player, move]
        for lever in range(params.num_levers[player]):
            hurt = week.salience[player, lever] * state.potency[player, lever]
            trace.hurt[player, lever] = hurt * state.bite[player, lever]
            trace.in_force[player, lever] = state.in_force[player, lever]
            trace.loaded[player, lever] = state.loaded[player, lever]
