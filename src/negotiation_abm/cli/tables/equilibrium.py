"""What `equilibrium` prints."""

from pathlib import Path
from typing import Any

from negotiation_abm.cli.tables import interval, plain_table, short, terminal


def print_equilibrium(summary: dict[str, Any], out: Path | None) -> None:
    """The equilibria of each week, and the options that are taken most."""
    console = terminal()
    console.print(
        f"Stage games of {summary['scenario']}, parameters {summary['parameters']}, precision "
        f"{summary['precision']:g}; {summary['replicates']:,} simulated exchanges, seed "
        f"{summary['seed']}"
    )
    for week in summary["weeks"]:
        size, kept = week["size"], week["undominated"]
        console.print(
            f"\nweek of {week['week_of']}: {size[0]} x {size[1]} options, {kept[0]} x {kept[1]} "
            "not dominated"
        )
        for pair in week["nash"]:
            words = "; ".join(f"{player}: {_mixture(mix)}" for player, mix in pair.items())
            console.print(f"  Nash: {words}")
        if week["note"]:
            console.print(f"  Nash: {week['note']}")
        table = plain_table(
            ("", "left"),
            ("option", "left"),
            ("simulated [95 %]", "right"),
            ("quantal response", "right"),
        )
        rows = [row for row in summary["options"] if row["week_of"] == week["week_of"]]
        for player in summary["players"]:
            own = sorted(
                (row for row in rows if row["player"] == player), key=lambda row: -row["simulated"]
            )
            for row in own[:5]:
                table.add_row(
                    player,
                    row["option"],
                    interval(row["simulated"], row["low"], row["high"]),
                    short(row["quantal_response"]),
                )
        console.print(table)
    if out:
        console.print(f"written to {out}: equilibrium.json, equilibrium.csv, branch.csv")


def _mixture(mix: dict[str, float]) -> str:
    if len(mix) == 1:
        return next(iter(mix))
    return ", ".join(f"{name} {short(share)}" for name, share in mix.items())
