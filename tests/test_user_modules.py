"""Modules of a user: found by every way there is, and every way to get a file wrong.

The rules take in the modules when they are imported, so a module is tried in a process of its own.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from cli_helpers import howto
from negotiation_abm.core._rule import RULES, rule
from negotiation_abm.core.misfit import MisfitError
from negotiation_abm.core.modules._outside import (
    GROUP,
    HOOKS,
    check_module,
    find_outside,
    load_outside,
)
from negotiation_abm.core.outside import VARIABLE, name_module, named_files

HOWTO = howto("module")
FILE = re.findall(r"```python\n(.*?)```", HOWTO, re.DOTALL)[0]
SCENARIO = re.findall(r"```yaml\n(.*?)```", HOWTO, re.DOTALL)[0]
STRATEGY = """from negotiation_abm.core._rule import rule


@rule
def choose(state, params, week, player, u, weights):
    return 0
"""
KNOWN = "from negotiation_abm.core.modules import NAMES, outside; print(*NAMES, outside())"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiredness.py").write_text(FILE)
    (tmp_path / "weary.yaml").write_text(SCENARIO)
    return tmp_path


def python(folder, *words, **variables):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=300,
    )


def command(folder, *words, **variables):
    return python(folder, "-m", "negotiation_abm.cli", *words, **variables)


def refused(done, *fragments):
    """Exit status 2 and one line on standard error that says these things."""
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    for fragment in fragments:
        assert fragment in line


def test_option_and_environment_name_a_file(folder):
    for words, variables in (
        (("--module", "tiredness.py"), {}),
        ((), {"NEGOTIATION_ABM_MODULES": str(folder / "tiredness.py")}),
    ):
        done = command(folder, "check", "weary.yaml", *words, **variables)
        assert done.returncode == 0, done.stderr
    refused(command(folder, "check", "weary.yaml"), "modules.tiredness: unknown; ")


def test_entry_point_names_a_module(folder):
    """A package that is installed beside this one, by what an installer leaves of it."""
    package = folder / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (folder / "tiredness.py").rename(package / "tiredness.py")
    info = folder / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    points = info / "entry_points.txt"
    points.write_text("[negotiation_abm.modules]\ntiredness = my_package.tiredness\n")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    done = command(folder, "check", "weary.yaml", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    points.write_text("[negotiation_abm.modules]\ntiredness = my_package.weary\n")
    done = command(folder, "check", "busan_2025", PYTHONPATH=path)
    refused(done, "entry point tiredness: my_package.weary", "ModuleNotFoundError")


def test_modules_from_outside_come_last_and_count_in_the_hashes(folder):
    """Of compiled code and of what determines a run; a strategy of the same name counts too."""
    script = f"""
{KNOWN}
from negotiation_abm.run.compiler import outside_hash
from negotiation_abm.scenario.provenance import rules_hash
from negotiation_abm.strategies import add_file
print(outside_hash(), rules_hash())
add_file("strategies/tiredness.py")
print(outside_hash(), rules_hash())
"""
    (folder / "strategies").mkdir()
    strategy = folder / "strategies" / "tiredness.py"
    strategy.write_text(STRATEGY)
    named = {"NEGOTIATION_ABM_MODULES": str(folder / "tiredness.py")}
    said = [python(folder, "-c", script, **variables).stdout for variables in ({}, named)]
    (folder / "tiredness.py").write_text(FILE + "\n")
    said.append(python(folder, "-c", script, **named).stdout)
    strategy.write_text(STRATEGY + "\n")
    said.append(python(folder, "-c", script, **named).stdout)
    first, alone, both = zip(*(text.splitlines() for text in said), strict=True)
    names = [line.split(" {")[0].split() for line in first]
    assert names[1] == names[2] == [*names[0], "tiredness"]
    assert len(set(alone)) == 3  # the strategy is not known yet
    assert alone[2] == alone[3]
    for column in zip(*(line.split() for line in both), strict=True):
        assert len(set(column)) == 4


def test_module_named_too_late_is_refused(folder):
    late = "import negotiation_abm.core.state; from negotiation_abm import use_modules; "
    done = python(folder, "-c", late + "use_modules('tiredness.py')")
    assert done.returncode == 1
    assert "InputError: tiredness.py: the rules are imported already" in done.stderr


INPUTS = {
    "date outside the horizon": ("2025-10-06", "2035-10-06", "tiredness.aid.0.date: 2035-10-06"),
    "unknown player": ("player: US", "player: USA", "unknown player 'USA'; did you mean 'US'?"),
    "out of bounds": ("share: 0.5", "share: 5", "tiredness.aid.0.share: 5"),
    "misspelt key": ("share:", "shar:", "tiredness.aid.0.shar: unknown; did you mean 'share'?"),
    "its own check": (
        "set:",
        "      - {date: 2025-10-06, player: US, share: 1}\nset:",
        "modules.tiredness.aid.1: US gives aid twice on 2025-10-06",
    ),
    "value missing": ("  tiredness_memory: 0.98\n", "", "module 'tiredness' of weary is on"),
}


@pytest.fixture(scope="module")
def wrong_inputs(tmp_path_factory):
    """All of them checked by one command."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "tiredness.py").write_text(FILE)
    for number, (old, new, _) in enumerate(INPUTS.values()):
        assert old in SCENARIO
        (folder / f"{number}.yaml").write_text(SCENARIO.replace(old, new))
    files = (f"{number}.yaml" for number in range(len(INPUTS)))
    return command(folder, "check", *files, "--module", "tiredness.py")


