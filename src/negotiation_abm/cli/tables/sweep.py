"""What `sweep` and `merge` print."""

from collections.abc import Callable
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import ONE_RUN_NOTE, plain_table, share, terminal
from negotiation_abm.files import words
from negotiation_abm.survival.words import (
    BEYOND_DATA,
    GROUPS,
    NO_TRUCE,
    NOT_REACHED,
    is_number,
    with_interval,
)

MOST_ROWS = 20
MOST_NAMES = 3


def print_forecast(spec: Any, found: Any) -> None:
    """What a sweep will take."""
    console = terminal()
    console.print(f"{spec.name}: {words.counted(found.points, 'point')} of {spec.scenario}")
    rows = [
        ("runs", _span(found.runs, lambda n: f"{n:,.0f}")),
        ("time", f"{_span(found.seconds, _time)} with {found.workers} workers"),
        ("disk", _span(found.disk, _bytes)),
        ("memory", f"{_bytes(found.memory)}, this process at its peak"),
        ("chunk", words.counted(found.chunk_runs, "run")),
    ]
    for name, text in rows:
        console.print(f"  {name:<7} {text}")
    if spec.stop:
        console.print("  From the first replicates at every point to the cap at every point.")


def _span(ends: tuple[Any, Any], text: Any) -> str:
    low, high = text(ends[0]), text(ends[1])
    return low if low == high else f"{low} to {high}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def print_sweep(result: Any, table: Any) -> None:
    """What a sweep came to: a line a point for the first of them."""
    console = terminal()
    console.print(
        f"{words.counted(result.points, 'point')}, {words.counted(result.runs, 'run')} "
        f"({result.played:,} played now)"
    )
    if table is not None and len(table):
        _print_points(console, table, result.points)
    for line in result.failures[:5]:
        console.print(f"failed: {line}")
    if len(result.failures) > 5:
        console.print(f"failed: and {len(result.failures) - 5} more; see {result.folder}/failures")
    if result.failures:
        console.print("--retry-failed tries these again")
    if result.unmet:
        shown = ", ".join(map(str, result.unmet[:12]))
        more = f" and {len(result.unmet) - 12} more" if len(result.unmet) > 12 else ""
        console.print(f"wider than the target at the cap: points {shown}{more}")
    if result.content:
        console.print(f"content sha256 {result.content[:16]}")
    console.print(f"written to {result.folder}")


def _print_points(console: Console, table: Any, total: int) -> None:
    columns = list(table.columns)
    names = columns[1 : columns.index("runs")]
    chosen = table[table["measure"] == "covered"]
    group = "running" if (chosen["group"] == "running").any() else "all"
    chosen = chosen[chosen["group"] == group]
    outcomes = dict(tuple(chosen.groupby("outcome", sort=False)))
    days = [name for name in outcomes if name.startswith("survival_")]
    points = table.drop_duplicates("point").set_index("point")
    heads = [(words.setting(name), "right") for name in names[:MOST_NAMES]]
    result = plain_table(
        ("point", "right"),
        *heads,
        ("runs", "right"),
        ("median wk", "right"),
        ("mean wk", "right"),
        *((f"still in force after {name.split('_')[1]} d, %", "right") for name in days[-1:]),
    )
    for number in points.index:
        row = points.loc[number]
        cells = [_value(row[name]) for name in names[:MOST_NAMES]]
        estimates = [
            _estimate(outcomes.get("median_weeks"), number, _weeks(0), NOT_REACHED),
            _estimate(outcomes.get("rmst_weeks"), number, _weeks(1), BEYOND_DATA),
        ]
        last = [_estimate(outcomes[name], number, share, BEYOND_DATA) for name in days[-1:]]
        result.add_row(str(number), *cells, f"{row['runs']:,}", *estimates, *last)
    console.print(result)
    if len(names) > MOST_NAMES:
        console.print(f"({len(names) - MOST_NAMES} more names vary; see points.parquet)")
    if total > MOST_ROWS:
        console.print(f"... and {total - MOST_ROWS:,} points more in summary.parquet")
    which = GROUPS[group]
    console.print(f"By agreed measures, {which}; 95 % intervals of simulation error in brackets.")
    if len(chosen) and chosen["low"].isna().all():
        console.print(ONE_RUN_NOTE)


def _value(value: Any) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _estimate(rows: Any, number: int, text: Callable[[list[float]], str], missing: str) -> str:
    """An outcome of a point; in words where it has no truce, or no such number."""
    found = None if rows is None else rows[rows["point"] == number]
    if found is None or not len(found):
        return NO_TRUCE
    values = [float(found.iloc[0][name]) for name in ("mean", "low", "high")]
    return text(values) if is_number(values[0]) else missing


def _weeks(digits: int) -> Callable[[list[float]], str]:
    return lambda values: with_interval(values, f"{{:.{digits}f}}".format, NOT_REACHED, " ")
