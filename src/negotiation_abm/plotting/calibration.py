"""What a fit says and how well it holds: intervals, predictive bands, lever response, forecast."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.registry import figure
from negotiation_abm.survival import z_of
from negotiation_abm.survival.intervals import binomial_quantile

TITLE_WIDTH = 44  # letters a line
RESTS_ON = {
    "likelihood": (style.BLUE, "o", "the record carries it"),
    "both": (style.ORANGE, "D", "record and prior share"),
    "prior": (style.RED, "^", "the prior"),
}


DEEDS = {
    "ESCALATE": "Measures raised, a month",
    "THREATEN": "Threats, a month",
    "CONCEDE": "Measures eased, a month",
    "SUSPEND": "Offers to suspend, a month",
}
CHANGES = {
    "potency x 0": "no longer hurts",
    "disabled": "cannot be used",
    "potency x 2": "hurts twice as much",
}


def plot_identification(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Estimate and 90 % interval of each coefficient beside that of its prior.

    Parameters
    ----------
    table : DataFrame
        Rows of ``identification.csv``: coefficient, estimate, low, high, prior_mean, prior_sd,
        rests_on.
    """
    ax = ax or plt.gca()
    rows = table[table["rests_on"] != "fixed"].reset_index(drop=True)
    place = np.arange(len(rows))[::-1]
    reach = z_of(0.9) * rows["prior_sd"]
    low, high = float(rows["low"].min()) - 0.5, float(rows["high"].max()) + 0.5
    ax.hlines(
        place,
        np.maximum(rows["prior_mean"] - reach, low),
        np.minimum(rows["prior_mean"] + reach, high),
        color="#D0D0D0",
        lw=7,
        label="prior, 90 % (cut at the frame)",
    )
    for name, (colour, marker, label) in RESTS_ON.items():
        here = (rows["rests_on"] == name).to_numpy()
        if not here.any():
            continue
        ax.hlines(place[here], rows["low"][here], rows["high"][here], color=colour, lw=2)
        ax.plot(
            rows["estimate"][here], place[here], marker, color=colour, ms=7, ls="none", label=label
        )
    ax.axvline(0.0, color=style.GREY, lw=1)
    ax.set_yticks(place, [words.setting(str(name)) for name in rows["coefficient"]])
    ax.set_xlim(low, high)
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.set_xlabel("strength, log-odds (weights: ratios); estimate, 90 % range")
    return ax


def plot_predictive(table: pd.DataFrame, ax: Axes | None = None, side: str = "") -> Axes:
    """Tariff of one side week by week: the record in the bands of free runs.

    Parameters
    ----------
    table : DataFrame
        Rows of ``predictive.csv``.
    side : str
        Whose tariff (default: the first).
    """
    ax = ax or plt.gca()
    rows = table[table["kind"] == "tariff_pp"]
    sides = list(dict.fromkeys(rows["side"]))
    side = side or sides[0]
    rows = rows[rows["side"] == side]
    dates = pd.to_datetime(rows["key"])
    colour = style.PLAYER_COLOURS[sides.index(side)]
    ax.fill_between(dates, rows["q05"], rows["q95"], color=colour, alpha=0.15, lw=0, label="90 %")
    ax.fill_between(dates, rows["q25"], rows["q75"], color=colour, alpha=0.3, lw=0, label="50 %")
    ax.plot(dates, rows["q50"], color=colour, ls=(0, (4, 2)), label="median of free runs")
    ax.plot(dates, rows["record"], color=style.BLACK, drawstyle="steps-post", label="the record")
    ax.set_ylabel("average extra tariff, points")
    ax.set_title(words.player(side))
    ax.set_ylim(bottom=0.0)
    return ax


