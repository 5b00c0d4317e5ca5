"""A small sweep that the page starts: a grid over two factors, bounded in size, one at a time."""

import hashlib
import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_abm.dashboard import settings
from negotiation_abm.dashboard.jobs import Task
from negotiation_abm.dashboard.knobs import Knob, knobs
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import shipped
from negotiation_abm.files.whole import put
from negotiation_abm.replay.story import SCENARIOS
from negotiation_abm.scenario.load import FOLDER
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.spec import spec_of

PLACE = "page"  # folder below the results in which these sweeps lie
USUAL = "busan_2025"
STEPS = (2, 3, 4, 5, 6, 7, 8)  # values of a factor
RUNS = (200, 500, 1000, 2000)  # of each point; 64 points at most, so 128,000 runs
_turn = threading.Semaphore(1)


@dataclass(frozen=True)
class Axis:
    """A factor of the grid: dotted name, ends, number of values."""

    name: str
    low: float
    high: float
    steps: int

    def values(self) -> dict[str, float | int]:
        """The axis as the spec of a sweep has it."""
        return {"from": self.low, "to": self.high, "steps": self.steps}


@dataclass(frozen=True)
class Small:
    """A sweep of the page."""

    scenario: str
    across: Axis
    up: Axis
    runs: int

    @property
    def points(self) -> int:
        """Number of points of the grid."""
        return self.across.steps * self.up.steps

    @property
    def name(self) -> str:
        """Names of both factors, and a few letters that stand for the rest."""
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:6]
        return f"{_last(self.across.name)}_{_last(self.up.name)}_{digest}"

    @property
    def folder(self) -> str:
        """Its folder below the results."""
        return f"{PLACE}/{self.name}"

    def spec(self) -> dict[str, Any]:
        """The spec, as a file of it would hold it."""
        grid = {axis.name: axis.values() for axis in (self.across, self.up)}
        return {
            "name": self.name,
            "scenario": self.scenario,
            "design": [{"grid": grid}],
            "replicates": self.runs,
            "seed": settings.current().seed,
        }


def _last(name: str) -> str:
    first, *rest = name.split(".")
    return "_".join(rest[:2]) if first == "levers" else "_".join([first, *rest])


def factors() -> dict[str, Knob]:
    """What can vary, by dotted name: numbers of the model with a range, those that matter first."""
    return {knob.name: knob for knob in knobs(SCENARIOS[0])}


def checked(
    scenario: str, names: tuple[str, str], ends: list[str], steps: list[int], runs: int
) -> Small:
    """The sweep that a form asks for.

    Parameters
    ----------
    ends : list of str
        Lowest and highest value across, then up, as they were typed.

    Raises
    ------
    InputError
        If a name, a value or a size is not admissible; named in one line.
    """
    known, scenarios = factors(), shipped(FOLDER, ".yaml")
    if scenario not in scenarios:
        raise InputError("sweep", "scenario", f"'{scenario}'; {suggest(scenario, scenarios)}")
    if names[0] == names[1]:
        raise InputError("sweep", "up", "is the factor that goes across too; choose another one")
    for name in names:
        if name not in known:
            raise InputError("sweep", "factor", f"'{name}'; {suggest(name, known)}")
    if not set(steps) <= set(STEPS) or runs not in RUNS:
        raise InputError("sweep", "size", f"allowed: {STEPS[0]} to {STEPS[-1]} values of a factor")
    numbers = [_number(text) for text in ends]
    axes = [
        Axis(name, numbers[2 * k], numbers[2 * k + 1], steps[k]) for k, name in enumerate(names)
    ]
    for axis in axes:
        if not axis.low < axis.high:
            raise InputError("sweep", axis.name, f"{axis.low:g} to {axis.high:g} is no range")
    found = Small(scenario, axes[0], axes[1], runs)
    spec_of(Path(PLACE), found.spec())
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError("sweep", text[:40], "is not a number") from None


def play(small: Small, root: Path, task: Task) -> str:
    """Play what is missing of a sweep; several pages wait for each other.

    Returns
    -------
    str
        The folder below `root`. Its spec lies beside it, for the command.

    Raises
    ------
    InputError
        If a point is not admissible or the folder cannot be written to.
    CancelledError
        If it is no longer wanted; what was stored is whole, and another start goes on from there.
    """
    task.need_compiled()
    while not _turn.acquire(timeout=0.05):
        task.progress(0.0, "waiting for a sweep of another page")
    try:
        spec, out = spec_of(root, small.spec()), root / small.folder
        _write_spec(small, root)
        result = run_sweep(spec, out, chunk_runs=small.runs, progress=_told(task))
    finally:
        _turn.release()
    if result.failures:
        raise InputError(out, "", f"{len(result.failures)} points failed: {result.failures[0]}")
    return small.folder


def _told(task: Task) -> Callable[[int, int], None]:
    return lambda done, total: task.progress(done / total, f"{done:,} of {total:,} runs")


def _write_spec(small: Small, root: Path) -> None:
    import yaml

    path = spec_path(root, small.folder)
    text = yaml.safe_dump(small.spec(), sort_keys=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, text.encode())
    except OSError as error:
        reason = error.strerror or error
        raise InputError(path, "", f"cannot be written to ({reason})") from None


def spec_path(root: Path, folder: str) -> Path:
    """Where the spec of a sweep of the page lies."""
    return root / f"{folder}.yaml"


def command(root: Path, folder: str) -> str:
    """The command that plays a sweep of the page; empty for another sweep."""
    path = spec_path(root, folder)
    if not folder.startswith(f"{PLACE}/") or not path.is_file():
        return ""
    out = (root / folder).as_posix()
    return shlex.join(["negotiation-abm", "sweep", path.as_posix(), "--out", out])
