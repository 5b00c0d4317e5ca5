"""What is legal, what each move does to the state, threats, agencies and the end of a week."""

import copy
import math

import numpy as np
import pytest

from helpers import (
    CONCEDE_0,
    CONCEDE_1,
    ESCALATE_0,
    ESCALATE_1,
    ESCALATE_2,
    HOLD,
    SUSPEND,
    THREATEN_0,
    THREATEN_1,
    changed_fields,
    finish_week,
    legal_options,
    make_info,
    make_params,
    make_state,
    make_truce,
    make_week,
    move,
)
from negotiation_abm.core import turn
from negotiation_abm.core.draws import AGENCY_BLOCK, pick, uniforms
from negotiation_abm.core.moves import MOVES, note_move
from negotiation_abm.core.terms import (
    MAX_LEVERS,
    NUM_OPTIONS,
    Event,
    Forum,
    Move,
    Phase,
    Stage,
    lever_of,
    move_of,
    num_options,
    option_of,
)
from negotiation_abm.core.transitions import agency_option, final_option, is_legal, scheduled_step
from negotiation_abm.core.turn import act_of_agency
from negotiation_abm.core.week import begin_turn

# ---------------------------------------------------------------------------
# Legality.

LEVER_CASES = [
    ("in the middle", 0.5, 0.0, 0.0, 1.0, {"ESCALATE", "THREATEN", "CONCEDE"}),
    ("at the floor", 0.25, 0.0, 0.25, 1.0, {"ESCALATE", "THREATEN"}),
    ("below the floor", 0.0, 0.0, 0.25, 1.0, {"ESCALATE", "THREATEN"}),
    ("at the cap", 0.8, 0.0, 0.25, 0.8, {"CONCEDE"}),
    ("full with what is loaded", 0.5, 0.3, 0.25, 0.8, {"CONCEDE"}),
    ("nearly full", 0.5, 0.299, 0.25, 0.8, {"ESCALATE", "THREATEN", "CONCEDE"}),
    ("floor is cap", 0.4, 0.0, 0.4, 0.4, set()),
]


@pytest.mark.parametrize(("name", "level", "loaded", "floor", "cap", "allowed"), LEVER_CASES)
def test_legal_moves_of_a_lever(name, level, loaded, floor, cap, allowed):
    params = make_params(floor=floor, cap=cap)
    state = make_state(params, in_force=[[level] * 2] * 2, loaded=[[loaded] * 2] * 2)
    moves = {"ESCALATE": ESCALATE_1, "THREATEN": THREATEN_1, "CONCEDE": CONCEDE_1}
    legal = {move for move, option in moves.items() if is_legal(state, params, 0, option)}
    assert legal == allowed, name


def test_hold_is_always_legal_and_a_lever_that_is_not_there_never():
    params = make_params(cap=0.0)
    state = make_truce(params, weeks_left=-1)
    assert legal_options(state, params, 0) == [HOLD]
    assert not is_legal(make_state(make_params()), make_params(), 0, ESCALATE_2)


def test_an_option_is_a_move_with_its_lever():
    options = range(num_options(MAX_LEVERS))
    pairs = [(move_of(option), lever_of(option)) for option in options]
    assert len(set(pairs)) == len(options) == NUM_OPTIONS == 20
    assert [option_of(*pair) for pair in pairs] == list(options)
    assert {move for move, lever in pairs if lever == -1} == {Move.HOLD, Move.SUSPEND}


