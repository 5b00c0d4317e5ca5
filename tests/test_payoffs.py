"""Payoffs by hand. With saturation ln 16, h(1/4), h(1/2), h(3/4) = 8/15, 12/15, 14/15."""

import math

import numpy as np
import pytest

from helpers import (
    CONCEDE_0,
    CONCEDE_1,
    ESCALATE_0,
    ESCALATE_1,
    HOLD,
    SUSPEND,
    THREATEN_0,
    THREATEN_1,
    legal_options,
    make_params,
    make_state,
    make_truce,
    make_week,
)
from negotiation_abm.core.levers import bite_of, room
from negotiation_abm.core.payoffs import (
    cost,
    flow,
    option_value,
    pain,
    relievable,
)
from negotiation_abm.core.terms import NUM_OPTIONS, Forum
from negotiation_abm.core.week import round_probability
from negotiation_abm.strategies import logit
from negotiation_abm.strategies._odds import option_weights

E1 = 0.36787944117144233  # exp(-1)

TABLE = {
    "weight": [[1.0, 0.5], [0.8, 0.4]],
    "irreplaceability": [[0.5, 1.0], [0.9, 0.5]],
    "convexity": 2.0,  # potency: .25 and .5; .648 and .1
    "blowback_share": [[0.2, 0.4], [0.1, 0.3]],
}


def table_case(**changes):
    params = make_params(**TABLE | changes)
    state = make_state(params, in_force=[[0.25, 0.5], [0.75, 0.0]], market_loss=[0.3, 0.1])
    week = make_week(salience=[[1.0, 1.0], [1.5, 1.0]])
    return params, state, week


def values_of(params, state, week=None, player=0):
    """Value of each option; NaN where it is illegal. The weights must be their exponentials."""
    week = week or make_week()
    weights = np.zeros(NUM_OPTIONS)
    count, total = option_weights(state, params, week, player, weights)
    assert count == 8
    assert total == pytest.approx(weights[:8].sum())
    values = np.full(8, np.nan)
    for option in legal_options(state, params, player):
        values[option] = option_value(state, params, week, player, option)
    expected = np.exp(np.nan_to_num(values, nan=-np.inf))
    assert weights[:8] / weights[HOLD] == pytest.approx(expected, rel=1e-12)
    return values


# ---------------------------------------------------------------------------
# Flow.


@pytest.mark.parametrize(
    ("level", "effect"),
    [(0.0, 0.0), (0.25, 8 / 15), (0.5, 12 / 15), (0.75, 14 / 15), (1.0, 1.0)],
)
def test_bite_saturates(level, effect):
    assert bite_of(make_params(), level) == pytest.approx(effect, abs=1e-15)


def test_pain_is_salience_times_potency_times_bite_of_the_other_side():
    params, state, week = table_case()
    assert pain(state, params, week, 0) == pytest.approx(1.5 * 0.648 * 14 / 15)
    assert pain(state, params, week, 1) == pytest.approx(0.25 * 8 / 15 + 0.5 * 12 / 15)


def test_cost_is_that_of_own_measures():
    params, state, _ = table_case()
    assert cost(state, params, 0) == pytest.approx(0.25)  # .2 x .25 + .4 x .5
    assert cost(state, params, 1) == pytest.approx(0.075)  # .1 x .75


@pytest.mark.parametrize(
    ("terms", "us", "china"),
    [
        ({}, -0.9072, -8 / 15),
        ({"blowback": 2.0}, -0.9072 - 0.5, -8 / 15 - 0.15),
        ({"market": 0.5}, -0.9072 - 0.15, -8 / 15 - 0.05),
        ({"relative_gains": 0.6}, -0.9072 + 0.32, -8 / 15 + 0.54432),
        ({"blowback": 2.0, "market": 0.5, "relative_gains": 0.6}, -1.2372, -0.18901333333333333),
    ],
)
def test_flow(terms, us, china):
    params, state, week = table_case(**terms)
    assert flow(state, params, week, 0) == pytest.approx(us)
    assert flow(state, params, week, 1) == pytest.approx(china)


