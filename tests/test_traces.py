"""Traces are the weeks of the runs themselves, and of the Mesa model."""

import numpy as np
import pytest

from cli_helpers import shipped_game
from negotiation_abm import NegotiationModel
from negotiation_abm.core.terms import Move, Phase
from negotiation_abm.core.tracker import TRACE
from negotiation_abm.run.batch import run_replicates
from negotiation_abm.run.traces import bands, levers_of, trace_runs, trace_table
from negotiation_abm.scenario.game import Game


@pytest.fixture(scope="module")
def game():
    return shipped_game("mechanisms_busan")


@pytest.fixture(scope="module")
def table(game):
    return trace_table(game, trace_runs(game, 7, 30))


@pytest.mark.parametrize("replicate", [0, 4])
def test_trace_equals_the_weeks_of_mesa(game, table, replicate):
    model = NegotiationModel(game, seed=7, replicate=replicate).run_to_horizon()
    weeks = model.datacollector.get_model_vars_dataframe()
    ours = table[table["replicate"] == replicate]
    assert (ours["in_truce"].to_numpy() == (weeks["phase"] == "TRUCE").to_numpy()).all()
    np.testing.assert_array_equal(ours["weeks_left"], weeks["weeks_left"])
    np.testing.assert_allclose(ours["strain"], weeks["strain"], atol=1e-6)
    for lever in levers_of(table):
        np.testing.assert_allclose(ours[lever], weeks[f"{lever}.in_force"], atol=1e-6)


def test_traced_runs_are_the_runs_of_a_batch(game, table):
    runs = run_replicates(game, 7, 0, 30).runs
    in_truce = table.groupby("replicate")["in_truce"].sum()
    np.testing.assert_array_equal(in_truce, runs["weeks_in_truce"])
    for i, a, label in game.lever_labels():
        mean = table.groupby("replicate")[label].mean()
        np.testing.assert_allclose(mean, runs["mean_in_force"][:, i, a], atol=1e-6)


def test_tracing_changes_no_run(game):
    traces = np.zeros((5, len(game.weeks)), TRACE)
    traced, plain = run_replicates(game, 3, 10, 8, traces), run_replicates(game, 3, 10, 8)
    assert traced.runs.tobytes() == plain.runs.tobytes()
    assert traced.spells.tobytes() == plain.spells.tobytes()
    assert (traces["phase"] == Phase.TRUCE).any(axis=1).all()  # every row was written


def test_moves_of_a_trace_are_those_of_a_shorter_run(game):
    weeks = 20
    shorter = Game(**{**game.__dict__, "weeks": game.weeks[:weeks]})
    traces = trace_runs(game, 7, 30)
    runs = run_replicates(shorter, 7, 0, 30).runs
    assert runs["num_moves"][:, :, Move.ESCALATE].any()
    np.testing.assert_array_equal(traces["num_moves"][:, weeks - 1], runs["num_moves"])


def test_bands_are_quantiles_over_runs(table):
    got = bands(table).set_index(["series", "week"])
    wide = table.pivot(index="week", columns="replicate", values="US.chips")
    assert got.loc[("US.chips", 20), "q50"] == pytest.approx(np.median(wide.loc[20]))
    share = table[table["week"] == 20]["in_truce"].mean()
    assert got.loc[("in_truce", 20), "mean"] == pytest.approx(share)
    assert set(got.index.get_level_values("series")) == {*levers_of(table), "in_truce"}
