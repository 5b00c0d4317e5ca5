"""What `whatif` prints."""

from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import ONE_RUN_NOTE, interval, plain_table, terminal
from negotiation_abm.files import words
from negotiation_abm.run.outcome import digits_of


def print_whatif(summary: dict[str, Any], out: Path | None) -> None:
    """The alteration and what it changes: both branches and the paired difference."""
    console = terminal()
    console.print(
        f"{summary['title'] or summary['name']}\n"
        f"{summary['scenario']} replayed from {summary['record']} up to the week of "
        f"{summary['branch_week']}, then {summary['weeks']} weeks of free play; "
        f"{summary['replicates']:,} paired runs, seed {summary['seed']}, parameters "
        f"{summary['parameters']}"
    )
    for line in summary["alteration"]:
        console.print(f"  change: {line}")
    for player, share in summary["forced_moves_a_run"].items():
        if share > 0.0:
            console.print(
                f"  {words.player(player)} made {share:.2f} of the moves given, on average"
            )
    table = plain_table(
        ("", "left"),
        ("unit", "left"),
        (words.ARMS["factual"], "right"),
        (words.ARMS["altered"], "right"),
        ("difference [95 %]", "right"),
    )
    for row in summary["outcomes"]:
        digits = digits_of(row["unit"], is_mean=True)
        table.add_row(
            row["text"],
            row["unit"],
            f"{row['factual']:.{digits}f}",
            f"{row['altered']:.{digits}f}",
            interval(row["difference"], row["low"], row["high"], digits, "+", mark=True),
        )
    console.print(table)
    console.print("* the interval of the paired difference excludes 0; parameters held fixed.")
    if summary["replicates"] < 2:
        console.print(ONE_RUN_NOTE)
    for note in summary["notes"]:
        console.print(f"note: {note}")
    if out:
        console.print(f"written to {out}: whatif.json, differences.csv, paths.csv")
