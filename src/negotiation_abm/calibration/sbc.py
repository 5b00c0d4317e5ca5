"""Simulation-based calibration of the sampler of a pool (Talts et al. 2018).

Coefficients and spreads are drawn from the prior, the choices of every episode simulated with them,
and the pool fitted to what was simulated. If the sampler is right, the rank of the true value of
every unknown among its posterior draws is uniform. Simulated is what the likelihood sums over: the
order of the sides, who holds, the options, rounds, and the soundness of every truce. The situation
of a week is that of the record at the week's start and stays so: the game is not played, so that
features are known whatever is chosen.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.features import POOLED, Data
from negotiation_abm.calibration.hidden import Hidden
from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.marginal import is_pressing
from negotiation_abm.calibration.pool import Member, load_members
from negotiation_abm.calibration.pool_file import Pool, load_pool
from negotiation_abm.calibration.pool_fit import fit_pool

DRAWS = 19  # that a rank is among
THIN = 10  # paths between two of them: their slowest unknowns take about ten
WARM_UP = 60
LEVEL = 0.95
SIMULATED = 4_000  # rank samples behind the simultaneous band

KINDS = (
    "shared by all episodes",
    "means of what differs",
    "deviations of governments",
    "deviations of episodes",
    "habits of levers",
    "spreads",
)
DIFFERING = (*POOLED, "breach_cost")


def simulated(member: Member, theta: np.ndarray, rng: np.random.Generator) -> Member:
    """An episode whose choices and rounds are drawn with coefficients of shape (K,)."""
    data = member.data
    old = data.hidden
    assert old is not None
    labels = [c.label for c in data.coefficients]
    frailty = theta[labels.index("truce_frailty")] if "truce_frailty" in labels else 0.0
    drawn = rng.standard_normal(int(old.truce.max(initial=-1)) + 1)
    soundness = np.append(drawn, 0.0)  # place -1: no truce
    moves: list[tuple[int, int]] = []  # row and option of each
    rows: list[int] = []  # of the old data, for each new row
    moved: list[int] = []
    decision: list[int] = []
    holds: list[int] = []
    for turn in np.unique(old.turn):
        pair = np.flatnonzero(old.turn == turn)[:2]
        chances = [_chance(old, r, theta, frailty * soundness[old.truce[r]]) for r in pair]
        holds.append(int(pair[0]))
        for player, option in (*_week(chances, old.exchanges, rng), (-1, 0)):
            for side in (0, 1):
                rows.append(int(pair[side]))
                moved.append(option if side == player else -1)
                decision.append(len(moves) if side == player else -1)
            if player >= 0:
                moves.append((int(pair[player]), option))
    made = np.array(rows)
    hidden = Hidden(
        features=old.features[made],
        offset=old.offset[made],
        legal=old.legal[made],
        moved=np.array(moved),
        decision=np.array(decision),
        truce=old.truce[made],
        turn=old.turn[made],
        exchanges=old.exchanges,
    )
    odds = data.round_features @ theta
    held = rng.uniform(size=len(odds)) < 1.0 / (1.0 + np.exp(-odds))
    chosen = np.array([option for _, option in moves] + [0] * len(holds))
    kept = _decisions(data, np.array([r for r, _ in moves] + holds, dtype=int), chosen)
    return replace(member, data=replace(kept, hidden=hidden, round_held=held.astype(float)))


def _chance(old: Hidden, row: int, theta: np.ndarray, tilt: float) -> np.ndarray:
    """Probability of every option in a row, given how unsound the truce is."""
    values = old.features[row] @ theta + old.offset[row]
    if old.truce[row] >= 0:
        values = values - tilt * is_pressing(len(values))
    values = np.where(old.legal[row], values, -np.inf)
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def _week(
    chances: Sequence[np.ndarray], exchanges: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Player and option of each move of a week, in the game's own order of play."""
    first = int(rng.integers(2))
    moves: list[tuple[int, int]] = []
    for _ in range(exchanges):
        before = len(moves)
        for player in (first, 1 - first):
            option = int(rng.choice(len(chances[player]), p=chances[player]))
            if option:
                moves.append((player, option))
        if len(moves) == before:
            break
    return moves


def _decisions(data: Data, rows: np.ndarray, chosen: np.ndarray) -> Data:
    """Data with these choices, each in a row of the old situations."""
    old = data.hidden
    assert old is not None
    size = len(rows)
    return replace(
        data,
        features=old.features[rows],
        offset=old.offset[rows],
        legal=old.legal[rows],
        chosen=chosen,
        player=rows % 2,
        turn=old.turn[rows],
        dates=tuple(data.game.scenario.date_of(int(turn)) for turn in old.turn[rows]),
        certainty=("",) * size,
        row_ids=((),) * size,
        agency=np.zeros(size, bool),
        offered=np.zeros(size, bool),
    )


