"""What a replay says of moves, threats, repairs and tariffs: each by an example counted by hand."""

import datetime as dt

import pandas as pd
import pytest

from cli_helpers import ROOT, command, strict_json
from helpers import make_game, write_yaml
from negotiation_abm import replay_record
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from test_cli import good
from test_replay import row, turbot_war, write_record

RISEN = row("r 1995-03-06 WEST ESCALATE boarding 0.5")
BACK = {"revised_rules": 0, "restore_share": 0.0}
DEAL = [
    row("w 1995-03-20 WEST SUSPEND boarding 0.2 0.2", expires="1995-09-18"),
    row("e 1995-03-21 EAST SUSPEND"),
]


def replayed(folder, *rows, **changes):
    return replay_record(make_game(folder, turbot_war(**changes)), write_record(folder, *rows))


# ---------------------------------------------------------------------------
# Threats: one case a fate


THREAT = row("t 1995-03-07 WEST THREATEN boarding 0.3", lead_weeks=2)
FATES = {
    "carried out": (
        [THREAT, row("x 1995-03-20 WEST ESCALATE boarding 0.8")],
        ("carried out", "1995-03-20", "x"),
    ),
    "carried out in part": (
        [THREAT, row("x 1995-03-20 WEST ESCALATE boarding 0.6")],
        ("carried out in part", "1995-03-20", "x"),
    ),
    "withdrawn": (
        [THREAT, *DEAL],
        ("withdrawn by agreement", "1995-03-21", "e"),
    ),
    "replaced": (
        [THREAT, row("u 1995-03-09 WEST THREATEN boarding 0.4", lead_weeks=2)],
        ("replaced", "1995-03-09", "u"),
    ),
    "lapsed": (
        [THREAT, row("x 1995-04-10 WEST ESCALATE quota 0.1")],
        ("lapsed", "1995-03-26", ""),
    ),
    "pending": ([THREAT], ("still pending", None, "")),
    "without a date": (
        [
            row("t 1995-03-07 WEST THREATEN boarding 0.3", lead_weeks=-1),
            row("x 1995-05-01 WEST ESCALATE quota 0.1"),
        ],
        ("still pending", None, ""),
    ),
}


@pytest.mark.parametrize("name", FATES)
def test_what_became_of_a_threat(tmp_path, name):
    rows, expected = FATES[name]
    threat = replayed(tmp_path, RISEN, *rows).threats[0]
    date = threat.fate_date.isoformat() if threat.fate_date else None
    assert (threat.fate, date, threat.fate_row) == expected
    assert threat.due == (None if name == "without a date" else dt.date(1995, 3, 20))
    assert threat.size == 0.3


def test_a_threat_of_one_lever_says_nothing_of_another(tmp_path):
    rows = [THREAT, row("x 1995-03-20 WEST ESCALATE quota 0.8")]
    (threat,) = replayed(tmp_path, RISEN, *rows).threats
    assert threat.fate == "lapsed"  # a replay plays its last week to the end


# ---------------------------------------------------------------------------
# Moves: severity, and the spells that they end


def test_severity_is_the_step_by_the_potency_of_its_lever(tmp_path):
    """Weight 1, irreplaceability .8, squared by the convexity: a step of .5 weighs .32."""
    result = replayed(tmp_path, RISEN, THREAT, *DEAL)
    severities = [(move.row_id, move.severity) for move in result.moves]
    assert severities == [
        ("r", pytest.approx(0.32)),
        ("t", pytest.approx(0.192)),
        ("w", None),
        ("e", None),
    ]


def test_a_move_says_which_spells_it_ended_and_a_spell_which_row(tmp_path):
    steps = [
        row("q 1995-04-03 WEST ESCALATE quota 0.1"),  # .064, below min_severity
        row("s 1995-04-04 WEST ESCALATE quota 0.4"),
        row("b 1995-04-10 WEST ESCALATE boarding 0.9"),
    ]
    numbers = {"precision": 0.0, "min_severity": 0.1, "tolerance": 50.0} | BACK
    result = replayed(tmp_path, RISEN, *DEAL, *steps, set=numbers)
    ended = {move.row_id: move.ended for move in result.moves if move.in_truce}
    assert ended == {"q": (), "s": (ANY_DOMAIN,), "b": (COVERED,)}
    assert {move.row_id for move in result.moves if move.covered} == {"b"}
    assert {spell.measure: spell.row_id for spell in result.spells} == {
        ANY_DOMAIN: "s",
        COVERED: "b",
    }


def test_a_truce_that_is_worn_down_names_the_last_step(tmp_path):
    steps = [
        row("q 1995-04-03 WEST ESCALATE quota 0.3"),
        row("s 1995-04-04 WEST ESCALATE quota 0.6"),
        row("z 1995-04-04 EAST THREATEN visas 0.1", lead_weeks=9),
    ]
    numbers = {"precision": 0.0, "tolerance": 0.3, "min_severity": 9.0} | BACK
    result = replayed(tmp_path, RISEN, *DEAL, *steps, set=numbers)
    assert [spell.row_id for spell in result.spells if spell.measure == COVERED] == ["s"]


