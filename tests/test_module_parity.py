"""With modules on, too, the readable Mesa run and the compiled run are the same game."""

import numpy as np
import pytest

from helpers import BOTH_RULES, assert_same_record
from module_helpers import random_combination, random_game
from negotiation_abm import NegotiationModel, build_game, load_scenario
from negotiation_abm.core.modules import NAMES
from negotiation_abm.core.state import INFO, STATE
from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import SPELL, TALLY
from negotiation_abm.run.batch import spells_of_one
from negotiation_abm.run.kernel import make_kernel
from negotiation_abm.strategies import strategies
from test_parity import early, thinks

FEW, MANY = range(12), range(100)


def compiled_run(game, seed, replicate):
    """One compiled run: its last state, its tally and its spells."""
    largest = spells_of_one(game)
    state, info = np.zeros(2, STATE), np.zeros(1, INFO)
    tally, spells = np.zeros(1, TALLY), np.zeros(largest, SPELL)
    codes, numbers = np.array(game.strategy_codes), (np.uint64(seed), np.int64(replicate))
    records = (game.params, game.weeks, game.initial, codes)
    kernel = make_kernel(game.strategy_codes)
    _, count, _ = kernel(*records, *numbers, state, info, tally, spells, largest)
    return state[0], tally[0], spells[:count]


def assert_same_state(ours, theirs):
    """As `assert_same_record`, relative to the size of what has no bound, such as anger."""
    for name in theirs.dtype.names:
        np.testing.assert_allclose(
            getattr(ours, name), theirs[name], rtol=1e-11, atol=1e-12, err_msg=name
        )


def assert_same_run(game, seed, replicate):
    model = NegotiationModel(game, seed, replicate).run_to_horizon()
    state, tally, spells = compiled_run(game, seed, replicate)
    assert_same_record(model.tally, tally)
    assert len(model.spells) == len(spells)
    for ours, theirs in zip(model.spells, spells, strict=True):
        assert_same_record(ours, theirs)
    assert_same_state(model.state, state)
    return state, spells


@pytest.mark.parametrize("number", FEW)
def test_random_combination(number):
    game, _ = random_combination(number)
    for seed in range(3):
        assert_same_run(game, seed, number)


@pytest.mark.verify
@pytest.mark.parametrize("number", MANY)
def test_random_combination_over_more_seeds(number):
    game, _ = random_combination(number)
    for seed in range(5):
        assert_same_run(game, 2**63 + seed, number)


@BOTH_RULES
@pytest.mark.parametrize("name", NAMES)
def test_each_module_alone(name, rules):
    for number in range(2):
        assert_same_run(random_game(number, [name], agency_rate=0.1, **rules), 1, number)


@pytest.mark.verify
@BOTH_RULES
@pytest.mark.parametrize("strategy", strategies())
@pytest.mark.parametrize("name", NAMES)
def test_each_module_with_each_strategy(name, strategy, rules):
    for number in range(4):
        sides = {"strategies": {"US": strategy, "CHINA": "logit"}}
        game = random_game(number, [name], agency_rate=0.1, **sides, **rules)
        weeks = 8 if thinks(strategy, "logit") else len(game.weeks)
        assert_same_run(early(game, weeks), 3, number)


@BOTH_RULES
def test_every_module_at_once(rules):
    for number in range(4):
        assert_same_run(random_game(number, list(NAMES), agency_rate=0.1, **rules), 2, number)


@pytest.mark.parametrize("name", ["mechanisms_2025", "mechanisms_busan"])
def test_shipped_scenario_with_every_module(name):
    game = build_game(load_scenario(name))
    for seed, replicate in ((1, 0), (2**64 - 1, 2**40)):
        assert_same_run(game, seed, replicate)


def test_combinations_switch_every_module_on_and_off():
    chosen = [random_combination(number)[1] for number in FEW]
    for name in NAMES:
        times = sum(name in names for names in chosen)
        assert 2 <= times < len(chosen), name


def test_these_runs_meet_what_modules_do():
    """Equal runs in which no module acts would prove nothing."""
    causes, statuses, moved = set(), set(), set()
    for number in range(20):
        game, _ = random_combination(number)
        for seed in range(3):
            state, _, spells = compiled_run(game, seed, number)
            causes |= set(spells["cause"].tolist())
            statuses |= set(state["pledge_status"].tolist())
            for name in ("coalition_stock", "decoupling_cost", "alternative_supply_building"):
                if np.any(state[name] > 0.0):
                    moved.add(name)
            if np.any(state["intensity"] != 1.0):
                moved.add("intensity")
    assert {TruceEnd.NON_DELIVERY, TruceEnd.COLLAPSE, TruceEnd.BREACH} <= causes
    assert statuses == {0, 1, 2, 3, 4}  # not begun, running, met, missed, void
    assert len(moved) == 4
