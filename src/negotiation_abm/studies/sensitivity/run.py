"""The `sensitivity` step: run the points of a study, or read them, and divide up the variance."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.run.play import play_one
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.scenario.provenance import provenance_of
from negotiation_abm.studies.sensitivity.design import POINT, design
from negotiation_abm.studies.sensitivity.factors import DUMMY, changes_at
from negotiation_abm.studies.sensitivity.indices import indices
from negotiation_abm.studies.sensitivity.outcomes import means_of, of_runs
from negotiation_abm.studies.sensitivity.spec import Spec

STEP = "sensitivity"
Evaluator = Callable[[dict[str, Any], int], dict[str, float]]
Progress = Callable[[int], None]


def scenario_evaluator(spec: Spec, threads: int | None = None) -> Evaluator:
    """Outcomes at dotted names and values, as means over the replicates of a seed."""

    def evaluate(changes: dict[str, Any], seed: int) -> dict[str, float]:
        game = build_game(load_scenario(spec.scenario, changes))
        played = play_one(game, of_runs(spec.outcomes), spec.replicates, seed, threads)
        return means_of(played, spec.outcomes)

    return evaluate


def run_points(spec: Spec, evaluator: Evaluator, progress: Progress | None = None) -> pd.DataFrame:
    """The design with the value of each factor and outcome at each point.

    Returns
    -------
    DataFrame
        `design.design`, then ``value.NAME`` for each factor, then the outcomes.
    """
    points = design(spec)
    names = [factor.name for factor in spec.factors]
    rows = []
    for done, (_, point) in enumerate(points.iterrows(), start=1):
        changes = changes_at(spec.factors, [point[name] for name in names])
        named = {f"value.{name}": value for name, value in changes.items()}
        rows.append(named | evaluator(changes, int(point["seed"])))
        if progress:
            progress(done)
    return pd.concat([points, pd.DataFrame(rows)], axis=1)


def run_study(
    spec: Spec,
    out: Path,
    threads: int | None = None,
    progress: Progress | None = None,
    evaluator: Evaluator | None = None,
) -> pd.DataFrame:
    """Run a study and write ``points.csv`` and ``sensitivity.csv`` to `out`.

    Returns
    -------
    DataFrame
        The indices of every outcome, as in ``sensitivity.csv``.

    Raises
    ------
    InputError
        If an outcome is not defined at some point, with the names of these.
    """
    base = build_game(load_scenario(spec.scenario))
    points = run_points(spec, evaluator or scenario_evaluator(spec, threads), progress)
    facts = provenance_of(base) | {
        "study": spec.name,
        "method": spec.method,
        "samples": spec.samples,
        "factors": [factor.name for factor in spec.factors],
        "ranges": {f.name: [f.values[0], f.values[-1]] for f in spec.factors},
        "outcomes": list(spec.outcomes),
        "seed": spec.seed,
        "replicates": spec.replicates,
        "points": len(points),
    }
    table = _tables(points, facts, out / "points.csv")
    with writing(out, STEP, facts) as draft:
        draft.csv("points.csv", points)
        draft.csv("sensitivity.csv", table, 10)
    return table


def analyse(folder: Path) -> pd.DataFrame:
    """Indices anew from the ``points.csv`` of a folder; writes ``sensitivity.csv``.

    Raises
    ------
    InputError
        If the table is not of a study, or not complete.
    """
    path = folder / "points.csv"
    facts = read_manifest(folder).get(STEP)
    if not path.is_file() or not isinstance(facts, dict):
        problem = "holds no study (points.csv, manifest.json); give a study in YAML"
        raise InputError(folder, "", problem)
    points = pd.read_csv(path, engine="pyarrow")
    for column in (*POINT, *facts["factors"], DUMMY):
        if column not in points:
            raise InputError(path, column, "no such column")
    table = _tables(points, facts, path)
    kept = {name: value for name, value in facts.items() if name not in ("files", "created")}
    with writing(folder, STEP, kept) as draft:
        draft.csv("points.csv", points)
        draft.csv("sensitivity.csv", table, 10)
    return table


def _tables(points: pd.DataFrame, facts: dict[str, Any], source: Path) -> pd.DataFrame:
    parts = [
        indices(
            points,
            outcome,
            facts["factors"],
            facts["method"],
            facts["samples"],
            facts["seed"],
            source=source,
        )
        for outcome in facts["outcomes"]
    ]
    return pd.concat(parts, ignore_index=True)
