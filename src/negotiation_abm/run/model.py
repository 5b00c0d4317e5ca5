"""The readable run: two Mesa agents that play the game by the rules of `negotiation_abm.core`.

Same draws, same rules and so the same game, move for move, as the compiled run in
`negotiation_abm.run.batch`; start here to follow a run line by line. It works with Mesa's own
tools::

    import mesa
    from negotiation_abm.run.model import NegotiationModel

    mesa.batch_run(NegotiationModel, {"scenario": "busan_2025", "seed": 7, "replicate": range(10)})

Vary `replicate`, not Mesa's `iterations`: iterations of one seed are the same run.
"""

from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

from negotiation_abm.core.draws import (
    AGENCY_BLOCK,
    TURN_BLOCK,
    decision_block,
    normal,
    pick,
    uniforms,
)
from negotiation_abm.core.hooks import end_modules, start_modules
from negotiation_abm.core.payoffs import flow
from negotiation_abm.core.state import INFO, as_object, blank
from negotiation_abm.core.terms import (
    NUM_OPTIONS,
    Forum,
    Phase,
    lever_of,
    move_of,
)
from negotiation_abm.core.tracker import (
    SPELL,
    TALLY,
    close_tally,
    start_tally,
    track_forced,
    track_move,
    track_turn,
)
from negotiation_abm.core.transitions import (
    agency_option,
    apply_agency_move,
    apply_move,
    final_option,
    scheduled_step,
)
from negotiation_abm.core.week import begin_turn, end_turn
from negotiation_abm.files.errors import InputError, nearest
from negotiation_abm.scenario.game import Game, build_game
from negotiation_abm.scenario.load import Scenario, load_scenario
from negotiation_abm.strategies import strategies

BLANK_SPELL = vars(as_object(blank(SPELL)[0]))  # scalars all


@lru_cache(maxsize=32)
def _game_named(reference: str) -> Game:
    return build_game(load_scenario(reference))


def _game(scenario: str | Scenario | Game) -> Game:
    if isinstance(scenario, Game):
        return scenario
    return build_game(scenario) if isinstance(scenario, Scenario) else _game_named(scenario)


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

    def choice(self, place: int) -> int:
        """What the strategy chooses in this exchange (`place` 0 moves first)."""
        model, state = self.model, self.model.state
        u, *_ = self._uniforms(place)
        return int(self._choose(state, model.params, model.week, self.player, u, self._weights))

    def _uniforms(self, place: int) -> tuple[float, float, float, float]:
        model, state = self.model, self.model.state
        block = decision_block(state.exchange, place)
        four: tuple[float, float, float, float] = uniforms(
            model.draw_seed, model.replicate, state.turn, block
        )
        return four

    def play(self, place: int, option: int | None = None) -> bool:
        """Make this exchange's move; False for HOLD.

        Parameters
        ----------
        place : int
            0 moves first.
        option : int, optional
            A legal option that is chosen from outside; by default the strategy chooses.
        """
        model, state, params = self.model, self.model.state, self.model.params
        _, u_size, u_lead, u_slip = self._uniforms(place)
        option = self.choice(place) if option is None else option
        option = final_option(state, params, model.week, self.player, option, u_slip)
        track_forced(model.tally, state, model.week, self.player, option)
        multiple = pick(params.step_multiple, params.step_probability, u_size)
        lead = pick(params.lead_weeks, params.lead_probability, u_lead)
        step = scheduled_step(state, params, self.player, option, multiple)
        frailty = normal(u_size, u_lead) if option == 1 else 0.0
        model.carry_out(self.player, option, step, lead, frailty)
        return bool(option != 0)

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
        self.week = as_object(self.game.weeks[0])
        self.info = as_object(blank(INFO)[0])
        self.tally = as_object((blank(TALLY) if self.game.tally is None else self.game.tally)[0])
        self.spells: list[SimpleNamespace] = []
        self.moves: list[dict[str, Any]] = []
        start_tally(self.tally, self.state, replicate)
        for label in strategies or {}:
            if label not in self.game.players:
                hint = nearest(label, self.game.players)
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

    def step(self) -> None:
        """Play one week."""
        if not self.running:
            return
        first = self.open_week()
        for exchange in range(self.params.exchanges_per_turn):
            self.state.exchange = exchange
            moved = [
                self.governments[player].play(place)
                for place, player in enumerate((first, 1 - first))
            ]
            if not any(moved):
                break
        self.close_week()

    def open_week(self) -> int:
        """All that comes before the moves of a week; returns who moves first."""
        state, params, turn = self.state, self.params, self.state.turn
        self.week = as_object(self.game.weeks[turn])
        u_order, u_round, *u_shocks = uniforms(self.draw_seed, self.replicate, turn, TURN_BLOCK)
        begin_turn(state, params, self.week, u_round)
        if params.num_modules > 0:
            start_modules(state, params, self.week, self.draw_seed, self.replicate, 1)
        for player in range(2):
            if u_shocks[player] < params.agency_rate[player]:
                self._agency_shock(player)
        return 0 if u_order < 0.5 else 1

    def close_week(self) -> None:
        """All that comes after the moves of a week."""
        state, params = self.state, self.params
        if params.num_modules > 0:
            end_modules(state, params, self.week, self.draw_seed, self.replicate, 1)
        end_turn(state, params, self.week, self.info)
        self._track(track_turn, self.tally, state, params, self.info)
        self.datacollector.collect(self)
        if state.turn >= len(self.game.weeks):
            self._track(close_tally, self.tally, state, params, self.info)
            self.running = False

    def run_to_horizon(self) -> "NegotiationModel":
        """Play all weeks; returns the model."""
        while self.running:
            self.step()
        return self

    def _agency_shock(self, player: int) -> None:
        block = uniforms(self.draw_seed, self.replicate, self.state.turn, AGENCY_BLOCK)
        u_lever, u_size = block[2 * player : 2 * player + 2]
        option = agency_option(self.state, self.params, player, u_lever)
        if option > 0:
            self.tally.agency_shocks[player] += 1
            multiple = pick(self.params.step_multiple, self.params.step_probability, u_size)
            step = scheduled_step(self.state, self.params, player, option, multiple)
            weeks_left = self.state.weeks_left
            apply_agency_move(self.state, self.params, player, option, step, self.info)
            self._note(player, option, weeks_left, by_agency=True)

    def carry_out(
        self,
        player: int,
        option: int,
        step: float,
        lead: int,
        frailty: float,
    ) -> None:
        """Put one move through the rules and note it."""
        weeks_left = self.state.weeks_left
        apply_move(self.state, self.params, player, option, step, lead, frailty, self.info)
        self._note(player, option, weeks_left)

    def _note(self, player: int, option: int, weeks_left: int, by_agency: bool = False) -> None:
        state, params = self.state, self.params
        self._track(track_move, self.tally, state, params, player, option, weeks_left, self.info)
        if option:
            lever = lever_of(option)
            self.moves.append(
                {
                    "turn": state.turn,
                    "exchange": state.exchange,
                    "player": self.game.players[player],
                    "move": move_of(option),
                    "lever": self.game.lever_names[player][lever] if lever >= 0 else None,
                    "by_agency": by_agency,
                }
            )

    def _track(self, measure: Any, *arguments: Any) -> None:
        """Call a tracking rule and keep the spells that it closed."""
        closed = [SimpleNamespace(**BLANK_SPELL) for _ in range(3)]
        count = measure(*arguments, closed, 0)
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
