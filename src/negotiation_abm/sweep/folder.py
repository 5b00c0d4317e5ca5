"""Opening a sweep's folder: a new one, the same one again, or one that is to grow."""

import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import MANIFEST, prepare, write_manifest
from negotiation_abm.files.provenance import SEED_FORMULA, describe, file_hash, text_hash
from negotiation_abm.files.resources import read_text
from negotiation_abm.files.validation import checked
from negotiation_abm.files.whole import put
from negotiation_abm.sweep.games import rules
from negotiation_abm.sweep.plan import Plan, ordered
from negotiation_abm.sweep.points import Points, points_file
from negotiation_abm.sweep.spec import plain

SPEC, POINTS = "sweep.yaml", "points.parquet"
FORMAT = 1
_SHOWN = 4  # differences


class _State(BaseModel):
    """What every manifest of a sweep holds, so that one which was cut or changed is told apart."""

    model_config = ConfigDict(extra="allow", strict=True)

    sweep: str
    plan: str
    rules: str
    shard: str | None
    described: dict[str, Any]
    name: str
    summary: dict[str, Any]
    points: dict[str, Any]
    state: str
    created: str
    files: dict[str, str] = {}


_OWN_SEEDS = "seed of a point = first 8 bytes of SHA-256 of 'SEED/KEY'; "


def read_state(folder: Path) -> dict[str, Any] | None:
    """The manifest of a sweep's folder; None if there is none.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        state = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(path, "", f"cannot be read ({error}); is it damaged?") from None
    if not isinstance(state, dict) or "sweep" not in state:
        raise InputError(path, "", "not the manifest of a sweep; choose another folder")
    if state.get("format") != FORMAT:
        raise InputError(path, "format", f"{state.get('format')}; this version reads {FORMAT}")
    return dict(checked(_State, path, state))


def check_there(folder: Path) -> None:
    """Raise an `InputError` if the folder of a sweep that is under way has been emptied."""
    if not (folder / MANIFEST).is_file():
        raise InputError(folder / MANIFEST, "", "is gone: something else has emptied the folder")


def open_folder(folder: Path, plan: Plan, shard: str | None, extend: bool) -> Plan:
    """Make the folder ready for the plan; returns it with points under their numbers there.

    Raises
    ------
    InputError
        If the folder holds another sweep, or more would be played than it was begun with and
        `extend` is false; the message shows what differs.
    """
    prepare(folder)
    state = read_state(folder)
    if state is None:
        if any((folder / "runs").glob("*.parquet")):
            raise InputError(folder, MANIFEST, "missing, but the folder holds parts of a sweep")
        _begin(folder, plan, shard)
        return plan
    _same(folder, state, plan, shard)
    is_same = state["plan"] == plan.hash()
    if not is_same:
        _may_grow(folder, state, plan, extend)
    if not is_same or state["points"]["added"]:
        keys = _keys(folder, state)
        if keys is None:
            problem = "is damaged, and the numbers of its points are not known without it"
            raise InputError(folder / POINTS, "", problem)
        plan = ordered(plan, keys)
    if not is_same or not _intact(folder, state):
        _begin(folder, plan, shard, state)
    return plan


def _same(folder: Path, state: dict[str, Any], plan: Plan, shard: str | None) -> None:
    """Raise unless the folder's runs and the plan's are of one kind."""
    now = rules()
    if state["rules"] != now:
        problem = f"was begun with other rules ({state['rules']}, now {now}); use a new folder"
        raise InputError(folder, "", problem)
    if state["shard"] != shard:
        shown = " and ".join(str(one or "the whole sweep") for one in (state["shard"], shard))
        raise InputError(folder, "--shard", f"was begun as another part of the sweep: {shown}")
    fixed = plan.fixed()
    before = {name: state["described"].get(name) for name in fixed}
    if text_hash(before) != text_hash(fixed):
        found = "; ".join(_shown(list(differences(before, plain(fixed)))))
        raise InputError(folder, "", f"holds another sweep, it differs in {found}")


def _may_grow(folder: Path, state: dict[str, Any], plan: Plan, extend: bool) -> None:
    before, now = state["described"], plan.described()
    for name in ("replicates", "cap"):
        if before[name] is not None and now[name] < before[name]:
            problem = f"{now[name]} is below the {before[name]} that the sweep there has"
            raise InputError(folder, name, problem)
    if not extend:
        grown = [n for n in ("replicates", "cap", "points", "design") if before[n] != now[n]]
        shown = differences({n: before[n] for n in grown}, {n: now[n] for n in grown})
        found = "; ".join(_shown(list(shown)))
        raise InputError(folder, "", f"the spec has changed: {found}; --extend adds what is new")


def differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """What differs between two structures: ``place: old -> new``.

    >>> list(differences({"seed": 1, "set": {"a": 2}}, {"seed": 3, "set": {"a": 2}}))
    ['seed: 1 -> 3']
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*before, *now]):
            inside = f"{place}.{name}" if place else str(name)
            yield from differences(before.get(name), now.get(name), inside)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, pair in enumerate(zip(before, now, strict=True)):
            yield from differences(*pair, f"{place}.{number}")
    elif before != now:
        yield f"{place}: {_brief(before)} -> {_brief(now)}"


def _brief(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _shown(found: list[str]) -> list[str]:
    more = len(found) - _SHOWN
    return found[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])


def _intact(folder: Path, state: dict[str, Any]) -> bool:
    wanted = {POINTS: state["points"]["sha256"], SPEC: state["files"].get(SPEC)}
    return all(
        (folder / name).is_file() and file_hash(folder / name) == digest
        for name, digest in wanted.items()
    )


def _keys(folder: Path, state: dict[str, Any]) -> list[str] | None:
    """Keys of the points that the folder has; None if its file cannot be trusted.

    The file may hold more already, if the sweep was stopped while it was made to grow.
    """
    try:
        keys = list(Points(folder / POINTS).keys())[: state["points"]["count"]]
    except (OSError, ValueError):
        return None
    return keys if text_hash(keys) == state["points"]["keys"] else None


def _begin(
    folder: Path, plan: Plan, shard: str | None, state: dict[str, Any] | None = None
) -> None:
    """Write points, spec and manifest, the manifest last."""
    spec = plan.spec.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)
    put(folder / POINTS, points_file(plan))
    put(folder / SPEC, text.encode())
    seeds = "" if plan.spec.common_random_numbers else _OWN_SEEDS
    facts = {
        "format": FORMAT,
        "sweep": plan.identity(),
        "plan": plan.hash(),
        "rules": rules(),
        "shard": shard,
        "described": plain(plan.described()),
        "name": plan.spec.name,
        "summary": {
            "days": plan.spec.days,
            "rmst_days": plan.spec.rmst_days,
            "reference": plan.reference(),
            "paired": plan.spec.common_random_numbers,
        },
        "seed_formula": seeds + SEED_FORMULA,
        "points": {
            "count": plan.num_points,
            "added": plan.order is not None,
            "keys": text_hash(list(Points(folder / POINTS).keys())),
            "sha256": file_hash(folder / POINTS),
        },
        "files": {SPEC: file_hash(folder / SPEC)},
        "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
    }
    begun = {} if state is None else {"begun": state.get("begun", state["created"])}
    write_manifest(folder, describe() | begun | facts | {"state": "unfinished"})
