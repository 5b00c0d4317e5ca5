"""What `replay` prints."""

from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import CAUSE_TEXT, MEASURE_TEXT, plain_table, terminal
from negotiation_abm.files import words


def print_replay(summary: dict[str, Any], out: Path | None) -> None:
    """The replay: tariffs, truce spells, score, the least expected moves, rows left out."""
    console = terminal()
    score = summary["log_score"]
    console.print(
        f"Replay of {summary['record']} under {summary['scenario']} "
        f"({summary['start']} to {summary['until']}, parameters {summary['parameters']})"
    )
    for player, steps in summary["tariffs"].items():
        path = ", ".join(f"{step['pp']:g} ({step['date'][5:]})" for step in steps)
        console.print(f"{player} headline tariff, pp: {path or 'unchanged'}", soft_wrap=False)
    console.print()
    _print_recorded_spells(console, summary)
    for pledge in summary["pledges"]:
        about = pledge["lever"] or "an effort"
        console.print(
            f"pledge {pledge['name']} ({pledge['player']}, {about}), due {pledge['due']}: "
            f"{pledge['status']}"
        )
    for agreement in summary["agreements"]:
        expires = f", expiry {agreement['expires']}" if agreement["expires"] else ""
        console.print(f"agreement {agreement['date']}: truce {agreement['kind'].lower()}{expires}")
    console.print(
        f"\n{summary['decisions']} decisions, {summary['moves']} of them moves; "
        "mean log probability "
        f"{score['per_decision_type']:.3f} (type), "
        f"{score['per_decision_type_and_lever']:.3f} (type and lever)"
    )
    table = plain_table(("least expected", "left"), ("", "left"), ("", "left"), ("chance", "right"))
    moves = sorted(summary["decisions_not_hold"], key=lambda move: move["probability"])
    for move in moves[:5]:
        table.add_row(
            move["date"],
            words.player(move["player"]),
            words.move(move["move"]),
            words.percent(move["probability"]),
        )
    console.print(table)
    _print_left_out(console, summary)
    if out:
        console.print(f"\nwritten to {out}: replay.csv, decisions.csv, replay.json, manifest.json")


def _print_recorded_spells(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        ("recorded truce", "left"),
        ("start", "left"),
        ("end", "left"),
        ("days", "right"),
        ("weeks", "right"),
        ("renewals", "right"),
        ("ended by", "left"),
    )
    for spell in summary["spells"]:
        mark = "" if spell["event_observed"] else "+"
        cause = CAUSE_TEXT.get(spell["cause"], spell["cause"])
        if spell["lever"]:
            agency = " (an agency)" if spell["agency"] else ""
            cause = f"{cause}: {words.lever(spell['player'] + '.' + spell['lever'])}{agency}"
        table.add_row(
            MEASURE_TEXT[spell["measure"]],
            spell["start"],
            spell["end"],
            f"{spell['days']}{mark}",
            f"{spell['weeks']}{mark}",
            str(spell["renewals"]),
            cause if spell["event_observed"] else "still in force",
        )
    console.print(table)


def _print_left_out(console: Console, summary: dict[str, Any]) -> None:
    rows = summary["rows"]
    console.print(f"\n{rows['counted_placed']} of {rows['counted']} counted rows placed; the rest:")
    by_reason: dict[str, list[str]] = {}
    for item in rows["not_represented"]:
        if item["counted"]:
            by_reason.setdefault(item["reason"], []).append(item["id"])
    for reason, ids in by_reason.items():
        console.print(f"  {', '.join(ids)}: {reason}")
    for note in summary["notes"]:
        console.print(f"note: {note}")