def test_only_pain_above_the_floor_can_be_relieved():
    params, state, week = table_case(floor=[[0.0, 0.25], [0.25, 0.25]])
    # 1.5 x .648 x (14 - 8)/15; the second lever stands below its floor and counts nothing
    assert relievable(state, params, week, 0) == pytest.approx(0.3888)
    # .25 x 8/15 + .5 x (12 - 8)/15
    assert relievable(state, params, week, 1) == pytest.approx(4 / 15)


def test_room_is_what_cap_in_force_and_loaded_leave():
    params = make_params(cap=[[0.9, 1.0], [1.0, 1.0]])
    state = make_state(params, in_force=[[0.25, 0], [0, 0]], loaded=[[0.4, 0.3], [0, 0]])
    assert room(state, params, 0, 0) == pytest.approx(0.25)
    assert room(state, params, 0, 1) == pytest.approx(0.7)
    assert room(state, params, 1, 1) == pytest.approx(1.0)


# ---------------------------------------------------------------------------
# Change of flow that a move makes, lever 0 of player 0 (potency .25) unless said otherwise.

FLOW_TERMS = {"flow_weight": 10.0, "relative_gains": 0.6, "blowback": 2.0, "market": 0.5}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"flow_weight": 10.0}, 0.0),
        ({"flow_weight": 10.0, "relative_gains": 0.6}, 0.4),  # .6 x .25 x (12 - 8)/15
        ({"flow_weight": 10.0, "blowback": 2.0}, -1.0),  # 2 x .2 x .25
        ({"flow_weight": 10.0, "market": 0.5}, -0.3125),  # .5 x .25 x .25
        (FLOW_TERMS, -0.9125),
    ],
)
def test_escalate_is_worth_the_flow_that_it_changes(terms, expected):
    params, state, week = table_case(**terms)
    assert values_of(params, state, week)[ESCALATE_0] == pytest.approx(expected)


def test_escalate_by_what_room_is_left():
    params, state, week = table_case(cap=[[0.35, 1.0], [1.0, 1.0]], **FLOW_TERMS)
    # step .1: bite grows by 8/15 x (1 - 2 ** -.4) = .12914225
    expected = 10 * (0.6 * 0.25 * 0.12914224893) - 10 * 2 * 0.2 * 0.1 - 10 * 0.5 * 0.1 * 0.25
    assert values_of(params, state, week)[ESCALATE_0] == pytest.approx(expected, abs=1e-9)


def test_threaten_costs_market_loss_alone():
    params, state, week = table_case(**FLOW_TERMS)
    values = values_of(params, state, week)
    assert values[THREATEN_0] == pytest.approx(-0.3125)
    assert values[THREATEN_1] == pytest.approx(-0.625)


def test_concede_gives_up_the_opponents_pain_and_saves_own_cost():
    params, state, week = table_case(**FLOW_TERMS)
    # lever 1 by .25: .6 x .5 x (8 - 12)/15 + 2 x .4 x .25 = -.08 + .2
    assert values_of(params, state, week)[CONCEDE_1] == pytest.approx(1.2)


def test_concede_no_further_than_the_floor():
    params, state, week = table_case(floor=[[0.0, 0.4], [0.0, 0.0]], **FLOW_TERMS)
    # by .1: bite falls by 4/15 x (2 ** .4 - 1) = .08520211
    expected = 10 * (-0.6 * 0.5 * 0.08520211) + 10 * 2 * 0.4 * 0.1
    assert values_of(params, state, week)[CONCEDE_1] == pytest.approx(expected, abs=1e-6)


def test_salience_weighs_the_pain_that_a_move_makes():
    params, state, _ = table_case(flow_weight=10.0, relative_gains=0.6)
    week = make_week(salience=[[3.0, 1.0], [1.0, 1.0]])
    assert values_of(params, state, week)[ESCALATE_0] == pytest.approx(1.2)  # 3 x .4