def test_repairs_stand_beside_renewals(tmp_path):
    """Strain of an uncovered lever makes a repair possible; it opens no new covered spell."""
    rows = [
        row("q 1995-04-03 WEST ESCALATE quota 0.4"),
        row("x 1995-04-10 WEST SUSPEND"),
        row("y 1995-04-11 EAST SUSPEND"),
        row("z 1995-04-12 EAST CONCEDE visas 0"),
    ]
    numbers = {"precision": 0.0, "min_severity": 0.1, "tolerance": 50.0} | BACK
    visas = row("v 1995-03-07 EAST ESCALATE visas 0.5")
    result = replayed(tmp_path, RISEN, visas, *DEAL, *rows, set=numbers)
    assert [kind for _, kind, _ in result.agreements] == ["BEGUN", "REPAIRED"]
    found = [(s.measure, s.start.isoformat(), s.repairs, s.renewals) for s in result.spells]
    assert sorted(found) == [
        (COVERED, "1995-03-21", 1, 0),
        (ANY_DOMAIN, "1995-03-21", 0, 0),
        (ANY_DOMAIN, "1995-04-11", 0, 0),
    ]


# ---------------------------------------------------------------------------
# Tariffs of every lever, and what is printed


def two_tariffs():
    levers = turbot_war()["levers"]
    west = {name: lever | {"pp_at_full": 40} for name, lever in levers["WEST"].items()}
    return levers | {"WEST": west}


def test_every_tariff_lever_of_both_sides_is_said_with_years(capsys, tmp_path):
    scenario = write_yaml(tmp_path / "scenario.yaml", turbot_war(levers=two_tariffs()))
    record = write_record(
        tmp_path,
        row("r 1995-03-06 WEST ESCALATE boarding 0.5", rate_pp=25),
        row("v 1995-03-07 EAST ESCALATE visas 0.5"),
    ).path
    out = good(capsys, "replay", scenario, "--record", record)
    assert "WEST quota, announced rate in points: 0 throughout" in out
    assert "WEST boarding, announced rate in points: 0 at first, 25 (1995-03-06)" in out
    assert "EAST visas, announced rate in points: 0 at first, 25* (1995-03-07)" in out
    summary = strict_json(good(capsys, "replay", scenario, "--record", record, "--json"))
    found = {(one["player"], one["lever"]): one["steps"] for one in summary["tariffs_by_lever"]}
    assert found["WEST", "boarding"] == [{"date": "1995-03-06", "pp": 25.0, "recorded": True}]
    assert found["EAST", "visas"] == [{"date": "1995-03-07", "pp": 25.0, "recorded": False}]
    assert summary["tariffs"]["WEST"] == []  # the first tariff lever of a side, as before


def test_nothing_stands_after_the_rest_where_there_is_none(capsys, tmp_path):
    scenario = write_yaml(tmp_path / "scenario.yaml", turbot_war())
    record = write_record(tmp_path, RISEN).path
    words = ("replay", scenario, "--record", record)
    assert "1 of 1 rows that count are in the replay\n" in good(capsys, *words)
    record = write_record(tmp_path, RISEN, row("x 1995-03-09 WEST", not_represented="words")).path
    out = good(capsys, *words)
    assert "1 of 2 rows that count are in the replay; the others are left out:\n  x: words\n" in out


def test_no_table_stands_where_there_is_nothing_to_list(capsys, tmp_path):
    scenario = write_yaml(tmp_path / "scenario.yaml", turbot_war())
    record = write_record(tmp_path, row("a 1995-03-06 both CALL")).path
    out = good(capsys, "replay", scenario, "--record", record)
    assert "no truce in the record" in out
    for heading in ("recorded truce", "steps in a truce", "least expected", "due, week of"):
        assert heading not in out


def test_an_illegal_row_that_does_not_count_is_listed_too(capsys, tmp_path):
    scenario = write_yaml(tmp_path / "scenario.yaml", turbot_war())
    record = write_record(tmp_path, RISEN, row("x 1995-03-09 WEST CONCEDE quota 0", counted=0)).path
    words = ("replay", scenario, "--record", record, "--skip-illegal")
    assert "x: CONCEDE quota is not legal here" in good(capsys, *words)


def test_the_tables_hold_moves_and_threats(capsys, tmp_path):
    scenario = write_yaml(tmp_path / "scenario.yaml", turbot_war())
    record = write_record(tmp_path, RISEN, THREAT, *DEAL).path
    out = good(capsys, "replay", scenario, "--record", record, "--out", tmp_path / "out")
    assert "withdrawn by agreement 1995-03-21 (e)" in out
    assert "0.1 (min_severity)" in out
    moves = pd.read_csv(tmp_path / "out" / "moves.csv")
    assert list(moves["row"]) == ["r", "t", "w", "e"]
    threats = pd.read_csv(tmp_path / "out" / "threats.csv")
    assert list(threats["fate"]) == ["withdrawn by agreement"]


def test_a_record_without_moves_has_empty_tables(capsys, tmp_path):
    scenario = write_yaml(tmp_path / "scenario.yaml", turbot_war())
    record = write_record(tmp_path, row("c 1995-03-09 both CALL")).path
    good(capsys, "replay", scenario, "--record", record, "--out", tmp_path / "out")
    for name in ("moves.csv", "threats.csv"):
        assert pd.read_csv(tmp_path / "out" / name).empty


def test_every_threat_of_the_shipped_records_has_a_fate(capsys):
    """A threat that is gone says how; one that is not, is still pending at the end."""
    for folder in sorted(ROOT.glob("seeds/episodes/*")):
        done = command(capsys, "replay", folder / "scenario.yaml", "--json")
        summary = strict_json(done.out)
        last = summary["weekly"][-1]
        for threat in summary["threats"]:
            is_pending = threat["fate"] == "still pending"
            assert is_pending == (threat["fate_date"] is None)
            if is_pending:
                assert last[f"{threat['player']}.{threat['lever']}.pending"] > 0.0
