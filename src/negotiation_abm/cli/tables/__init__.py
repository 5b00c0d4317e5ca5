"""What the commands print for people: tables that fit a terminal of 100 columns."""

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from negotiation_abm.survival.words import BEYOND_DATA, ONE_RUN, with_interval

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
ONE_RUN_NOTE = f"Without brackets: {ONE_RUN}."


def terminal() -> Console:
    """A console without markup, 100 columns wide where there is no terminal."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 100
    return console


@contextlib.contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[..., None]]:
    """A progress line on standard error with rate and time left, shown after a second.

    What it gives is called with the number done and, where that has changed, the number in all.
    """
    begun = time.monotonic()
    shown = [0.0]

    def report(done: int, total: int = total) -> None:
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


@contextlib.contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """A progress line for work in several stages: call it with stage, done and total."""
    bars: dict[str, Callable[[int], None]] = {}
    with contextlib.ExitStack() as stack:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = stack.enter_context(progress_bar(total, stage))
            bars[stage](done)

        yield report


def plain_table(*columns: tuple[str, str]) -> Table:
    """A table without lines; columns are (title, justification)."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    return table


def share(values: Sequence[float | None], missing: str = BEYOND_DATA) -> str:
    """A share with its interval, whose ends are rounded outwards where they would look alike.

    >>> share([0.5, 0.412, 0.588]), share([1.0, 0.9997, 1.0]), share([0.5, None, None])
    ('.500 [.412,.588]', '1.00 [.999,1.00]', '.500')
    """
    point, low, high = values
    if low is not None and high is not None and low < high and short(low) == short(high):
        values = [point, math.floor(1000 * low) / 1000, math.ceil(1000 * high) / 1000]
    return with_interval(values, short, missing)


def half_width(values: Sequence[float | None]) -> str:
    """A share with the half-width of its interval; at 0 and 1, where it has one side, its ends.

    >>> half_width([0.5, 0.412, 0.588]), half_width([1.0, 0.158, 1.0])
    ('.500 ±.088', '1.00 [.158,1.00]')
    """
    point, low, high = values
    if point is None or low is None or high is None or not 0.0 < point < 1.0:
        return share(values)
    return f"{short(point)} ±{short((high - low) / 2.0)}"


def short(value: float) -> str:
    """A share with three digits: .708, 1.00.

    >>> short(0.7081), short(1.0)
    ('.708', '1.00')
    """
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1.00"
