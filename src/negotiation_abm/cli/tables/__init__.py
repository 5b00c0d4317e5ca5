"""What the commands print for people: tables that fit a terminal of 100 columns."""

import contextlib
import math
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
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


def terminal() -> Console:
    """A console without markup, 100 columns wide where there is no terminal."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 100
    return console


@contextlib.contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error with rate and time left, where that is a terminal.

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
    """A progress bar for each stage of some work: call it with stage, done and total."""
    progress = Progress(
        BarColumn(20),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} {task.description}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True, markup=False),
        transient=True,
        redirect_stdout=False,
        disable=not sys.stderr.isatty(),
    )
    tasks: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = progress.add_task(stage, total=total)
        progress.update(tasks[stage], completed=done, total=total)

    with progress:
        yield report


def plain_table(*columns: tuple[str, str]) -> Table:
    """A table without lines; columns are (title, justification)."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    return table


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
    """An estimate with its interval.

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
    ends = f"[{number(low, digits, sign)}, {number(high, digits, sign)}]"
    clear = low is not None and high is not None and (low > 0.0 or high < 0.0)
    return f"{number(point, digits, sign)} {ends}" + (("  ", " *")[clear] if mark else "")
