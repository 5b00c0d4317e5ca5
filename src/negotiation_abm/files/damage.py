"""Which file of a result folder is damaged, before or when something made of the folder fails."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError, shortened
from negotiation_abm.files.folder import MANIFEST, files_of
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.files.resources import read_text

POINTS = "points"  # of a sweep: the entry that knows the hash of the file of that name
READ = (".csv", ".json", ".parquet", ".yaml")  # kinds of files that others are made from


@contextlib.contextmanager
def reading(*folders: Path) -> Iterator[None]:
    """What is made of result folders is made of files as they were written.

    Every file of a folder stands in its manifest with the hash that it had. A table that was cut
    off at a line, or replaced by one of another run, can be read and would give a wrong answer:
    it is refused before anything is made of it. Whatever fails inside is one line that names the
    damaged file, whatever the error was that it led to.

    Raises
    ------
    InputError
        With the damaged file, or with the folder if all its files are as they were written.
    """
    for folder in folders:
        if (folder / MANIFEST).exists() and not isinstance(_manifest(folder), dict):
            raise InputError(folder / MANIFEST, "", "is damaged; make it again")
        names = listed(folder)
        if names and not any((folder / name).exists() for name in names):
            problem = "lists no file that lies here, so it is of another folder; make it again"
            raise InputError(folder / MANIFEST, "", problem)
        for path in _altered(folder):
            if path.suffix in READ:
                raise damaged(path)
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        said = shortened(f"{type(error).__name__}: {error}", 200)
        for folder in folders:
            for path, problem in damages(folder):
                raise InputError(path, "", f"{problem}; make it again ({said})") from error
        problem = f"cannot be used, made by another version or changed by hand? ({said})"
        if not folders:
            raise
        raise InputError(folders[0], "", problem) from error


_ALTERED = "is damaged, or not the file that was written there"


def damaged(path: Path) -> InputError:
    """One line about a file of results that is not as it was written."""
    return InputError(path, "", f"{_ALTERED}; make it again")


def damages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files of a folder that are not as they were written, and what is wrong with each."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    manifest = _manifest(folder)
    if not isinstance(manifest, dict):
        yield path, "is damaged"
        return
    for gone in missing(folder):
        yield gone, "is missing"
    for file in _altered(folder):
        yield file, _ALTERED
    if not _hashes(manifest):
        yield path, "lists no file, so it is damaged or of something else"


def listed(folder: Path) -> set[str]:
    """Names of the files that the manifest of a folder lists: those whose origin is known."""
    manifest = _manifest(folder)
    return set(_hashes(manifest)) if isinstance(manifest, dict) else set()


def missing(*folders: Path) -> Iterator[Path]:
    """Files that the manifests of some folders list, and that are not there."""
    for folder in folders:
        for name in listed(folder):
            if not (folder / name).is_file():
                yield folder / name


def _altered(folder: Path) -> Iterator[Path]:
    """What lies in a folder under the name of a file, and is not what was written there."""
    manifest = _manifest(folder)
    hashes = _hashes(manifest) if isinstance(manifest, dict) else {}
    for name, digests in hashes.items():
        file = folder / name
        if file.exists() and (not file.is_file() or file_hash(file) not in digests):
            yield file


def _manifest(folder: Path) -> Any:
    try:
        return json.loads(read_text(folder / MANIFEST))
    except (InputError, ValueError, RecursionError):
        return None


def _hashes(manifest: dict[str, Any]) -> dict[str, set[str]]:
    """Hashes of files by name: of the steps of a folder, which may share a file, or of a sweep."""
    hashes: dict[str, set[str]] = {}
    for entry in (manifest, *manifest.values()):
        for name, digest in files_of(entry).items():
            hashes.setdefault(name, set()).add(digest)
    points = manifest.get(POINTS)
    if isinstance(points, dict) and isinstance(points.get("sha256"), str):
        hashes.setdefault(f"{POINTS}.parquet", set()).add(points["sha256"])
    return hashes
