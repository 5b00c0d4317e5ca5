"""The rules of each module, by hand; values of options with all of them on.

Saturation is ln 16, so that levels 1/4, 1/2, 3/4 and 1 bite 8, 12, 14 and 15 fifteenths.
"""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import (
    CONCEDE_0,
    CONCEDE_1,
    ESCALATE_0,
    ESCALATE_1,
    HOLD,
    SHIPPED,
    SUSPEND,
    THREATEN_0,
    assert_near,
    changed_fields,
    finish_week,
    make_params,
    make_state,
    make_truce,
    make_week,
    move,
)
from module_helpers import (
    CHINA,
    OFF,
    US,
    close_weeks,
    game_with,
    on,
    open_week,
    pledge,
    random_modules,
    random_settings,
    random_state,
    shift,
)
from negotiation_abm import NegotiationModel, build_game, load_scenario, run_replicates
from negotiation_abm.core.draws import normal, uniforms
from negotiation_abm.core.modules import NAMES
from negotiation_abm.core.modules.delivery import BLOCK, MET, MISSED, OPEN, RUNNING, VOID
from negotiation_abm.core.modules.shocks import QUANTITIES
from negotiation_abm.core.params import derive
from negotiation_abm.core.payoffs import cost, option_value, pain
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import NUM_OPTIONS, Event, Forum, Phase, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.core.truce import grieve
from negotiation_abm.files.errors import InputError
from negotiation_abm.strategies._odds import option_weights

near = pytest.approx

# ---------------------------------------------------------------------------
# Something promised and not delivered.

GRIEVANCE = {"grievance": 0.5, "tolerance": 2.0, "strain_memory": 0.5}


def grieved(amount=0.6, params=None, anger=0.25, lever=1, pledge=3, **changes):
    """A truce in which the US sees that China does not deliver."""
    params = params or make_params(**GRIEVANCE)
    state = make_truce(params, **changes)
    grieve(state, params, US, amount, anger, lever, pledge)
    return state


def blamed(info):
    return TruceEnd(info.cause), info.player, info.lever, info.pledge


def test_grievance_angers_strains_and_is_remembered():
    state = grieved()
    assert state.anger.tolist() == [0.25, 0.0]
    assert state.unmet.tolist() == [0.6, 0.0]
    assert (state.unmet_lever[US], state.unmet_pledge[US]) == (1, 3)
    assert (state.unmet_lever[CHINA], state.unmet_pledge[CHINA]) == (-1, -1)
    assert (state.strain, state.strain_player, state.strain_lever) == (0.6, CHINA, 1)
    assert (state.strain_unmet, state.strain_pledge, state.strain_agency) == (1, 3, 0)


def test_grievances_add_up_and_the_last_one_has_the_name():
    params = make_params(**GRIEVANCE)
    state = grieved(0.6, params)
    grieve(state, params, US, 0.2, 0.0, -1, 4)
    assert (state.unmet[US], state.strain) == (near(0.8), near(0.8))
    assert (state.unmet_lever[US], state.unmet_pledge[US]) == (-1, 4)
    assert state.strain_pledge == 4


@pytest.mark.parametrize("changes", [{"phase": Phase.DISPUTE}, {}])
def test_without_a_truce_or_an_amount_there_is_anger_alone(changes):
    before = make_truce(make_params(**GRIEVANCE), **changes)
    state = grieved(0.6 if changes else 0.0, **changes)
    assert changed_fields(before, state) == {"anger"}


def test_collapse_by_what_is_not_delivered():
    params = make_params(**GRIEVANCE)
    state = grieved(2.0, params)
    info = finish_week(state, params)
    assert info.event == Event.ENDED
    assert blamed(info) == (TruceEnd.NON_DELIVERY, CHINA, 1, 3)
    assert state.unmet.tolist() == [0.0, 0.0]
    assert state.unmet_lever.tolist() == state.unmet_pledge.tolist() == [-1, -1]


def test_collapse_belongs_to_what_strained_the_truce_last():
    params = make_params(**GRIEVANCE)
    state = grieved(1.9, params, lever=0)
    move(state, params, CHINA, ESCALATE_1)  # severity 1/4, outside the text
    assert blamed(finish_week(state, params)) == (TruceEnd.COLLAPSE, CHINA, 1, -1)
    state = make_truce(params, strain=1.9, strain_agency=1, strain_player=US, strain_lever=0)
    grieve(state, params, US, 0.2, 0.0, 1, -1)
    info = finish_week(state, params)
    assert blamed(info) == (TruceEnd.NON_DELIVERY, CHINA, 1, -1)
    assert info.agency == 0


def test_breach_that_answers_it():
    params = make_params(**GRIEVANCE)
    info = move(grieved(0.5, params), params, US, ESCALATE_0)
    assert info.event == Event.ENDED
    assert blamed(info) == (TruceEnd.NON_DELIVERY, CHINA, 1, 3)


def test_escalation_outside_the_text_that_answers_it():
    params = make_params(**GRIEVANCE)
    state = grieved(0.5, params, lever=-1)
    info = move(state, params, US, ESCALATE_1)
    assert info.event == Event.NONE
    assert info.severity >= params.min_severity
    assert blamed(info) == (TruceEnd.NON_DELIVERY, CHINA, -1, 3)
    assert (state.strain_unmet, state.strain_pledge) == (0, -1)  # the answer strains by itself


@pytest.mark.parametrize(("option", "cause"), [(ESCALATE_0, "BREACH"), (ESCALATE_1, "ESCALATION")])
def test_small_grievance_excuses_nothing(option, cause):
    params = make_params(**GRIEVANCE)
    info = move(grieved(0.49, params), params, US, option)
    assert blamed(info) == (TruceEnd[cause], US, option == ESCALATE_1, -1)


@pytest.mark.parametrize(("option", "cause"), [(ESCALATE_0, "BREACH"), (ESCALATE_1, "ESCALATION")])
def test_the_side_that_does_not_deliver_has_no_excuse(option, cause):
    params = make_params(**GRIEVANCE)
    info = move(grieved(0.6, params), params, CHINA, option)
    assert blamed(info) == (TruceEnd[cause], CHINA, option == ESCALATE_1, -1)


