"""`check` on records: every fault with what to do, every warning, as text and as JSON."""

import csv
import io
import random
import re

import pandas as pd
import pytest
import yaml

from cli_helpers import ROOT, command, strict_json
from helpers import make_game, write_yaml
from negotiation_abm import InputError, build_game, load_record, load_scenario, replay_record
from negotiation_abm.record.load import MOVES as MOVES_OF_RECORDS
from negotiation_abm.replay.examine import examine, examine_file
from test_cli import good
from test_records import record_of as record_of_chips
from test_replay import EPISODE, row, turbot_war, write_record

FOLDERS = sorted(path.parent for path in ROOT.glob("seeds/episodes/*/scenario.yaml"))


def scenario_file(folder, **changes):
    return write_yaml(folder / "scenario.yaml", turbot_war(**changes))


# Five rows that the rules refuse, each for another reason, among four that they allow.
FAULTY = [
    row("a 1995-03-06 WEST ESCALATE boarding 0.5"),
    row("b 1995-03-07 WEST CONCEDE quota 0"),  # at its floor
    row("c 1995-03-08 WEST ESCALATE boarding 0.3"),  # lowers
    row("d 1995-03-09 EAST ESCALATE licence 0.2"),  # at its cap
    row("e 1995-03-10 EAST ESCALATE visas 1.0"),
    row("f 1995-03-20 WEST SUSPEND boarding 0.2 0.2", expires="1995-09-18"),
    row("g 1995-03-20 WEST SUSPEND quota 0"),  # an own offer stands
    row("h 1995-03-21 EAST SUSPEND visas 0.5 0.5"),
    row("i 1995-03-28 EAST SUSPEND"),  # nothing to settle
]


MOVES = {
    "b": "WEST CONCEDE quota",
    "c": "WEST ESCALATE boarding",
    "d": "EAST ESCALATE licence",
    "g": "WEST SUSPEND quota",
    "i": "EAST SUSPEND",
}


def test_every_row_that_the_rules_refuse_is_listed_and_no_other(tmp_path):
    record = write_record(tmp_path, *FAULTY)
    found = examine(make_game(tmp_path, turbot_war()).scenario, record)
    assert [(fault.line, fault.id) for fault in found.faults] == [
        *((3, "b"), (4, "c"), (5, "d"), (8, "g"), (10, "i")),
    ]
    says = {fault.id: fault.problem for fault in found.faults}
    assert "floor (0)" in says["b"]
    assert "allowed: a level from 0.5 to 1, or CONCEDE" in says["c"]
    assert "cap (0.2 in force and 0 loaded)" in says["d"]
    assert "an own offer stands already" in says["g"]
    assert "no strain" in says["i"]
    for fault in found.faults:
        assert fault.move == MOVES[fault.id]
        assert "HOLD" in fault.legal


def test_each_row_of_a_package_that_the_rules_refuse_is_listed(tmp_path):
    rows = [
        row("a 1995-03-06 WEST ESCALATE boarding 0.5"),
        row("b 1995-03-07 WEST ESCALATE boarding 0.4", decision="p"),
        row("c 1995-03-07 WEST CONCEDE quota 0.5", decision="p"),
        row("d 1995-03-07 WEST ESCALATE quota 0.5", decision="p"),
    ]
    record = write_record(tmp_path, *rows)
    found = examine(make_game(tmp_path, turbot_war()).scenario, record)
    assert [fault.id for fault in found.faults] == ["b", "c"]


def test_a_row_of_a_later_week_that_contradicts_its_move_is_refused(tmp_path):
    """Before, its lever moved the other way and nothing was said."""
    rows = [
        row("a 1995-03-06 WEST ESCALATE boarding 0.5", decision="p"),
        row("b 1995-03-14 WEST ESCALATE boarding 0.2", decision="p"),
    ]
    game = make_game(tmp_path, turbot_war())
    with pytest.raises(InputError, match=r"line 3 \(b\), 1995-03-14: ESCALATE to level 0.2"):
        replay_record(game, write_record(tmp_path, *rows))


def test_replay_stops_at_the_first_and_points_to_check(capsys, tmp_path):
    record, scenario = write_record(tmp_path, *FAULTY).path, scenario_file(tmp_path)
    done = command(capsys, "replay", scenario, "--record", record)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    assert "line 3 (b)" in done.err
    assert "negotiation-abm check SCENARIO RECORD" in done.err
    checked = command(capsys, "check", scenario, record)
    assert checked.status == 2
    lines = checked.err.splitlines()
    assert [line.split(": ")[2].split(",")[0] for line in lines] == [
        *("line 3 (b)", "line 4 (c)", "line 5 (d)", "line 8 (g)", "line 10 (i)"),
    ]
    assert all(line.startswith("error: ") for line in lines)


