"""Posterior draws of a parameter set, put into a game."""

from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm.calibration.features import Coefficient, coefficients_of
from negotiation_abm.calibration.moments import with_coefficients
from negotiation_abm.core.params import PARAMETERS
from negotiation_abm.errors import InputError, nearest
from negotiation_abm.game import Game
from negotiation_abm.parameters import ParameterSet

_NAMES = {parameter.name for parameter in PARAMETERS}


def draws_path(chosen: ParameterSet) -> Path:
    """Where the draws of a set lie: beside it, as Parquet."""
    return chosen.path.with_suffix(".parquet")


def load_draws(chosen: ParameterSet) -> pd.DataFrame | None:
    """Draws of a set, one row each, columns by coefficient label; None if it has none.

    Raises
    ------
    InputError
        If the file cannot be read, holds no draws, or a column names no parameter or is not of
        finite numbers.
    """
    path = draws_path(chosen)
    if not path.is_file():
        return None
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(path, "", f"not a Parquet file ({error})") from None
    frame = frame.drop(columns=["chain", "draw"], errors="ignore")
    for column in frame.columns:
        first = str(column).split(".")[0]
        if first not in _NAMES:
            raise InputError(path, str(column), f"unknown parameter; {nearest(first, _NAMES)}")
        numbers = pd.to_numeric(frame[column], errors="coerce")
        if not np.isfinite(numbers).all():
            raise InputError(path, str(column), "not all of its values are finite numbers")
    if frame.empty:
        raise InputError(path, "", "no draws")
    return frame


def thinned(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """`count` rows, evenly over the chains (all if there are no more)."""
    if len(frame) <= count:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, count).round().astype(int)]


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
