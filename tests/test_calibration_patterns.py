"""Patterns and predictive checks, on courses of events made by hand."""

import datetime as dt
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cli_helpers import shipped_game
from negotiation_abm import load_record
from negotiation_abm.calibration import patterns
from negotiation_abm.calibration.free_runs import (
    free_histories,
    pattern_table,
    predictive_table,
    verdicts,
)
from negotiation_abm.calibration.patterns import STATISTICS, Statistic
from negotiation_abm.core.terms import MAX_LEVERS, Event, Forum, Move, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.replay.events import MOVES, WEEKS, History, recorded_history

US, CHINA = 0, 1
TARIFF, OTHER = 0, 1  # levers
ESCALATE, THREATEN, CONCEDE, SUSPEND = Move.ESCALATE, Move.THREATEN, Move.CONCEDE, Move.SUSPEND
START = dt.date(2025, 1, 6)


def fake_game(tariffs=(US, CHINA), cap=1.0):
    """As much of a game as the statistics look at."""
    return SimpleNamespace(
        players=("US", "CHINA"),
        params={"cap": np.full((1, 2, MAX_LEVERS), cap)},
        tariff_levers=lambda: dict.fromkeys(tariffs, (TARIFF, 100.0)),
        scenario=SimpleNamespace(date_of=lambda turn: START + dt.timedelta(weeks=turn)),
    )


def made(moves=(), weeks=20, spells=(), game=None, **columns):
    """A course of events; a move is (turn, player, move, lever) and, if need be, further fields."""
    rows = np.zeros(len(moves), MOVES)
    for row, (turn, player, kind, lever, *more) in zip(rows, moves, strict=True):
        row["turn"], row["player"], row["move"], row["lever"] = turn, player, kind, lever
        row["weeks_left"] = row["lead"] = -1
        for name, value in (more[0] if more else {}).items():
            row[name] = value
    calendar = np.zeros(weeks, WEEKS)
    calendar["turn"] = np.arange(weeks)
    calendar["weeks_left"] = calendar["weeks_to_summit"] = -1
    for name, values in columns.items():
        calendar[name] = values
    return History(game or fake_game(), rows, calendar, list(spells))


def spell(measure, weeks, cause=TruceEnd.CENSORED):
    return SimpleNamespace(measure=measure, duration_weeks=weeks, cause=cause)


def levels(china, weeks):
    """Levels in which China's tariff follows `china`."""
    found = np.zeros((weeks, 2, MAX_LEVERS))
    found[:, CHINA, TARIFF] = china
    return found


# ---------------------------------------------------------------------------
# P1, P2: answers in kind, spirals, other levers


def test_answered_raises():
    moves = [
        (0, US, ESCALATE, TARIFF),  # answered in week 2
        (2, CHINA, ESCALATE, TARIFF),
        (5, US, ESCALATE, TARIFF),  # answered on another lever only
        (6, CHINA, ESCALATE, OTHER),
        (9, US, ESCALATE, TARIFF),  # answered in week 12: too late
        (12, CHINA, ESCALATE, TARIFF),
        (12, US, ESCALATE, OTHER),  # not the tariff
        (15, US, THREATEN, TARIFF),
    ]
    assert patterns.answered_raises(made(moves)) == (1.0, 3.0)


def test_raises_against_a_capped_tariff_are_left_out():
    moves = [(3, US, ESCALATE, TARIFF), (4, US, ESCALATE, TARIFF), (4, CHINA, ESCALATE, TARIFF)]
    capped = made(moves, weeks=6, in_force=levels([0, 0, 0, 1, 1, 1], 6))
    # At the cap from the end of week 3: the raise of week 3 was open, that of week 4 was not.
    assert patterns.answered_raises(capped) == (1.0, 1.0)


def test_without_a_tariff_nothing_is_answered():
    bare = made([(0, US, ESCALATE, TARIFF)], game=fake_game(tariffs=()))
    assert patterns.answered_raises(bare) == (0.0, 0.0)
    assert patterns.longest_spiral(bare) == (0.0, 0.0)
    assert patterns.sideways(bare) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([(0, US), (1, CHINA), (2, US), (4, CHINA)], (5.0, 1.0)),
        ([(0, US), (3, CHINA)], (0.0, 0.0)),  # a gap of three weeks
        ([(0, US), (1, US), (2, US)], (0.0, 0.0)),  # one side alone
        ([(0, US), (1, CHINA), (9, CHINA), (10, US), (11, CHINA)], (3.0, 1.0)),
        ([(4, US), (4, CHINA)], (1.0, 1.0)),  # within one week
        ([], (0.0, 0.0)),
        ([(5, US)], (0.0, 0.0)),
    ],
)
def test_longest_spiral(turns, expected):
    moves = [(turn, player, ESCALATE, TARIFF) for turn, player in turns]
    assert patterns.longest_spiral(made(moves)) == expected


