"""The Python interface: the examples of docs/api.md as written, and every name that it offers."""

import doctest
import re

import pytest

import negotiation_abm
from cli_helpers import ROOT
from negotiation_abm import (
    InputError,
    branch,
    load_record,
    paired_difference,
    truce_survival,
)

PAGE = ROOT / "docs" / "api.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_examples_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 30
    assert found.failed == 0


def test_curve_in_five_lines(capsys):
    [script] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len([line for line in script.splitlines() if line]) <= 5
    exec(script.replace("10_000", "100"), {})
    assert "survival" in capsys.readouterr().out


def test_every_name_is_on_the_page():
    names = set(negotiation_abm.__all__) - {"__version__"}
    types = {name for name in names if name in ("Game", "Record", "Replay", "Scenario")}
    for name in names - types - {"run_replicates"}:
        assert f"`{name}" in TEXT, name
        assert getattr(negotiation_abm, name) is not None


def test_unknown_words_are_refused(game):
    with pytest.raises(InputError, match="did you mean 'covered'"):
        truce_survival(game, 1, 1, measure="coverd")
    with pytest.raises(InputError, match="allowed: all, running"):
        truce_survival(game, 1, 1, truces="first")
    with pytest.raises(InputError, match="no truce is in force at the start of baseline_2025"):
        truce_survival(game, 1, 1, truces="running")
    with pytest.raises(InputError, match="did you mean 'first_truce_weeks'"):
        paired_difference(game, game, "frst_truce_weeks", 1, 1)


@pytest.mark.parametrize(
    ("date", "moves", "problem"),
    [
        ("6 October", [], "is not a date"),
        ("2024-10-06", [], "outside the record"),
        ("2025-10-06", [{"date": "2025-10-06", "player": "US", "mov": "HOLD"}], "'move'"),
        ("2025-10-06", [{"date": "2025-10-06", "player": "USA", "move": "HOLD"}], "'US'"),
    ],
)
def test_branch_that_cannot_be_is_refused(game, date, moves, problem):
    with pytest.raises(InputError, match=problem):
        branch(game, load_record("record_2025"), date, moves=moves)
