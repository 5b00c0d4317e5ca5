"""Strategies of a user: the how-to as written, both runs, and every way to get a file wrong."""

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli_helpers import PATIENCE, ROOT, command, howto, python
from negotiation_abm import InputError, build_game, load_scenario, run_replicates, strategies
from negotiation_abm.run.compiler import outside_hash
from negotiation_abm.run.strategy_check import check_strategy, use_file
from negotiation_abm.scenario.provenance import provenance_of
from negotiation_abm.strategies import add_file, code_of, forget, needs_of, outside

HOWTO = howto("strategy")
BLOCKS = dict(re.findall(r"```(python|toml)\n(.*?)```", HOWTO, re.DOTALL)[::-1])
FILE, SCRIPT = re.findall(r"```python\n(.*?)```", HOWTO, re.DOTALL)
COMMANDS = [line.strip() for line in HOWTO.splitlines() if line.startswith("    negotiation-abm ")]

HEAD = """from negotiation_abm.core._rule import rule
from negotiation_abm.core.transitions import is_legal


@rule
def choose(state, params, week, player, u, weights):
"""


@pytest.fixture(autouse=True)
def _known():
    """Forget what a test has added."""
    before = dict(strategies._ADDED)
    yield
    strategies._ADDED.clear()
    strategies._ADDED.update(before)
    forget()


def write(folder, body, name="mine", head=HEAD):
    path = folder / f"{name}.py"
    path.write_text(head + "".join(f"    {line}\n" for line in body.splitlines()))
    return path


# ---------------------------------------------------------------------------
# The how-to.


