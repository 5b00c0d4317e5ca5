"""A seeded simulator of faults: sweeps and steps on a disk and with workers that fail.

    python tests/simulation.py --seed 1 --count 10000

Schedule number *n* of a seed depends on the two alone. Every open, write, fsync, rename, link and
removal in the folder, every table that is written and every answer of a worker is an occasion. At
one or two of them, chosen by the seed, something happens: the operation fails, a write is torn, a
worker raises, its pool breaks, its answer comes late, the user interrupts, or the process dies:
from there on nothing reaches the disk any more, whatever the code goes on to do. After each fault
the same command is given again. In the end the folder must hold what it holds without any fault, to
the byte where the file has no date in it, and nothing half-written.
"""

import argparse
import contextlib
import errno
import hashlib
import io
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as pq

from negotiation_abm.files import provenance
from negotiation_abm.files.damage import damages
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.sweep import runner, work
from negotiation_abm.sweep.executors import Team
from negotiation_abm.sweep.plan import make_plan
from negotiation_abm.sweep.runner import run_sweep
from sweep_helpers import SMALL, make_spec

FAULTS = ("fails", "torn", "dies", "interrupted")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT, errno.EROFS)
DEAD = 999_999_999  # no process has this number
DATED = ("manifest.json",)


class Killed(BaseException):
    """The process is dead: nothing of what follows happens."""


