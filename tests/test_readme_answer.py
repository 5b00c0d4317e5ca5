"""The answer on the first screen of the README is what the commands give."""

import re

import pytest

from cli_helpers import ROOT
from negotiation_abm import build_game, load_scenario
from negotiation_abm.run.posterior import range_over_draws
from negotiation_abm.studies.episodes import replay_episodes
from negotiation_abm.studies.reference_class import class_survival
from negotiation_abm.survival import DAYS

README = (ROOT / "README.md").read_text(encoding="utf-8")
FLAT = " ".join(README.split())


def row(words):
    """Three shares with their ranges, as whole percentages, of the line that holds these words."""
    line = next(line for line in README.splitlines() if words in line and line.startswith("|"))
    cells = re.findall(r"(\d+) % \((\d+)-(\d+)\)", line)
    assert len(cells) == len(DAYS)
    return [tuple(map(int, cell)) for cell in cells]


def test_the_base_rate():
    found = class_survival(replay_episodes([]), "covered")
    for days, shown in zip(DAYS, row("Recorded truces"), strict=True):
        assert shown == tuple(round(100 * value) for value in found.at_days(days))


@pytest.mark.parametrize("name", ["calibrated_2025", "calibrated_2026", "calibrated_2025_alone"])
def test_the_busan_truce_by_each_set(name):
    game = build_game(load_scenario("busan_2025", {"parameters": name}))
    curve = range_over_draws(game, 1).curve
    covered = curve[curve["measure"] == "covered"].set_index("week")
    for days, shown in zip(DAYS, row(f"`{name}`"), strict=True):
        values = covered.loc[days // 7, ["survival", "low", "high"]]
        assert shown == pytest.approx([100 * value for value in values], abs=1.0)


def test_what_ends_it_most_often():
    game = build_game(load_scenario("busan_2025", {"parameters": "calibrated_2026"}))
    ends = range_over_draws(game, 1).ends["covered"]
    shown = re.search(r"\((\d+) %, (\d+)-(\d+), by `calibrated_2026`\)", README)
    assert next(iter(ends)) == "breach"  # the largest stands first
    values = [100 * value for value in ends["breach"]]
    assert [int(number) for number in shown.groups()] == pytest.approx(values, abs=1.0)


def test_what_levers_and_rules_do_is_what_the_experiment_found():
    text = (ROOT / "experiments/what_you_must_believe/README.md").read_text(encoding="utf-8")
    found = " ".join(text.split())
    rules = re.search(r"only US tariffs .*? under (\d of \d) rules", FLAT)[1]
    assert f"only by US tariffs ({rules}), clearly by no other lever under" in found
    low, high = re.search(r"outlast a year from (\d+) % to (\d+) %", FLAT).groups()
    moved = re.search(r"moves the year most: from (0\.\d+) .*? to (0\.\d+) ", found)
    assert (int(low), int(high)) == tuple(round(100 * float(value)) for value in moved.groups())


def test_what_the_ledger_found_is_told():
    text = " ".join((ROOT / "docs/forecasts/README.md").read_text(encoding="utf-8").split())
    said = re.search(r"on (\d+) questions .*?score ([\d.]+) against ([\d.]+),", FLAT)
    number, constant, game = said.groups()
    assert f"On {number} resolved questions" in text
    assert f"its Brier score is {game}; that of constant hazards is {constant}" in text
