"""Games, models and environments are copied and pickled in the middle, and go on move for move."""

import copy
import pickle

import numpy as np
import pytest

from negotiation_abm import NegotiationModel, build_game, load_scenario
from negotiation_abm.run.rl import NegotiationEnv

WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
}
SCENARIOS = ("busan_2025", "mechanisms_2025")


@pytest.fixture(params=WAYS)
def twin_of(request):
    return WAYS[request.param]


@pytest.mark.parametrize("name", SCENARIOS)
def test_game(twin_of, name):
    game = build_game(load_scenario(name))
    twin = twin_of(game)
    assert twin.scenario == game.scenario
    assert twin.scenario.path == game.scenario.path
    for part in ("params", "weeks", "initial"):
        assert getattr(twin, part).tobytes() == getattr(game, part).tobytes()
    ours = NegotiationModel(game, 7, 0).run_to_horizon()
    assert NegotiationModel(twin, 7, 0).run_to_horizon().moves == ours.moves


@pytest.mark.parametrize("name", SCENARIOS)
def test_model_in_mid_run(twin_of, name):
    model = NegotiationModel(name, seed=7, replicate=3)
    for _ in range(20):
        model.step()
    twin = twin_of(model)
    ours = twin_of(model.run_to_horizon())  # a finished one can be copied too
    assert len(twin.moves) < len(ours.moves)
    twin.run_to_horizon()
    assert twin.moves == ours.moves
    assert [vars(spell) for spell in twin.spells] == [vars(spell) for spell in ours.spells]
    assert vars(twin.tally).keys() == vars(ours.tally).keys()
    for key, value in vars(ours.tally).items():
        np.testing.assert_array_equal(getattr(twin.tally, key), value)
    theirs = twin.datacollector.get_model_vars_dataframe()
    assert theirs.equals(ours.datacollector.get_model_vars_dataframe())
    assert all(government.model is twin for government in twin.governments)


def play(env, steps=10**6):
    """Both play by their strategies; what was seen and done."""
    seen = []
    for _ in range(steps):
        if not env.agents:
            break
        agent = env.agent_selection
        observation, reward, _, truncated, _ = env.last()
        option = None if truncated else env.choice()
        seen.append((agent, option, reward, observation["observation"].tobytes()))
        env.step(option)
    return seen


def test_environment_in_mid_week(twin_of):
    env = NegotiationEnv("busan_2025")
    env.reset(seed=7)
    play(env, 37)
    twin = twin_of(env)
    assert twin.model is not env.model
    assert play(twin) == play(env)
