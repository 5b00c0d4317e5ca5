"""Log-likelihood of a record, with gradient and Hessian in closed form.

A conditional logit over the legal options of each decision plus a logit for the rounds; both are
concave, so a fit has one optimum. Only legal options are kept, one row each, which makes a call a
few small matrix products.
"""

import numpy as np

from negotiation_abm.calibration.features import Data


class Likelihood:
    """Likelihood of the decisions and rounds of one record.

    Parameters
    ----------
    data : Data
    decisions, rounds : ndarray of bool, optional
        Which of them count (all by default).

    Attributes
    ----------
    counted : ndarray of bool, shape (D,)
        `decisions`.
    """

    def __init__(
        self,
        data: Data,
        decisions: np.ndarray | None = None,
        rounds: np.ndarray | None = None,
    ) -> None:
        use = np.ones(len(data.chosen), bool) if decisions is None else decisions
        held = np.ones(len(data.round_held), bool) if rounds is None else rounds
        self.counted = use
        legal = data.legal[use]
        self.rows = np.ascontiguousarray(data.features[use][legal])  # (options, K)
        self.offset = data.offset[use][legal]
        counts = legal.sum(axis=1)
        self.starts = (np.cumsum(counts) - counts).astype(np.intp)
        self.decision = np.repeat(np.arange(len(counts)), counts)
        place = np.cumsum(legal, axis=1)[np.arange(len(counts)), data.chosen[use]] - 1
        self.chosen = self.starts + place
        self.chosen_sum = self.rows[self.chosen].sum(axis=0)
        self.round_rows = np.ascontiguousarray(data.round_features[held])
        self.round_held = data.round_held[held]

    def _choice(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probability of every legal option, and log probability of the chosen ones."""
        values = self.rows @ theta + self.offset
        if len(self.starts) == 0:  # `reduceat` refuses an empty selection
            return values, values
        values -= np.maximum.reduceat(values, self.starts)[self.decision]
        weights = np.exp(values)
        totals = np.add.reduceat(weights, self.starts)
        logs = values[self.chosen] - np.log(totals)
        return weights / totals[self.decision], logs

    def log_probabilities(self, theta: np.ndarray) -> np.ndarray:
        """Log probability of each recorded decision, move and lever, shape (D,)."""
        return self._choice(theta)[1]

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood in nats and its gradient, shape (K,)."""
        chance, logs = self._choice(theta)
        odds = self.round_rows @ theta
        expected = 1.0 / (1.0 + np.exp(-odds))
        value = logs.sum() + (self.round_held * odds - np.logaddexp(0.0, odds)).sum()
        gradient = self.chosen_sum - chance @ self.rows
        gradient += (self.round_held - expected) @ self.round_rows
        return float(value), gradient

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Minus the Hessian, shape (K, K)."""
        chance, _ = self._choice(theta)
        weighted = self.rows * chance[:, None]
        means = weighted
        if len(self.starts):
            means = np.add.reduceat(weighted, self.starts, axis=0)
        expected = 1.0 / (1.0 + np.exp(-(self.round_rows @ theta)))
        spread = (expected * (1.0 - expected))[:, None] * self.round_rows
        return np.asarray(self.rows.T @ weighted - means.T @ means + self.round_rows.T @ spread)
