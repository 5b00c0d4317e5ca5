"""Simple statistics to beat: each predicts the type of a move, then its lever by frequency.

All are fitted on the training decisions alone, with half a count added to every cell, and give
probabilities over legal moves only.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from negotiation_abm.calibration.features import Data
from negotiation_abm.core.terms import NUM_OPTIONS, lever_of, move_of

NUM_TYPES = 5
START = NUM_TYPES  # the state before any move
HALF = 0.5
RIDGE = 1.0

Types = np.ndarray  # probability of each type of move at each decision, shape (D, 5)
_TYPE = np.array([move_of(option) for option in range(NUM_OPTIONS)])
_LEVER = np.array([lever_of(option) for option in range(NUM_OPTIONS)])


def types_of(data: Data) -> np.ndarray:
    """Type of each recorded move, shape (D,)."""
    return np.asarray(_TYPE[data.chosen])


def legal_types(data: Data) -> np.ndarray:
    """Which types have a legal option, shape (D, 5)."""
    return np.stack([data.legal[:, kind == _TYPE].any(axis=1) for kind in range(NUM_TYPES)], axis=1)


def _normalised(weights: np.ndarray, legal: np.ndarray) -> Types:
    kept = weights * legal
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def previous_types(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Last type of the opponent and of oneself before each decision (`START` before any)."""
    last = np.full(2, START)
    own, other = [], []
    for player, kind in zip(data.player, types_of(data), strict=True):
        own.append(last[player])
        other.append(last[1 - player])
        last[player] = kind
    return np.array(other), np.array(own)


def uniform(data: Data, train: np.ndarray) -> Types:
    """Every legal type alike."""
    return _normalised(np.ones((len(data.chosen), NUM_TYPES)), legal_types(data))


def frequencies(data: Data, train: np.ndarray) -> Types:
    """Frequency of each type, by player."""
    return _normalised(_table(data, train, data.player, 2), legal_types(data))


def _table(data: Data, train: np.ndarray, state: np.ndarray, num_states: int) -> np.ndarray:
    """Smoothed frequency of the types in each state, read off at every decision."""
    counts = np.full((num_states, NUM_TYPES), HALF)
    np.add.at(counts, (state[train], types_of(data)[train]), 1.0)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(shares[state])


def markov_pooled(data: Data, train: np.ndarray) -> Types:
    """Order-1 chain on the opponent's last move, one table for both players."""
    other, _ = previous_types(data)
    return _normalised(_table(data, train, other, NUM_TYPES + 1), legal_types(data))


def markov_by_player(data: Data, train: np.ndarray) -> Types:
    """Order-1 chain on the opponent's last move, a table for each player."""
    other, _ = previous_types(data)
    state = other + (NUM_TYPES + 1) * data.player
    return _normalised(_table(data, train, state, 2 * (NUM_TYPES + 1)), legal_types(data))


def noisy_tit_for_tat(data: Data, train: np.ndarray) -> Types:
    """Answers the opponent's last type, or (with a fitted chance) moves by frequency."""
    other, _ = previous_types(data)
    answer = np.zeros((len(other), NUM_TYPES))
    known = other < NUM_TYPES
    answer[np.flatnonzero(known), other[known]] = 1.0
    base = frequencies(data, train)
    legal, kinds = legal_types(data), types_of(data)

    def mixed(noise: float) -> Types:
        return _normalised((1.0 - noise) * answer + noise * base, legal)

    grid = np.linspace(0.01, 1.0, 100)
    scores = [np.log(mixed(noise)[train, kinds[train]]).sum() for noise in grid]
    return mixed(float(grid[int(np.argmax(scores))]))


def ridge_multinomial(data: Data, train: np.ndarray) -> Types:
    """Multinomial logit on player and both last types, with a ridge penalty."""
    other, own = previous_types(data)
    size = NUM_TYPES + 1
    inputs = np.hstack([np.ones((len(other), 1)), data.player[:, None], np.eye(size)[other],
                        np.eye(size)[own]])  # fmt: skip
    legal, kinds = legal_types(data), types_of(data)
    hits = np.eye(NUM_TYPES)[kinds]

    def chances(flat: np.ndarray) -> Types:
        values = inputs @ flat.reshape(inputs.shape[1], NUM_TYPES)
        return _normalised(np.exp(values - values.max(axis=1, keepdims=True)), legal)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        p = chances(flat)
        score = np.log(p[train, kinds[train]]).sum() - 0.5 * RIDGE * flat @ flat
        slope = inputs[train].T @ (hits[train] - p[train])
        return -score, RIDGE * flat - slope.ravel()

    found = minimize(loss, np.zeros(inputs.shape[1] * NUM_TYPES), jac=True, method="L-BFGS-B")
    return chances(found.x)


BASELINES: dict[str, Callable[[Data, np.ndarray], Types]] = {
    "uniform": uniform,
    "move frequencies by player": frequencies,
    "noisy tit-for-tat": noisy_tit_for_tat,
    "order-1 Markov by player": markov_by_player,
    "order-1 Markov pooled": markov_pooled,
    "ridge multinomial": ridge_multinomial,
}


def lever_log_shares(data: Data, train: np.ndarray, even: bool = False) -> np.ndarray:
    """Log probability of the recorded lever given the recorded type, by player, shape (D,)."""
    counts = np.full((2, NUM_OPTIONS), HALF)
    if not even:
        np.add.at(counts, (data.player[train], data.chosen[train]), 1.0)
    weights = counts[data.player] * data.legal
    same = _TYPE[None, :] == types_of(data)[:, None]
    total = (weights * same).sum(axis=1)
    return np.asarray(np.log(weights[np.arange(len(total)), data.chosen] / total))
