"""One conformance suite for every registered strategy; score sheets for each of them."""

import copy
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cli_helpers import ROOT
from helpers import (
    CONCEDE_0,
    CONCEDE_1,
    ESCALATE_0,
    ESCALATE_1,
    ESCALATE_2,
    HOLD,
    MEMORY,
    SUSPEND,
    THREATEN_0,
    THREATEN_1,
    changed_fields,
    foreign_scenario,
    make_game,
    make_params,
    make_state,
    make_truce,
    make_week,
    move,
    random_states,
)
from negotiation_abm import build_game, load_record, load_scenario
from negotiation_abm import strategies as package
from negotiation_abm.calibration.choices import START, previous_types, types_of
from negotiation_abm.calibration.features import collect
from negotiation_abm.core.draws import uniforms
from negotiation_abm.core.levers import touch_all
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import LONG_AGO, NUM_OPTIONS, move_of
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.scenario.parameters import load_parameter_set
from negotiation_abm.strategies import code_of, is_plain, strategies
from negotiation_abm.strategies._lookahead import foreseen, new_info, new_twin
from negotiation_abm.strategies._odds import SHARP, limited_exp, option_weights
from negotiation_abm.strategies.logit import draw_option

NAMES = list(strategies())
PAGE = (ROOT / "docs/strategies.md").read_text(encoding="utf-8")


def choose(name, state, params, week=None, player=0, u=0.5):
    return strategies()[name](state, params, week or make_week(), player, u, np.empty(NUM_OPTIONS))


# ---------------------------------------------------------------------------
# Conformance.


@pytest.fixture(scope="module")
def game(tmp_path_factory):
    return make_game(tmp_path_factory.mktemp("game"), foreign_scenario())


@pytest.fixture(scope="module")
def situations(game):
    """States of random play with a uniform each, from three runs of 60 weeks."""
    rng = np.random.default_rng(0)
    return [
        (state, week, player, rng.random())
        for seed in range(3)
        for state, week in random_states(game, seed, weeks=60)
        for player in range(2)
    ]


def thinned(name, situations, every):
    """Fewer situations for strategies that think ahead, which is slow in Python."""
    return situations[:: every * (12 if name.startswith("foresight") else 1)]


def test_every_file_of_the_folder_is_a_strategy():
    files = {path.stem for path in Path(package.__file__).parent.glob("[!_]*.py")}
    assert sorted(files) == NAMES
    assert [code_of(name) for name in NAMES] == list(range(len(NAMES)))


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_look_ahead_is_compiled_into_the_faster_loop(name):
    """Of those that the page tells of; who adds one may leave it to the other loop."""
    if f"`{name}`" in PAGE:
        assert is_plain(name) != name.startswith("foresight")


def test_the_page_tells_of_every_shipped_strategy():
    assert len([name for name in NAMES if f"`{name}`" in PAGE]) >= 13


@pytest.mark.parametrize("name", NAMES)
def test_choice_is_legal(name, game, situations):
    params = as_object(game.params[0])
    for state, week, player, u in thinned(name, situations, 1):
        option = choose(name, state, params, week, player, u)
        assert is_legal(state, params, player, option)


@pytest.mark.parametrize("name", NAMES)
def test_choice_is_a_function_of_its_arguments(name, game, situations):
    params = as_object(game.params[0])
    for state, week, player, u in thinned(name, situations, 3):
        twin = copy.deepcopy(state)
        first = choose(name, state, params, week, player, u)
        again = choose(name, state, params, week, player, u)
        assert first == again == choose(name, twin, params, week, player, u)


@pytest.mark.parametrize("name", NAMES)
def test_choice_changes_nothing_in_the_game(name, game, situations):
    params = as_object(game.params[0])
    parameters = copy.deepcopy(params)
    for state, week, player, u in thinned(name, situations, 3):
        before, week_before = copy.deepcopy(state), copy.deepcopy(week)
        choose(name, state, params, week, player, u)
        assert changed_fields(before, state) == set()
        assert changed_fields(week_before, week) == set()
    assert changed_fields(parameters, params) == set()


@pytest.mark.parametrize("name", NAMES)
def test_choice_does_not_depend_on_what_was_asked_before(name, game, situations):
    """The quantal response remembers its arithmetic in the state; that must not show."""
    params = as_object(game.params[0])
    for state, week, player, u in thinned(name, situations, 3):
        fresh = copy.deepcopy(state)
        fresh.odds[:] = -1.0
        touch_all(fresh)
        asked = copy.deepcopy(state)
        for other in (1 - player, player):
            choose(name, asked, params, week, other, 1.0 - u)
        expected = choose(name, fresh, params, week, player, u)
        assert choose(name, asked, params, week, player, u) == expected