def test_grievance_fades_with_the_strain():
    params = make_params(**GRIEVANCE | {"num_modules": 1})  # grievances come from modules alone
    state = grieved(0.8, params)
    finish_week(state, params)
    assert (state.unmet[US], state.strain) == (0.4, 0.4)
    assert blamed(move(state, params, US, ESCALATE_0))[0] == TruceEnd.BREACH


def test_agreement_closes_the_account():
    params = make_params(**GRIEVANCE)
    state = grieved(0.6, params)
    for player in (US, CHINA):
        move(state, params, player, SUSPEND)
    assert state.unmet.tolist() == [0.0, 0.0]
    assert (state.strain, state.strain_unmet, state.strain_pledge) == (0.0, 0, -1)
    assert blamed(move(state, params, US, ESCALATE_0))[0] == TruceEnd.BREACH


def test_missed_pledge_ends_both_spells_of_a_run():
    """From the pledge in the scenario to the spell in the table, with nobody moving."""
    inputs = {"delivery": {"pledges": [pledge(name="other", weight=0), pledge()]}}
    values = {"delivery_noise": 0, "delivery_strain": 0, "delivery_anger": 0}
    still = dict.fromkeys(("US", "CHINA"), "hold")
    game = game_with(
        inputs, strategies=still, diligence=0, delivery_missed=50, tolerance=25, **values
    )
    spells = run_replicates(game, 1, 0, 1).spells
    assert sorted(spells["measure"].tolist()) == [COVERED, ANY_DOMAIN]
    for spell in spells:
        assert spell["cause"] == TruceEnd.NON_DELIVERY
        assert (spell["player"], spell["lever"], spell["pledge"]) == (CHINA, 1, 1)
        assert spell["duration_weeks"] == 2 + 5  # two weeks old at the start; due in turn 5


# ---------------------------------------------------------------------------
# Delivery: a pledge of China over turns 0 to 3, of weight 1/2, on its lever 1.

PLEDGE = {
    **on("delivery"),
    "num_pledges": 1,
    "pledge_player": CHINA,
    "pledge_lever": 1,
    "pledge_weight": 0.5,
    "pledge_first": 0,
    "pledge_last": 3,
    "delivery_met": 0.9,
}


def delivery(weeks=4, diligence=1.0, live=1, draw=(1, 0), phase=Phase.TRUCE, turn=0, **changes):
    """States at the end of the pledge's weeks."""
    pace = diligence if isinstance(diligence, list) else [0.0, diligence]
    params = make_params(**PLEDGE | {"diligence": pace} | changes)
    state = make_truce(params, phase=phase, turn=turn)
    return close_weeks(state, params, weeks, live=live, draw=draw)


def delivered(states):
    return [float(state.pledge_delivered[0]) for state in states]


def status(states):
    return [int(state.pledge_status[0]) for state in states]


def test_delivery_goes_at_the_pace_of_the_owner():
    assert delivered(delivery()) == [0.25, 0.5, 0.75, 1.0]
    assert delivered(delivery(diligence=0.5)) == [0.125, 0.25, 0.375, 0.5]
    assert delivered(delivery(diligence=5.0, delivery_noise=1.0)) == [1.0] * 4
    assert delivered(delivery(pledge_player=US)) == [0.0] * 4  # the US has no diligence here


def test_pledge_on_time_is_met_and_pleases_the_other_side():
    states = delivery(delivery_goodwill=0.8, delivery_anger=9, delivery_strain=9)
    assert status(states) == [RUNNING, RUNNING, RUNNING, MET]
    assert [state.goodwill[US] for state in states] == [0, 0, 0, 0.8 * 0.5]
    assert states[-1].goodwill[CHINA] == 0
    assert states[-1].strain == states[-1].anger.sum() == 0


def test_shortfall_angers_and_strains_week_by_week():
    states = delivery(3, diligence=0.5, delivery_anger=4, delivery_strain=2)
    # 1/8, 2/8, 3/8 behind, times the weight
    assert [state.anger[US] for state in states] == near([0.25, 0.75, 1.5])
    assert [state.strain for state in states] == near([0.125, 0.375, 0.75])
    last = states[-1]
    assert last.unmet[US] == near(0.75)
    assert (last.unmet_lever[US], last.unmet_pledge[US]) == (1, 0)
    assert (last.strain_player, last.strain_lever, last.strain_pledge) == (CHINA, 1, 0)
    assert last.anger[CHINA] == last.unmet[CHINA] == 0


def test_small_shortfall_is_overlooked():
    states = delivery(3, diligence=0.5, delivery_anger=4, delivery_slack=0.25)
    assert [state.anger[US] for state in states] == near([0, 0, 0.25])


def test_pledge_missed_strains_by_what_is_missing():
    states = delivery(diligence=0.5, delivery_missed=3, delivery_goodwill=9)
    assert status(states) == [RUNNING, RUNNING, RUNNING, MISSED]
    assert [state.strain for state in states] == near([0, 0, 0, 3 * 0.5 * 0.5])
    assert states[-1].unmet[US] == near(0.75)
    assert states[-1].goodwill.sum() == 0


def test_pledge_is_met_from_a_share_on():
    assert status(delivery(diligence=0.9, delivery_missed=1))[-1] == MET
    assert status(delivery(diligence=0.875, delivery_missed=1))[-1] == MISSED


def test_effort_that_is_no_lever():
    last = delivery(diligence=0, pledge_lever=-1, delivery_missed=1)[-1]
    assert (last.strain_player, last.strain_lever, last.strain_pledge) == (CHINA, -1, 0)
    assert (last.unmet_lever[US], last.unmet_pledge[US]) == (-1, 0)


def test_nothing_happens_before_the_first_week_and_after_the_last():
    states = delivery(8, pledge_first=2, pledge_last=5, diligence=0.5, delivery_strain=1)
    assert delivered(states) == [0, 0, 0.125, 0.25, 0.375, 0.5, 0.5, 0.5]
    assert status(states) == [OPEN, OPEN, RUNNING, RUNNING, RUNNING, MISSED, MISSED, MISSED]
    assert states[-1].strain == states[5].strain


def test_pledge_due_in_the_week_in_which_it_is_made():
    states = delivery(2, pledge_last=0)
    assert (delivered(states), status(states)) == ([1, 1], [MET, MET])


