"""A what-if over the posterior draws: is the truce still in force, as recorded and with the change?

Both branches of a draw are played with the same random numbers, so that the range of the
difference is what the parameters leave open, not what chance adds.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from negotiation_abm.run.outcome import MEASURES, Outcome
from negotiation_abm.run.outcomes import still_holds
from negotiation_abm.run.play import Case, play
from negotiation_abm.run.posterior import (
    ABOUT,
    games_over_draws,
    spread,
    spread_of_differences,
)
from negotiation_abm.run.sizes import DRAWS, RUNS
from negotiation_abm.scenario.game import Game
from negotiation_abm.survival import DAYS


def ranges_of_branches(
    factual: Game,
    altered: Game,
    seed: int,
    draws: int = DRAWS,
    runs: int = RUNS,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any] | None:
    """Shares of branches whose truce is still in force, and their difference, over the draws.

    Returns
    -------
    dict or None
        draws, runs_a_draw, interval, and ``rows``: measure, days (since the branch), and for
        factual, altered and difference the mean over draws and its range. None if the parameter
        set of either branch has no draws, or no truce is in force at the branch.
    """
    pairs = list(
        zip(games_over_draws(factual, draws), games_over_draws(altered, draws), strict=False)
    )
    weeks = len(factual.weeks) - int(factual.initial["turn"][0])
    outcomes = [
        Outcome(f"{name} {days}", "", "share", _holds(code, days // 7), needs="spells")
        for code, name in MEASURES.items()
        for days in DAYS
        if days // 7 <= weeks
    ]
    if not pairs or not outcomes:
        return None

    def cases() -> Iterator[Case]:
        for number, pair in enumerate(pairs):
            for game in pair:
                yield Case("", game, number * runs)

    values = [p.values() for p in play(cases(), outcomes, runs, seed, threads, progress)]
    before, after = np.array(values[::2]), np.array(values[1::2])  # (draws, runs, outcomes)
    rows = []
    for place, outcome in enumerate(outcomes):
        measure, days = outcome.name.split()
        sides = before[:, :, place], after[:, :, place]
        if not any(np.isnan(side).any() for side in sides) and any(side.any() for side in sides):
            rows.append({"measure": measure, "days": int(days)} | _row(*sides))
    if not rows:
        return None
    about = {"draws": len(pairs), "runs_a_draw": runs, "interval": ABOUT}
    return about | {"rows": rows}


def _holds(measure: int, weeks: int) -> Callable[..., np.ndarray]:
    return lambda runs: still_holds(runs, measure, weeks)


def _row(before: np.ndarray, after: np.ndarray) -> dict[str, list[float]]:
    """Mean and range of both sides and of the paired difference, shape (draws, runs) each."""
    size = np.full(len(before), before.shape[1])
    gaps = after - before
    errors = gaps.std(axis=1, ddof=1) / np.sqrt(gaps.shape[1])
    return {
        "factual": list(spread(before.mean(axis=1), size)),
        "altered": list(spread(after.mean(axis=1), size)),
        "difference": list(spread_of_differences(gaps.mean(axis=1), errors)),
    }