def weights_of(state, params):
    weights = np.empty(NUM_OPTIONS)
    count, _ = option_weights(state, params, make_week(), 0, weights)
    return weights[:count].tolist()


THREAT = {"pending": [[0.25, 0], [0, 0]], "pending_lead": 0}  # announced for the same week


@pytest.mark.parametrize(
    ("start", "change"),
    [
        (THREAT, {"in_force": [[0.75, 0], [0, 0]]}),
        (THREAT, {"in_force": 0.0}),
        (THREAT, {"loaded": [[0.4, 0], [0, 0]]}),
        (THREAT, {"pending": 0.0}),
        (THREAT, {"pending_weeks": [[2, 0], [0, 0]]}),
        (THREAT, {"pending_lead": [[1, 0], [0, 0]]}),
        (THREAT, {"irreplaceability": 0.5}),
        ({}, THREAT),
        ({}, THREAT | {"pending_weeks": [[2, 0], [0, 0]]}),
        (THREAT | {"pending_weeks": [[2, 0], [0, 0]]}, {"pending_weeks": [[-1, 0], [0, 0]]}),
    ],
)
def test_quantal_response_notices_every_change_of_a_lever_that_is_touched(start, change):
    terms = {"flow_weight": 10.0, "relative_gains": 0.5, "market": 0.2, "blowback": 0.5}
    params = make_params(follow=1.5, hold_fire=0.5, cap=0.9, **terms)
    start = {"in_force": [[0.5, 0], [0, 0]]} | start
    asked = make_state(params, **start)
    before = weights_of(asked, params)
    after = weights_of(make_state(params, **start | change), params)
    assert before != after
    remembering = make_state(params, **start | change)
    vars(remembering).update({name: getattr(asked, name) for name in MEMORY})
    assert weights_of(remembering, params) == before  # rules that change a lever touch it
    touch_all(remembering)
    assert weights_of(remembering, params) == after


# ---------------------------------------------------------------------------
# Score sheets: what player 0 answers to each move of player 1, with both carried out.

# Player 0 has domains 0, 1; player 1 has 1, 0, 2. All but lever 1 of player 0 may be conceded.
DOMAINS = {
    "num_levers": [2, 3],
    "domain": [[0, 1, 0], [1, 0, 2]],
    "floor": [[0, 0.5, 0], [0, 0, 0]],
}
LEVELS = {"in_force": [[0.25, 0.5, 0], [0.25, 0.25, 0.25]]}
CONCEDE_2 = 10


def answers(name, moves, **fields):
    params = make_params(**DOMAINS)
    state = make_state(params, **LEVELS | fields)
    sheet = []
    for option in moves:
        if option is not None:
            move(state, params, 1, option)
        answer = choose(name, state, params)
        move(state, params, 0, answer)
        sheet.append(answer)
    return sheet


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([None, HOLD], [HOLD, HOLD]),
        ([ESCALATE_0], [ESCALATE_1]),  # same domain
        ([ESCALATE_1], [ESCALATE_0]),
        ([ESCALATE_2], [ESCALATE_0]),  # no lever there: the first that is legal
        ([THREATEN_0, THREATEN_1], [THREATEN_1, THREATEN_0]),
        ([CONCEDE_1, CONCEDE_1], [CONCEDE_0, HOLD]),  # the second time at its floor
        ([CONCEDE_0], [CONCEDE_0]),  # own lever of that domain is at its floor
        ([CONCEDE_2], [CONCEDE_0]),
        ([SUSPEND, HOLD], [SUSPEND, HOLD]),
        ([ESCALATE_1, HOLD, THREATEN_1, HOLD], [ESCALATE_0, HOLD, THREATEN_0, HOLD]),
    ],
)
def test_tit_for_tat_answers_in_kind(moves, expected):
    assert answers("tit_for_tat", moves) == expected


def test_tit_for_tat_moves_to_another_lever_when_the_first_is_full():
    levels = {"in_force": [[1.0, 0.5, 0], [0, 0, 0]]}
    assert answers("tit_for_tat", [ESCALATE_1], **levels) == [ESCALATE_1]


def test_tit_for_tat_takes_the_lever_that_is_listed_first():
    params = make_params(domain=[[1, 1], [1, 0]])
    state = make_state(params, last_option=[0, ESCALATE_0])
    assert choose("tit_for_tat", state, params) == ESCALATE_0


def test_tit_for_tat_does_not_repeat_an_offer_that_stands():
    assert answers("tit_for_tat", [SUSPEND], offer=[2, 0]) == [HOLD]


