"""Reading the record and compiling the rules while the first page is being opened.

Compiled code is cached on disk, so that this takes about a minute once and a moment afterwards. The
first time a process of its own does it: in this one it would keep the page from answering.
"""

import subprocess
import sys
import threading
import time
import traceback

from negotiation_abm.run.compiler import cache_folder

_ready = threading.Event()
_started = threading.Lock()
_seconds = [0.0]


def start() -> None:
    """Begin to compile, on a thread; a second call does nothing."""
    if _started.acquire(blocking=False):
        threading.Thread(target=_compile, name="compile", daemon=True).start()


def is_ready() -> bool:
    """Can the compiled run be used without waiting?"""
    return _ready.is_set()


def wait(seconds: float) -> bool:
    """Wait for the compiled run, at most so long; is it there?"""
    return _ready.wait(seconds)


def _compile() -> None:
    began = time.perf_counter()
    try:
        _read()
        _compile_apart()
        play_once()
    except Exception:  # a page that needs the run will meet the same error and show it
        traceback.print_exc()
    _seconds[0] = time.perf_counter() - began
    _ready.set()


def _read() -> None:
    """What the first view needs, so that it need not be loaded then."""
    from negotiation_abm.dashboard.views import replay  # noqa: F401
    from negotiation_abm.replay.story import SCENARIOS, load_story

    load_story(SCENARIOS[0])


ELSEWHERE = (
    "import os; getattr(os, 'nice', int)(5); "
    "from negotiation_abm.dashboard.warm import play_once; play_once()"
)


def _compile_apart() -> None:
    """Fill an empty cache of compiled rules; where there is none, they are compiled here later."""
    folder = cache_folder()
    if folder is None or any(folder.rglob("*.nbi")):
        return
    words, none = [sys.executable, "-c", ELSEWHERE], subprocess.DEVNULL
    subprocess.run(words, check=False, stdin=none, stdout=none, stderr=none)


def play_once() -> None:
    """One short run of the kind that the page uses."""
    from negotiation_abm.run.batch import blank_traces, run_replicates
    from negotiation_abm.scenario.game import build_game
    from negotiation_abm.scenario.load import load_scenario

    game = build_game(load_scenario("baseline_2025"))
    run_replicates(game, 1, 0, 1, blank_traces(game, 1))
