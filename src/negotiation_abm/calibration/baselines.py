"""Simple statistics to beat: each predicts the type of a move, then its lever by frequency.

All are fitted on the training decisions alone, with half a count added to every cell, and give
probabilities over legal moves only: of the same record, or of another (`test`), whose players and
levers are matched by name.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from negotiation_abm.calibration.features import Data
from negotiation_abm.core.terms import NUM_OPTIONS, lever_of, move_of, num_options, option_of

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


def stand_ins(data: Data, test: Data) -> np.ndarray:
    """Whose habits each decision of `test` is given, shape (D, 2): rows sum to 1.

    A player of the training record is itself, by label; any other is half of each.
    """
    if test is data:
        return np.asarray(np.eye(2)[data.player])
    shares = np.full((2, 2), 0.5)
    known = list(data.game.players)
    for i, label in enumerate(test.game.players):
        if label in known:
            shares[i] = np.eye(2)[known.index(label)]
    return np.asarray(shares[test.player])


def uniform(data: Data, train: np.ndarray, test: Data | None = None) -> Types:
    """Every legal type alike."""
    test = test or data
    return _normalised(np.ones((len(test.chosen), NUM_TYPES)), legal_types(test))


def frequencies(data: Data, train: np.ndarray, test: Data | None = None) -> Types:
    """Frequency of each type, by player."""
    test = test or data
    shares = _shares(data, train, np.zeros(len(data.chosen), int), 1)[:, 0]
    return _normalised(stand_ins(data, test) @ shares, legal_types(test))


def _shares(data: Data, train: np.ndarray, state: np.ndarray, num_states: int) -> np.ndarray:
    """Smoothed frequency of the types by player and state, shape (2, num_states, 5)."""
    counts = np.full((2, num_states, NUM_TYPES), HALF)
    np.add.at(counts, (data.player[train], state[train], types_of(data)[train]), 1.0)
    return np.asarray(counts / counts.sum(axis=2, keepdims=True))


def markov_pooled(data: Data, train: np.ndarray, test: Data | None = None) -> Types:
    """Order-1 chain on the opponent's last move, one table for both players."""
    test = test or data
    counts = np.full((NUM_TYPES + 1, NUM_TYPES), HALF)
    np.add.at(counts, (previous_types(data)[0][train], types_of(data)[train]), 1.0)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return _normalised(shares[previous_types(test)[0]], legal_types(test))


def markov_by_player(data: Data, train: np.ndarray, test: Data | None = None) -> Types:
    """Order-1 chain on the opponent's last move, a table for each player."""
    test = test or data
    shares = _shares(data, train, previous_types(data)[0], NUM_TYPES + 1)
    seen = shares[:, previous_types(test)[0]]  # (2, D, 5)
    return _normalised(np.einsum("di,idk->dk", stand_ins(data, test), seen), legal_types(test))


def noisy_tit_for_tat(data: Data, train: np.ndarray, test: Data | None = None) -> Types:
    """Answers the opponent's last type, or (with a fitted chance) moves by frequency."""
    test = test or data

    def mixed(at: Data, noise: float) -> Types:
        other, _ = previous_types(at)
        answer = np.zeros((len(other), NUM_TYPES))
        known = other < NUM_TYPES
        answer[np.flatnonzero(known), other[known]] = 1.0
        base = frequencies(data, train, at)
        return _normalised((1.0 - noise) * answer + noise * base, legal_types(at))

    kinds = types_of(data)
    grid = np.linspace(0.01, 1.0, 100)
    scores = [np.log(mixed(data, noise)[train, kinds[train]]).sum() for noise in grid]
    return mixed(test, float(grid[int(np.argmax(scores))]))


def ridge_multinomial(data: Data, train: np.ndarray, test: Data | None = None) -> Types:
    """Multinomial logit on player and both last types, with a ridge penalty."""
    test = test or data

    def inputs_of(at: Data) -> np.ndarray:
        other, own = previous_types(at)
        size = NUM_TYPES + 1
        second = stand_ins(data, at)[:, 1:]
        return np.hstack([np.ones((len(other), 1)), second, np.eye(size)[other], np.eye(size)[own]])

    inputs, legal, kinds = inputs_of(data), legal_types(data), types_of(data)
    hits = np.eye(NUM_TYPES)[kinds]

    def chances(flat: np.ndarray, rows: np.ndarray, open_: np.ndarray) -> Types:
        values = rows @ flat.reshape(rows.shape[1], NUM_TYPES)
        return _normalised(np.exp(values - values.max(axis=1, keepdims=True)), open_)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        p = chances(flat, inputs, legal)
        score = np.log(p[train, kinds[train]]).sum() - 0.5 * RIDGE * flat @ flat
        slope = inputs[train].T @ (hits[train] - p[train])
        return -score, RIDGE * flat - slope.ravel()

    optimum = minimize(loss, np.zeros(inputs.shape[1] * NUM_TYPES), jac=True, method="L-BFGS-B")
    return chances(optimum.x, inputs_of(test), legal_types(test))


BASELINES: dict[str, Callable[..., Types]] = {
    "uniform": uniform,
    "move frequencies by player": frequencies,
    "noisy tit-for-tat": noisy_tit_for_tat,
    "order-1 Markov by player": markov_by_player,
    "order-1 Markov pooled": markov_pooled,
    "ridge multinomial": ridge_multinomial,
}


def lever_log_shares(
    data: Data, train: np.ndarray, even: bool = False, test: Data | None = None
) -> np.ndarray:
    """Log probability of the recorded lever given the recorded type, by player, shape (D,)."""
    test = test or data
    counts = np.zeros((2, NUM_OPTIONS))
    if not even:
        np.add.at(counts, (data.player[train], data.chosen[train]), 1.0)
    if test is not data:
        counts = np.einsum("dio->do", _renamed(data, test, counts))
    else:
        counts = counts[data.player]
    weights = (counts + HALF) * test.legal
    same = _TYPE[None, :] == types_of(test)[:, None]
    total = (weights * same).sum(axis=1)
    return np.asarray(np.log(weights[np.arange(len(total)), test.chosen] / total))


def _renamed(data: Data, test: Data, counts: np.ndarray) -> np.ndarray:
    """Counts of the training record for the options of another, by the names of levers.

    Shape (D, 2, 20): what each player of the training record, by its share in the one who decides,
    has for a lever of that name; 0 for names that it does not know.
    """
    shares = stand_ins(data, test)
    renamed = np.zeros((len(test.chosen), 2, NUM_OPTIONS))
    for d, player in enumerate(test.player):
        names = test.game.lever_names[player]
        for option in range(2, num_options(len(names))):
            name = names[_LEVER[option]]
            for i, known in enumerate(data.game.lever_names):
                if name in known:
                    there = option_of(int(_TYPE[option]), known.index(name))
                    renamed[d, i, option] = shares[d, i] * counts[i, there]
    return renamed
