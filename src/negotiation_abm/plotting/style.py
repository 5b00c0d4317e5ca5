"""One look for all figures: safe for colour-blind eyes, told apart in grey, legible at half size.

Colours are from Okabe and Ito (2008); wherever colour tells things apart, line style or marker
does too.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from negotiation_abm.files.words import counted, unbroken

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, BLACK = "#CC79A7", "#56B4E9", "#000000"
GREY = "#707070"
MINUS = "\N{MINUS SIGN}"
KEEP = "keeps its colour"  # gid of what lies on a colour of its own, whatever the ground
PLAYER_COLOURS = (BLUE, RED)
PLAYER_LINES = ("-", (0, (5, 1.5)))
SERIES_COLOURS = (BLUE, RED, GREEN, PURPLE, ORANGE, BLACK, SKY)
SERIES_LINES = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (9, 2)),
    "-",
    (0, (2, 2)),
)

SETTINGS: dict[Any, Any] = {
    "text.parse_math": False,  # a name may hold a dollar sign
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 11,
    "lines.linewidth": 2.0,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.hashsalt": "negotiation_abm",  # the same figure gives the same file
    "svg.fonttype": "none",
}
LETTERS_AN_INCH, LINE = 8.6, 0.25  # of a headline: letters, inches a line
SMALL_GAP = "  |  "  # between the parts of the small print
SMALL_AN_INCH, SMALL_LINE = 17.0, 0.14  # of the small print
LABEL_GAP = 0.01  # share of the width of a figure to the left of its longest label


def context() -> AbstractContextManager[None]:
    """Matplotlib settings of this package, as a context: outside it they are the caller's own."""
    return matplotlib.rc_context(SETTINGS)