def test_json_says_the_same_as_the_text(capsys, tmp_path):
    record, scenario = write_record(tmp_path, *FAULTY).path, scenario_file(tmp_path)
    text = command(capsys, "check", scenario, record)
    done = command(capsys, "check", scenario, record, "--json")
    assert (done.status, done.err) == (2, "")
    found = strict_json(done.out)
    assert not found["usable"]
    errors = [error for file in found["files"] for error in file["errors"]]
    warnings = [warning for file in found["files"] for warning in file["warnings"]]
    assert [error["line"] for error in errors] == [3, 4, 5, 8, 10]
    assert text.err.splitlines() == [
        f"error: {e['file']}: line {e['line']} ({e['id']}), {e['date']}: {e['problem']}"
        for e in errors
    ]
    assert len(warnings) == sum(line.startswith("warning: ") for line in text.out.splitlines())
    assert "HOLD" in errors[0]["legal"]


def test_faults_of_reading_and_of_fit_are_all_listed(capsys, tmp_path):
    """Cells first; a record that can be read is held to its scenario."""
    path = tmp_path / "record.csv"
    head = "id,date,player,move,lever,level\n"
    path.write_text(
        f"{head}a,1995-03-06,WEST,RAISE,quota,0.5\nb,1995-3-7,WEST,ESCALATE,quota,0.5\n"
    )
    done = command(capsys, "check", scenario_file(tmp_path), path)
    assert done.status == 2
    assert [line.split(": ")[2] for line in done.err.splitlines()] == [
        *("line 2, move", "line 3, date"),
    ]
    with pytest.raises(InputError, match="1 more: negotiation-abm check lists all"):
        write_record(tmp_path, row("a 1995-03-06 WEST RAISE"), row("b 1995-3-7 WEST SUSPEND"))
    path.write_text(
        f"{head}a,1995-03-06,NORTH,ESCALATE,quota,0.5\nb,1995-03-07,WEST,ESCALATE,quoter,0.5\n"
    )
    done = command(capsys, "check", scenario_file(tmp_path), path)
    assert done.status == 2
    assert [line.split(": ")[2] for line in done.err.splitlines()] == [
        *("line 2 (a), player", "line 3 (b), lever"),
    ]


def test_one_file_that_cannot_be_used_does_not_hide_the_next(capsys, tmp_path):
    bad = write_yaml(tmp_path / "bad.yaml", turbot_war(horizon_weeks=0))
    record = write_record(tmp_path, row("a 1995-03-06 WEST CONCEDE quota 0")).path
    done = command(capsys, "check", bad, scenario_file(tmp_path), record)
    assert done.status == 2
    assert "horizon_weeks" in done.err
    assert "line 2 (a)" in done.err


def test_a_scenario_is_checked_with_the_record_that_it_names(capsys, tmp_path):
    record = write_record(tmp_path, *EPISODE).path
    scenario = scenario_file(tmp_path, record={"file": "record.csv"})
    out = good(capsys, "check", scenario)
    assert f"{record}: fits fishery" in out
    assert out.count("fits") == good(capsys, "check", scenario, record).count("fits") == 1
    record.write_text(record.read_text().replace("0.5", "5"))
    assert "line 2, level" in command(capsys, "check", scenario).err


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_shipped_records_have_no_fault_and_few_warnings(capsys, folder):
    found = strict_json(good(capsys, "check", folder / "scenario.yaml", "--json"))
    assert found["usable"]
    warnings = [warning for file in found["files"] for warning in file["warnings"]]
    assert len(warnings) <= 10


def test_a_check_leaves_no_trace_in_the_replay(tmp_path):
    """What is checked and what is replayed are one walk through the record."""
    game, record = make_game(tmp_path, turbot_war()), write_record(tmp_path, *EPISODE)
    before = replay_record(game, record)
    assert examine(game.scenario, record).faults == []
    assert replay_record(game, record).weeks == before.weeks


