"""Simple statistics to beat: each predicts the type of a move, then its lever by frequency.

All are fitted on the training choices alone, with half a count added to every cell, and give
probabilities over legal moves only: of the same record, or of another. They see what the model
sees that a record of moves shows: what either side did last and, where the name says so, whether an
offer of the other side stands. Habits of a side go over to another record by its label (in a pool:
its government); a side that is not known has those of all.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from negotiation_abm.calibration.choices import NUM_TYPES, TYPE_OF, Choices
from negotiation_abm.core.terms import Move

HALF = 0.5
RIDGE = 1.0
NOISES = np.linspace(0.01, 1.0, 100)
TREMBLE = 0.5  # weight of what all sides do, where the search for a mixture begins
ROUNDS = 60  # of expectation and maximisation

Types = np.ndarray  # probability of each type of move at each choice, shape (D, 5)


def _normalised(weights: np.ndarray, legal: np.ndarray) -> Types:
    kept = weights * legal
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def _known(train: Choices, test: Choices) -> tuple[list[str], np.ndarray]:
    """Sides of the training choices, and whose habits each test choice has: rows sum to 1."""
    if not len(train.side):
        return [""], np.ones((len(test.side), 1))
    sides = sorted(set(train.side.tolist()))
    shares = np.array([[float(side == known) for known in sides] for side in test.side])
    is_new = shares.sum(axis=1) == 0.0
    counts = np.array([np.mean(train.side == side) for side in sides])
    shares[is_new] = counts
    return sides, shares


def uniform(train: Choices, test: Choices) -> Types:
    """Every legal type alike."""
    return _normalised(np.ones((len(test.kind), NUM_TYPES)), test.types)


def _by_side(train: Choices, test: Choices, state: np.ndarray, seen: np.ndarray) -> Types:
    """Smoothed frequency of the types by side and state."""
    sides, shares = _known(train, test)
    size = int(max(state.max(initial=0), seen.max(initial=0))) + 1
    counts = np.full((len(sides), size, NUM_TYPES), HALF)
    place = np.array([sides.index(side) for side in train.side], dtype=int)
    np.add.at(counts, (place, state, train.kind), 1.0)
    tables = counts / counts.sum(axis=2, keepdims=True)
    return _normalised(np.einsum("di,idk->dk", shares, tables[:, seen]), test.types)


def frequencies(train: Choices, test: Choices) -> Types:
    """Frequency of each type, by side."""
    return _by_side(train, test, np.zeros_like(train.kind), np.zeros_like(test.kind))


def _state(choices: Choices, sees: bool) -> np.ndarray:
    """Last type of the other side and, if it is seen, whether an offer stands, as one number."""
    return np.asarray(choices.other + (NUM_TYPES + 1) * (choices.offered if sees else 0))


def markov_pooled(train: Choices, test: Choices, sees: bool = False) -> Types:
    """Order-1 chain on the opponent's last move, one table for all sides."""
    counts = np.full((2 * (NUM_TYPES + 1), NUM_TYPES), HALF)
    np.add.at(counts, (_state(train, sees), train.kind), 1.0)
    tables = counts / counts.sum(axis=1, keepdims=True)
    return _normalised(tables[_state(test, sees)], test.types)


def markov_by_player(train: Choices, test: Choices) -> Types:
    """Order-1 chain on the opponent's last move, a table for each side."""
    return _by_side(train, test, train.other, test.other)


def noisy_tit_for_tat(train: Choices, test: Choices, sees: bool = False) -> Types:
    """Answers the opponent's last type, or (with a fitted chance) moves by frequency.

    If it sees offers, it answers one that stands with its own, with a chance of its own.
    """

    def answers(at: Choices) -> np.ndarray:
        answer = np.zeros((len(at.other), NUM_TYPES))
        known = at.other < NUM_TYPES
        answer[np.flatnonzero(known), at.other[known]] = 1.0
        if sees:
            answer[at.offered] = np.eye(NUM_TYPES)[Move.SUSPEND]
        return answer

    def mixed(at: Choices, base: Types, noise: np.ndarray) -> Types:
        return _normalised((1.0 - noise) * answers(at) + noise * base, at.types)

    own, base = frequencies(train, train), frequencies(train, test)
    noise = np.ones((len(test.kind), 1))
    for offered in (False, True):
        part, here = train.offered == offered, test.offered == offered
        if not sees:
            part, here = np.ones_like(part), np.ones_like(here)
        some, rows = train.of(part), np.arange(part.sum())
        pure, share = (table * some.types for table in (answers(some), own[part]))
        level = NOISES[:, None]
        hit = (1.0 - level) * pure[rows, some.kind] + level * share[rows, some.kind]
        whole = (1.0 - level) * pure.sum(axis=1) + level * share.sum(axis=1)
        scores = np.log(hit / whole).sum(axis=1)
        noise[here] = NOISES[int(np.argmax(scores))]
    return mixed(test, base, noise)


