"""What a careful user of Mesa would build: Mesa's model, agents and collector, compiled rules.

The rules are those of the package, compiled; each agent calls them for its move. It plays the same
game as the readable run, collects the same data, and stands in `run.py` beside it.
"""

from functools import cache

import mesa
import numpy as np

from negotiation_abm import build_game, load_scenario
from negotiation_abm.core.state import INFO
from negotiation_abm.core.terms import NUM_OPTIONS, Forum, Phase, Stage
from negotiation_abm.core.tracker import SPELL, TALLY
from negotiation_abm.run.compiler import jit, register_rules


@cache
def compiled():
    """Beginning of a week, one move, end of a week."""
    register_rules()
    from negotiation_abm.core.payoffs import flow
    from negotiation_abm.core.tracker import track_move, track_turn
    from negotiation_abm.core.turn import (
        act_of_agency,
        begin_week,
        decision_draws,
        finish_week,
        mover,
        play_move,
    )
    from negotiation_abm.strategies.logit import choose

    @jit
    def begin(states, params, weeks, infos, tallies, spells, seed, replicate):
        state, info = states[0], infos[0]
        begin_week(state, params[0], weeks[state.turn], seed, replicate)
        while state.stage == Stage.AGENCIES:
            act_of_agency(state, params[0], seed, replicate, info)
            if info.option != 0:
                track_move(tallies[0], state, params[0], info, spells, 0)

    @jit
    def due(states):
        return mover(states[0]) if states[0].stage == Stage.MOVES else -1

    @jit
    def move(states, params, weeks, infos, tallies, spells, seed, replicate, player, scratch):
        state, info = states[0], infos[0]
        u, u_size, u_lead, _ = decision_draws(state, seed, replicate)
        option = choose(state, params[0], weeks[state.turn], player, u, scratch)
        play_move(state, params[0], player, option, u_size, u_lead, info)
        track_move(tallies[0], state, params[0], info, spells, 0)

    @jit
    def finish(states, params, weeks, infos, tallies, spells, seed, replicate):
        state = states[0]
        finish_week(state, params[0], weeks[state.turn], seed, replicate, 1, infos[0])
        track_turn(tallies[0], state, params[0], infos[0], spells, 0)

    @jit
    def payoff(states, params, weeks, player):
        state = states[0]
        return flow(state, params[0], weeks[state.turn - 1], player)

    return begin, due, move, finish, payoff


@cache
def _game(reference):
    return build_game(load_scenario(reference))


class Side(mesa.Agent):
    """One player."""

    def __init__(self, model, player):
        super().__init__(model)
        self.player = player
        self.label = model.game.players[player]
        self.scratch = np.zeros(NUM_OPTIONS)

    def play(self):
        m = self.model
        compiled()[2](*m.records, m.draw_seed, m.replicate, self.player, self.scratch)

    @property
    def flow_payoff(self):
        m = self.model
        return compiled()[4](m.state, m.params, m.weeks, self.player)

    @property
    def felt(self):
        return float(self.model.state["felt"][0, self.player])

    @property
    def anger(self):
        return float(self.model.state["anger"][0, self.player])


def of_state(name):
    return lambda m: m.state[name][0].item()


def level(player, lever):
    return lambda m: float(m.state["in_force"][0, player, lever])


class HybridModel(mesa.Model):
    """One run."""

    def __init__(self, scenario, seed=0, replicate=0):
        super().__init__(rng=seed)
        self.game = game = _game(scenario)
        self.draw_seed, self.replicate = np.uint64(seed), replicate
        self.params, self.weeks, self.state = game.params, game.weeks, game.initial.copy()
        self.info, self.tally, self.spells = (
            np.zeros(1, INFO),
            np.zeros(1, TALLY),
            np.zeros(4, SPELL),
        )
        self.records = self.state, self.params, self.weeks, self.info, self.tally, self.spells
        self.sides = [Side(self, player) for player in range(2)]
        mesa.Agent._ids.pop(self, None)
        self.running = True
        self.datacollector = mesa.DataCollector(
            {
                "week": of_state("turn"),
                "phase": lambda m: Phase(int(m.state["phase"][0])).name,
                "truce_age": of_state("age"),
                "weeks_left": of_state("weeks_left"),
                "strain": of_state("strain"),
                "forum": lambda m: Forum(int(m.state["forum"][0])).name,
                "num_truces": lambda m: m.tally["num_truces"][0].item(),
            }
            | {f"{label}.in_force": level(i, a) for i, a, label in game.lever_labels()},
            {"player": "label", "flow_payoff": "flow_payoff", "felt": "felt", "anger": "anger"},
        )

    def step(self):
        if not self.running:
            return
        begin, due, _, finish, _ = compiled()
        begin(*self.records, self.draw_seed, self.replicate)
        while (player := due(self.state)) >= 0:
            self.sides[player].play()
        finish(*self.records, self.draw_seed, self.replicate)
        self.datacollector.collect(self)
        self.running = int(self.state["turn"][0]) < len(self.weeks)