def simulated_fit(
    pool: Pool, members: Sequence[Member], seed: int, draws: int = DRAWS, thin: int = THIN
) -> tuple[Hierarchy, np.ndarray, np.ndarray]:
    """Draw from the prior, simulate, fit.

    Returns
    -------
    Hierarchy
    truth : ndarray, shape (unknowns,)
        What coefficients are sums of (`Hierarchy.parts`).
    found : ndarray, shape (draws, unknowns)
        Thinned draws of the posterior.
    """
    rng = np.random.default_rng([seed, 1])
    hierarchy = Hierarchy(members, pool)
    point = hierarchy.prior_draw(rng)
    made = [
        simulated(member, hierarchy.coefficients(point, number), rng)
        for number, member in enumerate(members)
    ]
    result = fit_pool(made, pool, draws * thin, seed, chains=1, warm_up=WARM_UP)
    found = hierarchy.parts(result.points[0])
    return hierarchy, hierarchy.parts(point), found[thin - 1 :: thin]


def ranks(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """How many draws are below the truth, for each unknown: 0 to the number of draws."""
    return np.asarray((found < truth).sum(axis=0))


@cache
def _loaded(path: str, priors: str) -> tuple[Pool, list[Member]]:
    pool = replace(load_pool(path), priors=priors)
    return pool, load_members(pool)


def _one(path: str, priors: str, seed: int) -> tuple[list[str], np.ndarray]:
    with threadpool_limits(1, "blas"):
        pool, members = _loaded(path, priors)
        hierarchy, truth, found = simulated_fit(pool, members, seed)
    return [unknown.label for unknown in hierarchy.unknowns], ranks(truth, found)


def calibrate_by_simulation(
    pool: Pool,
    fits: int,
    seed: int,
    executor: Executor,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Ranks of many fits to simulated pools.

    Returns
    -------
    DataFrame
        `rank_table`.
    """
    one = partial(_one, str(pool.path), pool.priors)
    seeds = [int(s.generate_state(1)[0]) for s in np.random.SeedSequence(seed).spawn(fits)]
    found = []
    for labelled in executor.map(one, seeds):
        found.append(labelled)
        if progress:
            progress(len(found))
    return rank_table(found[0][0], np.array([values for _, values in found]), DRAWS)


def rank_table(labels: Sequence[str], found: np.ndarray, draws: int) -> pd.DataFrame:
    """One row an unknown: are its ranks uniform?

    Parameters
    ----------
    found : ndarray of int, shape (fits, unknowns)
        Ranks among `draws` draws.

    Returns
    -------
    DataFrame
        unknown, kind, fits, draws; mean (of the rank, as a share of the highest: .5); coverage (how
        often the truth is within the middle ranks, about 90 % of them) and what is expected of it;
        p (simultaneous: how often uniform ranks leave a band as narrow), level (`band_level`),
        inside (within the band of 95 %); below_R, the share of fits with a rank of R or less.
    """
    fits = len(found)
    below = np.array([(found <= r).mean(axis=0) for r in range(draws + 1)]).T
    level, least = band_level(fits, draws)
    own = _least_tail(below, fits)
    low = int(np.floor(0.05 * (draws + 1)))
    middle = (found >= low) & (found <= draws - low)
    rows: dict[str, Any] = {
        "unknown": list(labels),
        "kind": [kind_of(label) for label in labels],
        "fits": fits,
        "draws": draws,
        "mean": found.mean(axis=0) / draws,
        "coverage": middle.mean(axis=0),
        "expected": (draws + 1 - 2 * low) / (draws + 1),
        "p": np.searchsorted(least, own, side="right") / len(least),
        "level": level,
        "inside": own >= level,
    }
    return pd.DataFrame(rows | {f"below_{r}": below[:, r] for r in range(draws + 1)})


def _least_tail(below: np.ndarray, fits: int) -> np.ndarray:
    """Smallest two-sided tail over all ranks but the last, of shares of shape (samples, ranks)."""
    size = below.shape[1]
    chance = np.arange(1, size) / size
    counts = np.rint(below[:, :-1] * fits)
    under = binom.cdf(counts, fits, chance)
    over = binom.sf(counts - 1, fits, chance)
    return np.asarray(2.0 * np.minimum(under, over).min(axis=1))


@cache
def band_level(fits: int, draws: int) -> tuple[float, np.ndarray]:
    """Pointwise level of a band that uniform ranks leave with 5 %, by simulation.

    After Säilynoja, Bürkner and Vehtari (2022): at each rank the band is that of a binomial count.

    Returns
    -------
    level : float
    least : ndarray, shape (`SIMULATED`,)
        Smallest tails of uniform samples, sorted.
    """
    rng = np.random.default_rng(0)
    counts = rng.multinomial(fits, np.full(draws + 1, 1.0 / (draws + 1)), size=SIMULATED)
    least = np.sort(_least_tail(np.cumsum(counts, axis=1) / fits, fits))
    return float(np.quantile(least, 1.0 - LEVEL)), least


def kind_of(unknown: str) -> str:
    """What an unknown of a hierarchy is, by its label."""
    name = unknown.removeprefix("mean of ")
    if name != unknown:
        return KINDS[1] if name in DIFFERING else KINDS[0]
    if unknown.startswith("lever_bias."):
        return KINDS[4]
    if " in " in unknown:
        return KINDS[3]
    return KINDS[2] if "," in unknown else KINDS[5]
