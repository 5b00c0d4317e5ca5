"""What the commands print for people: tables that fit a terminal of 100 columns."""

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from negotiation_abm.files import words
from negotiation_abm.survival.words import BEYOND_DATA, ONE_RUN, is_clear, with_interval

MEASURE_TEXT = words.MEASURES
CAUSE_TEXT = words.CAUSES_SHORT
ONE_RUN_NOTE = f"Without brackets: {ONE_RUN}."


def terminal() -> Console:
    """A console without markup, 100 columns wide where there is no terminal."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 100
    return console


LINE_SECONDS = 10.0
FIRST_SECONDS = 2.0  # from the first news to a line, where the work will take longer than a line's


@contextlib.contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error with time left; lines where that is no terminal.

    Yields
    ------
    callable
        To be called with the number done and, where that has changed, the number in all.
    """
    with stages() as report:

        def of_unit(done: int, total: int = total) -> None:
            report(unit, done, total)

        yield of_unit


@contextlib.contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each stage of some work: call it with stage, done and total.

    Where standard error is no terminal, a line every `LINE_SECONDS` says how far the work is; the
    first comes sooner where the pace so far lets work of more than that expect.
    """
    if not sys.stderr.isatty():
        yield _in_lines()
        return
    progress = Progress(
        BarColumn(20),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} {task.description}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True, markup=False),
        transient=True,
        redirect_stdout=False,
    )
    tasks: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = progress.add_task(stage, total=total)
        progress.update(tasks[stage], completed=done, total=total)

    with progress:
        yield report


def _in_lines() -> Callable[[str, int, int], None]:
    last = begun = 0.0

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last, begun
        now = time.monotonic()
        last = last or now  # counted from the first news, when the rules are compiled
        begun = begun or now
        is_long = done * LINE_SECONDS < total * (now - begun)  # at the pace so far
        is_first = last == begun and now - begun >= FIRST_SECONDS
        if now - last >= LINE_SECONDS or (is_first and is_long):
            last = now
            print(f"{done:,} of {total:,} {stage}", file=sys.stderr, flush=True)

    return report


def plain_table(*columns: tuple[str, str]) -> Table:
    """A table without lines; columns are (title, justification)."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    return table


def share(values: Sequence[float | None], missing: str = BEYOND_DATA) -> str:
    """A share in percent with its interval, whose ends are rounded outwards if they look alike.

    >>> share([0.5, 0.412, 0.588]), share([1.0, 0.9997, 1.0]), share([0.5, None, None])
    ('50.0 [41.2,58.8]', '100 [99.9,100]', '50.0')
    """
    point, low, high = values
    if low is not None and high is not None and low < high and _percent(low) == _percent(high):
        values = [point, math.floor(1000 * low) / 1000, math.ceil(1000 * high) / 1000]
    return with_interval(values, _percent, missing)


def _percent(value: float) -> str:
    return f"{100.0 * value:.1f}" if value < 0.9995 else "100"


def label(entry: dict[str, Any]) -> str:
    """Measure and group of truces in words."""
    return f"{MEASURE_TEXT[entry['measure']]} / {entry['group']}"


def causes_table(entries: Sequence[dict[str, Any]], shares: str) -> Table:
    """What ended truces: a row an entry, a column a cause.

    Parameters
    ----------
    shares : str
        Where an entry has the share of each cause with its interval.
    """
    names = [name for name in CAUSE_TEXT if any(name in entry[shares] for entry in entries)]
    table = plain_table(
        ("ends by cause, %", "left"), *((CAUSE_TEXT[name], "right") for name in names)
    )
    for entry in entries:
        cells = [entry[shares].get(name) for name in names]
        table.add_row(label(entry), *("-" if c is None else half_width(c) for c in cells))
    return table


def half_width(values: Sequence[float | None]) -> str:
    """A share in percent, and half of its interval; the ends at 0 and 1, where it has one side.

    >>> half_width([0.5, 0.412, 0.588]), half_width([1.0, 0.158, 1.0])
    ('50.0 ±8.8', '100 [15.8,100]')
    """
    point, low, high = values
    if point is None or low is None or high is None or not 0.0 < point < 1.0:
        return share(values)
    return f"{_percent(point)} ±{_percent((high - low) / 2.0)}"


def short(value: float) -> str:
    """A share with three digits: .708, 1.00.

    >>> short(0.7081), short(1.0)
    ('.708', '1.00')
    """
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1.00"


def number(value: float | None, digits: int | None = None, sign: str = "") -> str:
    """A number of a table: with so many digits, or as a share; "-" where there is none.

    >>> number(0.25), number(3.14159, 1), number(2.0, 2, "+"), number(None)
    ('.250', '3.1', '+2.00', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    return short(value) if digits is None else f"{value:{sign}.{digits}f}"


def interval(
    point: float | None,
    low: float | None,
    high: float | None,
    digits: int | None = None,
    sign: str = "",
    mark: bool = False,
) -> str:
    """An estimate with its interval, alone where there is no interval, "-" where there is none.

    Parameters
    ----------
    digits : int, optional
        Digits after the point (default: a share, as `short` shows it).
    sign : str
        "+" for a difference.
    mark : bool
        Put a star behind an interval that excludes 0.

    >>> interval(0.5, 0.25, 0.75), interval(-1.0, -2.0, -0.5, 1, "+", mark=True)
    ('.500 [.250, .750]', '-1.0 [-2.0, -0.5] *')
    """
    shown = with_interval([point, low, high], lambda v: number(v, digits, sign), "-", " ")
    return shown + (("  ", " *")[is_clear({"low": low, "high": high})] if mark else "")
