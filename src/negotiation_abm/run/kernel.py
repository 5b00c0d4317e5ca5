"""The compiled run: one loop over replicates that calls the same rules as the Mesa model."""

# mypy: disable-error-code="no-untyped-def,no-any-return"

import pickle
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from negotiation_abm.run.compiler import jit, outside_hash, register_rules

USUAL = "logit"  # the strategy that most runs use
_MAKING = threading.Lock()


def _dispatcher(choices: list[tuple[int, Callable[..., int]]]) -> Callable[..., int]:
    """One function that calls the strategy with a given code; the first is found soonest."""
    from numba.extending import register_jitable

    (number, first), *rest = choices
    if not rest:

        @register_jitable
        def last(code, state, params, week, player, u, weights):
            return first(state, params, week, player, u, weights)

        return last
    others = _dispatcher(rest)

    @register_jitable
    def decide(code, state, params, week, player, u, weights):
        if code == number:
            return first(state, params, week, player, u, weights)
        return others(code, state, params, week, player, u, weights)

    return decide


def make_kernel(
    codes: Sequence[int] | None = None, disturbed: bool = True
) -> Callable[..., tuple[int, int]]:
    """The compiled loop over replicates, for strategies with these codes; for all by default.

    It takes the arguments of `run_replicates` below up to `spells_of_one`, and `traces` if wanted.

    Strategies that are all plain (`negotiation_abm.strategies.is_plain`) get a loop of their own
    without numba's runtime: no references are counted, and handing an array to a rule costs
    nothing. It is a sixth faster and plays the same game. Without `disturbed` the loop knows
    neither slips nor forced moves (`negotiation_abm.run.batch.is_disturbed`), which saves a little
    more. Loops are made once, whichever thread asks first, and compiled at their first call.
    """
    from negotiation_abm.strategies import is_plain, strategies

    names = list(strategies())
    plain = [code for code, name in enumerate(names) if is_plain(name)]
    is_lean = codes is not None and set(codes) <= set(plain)
    with _MAKING:  # threads that need the same loop wait for one
        if is_lean:
            return _kernel(tuple(plain), disturbed, outside_hash())
        return _kernel(tuple(range(len(names))), True, outside_hash())


@cache
def _kernel(codes: tuple[int, ...], disturbed: bool, key: str) -> Callable[..., tuple[int, int]]:
    """The loop, compiled for these codes with what comes from outside and has this hash."""
    register_rules()
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
        weights,
    ):
        """Play replicates ``first, first + 1, ...`` until `tallies` or `spells` is full.

        The weeks of the first ``len(traces)`` of them are noted in `traces`; `weights` is scratch
        for the strategies. Returns the number of replicates played and of spells written.
        """
        params = params_in[0]
        state = states[0]
        info = infos[0]
        start = initial[0].turn
        count = 0
        for number in range(len(tallies)):
            if count + spells_of_one > len(spells):
                return number, count
            replicate = first + number
            states[0] = initial[0]
            tally = tallies[number]
            start_tally(tally, state, replicate)
            while state.turn < len(weeks):
                week = weeks[state.turn]
                if state.stage == Stage.BEFORE:
                    begin_week(state, params, week, seed, replicate)
                while state.stage == Stage.AGENCIES:
                    act_of_agency(state, params, seed, replicate, info)
                    if info.option != Move.HOLD:
                        count = track_move(tally, state, params, info, spells, count)
                while state.stage == Stage.MOVES:
                    player = mover(state)
                    u, u_size, u_lead, u_slip = decision_draws(state, seed, replicate)
                    option = decide(codes[player], state, params, week, player, u, weights)
                    if disturbed:
                        option = final_option(state, params, week, player, option, u_slip)
                        track_forced(tally, state, week, player, option)
                    play_move(state, params, player, option, u_size, u_lead, info)
                    count = track_move(tally, state, params, info, spells, count)
                finish_week(state, params, week, seed, replicate, 1, info)
                count = track_turn(tally, state, params, info, spells, count)
                if number < len(traces):
                    trace_turn(traces[number, state.turn - 1 - start], state, params, week, tally)
            count = close_tally(tally, state, params, info, spells, count)
        return len(tallies), count

    loop = _Loop(run_replicates, needs_runtime)

    def run(*arguments: Any, traces: Any = None) -> tuple[int, int]:
        return loop(*arguments, no_traces if traces is None else traces, np.zeros(NUM_OPTIONS))

    no_traces = np.zeros((0, 0), TRACE)
    return run


class _Loop:
    """A loop that is compiled at its first call, whichever thread makes it.

    A cache that fails while it is read or written (a full disk, a damaged file) costs the time of
    one compilation and nothing else.
    """

    def __init__(self, function: Callable[..., Any], needs_runtime: bool) -> None:
        self._function = function
        self._options = {"nogil": True, "_nrt": needs_runtime}
        self._compiled: Callable[..., tuple[int, int]] | None = None
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> tuple[int, int]:
        if self._compiled is None:
            with self._lock:
                if self._compiled is None:
                    return self._first_call(arguments)
        return self._compiled(*arguments)

    def _first_call(self, arguments: tuple[Any, ...]) -> tuple[int, int]:
        compiled = jit(self._function, **self._options)
        try:
            found: tuple[int, int] = compiled(*arguments)
        except (OSError, EOFError, pickle.UnpicklingError):
            compiled = jit(self._function, is_kept=False, **self._options)
            found = compiled(*arguments)
        self._compiled = compiled
        return found
