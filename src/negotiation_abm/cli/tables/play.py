"""What `play` prints."""

from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import CAUSE_TEXT, MEASURE_TEXT, interval, plain_table, terminal
from negotiation_abm.files import words
from negotiation_abm.run.outcome import digits_of


def print_play(summary: dict[str, Any], out: Path | None) -> None:
    """The game: where it is, its log, its truces, where it stands among simulated ones."""
    console = terminal()
    opponent = summary["opponent"]
    console.print(
        f"{summary['scenario']} from {summary['first_week']}: {summary['side']} played by a person "
        f"against {opponent['player']} by {opponent['strategy']} (parameters "
        f"{summary['parameters']}, seed {summary['seed']}, run {summary['replicate']})"
    )
    where = "played to its end" if summary["is_over"] else "not over"
    console.print(
        f"{where}: {summary['weeks_played']} of {summary['weeks']} weeks, "
        f"{summary['decisions']} decisions, {summary['moves']} of them moves; "
        f"state {summary['state']}\n"
    )
    table = plain_table(("week of", "left"), ("", "left"))
    for entry in summary["course"]["log"]:
        table.add_row(entry["week_of"], entry["text"])
    console.print(table)
    _print_truces(console, summary["course"]["spells"])
    if summary["is_over"]:
        _print_standing(console, summary)
    for note in summary["notes"]:
        console.print(f"note: {note}")
    if out:
        more = ", standing.csv, simulated.csv" if summary["is_over"] else ""
        console.print(f"written to {out}: play.json, log.csv{more}")


def _print_truces(console: Console, spells: list[dict[str, Any]]) -> None:
    if not spells:
        console.print("\nno truce so far")
        return
    table = plain_table(
        ("truce", "left"), ("start", "left"), ("weeks", "right"), ("ended by", "left")
    )
    for spell in spells:
        ended = spell["event_observed"]
        cause = CAUSE_TEXT.get(spell["cause"], spell["cause"])
        by = f": {words.lever(spell['player'] + '.' + spell['lever'])}" if spell["player"] else ""
        table.add_row(
            MEASURE_TEXT[spell["measure"]],
            spell["start"],
            f"{spell['weeks']}{'' if ended else '+'}",
            cause + by if ended else "still in force",
        )
    console.print()
    console.print(table)


def _print_standing(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        (f"among {summary['replicates']:,} simulated games", "left"),
        ("unit", "left"),
        ("yours", "right"),
        ("median [10, 90 %]", "right"),
        ("below yours", "right"),
    )
    for row in summary["outcomes"]:
        if row["unit"] == "share":
            continue  # yes or no: the truces above say it
        digits = digits_of(row["unit"])
        table.add_row(
            row["text"],
            row["unit"],
            f"{row['yours']:.{digits}f}",
            interval(row["median"], row["low"], row["high"], digits),
            f"{row['below']:.0%}",
        )
    console.print()
    console.print(table)
    console.print(
        "Simulated: both sides by their strategies, parameters held fixed; equal ones count half."
    )
