"""What `replay` prints."""

from collections.abc import Sized
from math import exp
from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import CAUSE_TEXT, MEASURE_TEXT, plain_table, terminal
from negotiation_abm.files import words

MOST_STEPS = 8  # that strained a truce and ended nothing, heaviest first; the rest is counted

MOST_ROWS = 100  # of a kind; the rest is counted


def print_replay(summary: dict[str, Any], out: Path | None) -> None:
    """The replay: tariffs, truces, what became of threats, weights, scores, rows left out."""
    console = terminal()
    console.print(
        f"Replay of {summary['record']} under {summary['scenario']} "
        f"({summary['start']} to {summary['until']}, parameters {summary['parameters']})"
    )
    _print_tariffs(console, summary["tariffs_by_lever"])
    console.print()
    _print_recorded_spells(console, summary)
    for pledge in summary["pledges"]:
        about = pledge["lever"] or "an effort"
        console.print(
            f"pledge {pledge['name']} ({pledge['player']}, {about}), due {pledge['due']}: "
            f"{pledge['status']}"
        )
    _print_talks(console, summary)
    _print_steps(console, summary["recorded_moves"])
    _print_threats(console, summary["threats"])
    _print_scores(console, summary)
    _print_left_out(console, summary)
    for warning in summary["warnings"][:MOST_ROWS]:
        place = f"line {warning['line']} ({warning['id']}): " if warning["line"] else ""
        console.print(f"warning: {place}{warning['text']}")
    _print_rest(console, summary["warnings"], "warnings")
    if out:
        files = "replay.csv, decisions.csv, moves.csv, threats.csv, replay.json, manifest.json"
        console.print(f"\nwritten to {out}: {files}")


def _print_rest(console: Console, rows: Sized, kind: str) -> None:
    """How many rows of a kind are not shown: a long record would take minutes to lay out."""
    if len(rows) > MOST_ROWS:
        console.print(f"and {len(rows) - MOST_ROWS:,} more {kind}; --json gives all")


def _print_tariffs(console: Console, levers: list[dict[str, Any]]) -> None:
    """Each tariff lever of both sides; a star where the rate follows from the level alone."""
    for lever in levers:
        path = ", ".join(
            f"{step['pp']:.4g}{'' if step['recorded'] else '*'} ({step['date']})"
            for step in lever["steps"][:MOST_ROWS]
        )
        name = words.lever(f"{lever['player']}.{lever['lever']}")
        rest = f"at first, {path}" if path else "throughout"
        console.print(f"{name}, announced rate in points: {lever['at_start']:.4g} {rest}")
        _print_rest(console, lever["steps"], "rates")
    if any(not step["recorded"] for lever in levers for step in lever["steps"]):
        console.print("*: not in the record; the level of the lever times its pp_at_full")


def _print_talks(console: Console, summary: dict[str, Any]) -> None:
    """Agreements, and what one side alone did to the talks, by date."""
    lines = []
    for made in summary["agreements"]:
        expires = f", expiry {made['expires']}" if made["expires"] else ""
        what = f"agreement {made['date']}: truce {made['kind'].lower()}"
        if made["row"]:
            expires = expires or ", no date"
            player = words.player(made["prolonged_by"])
            what = f"prolonged {made['date']}: by {player} alone ({made['row']})"
        lines.append((made["date"], what + expires))
    for act in summary["broken_off"]:
        what = f"talks broken off {act['date']}: by {words.player(act['player'])} ({act['row']})"
        lines.append((act["date"], f"{what}, no meeting before the {act['until']}"))
    for _, line in sorted(lines, key=lambda dated: dated[0])[:MOST_ROWS]:
        console.print(line)
    _print_rest(console, lines, "acts on the talks")


def _print_steps(console: Console, moves: list[dict[str, Any]]) -> None:
    """Escalations while a truce was in force, by severity, and what they ended."""
    steps = [m for m in moves if m["in_truce"] and (m["move"] == "ESCALATE" or m["ended"])]
    if not steps:
        return
    heaviest = sorted((m for m in steps if not m["ended"]), key=_severity, reverse=True)
    shown = [m for m in steps if m["ended"] or m in heaviest[:MOST_STEPS]]
    table = plain_table(
        ("steps in a truce", "left"),
        ("row", "left"),
        ("", "left"),
        ("severity", "right"),
        ("agreed", "left"),
        ("ended", "left"),
    )
    for move in shown[:MOST_ROWS]:
        ended = ", ".join(MEASURE_TEXT[measure] for measure in move["ended"])
        table.add_row(
            move["date"],
            move["row"],
            words.lever(f"{move['player']}.{move['lever']}"),
            "-" if move["severity"] is None else f"{move['severity']:.3f}",
            "yes" if move["covered"] else "no",
            ended or "-",
        )
    console.print()
    console.print(table)
    _print_rest(console, shown, "steps of weight")
    if len(shown) < len(steps):
        console.print(f"and {len(steps) - len(shown)} lighter ones, which ended nothing")


