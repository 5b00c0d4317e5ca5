"""What an outsider adds, by following the how-to pages: the blocks of a page are what is used.

A file that is added to the package itself goes into a scratch copy of it; the tests of its kind
must pass there untouched.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli_helpers import PATIENCE, ROOT, howto

BIN = Path(sys.executable).parent


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text):
    return [line.strip() for line in text.splitlines() if line.startswith("    negotiation-abm ")]


def as_written(name):
    return (ROOT / "docs" / f"howto_{name}.md").read_text(encoding="utf-8")


def run(words, folder, **variables):
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def run_line(line, folder, **variables):
    """A command of a page, with few runs."""
    words = shlex.split(re.sub(r"--replicates \d+", "--replicates 50", line))
    return run([BIN / words[0], *words[1:]], folder, **variables)


def run_script(script, folder, **variables):
    """A script of a page, with few runs."""
    few = re.sub(r"replicates=[\d_]+", "replicates=50", script)
    return run([sys.executable, "-c", few], folder, **variables)


def run_tests(folder, *words, **variables):
    plain = ("-q", "-p", "no:cacheprovider", "--basetemp", folder / "pytest_temp")
    return run([sys.executable, "-m", "pytest", *plain, *words], folder, **variables)


# ---------------------------------------------------------------------------
# Beside the package: nothing in it is touched.


@pytest.mark.slow
def test_module_and_strategy_from_outside(tmp_path):
    """The files of two pages in one game: with both, the rules are compiled once."""
    strategy, script = blocks(howto("strategy"), "python")
    assert "can add the line\n`PLAIN = True`" in howto("strategy")
    (tmp_path / "two_blows.py").write_text(strategy + "\n\nPLAIN = True\n")
    (tmp_path / "tiredness.py").write_text(blocks(howto("module"), "python")[0])
    scenario = next(text for text in blocks(howto("module"), "yaml") if "extends" in text)
    (tmp_path / "weary.yaml").write_text(scenario)
    files = "--module tiredness.py --strategy-file two_blows.py"
    line = f"negotiation-abm run weary.yaml {files} --set strategies.US=two_blows"
    assert "50 runs of weary" in run_line(f"{line} --replicates 50 --out results", tmp_path)
    named = {"NEGOTIATION_ABM_MODULES": str(tmp_path / "tiredness.py")}
    assert "busan_2025" in script
    run_script(script.replace("busan_2025", "weary.yaml"), tmp_path, **named)  # both runs agree


@pytest.mark.verify
def test_module_from_outside(tmp_path):
    file, script, test = blocks(howto("module"), "python")
    [scenario] = [text for text in blocks(howto("module"), "yaml") if "extends" in text]
    (tmp_path / "tiredness.py").write_text(file)
    (tmp_path / "weary.yaml").write_text(scenario)
    (tmp_path / "test_tiredness.py").write_text(test)
    said = [run_line(line, tmp_path) for line in commands(howto("module"))]
    assert said[0] == "tiredness.py: module, named tiredness\n"
    assert said[1].startswith("weary.yaml: scenario")
    assert "50 runs of weary" in said[2]
    assert "weeks [" in run_script(script, tmp_path)
    assert "6 passed" in run_tests(tmp_path, "test_tiredness.py")


@pytest.mark.slow
def test_lever(tmp_path):
    page = as_written("lever")
    [scenario], [script] = blocks(page, "yaml"), blocks(page, "python")
    (tmp_path / "aircraft.yaml").write_text(scenario)
    for line in commands(page):
        run_line(line, tmp_path)
    assert "concessions of the US" in run_script(script, tmp_path)


# ---------------------------------------------------------------------------
# In the package: one file, or the places that the page names, in a scratch copy.


@pytest.fixture
def scratch(tmp_path):
    for name in ("src", "tests", "configs", "seeds", "docs", "experiments"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "Makefile", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def add_module(folder):
    file = folder / "src/negotiation_abm/core/modules/weariness.py"
    file.write_text(blocks(as_written("module"), "python")[0])


def add_strategy(folder):
    file = folder / "src/negotiation_abm/strategies/tit_for_two_tats.py"
    file.write_text(blocks(as_written("strategy"), "python")[0])


def add_figure(folder):
    file = folder / "src/negotiation_abm/plotting/weeks_in_truce.py"
    file.write_text(blocks(as_written("figure"), "python")[0])


def add_outcome(folder):
    """Its function and its entry."""
    function, entry, _ = blocks(as_written("outcome"), "python")
    file = folder / "src/negotiation_abm/run/outcomes.py"
    insert(file, "    # of a run", entry)
    insert(file, "OUTCOMES: tuple", f"{function}\n\n", below=0)


def add_payoff_term(folder):
    """Its line, its rule and a prior."""
    page, core = as_written("payoff_term"), folder / "src/negotiation_abm/core"
    [line], [rule], [prior] = (blocks(page, kind) for kind in ("text", "python", "yaml"))
    insert(core / "params.py", '    coefficient("forum"', line)
    insert(core / "payoffs.py", "    value = -params.offer_cost[player]", rule)
    insert(folder / "configs/calibration/priors.yaml", "  forum:", prior)


ADDITIONS = (add_module, add_strategy, add_payoff_term, add_outcome, add_figure)


@pytest.mark.verify
def test_additions_to_the_package(scratch):
    """All additions at once, under the names of the pages: the rules are compiled once for all.

    The tests of their kinds take them in by themselves; the fit has a row for the new term, and
    the runs follow it.
    """
    for add in ADDITIONS:
        add(scratch)
    script = """
from negotiation_abm import build_game, load_record, load_scenario, paired_difference
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.priors import load_prior
base = build_game(load_scenario("baseline_2025"))
data = collect(base, load_record("record_2025"), with_hidden=False)
number = [c.parameter for c in data.coefficients].index("alarm")
assert data.features[:, :, number].any()
assert load_prior(data).moments(number) == (0.0, 3.0)
alarmed = build_game(load_scenario("baseline_2025", {"alarm": 30.0}))
print(paired_difference(base, alarmed, "US.num_suspend", replicates=50, seed=7).difference)
"""
    here = {"PYTHONPATH": str(scratch / "src")}
    said = run([sys.executable, "-c", script], scratch, **here)
    assert float(said) > 0.0
    modules = sorted(path.name for path in (scratch / "tests").glob("test_module_*.py"))
    names = [
        "strategies",
        "parity",
        "user_strategies",
        "user_modules",
        "tournament",
        "sweep_games",
        "payoffs",
        "outcomes",
        "gallery",
        "calibration_features",
        "calibration_steps",
        "every_parameter",
    ]
    files = [*modules, *(f"test_{name}.py" for name in names)]
    run_tests(scratch, "-n", "2", *(f"tests/{name}" for name in files), **here)


def insert(path, at, text, below=1):
    """Put a text below the line that begins with `at`, or above it, unless it is there already."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if text in "".join(lines):
        return
    [place] = [number for number, line in enumerate(lines) if line.startswith(at)]
    lines.insert(place + below, text)
    path.write_text("".join(lines), encoding="utf-8")
