"""Influence of one spell of each kind on curves by week, for run-clustered (sandwich) variances.

The martingale residual of a spell in a week, over those at risk, is its influence on the hazard
of that week; all other influences are sums of it (Williams 1995). `Curves` gives the influence on a
single number without a table of kinds by weeks.
"""

import numpy as np

from negotiation_abm.survival.counts import SpellCounts
from negotiation_abm.survival.curves import ratio


def on_hazard(counts: SpellCounts, cause: int | None = None) -> np.ndarray:
    """Influence on the hazard (of one cause, from 1) at each week, shape (num_kinds, num_weeks)."""
    hit, ended = counts.observed, counts.ended
    if cause is not None:
        hit, ended = counts.spells.cause == cause, counts.curves.ended_by[0, cause - 1]
    residual = counts.is_at_risk() * -ratio(ended, counts.at_risk)
    chosen = np.flatnonzero(hit)
    residual[chosen, counts.duration[chosen]] += 1.0
    return np.asarray(residual * ratio(1.0, counts.at_risk))


def on_log_survival(counts: SpellCounts) -> np.ndarray:
    """Influence on log S at each week, shape (num_kinds, num_weeks); 0 once S is 0."""
    return np.asarray(-np.cumsum(on_hazard(counts) * ratio(1.0, 1.0 - counts.hazard), axis=1))


def on_incidence(counts: SpellCounts, cause: int) -> np.ndarray:
    """Influence on the cumulative incidence of a cause, shape (num_kinds, num_weeks)."""
    before = np.concatenate([[1.0], counts.survival[:-1]])
    hazard = ratio(counts.curves.ended_by[0, cause - 1], counts.at_risk)
    log_before = np.zeros((len(counts.size), counts.num_weeks))
    log_before[:, 1:] = on_log_survival(counts)[:, :-1]
    change = before * on_hazard(counts, cause) + before * hazard * log_before
    return np.asarray(np.cumsum(change, axis=1))
