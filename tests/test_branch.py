"""Branches from the record: same draws, the state that the record leaves, what may be altered."""

import copy
import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from helpers import assert_same_record
from module_helpers import run_bytes
from negotiation_abm import (
    InputError,
    NegotiationModel,
    build_game,
    load_scenario,
    replay_record,
    run_replicates,
)
from negotiation_abm.core.state import STATE, as_record, blank
from negotiation_abm.core.terms import Move, option_of
from negotiation_abm.core.tracker import NO_SPELL, TALLY
from negotiation_abm.replay.branch import branch_off, branch_turn, without
from negotiation_abm.scenario.schema import ScriptedMove

DAY = dt.date(2025, 10, 6)
TURN = 37


@pytest.fixture(scope="module")
def branch(game, record):
    return branch_off(game, record, TURN)


def changed(**changes):
    return build_game(load_scenario("baseline_2025", changes))


def opened(model):
    """A tally with the spells that run in a model now."""
    tally = blank(TALLY)
    tally["begun"] = 1
    tally["spell_start"] = model.tally.spell_start
    tally["spell_renewals"] = model.tally.spell_renewals
    return tally


# ---------------------------------------------------------------------------
# The same game, draw for draw.


@pytest.mark.parametrize("turn", [0, 1, 16, 40, 77, 103])
@pytest.mark.parametrize("replicate", [0, 3])
def test_branch_from_a_free_run_is_its_continuation(game, turn, replicate):
    model = NegotiationModel(game, 5, replicate)
    for _ in range(turn):
        model.step()
    onward = replace(game, initial=as_record(model.state, STATE), tally=opened(model))
    moves_before = copy.deepcopy(model.tally.num_moves)
    closed_before, truce_before = len(model.spells), model.tally.truce
    model.run_to_horizon()
    block = run_replicates(onward, 5, replicate, 1)
    run = block.runs[0]
    np.testing.assert_array_equal(run["num_moves"], model.tally.num_moves - moves_before)
    spells = model.spells[closed_before:]
    assert len(spells) == len(block.spells)
    for ours, theirs in zip(spells, block.spells, strict=True):
        ours.truce -= truce_before
        ours.entry_weeks = max(0, turn - ours.start_week)
        assert_same_record(ours, theirs)


@pytest.mark.parametrize("turn", [1, 16, 37, 49])
def test_branch_is_the_same_under_mesa(game, record, turn):
    onward = branch_off(game, record, turn).game
    for replicate in range(3):
        model = NegotiationModel(onward, 9, replicate).run_to_horizon()
        block = run_replicates(onward, 9, replicate, 1)
        assert_same_record(model.tally, block.runs[0])
        for ours, theirs in zip(model.spells, block.spells, strict=True):
            assert_same_record(ours, theirs)


@pytest.mark.verify
def test_branch_from_every_week_is_the_same_under_mesa(game, record):
    for turn in range(50):
        onward = branch_off(game, record, turn).game
        for replicate in range(20):
            model = NegotiationModel(onward, turn, replicate).run_to_horizon()
            block = run_replicates(onward, turn, replicate, 1)
            assert_same_record(model.tally, block.runs[0])


def test_branch_at_the_start_is_the_free_run(game, record):
    assert run_bytes(branch_off(game, record, 0).game) == run_bytes(game)


def test_weeks_before_the_branch_are_not_counted(branch, game):
    run = run_replicates(branch.game, 1, 0, 1).runs[0]
    assert run["first_turn"] == TURN
    assert run["weeks_in_truce"] <= len(game.weeks) - TURN
    assert (run["mean_in_force"] <= run["peak_in_force"] + 1e-12).all()


# ---------------------------------------------------------------------------
# The state that the record leaves.


def test_state_is_that_of_the_replay(branch, game, record):
    week = replay_record(game, record).weeks[TURN - 1]
    state = branch.game.initial[0]
    assert state["turn"] == TURN
    for i, a, label in game.lever_labels():
        assert state["in_force"][i, a] == pytest.approx(week[f"{label}.in_force"])
        assert state["pending"][i, a] == pytest.approx(week[f"{label}.pending"])
    for i, player in enumerate(game.players):
        assert state["felt"][i] == pytest.approx(week[f"{player}.felt"])
    assert [w["turn"] for w in branch.past.weeks] == list(range(TURN))


