"""What the commands print for people: tables that fit a terminal of 100 columns."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MEASURE_TEXT = {
    "covered": "covered",
    "any_domain": "any domain",
}
CAUSE_TEXT = {
    "breach": "breach",
    "collapse": "collapse",
    "non_delivery": "non-delivery",
    "lapse": "lapse",
    "escalation": "escalation",
}
GROUP_TEXT = {"all": "all", "running": "running"}


def _console() -> Console:
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 100
    return console


@contextlib.contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A progress line on standard error with rate and time left, shown after a second."""
    begun = time.monotonic()
    shown = [0.0]

    def report(done: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or now - begun < 1.0 or now - shown[0] < 0.2:
            return
        shown[0] = now
        rate = done / (now - begun)
        left = (total - done) / rate if rate else 0.0
        print(
            f"\r{done:,} of {total:,} {unit}  {rate:,.0f}/s  {left:,.0f} s left   ",
            end="",
            file=sys.stderr,
            flush=True,
        )

    try:
        yield report
    finally:
        if shown[0]:
            print("\r" + " " * 70 + "\r", end="", file=sys.stderr, flush=True)


def _plain(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    return table


def print_replay(summary: dict[str, Any], out: Path | None) -> None:
    """The replay: tariffs, truce spells, score, the least expected moves, rows left out."""
    console = _console()
    score = summary["log_score"]
    console.print(
        f"Replay of {summary['record']} under {summary['scenario']} "
        f"({summary['start']} to {summary['until']}, parameters {summary['parameters']})"
    )
    for player, steps in summary["tariffs"].items():
        path = ", ".join(f"{step['pp']:g} ({step['date'][5:]})" for step in steps)
        console.print(f"{player} extra tariff, pp: {path or 'unchanged'}", soft_wrap=False)
    console.print()
    _print_recorded_spells(console, summary)
    for pledge in summary["pledges"]:
        about = pledge["lever"] or "an effort"
        console.print(
            f"pledge {pledge['name']} ({pledge['player']}, {about}), due {pledge['due']}: "
            f"{pledge['status']}"
        )
    for agreement in summary["agreements"]:
        expires = f", expiry {agreement['expires']}" if agreement["expires"] else ""
        console.print(f"agreement {agreement['date']}: truce {agreement['kind'].lower()}{expires}")
    console.print(
        f"\n{summary['decisions']} decisions, {summary['moves']} of them moves; "
        "mean log probability "
        f"{score['per_decision_type']:.3f} (type), "
        f"{score['per_decision_type_and_lever']:.3f} (type and lever)"
    )
    table = _plain(("least expected", "left"), ("", "left"), ("", "left"), ("probability", "right"))
    moves = sorted(summary["decisions_not_hold"], key=lambda move: move["probability"])
    for move in moves[:5]:
        table.add_row(move["date"], move["player"], move["move"], f"{move['probability']:.3f}")
    console.print(table)
    _print_left_out(console, summary)
    if out:
        console.print(f"\nwritten to {out}: replay.csv, decisions.csv, replay.json, manifest.json")


def _print_recorded_spells(console: Console, summary: dict[str, Any]) -> None:
    table = _plain(
        ("recorded truce", "left"),
        ("start", "left"),
        ("end", "left"),
        ("days", "right"),
        ("weeks", "right"),
        ("renewals", "right"),
        ("ended by", "left"),
    )
    for spell in summary["spells"]:
        mark = "" if spell["event_observed"] else "+"
        cause = CAUSE_TEXT.get(spell["cause"], spell["cause"])
        if spell["lever"]:
            agency = " (an agency)" if spell["agency"] else ""
            cause = f"{cause}: {spell['player']} {spell['lever']}{agency}"
        table.add_row(
            MEASURE_TEXT[spell["measure"]],
            spell["start"],
            spell["end"],
            f"{spell['days']}{mark}",
            f"{spell['weeks']}{mark}",
            str(spell["renewals"]),
            cause if spell["event_observed"] else "still in force",
        )
    console.print(table)


def _print_left_out(console: Console, summary: dict[str, Any]) -> None:
    rows = summary["rows"]
    console.print(f"\n{rows['counted_placed']} of {rows['counted']} counted rows placed; the rest:")
    by_reason: dict[str, list[str]] = {}
    for item in rows["not_represented"]:
        if item["counted"]:
            by_reason.setdefault(item["reason"], []).append(item["id"])
    for reason, ids in by_reason.items():
        console.print(f"  {', '.join(ids)}: {reason}")
    for note in summary["notes"]:
        console.print(f"note: {note}")


def print_run(summary: dict[str, Any], out: Path) -> None:
    """The batch: one line a measure and group, causes, and what a run holds on average."""
    console = _console()
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
        f"\nAny domain: until the first escalation of severity {summary['min_severity']:g} or more."
    )
    for note in summary["notes"]:
        console.print(f"note: {note}")
    for name, facts in summary["content"].items():
        console.print(f"{name}: {facts['rows']:,} rows, content sha256 {facts['sha256'][:16]}")
    console.print(f"written to {out}")


def _print_survival(console: Console, summary: dict[str, Any]) -> None:
    table = _plain(
        ("measure / truces", "left"),
        ("spells", "right"),
        ("median wk", "right"),
        *((f"S({days})", "right") for days in summary["truces"][0]["survival"]),
    )
    for entry in summary["truces"]:
        low, high = entry["median_interval"]
        table.add_row(
            _label(entry),
            f"{entry['num_spells']:,}",
            f"{_weeks(entry['median_weeks'])} [{_weeks(low)}, {_weeks(high)}]",
            *(_interval(values) for values in entry["survival"].values()),
        )
    console.print(table)


def _print_causes(console: Console, summary: dict[str, Any]) -> None:
    names = [
        name for name in CAUSE_TEXT if any(name in e["ends_by_cause"] for e in summary["truces"])
    ]
    table = _plain(("ends by cause", "left"), *((CAUSE_TEXT[name], "right") for name in names))
    for entry in summary["truces"]:
        shares = entry["ends_by_cause"]
        table.add_row(
            _label(entry),
            *(_interval(shares[name]) if name in shares else "-" for name in names),
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


def print_calibration(summary: dict[str, Any], out: Path | None, name: str) -> None:
    """The fit: each coefficient with error, prior and what it rests on."""
    console = _console()
    console.print(
        f"Fit of {summary['record']} under {summary['scenario']}: {summary['decisions']} "
        f"decisions, {summary['moves']} of them moves, {summary['rounds']} rounds; log-likelihood "
        f"{summary['log_likelihood']:.2f}"
    )
    table = _plain(
        ("coefficient", "left"),
        ("estimate (error)", "right"),
        ("90 %", "right"),
        ("post/prior", "right"),
        ("0 costs", "right"),
        ("rests on", "left"),
    )
    for row in summary["coefficients"]:
        table.add_row(
            row["coefficient"],
            f"{row['estimate']:.2f} ({row['error']:.2f})",
            f"{row['low']:.2f}, {row['high']:.2f}",
            "" if row["ratio"] != row["ratio"] else f"{row['ratio']:.2f}",
            f"{row['zero_cost']:.1f}",
            row["rests_on"],
        )
    console.print(table)
    console.print(
        "Errors are Laplace; post/prior: ratio of sd; '0 costs': nats of log-posterior that "
        "holding it at 0 costs. The fit sees the likelihood alone, not the moments of free runs."
    )
    if out:
        console.print(f"written to {out}: {name}.yaml, identification.csv, profiles.csv")


def print_validation(summary: dict[str, Any]) -> None:
    """Scores of the model and of simple statistics, a month left out at a time."""
    console = _console()
    given = summary["as_given"]
    console.print(
        f"{summary['record']} under {summary['scenario']}, {summary['decisions']} decisions\n"
        f"as given by {summary['parameters']}, nothing refitted: mean log score "
        f"{given['type']:.3f} (type), {given['type_and_lever']:.3f} (type and lever); Brier "
        f"{summary['brier']:.3f}"
    )
    table = _plain(
        ("each month left out of the fit", "left"),
        ("type", "right"),
        ("type, lever", "right"),
        ("model's gain, nats", "right"),
        ("with lever", "right"),
    )
    for row in summary["scores"]:
        gain = f"{row['gain_type']:+.1f} ({row['gain_type_error']:.1f})"
        lever = f"{row['gain_lever']:+.1f} ({row['gain_lever_error']:.1f})"
        same = row["gain_type_error"] == 0.0
        table.add_row(
            row["model"],
            f"{row['type']:.3f}",
            f"{row['type_and_lever']:.3f}",
            "" if same else gain,
            "" if same else lever,
        )
    console.print(table)
    console.print("In brackets: standard errors by months.")


def print_mechanisms(rows: list[dict[str, Any]], replicates: int, seed: int) -> None:
    """The mechanisms table: difference that each module makes, with its interval."""
    console = _console()
    console.print(
        f"Each module on, less none: {replicates:,} paired runs, seed {seed}. "
        f"Busan truce without modules: median {rows[0]['median_weeks_base']:.0f} weeks, "
        f"S(365 d) {_short(rows[0]['survival_365_base'])}; from January 2025 the first truce comes "
        f"after {rows[0]['first_truce_weeks_base']:.1f} weeks."
    )
    table = _plain(
        ("module", "left"),
        ("median, weeks", "right"),
        ("S(365 d)", "right"),
        ("first truce, weeks", "right"),
    )
    for row in rows:
        table.add_row(
            row["module"],
            _change(row, "median_weeks", 0),
            _change(row, "survival_365", 4),
            _change(row, "first_truce_weeks", 2),
        )
    console.print(table)
    console.print("In brackets: 95 % intervals of the paired difference; * where it excludes 0.")


def _change(row: dict[str, Any], name: str, digits: int) -> str:
    values = [row[f"{name}_{part}"] for part in ("difference", "low", "high")]
    point, low, high = (f"{value:+.{digits}f}" for value in values)
    star = "" if values[1] <= 0.0 <= values[2] else " *"
    return f"{point} [{low}, {high}]{star}"


def _label(entry: dict[str, Any]) -> str:
    return f"{MEASURE_TEXT[entry['measure']]} / {GROUP_TEXT[entry['group']]}"


def _weeks(value: int | None) -> str:
    return "-" if value is None else str(value)


def _interval(values: list[float | None]) -> str:
    point, low, high = values
    if point is None or low is None or high is None:
        return "beyond data"
    return f"{_short(point)} [{_short(low)},{_short(high)}]"


def _short(value: float) -> str:
    """A share with three digits: .708, 1.00.

    >>> _short(0.7081), _short(1.0)
    ('.708', '1.00')
    """
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1.00"