def test_sideways():
    moves = [
        (0, CHINA, ESCALATE, OTHER),  # before the cap
        (1, CHINA, ESCALATE, TARIFF),
        (2, CHINA, ESCALATE, OTHER),
        (3, CHINA, ESCALATE, TARIFF),  # lowered and raised again
        (3, US, ESCALATE, OTHER),
        (4, CHINA, ESCALATE, OTHER),
    ]
    capped = made(moves, weeks=6, in_force=levels([0, 1, 1, 1, 1, 1], 6))
    assert patterns.sideways(capped) == (2.0, 3.0)
    assert patterns.sideways(made(moves, weeks=6)) == (0.0, 0.0)  # never capped


# ---------------------------------------------------------------------------
# P3 to P6: agreements, renewals, dates


def agreed(turn, event, **fields):
    return (turn, CHINA, SUSPEND, -1, {"event": event} | fields)


def test_mirrored():
    moves = [
        agreed(1, Event.BEGUN, eased=(1, 2)),
        agreed(5, Event.RENEWED, eased=(0, 1)),
        agreed(7, Event.RENEWED, eased=(0, 0)),  # lowers nothing
        agreed(9, Event.REPAIRED, eased=(1, 0)),  # a repair
    ]
    assert patterns.mirrored(made(moves)) == (1.0, 2.0)


def test_renewal_lead():
    moves = [agreed(3, Event.RENEWED, weeks_left=2), agreed(9, Event.RENEWED, weeks_left=5)]
    assert patterns.renewal_lead(made([*moves, agreed(1, Event.BEGUN)])) == (7.0, 2.0)
    undated = agreed(12, Event.RENEWED, weeks_left=-1)
    assert patterns.renewal_lead(made([*moves, undated])) == (7.0, 2.0)


def test_lapses():
    spells = [spell(COVERED, 3, TruceEnd.LAPSE), spell(COVERED, 9), spell(ANY_DOMAIN, 1, 3)]
    assert patterns.lapses(made(spells=spells)) == (1.0, 2.0)


def test_first_from_outside():
    inside = {"in_truce": 1}
    moves = [
        (0, US, ESCALATE, OTHER),  # no truce yet
        agreed(2, Event.BEGUN),
        (4, US, ESCALATE, OTHER, inside | {"covered": 0}),
        (5, US, ESCALATE, TARIFF, inside | {"covered": 1}),
        agreed(8, Event.REPAIRED),
        (9, CHINA, ESCALATE, TARIFF, inside | {"covered": 1}),
        agreed(12, Event.BEGUN),
        (13, US, THREATEN, OTHER, inside),
    ]
    assert patterns.first_from_outside(made(moves)) == (1.0, 2.0)
    assert patterns.first_from_outside(made()) == (0.0, 0.0)


def test_before_dates():
    # A truce with its date at the end of week 10; a summit in week 19.
    left = np.where(np.arange(20) < 11, 10 - np.arange(20), -1)
    ahead = 19 - np.arange(20)
    columns = {"in_truce": (left >= 0).astype(int), "weeks_left": left, "weeks_to_summit": ahead}
    # Near: weeks 4 to 9 and 13 to 18, twelve of twenty.
    moves = [(t, US, ESCALATE, OTHER) for t in (4, 4, 9, 13, 0, 10)]
    near, rest = patterns.before_dates(made(moves, **columns))
    assert (near, rest) == (pytest.approx(4 / 12), pytest.approx(2 / 8))
    assert patterns.before_dates(made(moves)) == (0.0, 0.0)  # no dates
    assert Statistic("", "", patterns.before_dates, 1.0, False).value([made(moves, **columns)]) == (
        pytest.approx(4 / 3)
    )


def test_deals_at_summits():
    forum = np.zeros(20, int)
    forum[[3, 8, 12]] = Forum.SUMMIT
    forum[5] = Forum.ROUND
    moves = [agreed(4, Event.RENEWED), agreed(8, Event.REPAIRED), agreed(11, Event.BEGUN)]
    assert patterns.deals_at_summits(made(moves, forum=forum)) == (2.0, 3.0)


# ---------------------------------------------------------------------------
# P7 to P9: threats, concessions, the end