def test_moves_of_the_other_player_use_his_numbers():
    params, state, week = table_case(**FLOW_TERMS)
    # rare lever of player 1: step .25 to 1, .6 x 1.5 x .648 x 1/15 - 2 x .1 x .25 - .5 x .25 x .648
    expected = 10 * (0.6 * 0.0648 - 0.05 - 0.081)
    assert values_of(params, state, week, player=1)[ESCALATE_0] == pytest.approx(expected)


# ---------------------------------------------------------------------------
# The payoff table, each one-off term switched on alone (player 0; all else is worth 0).

BOTH_PRESSURES = (ESCALATE_0, THREATEN_0, ESCALATE_1, THREATEN_1)
ESCALATIONS = (ESCALATE_0, ESCALATE_1)
THREATS = (THREATEN_0, THREATEN_1)
CONCESSIONS = (CONCEDE_0, CONCEDE_1)
SETTLEMENT = (SUSPEND, *CONCESSIONS)

BRINK = {"brinkmanship": 0.7, "brinkmanship_weeks": 6}
SHADOW = {"shadow": 0.5, "shadow_weeks": 8}
MIRROR = {"mirror": 0.8, "mirror_weeks": 2}
FOLLOW = {"follow": 1.5, "follow_decay_weeks": 4.0}
DEADLINE = {"deadline": 3.5, "deadline_decay_weeks": 2.0}
RESTRAINTS = {"restraint": 0.4, "depth": 0.6, "truce_frailty": 1.5}
PENDING = {"pending": [[0.25, 0], [0, 0]], "pending_lead": [[4, 0], [0, 0]]}
FEW_LEFT = {"weeks_left": 2}  # within the renewal window: SUSPEND is legal


def since(turn):
    """Last escalations in four domains: the opponent in that of lever 1, player 0 everywhere."""
    return {"turn": 10, "last_escalation": [[10, 10], [-10_000, turn]]}


