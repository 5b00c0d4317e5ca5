"""The figure of a sweep: its truces over one or two names that vary, the others held fixed."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.planes import has_order, plot_map, plot_series
from negotiation_abm.plotting.registry import figure
from negotiation_abm.plotting.scale import mark_unset, scale_of
from negotiation_abm.plotting.slices import GROUP_TEXT, held_text, outcome_text
from negotiation_abm.sweep.slices import NAME, Query, Sweep, open_sweep, resolved, slice_table

YEAR = 52.0  # weeks
LOOKS = ((style.SKY, "--"), (style.BLUE, "-."), (style.BLACK, "-"))
APART = 0.12  # of the distance of two names, between the marks of two outcomes


@figure(
    "phase",
    table="summary.parquet",
    step="sweep",
    words="How long truces last over one or two names that vary (numbers, dates or names), the "
    "others held fixed: the median and the chance of lasting a year, with the lines at a year and "
    "at one half; or curves over one name",
    needs=("sweep.yaml", "summary.parquet"),
)
def draw_phase(folder: Path) -> Figure:
    """The figure of a folder that `sweep` has filled."""
    sweep = open_sweep(folder)
    days = sorted(
        {name for _, _, name in sweep.outcomes() if name.startswith("survival_")},
        key=lambda name: int(name.split("_")[1]),
    )
    query = resolved(sweep, Query(outcome=days[-1], measure="covered"))
    return _maps(sweep, query) if query.up else _curves(sweep, query, days)


def _heading(query: Query) -> str:
    """Whose truces, and where other names are held."""
    held = ", ".join(f"{words.setting(n)} {held_text(value)}" for n, value in query.at.items())
    text = f"By agreed measures, {GROUP_TEXT[query.group or '']}"
    return f"{text}; held fixed: {held}" if held else text


def _headed(
    text: str, columns: int, size: tuple[float, float], **options: Any
) -> tuple[Figure, Any]:
    """Panels side by side with a heading above all of them."""
    lines = style.wrapped(text, int(11 * size[0]))
    top = 0.97 - 0.2 * (1 + lines.count("\n")) / size[1]
    whole, axes = style.subplots(1, columns, figsize=size, layout=style.roomy(top), **options)
    whole.text(0.01, 0.985, lines, ha="left", va="top", fontsize=11)
    return whole, axes


def _maps(sweep: Sweep, query: Query) -> Figure:
    whole, axes = _headed(_heading(query), 2, (13.5, 5.5), sharey=True)
    looks: list[tuple[str, str, str, dict[str, Any]]] = [
        ("median_weeks", "Median duration of the truce", "a year",
         {"label": "weeks", "contours": [YEAR], "digits": 0}),
        (str(query.outcome), outcome_text(str(query.outcome)).capitalize(), "one half",
         {"label": "share of truces", "contours": [0.5], "limits": (0.0, 1.0)}),
    ]  # fmt: skip
    for ax, (outcome, title, line, look) in zip(axes, looks, strict=True):
        found = Query(outcome, query.measure, query.group, query.across, query.up, query.at)
        table = slice_table(sweep, found)
        plot_map(table, str(query.across), str(query.up), ax, **look)
        has_lines = has_order(table, str(query.across), str(query.up))
        ax.set_title(f"{title} (line: {line})" if has_lines else title)
    axes[1].set_ylabel("")
    return whole


def _curves(sweep: Sweep, query: Query, outcomes: list[str]) -> Figure:
    whole, ax = _headed(_heading(query), 1, (8, 5.3))
    found = [
        slice_table(sweep, Query(one, query.measure, query.group, query.across, "", query.at))
        for one in outcomes
    ]
    table = pd.concat(
        [part.assign(outcome=one) for one, part in zip(outcomes, found, strict=True)],
        ignore_index=True,
    )
    plot_curve(table, str(query.across), ax)
    return whole


def plot_curve(table: pd.DataFrame, name: str, ax: Axes | None = None) -> Axes:
    """Survival at several ages over one name that varies, with intervals.

    Parameters
    ----------
    table : DataFrame
        Rows of a sweep's summary: `name`, outcome (``survival_DAYS``), mean, low, high.
    """
    ax = ax or plt.gca()
    scale = scale_of(table[name])
    parts = list(table.groupby("outcome", sort=False))
    for number, (outcome, part) in enumerate(parts):
        colour, line = LOOKS[number % len(LOOKS)]
        rows = part.sort_values(name).reset_index(drop=True)
        shift = APART * (number - (len(parts) - 1) / 2.0) if scale.kind == NAME else 0.0
        label = outcome_text(str(outcome))
        places = scale.place(rows[name]) + shift
        plot_series(rows, places, scale, ax, color=colour, ls=line, label=label)
    if scale.kind == NAME:
        ax.margins(x=0.15)
    mark_unset(ax, scale, "x")
    scale.label(ax, "x")
    ax.set(xlabel=words.setting(name), ylabel="share of truces", ylim=(0, 1))
    style.in_percent(ax)
    ax.legend()
    return ax
