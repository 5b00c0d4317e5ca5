"""What a record can say beside the moves of the game: dates, coverage, words that end a truce."""

import datetime as dt

import pytest

from helpers import REVISED, make_game
from negotiation_abm import InputError, load_record, replay_record
from negotiation_abm.cli.tables.replay import print_replay
from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import COVERED
from negotiation_abm.replay.step import replay_summary
from test_replay import turbot_war

SIGNED = (
    "a,1995-03-13,WEST,SUSPEND",
    "b,1995-03-14,EAST,SUSPEND",
)
HEAD = "id,date,player,move,lever,level,loaded,lead_weeks,expires,covers,ends_truce,not_represented"


def record_of(folder, *rows):
    """A record of rows as text, with cells left out at the end."""
    width = HEAD.count(",")
    lines = [HEAD, *(text + "," * (width - text.count(",")) for text in rows)]
    path = folder / "record.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_record(path)


def replayed(folder, *rows, until="1995-06-30", **changes):
    scenario = turbot_war(set=dict(REVISED) | changes)
    scenario |= {"horizon_weeks": 20, "record": {"file": "record.csv", "until": until}}
    game = make_game(folder, scenario)
    return replay_record(game, record_of(folder, *rows))


def covered_spells(result):
    return [spell for spell in result.spells if spell.measure == COVERED]


def test_one_side_prolongs_a_truce_and_it_counts_as_a_renewal(tmp_path):
    first, second = SIGNED[0] + ",,,,,1995-04-10", SIGNED[1] + ",,,,,1995-04-10"
    plain = replayed(tmp_path, first, second, tacit=0)
    assert [s.cause for s in covered_spells(plain)] == [TruceEnd.LAPSE]
    longer = "c,1995-04-05,EAST,PROLONG,,,,,1995-06-05"
    result = replayed(tmp_path, first, second, longer, tacit=0)
    (spell,) = covered_spells(result)
    assert (spell.cause, spell.end, spell.renewals) == (TruceEnd.LAPSE, dt.date(1995, 6, 11), 1)
    assert len(result.decisions) == len(plain.decisions)  # it is no choice of the game


def test_a_truce_can_be_prolonged_without_a_date(tmp_path):
    first, second = SIGNED[0] + ",,,,,1995-04-10", SIGNED[1] + ",,,,,1995-04-10"
    result = replayed(tmp_path, first, second, "c,1995-04-05,EAST,PROLONG,,,,-1", tacit=0)
    (spell,) = covered_spells(result)
    assert (spell.cause, spell.renewals) == (TruceEnd.CENSORED, 1)


def test_nothing_can_be_prolonged_where_no_truce_is_in_force(tmp_path):
    with pytest.raises(InputError, match="PROLONG, but no truce is in force"):
        replayed(tmp_path, "c,1995-04-05,EAST,PROLONG,,,,,1995-06-05")


def test_talks_that_are_broken_off_take_the_offer_back_and_keep_rounds_away(tmp_path):
    off = "c,1995-03-14,WEST,BREAK_OFF,,,,3"
    answer = "b,1995-03-15,EAST,SUSPEND"
    result = replayed(tmp_path, SIGNED[0], off, answer)
    assert covered_spells(result) == []
    scored = {turn for turn, _, _ in result.rounds}
    weeks = {w["turn"]: w["round_probability"] for w in result.weeks}
    away = sorted(set(weeks) - scored)
    assert len(away) == 2  # the week of the act had begun
    assert all(weeks[turn] == 0.0 for turn in away)


@pytest.mark.parametrize(
    ("act", "line"),
    [
        ("EAST,PROLONG,,,,,1995-06-05", "by EAST alone (c), expiry week of 1995-06-05"),
        ("EAST,PROLONG,,,,-1", "by EAST alone (c), no date"),
        ("WEST,BREAK_OFF,,,,3", "by WEST (c), no meeting before the week of 1995-04-24"),
    ],
)
def test_the_replay_says_what_one_side_alone_did_to_the_talks(tmp_path, capsys, act, line):
    kind = "prolonged" if "PROLONG" in act else "talks broken off"
    result = replayed(tmp_path, *SIGNED, f"c,1995-04-05,{act}")
    print_replay(replay_summary(result), None)
    printed = capsys.readouterr().out.splitlines()
    assert f"{kind} 1995-04-05: {line}" in printed
    assert sum(text.startswith("agreement ") for text in printed) == 1  # that of the two sides