def test_end_of_the_truce_voids_a_pledge_for_good():
    params = make_params(**PLEDGE | {"delivery_missed": 1}, diligence=0.0)
    state = make_truce(params)
    seen = close_weeks(state, params, 2)
    move(state, params, US, ESCALATE_0)
    assert state.phase == Phase.DISPUTE
    seen += close_weeks(state, params)
    for player in (US, CHINA):
        move(state, params, player, SUSPEND)
    assert state.phase == Phase.TRUCE
    seen += close_weeks(state, params)
    assert status(seen) == [RUNNING, RUNNING, VOID, VOID]
    assert state.strain == 0


def test_nothing_is_delivered_in_a_dispute():
    states = delivery(phase=Phase.DISPUTE, delivery_missed=1, delivery_anger=1)
    assert (delivered(states), status(states)) == ([0] * 4, [OPEN] * 4)
    assert states[-1].anger.sum() == 0


def test_replay_begins_a_pledge_and_delivers_nothing():
    states = delivery(live=0, delivery_missed=1, delivery_anger=1)
    assert (delivered(states), status(states)) == ([0] * 4, [RUNNING] * 4)
    assert states[-1].strain == states[-1].anger.sum() == 0


def test_several_pledges_go_their_own_ways():
    states = delivery(
        num_pledges=2,
        pledge_player=[CHINA, US],
        pledge_last=[3, 1],
        diligence=[0.25, 1.0],
        delivery_missed=1,
    )
    last = states[-1]
    assert last.pledge_status[:3].tolist() == [MET, MISSED, OPEN]
    assert last.pledge_delivered[:3].tolist() == [1.0, 0.25, 0.0]
    assert (last.strain_player, last.strain_pledge) == (US, 1)


def test_pledges_are_on_schedule_before_the_start():
    game = build_game(load_scenario("busan_2025"))
    soy, later, _, precursors = game.initial["pledge_delivered"][0, :4]
    # made in turn -2; due in turn 7 (10 weeks) and 52 (55 weeks)
    assert (soy, later, precursors) == (near(0.2), 0.0, near(2 / 55))


def test_diligent_owner_goes_on_without_a_shortfall():
    values = {"delivery_noise": 0, "delivery_slack": 0, "delivery_anger": 1, "diligence": 1}
    still = dict.fromkeys(("US", "CHINA"), "hold")
    model = NegotiationModel(
        build_game(load_scenario("busan_2025", values | {"strategies": still}))
    )
    for turn in range(8):
        model.step()
        assert model.state.pledge_delivered[0] == near((turn + 3) / 10)
    assert model.state.anger[US] == near(0, abs=1e-12)
    assert model.state.pledge_status[0] == MET


@pytest.mark.parametrize("pledge", [0, 2])
def test_each_pledge_has_a_noise_of_its_own_every_week(pledge):
    weights = [0.5 if number == pledge else 0.0 for number in range(3)]
    states = delivery(
        3, draw=(9, 4), num_pledges=3, pledge_weight=weights, delivery_noise=0.2, delivery_anger=2
    )
    draws = [uniforms(9, 4, turn, BLOCK + pledge) for turn in range(3)]
    missed = [max(0.0, -0.2 * normal(first, second)) for first, second, _, _ in draws]
    assert max(missed) > 0.0
    assert [state.anger[US] for state in states] == near(np.cumsum(missed))


def test_noise_is_what_the_other_side_sees_and_no_more():
    """On schedule, a normal error of sd s is mistaken for a shortfall of mean s / sqrt(2 pi)."""
    count, sd = 1000, 0.2
    seen = []
    for replicate in range(count):
        state = delivery(1, draw=(9, replicate), delivery_noise=sd, delivery_anger=2)[0]
        assert state.pledge_delivered[0] == 0.25
        seen.append(state.anger[US])
    spread = sd * math.sqrt(0.5 - 0.5 / math.pi)
    assert_near(np.mean(seen), sd / math.sqrt(2 * math.pi), spread / math.sqrt(count))


# ---------------------------------------------------------------------------
# Enforcement.

ENFORCED = {
    **on("enforcement"),
    "enforcement_pace": 0.5,
    "enforcement_tighten": 0.25,
    "enforcement_loosen": 0.25,
    "enforcement_low": 0.5,
    "enforcement_high": 1.5,
}
USED = [[0.4, 0.0], [0.0, 0.0]]  # the first lever of the US


def h(level):
    return (1 - 16**-level) * 16 / 15


def enforced(weeks=1, live=1, make=make_state, week=None, parameters=None, **changes):
    params = make_params(**ENFORCED | (parameters or {}))
    first = {"turn": 3}  # the first week in which licences are reviewed
    return close_weeks(make(params, in_force=USED, **first | changes), params, weeks, week, live)


def test_intensity_follows_its_target_every_four_weeks():
    states = enforced(9, anger=[2.0, 0.0])  # target 1 + 2/4, half way there each time
    found = [float(state.intensity[US, 0]) for state in states]
    assert found == [1.25] * 4 + [1.375] * 4 + [1.4375]


def test_pain_follows_the_intensity_and_the_formal_level_stays():
    params, state = make_params(**ENFORCED), enforced(anger=[2.0, 0.0])[0]
    assert state.in_force.tolist() == make_state(params, in_force=USED).in_force.tolist()
    assert state.bite[US, 0] == near(12 / 15)  # h(0.4 x 1.25)
    assert pain(state, params, make_week(), CHINA) == near(12 / 15)
    assert cost(state, make_params(blowback_share=1.0), US) == near(0.4)


def test_only_levers_in_force_are_enforced():
    state = enforced(anger=[2.0, 2.0])[0]
    assert (state.intensity == 1.0).sum() == state.intensity.size - 1


@pytest.mark.parametrize(
    ("anger", "felt", "target"),
    [(2, 0, 1.5), (9, 0, 1.5), (0, 1, 0.75), (0, 9, 0.5), (1, 1, 1.0), (0, 0, 1.0)],
)
def test_anger_tightens_and_felt_pain_loosens_within_bounds(anger, felt, target):
    pace = {"enforcement_pace": 1.0}
    state = enforced(parameters=pace, anger=[anger, 0], felt=[felt, 0])[0]
    assert state.intensity[US, 0] == near(target)
    other = enforced(parameters=pace, anger=[0, anger], felt=[0, felt])[0]
    assert other.intensity[US, 0] == 1.0


