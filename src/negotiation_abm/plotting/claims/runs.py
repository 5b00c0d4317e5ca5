"""Claims about a run, a replay, and several runs beside each other."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.plotting.claims import claim, top_row
from negotiation_abm.plotting.folder import curves_of, read_json, run_of
from negotiation_abm.run import range_words
from negotiation_abm.run.spells import table_blocks
from negotiation_abm.run.traces import NUM_TRACED, bands
from negotiation_abm.survival.words import GROUPS

YEAR = 52  # weeks
MEASURE = "covered"


def _group(table: pd.DataFrame) -> str:
    return "running" if "running" in set(table["group"]) else "all"


def _curve(folder: Path) -> pd.DataFrame:
    """Survival by agreed measures of the truce in force at the start, else of all truces."""
    table = curves_of(folder)
    if table is None:
        return pd.DataFrame()
    own = (table["measure"] == MEASURE) & (table["group"] == _group(table))
    return table[own].sort_values("week")


def _at(table: pd.DataFrame, week: int) -> "pd.Series[Any] | None":
    """The row of the last week up to this one; None where the table is shorter or empty."""
    part = table[table["week"] <= week]
    return None if part.empty or table["week"].max() < week else part.iloc[-1]


@claim("truce_durations")
def durations(folder: Path) -> str:
    """Share still in force after a year, over the posterior draws where there are any."""
    table, path = _curve(folder), folder / "posterior.csv"
    if table.empty:
        return ""
    whose = GROUPS[str(table["group"].iloc[0])]
    if path.is_file():
        ranges = pd.read_csv(path)
        row = _at(ranges[ranges["measure"] == MEASURE], YEAR)
        if row is not None and row[["survival", "low", "high"]].notna().all():
            said = range_words.estimate([row["survival"], row["low"], row["high"]])
            return f"{words.STILL.capitalize()} after a year: {said}, over the posterior draws"
    row = _at(table, YEAR)
    if row is None:
        return ""
    ends = words.span(row["lower"], row["upper"])
    return (
        f"{words.STILL.capitalize()} after a year: {words.percent(row['survival'])} "
        f"({ends}, simulation error alone), {_lower(whose)}"
    )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


@claim("truce_lengths")
def lengths(folder: Path) -> str:
    """When half have ended, and how many are left at the end."""
    table = _curve(folder)
    if table.empty:
        return ""
    below = table[table["survival"] <= 0.5]
    total = max(1.0, float(table["ended"].sum() + table["censored"].sum()))
    left = words.percent(float(table["censored"].sum()) / total)
    half = f"within {int(below.iloc[0]['week'])} weeks" if len(below) else "not in these runs"
    return f"Half of the truces end {half}; {left} are {words.STILL} when their run ends"


@claim("ends_by_cause")
def ends(folder: Path) -> str:
    """The two causes that end most truces, with their shares at the last age."""
    table = curves_of(folder)
    if table is None:
        return ""
    own = table[(table["measure"] == MEASURE) & (table["group"] == "all")].sort_values("week")
    shares = {
        cause: float(own[f"incidence_{cause}"].iloc[-1])
        for cause in words.CAUSES
        if f"incidence_{cause}" in own and len(own)
    }
    first = sorted(shares.items(), key=lambda item: -item[1])[:2]
    said = [f"{words.percent(share)} {words.CAUSES[cause]}" for cause, share in first if share]
    if not said:
        return "No truce ends"
    age = int(own["week"].iloc[-1])
    return f"What ends truces most, within {age} weeks: {', '.join(said)}"


@claim("truce_calendar")
def calendar(folder: Path) -> str:
    """How many truces the first runs have, and how many of them last to the end."""
    made = run_of(folder)
    if made is None:
        return ""
    spells = next(iter(table_blocks(folder / "truces.parquet")))
    runs = min(NUM_TRACED, int(made["replicates"]))
    spells = spells[(spells["measure"] == MEASURE) & (spells["replicate"] < runs)]
    standing = int((spells["cause"] == "censored").sum())
    return f"{runs} runs hold {len(spells)} truces; {standing} of them are {words.STILL} at the end"


@claim("hazard")
def hazard(folder: Path) -> str:
    """The age at which a truce is most likely to end in the next four weeks."""
    table = _curve(folder)
    known = table[table["at_risk"] > 0.1 * table["at_risk"].max()] if len(table) else table
    if known.empty:
        return ""
    by_four = known.groupby(known["week"] // 4)[["ended", "at_risk"]].sum()
    rates = by_four["ended"] / by_four["at_risk"]
    place = int(np.argmax(rates.to_numpy()))
    usual = words.percent(float(rates.median()))
    return (
        f"Truces end most often {4 * place} to {4 * place + 3} weeks after they began: "
        f"{words.percent(float(rates.max()))} a week, in the middle of all ages {usual}"
    )


@claim("levers")
def levers(folder: Path) -> str:
    """The share of runs in a truce at the end, and the lever that is used most then."""
    if run_of(folder) is None:
        return ""
    fans = bands(pd.read_parquet(folder / "traces.parquet"))
    last = fans[fans["week"] == fans["week"].max()].set_index("series")
    others = last.drop(index="in_truce", errors="ignore")
    if others.empty or "in_truce" not in last.index:
        return ""
    name = str(others["q50"].idxmax())
    row = others.loc[name]
    most = " to ".join(words.percent(float(row[end])) for end in ("q05", "q95"))
    in_truce = words.percent(float(last["mean"]["in_truce"]))
    return (
        f"After {int(fans['week'].max()) + 1} weeks {in_truce} of runs are in a truce; "
        f"most in use: {words.lever(name)}, {words.percent(float(row['q50']))} of full force "
        f"(90 % of runs: {most})"
    )


@claim("free_runs")
def free_runs(folder: Path) -> str:
    """In how many weeks the record lies in the band, and where it does so least."""
    from negotiation_abm.plotting.levers import record_table

    made, replay = run_of(folder), read_json(folder / "replay.json")
    if made is None or made["scenario"]["start"] != replay["start"]:
        return ""
    fans = bands(pd.read_parquet(folder / "traces.parquet"))
    fans = fans[fans["week"] < len(replay["weekly"])]
    table = record_table(replay["weekly"], fans)
    table = table[table["series"] != "in_truce"]
    shares = table.groupby("series")["inside"].mean()
    name = str(shares.idxmin())
    return (
        f"The record lies in the 90 % band of free runs in {words.percent(table['inside'].mean())} "
        f"of weeks and levers; least for {words.lever(name)}, {words.percent(shares[name])}"
    )


@claim("timeline")
def timeline(folder: Path) -> str:
    """How many moves and truces the record has, and the chance that the rules gave to the moves."""
    replay = read_json(folder / "replay.json")
    moves = pd.Series([move["probability"] for move in replay["decisions_not_hold"]], dtype=float)
    truces = [spell for spell in replay["spells"] if spell["measure"] == MEASURE]
    if moves.empty:
        return ""
    return (
        f"{len(moves)} moves and {words.counted(len(truces), 'truce')} from {replay['start']} to "
        f"{replay['until']}; half of the moves had a chance above {words.percent(moves.median())} "
        "in their week"
    )


@claim("scenarios")
def scenarios(folder: Path) -> str:
    """Share still in force after a year in each scenario, with its range."""
    table = pd.read_csv(folder / "scenarios.csv", dtype={"scenario": str})
    path = folder / "ranges.csv"
    ranges = pd.read_csv(path, dtype={"scenario": str}) if path.is_file() else pd.DataFrame()
    table = table[table["measure"] == table["measure"].iloc[0]]
    said = []
    for name, part in table.groupby("scenario", sort=False):
        own, columns = part, ["survival", "lower", "upper"]
        if len(ranges):
            chosen = (ranges["scenario"] == name) & (ranges["measure"] == part["measure"].iloc[0])
            own, columns = ranges[chosen], ["survival", "low", "high"]
        row = _at(own, YEAR) if len(own) else None
        if row is not None and row[columns].notna().all():
            said.append(f"{name} {range_words.estimate([float(row[c]) for c in columns])}")
    of = "range over the posterior draws" if len(ranges) else "95 % interval"
    return f"{words.STILL.capitalize()} after a year ({of}): {'; '.join(said)}" if said else ""


@claim("rmst")
def rmst(folder: Path) -> str:
    """The largest difference of mean length from the first scenario."""
    table = pd.read_csv(folder / "rmst.csv", dtype={"scenario": str})
    rest = table.iloc[1:].dropna(subset=["difference"])
    if rest.empty:
        return ""
    row = top_row(rest, rest["difference"].abs())
    ends = f"{row['difference_low']:+.1f} to {row['difference_high']:+.1f}"
    return (
        f"Of all, {row['scenario']} differs most from {table['scenario'].iloc[0]}: "
        f"{row['difference']:+.1f} weeks of mean length ({ends}, 95 %)"
    )


@claim("hazard_ratios")
def hazard_ratios(folder: Path) -> str:
    """The number that changes the chance to end most."""
    table = pd.read_csv(folder / "regression.csv").dropna(subset=["hazard_ratio"])
    table = table[table["hazard_ratio"] > 0.0]
    if table.empty:
        return ""
    size = table["hazard_ratio"].map(lambda ratio: max(ratio, 1.0 / ratio))
    row = top_row(table, size)
    return (
        f"{_upper(words.setting(row['covariate']))}, a standard deviation up, multiplies the "
        f"chance to end by {row['hazard_ratio']:.2f} ({row['lower']:.2f} to {row['upper']:.2f}, "
        "95 %)"
    )


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


@claim("reference_class")
def reference_class(folder: Path) -> str:
    """When half of the recorded truces had ended."""
    table = pd.read_csv(folder / "reference_class.csv", dtype={"scenario": str})
    own = table[table["measure"] == MEASURE]
    own = own[own["scenario"] == own["scenario"].iloc[0]].sort_values("week") if len(own) else own
    if own.empty:
        return ""
    ends_at = [own[own[column] <= 0.5] for column in ("survival", "lower", "upper")]
    middle, low, high = (int(p.iloc[0]["week"]) if len(p) else None for p in ends_at)
    count = int(own["at_risk"].max())
    if middle is None:
        return f"More than half of {count} recorded truces outlast what was seen of them"
    last = "beyond what was seen" if high is None else str(high)
    return f"Half of {count} recorded truces had ended after {middle} weeks ({low} to {last}, 95 %)"
