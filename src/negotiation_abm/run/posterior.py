"""How long truces last over the posterior draws of a parameter set: what is not known, first.

One point of the parameters says how long truces last if that point is right. Here each of some
draws of the set plays a few runs, and the spread over the draws is what the record leaves open.
Every place that answers "is the truce still in force after a year?" takes its range from here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.terms import Phase
from negotiation_abm.run.outcome import MEASURES
from negotiation_abm.run.play import Case, play
from negotiation_abm.run.running import is_running
from negotiation_abm.run.sizes import DRAWS, RUNS
from negotiation_abm.run.spells import CAUSES, curves_of
from negotiation_abm.scenario.game import Game, fill_params
from negotiation_abm.scenario.parameters import ParameterSet
from negotiation_abm.scenario.posterior_draws import changes_of, load_draws
from negotiation_abm.scenario.schema import Scenario
from negotiation_abm.survival import DAYS

INTERVAL = (0.05, 0.95)
ABOUT = "90 % of the posterior draws, the noise of finite runs taken off"


@dataclass(frozen=True)
class Range:
    """Survival over posterior draws.

    Attributes
    ----------
    draws, runs : int
        How many draws were played, and runs of each.
    group : str
        ``running`` (the truce in force at the start) or ``all`` (truces that begin in the runs).
    curve : DataFrame
        measure, week (of age), survival (mean over draws), low, high; a week beyond the data of
        some draw is left out.
    ends : dict
        By measure and cause, the share of the ends observed: mean over draws, low, high.
    """

    draws: int
    runs: int
    group: str
    curve: pd.DataFrame
    ends: dict[str, dict[str, list[float]]]

    def at_days(self, measure: str, days: int) -> list[float | None]:
        """Share still in force after so many days, with its range; None beyond the data."""
        row = self.curve.query("measure == @measure and week == @days // 7")
        if row.empty:
            return [None, None, None]
        return [float(row.iloc[0][name]) for name in ("survival", "low", "high")]

    def summary(self) -> dict[str, Any]:
        """What ``summary.json`` holds of it."""
        return {
            "draws": self.draws,
            "runs_a_draw": self.runs,
            "interval": ABOUT,
            "group": self.group,
            "still_in_force": {
                measure: {f"{days} d": self.at_days(measure, days) for days in DAYS}
                for measure in MEASURES.values()
            },
            "ends_by_cause": self.ends,
        }


def has_draws(chosen: ParameterSet) -> bool:
    """Do posterior draws lie beside a parameter set?"""
    return chosen.path.with_suffix(".parquet").is_file()


def games_over_draws(game: Game, count: int = DRAWS) -> list[Game]:
    """A game with the parameters of each of `count` draws, evenly over the chains.

    What the scenario sets itself (`set`) stays as it sets it, in every draw.

    Returns
    -------
    list of Game
        Empty if the parameter set of the game has no draws.

    Raises
    ------
    InputError
        If the file of the draws cannot be read.
    """
    chosen = game.parameter_set
    if count < 1 or not has_draws(chosen):
        return []
    return games_of(game, thinned(load_draws(chosen.path), count))


def thinned(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """`count` draws, evenly over the chains (all if there are no more)."""
    if len(frame) <= count:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, count).round().astype(int)]


def games_of(game: Game, frame: pd.DataFrame) -> list[Game]:
    """One game a draw, with its coefficients in place of those of the parameter set.

    What the scenario sets itself (`set`) stays as it sets it. A player that the draws do not know
    has the mean of those they know (or the one that it plays as), a lever that they do not know no
    habit: the same rule as for the point values. A player that they know has its own, whomever it
    plays as.

    Parameters
    ----------
    frame : DataFrame
        Draws, one a row, columns by dotted name, as `load_draws` gives them.
    """
    return [_with(game, changes_of(frame, row)) for row in range(len(frame))]


def _with(game: Game, changes: dict[str, float]) -> Game:
    """The game with some parameters of its set replaced."""
    drawn = replace(game.parameter_set, values=_values(game.parameter_set, changes))
    own = {name: number for name, number in changes.items() if _is_own(game.scenario, name)}
    scenario = game.scenario.model_copy(update={"set": own | game.scenario.set})
    params, _, _ = fill_params(scenario, drawn, game.weeks.copy())  # modules write into the weeks
    return replace(game, params=params)


def _is_own(scenario: Scenario, name: str) -> bool:
    """Is it a number of a player that plays as another, or of one of its levers?"""
    player, _, lever = name.partition(".")[2].partition(".")
    return player in scenario.plays_as and (not lever or lever in scenario.levers[player])


def _values(chosen: ParameterSet, changes: dict[str, float]) -> dict[str, Any]:
    values = dict(chosen.values)
    for name, number in changes.items():
        first, *rest = name.split(".")
        values[first] = _put(values.get(first), rest, number, chosen.players)
    return values


def _put(old: Any, rest: list[str], number: float, players: tuple[str, ...]) -> Any:
    """`old` with the number at a path of player and lever."""
    if not rest:
        return number
    known = old if isinstance(old, dict) else {} if old is None else dict.fromkeys(players, old)
    return known | {rest[0]: _put(known.get(rest[0]), rest[1:], number, ())}


def range_over_draws(
    game: Game,
    seed: int,
    draws: int = DRAWS,
    runs: int = RUNS,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Range | None:
    """Play each draw a few times and take the survival curve of each.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of runs finished.

    Returns
    -------
    Range or None
        None if the parameter set has no draws, or no truce began in any run.
    """
    games = games_over_draws(game, draws)
    if not games:
        return None
    is_truce = bool(game.initial["phase"][0] == Phase.TRUCE)
    cases = (Case("", one, number * runs) for number, one in enumerate(games))
    spells = []
    for played in play(cases, (), runs, seed, threads, progress):
        own = played.block.spells
        spells.append(own[is_running(game, own)] if is_truce else own)
    curves, ends = [], {}
    for code, name in MEASURES.items():
        groups = [own[own["measure"] == code] for own in spells]
        if any(len(group) for group in groups):
            curves.append(_curve(groups, len(game.weeks)).assign(measure=name))
            ends[name] = _ends(groups)
    if not curves:
        return None
    curve = pd.concat(curves, ignore_index=True)
    return Range(len(games), runs, "running" if is_truce else "all", curve, ends)


def _curve(groups: list[np.ndarray], weeks: int) -> pd.DataFrame:
    """Mean and range of the survival curves of some groups of spells, by week of age."""
    curves = curves_of(groups, weeks)
    rows = []
    for week in range(curves.num_weeks):
        estimate = curves.at(week).value
        known = np.isfinite(estimate)
        if not known.any():
            continue
        share, low, high = spread(estimate[known], curves.runs[known])
        rows.append({"week": week, "survival": share, "low": low, "high": high})
    return pd.DataFrame(rows)


def _ends(groups: list[np.ndarray]) -> dict[str, list[float]]:
    """Share of each cause among the ends observed, the largest first."""
    counts = np.array([np.bincount(own["cause"], minlength=len(CAUSES))[1:] for own in groups])
    ended = counts.sum(axis=1)
    known = ended > 0
    if not known.any():
        return {}
    shares = counts[known] / ended[known, np.newaxis]
    found = {
        CAUSES[number + 1]: list(spread(shares[:, number], ended[known]))
        for number in range(shares.shape[1])
        if shares[:, number].any()
    }
    return dict(sorted(found.items(), key=lambda item: -item[1][0]))


def spread(shares: np.ndarray, runs: np.ndarray) -> tuple[float, float, float]:
    """Mean of shares and their range, without the noise of finitely many runs.

    Each share of `runs` runs differs from that of very many by chance; this variance is taken off
    by drawing the shares together towards their mean.

    >>> spread(np.array([0.5, 0.5]), np.array([50, 50]))
    (0.5, 0.5, 0.5)
    """
    return _drawn_together(shares, float(np.mean(shares * (1.0 - shares) / np.maximum(runs, 1))))


def _drawn_together(values: np.ndarray, noise: float) -> tuple[float, float, float]:
    """Mean and range of values that are known but for a noise of this variance."""
    middle, whole = float(values.mean()), float(values.var())
    kept = np.sqrt(max(0.0, whole - noise) / whole) if whole > 0.0 else 0.0
    low, high = np.quantile(middle + kept * (values - middle), INTERVAL)
    return middle, float(low), float(high)


def spread_of_differences(gaps: np.ndarray, errors: np.ndarray) -> tuple[float, float, float]:
    """Mean and range of paired differences, given the standard error of each."""
    return _drawn_together(gaps, float(np.mean(errors**2)))
