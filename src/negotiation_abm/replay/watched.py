"""A free run in the form of a record: the compiled run, with every move and week taken down.

The same rules, order and draws as any other run of a game, seed and replicate; what a statistic
sees of it is what `HistoryBuilder` would have seen.
"""

# mypy: disable-error-code="no-untyped-def"

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from negotiation_abm.core.state import INFO, STATE
from negotiation_abm.core.terms import NUM_OPTIONS, Event, Move, Phase, Stage, lever_of, move_of
from negotiation_abm.core.tracker import (
    SPELL,
    TALLY,
    close_tally,
    start_tally,
    track_move,
    track_turn,
)
from negotiation_abm.core.transitions import final_option
from negotiation_abm.core.turn import (
    act_of_agency,
    begin_week,
    decision_draws,
    finish_week,
    mover,
    play_move,
)
from negotiation_abm.replay.events import MOVES, WEEKS, History
from negotiation_abm.run.batch import spells_of_one
from negotiation_abm.run.compiler import jit, outside_hash, register_rules
from negotiation_abm.scenario.game import Game
from negotiation_abm.strategies import strategies

LEAST = 1e-9  # by which a level falls if an agreement lowers it
AGREEMENTS = (int(Event.BEGUN), int(Event.RENEWED), int(Event.REPAIRED))


def simulated_history(game: Game, seed: int, replicate: int) -> History:
    """One free run to the horizon (the same, draw for draw, as any other run of these)."""
    names = list(strategies())
    first, second = (names[code] for code in game.strategy_codes)
    size = len(game.weeks) - int(game.initial["turn"][0])
    most = 2 * (int(game.params["exchanges_per_turn"][0]) + 1)  # moves of a week, agencies' too
    moves, weeks = np.zeros(size * most, MOVES), np.zeros(size, WEEKS)
    tally = np.zeros(1, TALLY) if game.tally is None else game.tally.copy()
    spells = np.zeros(spells_of_one(game), SPELL)
    played = _watcher(first, second, outside_hash())(
        game.params, game.weeks, game.initial, np.uint64(seed), np.int64(replicate),
        np.zeros(1, STATE), np.zeros(1, INFO), tally, spells, np.zeros(NUM_OPTIONS), moves, weeks,
    )  # fmt: skip
    closed = spells[: played[1]].view(np.recarray)
    return History(game, moves[: played[0]].copy(), weeks, list(closed))


@cache
def _watcher(first: str, second: str, key: str) -> Callable[..., tuple[int, int]]:
    """The compiled loop over the weeks of one run, for the strategies of the two players."""
    register_rules()
    choose_first, choose_second = strategies()[first], strategies()[second]
    look, write = _rules()

    def watch(
        params_in, weeks, initial, seed, replicate, states, infos, tallies, spells, weights,
        moves, seen,
    ):  # fmt: skip
        """Play one run; returns the number of moves and of spells written."""
        params, state, info, tally = params_in[0], states[0], infos[0], tallies[0]
        states[0] = initial[0]
        start, count, made = initial[0].turn, 0, 0
        start_tally(tally, state, replicate)
        while state.turn < len(weeks):
            week = weeks[state.turn]
            if state.stage == Stage.BEFORE:
                begin_week(state, params, week, seed, replicate)
            while state.stage == Stage.AGENCIES:
                before = look(state, params)
                act_of_agency(state, params, seed, replicate, info)
                if info.option != Move.HOLD:
                    count = track_move(tally, state, params, info, spells, count)
                    made = write(moves, made, state, params, info, before)
            while state.stage == Stage.MOVES:
                player = mover(state)
                u, u_size, u_lead, u_slip = decision_draws(state, seed, replicate)
                if player == 0:
                    option = choose_first(state, params, week, player, u, weights)
                else:
                    option = choose_second(state, params, week, player, u, weights)
                option = final_option(state, params, week, player, option, u_slip)
                before = look(state, params)
                play_move(state, params, player, option, u_size, u_lead, info)
                count = track_move(tally, state, params, info, spells, count)
                if option != Move.HOLD:
                    made = write(moves, made, state, params, info, before)
            finish_week(state, params, week, seed, replicate, 1, info)
            count = track_turn(tally, state, params, info, spells, count)
            row = seen[state.turn - 1 - start]
            row.turn = state.turn - 1
            row.forum = state.forum
            row.in_truce = 1 if state.phase == Phase.TRUCE else 0
            row.weeks_left = state.weeks_left
            row.weeks_to_summit = week.weeks_to_summit
            for side in range(2):
                for lever in range(params.num_levers[side]):
                    row.in_force[side, lever] = state.in_force[side, lever]
        count = close_tally(tally, state, params, info, spells, count)
        return made, count

    compiled: Callable[..., tuple[int, int]] = jit(watch, nogil=True)
    return compiled


@cache
def _rules() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What is seen before a move, and its row, for compiled code."""
    from numba.extending import register_jitable

    @register_jitable
    def look(state, params):
        """Coverage, leads of what is pending, levels, truce and its clock."""
        covered, leads = state.covered.copy(), state.pending_lead.copy()
        for side in range(2):
            for lever in range(params.num_levers[side]):
                if state.pending[side, lever] <= 0.0:
                    leads[side, lever] = -1
        truce = 1 if state.phase == Phase.TRUCE else 0
        return covered, leads, state.in_force.copy(), truce, state.weeks_left

    @register_jitable
    def write(moves, made, state, params, info, before):
        """Take down the move that `info` tells of; returns the number of moves."""
        covered, leads, levels, truce, weeks_left = before
        row, player, lever = moves[made], info.mover, lever_of(info.option)
        row.turn = state.turn
        row.player = player
        row.move = move_of(info.option)
        row.lever = lever
        row.severity = info.severity
        row.covered = covered[player, lever] if lever >= 0 else 0
        row.in_truce = truce
        row.weeks_left = weeks_left
        row.lead = leads[player, lever] if lever >= 0 else -1
        if row.move == Move.THREATEN:
            row.lead = info.lead
        row.carried_out = info.carried_out
        row.event = info.event
        if info.event in AGREEMENTS:
            for side in range(2):
                for other in range(params.num_levers[side]):
                    if state.in_force[side, other] < levels[side, other] - LEAST:
                        row.eased[side] += 1
        return made + 1

    return look, write