@pytest.mark.verify
def test_howto_works_word_for_word(tmp_path):
    """Both commands and the script, in a folder that holds the file and nothing else.

    `test_howtos` has its file in a run by default, with that of the page on modules.
    """
    (tmp_path / "two_blows.py").write_text(FILE)
    assert len(COMMANDS) == 2
    bin_folder = Path(sys.executable).parent
    outputs = []
    for line in COMMANDS:
        words = shlex.split(line)
        words[0] = str(bin_folder / words[0])
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert "strategy, named two_blows" in outputs[0]
    survival = re.search(r"agreed measures / running .* (\.\d\d\d) \[", outputs[1])
    assert survival
    rounded = f"{float(survival.group(1)):.2f}".removeprefix("0")
    assert f"S(365 d)\n{rounded} instead of" in HOWTO
    done = python(SCRIPT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_howto_strategy_conforms(tmp_path):
    (tmp_path / "two_blows.py").write_text(FILE)
    name = use_file(tmp_path / "two_blows.py")
    assert name == "two_blows"
    assert code_of(name) == len(strategies.shipped_names())
    assert outside() == {name: str((tmp_path / f"{name}.py").resolve())}


def test_entry_point_of_the_howto_is_found(tmp_path, monkeypatch):
    """A package that is installed beside this one, by what an installer leaves of it."""
    package = tmp_path / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "two_blows.py").write_text(FILE)
    info = tmp_path / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    lines = BLOCKS["toml"].replace("project.entry-points.", "").replace('"', "")
    (info / "entry_points.txt").write_text(lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    forget()
    try:
        assert "two_blows" in strategies.strategies()
        load_scenario("busan_2025", {"strategies.US": "two_blows"})
    finally:
        monkeypatch.undo()
        for name in [key for key in sys.modules if key.startswith("my_package")]:
            del sys.modules[name]
        forget()


# ---------------------------------------------------------------------------
# What a file changes, and what it does not.


def test_new_strategy_leaves_the_codes_of_the_others(tmp_path):
    before = list(strategies.strategies())
    game = build_game(load_scenario("busan_2025"))
    add_file(write(tmp_path, "return 0", "aaa"))
    add_file(write(tmp_path, "return 0", "zzz"))
    assert list(strategies.strategies()) == [*before, "aaa", "zzz"]
    assert game.strategy_codes == build_game(load_scenario("busan_2025")).strategy_codes


def test_cache_is_keyed_by_the_file(tmp_path):
    assert outside_hash() == ""
    keys = set()
    for body in ("return 0", "return 0 * player"):
        add_file(write(tmp_path, body))
        keys.add(outside_hash())
    assert len(keys) == 2
    (tmp_path / "elsewhere").mkdir()
    add_file(write(tmp_path / "elsewhere", body))
    assert outside_hash() in keys  # content counts, not the place


@pytest.mark.verify
def test_edited_file_is_compiled_anew(tmp_path):
    """Holds at first, then escalates: both in one process, at one path."""
    counts = []
    for body in ("return 0", "return 2 if is_legal(state, params, player, 2) else 0"):
        use_file(write(tmp_path, body))
        changes = dict.fromkeys(("US", "CHINA"), "mine")
        game = build_game(load_scenario("busan_2025", {"strategies": changes}))
        counts.append(run_replicates(game, 1, 0, 2).runs["num_moves"][:, :, 2].sum())
    assert counts[0] == 0
    assert counts[1] > 0


def test_needs_of_a_strategy_are_asked_for(tmp_path):
    head = 'NEEDS = ("generosity",)\n' + HEAD
    name = add_file(write(tmp_path, "return 0", head=head))
    assert needs_of(name) == ("generosity",)
    assert needs_of("nobody") == ()


def test_set_may_lack_what_no_strategy_needs(tmp_path):
    text = (ROOT / "configs/parameters/start_2025.yaml").read_text()
    begin, end = text.index("  generosity:"), text.index("  grit_pace:")
    (tmp_path / "lacking.yaml").write_text(text[:begin] + text[end:])
    changes = {"parameters": str(tmp_path / "lacking.yaml")}
    assert build_game(load_scenario("busan_2025", changes)).params["generosity"][0] == 0.0
    with pytest.raises(InputError, match=r"generosity: missing, and the strategy 'generous_tit"):
        build_game(load_scenario("busan_2025", changes | {"strategies.US": "generous_tit_for_tat"}))


# ---------------------------------------------------------------------------
# Conformance of shipped strategies, as a user's is tried.


COMPILED = ("logit", "scripted")  # the parity of runs compiles all of them


@pytest.mark.parametrize(
    "name",
    [
        name if name in COMPILED else pytest.param(name, marks=pytest.mark.verify)
        for name in strategies.shipped_names()
    ],
)
def test_shipped_strategy_conforms(name):
    weeks = 3 if name.startswith("foresight") else 20
    check_strategy(name, Path(f"{name}.py"), seeds=1, weeks=weeks)


# ---------------------------------------------------------------------------
# Every way to get it wrong: one line, exit 2.

WRONG = {
    "syntax": ("return (", ("line 7", "not valid Python")),
    "no choice": (None, ("choose: missing; did you mean 'chose'?",)),
    "not a rule": ("@plain", ("choose: is not marked @rule",)),
    "arguments": ("@short", ("choose: takes (state, params); expected (state, params, week",)),
    "fails when read": ("@raise", ("line 1: ValueError: no good",)),
    "fails when called": ("return 1 // (player - player)", ("line 7: ZeroDivisionError",)),
    "no field": ("return state.mood", ("line 7: AttributeError", "mood")),
    "illegal option": ("return 99", ("returned 99, not a legal option; legal: 0, ")),
    "no number": ("return 'HOLD'", ("returned 'HOLD', not a legal option",)),
    "changes the state": ("state.anger[0] += 1\nreturn 0", ("changes state.anger",)),
    "own chance": ("import random\nreturn random.choice([0, 0])", ("cannot be compiled",)),
    "not compiled": ("return int(eval('0'))", ("line 7: cannot be compiled:", "eval")),
}
WHOLE = {
    None: "def chose(state):\n    return 0\n",
    "@plain": "def choose(state, params, week, player, u, weights):\n    return 0\n",
    "@short": "def choose(state, params):\n    return 0\n",
    "@raise": "raise ValueError('no good')\n",
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_file_is_one_line(capsys, tmp_path, monkeypatch, case):
    body, fragments = WRONG[case]
    monkeypatch.chdir(tmp_path)
    if body in WHOLE:
        Path("mine.py").write_text(WHOLE[body])
    else:
        write(Path(), body)
    for words in (
        ("check", "mine.py"),
        ("run", "busan_2025", "--strategy-file", "mine.py", "--replicates", 1, "--out", "out"),
    ):
        done = command(capsys, *words)
        assert done.status == 2, done.out
        assert len(done.err.splitlines()) == 1, done.err
        assert done.err.startswith("error: mine.py: ")
        for fragment in [fragments] if isinstance(fragments, str) else fragments:
            assert fragment in done.err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.py", "no such file"),
        ("my strategy.py", "is named like a Python module"),
        ("mine.txt", "is named like a Python module"),
        ("grim.py", "'grim' is a shipped strategy"),
    ],
)
def test_wrong_name_is_refused(tmp_path, name, problem):
    path = tmp_path / name
    if name != "missing.py":
        path.write_text(HEAD + "    return 0\n")
    with pytest.raises(InputError, match=problem):
        use_file(path)
    assert "grim" in strategies.strategies()


def test_choice_by_something_else_than_the_arguments_is_seen(tmp_path):
    head = "COUNT = [0]\n" + HEAD
    body = "COUNT[0] += 1\nreturn COUNT[0] % 2 if is_legal(state, params, player, 1) else 0"
    with pytest.raises(InputError, match="for the same arguments"):
        use_file(write(tmp_path, body, head=head))


def test_manifest_names_the_file(tmp_path):
    use_file(write(tmp_path, "return 0"))
    game = build_game(load_scenario("busan_2025", {"strategies.US": "mine"}))
    assert list(provenance_of(game)["strategy_files"]) == ["mine"]
    assert "strategy_files" not in provenance_of(build_game(load_scenario("busan_2025")))
