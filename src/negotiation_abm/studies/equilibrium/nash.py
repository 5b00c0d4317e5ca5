"""Nash equilibria of a bimatrix game by support enumeration.

Strictly dominated options are taken away first, one after the other, which loses no equilibrium.
For every pair of supports of equal size the two indifference conditions are solved; a solution is
an equilibrium if it is a pair of distributions to which no option outside is a better reply (von
Stengel 2002). Games are taken to be non-degenerate: in one that is not, equilibria with supports
of unequal size can be missed.
"""

from itertools import combinations
from math import comb

import numpy as np

TINY = 1e-9
MOST_SUPPORTS = 2_000_000


def nash(first: np.ndarray, second: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """All equilibria, those with small supports first.

    Parameters
    ----------
    first, second : ndarray, shape (m, n)
        Payoffs of the row player and of the column player.

    Returns
    -------
    list of (ndarray of shape (m,), ndarray of shape (n,))
        Mixed strategies of both players.

    Raises
    ------
    ValueError
        If too many pairs of supports remain once dominated options are gone.

    Examples
    --------
    >>> matching = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> [(p.tolist(), q.tolist()) for p, q in nash(matching, -matching)]
    [([0.5, 0.5], [0.5, 0.5])]
    """
    rows, columns = undominated(first, second)
    small = np.ix_(rows, columns)
    if comb(len(rows) + len(columns), len(rows)) > MOST_SUPPORTS:
        raise ValueError(f"{len(rows)} x {len(columns)} options are too many to enumerate")
    found = []
    for p, q in _enumerate(first[small], second[small]):
        whole_p, whole_q = np.zeros(len(first)), np.zeros(first.shape[1])
        whole_p[rows], whole_q[columns] = p, q
        found.append((whole_p, whole_q))
    return found


def undominated(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns that survive the removal of strictly dominated ones, again and again."""
    rows, columns = np.arange(len(first)), np.arange(first.shape[1])
    while True:
        kept_rows = rows[~_dominated(first[np.ix_(rows, columns)])]
        kept_columns = columns[~_dominated(second[np.ix_(kept_rows, columns)].T)]
        if len(kept_rows) == len(rows) and len(kept_columns) == len(columns):
            return rows, columns
        rows, columns = kept_rows, kept_columns


def _dominated(payoff: np.ndarray) -> np.ndarray:
    """Which rows are strictly worse than one other row everywhere, shape (rows,)."""
    worse = np.all(payoff[:, None, :] < payoff[None, :, :] - TINY, axis=2)
    return np.asarray(np.any(worse, axis=1))


def _enumerate(first: np.ndarray, second: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    num_rows, num_columns = first.shape
    found = []
    for size in range(1, min(num_rows, num_columns) + 1):
        for rows in combinations(range(num_rows), size):
            for columns in combinations(range(num_columns), size):
                pair = np.ix_(rows, columns)
                q = _indifferent(first[pair])
                p = _indifferent(second[pair].T) if q is not None else None
                if p is None or q is None:
                    continue
                whole_p, whole_q = np.zeros(num_rows), np.zeros(num_columns)
                whole_p[list(rows)], whole_q[list(columns)] = p, q
                if _is_best(first @ whole_q, rows) and _is_best(whole_p @ second, columns):
                    found.append((whole_p, whole_q))
    return found


def _indifferent(payoff: np.ndarray) -> np.ndarray | None:
    """The mixture of columns that makes all rows worth the same; None if there is none inside."""
    size = len(payoff)
    system = np.ones((size + 1, size + 1))
    system[:size, :size] = payoff
    system[:size, size] = -1.0
    system[size, size] = 0.0
    right = np.zeros(size + 1)
    right[size] = 1.0
    try:
        mixture = np.linalg.solve(system, right)[:size]
    except np.linalg.LinAlgError:
        return None
    return mixture if (mixture > TINY).all() else None


def _is_best(values: np.ndarray, support: tuple[int, ...]) -> bool:
    return bool(values.max() <= values[list(support)].min() + TINY)
