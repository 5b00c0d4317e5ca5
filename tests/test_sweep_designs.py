"""Every design is a sequence: it ends, counts from either end, and can be sliced."""

import itertools
from collections.abc import Sequence

import pytest

from negotiation_abm.sweep.designs import Chain, Cross, Design, Grid, Listed, Range, Sampled, Zip

GRID = Grid({"a": [1, 2, 3], "b": [4, 5]})
LISTED = Listed([{"a": 1}, {"b": 2}])
UNIT = {"a": Range(0.0, 1.0, "number")}
DESIGNS = {
    "grid": GRID,
    "zip": Zip({"a": [1, 2, 3], "b": [4, 5, 6]}),
    "list": LISTED,
    "hypercube": Sampled("latin_hypercube", 5, 1, UNIT),
    "sobol": Sampled("sobol", 4, 1, UNIT),
    "cross": Cross((GRID, LISTED)),
    "chain": Chain((GRID, LISTED)),
    "part": GRID[1:5:2],
}


@pytest.fixture(params=DESIGNS, name="design")
def one_of_each(request):
    return DESIGNS[request.param]


def points_of(design):
    """The points by number, as the sweep asks for them."""
    return [design.point(number) for number in range(len(design))]


def test_a_loop_ends(design):
    most = len(design) + 5
    assert list(itertools.islice(iter(design), most)) == points_of(design)
    assert isinstance(design, Sequence)


def test_indices_count_from_either_end(design):
    points = points_of(design)
    for number in range(-len(points), len(points)):
        assert design[number] == points[number]
    for number in (len(points), -len(points) - 1, 10**6):
        with pytest.raises(IndexError, match=f"of a design of {len(points)}"):
            design[number]
    with pytest.raises(TypeError):
        design["a"]


@pytest.mark.parametrize(
    "part", [slice(None), slice(1, 3), slice(-2, None), slice(None, None, -1), slice(9, 2)], ids=str
)
def test_slices_are_designs(design, part):
    found = design[part]
    assert isinstance(found, Design)
    assert list(found) == points_of(design)[part]
    assert set(found.names) == set(design.names)


def test_what_sequences_can_do(design):
    points = points_of(design)
    assert list(reversed(design)) == points[::-1]
    assert points[-1] in design
    assert {"no": "such point"} not in design
    assert design.index(points[-1]) == points.index(points[-1])


def test_nothing_is_laid_out():
    huge = Grid({"a": list(range(10**4)), "b": list(range(10**4))})
    assert huge[-1] == {"a": 9999, "b": 9999}
    assert huge[5 * 10**7 :][0] == {"a": 5000, "b": 0}
