"""The truce: package and coverage, begin, renew, repair, strain, and its three ends."""

import copy

import pytest

from helpers import (
    ESCALATE_0,
    ESCALATE_1,
    SUSPEND,
    THREATEN_0,
    changed_fields,
    finish_week,
    make_info,
    make_params,
    make_state,
    make_truce,
    move,
)
from negotiation_abm.core.terms import (
    Event,
    Forum,
    Phase,
    TruceEnd,
)
from negotiation_abm.core.transitions import apply_agency_move

PACKAGE = {"suspended_share": 0.7, "loaded_share": 0.4}


def sign(state, params, forum=Forum.ROUND, frailty=0.0):
    """Both sides offer in a week with this forum."""
    state.forum = forum
    move(state, params, 0, SUSPEND)
    return move(state, params, 1, SUSPEND, frailty=frailty)


# ---------------------------------------------------------------------------
# Beginning.


def test_one_offer_is_no_truce():
    params = make_params()
    state = make_state(params)
    info = move(state, params, 0, SUSPEND)
    assert (info.event, state.phase) == (Event.NONE, Phase.DISPUTE)


def test_offer_can_be_answered_in_its_last_week_and_not_later():
    params = make_params(offer_weeks=2)
    for weeks, event in ((1, Event.BEGUN), (2, Event.NONE)):
        state = make_state(params)
        move(state, params, 0, SUSPEND)
        for _ in range(weeks):
            finish_week(state, params)
        assert move(state, params, 1, SUSPEND).event == event


@pytest.mark.parametrize(
    ("forum", "weeks", "leaders", "covered"),
    [
        (Forum.NONE, 13, 0, [[1, 0], [1, 0]]),
        (Forum.ROUND, 13, 0, [[1, 0], [1, 0]]),
        (Forum.SUMMIT, 52, 1, [[1, 1], [1, 1]]),
    ],
)
def test_forum_sets_term_and_coverage(forum, weeks, leaders, covered):
    params = make_params()
    state = make_state(params, age=9, renewals=4, leaders=1)
    info = sign(state, params, forum, frailty=1.25)
    assert info.event == Event.BEGUN
    assert (state.phase, state.weeks_left, state.leaders) == (Phase.TRUCE, weeks, leaders)
    assert (state.age, state.renewals, state.frailty) == (0, 0, 1.25)
    assert state.covered[:, :2].tolist() == covered


def test_package_takes_its_share_off_and_keeps_part_of_it_loaded():
    params = make_params(**PACKAGE, floor=0.25)
    state = make_state(
        params, in_force=[[0.75, 0.75], [0.25, 0.5]], loaded=[[0.1, 0.1], [0.0, 0.0]]
    )
    sign(state, params)
    # lever 0: .5 above the floor, .7 x .5 = .35 off, .4 x .35 = .14 of it loaded
    assert state.in_force[0, :2] == pytest.approx([0.40, 0.75])
    assert state.loaded[0, :2] == pytest.approx([0.24, 0.1])
    assert state.in_force[1, :2] == pytest.approx([0.25, 0.5])
    assert state.loaded[1, :2] == pytest.approx([0.0, 0.0])


def test_package_moves_the_effect_with_the_level():
    params = make_params(suspended_share=0.5, loaded_share=1.0)
    state = make_state(params, in_force=[[1.0, 0], [0.5, 0]])
    sign(state, params)
    assert state.bite[:, 0] == pytest.approx([12 / 15, 8 / 15])  # levels 1/2 and 1/4


def test_agreement_withdraws_threats_on_covered_levers_only():
    params = make_params()
    state = make_state(params, pending=[[0.2, 0.3], [0.1, 0.4]])
    sign(state, params)
    assert state.pending[:, :2].tolist() == [[0.0, 0.3], [0.0, 0.4]]


def test_agreement_clears_offers_and_mends_the_mood():
    params = make_params(agreement_anger=0.4, agreement_goodwill=0.5)
    state = make_state(params, anger=[1.0, 2.0], goodwill=[0.0, 1.0])
    sign(state, params)
    assert list(state.offer) == [0, 0]
    assert list(state.anger) == pytest.approx([0.4, 0.8])
    assert list(state.goodwill) == pytest.approx([0.5, 1.5])


# ---------------------------------------------------------------------------
# Renewal and repair.


