"""What the tests of sweeps share: small specs, sweeps in folders, their hashes."""

from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.sweep.runner import SweepResult, run_sweep
from negotiation_abm.sweep.spec import SweepSpec, spec_of

BREACH = "breach_cost"
RARE = "levers.CHINA.rare_earths.irreplaceability"
SMALL: dict[str, Any] = {
    "name": "small",
    "scenario": "busan_2025",
    "design": [{"grid": {BREACH: [0.5, 2], RARE: [0.3, 0.6, 0.9]}}],
    "replicates": 60,
    "seed": 5,
}


def make_spec(folder: Path | None = None, **changes: Any) -> SweepSpec:
    """The small spec with some entries replaced."""
    path = (folder or Path()) / "sweep.yaml"
    return spec_of(path, SMALL | changes)


def sweep(out: Path, *arguments: Any, **changes: Any) -> SweepResult:
    """Run the small sweep, changed."""
    return run_sweep(make_spec(**changes), out, *arguments)


def outcome(table: pd.DataFrame, point: int, name: str, measure: Any = None, group: Any = None):
    """The row of one point and outcome."""
    chosen = table[(table["point"] == point) & (table["outcome"] == name)]
    if measure:
        chosen = chosen[(chosen["measure"] == measure) & (chosen["group"] == group)]
    (row,) = chosen.to_dict("records")
    return row
