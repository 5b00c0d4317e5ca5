"""What each mechanism does to truces: the mechanisms table.

Two starts are played: the Busan truce (how long it lasts) and January 2025 (how soon the first
truce comes), with the same draws throughout. Each module is switched on alone in the game without
any, with the inputs that ``mechanisms_busan`` and ``mechanisms_2025`` give it, and all of them
together; a module that these scenarios leave off has no row. Then each term and each lever of the
game itself that carries a claim of the sources: the game without it, against the game as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

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
ISSUES = {"tiktok": "M46", "taiwan": "M47", "ukraine": "M52", "rumours": "M53"}
# Claims of the sources (docs/mechanisms.md) by the term of the game that carries them: a parameter
# that is 0 where the term is not there.
TERMS = {
    "erosion": "M03 M04",
    "blowback": "M05",
    "relative_gains": "M49",
    "market": "M12",
    "reciprocity": "M21",
    "mirror": "M09 M21 M23 M28",
    "follow": "M27",
    "brinkmanship": "M25",
    "deadline": "M25",
    "shadow": "M37",
    "fatigue": "M13 M14 M16 M32",
    "announced_pain": "M16",
    "forum": "M32 M51",
    "acceptance": "M22",
    "breach_cost": "M35",
    "truce_frailty": "M32",
}
# And by the levers that carry them; without it, a lever hurts nobody.
LEVERS = {
    "US.market_access": "M07",
    "US.chips": "M01 M06 M15",
    "CHINA.rare_earths": "M01 M02",
    "CHINA.soybeans": "M08 M13 M38",
}


def mechanisms_table(
    replicates: int,
    seed: int,
    out: Path | None = None,
    threads: int | None = None,
    parameters: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Paired effect of each module, alone and all together, and of terms and levers of the game.

    Parameters
    ----------
    parameters : str, optional
        Another parameter set than that of the scenarios.
    progress : callable, optional
        Called with the number of mechanisms that are done, and of all.

    Returns
    -------
    DataFrame
        One row a mechanism: module (its name), kind (module, issue, all, term, lever), claims, and
        for each outcome base (without it), on (with it), difference, low, high, where outcomes are
        ``median_weeks`` and ``survival_365`` of the truce of Busan (covered measure) and
        ``first_truce_weeks`` from January 2025.
    """
    changes = {"parameters": parameters} if parameters else {}

    def play(case: _Case) -> tuple[Played, ...]:
        games = (
            start_with(s, case.modules, case.issue, {**changes, **case.changes}) for s in STARTS
        )
        return tuple(play_one(game, JUDGED_BY, replicates, seed, threads) for game in games)

    usual, cases, rows = play(_Case("", "", "")), _cases(), []
    for number, case in enumerate(cases, start=1):
        pair = (play(case), usual) if case.changes else (usual, play(case))
        rows.append({"module": case.name, "kind": case.kind, "claims": case.claims})
        rows[-1] |= _effect(*pair, seed)
        if progress:
            progress(number, len(cases))
    table = pd.DataFrame(rows)
    if out is not None:
        facts = provenance_of(start_with(STARTS[0], [], changes=changes))
        with writing(out, "mechanisms", facts | {"seed": seed, "replicates": replicates}) as draft:
            draft.csv("mechanisms.csv", table, 6)
    return table


def _effect(without: tuple[Played, ...], present: tuple[Played, ...], seed: int) -> dict[str, Any]:
    """What a mechanism changes, outcome by outcome: the columns of a row."""
    (busan, first), (busan_on, first_on) = without, present
    lasted = median_difference(busan["truce_weeks"], busan_on["truce_weeks"], seed)
    row = _columns("median_weeks", lasted)
    for name, outcome, base, on in (
        ("survival_365", "outlasts_365", busan, busan_on),
        ("first_truce_weeks", "first_truce_weeks", first, first_on),
    ):
        are_same = all(np.array_equal(base[k], on[k], equal_nan=True) for k in JUDGED_BY)
        row |= _columns(name, mean_difference(base[outcome], on[outcome], are_same=are_same))
    return row


class _Case(NamedTuple):
    """A mechanism, and the game with it (modules) or without it (changes of the scenario)."""

    name: str
    kind: str
    claims: str
    modules: Sequence[str] = ()
    issue: str | None = None  # the one side issue that is kept; None: all
    changes: Mapping[str, Any] = MappingProxyType({})


def _cases() -> list[_Case]:
    modules = load_scenario(STARTS[0]).modules
    names = modules.names()
    issues = modules.side_issues.weights if modules.side_issues else {}
    return [
        *(_Case(name, "module", _claims([name]), [name]) for name in names),
        *(
            _Case(f"side_issues: {issue}", "issue", ISSUES.get(issue, ""), ["side_issues"], issue)
            for issue in issues
        ),
        _Case(EVERY, "all", _claims(names), names),
        *(_Case(name, "term", claims, changes={name: 0.0}) for name, claims in TERMS.items()),
        *(
            _Case(name, "lever", claims, changes={f"levers.{name}.irreplaceability": 0.0})
            for name, claims in LEVERS.items()
        ),
    ]


def start_with(
    start: str,
    names: Sequence[str],
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


def _claims(names: list[str]) -> str:
    found = {
        claim
        for name, module in zip(NAMES, MODULES, strict=True)
        if name in names
        for claim in getattr(module, "CLAIMS", ())
    }
    return " ".join(sorted(found))


def _columns(name: str, difference: Difference) -> dict[str, Any]:
    return {
        f"{name}_base": difference.base,
        f"{name}_on": difference.changed,
        f"{name}_difference": difference.difference,
        f"{name}_low": difference.low,
        f"{name}_high": difference.high,
    }