def test_threats():
    moves = [
        (0, US, THREATEN, TARIFF, {"lead": 2}),
        (0, US, THREATEN, OTHER, {"lead": 8}),
        (1, CHINA, THREATEN, OTHER, {"lead": 4}),
        (2, US, ESCALATE, TARIFF, {"lead": 2, "carried_out": 1}),
        (5, CHINA, ESCALATE, OTHER, {"lead": 4, "carried_out": 1}),
        (6, CHINA, ESCALATE, OTHER, {"lead": 9, "carried_out": 0}),  # pending, not carried out
    ]
    history = made(moves)
    assert patterns.threats_carried_out(history) == (2.0, 3.0)
    assert patterns.long_threats(history) == (1.0, 2.0)
    assert patterns.short_threats(history) == (1.0, 1.0)
    less = next(s for s in STATISTICS if s.less is not None)
    assert less.value([history]) == pytest.approx(1.0 - 0.5)


def test_concessions():
    forum = np.zeros(20, int)
    forum[[2, 4, 6, 8]] = Forum.ROUND
    moves = [(1, US, CONCEDE, OTHER), (2, US, CONCEDE, TARIFF), (3, CHINA, CONCEDE, OTHER)]
    history = made(moves, forum=forum)
    assert patterns.concessions_a_meeting(history) == (1.5, 4.0)
    assert patterns.second_share(history) == (1.0, 3.0)


def test_in_truce_at_the_end():
    assert patterns.ends_in_truce(made(in_truce=[0] * 19 + [1])) == (1.0, 1.0)
    assert patterns.ends_in_truce(made(in_truce=[1] * 19 + [0])) == (0.0, 1.0)


def test_highest_tariff():
    levels_of_us = np.zeros((3, 2, MAX_LEVERS))
    levels_of_us[:, US, TARIFF] = [0.1, 0.6, 0.3]
    history = made(weeks=3, in_force=levels_of_us, game=fake_game(cap=0.8))
    assert patterns.highest_tariff(history) == (pytest.approx(0.75), 1.0)
    assert patterns.highest_tariff(made(game=fake_game(tariffs=()))) == (0.0, 0.0)


def test_ends_of_young_and_older_truces():
    """Ends a week, at ages below 13 weeks and from then on; those of any domain do not count."""
    spells = [
        spell(COVERED, 5, TruceEnd.BREACH),  # 5 young weeks
        spell(COVERED, 12),  # 12 young weeks, no end
        spell(COVERED, 20, TruceEnd.LAPSE),  # 13 and 7
        spell(ANY_DOMAIN, 3, TruceEnd.ESCALATION),
    ]
    history = made(spells=spells, weeks=30)
    assert patterns.young_ends(history) == (1.0, 30.0)
    assert patterns.later_ends(history) == (1.0, 7.0)
    assert patterns.later_ends(made(spells=spells[:1])) == (0.0, 0.0)


# ---------------------------------------------------------------------------
# A statistic


def share(part, whole):
    """A course of events whose concessions have this share of China."""
    moves = [(t, CHINA if t < part else US, CONCEDE, OTHER) for t in range(whole)]
    return made(moves)


def test_runs_are_pooled_and_what_is_not_defined_is_nan():
    statistic = Statistic("P", "", patterns.second_share, 0.5, below=True)
    assert statistic.value([share(1, 2), share(1, 6), made()]) == pytest.approx(2 / 8)
    assert math.isnan(statistic.value([made()]))
    assert statistic.holds(0.4)
    assert not statistic.holds(0.5)
    assert not statistic.holds(math.nan)
    assert Statistic("P", "", patterns.second_share, 0.5, below=False).holds(0.6)


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda s: s.text[:20])
def test_every_statistic_is_a_ratio_of_any_course_of_events(statistic):
    game = shipped_game("baseline_2025")
    recorded = recorded_history(game, load_record("record_2025"))
    for history in (recorded, made(), free_histories([game], 50, 1, 4)[0][0]):
        above, below = statistic.ratio(history)
        assert below >= 0.0
        assert np.isfinite([above, below]).all()
        assert above == 0.0 or below > 0.0


def test_all_patterns_are_there():
    found = {statistic.pattern for statistic in STATISTICS}
    assert found == {f"P{n}" for n in range(1, 11)}
    assert len({statistic.text for statistic in STATISTICS}) == len(STATISTICS)


# ---------------------------------------------------------------------------
# Verdicts


def one_row(monkeypatch, recorded, free, below=True):
    """The row of one statistic: China's share of concessions, the line at one half."""
    statistic = Statistic("P8", "share", patterns.second_share, 0.5, below=below)
    monkeypatch.setattr("negotiation_abm.calibration.free_runs.STATISTICS", (statistic,))
    return pattern_table(recorded, free).iloc[0]


