"""Conformance of a strategy: what each has to keep to, tried out in random play.

A strategy returns the number of a legal option, is a function of its arguments, changes nothing in
the game, and chooses the same when it is compiled.
"""

import copy
import inspect
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from negotiation_abm.core.state import INFO, STATE, WEEK, as_object, as_record, blank
from negotiation_abm.core.terms import NUM_OPTIONS, Stage
from negotiation_abm.core.turn import (
    act_of_agency,
    begin_week,
    decision_draws,
    finish_week,
    mover,
    play_move,
)
from negotiation_abm.files.errors import InputError
from negotiation_abm.run.compiler import compiler, register_rules
from negotiation_abm.run.options import legal_options
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.strategies import add_file, strategies

SCENARIO = "baseline_2025"
# What the quantal response remembers of its own arithmetic: no part of the game.
MEMORY = {
    "odds",
    "odds_inputs",
    "ready_odds",
    "is_ready",
    "odds_sums",
    "are_summed",
    "shared_inputs",
    "shared_odds",
}


@dataclass(frozen=True)
class Trial:
    """A state before a decision, the player who decides, and the uniform of the decision."""

    state: SimpleNamespace
    week: SimpleNamespace
    player: int
    u: float


def situations(game: Game, seed: int, weeks: int) -> Iterator[Trial]:
    """Situations of random legal play, in which all kinds of states come up."""
    rng = np.random.default_rng(seed)
    params, state = as_object(game.params[0]), as_object(game.initial[0])
    info = as_object(blank(INFO)[0])
    for turn in range(min(weeks, len(game.weeks))):
        week = as_object(game.weeks[turn])
        begin_week(state, params, week, seed, 0)
        while state.stage == Stage.AGENCIES:
            act_of_agency(state, params, seed, 0, info)
        while state.stage == Stage.MOVES:
            player = int(mover(state))
            yield Trial(copy.deepcopy(state), week, player, rng.random())
            option = int(rng.choice(legal_options(state, params, player)))
            _, u_size, u_lead, _ = decision_draws(state, seed, 0)
            play_move(state, params, player, option, u_size, u_lead, info)
        finish_week(state, params, week, seed, 0, 1, info)


def use_file(path: str | Path) -> str:
    """Read a strategy from a file, check it, and make it known; returns its name.

    Raises
    ------
    InputError
        If the file holds no strategy, or the strategy does not conform.
    """
    name = add_file(path)
    check_strategy(name, Path(path))
    return name


def check_strategy(
    name: str, path: Path, game: Game | None = None, seeds: int = 2, weeks: int = 40
) -> None:
    """Raise an `InputError` at the first thing that a strategy does not keep to.

    Parameters
    ----------
    path : Path
        File of the strategy, for the message.
    game : Game, optional
        The game in which it is tried; the shipped one of 2025 by default.
    """
    game = game or build_game(load_scenario(SCENARIO))
    tried = [s for seed in range(seeds) for s in situations(game, seed, weeks)]
    choose, params = strategies()[name], as_object(game.params[0])
    answers = [_answer(path, choose, params, situation) for situation in tried]
    compiled = _compiled(path, choose, game)
    for situation, option in zip(tried, answers, strict=True):
        state = as_record(situation.state, STATE)
        week = as_record(situation.week, WEEK)
        found = compiled(state, game.params, week, situation.player, situation.u)
        if found != option:
            text = f"chooses {option}, and {found} when compiled, in the same situation"
            raise InputError(path, "choose", text)


def _answer(path: Path, choose: Any, params: SimpleNamespace, situation: Trial) -> int:
    state, week, player = situation.state, situation.week, situation.player
    seen = copy.deepcopy((state, params, week))
    arguments = (*seen, player, situation.u)
    try:
        option = choose(*arguments, np.empty(NUM_OPTIONS))
        again = choose(*arguments, np.empty(NUM_OPTIONS))
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f.lineno for f in frames if Path(f.filename).name == path.name]
        place = f"line {lines[-1]}" if lines else "choose"
        raise InputError(path, place, f"{type(error).__name__}: {error}") from None
    whole = isinstance(option, int | np.integer) and not isinstance(option, bool)
    if not whole or option not in legal_options(state, params, player):
        legal = ", ".join(str(o) for o in legal_options(state, params, player))
        raise InputError(path, "choose", f"returned {option!r}, not a legal option; legal: {legal}")
    if again != option:
        raise InputError(path, "choose", f"returned {option}, then {again} for the same arguments")
    for thing, before, after in zip(
        ("state", "params", "week"), (state, params, week), seen, strict=True
    ):
        for field in changed_fields(before, after):
            raise InputError(path, "choose", f"changes {thing}.{field}; a choice changes nothing")
    return int(option)


def changed_fields(before: SimpleNamespace, after: SimpleNamespace) -> set[str]:
    """Names of the fields of the game in which two records differ."""
    return {
        name
        for name, value in vars(before).items()
        if name not in MEMORY and not np.array_equal(value, getattr(after, name), equal_nan=True)
    }


def _compiled(path: Path, choose: Any, game: Game) -> Any:
    """The strategy as the compiled run calls it, or why it cannot be compiled."""
    register_rules()
    compiled = compiler().njit(choose)

    def ask(state: np.ndarray, params: np.ndarray, week: np.ndarray, player: int, u: float) -> int:
        return int(compiled(state[0], params[0], week[0], player, u, np.empty(NUM_OPTIONS)))

    try:
        ask(game.initial, game.params, game.weeks[:1], 0, 0.5)
    except Exception as error:  # the compiler has many kinds of them
        raise _not_compiled(path, choose, error) from None
    return ask


def _not_compiled(path: Path, choose: Any, error: Exception) -> InputError:
    """The compiler's reason in one line, with the line of the file."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = re.findall(rf'{re.escape(path.name)}"?,? (?:line |\()(\d+)', text)
    skipped = ("Failed in", "During", "File", "^", "-", "<source", "def ", "No implementation")
    told = [line.strip() for line in text.splitlines()]
    told = [line for line in told if line and not line.startswith(skipped)]
    place = lines[-1] if lines else inspect.getsourcelines(choose)[1]
    reason = told[0] if told else type(error).__name__
    return InputError(path, f"line {place}", f"cannot be compiled: {reason}")
