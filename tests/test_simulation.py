"""A few schedules of the simulator of faults (`make simulation` has ten thousand)."""

import pytest

from simulation import KINDS, reference, schedule

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", range(80))
def test_whatever_fails_the_folder_is_made_whole(number):
    assert schedule(2026, number) == ""


def test_there_is_something_to_go_wrong():
    for kind in KINDS:
        assert reference(kind)[2] > 50
