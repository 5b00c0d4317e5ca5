"""Inputs of great size: work grows with them and not with their square, or they are refused."""

import datetime as dt
import gc
import logging
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from cli_helpers import command, refused, shipped_game
from negotiation_abm import cli, replay_record
from negotiation_abm.cli.tables import replay as replay_table
from negotiation_abm.files import yaml_text
from negotiation_abm.record import load
from negotiation_abm.record.load import load_record
from negotiation_abm.replay import replay
from negotiation_abm.replay.step import replay_summary
from negotiation_abm.run import play
from negotiation_abm.survival.curves import Counts, Curves, Spells
from negotiation_abm.sweep import blocks, chunk, points
from negotiation_abm.sweep.plan import make_plan
from sweep_helpers import make_spec

pytestmark = pytest.mark.usefixtures("own_folder")
HEADER = "id,date,player,move,lever,level,lead_weeks\n"
# Rows that follow one another: each kind once took the square of the number of rows.
KINDS = {
    "broken off": ["{player},BREAK_OFF,,,4"],
    "never carried out": ["US,THREATEN,chips,0.5,4", "US,ESCALATE,chips,0.5,"],
    "breaches": [
        "US,SUSPEND,,,",
        "CHINA,SUSPEND,,,",
        "US,ESCALATE,chips,0.9,",
        "US,CONCEDE,chips,0.4,",
    ],
}


