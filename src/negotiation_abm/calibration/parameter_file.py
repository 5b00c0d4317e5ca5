"""A fit as a parameter set: values with what each rests on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import yaml

from negotiation_abm.calibration.features import Coefficient
from negotiation_abm.core.parameter import Parameter
from negotiation_abm.core.params import PARAMETERS
from negotiation_abm.core.terms import Move
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.parameters import MODEL_VERSION


def parameter_file(
    game: Game,
    coefficients: Sequence[Coefficient],
    theta: np.ndarray,
    notes: Sequence[str],
    how: str,
    name: str,
    description: str,
    facts: dict[str, Any] | None = None,
) -> str:
    """YAML of a parameter set: fitted values, and those of the scenario for the rest.

    Parameters
    ----------
    theta : ndarray, shape (K,)
        Values of the coefficients.
    notes : sequence of str, one a coefficient
        What each rests on.
    how : str
        What values are, and what stands in brackets after them in the notes.
    facts : dict, optional
        What the fit was made from, kept under ``fit``.
    """
    fitted: dict[str, list[int]] = {}
    for k, coefficient in enumerate(coefficients):
        fitted.setdefault(coefficient.parameter, []).append(k)
    entries: dict[str, Any] = {}
    for parameter in PARAMETERS:
        if parameter.name in fitted:
            own = fitted[parameter.name]
            members = [(coefficients[k], float(theta[k])) for k in own]
            source = f"{how}: " + "; ".join(notes[k] for k in own)
            entries[parameter.name] = {"value": _value(game, members), "source": source}
        elif parameter.name in game.parameter_set.values or parameter.name in game.scenario.set:
            entries[parameter.name] = _kept(game, parameter, (facts or {}).get("pool"))
    content = {
        "name": name,
        "description": f"{description} What is not fitted is as in {game.parameter_set.name}.",
        "model_version": MODEL_VERSION,
        "players": list(game.players),
        "fit": facts or {},
        "parameters": entries,
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _kept(game: Game, parameter: Parameter, pool: str | None) -> dict[str, Any]:
    """A value that the fit does not touch, as the pool or the scenario has it."""
    value = np.asarray(game.params[parameter.name][0])
    own = {key: given for key, given in game.scenario.set.items() if _is(key, parameter.name)}
    base = game.parameter_set
    kept = base.sources.get(parameter.name, "")
    source = kept if "as in " in kept else f"as in {base.name}: {kept}" if kept else ""
    if own:
        by = f"set in {game.scenario.name}"
        if pool:
            by = f"assumed: set by the pool {pool}, not fitted"
        source = by + (f"; else {source}" if source else "")
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


def _value(game: Game, members: list[tuple[Coefficient, float]]) -> Any:
    """The value of one parameter, from its coefficients and their values."""
    first = members[0][0]
    if not first.index:
        return round(members[0][1], 6)
    if len(first.index) == 1:
        return {game.players[c.index[0]]: round(number, 6) for c, number in members}
    value: dict[str, dict[str, float]] = {player: {} for player in game.players}
    for c, number in members:
        i, a = c.index
        value[game.players[i]][game.lever_names[i][a]] = round(number, 6)
    return value
