"""What each module does to truces when it is switched on: the mechanisms table.

The base is the game without any module, from two starts: the Busan truce (how long it lasts) and
January 2025 (how soon the first truce comes). Each module is then switched on alone, with the
inputs that ``mechanisms_busan`` and ``mechanisms_2025`` give it, and all of them together; all
with the same draws. A module that these scenarios leave off has no row.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.modules import MODULES, NAMES
from negotiation_abm.files.folder import writing
from negotiation_abm.run.paired import Difference, mean_difference, median_difference
from negotiation_abm.run.play import Played, play_one
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import Scenario, load_scenario
from negotiation_abm.scenario.provenance import provenance_of
from negotiation_abm.scenario.schema import Modules

STARTS = ("mechanisms_busan", "mechanisms_2025")
EVERY = "all together"
JUDGED_BY = ("truce_weeks", "outlasts_365", "first_truce_weeks")


def mechanisms_table(
    replicates: int,
    seed: int,
    out: Path | None = None,
    threads: int | None = None,
    parameters: str | None = None,
) -> pd.DataFrame:
    """Paired effect of each module, alone and all together.

    `parameters` names another parameter set than that of the scenarios.

    Returns
    -------
    DataFrame
        One row a module (and a side issue): claims, and for each outcome base, changed,
        difference, low, high, where outcomes are ``median_weeks`` and ``survival_365`` of the
        truce of Busan (covered measure) and ``first_truce_weeks`` from January 2025.
    """
    rows: list[dict[str, Any]] = []
    changes = {"parameters": parameters} if parameters else {}
    bases = {start: start_with(start, [], changes=changes) for start in STARTS}

    def play(games: dict[str, Game]) -> tuple[Played, ...]:
        return tuple(
            play_one(games[start], JUDGED_BY, replicates, seed, threads) for start in STARTS
        )

    busan, first = play(bases)
    for label, names, issue in _cases():
        busan_on, first_on = play(
            {start: start_with(start, names, issue, changes) for start in STARTS}
        )
        row: dict[str, Any] = {"module": label, "claims": " ".join(_claims(names))}
        lasted = median_difference(busan["truce_weeks"], busan_on["truce_weeks"], seed)
        row |= _columns("median_weeks", lasted)
        for name, outcome, base, on in (
            ("survival_365", "outlasts_365", busan, busan_on),
            ("first_truce_weeks", "first_truce_weeks", first, first_on),
        ):
            are_same = all(np.array_equal(base[k], on[k], equal_nan=True) for k in JUDGED_BY)
            row |= _columns(name, mean_difference(base[outcome], on[outcome], are_same=are_same))
        rows.append(row)
    table = pd.DataFrame(rows)
    if out is not None:
        facts = provenance_of(bases[STARTS[0]]) | {"seed": seed, "replicates": replicates}
        with writing(out, "mechanisms", facts) as draft:
            draft.csv("mechanisms.csv", table, 6)
    return table


def _cases() -> list[tuple[str, list[str], str | None]]:
    """Label, modules that are on, and the one side issue that is kept (None: all)."""
    modules = load_scenario(STARTS[0]).modules
    single: list[tuple[str, list[str], str | None]] = [(n, [n], None) for n in modules.names()]
    issues = modules.side_issues
    weights = issues.weights if issues else {}
    kept: list[tuple[str, list[str], str | None]] = [
        (f"side_issues: {issue}", ["side_issues"], issue) for issue in weights
    ]
    return [*single, *kept, (EVERY, modules.names(), None)]


def start_with(
    start: str,
    names: list[str],
    issue: str | None = None,
    changes: dict[str, Any] | None = None,
) -> Game:
    """The game of a start with these modules alone (and one side issue, if one is named).

    `changes` are changes of the scenario, as for `load_scenario`.
    """
    scenario = load_scenario(start, changes)
    given = {name: getattr(scenario.modules, name) for name in names}
    if issue is not None:
        issues = scenario.modules.side_issues
        events = [event for event in issues.events if event.issue == issue]
        given["side_issues"] = issues.model_copy(update={"events": events})
    changed: Scenario = scenario.model_copy(update={"modules": Modules(**given)})
    return build_game(changed)


def _claims(names: list[str]) -> list[str]:
    return sorted(
        {
            claim
            for name, module in zip(NAMES, MODULES, strict=True)
            if name in names
            for claim in getattr(module, "CLAIMS", ())
        }
    )


def _columns(name: str, difference: Difference) -> dict[str, Any]:
    return {
        f"{name}_base": difference.base,
        f"{name}_on": difference.changed,
        f"{name}_difference": difference.difference,
        f"{name}_low": difference.low,
        f"{name}_high": difference.high,
    }
