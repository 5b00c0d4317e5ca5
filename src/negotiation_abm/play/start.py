"""The game that a start describes."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from negotiation_abm.files.errors import InputError, changed_by, suggest
from negotiation_abm.play.schema import Start
from negotiation_abm.record.load import own_record
from negotiation_abm.replay.branch import branch_off, branch_turn
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario


def game_of(start: Start, source: str | Path = "") -> Game:
    """The game that a start describes, both sides by strategies.

    Parameters
    ----------
    source : str or Path
        File that holds the start, for the error text.

    Raises
    ------
    InputError
        If the scenario, a change, the date or the side is not admissible.
    """
    changes = dict(start.set)
    with changed_by(source, {name: f"set.{name}" for name in changes}):
        scenario = load_scenario(start.scenario, changes)
        if start.side not in scenario.players:
            problem = f"'{start.side}': {suggest(start.side, scenario.players)}"
            raise InputError(source, "side", problem)
        other = next(name for name in scenario.players if name != start.side)
        changes[f"strategies.{other}"] = start.opponent
        game = build_game(load_scenario(start.scenario, changes))
    if start.date is not None:
        game = _left(game, start.date)
    last = len(game.weeks) if start.weeks is None else int(game.initial["turn"][0]) + start.weeks
    if last > len(game.weeks):
        allowed = len(game.weeks) - int(game.initial["turn"][0])
        problem = f"{start.weeks} is beyond the horizon; allowed: 1 to {allowed}"
        raise InputError(source, "weeks", problem)
    return replace(game, weeks=game.weeks[:last])


def _left(game: Game, date: dt.date) -> Game:
    """The game from the week of a date on, the record of its scenario replayed up to then."""
    record = own_record(game.scenario, "a game that leaves it needs one")
    return branch_off(game, record, branch_turn(game, record, date, "from")).game
