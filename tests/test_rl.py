"""The PettingZoo environment: its own tests, and the same game as the other runs."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from pettingzoo.test import api_test, seed_test

from cli_helpers import ROOT, python, shipped_game
from negotiation_abm import NegotiationModel, run_replicates
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.run.rl import NegotiationEnv, feature_names


@pytest.fixture
def advisory():
    """PettingZoo advises against dicts with an action mask and agents named as they are here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@pytest.mark.parametrize("name", ["baseline_2025", "mechanisms_busan"])
def test_pettingzoo_api(advisory, name, capsys):
    api_test(NegotiationEnv(name), num_cycles=400)
    assert "Passed API test" in capsys.readouterr().out


def test_pettingzoo_seeds(advisory):
    seed_test(lambda: NegotiationEnv("busan_2025"), num_cycles=300)


def play_through(env, seed):
    """Both sides by the scenario's strategies; total reward of each agent."""
    env.reset(seed=seed)
    total = dict.fromkeys(env.possible_agents, 0.0)
    for agent in env.agent_iter():
        _, reward, terminated, truncated, _ = env.last()
        assert not terminated
        total[agent] += reward
        env.step(None if truncated else env.choice())
    return total


@pytest.mark.parametrize("name", ["baseline_2025", "busan_2025"])
def test_environment_plays_the_same_game(name):
    game = shipped_game(name, agency_rate=0.05)
    env = NegotiationEnv(game)
    play_through(env, 7)
    model = NegotiationModel(game, 7, 0).run_to_horizon()
    assert env.model.moves == model.moves
    run = run_replicates(game, 7, 0, 1).runs[0]
    np.testing.assert_array_equal(env.model.tally.num_moves, run["num_moves"])


def test_rewards_are_the_flow_payoffs_of_the_weeks():
    game = shipped_game("busan_2025")
    env = NegotiationEnv(game)
    total = play_through(env, 3)
    weekly = NegotiationModel(game, 3, 0).run_to_horizon().datacollector
    table = weekly.get_agent_vars_dataframe()
    for agent in env.possible_agents:
        expected = table.loc[table["player"] == agent, "flow_payoff"].sum()
        assert total[agent] == pytest.approx(expected)


def test_next_episode_is_the_next_replicate():
    env = NegotiationEnv("busan_2025")
    env.reset(seed=4)
    env.reset()
    assert (env.model.draw_seed, env.model.replicate) == (4, 1)
    env.reset(seed=4)
    assert env.model.replicate == 0


def test_mask_says_what_is_legal_and_the_rest_counts_as_hold():
    env = NegotiationEnv("baseline_2025")
    env.reset(seed=1)
    agent = env.agent_selection
    player = env.possible_agents.index(agent)
    mask = env.observe(agent)["action_mask"]
    legal = [bool(is_legal(env.model.state, env.model.params, player, o)) for o in range(len(mask))]
    assert mask.astype(bool).tolist() == legal
    illegal = legal.index(False)
    env.step(illegal)
    assert env.infos[agent] == {"illegal": True}
    assert env.model.moves == []


def test_observations_are_of_the_own_side_first_and_within_their_space():
    env = NegotiationEnv("busan_2025")
    env.reset(seed=2)
    rng = np.random.default_rng(0)
    for agent in env.agent_iter(400):
        observation, _, _, truncated, _ = env.last()
        assert env.observation_space(agent).contains(observation)
        legal = np.flatnonzero(observation["action_mask"])
        env.step(None if truncated else int(rng.choice(legal)))
    names = feature_names(env.game, 1)
    assert names[10] == "CHINA anger"
    assert len(names) == env.observation_space("CHINA")["observation"].shape[0]


def test_a_line_of_text_can_be_had():
    env = NegotiationEnv("busan_2025", render_mode="ansi")
    env.reset(seed=1)
    assert env.render().startswith("week 0, truce: US.market_access 0.14")
    assert NegotiationEnv("busan_2025").render_mode is None


@pytest.mark.verify
def test_learned_best_reply_beats_the_quantal_response(tmp_path):
    """The example, with its own numbers (minutes)."""
    words = [sys.executable, ROOT / "experiments/best_reply/learn.py", "--out", tmp_path]
    subprocess.run([str(word) for word in words], check=True, timeout=1800)
    table = pd.read_csv(tmp_path / "best_reply.csv").set_index("strategy")
    assert table.loc["learned_best_reply", "low"] > 0.0
    assert table.loc["logit", "less_logit"] == 0.0


def test_package_does_not_need_it():
    code = "import sys, negotiation_abm.cli; print('pettingzoo' in sys.modules)"
    assert python(code).stdout.strip() == "False"
