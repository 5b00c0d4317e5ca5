"""The compiled run: one loop over replicates that calls the same rules as the Mesa model."""

# mypy: disable-error-code="no-untyped-def,no-any-return"

import pickle
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from negotiation_abm.run.compiler import callable_rule, jit, outside_hash, register_rules

USUAL = "logit"  # the strategy that most runs use
_MAKING = threading.Lock()


def _dispatcher(choices: list[tuple[int, Callable[..., int]]]) -> Callable[..., int]:
    """One function that calls the strategy with a given code; the first is found soonest."""
    (number, first), *rest = choices
    if not rest:

        def last(code, state, params, week, player, u, weights):
            return first(state, params, week, player, u, weights)

        return callable_rule(last)
    others = _dispatcher(rest)

    def decide(code, state, params, week, player, u, weights):
        if code == number:
            return first(state, params, week, player, u, weights)
        return others(code, state, params, week, player, u, weights)

    return callable_rule(decide)


def make_kernel(codes: Sequence[int] | None = None) -> Callable[..., tuple[int, int, int]]:
    """The compiled loop over replicates, for strategies with these codes; for all by default.

    It is the one compiled run of a game: batches, sweeps, traces and the histories of
    `negotiation_abm.replay.watched` come from it. It takes the arguments of `run_replicates` below
    up to `spells_of_one`, and `traces` and `moves` if wanted.

    Strategies that are all plain (`negotiation_abm.strategies.is_plain`) get a loop of their own
    without numba's runtime: no references are counted, and handing an array to a rule costs
    nothing. It is a sixth faster and plays the same game. So does the loop for the usual strategy
    alone, which is the quickest to compile. Loops are made once, whichever thread asks first, and
    compiled at their first call.
    """
    from negotiation_abm.strategies import is_plain, strategies

    names = list(strategies())
    usual = [names.index(USUAL)]
    plain = [code for code, name in enumerate(names) if is_plain(name)]
    with _MAKING:  # threads that need the same loop wait for one
        for some in (usual, plain):
            if codes is not None and set(codes) <= set(some):
                return _kernel(tuple(some), outside_hash())
        return _kernel(tuple(range(len(names))), outside_hash())


@cache
def _kernel(codes: tuple[int, ...], key: str) -> Callable[..., tuple[int, int, int]]:
    """The loop, compiled for these codes with what comes from outside and has this hash."""
    register_rules()
    from negotiation_abm.core.moves import MOVES, note_move
    from negotiation_abm.core.terms import NUM_OPTIONS, Move, Stage
    from negotiation_abm.core.tracker import (
        TRACE,
        close_tally,
        start_tally,
        trace_turn,
        track_forced,
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
    from negotiation_abm.strategies import is_plain, strategies

    names = list(strategies())
    choices = [(code, strategies()[names[code]]) for code in codes]
    decide = _dispatcher(sorted(choices, key=lambda choice: names[choice[0]] != USUAL))
    needs_runtime = not all(is_plain(names[code]) for code in codes)

    def run_replicates(
        params_in,
        weeks,
        initial,
        codes,
        seed,
        first,
        states,
        infos,
        tallies,
        spells,
        spells_of_one,
        traces,
        moves,
        weights,
    ):
        """Play replicates ``first, first + 1, ...`` until `tallies` or `spells` is full.

        `states` has room for two: the one that is played, and that before a move. The weeks of
        the first ``len(traces)`` replicates are noted in `traces`, and all moves in `moves`
        unless that is empty; `weights` is scratch for the strategies. Returns the number of
        replicates played, of spells and of moves written.
        """
        params = params_in[0]
        state, before = states[0], states[1]
        info = infos[0]
        start = initial[0].turn
        is_noted = len(moves) > 0
        count = made = 0
        for number in range(len(tallies)):
            if count + spells_of_one > len(spells):
                return number, count, made
            replicate = first + number
            states[0] = initial[0]
            tally = tallies[number]
            start_tally(tally, state, replicate)
            while state.turn < len(weeks):
                week = weeks[state.turn]
                if state.stage == Stage.BEFORE:
                    begin_week(state, params, week, seed, replicate)
                while state.stage == Stage.AGENCIES:
                    if is_noted:
                        states[1] = state
                    act_of_agency(state, params, seed, replicate, info)
                    if info.option != Move.HOLD:
                        count = track_move(tally, state, params, info, spells, count)
                        if is_noted:
                            made = note_move(moves, made, state, params, info, before)
                while state.stage == Stage.MOVES:
                    player = mover(state)
                    u, u_size, u_lead, u_slip = decision_draws(state, seed, replicate)
                    option = decide(codes[player], state, params, week, player, u, weights)
                    option = final_option(state, params, week, player, option, u_slip)
                    track_forced(tally, state, week, player, option)
                    if is_noted:
                        states[1] = state
                    play_move(state, params, player, option, u_size, u_lead, info)
                    count = track_move(tally, state, params, info, spells, count)
                    if is_noted:
                        made = note_move(moves, made, state, params, info, before)
                finish_week(state, params, week, seed, replicate, 1, info)
                count = track_turn(tally, state, params, info, spells, count)
                if number < len(traces):
                    trace_turn(traces[number, state.turn - 1 - start], state, params, week, tally)
            count = close_tally(tally, state, params, info, spells, count)
        return len(tallies), count, made

    loop = _Loop(run_replicates, needs_runtime)

    def run(*arguments: Any, traces: Any = None, moves: Any = None) -> tuple[int, int, int]:
        traces = no_traces if traces is None else traces
        moves = no_moves if moves is None else moves
        return loop(*arguments, traces, moves, np.zeros(NUM_OPTIONS))

    no_traces, no_moves = np.zeros((0, 0), TRACE), np.zeros(0, MOVES)
    return run


class _Loop:
    """A loop that is compiled at its first call, whichever thread makes it.

    A cache that fails while it is read or written (a full disk, a damaged file) costs the time of
    one compilation and nothing else.
    """

    def __init__(self, function: Callable[..., Any], needs_runtime: bool) -> None:
        self._function = function
        self._options = {"nogil": True, "_nrt": needs_runtime}
        self._compiled: Callable[..., tuple[int, int, int]] | None = None
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> tuple[int, int, int]:
        if self._compiled is None:
            with self._lock:
                if self._compiled is None:
                    return self._first_call(arguments)
        return self._compiled(*arguments)

    def _first_call(self, arguments: tuple[Any, ...]) -> tuple[int, int, int]:
        compiled = jit(self._function, **self._options)
        try:
            found: tuple[int, int, int] = compiled(*arguments)
        except (OSError, EOFError, pickle.UnpicklingError):
            compiled = jit(self._function, is_kept=False, **self._options)
            found = compiled(*arguments)
        self._compiled = compiled
        return found
