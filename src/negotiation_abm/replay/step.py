"""The `replay` step: what the record says under the rules, as tables, JSON and files."""

from pathlib import Path
from typing import Any

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.record.load import Record
from negotiation_abm.replay.replay import RecordedSpell, Replay, replay_record
from negotiation_abm.replay.tables import (
    decision_table,
    move_table,
    moves_of,
    tariffs_of,
    threat_table,
    threats_of,
    weekly_table,
)
from negotiation_abm.run.spells import CAUSES, MEASURES
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import provenance_of


def write_replay(game: Game, record: Record, out: Path, skip_illegal: bool = False) -> Replay:
    """Replay `record` and write its tables and ``replay.json`` to `out`.

    The tables are ``replay.csv`` (weeks), ``decisions.csv``, ``moves.csv`` and ``threats.csv``.
    """
    result = replay_record(game, record, skip_illegal)
    facts = provenance_of(game) | {
        "record": record.path.name,
        "record_sha256": file_hash(record.path),
    }
    with writing(out, "replay", facts) as draft:
        for name, table in (
            ("replay", weekly_table(result)),
            ("decisions", decision_table(result)),
            ("moves", move_table(result)),
            ("threats", threat_table(result)),
        ):
            draft.csv(f"{name}.csv", table, 10)
        draft.json("replay.json", replay_summary(result))
    return result


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
                    "illegal": item.is_illegal,
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
        "tariffs_by_lever": tariffs_of(result),
        "min_severity": float(game.params[0]["min_severity"]),
        "spells": [spell_summary(game, spell) for spell in result.spells],
        "recorded_moves": moves_of(result),
        "threats": threats_of(result),
        "pledges": result.pledges,
        "agreements": [
            {"date": date.isoformat(), "kind": kind, "expires": expires}
            | {"prolonged_by": game.players[alone[0]] if alone else None}
            | {"row": alone[1] if alone else None}
            for i, (date, kind, expires) in enumerate(result.agreements)
            for alone in (result.prolonged.get(i),)
        ],
        "broken_off": [
            {"date": date.isoformat(), "player": game.players[player], "row": row, "until": until}
            for date, player, row, until in result.broken_off
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
        "warnings": [
            {"line": one.line or None, "id": one.id or None, "text": one.text}
            for one in result.warnings
        ],
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
        "row": spell.row_id or None,
        "renewals": spell.renewals,
        "repairs": spell.repairs,
    }
