"""Courses of events in one form: the record's own facts, free runs, what an agreement eased."""

from collections import Counter

import numpy as np
import pytest

from cli_helpers import ROOT, shipped_game
from helpers import make_info, move
from negotiation_abm import NegotiationModel, build_game, load_record, load_scenario
from negotiation_abm.core.levers import set_level
from negotiation_abm.core.state import as_object
from negotiation_abm.core.terms import Event, Forum, Move, TruceEnd
from negotiation_abm.replay.events import HistoryBuilder, recorded_history
from negotiation_abm.replay.watched import simulated_history

GENEVA, LONDON, AUGUST, BUSAN = 16, 20, 29, 40  # turns of the agreements of 2025
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture(scope="module")
def game():
    return shipped_game("baseline_2025")


@pytest.fixture(scope="module")
def recorded(game):
    return recorded_history(game, load_record("record_2025"))


@pytest.fixture(scope="module")
def free(game):
    return simulated_history(game, 3, 2)


# ---------------------------------------------------------------------------
# The record


def test_agreements_of_2025(recorded):
    made = recorded.moves[recorded.moves["event"] != Event.NONE]
    assert made["turn"].tolist() == [GENEVA, LONDON, AUGUST, BUSAN]
    assert made["event"].tolist() == [Event.BEGUN, Event.REPAIRED, Event.RENEWED, Event.RENEWED]
    assert (made["move"] == Move.SUSPEND).all()
    assert made["in_truce"].tolist() == [0, 1, 1, 1]
    assert made["weeks_left"].tolist() == [-1, 9, 0, 2]


def test_levers_eased_by_the_agreements_of_2025(recorded):
    """By the rows of the record, without what else happened in the same week."""
    made = recorded.moves[recorded.moves["event"] != Event.NONE]
    eased = dict(zip(made["turn"].tolist(), made["eased"].tolist(), strict=True))
    assert eased[GENEVA] == [1, 2]  # the tariff of the US; tariff and lists of China
    assert eased[LONDON] == [0, 0]  # concessions of that week are moves of their own
    assert eased[AUGUST] == [0, 0]
    assert eased[BUSAN] == [2, 2]  # lists and port fees; rare earths and port fees
    rest = recorded.moves[recorded.moves["event"] == Event.NONE]
    assert not rest["eased"].any()


def test_weeks_of_2025(recorded):
    weeks = recorded.weeks
    assert weeks["turn"].tolist() == list(range(50))
    assert weeks["in_truce"].tolist() == [0] * GENEVA + [1] * (50 - GENEVA)
    assert weeks["forum"][[GENEVA, LONDON, BUSAN, BUSAN + 1]].tolist() == [
        *(Forum.ROUND, Forum.ROUND, Forum.SUMMIT, Forum.NONE),
    ]
    tariff = {i: weeks["in_force"][:, i, a] for i, (a, _) in recorded.game.tariff_levers().items()}
    assert tariff[0][GENEVA - 1 : GENEVA + 1] == pytest.approx([0.8, 0.207])
    assert tariff[1][GENEVA - 1 : GENEVA + 1] == pytest.approx([0.9, 0.08])
    assert weeks["weeks_left"][BUSAN] == 53
    assert (weeks["weeks_left"][:GENEVA] == -1).all()


def test_spells_of_2025(recorded):
    found = sorted((s.measure, s.duration_days, s.cause) for s in recorded.spells)
    assert found == [
        (0, 233, TruceEnd.CENSORED),
        (1, 16, TruceEnd.ESCALATION),
        (1, 62, TruceEnd.CENSORED),
        (1, 110, TruceEnd.ESCALATION),
    ]


def test_moves_are_the_rows_that_the_rules_carry_out(recorded):
    rows = [r for r in load_record("record_2025").rows if r.move and r.player != "both"]
    levers = {Move[name] for name in ("ESCALATE", "THREATEN", "CONCEDE")}
    of_levers = recorded.moves[np.isin(recorded.moves["move"], list(levers))]
    known = Counter(
        (recorded.game.players.index(r.player), Move[r.move], r.lever)
        for r in rows
        if Move.__members__.get(r.move) in levers
        and not r.not_represented
        and r.date >= recorded.game.scenario.start
    )
    names = recorded.game.lever_names
    found = Counter((m["player"], m["move"], names[m["player"]][m["lever"]]) for m in of_levers)
    assert found <= known
    assert sum(found.values()) > 0.9 * sum(known.values())


def test_a_threat_keeps_its_lead_and_says_when_it_is_carried_out(recorded):
    threats, done = (recorded.of(m, further=True) for m in (Move.THREATEN, Move.ESCALATE))
    assert len(threats) == 10
    assert (threats["lead"] >= 0).all()
    assert done["carried_out"].sum() == 5
    assert (done["lead"][done["carried_out"] == 1] >= 0).all()
    assert not recorded.of(Move.CONCEDE)["carried_out"].any()


