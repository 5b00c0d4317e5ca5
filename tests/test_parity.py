"""The readable Mesa run and the compiled run are the same game, move for move."""

import datetime as dt
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from helpers import BOTH_RULES, SHIPPED, assert_same_record, foreign_scenario, make_game
from negotiation_abm import (
    NegotiationModel,
    build_game,
    load_scenario,
    run_replicates,
)
from negotiation_abm.core.terms import Move
from negotiation_abm.strategies import strategies

NAMES = list(strategies())
FIRST = ("hold", "logit", "scripted", "tit_for_tat")


def pairs_of(names):
    """All pairs: by default each strategy plays once a side, with -m verify it meets all."""
    once = set(zip(names, [*names[1:], names[0]], strict=True))
    return [
        pair if pair in once else pytest.param(*pair, marks=pytest.mark.verify)
        for pair in product(names, names)
    ]


PAIRS = pairs_of(NAMES)

# For players with the strategy `scripted`: player, move, lever, weeks from the start, exchange.
SCRIPT = [
    ("CHINA", "THREATEN", "rare_earths", 1, 1),
    ("US", "ESCALATE", "chips", 2, 1),
    ("US", "SUSPEND", None, 3, 1),
    ("CHINA", "SUSPEND", None, 3, 2),
    ("CHINA", "ESCALATE", "rare_earths", 4, 3),
    ("CHINA", "CONCEDE", "market_access", 9, 1),
    ("US", "ESCALATE", "market_access", 10, 1),
    ("US", "SUSPEND", None, 12, 1),
    ("CHINA", "SUSPEND", None, 13, 1),
    ("US", "SUSPEND", None, 23, 1),
    ("CHINA", "SUSPEND", None, 23, 1),
    ("US", "CONCEDE", "port_fees", 30, 1),
]


def shipped_game(name, first, second, **parameters):
    start = load_scenario(name).start
    script = [
        {
            "player": player,
            "move": move,
            "lever": lever,
            "date": start + dt.timedelta(weeks=weeks),
            "exchange": exchange,
        }
        for player, move, lever, weeks, exchange in SCRIPT
    ]
    changes = {"strategies": {"US": first, "CHINA": second}, "script": script} | parameters
    return build_game(load_scenario(name, changes))


def foreign_game(folder, first, second, **parameters):
    data = foreign_scenario()
    data["set"] |= parameters
    return make_game(folder, data | {"strategies": {"NORTH": first, "SOUTH": second}})


def assert_same_run(game, seed, replicate):
    """Compare every field; returns the compiled run and its spells."""
    model = NegotiationModel(game, seed, replicate).run_to_horizon()
    block = run_replicates(game, seed, replicate, 1)
    run = block.runs[0]
    assert_same_record(model.tally, run)
    assert len(model.spells) == len(block.spells)
    for ours, theirs in zip(model.spells, block.spells, strict=True):
        assert_same_record(ours, theirs)
    for player, label in enumerate(game.players):
        made = [entry for entry in model.moves if entry["player"] == label]
        for move in list(Move)[1:]:
            count = sum(entry["move"] == move for entry in made)
            assert count == run["num_moves"][player, move]
        assert sum(entry["by_agency"] for entry in made) == run["agency_shocks"][player]
    return run, block.spells


def thinks(first, second):
    """Does one of them think ahead? That is slow in Python."""
    return first.startswith("foresight") or second.startswith("foresight")


def early(game, weeks):
    """The game with a nearer horizon."""
    return replace(game, weeks=game.weeks[:weeks])


def seeds_of(first, second):
    """Seeds of a long comparison."""
    if thinks(first, second):
        return range(2)
    return range(200 if first in FIRST and second in FIRST else 20)


@BOTH_RULES
@pytest.mark.parametrize(("first", "second"), pairs_of(FIRST))
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenario(name, first, second, rules):
    game = shipped_game(name, first, second, **rules)
    for seed, replicate in ((1, 0), (2**64 - 1, 2**40)):
        assert_same_run(game, seed, replicate)


@BOTH_RULES
@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("name", SHIPPED)
def test_early_weeks_of_a_shipped_scenario(name, first, second, rules):
    weeks = 8 if thinks(first, second) else 26
    assert_same_run(early(shipped_game(name, first, second, **rules), weeks), 2, 5)


@BOTH_RULES
@pytest.mark.verify
@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenario_over_many_seeds(name, first, second, rules):
    game = shipped_game(name, first, second, **rules)
    for seed in seeds_of(first, second):
        assert_same_run(game, seed, 3 * seed)


