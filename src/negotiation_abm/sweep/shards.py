"""Putting the shards of a sweep together: for batch queues with no engine at all."""

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import MANIFEST, prepare, write_manifest
from negotiation_abm.files.lock import locked
from negotiation_abm.files.whole import replacing
from negotiation_abm.sweep.folder import POINTS, SPEC, read_state
from negotiation_abm.sweep.runner import SweepResult, finish
from negotiation_abm.sweep.store import Store


def merge_shards(
    out: str | Path,
    folders: Sequence[str | Path],
    say: Callable[[str], None] | None = None,
) -> SweepResult:
    """Make one sweep of the folders of its shards, and summarise it.

    Parameters
    ----------
    out : str or Path
        Folder of the whole; the shards stay as they are. Parts are linked where that is possible,
        else copied.
    folders : sequence of str or Path
        One for each shard.

    Raises
    ------
    InputError
        If a shard is missing, unfinished, damaged or of another sweep.
    """
    states = [_state(Path(folder)) for folder in folders]
    _fit_together(list(zip(map(Path, folders), states, strict=True)))
    target, first = Path(out), states[0]
    prepare(target)
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(target))
        known = read_state(target)
        if known is not None and (known["plan"] != first["plan"] or known["shard"]):
            raise InputError(target, MANIFEST, "holds another sweep; choose another folder")
        for folder in folders:
            stack.enter_context(locked(Path(folder)))
        try:
            for folder, state in zip(map(Path, folders), states, strict=True):
                _take(folder, state, target, say)
            _copy_head(Path(folders[0]), target, first)
            store = Store(target, first["sweep"], first["rules"], say or (lambda _: None))
            store.load()
            unmet = sorted(number for state in states for number in state.get("unmet", []))
            return finish(store, first["points"]["count"], 0, unmet, is_shard=False)
        except OSError as error:
            problem = f"cannot be read or written ({error.strerror or error})"
            raise InputError(target, "", problem) from None


def _state(folder: Path) -> dict[str, Any]:
    state = read_state(folder) if folder.is_dir() else None
    if state is None:
        raise InputError(folder, MANIFEST, "missing; not the folder of a shard")
    if state["shard"] is None:
        raise InputError(folder, "shard", "holds a whole sweep, not a shard of one")
    if not state["state"].startswith("complete"):
        raise InputError(folder, "", f"shard {state['shard']} is not finished; run it again")
    return state


def _fit_together(shards: list[tuple[Path, dict[str, Any]]]) -> None:
    (first_folder, first), *others = shards
    for folder, state in others:
        if state["plan"] != first["plan"] or state["rules"] != first["rules"]:
            raise InputError(folder, "", f"a shard of another sweep than {first_folder}")
    count = int(first["shard"].split("/")[1])
    found = sorted(state["shard"] for _, state in shards)
    wanted = sorted(f"{index}/{count}" for index in range(1, count + 1))
    if found != wanted:
        missing = [one for one in wanted if one not in found]
        extra = [one for one in found if found.count(one) > 1 or one not in wanted]
        problem = f"missing: {', '.join(missing) or 'none'}; unexpected: {', '.join(extra) or '-'}"
        raise InputError(first_folder.parent, "shards", problem)


def _take(
    folder: Path, state: dict[str, Any], target: Path, say: Callable[[str], None] | None
) -> None:
    """Check a shard's parts, and link or copy them and its failures."""
    store = Store(folder, state["sweep"], state["rules"], say or (lambda _: None))
    store.load()
    if store.num_runs() != state["runs"]:
        raise InputError(folder, "", f"shard {state['shard']} is damaged; run it again")
    for part in store.parts:
        for name in (*part.beside, f"runs/{part.path.name}"):
            _link(folder / name, target / name)
    for path in (folder / "failures").glob("*.json"):
        _link(path, target / "failures" / path.name)


def _link(source: Path, target: Path) -> None:
    """The same file at another place, whole or not at all."""
    if target.exists():
        return
    with replacing(target) as path:
        try:
            os.link(source, path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, path)


def _copy_head(folder: Path, target: Path, state: dict[str, Any]) -> None:
    for name in (SPEC, POINTS):
        shutil.copyfile(folder / name, target / name)
    write_manifest(target, state | {"shard": None, "state": "unfinished"})
