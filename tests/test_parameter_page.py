"""docs/parameters.md says of each parameter what the rules allow."""

import re

import pytest

from cli_helpers import ROOT
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
