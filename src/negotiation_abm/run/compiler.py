"""The compiler, and the folder in which it keeps compiled rules.

Compiled code is kept in a folder whose name is a hash of the sources, because the compiler's own
cache does not notice an edit of a rule in another file (numba#1833, numba#9483). The compiler
unpickles what it finds there, so a folder counts only if it belongs to the user and nobody else
can write to it or put another in its place; where there is none, rules are compiled anew each time.
"""

# mypy: disable-error-code="no-untyped-def"

import hashlib
import os
import stat
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from negotiation_abm.files.memory import COMPILING, check_memory
from negotiation_abm.files.resources import source_hash
from negotiation_abm.run.drafts import draft_options
from negotiation_abm.strategies import outside_files

PLACE = "NEGOTIATION_ABM_CACHE"  # environment variable that names another place; empty: no cache


def outside_hash() -> str:
    """Hash of the strategies and modules that are not of the package; empty if none."""
    digest = hashlib.sha256()
    files = outside_files()
    for name, path in files.items():
        digest.update(f"{name} ".encode())
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16] if files else ""


def cache_folder() -> Path | None:
    """Folder for compiled code of the rules as they are now; None if there is none to be trusted.

    It lies in the folder that ``NEGOTIATION_ABM_CACHE`` names, else in that of the compiler
    (``NUMBA_CACHE_DIR``), else in the user's cache. The first time that no folder can be used, one
    line on standard error says why.
    """
    key = source_hash("core", "strategies", "run/kernel.py", "run/compiler.py", "run/drafts.py")
    others = outside_hash()
    return _trusted(_base(), f"{key}-{others}" if others else key)


def _base() -> str | None:
    """The folder below which compiled code is kept; empty for none, None if there is no home."""
    for name in (PLACE, "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        if name in os.environ:
            return os.environ[name]
    try:
        return str(Path.home() / ".cache")
    except RuntimeError:
        return None


@cache
def _trusted(base: str | None, name: str) -> Path | None:
    if base == "":
        return None
    try:
        if base is None:
            raise OSError(0, "there is no home folder")
        folder = Path(base).absolute() / "negotiation_abm" / name
        for one in (folder.parent, folder):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = _why_not_private(folder)
        if problem:
            raise OSError(0, problem)
        probe = folder / f".probe.{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        where = "" if base is None else f" in {base}"
        _say(f"compiled rules cannot be kept{where} ({reason}); they are compiled anew each time")
        os.environ[PLACE] = ""  # processes that this one starts need not say so again
        return None
    return folder


def _why_not_private(folder: Path) -> str:
    """Why others could write into a folder or replace it; empty if they cannot."""
    if not hasattr(os, "getuid"):
        return ""
    user = os.getuid()
    own = folder.lstat()
    if stat.S_ISLNK(own.st_mode) or own.st_uid != user:
        return f"{folder} belongs to another user"
    if own.st_mode & 0o022:  # not as it was made: what lies in it may be anybody's
        return f"others can write to {folder}; remove it"
    for parent in folder.resolve().parents:
        status = parent.stat()
        if status.st_uid not in (user, 0):
            return f"{parent} belongs to another user"
        if status.st_mode & 0o002 and not status.st_mode & stat.S_ISVTX:
            return f"anybody can write to {parent}"
    return ""


def _say(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


@cache
def compiler() -> Any:
    """Numba, which notes in the log when a run is compiled.

    Raises
    ------
    ImportError
        If it cannot be loaded, as with too little memory.
    MemoryError
        If the system allows less memory than compiling needs.
    """
    check_memory(COMPILING, "compiling the rules")
    try:
        import numba
    except OSError as error:  # of its shared library, without a number or a file
        raise ImportError(str(error)) from error
    from numba.core.event import register

    from negotiation_abm.run.notice import Notice

    register("numba:compile", Notice("run_replicates"))
    return numba


def jit(function: Callable[..., Any], is_kept: bool = True, **options: Any) -> Callable[..., Any]:
    """A function compiled at its first call, kept in the cache if there is one to be trusted."""
    numba, folder = compiler(), cache_folder() if is_kept else None
    if folder is not None:
        numba.config.CACHE_DIR = str(folder)
    compiled: Callable[..., Any] = numba.njit(cache=folder is not None, **options)(function)
    if folder is not None:
        _forgive(compiled)
    return compiled


def _forgive(compiled: Any) -> None:
    """Let compiled code that cannot be kept, as on a full disk, be used all the same."""
    keep = compiled._cache.save_overload

    def save(signature: Any, result: Any) -> None:
        try:
            keep(signature, result)
        except OSError as error:
            reason = error.strerror or error
            _say(f"compiled rules could not be kept ({reason}); they are compiled anew each time")

    compiled._cache.save_overload = save


@cache
def callable_rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled code call a rule; returns the rule."""
    from numba.extending import register_jitable

    is_ours = (function.__module__ or "").startswith("negotiation_abm.")
    register_jitable(**draft_options(is_ours))(function)
    return function


@cache
def _register_twins() -> None:
    """Compiled versions of the few functions that copy a state."""
    from numba.extending import overload

    from negotiation_abm.core.state import INFO, STATE
    from negotiation_abm.strategies import _lookahead

    @overload(_lookahead.new_twin)
    def new_twin():
        return lambda: np.empty(1, STATE)

    @overload(_lookahead.new_info)
    def new_info():
        return lambda: np.zeros(1, INFO)

    @overload(_lookahead.copy_state)
    def copy_state(twin, state):
        def copy(twin, state):
            twin[0] = state

        return copy


def register_rules() -> None:
    """Let compiled code call every rule that is known by now."""
    from negotiation_abm.core import moves, tracker, turn
    from negotiation_abm.core._rule import RULES
    from negotiation_abm.strategies import strategies

    del moves, tracker, turn  # imported for the rules that they and those below them note down
    strategies()
    compiler()
    for function in RULES:
        callable_rule(function)
    _register_twins()
