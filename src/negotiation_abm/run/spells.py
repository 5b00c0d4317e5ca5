"""Runs and truce spells as tables with names: what a batch writes and an analysis reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.run.batch import Block
from negotiation_abm.run.outcome import MEASURES, Outcome, Runs
from negotiation_abm.run.registry import outcomes_for
from negotiation_abm.scenario.game import Game
from negotiation_abm.survival import Counts, Curves, Spells

if TYPE_CHECKING:
    import pandas as pd

CAUSES = {end.value: end.name.lower() for end in TruceEnd}


def spells_table(game: Game, spells: np.ndarray) -> pa.Table:
    """One row a truce spell and measure.

    Parameters
    ----------
    spells : ndarray of SPELL, shape (num_spells,)

    Returns
    -------
    pyarrow.Table
        replicate, truce, measure, start_week, entry_weeks, duration_weeks, event_observed, cause,
        player, lever, agency, pledge, renewals. `player`, `lever` and `pledge` are null where there
        is none; `agency` is true where an agency acted of its own accord.
    """
    lever_names = list(dict.fromkeys(name for names in game.lever_names for name in names))
    labels = {
        (i, a): lever_names.index(name)
        for i, names in enumerate(game.lever_names)
        for a, name in enumerate(names)
    }
    lever = np.array(
        [
            labels.get((i, a), -1)
            for i, a in zip(spells["player"].tolist(), spells["lever"].tolist(), strict=True)
        ],
        dtype=np.int8,
    )
    return pa.table(
        {
            "replicate": pa.array(spells["replicate"]),
            "truce": pa.array(spells["truce"].astype(np.int32)),
            "measure": _coded(spells["measure"], list(MEASURES.values())),
            "start_week": pa.array(spells["start_week"].astype(np.int32)),
            "entry_weeks": pa.array(spells["entry_weeks"].astype(np.int32)),
            "duration_weeks": pa.array(spells["duration_weeks"].astype(np.int32)),
            "event_observed": pa.array(spells["cause"] != TruceEnd.CENSORED),
            "cause": _coded(spells["cause"], list(CAUSES.values())),
            "player": _coded(spells["player"], list(game.players)),
            "lever": _coded(lever, lever_names),
            "agency": pa.array(spells["agency"] == 1),
            "pledge": _coded(spells["pledge"], game.pledge_names),
            "renewals": pa.array(spells["renewals"].astype(np.int32)),
        }
    )


def _coded(codes: np.ndarray, names: list[str]) -> pa.DictionaryArray:
    """Codes as names; -1 becomes null."""
    indices = pa.array(codes.astype(np.int8), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names))


def taken_down(game: Game, *commands: str) -> list[Outcome]:
    """Outcomes in the tables of these commands that a tally does not hold.

    They have to be taken down while the runs are played (`run_outcomes`, `simulate`).
    """
    return [outcome for outcome in outcomes_for(game, *commands) if outcome.needs != "tally"]


def runs_table(game: Game, block: Block, *commands: str) -> pa.Table:
    """One row a run: the replicate, and the outcomes that some commands report.

    Parameters
    ----------
    block : Block
        With what `taken_down` says.
    commands : str
        ``run`` by default.

    Returns
    -------
    pyarrow.Table
        Counts as whole numbers, the rest as floats; null where an outcome is not defined.
    """
    runs = Runs(game, block.runs)
    columns = {"replicate": pa.array(block.runs["replicate"])}
    for outcome in outcomes_for(game, *(commands or ("run",))):
        is_known = outcome.needs == "tally"
        values = outcome.value(runs) if is_known else block.outcomes[outcome.name]
        columns[outcome.name] = _column(values)
    return pa.table(columns)


def _column(values: np.ndarray) -> pa.Array:
    """Whole numbers in 32 bits; null where masked or NaN."""
    plain = np.ma.getdata(values)
    mask = np.ma.getmaskarray(values)
    if plain.dtype.kind in "iu":
        plain = plain.astype(np.int32)
    elif plain.dtype.kind == "f":
        mask = mask | np.isnan(plain)
    return pa.array(plain, mask=mask)


def curves_of(groups: Sequence[np.ndarray], least_weeks: int = 1) -> Curves:
    """Survival of groups of spells, a point each.

    Parameters
    ----------
    groups : sequence of ndarray of SPELL
        Each in order of replicate.
    least_weeks : int
        Weeks of age in its tables, at least.
    """
    spells, sizes = np.concatenate(groups), [len(group) for group in groups]
    columns = (spells[name] for name in ("entry_weeks", "duration_weeks", "cause"))
    counts = Counts(len(groups), len(CAUSES) - 1, TruceEnd.FULFILLED)
    runs = np.array([len(np.unique(group["replicate"])) for group in groups])
    counts.add(Spells(np.repeat(np.arange(len(groups)), sizes), *columns), runs)
    return Curves(counts, least_weeks)


def table_blocks(path: Path) -> "Iterator[pd.DataFrame]":
    """A result file (spells or runs), a row group (a block of whole runs) at a time."""
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        yield file.read_row_group(group).to_pandas()
