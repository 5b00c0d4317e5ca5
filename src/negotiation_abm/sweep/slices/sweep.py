"""A finished sweep, read: what varies in it, and what its values are."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.errors import InputError
from negotiation_abm.sweep.folder import read_state
from negotiation_abm.sweep.summary import load_sweep

FEW = 40  # values of a name that can be chosen from
NUMBER, DATE, NAME = "number", "date", "name"  # kinds of what varies, as they go along an axis
WHOLE_RUN = ""  # measure and group of an outcome of whole runs


@dataclass(frozen=True)
class Sweep:
    """A finished sweep, read.

    Attributes
    ----------
    table : DataFrame
        As `load_sweep` gives it, measure and group empty for outcomes of whole runs.
    names : tuple of str
        What varies, in order.
    scenario, set, seed, replicates
        What its points are: dotted name and value at every point, the seed of all runs.
    """

    path: Path
    table: pd.DataFrame
    names: tuple[str, ...]
    scenario: str
    set: dict[str, Any]
    seed: int
    replicates: int

    @property
    def axes(self) -> list[str]:
        """What varies, as axes are chosen: numbers, then dates, then names; most values first."""
        order = (NUMBER, DATE, NAME)

        def place(name: str) -> tuple[int, int]:
            return order.index(self.kind(name)), -len(self.values(name))

        return sorted(self.names, key=place)

    def kind(self, name: str) -> str:
        """How a name goes along an axis: number, date or name."""
        column: pd.Series[Any] = self.table[name]
        return kind_of(column)

    def values(self, name: str) -> list[Any]:
        """The values that a name takes: numbers and dates by size, names in the order of points.

        The last is None where some point leaves the name as the scenario has it.
        """
        column = self.table[name]
        known = column.dropna().unique().tolist()
        if self.kind(name) != NAME:
            known = sorted(known)
        return [*known, None] if column.isna().any() else known

    def points(self, at: dict[str, Any]) -> pd.DataFrame:
        """The points with these values, one row each: what varies."""
        points = self.table.drop_duplicates("point")
        return points.loc[is_at(points, at), ["point", *self.names]]

    def outcomes(self) -> list[tuple[str, str, str]]:
        """Every (measure, group, outcome) of the table."""
        columns = self.table[["measure", "group", "outcome"]].drop_duplicates()
        return [tuple(row) for row in columns.to_numpy().tolist()]


def is_at(table: pd.DataFrame, at: dict[str, Any]) -> pd.Series:
    """Rows at which names have these values; None for one that is as the scenario has it."""
    chosen = pd.Series(True, index=table.index)
    for name, value in at.items():
        chosen &= table[name].isna() if value is None else table[name] == value
    return chosen


def kind_of(column: pd.Series) -> str:
    """How the values of a column go along an axis: as numbers, as dates, or name by name.

    >>> kind_of(pd.Series([1.0, None])), kind_of(pd.Series(["2026-01-05", None]))
    ('number', 'date')
    >>> kind_of(pd.Series(["hold", "logit"]))
    'name'
    """
    if pd.api.types.is_numeric_dtype(column):
        return NUMBER
    known = column.dropna()
    try:
        is_date = len(known) > 0 and all(dt.date.fromisoformat(str(text)) for text in known)
    except ValueError:
        return NAME
    return DATE if is_date else NAME


def open_sweep(path: str | Path) -> Sweep:
    """Read a finished sweep.

    Raises
    ------
    InputError
        If the folder holds none.
    """
    folder = Path(path)
    table = load_sweep(folder)
    state = read_state(folder)
    if state is None:
        raise InputError(folder / "manifest.json", "", "missing")
    columns = list(table.columns)
    names = columns[1 : columns.index("runs")]
    described = state["described"]
    return Sweep(
        path=folder,
        table=table.fillna({"measure": WHOLE_RUN, "group": WHOLE_RUN}),
        names=tuple(name for name in names if table[name].nunique(dropna=False) > 1)
        or tuple(names),
        scenario=str(described["scenario"]["name"]),
        set=dict(described.get("set") or {}),
        seed=int(described["seed"]),
        replicates=int(described["replicates"]),
    )


def value_text(value: Any) -> str:
    """A value as it is written behind ``--at NAME=``; nothing for None.

    >>> value_text(0.25), value_text("logit"), value_text(None)
    ('0.25', 'logit', '')
    """
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
