"""Posterior draws of a parameter set, put into a game."""

from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm.calibration.features import Coefficient, coefficients_of
from negotiation_abm.core.params import derive
from negotiation_abm.scenario import posterior_draws
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.parameters import ParameterSet


def draws_path(chosen: ParameterSet) -> Path:
    """Where the draws of a set lie: beside it, as Parquet."""
    return chosen.path.with_suffix(".parquet")


def draws_of(chosen: ParameterSet) -> pd.DataFrame | None:
    """Draws of a set, one row each, columns by coefficient label; None if it has none.

    Raises
    ------
    InputError
        As `negotiation_abm.scenario.posterior_draws.load_draws`.
    """
    if not draws_path(chosen).is_file():
        return None
    return posterior_draws.load_draws(chosen.path).drop(columns=list(posterior_draws.INDEX))


def thinned(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """`count` rows, evenly over the chains (all if there are no more)."""
    if len(frame) <= count:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, count).round().astype(int)]


def with_coefficients(game: Game, coefficients: tuple[Coefficient, ...], theta: np.ndarray) -> Game:
    """The game with these coefficients in place of its own."""
    params = game.params.copy()
    for value, coefficient in zip(theta, coefficients, strict=True):
        params[coefficient.parameter][(0, *coefficient.index)] = value
    params["truce_frailty"] = np.abs(params["truce_frailty"])  # a spread: its sign means nothing
    derive(params)
    return Game(**{**game.__dict__, "params": params})


def games_of(game: Game, frame: pd.DataFrame) -> list[Game]:
    """One game a draw.

    A player that the draws do not know has the mean of those they know (or the one that it plays
    as), a lever that they do not know no habit: the same rule as for the point values.
    """
    coefficients = coefficients_of(game)
    values = np.stack([_column(game, frame, c) for c in coefficients], axis=1)
    return [with_coefficients(game, coefficients, theta) for theta in values]


def _column(game: Game, frame: pd.DataFrame, coefficient: Coefficient) -> np.ndarray:
    name = coefficient.parameter
    point = float(game.params[0][name][coefficient.index])
    if not coefficient.index:
        return frame[name].to_numpy() if name in frame else np.full(len(frame), point)
    player = game.players[coefficient.index[0]]
    source = game.scenario.plays_as.get(player, player)
    if len(coefficient.index) == 2:
        label = f"{name}.{source}.{game.lever_names[coefficient.index[0]][coefficient.index[1]]}"
        return frame[label].to_numpy() if label in frame else np.full(len(frame), point)
    if f"{name}.{source}" in frame:
        return np.asarray(frame[f"{name}.{source}"].to_numpy())
    known = [column for column in frame.columns if column.startswith(f"{name}.")]
    return np.asarray(frame[known].to_numpy().mean(axis=1)) if known else np.full(len(frame), point)
