"""What `mechanisms` prints."""

from typing import Any

from negotiation_abm.cli.tables import ONE_RUN_NOTE, interval, plain_table, short, terminal

OWN_NAME = ("issue", "all")  # the others are told with their kind


def print_mechanisms(rows: list[dict[str, Any]], replicates: int, seed: int) -> None:
    """The mechanisms table: difference that each mechanism makes, with its interval."""
    console = terminal()
    console.print(
        f"What each mechanism adds: {replicates:,} paired runs, seed {seed}. Modules are switched "
        "on one at a time; terms and levers of the game itself are taken away one at a time, and "
        "their row is the game as it is, less the game without them. Without modules the truce of "
        "Busan lasts "
        f"{rows[0]['median_weeks_base']:.0f} weeks in the median and outlasts a year in a share of "
        f"{short(rows[0]['survival_365_base'])}; from January 2025 the first truce comes after "
        f"{rows[0]['first_truce_weeks_base']:.1f} weeks."
    )
    table = plain_table(
        ("mechanism", "left"),
        ("median, weeks", "right"),
        ("outlasts a year", "right"),
        ("first truce, weeks", "right"),
    )
    for row in rows:
        table.add_row(
            row["module"] if row["kind"] in OWN_NAME else f"{row['kind']} {row['module']}",
            _change(row, "median_weeks", 0),
            _change(row, "survival_365", 4),
            _change(row, "first_truce_weeks", 2),
        )
    console.print(table)
    console.print("In brackets: 95 % intervals of the paired difference; * where it excludes 0.")
    if replicates < 2:
        console.print(ONE_RUN_NOTE)


def _change(row: dict[str, Any], name: str, digits: int) -> str:
    point, low, high = (row[f"{name}_{part}"] for part in ("difference", "low", "high"))
    return interval(point, low, high, digits, "+", mark=True)
