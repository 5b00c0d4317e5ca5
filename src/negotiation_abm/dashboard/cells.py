"""The points of a slice as parts of its figure that can be clicked."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from negotiation_abm.dashboard.browser import MOST_POINTS, point_text
from negotiation_abm.dashboard.hover import place_of
from negotiation_abm.plotting.scale import scale_of
from negotiation_abm.sweep.slices import Query


def cells_of(figure: Figure, table: pd.DataFrame, query: Query) -> list[dict[str, Any]]:
    """Where the points of a slice stand in its figure, once that is drawn.

    Returns
    -------
    list of dict
        ``id`` (number of the point), ``text``, ``x`` and ``y`` of its middle, ``width`` and
        ``height``, as shares of the figure; a point that is no cell of a heat map has no size.
    """
    ax, names = figure.axes[0], [str(name) for name in (query.across, query.up) if name]
    is_set = table[names].notna().any(axis=1)
    shown = table[is_set] if query.up and is_set.any() else table  # as `plot_map` has it
    scales = [scale_of(shown[name]).place(shown[name]) for name in names]
    heights = scales[1] if query.up else shown["mean"].to_numpy()
    found = []
    rows = shown.head(MOST_POINTS).to_dict(orient="records")
    for row, x, y in zip(rows, scales[0], heights, strict=False):
        if np.isfinite(y):
            (across, up), (width, height) = place_of(ax, x, y), _size(ax, x, y)
            place = {"x": across, "y": up, "width": width, "height": height}
            found.append({"id": str(int(row["point"])), "text": point_text(row, names)} | place)
    return found


def _size(ax: Axes, x: float, y: float) -> tuple[float, float]:
    """Width and height of the cell of a heat map at a point of the data; 0 where there is none."""
    for mesh in (part for part in ax.collections if isinstance(part, QuadMesh)):
        corners = np.asarray(mesh.get_coordinates())
        across, up = corners[0, :, 0], corners[:, 0, 1]
        column, row = np.searchsorted(across, x) - 1, np.searchsorted(up, y) - 1
        if 0 <= column < len(across) - 1 and 0 <= row < len(up) - 1:
            left, top = place_of(ax, across[column], up[row + 1])
            right, bottom = place_of(ax, across[column + 1], up[row])
            return right - left, bottom - top
    return 0.0, 0.0
