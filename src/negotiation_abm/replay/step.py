"""The `replay` step: what the record says under the rules, as tables, JSON and files."""

from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.core.terms import Move, TruceEnd, move_of
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.record.load import Record
from negotiation_abm.replay.replay import RecordedSpell, Replay, replay_record
from negotiation_abm.run.spells import CAUSES, MEASURES
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import provenance_of


def write_replay(game: Game, record: Record, out: Path, skip_illegal: bool = False) -> Replay:
    """Replay `record` and write ``replay.csv``, ``decisions.csv`` and ``replay.json`` to `out`."""
    result = replay_record(game, record, skip_illegal)
    facts = provenance_of(game) | {
        "record": record.path.name,
        "record_sha256": file_hash(record.path),
    }
    with writing(out, "replay", facts) as draft:
        weekly_table(result).to_csv(draft.path("replay.csv"), index=False, float_format="%.10g")
        decision_table(result).to_csv(
            draft.path("decisions.csv"), index=False, float_format="%.10g"
        )
        draft.json("replay.json", replay_summary(result))
    return result


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


def _lever(game: Game, player: int, option: int) -> str:
    return game.lever_names[player][(option - 2) // 3] if option >= 2 else ""


def replay_summary(result: Replay) -> dict[str, Any]:
    """The replay as plain data: what ``--json`` prints and ``replay.json`` holds."""
    game = result.game
    placed = set(result.placed)
    counted = [row for row in result.record.rows if row.counted]
    return {
        "scenario": game.scenario.name,
        "record": result.record.path.name,
        "players": list(game.players),
        "parameters": game.parameter_set.name,
        "start": game.scenario.start.isoformat(),
        "until": result.until.isoformat(),
        "weeks": len(result.weeks),
        "decisions": len(result.decisions),
        "moves": result.num_moves,
        "log_score": {
            "per_decision_type": result.type_log_score,
            "per_decision_type_and_lever": result.log_score,
            "note": "mean log probability, in sample, HOLD included",
        },
        "rows": {
            "counted": len(counted),
            "counted_placed": sum(row.id in placed for row in counted),
            "not_represented": [
                {
                    "id": item.id,
                    "date": item.date.isoformat(),
                    "counted": item.counted,
                    "reason": item.reason,
                }
                for item in result.unplaced
            ],
        },
        "tariffs_are": "headline",
        "tariff_levers": {
            game.players[i]: game.lever_names[i][a] for i, (a, _) in game.tariff_levers().items()
        },
        "tariffs_at_start": {
            game.players[i]: float(game.initial["in_force"][0, i, a] * scale)
            for i, (a, scale) in game.tariff_levers().items()
        },
        "tariffs": {
            game.players[i]: [
                {
                    "date": date.isoformat(),
                    "turn": game.scenario.turn_of(date),
                    "week_of": game.scenario.date_of(game.scenario.turn_of(date)).isoformat(),
                    "pp": rate,
                }
                for date, player, rate in result.rates
                if player == i
            ]
            for i in game.tariff_levers()
        },
        "spells": [spell_summary(game, spell) for spell in result.spells],
        "pledges": result.pledges,
        "agreements": [
            {"date": date.isoformat(), "kind": kind, "expires": expires}
            for date, kind, expires in result.agreements
        ],
        "decisions_not_hold": [
            {
                "date": d.date.isoformat(),
                "turn": d.turn,
                "player": game.players[d.player],
                "move": game.option_label(d.option, d.player),
                "probability": d.probability,
                "type_probability": d.type_probability,
                "rows": list(d.row_ids),
            }
            for d in result.decisions
            if d.option
        ],
        "rounds": [
            {"turn": turn, "held": held, "probability": chance}
            for turn, held, chance in result.rounds
        ],
        "weekly": result.weeks,
        "notes": list(game.notes),
    }


def spell_summary(game: Game, spell: RecordedSpell) -> dict[str, Any]:
    """One recorded spell in words."""
    return {
        "measure": MEASURES[spell.measure],
        "start": spell.start.isoformat(),
        "end": spell.end.isoformat(),
        "days": spell.duration_days,
        "weeks": spell.duration_weeks,
        "event_observed": spell.cause != TruceEnd.CENSORED,
        "cause": CAUSES[spell.cause],
        "player": game.players[spell.player] if spell.player >= 0 else None,
        "lever": game.lever_names[spell.player][spell.lever] if spell.lever >= 0 else None,
        "agency": spell.agency,
        "renewals": spell.renewals,
    }
