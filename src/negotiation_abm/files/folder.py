"""A result folder: files appear whole or not at all, and a manifest says what made them.

Each file in the manifest knows what it was made from in the same folder. A step that replaces a
file by another one takes with it all that was made from the old one (figures, reports, estimates);
files that nobody has listed are left alone. Steps may write into one folder at the same time.
"""

import contextlib
import errno
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.lock import hold_folder
from negotiation_abm.files.provenance import describe, file_hash
from negotiation_abm.files.resources import read_text
from negotiation_abm.files.whole import aside, put, remove_asides

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
_MADE: list[Path] = []  # folders for results that were not there before


class Draft:
    """Files of one step that are written aside and put in place together.

    ``draft.path("truces.parquet")`` gives the name to write to for now; leaving the context of
    `writing` without an exception renames all of them and updates the manifest.
    """

    def __init__(self, folder: Path, made_from: Iterable[Path] = (), keep: bool = False) -> None:
        self.folder = folder
        self._made_from = tuple(made_from)
        self._keep = keep
        self._written: dict[str, Path] = {}
        self._sources: dict[str, dict[str, str]] = {}
        self._hashes: dict[Path, str] = {}

    def path(self, name: str, made_from: Iterable[Path] = ()) -> Path:
        """Where to write the file that will be called `name` (may lie in a subfolder).

        Parameters
        ----------
        made_from : iterable of Path
            What it is made from; those that lie in the folder are noted with their hashes.
        """
        target = self.folder / name
        make(target.parent)
        self._sources[name] = self._inside((*self._made_from, *made_from))
        return self._written.setdefault(name, aside(target, target.suffix))

    def _inside(self, paths: Iterable[Path]) -> dict[str, str]:
        """Hashes of the files that lie in the folder, by their names there."""
        home, found = self.folder.resolve(), {}
        for path in paths:
            real = path.resolve()
            if real.is_relative_to(home) and real.is_file():
                if real not in self._hashes:
                    self._hashes[real] = file_hash(real)
                found[real.relative_to(home).as_posix()] = self._hashes[real]
        return found

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        self.path(name).write_text(content, encoding="utf-8")

    def json(self, name: str, data: Any) -> None:
        """Write a JSON file."""
        self.text(name, as_json(data))

    def csv(self, name: str, table: "pd.DataFrame", digits: int | None = None) -> None:
        """Write a table, its numbers with so many significant digits (default: all)."""
        written = f"%.{digits}g" if digits else None
        table.to_csv(self.path(name), index=False, float_format=written)

    def discard(self) -> None:
        """Remove what was written aside."""
        for path in self._written.values():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def commit(self, step: str, facts: dict[str, Any]) -> None:
        """Put all files in place, the manifest last; remove what is stale now."""
        entry = describe() | facts
        files = {name: file_hash(path) for name, path in self._written.items()}
        sources = {name: found for name, found in self._sources.items() if found}
        with hold_folder(self.folder):
            manifest = read_manifest(self.folder)
            older = manifest.get(step)
            if self._keep and isinstance(older, dict):
                files = files_of(older) | files
                sources = _without(_sources_of(older), self._sources) | sources
            for name, path in self._written.items():
                os.replace(path, self.folder / name)
            manifest[step] = entry | {"files": files} | ({"made_from": sources} if sources else {})
            _remove_stale(self.folder, manifest, set(files_of(older)) - set(files))
            write_manifest(self.folder, manifest)


def files_of(entry: Any) -> dict[str, str]:
    """Files of a manifest's entry with their hashes; those only that can lie in the folder.

    A manifest may have been written by somebody else: what it names is removed when it is stale.
    """
    return {name: digest for name, digest in _named(entry, "files") if isinstance(digest, str)}


def _sources_of(entry: Any) -> dict[str, dict[str, str]]:
    """What each file of an entry was made from, by name and hash."""
    return {name: used for name, used in _named(entry, "made_from") if isinstance(used, dict)}


def _named(entry: Any, part: str) -> Iterator[tuple[str, Any]]:
    found = entry.get(part) if isinstance(entry, dict) else None
    for name, value in found.items() if isinstance(found, dict) else ():
        place = Path(name)
        if name and not place.is_absolute() and ".." not in place.parts and "\0" not in name:
            yield name, value


def _without(sources: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: found for name, found in sources.items() if name not in set(names)}


def _remove_stale(folder: Path, manifest: dict[str, Any], gone: set[str]) -> None:
    """Remove files, and in turn those that were made from others than now lie there."""
    while True:
        listed = {name: h for entry in manifest.values() for name, h in files_of(entry).items()}
        for name in gone - set(listed):
            with contextlib.suppress(OSError):
                (folder / name).unlink(missing_ok=True)
        gone = set()
        for step, entry in list(manifest.items()):
            sources = _sources_of(entry)
            stale = {
                name
                for name, used in sources.items()
                if any((listed.get(one) or _hash(folder / one)) != h for one, h in used.items())
            }
            gone |= stale
            if stale:
                entry["files"] = _without(files_of(entry), stale)
                entry["made_from"] = _without(sources, stale)
                if not entry["files"]:
                    del manifest[step]
        if not gone:
            return


def _hash(path: Path) -> str:
    return file_hash(path) if path.is_file() else ""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder: one entry a step; empty if there is none that can be read."""
    try:
        manifest = json.loads(read_text(folder / MANIFEST))
    except (InputError, ValueError, RecursionError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a folder, whole or not at all."""
    put(folder / MANIFEST, as_json(manifest).encode())


def as_json(data: Any) -> str:
    """Data as the text of a JSON file."""
    return json.dumps(data, indent=2, default=str) + "\n"


def make(folder: Path) -> None:
    """Make a folder for results, and note which folders were not there before."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    _MADE.extend(new)


def remove_empty() -> None:
    """Remove the folders that were made for results and hold none, as after a refusal."""
    for folder in sorted(_MADE, key=lambda one: len(one.parts), reverse=True):
        with contextlib.suppress(OSError):  # it holds something, or is gone
            folder.rmdir()
    _MADE.clear()


def prepare(folder: Path) -> None:
    """Make a folder and see that it can be written to, before any long work.

    Raises
    ------
    InputError
        If it cannot.
    """
    try:
        make(folder)
        probe = aside(folder / "probe")
        probe.touch()
        probe.unlink()
        remove_asides(folder)
    except (OSError, ValueError) as error:  # ValueError: a null byte
        reason = getattr(error, "strerror", None) or error
        raise InputError(folder, "--out", f"cannot be written to ({reason})") from None


@contextlib.contextmanager
def writing(
    folder: Path,
    step: str,
    facts: dict[str, Any],
    made_from: Iterable[Path] = (),
    keep: bool = False,
) -> Iterator[Draft]:
    """Write the files of one step; on any exception nothing of it stays.

    Parameters
    ----------
    facts : dict
        Goes into the manifest and may be filled inside the context.
    made_from : iterable of Path
        What all the files are made from; `Draft.path` takes what one of them is made from.
    keep : bool
        Keep what the step has written there before under other names. By default it goes.
    """
    prepare(folder)
    draft = Draft(folder, made_from, keep)
    try:
        yield draft
        draft.commit(step, facts)
    except OSError as error:
        draft.discard()
        if error.errno in (None, errno.ENOMEM):  # a library that does not load, say
            raise
        raise InputError(folder, "", f"writing stopped ({error.strerror or error})") from None
    except BaseException:
        draft.discard()
        raise