def test_a_threat_marked_so_ends_the_truce_on_its_day(tmp_path):
    threat = "c,1995-04-05,EAST,THREATEN,{},.2,,4,,,{}"
    lever = turbot_war()["levers"]["EAST"]
    name = next(iter(lever))
    result = replayed(tmp_path, *SIGNED, threat.format(name, 1))
    (spell,) = covered_spells(result)
    assert (spell.cause, spell.end) == (TruceEnd.BREACH, dt.date(1995, 4, 5))
    assert result.game.players[spell.player] == "EAST"
    unmarked = replayed(tmp_path, *SIGNED, threat.format(name, ""))
    assert covered_spells(unmarked)[0].cause == TruceEnd.CENSORED


def test_an_agreement_covers_what_its_offers_name(tmp_path):
    levers = turbot_war()["levers"]
    east = next(iter(levers["EAST"]))
    named = f"EAST.{east}"
    rows = [text + ",,,,,," + named for text in SIGNED]
    step = f"c,1995-04-05,EAST,ESCALATE,{east},.9"
    assert covered_spells(replayed(tmp_path, *rows, step, restore_share=0))[0].cause == (
        TruceEnd.BREACH
    )
    west = next(iter(levers["WEST"]))
    other = [text + f",,,,,,WEST.{west}" for text in SIGNED]
    spell = covered_spells(replayed(tmp_path, *other, step, restore_share=0, tolerance=50))[0]
    assert spell.cause != TruceEnd.BREACH


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,1995-03-13,WEST,SUSPEND,,,,,,NORTH.ore", "covers: unknown player 'NORTH'"),
        ("a,1995-03-13,WEST,SUSPEND,,,,,,WEST.ore", "covers: unknown lever 'ore' of WEST"),
        ("a,1995-03-13,WEST,SUSPEND,,,,,,ore", "covers: 'ore'; allowed: levers as PLAYER.lever"),
        ("a,1995-03-13,both,CALL,,,,,,WEST.quota", "covers: a CALL has none"),
        ("a,1995-03-13,WEST,PROLONG", "expires: missing; PROLONG needs the new date"),
        ("a,1995-03-13,WEST,PROLONG,,,,3", "lead_weeks: 3; a PROLONG has -1, for no date, or none"),
        ("a,1995-03-13,WEST,PROLONG,,,,-1,1995-06-05", "lead_weeks: -1; expires is given as well"),
        ("a,1995-03-13,WEST,BREAK_OFF", "lead_weeks: BREAK_OFF needs the weeks"),
        ("a,1995-03-13,WEST,SUSPEND,,,,,,,1", "ends_truce: 1; only an ESCALATE or a THREATEN"),
    ],
)
def test_what_does_not_belong_to_a_row_is_one_line(tmp_path, row, says):
    with pytest.raises(InputError, match=says):
        replayed(tmp_path, row)


def test_a_suspended_part_that_a_row_leaves_out_is_given_up(tmp_path):
    levers = turbot_war()["levers"]
    east = next(iter(levers["EAST"]))
    floor = levers["EAST"][east].get("floor", 0)
    rows = [
        f"a,1995-03-13,EAST,SUSPEND,{east},{floor},.2,,,EAST.{east}",
        f"b,1995-03-14,WEST,SUSPEND,,,,,,EAST.{east}",
        f"c,1995-04-05,EAST,CONCEDE,{east},{floor},0",
    ]
    (spell,) = covered_spells(replayed(tmp_path, *rows))
    assert (spell.cause, spell.end) == (TruceEnd.FULFILLED, dt.date(1995, 4, 5))
