"""Claims about a fit: what the records tell, how well it predicts, what it forecasts."""

from pathlib import Path

import pandas as pd

from negotiation_abm.files import words
from negotiation_abm.plotting.claims import claim, top_row
from negotiation_abm.run import range_words

FORECASTERS = {"model": "the game", "constant_hazard": "constant hazard"}
CANNOT_FAIL = "cannot fail"  # a verdict: models that are wrong on purpose pass too
NARROW = 0.5  # of the width of the prior
STANDS = "S(26 weeks), covered"


@claim("identification")
def identification(folder: Path) -> str:
    """How many coefficients the records narrow."""
    table = pd.read_csv(folder / "identification.csv")
    narrow = int((table["ratio"] < NARROW).sum())
    return (
        f"The records narrow {narrow} of {len(table)} coefficients to less than half of what was "
        "thought possible before"
    )


@claim("predictive")
def predictive(folder: Path) -> str:
    """How much of the record lies in the band of the posterior."""
    table = pd.read_csv(folder / "predictive.csv").dropna(subset=["record"])
    inside = table["inside"].astype(str).eq("True")
    return (
        f"{inside.sum()} of {len(table)} recorded numbers ({words.percent(inside.mean())}) lie in "
        "the 90 % band of what the posterior predicts"
    )


@claim("lever_response")
def lever_response(folder: Path) -> str:
    """The lever that matters most for truces when it no longer hurts, with its interval."""
    table = pd.read_csv(folder / "lever_response.csv")
    clear = int(table["clear"].astype(str).eq("True").sum())
    own = table[(table["outcome"] == STANDS) & (table["change"] == "potency x 0")]
    said = f"{clear} of {len(table)} effects are clear"
    if own.empty:
        return said
    row = top_row(own, own["difference"].abs())
    middle, low, high = (f"{100 * row[name]:+.0f}" for name in ("difference", "low", "high"))
    return (
        f"If {words.lever(row['lever'])} no longer hurt, {middle} points of truces ({low} to "
        f"{high}, 90 %) would be {words.STILL} after half a year; {said}"
    )


@claim("calibration_curve")
def calibration_curve(folder: Path) -> str:
    """How many groups of options were chosen as often as predicted."""
    table = pd.read_csv(folder / "calibration_curve.csv")
    near = (table["observed"] - table["predicted"]).abs() <= 2.0 * table["error"]
    return (
        f"{near.sum()} of {len(table)} groups of options were taken as often as predicted, within "
        "two errors"
    )


@claim("sbc")
def sbc(folder: Path) -> str:
    """How many unknowns have ranks that lie inside their band."""
    table = pd.read_csv(folder / "sbc.csv")
    return (
        f"The ranks of {int(table['inside'].sum())} of {len(table)} unknowns lie inside the 95 % "
        f"band over {int(table['fits'].iloc[0])} simulated pools"
    )


@claim("forecast")
def forecast(folder: Path) -> str:
    """Chance to be in force after a year, over the posterior draws."""
    table = pd.read_csv(folder / "forecast_curve.csv")
    own = table[(table["measure"] == "covered") & (table["week"] <= 52)].sort_values("week")
    if own.empty or own["week"].iloc[-1] < 52:
        return ""
    row = own.iloc[-1]
    said = range_words.estimate([row["survival"], row["low"], row["high"]])
    return f"{words.STILL.capitalize()} a year after the forecast: {said}, over the posterior draws"


@claim("patterns")
def patterns(folder: Path) -> str:
    """How many statistics of the records lie inside free runs, and how many of these say so."""
    verdicts = pd.read_csv(folder / "pool_patterns.csv")["verdict"]
    empty, outside = (int((verdicts == one).sum()) for one in (CANNOT_FAIL, "fail"))
    inside = int((verdicts == "pass").sum()) + empty
    return (
        f"Of {inside + outside} statistics of the records {inside} lie in the middle 90 % of free "
        f"runs and {outside} do not; {empty} of those inside say nothing, as wrong models pass too"
    )


@claim("forecast_reliability")
def forecast_reliability(folder: Path) -> str:
    """In how many groups of questions the forecasts held, of the game and of its rival."""
    table = pd.read_csv(folder / "reliability.csv")
    table["holds"] = table["probability"].between(table["low"], table["high"])
    said = []
    for name, rows in table.groupby("model", sort=False):
        said.append(f"{FORECASTERS[str(name)]} in {int(rows['holds'].sum())} of {len(rows)}")
    return (
        "Groups of questions answered yes as often as forecast, within the 90 % interval: "
        + ", ".join(said)
    )
