"""The recorded year: tariffs, other levers, truces, moves, and how likely each move was."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from negotiation_abm.files import words
from negotiation_abm.plotting import style
from negotiation_abm.plotting.dates import by_month, day
from negotiation_abm.plotting.registry import figure

MARKERS = {"ESCALATE": "^", "THREATEN": "x", "CONCEDE": "v", "SUSPEND": "s"}
TARIFFS = {"headline": "announced", "effective": "average"}
LEGEND_ROOM = 1.45  # above the lines
HEIGHTS = (2.8, 2.3, 1.7, 1.6)
DEEDS = {
    "ESCALATE": "raises",
    "THREATEN": "threatens",
    "CONCEDE": "eases",
    "SUSPEND": "offers to suspend",
}
SUBLANES = {"ESCALATE": 0.3, "THREATEN": 0.1, "CONCEDE": -0.1, "SUSPEND": -0.3}


@figure(
    "timeline",
    table="replay.json",
    step="replay",
    words="The recorded sequence under the rules: tariffs, other levers, moves, and how likely "
    "the rules found each move",
)
def plot_timeline(replay: dict[str, Any]) -> Figure:
    """Four panels over the same weeks, from a replay's summary (``replay.json``)."""
    figure, axes = style.subplots(
        4, 1, figsize=(12, 11), sharex=True, gridspec_kw={"height_ratios": HEIGHTS}
    )
    figure.subplots_adjust(left=0.19, right=0.97, top=0.955, bottom=0.065, hspace=0.2)
    plot_tariffs(replay, axes[0])
    plot_levers(replay, axes[1])
    plot_moves(replay, axes[2])
    plot_probabilities(replay, axes[3])
    for ax in axes:
        shade_truces(replay, ax)
    axes[0].set_xlim(*span(replay))
    by_month(axes[-1])
    return figure


def span(replay: dict[str, Any]) -> tuple[float, float]:
    """First and last day of a replay, as Matplotlib counts them."""
    return day(replay["start"]), day(replay["until"]) + 1.0


def shade_truces(replay: dict[str, Any], ax: Axes) -> None:
    """The truce spells of both measures as bands behind a panel."""
    for spell in replay["spells"]:
        covered = spell["measure"] == "covered"
        ax.axvspan(
            day(spell["start"]),
            day(spell["end"]),
            color="#d9d9d9" if covered else "#a6c8a6",
            alpha=0.55 if covered else 0.45,
            lw=0,
            zorder=0 if covered else 0.5,
        )


