"""The toy of alternatives.py as a Mesa model; worker processes import it by its name."""

import mesa
from alternatives import TURNS, step_of


class Side(mesa.Agent):
    def __init__(self, model):
        super().__init__(model)
        self.level, self.anger = 0.0, 0.0

    def step(self):
        [other] = [agent for agent in self.model.agents if agent is not self]
        move = step_of(self.random.random(), other.level, self.anger)
        self.level = min(1.0, max(0.0, self.level + 0.1 * move))
        if move == 1:
            other.anger += 1.0


class Toy(mesa.Model):
    def __init__(self, seed=None):
        super().__init__(seed=seed)
        Side.create_agents(self, 2)
        self.calm = 0
        self.datacollector = mesa.DataCollector(model_reporters={"calm": "calm"})

    def step(self):
        self.agents.do("step")
        for agent in self.agents:
            agent.anger *= 0.7
        self.calm += max(agent.level for agent in self.agents) <= 0.3 + 1e-9
        self.datacollector.collect(self)
        self.running = self.steps < TURNS
