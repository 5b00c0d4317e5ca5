"""What `survival` prints."""

from pathlib import Path
from typing import Any

from rich.console import Console

from negotiation_abm.cli.tables import (
    ONE_RUN_NOTE,
    causes_table,
    label,
    plain_table,
    short,
    terminal,
)
from negotiation_abm.files import words
from negotiation_abm.run.range_words import estimate, rows
from negotiation_abm.survival.words import BEYOND_DATA, NOT_REACHED, is_number, with_interval

FAMILY_TEXT = {
    "weibull": "Weibull",
    "log_normal": "log-normal",
    "log_logistic": "log-logistic",
    "cure": "Weibull, some last",
}


def print_study(summary: dict[str, Any], out: Path) -> None:
    """One run: quantiles, restricted mean, causes, fits."""
    console = terminal()
    until = summary["until_weeks"]
    console.print(
        f"Truces of {summary['scenario']}: week by which a quarter, half, three quarters ended"
    )
    shares = list(summary["truces"][0]["quantiles_weeks"])
    table = plain_table(
        ("measure / truces", "left"),
        ("truces", "right"),
        ("ended", "right"),
        *((f"{share}, wk", "right") for share in shares),
        (f"mean to {until}", "right"),
    )
    for entry in summary["truces"]:
        table.add_row(
            label(entry),
            f"{entry['num_spells']:,}",
            f"{entry['num_ended']:,}",
            *(quantile(values) for values in entry["quantiles_weeks"].values()),
            mean(entry["rmst"]),
        )
    console.print(table)
    console.print()
    console.print(causes_table(summary["truces"], "shares"))
    _print_fits(console, summary)
    console.print(
        f"\nIn brackets: {100 * summary['level']:g} % intervals of simulation error, clustered by "
        "run.\nMean: weeks, restricted to that limit, with its standard error."
    )
    if any(entry["num_runs"] < 2 for entry in summary["truces"]):
        console.print(ONE_RUN_NOTE)
    console.print(f"written to {out}: hazard.csv, incidence.csv, fits.csv, survival.json")


def _print_fits(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        ("fit", "left"), ("", "left"), ("AIC above", "right"), ("gap", "right"), ("", "left")
    )
    for entry in summary["truces"]:
        for number, fit in enumerate(entry["fits"]):
            table.add_row(
                "" if number else label(entry),
                FAMILY_TEXT[fit["family"]],
                f"{fit['aic_above_best']:.1f}",
                short(fit["largest_gap"]),
                ", ".join(_parameter(*item) for item in fit["parameters"].items()),
            )
    console.print()
    if not table.rows:
        console.print("no fit: truces ended in too few different weeks")
        return
    console.print(table)
    console.print(
        "AIC grows with the number of runs; the gap, the largest distance of a fit from "
        "Kaplan-Meier,\ndoes not."
    )


def _parameter(name: str, values: list[float | None]) -> str:
    value, error = values
    if error is None:
        return f"{name} {value:.2g} (at bound)" if abs(value or 0.0) > 1e-6 else f"{name} 0"
    shown = f"{error:.2g}"
    return f"{name} {value:.3g} ({shown})"


def print_comparison(summary: dict[str, Any], out: Path) -> None:
    """Several runs: restricted means and differences, log-rank, hazard ratios."""
    console = terminal()
    until = summary["until_weeks"]
    _print_ranges(console, summary)
    console.print(
        "Simulation error alone, at the point estimates of the parameters: truces compared "
        f"({label(summary)}), restricted to {until} weeks"
    )
    table = plain_table(
        ("scenario", "left"),
        ("truces", "right"),
        ("median wk", "right"),
        ("mean wk", "right"),
        ("less the first", "right"),
        ("", "left"),
    )
    for number, row in enumerate(summary["scenarios"]):
        median = [row["median_weeks"], row["median_low"], row["median_high"]]
        change = [row[name] for name in ("difference", "difference_low", "difference_high")]
        table.add_row(
            row["scenario"],
            f"{row['num_spells']:,}",
            quantile(median),
            with_interval([row["rmst"], row["low"], row["high"]], "{:.2f}".format, "-"),
            with_interval(change, "{:+.2f}".format, "-") if number else "",
            ("paired" if row["paired"] else "independent") if number else "",
        )
    console.print(table)
    test = summary["log_rank"]
    console.print(
        f"\nLog-rank, clustered by run: chi2 {test['statistic']:.1f}, {test['degrees']} degrees of "
        f"freedom, p {_p_value(test['p_value'])}.\n{test['warning']}"
    )
    if "regression" in summary:
        _print_regression(console, summary)
    console.print(f"written to {out}: scenarios.csv, rmst.csv, comparison.json")


def _print_ranges(console: Console, summary: dict[str, Any]) -> None:
    """Shares still in force with their ranges over posterior draws, a row a scenario."""
    known = {name: found for name, found in summary["posterior"].items() if found}
    if not known:
        console.print("No range: the runs hold no posterior draws (run --draws).")
        return
    measure = words.MEASURES[summary["measure"]]
    days = dict(rows(next(iter(known.values()))))[measure]
    table = plain_table(
        (f"still in force, {measure}", "left"),
        *((f"after {words.after(number)}", "left") for number in days),
    )
    for name, found in known.items():
        table.add_row(name, *map(estimate, dict(rows(found))[measure].values()))
    console.print(table)
    console.print("In brackets: the middle 90 % of the posterior draws of each run.\n")


def _print_regression(console: Console, summary: dict[str, Any]) -> None:
    table = plain_table(
        ("a standard deviation more of", "left"),
        ("multiplies the chance to end by", "right"),
        ("log, a unit", "right"),
    )
    for row in summary["regression"]:
        table.add_row(
            words.setting(row["covariate"]),
            f"{row['hazard_ratio']:.3f} [{row['lower']:.3f},{row['upper']:.3f}]",
            f"{row['coefficient']:.3g} ({row['error']:.2g})",
        )
    console.print()
    console.print(table)
    console.print("Above 1: truces end sooner. Proportional hazards on whole weeks, ties exact.")
    if summary["not_in_regression"]:
        console.print(f"differs too, but is no number: {', '.join(summary['not_in_regression'])}")


def _p_value(value: float) -> str:
    return f"= {value:.2g}" if value > 1e-16 else "< 1e-16"


def quantile(values: list[int | None]) -> str:
    """A quantile in weeks with its interval."""
    return with_interval(values, str, NOT_REACHED)


def mean(values: dict[str, Any]) -> str:
    """A restricted mean with its standard error."""
    if not is_number(values["value"]):
        return BEYOND_DATA
    error = f" ({values['error']:.2f})" if is_number(values["error"]) else ""
    return f"{values['value']:.2f}{error}"
