"""What must hold in every state that legal play can reach, whoever plays and however badly."""

import copy
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import SHIPPED, foreign_scenario, legal_options, make_game, make_info
from negotiation_abm import build_game, load_scenario
from negotiation_abm.core.levers import room
from negotiation_abm.core.payoffs import option_value, relievable
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import (
    NUM_OPTIONS,
    Event,
    Move,
    Phase,
    TruceEnd,
    lever_of,
    move_of,
)
from negotiation_abm.core.transitions import agency_option, apply_move, is_legal, scheduled_step
from negotiation_abm.core.week import begin_turn, end_turn
from negotiation_abm.strategies import strategies
from negotiation_abm.strategies._odds import option_weights

TINY = 1e-9
CHECKS = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

# Settings at which bounds are most easily broken.
EXTREMES = {
    "snap_back_share": 1.0,
    "suspended_share": 1.0,
    "loaded_share": 1.0,
    "tolerance": 0.05,
    "erosion": 0.25,
    "offer_weeks": 1,
}

share = st.floats(0, 1, exclude_max=True)
decision = st.tuples(
    st.sampled_from([0, 1]),
    share,  # which of the legal options
    st.sampled_from([0.0, 0.001, 0.5, 1.0, 2.0, 10.0]),  # multiple of the usual step
    st.sampled_from([0, 1, 3, 13, 520]),  # lead of a threat
    st.floats(-5, 5),  # frailty
)
turn = st.tuples(share, st.booleans(), st.lists(decision, max_size=6))
play = st.lists(turn, min_size=5, max_size=40)


@pytest.fixture(scope="module")
def games(tmp_path_factory):
    foreign = foreign_scenario()
    foreign["shocks"] = []  # a shock may set a lever outside its limits
    foreign["set"] = foreign["set"] | EXTREMES
    first = [build_game(load_scenario(name, {"parameters": "start_2025"})) for name in SHIPPED]
    revised = [build_game(load_scenario(name)) for name in SHIPPED]
    assert revised[0].params["revised_rules"][0] == 1
    return [*first, *revised, make_game(tmp_path_factory.mktemp("foreign"), foreign)]


class Run:
    """Drawn play: calls `move` around each move and `close` around each end of a turn."""

    def __init__(self, game, turns):
        self.params, self.state = as_object(game.params[0]), as_object(game.initial[0])
        self.weeks, self.turns, self.info = game.weeks, turns, make_info()

    def play(self):
        for number, (u_round, agency, decisions) in enumerate(self.turns):
            self.week = as_object(self.weeks[number])
            begin_turn(self.state, self.params, self.week, u_round)
            if agency:
                self.agency(u_round)
            for player, choice, *rest in decisions:
                options = legal_options(self.state, self.params, player)
                self.move(player, options[int(choice * len(options))], *rest)
            self.close()
        return self

    def agency(self, u):
        option = agency_option(self.state, self.params, 0, u)
        if option:
            assert is_legal(self.state, self.params, 0, option)
            is_covered = self.state.covered[0, lever_of(option)]
            assert is_covered == 0 or self.params.restore_share > 0
            self.move(0, option, 1.0, 0, 0.0)

    def move(self, player, option, multiple, lead, frailty):
        step = scheduled_step(self.state, self.params, player, option, multiple)
        apply_move(self.state, self.params, player, option, step, lead, frailty, self.info)

    def close(self):
        end_turn(self.state, self.params, self.week, self.info)


def owned(array, params):
    """The entries of the levers that exist."""
    return np.concatenate([array[i, : params.num_levers[i]] for i in range(2)])


class BoundsRun(Run):
    def move(self, *arguments):
        super().move(*arguments)
        self.check()

    def close(self):
        super().close()
        self.check()

    def check(self):
        state, params = self.state, self.params
        level, loaded = owned(state.in_force, params), owned(state.loaded, params)
        cap, floor = owned(params.cap, params), owned(params.floor, params)
        assert np.all(level >= floor - TINY)
        assert np.all(level >= 0)
        assert np.all(loaded >= 0)
        assert np.all(level + loaded <= cap + TINY)
        self.check_effects(level)
        self.check_stocks()
        self.check_relation()

    def check_effects(self, level):
        state, params = self.state, self.params
        c = params.saturation
        bite = (1 - np.exp(-c * level)) / (1 - math.exp(-c))
        np.testing.assert_allclose(owned(state.bite, params), bite, atol=1e-12)
        hold = owned(state.irreplaceability, params)
        assert np.all(hold >= 0)
        assert np.all(hold <= owned(params.irreplaceability, params))
        potency = owned(params.weight, params) * hold**params.convexity
        np.testing.assert_allclose(owned(state.potency, params), potency, atol=1e-12)

    def check_stocks(self):
        state, params = self.state, self.params
        for name in ("anger", "goodwill", "market_loss", "felt", "pending_weeks", "use"):
            assert np.all(getattr(state, name) >= 0), name
        pending = owned(state.pending, params)
        assert np.all(pending >= 0)
        assert np.all(pending <= owned(params.cap, params) + TINY)
        assert np.all(state.offer >= 0)
        assert np.all(state.offer <= params.offer_weeks)
        assert not np.all(state.offer > 0)  # two standing offers are an agreement
        for player in range(2):
            assert relievable(state, params, self.week, player) >= 0

    def check_relation(self):
        state = self.state
        assert state.strain >= 0
        assert state.weeks_left >= -1
        if state.phase == Phase.DISPUTE:
            assert (state.weeks_left, state.strain) == (-1, 0)
            assert not state.covered.any()
        else:
            covered_and_threatened = (state.covered == 1) & (state.pending > 0)
            if self.info.event in (Event.BEGUN, Event.REPAIRED, Event.RENEWED):
                assert not covered_and_threatened.any()