DISPUTE_TERMS = [
    ("nothing", {}, {}, {}, (), 0.0),
    ("initiative", {"initiative": [0.7, 9]}, {}, {}, ESCALATIONS, 0.7),
    ("threat_initiative", {"threat_initiative": [0.7, 9]}, {}, {}, THREATS, 0.7),
    ("audience_cost", {"audience_cost": [0.9, 9]}, {}, {}, CONCESSIONS, -0.9),
    ("offer_cost", {"offer_cost": [0.4, 9]}, {}, {}, (SUSPEND,), -0.4),
    (
        "lever_bias",
        {"lever_bias": [[0, 0.3], [9, 9]]},
        {},
        {},
        (ESCALATE_1, THREATEN_1),
        0.3,
    ),
    ("reciprocity", {"reciprocity": 0.5}, {"anger": [3, 9]}, {}, BOTH_PRESSURES, 1.5),
    ("reciprocity, goodwill", {"reciprocity": 0.5}, {"goodwill": [2, 9]}, {}, CONCESSIONS, 1.0),
    ("fatigue_escalate", {"fatigue_escalate": 0.5}, {"felt": [0.4, 9]}, {}, BOTH_PRESSURES, 0.2),
    ("fatigue", {"fatigue": 2.0}, {"felt": [0.4, 9]}, {}, SETTLEMENT, 0.8),
    ("forum, none", {"forum": 0.6}, {"forum": Forum.NONE}, {}, (), 0.0),
    ("forum, round", {"forum": 0.6}, {"forum": Forum.ROUND}, {}, SETTLEMENT, 0.6),
    ("forum, summit", {"forum": 0.6}, {"forum": Forum.SUMMIT}, {}, SETTLEMENT, 0.6),
    ("mirror, fresh", MIRROR, since(10), {}, (ESCALATE_1, THREATEN_1), 0.8),
    ("mirror, two weeks", MIRROR, since(8), {}, (ESCALATE_1, THREATEN_1), 0.8),
    ("mirror, three weeks", MIRROR, since(7), {}, (), 0.0),
    ("acceptance", {"acceptance": 3.0}, {"offer": [0, 1]}, {}, (SUSPEND,), 3.0),
    ("acceptance, no offer", {"acceptance": 3.0}, {}, {}, (), 0.0),
    ("follow, last week", FOLLOW, PENDING, {}, (ESCALATE_0,), 1.5 * E1),
    (
        "follow, too early",
        FOLLOW,
        PENDING | {"pending_weeks": [[1, 0], [0, 0]]},
        {},
        (),
        0.0,
    ),
    (
        "hold_fire",
        {"hold_fire": 0.5},
        PENDING | {"pending_weeks": [[1, 0], [0, 0]]},
        {},
        (ESCALATE_0,),
        -0.5,
    ),
    ("hold_fire, last week", {"hold_fire": 0.5}, PENDING, {}, (), 0.0),
    ("restraint, dispute", RESTRAINTS, {"leaders": 1, "frailty": 1.0}, {}, (), 0.0),
    ("breach_cost, dispute", {"breach_cost": 2.0}, {}, {}, (), 0.0),
    ("deadline, dispute", DEADLINE, {"weeks_left": 0}, {}, (), 0.0),
    ("shadow, dispute", SHADOW, {}, {"weeks_to_summit": 3}, (), 0.0),
    ("brinkmanship, expiry, dispute", BRINK, {"weeks_left": 3}, {}, (), 0.0),
    ("brinkmanship, summit week", BRINK, {}, {"weeks_to_summit": 0}, (), 0.0),
    ("brinkmanship, 1 week", BRINK, {}, {"weeks_to_summit": 1}, BOTH_PRESSURES, 0.7),
    ("brinkmanship, 6 weeks", BRINK, {}, {"weeks_to_summit": 6}, BOTH_PRESSURES, 0.7),
    ("brinkmanship, 7 weeks", BRINK, {}, {"weeks_to_summit": 7}, (), 0.0),
]

TRUCE_TERMS = [
    ("nothing", {}, FEW_LEFT, {}, (), 0.0),
    ("breach_cost", {"breach_cost": 2.0}, FEW_LEFT, {}, (ESCALATE_0,), -2.0),
    ("restraint", {"restraint": 0.4}, FEW_LEFT, {}, BOTH_PRESSURES, -0.4),
    ("depth, team round", {"depth": 0.6}, FEW_LEFT | {"leaders": 0}, {}, (), 0.0),
    ("depth, leaders", {"depth": 0.6}, FEW_LEFT | {"leaders": 1}, {}, BOTH_PRESSURES, -0.6),
    ("frailty", {"truce_frailty": 1.5}, FEW_LEFT | {"frailty": -0.8}, {}, BOTH_PRESSURES, 1.2),
    ("frailty, sound", {"truce_frailty": 1.5}, FEW_LEFT | {"frailty": 1}, {}, BOTH_PRESSURES, -1.5),
    (
        "shadow",
        SHADOW,
        FEW_LEFT | {"age": 8},
        {"weeks_to_summit": 8},
        BOTH_PRESSURES,
        -0.5,
    ),
    ("shadow, in its week", SHADOW, FEW_LEFT, {"weeks_to_summit": 0}, BOTH_PRESSURES, -0.5),
    ("shadow, old truce", SHADOW, FEW_LEFT | {"age": 9}, {"weeks_to_summit": 8}, (), 0.0),
    ("shadow, far summit", SHADOW, FEW_LEFT, {"weeks_to_summit": 9}, (), 0.0),
    ("shadow, no summit", SHADOW, FEW_LEFT, {}, (), 0.0),
    ("brinkmanship, last week", BRINK, {"weeks_left": 0}, {}, (), 0.0),
    ("brinkmanship, 1 left", BRINK, {"weeks_left": 1}, {}, BOTH_PRESSURES, 0.7),
    ("brinkmanship, 6 left", BRINK, {"weeks_left": 6}, {}, BOTH_PRESSURES, 0.7),
    ("brinkmanship, 7 left", BRINK, {"weeks_left": 7}, {}, (), 0.0),
    ("deadline, 2 left", DEADLINE, {"weeks_left": 2}, {}, (SUSPEND,), 3.5 * E1),
    ("deadline, 0 left", DEADLINE, {"weeks_left": 0}, {}, (SUSPEND,), 3.5),
    ("deadline, no date", DEADLINE, {"weeks_left": -1, "strain": 1.0}, {}, (), 0.0),
    ("follow", FOLLOW, FEW_LEFT | PENDING, {}, (ESCALATE_0,), 1.5 * E1),
    ("reciprocity", {"reciprocity": 0.5}, FEW_LEFT | {"anger": [3, 9]}, {}, BOTH_PRESSURES, 1.5),
]

