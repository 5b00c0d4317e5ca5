"""Standard output and error closed, full, cut off, or without the signs: no result is lost."""

import os
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from cli_helpers import REPLAY_FILES, RUN_FILES, SCRIPT, command, contents, leftovers, strict_json
from negotiation_abm.cli import tables
from negotiation_abm.cli.output import SIGNS, print_result

RUN = "{script} run busan_2025 --draws 4 --replicates 40 --out {out}"
REPLAY = "{script} replay baseline_2025 --out {out}"
LIST = "{script} list"
SWEEP = "{script} sweep {out}.yaml --out {out}"
SPEC = "{name: s, scenario: busan_2025, design: [{grid: {fatigue: [0, 1]}}], replicates: 5}"


def shell(line, out, **environment):
    """Status of the first command of a line of bash, and what the line wrote."""
    text = line.format(script=SCRIPT, out=out) + "\nexit ${PIPESTATUS[0]}"
    done = subprocess.run(
        ["bash", "-c", text],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        env=os.environ | environment,
    )
    said = [line for line in done.stderr.splitlines(True) if not line.startswith("compiling ")]
    return done.returncode, done.stdout, "".join(said)


pytestmark = pytest.mark.slow  # each is a process of its own


def is_whole(out, files):
    """Does the folder hold what the step makes, and nothing half-written?"""
    return files <= set(contents(out)) and not leftovers(out)


@pytest.mark.parametrize(
    ("line", "files", "reader"),
    [(RUN, RUN_FILES, "head -1"), (REPLAY, REPLAY_FILES, "true"), (LIST, set(), "head -1")],
)
def test_a_reader_that_leaves_early_ends_the_command_quietly(tmp_path, line, files, reader):
    status, out, err = shell(f"{line} | {reader}", tmp_path)
    assert status in (0, 141)  # 0: all was written before the reader left
    assert err == ""
    assert out.count("\n") == (reader == "head -1")
    assert is_whole(tmp_path, files)


def test_the_status_is_that_of_a_killed_pipe(tmp_path):
    status, _, err = shell("{script} schema | (exec <&-; sleep 1)", tmp_path)
    assert (status, err) == (141, "")


@pytest.mark.parametrize(
    ("line", "files", "closed"),
    [
        (RUN, RUN_FILES, "2>&-"),
        (RUN, RUN_FILES, ">&-"),
        (REPLAY, REPLAY_FILES, ">&- 2>&- <&-"),
        (SWEEP, {"summary.parquet"}, "2>&-"),
    ],
)
def test_closed_streams_cost_no_result(tmp_path, line, files, closed):
    (tmp_path / "out.yaml").write_text(SPEC)
    status, _, _ = shell(f"{line} {closed}", tmp_path / "out")
    assert status == 0
    assert is_whole(tmp_path / "out", files)


def test_a_full_device_is_one_line(tmp_path):
    status, _, err = shell(f"{RUN} > /dev/full", tmp_path)
    assert status == 2
    assert err == "error: standard output: cannot be written to (No space left on device)\n"
    assert is_whole(tmp_path, RUN_FILES)


def test_messages_that_cannot_go_out_are_lost(tmp_path):
    (tmp_path / "out.yaml").write_text(SPEC)
    assert shell(f"{SWEEP} 2> /dev/full", tmp_path / "out")[0] == 0
    assert shell("{script} run nothing 2> /dev/full", tmp_path)[0] == 2


@pytest.mark.parametrize(("line", "encoding"), [(RUN, "ascii"), (REPLAY, "latin-1")])
def test_signs_that_cannot_be_written_are_replaced(capsys, tmp_path, line, encoding):
    whole = command(capsys, *line.format(script="", out=tmp_path).split())
    status, out, err = shell(line, tmp_path, PYTHONIOENCODING=encoding)
    assert (status, err) == (0, "")
    assert out.count("\n") == whole.out.count("\n")


def test_the_plain_locale_is_enough(tmp_path):
    off = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    status, out, err = shell(RUN, tmp_path, **off)
    assert (status, err) == (0, "")
    assert out.isascii()
    assert "written to" in out


@pytest.mark.parametrize(
    ("text", "plain"),
    [("±0.1 – 3 ≥ 2", "+-0.1 - 3 >= 2"), ("é → ß 中", "e -> ? ?"), ("½ ﬁ", "? fi")],
)
def test_what_stands_for_a_sign(text, plain):
    assert text.encode("ascii", SIGNS).decode() == plain


def test_json_holds_no_nan(capsys):
    print_result({"a": [1.0, np.nan], "b": (np.inf, "x")}, True, lambda: None)
    assert strict_json(capsys.readouterr().out) == {"a": [1.0, None], "b": [None, "x"]}


def test_streams_are_given_back(capsys):
    import sys

    before = sys.stdout, sys.stderr
    assert command(capsys, "list").status == 0
    assert (sys.stdout, sys.stderr) == before


def test_piped_progress_is_a_line_every_ten_seconds(capsys, monkeypatch):
    seconds = iter([100.0, 104.0, 110.0, 115.0, 121.0])
    monkeypatch.setattr(tables, "LINE_SECONDS", 10.0)  # as they are, but for tests
    monkeypatch.setattr(tables, "FIRST_SECONDS", 2.0)
    monkeypatch.setattr(tables, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with tables.progress_bar(5000, "runs") as progress:
        for done in (1000, 2000, 3000, 4000, 5000):
            progress(done)
    assert capsys.readouterr().err == "3,000 of 5,000 runs\n5,000 of 5,000 runs\n"


def test_long_work_is_told_of_before_the_first_ten_seconds_are_over(capsys, monkeypatch):
    seconds = iter([100.0, 101.0, 102.5, 104.0, 112.5])
    monkeypatch.setattr(tables, "LINE_SECONDS", 10.0)  # as they are, but for tests
    monkeypatch.setattr(tables, "FIRST_SECONDS", 2.0)
    monkeypatch.setattr(tables, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with tables.progress_bar(10**9, "runs") as progress:
        for done in (1000, 2000, 3000, 4000, 5000):
            progress(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["3,000 of 1,000,000,000 runs", "5,000 of 1,000,000,000 runs"]
