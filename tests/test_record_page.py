"""docs/record.md: its example runs as it says, its tables are complete, its cases can be coded."""

import dataclasses
import re
import subprocess
import sys

import pytest

from cli_helpers import ROOT
from helpers import make_game
from negotiation_abm import load_record, replay_record
from negotiation_abm.record.load import MOVES
from negotiation_abm.record.schema import Row
from negotiation_abm.replay.examine import examine
from test_cli import good
from test_replay import row, turbot_war

PAGE = (ROOT / "docs" / "record.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples"
SOURCES = "\n".join(path.read_text() for path in ROOT.glob("src/negotiation_abm/replay/*.py"))


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def section(title):
    return re.search(rf"\n## {title}\n(.*?)(\n## |\Z)", PAGE, re.DOTALL)[1]


def first_column(text):
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]


@pytest.fixture
def copied(tmp_path):
    """The two files as someone copies them from the page."""
    (tmp_path / "other_episode.yaml").write_text(block("yaml"))
    (tmp_path / "other_episode.csv").write_text(block("csv"))
    return tmp_path


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_the_files_of_the_example_are_those_of_the_page(kind):
    assert (EXAMPLES / f"other_episode.{kind}").read_text() == block(kind)


def test_the_example_of_the_page_checks_and_replays(capsys, copied):
    scenario, record = copied / "other_episode.yaml", copied / "other_episode.csv"
    out = good(capsys, "check", scenario, record)
    assert "fits other_episode" in out
    assert "warning" not in out
    out = good(capsys, "replay", scenario)
    assert "carried out 2019-08-02 (E05)" in out
    assert "74 decisions, 7 of them moves" in out
    days = re.findall(r"2019-11-22  2020-01-31 +(\d+)\+", out)
    assert days == ["70", "70"]
    said = " ".join(section("A worked example").split())
    assert "31 weeks to 31 January 2020 and has 74 decisions, 7 of them not HOLD" in said
    assert "one truce, still in force after 70 days, by both measures" in said
    for name in ("E00", "E01", "E02", "E03, E04", "E05", "E06", "E07", "E08", "E09", "E10"):
        assert f"| {name} |" in PAGE


