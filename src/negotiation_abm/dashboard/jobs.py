"""Work off the event loop, in pieces; a newer request cancels the older.

A view says what it wants done and what that depends on; `use_job` does it on a thread and gives
what is there by now. The last finished value stays on show while the next one is made.
"""

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import solara

from negotiation_abm.dashboard import warm
from negotiation_abm.files.errors import InputError

STEP_SECONDS = 0.2  # between two reports of progress


class CancelledError(Exception):
    """The work is no longer wanted."""


class Task:
    """One piece of work that can be cancelled: call `progress` or `check` often."""

    def __init__(self, report: Callable[[float, str], None]) -> None:
        self._stop = threading.Event()
        self._report = report
        self._last = time.perf_counter()

    def cancel(self) -> None:
        """Say that the work is no longer wanted."""
        self._stop.set()

    @property
    def is_cancelled(self) -> bool:
        """Is the work no longer wanted?"""
        return self._stop.is_set()

    def check(self) -> None:
        """Leave off if the work is no longer wanted.

        Raises
        ------
        CancelledError
        """
        if self._stop.is_set():
            raise CancelledError

    def rest(self, seconds: float) -> None:
        """Wait a moment, as long as the work is wanted.

        Raises
        ------
        CancelledError
        """
        self._stop.wait(seconds)
        self.check()

    def progress(self, share: float, text: str = "") -> None:
        """Say how much is done (0 to 1), and leave off if it is no longer wanted.

        Raises
        ------
        CancelledError
        """
        self.check()
        now = time.perf_counter()
        if now - self._last >= STEP_SECONDS:
            self._last = now
            self._report(share, text)

    def need_compiled(self) -> None:
        """Wait until the rules are compiled.

        Raises
        ------
        CancelledError
        """
        while not warm.wait(0.05):
            self.progress(0.0, "Compiling the rules, once on this machine (about a minute) ...")


@dataclass(frozen=True)
class Job:
    """What `use_job` gives: the last value, and how the present request stands.

    Attributes
    ----------
    value : object or None
        Of the last request that was finished.
    key : object
        What that value was made for.
    error : str
        One line for people if the present request failed.
    seconds : float
        How long the value took.
    """

    value: Any = None
    key: Any = None
    error: str = ""
    is_running: bool = True
    share: float = 0.0
    text: str = ""
    seconds: float = 0.0


def use_job(work: Callable[[Task], Any], key: Any) -> Job:
    """Do `work` on a thread whenever `key` changes.

    Parameters
    ----------
    work : callable
        Gets the `Task`; what it returns becomes the value. An `InputError` is shown as its line,
        any other exception is logged and named.
    key : hashable
        What the work depends on.
    """
    job: Job
    job, set_job = solara.use_state(Job())

    def start() -> Callable[[], None]:
        def report(share: float, text: str) -> None:
            set_job(lambda old: replace(old, share=share, text=text))

        task = Task(report)

        def finish(**changes: Any) -> None:
            if not task.is_cancelled:
                set_job(lambda old: replace(old, is_running=False, text="", **changes))

        def run() -> None:
            began = time.perf_counter()
            try:
                value = work(task)
                seconds = time.perf_counter() - began
                finish(value=value, key=key, error="", seconds=seconds)
            except CancelledError:
                return
            except InputError as error:
                finish(error=str(error))
            except Exception as error:
                traceback.print_exc()
                finish(error=f"This failed: {type(error).__name__}: {error}")

        set_job(lambda old: replace(old, is_running=True, share=0.0, text="", error=""))
        threading.Thread(target=run, name="job", daemon=True).start()
        return task.cancel

    solara.use_effect(start, [key])
    return job
