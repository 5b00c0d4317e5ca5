"""Claims about sweeps, what-ifs, sensitivity, surprise, tournaments, equilibria and games."""

from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.plotting.claims import claim, top_row
from negotiation_abm.plotting.folder import read_json
from negotiation_abm.run import range_words
from negotiation_abm.run.registry import text_of
from negotiation_abm.sweep.slices import Query, open_sweep, resolved, slice_table

MOVES = {"HOLD": "doing nothing", "SUSPEND": "offering to suspend"}


def _option(option: str) -> str:
    """A move as something that is chosen."""
    return MOVES.get(option, f"that it {words.move(option)}")


@claim("sensitivity")
def sensitivity(folder: Path) -> str:
    """The factor that decides the first outcome most, with its interval."""
    table = pd.read_csv(folder / "sensitivity.csv")
    outcome = str(table["outcome"].iloc[0])
    rows = table[(table["outcome"] == outcome) & ~table["is_dummy"].astype(bool)]
    column = "total" if "total" in rows else "mu_star"
    rows = rows.dropna(subset=[column])
    if rows.empty:
        return ""
    row, text = top_row(rows, rows[column]), text_of(outcome) or outcome
    values = [float(row[name]) for name in (column, f"{column}_low", f"{column}_high")]
    name = words.setting(str(row["factor"]))
    if column == "total":
        share, ends = words.percent(values[0]), words.span(*np.clip(values[1:], 0.0, 1.0))
        return f'{_upper(name)} decides most of "{text}": {share} of its variance ({ends}, 95 %)'
    middle, low, high = (f"{value:.3g}" for value in values)
    return f'{_upper(name)} moves "{text}" most: by {middle} on average ({low} to {high}, 95 %)'


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


@claim("phase")
def phase(folder: Path) -> str:
    """From which share to which the longest survival goes over the points."""
    sweep = open_sweep(folder)
    days = [name for _, _, name in sweep.outcomes() if name.startswith("survival_")]
    longest = max(days, key=lambda name: int(name.split("_")[1]))
    query = resolved(sweep, Query(outcome=longest, measure="covered"))
    return extremes(slice_table(sweep, query), query)


def extremes(table: pd.DataFrame, query: Query) -> str:
    """The lowest and the highest value of a slice, with intervals; where the highest stands."""
    known = table.dropna(subset=["mean"])
    if known.empty:
        return ""
    outcome = str(query.outcome)
    is_share = outcome.startswith(("survival_", "share_"))
    names = [str(name) for name in (query.across, query.up) if name]
    text = text_of(outcome) or outcome.replace("_", " ")

    def said(row: "pd.Series[float]") -> str:
        values = [float(row[name]) for name in ("mean", "low", "high")]
        if is_share:
            return range_words.estimate([float(np.clip(v, 0.0, 1.0)) for v in values])
        return "{:.3g} ({:.3g} to {:.3g})".format(*values)

    low, high = top_row(known, -known["mean"]), top_row(known, known["mean"])
    places = [f"{words.setting(name)} {_value(high[name])}" for name in names]
    return (
        f"{_upper(text)}: {said(low)} to {said(high)} over {len(known)} points (95 % intervals); "
        f"highest at {', '.join(places)}"
    )


def _value(value: object) -> str:
    return "as in the scenario" if value is None or value != value else words.value(value)


@claim("slice")
def one_slice(folder: Path) -> str:
    """The same of a slice that was written."""
    facts = read_manifest(folder).get("slice", {})
    if facts.get("kind") != "slice":
        return ""
    return extremes(pd.read_csv(folder / "slice.csv"), Query(**facts["query"]))


@claim("whatif")
def whatif(folder: Path) -> str:
    """What the change does to the truce, over the posterior draws where there are any."""
    summary = read_json(folder / "whatif.json")
    if summary.get("posterior"):
        return range_words.branches_sentence(summary["posterior"]).removesuffix(".")
    rows = [row for row in summary["outcomes"] if row["low"] is not None]
    if not rows:
        return ""
    row = rows[0]
    unit = f" {row['unit']}" if row["unit"] not in ("", "share") else ""
    return (
        f"{_upper(row['text'])}: {row['difference']:+.3g}{unit} with the change "
        f"({row['low']:+.3g} to {row['high']:+.3g}, simulation error alone)"
    )


@claim("surprise")
def surprise(folder: Path) -> str:
    """The least expected move, and what was usual."""
    table = pd.read_csv(folder / "surprise.csv")
    if table.empty:
        return ""
    row = top_row(table, table["surprise_bits"])
    usual = words.percent(float(table["probability"].median()))
    return (
        f"Least expected: {words.player(row['player'])} {words.move(row['move'])} on "
        f"{row['date']}, with a chance of {words.percent(float(row['probability']))} in that week; "
        f"the move in the middle had {usual}"
    )


