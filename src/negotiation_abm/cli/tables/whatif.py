"""What `whatif` prints."""

from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import ONE_RUN_NOTE, interval, plain_table, terminal
from negotiation_abm.files import words
from negotiation_abm.run.outcome import digits_of
from negotiation_abm.run.range_words import branches_sentence, estimate, made_of, missing, points

NUMBERS = ("factual", "altered", "difference", "low", "high")


def _print_range(console: Console, summary: dict[str, Any]) -> None:
    """The answer first: is the truce still in force, with the range over the posterior draws."""
    posterior = summary["posterior"]
    if posterior is None:
        console.print(missing(summary["parameters"]))
        return
    table = plain_table(
        ("the truce is still in force", "left"),
        (words.ARMS["factual"], "left"),
        (words.ARMS["altered"], "left"),
        ("difference, points", "left"),
    )
    for row in posterior["rows"]:
        middle, low, high = map(points, row["difference"])
        table.add_row(
            f"{words.after(row['days'])} on, {words.MEASURES[row['measure']]}",
            estimate(row["factual"]),
            estimate(row["altered"]),
            f"{middle} ({low} to {high})",
        )
    console.print()
    console.print(table)
    console.print(branches_sentence(posterior))
    console.print(made_of(posterior, summary["parameters"]))
    console.print("\nSimulation error alone, at the point estimate of the parameters:")


def _shown(unit: str) -> tuple[str, float, int]:
    """How people see a unit: its name, what to multiply by, digits after the point."""
    scale, digits = (100.0, 1) if unit == "share" else (1.0, digits_of(unit, is_mean=True))
    return words.unit(unit), scale, digits


def _times(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value


def print_whatif(summary: dict[str, Any], out: Path | None) -> None:
    """The alteration and what it changes: both branches and the paired difference."""
    console = terminal()
    console.print(
        f"{summary['title'] or summary['name']}\n"
        f"{summary['scenario']} replayed from {summary['record']} up to the week of "
        f"{summary['branch_week']}, then {words.counted(summary['weeks'], 'week')} of free play; "
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
    _print_range(console, summary)
    table = plain_table(
        ("", "left"),
        ("unit", "left"),
        (words.ARMS["factual"], "right"),
        (words.ARMS["altered"], "right"),
        ("difference [95 %]", "right"),
    )
    for row in summary["outcomes"]:
        unit, scale, digits = _shown(row["unit"])
        numbers = {name: _times(row[name], scale) for name in NUMBERS}
        change, low, high = (numbers[name] for name in ("difference", "low", "high"))
        table.add_row(
            row["text"],
            unit,
            f"{numbers['factual']:.{digits}f}",
            f"{numbers['altered']:.{digits}f}",
            interval(change, low, high, digits, "+", mark=True),
        )
    console.print(table)
    console.print("* the interval of the paired difference excludes 0; parameters held fixed.")
    if summary["replicates"] < 2:
        console.print(ONE_RUN_NOTE)
    for note in summary["notes"]:
        console.print(f"note: {note}")
    if out:
        console.print(f"written to {out}: whatif.json, differences.csv, paths.csv")
