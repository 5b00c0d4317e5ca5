"""One look for all figures: safe for colour-blind eyes, told apart in grey, legible at half size.

Colours are from Okabe and Ito (2008); wherever colour tells things apart, line style or marker
does too.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#000000"
GREY = "#707070"
PLAYER_COLOURS = (BLUE, RED)
PLAYER_LINES = ("-", (0, (5, 1.5)))

_SETTINGS: dict[Any, Any] = {
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


def context() -> Any:
    """Matplotlib settings of this package, as a context; figures are files, not windows."""
    matplotlib.use("Agg")
    return plt.rc_context(_SETTINGS)


def origin(step: dict[str, Any]) -> str:
    """Scenario, seed, replicates and version from one step of a manifest."""
    if not {"scenario", "parameter_set", "environment"} <= set(step):
        return ""
    parts = [f"scenario {step['scenario']['name']}", f"parameters {step['parameter_set']['name']}"]
    if "record" in step:
        parts.append(f"record {step['record']}")
    if "replicates" in step:
        parts.append(f"{step['replicates']:,} runs, seed {step['seed']}")
    version = step["environment"]["negotiation_abm"]
    parts.append(f"negotiation_abm {version} ({step['environment']['source_hash'][:8]})")
    return "  |  ".join(parts)


def small_print(figure: Figure, text: str) -> None:
    """Write where a figure comes from along its lower edge."""
    figure.text(0.01, 0.004, text, fontsize=8, color=GREY, ha="left", va="bottom")


def save(figure: Figure, path: Path) -> None:
    """Save a figure without a date, so that the same data give the same file."""
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    figure.savefig(path, metadata=metadata)


def close(figures: Iterable[Figure]) -> None:
    """Free the figures."""
    for figure in figures:
        plt.close(figure)
