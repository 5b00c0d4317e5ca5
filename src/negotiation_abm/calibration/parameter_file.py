"""A fit as a parameter set: values with what each rests on."""

from typing import Any

import numpy as np
import pandas as pd
import yaml

from negotiation_abm.calibration.fit import Fit
from negotiation_abm.errors import InputError
from negotiation_abm.parameters import MODEL_VERSION


def parameter_file(
    result: Fit, table: pd.DataFrame, name: str, by_moments: dict[str, float] | None = None
) -> str:
    """YAML of a parameter set: fitted values, and those of the scenario's set for the rest.

    Raises
    ------
    InputError
        If the fit has not converged: it is no parameter set.
    """
    game = result.data.game
    if not result.converged:
        raise InputError(
            game.scenario.path, "calibrate", "the fit did not converge; nothing written"
        )
    base = game.parameter_set
    entries: dict[str, Any] = {
        key: {"value": value, "source": f"as in {base.name}: {base.sources[key]}"}
        for key, value in base.values.items()
    }
    for parameter in dict.fromkeys(c.parameter for c in result.data.coefficients):
        entries[parameter] = _entry(result, table, parameter)
    for parameter, value in (by_moments or {}).items():
        source = "set by the moments of free runs (configs/calibration)"
        entries[parameter] = {"value": _rounded(value), "source": source}
    how = (
        "Maximum a posteriori from the likelihood of the record, jointly with moments of free runs."
        if by_moments
        else "Maximum a posteriori from the likelihood of the record alone."
    )
    content = {
        "name": name,
        "description": f"{how} What neither sees is as in {base.name}.",
        "model_version": MODEL_VERSION,
        "players": list(game.players),
        "parameters": entries,
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _entry(result: Fit, table: pd.DataFrame, parameter: str) -> dict[str, Any]:
    game = result.data.game
    members = [(k, c) for k, c in enumerate(result.data.coefficients) if c.parameter == parameter]
    notes = [
        f"{c.label} {result.theta[k]:.2f} ({result.errors[k]:.2f}), rests on {table['rests_on'][k]}"
        for k, c in members
    ]
    source = "MAP (Laplace error): " + "; ".join(notes)
    value: Any
    if not members[0][1].index:
        value = _rounded(result.theta[members[0][0]])
    elif len(members[0][1].index) == 1:
        value = {game.players[c.index[0]]: _rounded(result.theta[k]) for k, c in members}
    else:
        value = {player: {} for player in game.players}
        for k, c in members:
            i, a = c.index
            value[game.players[i]][game.lever_names[i][a]] = _rounded(result.theta[k])
    return {"value": value, "source": source}


def _rounded(number: np.floating[Any] | float) -> float:
    return round(float(number), 6)