@pytest.mark.parametrize(
    ("record", "runs", "below", "verdict"),
    [
        ((1, 5), [(1, 5), (2, 5), (0, 5)], True, "pass"),
        ((4, 5), [(1, 5), (2, 5), (0, 5)], True, "fail"),
        ((4, 5), [(4, 5), (5, 5), (3, 5)], True, "pass"),  # the line decides nothing
        ((0, 0), [(1, 5), (2, 5)], True, "not defined"),  # the record has no value
        ((1, 5), [(0, 0), (0, 0)], True, "not defined"),
        ((4, 5), [(4, 5), (4, 5)], False, "pass"),
    ],
)
def test_verdict(monkeypatch, record, runs, below, verdict):
    row = one_row(monkeypatch, [share(*record)], [[share(*run)] for run in runs], below)
    assert row["verdict"] == verdict
    assert row["there"] == ("below 0.5" if below else "above 0.5")


def test_numbers_of_a_row(monkeypatch):
    singles = [0.25, 0.75, 0.0, 0.25]
    row = one_row(monkeypatch, [share(1, 4)], [[share(4 * s, 4)] for s in singles])
    assert row["free"] == 0.25
    assert row["share"] == 0.75
    assert (row["defined"], row["tail"]) == (1.0, 1.0)
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(singles, [0.05, 0.95])))
    far = one_row(monkeypatch, [share(4, 4)], [[share(4 * s, 4)] for s in singles])
    assert (far["tail"], far["verdict"]) == (0.0, "fail")


def test_several_records_are_pooled(monkeypatch):
    """Of eight concessions in two episodes two are China's, in the one run and in the other."""
    recorded = [share(0, 4), share(2, 4)]
    row = one_row(monkeypatch, recorded, [[share(2, 4), share(0, 4)], [share(1, 4), share(1, 4)]])
    assert (row["record"], row["free"], row["low"], row["high"]) == (0.25,) * 4


def test_a_pattern_is_as_good_as_its_worst_statistic():
    table = pd.DataFrame(
        {
            "pattern": ["P1", "P1", "P2", "P3", "P4", "P4"],
            "verdict": ["pass", "fail", "pass", "fail", "pass", "not defined"],
        }
    )
    assert verdicts(table) == {"P1": "fail", "P2": "pass", "P3": "fail", "P4": "not defined"}
    table["verdict"] = ["pass", "cannot fail", "cannot fail", "pass", "fail", "cannot fail"]
    assert verdicts(table) == {"P1": "pass", "P2": "cannot fail", "P3": "pass", "P4": "fail"}


# ---------------------------------------------------------------------------
# Predictive checks


def test_predictive_table_of_the_record():
    game = shipped_game("baseline_2025")
    recorded, seen = recorded_history(game, load_record("record_2025")), []
    free = free_histories([game, game], len(recorded.weeks), 3, 4, seen.append)
    assert seen == [3, 6]
    assert [len(runs) for runs in free] == [3, 3]
    turns = [history.moves["turn"].tolist() for runs in free for history in runs]
    assert len({tuple(t) for t in turns}) == 6  # draws of their own
    table = predictive_table(recorded, free)
    counts = table.groupby("kind").size().to_dict()
    moves = {f"moves.{m.name}": 2 * 12 for m in (ESCALATE, THREATEN, CONCEDE, SUSPEND)}
    assert counts == moves | {"tariff_pp": 2 * 50, "truce": 5}
    for kind in (ESCALATE, CONCEDE):
        part = table[table["kind"] == f"moves.{kind.name}"]
        assert part["record"].sum() == len(recorded.of(kind))
    bands = table[["q05", "q25", "q50", "q75", "q95"]].to_numpy()
    assert (np.diff(bands, axis=1) >= 0).all()
    first = table[(table["kind"] == "truce") & (table["key"] == "week of the first start")]
    assert first["record"].tolist() == [16.0]


def test_a_record_inside_and_outside_is_told():
    many = [[made([(3, US, ESCALATE, OTHER)] * n, weeks=4)] for n in (0, 1, 2, 3, 4)]
    for count, inside in ((2, True), (9, False), (0, False)):
        recorded = made([(3, US, ESCALATE, OTHER)] * count, weeks=4)
        table = predictive_table(recorded, many)
        row = table[(table["kind"] == "moves.ESCALATE") & (table["side"] == "US")]
        assert row["key"].tolist() == ["2025-01"]
        assert row["record"].tolist() == [float(count)]
        assert row["q50"].tolist() == [2.0]
        assert row["inside"].tolist() == [inside]


def test_lengths_where_the_record_has_no_truce_are_not_judged():
    table = predictive_table(made(), [[made(spells=[spell(COVERED, 5)])]])
    row = table[table["key"] == "mean length, covered, weeks"].iloc[0]
    assert math.isnan(row["record"])
    assert row["q50"] == 5.0
    assert row["inside"] is None
