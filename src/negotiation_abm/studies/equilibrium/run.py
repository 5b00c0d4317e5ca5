"""The step `equilibrium`: the stage game of some weeks, solved, beside simulated moves."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.core.terms import Move, move_of
from negotiation_abm.files.folder import writing
from negotiation_abm.record.load import Record
from negotiation_abm.replay.branch import branch_turn
from negotiation_abm.replay.replay import freeze
from negotiation_abm.run.paired import share_interval
from negotiation_abm.scenario.game import Game
from negotiation_abm.scenario.provenance import facts_of_record, facts_of_runs
from negotiation_abm.studies.equilibrium.nash import nash, undominated
from negotiation_abm.studies.equilibrium.quantal import logit_equilibria
from negotiation_abm.studies.equilibrium.stage import StageGame, simulated_frequencies, stage_game

FACTORS = (0.0, *(2.0 ** (k / 4) for k in range(-16, 17)))  # of the scenario's precision


def run_equilibrium(
    game: Game,
    record: Record,
    dates: list[dt.date],
    replicates: int,
    seed: int,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Solve the stage game of the week of each date and simulate its first exchange.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of runs finished, over all weeks.

    Returns
    -------
    dict
        What ``equilibrium.json`` holds. With `out`, this file, ``equilibrium.csv`` (one row a week,
        player and option) and ``branch.csv`` (types of moves along the quantal-response branch) are
        written.

    Raises
    ------
    InputError
        If a date lies outside the record.
    """
    turns = [branch_turn(game, record, date, "--at") for date in dates]
    weeks, options, branch = [], [], []
    for number, turn in enumerate(turns):
        board = freeze(game, record, turn)
        stage = stage_game(board)

        def told(done: int, before: int = number * replicates) -> None:
            if progress:
                progress(before + done)

        simulated = simulated_frequencies(board, replicates, seed, told)
        week = game.scenario.date_of(turn).isoformat()
        precision = float(game.params["precision"][0])
        precisions = [factor * precision for factor in FACTORS]
        solved = logit_equilibria(*stage.payoffs, precisions)
        found, note = _nash(stage)
        weeks.append(_week_summary(game, stage, week, found, note))
        at_one = solved[FACTORS.index(1.0)]
        options += _option_rows(game, stage, week, at_one, simulated, found, replicates)
        branch += _branch_rows(game, stage, week, precisions, solved)
    table, path = pd.DataFrame(options), pd.DataFrame(branch)
    summary = {
        "scenario": game.scenario.name,
        "parameters": game.parameter_set.name,
        "players": list(game.players),
        "precision": float(game.params["precision"][0]),
        "replicates": replicates,
        "seed": seed,
        "weeks": weeks,
        "options": table.to_dict(orient="records"),
        "notes": list(game.notes),
    }
    if out is not None:
        facts = facts_of_runs(game, replicates, seed) | facts_of_record(record.path)
        with writing(out, "equilibrium", facts) as draft:
            draft.csv("equilibrium.csv", table, 8)
            draft.csv("branch.csv", path, 8)
            draft.json("equilibrium.json", summary)
    return summary


def _nash(stage: StageGame) -> tuple[list[tuple[np.ndarray, np.ndarray]], str]:
    try:
        return nash(*stage.payoffs), ""
    except ValueError as error:
        return [], str(error)


def _week_summary(
    game: Game,
    stage: StageGame,
    week: str,
    found: list[tuple[np.ndarray, np.ndarray]],
    note: str,
) -> dict[str, Any]:
    kept = undominated(*stage.payoffs)
    return {
        "week_of": week,
        "size": list(stage.payoffs[0].shape),
        "undominated": [len(options) for options in kept],
        "nash": [
            {
                game.players[i]: {
                    game.option_label(stage.options[i][k], i): float(mixture[k])
                    for k in np.flatnonzero(mixture)
                }
                for i, mixture in enumerate(pair)
            }
            for pair in found
        ],
        "note": note,
    }


def _option_rows(
    game: Game,
    stage: StageGame,
    week: str,
    quantal: tuple[np.ndarray, np.ndarray],
    simulated: tuple[np.ndarray, np.ndarray],
    found: list[tuple[np.ndarray, np.ndarray]],
    replicates: int,
) -> list[dict[str, Any]]:
    rows = []
    for i, player in enumerate(game.players):
        for k, option in enumerate(stage.options[i]):
            share = float(simulated[i][option])
            error = float(np.sqrt(share * (1.0 - share) / replicates))
            low, high = share_interval(share, error, replicates)
            rows.append(
                {
                    "week_of": week,
                    "player": player,
                    "option": game.option_label(option, i),
                    "simulated": share,
                    "low": low,
                    "high": high,
                    "quantal_response": float(quantal[i][k]),
                    "nash": float(found[0][i][k]) if found else float("nan"),
                }
            )
    return rows


def _branch_rows(
    game: Game,
    stage: StageGame,
    week: str,
    precisions: list[float],
    solved: list[tuple[np.ndarray, np.ndarray]],
) -> list[dict[str, Any]]:
    rows = []
    for precision, pair in zip(precisions, solved, strict=True):
        for i, player in enumerate(game.players):
            kinds = np.array([move_of(option) for option in stage.options[i]])
            for move in Move:
                rows.append(
                    {
                        "week_of": week,
                        "precision": precision,
                        "player": player,
                        "move": move.name,
                        "probability": float(pair[i][kinds == move].sum()),
                    }
                )
    return rows
