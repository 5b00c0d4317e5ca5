"""A small run of the fuzzer (`make fuzz` has the large one), and inputs that it once failed on."""

import pytest

from fuzzing import Input, make, problem_of, problem_of_address

COUNT = 60

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", range(COUNT))
def test_malformed_input_is_one_line(number):
    assert problem_of(make(2026, number)) == ""


@pytest.mark.parametrize("number", range(COUNT))
def test_malformed_address_is_one_line(number):
    pytest.importorskip("solara")
    assert problem_of_address(2026, number) == ""


LONG = b"9" * 30
KEPT = {
    "a name of a file without end": Input(["check", "9" * 5_000]),
    "a number beyond 64 bits": Input(
        ["check", "q.yaml"],
        {"q.yaml": b"priors: {fatigue: {mean: %b, sd: 1, source: x}}\n" % LONG},
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_input_that_once_failed(name):
    assert problem_of(KEPT[name]) == ""


def test_an_input_depends_on_seed_and_number_alone():
    assert [make(3, n) for n in range(30)] == [make(3, n) for n in range(30)]
    assert make(3, 1) != make(4, 1)
