"""Days on the axes of figures."""

import datetime as dt
from collections.abc import Iterable

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes

from negotiation_abm.plotting import style


def day(text: str) -> float:
    """A date, as Matplotlib counts days."""
    return float(mdates.date2num(dt.date.fromisoformat(text)))


def days(texts: Iterable[str]) -> np.ndarray:
    """Dates, as Matplotlib counts days."""
    return np.array([day(text) for text in texts])


def mark_day(ax: Axes, text: str) -> None:
    """A thin dotted line at a date."""
    ax.axvline(day(text), color=style.GREY, lw=1.0, ls=":")


def by_month(ax: Axes, interval: int = 1) -> None:
    """Label the months of an axis of days."""
    _label(ax, mdates.MonthLocator(interval=interval))


def by_date(ax: Axes, most: int) -> None:
    """Label an axis of days with at most so many dates."""
    _label(ax, mdates.AutoDateLocator(maxticks=most))


def _label(ax: Axes, locator: mdates.DateLocator) -> None:
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
