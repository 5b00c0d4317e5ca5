"""The logit quantal-response branch of a bimatrix game, followed from precision 0.

A logit equilibrium at precision x is a fixed point: each player mixes with probabilities in
proportion to exp(x times the expected payoff of an option), given how the other mixes (McKelvey and
Palfrey 1995). At precision 0 both mix evenly; from there one branch runs on, which is followed by
prediction along its tangent and correction by Newton steps, with arc length as parameter so that it
can be followed around turning points (Allgower and Georg 1990; Turocy 2005, whose form in log
probabilities is used here).
"""

from collections.abc import Iterator, Sequence

import numpy as np

FIRST_STEP, LARGEST_STEP = 0.03, 0.5
LONGER, SHORTER = 1.25, 0.5
SMALLEST_STEP = 1e-10
PRECISE = 1e-13
NEAR = 0.05  # how far a prediction may lie from the branch, in log probability
MOST_STEPS = 100_000


def logit_equilibria(
    first: np.ndarray, second: np.ndarray, precisions: Sequence[float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Logit equilibria on the branch from precision 0, at its first passage of each precision.

    Parameters
    ----------
    first, second : ndarray, shape (m, n)
        Payoffs of the row player and of the column player.
    precisions : sequence of float
        Non-negative, in any order; in one over the unit of the payoffs.

    Returns
    -------
    list of (ndarray of shape (m,), ndarray of shape (n,))
        Mixed strategies of both players, one pair a precision.

    Raises
    ------
    ValueError
        If a precision is negative or the branch cannot be followed so far.

    Examples
    --------
    >>> matching = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> p, q = logit_equilibria(matching, -matching, [3.0])[0]
    >>> p.round(9).tolist(), q.round(9).tolist()
    ([0.5, 0.5], [0.5, 0.5])
    """
    if min(precisions, default=0.0) < 0.0:
        raise ValueError("a precision must not be negative")
    system = _System(first, second)
    order = np.argsort(np.asarray(precisions), kind="stable")
    found: dict[int, np.ndarray] = {}
    wanted = [int(k) for k in order]
    for before, after in _branch(system):
        while wanted and precisions[wanted[0]] <= after[-1]:
            k = wanted.pop(0)
            found[k] = _at(system, before, after, float(precisions[k]))
        if not wanted:
            return [system.mixtures(found[k]) for k in range(len(precisions))]
    raise ValueError(f"the branch could not be followed to precision {precisions[wanted[0]]}")


class _System:
    """Conditions on x = (log p, log q, precision) that hold on the branch."""

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        self.first = np.asarray(first, dtype=float)
        self.second = np.asarray(second, dtype=float)
        self.rows, self.columns = self.first.shape

    def start(self) -> np.ndarray:
        logs = np.full(self.rows, -np.log(self.rows)), np.full(self.columns, -np.log(self.columns))
        return np.concatenate([*logs, [0.0]])

    def mixtures(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p, q = np.exp(x[: self.rows]), np.exp(x[self.rows : -1])
        return p / p.sum(), q / q.sum()

    def residual(self, x: np.ndarray) -> np.ndarray:
        """Sums of probabilities less 1; differences of log odds less those that payoffs give."""
        log_p, log_q, precision = x[: self.rows], x[self.rows : -1], x[-1]
        p, q = np.exp(log_p), np.exp(log_q)
        worth_p, worth_q = self.first @ q, p @ self.second
        return np.concatenate(
            [
                [p.sum() - 1.0],
                (log_p - log_p[0] - precision * (worth_p - worth_p[0]))[1:],
                [q.sum() - 1.0],
                (log_q - log_q[0] - precision * (worth_q - worth_q[0]))[1:],
            ]
        )

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Derivatives of the residual, shape (m + n, m + n + 1)."""
        m, n, precision = self.rows, self.columns, x[-1]
        p, q = np.exp(x[:m]), np.exp(x[m:-1])
        out = np.zeros((m + n, m + n + 1))
        out[0, :m], out[m, m:-1] = p, q
        out[1:m, :m], out[m + 1 :, m:-1] = np.eye(m)[1:], np.eye(n)[1:]
        out[1:m, 0] = out[m + 1 :, m] = -1.0
        gap_p, gap_q = self.first - self.first[0], self.second - self.second[:, :1]
        out[1:m, m:-1] = -precision * (gap_p * q)[1:]
        out[m + 1 :, :m] = -precision * (gap_q.T * p)[1:]
        out[1:m, -1], out[m + 1 :, -1] = -(gap_p @ q)[1:], -(p @ gap_q)[1:]
        return out


def _tangent(jacobian: np.ndarray) -> np.ndarray:
    """Unit vector along the branch: what the Jacobian takes to 0."""
    q, _ = np.linalg.qr(jacobian.T, mode="complete")
    return np.asarray(q[:, -1])


def _branch(system: _System) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Neighbouring points of the branch, from precision 0 on."""
    x, step = system.start(), FIRST_STEP
    along = _tangent(system.jacobian(x))
    along = along if along[-1] > 0.0 else -along
    for _ in range(MOST_STEPS):
        ahead, distance = _corrected(system, x + step * along)
        if distance > NEAR:
            step *= SHORTER
            if step < SMALLEST_STEP:
                return
            continue
        yield x, ahead
        turned = _tangent(system.jacobian(ahead))
        along = turned if turned @ along > 0.0 else -turned
        x = ahead
        step = min(LARGEST_STEP * max(1.0, float(x[-1])), step * LONGER)


def _corrected(system: _System, x: np.ndarray) -> tuple[np.ndarray, float]:
    """The nearest point of the branch by Newton steps, and how far away it is (infinite: none)."""
    first_step = np.inf
    for number in range(12):
        move = np.linalg.lstsq(system.jacobian(x), -system.residual(x), rcond=None)[0]
        x = x + move
        size = float(np.abs(move).max())
        if number == 0:
            first_step = size
        if not np.isfinite(size) or size > 1.0:
            break
        if size < PRECISE * max(1.0, float(np.abs(x).max())):
            return x, first_step
    return x, np.inf


def _at(system: _System, before: np.ndarray, after: np.ndarray, precision: float) -> np.ndarray:
    """The point of the branch between two neighbours at a given precision."""
    share = (precision - before[-1]) / max(after[-1] - before[-1], SMALLEST_STEP)
    x = before + share * (after - before)
    x[-1] = precision
    for _ in range(30):
        move = np.linalg.solve(system.jacobian(x)[:, :-1], -system.residual(x))
        x[:-1] += move
        if np.abs(move).max() < PRECISE * max(1.0, np.abs(x).max()):
            break
    return np.asarray(x)