def ridge_multinomial(train: Choices, test: Choices, sees: bool = False) -> Types:
    """Multinomial logit on side and both last types, with a ridge penalty."""

    def inputs_of(at: Choices) -> np.ndarray:
        kinds = np.eye(NUM_TYPES + 1)
        parts = [np.ones((len(at.kind), 1)), _known(train, at)[1], kinds[at.other], kinds[at.own]]
        return np.hstack([*parts, at.offered[:, None]] if sees else parts)

    # Choices in the same situation count together: there are few situations.
    seen = np.hstack([inputs_of(train), train.types])
    seen, place = np.unique(seen, axis=0, return_inverse=True)
    inputs, legal = seen[:, :-NUM_TYPES], seen[:, -NUM_TYPES:]
    hits = np.zeros((len(seen), NUM_TYPES))
    np.add.at(hits, (place.ravel(), train.kind), 1.0)
    made = hits.sum(axis=1, keepdims=True)

    def chances(flat: np.ndarray, rows: np.ndarray, open_: np.ndarray) -> Types:
        values = rows @ flat.reshape(rows.shape[1], NUM_TYPES)
        return _normalised(np.exp(values - values.max(axis=1, keepdims=True)), open_)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        p = chances(flat, inputs, legal)
        score = (hits * np.log(np.where(hits > 0.0, p, 1.0))).sum() - 0.5 * RIDGE * flat @ flat
        return -score, RIDGE * flat - (inputs.T @ (hits - made * p)).ravel()

    pairs = np.einsum("na,nb->abn", inputs, inputs).reshape(inputs.shape[1] ** 2, len(inputs))

    def curvature(flat: np.ndarray) -> np.ndarray:
        p = chances(flat, inputs, legal)
        bends = made[:, :, None] * (p[:, :, None] * np.eye(NUM_TYPES) - p[:, :, None] * p[:, None])
        blocks = (pairs @ bends.reshape(len(inputs), NUM_TYPES**2)).reshape(
            inputs.shape[1], inputs.shape[1], NUM_TYPES, NUM_TYPES
        )
        whole: np.ndarray = blocks.swapaxes(1, 2).reshape(len(flat), len(flat))
        return whole + RIDGE * np.eye(len(flat))

    origin, options = np.zeros(inputs.shape[1] * NUM_TYPES), {"gtol": 1e-6}
    optimum = minimize(
        loss, origin, jac=True, hess=curvature, method="trust-exact", options=options
    )
    return chances(optimum.x, inputs_of(test), test.types)


def mixture_of_strategies(train: Choices, test: Choices, sees: bool = False) -> Types:
    """Sides follow one of a few strategies, each a table of answers with trembles.

    As the package stratEst fits it (Dvorak 2023): a strategy answers the last type of the other
    side; which one a side follows is not known, and the shares of strategies are estimated with
    them by expectation and maximisation, from pure strategies and trembles on. Their number is the
    one with the lowest Bayesian information criterion. A side that is known keeps what its choices
    say of its strategy, any other has the shares.
    """
    states = 2 * (NUM_TYPES + 1)
    sides = sorted(set(train.side.tolist()))
    counts = np.zeros((len(sides), states, NUM_TYPES))
    place = np.array([sides.index(side) for side in train.side], dtype=int)
    np.add.at(counts, (place, _state(train, sees), train.kind), 1.0)
    fits = [_mixture(counts, number) for number in range(1, len(STRATEGIES) + 1)]
    _, tables, shares, member = min(fits, key=lambda fitted: fitted[0])
    weights = np.array(
        [member[sides.index(side)] if side in sides else shares for side in test.side.tolist()]
    ).reshape(len(test.kind), len(shares))
    mixed = np.einsum("dk,kdt->dt", weights, tables[:, _state(test, sees)])
    return _normalised(mixed, test.types)


