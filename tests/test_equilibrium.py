"""Equilibria against other programs, closed forms and simulated play."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pygambit
import pytest

from cli_helpers import command, shipped_game, strict_json
from equilibrium_helpers import WEEKS, board_of, random_game
from negotiation_abm import load_record
from negotiation_abm.core.terms import NUM_OPTIONS
from negotiation_abm.plotting import plot_folder
from negotiation_abm.strategies._odds import option_weights
from negotiation_abm.studies.equilibrium.nash import nash
from negotiation_abm.studies.equilibrium.quantal import logit_equilibria
from negotiation_abm.studies.equilibrium.run import run_equilibrium
from negotiation_abm.studies.equilibrium.stage import simulated_frequencies, stage_game

PRECISIONS = [0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0]


@pytest.fixture(scope="module", params=WEEKS)
def frozen(request):
    return board_of(request.param, parameters="start_2025")


def gambit_branch(first, second, precisions):
    game = pygambit.StrategicGame.from_arrays(first, second)
    profiles = [point.profile for point in pygambit.qre.logit_solve_lambda(game, precisions)]
    return [
        tuple(np.array([float(share) for _, share in profile[player]]) for player in game.players)
        for profile in profiles
    ]


def assert_same_branch(first, second, precisions):
    ours = logit_equilibria(first, second, precisions)
    theirs = gambit_branch(first, second, precisions)
    assert len(ours) == len(theirs) == len(precisions)
    for (p, q), (a, b) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p, a, rtol=0, atol=1e-6)
        np.testing.assert_allclose(q, b, rtol=0, atol=1e-6)


# ---------------------------------------------------------------------------
# Quantal response.


@pytest.mark.parametrize("seed", range(20))
def test_quantal_response_is_the_branch_of_gambit(seed):
    assert_same_branch(*random_game(seed), PRECISIONS)


def test_quantal_response_of_a_recorded_week_is_the_branch_of_gambit(frozen):
    stage = stage_game(frozen[1])
    assert_same_branch(*stage.payoffs, [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("precision", [0.0, 0.7, 30.0])
def test_quantal_response_is_a_fixed_point(seed, precision):
    first, second = random_game(seed)
    p, q = logit_equilibria(first, second, [precision])[0]
    for mixture, worth in ((p, first @ q), (q, p @ second)):
        weights = np.exp(precision * (worth - worth.max()))
        np.testing.assert_allclose(mixture, weights / weights.sum(), atol=1e-10)


def test_branch_at_a_high_precision_comes_to_an_equilibrium():
    for seed in range(10):
        first, second = random_game(seed)
        p, q = logit_equilibria(first, second, [2000.0])[0]
        near = [np.abs(p - a).max() + np.abs(q - b).max() for a, b in nash(first, second)]
        assert min(near) < 0.05


def test_precisions_come_back_in_their_order():
    game = random_game(1)
    several = logit_equilibria(*game, [2.0, 0.5, 2.0])
    for (p, _), precision in zip(several, [2.0, 0.5, 2.0], strict=True):
        np.testing.assert_allclose(p, logit_equilibria(*game, [precision])[0][0], atol=1e-12)


def test_dominance_solvable_game_in_closed_form():
    # the row player's gain from its second option is 1 whatever the other does
    first, second = np.array([[0.0, 3.0], [1.0, 4.0]]), np.zeros((2, 2))
    p, q = logit_equilibria(first, second, [2.0])[0]
    assert p == pytest.approx([1 / (1 + math.exp(2)), 1 / (1 + math.exp(-2))])
    assert q == pytest.approx([0.5, 0.5])


def test_negative_precision_is_refused():
    with pytest.raises(ValueError, match="negative"):
        logit_equilibria(*random_game(0), [-1.0])


# ---------------------------------------------------------------------------
# The stage game.


def test_stage_payoffs_without_interaction_are_values_of_own_moves():
    """With nothing that the other side can do, each option is worth its own value."""
    off = dict.fromkeys(
        ("flow_weight", "reciprocity", "mirror", "acceptance", "breach_cost", "restraint",
         "depth", "shadow", "truce_frailty", "brinkmanship", "deadline"), 0.0
    )  # fmt: skip
    _, board = board_of("2025-02-10", **off)
    stage = stage_game(board)
    p, q = logit_equilibria(*stage.payoffs, [1.0])[0]
    weights = np.empty(NUM_OPTIONS)
    for player, mixture in enumerate((p, q)):
        count, total = option_weights(board.state, board.params, board.week, player, weights)
        expected = weights[:count] / total
        chosen = list(stage.options[player])
        np.testing.assert_allclose(mixture, expected[chosen], atol=2e-3)


def test_stage_payoff_by_hand(frozen):
    """HOLD against an escalation: half the weight of the pain that it adds, in both orders."""
    _, board = frozen
    stage = stage_game(board)
    state, params, week = board.state, board.params, board.week
    row, column = stage.options[0].index(0), stage.options[1].index(5)  # CHINA: ESCALATE soybeans
    step = min(params.step[1, 1], 1.0 - state.in_force[1, 1] - state.loaded[1, 1])
    bite = (1 - np.exp(-params.saturation * (state.in_force[1, 1] + step))) * params.bite_scale
    hurt = week.salience[1, 1] * state.potency[1, 1] * (bite - state.bite[1, 1])
    assert stage.payoffs[0][row, column] == pytest.approx(-params.flow_weight * hurt)
    assert stage.payoffs[0][row, stage.options[1].index(0)] == 0.0


def test_simulated_moves_are_near_the_quantal_response(frozen):
    """The same values move both; only who sees whom differs."""
    _, board = frozen
    stage = stage_game(board)
    pair = logit_equilibria(*stage.payoffs, [1.0])[0]
    told = []
    simulated = simulated_frequencies(board, 3000, 1, told.append)
    assert told == [1000, 2000, 3000]
    for player in range(2):
        gap = np.abs(simulated[player][list(stage.options[player])] - pair[player])
        assert gap.sum() / 2 < 0.12
        assert simulated[player].sum() == pytest.approx(1.0)


def test_frozen_state_is_left_as_it_was(frozen):
    _, board = frozen
    before = board.state.in_force.copy(), board.state.anger.copy(), int(board.state.turn)
    stage_game(board)
    simulated_frequencies(board, 20, 1)
    np.testing.assert_array_equal(board.state.in_force, before[0])
    np.testing.assert_array_equal(board.state.anger, before[1])
    assert board.state.turn == before[2]


# ---------------------------------------------------------------------------
# The step.


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("equilibrium")
    game, record = shipped_game("baseline_2025"), load_record("record_2025")
    dates = [dt.date.fromisoformat(week) for week in WEEKS]
    return run_equilibrium(game, record, dates, 300, 1, folder), folder


def test_tables_of_the_step(written):
    summary, folder = written
    table = pd.read_csv(folder / "equilibrium.csv")
    sums = table.groupby(["week_of", "player"])[["simulated", "quantal_response", "nash"]].sum()
    np.testing.assert_allclose(sums, 1.0, atol=1e-6)
    branch = pd.read_csv(folder / "branch.csv")
    sums = branch.groupby(["week_of", "player", "precision"])["probability"].sum()
    np.testing.assert_allclose(sums, 1.0, atol=1e-6)
    assert [week["week_of"] for week in summary["weeks"]] == WEEKS
    assert all(week["nash"] for week in summary["weeks"])


def test_figures_of_the_step(written):
    names = {path.stem for path in plot_folder(written[1])}
    assert {"equilibrium", "quantal_branch"} <= names


def test_command(capsys, tmp_path):
    words = ("--at", "2025-10-06", "--replicates", 50, "--out", tmp_path)
    done = command(capsys, "equilibrium", "baseline_2025", *words)
    assert done.status == 0
    assert "Nash: US: HOLD; CHINA: HOLD" in done.out
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 100
    assert strict_json(command(capsys, "equilibrium", "baseline_2025", *words, "--json").out)


@pytest.mark.parametrize(
    ("words", "fragments"),
    [
        (("--at", "2024-10-06"), ("--at: 2024-10-06", "allowed: 2025-01-20")),
        (("--at", "6 October"), ("--at: 6 October", "is not a date")),
    ],
)
def test_bad_date_is_one_line(capsys, tmp_path, words, fragments):
    out = tmp_path / "out"
    done = command(capsys, "equilibrium", "baseline_2025", *words, "--out", out)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    for fragment in fragments:
        assert fragment in done.err
    assert not out.exists()
