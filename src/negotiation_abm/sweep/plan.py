"""The plan of a sweep: its points with their names, keys and seeds, each made when asked for."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from negotiation_abm.files.errors import InputError, changed_by
from negotiation_abm.files.provenance import text_hash
from negotiation_abm.scenario.load import reference_beside
from negotiation_abm.sweep.designs import Changes
from negotiation_abm.sweep.games import Games, Source, read_source
from negotiation_abm.sweep.spec import SweepSpec, plain, reference_number

_ENCODE = json.JSONEncoder(sort_keys=True).encode  # one for all points
CHECKED_ALL = 2_000  # points: so many are all checked before the start
CHECKED_SOME = 200  # of more, so many are


@dataclass(frozen=True)
class Plan:
    """A spec with its scenario read.

    Attributes
    ----------
    order : ndarray of int, optional
        Place in the design of each point, where points were added to a sweep that had begun;
        None: the order of the design.
    """

    spec: SweepSpec
    source: Source
    order: np.ndarray | None = None

    @property
    def num_points(self) -> int:
        """Number of points, the reference included."""
        return len(self.spec.points)

    @property
    def most_runs(self) -> int:
        """Runs of the sweep if nothing stops a point earlier."""
        return self.num_points * self.spec.most_runs()

    def changes(self, number: int) -> Changes:
        """Dotted names and values of a point."""
        return self.spec.points[self._place(number)]

    def several(self, numbers: range) -> list[Changes]:
        """Dotted names and values of some points, as `changes` gives those of one."""
        point = self.spec.points.point  # looked up once: there may be millions
        return [point(self._place(number)) for number in numbers]

    def _place(self, number: int) -> int:
        return number if self.order is None else int(self.order[number])

    def key(self, number: int) -> str:
        """What identifies a point wherever it stands: a hash of its names and values."""
        return key_of(self.changes(number))

    def seed(self, number: int) -> int:
        """Seed of a point's runs: the sweep's, or with independent draws one of its own."""
        if self.spec.common_random_numbers:
            return self.spec.seed
        digest = hashlib.sha256(f"{self.spec.seed}/{self.key(number)}".encode()).digest()
        return int.from_bytes(digest[:8], "big")

    def reference(self) -> int | None:
        """Number of the point that others are compared with."""
        if self.spec.reference is None:
            return None
        place = reference_number(self.spec.points, self.spec.reference)
        if place is None or self.order is None:
            return place
        return int(np.flatnonzero(self.order == place)[0])

    def games(self) -> Games:
        """The builder of games."""
        return Games(self.source, self.spec.set)

    def fixed(self) -> dict[str, Any]:
        """What must stay the same for runs to belong to one sweep; the rest may grow."""
        spec = self.spec
        return {
            "scenario": plain(self.source.content),
            "parameter_sets": {name: s.values for name, s in self.source.sets.items()},
            "set": plain(spec.set),
            "seed": spec.seed,
            "common_random_numbers": spec.common_random_numbers,
            "outputs": sorted(spec.outputs),
            "stop": _without_cap(spec),
        }

    def identity(self) -> str:
        """Hash of `fixed`: the sweep that runs belong to."""
        return text_hash(self.fixed())

    def described(self) -> dict[str, Any]:
        """All that decides what is played: `fixed`, the design, and how many runs."""
        spec = self.spec
        return self.fixed() | {
            "design": plain(spec.design),
            "points": self.num_points,
            "replicates": spec.replicates,
            "cap": spec.stop.cap if spec.stop else None,
            "reference": plain(spec.reference),
        }

    def hash(self) -> str:
        """Hash of `described`."""
        return text_hash(self.described())


def _without_cap(spec: SweepSpec) -> dict[str, Any] | None:
    """The stop rule; with one, the first number of runs is part of it."""
    if spec.stop is None:
        return None
    return spec.stop.model_dump(exclude={"cap"}) | {"replicates": spec.replicates}


def key_of(changes: Changes) -> str:
    """Hash of dotted names and values, whatever their order.

    >>> key_of({"fatigue": 1, "forum": 2.0}) == key_of({"forum": 2, "fatigue": 1.0})
    True
    """
    numbers = {
        name: float(value)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else plain(value)
        for name, value in changes.items()
    }
    return hashlib.sha256(_ENCODE(numbers).encode()).hexdigest()[:16]


def make_plan(spec: SweepSpec) -> Plan:
    """Read what a spec names, and see that its points can be played.

    All of up to 2,000 points are checked, of more 200 spread evenly; what is found wrong only
    during the run is recorded there and stops no other point.

    Raises
    ------
    InputError
        At the first name or value that is not admissible.
    """
    with changed_by(spec.path, {name: f"set.{name}" for name in spec.set}):
        plan = Plan(spec, read_source(_scenario(spec), spec.set, _parameter_sets(spec)))
    check_points(plan)
    return plan


def _scenario(spec: SweepSpec) -> str:
    """The scenario's reference: a file beside the spec goes before others."""
    return reference_beside(spec.scenario, spec.path.parent)


def _parameter_sets(spec: SweepSpec) -> set[str]:
    """Parameter sets that points name, where sets vary."""
    if "parameters" not in spec.points.names:
        return set()
    numbers = range(min(len(spec.points), 100_000))
    return {str(spec.points[n].get("parameters", "")) for n in numbers} - {""}


def check_points(plan: Plan) -> None:
    """Build the games of all points, or of some spread evenly over many."""
    count = plan.num_points
    some = count if count <= CHECKED_ALL else CHECKED_SOME
    games = plan.games()
    for number in np.linspace(0, count - 1, some).astype(int).tolist():
        try:
            games.game(plan.changes(number))
        except InputError as error:
            place = f"design, point {number} ({describe(plan.changes(number))})"
            raise InputError(plan.spec.path, place, str(error)) from None


def describe(changes: Changes) -> str:
    """A point in words: its first names and values."""
    items = [f"{name}={plain(value)}" for name, value in changes.items()]
    return ", ".join(items[:3]) + (", ..." if len(items) > 3 else "") or "nothing changed"


def ordered(plan: Plan, keys: list[str]) -> Plan:
    """The plan with points that have been played before under their old numbers, new ones after.

    Parameters
    ----------
    keys : list of str
        Keys of the points that the sweep had, by number.

    Raises
    ------
    InputError
        If one of them is no longer in the design.
    """
    places: dict[str, list[int]] = {}
    for number in range(plan.num_points - 1, -1, -1):
        places.setdefault(plan.key(number), []).append(number)
    order = []
    for number, key in enumerate(keys):
        if not places.get(key):
            problem = f"point {number} of the sweep begun there is no longer in the design"
            raise InputError(plan.spec.path, "design", problem)
        order.append(places[key].pop())
    order += sorted(place for left in places.values() for place in left)
    if order == list(range(plan.num_points)):
        return plan
    return dataclasses.replace(plan, order=np.array(order))
