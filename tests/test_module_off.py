"""A module that is off, or on at null values, leaves every run as it was, byte for byte.

``data/no_modules.json`` holds the content hashes of two batches without modules: a later module
must leave them alone.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from helpers import SHIPPED
from module_helpers import OFF, game_with, pledge, random_modules, random_settings, run_bytes
from negotiation_abm import load_scenario
from negotiation_abm.core.modules import NAMES
from negotiation_abm.core.modules.shocks import QUANTITIES
from negotiation_abm.run.step import run_batch

EXPECTED = json.loads((Path(__file__).parent / "data" / "no_modules.json").read_text())


def event(**columns):
    return {"date": "2026-01-05", "player": "US"} | columns


def null_shock(quantity):
    return {"quantity": quantity, "rate": 1, "add": 0, "player": "US", "lever": "US.chips"}


# Inputs and settings at which a module has nothing to say.
NULL = {
    "no use starts no supply": ({"alternative_supply": {}}, {"alternative_supply_rate": 0}),
    "free coalition": ({"coalition": {"levers": ["CHINA.rare_earths"]}}, {"coalition_cost": 0}),
    "no lever of world scope": ({"coalition": {}}, {}),
    "free decoupling": ({"decoupling": {}}, {"decoupling_settle": 0, "decoupling_restrain": 0}),
    "no pledges": ({"delivery": {"pledges": []}}, {"diligence": 0}),
    "weightless pledges": ({"delivery": {"pledges": [pledge(weight=0)]}}, {"diligence": 0}),
    "pledge overlooked": (
        {"delivery": {"pledges": [pledge()]}},
        {"diligence": 0, "delivery_slack": 1, "delivery_missed": 0, "delivery_noise": 0},
    ),
    "no pace": ({"enforcement": {}}, {"enforcement_pace": 0, "enforcement_tighten": 5}),
    "no target": ({"enforcement": {}}, {"enforcement_tighten": 0, "enforcement_loosen": 0}),
    "no mediator": ({"mediation": {}}, {"mediation_rate": 0}),
    "no change of negotiator": ({"negotiator": {"changes": []}}, {}),
    "same negotiator": ({"negotiator": {"changes": [event(), event(ramp_weeks=9)]}}, {}),
    "no events": ({"shocks": {"events": []}}, {}),
    "shocks at rate 0": (
        {"shocks": {"events": [null_shock(name) | {"rate": 0, "add": 1} for name in QUANTITIES]}},
        {},
    ),
    "shocks of 0": ({"shocks": {"events": [null_shock(name) for name in QUANTITIES]}}, {}),
    "weightless issue": (
        {
            "side_issues": {
                "weights": {"issue": 0},
                "events": [event(issue="issue", tension=5, sweetener=5)],
            }
        },
        {},
    ),
    "event of size 0": (
        {"side_issues": {"weights": {"issue": 1}, "events": [event(issue="issue")]}},
        {},
    ),
    "no standing": (
        {"status": {"levers": ["US.chips"]}},
        dict.fromkeys(
            ("status_mirrored", "status_summit", "status_unmatched", "status_retention"), 0
        ),
    ),
}

# The same modules at values at which they do have something to say.
ACTIVE = {
    "alternative_supply": ({}, {"alternative_supply_rate": 0.1}),
    "coalition": ({"levers": ["CHINA.rare_earths"]}, {}),
    "decoupling": ({}, {}),
    "delivery": ({"pledges": [pledge()]}, {"diligence": 0}),
    "enforcement": ({}, {}),
    "mediation": ({}, {"mediation_rate": 0.1}),
    "negotiator": ({"changes": [event(initiative=1)]}, {}),
    "shocks": ({"events": [{"quantity": "anger", "rate": 1, "add": 1, "player": "US"}]}, {}),
    "side_issues": (
        {"weights": {"issue": 1}, "events": [event(issue="issue", tension=5)]},
        {},
    ),
    "status": ({}, {}),
}


@pytest.fixture(scope="module")
def off():
    return {name: run_bytes(game_with({}, name)) for name in SHIPPED}


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("draw", range(5))
def test_parameters_of_modules_that_are_off_change_nothing(off, name, draw):
    settings = random_settings(draw, load_scenario(name), list(NAMES))
    assert len(settings) > 5
    assert run_bytes(game_with({}, name, **settings)) == off[name]


@pytest.mark.parametrize("name", SHIPPED)
def test_null_is_off(off, name):
    assert run_bytes(game_with(dict.fromkeys(NAMES), name)) == off[name]


def test_mechanisms_of_2025_without_its_modules_is_the_baseline(off):
    assert run_bytes(game_with({}, "mechanisms_2025")) == off["baseline_2025"]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("case", NULL)
def test_module_at_null_values_is_off(off, name, case):
    modules, settings = NULL[case]
    assert run_bytes(game_with(modules, name, **settings)) == off[name]


@pytest.mark.parametrize("module", ACTIVE)
def test_module_at_other_values_is_not(off, module):
    """Else the tests above would prove nothing."""
    inputs, settings = ACTIVE[module]
    assert run_bytes(game_with({module: inputs}, "busan_2025", **settings)) != off["busan_2025"]


@pytest.mark.parametrize("module", NAMES)
def test_module_at_some_values_is_not_off(off, module):
    """Whatever modules there are: one that never changes a run does nothing."""
    scenario = load_scenario("busan_2025", OFF)
    for number in range(20):
        rng = np.random.default_rng(number)
        inputs = random_modules(rng, scenario, [module])
        game = game_with(inputs, "busan_2025", **random_settings(number, scenario, [module]))
        if run_bytes(game) != off["busan_2025"]:
            return
    pytest.fail(f"{module} changed no run")


def test_every_module_of_the_mechanisms_has_a_null_case():
    on = load_scenario("mechanisms_busan").modules.names()
    assert {module for modules, _ in NULL.values() for module in modules} == set(on) == set(ACTIVE)


def content_of(folder, name):
    game = game_with(OFF["modules"], name, parameters="start_2025")
    return run_batch(game, EXPECTED["replicates"], EXPECTED["seed"], folder)["content"]


@pytest.mark.parametrize("name", SHIPPED)
def test_without_modules_there_are_as_many_truces_as_there_were(tmp_path, name):
    assert {file: one["rows"] for file, one in content_of(tmp_path, name).items()} == {
        file: one["rows"] for file, one in EXPECTED["content"][name].items()
    }


@pytest.mark.verify
@pytest.mark.parametrize("name", SHIPPED)
def test_content_without_modules_is_what_it_was(tmp_path, name):
    """Byte for byte, which another processor's last bit may change."""
    assert content_of(tmp_path, name) == EXPECTED["content"][name]
