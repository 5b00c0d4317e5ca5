"""The folder of a sweep: what was asked for, what has been played, and that the two agree.

    sweep.yaml        the spec as run
    manifest.json     plan, versions, seed formula, machine, state
    points.parquet    every point: number, key, and the value of every name that varies
    runs/, spells/, turns/    parts: Parquet files with the hash of their bytes in their names
    failures/         cells that could not be played, and why
    summary.parquet   the table that `load_sweep` reads

A part is whole once its file in ``runs/`` is there: it is written last and names the others. So
whatever stops a sweep, the folder holds whole parts and leftovers that are told apart.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.files.damage import damaged
from negotiation_abm.files.whole import put, remove_asides
from negotiation_abm.sweep.cells import Cell, Rectangle, rectangles
from negotiation_abm.sweep.chunk import META, Finished, bytes_hash

KINDS = ("runs", "spells", "turns")
_UNREADABLE = (pa.ArrowException, OSError, ValueError, LookupError, TypeError, RecursionError)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """A whole part: the file of its runs, the files beside it, its rectangles."""

    path: Path
    beside: tuple[str, ...]
    rectangles: tuple[Rectangle, ...]

    @property
    def runs(self) -> int:
        """Number of runs."""
        return sum(one.runs for one in self.rectangles)

    def file(self, kind: str) -> Path:
        """The part's file of a kind."""
        folder = self.path.parent.parent
        if kind == "runs":
            return self.path
        (name,) = (name for name in self.beside if name.startswith(f"{kind}/"))
        return folder / name


class Store:
    """Parts and failures of a sweep; the caller holds the folder's lock."""

    def __init__(self, folder: Path, sweep: str, rules: str, say: Say) -> None:
        self.folder = folder
        self.sweep = sweep
        self.rules = rules
        self.parts: list[Part] = []
        self.failed: list[tuple[Rectangle, str]] = []
        self._say = say

    def load(self) -> None:
        """Take stock: check every part, drop what is damaged or was left half-written."""
        remove_asides(self.folder, is_held=True)
        found = []
        for path in sorted((self.folder / "runs").glob("*.parquet")):
            part = self._checked(path)
            if part is None:
                path.unlink()
            else:
                found.append(part)
        self.parts = list(self._distinct(found))
        self._drop_leftovers()
        self.failed = list(self._read_failures())

    def done(self) -> list[Rectangle]:
        """What has been played."""
        return [one for part in self.parts for one in part.rectangles]

    def given_up(self) -> list[Rectangle]:
        """What failed and is not to be tried again."""
        return [one for one, _ in self.failed]

    def num_runs(self) -> int:
        """Runs in the store."""
        return sum(part.runs for part in self.parts)

    def add(self, played: Finished) -> None:
        """Store what a task gave.

        Raises
        ------
        OSError
            If the disk is full or the folder cannot be written to.
        """
        name = ""
        for name, content in played.files.items():
            put(self.folder / name, content)
        if played.files:
            beside = tuple(other for other in played.files if other != name)
            found = tuple(rectangles(played.cells))
            self.parts.append(Part(self.folder / name, beside, found))
        if played.failures:
            self.add_failures(list(played.failures))

    def add_failures(self, failures: list[tuple[Cell, str]]) -> None:
        """Record cells that could not be played."""
        noted = [(rectangles([cell])[0], text) for cell, text in failures]
        self.failed += noted
        content = json.dumps([[*one, text] for one, text in noted], indent=1).encode()
        first = failures[0][0]
        name = f"{first.point:08d}-{first.first:08d}-{bytes_hash(content)}.json"
        put(self.folder / "failures" / name, content + b"\n")

    def forget_failures(self) -> None:
        """Failed cells are to be tried again."""
        for path in (self.folder / "failures").glob("*.json"):
            path.unlink()
        self.failed = []

    def _checked(self, path: Path) -> Part | None:
        content = path.read_bytes()
        if not is_whole(path, content):
            self._damaged(path)
            return None
        note = _note(content)
        if note.get("sweep") != self.sweep or note.get("rules") != self.rules:
            self._say(f"{path}: belongs to another sweep; dropped")
            return None
        for name in note["beside"]:
            beside = self.folder / name
            if not beside.is_file():
                self._damaged(path, f"{beside} is missing")
                return None
            if not is_whole(beside, beside.read_bytes()):
                self._damaged(beside)
                return None
        return _part(path, note)

    def _damaged(self, path: Path, why: str = "is damaged") -> None:
        self._say(f"{path}: {why}; its runs are played again")

    def _distinct(self, parts: list[Part]) -> Iterator[Part]:
        """Parts that share no run with one before them; others are dropped."""
        taken: list[Rectangle] = []
        for part in sorted(parts, key=lambda one: (min(one.rectangles), one.path.name)):
            lowest = min(one.point for one in part.rectangles)
            taken = [one for one in taken if one.end > lowest]
            if any(a.meets(b) for a in part.rectangles for b in taken):
                self._say(f"{part.path}: holds runs that another part holds; dropped")
                part.path.unlink()
                continue
            taken += part.rectangles
            yield part

    def _drop_leftovers(self) -> None:
        """Files beside a part that was never finished or has been dropped."""
        kept = {name for part in self.parts for name in part.beside}
        for kind in KINDS[1:]:
            for path in (self.folder / kind).glob("*.parquet"):
                if f"{kind}/{path.name}" not in kept:
                    path.unlink()

    def _read_failures(self) -> Iterator[tuple[Rectangle, str]]:
        for path in sorted((self.folder / "failures").glob("*.json")):
            try:
                for *numbers, text in json.loads(path.read_text(encoding="utf-8")):
                    yield Rectangle(*numbers), str(text)
            except (ValueError, TypeError, RecursionError):
                self._say(f"{path}: is damaged; what failed there is tried again")
                path.unlink()


def is_whole(path: Path, content: bytes) -> bool:
    """Does a file of a part hold what was written there, as its name says?"""
    return path.stem.endswith(bytes_hash(content))


def parts_of(folder: Path) -> Iterator[Part]:
    """The parts of a finished sweep, as their files say; what these hold is not looked at.

    Raises
    ------
    InputError
        If one says nothing.
    """
    for path in sorted((folder / "runs").glob("*.parquet")):
        note = _note(path)
        if not note:
            raise damaged(path)
        yield _part(path, note)


def _part(path: Path, note: dict[str, Any]) -> Part:
    return Part(path, tuple(note["beside"]), tuple(Rectangle(*r) for r in note["cells"]))


def _note(content: bytes | Path) -> dict[str, Any]:
    """The note that `negotiation_abm.sweep.chunk.encode` wrote; empty if there is none."""
    with contextlib.suppress(*_UNREADABLE):
        source = content if isinstance(content, Path) else pa.BufferReader(content)
        metadata = pq.read_schema(source).metadata
        note: dict[str, Any] = json.loads(metadata[META])
        return note
    return {}