def plot_moves(table: pd.DataFrame, ax: Axes | None = None, move: str = "ESCALATE") -> Axes:
    """Moves of one kind a month, both sides: the record in the bands of free runs.

    Parameters
    ----------
    table : DataFrame
        Rows of ``predictive.csv``.
    move : str
        Kind of move.
    """
    ax = ax or plt.gca()
    rows = table[table["kind"] == f"moves.{move}"]
    for number, side in enumerate(dict.fromkeys(rows["side"])):
        own = rows[rows["side"] == side].reset_index(drop=True)
        place = np.arange(len(own)) + 0.3 * number - 0.15
        colour = style.PLAYER_COLOURS[number]
        ax.vlines(place, own["q05"], own["q95"], color=colour, lw=6, alpha=0.3)
        ax.plot(place, own["q50"], "_", color=colour, ms=10, mew=2)
        ax.plot(place, own["record"], "ox"[number], color=style.BLACK, ms=6, mfc="none", mew=1.5)
    ax.set_xticks(np.arange(len(own)), [str(key)[5:] for key in own["key"]])
    ax.set_title(DEEDS[move])
    ax.set_ylim(bottom=-0.3)
    return ax


def plot_ranks(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Where the records lie among single free runs of the same episodes, pattern by pattern.

    Parameters
    ----------
    table : DataFrame
        Rows of ``pool_patterns.csv``: pattern, statistic, rank, verdict.
    """
    ax = ax or plt.gca()
    place = np.arange(len(table))[::-1]
    ax.axvspan(0.05, 0.95, color="#E4E4E4", lw=0, label="90 % of single free runs")
    for verdict, colour, marker in (
        ("pass", style.BLUE, "o"),
        ("fail", style.RED, "X"),
        ("cannot fail", style.GREY, "s"),
    ):
        here = (table["verdict"] == verdict).to_numpy()
        if here.any():
            label = f"the records ({verdict})"
            ax.plot(table["rank"][here], place[here], marker, color=colour, ms=8, label=label)
    ax.set_yticks(place, [f"{row.statistic} ({row.pattern})" for row in table.itertuples()])
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.8, len(table) - 0.2)
    ax.set_title("Where the records lie")
    ax.set_xlabel("share of free runs below the records")
    return ax


def plot_wrong_models(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How often models that are wrong on purpose pass, pattern by pattern.

    Parameters
    ----------
    table : DataFrame
        Rows of ``pool_patterns.csv``: passes_without, passes_memoryless.
    """
    ax = ax or plt.gca()
    place = np.arange(len(table))[::-1]
    ax.axvline(0.9, color=style.GREY, lw=1, ls=(0, (4, 2)), label="the model itself")
    ax.hlines(
        place, table[["passes_without", "passes_memoryless"]].min(axis=1), 0.9, color="#D0D0D0"
    )
    ax.plot(
        table["passes_without"], place, "D", color=style.ORANGE, ms=7,
        label="without the mechanism behind it",
    )  # fmt: skip
    ax.plot(
        table["passes_memoryless"], place, "o", color=style.BLACK, ms=7, mfc="none",
        label="without memory",
    )  # fmt: skip
    ax.set_xlim(-0.02, 1.02)
    ax.set_title("Would wrong models pass?")
    ax.set_xlabel("share of its runs that pass")
    return ax


def _spoken(outcome: str) -> str:
    """An outcome of a response in words.

    >>> _spoken("CHINA escalations"), _spoken("S(26 weeks), any domain")
    ('China escalations', 'still in force after 26 weeks, any measure')
    """
    text = outcome.replace("S(26 weeks)", f"{words.STILL} after 26 weeks")
    for measure, plain in words.MEASURES.items():
        text = text.replace(f", {measure.replace('_', ' ')}", f", {plain}") if measure else text
    return " ".join(words.player(part) for part in text.split())


def plot_lever_response(
    table: pd.DataFrame, ax: Axes | None = None, outcome: str = "", changes: tuple[str, ...] = ()
) -> Axes:
    """What changes of each lever do to one outcome, with 90 % intervals over posterior draws.

    Parameters
    ----------
    table : DataFrame
        Rows of ``lever_response.csv``.
    outcome : str
        Which (default: the first).
    changes : tuple of str
        Which changes of a lever (default: all).
    """
    ax = ax or plt.gca()
    outcome = outcome or str(table["outcome"].iloc[0])
    rows = table[table["outcome"] == outcome]
    levers = list(dict.fromkeys(rows["lever"]))
    shown = list(changes or dict.fromkeys(rows["change"]))
    for number, change in enumerate(shown):
        own = rows[rows["change"] == change].set_index("lever").loc[levers]
        place = np.arange(len(levers))[::-1] + 0.18 * (len(shown) - 1) * (0.5 - number / 1.5)
        colour, _ = style.series(number)
        ax.hlines(place, own["low"], own["high"], color=colour, lw=2)
        ax.plot(
            own["difference"],
            place,
            "osD^"[number % 4],
            color=colour,
            ms=6,
            label=CHANGES.get(change, change),
        )
    ax.axvline(0.0, color=style.GREY, lw=1)
    ax.set_yticks(np.arange(len(levers))[::-1], [words.lever(name) for name in levers])
    base = float(rows["base"].median())
    title = f"{_spoken(outcome)} (base {base:.{1 if base >= 1.0 else 2}f})"
    ax.set_title(style.wrapped(title, TITLE_WIDTH))
    ax.set_xlabel("change in a year")
    return ax


@figure(
    "calibration_curve",
    table="calibration_curve.csv",
    step="validate",
    words="Predicted against observed frequency of moves",
    size=(7, 6),
)
def plot_calibration_curve(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Predicted against observed frequency of moves.

    Parameters
    ----------
    table : DataFrame
        Rows of ``calibration_curve.csv``: predicted, observed, error.
    """
    ax = ax or plt.gca()
    top = float(max(table["predicted"].max(), (table["observed"] + 2 * table["error"]).max()))
    ax.plot([0, top], [0, top], color=style.GREY, lw=1, ls=(0, (4, 2)), label="perfect")
    ax.errorbar(
        table["predicted"],
        table["observed"],
        2.0 * table["error"],
        fmt="o",
        color=style.BLUE,
        capsize=3,
        label="groups of options, two errors",
    )
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("observed share")
    ax.legend(loc="upper left")
    return ax


def plot_sbc_ranks(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Ranks of true values among posterior draws: their distribution less the uniform one.

    Parameters
    ----------
    table : DataFrame
        Rows of ``sbc.csv`` (`calibration.sbc.rank_table`).
    """
    ax = ax or plt.gca()
    fits, draws, level = (table[name].iloc[0] for name in ("fits", "draws", "level"))
    chance = np.arange(1, draws + 1) / (draws + 1)
    low, high = (
        binomial_quantile(q, np.full(len(chance), fits), chance) / fits
        for q in (0.5 * level, 1.0 - 0.5 * level)
    )
    ax.fill_between(
        np.append(chance, 1.0),
        np.append(low - chance, 0.0),
        np.append(high - chance, 0.0),
        color="#E4E4E4",
        lw=0,
        label="95 % of uniform ranks stay inside",
    )
    ax.axhline(0.0, color=style.GREY, lw=1)
    below = table[[f"below_{r}" for r in range(draws + 1)]].to_numpy()
    for inside, colour, line in ((True, style.BLUE, "-"), (False, style.RED, (0, (5, 1.5)))):
        gaps = (below - np.append(chance, 1.0))[(table["inside"] == inside).to_numpy()]
        for number, gap in enumerate(gaps):
            label = ("an unknown", "one that leaves the band")[not inside] if number == 0 else None
            ax.plot(np.append(chance, 1.0), gap, color=colour, ls=line, lw=1, label=label)
    ax.set_xlabel("rank of the truth, as a share")
    ax.set_ylabel("share of fits, less expected")
    return ax


def plot_forecast(table: pd.DataFrame, ax: Axes | None = None, start: str = "") -> Axes:
    """Survival of the truce in force: mean over posterior draws and 90 % of them.

    Parameters
    ----------
    table : DataFrame
        Rows of ``forecast_curve.csv``: measure, week, survival, low, high.
    start : str
        First day, for the axis (default: weeks).
    """
    ax = ax or plt.gca()
    titles = ("covered", "any_domain")
    for number, measure in enumerate(titles):
        rows = table[table["measure"] == measure]
        x = rows["week"]
        if start:
            x = pd.Timestamp(start) + pd.to_timedelta(7 * rows["week"], unit="D")
        colour, line = style.series(number)
        ax.fill_between(x, rows["low"], rows["high"], color=colour, alpha=0.18, lw=0, step="post")
        ax.plot(
            x,
            rows["survival"],
            color=colour,
            ls=line,
            label=words.MEASURES[measure],
            drawstyle="steps-post",
        )
    ax.set_ylim(0.0, 1.02)
    style.in_percent(ax)
    ax.set_ylabel("chance that the truce is still in force")
    ax.legend()
    return ax
