"""What `run` prints."""

from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import (
    ONE_RUN_NOTE,
    causes_table,
    label,
    plain_table,
    share,
    terminal,
)
from negotiation_abm.files import words
from negotiation_abm.run.range_words import ends_sentence, estimate, made_of, missing, rows, whose
from negotiation_abm.survival.words import NOT_REACHED, with_interval

VERBS = {
    "escalate": "raises",
    "threaten": "threatens",
    "concede": "eases",
    "suspend": "offers to suspend",
}


def print_run(summary: dict[str, Any], out: Path) -> None:
    """The batch: one line a measure and group, causes, and what a run holds on average."""
    console = terminal()
    console.print(
        f"{words.counted(summary['replicates'], 'run')} of {summary['scenario']} "
        f"({words.counted(summary['horizon_weeks'], 'week')} from {summary['start']}, "
        f"seed {summary['seed']}, parameters {summary['parameters']})"
    )
    if not summary["truces"]:
        console.print("no truce began in any run")
    else:
        print_range(console, summary["posterior"], summary["parameters"])
        console.print(
            "\nSimulation error alone, at the point estimate of the parameters; "
            "percent still in force after:"
        )
        _print_survival(console, summary)
        console.print()
        console.print(causes_table(summary["truces"], "ends_by_cause"))
    _print_means(console, summary["runs"])
    console.print(
        "\nIn square brackets: 95 % intervals of simulation error, clustered by run; parameters "
        "fixed.\nRunning: the truce in force at the start, given that it had lasted until then."
        "\nAny measure: until the first escalation of severity "
        f"{summary['min_severity']:g} (min_severity) or more."
    )
    if any(entry["num_runs"] < 2 for entry in summary["truces"]):
        console.print(ONE_RUN_NOTE)
    for note in summary["notes"]:
        console.print(f"note: {note}")
    for name, facts in summary["content"].items():
        console.print(
            f"{name}: {words.counted(facts['rows'], 'row')}, content sha256 {facts['sha256'][:16]}"
        )
    console.print(f"written to {out}")


def print_range(console: Console, posterior: dict[str, Any] | None, parameters: str) -> None:
    """The answer first: shares still in force with their range over the posterior draws."""
    if posterior is None:
        console.print(missing(parameters))
        return
    known = rows(posterior)
    table = plain_table(
        (f"{whose(posterior)}, {words.STILL}", "left"),
        *((f"after {words.after(days)}", "left") for days in known[0][1]),
    )
    for measure, by_days in known:
        table.add_row(measure, *map(estimate, by_days.values()))
    console.print()
    console.print(table)
    console.print(ends_sentence(posterior))
    console.print(made_of(posterior, parameters))


def _print_survival(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        ("measure / truces", "left"),
        ("truces", "right"),
        ("median wk", "right"),
        *((f"{days}, %", "right") for days in summary["truces"][0]["survival"]),
    )
    for entry in summary["truces"]:
        median = [entry["median_weeks"], *entry["median_interval"]]
        table.add_row(
            label(entry),
            f"{entry['num_spells']:,}",
            with_interval(median, str, NOT_REACHED, " "),
            *(share(values) for values in entry["survival"].values()),
        )
    console.print(table)


def _print_means(console: Console, runs: dict[str, Any]) -> None:
    def mean(name: str) -> str:
        entry = runs[name]
        if entry["mean"] is None:
            return "none"
        return f"{entry['mean']:.2f}"

    console.print(
        f"\nOn average a run has {mean('num_truces')} new truces, the first of them in week "
        f"{mean('first_truce_week')}, {mean('num_renewals')} renewals "
        f"({mean('mean_renewal_lead_weeks')} weeks early), {mean('weeks_in_truce')} weeks in "
        f"truce and {mean('num_meetings')} meetings. How often each side makes each move:"
    )
    for name in runs:
        player, _, field = name.partition(".")
        if field == "num_escalate":
            counts = ", ".join(
                f"{verb} {mean(f'{player}.num_{move}')}" for move, verb in VERBS.items()
            )
            console.print(f"{words.player(player)} {counts}")