IN_FORCE = {"in_force": [[0.25, 0.5], [0.75, 0.25]]}


@pytest.mark.parametrize(
    ("name", "terms", "state", "week", "options", "value"), DISPUTE_TERMS, ids=lambda v: str(v)[:30]
)
def test_term_in_a_dispute(name, terms, state, week, options, value):
    params = make_params(**terms)
    values = values_of(params, make_state(params, **IN_FORCE | state), make_week(**week))
    expected = [value if option in options else 0.0 for option in range(8)]
    assert list(values) == pytest.approx(expected, abs=1e-12), name


@pytest.mark.parametrize(
    ("name", "terms", "state", "week", "options", "value"), TRUCE_TERMS, ids=lambda v: str(v)[:30]
)
def test_term_in_a_truce(name, terms, state, week, options, value):
    params = make_params(**terms)
    values = values_of(params, make_truce(params, **IN_FORCE | state), make_week(**week))
    expected = [value if option in options else 0.0 for option in range(8)]
    assert list(values) == pytest.approx(expected, abs=1e-12), name


def test_terms_add_up():
    params = make_params(
        initiative=[0.7, 0],
        lever_bias=[[0.3, 0], [0, 0]],
        reciprocity=0.5,
        breach_cost=2.0,
        restraint=0.4,
        brinkmanship=0.7,
        offer_cost=[0.4, 0],
        acceptance=3.0,
        forum=0.6,
        **DEADLINE,
    )
    state = make_truce(params, weeks_left=1, anger=[2, 0], offer=[0, 2], forum=Forum.ROUND)
    values = values_of(params, state)
    assert values[ESCALATE_0] == pytest.approx(0.7 + 0.3 + 1.0 - 2.0 - 0.4 + 0.7)
    assert values[SUSPEND] == pytest.approx(-0.4 + 3.0 + 0.6 + 3.5 * math.exp(-0.5))
    assert values[HOLD] == 0.0


# ---------------------------------------------------------------------------
# Quantal response and rounds.


def test_weights_are_exponentials_of_value():
    params = make_params(initiative=[math.log(3), 0], offer_cost=[math.log(2), 0])
    state = make_state(params, in_force=[[1.0, 0.0], [0, 0]])  # lever 0 at its cap
    weights = np.empty(NUM_OPTIONS)
    count, total = option_weights(state, params, make_week(), 0, weights)
    # HOLD 1, SUSPEND 1/2, CONCEDE 0: 1, ESCALATE 1: 3, THREATEN 1: 1
    shares = np.array([1, 0.5, 0, 0, 1, 3, 1, 0]) / 6.5
    assert count == 8
    assert weights[:8] / total == pytest.approx(shares)