def plot_tariffs(replay: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Extra tariffs of both sides in percentage points: headline in a replay, effective in a game.

    Beside the headline rate of a replay a thin line is the effective one, as what-ifs, runs and
    sweeps have it: the level of the tariff lever, which weighs the trade that is hit.
    """
    ax = ax or plt.gca()
    start, end = span(replay)
    for player, steps in replay["tariffs"].items():
        index = replay["players"].index(player)
        days = [start, *(day(step["date"]) for step in steps), end]
        rates = [replay["tariffs_at_start"][player], *(step["pp"] for step in steps)]
        ax.step(
            days,
            [*rates, rates[-1]],
            where="post",
            color=style.PLAYER_COLOURS[index],
            ls=style.PLAYER_LINES[index],
            label=f"{words.player(player)} on {words.player(replay['players'][1 - index])}",
        )
    kind = replay.get("tariffs_are", "headline")
    if kind == "headline":
        _plot_effective(replay, ax)
    ax.set_ylabel(f"{TARIFFS[kind]} extra tariff,\npercentage points")
    room = 1.0 if kind == "headline" else LEGEND_ROOM  # a game may end at its highest tariffs
    ax.set_ylim(0, room * ax.get_ylim()[1])
    patches = [
        Patch(color="#d9d9d9", alpha=0.7, label="truce, agreed measures"),
        Patch(color="#a6c8a6", alpha=0.7, label="truce, any measure"),
    ]
    handles = [*ax.get_legend_handles_labels()[0], *patches]
    ax.legend(handles=handles, loc="upper right", ncols=2, bbox_to_anchor=(1.0, 1.0))
    ax.set_title(f"The record of {replay['start']} to {replay['until']} under the rules")
    return ax


def _plot_effective(replay: dict[str, Any], ax: Axes) -> None:
    """The effective tariff of both sides at the end of each week, where the replay has it."""
    weekly = replay["weekly"]
    dates = [day(week["week_of"]) + 7.0 for week in weekly]
    for index, player in enumerate(replay["players"]):
        if weekly and f"{player}.headline_pp" in weekly[0]:
            rates = [week[f"{player}.tariff_pp"] for week in weekly]
            look: dict[str, Any] = {"color": style.PLAYER_COLOURS[index], "lw": 1.1, "ls": ":"}
            ax.step(dates, rates, where="pre", **look)
    ax.plot([], [], color=style.GREY, lw=1.1, ls=":", label="average over all goods")


def plot_levers(replay: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Levers other than tariffs as bands; the height of a band is the pressure in force."""
    ax = ax or plt.gca()
    weekly = replay["weekly"]
    days = [day(week["week_of"]) + 7.0 for week in weekly]
    days = [day(replay["start"]), *days]
    names = [key.removesuffix(".in_force") for key in weekly[0] if key.endswith(".in_force")]
    names = [name for name in names if not _is_tariff(replay, name)]
    for place, name in enumerate(reversed(names)):
        player = replay["players"].index(name.split(".")[0])
        levels = [week[f"{name}.in_force"] for week in weekly]
        loaded = [week[f"{name}.in_force"] + week[f"{name}.loaded"] for week in weekly]
        colour = style.PLAYER_COLOURS[player]
        for values, alpha in ((loaded, 0.25), (levels, 0.85)):
            heights = [place + 0.85 * value for value in values]
            ax.fill_between(
                days, place, [heights[0], *heights], step="pre", color=colour, alpha=alpha, lw=0
            )
        ax.axhline(place, color=style.GREY, lw=0.5)
    labels = [words.lever(name) for name in reversed(names)]
    ax.set_yticks([place + 0.4 for place in range(len(names))], labels, fontsize=10)
    ax.set_ylim(0, len(names))
    ax.tick_params(axis="y", length=0)
    ax.set_title("Other levers: in force (dark) and suspended, ready to snap back (light)")
    return ax


def _is_tariff(replay: dict[str, Any], name: str) -> bool:
    player, lever = name.split(".")
    return player in replay["tariffs"] and lever == replay["tariff_levers"][player]


def plot_moves(replay: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Moves of each side as markers: one lane a side, in it one line a kind of move."""
    ax = ax or plt.gca()
    for move in replay["decisions_not_hold"]:
        player = replay["players"].index(move["player"])
        kind = move["move"].split()[0]
        ax.plot(
            day(move["date"]),
            1 - player + SUBLANES[kind],
            marker=MARKERS[kind],
            color=style.PLAYER_COLOURS[player],
            ms=8,
            mew=1.8 if kind == "THREATEN" else 0.8,
            mec=style.PLAYER_COLOURS[player] if kind == "THREATEN" else "white",
            ls="none",
        )
    for week in replay["weekly"]:
        if week["forum"] != "NONE":
            top = week["forum"] == "SUMMIT"
            ax.axvline(
                day(week["week_of"]) + 3.0,
                color=style.BLACK,
                lw=2.2 if top else 1.0,
                ls="-" if top else ":",
                zorder=1,
            )
    ax.set_yticks([1, 0], [words.player(name) for name in replay["players"]])
    ax.axhline(0.5, color=style.GREY, lw=0.5)
    ax.set_ylim(-0.5, 1.5)
    handles = [
        Line2D([], [], marker=marker, color=style.GREY, ls="none", ms=8, label=DEEDS[name])
        for name, marker in MARKERS.items()
    ]
    handles += [
        Line2D([], [], color=style.BLACK, lw=1.0, ls=":", label="round or call"),
        Line2D([], [], color=style.BLACK, lw=2.2, label="summit"),
    ]
    ax.legend(
        handles=handles,
        loc="lower right",
        ncols=6,
        bbox_to_anchor=(1.0, 0.97),
        columnspacing=1.0,
        handletextpad=0.3,
        borderaxespad=0.1,
    )
    ax.set_title("Moves")
    return ax


def plot_probabilities(replay: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Probability that the model gave to each recorded move (log scale)."""
    ax = ax or plt.gca()
    smallest = 1.0
    for move in replay["decisions_not_hold"]:
        player = replay["players"].index(move["player"])
        colour = style.PLAYER_COLOURS[player]
        when, probability = day(move["date"]), move["probability"]
        smallest = min(smallest, probability)
        ax.plot([when, when], [1e-9, probability], color=colour, lw=1.0, alpha=0.6)
        ax.plot(when, probability, marker="os"[player], color=colour, ms=6, mec="white")
    ax.set_yscale("log")
    ax.set_ylim(10.0 ** (-3 if smallest >= 1e-3 else -5), 1.0)
    ax.set_ylabel("chance")
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.set_title("Chance that the model gave to the recorded move")
    labels = [words.player(name) for name in replay["players"]]
    handles = [
        Line2D([], [], marker="os"[i], color=style.PLAYER_COLOURS[i], ls="none", ms=6, label=name)
        for i, name in enumerate(labels)
    ]
    ax.legend(
        handles=handles, loc="lower right", ncols=2, bbox_to_anchor=(1.0, 0.97), borderaxespad=0.1
    )
    return ax


def plot_mood(replay: dict[str, Any], ax: Axes | None = None) -> Axes:
    """Felt pain of both sides at the end of each week, and the strain on the truce."""
    ax = ax or plt.gca()
    weekly = replay["weekly"]
    days = [day(week["week_of"]) + 7.0 for week in weekly]
    for index, player in enumerate(replay["players"]):
        ax.plot(
            days,
            [week[f"{player}.felt"] for week in weekly],
            color=style.PLAYER_COLOURS[index],
            ls=style.PLAYER_LINES[index],
            label=f"felt pain, {words.player(player)}",
        )
    strain = [week["strain"] for week in weekly]
    ax.fill_between(days, 0.0, strain, step="pre", color=style.PURPLE, alpha=0.45, lw=0)
    ax.step(days, strain, where="pre", color=style.PURPLE, lw=1.2, label="strain on the truce")
    ax.set_ylim(bottom=0)
    ax.set_ylabel("payoff units")
    ax.legend(loc="upper right", ncols=3, bbox_to_anchor=(1.0, 1.22), borderaxespad=0.1)
    ax.set_title("Felt pain and strain")
    return ax
