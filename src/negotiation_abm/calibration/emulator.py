"""A smooth stand-in for what free runs give: quadratic regressions on simulated points.

Free runs are too slow and too noisy to be called at every step of a fit. So their outcomes are
simulated at design points that lie where the posterior does, and each outcome is regressed on a
full quadratic in the coefficients (a response surface, Box and Wilson 1951), with a ridge penalty
chosen by generalised cross-validation (Golub, Heath and Wahba 1979).
"""

from dataclasses import dataclass

import numpy as np

PENALTIES = np.logspace(-4, 5, 28)


@dataclass(frozen=True)
class Surface:
    """Quadratics ``constant + slope . z + z . curve . z`` for several outcomes.

    Attributes
    ----------
    constant : ndarray, shape (M,)
    slope : ndarray, shape (M, F)
    curve : ndarray, shape (M, F, F)
        Symmetric.
    explained : ndarray, shape (M,)
        Share of the variance over the design points that the surface explains, adjusted for its
        degrees of freedom. What it leaves is curvature and the noise of the simulated points.
    """

    constant: np.ndarray
    slope: np.ndarray
    curve: np.ndarray
    explained: np.ndarray

    def __call__(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes at `z`, shape (F,): values (M,) and gradients (M, F)."""
        bent = self.curve @ z
        return self.constant + self.slope @ z + bent @ z, self.slope + 2.0 * bent


def fit_surface(z: np.ndarray, outcomes: np.ndarray) -> Surface:
    """Regress `outcomes`, shape (N, M), on quadratics in `z`, shape (N, F)."""
    count, size = z.shape
    i, j = np.triu_indices(size)
    inputs = np.hstack([z, z[:, i] * z[:, j]])
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0)
    spread[spread == 0.0] = 1.0
    left, values, right = np.linalg.svd((inputs - middle) / spread, full_matrices=False)
    mean = outcomes.mean(axis=0)
    hits = left.T @ (outcomes - mean)
    weights = np.empty((inputs.shape[1], outcomes.shape[1]))
    explained = np.empty(outcomes.shape[1])
    for m in range(outcomes.shape[1]):
        best = np.inf
        for penalty in PENALTIES:
            kept = values**2 / (values**2 + penalty)
            rest = ((outcomes[:, m] - mean[m] - left @ (kept * hits[:, m])) ** 2).sum()
            free = count - 1.0 - kept.sum()
            score = rest / max(free, 1e-9) ** 2
            if score < best:
                best = score
                weights[:, m] = right.T @ (kept / values * hits[:, m]) / spread
                total = ((outcomes[:, m] - mean[m]) ** 2).sum() / (count - 1.0)
                explained[m] = 1.0 - rest / free / total if total > 0.0 else 1.0
    curve = np.zeros((outcomes.shape[1], size, size))
    curve[:, i, j] += 0.5 * weights[size:].T
    curve[:, j, i] += 0.5 * weights[size:].T
    return Surface(mean - middle @ weights, weights[:size].T, curve, explained)
