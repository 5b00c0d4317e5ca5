"""A result folder: files appear whole or not at all, and a manifest says what made them."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.provenance import describe, file_hash

MANIFEST = "manifest.json"


class Draft:
    """Files of one step that are written aside and put in place together.

    ``draft.path("truces.parquet")`` gives the name to write to for now; leaving the context of
    `writing` without an exception renames all of them and updates the manifest.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, Path] = {}

    def path(self, name: str) -> Path:
        """Where to write the file that will be called `name` (may lie in a subfolder)."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
        self._written[name] = aside
        return aside

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        self.path(name).write_text(content, encoding="utf-8")

    def json(self, name: str, data: Any) -> None:
        """Write a JSON file."""
        self.text(name, json.dumps(data, indent=2, default=str) + "\n")

    def discard(self) -> None:
        """Remove what was written aside."""
        for aside in self._written.values():
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)

    def commit(self, step: str, facts: dict[str, Any]) -> None:
        """Put all files in place, the manifest last."""
        files = {}
        for name, aside in self._written.items():
            files[name] = file_hash(aside)
        for name, aside in self._written.items():
            os.replace(aside, self.folder / name)
        manifest = read_manifest(self.folder)
        manifest[step] = describe() | facts | {"files": files}
        aside = self.path(MANIFEST)
        aside.write_text(json.dumps(manifest, indent=2, default=str) + "\n", encoding="utf-8")
        os.replace(aside, self.folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder: one entry a step; empty if there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def prepare(folder: Path) -> None:
    """Make a folder and see that it can be written to, before any long work.

    Raises
    ------
    InputError
        If it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(folder, "--out", f"cannot be written to ({error.strerror})") from None


@contextlib.contextmanager
def writing(folder: Path, step: str, facts: dict[str, Any]) -> Iterator[Draft]:
    """Write the files of one step; on any exception nothing of it stays.

    `facts` goes into the manifest and may be filled inside the context.
    """
    prepare(folder)
    draft = Draft(folder)
    try:
        yield draft
        draft.commit(step, facts)
    except OSError as error:
        draft.discard()
        raise InputError(folder, "", f"writing stopped ({error.strerror or error})") from None
    except BaseException:
        draft.discard()
        raise
