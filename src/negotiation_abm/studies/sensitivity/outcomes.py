"""Outcomes of a point: means over replicates, by name."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.terms import Phase
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.run.batch import Block
from negotiation_abm.run.spells import MEASURES, runs_table, spells_table
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import Scenario
from negotiation_abm.survival import SpellCounts, count_spells, estimate, rmst

IN_TRUCE = "share_in_truce"
_CURVE = re.compile(r"^(?:(covered|any_domain)\.)?(rmst|survival|median)(?:_(\d+))?$")
EXAMPLES = ("rmst_52", "survival_365", "median", "any_domain.rmst_52", IN_TRUCE)


def check_outcomes(path: Path, names: Any, scenario: Scenario) -> tuple[str, ...]:
    """Names of outcomes, or one clear line.

    ``rmst_52`` (weeks, restricted mean), ``survival_365`` (days) and ``median`` are of the truce in
    force at the start, or of all truces where there is none, by the covered measure unless
    ``any_domain.`` stands before; ``share_in_truce`` is of all weeks; any column of
    ``runs.parquet`` is its mean over runs.
    """
    if not isinstance(names, list) or not names:
        raise InputError(path, "outcomes", "expected a list of names")
    columns = [*_columns(build_game(scenario)), *EXAMPLES]
    for name in names:
        match = _CURVE.match(str(name))
        is_curve = match is not None and (match[3] is None) == (match[2] == "median")
        if not is_curve and name not in columns:
            raise InputError(path, f"outcomes.{name}", f"unknown; {suggest(name, columns)}")
    return tuple(str(name) for name in names)


def _columns(game: Game) -> list[str]:
    from negotiation_abm.core.tracker import TALLY

    names: list[str] = runs_table(game, np.zeros(1, TALLY)).column_names
    return [name for name in names if name != "replicate"]


def outcomes_of(game: Game, block: Block, names: Sequence[str]) -> dict[str, float]:
    """Outcomes over the runs of a block; NaN where the runs do not define one."""
    runs = runs_table(game, block.runs).to_pandas()
    spells: pd.DataFrame | None = None
    values = {}
    for name in names:
        match = _CURVE.match(name)
        if name == IN_TRUCE:
            values[name] = float(runs["weeks_in_truce"].mean()) / len(game.weeks)
        elif match is None:
            values[name] = float(runs[name].mean())
        else:
            spells = spells_table(game, block.spells).to_pandas() if spells is None else spells
            values[name] = _of_curve(_counts(game, spells, match[1] or "covered"), match)
    return values


def _counts(game: Game, spells: pd.DataFrame, measure: str) -> SpellCounts | None:
    assert measure in MEASURES.values()
    chosen = spells["measure"] == measure
    if game.initial["phase"][0] == Phase.TRUCE:
        chosen &= (spells["truce"] == 0) & (spells["start_week"] <= 0)
    return count_spells([spells[chosen]])


def _of_curve(counts: SpellCounts | None, match: re.Match[str]) -> float:
    if counts is None:
        return float("nan")
    if match[2] == "rmst":
        return rmst(counts, int(match[3])).value
    found = estimate(counts)
    if match[2] == "survival":
        return found.at_days(int(match[3]))[0]
    median = found.median_weeks()[0]
    return float("nan") if median is None else float(median)
