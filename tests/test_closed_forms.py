"""Set-ups whose probabilities are known by arithmetic, against the compiled run.

Tolerances are four standard errors; seeds are fixed, so a result is the same every time.
"""

import math

import numpy as np
import pytest
from scipy import stats

from helpers import assert_near, make_game
from negotiation_abm import run_replicates
from negotiation_abm.core.terms import Move, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED

CENSORED, COLLAPSE, ESCALATION = TruceEnd.CENSORED, TruceEnd.COLLAPSE, TruceEnd.ESCALATION


def scenario(lever, **changes):
    """Two equal sides with one lever each, never covered, whose strategies hold."""
    usual = {"weight": 1.0, "irreplaceability": 1.0, "step": 0.01, "domain": "trade"}
    terms = {"weeks": None, "covers": {}}
    return {
        "name": "closed_form",
        "start": "2001-01-01",
        "horizon_weeks": 50,
        "players": ["A", "B"],
        "parameters": "start_2025",
        "strategies": {"A": "hold", "B": "hold"},
        "levers": {"A": {"only": usual | lever}, "B": {"only": usual | lever}},
        "terms": {"round": terms, "summit": terms},
        "set": {"fatigue": 0.0},
    } | changes


STUCK = {"start": 0.4, "floor": 0.4, "cap": 0.4}  # a lever that cannot move


# ---------------------------------------------------------------------------
# Rounds: hold against hold, so that only the calendar moves.


@pytest.mark.parametrize(("log_odds", "p"), [(-math.log(4), 0.2), (0.0, 0.5), (math.log(9), 0.9)])
def test_rounds_are_bernoulli(tmp_path, log_odds, p):
    chance = {"fatigue": 0.0, "round_base": log_odds}
    runs = run_replicates(make_game(tmp_path, scenario(STUCK, set=chance)), 1, 0, 4000).runs
    assert runs["num_moves"][:, :, 1:].sum() == 0
    weeks, meetings = 50, runs["num_meetings"]
    variance = weeks * p * (1 - p)
    assert_near(meetings.mean(), weeks * p, math.sqrt(variance / 4000))
    assert_near(meetings.var(), variance, variance * math.sqrt(2 / 4000))
    expected = 4000 * stats.binom.pmf(np.arange(51), weeks, p)
    common = expected > 20
    counts = np.bincount(meetings, minlength=51)
    rest = 4000 - counts[common].sum(), 4000 - expected[common].sum()
    observed = np.append(counts[common], rest[0])
    assert stats.chisquare(observed, np.append(expected[common], rest[1])).pvalue > 1e-3


def test_scheduled_meetings_always_take_place(tmp_path):
    calendar = {
        "rounds": [{"date": "2001-02-05"}, {"date": "2001-02-08"}],  # one week
        "summits": [{"date": "2001-05-01"}],
    }
    data = scenario(STUCK, calendar=calendar, set={"fatigue": 0.0, "round_base": -20.0})
    runs = run_replicates(make_game(tmp_path, data), 1, 0, 500).runs
    assert set(runs["num_meetings"]) == {2}


# ---------------------------------------------------------------------------
# Uniform choice: precision 0.


def test_choice_without_precision_is_even_over_legal_options(tmp_path):
    middle = {"start": 0.5, "step": 0.1}
    data = scenario(
        middle,
        horizon_weeks=1,
        strategies={"A": "logit", "B": "logit"},
        set={"precision": 0.0, "exchanges_per_turn": 1},
    )
    for side in data["levers"].values():
        side["other"] = dict(side["only"])
    n = 8000
    runs = run_replicates(make_game(tmp_path, data), 2, 0, n).runs
    # HOLD, SUSPEND, and two each of ESCALATE, THREATEN, CONCEDE
    for player in range(2):
        counts = runs["num_moves"][:, player].sum(axis=0)
        assert counts.sum() == n
        assert stats.chisquare(counts, np.array([1, 1, 2, 2, 2]) / 8 * n).pvalue > 1e-3
    p = 1 / 64  # both offer
    assert_near(runs["num_truces"].mean(), p, math.sqrt(p * (1 - p) / n))