CHANGES = [
    lambda cells, any_of: cells.update(level=str(round(any_of.random(), 2))),
    lambda cells, any_of: cells.update(loaded=str(round(any_of.random(), 2))),
    lambda cells, any_of: cells.update(level=""),
    lambda cells, any_of: cells.update(move=any_of.choice(MOVES_OF_RECORDS)),
    lambda cells, any_of: cells.update(player=any_of.choice(["US", "CHINA", "EU", "KOREA"])),
    lambda cells, any_of: cells.update(not_represented="left out"),
    lambda cells, any_of: cells.update(expires=cells["date"]),
]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_whatever_is_done_to_a_record_no_row_is_lost_without_a_word(tmp_path, folder):
    """Each row of a spoilt record is a listed fault, or placed, or left out with a reason."""
    any_of, scenario = random.Random(folder.name), load_scenario(folder / "scenario.yaml")
    text = load_record(scenario.record.file, folder).path.read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    for cells in any_of.sample(rows, 20):
        any_of.choice(CHANGES)(cells, any_of)
    path = tmp_path / "record.csv"
    for _ in range(3):  # cells that cannot be read, then what does not fit, leave with their rows
        pd.DataFrame(rows).to_csv(path, index=False)
        record, found = examine_file(path)
        if not found.faults:
            found = examine(scenario, record)
        lines = {fault.line for fault in found.faults if not fault.move}
        if not lines:
            break
        rows = [cells for number, cells in enumerate(rows, start=2) if number not in lines]
    result = replay_record(build_game(scenario), record, skip_illegal=True)
    told = result.placed + [one.id for one in result.unplaced]
    assert sorted(told) == sorted(row.id for row in record.rows)
    assert {fault.id for fault in found.faults} == {
        one.id for one in result.unplaced if one.is_illegal
    }


# ---------------------------------------------------------------------------
# What a coder may not have meant


def warnings_in(folder, *rows, **changes):
    record = write_record(folder, *rows)
    scenario = make_game(folder, turbot_war(**changes)).scenario
    found = examine(scenario, record)
    assert found.faults == []
    return [(warning.id, warning.problem) for warning in found.warnings]


