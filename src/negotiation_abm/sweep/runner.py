"""Running a sweep: from a spec to a folder with every run played and a summary."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import prepare, write_manifest
from negotiation_abm.files.lock import locked
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.files.whole import replacing
from negotiation_abm.sweep.adaptive import Adaptive, outcome_of
from negotiation_abm.sweep.cells import Cell, Rectangle, joined, missing, shard
from negotiation_abm.sweep.executors import team_of, threads
from negotiation_abm.sweep.folder import check_there, open_folder, read_state
from negotiation_abm.sweep.games import rules
from negotiation_abm.sweep.plan import Plan, make_plan
from negotiation_abm.sweep.reader import Reader
from negotiation_abm.sweep.spec import SweepSpec, load_spec
from negotiation_abm.sweep.store import Store
from negotiation_abm.sweep.summary import SUMMARY, write_summary
from negotiation_abm.sweep.work import Work


@dataclass(frozen=True)
class SweepResult:
    """What a sweep came to.

    Attributes
    ----------
    content : str
        Hash of all runs, whatever the order in which they were played; empty for a shard.
    played : int
        Runs played now; the others were there before.
    failures : list of str
        Cells that could not be played, and why.
    unmet : list of int
        Points whose interval is wider than the stop rule's target at the cap.
    """

    folder: Path
    points: int
    runs: int
    played: int
    content: str
    failures: list[str] = field(default_factory=list)
    unmet: list[int] = field(default_factory=list)


def run_sweep(
    spec: SweepSpec | str | Path,
    out: str | Path,
    executor: Any = None,
    chunk_runs: int | None = None,
    shard_of: tuple[int, int] | None = None,
    retry_failed: bool = False,
    extend: bool = False,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> SweepResult:
    """Play what is missing of a sweep in a folder, and summarise it when nothing is.

    Parameters
    ----------
    spec : SweepSpec, str or Path
        The spec, or its shipped name or path.
    out : str or Path
        Folder; what it holds of this sweep is not played again.
    executor : object, optional
        Anything with ``submit``: an executor of `concurrent.futures`, a Dask client, or a team of
        `negotiation_abm.sweep.executors`. Threads on all cores by default. The result does not
        depend on it, nor on `chunk_runs`.
    chunk_runs : int, optional
        Runs a unit of work; about a second by default.
    shard_of : tuple of int, optional
        ``(i, n)``: play only part *i* (from 1) of *n*; see `merge_shards`.
    retry_failed : bool
        Try again what failed before.
    extend : bool
        Allow more replicates, a higher cap, or more points than the sweep was begun with.
    progress : callable, optional
        Called with the runs played so far and those to play in all, both of this call.
    say : callable, optional
        Gets a line when something was found damaged and dropped.

    Raises
    ------
    InputError
        If the spec is not admissible, the folder holds another sweep or is in use, or writing
        fails; what was stored before stays whole.
    """
    plan = make_plan(spec if isinstance(spec, SweepSpec) else load_spec(spec))
    if plan.spec.stop is not None:
        outcome_of(plan)
    window = _window(plan, shard_of)
    folder = Path(out)
    prepare(folder)
    with locked(folder), _writing(folder):
        name = f"{shard_of[0]}/{shard_of[1]}" if shard_of else None
        plan = open_folder(folder, plan, name, extend)
        store = Store(folder, plan.identity(), rules(), say or (lambda _: None))
        if retry_failed:
            store.forget_failures()
        store.load()
        adaptive = Adaptive(plan, window) if plan.spec.stop else None
        wanted = window.runs if adaptive is None else plan.spec.replicates * _points(window)
        remaining = max(1, wanted - store.num_runs())
        with contextlib.ExitStack() as stack:
            team = team_of(executor) if executor else stack.enter_context(threads())
            work = Work(plan, store, team, chunk_runs, progress)
            if adaptive is None:
                work.play(_open_cells(store, window, lambda _: plan.spec.replicates), remaining)
            else:
                _play_adaptively(store, window, adaptive, work)
        unmet = [] if adaptive is None else _unmet(adaptive, window)
        return finish(store, plan.num_points, work.runs, unmet, bool(shard_of))


def _window(plan: Plan, shard_of: tuple[int, int] | None) -> Rectangle:
    runs = plan.spec.most_runs()
    if shard_of is None:
        return Rectangle(0, plan.num_points, 0, runs)
    index, count = shard_of
    if not 1 <= index <= count:
        raise InputError("--shard", f"{index}/{count}", f"allowed: 1/{count} to {count}/{count}")
    return shard(index - 1, count, plan.num_points, runs, plan.spec.stop is not None)


def _points(window: Rectangle) -> int:
    return window.end - window.point


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """A disk that is full or a folder that is locked away is one clear line."""
    try:
        yield
    except OSError as error:
        problem = f"cannot be read or written ({error.strerror or error}); nothing stored is lost"
        raise InputError(folder, "", problem) from None


def _open_cells(store: Store, window: Rectangle, wanted: Callable[[int], int]) -> Any:
    return missing(window, wanted, store.done() + store.given_up())


def _play_adaptively(store: Store, window: Rectangle, adaptive: Adaptive, work: Work) -> None:
    """Play and look, until every point is settled."""
    while True:
        cells: list[Cell] = list(_open_cells(store, window, lambda p: int(adaptive.wanted[p])))
        work.play(cells, sum(cell.stop - cell.first for cell in cells))
        failed = np.zeros(len(adaptive.wanted), dtype=bool)
        for one in store.given_up():
            failed[one.point : one.end] = True
        adaptive.look(Reader(store.parts), failed)
        if adaptive.settled.all():
            return


def _unmet(adaptive: Adaptive, window: Rectangle) -> list[int]:
    inside = np.flatnonzero(~adaptive.met())
    return [int(p) for p in inside if window.point <= p < window.end]


def finish(store: Store, points: int, played: int, unmet: list[int], is_shard: bool) -> SweepResult:
    """Summarise the store and put down in the manifest what it came to."""
    folder = store.folder
    check_there(folder)
    state = read_state(folder)
    assert state is not None
    content = ""
    if not is_shard:
        content = _summarise(store, state, played)
    failures = list(_failures(store))
    state["state"] = "complete" if not failures else f"complete but for {len(failures)} failures"
    state["runs"] = store.num_runs()
    state["content"] = content
    state["unmet"] = unmet
    if not is_shard:
        state["files"][SUMMARY] = file_hash(folder / SUMMARY)
    write_manifest(folder, state)
    return SweepResult(folder, points, store.num_runs(), played, content, failures, unmet)


def _failures(store: Store) -> Iterator[str]:
    """A line for each point and reason, whatever the pieces in which it was tried."""
    found: dict[tuple[int, int, str], list[tuple[int, int]]] = {}
    for one, text in store.failed:
        found.setdefault((one.point, one.end, text), []).append((one.first, one.stop))
    for (point, end, text), stretches in sorted(found.items()):
        which = f"point {point}" if end == point + 1 else f"points {point} to {end - 1}"
        runs = ", ".join(f"{first} to {stop - 1}" for first, stop in joined(stretches))
        yield f"{which}, runs {runs}: {text}"


def _summarise(store: Store, state: dict[str, Any], played: int) -> str:
    """The content hash; the summary is made anew unless nothing has changed since the last."""
    target = store.folder / SUMMARY
    known = state.get("files", {}).get(SUMMARY)
    is_known = bool(known) and target.is_file() and file_hash(target) == known
    if is_known and played == 0 and state.get("runs") == store.num_runs():
        return str(state["content"])
    with replacing(target) as path:
        content, _ = write_summary(store.folder, Reader(store.parts), state["summary"], path)
    for figure in (store.folder / "figures").glob("phase.*"):  # of the summary before
        figure.unlink(missing_ok=True)
    return content
