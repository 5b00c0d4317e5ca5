"""One run: survival, hazards, incidence and fits as tables."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import writing
from negotiation_abm.run.spells import MEASURES
from negotiation_abm.run.step import selected_spells
from negotiation_abm.studies.comparison.folders import read_runs
from negotiation_abm.survival import (
    Fit,
    Mean,
    Survival,
    count_spells,
    estimate,
    fit_all,
    hazard_table,
    incidence_table,
    rmst,
)
from negotiation_abm.survival.words import is_number

UNTIL = 52
POOLED = 4  # weeks of age pooled in the table of hazards
SHARES = (0.25, 0.5, 0.75)
FIT_COLUMNS = [
    "family",
    "parameter",
    "value",
    "error",
    "log_likelihood",
    "aic",
    "largest_gap",
    "converged",
]


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
    entries, tables = study_tables(folder / "truces.parquet", run.groups, until, level)
    if not entries:
        raise InputError(folder, "truces.parquet", "no truce began in any run")
    summary = {
        "scenario": run.made["scenario"]["name"],
        "until_weeks": until,
        "level": level,
        "truces": entries,
    }
    facts = {"run": str(folder), "until_weeks": until}
    source = folder / "truces.parquet"
    with writing(out or folder, "survival", facts, made_from=[source]) as draft:
        for name, table in tables.items():
            draft.csv(f"{name}.csv", table, 10)
        draft.json("survival.json", summary)
    return summary


def study_tables(
    truces: Path, groups: Iterable[str], until: int = UNTIL, level: float = 0.95
) -> tuple[list[dict[str, Any]], dict[str, pd.DataFrame]]:
    """Summaries, and the tables hazard, incidence, fits and fit_curves, of a file of spells.

    Each table has the columns measure and group; both are empty if there are no spells.
    """
    entries: list[dict[str, Any]] = []
    parts: dict[str, list[pd.DataFrame]] = {}
    for measure, group in itertools.product(MEASURES.values(), groups):
        counts = count_spells(selected_spells(truces, measure, group)())
        if counts is None:
            continue
        key = {"measure": measure, "group": group}
        fits = fit_all(counts)
        entries.append(key | _entry(estimate(counts, level), fits, until, level))
        for name, table in (
            ("hazard", hazard_table(counts, POOLED, level)),
            ("incidence", incidence_table(counts, level)),
            ("fits", fit_table(fits)),
            ("fit_curves", _fit_curves(fits)),
        ):
            parts.setdefault(name, []).append(table.assign(**key))
    return entries, {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def _entry(found: Survival, fits: list[Fit], until: int, level: float) -> dict[str, Any]:
    return {
        "num_spells": found.num_spells,
        "num_ended": found.num_ended,
        "num_runs": found.num_runs,
        "quantiles_weeks": {f"{100 * q:g} %": list(found.quantile_weeks(q)) for q in SHARES},
        "rmst": _finite(rmst(found.counts, until, level)),
        "shares": {cause: [_plain(v) for v in share] for cause, share in found.shares.items()},
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
    return {"until_weeks": mean.until, **{name: _plain(value) for name, value in values.items()}}


def _plain(value: float) -> float | None:
    return value if is_number(value) else None


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
        ],
        columns=FIT_COLUMNS,
    )


def _fit_curves(fits: list[Fit]) -> pd.DataFrame:
    """Survival and weekly hazard of each family by week of age."""
    parts = [pd.DataFrame(columns=["family", "week", "survival", "hazard"])]
    for fit in fits:
        before = pd.Series(fit.survival).shift(1, fill_value=1.0)
        hazard = (1.0 - fit.survival / before).where(before > 1e-12)
        columns = {"week": range(len(before)), "survival": fit.survival, "hazard": hazard}
        parts.append(pd.DataFrame({"family": fit.family, **columns}))
    return pd.concat(parts[1:] or parts, ignore_index=True)