THREAT_ON = {
    "lever 0 of player 1": [[0, 0], [0.2, 0]],
    "lever 1 of player 1": [[0, 0], [0, 0.2]],
}
OFFERS = [
    ("dispute", False, {}, True),
    ("dispute, own offer stands", False, {"offer": [2, 0]}, False),
    ("dispute, offer to answer", False, {"offer": [0, 2]}, True),
    ("truce, nothing to settle", True, {}, False),
    ("truce, 8 weeks left", True, {"weeks_left": 8}, True),
    ("truce, 9 weeks left", True, {"weeks_left": 9}, False),
    ("truce, last week", True, {"weeks_left": 0}, True),
    ("truce, last week, own offer stands", True, {"weeks_left": 0, "offer": [1, 0]}, False),
    ("truce without a date", True, {"weeks_left": -1}, False),
    ("truce, offer to answer", True, {"offer": [0, 1]}, True),
    ("truce, strain at the threshold", True, {"strain": 0.05}, False),
    ("truce, strain above it", True, {"strain": 0.06}, True),
    ("truce, threat on a covered lever", True, {"pending": THREAT_ON["lever 0 of player 1"]}, True),
    ("truce, threat elsewhere", True, {"pending": THREAT_ON["lever 1 of player 1"]}, False),
    (
        "truce, threat that a summit would cover",
        True,
        {"pending": THREAT_ON["lever 1 of player 1"], "forum": Forum.SUMMIT},
        True,
    ),
]


@pytest.mark.parametrize(("name", "in_truce", "fields", "allowed"), OFFERS)
def test_legal_offers(name, in_truce, fields, allowed):
    params = make_params()
    state = (make_truce if in_truce else make_state)(params, **fields)
    assert is_legal(state, params, 0, SUSPEND) == allowed, name


@pytest.mark.parametrize("player", [0, 1])
def test_a_hand_slips_below_its_noise_to_any_legal_option_alike(player):
    params = make_params(noise=[0.25, 0.25], cap=[[1.0, 0.0], [1.0, 0.0]])
    state = make_state(params, in_force=[[0.5, 0], [0.5, 0]])
    legal = [HOLD, SUSPEND, ESCALATE_0, THREATEN_0, CONCEDE_0]
    assert legal_options(state, params, player) == legal
    args = (state, params, make_week(), player, THREATEN_0)
    slips = [final_option(*args, u) for u in 0.25 * (np.arange(50) + 0.5) / 50]
    assert slips == [option for option in legal for _ in range(10)]
    assert {final_option(*args, u) for u in (0.25, 0.26, 0.99)} == {THREATEN_0}


@pytest.mark.parametrize(
    ("forced", "exchange", "made"),
    [
        ([1 + ESCALATE_0, 0], 0, ESCALATE_0),
        ([1 + ESCALATE_0, 0], 1, THREATEN_0),
        ([0, 1 + HOLD], 1, HOLD),
        ([1 + CONCEDE_0, 0], 0, THREATEN_0),  # nothing to concede: passed over
    ],
)
@pytest.mark.parametrize("player", [0, 1])
def test_a_move_of_the_calendar_takes_the_place_of_the_choice(player, forced, exchange, made):
    params = make_params()
    state = make_state(params, exchange=exchange)
    rows = [[0] * 8, [0] * 8]
    rows[player][:2] = forced
    week = make_week(forced=rows, has_forced=1)
    assert final_option(state, params, week, player, THREATEN_0, 0.5) == made
    assert final_option(state, params, week, 1 - player, THREATEN_0, 0.5) == THREATEN_0


# ---------------------------------------------------------------------------
# Effects.

TABLE = {
    "weight": [[1.0, 0.5], [0.8, 0.4]],
    "irreplaceability": [[0.5, 1.0], [1.0, 1.0]],
    "convexity": 2.0,  # potency: .25 and .5; .8 and .4
}


def effect(option, player=0, params=None, **fields):
    """Params, the state after a move, its info, and the fields that it changed."""
    params = params or make_params(**TABLE)
    state = make_state(params, **fields)
    before = copy.deepcopy(state)
    info = move(state, params, player, option)
    return state, info, changed_fields(before, state)


def test_hold_does_nothing():
    state, info, changed = effect(HOLD, last_option=[5, 5])
    assert changed == {"last_option"}
    assert list(state.last_option) == [0, 5]
    assert (info.event, info.severity, info.carried_out) == (Event.NONE, 0.0, 0)


