"""docs/parameters.md says of each parameter what the rules allow, and a module owns its own."""

import re

import pytest

from cli_helpers import ROOT
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
