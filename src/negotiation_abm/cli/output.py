"""Standard output and error as they come: closed, full, cut off, or unable to write every sign.

A command writes its files before it prints, so that no trouble of a terminal or a pipe costs a
result; what is left to do here is to end quietly, in one line, with the usual exit status.
"""

import codecs
import contextlib
import io
import json
import math
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, TextIO

KILLED_BY_PIPE = 141  # 128 + SIGPIPE, as a shell reports a process that a closed pipe ended
SIGNS = "negotiation_abm.signs"
LOOKS_LIKE = {
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{PLUS-MINUS SIGN}": "+-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{MIDDLE DOT}": ".",
    "\N{BULLET}": "*",
}


def nearest_sign(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace what an encoding lacks by what looks like it: a handler of errors for codecs.

    >>> "90 \N{EN DASH} 180 d \N{LATIN SMALL LETTER E WITH ACUTE}".encode("ascii", SIGNS)
    b'90 - 180 d e'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = []
    for sign in error.object[error.start : error.end]:
        parts = unicodedata.normalize("NFKD", sign)
        plain = "".join(part for part in parts if not unicodedata.combining(part))
        found.append(LOOKS_LIKE.get(sign) or (plain if plain.isascii() and plain else "?"))
    return "".join(found), error.end


codecs.register_error(SIGNS, nearest_sign)


class OutputError(Exception):
    """Standard output does not take what is written; the cause is the `OSError` that it gave."""


class _Stream(io.TextIOBase):
    """A standard stream whose failures can be told from those of files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        with self.guarded():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self.guarded():
            self._stream.flush()

    def guarded(self) -> contextlib.AbstractContextManager[None]:
        """What becomes of an `OSError` of the stream."""
        raise NotImplementedError


class _Output(_Stream):
    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError from error


class _Messages(_Stream):
    """Standard error: a message that cannot go out is lost, and the work goes on."""

    def guarded(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.suppress(OSError, ValueError)


@contextlib.contextmanager
def usable_streams() -> Iterator[None]:
    """Standard streams that can be written to, whatever the command was started with.

    A closed one leads nowhere, and its number is taken, so that no file gets it; signs that an
    encoding lacks are replaced by what looks like them.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SIGNS)
    sys.stdout = _Output(sys.stdout or _nowhere())
    sys.stderr = _Messages(sys.stderr or _nowhere())
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _let_go(sys.stderr)


def _let_go(stream: TextIO | None) -> None:
    """Empty what could not be written, so that the end of Python does not try again."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            stream.flush()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # until the process ends


def _open_closed() -> None:
    """Open the null device under the numbers 0, 1 and 2 that are closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def status_of(error: OutputError) -> int:
    """Exit status where standard output has failed; a line says so, but for a pipe cut off.

    Nothing more goes there, not even as the interpreter ends.
    """
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    cause = error.__cause__
    if isinstance(cause, BrokenPipeError):
        return KILLED_BY_PIPE
    reason = getattr(cause, "strerror", None) or cause
    print(f"error: standard output: cannot be written to ({reason})", file=sys.stderr)
    return 2


def print_result(summary: Any, as_json: bool, show: Callable[[], None]) -> None:
    """Print what a step found: as JSON, or as the table that `show` prints.

    What is not a number (NaN, infinity) is ``null`` in JSON, which knows none of them.
    """
    if as_json:
        print(json.dumps(_strict(summary), indent=2, default=str, allow_nan=False))
    else:
        show()


def _strict(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _strict(item) for name, item in data.items()}
    if isinstance(data, list | tuple):
        return [_strict(item) for item in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
