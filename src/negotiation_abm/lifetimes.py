"""The `survival` step: how long the truces of one run folder last, or of several compared."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.errors import InputError, nearest
from negotiation_abm.results import read_manifest, writing
from negotiation_abm.runs import selected_spells, survival_table
from negotiation_abm.spells import MEASURES
from negotiation_abm.survival import (
    WARNING,
    Fit,
    Mean,
    Survival,
    count_spells,
    estimate,
    fit_all,
    hazard_table,
    incidence_table,
    log_rank,
    paired_rmst_difference,
    proportional_hazards,
    rmst,
    rmst_difference,
    run_influence,
)

UNTIL = 52
POOLED = 4  # weeks of age pooled in the table of hazards
SHARES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class RunFolder:
    """A folder that `run` filled."""

    path: Path
    label: str
    made: dict[str, Any]

    @property
    def is_running(self) -> bool:
        """Was a truce in force at the start?"""
        return self.made["scenario"].get("truce") is not None

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of spells that this run has."""
        return ("all", "running") if self.is_running else ("all",)

    @cached_property
    def _kept(self) -> dict[tuple[str, str], Survival | None]:
        return {}

    def survival(self, measure: str, group: str, level: float) -> Survival | None:
        """Survival of one measure and group; None if there are no such spells."""
        blocks = selected_spells(self.path / "truces.parquet", measure, group)
        if (measure, group) not in self._kept:
            counts = count_spells(blocks())
            self._kept[measure, group] = None if counts is None else estimate(counts, level)
        return self._kept[measure, group]


def read_runs(folders: list[Path]) -> list[RunFolder]:
    """Run folders with a label each: their names, or their paths where names are the same.

    Raises
    ------
    InputError
        If one of them is not the result of a run.
    """
    runs = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(folder, "", "no such folder")
        made = read_manifest(folder).get("run")
        if not (folder / "truces.parquet").is_file() or not isinstance(made, dict):
            problem = "holds no run (truces.parquet, manifest.json); `negotiation-abm run` makes one"
            raise InputError(folder, "", problem)
        runs.append(RunFolder(folder, folder.resolve().name, made))
    names = [run.label for run in runs]
    if len(set(names)) < len(names):
        runs = [RunFolder(run.path, str(run.path), run.made) for run in runs]
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise InputError(folders[-1], "", "the same folder is given twice")
    return runs


def study(
    folder: Path, out: Path | None = None, until: int = UNTIL, level: float = 0.95
) -> dict[str, Any]:
    """Survival, hazards, incidence and fits of one run; written to `out` (default: its folder).

    Returns
    -------
    dict
        What ``survival.json`` holds.
    """
    run = read_runs([folder])[0]
    entries, hazards, incidences, fitted, curves = [], [], [], [], []
    for measure in MEASURES.values():
        for group in run.groups:
            found = run.survival(measure, group, level)
            if found is None:
                continue
            key = {"measure": measure, "group": group}
            fits = fit_all(found.counts)
            entries.append(key | _entry(found, fits, until, level))
            hazards.append(hazard_table(found.counts, POOLED, level).assign(**key))
            incidences.append(incidence_table(found.counts, level).assign(**key))
            fitted.append(fit_table(fits).assign(**key))
            curves.append(_fit_curves(fits).assign(**key))
    if not entries:
        raise InputError(folder, "truces.parquet", "no truce began in any run")
    summary = {
        "scenario": run.made["scenario"]["name"],
        "until_weeks": until,
        "level": level,
        "truces": entries,
    }
    facts = {"run": str(folder), "truces_sha256": _truces_hash(run.made), "until_weeks": until}
    with writing(out or folder, "survival", facts) as draft:
        for name, tables in (
            ("hazard", hazards),
            ("incidence", incidences),
            ("fits", fitted),
            ("fit_curves", curves),
        ):
            table = pd.concat(tables, ignore_index=True)
            table.to_csv(draft.path(f"{name}.csv"), index=False, float_format="%.10g")
        draft.json("survival.json", summary)
    return summary


def study_if_missing(folder: Path) -> None:
    """Write the tables of `study` unless they are there and of this run."""
    manifest = read_manifest(folder)
    made, done = manifest.get("run", {}), manifest.get("survival", {})
    if done.get("truces_sha256") != _truces_hash(made) or not (folder / "hazard.csv").is_file():
        study(folder)


def _truces_hash(made: dict[str, Any]) -> Any:
    return made.get("files", {}).get("truces.parquet")