def test_hidden_breach_is_resented_every_week():
    costs = {"enforcement_anger": 3.0, "enforcement_strain": 2.0, "weight": 0.5}
    week = make_week(salience=4.0)
    states = enforced(2, make=make_truce, week=week, parameters=costs, anger=[2.0, 0.0])
    hurt = 4.0 * 0.5 * (12 / 15 - h(0.4))
    assert [state.anger[CHINA] for state in states] == near([3 * hurt, 6 * hurt])
    assert [state.strain for state in states] == near([2 * hurt, 4 * hurt])
    last = states[-1]
    assert last.unmet.tolist() == near([0, 4 * hurt])
    assert (last.unmet_lever[CHINA], last.unmet_pledge[CHINA]) == (0, -1)
    assert (last.strain_player, last.strain_lever, last.strain_unmet) == (US, 0, 1)
    assert last.anger[US] == 2.0


@pytest.mark.parametrize("changes", [{"phase": Phase.DISPUTE}, {"felt": [1.0, 0.0]}, {}])
def test_no_breach_without_a_truce_or_beyond_the_formal_level(changes):
    anger = [2.0, 0.0] if "phase" in changes else [0.0, 0.0]
    costs = {"enforcement_anger": 3.0, "enforcement_strain": 2.0}
    state = enforced(make=make_truce, parameters=costs, **{"anger": anger} | changes)[0]
    assert (state.intensity[US, 0] > 1.0) == ("phase" in changes)
    assert (state.strain, state.anger[CHINA], state.unmet.sum()) == (0, 0, 0)


def test_the_smallest_hidden_breach_is_resented():
    costs = {"enforcement_strain": 2.0}
    state = enforced(make=make_truce, parameters=costs, anger=[0.08, 0.0])[0]
    assert state.intensity[US, 0] == near(1.01)
    assert state.strain == near(2 * (h(0.404) - h(0.4)))


def test_replay_does_not_review_but_resents():
    costs = {"enforcement_anger": 3.0}
    params = make_params(**ENFORCED | costs)
    state = make_truce(params, in_force=USED, anger=[9.0, 0.0])
    state.intensity[US, 0], state.bite[US, 0] = 1.25, 12 / 15
    close_weeks(state, params, live=0)
    assert state.intensity[US, 0] == 1.25
    assert state.anger[CHINA] == near(3 * (12 / 15 - h(0.4)))


def test_a_move_keeps_the_intensity():
    params = make_params(**ENFORCED, step=0.2)
    state = enforced(anger=[2.0, 0.0])[0]  # intensity 5/4
    move(state, params, US, ESCALATE_0)
    assert (state.in_force[US, 0], state.intensity[US, 0]) == (near(0.6), 1.25)
    assert state.bite[US, 0] == near(14 / 15)  # h(0.75)


@pytest.mark.parametrize(("option", "after"), [(ESCALATE_0, 14 / 15), (CONCEDE_0, 8 / 15)])
def test_move_is_worth_the_change_of_flow_that_it_makes(option, after):
    """A step of 0.2 at intensity 5/4 moves 0.5 by 0.25 in effect."""
    params = make_params(**ENFORCED, step=0.2, flow_weight=1.0, relative_gains=1.0)
    state = enforced(anger=[2.0, 0.0])[0]
    value = option_value(state, params, make_week(), US, option)
    assert value == near(after - 12 / 15)


# ---------------------------------------------------------------------------
# Alternative supply.


def supply(weeks, lag=4, rate=0.1, turn=0, idle=1):
    """States at the end of weeks; China's first lever is used in the first `idle` of them."""
    changes = {"alternative_supply_rate": rate, "alternative_supply_lag_weeks": lag}
    params = make_params(**on("alternative_supply"), **changes)
    state = make_state(params, turn=turn, in_force=[[0], [0.4]], pending=[[0], [0.2]])
    seen = close_weeks(state, params, idle)
    state.in_force[:] = state.pending[:] = 0
    return seen + close_weeks(state, params, weeks - idle)


def shares(states, name):
    return [float(getattr(state, f"alternative_supply_{name}")[CHINA, 0]) for state in states]


def arrivals(states):
    """Share that arrives each week, from what is left of irreplaceability."""
    left = np.array([1.0, *(state.irreplaceability[CHINA, 0] for state in states)])
    return 1 - left[1:] / left[:-1]


def test_use_and_threats_start_supply_that_goes_through_two_stages():
    states = supply(4)  # 0.1 of 0.6; half of a stage moves on each week
    assert shares(states, "planned") == near([0.06, 0.03, 0.015, 0.0075])
    assert shares(states, "building") == near([0, 0.03, 0.03, 0.0225])
    assert arrivals(states) == near([0, 0, 0.015, 0.015])


@pytest.mark.parametrize(("lag", "idle"), [(4, 1), (10, 7), (364, 52)])
def test_lag_conserves_what_was_started(lag, idle):
    states = supply(100, lag, idle=idle)
    started = 0.06 * np.minimum(np.arange(1, 101), idle)
    waiting = np.add(shares(states, "planned"), shares(states, "building"))
    np.testing.assert_allclose(waiting + arrivals(states).cumsum(), started, atol=1e-12)


@pytest.mark.parametrize("lag", [4, 13, 30])
def test_lag_is_the_mean_time_from_start_to_supply(lag):
    came = arrivals(supply(900, lag))
    assert came.sum() == near(0.06, rel=1e-6)
    assert came @ np.arange(900) / came.sum() == near(lag, rel=1e-6)


def test_full_use_starts_no_more_than_the_rate():
    params = make_params(
        **on("alternative_supply"), alternative_supply_rate=0.1, alternative_supply_lag_weeks=8
    )
    state = make_state(params, in_force=1.0, pending=0.5)
    close_weeks(state, params)
    used = state.alternative_supply_planned[:, :2]
    assert used.tolist() == [[0.1, 0.1], [0.1, 0.1]]
    assert state.alternative_supply_planned.sum() == near(0.4)  # levers that exist, no others