def test_first_truce_comes_after_a_geometric_time(tmp_path):
    """Only HOLD and SUSPEND are legal, offers stand one week: both offer with chance 1/4."""
    data = scenario(
        STUCK,
        strategies={"A": "logit", "B": "logit"},
        set={"precision": 0.0, "exchanges_per_turn": 1, "offer_weeks": 1},
    )
    n = 6000
    block = run_replicates(make_game(tmp_path, data), 3, 0, n)
    first = block.runs["first_truce_week"]
    assert set(block.runs["num_truces"]) == {1}  # 3/4 ** 50 = 6e-7 without one
    assert set(block.spells["cause"]) == {CENSORED}  # nothing can end it
    weeks = np.arange(12)
    expected = np.append(n * 0.25 * 0.75**weeks, n * 0.75**12)
    counts = np.append(np.bincount(first, minlength=12)[:12], (first >= 12).sum())
    assert stats.chisquare(counts, expected).pvalue > 1e-3
    assert_near(first.mean(), 3.0, math.sqrt(12 / n))  # q/p and q/p**2


def test_offers_that_stand_longer_meet_sooner(tmp_path):
    """Offers stand two weeks. Let x be the chance of no truce yet, none standing; y: one stands.

    From neither standing: both offer 1/4 (truce), one offers 1/2 (it stands next week), none 1/4.
    With one standing (it cannot be renewed before it is gone) the other answers with chance 1/2.
    """
    data = scenario(
        STUCK,
        strategies={"A": "logit", "B": "logit"},
        set={"precision": 0.0, "exchanges_per_turn": 1, "offer_weeks": 2},
    )
    n = 6000
    first = run_replicates(make_game(tmp_path, data), 4, 0, n).runs["first_truce_week"]
    neither, standing = 1.0, 0.0
    for week in range(8):
        truce = neither / 4 + standing / 2
        assert_near((first == week).mean(), truce, math.sqrt(truce * (1 - truce) / n))
        neither, standing = neither / 4 + standing / 2, neither / 2


# ---------------------------------------------------------------------------
# Constant hazard: a truce that every agency shock brings down at once.

TRUCE = {"began": "2001-01-01"}
FRAGILE = {"fatigue": 0.0, "tolerance": 0.001}


def shocked(folder, rates, **changes):
    """Spells and runs of a running truce under agency shocks of A and B."""
    rates = {f"agency_rate.{player}": rate for player, rate in zip("AB", rates, strict=True)}
    data = scenario({"agency": True}, truce=TRUCE, set=FRAGILE | rates | changes)
    return run_replicates(make_game(folder, data), 5, 0, 8000)


def of_measure(block, measure):
    return block.spells[block.spells["measure"] == measure]


def test_spells_are_geometric(tmp_path):
    p, n = 0.1, 8000
    spells = of_measure(shocked(tmp_path, (p, 0.0)), COVERED)
    assert len(spells) == n
    ended = spells["cause"] == COLLAPSE
    assert set(spells["cause"][~ended]) == {CENSORED}
    censored = 0.9**50
    assert_near((~ended).mean(), censored, math.sqrt(censored * (1 - censored) / n))
    assert set(spells["duration_weeks"][~ended]) == {49}  # the last week observed
    weeks = np.arange(30)
    expected = np.append(n * p * 0.9**weeks, n * (0.9**30))
    duration = spells["duration_weeks"]
    counts = np.append(np.bincount(duration, minlength=30)[:30], (duration >= 30).sum())
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def test_hazard_is_constant(tmp_path):
    p = 0.1
    spells = of_measure(shocked(tmp_path, (p, 0.0)), COVERED)
    duration, ended = spells["duration_weeks"], spells["cause"] == COLLAPSE
    for week in (0, 5, 10, 20, 49):
        at_risk = (duration >= week).sum()
        hazard = (ended & (duration == week)).sum() / at_risk
        assert_near(hazard, p, math.sqrt(p * (1 - p) / at_risk))


def test_two_agencies_share_the_ends(tmp_path):
    """Either shock ends it; the last to strain it, B before A, is the one who ended it."""
    a, b = 0.1, 0.2
    spells = of_measure(shocked(tmp_path, (a, b)), COVERED)
    ended = spells[spells["cause"] == COLLAPSE]
    hazard = 1 - (1 - a) * (1 - b)  # .28
    mean = (1 - hazard) / hazard
    assert_near(ended["duration_weeks"].mean(), mean, math.sqrt((1 - hazard) / hazard**2 / 8000))
    share = b / hazard
    by_b = (ended["player"] == 1).mean()
    assert_near(by_b, share, math.sqrt(share * (1 - share) / len(ended)))