RISEN = row("r 1995-03-06 WEST ESCALATE boarding 0.5")
DEAL = [
    RISEN,
    row("v 1995-03-07 EAST ESCALATE visas 1.0"),
    row("w 1995-03-20 WEST SUSPEND boarding 0.2 0.2", expires="1995-05-15"),
    row("x 1995-03-21 EAST SUSPEND visas 0.5 0.5"),
]
SUMMIT_COVERS_MORE = {
    "round": {"weeks": 13, "covers": {"WEST": ["boarding"]}},
    "summit": {"weeks": None, "covers": {"WEST": ["boarding"], "EAST": ["visas"]}},
}
TRAPS = {
    "nobody answers": (
        [RISEN, row("a 1995-03-20 WEST SUSPEND boarding 0.2 0.2")],
        {},
        "a",
        "did not answer this offer .* no level was set",
    ),
    "answered too late": (
        [
            RISEN,
            row("a 1995-03-20 WEST SUSPEND"),
            row("b 1995-05-08 EAST SUSPEND visas 0"),
        ],
        {},
        "a b",
        "did not answer",
    ),
    "a cut by the package rule": (
        [*DEAL[:3], row("a 1995-03-21 EAST SUSPEND")],
        {},
        "a",
        "no level is given, .* visas from 1 to 0.3",
    ),
    "a SUSPEND that raises": (
        [*DEAL[:2], row("a 1995-03-20 WEST SUSPEND boarding 0.8 0.2"), DEAL[3]],
        {},
        "a",
        "a SUSPEND that raises boarding from 0.5 to 0.8",
    ),
    "the week after a summit": (
        [*DEAL[:2], row("s 1995-03-18 both SUMMIT"), DEAL[2], DEAL[3]],
        {"terms": SUMMIT_COVERS_MORE},
        "x",
        "the week after a summit",
    ),
    "a threat beyond its room": (
        [RISEN, row("a 1995-03-08 WEST THREATEN boarding 0.8", lead_weeks=2)],
        {},
        "a",
        "a threat of 0.8, but boarding can only rise by 0.5",
    ),
    "a threat that is already there": (
        [
            row("a 1995-03-06 WEST THREATEN boarding 0.5", lead_weeks=2),
            row("b 1995-03-14 WEST THREATEN boarding 0.2", lead_weeks=6),
        ],
        {"set": {"precision": 0.0, "revised_rules": 0}},
        "b",
        "the threat a still stood, .* nearer date .* larger size",
    ),
    "a step that comes after its threat": (
        [
            row("a 1995-03-06 WEST THREATEN boarding 0.5", lead_weeks=1),
            row("b 1995-03-21 WEST ESCALATE boarding 0.5"),
        ],
        {},
        "b",
        "the threat a had lapsed .* 1995-03-13",
    ),
    "more suspended than the cap allows": (
        [*DEAL[:2], row("a 1995-03-20 WEST SUSPEND boarding 0.4 0.6"), DEAL[3]],
        {
            "levers": turbot_war()["levers"]
            | {
                "WEST": {
                    "quota": turbot_war()["levers"]["WEST"]["quota"],
                    "boarding": turbot_war()["levers"]["WEST"]["boarding"] | {"cap": 0.7},
                }
            }
        },
        "a",
        "loaded 0.6 is more than the cap",
    ),
    "two decisions of one day": (
        [RISEN, row("a 1995-03-06 WEST ESCALATE quota 0.5")],
        {},
        "a",
        "a second decision of WEST on the day of r",
    ),
    "a row that is left out ends the observation": (
        [RISEN, row("a 1995-04-20 WEST", not_represented="words")],
        {},
        "a",
        "lets the observation end on 1995-04-20 and not on 1995-03-06",
    ),
    "a date in a further row": (
        [
            *DEAL[:2],
            row("w 1995-03-20 WEST SUSPEND boarding 0.2 0.2", decision="p", expires="1995-05-15"),
            row("a 1995-03-20 WEST SUSPEND quota 0", decision="p", expires="1995-06-15"),
            DEAL[3],
        ],
        {"horizon_weeks": 20},
        "a",
        "expires is not used",
    ),
    "an end of no truce": (
        [row("a 1995-03-07 WEST ESCALATE boarding 0.5", ends_truce="1")],
        {},
        "a",
        "ends_truce 1, but no truce is in force",
    ),
    "a step without a level": (
        [row("a 1995-03-07 WEST ESCALATE boarding")],
        {},
        "a",
        r"the usual one of boarding \(0.25\)",
    ),
    "a threat without a size": (
        [row("a 1995-03-07 WEST THREATEN quota", lead_weeks=2)],
        {},
        "a",
        "the usual one of quota",
    ),
    "a level before the start": (
        [
            row("z 1995-02-01 EAST ESCALATE visas 0.6"),
            row("a 1995-02-20 EAST CONCEDE visas 0.4"),
            RISEN,
        ],
        {},
        "a",
        "leaves visas at 0.4, and the scenario starts it at 0: write start: 0.4",
    ),
    "talks broken off beyond the next meeting": (
        [row("a 1995-03-07 WEST BREAK_OFF", lead_weeks=6), row("b 1995-03-29 both ROUND")],
        {},
        "a",
        "lead_weeks 6, but b is a meeting 3 weeks later",
    ),
    "a truce prolonged to an earlier date": (
        [*DEAL, row("a 1995-04-03 EAST PROLONG", expires="1995-05-01")],
        {},
        "a",
        "shortens the truce: its date was in 6 weeks",
    ),
    "a move after the end of observation": (
        [RISEN, row("a 1995-04-17 WEST ESCALATE boarding 0.6")],
        {"record": {"file": "record.csv", "until": "1995-04-10"}},
        "a",
        r"after record.until \(1995-04-10\), .* last row, 1995-04-17",
    ),
    "a rate of a threat": (
        [row("a 1995-03-06 EAST THREATEN visas 0.5", lead_weeks=1, rate_pp=25)],
        {},
        "a",
        "rate_pp of a threat",
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_what_a_coder_may_not_have_meant_is_said(tmp_path, name):
    rows, changes, row_id, says = TRAPS[name]
    found = warnings_in(tmp_path, *rows, **changes)
    assert [one for one, _ in found] == row_id.split()
    assert re.search(says, found[0][1])


def test_a_record_without_traps_has_no_warnings(tmp_path):
    assert warnings_in(tmp_path, *DEAL) == []


def test_a_quiet_change_of_what_is_not_in_force_is_said(tmp_path):
    game = make_game(
        tmp_path,
        turbot_war(modules={"enforcement": {}}, set={"precision": 0.0, "restraint": 0.0}),
    )
    record = quiet_record(tmp_path)
    (warning,) = examine(game.scenario, record).warnings
    assert "boarding is not in force" in warning.problem


def quiet_record(folder):
    path = folder / "record.csv"
    path.write_text(
        "id,date,player,move,lever,level,quiet\na,1995-03-06,WEST,ESCALATE,boarding,0.2,1\n"
    )
    return load_record(path)


def test_an_agency_that_the_scenario_does_not_know_is_said(tmp_path):
    threat = {"id": "a", "date": "2025-02-03", "move": "ESCALATE", "agency": 1}
    for lever, warned in (("market_access", True), ("entity_lists", False)):
        record = record_of_chips(tmp_path, threat | {"lever": lever, "level": 0.9})
        found = examine(build_game(load_scenario("baseline_2025")).scenario, record).warnings
        assert any("agency" in one.problem for one in found) == warned


def test_habits_taken_by_the_name_of_a_lever_are_said(tmp_path):
    data = yaml.safe_load((ROOT / "configs" / "baseline_2025.yaml").read_text())
    name = next(iter(data["levers"]["US"]))
    war = turbot_war(parameters="calibrated_2025", plays_as={"WEST": "US", "EAST": "CHINA"})
    own = war["levers"]["WEST"]
    for lever, warned in ((name, True), ("quota", False)):
        levers = {lever: own["quota"], "boarding": own["boarding"]}
        game = make_game(tmp_path, war | {"levers": war["levers"] | {"WEST": levers}})
        found = examine(game.scenario, write_record(tmp_path, RISEN)).warnings
        assert any(f"WEST.{lever} takes the habit of US.{lever}" in w.problem for w in found) == (
            warned
        )


# ---------------------------------------------------------------------------
# What a spreadsheet makes of a record, and what a reader is told


HEAD = "id,date,player,move,lever,level,agency\n"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "a,6.3.1995,WEST,ESCALATE,quota,0.5,FALSE\n",
        HEAD + "a,06.03.1995 00:00,WEST,ESCALATE,quota,0.5,true\n",
        HEAD.replace(",", ";") + "a;06.03.1995;WEST;ESCALATE;quota;0,5;TRUE\r\n",
    ],
)
def test_dates_with_dots_and_written_truths_are_read(tmp_path, text):
    path = tmp_path / "record.csv"
    path.write_text(text, encoding="utf-8")
    (read,) = load_record(path).rows
    assert (str(read.date), read.level, read.agency) == ("1995-03-06", 0.5, "FALSE" not in text)


