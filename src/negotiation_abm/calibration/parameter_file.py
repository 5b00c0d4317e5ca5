"""A fit as a parameter set: values with what each rests on."""

from typing import Any

import numpy as np
import pandas as pd
import yaml

from negotiation_abm.calibration.features import Coefficient
from negotiation_abm.calibration.fit import Fit
from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.params import PARAMETERS
from negotiation_abm.core.terms import Move
from negotiation_abm.files.errors import InputError
from negotiation_abm.scenario.parameters import MODEL_VERSION


def parameter_file(
    result: Fit, table: pd.DataFrame, name: str, facts: dict[str, Any] | None = None
) -> str:
    """YAML of a parameter set: fitted values, and those of the scenario for the rest.

    Parameters
    ----------
    facts : dict, optional
        What the fit was made from, kept under ``fit``.

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
    fitted = {c.parameter for c in result.data.coefficients}
    entries: dict[str, Any] = {}
    for parameter in PARAMETERS:
        if parameter.name in fitted:
            entries[parameter.name] = _entry(result, table, parameter.name)
        elif parameter.name in game.parameter_set.values or parameter.name in game.scenario.set:
            entries[parameter.name] = _kept(result, parameter)
    joint = result.term is not None
    how = "the likelihood of the record" + (", jointly with moments of free runs" if joint else "")
    content = {
        "name": name,
        "description": (
            f"Maximum a posteriori from {how}. "
            f"What neither sees is as in {game.parameter_set.name}."
        ),
        "model_version": MODEL_VERSION,
        "players": list(game.players),
        "fit": facts or {},
        "parameters": entries,
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _kept(result: Fit, parameter: Parameter) -> dict[str, Any]:
    """A value that the fit does not touch, as the scenario has it."""
    game = result.data.game
    value = np.asarray(game.params[parameter.name][0])
    own = {key: given for key, given in game.scenario.set.items() if _is(key, parameter.name)}
    base = game.parameter_set
    kept = base.sources.get(parameter.name, "")
    source = kept if kept.startswith("as in ") else f"as in {base.name}: {kept}" if kept else ""
    if own:
        source = f"set in {game.scenario.name}" + (f"; else {source}" if source else "")
    convert = int if parameter.integer else float
    plain: Any
    if parameter.shape == "player":
        plain = {p: convert(v) for p, v in zip(game.players, value, strict=True)}
    elif parameter.shape == "chain":
        plain = {
            move.name: [convert(v) for v in row] for move, row in zip(Move, value, strict=True)
        }
    elif parameter.shape == "triple":
        plain = [convert(v) for v in value]
    else:
        plain = convert(value)
    return {"value": plain, "source": source}


def _is(key: str, name: str) -> bool:
    return key.split(".")[0] == name


def _entry(result: Fit, table: pd.DataFrame, parameter: str) -> dict[str, Any]:
    game = result.data.game
    members = [(k, c) for k, c in enumerate(result.data.coefficients) if c.parameter == parameter]
    errors = table.get("error", result.errors)
    notes = [
        f"{c.label} {result.theta[k]:.2f} ({errors[k]:.2f}), rests on {table['rests_on'][k]}"
        for k, c in members
    ]
    kind = "posterior sd" if "r_hat" in table else "Laplace error"
    source = f"MAP ({kind}): " + "; ".join(notes)
    return {"value": _value(result, members, game.lever_names), "source": source}


def _value(
    result: Fit,
    members: list[tuple[int, Coefficient]],
    lever_names: tuple[tuple[str, ...], tuple[str, ...]],
) -> Any:
    players = result.data.game.players
    if not members[0][1].index:
        return _rounded(result.theta[members[0][0]])
    if len(members[0][1].index) == 1:
        return {players[c.index[0]]: _rounded(result.theta[k]) for k, c in members}
    value: dict[str, dict[str, float]] = {player: {} for player in players}
    for k, c in members:
        i, a = c.index
        value[players[i]][lever_names[i][a]] = _rounded(result.theta[k])
    return value


def _rounded(number: np.floating[Any] | float) -> float:
    return round(float(number), 6)