@pytest.mark.parametrize("case", INPUTS)
def test_wrong_input_is_one_line(wrong_inputs, case):
    assert wrong_inputs.returncode == 2
    said = dict(zip(INPUTS, wrong_inputs.stderr.splitlines(), strict=True))
    assert said[case].startswith("error: ")
    assert INPUTS[case][2] in said[case]


FILES = {
    "syntax": ("@rule\n", "@rule(\n", "not valid Python"),
    "fails when read": ("CLAIMS = ", "CLAIMS = 1 / 0, ", "ZeroDivisionError"),
    "not a rule": ("@rule\ndef end_turn", "def end_turn", "end_turn: is not marked @rule"),
    "arguments": ("def end_turn(state, params, week, ", "def end_turn(", "end_turn: takes (seed"),
    "name of another": ('"tiredness_memory"', '"memory"', "memory: a field or parameter of"),
    "no fields": (
        '[("tiredness_years", "f8", ',
        '[("tiredness_years", "q9", ',
        "FIELDS: is no list",
    ),
    "given twice": ('"tiredness_aid", "f8"', '"tiredness_memory", "f8"', "name is given twice"),
    "block in use": ("CLAIMS = ", "BLOCK = 70\nCLAIMS = ", "BLOCK: 70; allowed: 96 and higher"),
    "circle": ("import inputs", "import inputs, state", "ImportError"),
}


@pytest.mark.parametrize("case", FILES)
def test_wrong_file_is_one_line(folder, case):
    old, new, said = FILES[case]
    assert old in FILE
    (folder / "tiredness.py").write_text(FILE.replace(old, new, 1))
    refused(
        command(folder, "check", "weary.yaml", "--module", "tiredness.py"), "tiredness.py", said
    )
    if case != "circle":  # the rules are imported by then
        refused(command(folder, "check", "tiredness.py"), "tiredness.py", said)


@pytest.fixture
def loading(monkeypatch):
    """Files are read in this process, and nothing of it stays."""
    known, rules = set(sys.modules), len(RULES)
    # Python takes a file for the one that it compiled if it has its size and its second.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield monkeypatch
    del RULES[rules:]
    for name in set(sys.modules) - known:
        if name.startswith("negotiation_abm_module_"):
            del sys.modules[name]


