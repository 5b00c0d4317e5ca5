"""What `calibrate`, `validate` and `forecast` print."""

from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from negotiation_abm.calibration.validate import Validation
from negotiation_abm.cli.tables import (
    CAUSE_TEXT,
    MEASURE_TEXT,
    interval,
    number,
    plain_table,
    short,
    terminal,
)


def print_calibration(summary: dict[str, Any], out: Path | None, name: str) -> None:
    """The fit: each coefficient with error, prior and what it rests on."""
    console = terminal()
    console.print(
        f"Fit of {summary['record']} under {summary['scenario']}: {summary['decisions']} "
        f"decisions, {summary['moves']} of them moves, {summary['rounds']} rounds; log-likelihood "
        f"{summary['log_likelihood']:.2f}"
    )
    table = plain_table(
        ("coefficient", "left"),
        ("estimate (error)", "right"),
        ("90 %", "right"),
        ("post/prior", "right"),
        ("0 costs", "right"),
        ("rests on", "left"),
    )
    for row in summary["coefficients"]:
        table.add_row(
            row["coefficient"],
            f"{row['estimate']:.2f} ({row['error']:.2f})",
            f"{row['low']:.2f}, {row['high']:.2f}",
            "" if row["ratio"] is None else f"{row['ratio']:.2f}",
            "" if row["zero_cost"] is None else f"{row['zero_cost']:.1f}",
            row["rests_on"],
        )
    console.print(table)
    posterior = summary["posterior"]
    kind = "sd of the posterior draws" if posterior else "Laplace"
    console.print(
        f"Errors: {kind}; post/prior: ratio of sd; '0 costs': nats of log-posterior that holding "
        "it at 0 costs."
    )
    if posterior is not None:
        console.print(
            f"Posterior: {posterior['chains']} chains of {posterior['draws_a_chain']}; largest "
            f"R-hat {posterior['largest_r_hat']:.4f}, smallest effective size "
            f"{posterior['smallest_effective_size']:.0f}"
        )
    if out:
        console.print(f"written to {out}: {name}.yaml, identification.csv, profiles.csv")


def print_validation(found: Validation, out: Path | None) -> None:
    """Scores, patterns, controls, lever response."""
    console, summary, tables = terminal(), found.summary, found.tables
    given = summary["as_given"]
    console.print(
        f"{summary['record']} under {summary['scenario']}: {summary['decisions']} decisions, "
        f"{summary['moves']} of them moves\nparameters {summary['parameters']}, nothing refitted: "
        f"mean log score {given['type']:.3f} (type), {given['type_and_lever']:.3f} (type and "
        f"lever); Brier {summary['brier']:.3f}"
    )
    fitted = "in sample" if summary["in_sample"] else "without refitting"
    title = f"{fitted}; statistics learnt from {summary['baselines_fitted_to']}"
    _print_scores(console, title, tables["scores_as_given"])
    if "scores" in tables:
        _print_scores(console, "each month left out of all fits", tables["scores"])
    console.print("Gains are sums over the record; in brackets: standard errors by months.")
    if "patterns" in tables:
        _print_patterns(console, summary, tables["patterns"])
    if "controls" in tables:
        _print_controls(console, tables["controls"])
    if "lever_response" in tables:
        _print_levers(console, tables["lever_response"])
    for note in summary["notes"]:
        console.print(f"note: {note}")
    if out:
        console.print(f"written to {out}: {', '.join(f'{name}.csv' for name in tables)}")


def _print_scores(console: Console, title: str, scores: pd.DataFrame) -> None:
    table = plain_table(
        (title, "left"),
        ("type", "right"),
        ("type, lever", "right"),
        ("model's gain, nats", "right"),
        ("with lever", "right"),
    )
    for row in scores.to_dict(orient="records"):
        same = row["gain_type"] == 0.0 and row["gain_type_error"] in (0.0, None)
        gain = f"{row['gain_type']:+.1f} ({row['gain_type_error']:.1f})"
        lever = f"{row['gain_lever']:+.1f} ({row['gain_lever_error']:.1f})"
        table.add_row(
            row["model"],
            f"{row['type']:.3f}",
            f"{row['type_and_lever']:.3f}",
            "" if same else gain,
            "" if same else lever,
        )
    console.print()
    console.print(table)


