"""The readable run: two Mesa agents that play the game by the rules of `negotiation_abm.core`.

Same draws, same rules and so the same game, move for move, as the compiled run in
`negotiation_abm.run.batch`; start here to follow a run line by line. It works with Mesa's own
tools::

    import mesa
    from negotiation_abm.run.model import NegotiationModel

    mesa.batch_run(NegotiationModel, {"scenario": "busan_2025", "seed": 7, "replicate": range(10)})

Vary `replicate`, not Mesa's `iterations`: iterations of one seed are the same run.
"""

from functools import partial
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

from negotiation_abm.core.payoffs import flow
from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import NUM_OPTIONS, Forum, Phase, Stage, lever_of, move_of
from negotiation_abm.core.tracker import (
    NUM_MEASURES,
    SPELL,
    TALLY,
    close_tally,
    start_tally,
    track_forced,
    track_move,
    track_turn,
)
from negotiation_abm.core.transitions import final_option
from negotiation_abm.core.turn import (
    act_of_agency,
    begin_week,
    decision_draws,
    finish_week,
    mover,
    play_move,
)
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import Scenario, load_scenario
from negotiation_abm.strategies import strategies

BLANK_SPELL = vars(as_object(blank(SPELL)[0]))  # scalars all


def _game(scenario: str | Scenario | Game) -> Game:
    if isinstance(scenario, Game):
        return scenario
    return build_game(scenario if isinstance(scenario, Scenario) else load_scenario(scenario))


class Government(mesa.Agent):
    """One player: holds the leverage assets of its side and chooses moves by its strategy.

    Attributes
    ----------
    player : int
        0 or 1, the index of this side in every state field.
    """

    def __init__(self, model: "NegotiationModel", player: int, strategy: str) -> None:
        super().__init__(model)
        self.player = player
        self.label = model.game.players[player]
        self.strategy = strategy
        self._choose = strategies()[strategy]
        self._weights = np.zeros(NUM_OPTIONS)

    def choice(self) -> int:
        """What the strategy chooses for the decision that is due."""
        model = self.model
        u, *_ = decision_draws(model.state, model.draw_seed, model.replicate)
        choose = self._choose
        return int(choose(model.state, model.params, model.week, self.player, u, self._weights))

    def play(self, option: int | None = None) -> None:
        """Make the move that is due.

        Parameters
        ----------
        option : int, optional
            A legal option that is chosen from outside; by default the strategy chooses.
        """
        model, state, params = self.model, self.model.state, self.model.params
        _, u_size, u_lead, u_slip = decision_draws(state, model.draw_seed, model.replicate)
        option = self.choice() if option is None else option
        option = final_option(state, params, model.week, self.player, option, u_slip)
        track_forced(model.tally, state, model.week, self.player, option)
        model.make(play_move, self.player, option, u_size, u_lead)

    def in_force(self, lever: str) -> float:
        """Pressure in force of one of this side's levers, 0 to 1."""
        number = self.model.game.lever_names[self.player].index(lever)
        return float(self.model.state.in_force[self.player, number])

    @property
    def flow_payoff(self) -> float:
        """Flow payoff of this week, in payoff units."""
        return float(flow(self.model.state, self.model.params, self.model.week, self.player))

    @property
    def felt(self) -> float:
        """Relievable pain with a short memory, in payoff units."""
        return float(self.model.state.felt[self.player])

    @property
    def anger(self) -> float:
        """Remembered escalations of the opponent, net of own answers."""
        return float(self.model.state.anger[self.player])