def test_escalate_raises_pressure_anger_and_market_loss():
    state, info, changed = effect(ESCALATE_0, in_force=[[0.25, 0.5], [0, 0]], turn=7)
    assert changed == {
        *("in_force", "bite", "market_loss", "anger", "last_option"),
        *("last_escalation", "latest_escalation"),
    }
    assert state.in_force[0, 0] == pytest.approx(0.5)
    assert state.bite[0, 0] == pytest.approx(12 / 15)
    assert info.severity == pytest.approx(0.0625)  # .25 x .25
    assert list(state.market_loss) == pytest.approx([0.0625, 0])
    assert list(state.anger) == [0, 1]
    assert state.last_escalation[0, 0] == 7
    assert state.last_escalation[0, 1] == -10_000
    assert state.last_option[0] == ESCALATE_0


def test_escalate_is_cut_by_cap_and_loaded():
    params = make_params(**TABLE, cap=0.9)
    state, info, _ = effect(
        ESCALATE_0, params=params, in_force=[[0.5, 0], [0, 0]], loaded=[[0.3, 0], [0, 0]]
    )
    assert state.in_force[0, 0] == pytest.approx(0.6)
    assert info.severity == pytest.approx(0.1 * 0.25)


def test_concede_lowers_pressure_and_wins_goodwill():
    state, info, changed = effect(CONCEDE_0, in_force=[[0.75, 0], [0, 0]])
    assert changed == {"in_force", "bite", "goodwill", "last_option"}
    assert state.in_force[0, 0] == pytest.approx(0.5)
    assert state.bite[0, 0] == pytest.approx(12 / 15)
    assert list(state.goodwill) == [0, 1]
    assert info.severity == 0.0


def test_concede_stops_at_the_floor():
    state, _, _ = effect(
        CONCEDE_0, params=make_params(floor=0.4), in_force=[[0.5, 0.5], [0.5, 0.5]]
    )
    assert state.in_force[0, 0] == pytest.approx(0.4)


def test_threaten_announces_and_frightens_markets():
    params = make_params(**TABLE)
    state = make_state(params)
    before = copy.deepcopy(state)
    info = move(state, params, 1, THREATEN_0, lead=3)
    assert changed_fields(before, state) == {
        *("pending", "num_pending", "pending_weeks", "pending_lead"),
        *("market_loss", "anger", "last_option"),
    }
    assert (state.pending[1, 0], state.pending_weeks[1, 0], state.pending_lead[1, 0]) == (
        0.25,
        3,
        3,
    )
    assert list(state.market_loss) == pytest.approx([0, 0.2])  # .25 x .8
    assert list(state.anger) == [0.5, 0]
    assert info.severity == 0.0


def test_offer_stands_for_three_weeks():
    params = make_params()
    state, _, changed = effect(SUSPEND, params=params)
    assert changed == {"offer", "last_option"}
    stands = []
    for _ in range(4):
        stands.append((int(state.offer[0]), is_legal(state, params, 0, SUSPEND)))
        finish_week(state, params)
    assert stands == [(3, False), (2, False), (1, False), (0, True)]


@pytest.mark.parametrize(
    ("option", "own", "other", "expected"),
    [
        (ESCALATE_0, 2.0, 0.5, (1.0, 1.5)),
        (ESCALATE_0, 0.4, 0.5, (0.0, 1.5)),
        (THREATEN_0, 2.0, 0.5, (1.5, 1.0)),
        (THREATEN_0, 0.2, 0.0, (0.0, 0.5)),
        (CONCEDE_0, 2.0, 0.5, (2.0, 0.5)),
        (HOLD, 2.0, 0.5, (2.0, 0.5)),
    ],
)
def test_own_anger_is_answered_one_for_one(option, own, other, expected):
    state, _, _ = effect(option, in_force=[[0.5, 0.5], [0.5, 0.5]], anger=[own, other])
    assert tuple(state.anger) == pytest.approx(expected)


def test_escalations_that_answer_each_other_leave_one_side_angry():
    params = make_params()
    state = make_state(params)
    for player in (0, 1, 0, 1, 0):
        move(state, params, player, ESCALATE_0, step=0.01)
    assert list(state.anger) == [0, 1]


