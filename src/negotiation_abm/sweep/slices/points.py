"""One point of a sweep: what varies there, and how long its truces last."""

from typing import Any

import pandas as pd

from negotiation_abm.files.errors import InputError
from negotiation_abm.run.step import survival_by, survival_table
from negotiation_abm.sweep.slices.sweep import Sweep


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
        If there is no such point.
    """
    import pyarrow.parquet as pq

    values_of_point(sweep, point)
    files = sorted(str(path) for path in (sweep.path / "spells").glob("*.parquet"))
    parts = [pq.read_table(file, filters=[("point", "=", point)]).to_pandas() for file in files]
    spells = _joined([part for part in parts if len(part)])
    if spells is None:
        return pd.DataFrame()
    summary = sweep.table[sweep.table["point"] == point]
    return survival_table(survival_by(spells, bool((summary["group"] == "running").any())))


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame | None:
    """Parts in order of run; those of a run stay in the order in which they ended."""
    if not parts:
        return None
    names = {"measure": str, "cause": str}
    joined = pd.concat([part.astype(names) for part in parts], ignore_index=True)
    joined["cause"] = pd.Categorical(joined["cause"], sorted(joined["cause"].unique()))
    return joined.sort_values("replicate", kind="stable", ignore_index=True)
