"""Reading a result folder for a figure or a report."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.damage import READ, damages
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.resources import read_text
from negotiation_abm.plotting import style


@contextlib.contextmanager
def complete(path: Path) -> Iterator[None]:
    """Say which file it is when a result lacks what a figure needs."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        read = (one for one, _ in damages(path.parent) if one.suffix in READ)
        found = next(read, path)
        problem = f"not a complete result ({type(error).__name__}: {error}); run it again"
        raise InputError(found, "", problem) from None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a result folder, or one clear line why it is none."""
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(path, "", f"not valid JSON ({error})") from None
    if not isinstance(data, dict):
        raise InputError(path, "", "not a result of this package")
    return data


def origin_of(folder: Path, step: str) -> str:
    """Where the files of a step come from, in one line of small print."""
    manifest = read_manifest(folder)
    if step == "sweep":
        return style.origin_of_sweep(manifest)
    made = manifest.get(step, {})
    return str(made.get("origin", "")) or style.origin(made)


def curves_of(folder: Path) -> pd.DataFrame | None:
    """``survival.csv`` of a run; None where no truce began."""
    summary = read_json(folder / "summary.json")
    with complete(folder / "summary.json"):
        if not summary["truces"]:
            return None
    return pd.read_csv(folder / "survival.csv")


def run_of(folder: Path) -> dict[str, Any] | None:
    """What made the run of a folder; None if the manifest does not say."""
    made = read_manifest(folder).get("run", {})
    return made if {"scenario", "replicates"} <= set(made) else None