def test_potency_is_booked_monthly():
    states = supply(9, idle=9)
    potency = [float(state.potency[CHINA, 0]) for state in states]
    left = [float(state.irreplaceability[CHINA, 0]) for state in states]
    assert left[2] < 1
    assert potency == [1, 1, 1, left[3], left[3], left[3], left[3], left[7], left[7]]


def test_unused_lever_is_left_alone():
    params = make_params(
        **on("alternative_supply"), alternative_supply_rate=0.1, alternative_supply_lag_weeks=8
    )
    before, state = make_state(params), make_state(params)
    close_weeks(state, params, 4)
    assert changed_fields(before, state) == {"turn"}


# ---------------------------------------------------------------------------
# Decoupling.

DECOUPLING = {"decoupling_settle": 4.0, "decoupling_restrain": 3.0, "decoupling_power": 2.0}


def decoupled(in_force, **changes):
    params = make_params(**on("decoupling"), **DECOUPLING | changes)
    return close_weeks(make_state(params, in_force=in_force), params)[0]


@pytest.mark.parametrize(
    ("in_force", "changes", "expected"),
    [
        ([[0, 0], [0, 0]], {}, 0),
        ([[1, 0.5], [0.5, 0]], {}, 0.25),
        ([[1, 0.5], [0.5, 0]], {"decoupling_power": 1.0}, 0.5),
        ([[1, 1], [1, 1]], {}, 1),
        ([[0.5, 0.5], [0.5, 0.5]], {"cap": 0.5}, 1),
        ([[1, 0], [0, 0]], {"weight": [[3, 1], [1, 1]], "decoupling_power": 1.0}, 0.5),
        ([[0, 0], [0, 0]], {"weight": 0.0}, 0),
    ],
)
def test_decoupling_is_the_share_of_all_pressure_to_a_power(in_force, changes, expected):
    assert decoupled(in_force, **changes).decoupling_cost == near(expected)


@pytest.mark.parametrize("player", [US, CHINA])
def test_decoupling_helps_settlement_and_hinders_pressure_on_both_sides(player):
    state = make_state(make_params(), decoupling_cost=0.25, in_force=0.5)
    gains = {
        option: shift("decoupling", state, player, option, **DECOUPLING)
        for option in (HOLD, SUSPEND, ESCALATE_0, THREATEN_0, CONCEDE_0, CONCEDE_1)
    }
    assert gains == near(
        {HOLD: 0, SUSPEND: 1, ESCALATE_0: -0.75, THREATEN_0: -0.75, CONCEDE_0: 1, CONCEDE_1: 1}
    )


# ---------------------------------------------------------------------------
# Coalition.

WORLD = {"coalition_world": [[0, 0], [1, 0]], "coalition_memory": 0.5, "coalition_cost": 2.0}


def test_world_scope_builds_up_by_use_above_the_floor():
    params = make_params(**on("coalition"), **WORLD, floor=0.1)
    state = make_state(params, in_force=0.62)
    states = close_weeks(state, params, 2)
    state.in_force[:] = 0.05  # below the floor: nothing is added, nothing taken off
    states += close_weeks(state, params)
    assert [s.coalition_stock[CHINA, 0] for s in states] == near([0.01, 0.015, 0.0075])
    assert state.coalition_stock.sum() == near(0.0075)  # no other lever has world scope


def test_coalition_makes_its_lever_dearer_to_raise_and_cheaper_to_concede():
    stock = [[0, 0], [0.3, 0]]
    state = make_state(make_params(), in_force=0.5, coalition_stock=stock)
    gains = {
        (player, option): shift("coalition", state, player, option, **WORLD)
        for player in (US, CHINA)
        for option in (HOLD, SUSPEND, ESCALATE_0, THREATEN_0, CONCEDE_0, ESCALATE_1, CONCEDE_1)
    }
    assert gains.pop((CHINA, ESCALATE_0)) == near(-0.6)
    assert gains.pop((CHINA, CONCEDE_0)) == near(0.6)
    assert set(gains.values()) == {0.0}


# ---------------------------------------------------------------------------
# Negotiator.


def negotiators(*changes):
    """The weeks of a game with changes of negotiators."""
    usual = {"player": "CHINA", "date": "2025-12-01"}  # turn 3
    return game_with({"negotiator": {"changes": [usual | change for change in changes]}}).weeks


def test_new_negotiator_comes_at_a_date():
    weeks = negotiators({"initiative": 0.5, "audience_cost": 0.25, "offer_cost": -0.125})
    for name, size in (("initiative", 0.5), ("audience_cost", 0.25), ("offer_cost", -0.125)):
        path = weeks[f"negotiator_{name}"]
        assert path[:, CHINA].tolist() == [0.0] * 3 + [size] * 101
        assert not path[:, US].any()


def test_ramp_grows_by_equal_steps_from_its_first_week():
    path = negotiators({"audience_cost": 2.0, "ramp_weeks": 3})["negotiator_audience_cost"]
    assert path[2:8, CHINA].tolist() == [0, 0.5, 1, 1.5, 2, 2]


def test_changes_add_up():
    path = negotiators(
        {"initiative": 1.0},
        {"initiative": -0.75, "date": "2025-12-15"},
        {"initiative": 4.0, "player": "US", "date": "2025-11-10"},
    )["negotiator_initiative"]
    assert path[2:7, CHINA].tolist() == [0, 1, 1, 0.25, 0.25]
    assert path[:, US].tolist() == [4.0] * 104


def test_negotiator_shifts_base_values():
    week = make_week(
        negotiator_initiative=[0, 0.5],
        negotiator_audience_cost=[0, 0.25],
        negotiator_offer_cost=[0, 0.125],
    )
    state = make_state(make_params(), in_force=0.5)
    options = (HOLD, SUSPEND, ESCALATE_0, THREATEN_0, CONCEDE_0)
    assert [shift("negotiator", state, CHINA, o, week) for o in options] == near(
        [0, -0.125, 0.5, 0.5, -0.25]
    )
    assert [shift("negotiator", state, US, o, week) for o in options] == [0] * 5


# ---------------------------------------------------------------------------
# Status.

STATUS = {
    "status_mirrored": 1.0,
    "status_summit": 2.0,
    "status_unmatched": 4.0,
    "status_matched_goodwill": 0.5,
    "status_retention": 8.0,
    "status_retained": [[0, 1], [0, 0]],
}


