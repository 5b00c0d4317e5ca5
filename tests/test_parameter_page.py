"""docs/parameters.md says of each parameter what the rules allow, and a module owns its own.

Inputs of modules stand in docs/scenario.md.
"""

import re
from math import inf

import pytest

from cli_helpers import ROOT
from negotiation_abm.core.inputs import NEEDED
from negotiation_abm.core.modules import MODULES, NAMES, module_of
from negotiation_abm.core.params import LEVER_NUMBERS, PARAMETERS

ROWS = {
    name: (unit, bounds, meaning)
    for name, unit, bounds, meaning in re.findall(
        r"^\| `(\w+)`[^|]* \| ([^|]+) \| ([^|]+) \| ([^|]+) \|",
        (ROOT / "docs/parameters.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}


@pytest.mark.parametrize("parameter", PARAMETERS + LEVER_NUMBERS, ids=lambda one: one.name)
def test_bounds_and_meaning_are_those_of_the_rules(parameter):
    whole = ", whole" if parameter.integer else ""
    bounds = f"{parameter.low:g} to {parameter.high:g}{whole}"
    assert ROWS[parameter.name] == (parameter.unit, bounds, parameter.doc)


@pytest.mark.parametrize(("name", "module"), list(zip(NAMES, MODULES, strict=True)), ids=NAMES)
def test_a_parameter_is_of_the_module_that_declares_it(name, module):
    assert {module_of(one.name) for one in getattr(module, "PARAMETERS", ())} <= {name}
    assert module_of("fatigue") is None


SCENARIO = (ROOT / "docs/scenario.md").read_text(encoding="utf-8")
TABLES = {  # which part of docs/scenario.md has the keys of a module
    "delivery": "Pledges",
    "negotiator": "Changes of a negotiator",
    "side_issues": "Side issues",
    "shocks": "Shocks of the state",
}


@pytest.mark.parametrize("name", TABLES)
def test_inputs_of_a_module_are_those_of_the_format(name):
    """Keys, whether they may be left out, what they are then, bounds, and how many there may be."""
    part = SCENARIO.split(f"\n### {TABLES[name]}\n")[1].split("\n#")[0]
    columns = r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| [^|]+ \| ([^|]*)\|"
    rows = {key: words for key, *words in re.findall(columns, part, re.MULTILINE)}
    *others, entries = MODULES[NAMES.index(name)].INPUTS
    assert rows.keys() - {"events"} == {key.name for key in (*others, *entries.keys)}
    for key in (*others, *entries.keys):
        default, bounds = rows[key.name]
        known = {"required": NEEDED, "none": None, "null": None, "empty": "", "0": 0}
        assert key.default == known[default], key
        if -inf < key.low < key.high < inf:
            assert bounds.strip() == f"{key.low} to {key.high}", key
        else:
            assert " to " not in bounds, key
        assert key.kind != "day" or key.anywhere != ("within the horizon" in bounds), key
    most = re.search(rf"^\| `{name}` \| .*at most (\d+)", SCENARIO, re.MULTILINE)
    assert entries.most == (int(most[1]) if most else None)
