"""Records as people write them: dates in place of weeks, other programs, every fault at once."""

import csv
import dataclasses
import io

import pandas as pd
import pytest

from cli_helpers import ROOT
from helpers import make_game
from negotiation_abm import InputError, build_game, load_record, load_scenario, replay_record
from negotiation_abm.calibration.coding import half_weekly
from negotiation_abm.record.load import examine_record, misfits
from test_replay import EPISODE, row, turbot_war, write_record

RECORDS = sorted([*ROOT.glob("seeds/*.csv"), *ROOT.glob("seeds/episodes/*/*.csv")])
NUMBERS = ("level", "loaded", "rate_pp")


def without_lines(path):
    return [dataclasses.replace(row, line=0) for row in load_record(path).rows]


# ---------------------------------------------------------------------------
# Records that other programs have read and saved


def by_spreadsheet(text):
    """Semicolons, decimal commas, blank rows and columns, a byte order mark, ends of lines."""
    table = list(csv.reader(io.StringIO(text)))
    columns = [table[0].index(name) for name in NUMBERS if name in table[0]]
    for cells in table[1:]:
        for column in columns:
            cells[column] = cells[column].replace(".", ",")
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";", lineterminator="\r\n")
    writer.writerows([*cells, "", ""] for cells in table)
    writer.writerows([[""] * (len(table[0]) + 2)] * 3)
    return made.getvalue().encode("utf-8-sig")


def by_spreadsheet_as_unicode_text(text):
    made = io.StringIO()
    csv.writer(made, delimiter="\t", lineterminator="\r\n").writerows(csv.reader(io.StringIO(text)))
    return made.getvalue().encode("utf-16")


def by_pandas(text):
    """Whole numbers become 4.0 where a column has empty cells, flags 1.0."""
    return pd.read_csv(io.StringIO(text), dtype={"id": str}).to_csv(index=False).encode()


def by_pandas_with_times(text):
    """Dates become points in time, at midnight."""
    table = pd.read_csv(io.StringIO(text), dtype={"id": str, "expires": str})
    table["date"] = table["date"] + " 00:00:00"
    return table.to_csv(index=False).encode()


WAYS = [by_spreadsheet, by_spreadsheet_as_unicode_text, by_pandas, by_pandas_with_times]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_record_comes_back_from_another_program(tmp_path, path, way):
    saved = tmp_path / "record.csv"
    saved.write_bytes(way(path.read_text(encoding="utf-8")))
    assert without_lines(saved) == without_lines(path)


def test_the_records_hold_what_other_programs_change():
    """Else the test above says nothing of whole numbers, flags and decimals."""
    rows = [row for path in RECORDS for row in load_record(path).rows]
    for name in ("lead_weeks", "level", "loaded", "rate_pp", "expires"):
        assert any(getattr(row, name) is not None for row in rows)
    assert any(row.agency for row in rows)
    assert any(not row.counted for row in rows)


HEAD = "id,date,player,move,lever,level"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            f"{HEAD}\na,03/02/2025,US,ESCALATE,chips,.5\n",
            "date: '03/02/2025'; .*YYYY-MM-DD; .*form",
        ),
        (f"{HEAD}\na,3/2/2025,US,ESCALATE,chips,.5\n", "date: '3/2/2025'; .*spreadsheet"),
        (f",{HEAD}\n0,a,2025-02-03,US,ESCALATE,chips,.5\n", "line 1: a column without a name"),
        (
            f"{HEAD},decision\na,2025-02-03,US,ESCALATE,chips,.5,NA\n",
            "decision: 'NA'; leave .*empty",
        ),
        (
            f"{HEAD},not_represented\na,2025-02-03,US,ESCALATE,chips,.5,nan\n",
            "'nan'; leave .*empty",
        ),
        (f"{HEAD}\na,2025-02-03,US,ESCALATE,chips,NA\n", "level: 'NA'; allowed: a number"),
        (f"{HEAD},lead_weeks\na,2025-02-03,US,THREATEN,chips,.1,4.5\n", "'4.5'; allowed: whole"),
    ],
)
def test_what_another_program_has_spoilt_is_one_line_that_says_what_to_change(tmp_path, text, says):
    path = tmp_path / "record.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        load_record(path)


# ---------------------------------------------------------------------------
# Dates in place of weeks


def record_of(folder, *rows):
    """A record of rows given as dictionaries."""
    path = folder / "record.csv"
    pd.DataFrame([{"player": "US", "lever": "chips", **row} for row in rows]).to_csv(
        path, index=False
    )
    return load_record(path)


