"""Runs and truce spells as tables with names: what a batch writes and an analysis reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from negotiation_abm.core.terms import Move, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.scenario.game import Game

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {COVERED: "covered", ANY_DOMAIN: "any_domain"}
CAUSES = {end.value: end.name.lower() for end in TruceEnd}

_NAMES = pa.dictionary(pa.int8(), pa.string())


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


def runs_table(game: Game, runs: np.ndarray) -> pa.Table:
    """One row a run.

    Parameters
    ----------
    runs : ndarray of TALLY, shape (num_runs,)

    Returns
    -------
    pyarrow.Table
        Counts of truces, renewals, repairs, meetings; moves by player; mean and peak of each
        lever (``PLAYER.lever.mean_in_force``, 0..1) and of the tariffs (pp). First truce week and
        renewal lead are null where there was none.
    """
    first = runs["first_truce_week"]
    renewals = runs["num_renewals"]
    lead = runs["renewal_lead_weeks"] / np.maximum(renewals, 1)
    columns: dict[str, pa.Array] = {
        "replicate": pa.array(runs["replicate"]),
        "first_truce_week": pa.array(first.astype(np.int32), mask=first < 0),
        "num_truces": pa.array(runs["num_truces"].astype(np.int32)),
        "num_renewals": pa.array(renewals.astype(np.int32)),
        "num_repairs": pa.array(runs["num_repairs"].astype(np.int32)),
        "mean_renewal_lead_weeks": pa.array(lead, mask=renewals == 0),
        "weeks_in_truce": pa.array(runs["weeks_in_truce"].astype(np.int32)),
        "num_meetings": pa.array(runs["num_meetings"].astype(np.int32)),
    }
    for i, player in enumerate(game.players):
        for move in Move:
            name = f"{player}.num_{move.name.lower()}"
            columns[name] = pa.array(runs["num_moves"][:, i, move].astype(np.int32))
        for field in ("threats_carried_out", "agency_shocks"):
            columns[f"{player}.{field}"] = pa.array(runs[field][:, i].astype(np.int32))
        columns[f"{player}.mean_felt"] = pa.array(runs["mean_felt"][:, i])
    for i, (a, scale) in game.tariff_levers().items():
        for kind in ("mean", "peak"):
            name = f"{game.players[i]}.{kind}_tariff_pp"
            columns[name] = pa.array(runs[f"{kind}_in_force"][:, i, a] * scale)
    for i, a, label in game.lever_labels():
        for kind in ("mean", "peak"):
            columns[f"{label}.{kind}_in_force"] = pa.array(runs[f"{kind}_in_force"][:, i, a])
    return pa.table(columns)


def table_blocks(path: Path) -> "Iterator[pd.DataFrame]":
    """A result file (spells or runs), a row group (a block of whole runs) at a time."""
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        yield file.read_row_group(group).to_pandas()


def read_spells(path: Path) -> "pd.DataFrame":
    """All spells of a result file; columns as in `spells_table`."""
    import pandas as pd

    return pd.read_parquet(path)
