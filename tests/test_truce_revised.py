"""The rules of a truce as coded episodes show them: graded ends, dates outlived, parts put back."""

import numpy as np
import pytest

from helpers import (
    CONCEDE_0,
    CONCEDE_1,
    ESCALATE_0,
    ESCALATE_1,
    REVISED,
    SHIPPED,
    SUSPEND,
    THREATEN_0,
    finish_week,
    make_info,
    make_params,
    make_state,
    make_truce,
    make_week,
    move,
)
from negotiation_abm import NegotiationModel, run_replicates
from negotiation_abm.core.draws import SOUNDNESS_BLOCK, normal, uniforms
from negotiation_abm.core.levers import touch_all
from negotiation_abm.core.payoffs import is_breach, option_value, relievable
from negotiation_abm.core.terms import NUM_OPTIONS, Event, Forum, Phase, TruceEnd
from negotiation_abm.core.transitions import agency_option, apply_agency_move, can_offer, is_legal
from negotiation_abm.core.truce import grieve
from negotiation_abm.core.turn import begin_week
from negotiation_abm.strategies._odds import option_weights
from test_parity import shipped_game


def revised(**changes):
    """Neutral parameters with the revised rules on."""
    return make_params(**REVISED | changes)


# ---------------------------------------------------------------------------
# How a truce ends.


def test_putting_back_half_of_what_was_suspended_ends_a_truce_and_less_strains_it():
    params = revised()
    for step, event, strain in ((0.2, Event.ENDED, 0.0), (0.15, Event.NONE, 8 * 0.15)):
        state = make_truce(params, loaded=[[0.4, 0], [0, 0]])
        info = move(state, params, 0, ESCALATE_0, step=step)
        assert (info.event, state.strain) == (event, pytest.approx(strain))
        if event == Event.ENDED:
            assert (info.cause, info.player, info.lever) == (TruceEnd.BREACH, 0, 0)


def test_what_a_side_suspended_is_measured_over_all_its_covered_levers():
    params = revised()
    state = make_truce(params, loaded=[[0.1, 0.5], [0.9, 0.9]], covered=[[1, 1], [1, 1]])
    assert move(state, params, 0, ESCALATE_0, step=0.1).event == Event.NONE  # .1 of .6
    state = make_truce(params, loaded=[[0.1, 0.5], [0.9, 0.9]])  # the second is not covered
    assert move(state, params, 0, ESCALATE_0, step=0.1).event == Event.ENDED


@pytest.mark.parametrize(
    ("option", "step", "event"),
    [
        (ESCALATE_0, 0.39, Event.NONE),
        (ESCALATE_0, 0.4, Event.ENDED),
        (ESCALATE_1, 0.09, Event.NONE),
        (ESCALATE_1, 0.1, Event.ENDED),
    ],
)
def test_what_a_side_suspended_is_measured_by_its_pain(option, step, event):
    """Weak lever, .4 of it suspended, and a strong one, .1 of it: either is half of the pain."""
    params = revised(weight=[[0.25, 1.0], [1.0, 1.0]])
    state = make_truce(params, loaded=[[0.4, 0.1], [0, 0]], covered=[[1, 1], [1, 1]])
    assert move(state, params, 0, option, step=step).event == event


def test_one_large_covered_step_is_a_breach_and_a_last_small_one_a_collapse():
    params = revised(tolerance=1.0)
    info = move(make_truce(params), params, 1, ESCALATE_0, step=0.125)
    assert (info.event, info.cause, info.player) == (Event.ENDED, TruceEnd.BREACH, 1)
    state = make_truce(params)
    assert move(state, params, 0, ESCALATE_0, step=0.1).event == Event.NONE
    info = move(state, params, 1, ESCALATE_0, step=0.05)
    assert (info.event, info.cause) == (Event.ENDED, TruceEnd.COLLAPSE)
    assert (info.player, info.lever) == (0, 0)  # it strained most