@pytest.mark.parametrize("date", ["06/03/1995", "34764", "1995\u201303\u201306", "6.3.95"])
def test_a_date_that_could_be_read_in_two_ways_gets_a_hint(tmp_path, date):
    path = tmp_path / "record.csv"
    path.write_text(HEAD + f"a,{date},WEST,ESCALATE,quota,0.5,\n", encoding="utf-8")
    with pytest.raises(InputError, match="if a spreadsheet has changed it"):
        load_record(path)


def test_the_same_fault_of_a_column_is_told_in_few_lines_and_in_full_as_data(capsys, tmp_path):
    path = tmp_path / "record.csv"
    rows = [f"r{n},{n}/3/1995,WEST,ESCALATE,quota,0.5,\n" for n in range(1, 21)]
    path.write_text(HEAD + "".join(rows) + "x,1995-03-30,WEST,RAISE,quota,0.5,\n")
    scenario = scenario_file(tmp_path, record={"file": "record.csv"})
    done = command(capsys, "check", scenario, path)
    lines = done.err.splitlines()
    assert done.status == 2
    assert len(lines) == 5  # three in full, the move, the others in one; and nothing twice
    assert lines[-1].endswith(
        "date: the same on 17 more lines: " + ", ".join(map(str, range(5, 22)))
    )
    found = strict_json(command(capsys, "check", scenario, path, "--json").out)
    assert sum(len(file["errors"]) for file in found["files"]) == 21


def test_quotes_within_a_field_get_a_hint(tmp_path):
    path = tmp_path / "record.csv"
    path.write_text('id,date,player,move,statement\na,1995-03-06,both,CALL,"Good" talks\n')
    with pytest.raises(InputError, match="those within it are doubled"):
        load_record(path)


def test_capitals_of_a_word_are_no_obstacle_to_a_suggestion(tmp_path):
    path = tmp_path / "record.csv"
    for head, move, hint in (("id", "escalate", "'ESCALATE'"), ("ID", "ESCALATE", "'id'")):
        path.write_text(f"{head},date,player,move,lever\na,1995-03-06,WEST,{move},quota\n")
        with pytest.raises(InputError, match=f"did you mean {hint}"):
            load_record(path)
