"""What `calibrate --pool` and `validate --pool` print."""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.calibration.validate import Validation
from negotiation_abm.cli.tables import interval, number, plain_table, terminal


def print_pool(summary: dict[str, Any], out: Path | None) -> None:
    """Each parameter set: what it was fitted to, its chains, what the episodes share, spreads."""
    console = terminal()
    for name, made in summary["sets"].items():
        moves = sum(made["moves"].values())
        console.print(
            f"{name}: {made['scenario']} of {len(made['episodes'])} episodes, known at "
            f"{made['until']}; {sum(made['decisions'].values())} decisions, {moves} of them moves\n"
            f"{made['draws']} draws of {made['unknowns']} unknowns: largest R-hat "
            f"{made['largest_r_hat']:.3f}, smallest effective size "
            f"{made['smallest_effective_size']:.0f}, {made['accepted']:.2f} accepted"
        )
        table = plain_table(("shared or spread", "left"), ("mean (sd)", "right"), ("90 %", "right"))
        for row in made["shared"] + made["spreads"]:
            table.add_row(
                row["unknown"],
                f"{row['mean']:.2f} ({row['sd']:.2f})",
                f"{row['low']:.2f}, {row['high']:.2f}",
            )
        console.print(table)
        console.print()
    if out:
        console.print(f"written to {out}: {', '.join(f'{name}.yaml' for name in summary['sets'])}")


def _print_patterns(console: Console, summary: dict[str, Any]) -> None:
    """Each pattern over all episodes, and how often models pass that are wrong on purpose."""
    table = plain_table(
        ("", "left"),
        ("over all episodes", "left"),
        ("record", "right"),
        ("single runs [90 %]", "right"),
        ("verdict", "left"),
        ("episodes", "right"),
        ("wrong models pass", "right"),
    )
    for row in summary["patterns"]:
        table.add_row(
            row["pattern"],
            row["statistic"],
            number(row["record"], 2),
            interval(row["free"], row["low"], row["high"], 2),
            row["verdict"],
            f"{row['inside']} of {row['of']}",
            f"{row['passes_without']:.2f}, {row['passes_memoryless']:.2f}",
        )
    console.print()
    console.print(table)
    counts = Counter(summary["verdicts"].values())
    console.print(
        f"Patterns: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}. "
        "One passes where\nthe record lies inside the 90 % of single runs of all episodes. Beside "
        "it: in how many episodes it\ndoes alone, and the share of runs that would pass of a model "
        "without the mechanism and of one\nwithout memory."
    )


def print_pool_validation(found: Validation, out: Path | None) -> None:
    """Gains over the best simple statistic, lengths of truces, and where the model loses."""
    console, summary, tables = terminal(), found.summary, found.tables
    best = summary["left_out"]["best_statistic"]
    console.print(
        f"{summary['pool']}, one episode left out at a time, nothing refitted: the model's gain in "
        f"nats over\nthe best simple statistic ({best}), with errors of the difference"
    )
    table = plain_table(
        ("episode", "left"), ("choices", "right"), ("type", "right"), ("type and lever", "right")
    )
    for row in summary["left_out"]["gains"]:
        table.add_row(
            row["episode"],
            str(summary["decisions"].get(row["episode"], sum(summary["decisions"].values()))),
            f"{row['gain_type']:+.1f} ({row['gain_type_error']:.1f})",
            f"{row['gain_lever']:+.1f} ({row['gain_lever_error']:.1f})",
        )
    console.print(table)
    once = summary["left_out_once"]["gains"][-1]
    console.print(
        f"Joint agreements counted once: {once['gain_type']:+.1f}, {once['gain_lever']:+.1f}."
    )
    months, held = summary["months"], summary["months_out"]
    whole = held["gains"][-1]
    console.print(
        f"One month of all episodes left out at a time ({months['number']}, {months['refitted']} "
        f"fitted anew), over\n{held['best_statistic']}: "
        f"{whole['gain_type']:+.1f} ({whole['gain_type_error']:.1f}), with lever "
        f"{whole['gain_lever']:+.1f} ({whole['gain_lever_error']:.1f})."
    )
    statistics = plain_table(
        ("over all episodes, against", "left"), ("type", "right"), ("type and lever", "right")
    )
    rows = tables["left_out"].query("episode == 'all' and gain_type != 0")
    for row in rows.to_dict(orient="records"):
        statistics.add_row(
            row["model"],
            f"{row['gain_type']:+.1f} ({row['gain_type_error']:.1f})",
            f"{row['gain_lever']:+.1f} ({row['gain_lever_error']:.1f})",
        )
    console.print()
    console.print(statistics)
    moves = ", ".join(f"{name} {gain:+.1f}" for name, gain in summary["by_move"].items())
    console.print(f"By recorded move, type, against {best}: {moves}.")
    losing = summary["left_out"]["loses"]
    console.print(f"The model loses on: {', '.join(losing) or 'no episode'}.")
    if "spells" in summary:
        spells = summary["spells"]
        console.print(
            f"\n{spells['number']} recorded truces, log probability of their lengths: "
            f"{spells['game']:.1f} (game), {spells['constant hazard']:.1f} (constant hazard), "
            f"{spells['Weibull']:.1f} (Weibull)."
        )
        for row in summary["shapes"]:
            span = f"[{row['low']:.2f}, {row['high']:.2f}]"
            console.print(f"Weibull shape, {row['spells']}: {row['shape']:.2f} {span}")
        _print_patterns(console, summary)
    if out:
        console.print(f"written to {out}: {', '.join(f'{name}.csv' for name in tables)}")
