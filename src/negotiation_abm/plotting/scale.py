"""Axes of sweeps: numbers, dates or names, and a place for points that leave a name alone."""

from dataclasses import dataclass
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.dates import days
from negotiation_abm.sweep.slices import DATE, NAME, NUMBER, kind_of

UNSET = "as in\nscenario"
FEW_TICKS = 8  # dates that are all written out
LONG = 44  # letters of all labels, beyond which they are slanted


@dataclass(frozen=True)
class Scale:
    """Where the values of a name stand on an axis.

    Attributes
    ----------
    kind : str
        number, date or name.
    known : dict
        Position of each value: itself, its day as Matplotlib counts days, or its rank.
    unset : float or None
        Where points stand that leave the name as the scenario has it; None if there are none.
    """

    kind: str
    known: dict[Any, float]
    unset: float | None

    @property
    def is_ordered(self) -> bool:
        """Do distances along the axis mean something, everywhere on it?"""
        return self.kind != NAME and self.unset is None

    def place(self, column: pd.Series) -> np.ndarray:
        """Positions of the values of a column."""
        return np.array([self.unset if pd.isna(v) else self.known[v] for v in column], dtype=float)

    def label(self, ax: Axes, which: str) -> None:
        """Write the values along the axis ``x`` or ``y`` of a panel that is drawn."""
        axis = ax.xaxis if which == "x" else ax.yaxis
        ticks = {place: words.value(value) for value, place in self.known.items()}
        if not ticks:
            pass
        elif self.kind == DATE and (len(ticks) > FEW_TICKS or self._is_crowded()):
            locator = mdates.AutoDateLocator(maxticks=FEW_TICKS)
            axis.set_major_locator(locator)
            axis.set_major_formatter(mdates.ConciseDateFormatter(locator))
            if self.unset is None:
                return
            low, high = min(self.known.values()), max(self.known.values())
            shown = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
            ticks = dict(zip(shown, axis.get_major_formatter().format_ticks(shown), strict=True))
        elif self.kind == NUMBER:
            if self.unset is None:
                return
            low = min(self.known.values())
            ticks = {tick: f"{tick:g}" for tick in axis.get_majorticklocs() if tick >= low}
        ends = ax.get_xlim() if which == "x" else ax.get_ylim()
        ticks = {tick: text for tick, text in ticks.items() if min(ends) <= tick <= max(ends)}
        if self.unset is not None:
            ticks = {self.unset: UNSET} | ticks
        axis.set_ticks(list(ticks), list(ticks.values()))
        if which == "x" and sum(map(len, ticks.values())) > LONG:
            for label in ax.get_xticklabels():
                label.set(rotation=25, ha="right")

    def _is_crowded(self) -> bool:
        """Are two dates nearer than their labels would be wide?"""
        places = sorted(self.known.values())
        gaps = np.diff(places)
        return len(gaps) > 0 and gaps.min() < (places[-1] - places[0]) / (1.5 * FEW_TICKS)


def scale_of(column: pd.Series) -> Scale:
    """The scale of a column: its kind, and where each of its values stands."""
    kind, known = kind_of(column), column.dropna().unique().tolist()
    if kind == NUMBER:
        places = {value: float(value) for value in sorted(known)}
    elif kind == DATE:
        places = dict(zip(sorted(known), days(sorted(known)), strict=True))
    else:
        places = {value: float(rank) for rank, value in enumerate(known)}
    return Scale(kind, places, _beside(list(places.values())) if column.isna().any() else None)


def _beside(places: list[float]) -> float:
    """A place below all others, as far from them as two of them usually are."""
    if not places:
        return 0.0
    gaps = np.diff(sorted(set(places)))
    step = float(np.median(gaps)) if len(gaps) else abs(places[0]) / 2.0 or 1.0
    return min(places) - max(step, 0.12 * (max(places) - min(places)))


def mark_unset(ax: Axes, scale: Scale, which: str) -> None:
    """A dotted line between what is set and what is left as the scenario has it."""
    if scale.unset is None or not scale.known:
        return
    middle = (scale.unset + min(scale.known.values())) / 2.0
    line = ax.axvline if which == "x" else ax.axhline
    line(middle, color=style.GREY, lw=0.8, ls=":")