@BOTH_RULES
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_foreign_labels_with_shocks_agencies_and_open_ended_terms(tmp_path, first, second, rules):
    weeks = 5 if thinks(first, second) else 20
    assert_same_run(early(foreign_game(tmp_path, first, second, **rules), weeks), 1, 7)


@pytest.mark.parametrize("second", FIRST)
def test_foreign_labels_to_the_horizon(tmp_path, second):
    game = foreign_game(tmp_path, "logit", second)
    for seed in range(2):
        assert_same_run(game, seed, 7)


@BOTH_RULES
@pytest.mark.verify
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_foreign_scenario_over_many_seeds(tmp_path, first, second, rules):
    game = foreign_game(tmp_path, first, second, **rules)
    for seed in seeds_of(first, second):
        assert_same_run(game, seed, seed)


@pytest.mark.parametrize("name", SHIPPED)
def test_slips_of_the_hand(name):
    game = shipped_game(name, "tit_for_tat", "grim", noise=0.2, **{"noise.CHINA": 1.0})
    for seed in range(3):
        run, _ = assert_same_run(game, seed, 1)
        assert run["num_moves"][:, 1:].sum() > 20


def test_slips_come_as_often_as_the_noise_says():
    game = shipped_game("baseline_2025", "hold", "hold", noise=0.1)
    moves = run_replicates(game, 1, 0, 400).runs["num_moves"].sum(axis=0)
    # a slip takes one of about a dozen options, HOLD among them
    assert 0.07 < moves[:, 1:].sum() / moves.sum() < 0.1


@pytest.mark.parametrize("name", SHIPPED)
def test_agency_shocks(name):
    game = shipped_game(name, "logit", "logit", agency_rate=0.3, **{"agency_rate.CHINA": 0.1})
    shocks = sum(assert_same_run(game, seed, 0)[0]["agency_shocks"] for seed in range(4))
    assert np.all(shocks > 5)


@pytest.mark.parametrize("name", SHIPPED)
def test_terms_without_a_date_and_an_outside_event(name):
    game = shipped_game(
        name,
        "logit",
        "tit_for_tat",
        **{
            "terms.round.weeks": None,
            "terms.summit.weeks": None,
            "shocks": [{"date": "2026-03-02", "lever": "US.market_access", "level": 0.5}],
        },
    )
    for seed in range(3):
        assert_same_run(game, seed, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"exchanges_per_turn": 8, "precision": 0.0},
        {"exchanges_per_turn": 1, "precision": 50.0},
        {"saturation": 20.0, "convexity": 0.0, "erosion": 0.25},
        {"tolerance": 0.001, "snap_back_share": 1.0, "offer_weeks": 52},
        {"truce_frailty": 10.0, "mirror": -10.0, "breach_cost": -10.0},
    ],
)
def test_parameters_at_their_bounds(values):
    game = shipped_game("baseline_2025", "logit", "logit", **values)
    for seed in range(2):
        assert_same_run(game, seed, 5)


def test_these_runs_meet_all_that_can_happen(tmp_path):
    """Equal runs in which nothing happens would prove nothing."""
    tally = dict.fromkeys(("num_renewals", "num_repairs", "threats_carried_out"), 0)
    moves, causes, labels = np.zeros((2, 5), int), set(), set()
    for game in (
        foreign_game(tmp_path, "logit", "logit"),
        shipped_game(SHIPPED[1], *["logit"] * 2),
        shipped_game(SHIPPED[1], *["logit"] * 2, parameters="start_2025"),
    ):
        block = run_replicates(game, 1, 0, 20)
        for name in tally:
            tally[name] += int(block.runs[name].sum())
        moves += block.runs["num_moves"].sum(axis=0)
        causes |= set(block.spells["cause"].tolist())
        labels |= set(game.players)
    assert all(tally.values())
    assert moves.min() > 0
    assert causes >= {0, 1, 2, 3, 4}  # censored, breach, collapse, lapse, escalation
    assert labels == {"NORTH", "SOUTH", "US", "CHINA"}


def test_players_trade_places(tmp_path):
    """Nothing in the rules knows who is player 0: a strategy that holds never moves."""
    for first, second, still in (("hold", "logit", 0), ("logit", "hold", 1)):
        game = foreign_game(tmp_path, first, second, agency_rate=0.0)
        run, _ = assert_same_run(game, 4, 0)
        assert run["num_moves"][still, 1:].sum() == 0
        assert run["num_moves"][1 - still, 1:].sum() > 0
