"""Figures of a sweep: a phase diagram over two names that vary, or a curve over one."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from negotiation_abm.files.errors import InputError
from negotiation_abm.plotting import style
from negotiation_abm.plotting.phase import plot_phase
from negotiation_abm.survival.words import GROUPS
from negotiation_abm.sweep.summary import load_sweep

YEAR = 52.0  # weeks


def draw_sweep(folder: Path) -> list[Path]:
    """Draw the figure of a sweep's folder, as PNG and SVG in ``figures/``.

    Raises
    ------
    InputError
        If not one or two names vary, as numbers.
    """
    table = load_sweep(folder)
    chosen = table[table["measure"] == "covered"]
    group = "running" if (chosen["group"] == "running").any() else "all"
    chosen = chosen[chosen["group"] == group]
    names = _names(folder, table)
    paths = []
    with style.context():
        figure = _phases(chosen, names) if len(names) == 2 else _curve(chosen, names[0])
        style.small_print(figure, f"covered measure, {GROUPS[group]}  |  {sweep_origin(folder)}")
        try:
            (folder / "figures").mkdir(exist_ok=True)
            for kind in ("png", "svg"):
                paths.append(folder / "figures" / f"phase.{kind}")
                style.save(figure, paths[-1])
        except OSError as error:
            problem = f"cannot be written ({error.strerror or error})"
            raise InputError(folder / "figures", "", problem) from None
        finally:
            style.close([figure])
    return paths


def _names(folder: Path, table: pd.DataFrame) -> list[str]:
    columns = list(table.columns)
    names = columns[1 : columns.index("runs")]
    numbers = [name for name in names if pd.api.types.is_numeric_dtype(table[name])]
    if names != numbers or not 1 <= len(names) <= 2:
        problem = f"{len(names)} names vary; a figure can show one or two, all numbers"
        raise InputError(folder, "", problem)
    return names


def sweep_origin(folder: Path) -> str:
    """Where a sweep comes from, in one line."""
    state: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    environment = state["environment"]
    described = state["described"]
    per_point = described["replicates"]
    return (
        f"sweep {state['name']}  |  scenario {described['scenario']['name']}  |  "
        f"{described['points']} points of {per_point:,} runs, seed {described['seed']}  |  "
        f"negotiation_abm {environment['negotiation_abm']} ({environment['source_hash'][:8]})"
    )


def _phases(chosen: pd.DataFrame, names: list[str]) -> Figure:
    figure, axes = plt.subplots(1, 2, figsize=(13.5, 5.2), sharey=True)
    figure.subplots_adjust(left=0.065, right=0.99, top=0.93, bottom=0.16, wspace=0.06)
    days = chosen[chosen["outcome"].str.startswith("survival_")]["outcome"].iloc[-1]
    for ax, outcome, options in (
        (axes[0], "median_weeks", {"label": "weeks", "contours": [YEAR], "digits": 0}),
        (axes[1], days, {"label": "probability", "contours": [0.5], "limits": (0.0, 1.0)}),
    ):
        part = chosen[chosen["outcome"] == outcome].dropna(subset=names)
        plot_phase(part[[*names, "mean"]], ax, **options)
        ax.set_xlabel(readable(names[0]))
    axes[0].set_title("Median duration of the truce (line: a year)")
    axes[1].set_title(f"Probability of lasting {days.split('_')[1]} days (line: one half)")
    axes[0].set_ylabel(readable(names[1]))
    axes[1].set_ylabel("")
    return figure


def _curve(chosen: pd.DataFrame, name: str) -> Figure:
    figure, ax = plt.subplots(figsize=(8, 5))
    figure.subplots_adjust(left=0.1, right=0.98, top=0.95, bottom=0.16)
    plot_curve(chosen[chosen["outcome"].str.startswith("survival_")], name, ax)
    return figure


def plot_curve(table: pd.DataFrame, name: str, ax: Axes | None = None) -> Axes:
    """Outcomes over one name that varies, with their intervals."""
    ax = ax or plt.gca()
    looks = zip((style.SKY, style.BLUE, style.BLACK), ("--", "-.", "-"), strict=True)
    for (outcome, part), (colour, line) in zip(
        table.groupby("outcome", sort=False), looks, strict=False
    ):
        rows = part.dropna(subset=[name]).sort_values(name)
        label = f"lasting {str(outcome).split('_')[1]} days"
        ax.plot(rows[name], rows["mean"], color=colour, ls=line, marker="o", ms=4, label=label)
        ax.fill_between(rows[name], rows["low"], rows["high"], color=colour, alpha=0.25, lw=0)
    ax.set(xlabel=readable(name), ylabel="probability", ylim=(0, 1))
    ax.legend()
    return ax


def readable(name: str) -> str:
    """A dotted name in words.

    >>> readable("levers.CHINA.rare_earths.irreplaceability"), readable("breach_cost")
    ('CHINA rare earths: irreplaceability', 'breach cost')
    """
    *where, last = name.removeprefix("levers.").split(".")
    text = " ".join(where) + ": " if where else ""
    return (text + last).replace("_", " ")
