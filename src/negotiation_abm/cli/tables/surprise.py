"""What `surprise` prints."""

from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import ONE_RUN_NOTE, plain_table, short, terminal
from negotiation_abm.files import words


def print_surprise(summary: dict[str, Any], out: Path | None) -> None:
    """The least expected moves, and those that cost most."""
    console = terminal()
    console.print(
        f"{len(summary['moves'])} moves of {summary['record']} under {summary['scenario']}, "
        f"parameters {summary['parameters']}; "
        f"{words.counted(summary['replicates'], 'run')} an option, "
        f"{words.counted(summary['weeks_ahead'], 'week')} ahead, seed {summary['seed']}"
    )
    for title, key in (("least expected", "surprise_bits"), ("most regret", "regret")):
        table = plain_table(
            (title, "left"),
            ("", "left"),
            ("probability", "right"),
            ("rank", "right"),
            ("best", "left"),
            ("regret", "right"),
        )
        for row in sorted(summary["moves"], key=lambda row: -row[key])[:8]:
            half = ""
            if summary["replicates"] > 1:
                half = f" ±{short((row['regret_high'] - row['regret_low']) / 2.0)}"
            table.add_row(
                row["date"],
                f"{row['player']} {row['move']}",
                short(row["probability"]),
                f"{row['rank']}/{row['legal']}",
                row["best"],
                f"{row['regret']:.3f}{half}",
            )
        console.print(table)
        console.print()
    console.print(
        f"Regret: {summary['payoff']}; best option less the move made,\n"
        "each followed by free play (± 95 %, paired by run)."
    )
    if summary["replicates"] < 2:
        console.print(ONE_RUN_NOTE)
    if out:
        console.print(f"written to {out}: surprise.json, surprise.csv")