def test_an_agency_only_strains_and_may_use_covered_levers():
    params = revised(agency_lever=[[1, 0], [0, 0]])
    state = make_truce(params, loaded=[[0.2, 0], [0, 0]])
    assert agency_option(state, params, 0, 0.5) == ESCALATE_0
    info = make_info()
    apply_agency_move(state, params, 0, ESCALATE_0, 0.2, info)
    assert (info.event, state.phase) == (Event.NONE, Phase.TRUCE)
    assert state.strain == pytest.approx(1.6)
    assert agency_option(make_truce(make_params(agency_lever=[[1, 0], [0, 0]])), params, 0, 0) == 2
    old = make_params(agency_lever=[[1, 0], [0, 0]])
    assert agency_option(make_truce(old), old, 0, 0.5) == 0


def test_a_collapse_is_put_down_to_the_side_that_strained_most():
    params = revised(tolerance=1.0)
    state = make_truce(params)
    move(state, params, 0, ESCALATE_1, step=0.7)
    move(state, params, 1, ESCALATE_1, step=0.4)
    info = finish_week(state, params)
    assert (info.cause, info.player, info.lever) == (TruceEnd.COLLAPSE, 0, 1)
    old = make_params(tolerance=1.0)
    state = make_truce(old)
    move(state, old, 0, ESCALATE_1, step=0.7)
    move(state, old, 1, ESCALATE_1, step=0.4)
    assert finish_week(state, old).player == 1  # as first specified: who came last


@pytest.mark.parametrize(
    ("amount", "cause", "player"),
    [(0.4, TruceEnd.COLLAPSE, 0), (0.8, TruceEnd.NON_DELIVERY, 1)],
)
def test_a_broken_promise_ends_a_truce_if_its_side_strained_most(amount, cause, player):
    params = revised(tolerance=1.0)
    state = make_truce(params)
    move(state, params, 0, ESCALATE_1, step=0.7)
    grieve(state, params, 0, amount, 0.0, 1, 0)  # the other side has not delivered
    info = finish_week(state, params)
    assert (info.cause, info.player, info.lever) == (cause, player, 1)


def test_strain_by_side_fades_with_the_strain_and_goes_with_an_agreement():
    params = revised(strain_memory=0.5)
    state = make_truce(params)
    move(state, params, 0, ESCALATE_1, step=0.4)
    finish_week(state, params)
    assert (state.strain, state.strain_by[0]) == (pytest.approx(0.2), pytest.approx(0.2))
    move(state, params, 0, SUSPEND)
    move(state, params, 1, SUSPEND)
    assert (state.strain, list(state.strain_by)) == (0.0, [0.0, 0.0])


@pytest.mark.parametrize("option", [ESCALATE_0, ESCALATE_1])
def test_an_escalation_that_adds_nothing_neither_breaks_nor_strains(option):
    params = revised()
    state = make_truce(params, in_force=[[0.5, 0.5], [0, 0]], loaded=[[0.2, 0], [0, 0]])
    info = move(state, params, 0, option, step=0.0)
    assert (info.event, state.strain, state.phase) == (Event.NONE, 0.0, Phase.TRUCE)


@pytest.mark.parametrize(("loaded", "strain", "cost"), [(0.4, 0, 1), (0.6, 0, 0), (0.6, 99, 1)])
def test_breach_cost_weighs_only_steps_that_would_end_the_truce(loaded, strain, cost):
    params = revised(breach_cost=2.0, step=0.25)
    state = make_truce(params, loaded=[[loaded, 0], [0, 0]], strain=strain)
    assert is_breach(state, params, 0, 0) == (cost == 1)
    free = revised(breach_cost=0.0, step=0.25)
    args = (make_week(), 0, ESCALATE_0)
    difference = option_value(state, params, *args) - option_value(state, free, *args)
    assert difference == pytest.approx(-2.0 * cost)


# ---------------------------------------------------------------------------
# What comes after the date.


