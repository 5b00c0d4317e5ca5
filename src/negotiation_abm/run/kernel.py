"""The compiled run: one loop over replicates that calls the same rules as the Mesa model.

Compiled code is cached in a folder whose name is a hash of the sources, because the compiler's
own cache does not notice an edit of a rule in another file (numba#1833, numba#9483).
"""

# mypy: disable-error-code="no-untyped-def"

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from negotiation_abm.files.resources import source_hash
from negotiation_abm.strategies import outside

USUAL = "logit"  # the strategy that most runs use
_MAKING = threading.Lock()


def _cache_folder(outside: str) -> Path:
    """Folder for compiled code; `outside` is a hash of strategies that are not of the package."""
    name = source_hash("core", "strategies", "run/kernel.py") + (f"-{outside}" if outside else "")
    base = os.environ.get("NEGOTIATION_ABM_CACHE")
    if base is None:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "negotiation_abm" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"negotiation_abm-{name}"
    return folder


@cache
def compiler() -> Any:
    """Numba, with the cache keyed by the sources."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(_cache_folder("")))
    import numba

    return numba


@cache
def _register(function: Callable[..., Any]) -> None:
    """Let compiled code call a rule."""
    from numba.extending import register_jitable

    register_jitable(function)


@cache
def _register_twins() -> None:
    """Compiled versions of the few functions that copy a state."""
    from numba.extending import overload

    from negotiation_abm.core.state import INFO, STATE
    from negotiation_abm.strategies import _lookahead

    @overload(_lookahead.new_twin)
    def new_twin():
        return lambda: np.empty(1, STATE)

    @overload(_lookahead.new_info)
    def new_info():
        return lambda: np.zeros(1, INFO)

    @overload(_lookahead.copy_state)
    def copy_state(twin, state):
        def copy(twin, state):
            twin[0] = state

        return copy


def register_rules() -> Any:
    """Numba, with every rule that is known by now registered."""
    numba = compiler()
    from negotiation_abm.core import tracker, turn
    from negotiation_abm.core._rule import RULES
    from negotiation_abm.strategies import strategies

    del tracker, turn  # imported for the rules that they and those below them note down
    strategies()
    for function in RULES:
        _register(function)
    _register_twins()
    return numba


def outside_hash() -> str:
    """Hash of the strategies that are not of the package, names and files; empty if none."""
    digest = hashlib.sha256()
    files = outside()
    for name, path in files.items():
        digest.update(f"{name} ".encode())
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16] if files else ""


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
    """The loop, compiled for these codes with the strategies from outside that have this hash."""
    numba = register_rules()
    if key:  # the compiler's cache would not notice an edit of their files
        numba.config.CACHE_DIR = str(_cache_folder(key))
    else:
        numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
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

    @numba.njit(nogil=True, cache=True, _nrt=needs_runtime)
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

    def run(*arguments: Any, traces: Any = None) -> tuple[int, int]:
        noted = no_traces if traces is None else traces
        found: tuple[int, int] = run_replicates(*arguments, noted, np.zeros(NUM_OPTIONS))
        return found

    no_traces = np.zeros((0, 0), TRACE)
    return run
