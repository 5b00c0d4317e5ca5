"""What `run` prints."""

from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import (
    CAUSE_TEXT,
    MEASURE_TEXT,
    ONE_RUN_NOTE,
    half_width,
    plain_table,
    share,
    terminal,
)
from negotiation_abm.survival.words import NOT_REACHED, with_interval


def print_run(summary: dict[str, Any], out: Path) -> None:
    """The batch: one line a measure and group, causes, and what a run holds on average."""
    console = terminal()
    console.print(
        f"{summary['replicates']:,} runs of {summary['scenario']} "
        f"({summary['horizon_weeks']} weeks from {summary['start']}, seed {summary['seed']}, "
        f"parameters {summary['parameters']})"
    )
    if not summary["truces"]:
        console.print("no truce began in any run")
    else:
        _print_survival(console, summary)
        _print_causes(console, summary)
    _print_means(console, summary["runs"])
    console.print(
        "\nIn brackets: 95 % intervals of simulation error, clustered by run; parameters fixed."
        "\nRunning: the truce in force at the start, given that it had lasted until then."
        f"\nAny domain: until the first escalation of severity {summary['min_severity']:g} "
        "(min_severity) or more."
    )
    if any(entry["num_runs"] < 2 for entry in summary["truces"]):
        console.print(ONE_RUN_NOTE)
    for note in summary["notes"]:
        console.print(f"note: {note}")
    for name, facts in summary["content"].items():
        console.print(f"{name}: {facts['rows']:,} rows, content sha256 {facts['sha256'][:16]}")
    console.print(f"written to {out}")


def _print_survival(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        ("measure / truces", "left"),
        ("spells", "right"),
        ("median wk", "right"),
        *((f"S({days})", "right") for days in summary["truces"][0]["survival"]),
    )
    for entry in summary["truces"]:
        median = [entry["median_weeks"], *entry["median_interval"]]
        table.add_row(
            _label(entry),
            f"{entry['num_spells']:,}",
            with_interval(median, str, NOT_REACHED, " "),
            *(share(values) for values in entry["survival"].values()),
        )
    console.print(table)


def _print_causes(console: Console, summary: dict[str, Any]) -> None:
    names = [
        name for name in CAUSE_TEXT if any(name in e["ends_by_cause"] for e in summary["truces"])
    ]
    table = plain_table(("ends by cause", "left"), *((CAUSE_TEXT[name], "right") for name in names))
    for entry in summary["truces"]:
        shares = entry["ends_by_cause"]
        table.add_row(
            _label(entry),
            *(half_width(shares[name]) if name in shares else "-" for name in names),
        )
    console.print()
    console.print(table)


def _print_means(console: Console, runs: dict[str, Any]) -> None:
    def mean(name: str) -> str:
        entry = runs[name]
        if entry["mean"] is None:
            return "none"
        return f"{entry['mean']:.2f}"

    console.print(
        f"\nA run has on average {mean('num_truces')} new truces, {mean('num_renewals')} renewals "
        f"({mean('mean_renewal_lead_weeks')} weeks early), {mean('weeks_in_truce')} weeks in "
        "truce, "
        f"{mean('num_meetings')} meetings; first new truce in week {mean('first_truce_week')}."
    )
    moves = ("escalate", "threaten", "concede", "suspend")
    for name in runs:
        player, _, field = name.partition(".")
        if field == "num_escalate":
            counts = ", ".join(f"{mean(f'{player}.num_{move}')} {move}" for move in moves)
            console.print(f"{player}: {counts}")


def _label(entry: dict[str, Any]) -> str:
    return f"{MEASURE_TEXT[entry['measure']]} / {entry['group']}"