@pytest.mark.parametrize("case", [case for case in FILES if case != "circle"])
def test_a_wrong_file_is_refused_where_it_is_read(folder, loading, case):
    old, new, said = FILES[case]
    load_outside(folder / "tiredness.py")
    (folder / "tiredness.py").write_text(FILE.replace(old, new, 1))
    with pytest.raises(MisfitError) as caught:
        load_outside(folder / "tiredness.py")
    assert said in f"{caught.value.place}: {caught.value.problem}"


def test_files_and_packages_are_found_and_each_fault_is_noted(folder, loading):
    names = ("bold", "anew", "delivery", "bold", "one_more")
    for name in names:
        (folder / name).mkdir(exist_ok=True)
        text = FILE.replace("tiredness_", f"{name}_")
        (folder / name / f"{name}.py").write_text(text)
    (folder / "again").mkdir()
    shutil.copy(folder / "bold" / "bold.py", folder / "again" / "bold.py")
    paths = [folder / name / f"{name}.py" for name in names]
    paths[3] = folder / "again" / "bold.py"
    loading.setenv(VARIABLE, os.pathsep.join(map(str, paths)))
    loading.syspath_prepend(folder)
    points = [
        EntryPoint("worn", "bold.missing", GROUP),
        EntryPoint("path", "os:path.join", GROUP),
    ]
    loading.setattr(importlib.metadata, "entry_points", lambda group: points)
    found, faults = find_outside(("delivery", "shocks"), 5)
    assert list(found) == ["anew", "bold", "one_more"]
    assert [source for source, _ in faults] == [
        *map(str, (paths[2], paths[3])),
        *(f"entry point {point.name}: {point.value}" for point in points),
    ]
    assert [fault.problem for _, fault in faults[:2]] == [
        "'delivery' is a shipped module; choose another name",
        "a module 'bold' is known already; choose another name",
    ]
    assert {fault.problem for _, fault in faults[2:]} == {"more than 5 modules"}
    found, faults = find_outside(("delivery", "shocks"), 6)
    assert len(found) == 3
    assert "cannot be loaded (ModuleNotFoundError" in faults[2][1].problem
    assert faults[3][1].problem == "is not a module"


def test_a_rule_of_no_week_is_compared_with_those_there_are(loading):
    module = ModuleType("tired")
    for name in ("end_trun", "weigh"):
        setattr(module, name, rule(lambda state: None))
    with pytest.raises(MisfitError, match="its rules: end_trun, weigh") as caught:
        check_module("tired", module)
    assert (caught.value.name, caught.value.allowed) == ("end_trun", tuple(HOOKS))


@pytest.mark.parametrize("hook", HOOKS)
def test_a_rule_of_the_week_takes_what_it_is_given(hook):
    for words in (HOOKS[hook], HOOKS[hook][:-1], (*HOOKS[hook], "more")):
        module = ModuleType("tired")
        exec(f"def {hook}({', '.join(words)}): pass", vars(module))
        said = "not marked @rule" if words == HOOKS[hook] else r"takes \(.*\); expected \("
        with pytest.raises(MisfitError, match=said) as caught:
            check_module("tired", module)
        assert caught.value.place == hook


def test_a_file_that_is_not_there_is_not_named(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(MisfitError, match="no such file"):
        name_module(tmp_path / "missing.py")
    (tmp_path / "late.py").touch()
    with pytest.raises(MisfitError, match="call use_modules first"):
        name_module(tmp_path / "late.py")
    assert named_files() == []
    monkeypatch.setenv(VARIABLE, str(tmp_path / "late.py"))
    name_module(tmp_path / "late.py")  # known already
    assert named_files() == [str(tmp_path / "late.py")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.py", "no such file"),
        ("delivery.py", "'delivery' is a shipped module; choose another name"),
        ("no module.py", "a module file is named like a Python module"),
        ("empty.py", "has no rule of a week"),
    ],
)
def test_wrong_name_is_refused(folder, name, said):
    if name != "missing.py":
        (folder / name).write_text("" if name == "empty.py" else FILE)
    refused(command(folder, "check", "busan_2025", "--module", name), name, said)
