"""Tables of a replay: weeks, decisions, moves with their weight, threats with their fate."""

from typing import Any

import pandas as pd

from negotiation_abm.core.terms import Move, move_of
from negotiation_abm.replay.result import Replay
from negotiation_abm.run.spells import MEASURES
from negotiation_abm.scenario.game import Game

_MOVES = ["row", "date", "player", "move", "lever", "severity", "in_truce", "covered"]
_MOVES += ["carried_out_a_threat", "ended"]
_THREATS = ["row", "date", "player", "lever", "size", "due_week", "fate", "fate_date", "fate_row"]


def weekly_table(result: Replay) -> pd.DataFrame:
    """One row a week: forum, truce, strain, and the state of each side and lever at its end."""
    return pd.DataFrame(result.weeks)


def decision_table(result: Replay) -> pd.DataFrame:
    """One row a decision, HOLD included, with the probability of what was chosen."""
    rows = {row.id: row for row in result.record.rows}
    table = []
    for d in result.decisions:
        first = rows[d.row_ids[0]] if d.row_ids else None
        table.append(
            {
                "turn": d.turn,
                "date": d.date.isoformat(),
                "player": result.game.players[d.player],
                "move": Move(move_of(d.option)).name,
                "lever": _lever(result.game, d.player, d.option),
                "probability": d.probability,
                "type_probability": d.type_probability,
                "rows": ";".join(d.row_ids),
                "certainty": first.certainty if first else "",
                "source": first.source if first else "",
                "statement": first.statement if first else "",
            }
        )
    return pd.DataFrame(table)


def moves_of(result: Replay) -> list[dict[str, Any]]:
    """One entry a recorded move: its severity, whether it came in a truce, and what it ended.

    `severity` is None for moves that have none; `ended` holds names of measures.
    """
    return [
        {
            "row": move.row_id,
            "date": move.date.isoformat(),
            "player": result.game.players[move.player],
            "move": Move(move_of(move.option)).name,
            "lever": _lever(result.game, move.player, move.option),
            "severity": move.severity,
            "in_truce": move.in_truce,
            "covered": move.covered,
            "carried_out_a_threat": move.carried_out,
            "ended": [MEASURES[measure] for measure in move.ended],
        }
        for move in result.moves
    ]


def threats_of(result: Replay) -> list[dict[str, Any]]:
    """One entry a threat: size, the week of its date, and what became of it, when, by which row."""
    return [
        {
            "row": threat.row_id,
            "date": threat.date.isoformat(),
            "player": result.game.players[threat.player],
            "lever": result.game.lever_names[threat.player][threat.lever],
            "size": threat.size,
            "due_week": threat.due.isoformat() if threat.due else None,
            "fate": threat.fate,
            "fate_date": threat.fate_date.isoformat() if threat.fate_date else None,
            "fate_row": threat.fate_row or None,
        }
        for threat in result.threats
    ]


def move_table(result: Replay) -> pd.DataFrame:
    """`moves_of` as a table; measures are separated by semicolons."""
    rows = [move | {"ended": ";".join(move["ended"])} for move in moves_of(result)]
    return pd.DataFrame(rows, columns=_MOVES)


def threat_table(result: Replay) -> pd.DataFrame:
    """`threats_of` as a table."""
    return pd.DataFrame(threats_of(result), columns=_THREATS)


def tariffs_of(result: Replay) -> list[dict[str, Any]]:
    """Every tariff lever of both sides: its path in points, and whether the record gives each rate.

    A rate that the record does not give follows the level of the lever.
    """
    game = result.game
    start = game.initial["in_force"][0]
    found = []
    for i, player in enumerate(game.players):
        for a, name in enumerate(game.lever_names[i]):
            scale = game.scenario.levers[player][name].pp_at_full
            if scale is None:
                continue
            steps = [
                {"date": date.isoformat(), "pp": rate, "recorded": given}
                for date, owner, lever, rate, given in result.lever_rates
                if (owner, lever) == (i, a)
            ]
            at_start = float(start[i, a] * scale)
            found.append({"player": player, "lever": name, "at_start": at_start, "steps": steps})
    return found


def _lever(game: Game, player: int, option: int) -> str:
    return game.lever_names[player][(option - 2) // 3] if option >= 2 else ""
