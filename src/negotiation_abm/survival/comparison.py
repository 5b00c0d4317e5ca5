"""Log-rank test of several groups of spells on whole weeks.

With simulated data a p-value says how many runs were made: any difference, however small, becomes
significant with more of them. Effect sizes (`rmst_difference`) lead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from negotiation_abm.survival.counts import SpellCounts
from negotiation_abm.survival.curves import ratio

WARNING = (
    "With simulated data the p-value follows the number of runs: make more and it shrinks.\n"
    "Read the differences and their Monte-Carlo errors."
)


@dataclass(frozen=True)
class LogRank:
    """Log-rank test: statistic, degrees of freedom, p-value; and with variance clustered by run."""

    statistic: float
    degrees: int
    p_value: float
    clustered_statistic: float
    clustered_p_value: float


def log_rank(groups: Sequence[SpellCounts]) -> LogRank:
    """Test equality of hazards; groups are independent, each may have late entries."""
    longest = max(group.num_weeks for group in groups)
    at_risk = np.array([_to(group.at_risk, longest) for group in groups])
    ended = np.array([_to(group.ended, longest) for group in groups])
    total, events = at_risk.sum(axis=0), ended.sum(axis=0)
    share = at_risk * ratio(1.0, total)
    score = (ended - share * events).sum(axis=1)
    spread = events * ratio(total - events, total - 1.0)
    plain = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    clustered = sum(
        (
            group.covariance(_influence(group, number, share, ratio(events, total)))
            for number, group in enumerate(groups)
        ),
        np.zeros((len(groups), len(groups))),
    )
    from scipy.special import chdtrc  # slow to import

    degrees = len(groups) - 1
    values = [_quadratic(score, matrix) for matrix in (plain, clustered)]
    tails = [float(chdtrc(degrees, value)) for value in values]
    return LogRank(values[0], degrees, tails[0], values[1], tails[1])


def _to(values: np.ndarray, size: int) -> np.ndarray:
    return np.pad(values.astype(float), (0, size - len(values)))


def _quadratic(score: np.ndarray, covariance: np.ndarray) -> float:
    """Score statistic; the last group is implied by the others."""
    first, matrix = score[:-1], covariance[:-1, :-1]
    return float(first @ np.linalg.pinv(matrix, hermitian=True) @ first)


def _influence(
    group: SpellCounts, number: int, share: np.ndarray, hazard: np.ndarray
) -> np.ndarray:
    """Influence of a spell of each kind of one group on the scores, shape (num_kinds, groups)."""
    size = group.num_weeks
    residual = group.is_at_risk() * -hazard[:size]
    hit = np.flatnonzero(group.observed)
    residual[hit, group.duration[hit]] += 1.0
    own = np.zeros(share.shape)
    own[number] = 1.0
    return np.asarray(residual @ (own - share)[:, :size].T)