def _print_patterns(console: Console, summary: dict[str, Any], patterns: pd.DataFrame) -> None:
    table = plain_table(
        ("", "left"),
        ("pattern in free runs", "left"),
        ("there", "left"),
        ("record", "right"),
        ("free runs [90 %]", "right"),
        ("verdict", "left"),
    )
    for row in patterns.to_dict(orient="records"):
        table.add_row(
            row["pattern"],
            row["statistic"],
            row["there"].replace("below", "<").replace("above", ">"),
            number(row["record"], 2),
            interval(row["free"], row["low"], row["high"], 2),
            row["verdict"],
        )
    console.print()
    console.print(table)
    counts = list(summary["verdicts"].values())
    never = counts.count("not defined")
    undefined = f", {never} not defined" if never else ""
    over = f"{summary['draws']} posterior draws" if summary["draws"] else "the point values"
    console.print(
        f"{counts.count('pass')} of {len(counts)} patterns pass, {counts.count('fail')} "
        f"fail{undefined} ({summary['free_runs']:,} free runs over {over}).\nA pattern passes "
        "where the record lies inside the 90 % of single runs."
    )
    inside = ", ".join(f"{kind} {short(v)}" for kind, v in summary["predictive_inside"].items())
    console.print(f"Share of the record inside the 90 % band of free runs: {inside}.")


def _print_controls(console: Console, controls: pd.DataFrame) -> None:
    table = plain_table(
        ("negative control", "left"),
        ("outcome", "left"),
        ("difference [95 % of all]", "right"),
        ("verdict", "left"),
    )
    for row in controls.to_dict(orient="records"):
        table.add_row(
            row["control"],
            row["outcome"],
            interval(row["difference"], row["low"], row["high"], 4, "+"),
            row["verdict"],
        )
    console.print()
    console.print(table)


def _print_levers(console: Console, levers: pd.DataFrame) -> None:
    """The changes that weaken a lever, for the outcomes that are asked about most."""
    shown = levers[levers["change"].isin(["potency x 0", "disabled"])]
    wanted = [o for o in shown["outcome"].unique() if "concessions" in o] + ["truces begun"]
    table = plain_table(("lever", "left"), ("change", "left"), *((o, "right") for o in wanted))
    for (lever, change), part in shown.groupby(["lever", "change"], sort=False):
        by = part.set_index("outcome")
        cells = []
        for outcome in wanted:
            mid, low, high = by.loc[outcome, ["difference", "low", "high"]]
            cells.append(interval(mid, low, high, 2, "+", mark=True))
        table.add_row(str(lever), str(change), *cells)
    console.print()
    console.print(table)
    console.print("A year of free play, change less base; 90 % over posterior draws; * excludes 0.")


def print_forecast(summary: dict[str, Any], out: Path | None) -> None:
    """Survival by measure, renewal, what ends the truce."""
    console = terminal()
    console.print(
        f"{summary['scenario']} from {summary['start']}, parameters {summary['parameters']}: "
        f"{summary['draws']} posterior draws x {summary['replicates_a_draw']} runs, seed "
        f"{summary['seed']}"
    )
    table = plain_table(
        ("truce lasts beyond", "left"),
        ("measure", "left"),
        ("stood on", "left"),
        ("probability [90 %]", "right"),
        ("parameters' share", "right"),
    )
    for row in summary["survival"]:
        given = summary["start"] if row["given"] == "start" else summary["known_to_stand_until"]
        table.add_row(
            row["until"],
            MEASURE_TEXT[row["measure"]],
            given,
            interval(row["probability"], row["low"], row["high"]),
            short(row["parameter_share"]),
        )
    console.print(table)
    renewal = summary["renewal"]
    if renewal:
        lead = renewal["weeks_early_mean"]
        early = "" if lead is None else f" {lead:.1f} weeks early on average;"
        ready = renewal["of_those_that_reach_the_window"]
        of_these = "none" if ready is None else short(ready)
        console.print(
            f"\nRenewed by its date ({renewal['date']}): "
            f"{interval(renewal['probability'], renewal['low'], renewal['high'])},{early} "
            f"{of_these} of those that stand {renewal['window_weeks']} weeks before."
        )
    ends = plain_table(("what ends it", "left"), ("measure", "left"), ("share [90 %]", "right"))
    for row in summary["ends"]:
        ends.add_row(
            CAUSE_TEXT.get(row["end"], row["end"]),
            MEASURE_TEXT[row["measure"]],
            interval(row["share"], row["low"], row["high"]),
        )
    console.print()
    console.print(ends)
    console.print(
        "Days count from the start; intervals are over posterior draws. Parameters' share: part of "
        "the\nvariance of the outcome that is not knowing the parameters; the rest is chance. Any "
        f"domain: until\nthe first escalation of severity {summary['min_severity']:g} or more."
    )
    if out:
        console.print(f"written to {out}")
