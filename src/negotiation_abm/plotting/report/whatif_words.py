"""The answer of a what-if in sentences, from its summary."""

from typing import Any

from negotiation_abm.files import words as plain
from negotiation_abm.run import range_words
from negotiation_abm.survival import words

AHEAD = (26, 13, 52)  # weeks at which the answer looks at the truce: the first that is there
MOST_NAMED = 3
POINTS = " percentage points"


def question(summary: dict[str, Any]) -> str:
    """The question of the page: the title, or what is altered."""
    asked: str = summary["title"] or "; ".join(summary["alteration"])
    return f"What if: {asked}?"


def design(summary: dict[str, Any]) -> str:
    """How the two branches were made, in one sentence."""
    return (
        f"The record ({summary['record']}) is replayed through {summary['scenario']} up to the "
        f"week of {summary['branch_week']}; from there both sides play on for {summary['weeks']} "
        f"weeks, {summary['replicates']:,} times as recorded and {summary['replicates']:,} times "
        f"with the change, with the same draws (seed {summary['seed']}) and the parameters "
        f"{summary['parameters']}."
    )


def answer(summary: dict[str, Any]) -> list[str]:
    """The range over the posterior draws, then the truce, tariffs and pain at one point.

    Parameters
    ----------
    summary : dict
        ``whatif.json``.
    """
    rows = {row["outcome"]: row for row in summary["outcomes"]}
    posterior = summary.get("posterior")
    first = (
        [
            range_words.branches_sentence(posterior),
            range_words.made_of(posterior, summary["parameters"]),
            "Simulation error alone, at the point estimate of the parameters:",
        ]
        if posterior
        else [range_words.missing(summary["parameters"])]
    )
    sentences = [*first, _truce(summary, rows), _tariffs(rows), _pain(rows)]
    return [sentence for sentence in sentences if sentence]


def is_clear(row: dict[str, Any]) -> bool:
    """Does the interval of the difference exclude 0?"""
    return words.is_clear(row)


def moved(row: dict[str, Any], digits: int, unit: str = "", scale: float = 1.0) -> str:
    """A paired difference in words.

    >>> moved({"difference": -0.062, "low": -0.07, "high": -0.054}, 1, " points", 100)
    '6.2 points less (5.4 to 7.0)'
    >>> moved({"difference": 0.1, "low": -0.5, "high": 0.7}, 1)
    'no clear difference (-0.5 to 0.7)'
    """
    if row["low"] is None or row["high"] is None:
        return f"{scale * row['difference']:+.{digits}f}{unit} ({words.ONE_RUN})"
    middle, low, high = (scale * row[key] for key in ("difference", "low", "high"))
    if not is_clear(row):
        return f"no clear difference ({low:.{digits}f} to {high:.{digits}f}{unit})"
    word = "more" if low > 0.0 else "less"
    near, far = sorted((abs(low), abs(high)))
    return f"{abs(middle):.{digits}f}{unit} {word} ({near:.{digits}f} to {far:.{digits}f})"


def name_of(row: dict[str, Any]) -> str:
    """An outcome in the words of a table whose heading names the rest."""
    text: str = row["text"]
    for start in ("pain of ", "average extra tariff of ", f"{plain.STILL} "):
        text = text.removeprefix(start)
    unit = ", %" if row["unit"] == "share" else ""
    return text[0].upper() + text[1:] + unit


def _truce(summary: dict[str, Any], rows: dict[str, dict[str, Any]]) -> str:
    weeks = rows["weeks_in_truce"]
    rest = (
        f"of the {summary['weeks']} weeks played {weeks['altered']:.1f} are spent in a truce "
        f"instead of {weeks['factual']:.1f}: {moved(weeks, 1, ' weeks')}."
    )
    held = _held(rows, "covered")
    if held is None:
        return f"No truce at the branch has a length to compare; {rest}"
    ahead, row = held
    text = (
        f"The truce in force at the branch is still in force after {ahead} weeks in "
        f"{100 * row['altered']:.1f} % of runs instead of {100 * row['factual']:.1f} %: "
        f"{moved(row, 1, POINTS, 100.0)}"
    )
    wide = _held(rows, "any_domain")
    if wide is not None:
        text += f"; without a serious escalation by any measure, {moved(wide[1], 1, POINTS, 100.0)}"
    return f"{text}. {rest[0].upper()}{rest[1:]}"


def _held(rows: dict[str, dict[str, Any]], measure: str) -> tuple[int, dict[str, Any]] | None:
    found = [(ahead, rows[f"{measure}_{ahead}"]) for ahead in AHEAD if f"{measure}_{ahead}" in rows]
    return found[0] if found else None


def _tariffs(rows: dict[str, dict[str, Any]]) -> str:
    parts = [
        f"{plain.player(name.partition('.')[0])} {row['altered']:.1f} instead of "
        f"{row['factual']:.1f}, {moved(row, 1)}"
        for name, row in rows.items()
        if name.endswith(".tariff_pp")
    ]
    return f"Average extra tariff, percentage points: {'; '.join(parts)}." if parts else ""


def _pain(rows: dict[str, dict[str, Any]]) -> str:
    every = [row for name, row in rows.items() if name.startswith("pain.")]
    clear = sorted(filter(is_clear, every), key=lambda row: -abs(row["difference"]))
    if not clear:
        return f"For none of {len(every)} constituencies the pain differs clearly."
    named = "; ".join(f"{name_of(row)} {moved(row, 3)}" for row in clear[:MOST_NAMED])
    count = len(every) - len(clear)
    rest = f" For {count} of {len(every)} constituencies it does not differ clearly."
    return f"Pain, in payoff units a week, moves most for {named}.{rest if count else ''}"
