"""docs/before_after.md: its rows stand in the records, and the replay says what it says."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field, fields

import pytest

from cli_helpers import ROOT
from negotiation_abm.files.resources import shipped_episodes
from negotiation_abm.record.schema import Row
from test_cli import good

PAGE = (ROOT / "docs" / "before_after.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "other_episode.yaml"
FIRST_RULES = ("--set", "parameters=start_2025", "--skip-illegal")
ASIDE = ["line", "id", "date", "decision", "rate_pp", "counted", "certainty", "source", "statement"]
REPLAYED = [column.name for column in fields(Row) if column.name not in ASIDE]
SECTIONS = dict(re.findall(r"^### (\d+)\. (.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
PIECE = re.compile(r"\(\.\./seeds/episodes/([^)]+)\.csv\)|^```(diff|csv)\n(.*?)```", re.M | re.S)


@dataclass
class Case:
    """Rows before and now, and lines that the replay prints of the one and of the other."""

    episode: str  # empty: an example on its own
    before: list[dict[str, str]] = field(default_factory=list)
    now: list[dict[str, str]] = field(default_factory=list)
    said_before: list[str] = field(default_factory=list)
    said_now: list[str] = field(default_factory=list)
    is_shipped: bool = True  # else rows that no record has


def rows_of(episode):
    path = shipped_episodes()[episode]
    path = path.with_name("record.csv") if path.stem == "scenario" else path.with_suffix(".csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def marked(block, mark):
    """Lines with this mark or without one, as they stand after it."""
    return [line[2:] for line in block.splitlines() if line[0] in (mark, " ")]


def table(lines):
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def cases_of(text):
    found, episode = [], ""
    for name, kind, block in PIECE.findall(text):
        if name:
            episode = name.removesuffix("/record")
        elif kind == "csv":
            rows = table(block.splitlines())
            base = episode if {row["id"] for row in rows} <= set(rows_of(episode)) else ""
            found.append(Case(base, rows, rows, is_shipped=False))
        elif block.startswith("  id,"):
            found.append(Case(episode, table(marked(block, "-")), table(marked(block, "+"))))
        else:
            if not found or found[-1].said_before or found[-1].said_now:
                found.append(Case(episode))
            found[-1].said_before = [line[2:] for line in block.splitlines() if line[0] == "-"]
            found[-1].said_now = [line[2:] for line in block.splitlines() if line[0] == "+"]
    return found


CASES = [
    pytest.param(case, id=f"{number}-{i}")
    for number, text in SECTIONS.items()
    for i, case in enumerate(cases_of(text))
]


def plain(text):
    return " ".join(text.split())


def written(folder, case, rows):
    """The record of the episode with these rows in place of its own, or the rows alone."""
    record = rows_of(case.episode) if case.episode else {}
    for row in rows:
        kept = {k: v for k, v in record.get(row["id"], {}).items() if k not in REPLAYED}
        record[row["id"]] = kept | row
    columns = list(dict.fromkeys(column for row in record.values() for column in row))
    path = folder / "record.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(record.values())
    return path


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0].is_shipped])
def test_rows_of_today_stand_in_the_record(case):
    shipped = rows_of(case.episode)
    for row in case.now:
        stands = shipped[row["id"]]
        assert row["date"] == stands["date"]
        assert {c: row.get(c) or "" for c in REPLAYED} == {c: stands.get(c) or "" for c in REPLAYED}


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0].said_before])
def test_the_first_rules_say_of_the_old_rows_what_the_page_says(case, capsys, tmp_path):
    record = written(tmp_path, case, case.before)
    name = case.episode or EXAMPLE
    out = plain(good(capsys, "replay", name, "--record", record, *FIRST_RULES))
    for line in case.said_before:
        assert plain(line) in out
    for line in set(case.said_now) - set(case.said_before):
        assert plain(line) not in out


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0].said_now])
def test_the_replay_says_today_what_the_page_says(case, capsys, tmp_path):
    more = []
    if not case.is_shipped:
        more = ["--record", written(tmp_path, case, case.now)]
    if not case.episode:
        more += ["--set", "parameters=calibrated_2025"]
    if any("is not legal here" in line for line in case.said_now):
        more.append("--skip-illegal")
    out = plain(good(capsys, "replay", case.episode or EXAMPLE, *more))
    for line in case.said_now:
        assert plain(line) in out
    for line in set(case.said_before) - set(case.said_now):
        assert plain(line) not in out


def words_of(text):
    return set(re.findall(r"[\w.-]+\w", text)) - {"invented"}


OVERVIEW = [
    (*re.match(r"\[(\d+)\. [^]]+\]\(#([^)]+)\)", cells[1].strip()).groups(), *cells[2:5])
    for cells in (line.split("|") for line in PAGE.splitlines() if line.startswith("| ["))
]


@pytest.mark.parametrize(("number", "anchor", "can", "before", "now"), OVERVIEW)
def test_the_overview_says_what_the_cases_say(number, anchor, can, before, now):
    title = SECTIONS[number].splitlines()[0].lower()
    assert anchor == f"{number}-" + re.sub(r"[^\w -]", "", title).replace(" ", "-")
    cases = cases_of(SECTIONS[number])
    for cell, lines in (
        (before, [line for case in cases for line in case.said_before]),
        (now, [line for case in cases for line in case.said_now]),
    ):
        if re.match(r" \d{4}-", cell):
            assert any(words_of(cell) <= words_of(line) for line in lines), cell


def test_the_page_counts_right():
    assert len(OVERVIEW) == len(SECTIONS) == 16
    can = Counter(row[2].strip() for row in OVERVIEW)
    assert can == {"yes": 11, "in part": 4, "no": 1}
    claim = "eleven can be written today as they happened, four in part, and one still has no row"
    assert claim in plain(PAGE)
    still_open = set(re.findall(r"^\| [^|]+\((\d+)\) \|", PAGE, re.MULTILINE))
    assert still_open == {row[0] for row in OVERVIEW if row[2].strip() != "yes"}


def test_a_threat_brings_the_other_side_to_the_table(capsys):
    said = []
    for rule in ((), ("--set", "announced_pain=0")):
        replay = json.loads(good(capsys, "replay", "us_china_2025", "--json", *rule))
        (offer,) = (d for d in replay["decisions_not_hold"] if "S34" in d["rows"])
        week = next(w["turn"] for w in replay["weekly"] if w["week_of"] == "2025-10-20")
        (met,) = (r for r in replay["rounds"] if r["turn"] == week)
        said.append([f"{100 * x['probability']:.0f} %" for x in (offer, met)])
    assert re.findall(r"\d+ %", SECTIONS["12"]) == [*said[0], *said[1]]
    assert [row[3:] for row in OVERVIEW if row[0] == "12"] == [
        tuple(f" China's offer: {one[0]} " for one in reversed(said))
    ]


def test_the_own_anger_falls_with_the_own_steps(capsys):
    replay = json.loads(good(capsys, "replay", "japan_korea_2019", "--json"))
    anger = {week["week_of"]: week["KOREA.anger"] for week in replay["weekly"]}
    assert anger["2019-07-29"] > 0.0
    assert anger["2019-08-05"] == 0.0
    assert "in the week of 5 August, Korea's anger is 0" in plain(SECTIONS["14"])


def test_a_threat_of_size_0_angers_as_a_threat_does(capsys, tmp_path):
    case = next(case for case in cases_of(SECTIONS["9"]) if not case.episode)
    anger = []
    for rows in (case.now, case.now[:-1]):
        record = written(tmp_path, case, rows)
        use = ("--record", record, "--set", "parameters=calibrated_2025")
        replay = json.loads(good(capsys, "replay", EXAMPLE, "--json", *use))
        week = next(w for w in replay["weekly"] if w["week_of"] == "2019-07-29")
        anger.append(week["KOREA.anger"])
    assert anger[0] > anger[1]


def test_one_measure_comes_back_alone(capsys, tmp_path):
    case = next(case for case in cases_of(SECTIONS["3"]) if case.now[-1]["id"] == "D7")
    record = written(tmp_path, case, case.now)
    for rules, others in (("start_2025", [0.3, 0.2]), ("calibrated_2025", [0.0, 0.0])):
        use = ("--record", record, "--set", f"parameters={rules}")
        week = json.loads(good(capsys, "replay", EXAMPLE, "--json", *use))["weekly"][-1]
        assert week["JAPAN.trade_status.in_force"] == 0.4
        in_force = [
            week[f"{lever}.in_force"] for lever in ("JAPAN.materials", "KOREA.trade_status")
        ]
        assert in_force == pytest.approx(others)
