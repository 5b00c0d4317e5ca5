"""Several runs: restricted means and differences, log-rank, hazard ratios of what differs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.folder import writing
from negotiation_abm.run.step import selected_spells, survival_table
from negotiation_abm.studies.comparison.folders import RunFolder, differences, read_runs
from negotiation_abm.studies.comparison.study import UNTIL
from negotiation_abm.survival import (
    WARNING,
    Survival,
    log_rank,
    paired_rmst_difference,
    proportional_hazards,
    rmst,
    rmst_difference,
    run_influence,
)
from negotiation_abm.survival.words import plain_rows


def compare(
    folders: list[Path],
    out: Path,
    measure: str = "covered",
    group: str | None = None,
    until: int = UNTIL,
    level: float = 0.95,
    regress: bool = False,
    labels: Sequence[str] = (),
) -> dict[str, Any]:
    """Compare truces of several runs with those of the first, and write the tables to `out`.

    Runs of the same seed are paired by replicate (common random numbers).

    Parameters
    ----------
    labels : sequence of str
        Names of the runs for people, one a folder; by default what sets them apart.

    Returns
    -------
    dict
        What ``comparison.json`` holds.

    Raises
    ------
    InputError
        If a folder holds no run, has no such spells, or its data end before `until`.
    """
    runs = read_runs(folders, labels)
    chosen = group or ("running" if all(run.is_running for run in runs) else "all")
    found = {run.label: _present(run, measure, chosen, level) for run in runs}
    rows = rmst_rows(runs, found, measure, chosen, until, level)
    test = log_rank([item.counts for item in found.values()])
    summary: dict[str, Any] = {
        "measure": measure,
        "group": chosen,
        "until_weeks": until,
        "level": level,
        "posterior": {run.label: run.posterior for run in runs},
        "scenarios": plain_rows(rows),
        "log_rank": {
            "statistic": test.clustered_statistic,
            "degrees": test.degrees,
            "p_value": test.clustered_p_value,
            "warning": WARNING,
        },
    }
    if regress:
        summary["regression"], summary["not_in_regression"] = _regression(runs, found, level)
    curves = survival_table({(measure, run): item for run, item in found.items()})
    facts = {"measure": measure, "group": chosen, "runs": {run.label: run.made for run in runs}}
    sources = [run.path / "truces.parquet" for run in runs]
    with writing(out, "comparison", facts, made_from=sources) as draft:
        curves = curves.rename(columns={"group": "scenario"})
        draft.csv("scenarios.csv", curves, 10)
        ranges = _ranges(runs)
        if len(ranges):
            draft.csv("ranges.csv", ranges, 6)
        draft.csv("rmst.csv", pd.DataFrame(rows), 10)
        if regress:
            table = pd.DataFrame(summary["regression"])
            draft.csv("regression.csv", table, 10)
        draft.json("comparison.json", summary)
    return summary


def _ranges(runs: list[RunFolder]) -> pd.DataFrame:
    """``posterior.csv`` of the runs that have one, under one another, with the scenario."""
    found = [
        pd.read_csv(run.path / "posterior.csv").assign(scenario=run.label)
        for run in runs
        if (run.path / "posterior.csv").is_file()
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _present(run: RunFolder, measure: str, group: str, level: float) -> Survival:
    if group not in run.groups:
        raise InputError(run.path, "--group", f"'{group}': {suggest(group, run.groups)}")
    found = run.survival(measure, group, level)
    if found is None:
        raise InputError(run.path, "truces.parquet", f"no spell of {measure}, {group}")
    return found


def rmst_rows(
    runs: list[RunFolder],
    found: dict[str, Survival],
    measure: str,
    group: str,
    until: int,
    level: float,
) -> list[dict[str, Any]]:
    """Restricted mean of each run, and its difference from the first."""
    for run in runs:
        end = found[run.label].counts.end_of_data
        if until > end:
            problem = f"{until} weeks: the truces of this run are known for {end} weeks only"
            raise InputError(run.path, "--until", problem)
    influence = {
        run.label: run_influence(
            selected_spells(run.path / "truces.parquet", measure, group)(),
            found[run.label].counts,
            until,
        )
        for run in runs
    }
    base, rows = runs[0], []
    for run in runs:
        item = found[run.label]
        mean = rmst(item.counts, until, level)
        pair = run.made["seed"] == base.made["seed"]
        if pair:
            sides = [(found[label].counts, influence[label]) for label in (base.label, run.label)]
            gap = paired_rmst_difference(sides[0], sides[1], until, level)
        else:
            gap = rmst_difference(found[base.label].counts, item.counts, until, level)
        median, low, high = item.median_weeks()
        rows.append(
            {
                "scenario": run.label,
                "num_spells": item.num_spells,
                "median_weeks": median,
                "median_low": low,
                "median_high": high,
                "rmst": mean.value,
                "error": mean.error,
                "low": mean.low,
                "high": mean.high,
                "difference": gap.value,
                "difference_error": gap.error,
                "difference_low": gap.low,
                "difference_high": gap.high,
                "paired": pair,
            }
        )
    return rows


def _regression(
    runs: list[RunFolder], found: dict[str, Survival], level: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """Hazard ratios of the numbers that differ between runs; and what else differs."""
    given, differing = differences(runs)
    numbers = [name for name in differing if all(_is_number(v.get(name)) for v in given)]
    if not numbers:
        raise InputError("--regress", "", "no number of the scenarios or parameters differs")
    covariates = pd.DataFrame([[v[name] for name in numbers] for v in given], columns=numbers)
    try:
        counts = [found[run.label].counts for run in runs]
        table = proportional_hazards(counts, covariates.astype(float), level)
    except ValueError as error:
        raise InputError("--regress", "", str(error)) from None
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    return rows, [name for name in differing if name not in numbers]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