def _entry(found: Survival, fits: list[Fit], until: int, level: float) -> dict[str, Any]:
    return {
        "num_spells": found.num_spells,
        "num_ended": found.num_ended,
        "num_runs": found.num_runs,
        "quantiles_weeks": {f"{100 * q:g} %": list(found.quantile_weeks(q)) for q in SHARES},
        "rmst": _finite(rmst(found.counts, until, level)),
        "shares": {cause: list(share) for cause, share in found.shares.items()},
        "fits": [
            {
                "family": fit.family,
                "aic": fit.aic,
                "aic_above_best": fit.aic - fits[0].aic,
                "largest_gap": fit.largest_gap,
                "parameters": {
                    name: [value, error if error < float("inf") else None]
                    for name, (value, error) in fit.parameters.items()
                },
                "converged": fit.converged,
            }
            for fit in fits
        ],
    }


def _finite(mean: Mean) -> dict[str, Any]:
    """A mean as plain data, None for what is not a number."""
    values = {"value": mean.value, "error": mean.error, "low": mean.low, "high": mean.high}
    shown = {name: value if value == value else None for name, value in values.items()}
    return {"until_weeks": mean.until, **shown}


def fit_table(fits: list[Fit]) -> pd.DataFrame:
    """One row a family and parameter."""
    return pd.DataFrame(
        [
            {
                "family": fit.family,
                "parameter": name,
                "value": value,
                "error": error,
                "log_likelihood": fit.log_likelihood,
                "aic": fit.aic,
                "largest_gap": fit.largest_gap,
                "converged": fit.converged,
            }
            for fit in fits
            for name, (value, error) in fit.parameters.items()
        ]
    )


def _fit_curves(fits: list[Fit]) -> pd.DataFrame:
    """Survival and weekly hazard of each family by week of age."""
    parts = []
    for fit in fits:
        before = pd.Series(fit.survival).shift(1, fill_value=1.0)
        hazard = (1.0 - fit.survival / before).where(before > 1e-12)
        columns = {"week": range(len(before)), "survival": fit.survival, "hazard": hazard}
        parts.append(pd.DataFrame({"family": fit.family, **columns}))
    return pd.concat(parts, ignore_index=True)


# ---------------------------------------------------------------------------
# Several runs


def compare(
    folders: list[Path],
    out: Path,
    measure: str = "covered",
    group: str | None = None,
    until: int = UNTIL,
    level: float = 0.95,
    regress: bool = False,
) -> dict[str, Any]:
    """Compare truces of several runs with those of the first, and write the tables to `out`.

    Runs of the same seed are paired by replicate (common random numbers).

    Returns
    -------
    dict
        What ``comparison.json`` holds.

    Raises
    ------
    InputError
        If a folder holds no run, has no such spells, or its data end before `until`.
    """
    runs = read_runs(folders)
    chosen = group or ("running" if all(run.is_running for run in runs) else "all")
    found = {run.label: _present(run, measure, chosen, level) for run in runs}
    rows = rmst_rows(runs, found, measure, chosen, until, level)
    test = log_rank([item.counts for item in found.values()])
    summary = {
        "measure": measure,
        "group": chosen,
        "until_weeks": until,
        "level": level,
        "scenarios": rows,
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
    with writing(out, "comparison", facts) as draft:
        curves = curves.rename(columns={"group": "scenario"})
        curves.to_csv(draft.path("scenarios.csv"), index=False, float_format="%.10g")
        pd.DataFrame(rows).to_csv(draft.path("rmst.csv"), index=False, float_format="%.10g")
        if regress:
            table = pd.DataFrame(summary["regression"])
            table.to_csv(draft.path("regression.csv"), index=False, float_format="%.10g")
        draft.json("comparison.json", summary)
    return summary


def _present(run: RunFolder, measure: str, group: str, level: float) -> Survival:
    if group not in run.groups:
        raise InputError(run.path, "--group", f"'{group}': {nearest(group, run.groups)}")
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
    given = [_flat(_inputs(run.made)) for run in runs]
    names = sorted({name for values in given for name in values})
    differing = [name for name in names if len({json.dumps(v.get(name)) for v in given}) > 1]
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


def _inputs(made: dict[str, Any]) -> dict[str, Any]:
    """Scenario and parameters of a run, with what the scenario sets in place."""
    scenario = {k: v for k, v in made["scenario"].items() if k not in ("set", "parameters")}
    texts = ("name", "title", "description")
    scenario = {name: value for name, value in scenario.items() if name not in texts}
    changed = _flat(made["scenario"].get("set") or {})
    return scenario | _flat(made["parameter_set"]["values"]) | changed


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted names."""
    if not isinstance(data, dict):
        return {prefix: data}
    flat: dict[str, Any] = {}
    for name, value in data.items():
        flat |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return flat


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
