"""Are the probabilities right? Brier score and calibration curve."""

import numpy as np
import pandas as pd

from negotiation_abm.calibration.features import Data


def chances(data: Data, theta: np.ndarray) -> np.ndarray:
    """Probability of every option at every decision, shape (D, 20)."""
    values = np.where(data.legal, data.features @ theta + data.offset, -np.inf)
    chance = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def brier(data: Data, theta: np.ndarray) -> float:
    """Mean squared error of the probabilities of all options (0 best, 2 worst)."""
    chance = chances(data, theta)
    hit = np.zeros_like(chance)
    hit[np.arange(len(hit)), data.chosen] = 1.0
    return float(np.square(chance - hit).sum(axis=1).mean())


def calibration_curve(data: Data, theta: np.ndarray, bins: int = 8) -> pd.DataFrame:
    """Predicted against observed frequency over all legal options other than HOLD.

    Options are sorted by probability and cut into `bins` groups of about the same expected count.
    """
    chance = chances(data, theta)
    hit = np.zeros_like(chance)
    hit[np.arange(len(hit)), data.chosen] = 1.0
    keep = data.legal.copy()
    keep[:, 0] = False
    p, y = chance[keep], hit[keep]
    order = np.argsort(p)
    p, y = p[order], y[order]
    group = np.minimum((np.cumsum(p) / p.sum() * bins).astype(int), bins - 1)
    rows = [
        {
            "predicted": p[group == g].mean(),
            "observed": y[group == g].mean(),
            "options": int((group == g).sum()),
            "error": float(np.sqrt((p * (1 - p))[group == g].sum()) / (group == g).sum()),
        }
        for g in np.unique(group)
    ]
    return pd.DataFrame(rows)