def test_the_python_of_the_page_runs(copied):
    done = subprocess.run(
        [sys.executable, "-c", block("python")], capture_output=True, text=True, cwd=copied
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("74 7 ")
    assert "('E01', 'carried out')" in done.stdout


def test_every_column_and_every_move_is_explained():
    columns = [name.strip("`") for name in first_column(section("Columns"))]
    assert sorted(columns[1:]) == sorted(
        field.name for field in dataclasses.fields(Row) if field.name != "line"
    )
    moves = re.findall(r"`([A-Z_]+)`", " ".join(first_column(section("Moves"))))
    assert sorted(moves) == sorted(MOVES)


def test_messages_of_the_page_are_those_of_the_program():
    cells = re.findall(r"^\| (?:warning: )?`(.+?)` \|", section("What check says"), re.MULTILINE)
    messages = [message for cell in cells for message in cell.split("`, `")]
    assert len(messages) == 16
    for message in messages:
        for part in message.split(".."):
            words = part.replace("SUSPEND", "").strip(" ,")
            words = words.removeprefix("ESCALATE to").strip()
            assert words in re.sub(r'"\s+f?"', "", SOURCES), message


# ---------------------------------------------------------------------------
# Recurring cases, written as the page says

RISEN = row("r 1995-03-06 WEST ESCALATE boarding 0.5")
VISAS = row("v 1995-03-07 EAST ESCALATE visas 0.5")
DEAL = [
    row("w 1995-03-20 WEST SUSPEND boarding 0.2 0.3", expires="1995-04-24"),
    row("e 1995-03-21 EAST SUSPEND visas 0.2 0.3"),
]
THREAT = row("t 1995-03-08 WEST THREATEN boarding 0.2", date_due="1995-03-20")
CASES = {
    "a deadline is moved": (
        [
            RISEN,
            THREAT,
            row("u 1995-03-15 WEST THREATEN boarding 0.2", date_due="1995-04-03"),
            row("x 1995-04-03 WEST ESCALATE boarding 0.7"),
        ],
        lambda replay: [threat.fate for threat in replay.threats] == ["replaced", "carried out"],
    ),
    "a threat shrinks": (
        [RISEN, THREAT, row("u 1995-03-15 WEST THREATEN boarding 0.1", date_due="1995-03-20")],
        lambda replay: replay.threats[1].size == pytest.approx(0.1),
    ),
    "a threat is withdrawn": (
        [
            row("t 1995-03-08 WEST THREATEN boarding 0.2", date_due="1995-04-10"),
            row("x 1995-03-15 WEST CONCEDE boarding"),
        ],
        lambda replay: replay.threats[0].fate == "withdrawn",
    ),
    "a threat on a lever in use is withdrawn": (
        [RISEN, THREAT, row("u 1995-03-15 WEST THREATEN boarding 0", date_due="1995-03-20")],
        lambda replay: [threat.fate for threat in replay.threats] == ["replaced", "withdrawn"],
    ),
    "a threat without a date": (
        [
            row("t 1995-03-08 WEST THREATEN boarding 0.2", lead_weeks=-1),
            row("x 1995-05-08 WEST ESCALATE boarding 0.2"),
        ],
        lambda replay: replay.threats[0].fate == "carried out",
    ),
    "a threat to put back what is suspended": (
        [
            RISEN,
            VISAS,
            *DEAL,
            row("t 1995-03-28 WEST THREATEN boarding 0.3", date_due="1995-04-10"),
        ],
        lambda replay: replay.threats[0].size == pytest.approx(0.3),
    ),
    "a threat that ended the truce": (
        [
            RISEN,
            VISAS,
            *DEAL,
            row("t 1995-03-28 WEST THREATEN boarding 0.1", date_due="1995-04-10", ends_truce=1),
        ],
        lambda replay: (
            {spell.end.isoformat() for spell in replay.spells} == {"1995-03-28"}
            and {spell.row_id for spell in replay.spells} == {"t"}
        ),
    ),
    "an exemption for a time": (
        [
            RISEN,
            row("x 1995-03-13 WEST CONCEDE boarding 0", decision="p"),
            row("y 1995-03-13 WEST THREATEN boarding 0.5", date_due="1995-04-03", decision="p"),
            row("z 1995-04-03 WEST ESCALATE boarding 0.5"),
        ],
        lambda replay: replay.threats[0].fate == "carried out" and replay.num_moves == 3,
    ),
    "a partial deal": (
        [
            RISEN,
            VISAS,
            row("w 1995-03-20 WEST SUSPEND boarding 0.2 0.3", covers="WEST.boarding"),
            row("e 1995-03-21 EAST SUSPEND visas 0.5"),
        ],
        lambda replay: replay.weeks[-1]["EAST.visas.in_force"] == 0.5 and len(replay.spells) == 2,
    ),
    "a side prolongs a truce alone": (
        [RISEN, VISAS, *DEAL, row("x 1995-04-17 WEST PROLONG", expires="1995-05-22")],
        lambda replay: {spell.renewals for spell in replay.spells} == {1},
    ),
    "a suspended measure is put back": (
        [RISEN, VISAS, *DEAL, row("x 1995-03-28 WEST ESCALATE boarding 0.5", loaded=0)],
        lambda replay: (
            replay.weeks[-1]["WEST.boarding.loaded"] == 0.0 and replay.moves[-1].ended == (0, 1)
        ),
    ),
    "a suspended measure is given up": (
        [RISEN, VISAS, *DEAL, row("x 1995-03-28 WEST CONCEDE boarding 0.2", loaded=0)],
        lambda replay: replay.weeks[-1]["WEST.boarding.loaded"] == 0.0,
    ),
    "a duty is replaced by another": (
        [RISEN, VISAS, *DEAL, row("x 1995-03-28 WEST ESCALATE boarding 0.2")],
        lambda replay: all(spell.cause == 0 for spell in replay.spells),
    ),
    "a third party acts": (
        [RISEN, row("x 1995-03-09 NORTH ESCALATE ore 0.2", not_represented="a third party")],
        lambda replay: [one.id for one in replay.unplaced] == ["x"],
    ),
    "talks are broken off": (
        [
            RISEN,
            row("w 1995-03-20 WEST SUSPEND boarding 0.2"),
            row("x 1995-03-21 WEST BREAK_OFF", lead_weeks=4),
        ],
        lambda replay: replay.spells == [],
    ),
}
REVISED = {"precision": 0.0, "revised_rules": 1, "restore_share": 0.5, "covered_strain": 8}


def record_of(folder, rows):
    """A record with all columns; rows as ``id date player move lever level loaded``, and more."""
    columns = [field.name for field in dataclasses.fields(Row) if field.name != "line"]
    lines = [",".join(columns)]
    for text, further in rows:
        values = dict(zip(columns, text.split(), strict=False)) | further
        lines.append(",".join(str(values.get(name, "")) for name in columns))
    path = folder / "record.csv"
    path.write_text("\n".join(lines) + "\n")
    return load_record(path)


@pytest.mark.parametrize("name", CASES)
def test_a_recurring_case_is_written_as_the_page_says(tmp_path, name):
    rows, is_right = CASES[name]
    game = make_game(tmp_path, turbot_war(set=REVISED, horizon_weeks=16))
    record = record_of(tmp_path, rows)
    assert examine(game.scenario, record).faults == []
    assert is_right(replay_record(game, record))


@pytest.mark.parametrize("name", CASES)
def test_the_first_rules_take_it_or_say_what_is_wrong(tmp_path, name):
    rows, _ = CASES[name]
    scenario = make_game(tmp_path, turbot_war(set={"precision": 0.0}, horizon_weeks=16)).scenario
    for fault in examine(scenario, record_of(tmp_path, rows)).faults:
        assert "legal" in fault.problem or "allowed" in fault.problem