@pytest.mark.parametrize(("precision", "odds"), [(0.0, 1.0), (1.0, 3.0), (2.0, 9.0)])
def test_precision_sharpens_the_choice(precision, odds):
    params = make_params(precision=precision, initiative=[math.log(3), 0])
    weights = np.empty(NUM_OPTIONS)
    option_weights(make_state(params), params, make_week(), 0, weights)
    assert weights[ESCALATE_0] / weights[HOLD] == pytest.approx(odds)


def test_high_precision_still_tells_values_apart():
    params = make_params(precision=50.0, lever_bias=[[7.0, 8.0], [0, 0]])
    weights = np.empty(NUM_OPTIONS)
    option_weights(make_state(params), params, make_week(), 0, weights)
    assert weights[ESCALATE_1] > 1e20 * weights[ESCALATE_0]  # e ** 50 times


def test_probabilities_of_extreme_values_are_numbers():
    extreme = {"initiative": [20.0, 0], "lever_bias": [[20.0, 0], [0, 0]], "mirror": 10.0}
    params = make_params(precision=50.0, mirror_weeks=1, **extreme)  # all within their bounds
    state = make_state(params, last_escalation=[[0, 0], [0, 0]])
    weights = np.empty(NUM_OPTIONS)
    count, total = option_weights(state, params, make_week(), 0, weights)
    assert np.isfinite(weights[:count]).all()
    assert math.isfinite(total)


@pytest.mark.parametrize("precision", [5.0, 50.0])
@pytest.mark.parametrize("u", [0.01, 0.5, 0.99])
def test_the_choice_follows_the_weights_however_extreme(precision, u):
    """The choice is drawn from factors, and from the weights themselves where these are too far."""
    biased = {"initiative": [10.0, 0], "lever_bias": [[9.0, 9.5], [0, 0]], "mirror": 10.0}
    params = make_params(precision=precision, mirror_weeks=1, **biased)
    weights = np.empty(NUM_OPTIONS)
    count, total = option_weights(make_state(params), params, make_week(), 0, weights)
    expected = logit.draw_option(weights, count, u * total)
    assert logit.choose(make_state(params), params, make_week(), 0, u, weights) == expected


ROUNDS = [
    ("even odds", {}, {}, 0.5),
    ("base", {"round_base": -math.log(3)}, {}, 0.25),
    ("fatigue: mean of both", {"fatigue": math.log(2)}, {"felt": [3.0, 1.0]}, 4 / 5),
    ("strain", {"round_strain": math.log(9)}, {"strain": 0.5}, 3 / 4),
    ("truce term in a dispute", {"round_truce": 2.0, "round_date": 2.0}, {}, 0.5),
]
ROUNDS_IN_TRUCE = [
    ("truce", {"round_truce": math.log(4)}, {}, 0.8),
    ("date, 4 left", {"round_date": math.log(4)}, {"weeks_left": 4}, 0.8),
    ("date, 0 left", {"round_date": math.log(4)}, {"weeks_left": 0}, 0.8),
    ("date, 5 left", {"round_date": math.log(4)}, {"weeks_left": 5}, 0.5),
    ("no date", {"round_date": math.log(4)}, {"weeks_left": -1}, 0.5),
]


@pytest.mark.parametrize(("name", "terms", "state", "chance"), ROUNDS)
def test_round_in_a_dispute(name, terms, state, chance):
    params = make_params(round_date_weeks=4, **terms)
    assert round_probability(make_state(params, **state), params) == pytest.approx(chance), name


@pytest.mark.parametrize(("name", "terms", "state", "chance"), ROUNDS_IN_TRUCE)
def test_round_in_a_truce(name, terms, state, chance):
    params = make_params(round_date_weeks=4, **terms)
    assert round_probability(make_truce(params, **state), params) == pytest.approx(chance), name


def test_round_probability_of_extreme_odds():
    params = make_params(round_strain=-50.0, tolerance=100.0)  # both within their bounds
    assert round_probability(make_truce(params, strain=20.0), params) == pytest.approx(0.0)
