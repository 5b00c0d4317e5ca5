"""What `ask` and `ledger` print."""

from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import interval, number, plain_table, terminal


def print_forecast_file(found: dict[str, Any], out: Path | None) -> None:
    """Each question with its likeliest answer and the probabilities it is held against."""
    console = terminal()
    console.print(
        f"{found['episode']} as known on {found['known_until']} ({found['kind']} made on "
        f"{found['made_on']}): {found['draws_played']} posterior draws x {found['runs_a_draw']} "
        "runs"
    )
    table = plain_table(
        ("question", "left"),
        ("answer", "left"),
        ("probability [90 %]", "right"),
        ("constant hazard", "right"),
    )
    for row in found["questions"]:
        best = max(range(len(row["answers"])), key=row["probability"].__getitem__)
        best = 0 if row["answers"] == ["yes", "no"] else best
        parts = (row[name][best] for name in ("probability", "low", "high"))
        table.add_row(
            row["question"],
            row["answers"][best],
            interval(*parts),
            number(row["constant_hazard"][best], 2),
        )
    console.print(table)
    if out is not None:
        console.print(f"\nwritten to {out}")
