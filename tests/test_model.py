"""The readable run as a Mesa model: tables, batch_run, memory."""

import gc
import weakref

import mesa
import numpy as np
import pytest

from helpers import foreign_scenario, write_yaml
from negotiation_abm import (
    NegotiationModel,
    build_game,
    load_scenario,
    run_replicates,
)
from negotiation_abm.core.terms import Move


@pytest.fixture(scope="module")
def game():
    return build_game(load_scenario("busan_2025"))


@pytest.fixture(scope="module")
def model(game):
    return NegotiationModel(game, seed=3, replicate=4).run_to_horizon()


def test_dropped_models_are_freed(game):
    alive = []
    for replicate in range(500):
        model = NegotiationModel(game, seed=1, replicate=replicate)
        if replicate % 50 == 0:
            model.step()
        alive.append(weakref.ref(model))
    del model
    gc.collect()
    assert sum(reference() is not None for reference in alive) == 0


def test_model_table(model):
    table = model.datacollector.get_model_vars_dataframe()
    levers = [
        *("US.market_access", "US.chips", "US.entity_lists", "US.port_fees"),
        *("CHINA.rare_earths", "CHINA.soybeans", "CHINA.market_access"),
        *("CHINA.entity_lists", "CHINA.port_fees"),
    ]
    assert list(table.columns) == [
        *("week", "phase", "truce_age", "weeks_left", "strain", "forum", "num_truces"),
        *(f"{lever}.in_force" for lever in levers),
    ]
    assert table["week"].tolist() == list(range(1, 105))
    assert set(table["phase"]) <= {"DISPUTE", "TRUCE"}
    assert set(table["forum"]) <= {"NONE", "ROUND", "SUMMIT"}


def test_agent_table(model):
    table = model.datacollector.get_agent_vars_dataframe()
    assert list(table.columns) == ["player", "flow_payoff", "felt", "anger"]
    assert len(table) == 2 * 104
    assert set(table["player"]) == {"US", "CHINA"}


def test_tables_agree_with_the_tally(model):
    table = model.datacollector.get_model_vars_dataframe()
    assert (table["phase"] == "TRUCE").sum() == model.tally.weeks_in_truce
    assert (table["forum"] != "NONE").sum() == model.tally.num_meetings
    assert table["US.chips.in_force"].mean() == pytest.approx(model.tally.mean_in_force[0, 1])
    assert table["US.chips.in_force"].max() == model.tally.peak_in_force[0, 1]
    felt = model.datacollector.get_agent_vars_dataframe().groupby("player")["felt"].mean()
    assert [felt["US"], felt["CHINA"]] == pytest.approx(model.tally.mean_felt)


def test_governments(model):
    us, china = model.governments
    assert (us.label, us.player, china.label, china.player) == ("US", 0, "CHINA", 1)
    assert us.in_force("chips") == model.state.in_force[0, 1]
    assert us.felt == model.state.felt[0]
    assert china.anger == model.state.anger[1]
    assert set(model.agents) == {us, china}


def test_moves_are_noted(model):
    assert {"turn", "exchange", "player", "move", "lever", "by_agency"} == set(model.moves[0])
    turns = [entry["turn"] for entry in model.moves]
    assert turns == sorted(turns)
    for entry in model.moves:
        assert (entry["lever"] is None) == (entry["move"] == Move.SUSPEND)


def test_run_stops_at_the_horizon(game):
    model = NegotiationModel(game, seed=1)
    for _ in range(200):
        model.step()
    assert not model.running
    assert model.state.turn == 104
    assert len(model.datacollector.get_model_vars_dataframe()) == 104


def test_same_arguments_same_run(game):
    first, second = (NegotiationModel(game, 9, 2).run_to_horizon() for _ in range(2))
    assert first.moves == second.moves
    assert first.moves != NegotiationModel(game, 9, 3).run_to_horizon().moves
    assert first.moves != NegotiationModel(game, 8, 2).run_to_horizon().moves


def test_global_randomness_is_neither_read_nor_touched(game):
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = NegotiationModel(game, 9, 2).run_to_horizon().moves
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert NegotiationModel(game, 9, 2).run_to_horizon().moves == first


def test_scenario_by_name_path_or_object(tmp_path, game):
    path = write_yaml(tmp_path / "foreign.yaml", foreign_scenario())
    by_path = NegotiationModel(str(path), 5).run_to_horizon()
    by_object = NegotiationModel(load_scenario(path), 5).run_to_horizon()
    assert by_path.moves == by_object.moves
    by_name = NegotiationModel("busan_2025", 5).run_to_horizon()
    assert by_name.moves == NegotiationModel(game, 5).run_to_horizon().moves


def test_other_strategies_than_those_of_the_scenario(game):
    model = NegotiationModel(game, 5, strategies={"US": "hold"}).run_to_horizon()
    assert [government.strategy for government in model.governments] == ["hold", "logit"]
    assert {entry["player"] for entry in model.moves} == {"CHINA"}


def test_mesa_batch_run_over_replicates(game):
    rows = mesa.batch_run(
        NegotiationModel,
        {"scenario": "busan_2025", "seed": 7, "replicate": range(4)},
        number_processes=1,
        data_collection_period=-1,
        display_progress=False,
    )
    last = {row["replicate"]: row for row in rows}
    assert sorted(last) == [0, 1, 2, 3]
    runs = run_replicates(game, 7, 0, 4).runs
    for replicate, row in last.items():
        assert row["week"] == 104
        assert row["num_truces"] == runs["num_truces"][replicate]


def test_strategies_of_unknown_players_are_refused(game):
    with pytest.raises(Exception, match="CHNA"):
        NegotiationModel(game, strategies={"CHNA": "hold"})
