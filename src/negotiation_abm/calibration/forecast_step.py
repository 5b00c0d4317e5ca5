"""The `forecast` step: posterior draws, free runs of the truce in force, tables and manifest."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.forecast import Forecast, forecast
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import provenance_of


def make_forecast(
    game: Game,
    draws: int,
    replicates: int,
    seed: int,
    known: dt.date | None = None,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Forecast, dict[str, Any]]:
    """Forecast the truce in force at the start of `game`, over draws of its parameter set.

    Returns
    -------
    Forecast, dict
        The tables, and a summary that JSON can hold.

    Raises
    ------
    InputError
        If the parameter set has no draws, no truce is in force, or `out` cannot be written to.
    """
    frame = draws_of(game.parameter_set)
    if frame is None:
        raise InputError(
            game.parameter_set.path,
            "",
            "has no posterior draws beside it; a forecast needs a calibrated set (--params NAME)",
        )
    games = games_of(game, thinned(frame, draws))
    result = forecast(games, replicates, seed, known, progress)
    summary = {
        "scenario": game.scenario.name,
        "start": game.scenario.start.isoformat(),
        "parameters": game.parameter_set.name,
        "draws": len(games),
        "replicates_a_draw": replicates,
        "seed": seed,
        "known_to_stand_until": known.isoformat() if known else None,
        "min_severity": float(game.params["min_severity"][0]),
        "survival": result.survival.to_dict(orient="records"),
        "ends": result.ends.to_dict(orient="records"),
        "renewal": result.renewal,
    }
    if out is not None:
        facts = provenance_of(game) | {"seed": seed, "draws": len(games), "replicates": replicates}
        with writing(out, "forecast", facts, made_from=[game.parameter_set.path]) as draft:
            for name in ("survival", "ends", "curve"):
                table = getattr(result, name)
                path = draft.path(f"forecast_{name}.csv")
                table.to_csv(path, index=False, float_format="%.6g")
            draft.json("forecast.json", summary)
    return result, summary