def test_of_selects_by_move_and_player(recorded):
    for kind in (Move.ESCALATE, Move.CONCEDE):
        both = recorded.of(kind)
        assert len(both) == sum(len(recorded.of(kind, i)) for i in (0, 1)) > 0
        assert (recorded.of(kind, 1)["player"] == 1).all()
    assert len(recorded.of(Move.HOLD)) == 0


# ---------------------------------------------------------------------------
# Free runs


@pytest.mark.parametrize("replicate", [0, 5])
def test_moves_of_a_free_run_are_those_of_the_model(game, replicate):
    history = simulated_history(game, 3, replicate)
    model = NegotiationModel(game, seed=3, replicate=replicate).run_to_horizon()
    assert len(history.moves) == len(model.moves) > 20
    for ours, theirs in zip(history.moves, model.moves, strict=True):
        assert (ours["turn"], ours["move"]) == (theirs["turn"], theirs["move"])
        assert game.players[ours["player"]] == theirs["player"]
        names = game.lever_names[ours["player"]]
        assert (names[ours["lever"]] if ours["lever"] >= 0 else None) == theirs["lever"]
    assert len(history.spells) == len(model.spells)
    assert len(history.weeks) == len(game.weeks) == 104
    data = model.datacollector.get_model_vars_dataframe()
    in_truce = (data["phase"] == "TRUCE").astype(int)
    assert history.weeks["in_truce"].tolist() == in_truce.tolist()
    assert history.weeks["weeks_left"].tolist() == data["weeks_left"].tolist()
    for i, a, label in game.lever_labels():
        levels = history.weeks["in_force"][:, i, a]
        np.testing.assert_array_equal(levels, data[f"{label}.in_force"])


def test_acts_of_an_agency_are_moves_too():
    game = shipped_game("baseline_2025", agency_rate=0.3)
    history = simulated_history(game, 1, 0)
    model = NegotiationModel(game, seed=1, replicate=0).run_to_horizon()
    assert any(m["by_agency"] for m in model.moves)
    assert [m["turn"] for m in model.moves] == history.moves["turn"].tolist()


def test_truces_of_a_free_run_begin_where_a_week_out_of_truce_was(free):
    begun = free.moves[free.moves["event"] == Event.BEGUN]
    assert len(begun) >= 1
    assert not begun["in_truce"].any()
    for event in (Event.REPAIRED, Event.RENEWED):
        assert free.moves["in_truce"][free.moves["event"] == event].all()


# ---------------------------------------------------------------------------
# What an agreement eased, by hand


def watched(game, levels):
    """A builder that looks at a dispute with these levels of the first levers of both sides."""
    state, params = as_object(game.initial[0]), as_object(game.params[0])
    for player, level in enumerate(levels):
        set_level(state, params, player, 0, level)
    builder = HistoryBuilder(game)
    builder.look(state)
    return builder, state, params


def agree(builder, state, params):
    """Both sides offer: the second offer begins the truce."""
    for player in (0, 1):
        builder.look(state)
        info = move(state, params, player, Move.SUSPEND)
        builder.moved(state, player, Move.SUSPEND, 0, info)
    assert info.event == Event.BEGUN


def test_eased_are_the_levers_that_stand_lower():
    game = shipped_game("baseline_2025", **{"terms.round.covers.CHINA": ["rare_earths"]})
    for levels, eased in (((0.5, 0.6), [1, 1]), ((0.5, 0.1), [1, 0]), ((0.0, 0.1), [0, 0])):
        builder, state, params = watched(game, levels)
        agree(builder, state, params)
        builder.look(state)
        history = builder.history([])
        assert history.moves["eased"].tolist() == [[0, 0], eased]


def test_the_next_move_of_the_week_is_not_eased(game):
    builder, state, params = watched(game, (0.5, 0.6))
    agree(builder, state, params)
    builder.look(state)
    option = 4  # concede the first lever, rare earths, which a round does not cover
    builder.moved(state, 1, option, 0, move(state, params, 1, option))
    builder.look(state)
    assert builder.history([]).moves["eased"].tolist() == [[0, 0], [1, 0], [0, 0]]


def test_levels_that_a_record_sets_after_the_agreement_count(game):
    builder, state, params = watched(game, (0.5, 0.6))
    agree(builder, state, params)
    set_level(state, params, 1, 0, 0.2)
    builder.look(state)
    assert builder.history([]).moves["eased"].tolist()[-1] == [1, 1]


def test_holding_is_no_move(game):
    builder, state, _ = watched(game, (0.0, 0.1))
    builder.moved(state, 0, 0, 0, make_info())
    assert len(builder.history([]).moves) == 0


def test_another_record_has_a_history():
    game = build_game(load_scenario(EXAMPLES / "other_episode.yaml"))
    history = recorded_history(game, load_record(EXAMPLES / "other_episode.csv"))
    made = history.moves[history.moves["event"] != Event.NONE]
    assert made["event"].tolist() == [Event.BEGUN]
    # Japan's materials fall from .3 to .1, Korea's trade status from .2 to .1.
    assert made["eased"].tolist() == [[1, 1]]
    carried = history.of(Move.ESCALATE, 0)
    assert carried["carried_out"].tolist() == [0, 1]
    assert carried["lead"].tolist() == [-1, 4]
