"""How often things happened that a forecast had given a probability."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from negotiation_abm.plotting import style
from negotiation_abm.plotting.claims.fits import FORECASTERS
from negotiation_abm.plotting.registry import figure

MARKERS = ("o", "s")
GAP = 0.012  # between the two series, so that their bars do not lie on each other


@figure(
    "forecast_reliability",
    table="reliability.csv",
    step="ledger",
    words="How often the answer was yes, beside the probability that kept forecasts gave to it",
    made_by="experiments/forecasts/ledger.py",
    size=(8.6, 7.4),
)
def plot_forecast_reliability(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Observed share by forecast probability, with 90 % intervals and numbers of questions.

    Parameters
    ----------
    table : DataFrame
        ``reliability.csv``: model, probability, share, low, high, number; one row a bin.
    """
    ax = ax or plt.gca()
    ax.plot([0, 1], [0, 1], color=style.GREY, lw=1.2, ls=":", label="as often as forecast")
    for place, (name, words) in enumerate(FORECASTERS.items()):
        rows = table[table["model"] == name]
        x = rows["probability"] + (2 * place - 1) * GAP
        colour, _ = style.series(place)
        bars = (rows["share"] - rows["low"]).clip(lower=0), (rows["high"] - rows["share"])
        ax.errorbar(
            x,
            rows["share"],
            yerr=[bars[0], bars[1].clip(lower=0)],
            fmt=MARKERS[place],
            color=colour,
            ecolor=style.lighter(colour, 0.4),
            capsize=3,
            ms=8,
            label=words,
        )
        for at, high, number in zip(x, rows["high"], rows["number"], strict=True):
            ax.annotate(
                f"{number:d}",
                (at, high),
                (0, 7),
                textcoords="offset points",
                ha="center",
                color=colour,
                fontsize=10,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.07))
    ax.set(xlabel="probability of yes, by the forecast", ylabel="share of questions answered yes")
    ax.legend(loc="lower right", title="Above a bar: number of questions; bars: 90 % intervals")
    return ax
