"""What a figure says where the mouse is: the values of its lines, bars, marks and cells.

There is one way for all figures. Nothing of it is written by the functions that draw: the artists
of a finished figure are read, placed as shares of its width and height, and said with the words of
its own axes and legend. ``assets/custom.js`` shows them over any element with ``data-hover``.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, NullFormatter, ScalarFormatter

MOST_SPOTS = 1000  # marks of one panel; of more none is told apart
Point = tuple[float, float, str, str]  # place across and up (shares), what it is of, its value


def panels_of(figure: Figure) -> list[dict[str, Any]]:
    """What each panel of a figure that has been drawn says, and where.

    Returns
    -------
    list of dict
        A panel each: ``box`` (left, top, right, bottom as shares of the figure from its upper left
        corner), ``series`` (lines: ``name``, ``steps``, ``points``) and ``spots`` (bars, marks and
        cells: left, top, right, bottom, text). ``steps`` is post, pre or empty; a point of a line
        is its place and two texts.
    """
    panels = [_panel(ax) for ax in figure.axes if ax.get_visible() and ax.axison]
    return [panel for panel in panels if panel["series"] or panel["spots"]]


def _panel(ax: Axes) -> dict[str, Any]:
    box = ax.get_position()
    is_scale = hasattr(ax, "_colorbar")  # the scale of colours beside a heat map
    series = [] if is_scale else list(_series(ax))
    spots = [] if is_scale else list(_spots(ax))
    return {
        "box": _rounded(box.x0, 1.0 - box.y1, box.x1, 1.0 - box.y0),
        "series": series,
        "spots": spots if len(spots) <= MOST_SPOTS else [],
    }


def _rounded(*values: float) -> list[float]:
    return [round(float(value), 4) for value in values]


def place_of(ax: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of the data stands, as shares of the figure from its upper left corner."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    at = figure.transFigure.inverted().transform(ax.transData.transform((x, y)))
    return float(at[0]), 1.0 - float(at[1])


# ---------------------------------------------------------------------------
# Lines


def _series(ax: Axes) -> Iterable[dict[str, Any]]:
    """Lines of two points and more, each with the band around it."""
    taken = {id(line) for c in ax.containers for line in _lines_of(c)}
    lines = [
        line
        for line in ax.lines
        if id(line) not in taken
        and line.get_transform() == ax.transData
        and line.get_linestyle() not in ("None", "none", "")
        and len(np.unique(_numbers(line, "x"))) > 2
    ]
    named = [line for line in lines if not str(line.get_label()).startswith("_")]
    for line in named or lines[:1]:
        points = list(_points(ax, line))
        if points:
            yield {
                "name": str(line.get_label()) if named else "",
                "steps": str(line.get_drawstyle()).removeprefix("steps-").replace("default", ""),
                "points": [[*_rounded(x, y), at, text] for x, y, at, text in points],
            }


def _lines_of(container: Any) -> Iterable[Line2D]:
    if isinstance(container, ErrorbarContainer):
        yield from [container[0], *container[1]] if container[0] is not None else container[1]


def _numbers(line: Line2D, which: str) -> np.ndarray:
    """Places of the points of a line along ``x`` or ``y``; days as Matplotlib counts them."""
    found = line.get_xdata(orig=False) if which == "x" else line.get_ydata(orig=False)
    return np.asarray(found, dtype=float)


def _points(ax: Axes, line: Line2D) -> Iterable[Point]:
    xs, ys = _numbers(line, "x"), _numbers(line, "y")
    band = _band(ax, to_hex(line.get_color()))
    is_post = line.get_drawstyle() == "steps-post"
    for number, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        after = xs[min(number + 1, len(xs) - 1)] if is_post else x
        text = _said(ax.yaxis, y)
        ends = _cut(band, (x + after) / 2.0) if band is not None else None
        if ends is not None and ends[0] <= y <= ends[1] and y not in (ends[1], ends[0]):
            text += f" ({_said(ax.yaxis, ends[0])} to {_said(ax.yaxis, ends[1])})"
        yield (*place_of(ax, x, y), _told(ax.xaxis, x), text)


def _band(ax: Axes, colour: str) -> np.ndarray | None:
    """The outline of the band that has the colour of a line, shape (points, 2)."""
    for collection in ax.collections:
        if not isinstance(collection, PolyCollection):
            continue
        faces, paths = to_rgba_array(collection.get_facecolor()), collection.get_paths()
        if len(faces) and len(paths) == 1 and to_hex(faces[0]) == colour and faces[0][3] < 1.0:
            return np.asarray(paths[0].vertices, dtype=float)
    return None


def _cut(outline: np.ndarray, x: float) -> tuple[float, float] | None:
    """Lowest and highest point of an outline at a place across; None where it is not."""
    left, right = outline[:-1], outline[1:]
    low, high = np.minimum(left[:, 0], right[:, 0]), np.maximum(left[:, 0], right[:, 0])
    crossed = (low <= x) & (x <= high) & (high > low)
    if not crossed.any():
        return None
    a, b = left[crossed], right[crossed]
    heights = a[:, 1] + (b[:, 1] - a[:, 1]) * (x - a[:, 0]) / (b[:, 0] - a[:, 0])
    return float(heights.min()), float(heights.max())


# ---------------------------------------------------------------------------
# Bars, marks, cells


def _spots(ax: Axes) -> Iterable[list[Any]]:
    """What is told apart by where it stands: left, top, right, bottom, text."""
    taken = {id(line) for c in ax.containers for line in _lines_of(c)}
    for line in ax.lines:
        is_marks = line.get_linestyle() in ("None", "none", "") and id(line) not in taken
        if is_marks and line.get_marker() not in ("None", "none", "", "|"):
            yield from _marks(ax, line)
    for container in ax.containers:
        if isinstance(container, BarContainer):
            yield from _bars(ax, container)
        elif isinstance(container, ErrorbarContainer):
            yield from _errorbars(ax, container)
    for collection in ax.collections:
        if isinstance(collection, QuadMesh):
            yield from _cells(ax, collection)
        elif isinstance(collection, PathCollection):
            yield from _dots(ax, collection)


def _spot(ax: Axes, corners: Iterable[tuple[float, float]], text: str) -> list[Any]:
    places = [place_of(ax, x, y) for x, y in corners]
    xs, ys = zip(*places, strict=True)
    return [*_rounded(min(xs), min(ys), max(xs), max(ys)), text]


def _named(artist: Any) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else f"{label}: "


def _marks(ax: Axes, line: Line2D) -> Iterable[list[Any]]:
    for x, y in zip(_numbers(line, "x"), _numbers(line, "y"), strict=True):
        if np.isfinite(x) and np.isfinite(y):
            yield _spot(ax, [(x, y)], f"{_told(ax.xaxis, x)}\n{_named(line)}{_told(ax.yaxis, y)}")


def _bars(ax: Axes, container: BarContainer) -> Iterable[list[Any]]:
    is_flat = getattr(container, "orientation", "vertical") == "horizontal"
    for bar in container.patches:
        box = bar.get_bbox()
        size, start = (box.width, box.y0) if is_flat else (box.height, box.x0)
        middle = start + (box.height if is_flat else box.width) / 2.0
        value, of = (ax.xaxis, ax.yaxis) if is_flat else (ax.yaxis, ax.xaxis)
        text = f"{_told(of, middle)}\n{_named(container)}{_said(value, size)}"
        yield _spot(ax, [(box.x0, box.y0), (box.x1, box.y1)], text)


def _errorbars(ax: Axes, container: ErrorbarContainer) -> Iterable[list[Any]]:
    line, _, bars = container
    if line is None:
        return
    value, of = (ax.xaxis, ax.yaxis) if container.has_xerr else (ax.yaxis, ax.xaxis)
    along = 0 if container.has_xerr else 1
    ends = bars[0].get_segments() if bars else []
    points = np.column_stack([_numbers(line, "x"), _numbers(line, "y")])
    for number, point in enumerate(points):
        if not np.isfinite(point).all():
            continue
        text = f"{_told(of, point[1 - along])}\n{_named(container)}{_said(value, point[along])}"
        if number < len(ends) and len(ends[number]) == 2:
            low, high = sorted(float(end[along]) for end in ends[number])
            text += f" ({_said(value, low)} to {_said(value, high)})"
        yield _spot(ax, [tuple(point)], text)


def _cells(ax: Axes, mesh: QuadMesh) -> Iterable[list[Any]]:
    corners = np.asarray(mesh.get_coordinates())
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    values: np.ma.MaskedArray = np.ma.masked_invalid(
        np.ma.asarray(mesh.get_array()).reshape(rows, columns)
    )
    bar = getattr(mesh, "colorbar", None)
    shown = bar.ax.get_ylabel() if bar is not None else ""
    for row in range(rows):
        for column in range(columns):
            low, high = corners[row, column], corners[row + 1, column + 1]
            x, y = (low + high) / 2.0
            is_known = not np.ma.getmaskarray(values)[row, column]
            said = f"{float(values[row, column]):.3g}" if is_known else "not reached"
            text = f"{_told(ax.xaxis, x)}\n{_told(ax.yaxis, y)}\n{shown}: {said}".strip(": ")
            yield _spot(ax, [tuple(low), tuple(high)], text)


def _dots(ax: Axes, dots: PathCollection) -> Iterable[list[Any]]:
    values = dots.get_array()
    for number, (x, y) in enumerate(np.asarray(dots.get_offsets(), dtype=float)):
        lines = [_told(ax.xaxis, x), f"{_named(dots)}{_told(ax.yaxis, y)}"]
        if values is not None and np.size(values) > number:
            lines.append(f"{float(np.ravel(values)[number]):.3g}")
        yield _spot(ax, [(x, y)], "\n".join(lines))


# ---------------------------------------------------------------------------
# Words


def _told(axis: Axis, value: float) -> str:
    """A value of an axis with what the axis is of: ``age of the truce, weeks: 26``."""
    said, label = _said(axis, value), axis.get_label_text().replace("\n", " ")
    is_name = isinstance(axis.get_major_formatter(), FixedFormatter)
    return said if is_name or not label or isinstance(said, _Day) else f"{label}: {said}"


class _Day(str):
    """A date, which needs no label before it."""

    __slots__ = ()


def _said(axis: Axis, value: float) -> str:
    """A value as its axis would write it."""
    formatter = axis.get_major_formatter()
    if isinstance(formatter, mdates.DateFormatter | mdates.ConciseDateFormatter):
        return _Day(mdates.num2date(value).date().isoformat())
    if isinstance(formatter, mdates.AutoDateFormatter):
        return _Day(mdates.num2date(value).date().isoformat())
    if isinstance(formatter, FixedFormatter):
        return _nearest(axis, value)
    if isinstance(formatter, ScalarFormatter | NullFormatter) or axis.get_scale() == "log":
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return formatter(float(f"{value:.3g}")) or f"{value:.3g}"


def _nearest(axis: Axis, value: float) -> str:
    """The label of the tick at a value; where there is none, the number."""
    ticks = axis.get_majorticklocs()
    labels = [label.get_text().replace("\n", " ") for label in axis.get_majorticklabels()]
    if not len(ticks):
        return f"{value:.3g}"
    gaps = [abs(b - a) for a, b in pairwise(sorted(ticks))]
    place = int(np.argmin(np.abs(np.asarray(ticks) - value)))
    is_near = abs(ticks[place] - value) <= 0.5 * min(gaps, default=1.0)
    return labels[place] if is_near and place < len(labels) else f"{value:.3g}"