def _severity(move: dict[str, Any]) -> float:
    return float(move["severity"] or 0.0)


def _print_threats(console: Console, threats: list[dict[str, Any]]) -> None:
    if not threats:
        return
    table = plain_table(
        ("threat", "left"),
        ("row", "left"),
        ("", "left"),
        ("size", "right"),
        ("due, week of", "left"),
        ("what became of it", "left"),
    )
    for threat in threats[:MOST_ROWS]:
        when = f" {threat['fate_date']}" if threat["fate_date"] else ""
        by = f" ({threat['fate_row']})" if threat["fate_row"] else ""
        table.add_row(
            threat["date"],
            threat["row"],
            words.lever(f"{threat['player']}.{threat['lever']}"),
            f"{threat['size']:.3g}",
            threat["due_week"] or "no date",
            f"{threat['fate']}{when}{by}",
        )
    console.print()
    console.print(table)
    _print_rest(console, threats, "threats")


def _print_scores(console: Console, summary: dict[str, Any]) -> None:
    score = summary["log_score"]
    kind, whole = score["per_decision_type"], score["per_decision_type_and_lever"]
    console.print(
        f"\n{summary['decisions']} decisions, {summary['moves']} of them moves. "
        f"The rules gave what was done a chance of {words.percent(exp(kind))}\n(with its lever "
        f"{words.percent(exp(whole))}) on geometric average; mean log probability {kind:.3f} and "
        f"{whole:.3f}."
    )
    if not summary["decisions_not_hold"]:
        return
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


def _print_recorded_spells(console: Console, summary: dict[str, Any]) -> None:
    if not summary["spells"]:
        console.print("no truce in the record")
        return
    table = plain_table(
        ("recorded truce", "left"),
        ("start", "left"),
        ("end", "left"),
        ("days", "right"),
        ("weeks", "right"),
        ("renewals", "right"),
        ("repairs", "right"),
        ("ended by", "left"),
    )
    for spell in summary["spells"][:MOST_ROWS]:
        mark = "" if spell["event_observed"] else "+"
        cause = CAUSE_TEXT.get(spell["cause"], spell["cause"])
        if spell["lever"]:
            cause = f"{cause}: {words.lever(spell['player'] + '.' + spell['lever'])}"
        marks = [spell["row"] or "", "an agency" if spell["agency"] else ""]
        if any(marks):
            cause += f" ({', '.join(mark for mark in marks if mark)})"
        table.add_row(
            MEASURE_TEXT[spell["measure"]],
            spell["start"],
            spell["end"],
            f"{spell['days']}{mark}",
            f"{spell['weeks']}{mark}",
            str(spell["renewals"]),
            str(spell["repairs"]),
            cause if spell["event_observed"] else "still in force",
        )
    console.print(table)
    _print_rest(console, summary["spells"], "truces")
    console.print(
        "Agreed measures: until the truce ends. Any measure: until the first step of severity\n"
        f"{summary['min_severity']:g} (min_severity) or more on any lever. +: still in force."
    )


def _print_left_out(console: Console, summary: dict[str, Any]) -> None:
    rows = summary["rows"]
    by_reason: dict[str, list[str]] = {}
    for item in rows["not_represented"]:
        if item["counted"] or item["illegal"]:
            by_reason.setdefault(item["reason"], []).append(item["id"])
    placed = f"{rows['counted_placed']} of {rows['counted']} rows that count are in the replay"
    console.print(f"\n{placed}{'; the others are left out:' if by_reason else ''}")
    for reason, ids in list(by_reason.items())[:MOST_ROWS]:
        more = f" and {len(ids) - MOST_ROWS:,} more" if len(ids) > MOST_ROWS else ""
        console.print(f"  {', '.join(ids[:MOST_ROWS])}{more}: {reason}")
    _print_rest(console, by_reason, "reasons")
    for note in summary["notes"]:
        console.print(f"note: {note}")
