"""Outcomes of a point: means over replicates, by name."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.core.terms import Phase
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.run.outcome import MEASURES
from negotiation_abm.run.play import Played
from negotiation_abm.run.registry import as_floats, entries, filled
from negotiation_abm.run.running import is_running
from negotiation_abm.run.spells import spells_table
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import Scenario
from negotiation_abm.survival import SpellCounts, count_spells, estimate, rmst

_CURVE = re.compile(r"^(?:(covered|any_domain)\.)?(rmst|survival|median)(?:_([1-9][0-9]{0,4}))?\Z")
EXAMPLES = ("rmst_52", "survival_365", "median", "any_domain.rmst_52", "share_in_truce")


def check_outcomes(path: Path, names: Any, scenario: Scenario) -> tuple[str, ...]:
    """Names of outcomes, or one clear line.

    ``rmst_52`` (weeks, restricted mean), ``survival_365`` (days) and ``median`` are of the truce in
    force at the start, or of all truces where there is none, by the covered measure unless
    ``any_domain.`` stands before; any outcome of a run, by its name in
    `negotiation_abm.run.outcomes`, is its mean over the runs that define it.
    """
    if not isinstance(names, list) or not names:
        raise InputError(path, "outcomes", "expected a list of names")
    game = build_game(scenario)
    columns = [*(outcome.name for outcome in filled(game, entries())), *EXAMPLES]
    seen: set[str] = set()
    for name in names:
        match = _CURVE.match(str(name))
        is_curve = match is not None and (match[3] is None) == (match[2] == "median")
        if not is_curve and name not in columns:
            raise InputError(path, f"outcomes.{name}", f"unknown; {suggest(name, columns)}")
        if name in seen:
            raise InputError(path, f"outcomes.{name}", "given twice")
        seen.add(name)
    return tuple(names)


def of_runs(names: Sequence[str]) -> list[str]:
    """Those of the names that are outcomes of a run, not of the curve of all of them."""
    return [name for name in names if _CURVE.match(name) is None]


def means_of(played: Played, names: Sequence[str]) -> dict[str, float]:
    """Outcomes over the runs of a point; NaN where the runs do not define one.

    Parameters
    ----------
    played : Played
        With the outcomes of the names that `of_runs` gives.
    """
    values = {}
    for name in names:
        match = _CURVE.match(name)
        if match is None:
            values[name] = float(pd.Series(as_floats(played[name])).mean())
        else:
            values[name] = _of_curve(_counts(played, match[1] or "covered"), match)
    return values


def _counts(played: Played, measure: str) -> SpellCounts | None:
    game, spells = played.case.game, played.block.spells
    code = {label: code for code, label in MEASURES.items()}[measure]
    chosen = spells["measure"] == code
    if game.initial["phase"][0] == Phase.TRUCE:
        chosen &= is_running(game, spells)
    return count_spells([spells_table(game, spells[chosen]).to_pandas()])


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