@claim("tournament_payoffs")
def tournament_payoffs(folder: Path) -> str:
    """Which strategy does best on average on each side."""
    summary, pairs = read_json(folder / "tournament.json"), pd.read_csv(folder / "pairs.csv")
    said = []
    for place, player in zip(("first", "second"), summary["players"], strict=True):
        means = pairs.groupby(place)[f"payoff_{player}"].mean()
        best = str(means.idxmax())
        said.append(f"{words.strategy(best)} as {words.player(player)} ({means[best]:+.2f} a week)")
    return f"Best over all opponents: {', '.join(said)}"


@claim("tournament_truces")
def tournament_truces(folder: Path) -> str:
    """The pairs that are most and least in a truce."""
    pairs = pd.read_csv(folder / "pairs.csv").dropna(subset=["share_in_truce"])
    if pairs.empty:
        return ""
    shares = pairs["share_in_truce"]
    high, low = top_row(pairs, shares), top_row(pairs, -shares)
    sides = [f"{words.strategy(r['first'])} and {words.strategy(r['second'])}" for r in (high, low)]
    return (
        f"Weeks in a truce go from {words.percent(low['share_in_truce'])} ({sides[1]}) to "
        f"{words.percent(high['share_in_truce'])} ({sides[0]})"
    )


@claim("tournament_ranking")
def tournament_ranking(folder: Path) -> str:
    """First and last of the ranking."""
    table = pd.read_csv(folder / "ranking.csv")
    if table.empty:
        return ""

    def said(row: "pd.Series[float]") -> str:
        half = row["payoff_half"]
        ends = f" (± {half:.2f}, 95 %)" if half == half else ""
        return f"{words.strategy(str(row['strategy']))}, {row['payoff']:+.2f} a week{ends}"

    return f"First is {said(table.iloc[0])}, last {said(table.iloc[-1])}"


@claim("equilibrium")
def equilibrium(folder: Path) -> str:
    """What each side does most in the first week, beside both equilibria."""
    table = pd.read_csv(folder / "equilibrium.csv")
    week = str(table["week_of"].iloc[0])
    said = []
    for player, part in table[table["week_of"] == week].groupby("player", sort=False):
        row = top_row(part, part["simulated"])
        said.append(
            f"{words.player(str(player))} chooses {_option(row['option'])} in "
            f"{words.percent(row['simulated'])} of runs (quantal response "
            f"{words.percent(row['quantal_response'])}, Nash {words.percent(row['nash'])})"
        )
    return f"Week of {week}: {'; '.join(said)}"


@claim("quantal_branch")
def quantal_branch(folder: Path) -> str:
    """How far each side is from doing nothing at the precision of the model."""
    summary = read_json(folder / "equilibrium.json")
    table = pd.read_csv(folder / "branch.csv")
    week = str(table["week_of"].iloc[0])
    said = []
    for player, part in table[table["week_of"] == week].groupby("player", sort=False):
        gaps = (part["precision"] - summary["precision"]).abs()
        near = part[gaps == gaps.min()]
        row = top_row(near, near["probability"])
        chance = words.percent(row["probability"])
        said.append(f"{words.player(str(player))} {_option(row['move'])} {chance}")
    return f"At the model's precision, week of {week}, most likely: {', '.join(said)}"


@claim("game")
def game(folder: Path) -> str:
    """How much was done in a game, and the chance that the calibrated player gave to it."""
    summary = read_json(folder / "play.json")
    course = summary["course"]
    chances = pd.Series([m["probability"] for m in course["decisions_not_hold"]], dtype=float)
    truces = sum(spell["measure"] == "covered" for spell in course["spells"])
    said = (
        f"{len(chances)} moves and {words.counted(truces, 'truce')} in "
        f"{words.counted(summary['weeks_played'], 'week')} of play"
    )
    if chances.empty:
        return said
    return (
        f"{said}; half of the moves had a chance above {words.percent(chances.median())} for the "
        "calibrated player"
    )


@claim("standing")
def standing(folder: Path) -> str:
    """Weeks in a truce of the own game among the simulated ones."""
    summary = read_json(folder / "play.json")
    rows = {row["outcome"]: row for row in summary.get("outcomes") or []}
    row = rows.get("weeks_in_truce")
    if row is None:
        return ""
    below = words.percent(row["below"])
    return (
        f"{row['yours']:.0f} weeks in a truce: more than {below} of simulated games, "
        f"which have {row['median']:.0f} in the middle ({row['low']:.0f} to {row['high']:.0f} in "
        "80 %)"
    )
