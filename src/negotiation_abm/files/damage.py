"""Which file of a result folder is damaged, when something made of the folder fails."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError, shortened
from negotiation_abm.files.folder import MANIFEST, files_of
from negotiation_abm.files.provenance import file_hash

POINTS = "points"  # of a sweep: the entry that knows the hash of the file of that name


@contextlib.contextmanager
def reading(*folders: Path) -> Iterator[None]:
    """Whatever fails inside because a result folder is damaged is one line that names the file.

    Every file of a folder stands in its manifest with the hash that it had, so that one which was
    cut off or replaced is found, whatever the error was that it led to.

    Raises
    ------
    InputError
        With the damaged file, or with the folder if all its files are as they were written.
    """
    try:
        yield
    except InputError as error:
        for folder in folders:
            if (folder / MANIFEST).is_file() and not isinstance(_manifest(folder), dict):
                raise InputError(folder / MANIFEST, "", f"is damaged; {error}") from None
        raise
    except MemoryError:
        raise
    except Exception as error:
        said = shortened(f"{type(error).__name__}: {error}", 200)
        for folder in folders:
            for path, problem in damages(folder):
                raise InputError(path, "", f"{problem}; make it again ({said})") from error
        problem = f"cannot be used, made by another version or changed by hand? ({said})"
        raise InputError(folders[0], "", problem) from error


def damages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files of a folder that are not as they were written, and what is wrong with each."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    manifest = _manifest(folder)
    if not isinstance(manifest, dict):
        yield path, "is damaged"
        return
    listed = dict(_hashes(manifest))
    for name, digest in listed.items():
        file = folder / name
        if not file.is_file():
            yield file, "is missing"
        elif file_hash(file) != digest:
            yield file, "is damaged, or not the file that was written there"
    if not listed:
        yield path, "lists no file, so it is damaged or of something else"


def _manifest(folder: Path) -> Any:
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _hashes(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and hashes of files, of the steps of a folder or of a sweep."""
    for entry in (manifest, *manifest.values()):
        yield from files_of(entry).items()
    points = manifest.get(POINTS)
    if isinstance(points, dict) and isinstance(points.get("sha256"), str):
        yield f"{POINTS}.parquet", points["sha256"]
