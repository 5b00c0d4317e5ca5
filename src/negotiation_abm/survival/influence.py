"""Influence of one spell of each kind on curves by week, for run-clustered (sandwich) variances.

The martingale residual of a spell in a week, over those at risk, is its influence on the hazard
of that week; all other influences are sums of it (Williams 1995). `Curves` gives the influence on a
single number without a table of kinds by weeks.
"""

import numpy as np

from negotiation_abm.survival.counts import SpellCounts
from negotiation_abm.survival.curves import ratio


def on_hazard(counts: SpellCounts, cause: int | None = None) -> np.ndarray:
    """Influence on the hazard of failure, or of one cause (from 1), by week of age.

    Returns
    -------
    ndarray, shape (num_kinds, num_weeks)
    """
    if cause is None:
        return _on_rate(counts, counts.observed, counts.ended)
    return _on_rate(counts, counts.spells.cause == cause, counts.curves.ended_by[0, cause - 1])


def _on_rate(counts: SpellCounts, hit: np.ndarray, ended: np.ndarray) -> np.ndarray:
    residual = counts.is_at_risk() * -ratio(ended, counts.at_risk)
    chosen = np.flatnonzero(hit)
    residual[chosen, counts.duration[chosen]] += 1.0
    return np.asarray(residual * ratio(1.0, counts.at_risk))


def on_log_survival(counts: SpellCounts) -> np.ndarray:
    """Influence on log S at each week, shape (num_kinds, num_weeks); 0 once S is 0."""
    return np.asarray(-np.cumsum(on_hazard(counts) * ratio(1.0, 1.0 - counts.hazard), axis=1))


def on_incidence(counts: SpellCounts, cause: int) -> np.ndarray:
    """Influence on the cumulative incidence of a cause, shape (num_kinds, num_weeks)."""
    curves = counts.curves
    before = np.concatenate([[1.0], curves.standing[0, :-1]])
    hazard = ratio(curves.ended_by[0, cause - 1], counts.at_risk)
    gone = curves.ended_by[0].sum(axis=0)
    leaving = _on_rate(counts, counts.spells.cause > 0, gone)
    stay = ratio(1.0, 1.0 - ratio(gone, counts.at_risk))
    log_before = np.zeros((len(counts.size), counts.num_weeks))
    log_before[:, 1:] = -np.cumsum(leaving * stay, axis=1)[:, :-1]
    change = before * on_hazard(counts, cause) + before * hazard * log_before
    return np.asarray(np.cumsum(change, axis=1))