@pytest.mark.parametrize(
    ("changes", "suspend", "first", "second"),
    [
        ({}, 0, -4, -12),  # giving way alone; the second lever is not for sale
        ({"goodwill": [0.5, 0]}, 0, 0, -8),
        ({"goodwill": [0.49, 9]}, 0, -4, -12),
        ({"offer": [0, 1]}, 1, -4, -12),
        ({"offer": [1, 0]}, 0, -4, -12),  # the own offer mirrors nothing
        ({"forum": Forum.ROUND}, 0, -4, -12),
        ({"forum": Forum.SUMMIT}, 2, -2, -10),
        ({"forum": Forum.SUMMIT, "offer": [0, 1], "goodwill": [1, 0]}, 3, 2, -6),
    ],
)
def test_standing(changes, suspend, first, second):
    state = make_state(make_params(), in_force=0.5, **changes)
    options = (SUSPEND, CONCEDE_0, CONCEDE_1, HOLD, ESCALATE_0, ESCALATE_1, THREATEN_0)
    gains = [shift("status", state, US, option, **STATUS) for option in options]
    assert gains == near([suspend, first, second, 0, 0, 0, 0])


# ---------------------------------------------------------------------------
# Mediation.


def mediated(rate, forum=Forum.NONE, live=1, replicate=0):
    params = make_params(**on("mediation"), mediation_rate=rate)
    state = make_state(params, forum=forum)
    open_week(state, params, live=live, draw=(5, replicate))
    return state.forum


def test_without_a_mediator_no_meeting_is_brokered():
    assert {mediated(0.0, replicate=k) for k in range(200)} == {Forum.NONE}


def test_mediator_brokers_a_round_in_every_week_without_a_meeting():
    assert {mediated(1.0, replicate=k) for k in range(200)} == {Forum.ROUND}


@pytest.mark.parametrize("forum", [Forum.ROUND, Forum.SUMMIT])
def test_meeting_that_takes_place_needs_no_mediator(forum):
    assert mediated(1.0, forum) == forum


def test_replay_has_its_meetings_from_the_record():
    assert mediated(1.0, live=0) == Forum.NONE


def test_mediation_comes_at_its_rate():
    count, rate = 1000, 0.3
    share = np.mean([mediated(rate, replicate=k) == Forum.ROUND for k in range(count)])
    assert_near(share, rate, math.sqrt(rate * (1 - rate) / count))


def test_with_a_mediator_there_is_a_meeting_every_week():
    game = game_with({"mediation": {}}, mediation_rate=1)
    assert run_replicates(game, 1, 0, 20).runs["num_meetings"].tolist() == [104] * 20


# ---------------------------------------------------------------------------
# Side issues.


def test_events_count_by_the_weight_of_their_issue():
    weights = {"arms": 0.25, "films": 2.0, "rumours": 0.0}
    events = [
        {"date": "2025-12-01", "player": "US", "issue": "arms", "tension": 2},
        {"date": "2025-12-07", "player": "US", "issue": "films", "tension": 1, "sweetener": 3},
        {"date": "2025-12-08", "player": "CHINA", "issue": "films", "sweetener": 0.5},
        {"date": "2025-12-08", "player": "US", "issue": "rumours", "tension": 10},
    ]
    weeks = game_with({"side_issues": {"weights": weights, "events": events}}).weeks
    expected = np.zeros((2, 104, 2))
    expected[:, 3, US] = 0.25 * 2 + 2 * 1, 2 * 3  # the week of 1 to 7 December
    expected[1, 4, CHINA] = 1
    np.testing.assert_allclose(weeks["side_issues_anger"], expected[0])
    np.testing.assert_allclose(weeks["side_issues_goodwill"], expected[1])


@pytest.mark.parametrize("live", [0, 1])  # dated events happen in a replay too
def test_events_reach_the_mood_of_their_side(live):
    params = make_params(**on("side_issues"))
    state = make_state(params, anger=[1, 1])
    week = make_week(side_issues_anger=[0.5, 0], side_issues_goodwill=[0, 0.25])
    open_week(state, params, week, live)
    assert (state.anger.tolist(), state.goodwill.tolist()) == ([1.5, 1], [0, 0.25])


# ---------------------------------------------------------------------------
# Shocks: quantity, set or add, value, start of the state, what it is afterwards.

SHOCKS = [
    ("in_force", "set", 0.5, {"in_force": 0.25}, {"in_force": 0.5, "bite": 12 / 15}),
    ("in_force", "add", 0.5, {"in_force": 0.25}, {"in_force": 0.75, "bite": 14 / 15}),
    ("in_force", "add", -0.5, {"in_force": 0.25}, {"in_force": 0, "bite": 0}),
    ("in_force", "set", 7, {"in_force": 0.25, "loaded": 0.5}, {"in_force": 1, "loaded": 0}),
    ("in_force", "set", 0.7, {"in_force": 0.25, "loaded": 0.5}, {"loaded": 0.3}),
    ("in_force", "set", 0.2, {"in_force": 0.25, "loaded": 0.5}, {"loaded": 0.5}),
    ("loaded", "set", 0.5, {"in_force": 0.25}, {"loaded": 0.5, "in_force": 0.25}),
    ("loaded", "add", 0.25, {"loaded": 0.5}, {"loaded": 0.75}),
    ("loaded", "add", 0.5, {"in_force": 0.25, "loaded": 0.5}, {"loaded": 0.75}),
    ("loaded", "set", -1, {"loaded": 0.5}, {"loaded": 0}),
    ("irreplaceability", "set", 0.5, {}, {"irreplaceability": 0.5, "potency": 0.5 * 0.25}),
    ("irreplaceability", "add", -0.5, {}, {"irreplaceability": 0.5, "potency": 0.5 * 0.25}),
    ("irreplaceability", "add", 1, {}, {"irreplaceability": 1, "potency": 0.5}),
    ("intensity", "set", 2, {"in_force": 0.25}, {"intensity": 2, "bite": 12 / 15}),
    ("intensity", "add", 1, {"in_force": 0.25}, {"intensity": 2, "in_force": 0.25}),
    ("intensity", "set", -1, {"in_force": 0.25}, {"intensity": 0, "bite": 0}),
    ("anger", "set", 0.5, {"anger": [3, 3]}, {"anger": 0.5}),
    ("anger", "add", 0.5, {"anger": [3, 3]}, {"anger": 3.5}),
    ("anger", "add", -9, {"anger": [3, 3]}, {"anger": 0}),
    ("goodwill", "set", 0.5, {"goodwill": [3, 3]}, {"goodwill": 0.5}),
    ("goodwill", "add", 0.5, {"goodwill": [3, 3]}, {"goodwill": 3.5}),
    ("market_loss", "set", 0.5, {"market_loss": [3, 3]}, {"market_loss": 0.5}),
    ("market_loss", "add", 0.5, {"market_loss": [3, 3]}, {"market_loss": 3.5}),
    ("felt", "set", 0.5, {"felt": [3, 3]}, {"felt": 0.5}),
    ("felt", "add", -0.5, {"felt": [3, 3]}, {"felt": 2.5}),
    ("strain", "set", 0.5, {"strain": 3}, {"strain": 0.5}),
    ("strain", "add", 0.5, {"strain": 3}, {"strain": 3.5}),
    ("strain", "add", -9, {"strain": 3}, {"strain": 0}),
    ("weeks_left", "set", 5, {"weeks_left": 20}, {"weeks_left": 5}),
    ("weeks_left", "add", -5, {"weeks_left": 20}, {"weeks_left": 15}),
    ("weeks_left", "add", -50, {"weeks_left": 20}, {"weeks_left": 0}),
    ("weeks_left", "set", 5, {"weeks_left": 0}, {"weeks_left": 5}),  # its last week
    ("weeks_left", "set", 5, {"weeks_left": -1}, {"weeks_left": -1}),  # no date, none to move
]
FOLLOW = {"in_force": {"loaded", "bite"}, "irreplaceability": {"potency"}, "intensity": {"bite"}}


