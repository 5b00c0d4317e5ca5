"""What `tournament` prints."""

from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import ONE_RUN_NOTE, plain_table, short, terminal
from negotiation_abm.files import words
from negotiation_abm.survival.words import is_number

MOST_PAIRS = 8


def print_tournament(summary: dict[str, Any], out: Path | None) -> None:
    """The ranking, and the pairs that spiral most."""
    console = terminal()
    first, second = summary["players"]
    size = len(summary["strategies"])
    noise = ", ".join(f"{share:g}" for share in summary["noise"])
    console.print(
        f"{size} strategies, {size * size} ordered pairs, "
        f"{words.counted(summary['replicates'], 'run')} each of "
        f"{summary['scenario']} ({words.counted(summary['weeks'], 'week')}, "
        f"seed {summary['seed']}, noise {noise}, parameters {summary['parameters']})"
    )
    table = plain_table(
        ("", "right"),
        ("strategy", "left"),
        ("payoff", "right"),
        (f"as {first}", "right"),
        (f"as {second}", "right"),
        ("in truce", "right"),
        ("spirals", "right"),
    )
    for row in summary["ranking"]:
        table.add_row(
            str(row["rank"]),
            row["strategy"],
            _with_half(row, "payoff"),
            _with_half(row, f"payoff_as_{first}"),
            _with_half(row, f"payoff_as_{second}"),
            short(row["share_in_truce"]),
            short(row["spirals"]),
        )
    console.print(table)
    console.print(
        "Payoff: mean weekly flow payoff over all opponents, itself included (± 95 %).\n"
        f"Spirals: share of runs in which {summary['spiral']}."
    )
    if summary["replicates"] < 2:
        console.print(ONE_RUN_NOTE)
    pairs = summary["spiralling_pairs"]
    if pairs:
        shown = ", ".join(f"{p['first']}-{p['second']}" for p in pairs[:MOST_PAIRS])
        more = f" and {len(pairs) - MOST_PAIRS} more" if len(pairs) > MOST_PAIRS else ""
        console.print(f"pairs of which most runs spiral: {shown}{more}")
    console.print(f"content sha256 {summary['content'][:16]}")
    if out:
        console.print(f"written to {out}: tournament.json, pairs.csv, ranking.csv")


def _with_half(row: dict[str, Any], name: str) -> str:
    half = row[f"{name}_half"]
    return f"{row[name]:.3f} ±{short(half)}" if is_number(half) else f"{row[name]:.3f}"
