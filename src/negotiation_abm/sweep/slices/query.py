"""What is asked of a sweep: one outcome over one or two of the names that vary."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.sweep.slices.sweep import FEW, NAME, WHOLE_RUN, Sweep, is_at, value_text

MOST_SHOWN = 8  # values of a name in a line
ESTIMATE = ("runs", "mean", "low", "high")
USUAL = ("survival_365", "rmst_weeks")  # outcomes shown first


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
    if pairs == [(WHOLE_RUN, WHOLE_RUN)]:
        return outcome, WHOLE_RUN, WHOLE_RUN
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