def _mixture(counts: np.ndarray, number: int) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Criterion, tables (strategies, states, types), shares, and who follows what.

    Parameters
    ----------
    counts : ndarray, shape (sides, states, types)
    """
    pooled = counts.sum(axis=0) + HALF
    pooled /= pooled.sum(axis=1, keepdims=True)
    tables = TREMBLE * pooled + (1.0 - TREMBLE) * np.stack(STRATEGIES[:number])
    tables = tables if number > 1 else pooled[None]
    shares = np.full(number, 1.0 / number)
    member = np.tile(shares, (len(counts), 1))
    value = 0.0
    for _ in range(ROUNDS):
        logs = np.einsum("sat,kat->sk", counts, np.log(tables)) + np.log(shares)
        best = logs.max(axis=1, keepdims=True)
        whole = np.exp(logs - best)
        value = float((best[:, 0] + np.log(whole.sum(axis=1))).sum())
        member = whole / whole.sum(axis=1, keepdims=True)
        shares = (member.sum(axis=0) + HALF) / (len(counts) + HALF * number)
        held = np.einsum("sk,sat->kat", member, counts) + HALF
        tables = held / held.sum(axis=2, keepdims=True)
    seen = int((counts.sum(axis=(0, 2)) > 0).sum())
    free = number * seen * (NUM_TYPES - 1) + number - 1
    return free * np.log(max(1.0, counts.sum())) - 2.0 * value, tables, shares, member


def _strategies() -> list[np.ndarray]:
    """Pure strategies that a search begins with: tables of answers by state, shape (12, 5)."""
    types = np.eye(NUM_TYPES)
    answers = np.vstack([types, types[Move.HOLD]])
    answering = np.vstack([answers, np.tile(types[Move.SUSPEND], (NUM_TYPES + 1, 1))])
    return [answering] + [
        np.tile(types[move], (2 * (NUM_TYPES + 1), 1))
        for move in (Move.HOLD, Move.ESCALATE, Move.CONCEDE)
    ]


STRATEGIES = _strategies()


def _seeing(baseline: Callable[..., Types]) -> Callable[..., Types]:
    return lambda train, test: baseline(train, test, True)


BASELINES: dict[str, Callable[..., Types]] = {
    "uniform": uniform,
    "move frequencies by player": frequencies,
    "noisy tit-for-tat": noisy_tit_for_tat,
    "tit-for-tat that sees an offer": _seeing(noisy_tit_for_tat),
    "order-1 Markov by player": markov_by_player,
    "order-1 Markov pooled": markov_pooled,
    "order-1 Markov that sees an offer": _seeing(markov_pooled),
    "ridge multinomial": ridge_multinomial,
    "ridge that sees an offer": _seeing(ridge_multinomial),
    "mixture of strategies that sees an offer": _seeing(mixture_of_strategies),
}


def lever_log_shares(train: Choices, test: Choices, even: bool = False) -> np.ndarray:
    """Log probability of the recorded lever given the recorded type, by side, shape (D,).

    A side that the training choices do not know uses levers as all sides do, by their names.
    """
    names = train.names[np.arange(len(train.chosen)), train.chosen]
    known = set(train.side.tolist())
    counts: dict[tuple[str, int, str], float] = {}
    for side, kind, name in zip(train.side, train.kind, names, strict=True):
        for whose in (str(side), ""):
            key = whose, int(kind), str(name)
            counts[key] = counts.get(key, 0.0) + 1.0
    rows = np.arange(len(test.chosen))
    same = (TYPE_OF[None, :] == test.kind[:, None]) & test.legal
    weights = np.full(same.shape, HALF)
    for d, option in zip(*np.nonzero(same), strict=True) if not even else ():
        side = str(test.side[d])
        key = side if side in known else "", int(TYPE_OF[option]), str(test.names[d, option])
        weights[d, option] += counts.get(key, 0.0)
    total = (weights * same).sum(axis=1)
    return np.asarray(np.log(weights[rows, test.chosen] / total))


def baseline_scores(train: Choices, test: Choices) -> dict[str, np.ndarray]:
    """Log scores of every baseline: type, and type with lever, shape (D, 2) each."""
    rows = np.arange(len(test.kind))
    levers, even = (lever_log_shares(train, test, flat) for flat in (False, True))
    scores = {}
    for name, baseline in BASELINES.items():
        logs = np.log(baseline(train, test)[rows, test.kind])
        scores[name] = np.stack([logs, logs + (even if name == "uniform" else levers)], axis=1)
    return scores
