"""Figures of the package as the page shows and hands them out: light or dark, wide or narrow."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import rcParams, rcParamsDefault
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from negotiation_abm.dashboard import hover
from negotiation_abm.plotting import style

# Matplotlib has one set of settings for the whole process.
_DRAWING = threading.Lock()

GROUND = "#171b21"  # the card of the dark theme, as in assets/custom.css
INK = "#e4e7eb"
# What each colour of the figures becomes on a dark ground.
DARK = {
    style.BLACK: INK,
    "#ffffff": GROUND,
    style.GREY: "#9aa4b0",
    style.BLUE: "#5aa9e6",
    style.RED: "#f0813a",
    style.GREEN: "#2fbf94",
    "#d9d9d9": "#3d4652",
    "#a6c8a6": "#3f6b52",
    "#f0e442": "#cdbf2f",
}
DARK = {name.lower(): colour for name, colour in DARK.items()}
DARK_SETTINGS: dict[Any, Any] = {
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "savefig.facecolor": GROUND,
    "text.color": INK,
    "axes.edgecolor": "#9aa4b0",
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": "#9aa4b0",
    "ytick.color": "#9aa4b0",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": "#3d4652",
}
LIGHT_SETTINGS: dict[Any, Any] = {name: rcParamsDefault[name] for name in DARK_SETTINGS}


@dataclass(frozen=True)
class Shown:
    """A figure as the page shows it: SVG, and as JSON what it says where the mouse is."""

    svg: bytes
    hover: str = ""

    @property
    def address(self) -> str:
        """The figure as an address that holds it."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode()


def shown(
    make: Callable[[], Figure], is_dark: bool, then: Callable[[Figure], None] | None = None
) -> Shown:
    """The figure that `make` draws, for the page: letters as outlines, in the theme.

    `then` gets the drawn figure, whose panels have found their places.
    """
    panels: list[dict[str, Any]] = []

    def read(figure: Figure) -> None:
        panels.extend(hover.panels_of(figure))
        if then is not None:
            then(figure)

    svg = _drawn(make, "svg", is_dark, {"svg.fonttype": "path"}, then=read)
    return Shown(svg, json.dumps(panels, separators=(",", ":"), ensure_ascii=False))


def file_of(make: Callable[[], Figure], kind: str, about: str = "") -> bytes:
    """The figure that `make` draws as a file, ``png`` or ``svg``, as the command `plot` saves it.

    A file is light, whatever the theme of the page.
    """
    return _drawn(make, kind, False, {}, about)


def _drawn(
    make: Callable[[], Figure],
    kind: str,
    is_dark: bool,
    settings: dict[Any, Any],
    about: str = "",
    then: Callable[[Figure], None] | None = None,
) -> bytes:
    themed = style.SETTINGS | settings | (DARK_SETTINGS if is_dark else LIGHT_SETTINGS)
    with _DRAWING, _set(themed):
        figure = make()
        if about:
            style.small_print(figure, about)
        if is_dark:
            darken(figure)
        stream = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(stream, format=kind, metadata=metadata)
        if then is not None:
            then(figure)
        return stream.getvalue()


@contextmanager
def _set(wanted: dict[Any, Any]) -> Iterator[None]:
    """Matplotlib's settings for a while.

    Solara keeps them apart for each page, and Matplotlib's own `rc_context` puts the old ones back
    where no page looks, so that a page that was dark once would draw on dark ground for ever.
    """
    before = {name: rcParams[name] for name in wanted}
    rcParams.update(wanted)
    try:
        yield
    finally:
        rcParams.update(before)


def darken(figure: Figure) -> None:
    """Exchange the colours of a figure for those of the dark theme."""
    for artist in figure.findobj(Artist):
        if artist.get_gid() == style.KEEP:
            continue
        for name in _colours_of(artist):
            _exchange(artist, name)


def _colours_of(artist: Artist) -> tuple[str, ...]:
    if isinstance(artist, Line2D):
        return "color", "markerfacecolor", "markeredgecolor"
    if isinstance(artist, Text):
        return ("color",)
    if isinstance(artist, Patch | Collection):
        return "facecolor", "edgecolor"
    return ()


def _exchange(artist: Artist, name: str) -> None:
    """One colour of an artist, or a list of them; what is not in the table stays."""
    before = getattr(artist, f"get_{name}")()
    if isinstance(artist, Collection):
        if len(before) == 1:
            after = DARK.get(to_hex(before[0]))
            if after is not None:
                getattr(artist, f"set_{name}")([(*_rgb(after), float(before[0][3]))])
        return
    if isinstance(before, str) and before in ("none", "auto"):
        return
    after = DARK.get(to_hex(before))
    if after is not None:
        alpha = before[3] if isinstance(before, tuple) and len(before) == 4 else 1.0
        getattr(artist, f"set_{name}")((*_rgb(after), float(alpha)))


def _rgb(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5))  # type: ignore[return-value]
