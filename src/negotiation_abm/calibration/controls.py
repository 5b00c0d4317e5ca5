"""Negative controls: what the record says does nothing must do nothing in free runs.

Third-party mediation, Taiwan, Ukraine and unfounded rumours at their rate of 2025, each switched on
alone under the parameters that are being validated, against the same game without them, with the
same draws. Several intervals are looked at, so each is as wide as it takes for all of them to hold
their true values at once in 95 of 100 repetitions (Bonferroni).
"""

from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.run.paired import mean_difference
from negotiation_abm.run.play import play_one
from negotiation_abm.studies.mechanisms import STARTS, start_with

LEVEL = 0.95  # of all intervals together
CONTROLS: tuple[tuple[str, str, str | None], ...] = (
    ("mediation at its rate of 2025", "mediation", None),
    ("side issue: taiwan", "side_issues", "taiwan"),
    ("side issue: ukraine", "side_issues", "ukraine"),
    ("unfounded rumours", "side_issues", "rumours"),
)


def control_table(changes: dict[str, Any], replicates: int, seed: int) -> pd.DataFrame:
    """Paired differences that the controls make.

    Parameters
    ----------
    changes : dict
        Parameter set and other changes of the scenario, as for `load_scenario`.

    Returns
    -------
    DataFrame
        control, outcome (S(365 d) of the Busan truce; weeks to the first truce of 2025),
        difference, low, high (95 % for all rows together), verdict (pass where it holds 0).
    """
    busan, january = STARTS
    judged = dict(zip(STARTS, ("outlasts_365", "first_truce_weeks"), strict=True))

    def play(start: str, names: list[str], issue: str | None = None) -> np.ndarray:
        game = start_with(start, names, issue, changes)
        return play_one(game, [judged[start]], replicates, seed)[judged[start]]

    base = {start: play(start, []) for start in STARTS}
    level = 1.0 - (1.0 - LEVEL) / (len(CONTROLS) * len(STARTS))
    rows: list[dict[str, Any]] = []
    for label, module, issue in CONTROLS:
        for start, outcome in (
            (busan, "S(365 d), Busan truce"),
            (january, "weeks to the first truce"),
        ):
            gap = mean_difference(base[start], play(start, [module], issue), level)
            rows.append(
                {
                    "control": label,
                    "outcome": outcome,
                    "difference": gap.difference,
                    "low": gap.low,
                    "high": gap.high,
                    "verdict": "pass" if gap.is_null else "fail",
                }
            )
    return pd.DataFrame(rows)
