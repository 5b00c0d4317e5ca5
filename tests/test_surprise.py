"""Surprise and regret of recorded moves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cli_helpers import command, shipped_game, strict_json
from negotiation_abm import NegotiationModel, load_record, replay_record
from negotiation_abm.core.state import as_object
from negotiation_abm.plotting import plot_folder
from negotiation_abm.run.batch import blank_traces, run_replicates
from negotiation_abm.studies.surprise import (
    game_after,
    moments,
    payoffs_after,
    regrets,
    run_surprise,
)


@pytest.fixture(scope="module")
def found(game):
    return moments(game, load_record("record_2025"))


def test_probabilities_are_those_of_the_replay(game, found):
    decisions = replay_record(game, load_record("record_2025")).decisions
    moves = [decision for decision in decisions if decision.option]
    assert len(found) == len(moves)
    for moment, decision in zip(found, moves, strict=True):
        assert moment.shares[moment.option] == pytest.approx(decision.probability)
        assert moment.row_ids == decision.row_ids
        assert moment.shares.sum() == pytest.approx(1.0)


def test_rank_counts_likelier_options(found):
    for moment in found:
        likelier = [o for o in moment.legal if moment.shares[o] > moment.shares[moment.option]]
        assert moment.rank == 1 + len(likelier)
        assert moment.option in moment.legal


def test_states_before_a_move_are_kept_apart(found):
    turns = [moment.state.turn for moment in found]
    assert turns == sorted(turns)
    assert len({id(moment.state) for moment in found}) == len(found)


def test_payoffs_have_common_draws(game, found):
    payoffs = payoffs_after(game, found[5], found[5].legal, range(100), 1, 8)
    again = payoffs_after(game, found[5], [0], range(40, 100), 1, 8)
    np.testing.assert_array_equal(payoffs[0][40:], again[0])
    assert np.corrcoef(payoffs[0], payoffs[found[5].option])[0, 1] > 0.3


def test_payoff_ahead_of_one_week_by_hand():
    """Nobody moves: the flow of the state itself, after the option."""
    game = shipped_game("baseline_2025", strategies={"US": "hold", "CHINA": "hold"}, market=0.0)
    moment = moments(game, load_record("record_2025"))[0]
    payoffs = payoffs_after(game, moment, [0, 2], range(3), 1, 1)
    assert np.ptp(payoffs[0]) == 0.0
    assert (payoffs[2] != payoffs[0]).all()  # US market_access, a tariff


def test_a_shock_of_the_week_does_not_undo_the_move():
    """The state before the move is that after the week has begun: a shock has struck already."""
    game = shipped_game("baseline_2025", strategies={"US": "hold", "CHINA": "hold"}, market=0.0)
    moment = moments(game, load_record("record_2025"))[0]
    turn = int(moment.state.turn)
    game.weeks["has_shock"][turn], game.weeks["shock"][turn] = 1, np.nan
    game.weeks["shock"][turn, 0, 0] = moment.state.in_force[0, 0]
    payoffs = payoffs_after(game, moment, [0, 2], range(3), 1, 1)
    assert (payoffs[2] != payoffs[0]).all()  # US market_access, a tariff


def test_the_week_goes_on_from_the_move_and_does_not_begin_again(game, found):
    """Who has moved has moved: what follows is the answer of the other side, once."""
    for moment in found:
        onward = game_after(game, moment, moment.option, 1)
        state = as_object(onward.initial[0])
        model = NegotiationModel(onward, seed=1)
        assert state.turn == moment.state.turn
        if moment.state.place == 0:
            assert model.mover.player == 1 - moment.player
        model.run_to_horizon()
        assert model.state.turn == state.turn + 1
        assert len(model.datacollector.model_vars["week"]) == 1


def test_the_week_of_a_move_goes_on_and_does_not_begin_again(game, found):
    """No second meeting is drawn, and nobody moves twice in an exchange."""
    game = replace(game, params=game.params.copy())
    game.params["agency_rate"] = 0.9
    places = 2 * int(game.params["exchanges_per_turn"][0])
    for moment in found[::3]:
        onward = game_after(game, moment, moment.option, 2)
        traces = blank_traces(onward, 200)
        block = run_replicates(onward, 1, 0, 200, traces)
        state = moment.state
        assert (traces["forum"][:, 0] == state.forum).all()
        left = max(0, places - (2 * state.exchange + state.place + 1))
        assert (traces["num_moves"][:, 0].sum(axis=(1, 2)) <= left).all()
        assert (block.runs["agency_shocks"] <= 1).all()  # of the second week


def test_best_option_has_no_regret(game, found):
    for moment, best, regret, _ in regrets(game, found[:6], 60, 1, 6):
        if best == moment.option:
            assert (regret.difference, regret.low, regret.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("replicates", [1, 2, 41, 200])
def test_half_of_the_runs_picks_and_the_other_compares(game, found, replicates):
    """Picking the luckiest of many on the runs that judge it would give regret to every move."""
    moment, half = found[0], max(1, replicates // 2)
    payoffs = payoffs_after(game, moment, moment.legal, range(replicates), 1, 6)
    best = max(payoffs, key=lambda o: payoffs[o][:half].mean())
    _, chosen, regret, against_hold = next(regrets(game, [moment], replicates, 1, 6))
    assert chosen == best
    gap = payoffs[best][-half:] - payoffs[moment.option][-half:]
    assert regret.difference == pytest.approx(gap.mean())
    gain = payoffs[moment.option] - payoffs[0]
    assert against_hold.difference == pytest.approx(gain.mean())


@pytest.fixture(scope="module")
def written(game, tmp_path_factory):
    folder = tmp_path_factory.mktemp("surprise")
    return run_surprise(game, load_record("record_2025"), 20, 1, folder, weeks_ahead=4), folder


def test_files_of_the_step(written):
    summary, folder = written
    table = pd.read_csv(folder / "surprise.csv")
    assert len(table) == len(summary["moves"]) == 53
    np.testing.assert_allclose(table["surprise_bits"], -np.log2(table["probability"]), rtol=1e-5)
    assert (table["regret_low"] <= table["regret_high"]).all()
    assert table["statement"].notna().all()


def test_figure_of_the_step(written):
    assert {"surprise.png", "surprise.svg"} <= {path.name for path in plot_folder(written[1])}


def test_threads_do_not_matter(game, found):
    one = list(regrets(game, found[:3], 30, 2, 4, threads=1))
    two = list(regrets(game, found[:3], 30, 2, 4, threads=2))
    assert [parts[1:] for parts in one] == [parts[1:] for parts in two]


def test_command(capsys, tmp_path):
    words = ("--replicates", 10, "--weeks", 2, "--out", tmp_path)
    done = command(capsys, "surprise", "baseline_2025", *words)
    assert done.status == 0, done.err
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 100
    assert len(strict_json(command(capsys, "surprise", "baseline_2025", *words, "--json").out)) > 5


def test_scenario_without_a_record_is_refused(capsys, tmp_path):
    done = command(capsys, "surprise", "busan_2025", "--out", tmp_path / "out")
    assert done.status == 2
    assert "record: missing" in done.err
    assert not (tmp_path / "out").exists()