class SnapBackRun(Run):
    """Whatever ends a truce moves pressure from loaded to in force and loses none."""

    def play(self):
        self.causes = []
        return super().play()

    def move(self, player, option, multiple, *rest):
        before, loaded = self.total(), self.state.loaded.copy()
        lever = lever_of(option)
        if move_of(option) == Move.ESCALATE:
            step = scheduled_step(self.state, self.params, player, option, multiple)
            step = min(step, room(self.state, self.params, player, lever))
            put_back = 0.0
            if self.params.revised_rules == 1:  # what is put back is no longer loaded
                put_back = min(step, loaded[player, lever])
                loaded[player, lever] -= put_back
            before[player, lever] += step - put_back
        super().move(player, option, multiple, *rest)
        if self.info.event == Event.ENDED and self.info.cause == TruceEnd.FULFILLED:
            assert move_of(option) == Move.CONCEDE
        elif self.info.event == Event.ENDED:
            if self.params.restore_share == 0:
                assert (self.info.cause, self.info.lever) == (TruceEnd.BREACH, lever)
            assert self.info.cause in (TruceEnd.BREACH, TruceEnd.COLLAPSE, TruceEnd.LAPSE)
            self.check(before, loaded)

    def close(self):
        before, loaded = self.total(), self.state.loaded.copy()
        super().close()
        if self.info.event == Event.ENDED:
            assert self.info.cause in (TruceEnd.COLLAPSE, TruceEnd.LAPSE)
            self.check(before, loaded)

    def total(self):
        return self.state.in_force + self.state.loaded

    def check(self, total, loaded):
        self.causes.append(self.info.cause)
        np.testing.assert_allclose(self.total(), total, atol=1e-12)
        kept = (1 - self.params.snap_back_share) * loaded
        np.testing.assert_allclose(self.state.loaded, kept, atol=1e-12)


class ChoiceRun(Run):
    """At each decision: weights agree with values and legality, and strategies choose legally."""

    def move(self, player, option, *rest):
        self.check_weights(player)
        self.check_strategies(player)
        super().move(player, option, *rest)

    def check_weights(self, player):
        state, params = self.state, self.params
        weights = np.full(NUM_OPTIONS, np.nan)
        count, total = option_weights(state, params, self.week, player, weights)
        assert count == 2 + 3 * params.num_levers[player]
        assert np.all(weights[:count] >= 0)
        assert total > 0
        assert total == pytest.approx(weights[:count].sum(), rel=1e-12)
        legal = legal_options(state, params, player)
        assert list(np.flatnonzero(weights[:count])) == legal
        values = [option_value(state, params, self.week, player, option) for option in legal]
        expected = np.exp(params.precision * np.array(values))
        np.testing.assert_allclose(weights[legal] / weights[0], expected, rtol=1e-9)

    def check_strategies(self, player):
        before = copy.deepcopy(self.state)
        for choose in strategies().values():
            option = choose(self.state, self.params, self.week, player, 0.7, np.empty(NUM_OPTIONS))
            assert is_legal(before, self.params, player, option)


class LegalityRun(Run):
    """A move that is not legal would do nothing sensible: legality is never granted for nothing."""

    def move(self, player, option, *rest):
        before = copy.deepcopy(self.state)
        super().move(player, option, *rest)
        kind, lever = move_of(option), lever_of(option)
        grown = self.state.in_force - before.in_force
        if kind == Move.ESCALATE and rest[0] > 0:
            assert grown[player, lever] > 0
        if kind == Move.CONCEDE:
            freed = self.state.loaded[player, lever] < before.loaded[player, lever]
            withdrawn = self.state.pending[player, lever] < before.pending[player, lever]
            is_revised = self.params.revised_rules == 1
            assert grown[player, lever] < 0 or (is_revised and (freed or withdrawn))
        if kind == Move.THREATEN and rest[0] > 0:
            assert self.state.pending[player, lever] > 0
        if kind == Move.SUSPEND:
            assert before.offer[player] == 0
            assert self.state.offer[player] > 0 or self.info.event != Event.NONE


RUNS = [BoundsRun, SnapBackRun, ChoiceRun, LegalityRun]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("kind", RUNS)
@given(turns=play)
@CHECKS
def test_any_play(games, kind, number, turns):
    kind(games[number], turns).play()


def long_play(seed, turns=40, decisions=4):
    """Turns in the form of `play`, long enough to meet agreements and ends of truces."""
    rng = np.random.default_rng(seed)

    def one():
        player, multiple = int(rng.integers(2)), float(rng.choice([0.5, 1.0, 2.0]))
        return player, rng.random(), multiple, int(rng.choice([0, 1, 3, 13])), rng.normal()

    return [
        (rng.random(), bool(rng.random() < 0.2), [one() for _ in range(decisions)])
        for _ in range(turns)
    ]


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("seed", range(10))
def test_long_play(games, kind, seed):
    kind(games[seed % 5], long_play(seed)).play()


def test_long_play_meets_every_end_of_a_truce(games):
    causes = [
        cause
        for seed in range(80)
        for cause in SnapBackRun(games[seed % 5], long_play(seed, decisions=seed // 16))
        .play()
        .causes
    ]
    for cause in (TruceEnd.BREACH, TruceEnd.COLLAPSE, TruceEnd.LAPSE):
        assert causes.count(cause) >= 2, causes
