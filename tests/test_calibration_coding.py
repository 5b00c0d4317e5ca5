"""Other codings of a record, and simple statistics that are carried over to another record."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cli_helpers import ROOT, shipped_game
from negotiation_abm import build_game, load_record, load_scenario, replay_record
from negotiation_abm.calibration.baselines import (
    BASELINES,
    frequencies,
    lever_log_shares,
    markov_by_player,
    uniform,
)
from negotiation_abm.calibration.choices import choices_of, legal_types, types_of
from negotiation_abm.calibration.coding import (
    CODINGS,
    MEMORIES,
    half_weekly,
    split_packages,
    with_certainty,
)
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.scores import MODEL, log_scores, scores_as_given
from negotiation_abm.core.terms import Event
from negotiation_abm.record.load import LEVER_MOVES
from negotiation_abm.replay.events import recorded_history
from test_calibration_data import by_hand, episode, shipped

HOLD, SUSPEND, ESCALATE, THREATEN, CONCEDE = range(5)  # also options, with the first lever
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture(scope="module")
def game():
    return shipped_game("baseline_2025")


@pytest.fixture(scope="module")
def record():
    return load_record("record_2025")


# ---------------------------------------------------------------------------
# Packages, certainty


def test_split_packages_give_a_decision_a_row(game, record):
    split = collect(game, split_packages(record), skip_illegal=True, with_hidden=False)
    moves = recorded_history(game, record).moves  # every row that a rule carries out
    assert (split.chosen != 0).sum() == len(moves) == 64
    kinds = types_of(split)
    lengths = np.array([len(ids) for ids in split.row_ids])
    assert (lengths[kinds >= ESCALATE] == 1).all()
    assert lengths[kinds == SUSPEND].max() == 3  # an offer stays one decision
    whole, _ = shipped()
    assert sum(map(len, whole.row_ids)) == sum(map(len, split.row_ids))


def test_splitting_changes_no_level(game, record):
    """Levels, at the end of each week: a package and its measures come to the same."""
    whole, split = (
        replay_record(game, r, skip_illegal=True) for r in (record, split_packages(record))
    )
    for one, other in zip(whole.weeks, split.weeks, strict=True):
        for _, _, label in game.lever_labels():
            for part in ("in_force", "loaded"):
                assert one[f"{label}.{part}"] == pytest.approx(other[f"{label}.{part}"])


def test_splitting_leaves_offers_and_the_record_alone(record):
    before = record.rows
    split = split_packages(record)
    assert record.rows is before
    for old, new in zip(before, split.rows, strict=True):
        if old.move in LEVER_MOVES:
            assert replace(old, decision="") == new
        else:
            assert old == new


def test_certainties_by_row(record):
    known = with_certainty(record, ("seed",))
    assert {row.certainty for row in known.rows} == {"seed"}
    assert len(known.rows) == sum(row.certainty == "seed" for row in record.rows)
    assert with_certainty(record, ("seed", "outside", "general_knowledge")).rows == record.rows


# ---------------------------------------------------------------------------
# Half-weekly turns


@pytest.fixture(scope="module")
def halves(game, record):
    weekly = replay_record(game, record)
    return weekly, replay_record(*half_weekly(game, record))


def test_half_weeks_keep_every_recorded_level(halves, game):
    weekly, half = halves
    assert (len(weekly.weeks), len(half.weeks)) == (50, 99)  # the record ends on a Wednesday
    for week, later in zip(weekly.weeks[:49], half.weeks[1::2], strict=True):
        for _, _, label in game.lever_labels():
            for part in ("in_force", "loaded", "pending"):
                assert week[f"{label}.{part}"] == pytest.approx(later[f"{label}.{part}"])
        assert week["phase"] == later["phase"]


def test_half_weeks_keep_every_move(halves):
    weekly, half = halves
    assert weekly.num_moves == half.num_moves == 53
    moved = [[d for d in r.decisions if d.option] for r in halves]
    for one, two in zip(*moved, strict=True):
        assert (one.option, one.player, one.row_ids) == (two.option, two.player, two.row_ids)
        assert two.turn // 2 == one.turn
    assert [u.id for u in weekly.unplaced] == [u.id for u in half.unplaced]


def test_half_weeks_keep_agreements_spells_and_rounds(halves):
    weekly, half = halves
    assert [event for _, event, _ in weekly.agreements] == [
        event for _, event, _ in half.agreements
    ]
    assert [s.cause for s in weekly.spells] == [s.cause for s in half.spells]
    for one, two in zip(weekly.spells, half.spells, strict=True):
        assert abs(two.duration_days - 2 * one.duration_days) <= 1
    held = [[turn for turn, held, _ in r.rounds if held] for r in halves]
    assert [turn // 2 for turn in held[1]] == held[0]


def test_what_fades_fades_as_fast(game, record):
    twice, _ = half_weekly(game, record)
    for name in MEMORIES:
        np.testing.assert_allclose(twice.params[name] ** 2, game.params[name])
    assert (twice.params["term_weeks"] == 2 * game.params["term_weeks"]).all()
    assert len(twice.weeks) == 2 * len(game.weeks)
    ahead, late = game.weeks["weeks_to_summit"], twice.weeks["weeks_to_summit"]
    np.testing.assert_array_equal(late[::2], np.where(ahead < 0, -1, 2 * ahead))
    np.testing.assert_array_equal(late[1::2], np.where(ahead < 0, -1, np.maximum(2 * ahead - 1, 0)))


def test_half_weeks_leave_the_game_and_the_record_alone(game, record):
    before = game.params.tobytes(), game.weeks.tobytes(), game.scenario, record.rows
    half_weekly(game, record)
    assert (game.params.tobytes(), game.weeks.tobytes(), game.scenario, record.rows) == before


def test_histories_in_half_weeks(game, record):
    """The same but for a threat that is carried out in the other half of the week of its date."""
    weekly, half = recorded_history(game, record), recorded_history(*half_weekly(game, record))
    for name in ("player", "move", "lever", "event", "in_truce", "eased"):
        np.testing.assert_array_equal(weekly.moves[name], half.moves[name], err_msg=name)
    assert (weekly.moves["carried_out"] != half.moves["carried_out"]).sum() <= 1
    assert (half.moves["event"] == Event.BEGUN).sum() == 1


@pytest.mark.parametrize("name", CODINGS)
def test_every_coding_can_be_collected(name, game, record):
    data = collect(*CODINGS[name](game, record), skip_illegal=True)
    assert data.hidden is not None
    assert (data.chosen != 0).sum() > 10
    assert np.isfinite(data.features).all()


# ---------------------------------------------------------------------------
# Statistics of one record for another


def labelled(chosen, player, players=("US", "CHINA"), levers=(("chips",), ("ores",)), legal=None):
    """Decisions with one lever a side: options 0 to 4 are the five types."""
    size = 2 + 3 * max(map(len, levers))
    data = by_hand(np.zeros((len(chosen), size, 1)), chosen, legal, player)
    known = {"players": players, "lever_names": levers}
    return replace(data, game=SimpleNamespace(scenario=data.game.scenario, **known))


def told(baseline, train, test, use=None):
    """What a baseline that has learnt from one record says of another."""
    choices = choices_of(train)
    return baseline(choices if use is None else choices.of(use), choices_of(test))


# The US escalates three times of four, China threatens three times of four.
CHOSEN = [ESCALATE, THREATEN, ESCALATE, THREATEN, HOLD, HOLD, ESCALATE, THREATEN]
TRAIN = labelled(CHOSEN, [0, 1] * 4)
US_SHARES = np.array([1.5, 0.5, 3.5, 0.5, 0.5]) / 6.5
CHINA_SHARES = np.array([1.5, 0.5, 0.5, 3.5, 0.5]) / 6.5


def test_known_players_keep_their_tables_and_others_have_the_mean():
    test = labelled([0] * 3, [0, 1, 1], players=("CHINA", "JAPAN"))
    found = told(frequencies, TRAIN, test)
    np.testing.assert_allclose(found[0], CHINA_SHARES)
    np.testing.assert_allclose(found[1], 0.5 * (US_SHARES + CHINA_SHARES))
    np.testing.assert_allclose(found[2], found[1])


def test_markov_tables_are_carried_over():
    # In training the US meets THREATEN twice (escalates, holds) and HOLD once (escalates).
    test = labelled([THREATEN, HOLD, HOLD, HOLD], [1, 0, 1, 0], players=("US", "JAPAN"))
    found = told(markov_by_player, TRAIN, test)
    np.testing.assert_allclose(found[1], np.array([1.5, 0.5, 1.5, 0.5, 0.5]) / 4.5)
    np.testing.assert_allclose(found[3], np.array([0.5, 0.5, 1.5, 0.5, 0.5]) / 3.5)
    # Japan meets HOLD: half of the US after HOLD, half of China after HOLD (holds once).
    china = np.array([1.5, 0.5, 0.5, 0.5, 0.5]) / 3.5
    np.testing.assert_allclose(found[2], 0.5 * (found[3] + china))


def test_uniform_is_that_of_what_is_legal_in_the_other_record():
    legal = np.ones((2, 5), bool)
    legal[1, [SUSPEND, CONCEDE]] = False
    test = labelled([HOLD, HOLD], [0, 1], legal=legal)
    third = 1 / 3
    expected = [[0.2] * 5, [third, 0, third, third, 0]]
    np.testing.assert_allclose(told(uniform, TRAIN, test), expected)


def test_levers_are_matched_by_name():
    train = labelled(
        [2, 2, 5, 2], [0, 0, 0, 1], levers=(("chips", "lists"), ("ores",))
    )  # the US: chips twice, lists once; China: ores once
    legal = np.ones((5, 11), bool)
    legal[3:, 8:] = False  # Japan has two levers
    test = labelled(
        [2, 5, 8, 2, 5],
        [0, 0, 0, 1, 1],
        players=("US", "JAPAN"),
        levers=(("lists", "ships", "chips"), ("ores", "chips")),
        legal=legal,
    )
    found = np.exp(told(lever_log_shares, train, test))
    counts = np.array([1.5, 0.5, 2.5])  # lists, ships (never seen), chips, and half a count
    np.testing.assert_allclose(found[:3], counts / counts.sum())
    # Japan has the habits of all: one use of ores, by China, and two of chips, by the US.
    np.testing.assert_allclose(found[3:], np.array([1.5, 2.5]) / 4.0)


@pytest.mark.parametrize("name", BASELINES)
def test_probabilities_for_another_record_sum_to_one(name):
    data, _ = shipped()
    test, _ = episode()
    chances = told(BASELINES[name], data, test)
    assert chances.shape == (len(test.chosen), 5)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-12)
    assert (chances[legal_types(test.legal)] > 0.0).all()
    assert not chances[~legal_types(test.legal)].any()


@pytest.mark.parametrize("name", BASELINES)
def test_nothing_is_learnt_from_the_other_record(name):
    """Another last move there: no prediction changes."""
    data, _ = shipped()
    test, _ = episode()
    chosen = test.chosen.copy()
    chosen[-1] = np.flatnonzero(test.legal[-1])[-1]
    changed = replace(test, chosen=chosen)
    before, after = (told(BASELINES[name], data, seen) for seen in (test, changed))
    np.testing.assert_array_equal(before, after)


def test_scores_as_given_are_of_the_given_parameters_and_the_training_record():
    train, _ = shipped()
    data, _ = episode()
    theta = data.point()
    found = scores_as_given(data, theta, train)
    np.testing.assert_array_equal(found[MODEL], log_scores(data, theta))
    assert set(found) == {MODEL, *BASELINES}
    share = told(frequencies, train, data)
    kinds = types_of(data)
    np.testing.assert_allclose(
        found["move frequencies by player"][:, 0], np.log(share[np.arange(len(kinds)), kinds])
    )
    even = found["uniform"][:, 0]
    np.testing.assert_allclose(even, -np.log(legal_types(data.legal).sum(axis=1)))
    assert all((values[:, 0] >= values[:, 1] - 1e-12).all() for values in found.values())


def test_a_record_of_uniform_moves_is_best_predicted_by_the_uniform_statistic():
    """Sides that draw legal types at random, under other names: habits of 2025 do not help."""
    data, _ = shipped()
    base, _ = episode()
    rng = np.random.default_rng(1)
    kinds = [rng.choice(np.flatnonzero(row)) for row in legal_types(base.legal)]
    options = np.arange(base.legal.shape[1])
    of_kind = np.where(options < 2, options, 2 + (options - 2) % 3)
    chosen = [
        rng.choice(options[base.legal[d] & (of_kind == kind)]) for d, kind in enumerate(kinds)
    ]
    found = scores_as_given(replace(base, chosen=np.array(chosen)), base.point(), data)
    best = max(found, key=lambda name: found[name][:, 0].sum())
    assert best == "uniform"


def test_half_weeks_of_another_record():
    other = build_game(load_scenario(EXAMPLES / "other_episode.yaml"))
    rows = load_record(EXAMPLES / "other_episode.csv")
    weekly, half = replay_record(other, rows), replay_record(*half_weekly(other, rows))
    assert weekly.num_moves == half.num_moves == 7
    assert half.weeks[-1]["JAPAN.materials.in_force"] == pytest.approx(0.1)
    assert math.isclose(half.weeks[-1]["KOREA.purchases.in_force"], 0.1)