def test_a_date_that_passes_without_an_act_leaves_an_undated_truce():
    params = revised()
    state = make_truce(params, weeks_left=1)
    for left in (0, -1, -1):
        assert finish_week(state, params).event == Event.NONE
        assert (state.phase, state.weeks_left) == (Phase.TRUCE, left)
    assert can_offer(state, params, 0)
    move(state, params, 0, SUSPEND)
    info = move(state, params, 1, SUSPEND)
    assert (info.event, state.weeks_left, state.renewals) == (Event.RENEWED, 13, 1)


@pytest.mark.parametrize(("left", "outlived"), [(-1, 0), (0, 1), (1, 0), (2, 0)])
def test_only_a_date_that_has_come_is_outlived(left, outlived):
    params = revised()
    state = make_truce(params, weeks_left=left)
    finish_week(state, params)
    assert (state.outlived, state.weeks_left) == (outlived, max(-1, left - 1))


def test_collecting_in_the_week_of_the_date_is_a_lapse_and_costs_no_breach():
    params = revised(breach_cost=2.0)
    state = make_truce(params, weeks_left=0, loaded=[[0.2, 0], [0, 0]])
    assert not is_breach(state, params, 0, 0)
    info = move(state, params, 0, ESCALATE_0, step=0.2)
    assert (info.event, info.cause, info.player) == (Event.ENDED, TruceEnd.LAPSE, 0)


def test_a_small_step_in_the_week_of_the_date_ends_nothing():
    params = revised()
    state = make_truce(params, weeks_left=0, loaded=[[0.8, 0], [0, 0]])
    assert move(state, params, 0, ESCALATE_0, step=0.05).event == Event.NONE


# ---------------------------------------------------------------------------
# Suspended measures.


def test_a_suspended_measure_can_be_put_back_and_is_then_no_longer_suspended():
    params, old = revised(), make_params()
    fields = {"in_force": [[0.4, 0], [0, 0]], "loaded": [[0.6, 0], [0, 0]]}
    assert not is_legal(make_truce(old, **fields), old, 0, ESCALATE_0)
    state = make_truce(params, **fields)
    assert is_legal(state, params, 0, ESCALATE_0)
    move(state, params, 0, ESCALATE_0, step=0.25)
    assert state.in_force[0, 0] == pytest.approx(0.65)
    assert state.loaded[0, 0] == pytest.approx(0.35)


def test_a_suspended_part_is_given_up_and_the_last_one_fulfils_the_truce():
    params = revised()
    state = make_truce(params, loaded=[[0.25, 0], [0.25, 0]])
    assert is_legal(state, params, 0, CONCEDE_0)
    assert move(state, params, 0, CONCEDE_0).event == Event.NONE
    assert not is_legal(state, params, 0, CONCEDE_0)
    info = move(state, params, 1, CONCEDE_0)
    assert (info.event, info.cause, info.player) == (Event.ENDED, TruceEnd.FULFILLED, -1)
    assert state.phase == Phase.DISPUTE
    assert not is_legal(make_truce(make_params(), loaded=0.25), make_params(), 0, CONCEDE_0)


def test_what_the_truce_does_not_cover_need_not_be_given_up():
    params = revised()
    state = make_truce(params, in_force=[[0.25, 0.9], [0, 0.9]], loaded=[[0, 0.1], [0, 0.1]])
    assert move(state, params, 0, CONCEDE_0).cause == TruceEnd.FULFILLED


# ---------------------------------------------------------------------------
# Deals and threats.


def test_a_calm_truce_is_widened_at_a_meeting_that_covers_more_and_its_clock_stays():
    params = revised()
    state = make_truce(params, in_force=0.5, forum=Forum.ROUND)
    assert not can_offer(state, params, 0)  # a round covers what is covered
    state.forum = Forum.SUMMIT
    assert can_offer(state, params, 0)
    move(state, params, 0, SUSPEND)
    info = move(state, params, 1, SUSPEND)
    assert (info.event, state.weeks_left) == (Event.REPAIRED, 20)
    assert state.covered[:, :2].tolist() == [[1, 1], [1, 1]]
    old = make_params()
    assert not can_offer(make_truce(old, forum=Forum.SUMMIT), old, 0)