def test_tit_for_tat_works_for_the_other_side_too():
    params = make_params(**DOMAINS)
    state = make_state(params, last_option=[ESCALATE_0, 0], **LEVELS)
    assert choose("tit_for_tat", state, params, player=1) == ESCALATE_1


@pytest.mark.parametrize("moves", [[ESCALATE_0] * 3, [SUSPEND, CONCEDE_0, THREATEN_1]])
def test_hold_never_moves(moves):
    assert answers("hold", moves) == [HOLD] * 3


@pytest.mark.parametrize(
    ("script", "exchange", "expected"),
    [
        ([], 0, HOLD),
        ([ESCALATE_1], 0, ESCALATE_1),
        ([ESCALATE_1], 1, HOLD),
        ([HOLD, SUSPEND], 1, SUSPEND),
        ([ESCALATE_2], 0, HOLD),  # a lever that player 0 does not have
        ([CONCEDE_0], 0, HOLD),  # at its floor: passed over
        ([CONCEDE_1], 0, CONCEDE_1),
    ],
)
def test_scripted_plays_what_is_written(script, exchange, expected):
    params = make_params()
    state = make_state(params, in_force=[[0, 0.5], [0, 0]], exchange=exchange)
    week = make_week(script=[script + [-1] * (8 - len(script)), [ESCALATE_0] * 8])
    assert choose("scripted", state, params, week) == expected


@pytest.mark.parametrize(
    ("name", "moves", "expected"),
    [
        ("always_escalate", [HOLD, SUSPEND, CONCEDE_0], [ESCALATE_0] * 3),
        ("always_escalate", [HOLD] * 8, [ESCALATE_0] * 3 + [ESCALATE_1] * 2 + [HOLD] * 3),
        ("dove", [HOLD, HOLD, HOLD], [SUSPEND, CONCEDE_0, HOLD]),  # the other is at its floor
        ("dove", [ESCALATE_0], [SUSPEND]),
        ("grim", [HOLD, HOLD], [SUSPEND, HOLD]),
        ("grim", [SUSPEND, HOLD, HOLD], [SUSPEND, HOLD, HOLD]),
        ("grim", [HOLD, ESCALATE_2, HOLD, HOLD], [SUSPEND, ESCALATE_0, ESCALATE_0, ESCALATE_0]),
        ("grit", [HOLD, ESCALATE_1, HOLD], [HOLD, ESCALATE_0, HOLD]),  # firm once
        ("grit", [CONCEDE_1, CONCEDE_1], [SUSPEND, CONCEDE_0]),
        ("grit", [THREATEN_0], [HOLD]),
        ("brinkman", [ESCALATE_0, CONCEDE_0], [HOLD, HOLD]),
        ("brinkman", [SUSPEND, HOLD], [SUSPEND, HOLD]),
    ],
)
def test_score_sheet(name, moves, expected):
    assert answers(name, moves) == expected


def test_grit_steps_back_of_its_own_accord_at_its_pace():
    params = make_params(**DOMAINS, grit_pace=0.25)
    state = make_state(params, **LEVELS)
    assert choose("grit", state, params, u=0.24) == SUSPEND
    assert choose("grit", state, params, u=0.26) == HOLD
    state.exchange = 1
    assert choose("grit", state, params, u=0.24) == HOLD


@pytest.mark.parametrize("blow", [ESCALATE_1, THREATEN_1])
def test_generous_tit_for_tat_lets_some_blows_pass(blow):
    params = make_params(**DOMAINS, generosity=1 / 3)
    state = make_state(params, last_option=[0, blow], **LEVELS)
    assert choose("generous_tit_for_tat", state, params, u=0.33) == HOLD
    answer = choose("tit_for_tat", state, params)
    assert choose("generous_tit_for_tat", state, params, u=0.34) == answer != HOLD


@pytest.mark.parametrize("kindness", [CONCEDE_1, SUSPEND])
def test_generous_tit_for_tat_returns_every_kindness(kindness):
    params = make_params(**DOMAINS, generosity=1.0)
    state = make_state(params, last_option=[0, kindness], **LEVELS)
    assert choose("generous_tit_for_tat", state, params) == choose("tit_for_tat", state, params)


