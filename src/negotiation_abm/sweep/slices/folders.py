"""Folders of sweeps and studies below a folder of results, and none outside it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.sweep.slices.study import STUDY
from negotiation_abm.sweep.summary import SUMMARY


def folders_in(root: Path, shows: Callable[[Path], bool] | None = None) -> list[str]:
    """Folders up to three below `root`, as relative paths: those of which `shows` is true.

    By default those that hold a finished sweep or a study.
    """
    return sorted(_found(root, root, 3, shows or _is_sliced))


def _is_sliced(folder: Path) -> bool:
    return (folder / SUMMARY).is_file() or (folder / STUDY).is_file()


def _found(root: Path, folder: Path, depth: int, shows: Callable[[Path], bool]) -> Iterable[str]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    except OSError:
        return
    if shows(folder):
        yield folder.relative_to(root).as_posix()
    if depth > 0:
        for entry in entries:
            if not entry.is_symlink() and not entry.name.startswith("."):
                yield from _found(root, entry, depth - 1, shows)


def inside(root: Path, name: str) -> Path:
    """The folder of that name below `root`.

    Raises
    ------
    InputError
        If it lies elsewhere, or there is none.
    """
    try:
        folder = (root / name).resolve()
        is_inside = folder.is_relative_to(root.resolve())
        is_there = folder.is_dir()
    except (OSError, ValueError, RuntimeError):  # no path at all
        is_inside = is_there = False
    if not is_inside:
        raise InputError("folder", str(name)[:80], f"lies outside {root}")
    if not is_there:
        known = folders_in(root)
        raise InputError(
            "folder", str(name)[:80], f"no such folder in {root}; {suggest(name, known)}"
        )
    return folder


def is_sweep(folder: Path) -> bool:
    """Does the folder hold a sweep (else a study)?"""
    return (folder / "sweep.yaml").is_file() and "sweep" in read_manifest(folder)
