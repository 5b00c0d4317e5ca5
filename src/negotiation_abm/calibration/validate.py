"""The `validate` step: any parameter set held against any record, and against free runs."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.controls import control_table
from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.features import Data, collect
from negotiation_abm.calibration.free_runs import (
    free_histories,
    pattern_table,
    predictive_table,
    verdicts,
)
from negotiation_abm.calibration.lever_response import lever_response
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.calibration.probability import brier, calibration_curve
from negotiation_abm.calibration.scores import (
    MODEL,
    by_move_type,
    leave_one_month_out,
    score_table,
    scores_as_given,
)
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.record.load import Record, load_record
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.scenario.provenance import provenance_of
from negotiation_abm.survival.words import plain_rows

TRAINING = ("baseline_2025", "record_2025")  # what baselines learn from unless the set says
LEVER_WEEKS = 52
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Effort:
    """How much free play goes into a validation.

    Attributes
    ----------
    draws : int
        Posterior draws for free runs and lever response; 0 leaves both out.
    runs : int
        Free runs a draw.
    lever_runs : int
        Runs a draw, lever and change.
    control_runs : int
        Paired runs for each negative control.
    changes : dict
        Changes of the scenario that the negative controls are to have too (`--set`).
    """

    draws: int = 100
    runs: int = 10
    lever_runs: int = 200
    control_runs: int = 20_000
    changes: dict[str, Any] = field(default_factory=dict)
    seed: int = 1


@dataclass(frozen=True)
class Validation:
    """Tables of a validation (empty where not asked for), and a summary that JSON can hold."""

    summary: dict[str, Any]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def validate(
    game: Game,
    record: Record,
    out: Path | None = None,
    priors: str | Path = "priors",
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Validation:
    """Hold a parameter set against a record, and free runs with it against the record's patterns.

    Scores of each decision, nothing refitted: the model, and simple statistics fitted to the record
    that the set was fitted to. On that record itself also with each month left out of all fits.

    Parameters
    ----------
    effort : Effort, optional
        Free runs, lever response, negative controls; none by default.

    Raises
    ------
    InputError
        If the record does not fit the scenario, or the draws of the set cannot be read.
    """
    with threadpool_limits(1, "blas"):
        data = collect(game, record)
        train, is_own, notes = _training(game, record, data)
        theta, prior = data.point(), load_prior(data, priors)
        given = scores_as_given(data, theta, train)
        tables = {
            "scores_as_given": score_table(data, given),
            "by_move_type": by_move_type(data, given),
            "calibration_curve": calibration_curve(data, theta),
        }
        summary = _facts(game, record, data, train, is_own) | {
            "notes": [*game.notes, *notes],
            "as_given": _means(given[MODEL]),
            "brier": brier(data, theta),
        }
        if is_own:
            left = leave_one_month_out(data, prior)
            tables["scores"] = score_table(data, left)
            tables["by_move_type_left_out"] = by_move_type(data, left)
            summary |= {"left_out": _means(left[MODEL]), "best_baseline": _best(tables["scores"])}
        if effort is not None and effort.draws > 0:
            tables |= _free(game, record, effort, summary, progress)
    summary |= {name: plain_rows(table) for name, table in tables.items() if len(table) <= 100}
    if out is not None:
        facts = provenance_of(game) | {"record_sha256": file_hash(record.path)}
        with writing(out, "validate", facts, made_from=[game.parameter_set.path]) as draft:
            for name, table in tables.items():
                table.to_csv(draft.path(f"{name}.csv"), index=False, float_format="%.6g")
            draft.json("validation.json", summary)
    return Validation(summary, tables)


def _training(game: Game, record: Record, data: Data) -> tuple[Data, bool, list[str]]:
    """The record that the parameter set was fitted to, whether this is it, and a note on it."""
    made, digest = game.parameter_set.fit, file_hash(record.path)
    if digest == made.get("record_sha256"):
        return data, True, []
    if "pool" in made:
        note = "was fitted to a pool; statistics learn from this record itself"
        return data, False, [f"{game.parameter_set.name} {note}"]
    names = str(made.get("scenario", TRAINING[0])), str(made.get("record", TRAINING[1]))
    notes = []
    try:
        own = load_record(names[1], game.parameter_set.path.parent)
        scenario = load_scenario(names[0])
    except InputError as error:
        notes.append(f"{game.parameter_set.name} was fitted to a record that is not here ({error})")
        own, scenario = load_record(TRAINING[1]), load_scenario(TRAINING[0])
    if file_hash(own.path) == digest:
        return data, True, notes
    return collect(build_game(scenario), own), False, notes


def _has_seen(game: Game, record: Record) -> bool:
    """Did a pool that the set was fitted to hold the same dispute at the same time?

    Another coding of a dispute is no new dispute.
    """
    made, scenario = game.parameter_set.fit, game.scenario
    first = min((row.date for row in record.rows if row.date >= scenario.start), default=None)
    if "pool" not in made or first is None:
        return False
    last = min(record.rows[-1].date, dt.date.fromisoformat(made["until"]))
    for name in made["episodes"]:
        other = load_scenario(name)
        until = other.record.until if other.record else None
        overlaps = other.start <= last and (until is None or first <= until)
        if overlaps and set(other.players) == set(scenario.players):
            return True
    return False


def _facts(game: Game, record: Record, data: Data, train: Data, is_own: bool) -> dict[str, Any]:
    return {
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "record": record.path.name,
        "decisions": len(data.chosen),
        "moves": int((data.chosen != 0).sum()),
        "in_sample": is_own or _has_seen(game, record),
        "baselines_fitted_to": record.path.stem if is_own else train.game.scenario.name,
    }


def _means(scores: np.ndarray) -> dict[str, float]:
    return {"type": float(scores[:, 0].mean()), "type_and_lever": float(scores[:, 1].mean())}


def _best(table: pd.DataFrame) -> str:
    others = table[table["model"] != MODEL].sort_values("gain_type")
    return str(others["model"].iloc[0])


def _free(
    game: Game,
    record: Record,
    effort: Effort,
    summary: dict[str, Any],
    progress: Progress | None,
) -> dict[str, pd.DataFrame]:
    """Patterns, predictive checks, lever response, negative controls; adds to the summary."""
    from negotiation_abm.replay.events import recorded_history  # Mesa is heavy

    def told(stage: str, total: int) -> Callable[[int], None] | None:
        return (lambda done: progress(stage, done, total)) if progress else None

    tables: dict[str, pd.DataFrame] = {}
    if game.scenario.name == TRAINING[0]:  # first: a change may not fit both starts
        changes = effort.changes | {"parameters": str(game.parameter_set.path)}
        tables["controls"] = control_table(changes, effort.control_runs, effort.seed)
    frame = draws_of(game.parameter_set)
    games = [game] if frame is None else games_of(game, thinned(frame, effort.draws))
    runs = effort.runs if frame is not None else effort.draws * effort.runs
    recorded = recorded_history(game, record)
    told_runs = told("free runs", len(games) * runs)
    free = free_histories(games, len(recorded.weeks), runs, effort.seed, told_runs)
    single = [history for histories in free for history in histories]
    patterns = pattern_table([recorded], [[history] for history in single])
    predictive = predictive_table(recorded, free)
    levers = lever_response(
        games, LEVER_WEEKS, effort.lever_runs, effort.seed,
        progress=told("lever response", len(games)),
    )  # fmt: skip
    tables |= {"patterns": patterns, "predictive": predictive, "lever_response": levers}
    summary |= {
        "draws": 0 if frame is None else len(games),
        "free_runs": len(games) * runs,
        "verdicts": verdicts(patterns),
        "predictive_inside": {
            str(kind): float(part["inside"].dropna().astype(bool).mean())
            for kind, part in predictive.groupby("kind")
        },
    }
    return tables