def shock_on(quantity, how, value, **when):
    """Parameters with one shock: of China, or of its second lever."""
    numbers = {
        "shock_quantity": QUANTITIES.index(quantity),
        "shock_player": CHINA,
        "shock_lever": 1,
        "shock_adds": int(how == "add"),
        "shock_value": value,
        "shock_turn": -1,
    }
    rules = {"weight": 0.5, "convexity": 2.0}
    return make_params(**on("shocks"), num_shocks=1, **rules, **numbers | when)


@pytest.mark.parametrize("when", [{"shock_turn": 0}, {"shock_rate": 1.0}], ids=["dated", "rate 1"])
@pytest.mark.parametrize(("quantity", "how", "value", "start", "expected"), SHOCKS)
def test_shock(quantity, how, value, start, expected, when):
    params = shock_on(quantity, how, value, **when)
    before, state = make_truce(params, **start), make_truce(params, **start)
    open_week(state, params)
    assert changed_fields(before, state) <= {quantity} | FOLLOW.get(quantity, set())
    for name, amount in expected.items():
        entry = getattr(state, name)
        if np.ndim(entry):
            place = (CHINA, 1)[: entry.ndim]
            elsewhere = np.ones(entry.shape, bool)
            elsewhere[place] = False
            unmoved = getattr(before, name)[elsewhere]
            np.testing.assert_array_equal(entry[elsewhere], unmoved, err_msg=name)
            entry = entry[place]
        assert entry == near(amount), name


@pytest.mark.parametrize(
    ("how", "value", "by", "player"),
    [
        ("set", 1.5, [0.5, 1.0], US),  # half of it goes: from both sides alike
        ("add", 1.0, [1.0, 2.0], -1),  # what comes is of neither side, and so is a collapse
        ("add", 0.0, [1.0, 2.0], US),
    ],
)
def test_strain_from_outside_belongs_to_nobody(how, value, by, player):
    params = shock_on("strain", how, value, shock_turn=0)
    state = make_truce(params, strain=3.0, strain_by=[1.0, 2.0], strain_player=US)
    open_week(state, params)
    assert (list(state.strain_by), state.strain_player) == (near(by), player)


def test_every_quantity_is_tried_with_set_and_add():
    assert {case[:2] for case in SHOCKS} == {(q, how) for q in QUANTITIES for how in ("set", "add")}


OWNERS = ("lever",) * 4 + ("player",) * 4 + (None,) * 2


@pytest.mark.parametrize(("quantity", "owner"), list(zip(QUANTITIES, OWNERS, strict=True)))
def test_a_shock_names_what_its_quantity_belongs_to(quantity, owner):
    event = {"quantity": quantity, "rate": 1, "add": 0.1}
    names = {"lever": "US.chips", "player": "US"}
    if owner:
        wrong = {key: value for key, value in names.items() if key != owner}
        with pytest.raises(InputError, match=f"events.0.{owner}: missing; {quantity} has one"):
            game_with({"shocks": {"events": [event | wrong]}}, "baseline_2025")
        event[owner] = names[owner]
    game_with({"shocks": {"events": [event]}}, "baseline_2025")


def struck(weeks, live=1, **when):
    """Weeks in which a shock adds to China's anger."""
    params = shock_on("anger", "add", 1.0, **when)
    found = []
    for turn in range(weeks):
        state = make_state(params, turn=turn)
        open_week(state, params, live=live)
        found.append(int(state.anger[CHINA]))
    return found


def test_dated_shock_comes_once_and_in_a_replay_too():
    assert struck(5, shock_turn=2) == struck(5, live=0, shock_turn=2) == [0, 0, 1, 0, 0]


def test_shock_at_a_rate_comes_by_its_own_draw():
    assert struck(50, shock_rate=1.0) == [1] * 50
    assert struck(50, shock_rate=0.0) == [0] * 50
    assert struck(50, live=0, shock_rate=1.0) == [0] * 50
    weeks, rate = 2000, 0.2
    share = np.mean(struck(weeks, shock_rate=rate))
    assert_near(share, rate, math.sqrt(rate * (1 - rate) / weeks))


