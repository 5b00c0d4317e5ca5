"""What the tests of the outer layers share: calling the command line, looking at folders."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from negotiation_abm import (
    Game,
    build_game,
    load_record,
    load_scenario,
)
from negotiation_abm.cli import main
from negotiation_abm.replay.step import write_replay
from negotiation_abm.run.step import run_batch

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = Path(sys.executable).with_name("negotiation-abm")
WIDTH = 100
# Names of the how-to pages, and those that tests use: whoever follows a page may use its own.
RENAMED = {
    "tit_for_two_tats": "two_blows",
    "weariness": "tiredness",
    "longest_truce": "longest_calm",
    '"weeks_in_truce",\n': '"calm_weeks",\n',
}
FEW_DRAWS = "4"
PATIENCE = 900.0  # seconds after which a process counts as hung; no measure of speed

RUN_FILES = {
    "truces.parquet",
    "runs.parquet",
    "traces.parquet",
    "posterior.csv",
    "survival.csv",
    "summary.json",
}
REPLAY_FILES = {"replay.csv", "decisions.csv", "moves.csv", "threats.csv", "replay.json"}
FIGURES = {  # of the folder that `make_results` fills: these at least
    f"figures/{name}.{kind}"
    for name in ("timeline", "truce_durations", "ends_by_cause", "hazard", "levers")
    for kind in ("png", "svg")
}


def howto(name: str) -> str:
    """A how-to page, with other names for what it adds."""
    text = (ROOT / "docs" / f"howto_{name}.md").read_text(encoding="utf-8")
    for own, other in RENAMED.items():
        text = text.replace(own, other)
    return text


def few_draws(arguments: tuple[object, ...]) -> list[str]:
    """A command, with few posterior draws behind its range unless it says how many."""
    words = [str(argument) for argument in arguments]
    if words and words[0] in ("run", "site", "whatif") and "--draws" not in words:
        return [words[0], "--draws", FEW_DRAWS, *words[1:]]
    return words


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> SimpleNamespace:
    """Status, standard output and standard error of a command, run in this process."""
    capsys.readouterr()
    try:
        status = main(few_draws(arguments))
    except SystemExit as leaving:  # argparse: usage errors, --help, --version
        status = leaving.code if isinstance(leaving.code, int) else 1
    captured = capsys.readouterr()
    return SimpleNamespace(status=status, out=captured.out, err=captured.err)


def refused(capsys: pytest.CaptureFixture[str], words: Any, fragments: Any) -> str:
    """Run a command that must be refused in one line and write nothing; returns the line."""
    assert not Path(".git").exists(), "ask for `own_folder`: all that lies here is read"
    before = contents(Path())
    done = command(capsys, *words)
    assert done.status == 2
    assert done.out == "" or words[0] == "check"  # which tells of each good file before
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    for fragment in fragments:
        assert fragment in line
    assert contents(Path()) == before, "something was written"
    return line


def script(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The installed script, in a process of its own."""
    words = [str(SCRIPT), *few_draws(arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, **options)


def python(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Python code, in a process of its own."""
    words = [sys.executable, "-c", code, *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, **options)


def strict_json(text: str) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, by relative path; empty if there is no folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def leftovers(folder: Path) -> list[str]:
    """Files that were written aside and not removed."""
    return [name for name in contents(folder) if ".part" in name or ".probe" in name]


def shipped_game(name: str = "busan_2025", **changes: Any) -> Game:
    """The game of a shipped scenario."""
    return build_game(load_scenario(name, changes))


def make_results(folder: Path, replicates: int = 60) -> Path:
    """A small result folder with a replay and a run."""
    write_replay(shipped_game("baseline_2025"), load_record("record_2025"), folder)
    run_batch(shipped_game("busan_2025"), replicates, 1, folder)
    return folder
