"""Recovery: known parameters back from records that the model itself has written.

The readable model plays freely for as long as the record of 2025, its moves are written as a record
with levels and meetings, and that is replayed and fitted as any record is. What a record does not
say (HOLDs, soundness of truces) is lost on the way, as it is in life.
"""

import datetime as dt
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.posterior import sample
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.core.terms import Forum, Move, Stage, lever_of, move_of
from negotiation_abm.record.load import BOTH, Record, Row
from negotiation_abm.run.batch import available_threads
from negotiation_abm.run.model import NegotiationModel
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import load_scenario

LEVEL = 0.9
WEEKS = 50
DRAWS = 250


class Recorder(NegotiationModel):
    """A free run that writes its own record."""

    def __init__(self, game: Game, seed: int, replicate: int) -> None:
        self.rows: list[Row] = []
        super().__init__(game, seed=seed, replicate=replicate)

    def before_move(self) -> None:
        """A meeting of the week stands before its moves."""
        self._room = self.params.cap - self.state.in_force - self.state.loaded
        if self.state.stage == Stage.MOVES:
            self._note_forum()

    def after_move(self, player: int, option: int, by_agency: bool) -> None:
        """Write down the move."""
        move, lever = Move(int(move_of(option))), int(lever_of(option))
        if move == Move.HOLD or by_agency:
            return
        columns: dict[str, Any] = {}
        if move >= Move.ESCALATE:
            level = float(self.state.in_force[player, lever])
            if move == Move.THREATEN:
                level = float(min(self.info.step, self._room[player, lever]))
                columns["lead_weeks"] = int(self.info.lead)
            columns |= {"lever": self.game.lever_names[player][lever], "level": level}
        self._write(self.game.players[player], move.name, **columns)

    def _note_forum(self) -> None:
        today = self._today()
        known = any(row.date == today and row.player == BOTH for row in self.rows)
        if self.state.forum != Forum.NONE and not known:
            self._write(BOTH, Forum(int(self.state.forum)).name)

    def _today(self) -> dt.date:
        return self.game.scenario.date_of(int(self.state.turn))

    def _write(self, player: str, move: str, **columns: Any) -> None:
        number = len(self.rows) + 1
        row = Row(
            line=number, id=f"F{number}", date=self._today(), player=player, move=move, **columns
        )
        self.rows.append(row)


def free_record(
    game: Game, seed: int, replicate: int, weeks: int = WEEKS
) -> tuple[Record, NegotiationModel]:
    """Record and final state of a free run of the readable model."""
    model = Recorder(game, seed, replicate)
    for _ in range(weeks):
        model.step()
    return Record(game.scenario.path, tuple(model.rows)), model


def recover(
    scenario: str,
    truth: dict[str, Any],
    seed: int,
    replicate: int,
    with_hidden: bool = True,
    draws: int = DRAWS,
) -> list[dict[str, Any]]:
    """Fit one synthetic record: one row a coefficient, with what is true of it."""
    game = build_game(load_scenario(scenario, truth))
    record, _ = free_record(game, seed, replicate)
    with threadpool_limits(1, "blas"):
        data = collect(game, record, with_hidden=with_hidden)
        prior = load_prior(data)
        result = fit(data, prior)
        chains = sample(result, draws=draws, seed=seed + replicate).draws
    flat = chains.reshape(-1, chains.shape[2])
    low, high = np.quantile(flat, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0], axis=0)
    mean, sd, known = flat.mean(axis=0), flat.std(axis=0), data.point()
    return [
        {
            "record": replicate,
            "coefficient": coefficient.label,
            "truth": known[k],
            "estimate": mean[k],
            "mode": result.theta[k],
            "error": sd[k],
            "ratio": sd[k] / prior.moments(k)[1],
            "covered": bool(low[k] <= known[k] <= high[k]),
            "moves": int((data.chosen != 0).sum()),
            "converged": result.converged,
        }
        for k, coefficient in enumerate(data.coefficients)
        if k not in prior.fixed
    ]


def recovery(
    scenario: str,
    truths: Sequence[dict[str, Any]],
    seed: int,
    with_hidden: bool = True,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Fits to synthetic records of free runs: one row a record and coefficient.

    Parameters
    ----------
    scenario : str
        Shipped name or path.
    truths : sequence of dict
        For each record what is true: changes of the scenario, as for `load_scenario`.
    with_hidden : bool
        Sum over what a record does not say (else HOLDs are read as the replay does).
    """
    one = partial(_recover, scenario, seed, with_hidden)
    rows: list[dict[str, Any]] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(available_threads(), mp_context=context) as pool:
        for number, part in enumerate(pool.map(one, enumerate(truths)), start=1):
            rows += part
            if progress:
                progress(number)
    return pd.DataFrame(rows)


def _recover(
    scenario: str, seed: int, with_hidden: bool, numbered: tuple[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    return recover(scenario, numbered[1], seed, numbered[0], with_hidden)


def truths_of(frame: pd.DataFrame) -> list[dict[str, float]]:
    """Scenario changes for each row of posterior draws."""
    columns = [str(column) for column in frame.columns]
    return [dict(zip(columns, map(float, row), strict=True)) for row in frame.to_numpy()]


def recovery_table(fits: pd.DataFrame) -> pd.DataFrame:
    """Bias, spread and coverage by coefficient.

    Returns
    -------
    DataFrame
        Indexed by coefficient: truth (mean over records), mean (of posterior means), bias,
        bias_error, sd (of estimate less truth, between records), error (mean posterior sd),
        coverage (of 90 % intervals), coverage_error, ratio (mean of posterior over prior sd).
    """
    parts = fits.assign(bias=fits["estimate"] - fits["truth"]).groupby("coefficient", sort=False)
    size = parts.size()
    coverage = parts["covered"].mean()
    return pd.DataFrame(
        {
            "truth": parts["truth"].mean(),
            "mean": parts["estimate"].mean(),
            "bias": parts["bias"].mean(),
            "bias_error": parts["bias"].std() / np.sqrt(size),
            "sd": parts["bias"].std(),
            "error": parts["error"].mean(),
            "coverage": coverage,
            "coverage_error": np.sqrt(LEVEL * (1.0 - LEVEL) / size),
            "ratio": parts["ratio"].mean(),
        }
    )
