"""What a user of Python asks of a game: how long do truces last, and what does a change change?"""

from collections.abc import Iterable

import pandas as pd

from negotiation_abm.core.terms import Phase
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.run.batch import simulate
from negotiation_abm.run.paired import Difference, mean_difference
from negotiation_abm.run.play import play_one
from negotiation_abm.run.registry import as_floats, entries, filled, named
from negotiation_abm.run.running import is_running
from negotiation_abm.run.spells import MEASURES, spells_table
from negotiation_abm.run.step import GROUPS
from negotiation_abm.scenario.game import Game
from negotiation_abm.survival import Survival, survival


def truce_survival(
    game: Game,
    replicates: int,
    seed: int,
    measure: str = "covered",
    truces: str = "all",
    threads: int | None = None,
) -> Survival:
    """Play runs of a game and estimate how long its truces last.

    Parameters
    ----------
    measure : {"covered", "any_domain"}
        When a truce counts as over: once a covered lever is escalated or the truce ends in another
        way, or at the first escalation of any lever.
    truces : {"all", "running"}
        All truces of all runs, or the one that is in force when the game starts.
    threads : int, optional
        All cores by default; the result does not depend on it.

    Returns
    -------
    Survival
        `table` has one row a week of age with the curve and its interval; `at_days(365)` and
        `median_weeks()` are single numbers with their intervals.

    Raises
    ------
    InputError
        If a word is unknown, no truce is in force at the start, or no run has a truce.
    """
    for name, word, allowed in (
        ("measure", measure, tuple(MEASURES.values())),
        ("truces", truces, GROUPS),
    ):
        if word not in allowed:
            raise InputError(name, word, f"unknown; {suggest(word, allowed)}")
    if truces == "running" and game.initial["phase"][0] != Phase.TRUCE:
        problem = f"no truce is in force at the start of {game.scenario.name}"
        raise InputError("truces", truces, problem)

    def blocks() -> Iterable[pd.DataFrame]:
        for block in simulate(game, replicates, seed, threads):
            running = truces == "all" or is_running(game, block.spells)
            table = spells_table(game, block.spells).to_pandas()
            yield table[(table["measure"] == measure) & running]

    found = survival(blocks)
    if found is None:
        raise InputError("truces", truces, f"no run of {game.scenario.name} has a truce")
    return found


def paired_difference(
    base: Game,
    changed: Game,
    outcome: str,
    replicates: int,
    seed: int,
    threads: int | None = None,
) -> Difference:
    """Mean of an outcome under a changed game minus that under its base, with equal draws.

    Parameters
    ----------
    outcome : str
        Name of an outcome of a run, such as ``first_truce_weeks``, ``truce_weeks`` or
        ``US.num_escalate``.

    Returns
    -------
    Difference
        `base`, `changed`, `difference` and its 95 % interval, `low` to `high`; NaN where a run
        does not define the outcome.

    Raises
    ------
    InputError
        If there is no such outcome.
    """
    known = [item.name for item in filled(base, entries())]
    if outcome not in known:
        raise InputError("outcome", outcome, f"unknown; {suggest(outcome, known)}")
    values = [
        as_floats(play_one(game, named(game, outcome), replicates, seed, threads)[outcome])
        for game in (base, changed)
    ]
    return mean_difference(values[0], values[1])