def written(folder, kind, number):
    """A record of so many rows, evenly over ten months."""
    rows = KINDS[kind]
    lines = []
    for n in range(number):
        day = dt.date(2025, 1, 20) + dt.timedelta(days=300 * n // number)
        text = rows[n % len(rows)].format(player=("US", "CHINA")[n % 2])
        lines.append(f"r{n},{day},{text}")
    path = folder / f"record_{number}.csv"
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return load_record(path)


def operations(work):
    """Number of operations of the interpreter that some work takes."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    gc.collect()
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_more_costs_the_same_however_long_the_record_is(tmp_path, kind):
    game = shipped_game("baseline_2025")
    records = [written(tmp_path, kind, 120 * size) for size in (2, 3, 7, 8)]
    replay_record(game, records[0], True)  # what is made once is made
    costs = [operations(lambda one=one: replay_record(game, one, True)) for one in records]
    assert costs[3] - costs[2] < 1.1 * (costs[1] - costs[0])


def test_a_long_record_is_noted(tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "negotiation_abm")
    game, record = shipped_game("baseline_2025"), written(tmp_path, "broken off", 40)
    replay_record(game, record)
    assert caplog.messages == []
    monkeypatch.setattr(replay, "MANY_ROWS", 39)
    replay_record(game, record)
    assert caplog.messages == [f"replaying the 40 rows of {record.path} ..."]


def test_a_record_of_too_many_rows_is_refused_unread(capsys, tmp_path, monkeypatch):
    path = written(tmp_path, "broken off", 40).path
    monkeypatch.setattr(load, "MOST_ROWS", 39)
    monkeypatch.setattr(load, "_row", lambda *_: pytest.fail("a row was read"))
    refused(capsys, ("check", path), [f"{path}: 40 rows; allowed: up to 39"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_replay_prints_so_many_rows_of_a_kind(tmp_path, capsys, monkeypatch, kind):
    game = shipped_game("baseline_2025")
    told = replay_summary(replay_record(game, written(tmp_path, kind, 400), True))
    monkeypatch.setattr(replay_table, "MOST_ROWS", 10_000)
    replay_table.print_replay(told, None)
    whole = capsys.readouterr().out.splitlines()
    assert len(whole) > 300
    assert "--json" not in "".join(whole)
    monkeypatch.setattr(replay_table, "MOST_ROWS", 5)
    replay_table.print_replay(told, None)
    short = capsys.readouterr().out.splitlines()
    assert len(short) < 80
    assert any(line.endswith("; --json gives all") for line in short)


def test_more_options_than_anyone_writes_are_refused_unparsed(capsys, monkeypatch):
    monkeypatch.setattr(cli, "_parser", lambda: pytest.fail("the options were parsed"))
    words = ["run", "busan_2025", *["--set", "fatigue=1"] * (cli.MOST_OPTIONS + 1)]
    refused(capsys, words, [" options; allowed: up to 5,000; a file may hold changes"])


def test_many_files_are_no_options(capsys, monkeypatch):
    monkeypatch.setattr(cli, "MOST_OPTIONS", 1)
    assert command(capsys, "check", "--json", *["busan_2025"] * 3).status == 0


# ---------------------------------------------------------------------------
# Cells of a list of points

NUMBERS = ["0", "-0", "+5", "-3", "-0.0", "0.10", "1e5", "1.5E-05", "1e999", "9" * 18, "0e0"]
NO_PLAIN = ["010", "0x1F", "1_000", "1:30", "1.", ".5", "9" * 19, "2025-01-01", "\u0663", "1e", "+"]


@pytest.mark.parametrize("text", NUMBERS + NO_PLAIN)
def test_a_plain_number_is_what_the_parser_makes_of_it(text):
    found, parsed = yaml_text.parse_yaml(text), yaml_text.parse_yaml(f"{text} # with the parser")
    assert (type(found), repr(found)) == (type(parsed), repr(parsed))


@pytest.mark.parametrize("text", NUMBERS)
def test_a_plain_number_needs_no_parser(text, monkeypatch):
    monkeypatch.setattr(yaml_text.yaml, "compose", lambda *_, **__: pytest.fail("was parsed"))
    yaml_text.parse_yaml(text)


def test_a_text_that_comes_again_is_parsed_once(tmp_path, monkeypatch):
    parsed = []
    monkeypatch.setattr(blocks, "parse_yaml", lambda text: parsed.append(text) or [text])
    blocks._parsed.cache_clear()
    (tmp_path / "p.csv").write_text("strategies.US\n" + "again\n" * 50)
    found = blocks.design_of(tmp_path / "sweep.yaml", [{"list": "p.csv"}])
    blocks._parsed.cache_clear()
    assert parsed == ["again"]
    found[0]["strategies.US"].append("changed")  # each point has a value of its own
    assert found[1] == {"strategies.US": ["again"]}


# ---------------------------------------------------------------------------
# Sweeps, ranges over draws, and runs that are held together


def test_runs_that_wait_are_counted_once(monkeypatch):
    counted = []

    class Runs:
        def __len__(self):
            counted.append(1)
            return 1

    monkeypatch.setattr(chunk, "labels", lambda game: 0)
    monkeypatch.setattr(chunk, "tables", lambda waiting, _: {"runs": len(waiting)})
    rows = chunk._Rows(())
    for _ in range(3 * chunk.HELD_RUNS + 7):
        rows.add(SimpleNamespace(game=None, cell=None, block=SimpleNamespace(runs=Runs())))
    assert len(counted) == 3 * chunk.HELD_RUNS + 7
    assert rows.finished() == {"runs": [*[chunk.HELD_RUNS] * 3, 7]}


def test_a_large_sweep_says_that_its_points_are_written(caplog, monkeypatch):
    caplog.set_level(logging.INFO, "negotiation_abm")
    plan = make_plan(make_spec())
    whole = points.points_file(plan)
    assert caplog.messages == []
    monkeypatch.setattr(points, "MANY", 5)
    assert points.points_file(plan) == whole
    assert caplog.messages == ["writing 6 points ..."]


def test_a_curve_of_values_lays_out_no_influence(monkeypatch):
    made = []
    weight = Curves._weight
    monkeypatch.setattr(Curves, "_weight", lambda *given: made.append(1) or weight(*given))
    counts = Counts(2, 1)
    week = np.array([3, 5, 4, 9])
    ended = Spells(np.array([0, 0, 1, 1]), np.zeros(4, int), week, np.ones(4, int))
    counts.add(ended, np.array([2, 2]))
    curves = Curves(counts)
    estimates = [curves.at(number) for number in range(curves.num_weeks)]
    assert [estimate.value[0] for estimate in estimates[2:6]] == [1.0, 0.5, 0.5, 0.0]
    assert made == []
    for _ in range(3):
        estimates[3].influence(ended)
    assert made == [1]


def test_runs_that_no_memory_holds_are_refused_after_the_first(capsys, monkeypatch):
    monkeypatch.setattr(play, "machine_memory", lambda: 1e6)
    words = ("whatif", "no_busan", "--draws", "0", "--replicates", "50000")
    refused(capsys, words, ["error: not enough memory (50,000 runs would take "])
