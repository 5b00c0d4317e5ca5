"""What the commands print for people: tables that fit a terminal of 100 columns."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

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


def short(value: float) -> str:
    """A share with three digits: .708, 1.00.

    >>> short(0.7081), short(1.0)
    ('.708', '1.00')
    """
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1.00"
