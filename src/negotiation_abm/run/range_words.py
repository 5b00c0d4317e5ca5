"""The main answer in words, the same on the command line, in the report, on the page and the site.

Everything is made from the ``posterior`` entry of a summary (`negotiation_abm.run.posterior`).
"""

from typing import Any

from negotiation_abm.files import words
from negotiation_abm.survival.words import BEYOND_DATA, GROUPS, is_number


def estimate(values: list[float | None]) -> str:
    """Best estimate with its range.

    >>> estimate([0.4438, 0.2, 0.651]), estimate([None, None, None])
    ('44 % (20 % to 65 %)', 'beyond data')
    """
    share, low, high = values
    if not (is_number(share) and is_number(low) and is_number(high)):
        return BEYOND_DATA
    return f"{words.percent(share)} ({words.span(low, high)})"  # type: ignore[arg-type]


def whose(posterior: dict[str, Any]) -> str:
    """Which truces the answer speaks of."""
    is_running = posterior["group"] == "running"
    return GROUPS["running"] if is_running else "a truce that begins in the run"


def rows(posterior: dict[str, Any]) -> list[tuple[str, dict[int, list[float | None]]]]:
    """Measure in words, and by days the share still in force: best estimate, low, high."""
    return [
        (words.MEASURES[measure], {int(days.split()[0]): found for days, found in by_days.items()})
        for measure, by_days in posterior["still_in_force"].items()
    ]


def made_of(posterior: dict[str, Any], parameters: str) -> str:
    """What the range is, in one sentence."""
    return (
        f"Best estimate and range: the mean and the middle 90 % of {posterior['draws']:,} "
        f"posterior draws of {parameters}, {posterior['runs_a_draw']:,} runs each. The range "
        "is what the record leaves open about the parameters; chance comes on top."
    )


def missing(parameters: str) -> str:
    """What is said where there is no range."""
    return (
        f"No range: there is no truce to follow, {parameters} has no posterior draws, or none were "
        "played. What follows holds at one set of parameters only, and says nothing about how sure "
        "it is."
    )


def _known(posterior: dict[str, Any], measure: str) -> dict[int, list[Any]]:
    """Shares still in force by one measure, by days, without those beyond the data."""
    by_days = dict(rows(posterior))[words.MEASURES[measure]]
    return {days: found for days, found in by_days.items() if is_number(found[0])}


def first_sentence(posterior: dict[str, Any]) -> str:
    """Is the truce still in force after a year? With the range, and the shorter times behind."""
    known = _known(posterior, "covered")
    if not known:
        return "The runs are too short to say whether the truce is still in force after 90 days."
    longest = max(known)
    share, low, high = known[longest]
    shorter = [f"after {words.after(days)} {estimate(known[days])}" for days in known]
    rest = f" ({', '.join(shorter[:-1])})" if len(shorter) > 1 else ""
    return (
        f"After {words.after(longest)}, {whose(posterior)} is {words.STILL} with a chance of about "
        f"{words.percent(share)}, {_compatible(low, high)}{rest}."
    )


def _compatible(low: float, high: float) -> str:
    """What else could be, after the best estimate: a range, unless it has no width in percent."""
    if words.percent(low) == words.percent(high):
        return "and nine in ten posterior draws agree"
    return f"and anything from {words.span(low, high)} is compatible with the record"


def ends_sentence(posterior: dict[str, Any]) -> str:
    """What ends it most often, with the range of each share."""
    found = posterior["ends_by_cause"].get("covered", {})
    if not found:
        return "No end was observed."
    named = [
        f"{words.CAUSES[cause]} {estimate(share)}"
        for cause, share in found.items()
        if share[0] >= 0.005
    ]
    return f"How it ends, where it ends: {'; '.join(named)}."


def _last_row(posterior: dict[str, Any]) -> dict[str, Any]:
    """The longest time that the branches of a what-if are compared at, by agreed measures."""
    own = (row for row in posterior["rows"] if row["measure"] == "covered")
    return max(own, key=lambda row: int(row["days"]))


def branches_sentence(posterior: dict[str, Any]) -> str:
    """What a change does to the truce in force at the branch, with the range of the difference.

    Parameters
    ----------
    posterior : dict
        The ``posterior`` entry of ``whatif.json``.
    """
    row = _last_row(posterior)
    middle, low, high = row["difference"]
    return (
        f"{words.after(row['days']).capitalize()} after the change, the truce is {words.STILL} "
        f"with a chance of {estimate(row['altered'])} instead of {estimate(row['factual'])}: "
        f"{_difference(middle, low, high)}."
    )


def _difference(middle: float, low: float, high: float) -> str:
    if low == high == 0.0:
        return "the change makes no difference"
    span = f"{points(middle)} points ({points(low)} to {points(high)})"
    is_settled = low > 0.0 or high < 0.0
    return span if is_settled else f"{span}, so the record does not settle the direction"


def as_recorded_sentence(posterior: dict[str, Any]) -> str:
    """The truce in force at the branch, with nothing changed."""
    row = _last_row(posterior)
    return (
        f"As recorded, the truce is {words.STILL} {words.after(row['days'])} after this week with "
        f"a chance of {estimate(row['factual'])}."
    )


def points(share: float) -> str:
    """A difference of two shares in points.

    >>> points(0.123), points(-0.002)
    ('+12', '0')
    """
    number = round(100.0 * share)
    return f"{number:+d}" if number else "0"


def wide_sentence(posterior: dict[str, Any]) -> str:
    """The same by any measure."""
    known = _known(posterior, "any_domain")
    if not known:
        return ""
    longest = max(known)
    return (
        f"Counted until the first serious escalation by any measure, {estimate(known[longest])} "
        f"are {words.STILL} after {words.after(longest)}."
    )