def subplots(rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure with axes, as ``plt.subplots`` gives it, which no window and no notebook shows.

    Pyplot does not know of it: it is drawn by no backend of the user's, and it need not be closed.
    What Matplotlib's `Figure` takes goes there, the rest to its `subplots`.
    """
    own = {name: options.pop(name) for name in ("figsize", "layout") if name in options}
    figure = Figure(**own)
    return figure, figure.subplots(rows, columns, **options)


def roomy(top: float = 1.0) -> ConstrainedLayoutEngine:
    """A layout in which nothing is cut off, with room for the small print and a line above."""
    return ConstrainedLayoutEngine(rect=(0.005, 0.035, 0.99, top - 0.035))


def lighter(colour: str, share: float = 0.6) -> tuple[float, float, float]:
    """A colour mixed with a share of white: what an opacity would give on an empty page."""
    red, green, blue = (part + share * (1.0 - part) for part in to_rgb(colour))
    return red, green, blue


def series(number: int) -> tuple[str, Any]:
    """Colour and line style of the n-th of several lines."""
    place = number % len(SERIES_COLOURS)
    return SERIES_COLOURS[place], SERIES_LINES[place]


def origin(step: dict[str, Any]) -> str:
    """Scenario, seed, replicates and version from one step of a manifest."""
    if "runs" in step:
        return _origin_of_several(step["runs"])
    if not {"scenario", "parameter_set", "environment"} <= set(step):
        return ""
    severity = _min_severity(step)
    parts = [f"scenario {step['scenario']['name']}", f"parameters {step['parameter_set']['name']}"]
    if severity is not None:
        parts[-1] += f" (min_severity {severity:g})"
    if "record" in step:
        parts.append(f"record {step['record']}")
    if "points" in step:
        parts.append(f"{step['method'].title()}, {counted(step['points'], 'point')}")
    if "replicates" in step:
        draws = f"{step['draws']:,} posterior draws of " if "draws" in step else ""
        parts.append(f"{draws}{counted(step['replicates'], 'run')}, seed {step['seed']}")
    parts.append(_version(step["environment"]))
    return "  |  ".join(parts)


def _min_severity(step: dict[str, Any]) -> float | None:
    """From which severity an escalation ends a truce in any domain; the scenario's own first."""
    own = step["scenario"].get("set", {}).get("min_severity")
    value = own if own is not None else step["parameter_set"].get("values", {}).get("min_severity")
    return float(value) if isinstance(value, int | float) else None


def origin_of_sweep(state: dict[str, Any]) -> str:
    """Where a sweep comes from, from its manifest."""
    environment, described = state["environment"], state["described"]
    return (
        f"sweep {state['name']}  |  scenario {described['scenario']['name']}  |  "
        f"{counted(described['points'], 'point')} of "
        f"{counted(described['replicates'], 'run')}, seed {described['seed']}  |  "
        f"{_version(environment)}"
    )


def _version(environment: dict[str, Any]) -> str:
    return f"negotiation_abm {environment['negotiation_abm']} ({environment['source_hash'][:8]})"


def _origin_of_several(runs: dict[str, dict[str, Any]]) -> str:
    """Where a comparison comes from: what its runs share, or each of it."""

    def shared(values: Iterable[Any]) -> str:
        return ", ".join(dict.fromkeys(str(value) for value in values))

    steps = list(runs.values())
    environment = [step["environment"] for step in steps]
    return "  |  ".join(
        [
            f"{len(steps)} scenarios from {shared(step['scenario']['name'] for step in steps)}",
            f"parameters {shared(step['parameter_set']['name'] for step in steps)}",
            f"{shared(format(step['replicates'], ',') for step in steps)} replicates, "
            f"seed {shared(step['seed'] for step in steps)}",
            f"negotiation_abm {shared(e['negotiation_abm'] for e in environment)} "
            f"({shared(e['source_hash'][:8] for e in environment)})",
        ]
    )


def fit_left(figure: Figure) -> None:
    """Move the left edge of the panels so that no label of the first column is cut off.

    For a figure whose margins are set by `subplots_adjust`, once its labels stand.
    """
    figure.draw_without_rendering()
    edges = [ax.get_tightbbox() for ax in figure.axes if ax.get_visible()]
    cut = -min((box.x0 for box in edges if box is not None), default=0.0) / figure.bbox.width
    if cut > 0.0:
        figure.subplots_adjust(left=figure.subplotpars.left + cut + LABEL_GAP)


def in_percent(ax: Axes, which: str = "y", unit: str = " %") -> None:
    """Write the shares along an axis, ``x`` or ``y``, in percent, as exact as the ticks are."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(lambda share, _: f"{100 * share:.4g}{unit}".replace("-", MINUS))


def wrapped(text: str, letters: int) -> str:
    r"""A text in lines of so many letters; a number stays with its percent sign.

    >>> wrapped("in force: 37 % of truces", 12)
    'in force:\n37\xa0% of\ntruces'
    """
    return fill(unbroken(text), letters, break_on_hyphens=False)


def headline(figure: Figure, text: str) -> None:
    """Write the claim of a finished figure above it; the figure grows by the room for it."""
    width = float(figure.get_size_inches()[0])
    lines = wrapped(text, max(30, int(LETTERS_AN_INCH * (width - 0.3))))
    _grow(figure, above=0.14 + LINE * (1 + lines.count("\n")))
    look: dict[str, Any] = {"fontsize": 13.5, "fontweight": "bold", "ha": "left", "va": "top"}
    at = 1.0 - 0.09 / float(figure.get_size_inches()[1])
    figure.text(0.15 / width, at, lines, linespacing=1.25, **look)


def small_print(figure: Figure, text: str) -> None:
    """Write where a figure comes from along its lower edge, in as many lines as its parts take."""
    width = float(figure.get_size_inches()[0])
    lines = [""]
    for part in text.split(SMALL_GAP):
        longer = SMALL_GAP.join(filter(None, (lines[-1], part)))
        fits = len(longer) <= SMALL_AN_INCH * (width - 0.2)
        lines = [*lines[:-1], longer] if fits or not lines[-1] else [*lines, part]
    _grow(figure, below=SMALL_LINE * (len(lines) - 1))
    figure.text(0.01, 0.004, "\n".join(lines), fontsize=8, color=GREY, ha="left", va="bottom")


def _grow(figure: Figure, above: float = 0.0, below: float = 0.0) -> None:
    """Make a finished figure higher, by inches; all that it holds keeps its size and its place."""
    width, height = (float(size) for size in figure.get_size_inches())
    whole = height + above + below
    share, shift = height / whole, below / whole
    inverse = figure.transFigure.inverted()
    legends = [(one, one.get_bbox_to_anchor().transformed(inverse)) for one in figure.legends]
    panels = [(ax, ax.get_position(original=True)) for ax in figure.axes]
    figure.set_size_inches(width, whole)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        left, bottom, across, up = engine.get()["rect"]
        engine.set(rect=(left, shift + bottom * share, across, up * share))
    else:
        for ax, box in panels:
            ax.set_position((box.x0, shift + box.y0 * share, box.width, box.height * share))
    for written in figure.texts:
        if written.get_transform() == figure.transFigure:
            written.set_y(shift + written.get_position()[1] * share)
    for legend, box in legends:
        place = (box.x0, shift + box.y0 * share, box.width, box.height * share)
        legend.set_bbox_to_anchor(place, transform=figure.transFigure)


def save(figure: Figure, path: Path, about: str = "") -> None:
    """Save a figure without a date, so that the same data give the same file.

    `about` goes into the description that both formats carry.
    """
    metadata: dict[str, str | None] = (
        {"Date": None} if path.suffix == ".svg" else {"Software": None}
    )
    metadata |= {"Description": about} if about else {}
    figure.savefig(path, metadata=metadata)
