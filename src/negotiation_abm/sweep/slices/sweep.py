"""One outcome of a sweep over one or two of the names that vary."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.sweep.folder import read_state
from negotiation_abm.sweep.summary import load_sweep

FEW = 40  # values of a name that can be chosen from
MOST_SHOWN = 8  # values of a name in a line
NUMBER, DATE, NAME = "number", "date", "name"  # kinds of what varies, as they go along an axis
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
        names=tuple(name for name in names if table[name].nunique(dropna=False) > 1)
        or tuple(names),
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
    for name in query.at:
        if name not in sweep.names:
            raise InputError(sweep.path, "at", f"'{name}'; {suggest(name, sweep.names)}")
        if name in (query.across, query.up):
            raise InputError(sweep.path, "at", f"'{name}' is an axis; fix a name that is none")
    at = {name: _value(sweep, name, value) for name, value in query.at.items()}
    across, up = _axes(sweep, query, sweep.points(at))
    return Query(outcome, measure, group, across, up, at | _held(sweep, (across, up), at))


def _held(sweep: Sweep, axes: tuple[str, str], at: dict[str, Any]) -> dict[str, Any]:
    """Where the other names are held unless it is said: at values that points of the axes have.

    The middle of numbers and dates, and of names the first; a name that no such point sets is left
    as the scenario has it. Names with many values are not held, nor those without which nothing
    would vary, as in a design that is no grid.
    """
    points = sweep.points(at)
    on_axes = points[[name for name in axes if name]].notna().all(axis=1)
    points = points[on_axes] if on_axes.any() else points
    held: dict[str, Any] = {}
    for name in sweep.names:
        if name in (*axes, *at) or len(sweep.values(name)) > FEW:
            continue
        here = set(points[name].dropna())
        known = [value for value in sweep.values(name) if value in here]
        middle = 0 if sweep.kind(name) == NAME else len(known) // 2
        value = known[middle] if known else None
        rest = points[is_at(points, {name: value})]
        if rest[axes[0]].nunique(dropna=False) > 1 or points[axes[0]].nunique(dropna=False) < 2:
            held[name], points = value, rest
    return held


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


def _axes(sweep: Sweep, query: Query, points: pd.DataFrame) -> tuple[str, str]:
    """Names across and up: what is asked for, else the first that vary together in `points`."""
    known = sweep.axes
    if not known:
        raise InputError(sweep.path, "across", "nothing varies in this sweep")
    for place, name in (("across", query.across), ("up", query.up)):
        if name and name not in known:
            raise InputError(sweep.path, place, f"'{name}'; {suggest(name, known)}")
    free = [name for name in known if name not in query.at]
    across = query.across or next((name for name in free if name != query.up), known[0])
    if query.up == across:
        raise InputError(sweep.path, "up", f"'{across}' goes across already")
    together = points[points[across].notna()]
    others = [
        name
        for name in free
        if name != across
        and len(sweep.values(name)) <= FEW
        and together[name].nunique(dropna=False) > 1
    ]
    up = (others[0] if others else "") if query.up is None else query.up
    return across, up


def _value(sweep: Sweep, name: str, value: Any) -> Any:
    """The value of a name that is meant: numbers may come as text, and no text is None."""
    values = sweep.values(name)
    if value in values:
        return value
    if value == "" and None in values:
        return None
    for known in values:
        try:
            if isinstance(known, float) and np.isclose(float(value), known, rtol=1e-9, atol=0.0):
                return known
        except (TypeError, ValueError):
            break
    shown = [value_text(known) for known in values]
    raise InputError(sweep.path, f"at {name}", f"'{value}'; {suggest(value, shown)}")


def value_text(value: Any) -> str:
    """A value as it is written behind ``--at NAME=``; nothing for None.

    >>> value_text(0.25), value_text("logit"), value_text(None)
    ('0.25', 'logit', '')
    """
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def slice_table(sweep: Sweep, query: Query) -> pd.DataFrame:
    """One outcome over the names of a resolved query.

    Returns
    -------
    DataFrame
        One row a point: `across`, `up` (if any), names that are fixed, runs, mean, low, high,
        point. An axis is null at a point that leaves the name as the scenario has it.
    """
    axes = [name for name in (query.across, query.up) if name]
    table = sweep.table
    chosen = _is_asked(table, query) & is_at(table, query.at)
    columns = [*axes, *query.at, *ESTIMATE, "point"]
    ranks = {
        name: {value: rank for rank, value in enumerate(sweep.values(name))}
        for name in axes
        if sweep.kind(name) == NAME
    }

    def in_order(column: pd.Series) -> pd.Series:
        return column.map(ranks[column.name]) if column.name in ranks else column

    order = [*axes[::-1], "point"]
    return table.loc[chosen, columns].sort_values(order, key=in_order, ignore_index=True)


def _is_asked(table: pd.DataFrame, query: Query) -> pd.Series:
    """Rows of the outcome, measure and group of a query."""
    chosen = table["outcome"] == query.outcome
    return chosen & (table["measure"] == query.measure) & (table["group"] == query.group)


def notes_of(sweep: Sweep, query: Query) -> list[str]:
    """What a slice does not show of its sweep, in lines for people.

    Names that are held fixed with the values they could have, names that vary within the slice,
    and points that are left out as they leave a fixed name as the scenario has it.
    """
    lines = []
    for name, value in query.at.items():
        known = [value_text(one) or "as in the scenario" for one in sweep.values(name)]
        shown = ", ".join(known) if len(known) <= MOST_SHOWN else f"{len(known)} values"
        held = value_text(value) or "as in the scenario"
        lines.append(f"held fixed: {name} = {held} (of {shown}); --at {name}=VALUE for another")
    loose = [n for n in sweep.names if n not in (query.across, query.up, *query.at)]
    if loose:
        lines.append(f"vary from point to point: {', '.join(loose)}")
    left = sweep.table[_is_asked(sweep.table, query)]
    unset = [name for name, value in query.at.items() if value is not None]
    count = int(left[unset].isna().any(axis=1).sum())
    if count:
        points = "1 point that leaves" if count == 1 else f"{count} points that leave"
        lines.append(f"left out: {points} a fixed name as it is in the scenario; --at NAME= for it")
    return lines


def is_grid(table: pd.DataFrame, across: str, up: str) -> bool:
    """Do the points of a slice make a grid, most of whose cells are filled, one point each?"""
    cells = table[across].nunique(dropna=False) * table[up].nunique(dropna=False)
    return not table.duplicated([across, up]).any() and len(table) >= 0.5 * cells
