"""Posterior draws of a parameter set: where they lie, and the table of them."""

from pathlib import Path

import pandas as pd

from negotiation_abm.scenario import posterior_draws
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