@pytest.mark.parametrize(
    ("option", "pending", "multiple", "step"),
    [
        (HOLD, 0.0, 2.0, 0.0),
        (SUSPEND, 0.0, 2.0, 0.0),
        (ESCALATE_0, 0.0, 2.0, 0.5),
        (ESCALATE_0, 0.3, 2.0, 0.3),
        (THREATEN_0, 0.3, 2.0, 0.5),
        (CONCEDE_0, 0.3, 2.0, 0.25),
    ],
)
def test_size_of_a_move(option, pending, multiple, step):
    params = make_params()
    state = make_state(params, pending=[[pending, 0], [0, 0]])
    assert scheduled_step(state, params, 0, option, multiple) == step


# ---------------------------------------------------------------------------
# Threats.


def test_threat_counts_down_and_lapses_after_its_last_week():
    params = make_params()
    state = make_state(params)
    move(state, params, 0, THREATEN_0, lead=2)
    seen = []
    for _ in range(4):
        seen.append((float(state.pending[0, 0]), int(state.pending_weeks[0, 0])))
        finish_week(state, params)
    assert seen == [(0.25, 2), (0.25, 1), (0.25, 0), (0.0, 0)]
    assert np.all(state.in_force == 0.0)  # it does not fire by itself


def test_threat_is_carried_out_at_its_own_size():
    params = make_params()
    state = make_state(params)
    move(state, params, 0, THREATEN_0, step=0.4, lead=1)
    finish_week(state, params)
    step = scheduled_step(state, params, 0, ESCALATE_0, 2.0)
    info = move(state, params, 0, ESCALATE_0, step=step)
    assert info.carried_out == 1
    assert state.in_force[0, 0] == pytest.approx(0.4)
    assert state.pending[0, 0] == 0.0


def test_escalation_without_a_threat_carries_nothing_out():
    _, info, _ = effect(ESCALATE_0, pending=[[0, 0.3], [0, 0]])
    assert info.carried_out == 0


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ((0.2, 5), (0.3, 2), (0.3, 2, 2)),
        ((0.3, 5), (0.2, 2), (0.3, 2, 2)),
        ((0.2, 2), (0.3, 5), (0.3, 2, 2)),
        ((0.3, 2), (0.2, 5), (0.3, 2, 2)),
    ],
)
def test_further_threat_keeps_larger_size_and_nearer_date(first, second, kept):
    params = make_params()
    state = make_state(params)
    for step, lead in (first, second):
        move(state, params, 0, THREATEN_0, step=step, lead=lead)
    assert (state.pending[0, 0], state.pending_weeks[0, 0], state.pending_lead[0, 0]) == kept


def test_threat_that_is_repeated_keeps_the_lead_of_its_date():
    params = make_params()
    state = make_state(params)
    move(state, params, 0, THREATEN_0, lead=3)
    finish_week(state, params)
    finish_week(state, params)
    move(state, params, 0, THREATEN_0, lead=13)
    assert (state.pending_weeks[0, 0], state.pending_lead[0, 0]) == (1, 3)


def test_threat_is_no_larger_than_the_room():
    params = make_params(cap=0.6)
    state = make_state(params, in_force=[[0.5, 0], [0, 0]])
    move(state, params, 0, THREATEN_0, step=0.25)
    assert state.pending[0, 0] == pytest.approx(0.1)


# ---------------------------------------------------------------------------
# Moves taken down.


def noted(state, params, player, option, **words):
    """The row of a move, by name, without what it leaves at 0."""
    before = copy.deepcopy(state)
    info = move(state, params, player, option, **words)
    rows = np.zeros(3, MOVES).view(np.recarray)
    assert note_move(rows, 1, state, params, info, before) == (2 if option != HOLD else 1)
    assert not any(rows[place].tobytes().strip(b"\0") for place in (0, 2))
    row = {name: np.array(rows[1][name]).tolist() for name in MOVES.names}
    return {name: value for name, value in row.items() if value not in (0, [0, 0])}


