"""A branch from the record: the recorded moves up to a week, free play from then on.

The record is replayed to the start of the week that holds the branch date. The state that it
leaves, with the truce and the spells that run then, is where a `Game` begins; its calendar goes on
to the horizon, and its turns count on, so that its draws are those that a free run would have had
in those weeks. What is altered holds from the branch on; a row of the record that is left out is
left out of the replay.

Two things the record does not know are taken as they are at the start of a scenario: the soundness
of a recorded truce is drawn when the run begins (under ``revised_rules``; else it is middling,
frailty 0), and a pledge of whose delivery the record says nothing
is on schedule until then.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from negotiation_abm.core.state import STATE, as_object, as_record
from negotiation_abm.core.terms import Move, option_of
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.validation import checked
from negotiation_abm.record.load import LEVER_MOVES, Record, Row
from negotiation_abm.replay.board import Board
from negotiation_abm.replay.replay import last_day, replay_until
from negotiation_abm.replay.result import Replay
from negotiation_abm.scenario.fields import day_of
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.places import split_lever
from negotiation_abm.scenario.schema import ScriptedMove


@dataclass(frozen=True)
class Branch:
    """A game that goes on from a record.

    Attributes
    ----------
    game : Game
        Begins at `turn`; play it with `negotiation_abm.run.batch` or `NegotiationModel`.
    past : Replay
        The weeks before.
    """

    game: Game
    turn: int
    past: Replay


def branch(
    game: Game,
    record: Record,
    date: dt.date | str,
    onward: Game | None = None,
    moves: Sequence[Mapping[str, Any]] = (),
) -> Game:
    """The game that goes on from a record at a date; `branch_off` for those who have its week.

    Parameters
    ----------
    date : date or str
        A day of the record, or of the week after it; the branch begins with its week.
    onward : Game, optional
        The same scenario with something altered; `game` itself by default.
    moves : sequence of mapping
        Moves that are made whatever the strategies choose: date, player, move, and lever where the
        move has one.

    Raises
    ------
    InputError
        If the date is none or lies outside the record, or the record or a move does not fit.
    """
    try:
        day = day_of(date) if isinstance(date, str) else date
    except ValueError as error:
        raise InputError("date", str(date), str(error)) from None
    forced = checked(list[ScriptedMove], "moves", [dict(move) for move in moves])
    return branch_off(game, record, branch_turn(game, record, day, "date"), onward, forced).game


def branch_turn(game: Game, record: Record, date: dt.date, place: str = "--from") -> int:
    """Turn of the week that holds the branch date.

    Raises
    ------
    InputError
        If the date lies before the start of the scenario, after the week that follows the last
        day observed, or beyond the horizon.
    """
    scenario = game.scenario
    latest = min(last_day(game, record) + dt.timedelta(days=7), scenario.end - dt.timedelta(days=1))
    if not scenario.start <= date <= latest:
        raise InputError(
            place,
            str(date),
            f"outside the record of {scenario.name}; allowed: {scenario.start} to {latest}",
        )
    return scenario.turn_of(date)


def without(record: Record, skipped: Iterable[str]) -> Record:
    """The record without some rows, by row id or by the name of a whole decision.

    Raises
    ------
    InputError
        If there is no such row or decision.
    """
    rows = record.rows
    for name in skipped:
        kept = tuple(row for row in rows if name not in (row.id, row.decision))
        if len(kept) == len(rows):
            known = [row.id for row in record.rows]
            known += sorted({row.decision for row in record.rows if row.decision})
            raise InputError(record.path, f"skip {name}", f"no such row; {suggest(name, known)}")
        rows = kept
    if not rows:
        raise InputError(record.path, "skip", "no rows are left")
    return Record(record.path, rows)


def branch_off(
    game: Game,
    record: Record,
    turn: int,
    onward: Game | None = None,
    moves: Sequence[ScriptedMove] = (),
) -> Branch:
    """Replay `record` under `game` up to a turn; what follows is played under `onward`.

    Parameters
    ----------
    onward : Game, optional
        The same scenario with something altered; `game` itself by default.
    moves : sequence of ScriptedMove
        Moves that are made whatever the strategies choose, at the branch or after it.

    Raises
    ------
    InputError
        If the record cannot be replayed, or a move is dated before the branch, is not of this game,
        or is not legal in the week of the branch.
    """
    board = replay_until(game, record, turn)
    onward = onward or game
    initial = _state_of(board, game, onward)
    weeks = onward.weeks.copy()
    for entry in moves:
        _force(onward, weeks, turn, entry)
    played = replace(onward, weeks=weeks, initial=initial, tally=board.open_spells())
    for entry in moves:
        _check_legal(board, played, turn, entry)
    return Branch(played, turn, board.out)


def _state_of(board: Board, game: Game, onward: Game) -> np.ndarray:
    """The state of the board under the parameters of the game that goes on."""
    initial, params = as_record(board.state, STATE), onward.params[0]
    one = initial[0]
    changed = params["irreplaceability"] != game.params[0]["irreplaceability"]
    one["irreplaceability"][changed] = params["irreplaceability"][changed]
    one["potency"] = params["weight"] * one["irreplaceability"] ** params["convexity"]
    level = one["in_force"] * one["intensity"]
    one["bite"] = (1.0 - np.exp(-params["saturation"] * level)) * params["bite_scale"]
    one["odds"] = -1.0  # not yet made
    one["is_ready"] = 0
    one["are_summed"] = 0
    for number in range(int(params["num_pledges"])):
        if not board.is_delivered(number):
            first, last = params["pledge_first"][number], params["pledge_last"][number]
            share = (board.state.turn - first) / (last - first + 1.0)
            one["pledge_delivered"][number] = min(1.0, max(0.0, share))
    return initial


def _place(entry: ScriptedMove) -> str:
    lever = f":{entry.lever}" if entry.lever else ""
    return f"{entry.date}:{entry.player}:{entry.move}{lever}"


def _force(game: Game, weeks: np.ndarray, turn: int, entry: ScriptedMove) -> None:
    """Write a move into the calendar; one after the horizon has nothing to say."""
    scenario, place = game.scenario, _place(entry)
    player, option = _option(game, entry)
    week, exchange = scenario.turn_of(entry.date), entry.exchange - 1
    if week < turn:
        raise InputError(
            "move",
            place,
            f"before the branch in the week of {scenario.date_of(turn)}; the record holds until "
            "then (leave a row of it out with skip)",
        )
    if entry.exchange > game.params["exchanges_per_turn"][0]:
        allowed = int(game.params["exchanges_per_turn"][0])
        raise InputError("move", place, f"exchange {entry.exchange}; allowed: 1 to {allowed}")
    if week >= len(weeks):
        return
    if weeks["forced"][week, player, exchange]:
        raise InputError("move", place, "there is a move of this player in that exchange already")
    weeks["forced"][week, player, exchange] = 1 + option
    weeks["has_forced"][week] = 1


def _option(game: Game, entry: ScriptedMove) -> tuple[int, int]:
    """Player and option of a move, or an `InputError`."""
    place, players = _place(entry), list(game.players)
    if entry.player not in players:
        raise InputError("move", place, f"unknown player; {suggest(entry.player, players)}")
    player = players.index(entry.player)
    if entry.move not in LEVER_MOVES:
        if entry.lever is not None:
            raise InputError("move", place, f"{entry.move} has no lever")
        return player, int(Move[entry.move])
    names = list(game.lever_names[player])
    if entry.lever is None:
        raise InputError("move", place, f"missing lever; allowed: {', '.join(names)}")
    if entry.lever not in names:
        raise InputError("move", place, f"unknown lever; {suggest(entry.lever, names)}")
    _, lever = split_lever(game.scenario, place, f"{entry.player}.{entry.lever}")
    return player, int(option_of(Move[entry.move], lever))


def _check_legal(board: Board, played: Game, turn: int, entry: ScriptedMove) -> None:
    """A first move in the week of the branch is made in the state that is known now."""
    if played.scenario.turn_of(entry.date) != turn or entry.exchange != 1:
        return
    row = Row(0, "", entry.date, entry.player, entry.move, entry.lever or "")
    board.params = as_object(played.params[0])
    problem = "" if entry.move == "HOLD" else board.problem_with(row)
    if problem:
        raise InputError("move", _place(entry), problem)
