import doctest
import importlib
import pkgutil

import pytest

import negotiation_abm

MODULES = [
    "negotiation_abm",
    *(
        info.name
        for info in pkgutil.walk_packages(negotiation_abm.__path__, "negotiation_abm.")
        if not info.name.endswith("__main__")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_module(name):
    results = doctest.testmod(importlib.import_module(name), report=True)
    assert results.failed == 0


def test_examples_are_found():
    finder = doctest.DocTestFinder()
    module = importlib.import_module("negotiation_abm.core.terms")
    names = {test.name.rsplit(".", 1)[1] for test in finder.find(module) if test.examples}
    assert {"opponent_of", "option_of", "move_of", "lever_of"} <= names
