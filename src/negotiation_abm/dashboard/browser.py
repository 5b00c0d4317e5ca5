"""What the sweep browser asks for: its address, the folders, the command that gives the same."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.dashboard import permalink
from negotiation_abm.dashboard.permalink import Field
from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.plotting.registry import figures_of
from negotiation_abm.plotting.slices import held_text
from negotiation_abm.sweep.slices import (
    FEW,
    STUDY,
    Query,
    Sweep,
    folders_in,
    inside,
    is_sweep,
    open_sweep,
    resolved,
    slice_table,
    study_outcomes,
    value_text,
)
from negotiation_abm.sweep.summary import SUMMARY

MOST_POINTS = 400  # that can be chosen from a list


@dataclass(frozen=True)
class Asked:
    """The state of the view: a folder, what is asked of it, a point.

    Attributes
    ----------
    figure : str
        Name of a figure of the folder; empty for a slice of a sweep or a study.
    """

    folder: str
    query: Query
    point: int | None = None
    figure: str = ""

    def changed(self, **changes: Any) -> "Asked":
        """The same with something of the query changed; the point is forgotten.

        A name that becomes an axis is no longer fixed.
        """
        query = replace(self.query, **changes)
        at = {n: value for n, value in query.at.items() if n not in (query.across, query.up)}
        return replace(self, query=replace(query, at=at), point=None)

    def key(self) -> tuple[Any, ...]:
        """What a figure of it depends on."""
        query = self.query
        at = tuple(sorted((name, str(value)) for name, value in query.at.items()))
        return (
            self.folder,
            query.outcome,
            query.measure,
            query.group,
            query.across,
            query.up,
            at,
            self.point,
            self.figure,
        )


def _fixed() -> Field:
    def read(text: str) -> dict[str, str]:
        pairs = [part.partition("=") for part in text.split(";") if part]
        if not all(name and equals for name, equals, _ in pairs):
            raise ValueError(f"'{text[:60]}'; expected NAME=VALUE;NAME=VALUE")
        return {name: value for name, _, value in pairs}

    return Field({}, read, lambda at: ";".join(f"{n}={value_text(v)}" for n, v in at.items()))


def _maybe() -> Field:
    return Field(None, str)


def _point() -> Field:
    return Field(None, permalink.whole(0, 0, 10**9).read)


def fields(first: str) -> dict[str, Field]:
    """What the address holds; `first` is the folder that is shown without one."""
    names = ("outcome", "measure", "group", "across", "up")
    return (
        {"folder": Field(first, str)}
        | {name: _maybe() for name in names}
        | {"at": _fixed(), "point": _point(), "figure": Field("", str)}
    )


def first_of(root: Path) -> str:
    """The folder that is shown unless one is named: a sweep if there is one; empty for none."""
    known = folders(root)
    sweeps = (name for name in known if is_sweep(root / name))
    return next(sweeps, known[0] if known else "")


def folders(root: Path) -> list[str]:
    """Folders below `root` that hold a sweep, a study or anything else that can be drawn."""
    return folders_in(root, shows=lambda folder: bool(figures_of(folder)))


def is_sliced(folder: Path) -> bool:
    """Does the folder hold a sweep or a study, of which any slice can be shown?"""
    return is_sweep(folder) or (folder / STUDY).is_file()


def figures_in(folder: Path) -> list[str]:
    """Names of what can be shown of a folder: figures, before them nothing for a slice."""
    names = [entry.name for entry in figures_of(folder)]
    return ["", *names] if is_sliced(folder) else names


def read(query: str, root: Path) -> Asked | None:
    """What an address asks for; None if there is no folder to look at.

    Raises
    ------
    InputError
        If it asks for what is not there.
    """
    values = permalink.read(query, fields(first_of(root)))
    if not values["folder"]:
        return None
    names = ("outcome", "measure", "group", "across", "up", "at")
    of_sweep = Query(**{n: values[n] for n in names})
    asked = Asked(values["folder"], of_sweep, values["point"], values["figure"])
    return filled(asked, root)


def write(asked: Asked, root: Path) -> str:
    """The query of the address: the way back."""
    query = asked.query
    names = ("outcome", "measure", "group", "across", "up", "at")
    values = {name: getattr(query, name) for name in names}
    values |= {"folder": asked.folder, "point": asked.point, "figure": asked.figure}
    return permalink.write(values, fields(first_of(root)))


def filled(asked: Asked, root: Path) -> Asked:
    """What is asked for with what is usual filled in.

    Raises
    ------
    InputError
        If the folder, an outcome, a name or a value is not there.
    """
    from negotiation_abm.sweep.slices import study_table, values_of_point

    folder = inside(root, asked.folder)
    known = figures_in(folder)
    if asked.figure or (known and not is_sliced(folder)):
        name = asked.figure or known[0]
        if name not in known:
            raise InputError(folder, "figure", f"'{name}'; {suggest(name, known)}")
        return Asked(asked.folder, Query(), figure=name)
    if not is_sweep(folder):
        outcome = str(study_table(folder, asked.query.outcome)["outcome"].iloc[0])
        return Asked(asked.folder, Query(outcome=outcome))
    sweep = opened(folder)
    if asked.point is not None:
        values_of_point(sweep, asked.point)
    return replace(asked, query=resolved(sweep, asked.query))


def opened(folder: Path) -> Sweep:
    """A sweep, read once for as long as its summary stays as it is."""
    stamp = (folder / SUMMARY).stat().st_mtime_ns if (folder / SUMMARY).is_file() else 0
    return _opened(folder, stamp)


@lru_cache(maxsize=4)
def _opened(folder: Path, stamp: int) -> Sweep:
    return open_sweep(folder)


def outcomes_of(folder: Path) -> list[str]:
    """Names of the outcomes of a sweep or a study."""
    if not is_sweep(folder):
        return study_outcomes(pd.read_csv(folder / STUDY))
    return list(dict.fromkeys(name for _, _, name in opened(folder).outcomes()))


def choices_of(sweep: Sweep, asked: Asked) -> dict[str, list[str]]:
    """Measures, groups and axes that can be chosen for the outcome that is asked for."""
    query = asked.query
    pairs = [(m, g) for m, g, name in sweep.outcomes() if name == query.outcome]
    return {
        "measure": list(dict.fromkeys(m for m, _ in pairs if m)),
        "group": [g for m, g in pairs if m == query.measure and g],
        "across": sweep.axes,
        "up": ["", *(name for name in sweep.axes if name != query.across)],
    }


def to_fix(sweep: Sweep, asked: Asked) -> list[str]:
    """Names that are fixed at one of a few values."""
    axes = (asked.query.across, asked.query.up)
    return [n for n in sweep.names if n not in axes and len(sweep.values(n)) <= FEW]


def points_of(sweep: Sweep, asked: Asked) -> list[dict[str, str]]:
    """The points of the slice as options of a list: where each stands on the axes, its outcome."""
    query = asked.query
    axes = [str(name) for name in (query.across, query.up) if name]
    return [
        {
            "value": str(int(row["point"])),
            "text": f"{', '.join(held_text(row[name]) for name in axes)}: {row['mean']:.3g}",
        }
        for row in slice_table(sweep, query).head(MOST_POINTS).to_dict(orient="records")
    ]


def point_text(row: Mapping[Any, Any], axes: list[str]) -> str:
    """A row of a slice in words: where it stands, and what it has."""
    places = ", ".join(f"{words.setting(name)} {held_text(row[name])}" for name in axes)
    return f"{places}: {row['mean']:.3g}"


def command(asked: Asked, root: Path, is_of_point: bool) -> str:
    """The command that gives the table and the figure."""
    query = asked.query
    folder = (root / asked.folder).as_posix()
    if asked.figure:
        return shlex.join(["negotiation-abm", "plot", folder, "--figure", asked.figure])
    line = ["negotiation-abm", "slice", folder]
    names = ["measure"] if is_of_point else ["outcome", "measure", "group", "across", "up"]
    for name in names:
        value = getattr(query, name)
        if value or (name == "up" and value is not None):
            line += [f"--{name}", str(value)]
    if is_of_point:
        line += ["--point", str(asked.point)]
    else:
        for name, value in query.at.items():
            line += ["--at", f"{name}={value_text(value)}"]
    return shlex.join([*line, "--out", "results/slice"])


def run_command(sweep: Sweep, point: int) -> str:
    """The command that plays a point anew, with all the tables of a run."""
    from negotiation_abm.sweep.slices import values_of_point

    line = ["negotiation-abm", "run", sweep.scenario]
    for name, value in (sweep.set | values_of_point(sweep, point)).items():
        line += ["--set", f"{name}={value_text(value)}"]
    line += ["--replicates", str(sweep.replicates), "--seed", str(sweep.seed)]
    return shlex.join([*line, "--out", f"results/point_{point}"])
