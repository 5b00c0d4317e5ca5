"""What a result rests on: version, sources, scenario, parameters, seed and environment."""

import contextlib
import datetime as dt
import hashlib
import json
import platform
import subprocess
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from negotiation_abm import __version__
from negotiation_abm.files.resources import source_hash

SEED_FORMULA = "uniforms = Philox4x32-10(key=seed, counter=(replicate, turn, block))"
PACKAGES = ("mesa", "numpy", "numba", "scipy", "pandas", "pyarrow", "matplotlib", "pydantic")


def text_hash(data: Any) -> str:
    """Hash of a structure that JSON can hold, whatever the order of its keys."""
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_state() -> dict[str, Any] | None:
    """Commit of the checkout that the package runs from, and whether it has changes."""
    here = Path(__file__).resolve().parents[1]

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=True, timeout=10
        )
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != here.parent.parent:
            return None
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def environment() -> dict[str, Any]:
    """Versions of the package, Python and what matters, and the kind of machine."""
    return {
        "negotiation_abm": __version__,
        "source_hash": source_hash(),
        "git": git_state(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
    }


_command: list[str] | None = None  # the command that is being carried out


@contextlib.contextmanager
def carrying_out(words: Sequence[str]) -> Iterator[None]:
    """Results that are written meanwhile are those of a command of the command line."""
    global _command
    before, _command = _command, ["negotiation-abm", *words]
    try:
        yield
    finally:
        _command = before


def describe() -> dict[str, Any]:
    """The part of a manifest that every result has.

    ``command`` is None and ``called_from`` ``python`` where no command of the command line is being
    carried out, as in a notebook.
    """
    return {
        "command": _command,
        "called_from": "python" if _command is None else "command line",
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "environment": environment(),
    }
