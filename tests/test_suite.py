"""The suite itself: what depends on the machine stands apart, and oracles come with tests alone."""

import ast
import re
import tomllib

from cli_helpers import ROOT

CLOCKS = {"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "thread_time"}
DIGEST = re.compile(r"[0-9a-f]{32,}")
FILES = sorted((ROOT / "tests").glob("*.py"))


def reads_a_clock(node):
    return isinstance(node, ast.Attribute) and node.attr in CLOCKS


def holds_a_digest(node):
    return isinstance(node, ast.Constant) and bool(DIGEST.search(str(node.value)))


def definitions(tree):
    """Functions and constants of a file by name, with the nodes below each."""
    for part in tree.body:
        if isinstance(part, ast.FunctionDef):
            yield part.name, part, list(ast.walk(part))
        elif isinstance(part, ast.Assign):
            for target in part.targets:
                yield getattr(target, "id", ""), part, list(ast.walk(part))


def found_in(source, does):
    """Tests that do something, themselves or by what they use of their file, with their marks."""
    parts = list(definitions(ast.parse(source)))
    found = {name for name, _, nodes in parts if any(map(does, nodes))}
    while True:
        more = {
            name
            for name, _, nodes in parts
            if any(isinstance(node, ast.Name | ast.arg) and uses(node) in found for node in nodes)
        }
        if more <= found:
            break
        found |= more
    for name, part, _ in parts:
        if name in found and name.startswith("test_"):
            marks = " ".join(ast.unparse(mark) for mark in part.decorator_list)
            yield name, marks


def uses(node):
    return node.id if isinstance(node, ast.Name) else node.arg


def without(mark, does):
    """Tests that do something and lack the mark for it."""
    return [
        f"{path.name}::{name}"
        for path in FILES
        for name, marks in found_in(path.read_text(), does)
        if mark not in marks
    ]


def test_no_default_test_takes_time():
    assert without("speed", reads_a_clock) == []


def test_no_default_test_pins_a_hash():
    assert without("verify", holds_a_digest) == []


def test_use_of_a_clock_is_seen():
    source = (
        "LIMIT = time.perf_counter()\n"
        "def taken():\n    return LIMIT\n"
        "def test_one():\n    assert taken() < 1\n"
        "@pytest.mark.speed\ndef test_two(taken):\n    assert taken < 1\n"
        "def test_three():\n    assert True\n"
    )
    assert dict(found_in(source, reads_a_clock)) == {
        "test_one": "",
        "test_two": "pytest.mark.speed",
    }


def test_oracles_are_of_the_tests_alone():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    oracles = {re.match(r"\w+", line)[0] for line in extras["oracles"]}
    assert "pygambit" in oracles
    for name, lines in {"": project["dependencies"], **extras}.items():
        if name != "oracles":
            assert not oracles & {re.match(r"[\w-]+", line)[0] for line in lines}, name
    files = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}
    holding = {name for name, text in files.items() if "\npygambit==" in text}
    assert holding == {"test"}
    building_on_it = {name for name, text in files.items() if "-r test.txt" in text}
    assert building_on_it == {"e2e", "mutants"}