def test_hold_is_not_taken_down():
    assert noted(make_state(make_params(), turn=4), make_params(), 0, HOLD) == {}


def test_a_move_is_taken_down_with_what_stood_before_it():
    params = make_params()
    state = make_truce(params, turn=4, in_force=0.5)
    usual = {"turn": 4, "in_truce": 1, "weeks_left": 20}
    threat = {"player": 1, "move": Move.THREATEN, "lever": 1, "lead": 3}
    assert noted(state, params, 1, THREATEN_1, lead=3) == usual | threat
    carried = {"player": 1, "move": Move.ESCALATE, "lever": 1, "lead": 3, "carried_out": 1}
    assert noted(state, params, 1, ESCALATE_1) == usual | carried | {"severity": 0.25}
    concession = {"move": Move.CONCEDE, "covered": 1, "lead": -1}
    assert noted(state, params, 0, CONCEDE_0) == usual | concession
    breach = {"move": Move.ESCALATE, "severity": 0.25, "covered": 1, "lead": -1}
    assert noted(state, params, 0, ESCALATE_0) == usual | breach | {"event": Event.ENDED}


@pytest.mark.parametrize(("threat", "blow"), [(THREATEN_0, ESCALATE_0), (THREATEN_1, ESCALATE_1)])
def test_a_blow_is_taken_down_with_the_lead_of_the_threat_on_its_lever(threat, blow):
    params = make_params()
    state = make_state(params)
    assert noted(state, params, 0, threat, lead=7)["lead"] == 7
    assert noted(state, params, 0, ESCALATE_0 + ESCALATE_1 - blow)["lead"] == -1
    assert noted(state, params, 0, blow)["lead"] == 7


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"phase": Phase.DISPUTE, "covered": 0, "weeks_left": -1}, Event.BEGUN),
        ({"weeks_left": 8, "covered": 0}, Event.RENEWED),
        ({"weeks_left": 9, "covered": 0}, Event.REPAIRED),
    ],
)
def test_an_agreement_is_taken_down_with_the_levers_that_it_eased(fields, event):
    params = make_params(suspended_share=0.5)
    levels = {"in_force": [[0.5, 0.5], [0.5, 0]], "offer": [0, 2], "forum": Forum.SUMMIT}
    state = make_truce(params, **levels, **fields)
    row = noted(state, params, 0, SUSPEND)
    assert (row["move"], row["lever"], row["lead"]) == (Move.SUSPEND, -1, -1)
    assert (row["event"], row["eased"]) == (event, [2, 1])
    assert row.get("in_truce", 0) == (event != Event.BEGUN)
    assert "eased" not in noted(state, params, 1, SUSPEND)  # an offer alone


# ---------------------------------------------------------------------------
# Beginning and end of a week.


def test_outside_event_sets_a_lever_and_clears_what_is_loaded():
    params = make_params()
    state = make_state(params, in_force=[[0.25, 0.5], [0, 0]], loaded=[[0.25, 0.1], [0, 0]])
    shock = np.full((2, 6), np.nan)
    shock[0, 0] = 0.75
    begin_turn(state, params, make_week(has_shock=1, shock=shock), 0.999)
    assert list(state.in_force[0, :2]) == [0.75, 0.5]
    assert list(state.loaded[0, :2]) == [0.0, 0.1]
    assert state.bite[0, 0] == pytest.approx(14 / 15)


@pytest.mark.parametrize(
    ("scheduled", "u", "forum"),
    [
        (Forum.NONE, 0.2499, Forum.ROUND),
        (Forum.NONE, 0.2501, Forum.NONE),
        (Forum.ROUND, 0.9999, Forum.ROUND),
        (Forum.SUMMIT, 0.0001, Forum.SUMMIT),
    ],
)
def test_meeting_of_the_week(scheduled, u, forum):
    params = make_params(round_base=-math.log(3))  # probability 1/4
    state = make_state(params, forum=Forum.SUMMIT, exchange=3)
    begin_turn(state, params, make_week(forum=scheduled), u)
    assert (state.forum, state.exchange) == (forum, 0)


