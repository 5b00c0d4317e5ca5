"""Posterior draws of a parameter set, put into a game."""

from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm.calibration.features import Coefficient
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


def with_coefficients(game: Game, coefficients: tuple[Coefficient, ...], theta: np.ndarray) -> Game:
    """The game with these coefficients in place of its own."""
    params = game.params.copy()
    for value, coefficient in zip(theta, coefficients, strict=True):
        params[coefficient.parameter][(0, *coefficient.index)] = value
    params["truce_frailty"] = np.abs(params["truce_frailty"])  # a spread: its sign means nothing
    derive(params)
    return Game(**{**game.__dict__, "params": params})
