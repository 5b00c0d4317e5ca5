"""Ends that a command does not choose: a signal, too little memory."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from negotiation_abm.files.errors import shortened

SIGNALS = ("SIGTERM", "SIGHUP")  # those of a shutdown, a job scheduler, a closed terminal


@contextlib.contextmanager
def leaving_tidily(is_shell: bool) -> Iterator[None]:
    """A signal to end lets the step that is under way remove what it has half-written.

    The exit status is that of a shell: 128 and the number of the signal. Nothing can be done about
    ``SIGKILL``; what it leaves is removed by the next step in the folder.
    """
    before = {}
    if is_shell and threading.current_thread() is threading.main_thread():
        for name in SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    print("stopped: what was finished before is whole", file=sys.stderr)
    sys.exit(128 + number)


def lacking(error: MemoryError | ImportError) -> str:
    """What a command lacks, in words: memory, or a library that does not load.

    >>> lacking(MemoryError("Unable to allocate 8 TiB"))
    'not enough memory (Unable to allocate 8 TiB)'
    """
    if isinstance(error, MemoryError):
        return f"not enough memory ({error})" if str(error) else "not enough memory"
    said = shortened(str(error), 100)
    return f"a library cannot be loaded ({said}); is there enough memory, is it installed whole?"
