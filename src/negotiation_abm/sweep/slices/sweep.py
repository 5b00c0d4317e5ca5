"""One outcome of a sweep over one or two of the names that vary."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.sweep.folder import read_state
from negotiation_abm.sweep.summary import load_sweep

FEW = 40  # values of a name that can be chosen from
ESTIMATE = ("runs", "mean", "low", "high")
USUAL = ("survival_365", "rmst_weeks")  # outcomes shown first
_RUN = ""  # measure and group of an outcome of whole runs


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
    def numbers(self) -> list[str]:
        """Names that vary as numbers, those with the most values first."""
        chosen = [n for n in self.names if pd.api.types.is_numeric_dtype(self.table[n])]
        return sorted(chosen, key=lambda name: -len(self.values(name)))

    def values(self, name: str) -> list[Any]:
        """The values that a name takes, in order."""
        return sorted(self.table[name].dropna().unique().tolist())

    def outcomes(self) -> list[tuple[str, str, str]]:
        """Every (measure, group, outcome) of the table."""
        columns = self.table[["measure", "group", "outcome"]].drop_duplicates()
        return [tuple(row) for row in columns.to_numpy().tolist()]


@dataclass(frozen=True)
class Query:
    """What is asked of a sweep; None: what is usual.

    Attributes
    ----------
    across, up : str or None
        Names on the axes; `up` is empty for a curve.
    at : dict
        Values at which other names are fixed.
    """

    outcome: str | None = None
    measure: str | None = None
    group: str | None = None
    across: str | None = None
    up: str | None = None
    at: dict[str, Any] = field(default_factory=dict)


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
        table=table.fillna({"measure": _RUN, "group": _RUN}),
        names=tuple(name for name in names if table[name].nunique() > 1) or tuple(names),
        scenario=str(described["scenario"]["name"]),
        set=dict(described.get("set") or {}),
        seed=int(described["seed"]),
        replicates=int(described["replicates"]),
    )


def resolved(sweep: Sweep, query: Query) -> Query:
    """The query with what is usual filled in.

    Raises
    ------
    InputError
        If an outcome, a name or a value is not one of the sweep.
    """
    outcome, measure, group = _outcome(sweep, query)
    across, up = _axes(sweep, query)
    at: dict[str, Any] = {}
    for name, value in query.at.items():
        if name not in sweep.names:
            raise InputError(sweep.path, "at", f"'{name}'; {suggest(name, sweep.names)}")
        if name not in (across, up):
            at[name] = _value(sweep, name, value)
    for name in sweep.names:
        values = sweep.values(name)
        if name not in (across, up) and name not in at and len(values) <= FEW:
            at[name] = values[len(values) // 2]
    return Query(outcome, measure, group, across, up, at)


def _outcome(sweep: Sweep, query: Query) -> tuple[str, str, str]:
    found = sweep.outcomes()
    names = list(dict.fromkeys(name for _, _, name in found))
    usual = next((name for name in USUAL if name in names), names[0])
    outcome = query.outcome or usual
    if outcome not in names:
        raise InputError(sweep.path, "outcome", f"'{outcome}'; {suggest(outcome, names)}")
    pairs = [(m, g) for m, g, name in found if name == outcome]
    if pairs == [(_RUN, _RUN)]:
        return outcome, _RUN, _RUN
    measures = list(dict.fromkeys(m for m, _ in pairs))
    measure = query.measure or measures[0]
    if measure not in measures:
        raise InputError(sweep.path, "measure", f"'{measure}'; {suggest(measure, measures)}")
    groups = [g for m, g in pairs if m == measure]
    group = query.group or groups[0]
    if group not in groups:
        raise InputError(sweep.path, "group", f"'{group}'; {suggest(group, groups)}")
    return outcome, measure, group


def _axes(sweep: Sweep, query: Query) -> tuple[str, str]:
    numbers = sweep.numbers
    if not numbers:
        raise InputError(sweep.path, "across", "no name varies as a number")
    for place, name in (("across", query.across), ("up", query.up)):
        if name and name not in numbers:
            raise InputError(sweep.path, place, f"'{name}'; {suggest(name, numbers)}")
    across = query.across or next(name for name in numbers if name != query.up)
    if query.up == across:
        raise InputError(sweep.path, "up", f"'{across}' goes across already")
    others = [name for name in numbers if name != across and len(sweep.values(name)) <= FEW]
    up = (others[0] if others else "") if query.up is None else query.up
    return across, up


def _value(sweep: Sweep, name: str, value: Any) -> Any:
    """The value of a name that is meant; numbers may come as text."""
    values = sweep.values(name)
    if value in values:
        return value
    for known in values:
        try:
            if isinstance(known, float) and np.isclose(float(value), known, rtol=1e-9, atol=0.0):
                return known
        except (TypeError, ValueError):
            break
    shown = [f"{known:g}" if isinstance(known, float) else str(known) for known in values]
    raise InputError(sweep.path, f"at {name}", f"'{value}'; {suggest(value, shown)}")


def slice_table(sweep: Sweep, query: Query) -> pd.DataFrame:
    """One outcome over the names of a resolved query.

    Returns
    -------
    DataFrame
        One row a point: `across`, `up` (if any), runs, mean, low, high, point.
    """
    axes = [name for name in (query.across, query.up) if name]
    table = sweep.table
    chosen = table["outcome"] == query.outcome
    chosen &= (table["measure"] == query.measure) & (table["group"] == query.group)
    for name, value in query.at.items():
        chosen &= table[name] == value
    columns = [*axes, *ESTIMATE, "point"]
    return table.loc[chosen, columns].dropna(subset=axes).sort_values([*axes[::-1], "point"])


def is_grid(table: pd.DataFrame, across: str, up: str) -> bool:
    """Do the points of a slice make a grid, most of whose cells are filled, one point each?"""
    cells = table[across].nunique() * table[up].nunique()
    return not table.duplicated([across, up]).any() and len(table) >= 0.5 * cells