@pytest.mark.parametrize(
    ("fields", "weeks", "expected"),
    [
        ({"weeks_left": 5}, {}, THREATEN_0),  # pressure before the date
        ({"weeks_left": 7}, {}, HOLD),  # too early
        ({"weeks_left": -1}, {"weeks_to_summit": 3}, THREATEN_0),
        ({"weeks_left": 5, "pending": [[0.1, 0], [0, 0]]}, {}, THREATEN_1),
        ({"weeks_left": 5, "pending": 0.1}, {}, ESCALATE_1),  # the first is covered
        ({"weeks_left": 1}, {}, SUSPEND),  # time to sign
        ({"weeks_left": 5, "forum": 1}, {}, SUSPEND),
        ({"weeks_left": 5, "offer": [0, 2]}, {}, SUSPEND),
        ({"weeks_left": 5, "exchange": 1}, {}, HOLD),  # one move a week
    ],
)
def test_brinkman_raises_before_a_date_and_signs_on_it(fields, weeks, expected):
    params = make_params(**DOMAINS, brinkmanship_weeks=6)
    state = make_truce(params, **LEVELS | {"covered": [[1, 0], [1, 0]]} | fields)
    assert choose("brinkman", state, params, make_week(**weeks)) == expected


def test_markov_draws_by_the_row_of_the_opponents_last_move():
    chain = np.full((5, 5), 0.2)
    chain[3] = [0.5, 0.0, 0.25, 0.25, 0.0]  # after a threat
    params = make_params(**DOMAINS, markov_chain=chain)
    state = make_state(params, last_option=[0, THREATEN_1], **LEVELS)
    chosen = [choose("markov", state, params, u=u) for u in (np.arange(800) + 0.5) / 800]
    counts = np.bincount(chosen, minlength=8) / 800
    assert counts == pytest.approx([0.5, 0, 0.125, 0.125, 0, 0.125, 0.125, 0])


def test_shipped_chain_is_that_of_the_record():
    data = collect(build_game(load_scenario("baseline_2025")), load_record("record_2025"))
    other, _ = previous_types(data)
    counts = np.full((5, 5), 0.5)
    np.add.at(counts, (np.where(other == START, 0, other), types_of(data)), 1.0)
    expected = counts / counts.sum(axis=1, keepdims=True)
    chain = load_parameter_set("start_2025").values["markov_chain"]
    np.testing.assert_allclose(list(chain.values()), expected, rtol=0, atol=1e-4)


# ---------------------------------------------------------------------------
# Foresight.


@pytest.mark.parametrize("name", ["foresight_1", "foresight_2"])
def test_foresight_without_weight_is_the_quantal_response(name, game, situations):
    params = as_object(game.params[0])
    params.foresight = 0.0
    for state, week, player, u in situations[::7]:
        expected = choose("logit", state, params, week, player, u)
        assert choose(name, state, params, week, player, u) == expected


def test_foresight_weighs_the_answer_that_it_expects():
    """An offer that will be accepted takes half of the opponent's pressure off."""
    terms = {"acceptance": 50.0, "suspended_share": 0.5, "flow_weight": 1.0, "foresight": 1.0}
    params = make_params(num_levers=1, **terms, foresight_least=0.01, audience_cost=50.0)
    state = make_state(params, in_force=[[0, 0], [0.5, 0]], offer=[0, 0], anger=-50.0)
    state.last_option[:] = 0
    twins, infos = (new_twin(), new_twin(), new_twin()), new_info()
    params.reciprocity = 1.0  # nothing but HOLD and SUSPEND is thinkable
    ahead = [
        foreseen(state, params, make_week(), 0, option, 0, twins, infos)
        for option in (HOLD, SUSPEND)
    ]
    # h(1/2) = 12/15 and h(1/4) = 8/15; after SUSPEND the offer is taken up for sure
    assert ahead == pytest.approx([0.0, 4 / 15], abs=1e-6)
    weights = np.empty(NUM_OPTIONS)
    option_weights(state, params, make_week(), 0, weights)
    border = weights[0] / (weights[0] + weights[1] * math.exp(4 / 15))
    assert choose("foresight_1", state, params, u=border - 1e-6) == HOLD
    assert choose("foresight_1", state, params, u=border + 1e-6) == SUSPEND


def test_two_moves_ahead_take_in_the_own_reply():
    """With the opponent's offer on the table, the own acceptance is foreseen after HOLD."""
    terms = {"acceptance": 50.0, "suspended_share": 0.5, "flow_weight": 1.0, "reciprocity": 1.0}
    params = make_params(num_levers=1, **terms, foresight_least=0.01, audience_cost=50.0)
    state = make_state(params, in_force=[[0, 0], [0.5, 0]], offer=[0, 2], anger=-50.0)
    twins, infos = (new_twin(), new_twin(), new_twin()), new_info()
    for deep, expected in ((0, 0.0), (1, 4 / 15)):
        ahead = foreseen(state, params, make_week(), 0, HOLD, deep, twins, infos)
        assert ahead == pytest.approx(expected, abs=1e-6)