class NegotiationModel(mesa.Model):
    """One run of a scenario; `step` plays one week and `running` turns False at the horizon.

    Parameters
    ----------
    scenario : str, Scenario or Game
        Shipped name, path, or an object made from one. (Mesa's `batch_run` varies any iterable
        that is not a string: pass names there.)
    seed, replicate : int
        The draws of a run are a function of both and of nothing else.
    strategies : dict of str to str, optional
        Strategy by player label, in place of the scenario's.

    Attributes
    ----------
    datacollector : mesa.DataCollector
        One model row and one row an agent, each week.
    moves : list of dict
        Every move that was not HOLD: turn, exchange, player, move, lever, by_agency.
    spells : list of SimpleNamespace
        Truce spells closed so far (fields of `negotiation_abm.core.tracker.SPELL`).
    """

    def __init__(
        self,
        scenario: str | Scenario | Game = "baseline_2025",
        seed: int = 0,
        replicate: int = 0,
        strategies: dict[str, str] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.running = True
        self.game = _game(scenario)
        self.draw_seed = seed
        self.replicate = replicate
        self.params = as_object(self.game.params[0])
        self.state = as_object(self.game.initial[0])
        self.week = as_object(self.game.weeks[self.state.turn])
        self.info = as_object(blank(INFO)[0])
        self.tally = as_object((blank(TALLY) if self.game.tally is None else self.game.tally)[0])
        self.spells: list[SimpleNamespace] = []
        self.moves: list[dict[str, Any]] = []
        start_tally(self.tally, self.state, replicate)
        for label in strategies or {}:
            if label not in self.game.players:
                hint = suggest(label, self.game.players)
                raise InputError("strategies", label, f"unknown player; {hint}")
        chosen = self.game.scenario.strategies | (strategies or {})
        self.governments = [
            Government(self, player, chosen[label])
            for player, label in enumerate(self.game.players)
        ]
        mesa.Agent._ids.pop(self, None)  # else Mesa keeps every model alive (mesa#3179)
        self.datacollector = mesa.DataCollector(
            model_reporters=_REPORTERS
            | {
                f"{label}.in_force": partial(_level, i, a)
                for i, a, label in self.game.lever_labels()
            },
            agent_reporters={
                "player": partial(_attribute, "label"),
                "flow_payoff": partial(_attribute, "flow_payoff"),
                "felt": partial(_attribute, "felt"),
                "anger": partial(_attribute, "anger"),
            },
        )

    @property
    def mover(self) -> Government | None:
        """The government that is to move; None before and after the moves of a week."""
        is_due = self.running and self.state.stage == Stage.MOVES
        return self.governments[mover(self.state)] if is_due else None

    def step(self) -> None:
        """Play one week."""
        if not self.running:
            return
        self.begin_week()
        while self.mover is not None:
            self.mover.play()
        self.close_week()

    def begin_week(self) -> None:
        """All that comes before the moves of a week; nothing if it has begun already."""
        state, params = self.state, self.params
        if state.stage == Stage.BEFORE:
            self.week = as_object(self.game.weeks[state.turn])
            begin_week(state, params, self.week, self.draw_seed, self.replicate)
        while state.stage == Stage.AGENCIES:
            self.make(act_of_agency, self.draw_seed, self.replicate)

    def close_week(self) -> None:
        """All that comes after the moves of a week."""
        state, params, info = self.state, self.params, self.info
        finish_week(state, params, self.week, self.draw_seed, self.replicate, 1, info)
        self._track(track_turn)
        self.datacollector.collect(self)
        if state.turn >= len(self.game.weeks):
            self._track(close_tally)
            self.running = False

    def run_to_horizon(self) -> "NegotiationModel":
        """Play all weeks; returns the model."""
        while self.running:
            self.step()
        return self

    def make(self, act: Any, *arguments: Any) -> None:
        """Carry out a rule by which a player or an agency moves, and note the move."""
        state, info = self.state, self.info
        by_agency, exchange = bool(state.stage == Stage.AGENCIES), int(state.exchange)
        self.before_move()
        act(state, self.params, *arguments, info)
        if by_agency and not info.option:
            return
        self._track(track_move)
        player, option = int(info.mover), int(info.option)
        self.after_move(player, option, by_agency)
        if option:
            lever = lever_of(option)
            self.moves.append(
                {
                    "turn": state.turn,
                    "exchange": exchange,
                    "player": self.game.players[player],
                    "move": move_of(option),
                    "lever": self.game.lever_names[player][lever] if lever >= 0 else None,
                    "by_agency": by_agency,
                }
            )

    def before_move(self) -> None:
        """Called before each move and before an agency may act; for subclasses that watch."""

    def after_move(self, player: int, option: int, by_agency: bool) -> None:
        """Called after each move, HOLD included; `info` says what it did. For subclasses."""

    def _track(self, measure: Any) -> None:
        """Call a tracking rule, and keep the spells that it closed."""
        closed = [SimpleNamespace(**BLANK_SPELL) for _ in range(NUM_MEASURES + 1)]
        count = measure(self.tally, self.state, self.params, self.info, closed, 0)
        self.spells.extend(closed[:count])


def _level(player: int, lever: int, model: NegotiationModel) -> float:
    return float(model.state.in_force[player, lever])


def _of_state(name: str, model: NegotiationModel) -> Any:
    return getattr(model.state, name)


def _attribute(name: str, agent: Government) -> Any:
    return getattr(agent, name)


def _phase(model: NegotiationModel) -> str:
    return Phase(int(model.state.phase)).name


def _truce_age(model: NegotiationModel) -> int:
    return model.state.age if model.state.phase else 0


def _forum(model: NegotiationModel) -> str:
    return Forum(int(model.state.forum)).name


def _num_truces(model: NegotiationModel) -> int:
    return int(model.tally.num_truces)


# Functions with names, so that a model can be pickled.
_REPORTERS: dict[str, Any] = {
    "week": partial(_of_state, "turn"),
    "phase": _phase,
    "truce_age": _truce_age,
    "weeks_left": partial(_of_state, "weeks_left"),
    "strain": partial(_of_state, "strain"),
    "forum": _forum,
    "num_truces": _num_truces,
}