@pytest.mark.parametrize(
    ("left", "forum", "event", "after", "renewals", "leaders"),
    [
        (9, Forum.ROUND, Event.REPAIRED, 9, 0, 0),
        (9, Forum.SUMMIT, Event.REPAIRED, 9, 0, 0),
        (8, Forum.ROUND, Event.RENEWED, 21, 1, 0),
        (0, Forum.NONE, Event.RENEWED, 13, 1, 0),
        (3, Forum.SUMMIT, Event.RENEWED, 55, 1, 1),
        (-1, Forum.ROUND, Event.REPAIRED, -1, 0, 0),
    ],
)
def test_renewal_or_repair(left, forum, event, after, renewals, leaders):
    params = make_params()
    state = make_truce(params, weeks_left=left, strain=1.0, age=5)
    info = sign(state, params, forum)
    assert info.event == event
    assert (state.weeks_left, state.renewals, state.leaders) == (after, renewals, leaders)
    assert (state.phase, state.age) == (Phase.TRUCE, 5)


def test_terms_without_a_date_take_the_date_away_at_a_renewal():
    params = make_params(term_weeks=[-1, 52])
    state = make_truce(params, weeks_left=4)
    assert sign(state, params).event == Event.RENEWED
    assert state.weeks_left == -1


def test_truce_made_by_leaders_stays_theirs_when_teams_renew_it():
    params = make_params()
    state = make_truce(params, weeks_left=4, leaders=1)
    sign(state, params, Forum.ROUND)
    assert state.leaders == 1


@pytest.mark.parametrize(("strain", "frailty"), [(0.06, 1.5), (0.05, -0.3)])
def test_frailty_is_drawn_anew_for_a_strained_truce_only(strain, frailty):
    params = make_params()
    state = make_truce(params, weeks_left=8, strain=strain, frailty=-0.3)
    sign(state, params, frailty=1.5)
    assert state.frailty == frailty


def test_agreement_takes_the_strain_off():
    params = make_params()
    state = make_truce(params, strain=0.5, strain_player=1, strain_lever=1)
    sign(state, params)
    assert (state.strain, state.strain_player, state.strain_lever) == (0.0, -1, -1)


def test_repair_suspends_what_it_newly_covers_and_nothing_else():
    params = make_params(**PACKAGE)
    state = make_truce(params, strain=0.5, in_force=[[0.5, 0.5], [0.5, 0.5]])
    sign(state, params, Forum.SUMMIT)
    assert state.covered[:, :2].tolist() == [[1, 1], [1, 1]]
    assert state.in_force[0, :2] == pytest.approx([0.5, 0.15])  # .5 - .7 x .5
    assert state.loaded[1, :2] == pytest.approx([0, 0.14])  # .4 x .7 x .5


def test_repair_by_a_team_keeps_the_wider_coverage():
    params = make_params()
    state = make_truce(params, strain=0.5, covered=[[1, 1], [1, 1]], pending=[[0, 0.2], [0, 0]])
    sign(state, params, Forum.ROUND)
    assert state.covered[:, :2].tolist() == [[1, 1], [1, 1]]
    assert state.pending[0, 1] == 0.0


# ---------------------------------------------------------------------------
# Strain and collapse.


def test_uncovered_escalation_strains_by_its_severity():
    params = make_params(weight=0.8)
    state = make_truce(params)
    info = move(state, params, 1, ESCALATE_1)
    assert info.event == Event.NONE
    assert state.strain == pytest.approx(0.2)  # .25 x .8
    assert (state.strain_player, state.strain_lever) == (1, 1)
    move(state, params, 0, ESCALATE_1, step=0.5)
    assert state.strain == pytest.approx(0.6)
    assert (state.strain_player, state.strain_lever) == (0, 1)


def test_strain_counts_the_step_that_was_possible():
    params = make_params()
    state = make_truce(params, in_force=[[0, 0.9], [0, 0]])
    move(state, params, 0, ESCALATE_1)
    assert state.strain == pytest.approx(0.1)


def test_threat_on_a_covered_lever_neither_breaks_nor_strains():
    params = make_params()
    state = make_truce(params)
    assert move(state, params, 0, THREATEN_0, lead=3).event == Event.NONE
    assert (state.phase, state.strain) == (Phase.TRUCE, 0.0)


def test_escalation_in_a_dispute_leaves_no_strain():
    params = make_params()
    state = make_state(params)
    move(state, params, 0, ESCALATE_1)
    assert state.strain == 0.0


@pytest.mark.parametrize(
    ("strain", "event", "after"),
    [(0.79, Event.NONE, 0.711), (0.8, Event.ENDED, 0.0), (0.9, Event.ENDED, 0.0)],
)
def test_collapse_when_strain_reaches_the_tolerance(strain, event, after):
    params = make_params(tolerance=0.8, strain_memory=0.9)
    state = make_truce(params, strain=strain, strain_player=1, strain_lever=1)
    info = finish_week(state, params)
    assert info.event == event
    assert state.strain == pytest.approx(after)
    if event == Event.ENDED:
        assert (info.cause, info.player, info.lever) == (TruceEnd.COLLAPSE, 1, 1)
        assert state.phase == Phase.DISPUTE