@pytest.mark.parametrize("is_new", [False, True])
def test_levers_are_looked_at_anew_in_a_week_of_new_salience(is_new):
    params = make_params()
    state = make_state(params, is_ready=1, are_summed=1, latest_escalation=-100)
    begin_turn(state, params, make_week(new_salience=int(is_new)), 0.999)
    assert (state.is_ready == int(not is_new)).all()
    assert (state.are_summed == int(not is_new)).all()


AGENCIES = {"agency_lever": [[0, 1], [1, 1]]}


@pytest.mark.parametrize(
    ("player", "fields", "u", "option"),
    [
        (0, {}, 0.99, ESCALATE_1),
        (0, {"covered": [[0, 1], [0, 0]]}, 0.5, 0),
        (0, {"in_force": [[0, 1.0], [0, 0]]}, 0.5, 0),
        (0, {"in_force": [[0, 0.6], [0, 0]], "loaded": [[0, 0.4], [0, 0]]}, 0.5, 0),
        (1, {}, 0.49, ESCALATE_0),
        (1, {}, 0.51, ESCALATE_1),
        (1, {"covered": [[0, 0], [1, 0]]}, 0.01, ESCALATE_1),
    ],
)
def test_agency_takes_an_open_uncovered_lever(player, fields, u, option):
    params = make_params(**AGENCIES)
    assert agency_option(make_state(params, **fields), params, player, u) == option


@pytest.mark.parametrize("player", [0, 1])
@pytest.mark.parametrize(("draw", "acts"), [(0.2499, True), (0.25, False), (0.9, False)])
def test_an_agency_acts_where_its_draw_is_below_its_rate(player, draw, acts):
    params = make_params(agency_lever=1, agency_rate=[0.25, 0.25])
    draws = [draw, 0.0] if player == 0 else [0.0, draw]
    state = make_state(params, agency_draw=draws, place=player, stage=Stage.AGENCIES)
    info = make_info()
    act_of_agency(state, params, 1, 0, info)
    assert (info.option != HOLD) == acts == bool(state.in_force.any())
    assert (state.place, state.stage) == ((1, Stage.AGENCIES) if player == 0 else (0, Stage.MOVES))


@pytest.mark.parametrize("player", [0, 1])
def test_each_agency_has_two_draws_for_its_lever_and_its_size(player):
    params = make_params(agency_lever=1, agency_rate=1.0)
    met = set()
    for week in range(60):
        state, info = make_state(params, place=player, turn=week), make_info()
        act_of_agency(state, params, 7, 3, info)
        u_lever, u_size = uniforms(7, 3, week, AGENCY_BLOCK)[2 * player : 2 * player + 2]
        multiple = pick(params.step_multiple, params.step_probability, u_size)
        assert info.option == (ESCALATE_0 if u_lever < 0.5 else ESCALATE_1)
        assert info.step == 0.25 * multiple
        met.add((info.option, info.step))
    assert len(met) == 6


@pytest.mark.parametrize(
    ("draws", "first", "stage"),
    [
        ((0.49, 0.5, 0.3, 0.3), 0, Stage.MOVES),
        ((0.51, 0.5, 0.3, 0.3), 1, Stage.MOVES),
        ((0.5, 0.5, 0.1, 0.3), 1, Stage.AGENCIES),
        ((0.49, 0.5, 0.3, 0.1), 0, Stage.AGENCIES),
        ((0.49, 0.5, 0.2, 0.3), 0, Stage.MOVES),
    ],
)
def test_the_draws_of_a_week_say_who_is_first_and_whether_agencies_come(
    monkeypatch, draws, first, stage
):
    monkeypatch.setattr(turn, "uniforms", lambda *counter: draws)
    params = make_params(agency_rate=[0.2, 0.3], round_base=-100.0)
    state = make_state(params, place=1, moved=1)
    turn.begin_week(state, params, make_week(), 1, 0)
    assert (state.first, state.stage, state.place, state.moved) == (first, stage, 0, 0)
    if stage == Stage.AGENCIES:
        assert list(state.agency_draw) == list(draws[2:])


