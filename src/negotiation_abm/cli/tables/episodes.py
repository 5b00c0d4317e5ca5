"""What `episodes` prints."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import plain_table, terminal
from negotiation_abm.files import words
from negotiation_abm.survival.words import BEYOND_DATA, NOT_REACHED

ENDED = words.CAUSES_SHORT | {"censored": words.STILL}


def print_episodes(summary: dict[str, Any], out: Path | None) -> None:
    """The recorded truces, what other readings give, and how long such truces last."""
    console = terminal()
    changes = ", ".join(f"{name} = {value}" for name, value in summary["changes"].items())
    console.print(f"Recorded truces{f' with {changes}' if changes else ''}, days by both measures")
    table = plain_table(
        ("episode", "left"),
        ("start", "left"),
        ("end", "left"),
        ("agreed", "right"),
        ("any", "left"),
        ("how it ended", "left"),
        ("readings", "right"),
    )
    for row, others in _truces(summary["truces"], ""):
        by = (
            f": {words.lever(row['player'] + '.' + row['lever'], is_short=True)}"
            if row["lever"]
            else ""
        )
        agency = " (agency)" if row["agency"] else ""
        mark = "" if row["certainty"] == "sourced" else "*"
        table.add_row(
            row["episode"],
            row["start"],
            row["end"],
            _days(row),
            ", ".join(map(_days, others)),
            f"{ENDED[row['cause']]}{by}{agency}",
            f"{row['readings_agree']} of {row['readings']}{mark}",
        )
    console.print(table)
    severity = " or ".join(f"{value:g}" for value in summary["min_severity"])
    console.print(
        "+: still in force on the last day observed. agreed: until a measure that the agreement\n"
        f"covers. any: until a step of severity {severity} (min_severity) or more on any lever.\n"
        "readings: in how many the dates and the side are the same; *: a date rests on general "
        "knowledge."
    )
    _print_readings(console, summary)
    _print_class(console, summary)
    for episode in summary["episodes"]:
        if episode["skipped"]:
            rows = ", ".join(episode["skipped"])
            console.print(f"{episode['name']}: not legal under these rules, left out: {rows}")
    if out:
        files = "episodes.csv, reference_class.csv, episodes.json, manifest.json"
        console.print(f"written to {out}: {files}")


def _truces(
    rows: list[dict[str, Any]], reading: str
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each truce by agreed measures, with the spells by any measure that begin within it."""
    own = [row for row in rows if row["reading"] == reading]
    for row in own:
        if row["measure"] != "covered":
            continue
        yield (
            row,
            [
                other
                for other in own
                if (other["measure"], other["episode"]) == ("any_domain", row["episode"])
                and (row["start"] == other["start"] or row["start"] <= other["start"] < row["end"])
            ],
        )


def _days(row: dict[str, Any]) -> str:
    return f"{row['days']}{'' if row['ended'] else '+'}"


def _print_readings(console: Console, summary: dict[str, Any]) -> None:
    others = [episode for episode in summary["episodes"] if "/" in episode["name"]]
    if not others:
        return
    table = plain_table(("other reading", "left"), ("agreed, days", "left"), ("any, days", "left"))
    for episode in others:
        of, _, reading = episode["name"].partition("/")
        own = [r for r in summary["truces"] if (r["episode"], r["reading"]) == (of, reading)]
        table.add_row(
            episode["name"],
            *(
                ", ".join(_days(r) for r in own if r["measure"] == measure)
                for measure in ("covered", "any_domain")
            ),
        )
    console.print()
    console.print(table)


def _print_class(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        ("still in force", "left"),
        ("truces", "right"),
        ("ended", "right"),
        *((f"after {days} days", "right") for days in (90, 180, 365)),
        ("half ended, days", "right"),
    )
    for row in summary["classes"]:
        median, low, high = row["median_weeks"]
        ends = f" ({_week(low)} to {_week(high)})" if low or high else ""
        table.add_row(
            f"{row['name']}, {words.MEASURES[row['measure']].split()[0]}",
            f"{row['truces']:,}",
            f"{row['ended']:,}",
            *(_per_cent(values) for values in row["still_in_force"].values()),
            f"{_week(median)}{ends}" if median is not None else NOT_REACHED,
        )
    console.print()
    console.print(table)
    console.print(
        f"In brackets: {100 * summary['level']:g} % intervals; of recorded truces clustered by "
        "episode."
    )


def _week(weeks: int | None) -> str:
    return "-" if weeks is None else str(7 * weeks)


def _per_cent(values: list[float | None]) -> str:
    """A share in per cent with its interval.

    >>> _per_cent([0.5, 0.25, 0.7]), _per_cent([None, None, None])
    ('50 % (25-70)', 'beyond data')
    """
    point, low, high = values
    if point is None:
        return BEYOND_DATA
    ends = f" ({100 * low:.0f}-{100 * high:.0f})" if low is not None and high is not None else ""
    return f"{100 * point:.0f} %{ends}"
