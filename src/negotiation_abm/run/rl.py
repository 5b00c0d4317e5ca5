"""A PettingZoo environment over the same rules, for learning agents (extra ``rl``).

An AEC environment: both governments move in turn, in the order that the game draws for the week,
up to ``exchanges_per_turn`` times a week; a week closes early when both hold. At its end each
government is rewarded with its flow payoff. An episode runs to the horizon and is then truncated.
The draws are those of a run with the seed of the reset: the same moves give the same game as
`negotiation_abm.run.model.NegotiationModel` and the compiled run::

    from negotiation_abm.run.rl import NegotiationEnv

    env = NegotiationEnv("baseline_2025")
    env.reset(seed=7)
    for agent in env.agent_iter():
        observation, reward, terminated, truncated, info = env.last()
        env.step(None if truncated else env.choice())  # both play by the scenario's strategies

Actions are options by number (0 HOLD, 1 SUSPEND, then ESCALATE, THREATEN and CONCEDE of each
lever); ``observation["action_mask"]`` says which are legal. An illegal one counts as HOLD.
"""

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv

from negotiation_abm.core.terms import Forum, num_options
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.run.model import Government, NegotiationModel
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import Scenario, load_scenario

YEAR_WEEKS = 52.0
MEMORY_SCALE = 10.0  # remembered moves and pain come near it at most


class NegotiationEnv(AECEnv):
    """One run of a scenario as an environment.

    Parameters
    ----------
    scenario : str, Scenario or Game
        Shipped name, path, or an object made from one.
    render_mode : {"ansi", None}
        ``render`` then gives one line of text.

    Attributes
    ----------
    model : NegotiationModel
        The run that is being played.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "negotiation_abm_v0",
        "render_modes": ["ansi"],
        "is_parallelizable": False,
    }

    def __init__(
        self, scenario: str | Scenario | Game = "baseline_2025", render_mode: str | None = None
    ) -> None:
        super().__init__()
        if isinstance(scenario, str):
            scenario = load_scenario(scenario)
        self.game = build_game(scenario) if isinstance(scenario, Scenario) else scenario
        self.render_mode = render_mode
        self.possible_agents = list(self.game.players)
        self._seed, self._episode = 0, -1
        self.agent_selection: str = self.possible_agents[0]
        sizes = [num_options(len(names)) for names in self.game.lever_names]
        self.action_spaces = {
            agent: spaces.Discrete(size)
            for agent, size in zip(self.possible_agents, sizes, strict=True)
        }
        length = len(feature_names(self.game, 0))
        self.observation_spaces = {
            agent: spaces.Dict(
                {
                    "observation": spaces.Box(-1.0, 1.0, (length,), np.float32),
                    "action_mask": spaces.Box(0, 1, (size,), np.int8),
                }
            )
            for agent, size in zip(self.possible_agents, sizes, strict=True)
        }

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Space of what an agent sees."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Space of the options of an agent."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin a run: replicate 0 of `seed`, or without one the next replicate of the last."""
        if seed is None:
            self._episode += 1
        else:
            self._seed, self._episode = seed, 0
        self.model = NegotiationModel(self.game, self._seed, self._episode)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self._open_week()

    def observe(self, agent: str) -> dict[str, np.ndarray]:
        """What an agent sees, from its own side, and what it may do."""
        player = self.possible_agents.index(agent)
        return {
            "observation": features(self.model, player),
            "action_mask": np.array(
                [
                    is_legal(self.model.state, self.model.params, player, option)
                    for option in range(self.action_spaces[agent].n)
                ],
                dtype=np.int8,
            ),
        }

    def choice(self) -> int:
        """The option that the scenario's strategy would take for the agent that is to move."""
        return self._mover().choice()

    def step(self, action: int | None) -> None:
        """Make the move of the agent that is to move."""
        agent = self.agent_selection
        if self.truncations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        mover = self._mover()
        option = 0 if action is None else int(action)
        legal = bool(is_legal(self.model.state, self.model.params, mover.player, option))
        self.infos[agent] = {"illegal": not legal}
        mover.play(option if legal else 0)
        if self.model.mover is None:
            self._close_week()
        else:
            self.agent_selection = self._mover().label
        self._accumulate_rewards()

    def _mover(self) -> Government:
        mover = self.model.mover
        assert mover is not None
        return mover

    def _open_week(self) -> None:
        self.model.begin_week()
        self.agent_selection = self._mover().label

    def _close_week(self) -> None:
        self.model.close_week()
        for player, agent in enumerate(self.possible_agents):
            self.rewards[agent] = self.model.governments[player].flow_payoff
        if self.model.running:
            self._open_week()
        else:
            self.truncations = dict.fromkeys(self.agents, True)
            self.agent_selection = self.agents[0]

    def render(self) -> str | None:
        """The week in one line, where ``render_mode`` is ``ansi``."""
        if self.render_mode != "ansi":
            return None
        state = self.model.state
        levels = ", ".join(
            f"{label} {state.in_force[i, a]:.2f}" for i, a, label in self.game.lever_labels()
        )
        return f"week {state.turn}, {'truce' if state.phase else 'dispute'}: {levels}"

    def close(self) -> None:
        """Nothing is held open."""


def feature_names(game: Game, player: int) -> list[str]:
    """What the entries of an observation are, for a player (own side first)."""
    names = ["truce", "truce age", "has a date", "weeks left", "leaders", "strain", "round"]
    names += ["summit", "weeks to summit", "exchange"]
    for side in (player, 1 - player):
        names += [
            f"{game.players[side]} {name}"
            for name in ("anger", "goodwill", "felt", "market loss", "offer")
        ]
    for side in (player, 1 - player):
        for lever in game.lever_names[side]:
            names += [
                f"{game.players[side]}.{lever} {name}"
                for name in ("in force", "loaded", "pending", "covered")
            ]
    return names


def features(model: NegotiationModel, player: int) -> np.ndarray:
    """What a player sees as numbers from -1 to 1, in the order of `feature_names`."""
    state, params, week = model.state, model.params, model.week
    values = [
        state.phase,
        state.age / YEAR_WEEKS if state.phase else 0.0,
        float(state.weeks_left >= 0),
        max(0, state.weeks_left) / YEAR_WEEKS,
        state.leaders if state.phase else 0,
        state.strain / params.tolerance,
        float(state.forum == Forum.ROUND),
        float(state.forum == Forum.SUMMIT),
        week.weeks_to_summit / YEAR_WEEKS,
        state.exchange / params.exchanges_per_turn,
    ]
    for side in (player, 1 - player):
        values += [
            state.anger[side] / MEMORY_SCALE,
            state.goodwill[side] / MEMORY_SCALE,
            state.felt[side] / MEMORY_SCALE,
            state.market_loss[side] / MEMORY_SCALE,
            state.offer[side] / params.offer_weeks,
        ]
    for side in (player, 1 - player):
        for lever in range(params.num_levers[side]):
            values += [
                state.in_force[side, lever],
                state.loaded[side, lever],
                state.pending[side, lever],
                state.covered[side, lever],
            ]
    return np.clip(np.array(values, dtype=np.float32), -1.0, 1.0)
