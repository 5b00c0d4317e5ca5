"""What `sensitivity` prints."""

from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import interval, plain_table, terminal
from negotiation_abm.files import words
from negotiation_abm.run.registry import text_of


def print_sensitivity(rows: list[dict[str, Any]], out: Path) -> None:
    """Indices of each outcome beside the noise floor, the largest first."""
    console = terminal()
    is_sobol = "total" in rows[0]
    size = "total" if is_sobol else "mu_star"
    for outcome in dict.fromkeys(row["outcome"] for row in rows):
        chosen = [row for row in rows if row["outcome"] == outcome]
        floor = max(row[f"{size}_high"] for row in chosen if row["is_dummy"])
        columns = ("total index", "first index") if is_sobol else ("mean absolute effect", "sd")
        heads = [(text_of(outcome) or outcome, "left"), *((name, "right") for name in columns)]
        table = plain_table(*heads, ("", "left"))
        for row in sorted(chosen, key=lambda row: (row["is_dummy"], -row[size])):
            below = "the noise floor" if row["is_dummy"] else "in the noise"
            other = _interval(row, "first") if is_sobol else f"{row['sigma']:.3g}"
            name = "chance alone" if row["is_dummy"] else words.setting(row["factor"])
            table.add_row(name, _interval(row, size), other, below if row[size] <= floor else "")
        console.print(table)
        console.print()
    console.print(
        "In brackets: 95 % bootstrap intervals. The dummy changes nothing but the random numbers: "
        "what does\nnot exceed the upper end of its interval is in the noise."
    )
    console.print(f"written to {out}: points.csv, sensitivity.csv, manifest.json")


def _interval(row: dict[str, Any], name: str) -> str:
    return interval(row[name], row[f"{name}_low"], row[f"{name}_high"], 3)