def test_collapse_names_the_agency_behind_the_last_strain():
    params = make_params(tolerance=0.2)
    for agency in (0, 1):
        state, info = make_truce(params), make_info()
        if agency:
            apply_agency_move(state, params, 0, ESCALATE_1, 0.25, info)
        else:
            apply_agency_move(state, params, 1, ESCALATE_1, 0.25, info)
            info = move(state, params, 0, ESCALATE_1)
        assert (info.agency, state.by_agency) == (agency, 0)
        info = finish_week(state, params)
        assert (info.cause, info.player, info.agency) == (TruceEnd.COLLAPSE, 0, agency)


def test_strain_collapses_a_truce_only_at_the_end_of_the_week():
    params = make_params(tolerance=0.2)
    state = make_truce(params)
    assert move(state, params, 0, ESCALATE_1).event == Event.NONE
    sign(state, params)  # repaired in time
    assert finish_week(state, params).event == Event.NONE
    assert state.phase == Phase.TRUCE


# ---------------------------------------------------------------------------
# Breach, lapse, snap-back.


def test_breach_by_escalation_on_a_covered_lever():
    params = make_params()
    state = make_truce(params, strain=0.3, offer=[0, 2])
    info = move(state, params, 0, ESCALATE_0)
    assert (info.event, info.cause) == (Event.ENDED, TruceEnd.BREACH)
    assert (info.player, info.lever, info.severity) == (0, 0, 0.25)
    assert (state.phase, state.weeks_left, state.strain) == (Phase.DISPUTE, -1, 0.0)
    assert list(state.offer) == [0, 0]
    assert not state.covered.any()


def test_loaded_levers_snap_back_in_part():
    params = make_params(snap_back_share=0.5, tolerance=0.1)
    state = make_truce(
        params,
        strain=0.2,
        in_force=[[0.3, 0.25], [0.0, 0.5]],
        loaded=[[0.4, 0.5], [0.0, 0.2]],
    )
    finish_week(state, params)
    assert state.in_force[:, :2].ravel() == pytest.approx([0.5, 0.5, 0.0, 0.6])
    assert state.loaded[:, :2].ravel() == pytest.approx([0.2, 0.25, 0.0, 0.1])
    assert state.bite[0, 1] == pytest.approx(12 / 15)


def test_breach_snaps_back_after_its_own_step():
    params = make_params(snap_back_share=1.0)
    state = make_truce(params, in_force=[[0.25, 0], [0, 0]], loaded=[[0.5, 0], [0, 0]])
    move(state, params, 0, ESCALATE_0)
    assert state.in_force[0, 0] == pytest.approx(1.0)  # .25 + .25 + .5
    assert state.loaded[0, 0] == pytest.approx(0.0)


def test_truce_lapses_in_the_week_after_its_clock_hits_zero():
    params = make_params()
    state = make_truce(params, weeks_left=2, age=4)
    seen = []
    for _ in range(3):
        info = finish_week(state, params)
        seen.append((info.event, state.weeks_left, state.age))
    assert seen == [(Event.NONE, 1, 5), (Event.NONE, 0, 6), (Event.ENDED, -1, 6)]
    assert (info.cause, info.player, info.lever) == (TruceEnd.LAPSE, -1, -1)
    assert state.phase == Phase.DISPUTE


def test_offers_outlive_a_lapse():
    params = make_params()
    state = make_truce(params, weeks_left=0, offer=[3, 0])
    finish_week(state, params)
    assert (state.phase, list(state.offer)) == (Phase.DISPUTE, [2, 0])


def test_collapse_goes_before_lapse():
    params = make_params(tolerance=0.5)
    state = make_truce(params, weeks_left=0, strain=0.5, strain_player=0, strain_lever=1)
    assert finish_week(state, params).cause == TruceEnd.COLLAPSE


@pytest.mark.parametrize(("forum", "weeks"), [(Forum.ROUND, 13), (Forum.SUMMIT, 52)])
def test_truce_lasts_its_term(forum, weeks):
    params = make_params()
    state = make_state(params, turn=5)
    sign(state, params, forum)
    while finish_week(state, params).event == Event.NONE:
        assert state.turn < 100
    assert state.turn - 1 == 5 + weeks  # the turn of the lapse


def test_truce_without_a_date_does_not_lapse():
    params = make_params(term_weeks=[-1, -1])
    state = make_state(params)
    sign(state, params)
    for _ in range(200):
        assert finish_week(state, params).event == Event.NONE
    assert (state.weeks_left, state.age) == (-1, 200)


def test_quiet_week_of_a_truce_moves_clock_and_age_alone():
    params = make_params()
    state = make_truce(params)
    before = copy.deepcopy(state)
    finish_week(state, params)
    assert changed_fields(before, state) == {"turn", "age", "weeks_left"}
