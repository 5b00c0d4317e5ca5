"""Designs: which points a sweep visits, as sequences that make a point when it is asked for.

A design has a length and gives the changes of point number *i* as a mapping of dotted names to
values. Nothing is laid out in memory but what cannot be computed from *i*: a grid of 10^8 points
costs as much as one of ten.
"""

import datetime as dt
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Any, SupportsIndex, overload

import numpy as np

Changes = dict[str, Any]


class Design(Sequence[Changes]):
    """A sequence of points: it can be counted, iterated, indexed from either end, and sliced.

    A design says what its point number *i* is in `point`, for ``0 <= i < len(design)``; the checks
    of an index stand here, once for all designs.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Dotted names that vary, in order."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of points, which may be more than a sequence can have."""

    def __len__(self) -> int:
        return self.size

    @abstractmethod
    def point(self, number: int) -> Changes:
        """Changes of point ``number``, which lies in ``0 .. len - 1``."""

    @overload
    def __getitem__(self, number: SupportsIndex) -> Changes: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Changes]: ...

    def __getitem__(self, number: SupportsIndex | slice) -> Changes | Sequence[Changes]:
        """One point, or several as a design of their own that makes each when it is asked for.

        Raises
        ------
        IndexError
            If there is no such point; a loop over a sequence ends by it.

        >>> grid = Grid({"a": [1, 2], "b": [3, 4]})
        >>> grid[-1], list(grid[::3])
        ({'a': 2, 'b': 4}, [{'a': 1, 'b': 3}, {'a': 2, 'b': 4}])
        """
        if isinstance(number, slice):
            return Part(self, range(len(self))[number])
        place, length = index(number), len(self)
        if not -length <= place < length:
            raise IndexError(f"point {place} of a design of {length}")
        return self.point(place % length)


@dataclass(frozen=True)
class Part(Design):
    """Some points of a design, in the order of their numbers there."""

    whole: Design
    numbers: range

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the whole design."""
        return self.whole.names

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.numbers)

    def point(self, number: int) -> Changes:
        """The point of the whole design that stands there."""
        return self.whole.point(self.numbers[number])


@dataclass(frozen=True)
class Grid(Design):
    """Every combination of the values of several names; the last name varies fastest."""

    axes: dict[str, list[Any]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(self.axes)

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(len(values) for values in self.axes.values())

    def point(self, number: int) -> Changes:
        """The combination with that number."""
        chosen = []
        for name, values in reversed(self.axes.items()):
            number, place = divmod(number, len(values))
            chosen.append((name, values[place]))
        return dict(reversed(chosen))


@dataclass(frozen=True)
class Zip(Design):
    """The first values of all names, then the second, and so on."""

    axes: dict[str, list[Any]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(self.axes)

    @property
    def size(self) -> int:
        """Number of points."""
        return len(next(iter(self.axes.values())))

    def point(self, number: int) -> Changes:
        """The values at that place of every name."""
        return {name: values[number] for name, values in self.axes.items()}


@dataclass(frozen=True)
class Listed(Design):
    """Points given one by one."""

    points: Sequence[Changes]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for point in self.points for name in point))

    @property
    def names(self) -> tuple[str, ...]:
        """Names that any point sets."""
        return self._names

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.points)

    def point(self, number: int) -> Changes:
        """The point as it was given."""
        return dict(self.points[number])


@dataclass(frozen=True)
class Range:
    """Interval that a sampled name is drawn from."""

    low: Any
    high: Any
    kind: str  # number, whole, date
    log: bool = False

    def at(self, u: float) -> Any:
        """The value at quantile `u` in [0, 1): both ends belong to a range of whole numbers."""
        if self.kind == "date":
            return self.low + dt.timedelta(days=int(((self.high - self.low).days + 1) * u))
        high = self.high + 1 if self.kind == "whole" else self.high
        value = self.low * (high / self.low) ** u if self.log else self.low + (high - self.low) * u
        return int(value // 1) if self.kind == "whole" else float(value)


@dataclass(frozen=True)
class Sampled(Design):
    """Latin hypercube or Sobol points over ranges (scipy.stats.qmc)."""

    kind: str
    points: int
    seed: int
    ranges: dict[str, Range]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the ranges."""
        return tuple(self.ranges)

    @cached_property
    def _unit(self) -> np.ndarray:
        from scipy.stats import qmc

        rng = np.random.default_rng(self.seed)
        if self.kind == "sobol":
            exponent = self.points.bit_length() - 1
            sample = qmc.Sobol(len(self.ranges), rng=rng).random_base2(exponent)
        else:
            sample = qmc.LatinHypercube(len(self.ranges), rng=rng).random(self.points)
        return np.asarray(np.minimum(sample, np.nextafter(1.0, 0.0)))

    @property
    def size(self) -> int:
        """Number of points."""
        return self.points

    def point(self, number: int) -> Changes:
        """The sampled point, scaled to the ranges."""
        row = self._unit[number].tolist()
        return {name: r.at(u) for (name, r), u in zip(self.ranges.items(), row, strict=True)}


@dataclass(frozen=True)
class Cross(Design):
    """Every combination of the points of several designs; the last design varies fastest."""

    parts: tuple[Design, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names))

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(part.size for part in self.parts)

    def point(self, number: int) -> Changes:
        """The combination of points with that number."""
        chosen: list[Changes] = []
        for part in reversed(self.parts):
            number, place = divmod(number, part.size)
            chosen.append(part.point(place))
        return {name: value for point in reversed(chosen) for name, value in point.items()}


@dataclass(frozen=True)
class Chain(Design):
    """The points of several designs, one after the other."""

    parts: tuple[Design, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names))

    @property
    def size(self) -> int:
        """Number of points."""
        return sum(part.size for part in self.parts)

    def point(self, number: int) -> Changes:
        """The point of the part that holds that number."""
        for part in self.parts:
            if number < part.size:
                break
            number -= part.size
        return part.point(number)