def exchanges(moves, room, awaited=()):
    """Exchange and mover of each decision of a week, of which those numbered are moves."""
    params = make_params(exchanges_per_turn=room)
    state = make_state(params, first=1, stage=Stage.MOVES)
    seen = []
    while state.stage == Stage.MOVES:
        seen.append((int(state.exchange), turn.mover(state)))
        number = len(seen) - 1
        turn.pass_on(state, params, number in moves, number in awaited)
    assert state.stage == Stage.AFTER
    return seen


ONE, TWO, THREE = ([(number, 1), (number, 0)] for number in range(3))


@pytest.mark.parametrize(
    ("moves", "room", "awaited", "seen"),
    [
        ((), 3, (), ONE),  # nobody moved
        ((0,), 3, (), ONE + TWO),
        ((1,), 3, (), ONE + TWO),
        ((0, 1), 1, (), ONE),  # no room for more
        ((0, 1, 2, 3, 4, 5), 3, (), ONE + TWO + THREE),
        ((1, 4), 3, (), ONE + TWO),  # nobody moved in the second
        ((), 1, (1, 3), ONE + TWO + THREE),  # a record that goes on
    ],
)
def test_a_further_exchange_follows_a_move_while_there_is_room(moves, room, awaited, seen):
    assert exchanges(moves, room, awaited) == seen


def test_memories_fade_by_their_own_rates():
    params = make_params(anger_memory=0.7, goodwill_memory=0.6, market_memory=0.5)
    state = make_state(params, anger=[1.0, 2.0], goodwill=[1.0, 2.0], market_loss=[0.4, 0.2])
    finish_week(state, params)
    assert list(state.anger) == pytest.approx([0.7, 1.4])
    assert list(state.goodwill) == pytest.approx([0.6, 1.2])
    assert list(state.market_loss) == pytest.approx([0.2, 0.1])
    assert state.turn == 1


def test_felt_pain_is_a_leaky_mean_of_relievable_pain():
    params = make_params(felt_memory=0.6, floor=[[0, 0], [0.25, 0]])
    state = make_state(params, in_force=[[0.25, 0], [0.5, 0]], felt=[0.5, 0.0])
    finish_week(state, params, make_week(salience=[[1, 1], [1.5, 1]]))
    # .6 x .5 + .4 x 1.5 x (12 - 8)/15, and .4 x 8/15
    assert list(state.felt) == pytest.approx([0.46, 0.4 * 8 / 15])


def test_use_erodes_irreplaceability_and_potency_every_quarter():
    params = make_params(erosion=0.1, convexity=2.0, weight=0.5, irreplaceability=0.8)
    state = make_state(params, in_force=[[0.5, 0], [0, 0]])
    for _ in range(12):
        finish_week(state, params)
    assert state.irreplaceability[0, 0] == 0.8
    move(state, params, 0, ESCALATE_0, step=0.5)
    finish_week(state, params)
    # used 12 x .5 + 1: .8 x exp(-.1 x 7) = .39727
    assert state.irreplaceability[0, :2] == pytest.approx([0.39727, 0.8], abs=1e-5)
    assert state.potency[0, :2] == pytest.approx([0.5 * 0.15782, 0.32], abs=1e-5)
    for _ in range(13):
        finish_week(state, params)
    assert state.irreplaceability[0, 0] == pytest.approx(0.8 * math.exp(-2.0))  # 1.3 more


def test_end_of_a_quiet_week_in_a_dispute_changes_the_turn_alone():
    params = make_params()
    state = make_state(params, phase=Phase.DISPUTE)
    before = copy.deepcopy(state)
    info = finish_week(state, params)
    assert changed_fields(before, state) == {"turn"}
    assert info.event == Event.NONE
