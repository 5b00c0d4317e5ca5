"""What `mechanisms`, `calibrate`, `validate`, `equilibrium` and `surprise` print."""

from pathlib import Path
from typing import Any

from negotiation_abm.console import plain_table, short, terminal


def print_mechanisms(rows: list[dict[str, Any]], replicates: int, seed: int) -> None:
    """The mechanisms table: difference that each module makes, with its interval."""
    console = terminal()
    console.print(
        f"Each module on, less none: {replicates:,} paired runs, seed {seed}. "
        f"Busan truce without modules: median {rows[0]['median_weeks_base']:.0f} weeks, "
        f"S(365 d) {short(rows[0]['survival_365_base'])}; from January 2025 the first truce comes "
        f"after {rows[0]['first_truce_weeks_base']:.1f} weeks."
    )
    table = plain_table(
        ("module", "left"),
        ("median, weeks", "right"),
        ("S(365 d)", "right"),
        ("first truce, weeks", "right"),
    )
    for row in rows:
        table.add_row(
            row["module"],
            _change(row, "median_weeks", 0),
            _change(row, "survival_365", 4),
            _change(row, "first_truce_weeks", 2),
        )
    console.print(table)
    console.print("In brackets: 95 % intervals of the paired difference; * where it excludes 0.")


def _change(row: dict[str, Any], name: str, digits: int) -> str:
    values = [row[f"{name}_{part}"] for part in ("difference", "low", "high")]
    point, low, high = (f"{value:+.{digits}f}" for value in values)
    star = " *" if values[1] > 0.0 or values[2] < 0.0 else ""
    return f"{point} [{low}, {high}]{star}"


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
            f"{row['zero_cost']:.1f}",
            row["rests_on"],
        )
    console.print(table)
    console.print(
        "Errors are Laplace; post/prior: ratio of sd; '0 costs': nats of log-posterior that "
        "holding it at 0 costs."
    )
    moments, posterior = summary["moments"], summary["posterior"]
    if moments is None:
        console.print("The fit sees the likelihood alone, not the moments of free runs.")
    else:
        console.print(f"The moments cost {moments['log_likelihood_cost']:.2f} nats of likelihood.")
        for moment, value in moments["simulated"].items():
            console.print(f"  {moment}: {value:.2f} in free runs")
    if posterior is not None:
        console.print(
            f"Posterior: {posterior['chains']} chains of {posterior['draws_a_chain']}; largest "
            f"R-hat {posterior['largest_r_hat']:.4f}, smallest effective size "
            f"{posterior['smallest_effective_size']:.0f}"
        )
    if out:
        console.print(f"written to {out}: {name}.yaml, identification.csv, profiles.csv")


def print_validation(summary: dict[str, Any]) -> None:
    """Scores of the model and of simple statistics, a month left out at a time."""
    console = terminal()
    given = summary["as_given"]
    console.print(
        f"{summary['record']} under {summary['scenario']}, {summary['decisions']} decisions\n"
        f"as given by {summary['parameters']}, nothing refitted: mean log score "
        f"{given['type']:.3f} (type), {given['type_and_lever']:.3f} (type and lever); Brier "
        f"{summary['brier']:.3f}"
    )
    table = plain_table(
        ("each month left out of the fit", "left"),
        ("type", "right"),
        ("type, lever", "right"),
        ("model's gain, nats", "right"),
        ("with lever", "right"),
    )
    for row in summary["scores"]:
        gain = f"{row['gain_type']:+.1f} ({row['gain_type_error']:.1f})"
        lever = f"{row['gain_lever']:+.1f} ({row['gain_lever_error']:.1f})"
        same = row["gain_type_error"] == 0.0
        table.add_row(
            row["model"],
            f"{row['type']:.3f}",
            f"{row['type_and_lever']:.3f}",
            "" if same else gain,
            "" if same else lever,
        )
    console.print(table)
    console.print("In brackets: standard errors by months.")


def print_equilibrium(summary: dict[str, Any], out: Path | None) -> None:
    """The equilibria of each week, and the options that are taken most."""
    console = terminal()
    console.print(
        f"Stage games of {summary['scenario']}, parameters {summary['parameters']}, precision "
        f"{summary['precision']:g}; {summary['replicates']:,} simulated exchanges, seed "
        f"{summary['seed']}"
    )
    for week in summary["weeks"]:
        size, kept = week["size"], week["undominated"]
        console.print(
            f"\nweek of {week['week_of']}: {size[0]} x {size[1]} options, {kept[0]} x {kept[1]} "
            "not dominated"
        )
        for pair in week["nash"]:
            words = "; ".join(f"{player}: {_mixture(mix)}" for player, mix in pair.items())
            console.print(f"  Nash: {words}")
        if week["note"]:
            console.print(f"  Nash: {week['note']}")
        table = plain_table(
            ("", "left"),
            ("option", "left"),
            ("simulated [95 %]", "right"),
            ("quantal response", "right"),
        )
        rows = [row for row in summary["options"] if row["week_of"] == week["week_of"]]
        for player in summary["players"]:
            own = sorted(
                (row for row in rows if row["player"] == player), key=lambda row: -row["simulated"]
            )
            for row in own[:5]:
                table.add_row(
                    player,
                    row["option"],
                    f"{short(row['simulated'])} [{short(row['low'])}, {short(row['high'])}]",
                    short(row["quantal_response"]),
                )
        console.print(table)
    if out:
        console.print(f"written to {out}: equilibrium.json, equilibrium.csv, branch.csv")


def _mixture(mix: dict[str, float]) -> str:
    if len(mix) == 1:
        return next(iter(mix))
    return ", ".join(f"{name} {short(share)}" for name, share in mix.items())


def print_surprise(summary: dict[str, Any], out: Path | None) -> None:
    """The least expected moves, and those that cost most."""
    console = terminal()
    console.print(
        f"{len(summary['moves'])} moves of {summary['record']} under {summary['scenario']}, "
        f"parameters {summary['parameters']}; {summary['replicates']:,} runs an option, "
        f"{summary['weeks_ahead']} weeks ahead, seed {summary['seed']}"
    )
    for title, key in (("least expected", "surprise_bits"), ("most regret", "regret")):
        table = plain_table(
            (title, "left"),
            ("", "left"),
            ("probability", "right"),
            ("rank", "right"),
            ("best", "left"),
            ("regret", "right"),
        )
        for row in sorted(summary["moves"], key=lambda row: -row[key])[:8]:
            half = (row["regret_high"] - row["regret_low"]) / 2.0
            table.add_row(
                row["date"],
                f"{row['player']} {row['move']}",
                short(row["probability"]),
                f"{row['rank']}/{row['legal']}",
                row["best"],
                f"{row['regret']:.3f} ±{short(half)}",
            )
        console.print(table)
        console.print()
    console.print(
        f"Regret: {summary['payoff']}; best option less the move made,\n"
        "each followed by free play (± 95 %, paired by run)."
    )
    if out:
        console.print(f"written to {out}: surprise.json, surprise.csv")