def test_shocks_of_a_week_come_in_order_and_draw_apart():
    params = make_params(
        **on("shocks"),
        num_shocks=2,
        shock_turn=0,
        shock_quantity=QUANTITIES.index("anger"),
        shock_adds=[1, 0],
        shock_value=[5.0, 2.0],
    )
    state = make_state(params)
    open_week(state, params)
    assert state.anger.tolist() == [2.0, 0.0]
    params.shock_turn[:], params.shock_rate[:] = -1, 0.5
    params.shock_adds[:], params.shock_value[:2] = 1, (1.0, 10.0)
    both, count = 0, 1000
    for replicate in range(count):
        state = make_state(params)
        open_week(state, params, draw=(1, replicate))
        both += state.anger[US] == 11.0
    assert_near(both / count, 0.25, math.sqrt(0.25 * 0.75 / count))


def test_shocks_of_a_scenario_hit_what_they_name():
    """A court voids the US tariffs in the week of 23 February 2026, its 16th."""
    game = build_game(load_scenario("court_voids_tariffs"))
    params, before = as_object(game.params[0]), as_object(game.initial[0])
    for turn in (14, 15, 16):
        state = as_object(game.initial[0])
        state.turn = turn
        open_week(state, params, as_object(game.weeks[turn]))
        changed = changed_fields(before, state) - {"turn"}
        assert changed == ({"in_force", "loaded", "bite"} if turn == 15 else set())
        if turn == 15:
            assert state.in_force[US].tolist() == [0.0, *before.in_force[US, 1:]]
            assert state.loaded[US].tolist() == [0.0, *before.loaded[US, 1:]]
            assert state.in_force[CHINA].tolist() == before.in_force[CHINA].tolist()


def test_shock_strains_a_truce_and_nothing_else():
    still = dict.fromkeys(("US", "CHINA"), "hold")
    shocks = {"events": [{"quantity": "strain", "rate": 1, "add": 0.1}]}
    model = NegotiationModel(game_with({"shocks": shocks}, "baseline_2025", strategies=still))
    for _ in range(30):
        model.step()
    assert model.state.phase == Phase.DISPUTE
    assert model.state.strain <= 1.0  # 0.1 / (1 - strain_memory); it is 3


def test_collapse_by_a_shock_is_nobodys():
    params = shock_on("strain", "add", 200.0, shock_turn=0)
    state = make_truce(params)
    grieve(state, params, US, 0.1, 0.0, 1, 0)
    open_week(state, params)
    assert blamed(finish_week(state, params)) == (TruceEnd.COLLAPSE, -1, -1, -1)


# ---------------------------------------------------------------------------
# All modules on.


CALM = {"delivery_anger": 2.0, "enforcement_anger": 2.0}  # no exponent reaches its end at 110


@pytest.fixture(scope="module")
def full_games():
    """Shipped games with every module on, at random inputs and values."""
    games = []
    for number in range(10):
        name, rng = SHIPPED[number % 2], np.random.default_rng(number)
        scenario = load_scenario(name, OFF)
        values = random_settings(number, scenario, list(NAMES)) | CALM
        games.append(game_with(random_modules(rng, scenario, list(NAMES)), name, **values))
    return games


def with_precision(game, precision):
    params = game.params.copy()
    params["precision"] = precision
    derive(params)
    return dataclasses.replace(game, params=params)


def assert_weights_fit(state, params, week, player):
    """Shares of the weights are those of exp(precision x value) over the legal options."""
    weights = np.zeros(NUM_OPTIONS)
    count, total = option_weights(state, params, week, player, weights)
    assert total == near(weights[:count].sum())
    legal = [option for option in range(count) if is_legal(state, params, player, option)]
    assert set(np.flatnonzero(weights)) <= set(legal)
    values = np.array([option_value(state, params, week, player, option) for option in legal])
    expected = np.exp(params.precision * (values - values.max()))
    shares = expected / expected.sum()
    np.testing.assert_allclose(weights[legal] / total, shares, rtol=1e-9, atol=1e-300)


@given(
    place=st.integers(0, 9),
    precision=st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.5, 8.0, 50.0]),
    number=st.integers(0, 2**32 - 1),
    player=st.sampled_from([US, CHINA]),
)
def test_weights_are_exponentials_of_values(full_games, place, precision, number, player):
    game = with_precision(full_games[place], precision)
    assert game.params["num_modules"][0] == len(NAMES)
    params, state, week = random_state(np.random.default_rng(number), game)
    assert_weights_fit(state, params, week, player)


@given(place=st.integers(0, 9), number=st.integers(0, 2**32 - 1))
def test_kept_factors_are_renewed_when_modules_change_a_lever(full_games, place, number):
    game = full_games[place]
    params, state, _ = random_state(np.random.default_rng(number), game)
    state.turn = number % 80
    for turn in range(state.turn, state.turn + 12):
        week = as_object(game.weeks[turn])
        open_week(state, params, week, draw=(number, 0))
        for player in (US, CHINA):
            assert_weights_fit(state, params, week, player)
        close_weeks(state, params, week=week, draw=(number, 0))


def test_weights_follow_what_modules_add_though_factors_are_kept():
    """The odds of a lever are kept between decisions; its shifts are not part of them."""
    params = make_params(**on("coalition"), **WORLD)
    state, weights = make_state(params, in_force=0.5), np.zeros(NUM_OPTIONS)
    seen = []
    for stock in (0.0, 0.5, 0.0):
        state.coalition_stock[CHINA, 0] = stock
        option_weights(state, params, make_week(), CHINA, weights)
        seen.append((weights[ESCALATE_0], weights[CONCEDE_0], weights[ESCALATE_1]))
    assert seen[0] == seen[2]
    ratios = np.divide(seen[1], seen[0])
    assert ratios == near([math.exp(-1.0), math.exp(1.0), 1.0])


def test_a_year_of_every_module_keeps_its_bounds():
    """Readable runs with all on: shares stay shares, whatever the modules do."""
    for name in ("mechanisms_2025", "mechanisms_busan"):
        model = NegotiationModel(build_game(load_scenario(name)), 3, 1)
        for _ in range(52):
            model.step()
            state = model.state
            for share in (state.in_force, state.loaded, state.irreplaceability):
                assert ((share >= 0) & (share <= 1)).all()
            assert ((state.pledge_delivered >= 0) & (state.pledge_delivered <= 1)).all()
            assert ((state.intensity >= 0.7) & (state.intensity <= 1.3)).all()
            assert 0 <= state.decoupling_cost <= 1
            assert min(state.anger.min(), state.goodwill.min(), state.strain) >= 0
