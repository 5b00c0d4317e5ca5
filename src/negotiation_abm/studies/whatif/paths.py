"""The paths of a what-if: tariffs and truce week by week, in the record and in both branches."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.record.load import Record
from negotiation_abm.replay.branch import Branch
from negotiation_abm.replay.replay import replay_record
from negotiation_abm.run.spells import MEASURES
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.studies.whatif.outcomes import BranchRuns
from negotiation_abm.survival import intervals

BAND = (0.1, 0.5, 0.9)


def path_table(
    branch: Branch, record: Record, factual: BranchRuns, altered: BranchRuns
) -> pd.DataFrame:
    """Tariffs and truce, week by week: the record, both branches, and their difference.

    Parameters
    ----------
    branch : Branch
        Where the runs leave the record.

    Returns
    -------
    DataFrame
        arm (record, factual, altered, difference), series (``PLAYER.tariff_pp``, ``in_truce``, and
        ``holds.MEASURE``: the truce in force at the branch still stands, where one is), turn,
        week_of, value, low, high. In the branches value, low and high of a tariff are median, 10 %
        and 90 % of runs; of a share of runs the share and its 95 % interval.
    """
    game, turn = branch.game, branch.turn
    rows = _record_rows(game, record)
    series = [f"{game.players[i]}.tariff_pp" for i in game.tariff_levers()]
    for arm, played in (("factual", factual), ("altered", altered)):
        for number, name in enumerate(series):
            ordered = np.sort(played.tariffs[:, :, number].T, axis=1)  # halves what quantile takes
            low, middle, high = np.quantile(ordered, BAND, axis=1)
            rows += _rows(game, turn, arm, name, middle, low, high)
    for name, before, after in _shares(factual, altered):
        for arm, values in (("factual", before), ("altered", after)):
            rows += _share_rows(game, turn, arm, name, values.astype(np.int8))
        rows += _share_rows(game, turn, "difference", name, after.astype(np.int8) - before)
    return pd.DataFrame(rows)


def _shares(
    factual: BranchRuns, altered: BranchRuns
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yes or no of each run and week in both branches: in a truce; does the truce still stand?"""
    yield "in_truce", factual.in_truce, altered.in_truce
    weeks = np.arange(1, factual.in_truce.shape[1] + 1)
    for number, measure in enumerate(MEASURES.values()):
        lasted = [played.lasted[:, number, np.newaxis] for played in (factual, altered)]
        stood = [bool((column > 0).any()) for column in lasted]  # NaN is not
        if any(stood) and not any(np.isnan(column).any() for column in lasted):
            yield f"holds.{measure}", lasted[0] >= weeks, lasted[1] >= weeks


def _share_rows(
    game: Game, turn: int, arm: str, series: str, values: np.ndarray
) -> list[dict[str, Any]]:
    """Mean of -1, 0 and 1 over runs, with its interval; `values` are whole numbers.

    Branches that are the same in every week differ by nothing, without error.
    """
    count, total = len(values), values.sum(axis=0, dtype=np.int64)
    middle = total / count
    squares = np.abs(values).sum(axis=0, dtype=np.int64)
    spread = np.sqrt(np.maximum(0.0, squares - total * middle) / max(1, count - 1))
    lowest, runs = np.array(-1.0 if arm == "difference" else 0.0), np.array(count)
    if arm == "difference" and not values.any():
        return _rows(game, turn, arm, series, middle, middle, middle)
    error, limits = spread / np.sqrt(count), (lowest, np.array(1.0))
    low, high = intervals.bounded(middle, error, runs, runs, limits)
    return _rows(game, turn, arm, series, middle, low, high)


def _rows(
    game: Game,
    turn: int,
    arm: str,
    series: str,
    value: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> list[dict[str, Any]]:
    return [
        {
            "arm": arm,
            "series": series,
            "turn": turn + week,
            "week_of": game.scenario.date_of(turn + week).isoformat(),
            "value": float(value[week]),
            "low": float(low[week]),
            "high": float(high[week]),
        }
        for week in range(len(value))
    ]


def _record_rows(game: Game, record: Record) -> list[dict[str, Any]]:
    """The recorded year, levels as the rules have them at the end of each week."""
    rows: list[dict[str, Any]] = []
    for week in replay_record(build_game(game.scenario), record).weeks:
        levels = {
            f"{game.players[i]}.tariff_pp": week[
                f"{game.players[i]}.{game.lever_names[i][a]}.in_force"
            ]
            * scale
            for i, (a, scale) in game.tariff_levers().items()
        }
        levels["in_truce"] = float(week["phase"] == "TRUCE")
        for name, value in levels.items():
            rows += _rows(game, week["turn"], "record", name, *[np.array([value])] * 3)
    return rows