@pytest.mark.parametrize("day", range(3, 10))  # Monday to Sunday
@pytest.mark.parametrize("later", [0, 1, 6, 7, 24, 100])
def test_date_due_is_the_week_that_holds_it(tmp_path, day, later):
    """A threat by date and one by weeks, counted from Monday to Monday, are the same replay."""
    game = build_game(load_scenario("baseline_2025"))
    date = pd.Timestamp(2025, 2, day)
    due = date + pd.Timedelta(days=later)
    monday = pd.Timestamp(2025, 2, 3)
    threat = {"id": "a", "date": date.date(), "move": "THREATEN", "level": 0.2}
    by_date = replay_record(game, record_of(tmp_path, threat | {"date_due": due.date()}))
    weeks = (due - monday).days // 7
    by_weeks = replay_record(game, record_of(tmp_path, threat | {"lead_weeks": weeks}))
    assert by_date.weeks == by_weeks.weeks
    assert by_date.decisions == by_weeks.decisions
    pending = [week["US.chips.pending"] > 0 for week in by_date.weeks]
    assert sum(pending) == weeks  # at the end of each week before that of its date


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"date_due": "2025-02-01"}, "date_due: 2025-02-01; it comes before the threat"),
        ({"date_due": "2025-03-01", "lead_weeks": 3}, "date_due: .*lead_weeks is given as well"),
        ({"move": "ESCALATE", "date_due": "2025-03-01"}, "date_due: .*only a THREATEN has one"),
        ({}, "lead_weeks: missing; .*date_due"),
    ],
)
def test_a_threat_has_one_date(tmp_path, columns, says):
    threat = {"id": "a", "date": "2025-02-03", "move": "THREATEN", "level": 0.2}
    with pytest.raises(InputError, match=says):
        record_of(tmp_path, threat | columns)


def test_what_lies_after_the_horizon_says_how_many_weeks_reach_it(tmp_path):
    late = [row("l 1995-07-03 WEST CONCEDE quota 0.1"), row("m 1995-07-10 WEST CONCEDE quota 0.1")]
    record = write_record(tmp_path, *EPISODE, *late)
    game = make_game(tmp_path, turbot_war())
    (problem,) = misfits(record, game.scenario)  # one line, not one a row
    assert "line 6 (l), date: 1995-07-03" in str(problem)
    assert "horizon_weeks: 19" in str(problem)
    long = make_game(tmp_path, turbot_war(horizon_weeks=19))
    assert not [one for one in misfits(record, long.scenario) if "horizon" in str(one)]
    short = make_game(tmp_path, turbot_war(horizon_weeks=18))
    assert len(list(misfits(record, short.scenario))) == 1


def test_an_end_of_observation_after_the_horizon_is_refused(tmp_path):
    record = write_record(tmp_path, *EPISODE)
    observed = {"file": "record.csv", "until": "1995-07-01"}
    game = make_game(tmp_path, turbot_war(record=observed))
    with pytest.raises(InputError, match=r"record.until: 1995-07-01 .*horizon_weeks: 17 .*earlier"):
        replay_record(game, record)
    game = make_game(tmp_path, turbot_war(record=observed, horizon_weeks=17))
    assert replay_record(game, record).until.isoformat() == "1995-07-01"


@pytest.mark.parametrize(
    "text",
    [
        "a 1995-03-09 WEST SUSPEND",  # without a lever
        "a 1995-03-09 WEST ESCALATE boarding",  # without a level
        "a 1995-03-09 WEST THREATEN boarding 0.2",  # a step, not a level
    ],
)
def test_a_loaded_part_without_the_level_beside_it_is_refused(tmp_path, text):
    columns = {"loaded": 0.2} | ({"lead_weeks": 2} if "THREATEN" in text else {})
    with pytest.raises(InputError, match=r"line 2 \(a\), loaded: 0.2; it needs a lever and"):
        write_record(tmp_path, row(text, **columns))


# ---------------------------------------------------------------------------
# Every fault at once


def test_all_that_is_wrong_with_a_record_is_listed(tmp_path):
    path = tmp_path / "record.csv"
    path.write_text(
        f"{HEAD}\n"
        "a,2025-02-03,US,ESCLATE,chips,.5\n"
        "b,2025-02-04,US,ESCALATE,chips,5\n"
        "c,2025-02-05,US,ESCALATE,chips,.5\n"
        "c,2025-02-01,US,ESCALATE,chips,.6\n"
    )
    record, problems = examine_record(path)
    assert [one.id for one in record.rows] == ["c", "c"]
    places = ["line 2, move", "line 3, level", "line 5 (c), date", "line 5, id"]
    assert [str(one).split(": ")[1] for one in problems] == places
    with pytest.raises(InputError, match="line 2, move"):
        load_record(path)


def test_half_weeks_stretch_a_date_that_is_named(tmp_path):
    game = build_game(load_scenario("baseline_2025"))
    threat = {"id": "a", "date": "2025-02-05", "move": "THREATEN", "level": 0.2}
    record = record_of(tmp_path, threat | {"date_due": "2025-03-05"})
    _, stretched = half_weekly(game, record)
    (one,) = stretched.rows
    assert (one.date_due - one.date).days == 2 * 28
