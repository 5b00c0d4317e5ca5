"""Influence of one spell of each kind on an estimate, for run-clustered (sandwich) variances.

The martingale residual of a spell in a week, over those at risk, is its influence on the hazard
of that week; all other influences are sums of it (Williams 1995).
"""

import numpy as np

from negotiation_abm.survival.counts import SpellCounts, per


def on_hazard(counts: SpellCounts, cause: str | None = None) -> np.ndarray:
    """Influence on the hazard (of one cause) at each week, shape (num_kinds, num_weeks)."""
    if cause is None:
        hit, hazard = counts.observed, counts.hazard
    else:
        hit = (counts.kinds["cause"] == cause).to_numpy()
        hazard = per(counts.ended_by(cause), counts.at_risk)
    residual = counts.is_at_risk() * -hazard
    chosen = np.flatnonzero(hit)
    residual[chosen, counts.duration[chosen]] += 1.0
    return np.asarray(residual * per(np.ones(counts.num_weeks), counts.at_risk))


def on_log_survival(counts: SpellCounts) -> np.ndarray:
    """Influence on log S at each week, shape (num_kinds, num_weeks); 0 once S is 0."""
    left = 1.0 - counts.hazard
    step = per(np.ones(counts.num_weeks), left)
    return np.asarray(-np.cumsum(on_hazard(counts) * step, axis=1))


def on_rmst(counts: SpellCounts, until: int) -> np.ndarray:
    """Influence on the restricted mean up to `until` weeks, shape (num_kinds,)."""
    last = min(until, counts.num_weeks)
    return np.asarray(on_log_survival(counts)[:, :last] @ counts.survival[:last])


def on_incidence(counts: SpellCounts, cause: str) -> np.ndarray:
    """Influence on the cumulative incidence of a cause, shape (num_kinds, num_weeks)."""
    before = np.concatenate([[1.0], counts.survival[:-1]])
    hazard = per(counts.ended_by(cause), counts.at_risk)
    log_before = np.zeros((len(counts.size), counts.num_weeks))
    log_before[:, 1:] = on_log_survival(counts)[:, :-1]
    change = before * on_hazard(counts, cause) + before * hazard * log_before
    return np.asarray(np.cumsum(change, axis=1))