def test_open_spells_are_those_of_the_record(branch):
    covered, any_domain = branch.game.tally["spell_start"][0]
    assert covered == 16  # Geneva, in the week of 12 May
    assert any_domain == NO_SPELL  # ended by the rule of 29 September
    block = run_replicates(branch.game, 1, 0, 200)
    first = block.spells[(block.spells["truce"] == 0) & (block.spells["measure"] == 0)]
    assert len(first) == 200
    assert set(first["entry_weeks"]) == {TURN - 16}


def test_row_left_out_is_left_out(game, record, branch):
    state = branch_off(game, without(record, ["S21"]), TURN).game
    lists = game.lever_names[0].index("entity_lists")
    assert branch.game.initial["in_force"][0, 0, lists] == 0.8
    assert state.initial["in_force"][0, 0, lists] == 0.35
    assert state.tally["spell_start"][0, 1] != NO_SPELL


def test_decision_is_left_out_as_a_whole(record):
    rows = {row.id for row in without(record, ["CN-2025-10-09"]).rows}
    assert rows.isdisjoint({"S23", "O53", "O52"})
    assert len(rows) == len(record.rows) - 3


@pytest.mark.parametrize("names", [["S99"], ["S21", "S21"]])
def test_unknown_row_is_refused(record, names):
    with pytest.raises(InputError, match=r"no such row; did you mean 'S\d\d'"):
        without(record, names)


def test_pledge_without_recorded_delivery_is_on_schedule(record):
    game = build_game(load_scenario("mechanisms_2025"))
    onward = branch_off(game, record, 46).game  # the week of 8 December
    first, last = (onward.params[0][f"pledge_{end}"][0] for end in ("first", "last"))
    assert onward.initial["pledge_delivered"][0, 0] == (46 - first) / (last - first + 1)


# ---------------------------------------------------------------------------
# What is altered holds from the branch on.


def test_parameters_of_the_branch_do_not_touch_the_past(game, record, branch):
    onward = branch_off(game, record, TURN, changed(felt_memory=0.0, fatigue=5.0)).game
    for name in ("felt", "anger", "in_force"):
        np.testing.assert_array_equal(onward.initial[name], branch.game.initial[name])
    assert onward.params["fatigue"][0] == 5.0


def test_irreplaceability_holds_from_the_branch_on(game, record, branch):
    onward = branch_off(
        game, record, TURN, changed(**{"levers.CHINA.rare_earths.irreplaceability": 0.5})
    ).game
    state, before = onward.initial[0], branch.game.initial[0]
    assert state["irreplaceability"][1, 0] == 0.5
    assert state["potency"][1, 0] == pytest.approx(0.5 ** onward.params["convexity"][0])
    np.testing.assert_array_equal(state["potency"][0], before["potency"][0])
    assert before["irreplaceability"][1, 0] < 0.95  # worn by use


def test_saturation_of_the_branch_sets_the_bite(game, record):
    onward = branch_off(game, record, TURN, changed(saturation=0.5)).game
    state = onward.initial[0]
    level = state["in_force"][1, 0]
    assert state["bite"][1, 0] == pytest.approx((1 - np.exp(-0.5 * level)) / (1 - np.exp(-0.5)))


def test_strategy_holds_from_the_branch_on(game, record):
    onward = branch_off(game, record, TURN, changed(**{"strategies.US": "hold"})).game
    runs = run_replicates(onward, 1, 0, 50).runs
    assert (runs["num_moves"][:, 0, 1:] == 0).all()
    assert (runs["num_moves"][:, 1, 1:].sum(axis=1) > 0).all()


def forced(date, player="US", move="ESCALATE", lever="market_access", exchange=1):
    return ScriptedMove(date=date, player=player, move=move, lever=lever, exchange=exchange)