class Disk:
    """Operations in a folder, counted, of which some come to grief.

    Parameters
    ----------
    faults : dict of int to str
        What happens at the occasion of that number.
    """

    def __init__(self, folder: Path, faults: dict[int, str], rng: random.Random) -> None:
        self.folder = str(folder)
        self.faults = faults
        self.count = 0
        self.is_dead = False
        self.happened: list[str] = []
        self._rng = rng

    def occasion(self, name: str, tear: Callable[[], Any] | None = None) -> None:
        """One operation is about to be done."""
        if self.is_dead:
            raise Killed
        fault = self.faults.get(self.count)
        self.count += 1
        if fault is None:
            return
        self.happened.append(f"{self.count - 1} {name} {fault}")
        if tear is not None and (fault == "torn" or (fault == "dies" and self._rng.random() < 0.5)):
            tear()
        if fault == "dies":
            self.is_dead = True
            raise Killed
        if fault == "interrupted":
            raise KeyboardInterrupt
        number = self._rng.choice(ERRORS)
        raise OSError(number, os.strerror(number))

    def holds(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.folder)

    def guarded(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """An operation on a path."""

        def call(path: Any, *arguments: Any, **options: Any) -> Any:
            if self.holds(path):
                self.occasion(name)
            return real(path, *arguments, **options)

        return call

    def open(self, path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not self.holds(path) or not set(mode) & set("wax+"):
            return REAL_OPEN(path, mode, *arguments, **options)
        self.occasion("open")
        return Stream(self, REAL_OPEN(path, mode, *arguments, **options))

    def table(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Part of a table is written."""

        def call(writer: Any, *arguments: Any, **options: Any) -> Any:
            self.occasion("table")
            return real(writer, *arguments, **options)

        return call


REAL_OPEN = io.open


class Stream:
    """A file that is open for writing."""

    def __init__(self, disk: Disk, stream: Any) -> None:
        self._disk = disk
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: Any) -> None:
        self._stream.close()

    def write(self, content: Any) -> Any:
        self._disk.occasion("write", lambda: self._tear(content))
        return self._stream.write(content)

    def _tear(self, content: Any) -> None:
        self._stream.write(content[: len(content) // 2])
        self._stream.flush()


@contextlib.contextmanager
def on(disk: Disk) -> Iterator[None]:
    """Whatever is done in the folder of the disk goes through it."""
    patches: list[Any] = [
        mock.patch.object(os, name, disk.guarded(name, getattr(os, name)))
        for name in ("replace", "rename", "unlink", "mkdir", "link")
    ]
    real_sync = os.fsync

    def sync(number: int) -> None:
        disk.occasion("fsync")
        real_sync(number)

    patches += [
        mock.patch.object(os, "fsync", sync),
        mock.patch.object(io, "open", disk.open),
        mock.patch.object(os, "getpid", return_value=DEAD),
        mock.patch.object(
            pq.ParquetWriter, "write_table", disk.table(pq.ParquetWriter.write_table)
        ),
        mock.patch.object(provenance, "environment", dict),
    ]
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        yield


# ---------------------------------------------------------------------------
# Workers


class Workers:
    """An executor in this process that ends tasks in any order, or not as it should."""

    def __init__(self, disk: Disk, rng: random.Random) -> None:
        self._disk = disk
        self._rng = rng
        self._waiting: list[tuple[Future[Any], Any, Any]] = []

    def submit(self, function: Any, argument: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, function, argument))
        return future

    def shutdown(self, wait: bool = True, cancel_futures: bool = False) -> None:
        self._waiting = []

    def end_one(self) -> None:
        """One of those at work gives its answer; the others are late."""
        future, function, argument = self._waiting.pop(self._rng.randrange(len(self._waiting)))
        try:
            self._disk.occasion("worker")
        except OSError:
            kinds = (RuntimeError("lost"), MemoryError(), OSError("gone"), BrokenExecutor("died"))
            error = self._rng.choice(kinds)
            future.set_exception(error)
            if isinstance(error, BrokenExecutor):  # and takes the others with it
                for other, _, _ in self._waiting:
                    other.set_exception(error)
                self._waiting = []
            return
        if not future.cancelled():
            future.set_result(function(argument))


class Line:
    """The queue of answers: whoever waits for one makes a worker give it."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._numbers: list[int] = []

    def put(self, number: int) -> None:
        self._numbers.append(number)

    def get(self) -> int:
        while not self._numbers:
            self._team.executor.end_one()
        return self._numbers.pop(0)


# ---------------------------------------------------------------------------
# A sweep


@lru_cache
def plan_of_sweep() -> Any:
    spec = SMALL | {"replicates": 4, "design": [{"grid": {"breach_cost": [0.5, 1, 2]}}]}
    return make_plan(make_spec(**{name: value for name, value in spec.items() if name != "seed"}))


@lru_cache(maxsize=200)
def _played(cells: tuple[Any, ...]) -> Any:
    plan = plan_of_sweep()
    return REAL_PLAY(work.task_of(plan, list(cells), plan.identity()))


REAL_PLAY = work.play


def sweep_once(folder: Path, disk: Disk, rng: random.Random, is_last: bool) -> str:
    """Give the command of a sweep; returns the hash of its content."""
    team = Team(Workers(disk, rng), 3, lambda: Workers(disk, rng))
    patches = (
        mock.patch.object(runner, "make_plan", return_value=plan_of_sweep()),
        mock.patch.object(work, "play", lambda task: _played(task.cells)),
        mock.patch.object(work.queue, "SimpleQueue", return_value=Line(team)),
    )
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        chunk = rng.choice((1, 2, 4, 5, 12))
        plan = plan_of_sweep()
        done = run_sweep(plan.spec, folder, team, chunk, retry_failed=is_last or rng.random() < 0.5)
    return done.content


# ---------------------------------------------------------------------------
# Steps, one made from the files of another


def steps_once(folder: Path, disk: Disk, rng: random.Random, is_last: bool) -> str:
    """A run, figures of it, the run again with other numbers, figures of that."""
    for version in ("1", "2"):
        with writing(folder, "run", {"version": version}) as draft:
            draft.text("runs.csv", f"runs {version}\n" * 50)
            draft.json("summary.json", {"version": version})
            draft.path(f"only_{version}.txt").write_text(version)
        source = folder / "runs.csv"
        with writing(folder, "plot", {}, made_from=[source], keep=True) as draft:
            draft.text("figures/a.svg", f"<svg>{version}</svg>")
        with writing(folder, "report", {}) as draft:
            draft.path("report.html", made_from=[folder / "figures/a.svg"]).write_text(version)
    return "steps"


KINDS: dict[str, Callable[[Path, Disk, random.Random, bool], str]] = {
    "sweep": sweep_once,
    "steps": steps_once,
}


# ---------------------------------------------------------------------------
# A schedule


def contents(folder: Path) -> dict[str, str]:
    """Hashes of files by name; of parts of a sweep, whose size may differ, nothing."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in (*DATED, ".lock")
        and path.parent.name not in ("runs", "spells", "turns", "failures")
    }


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, where there is one."""
    memory = Path("/dev/shm")
    home = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=home) as name:
        yield Path(name)


@lru_cache
def reference(kind: str) -> tuple[str, dict[str, str], int]:
    """What a folder holds without any fault, and how many occasions there were."""
    with scratch() as home:
        disk = Disk(home, {}, random.Random(0))
        with on(disk):
            content = KINDS[kind](home / "out", disk, random.Random(0), True)
        return content, contents(home / "out"), disk.count


def schedule(seed: int, number: int) -> str:
    """What is wrong after schedule `number` of a seed; empty if nothing is."""
    rng = random.Random(f"{seed}/{number}")
    kind = rng.choice(list(KINDS))
    content, files, occasions = reference(kind)
    happened: list[str] = []
    with scratch() as home:
        out = home / "out"
        for left in reversed(range(rng.choice((2, 2, 2, 3)))):
            faults = {}
            if left:
                for _ in range(rng.choice((1, 1, 2))):
                    faults[rng.randrange(int(occasions * 1.1))] = rng.choice(FAULTS)
            disk = Disk(home, faults, rng)
            try:
                with on(disk):
                    found = KINDS[kind](out, disk, rng, not left)
            except (InputError, Killed, KeyboardInterrupt) as error:
                happened += [*disk.happened, f"-> {type(error).__name__}: {error}"[:200]]
                if not left:
                    return f"{kind}: not resumed after {happened}"
                continue
            except BaseException:
                return f"{kind}: after {[*happened, *disk.happened]}\n{traceback.format_exc()}"
            happened += [*disk.happened, "-> done"]
        if found != content:
            return f"{kind}: another content after {happened}"
        now = contents(out)
        if now != files:
            other = sorted(n for n in {*now, *files} if now.get(n) != files.get(n))
            return f"{kind}: {other} differ after {happened}"
        halves = [path.name for path in out.rglob("*") if ".part" in path.name]
        if halves or os.path.exists(out / ".probe"):
            return f"{kind}: {halves} left after {happened}"
        wrong = [str(path) for path, _ in damages(out)] if kind == "steps" else []
        if wrong:
            return f"{kind}: {wrong} are not what the manifest says, after {happened}"
    return ""


def command_line() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--only", type=int, help="this schedule alone")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    if options.only is not None:
        numbers = range(options.only, options.only + 1)
    began, failed = time.monotonic(), 0
    for done, number in enumerate(numbers, start=1):
        problem = schedule(options.seed, number)
        if problem:
            failed += 1
            print(f"--seed {options.seed} --only {number}: {problem}\n", flush=True)
        if done % 1_000 == 0:
            print(
                f"{done} schedules, {failed} failed, {time.monotonic() - began:.0f} s", flush=True
            )
    counts = ", ".join(f"{kind} {reference(kind)[2]}" for kind in KINDS)
    print(f"{len(numbers)} schedules, {failed} failed, {time.monotonic() - began:.0f} s", end="")
    print(f"; occasions: {counts}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(command_line())
