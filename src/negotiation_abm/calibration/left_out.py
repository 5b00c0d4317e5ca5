"""One episode of a pool left out at a time: how well is it predicted, nothing refitted?

A left-out episode takes the values of its governments where these were seen elsewhere, else the
common mean, each with what deviations may add; the probability of a move is the mean over posterior
draws. The simple statistics learn from the same other episodes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.calibration.baselines import baseline_scores
from negotiation_abm.calibration.choices import Choices, choices_of, joined, types_of
from negotiation_abm.calibration.features import Data
from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.pool import Member
from negotiation_abm.calibration.pool_file import Pool
from negotiation_abm.calibration.pool_fit import PooledFit, fit_pool
from negotiation_abm.calibration.probability import chances
from negotiation_abm.calibration.scores import MODEL, Scores, scores_of
from negotiation_abm.calibration.surrogate import Surrogate, find_surrogate
from negotiation_abm.core.terms import Move

DRAWS = 100  # a chain
CHAINS = 2
WARM_UP = 60


@dataclass(frozen=True)
class LeftOut:
    """What is predicted of one episode by the others.

    Attributes
    ----------
    scores : dict of str to ndarray, shape (D, 2)
        Log scores of its choices (agencies' acts left out): type, and type with lever.
    draws : ndarray, shape (draws, K)
        Coefficients of the episode, as the others predict them.
    is_second : ndarray of bool, shape (D,)
        Second signatures of joint agreements.
    """

    member: Member
    scores: Scores
    draws: np.ndarray
    is_second: np.ndarray


def leave_one_episode_out(
    members: Sequence[Member],
    pool: Pool,
    seed: int = 1,
    draws: int = DRAWS,
    near: Surrogate | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[LeftOut]:
    """Predict each episode from all others.

    Parameters
    ----------
    draws : int
        Posterior draws a chain (of two).
    near : Surrogate, optional
        Of all episodes.
    """
    seen = [choices_of_sides(member, pool) for member in members]
    near = near or find_surrogate(Hierarchy(members, pool))
    found = []
    for number, member in enumerate(members):
        result = fit_pool(members, pool, draws, seed, (member.name,), CHAINS, WARM_UP, near)
        own = within(result, number)
        others = joined([part for n, part in enumerate(seen) if n != number])
        statistics = baseline_scores(others, seen[number])
        found.append(replace(own, scores=own.scores | statistics))
        if progress:
            progress(number + 1)
    return found


def within(result: PooledFit, number: int) -> LeftOut:
    """What a fit says of one of its members, whether its record counted or not."""
    member, own = result.hierarchy.members[number], result.draws(number)
    flat = own.reshape(-1, own.shape[2])
    use = ~member.data.agency
    chance = np.mean([chances(member.data, theta) for theta in flat], axis=0)
    scores = {MODEL: scores_of(member.data, chance)[use]}
    return LeftOut(member, scores, flat, second_signatures(member.data)[use])


def choices_of_sides(member: Member, pool: Pool) -> Choices:
    """What sides chose, by who governed them."""
    game, data = member.game, member.data
    sides = np.array(
        [
            pool.government_of(game.players[player], game.scenario.date_of(turn))
            for player, turn in zip(data.player, data.turn, strict=True)
        ]
    )
    return choices_of(data, sides).of(~data.agency)


def second_signatures(data: Data) -> np.ndarray:
    """Which decisions sign what the other side has signed in the same week, shape (D,)."""
    signed = data.chosen == Move.SUSPEND
    found = np.zeros(len(signed), bool)
    for d in np.flatnonzero(signed):
        before = signed[:d] & (data.turn[:d] == data.turn[d]) & (data.player[:d] != data.player[d])
        found[d] = bool(before.any())
    return found


def gains(found: Sequence[LeftOut], once: bool = False) -> pd.DataFrame:
    """The model's gain over each statistic, in nats, by episode and over all.

    Parameters
    ----------
    once : bool
        Count a joint agreement once: by its first signature.

    Returns
    -------
    DataFrame
        episode (``all`` last), model, decisions, type, type_and_lever (sums of log scores),
        gain_type, gain_lever, and their errors (by months; those of episodes are independent).
    """
    rows: list[dict[str, Any]] = []
    for one in found:
        use = ~one.is_second if once else np.ones(len(one.is_second), bool)
        months = one.member.data.months()[~one.member.data.agency][use]
        for name, scores in one.scores.items():
            gaps = one.scores[MODEL][use] - scores[use]
            blocks = np.array([gaps[months == m].sum(axis=0) for m in np.unique(months)])
            variance = len(blocks) * blocks.var(axis=0, ddof=1) if len(blocks) > 1 else [np.nan] * 2
            rows.append(
                {"episode": one.member.name, "model": name, "decisions": int(use.sum())}
                | dict(zip(("type", "type_and_lever"), scores[use].sum(axis=0), strict=True))
                | dict(zip(("gain_type", "gain_lever"), gaps.sum(axis=0), strict=True))
                | dict(zip(("variance_type", "variance_lever"), variance, strict=True))
            )
    table = pd.DataFrame(rows)
    total = table.drop(columns="episode").groupby("model", sort=False).sum().reset_index()
    table = pd.concat([table, total.assign(episode="all")], ignore_index=True)
    for kind in ("type", "lever"):
        table[f"gain_{kind}_error"] = np.sqrt(table.pop(f"variance_{kind}"))
    return table


def best_statistic(table: pd.DataFrame, column: str = "type") -> str:
    """The simple statistic with the highest sum over all episodes."""
    rows = table[(table["episode"] == "all") & (table["model"] != MODEL)]
    return str(rows.sort_values(column)["model"].iloc[-1])


def by_move(found: Sequence[LeftOut]) -> pd.DataFrame:
    """Sums of log scores (type) by recorded move: decisions, and one column a model."""
    kinds = np.concatenate([_choice_kinds(one) for one in found])
    scores = {
        name: np.concatenate([one.scores[name][:, 0] for one in found]) for name in found[0].scores
    }
    rows = []
    for move in Move:
        here = kinds == move
        if here.any():
            sums = {name: float(values[here].sum()) for name, values in scores.items()}
            rows.append({"move": move.name, "decisions": int(here.sum())} | sums)
    return pd.DataFrame(rows)


def _choice_kinds(one: LeftOut) -> np.ndarray:
    """Type of each choice, shape (D,)."""
    data = one.member.data
    return np.asarray(types_of(data)[~data.agency])
