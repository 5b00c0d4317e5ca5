"""Many what-ifs at once: the answer over the posterior draws at each point of a small grid."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.run.outcome import MEASURES
from negotiation_abm.run.posterior import range_over_draws
from negotiation_abm.run.sizes import DRAWS, RUNS
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.survival import DAYS


@dataclass(frozen=True)
class Choice:
    """One value of a slider: its text, and the changes of the scenario that it stands for."""

    text: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Slider:
    """Something that can be set, and its values; `usual` is the place of the scenario's own."""

    name: str
    text: str
    choices: tuple[Choice, ...]
    usual: int


def grid_table(
    scenario: str,
    sliders: Sequence[Slider],
    seed: int,
    draws: int = DRAWS,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """The range over the posterior draws at each point of the grid of some sliders.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of points finished.

    Returns
    -------
    DataFrame
        A column a slider (the place of its choice), measure, days, share, low, high.
    """
    rows = []
    places = itertools.product(*(range(len(slider.choices)) for slider in sliders))
    for number, place in enumerate(places, start=1):
        game = _game(scenario, sliders, place)
        found = range_over_draws(game, seed, draws, RUNS, threads)
        point = {slider.name: at for slider, at in zip(sliders, place, strict=True)}
        for measure, days in itertools.product(MEASURES.values(), DAYS):
            share, low, high = found.at_days(measure, days) if found else [None] * 3
            values = {"share": share, "low": low, "high": high}
            rows.append(point | {"measure": measure, "days": days} | values)
        if progress:
            progress(number)
    return pd.DataFrame(rows)


def _game(scenario: str, sliders: Sequence[Slider], place: tuple[int, ...]) -> Game:
    changes: dict[str, Any] = {}
    for slider, at in zip(sliders, place, strict=True):
        changes |= slider.choices[at].changes
    return build_game(load_scenario(scenario, changes))


def size_of(sliders: Sequence[Slider]) -> int:
    """Number of points of the grid."""
    size = 1
    for slider in sliders:
        size *= len(slider.choices)
    return size


def slider_of(name: str, values: dict[str, Any], usual: str) -> Slider:
    """A slider over the values of one dotted name; a value of None leaves it as the scenario is.

    >>> slider_of("fatigue", {"as fitted": None, "twice": 2.0}, "as fitted").choices[1].changes
    {'fatigue': 2.0}
    """
    choices = tuple(
        Choice(shown, {} if value is None else {name: value}) for shown, value in values.items()
    )
    return Slider(name, words.setting(name), choices, list(values).index(usual))
