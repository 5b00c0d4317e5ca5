"""One point of a sweep: what varies there, and how long its truces last."""

from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.damage import damaged
from negotiation_abm.files.errors import InputError
from negotiation_abm.run.step import survival_by, survival_table
from negotiation_abm.sweep.slices.sweep import Sweep
from negotiation_abm.sweep.store import is_whole, parts_of


def values_of_point(sweep: Sweep, point: int) -> dict[str, Any]:
    """What varies at a point, by dotted name.

    Raises
    ------
    InputError
        If there is no such point.
    """
    rows = sweep.table[sweep.table["point"] == point]
    if rows.empty:
        last = int(sweep.table["point"].max())
        raise InputError(sweep.path, "point", f"{point}; allowed: 0 to {last}")
    names = list(sweep.table.columns)
    varied = names[1 : names.index("runs")]
    return {name: rows[name].iloc[0] for name in varied if pd.notna(rows[name].iloc[0])}


def point_survival(sweep: Sweep, point: int) -> pd.DataFrame:
    """Survival of the truces of one point, by measure and group: columns as in ``survival.csv``.

    Raises
    ------
    InputError
        If there is no such point, or a file that holds some of its truces is damaged.
    """
    values_of_point(sweep, point)
    parts = [
        _spells_of(part.file("spells"), point)
        for part in parts_of(sweep.path)
        if any(one.point <= point < one.end for one in part.rectangles)
    ]
    spells = _joined([part for part in parts if len(part)])
    if spells is None:
        return pd.DataFrame()
    summary = sweep.table[sweep.table["point"] == point]
    return survival_table(survival_by(spells, bool((summary["group"] == "running").any())))


def _spells_of(path: Path, point: int) -> pd.DataFrame:
    """The rows of a point, of a file that is still as it was written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = path.read_bytes() if path.is_file() else b""
    if not is_whole(path, content):
        raise damaged(path)
    table = pq.read_table(pa.BufferReader(content), filters=[("point", "=", point)])
    rows: pd.DataFrame = table.to_pandas()
    return rows


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame | None:
    """Parts in order of run; those of a run stay in the order in which they ended."""
    if not parts:
        return None
    names = {"measure": str, "cause": str}
    joined = pd.concat([part.astype(names) for part in parts], ignore_index=True)
    joined["cause"] = pd.Categorical(joined["cause"], sorted(joined["cause"].unique()))
    return joined.sort_values("replicate", kind="stable", ignore_index=True)
