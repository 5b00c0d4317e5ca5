"""The answer in sentences, from the summary of a run."""

from typing import Any

from negotiation_abm.files import words as plain
from negotiation_abm.run import range_words
from negotiation_abm.run.registry import text_of
from negotiation_abm.survival import Mean
from negotiation_abm.survival.words import GROUPS, NOT_REACHED, ONE_RUN, is_number


def answer(summary: dict[str, Any], mean: Mean | None) -> list[str]:
    """How long, what ends it and by the wider measure: the range over the posterior draws first.

    The last sentence is what the runs say at the point estimate of the parameters, with nothing
    but the error of the simulation.

    Parameters
    ----------
    summary : dict
        ``summary.json`` of a run.
    mean : Mean, optional
        Restricted mean of the same truces.
    """
    entry = main_entry(summary, "covered")
    if entry is None:
        return ["No truce began in any of the runs."]
    posterior = summary.get("posterior")
    if posterior is None:
        return [
            range_words.missing(summary["parameters"]),
            *_at_the_point(summary, entry, mean),
            _causes(entry),
        ]
    sentences = [
        range_words.first_sentence(posterior),
        range_words.ends_sentence(posterior),
        range_words.wide_sentence(posterior),
        range_words.made_of(posterior, summary["parameters"]),
    ]
    return [sentence for sentence in sentences if sentence] + _at_the_point(summary, entry, mean)


def _at_the_point(summary: dict[str, Any], entry: dict[str, Any], mean: Mean | None) -> list[str]:
    """What the runs say at one set of parameters, with the error of the simulation."""
    which = GROUPS["running"] if entry["group"] == "running" else "a truce that begins in the run"
    until = f"; of the first {mean.until} weeks it lasts {_mean(mean)}" if mean else ""
    text = (
        f"Simulation error alone, {summary['replicates']:,} runs at the point estimate of the "
        f"parameters: {which} {_median(summary, entry)}, and "
        f"{_year(entry, 'of such truces hold for more than a year')}{until}"
    )
    wide = main_entry(summary, "any_domain")
    if wide is not None:
        text += f"; by any measure it {_median(summary, wide)}"
    return [f"{text}."]


def main_entry(summary: dict[str, Any], measure: str) -> dict[str, Any] | None:
    """The truce in force at the start if there is one, else all truces."""
    found = {e["group"]: e for e in summary["truces"] if e["measure"] == measure}
    return found.get("running") or found.get("all")


def _median(summary: dict[str, Any], entry: dict[str, Any]) -> str:
    point, (low, high) = entry["median_weeks"], entry["median_interval"]
    if point is None:
        weeks = summary["horizon_weeks"]
        return f"outlasts the {weeks} weeks of the runs more often than not"
    if entry["num_runs"] < 2:
        return f"lasts {point} weeks in the median ({ONE_RUN})"
    ends = f"{NOT_REACHED if low is None else low} to {NOT_REACHED if high is None else high}"
    return f"lasts {point} weeks in the median (95 % of simulation error: {ends})"


def _mean(mean: Mean) -> str:
    ends = f"{mean.low:.1f} to {mean.high:.1f}" if is_number(mean.low) else ONE_RUN
    return f"{mean.value:.1f} on average ({ends})"


def _year(entry: dict[str, Any], rest: str) -> str:
    values = entry["survival"]["365 d"]
    if values[0] is None:
        return f"the runs are too short to say how many {rest.removeprefix('of such truces ')}"
    return f"{percent(values)} {rest}"


def _causes(entry: dict[str, Any]) -> str:
    shares = sorted(entry["ends_by_cause"].items(), key=lambda item: -item[1][0])
    if not shares:
        return "No end was observed."
    (cause, values), *rest = shares
    others = [f"{plain.CAUSES[name]} {percent(share)}" for name, share in rest if share[0] >= 0.005]
    tail = f"; {' and '.join(others[:2])}" if others else ""
    return f"What ends it most often is {plain.CAUSES[cause]}: {percent(values)} of the ends{tail}."


def percent(values: list[float | None]) -> str:
    """A share with its interval, in percent.

    >>> percent([0.708, 0.70, 0.716]), percent([0.708, None, None])
    ('70.8 % (70.0 to 71.6)', '70.8 % (one run: no interval)')
    """
    point, low, high = (None if value is None else 100.0 * value for value in values)
    ends = f"{low:.1f} to {high:.1f}" if is_number(low) and is_number(high) else ONE_RUN
    return f"{point:.1f} % ({ends})"


def drivers(rows: list[dict[str, Any]]) -> str:
    """One sentence from the indices of the first outcome of a study."""
    outcome = rows[0]["outcome"]
    chosen = [row for row in rows if row["outcome"] == outcome]
    size = "total" if "total" in rows[0] else "mu_star"
    floor = max(row[f"{size}_high"] for row in chosen if row["is_dummy"])
    real = sorted((row for row in chosen if not row["is_dummy"]), key=lambda row: -row[size])
    above = [row for row in real if row[size] > floor]
    about = text_of(outcome) or outcome.replace("_", " ")
    if not above:
        return f"{about.capitalize()}: none of {len(real)} factors moves it beyond chance."
    kind = "total Sobol index" if size == "total" else "mean absolute effect"
    named = "; ".join(_factor(row, size) for row in above[:3])
    below = len(real) - len(above)
    left = f". {below} of {len(real)} factors do no more than chance" if below else ""
    return (
        f"What decides most, over the ranges of the study: {named} ({about}; {kind}, 95 %){left}."
    )


def _factor(row: dict[str, Any], size: str) -> str:
    ends = f"{row[f'{size}_low']:.2f} to {row[f'{size}_high']:.2f}"
    return f"{plain.setting(row['factor'])} {row[size]:.2f} ({ends})"
