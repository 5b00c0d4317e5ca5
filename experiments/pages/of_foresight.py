"""Numbers of docs/foresight.md."""

import pandas as pd
from words import bracketed, is_clear, markdown, number, paragraph, read

OUTCOMES = {  # words, digits
    "survival_365": ("S(365 d) of the running truce", 3),
    "truce_weeks": ("weeks that it lasts, to the horizon", 1),
    "first_truce_weeks": ("weeks to the first truce", 1),
    "escalations": ("escalations of both sides", 1),
    "concessions": ("concessions of both sides", 1),
}
LEFT_OUT = {
    "gain_left_out": "left out, likelihood",
    "gain_left_out_type": "left out, type",
    "gain_left_out_lever": "left out, type and lever",
}
CLEAR = 2.0


def numbers(results):
    folder = results / "foresight"
    made = read(folder / "foresight.json")
    fit, play = pd.read_csv(folder / "fit.csv"), pd.read_csv(folder / "play.csv")
    return made | {
        "fit_table": _fit_table(fit),
        "fit_words": _fit_words(fit),
        "play_table": _play_table(play),
        "play_words": _play_words(play),
    }


def _fit_table(fit):
    rows = [
        [
            f"`{row['strategy']}`",
            row["holds"],
            f"{number(row['coefficient'], 2)} ({row['error']:.2f})",
            number(row["gain_in_sample"], 1, True),
            *(f"{number(row[k], 1, True)} ({row[f'{k}_error']:.1f})" for k in LEFT_OUT),
        ]
        for row in fit.to_dict("records")
    ]
    header = ["", "HOLDs", "coefficient (error)", "in sample, nats", *LEFT_OUT.values()]
    return markdown(header, rows)


def _fit_words(fit):
    rows = fit.to_dict("records")
    far = "; ".join(
        f"`{row['strategy']}`, HOLDs {row['holds']}, {_errors(row, 0.0)} from 0 and "
        f"{_errors(row, 1.0)} from 1"
        for row in rows
    )
    gains = [(row[k], row[f"{k}_error"]) for row in rows for k in LEFT_OUT]
    better = sum(gain > CLEAR * error for gain, error in gains)
    worse = sum(gain < -CLEAR * error for gain, error in gains)
    verb = "is" if better == 1 else "are"
    text = (
        f"The coefficient is, in errors: {far}. Taking more than two errors as clear, "
        f"{better or 'none'} of the {len(gains)} scores left out {verb} better with foresight and "
        f"{worse or 'none'} worse. "
    )
    if better == 0 and any(abs(row["coefficient"]) > CLEAR * row["error"] for row in rows):
        text += "A term that fits what it has seen and does not predict the rest is weak evidence: "
    if better == 0:
        text += "2025 does not tell whether the sides looked ahead, and the simpler model is kept."
    return paragraph(text)


def _errors(row, value):
    return f"{abs(row['coefficient'] - value) / row['error']:.1f}"


def _play_table(play):
    by = play.set_index(["strategy", "outcome"])
    rows = []
    for outcome, (text, digits) in OUTCOMES.items():
        cells = [
            bracketed(by.loc[name, outcome], digits) for name in ("foresight_1", "foresight_2")
        ]
        rows.append([text, number(by.loc[("logit", outcome), "mean"], digits), *cells])
    header = ["outcome", "`logit`", "`foresight_1`, difference", "`foresight_2`, difference"]
    return markdown(header, rows)


def _play_words(play):
    """What one move of foresight does, outcome by outcome, and whether the second adds to it."""
    by = play.set_index(["strategy", "outcome"])
    one = {name: by.loc["foresight_1", name] for name in OUTCOMES}
    groups = {
        "more": [OUTCOMES[name][0] for name, row in one.items() if row["low"] > 0.0],
        "less": [OUTCOMES[name][0] for name, row in one.items() if row["high"] < 0.0],
        "no clear difference": [
            OUTCOMES[name][0] for name, row in one.items() if not is_clear(row)
        ],
    }
    said = "; ".join(f"{word}: {', '.join(names)}" for word, names in groups.items() if names)
    apart = [
        OUTCOMES[name][0]
        for name, row in one.items()
        if row["low"] > by.loc[("foresight_2", name), "high"]
        or row["high"] < by.loc[("foresight_2", name), "low"]
    ]
    second = (
        f"With the second move {', '.join(apart)} differ from that (intervals apart)."
        if apart
        else "The second move adds nothing beyond that (all intervals overlap)."
    )
    return paragraph(f"With one move of foresight, {said}. {second}")