def test_move_is_made_and_the_rest_is_free(game, record):
    day = dt.date(2025, 10, 27)
    onward = branch_off(game, record, 40, moves=[forced(day)]).game
    block = run_replicates(onward, 3, 0, 100)
    assert (block.runs["forced_moves"] == [1, 0]).all()
    for replicate in range(3):
        model = NegotiationModel(onward, 3, replicate).run_to_horizon()
        made = [m for m in model.moves if m["turn"] == 40 and m["exchange"] == 0]
        assert {"US"} <= {m["player"] for m in made if m["lever"] == "market_access"}
        assert_same_record(model.tally, block.runs[replicate])


def test_illegal_move_later_on_is_passed_over(game, record):
    move = forced(dt.date(2026, 2, 2), "CHINA", "SUSPEND", None)
    onward = branch_off(game, record, 49, moves=[move]).game
    block = run_replicates(onward, 3, 0, 200)
    assert 0 < block.runs["forced_moves"][:, 1].mean() < 1


def test_forced_hold_holds(game, record):
    moves = [forced(DAY + dt.timedelta(weeks=w), move="HOLD", lever=None) for w in range(67)]
    moves += [m.model_copy(update={"exchange": e}) for e in (2, 3) for m in moves[:67]]
    onward = branch_off(game, record, TURN, moves=moves).game
    assert (run_replicates(onward, 1, 0, 20).runs["num_moves"][:, 0, 1:] == 0).all()


def test_move_is_written_into_the_calendar(game, record):
    onward = branch_off(game, record, TURN, moves=[forced(dt.date(2025, 11, 1), exchange=2)]).game
    option = option_of(Move.ESCALATE, 0)
    assert onward.weeks["forced"][40, 0, 1] == 1 + option
    assert (game.weeks["forced"] == 0).all()


# ---------------------------------------------------------------------------
# Refused.


@pytest.mark.parametrize("date", ["2025-01-19", "2026-01-08", "2030-01-01"])
def test_date_outside_the_record_is_refused(game, record, date):
    with pytest.raises(InputError, match=r"outside the record of baseline_2025; allowed: 2025-01"):
        branch_turn(game, record, dt.date.fromisoformat(date))


@pytest.mark.parametrize(
    ("date", "turn"), [("2025-01-20", 0), ("2025-10-12", TURN), ("2026-01-07", 50)]
)
def test_date_means_its_week(game, record, date, turn):
    assert branch_turn(game, record, dt.date.fromisoformat(date)) == turn


@pytest.mark.parametrize(
    ("move", "problem"),
    [
        (forced(dt.date(2025, 10, 5)), "before the branch in the week of 2025-10-06"),
        (forced(DAY, player="USA"), "unknown player; did you mean 'US'"),
        (forced(DAY, lever="soybeans"), "unknown lever; allowed: market_access, chips"),
        (forced(DAY, lever=None), "missing lever"),
        (forced(DAY, move="SUSPEND"), "SUSPEND has no lever"),
        (forced(DAY, exchange=4), "exchange 4; allowed: 1 to 3"),
    ],
)
def test_move_that_cannot_be_made_is_refused(game, record, move, problem):
    with pytest.raises(InputError, match=problem):
        branch_off(game, record, TURN, moves=[move])


def test_move_that_is_not_legal_is_refused(game, record):
    move = forced(dt.date(2025, 1, 28), move="CONCEDE", lever="port_fees")
    with pytest.raises(InputError, match="not legal here: the lever is at its floor"):
        branch_off(game, record, 1, moves=[move])


def test_two_moves_in_one_exchange_are_refused(game, record):
    with pytest.raises(InputError, match="in that exchange already"):
        branch_off(game, record, TURN, moves=[forced(DAY), forced(DAY, lever="chips")])


def test_record_that_no_longer_fits_is_refused(game, record):
    """Without the steps of 28 May the US cannot take them back in June."""
    with pytest.raises(InputError, match=r"line \d+ \(S15\), .*CONCEDE to level 0.7, but chips"):
        branch_off(game, without(record, ["US-2025-05-28"]), TURN)