def test_a_later_threat_replaces_the_earlier_one():
    params = revised()
    state = make_state(params)
    move(state, params, 0, THREATEN_0, step=0.5, lead=2)
    move(state, params, 0, THREATEN_0, step=0.1, lead=6)
    assert (state.pending[0, 0], state.pending_weeks[0, 0]) == (pytest.approx(0.1), 6)
    assert state.pending_lead[0, 0] == 6


def test_a_concession_where_nothing_is_in_force_withdraws_a_threat():
    params = revised()
    state = make_state(params)
    move(state, params, 0, THREATEN_0, step=0.5, lead=2)
    assert is_legal(state, params, 0, CONCEDE_0)
    move(state, params, 0, CONCEDE_0)
    assert (state.pending[0, 0], state.num_pending) == (0.0, 0)
    assert not is_legal(state, params, 0, CONCEDE_1)


def test_a_threat_without_a_date_stays_until_it_is_carried_out():
    params = revised()
    state = make_state(params)
    move(state, params, 0, THREATEN_0, step=0.3, lead=-1)
    for _ in range(60):
        finish_week(state, params)
    assert state.pending[0, 0] == pytest.approx(0.3)
    assert move(state, params, 0, ESCALATE_0).carried_out == 1
    assert state.in_force[0, 0] == pytest.approx(0.3)


def test_announced_pain_is_felt_as_pain_in_force_is():
    params, week = revised(announced_pain=0.5), make_week()
    state = make_state(params, pending=[[0.5, 0], [0, 0]])
    assert relievable(state, params, week, 1) == pytest.approx(0.5 * 12 / 15)
    assert relievable(state, params, week, 0) == 0.0
    assert relievable(state, make_params(), week, 1) == 0.0
    state.pending_weeks[0, 0] = 3
    params.felt_memory = 0.0
    finish_week(state, params, week)
    assert state.felt[1] == pytest.approx(0.5 * 12 / 15)


def test_a_threat_counts_the_pain_that_it_announces():
    params = revised(flow_weight=2.0, relative_gains=0.5, step=0.5)
    state, week = make_state(params), make_week()
    assert option_value(state, params, week, 0, THREATEN_0) == pytest.approx(2 * 0.5 * 12 / 15)


# ---------------------------------------------------------------------------
# Soundness.


def test_a_repaired_truce_keeps_its_soundness():
    for params, after in ((revised(), 1.5), (make_params(), -0.5)):
        state = make_truce(params, strain=0.5, frailty=1.5, is_drawn=1)
        move(state, params, 0, SUSPEND)
        assert move(state, params, 1, SUSPEND, frailty=-0.5).event == Event.REPAIRED
        assert state.frailty == after


@pytest.mark.parametrize("phase", [Phase.DISPUTE, Phase.TRUCE])
@pytest.mark.parametrize("is_drawn", [0, 1])
@pytest.mark.parametrize("rules", [0, 1])
def test_only_a_truce_without_one_draws_its_soundness_and_once(phase, is_drawn, rules):
    params = revised(revised_rules=rules)
    state = make_truce(params, phase=phase, is_drawn=is_drawn, frailty=0.25, turn=3)
    begin_week(state, params, make_week(), 5, 2)
    if (phase, is_drawn, rules) == (Phase.TRUCE, 0, 1):
        first, second, _, _ = uniforms(5, 2, 3, SOUNDNESS_BLOCK)
        assert (state.frailty, state.is_drawn) == (normal(first, second), 1)
    else:
        assert (state.frailty, state.is_drawn) == (0.25, is_drawn)


def test_a_truce_in_force_at_the_start_draws_its_soundness():
    """With a wide spread of soundness some of these truces end early, and more of them late."""
    ends = {}
    for rules in (0, 1):
        game = shipped_game("busan_2025", "logit", "logit", revised_rules=rules, truce_frailty=4.0)
        spells = run_replicates(game, 1, 0, 400).spells
        first = spells[(spells["measure"] == 0) & (spells["truce"] == 0)]
        ends[rules] = np.sort(first["duration_weeks"])
    early_ends = {rules: np.mean(weeks <= 4) for rules, weeks in ends.items()}
    assert early_ends[1] > early_ends[0] + 0.15


