"""Phase diagram: how one number depends on two others, as a heat map."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from negotiation_abm.plotting import style
from negotiation_abm.survival.words import NOT_REACHED

COLOURS = "cividis"  # even in grey, and the same to colour-blind eyes
MOST_TEXTS = 130  # cells with a number in each


def plot_phase(
    table: pd.DataFrame,
    ax: Axes | None = None,
    label: str = "",
    limits: tuple[float, float] | None = None,
    contours: Sequence[float] = (),
    missing: str = NOT_REACHED,
    digits: int = 2,
) -> Axes:
    """Heat map of the third column of a table over its first two.

    Parameters
    ----------
    table : DataFrame
        Columns in order: what goes across, what goes up, what is shown. One row a cell; a cell
        without a row, or with NaN, is hatched.
    label : str
        Of what is shown; that of the column by default.
    limits : tuple of float, optional
        Ends of the colour scale.
    contours : sequence of float
        Values at which to draw a line, along the borders of cells: a line says that the cells on
        its two sides lie on two sides of the value, and it crosses no number.
    missing : str
        What a hatched cell means; stands at the scale of colours.
    digits : int
        Digits after the point of the numbers in the cells.
    """
    ax = ax or plt.gca()
    across, up, shown = table.columns[:3]
    grid = table.pivot(index=up, columns=across, values=shown).sort_index().sort_index(axis=1)
    x, y = grid.columns.to_numpy(dtype=float), grid.index.to_numpy(dtype=float)
    values = np.ma.masked_invalid(grid.to_numpy(dtype=float))
    low, high = limits or (None, None)
    mesh = ax.pcolormesh(_edges(x), _edges(y), values, cmap=COLOURS, vmin=low, vmax=high)
    mesh.set_edgecolor("face")
    label = label or str(shown)
    if np.ma.count_masked(values):
        ax.patch.set(hatch="////", edgecolor=style.GREY, facecolor="white")
        label = f"{label} (hatched: {missing})"
    if values.size <= MOST_TEXTS:
        _write(ax, x, y, values, mesh, digits)
    if min(values.shape) > 1:
        for level in contours:
            for colour, width in (("white", 3.5), ("black", 1.6)):
                lines = borders(_edges(x), _edges(y), values, level)
                look: dict[str, Any] = {"colors": colour, "linewidths": width, "capstyle": "round"}
                ax.add_collection(LineCollection(lines, **look))
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)
    ax.set(xlabel=str(across), ylabel=str(up))
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def borders(
    x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray, level: float
) -> list[list[tuple[float, float]]]:
    """Borders between neighbouring cells of which one lies below `level` and one does not.

    Parameters
    ----------
    x, y : ndarray
        Edges of the cells, one more than there are cells.
    values : masked array, shape (len(y) - 1, len(x) - 1)
        What is masked has no border.

    Returns
    -------
    list of list of tuple
        Segments, each two points (x, y).

    Examples
    --------
    >>> edges = np.array([0.0, 1.0, 2.0])
    >>> borders(edges, edges, np.ma.array([[0.1, 0.9], [0.2, 0.8]]), 0.5)
    [[(1.0, 0.0), (1.0, 1.0)], [(1.0, 1.0), (1.0, 2.0)]]
    """
    above, known = values.filled(np.nan) >= level, ~np.ma.getmaskarray(values)
    beside = (above[:, 1:] != above[:, :-1]) & known[:, 1:] & known[:, :-1]
    over = (above[1:] != above[:-1]) & known[1:] & known[:-1]
    xs, ys = x.tolist(), y.tolist()
    upright = [[(xs[c + 1], ys[r]), (xs[c + 1], ys[r + 1])] for r, c in np.argwhere(beside)]
    level_lines = [[(xs[c], ys[r + 1]), (xs[c + 1], ys[r + 1])] for r, c in np.argwhere(over)]
    return upright + level_lines


def _edges(centres: np.ndarray) -> np.ndarray:
    """Borders of cells around their centres."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2.0
    first, last = centres[0] - (middle[0] - centres[0]), centres[-1] + (centres[-1] - middle[-1])
    return np.concatenate([[first], middle, [last]])


def _write(
    ax: Axes, x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray, mesh: object, digits: int
) -> None:
    """The number of each cell, in the colour that reads on it."""
    low, high = mesh.get_clim()  # type: ignore[attr-defined]
    middle = (low + high) / 2.0
    for row, column in np.argwhere(~np.ma.getmaskarray(values)):
        value = float(values[row, column])
        text = f"{value:.{digits}f}"
        text = text.removeprefix("0") if digits and value < 1 else text
        colour = "white" if value < middle else "black"
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8.5, "gid": style.KEEP}
        ax.text(x[column], y[row], text, color=colour, **look)