# ---------------------------------------------------------------------------
# Quantal response: options come as often as their probabilities say.


@pytest.fixture(scope="module")
def choice():
    """Weights HOLD 1, SUSPEND 1/2, ESCALATE 3 and THREATEN 2 on both levers: 23 halves in all."""
    params = make_params(
        initiative=[math.log(3), 0],
        threat_initiative=[math.log(2), 0],
        offer_cost=[math.log(2), 0],
    )
    state = make_state(params, last_escalation=LONG_AGO)
    return params, state, np.array([2, 1, 6, 4, 0, 6, 4, 0]) / 23


def test_probabilities_of_the_quantal_response(choice):
    params, state, expected = choice
    weights = np.empty(NUM_OPTIONS)
    count, total = option_weights(state, params, make_week(), 0, weights)
    assert weights[:count] / total == pytest.approx(expected)


def test_quantal_response_inverts_its_cumulative_weights(choice):
    params, state, expected = choice
    grid = (np.arange(2300) + 0.5) / 2300
    chosen = [choose("logit", state, params, u=u) for u in grid]
    counts = np.bincount(chosen, minlength=8)
    assert counts == pytest.approx(2300 * expected, abs=1)
    order = [2, 5, 3, 6, 0, 4, 7, 1]  # ESCALATE, THREATEN, HOLD, CONCEDE, SUSPEND
    places = [order.index(option) for option in chosen]
    assert places == sorted(places)


def test_quantal_response_draws_by_the_weights_of_the_options(game, situations):
    """It adds up kinds of moves first, and looks at levers only where it has to."""
    params, met = as_object(game.params[0]), set()
    assert params.precision < SHARP
    for state, week, player, _ in situations[::9]:
        weights = np.empty(NUM_OPTIONS)
        count, total = option_weights(state, params, week, player, weights)
        for u in (np.arange(40) + 0.5) / 40:
            chosen = choose("logit", state, params, week, player, u)
            assert chosen == draw_option(weights, count, u * total)
            met.add(move_of(chosen))
    assert len(met) == 5


def test_quantal_response_with_drawn_uniforms(choice):
    params, state, expected = choice
    chosen = [choose("logit", state, params, u=uniforms(3, n, 0, 2)[0]) for n in range(4000)]
    counts = np.bincount(chosen, minlength=8)
    assert counts[expected == 0].sum() == 0
    possible = expected > 0
    assert stats.chisquare(counts[possible], 4000 * expected[possible]).pvalue > 1e-3


def test_a_draw_on_a_border_belongs_to_the_option_that_begins_there():
    order = [ESCALATE_0, ESCALATE_1, THREATEN_0, THREATEN_1, HOLD, CONCEDE_0, CONCEDE_1, SUSPEND]
    assert [draw_option(np.ones(8), 8, float(place)) for place in range(8)] == order
    assert [draw_option(np.ones(8), 8, place + 0.99) for place in range(8)] == order


@pytest.mark.parametrize(
    ("weights", "last"),
    [
        ([1, 0, 0, 0, 0, 0, 0, 0], HOLD),
        ([1, 0, 1, 0, 0, 1, 1, 0], HOLD),
        ([0, 0, 1, 0, 0, 0, 0, 0], ESCALATE_0),
        ([0, 0, 1, 1, 0, 1, 0, 0], THREATEN_0),
        ([1, 0, 1, 1, 1, 1, 1, 0], CONCEDE_0),
        ([1, 0, 1, 1, 1, 1, 1, 1], CONCEDE_1),
        ([1, 1, 1, 1, 1, 1, 1, 1], SUSPEND),
    ],
)
def test_a_draw_that_rounding_puts_beyond_the_line_takes_its_last_option(weights, last):
    assert draw_option(np.array(weights, dtype=float), 8, float(sum(weights))) == last


@pytest.mark.parametrize("u", [1e-12, 1 - 1e-12])
def test_quantal_response_at_the_ends_of_the_unit_interval(choice, u):
    params, state, _ = choice
    assert choose("logit", state, params, u=u) == (ESCALATE_0 if u < 0.5 else SUSPEND)


def test_odds_stay_numbers_however_sharp_a_player_is():
    """Exponents are kept within +-110, where sums of odds neither overflow nor come to 0."""
    assert [limited_exp(x) for x in (-1e9, 0.0, 1e9)] == [math.exp(-110), 1.0, math.exp(110)]
    assert limited_exp(109.5) == math.exp(109.5)