# ---------------------------------------------------------------------------
# In both runs; that they are the same game is checked in `test_parity` and `test_module_parity`.


class Watched(NegotiationModel):
    """Before each move, and after each week, odds from memory are those made anew."""

    def before_move(self):
        self.compare()

    def close_week(self):
        super().close_week()
        self.compare()

    def compare(self):
        """Memory and a fresh look give the same odds for both sides."""
        for player in (0, 1):
            kept, fresh = np.zeros(NUM_OPTIONS), np.zeros(NUM_OPTIONS)
            option_weights(self.state, self.params, self.week, player, kept)
            touch_all(self.state)
            option_weights(self.state, self.params, self.week, player, fresh)
            np.testing.assert_array_equal(kept, fresh)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    "more",
    [
        {"agency_rate": 0.2, "tolerance": 0.3},
        {"audience_cost": -6.0, "initiative": -5.0, "loaded_share": 1.0, "breach_cost": -3.0},
        {"erosion": 0.25, "tolerance": 5.0, "breach_cost": 6.0, "loaded_share": 1.0},
    ],
    ids=["strained", "giving up", "worn"],
)
def test_what_is_remembered_of_levers_holds(name, more):
    game = shipped_game(name, "logit", "logit", **REVISED | more)
    runs = [Watched(game, seed, 1).run_to_horizon() for seed in range(3)]
    assert sum(len(run.moves) for run in runs) > 60


def test_giving_up_one_lever_changes_what_another_one_may_put_back():
    params = revised(breach_cost=3.0, step=0.25)
    state, week = make_truce(params, covered=[[1, 1], [0, 0]]), make_week()
    state.loaded[0, :2] = 0.25, 0.75
    weights = np.zeros(NUM_OPTIONS)
    option_weights(state, params, week, 0, weights)
    before = weights[ESCALATE_0]
    for _ in range(3):
        move(state, params, 0, CONCEDE_1)
    option_weights(state, params, week, 0, weights)
    assert weights[ESCALATE_0] == pytest.approx(before * np.exp(-3.0))


@pytest.mark.parametrize(
    ("rules", "fields", "happens", "factor"),
    [
        ({"tacit": 0, "tolerance": 3.0}, {}, (1, ESCALATE_1, 1.5), -3.0),  # strain: a collapse now
        ({"restore_share": 0.0}, {"weeks_left": 1}, None, 3.0),  # the week of its date: no breach
    ],
    ids=["strain", "clock"],
)
def test_what_decides_on_a_breach_is_looked_at_again(rules, fields, happens, factor):
    """Whether the rules know parts put back, or dates outlived, alone."""
    params, week = revised(breach_cost=3.0, **rules), make_week()
    state, weights = make_truce(params, **fields), np.zeros(NUM_OPTIONS)
    option_weights(state, params, week, 0, weights)
    before = weights[ESCALATE_0]
    if happens is None:
        finish_week(state, params)
    else:
        player, option, step = happens
        move(state, params, player, option, step=step)
    option_weights(state, params, week, 0, weights)
    assert weights[ESCALATE_0] == pytest.approx(before * np.exp(factor))


def test_revised_runs_meet_all_that_can_happen():
    causes = set()
    for name in SHIPPED:
        game = shipped_game(name, "logit", "logit", **REVISED | {"agency_rate": 0.2})
        causes |= set(run_replicates(game, 1, 0, 400).spells["cause"].tolist())
    assert {TruceEnd.BREACH, TruceEnd.COLLAPSE, TruceEnd.LAPSE} <= causes


def test_truces_are_fulfilled_in_runs():
    game = shipped_game(
        "busan_2025", "logit", "logit", **REVISED | {"audience_cost": -6.0, "initiative": -9.0}
    )
    block = run_replicates(game, 1, 0, 50)
    assert TruceEnd.FULFILLED in block.spells["cause"]