@pytest.mark.parametrize(("min_severity", "cause"), [(0.0, ESCALATION), (1.0, COLLAPSE)])
def test_any_domain_spell_ends_by_escalation_from_min_severity_on(tmp_path, min_severity, cause):
    spells = of_measure(shocked(tmp_path, (0.1, 0.0), min_severity=min_severity), ANY_DOMAIN)
    assert set(spells["cause"]) == {CENSORED, cause}


def test_shocks_are_bernoulli_and_moves_of_their_player(tmp_path):
    p, weeks, n = 0.1, 50, 8000
    runs = shocked(tmp_path, (p, 0.0), tolerance=100.0).runs
    shocks = runs["agency_shocks"]
    assert_near(shocks[:, 0].mean(), weeks * p, math.sqrt(weeks * p * (1 - p) / n))
    assert shocks[:, 1].sum() == 0
    assert np.array_equal(runs["num_moves"][:, 0, Move.ESCALATE], shocks[:, 0])


@pytest.mark.parametrize("began", ["2001-01-01", "2000-11-06"])
def test_truce_that_was_running_is_observed_from_its_age_on(tmp_path, began):
    age = 0 if began == "2001-01-01" else 8
    data = scenario(STUCK, truce={"began": began, "expires": "2001-03-05"})
    spells = run_replicates(make_game(tmp_path, data), 1, 0, 1).spells
    for spell in spells:
        assert (spell["start_week"], spell["entry_weeks"]) == (-age, age)
        assert spell["duration_weeks"] == 9 + age
        assert spell["cause"] == TruceEnd.LAPSE
    assert len(spells) == 2


# ---------------------------------------------------------------------------
# Sizes and leads: drawn with their probabilities.


def test_sizes_of_escalations(tmp_path):
    """One shock for certain in the only week: levels .05, .1, .2 with chances .5, .35, .15."""
    changes = {"agency_rate": 1.0, "fatigue": 0.0}
    data = scenario({"agency": True, "step": 0.1}, horizon_weeks=1, set=changes)
    runs = run_replicates(make_game(tmp_path, data), 6, 0, 6000).runs
    for player in range(2):
        levels, counts = np.unique(runs["peak_in_force"][:, player, 0].round(6), return_counts=True)
        assert levels.tolist() == [0.05, 0.1, 0.2]
        assert stats.chisquare(counts, 6000 * np.array([0.5, 0.35, 0.15])).pvalue > 1e-3


def test_agency_takes_each_of_its_levers_equally_often(tmp_path):
    changes = {"agency_rate": 1.0, "fatigue": 0.0}
    data = scenario({"agency": True}, horizon_weeks=1, set=changes)
    side = data["levers"]["A"]
    side |= {"second": side["only"], "third": side["only"] | {"agency": False}}
    runs = run_replicates(make_game(tmp_path, data), 7, 0, 6000).runs
    counts = (runs["peak_in_force"][:, 0, :3] > 0).sum(axis=0)
    assert counts[2] == 0
    assert_near(counts[0] / 6000, 0.5, math.sqrt(0.25 / 6000))
    assert counts.sum() == 6000


def test_either_side_moves_first_half_the_time(tmp_path):
    """Last week of a truce: who breaks it first is its end. Both would, at the first chance."""
    chance = {"precision": 50.0, "initiative": 20.0, "exchanges_per_turn": 1}
    covers = {"weeks": None, "covers": {"A": ["only"], "B": ["only"]}}
    data = scenario(
        {},
        horizon_weeks=1,
        truce=TRUCE,
        strategies={"A": "logit", "B": "logit"},
        terms={"round": covers, "summit": covers},
        set=chance,
    )
    spells = of_measure(run_replicates(make_game(tmp_path, data), 8, 0, 4000), COVERED)
    assert set(spells["cause"]) == {TruceEnd.BREACH}
    assert_near((spells["player"] == 0).mean(), 0.5, math.sqrt(0.25 / 4000))
