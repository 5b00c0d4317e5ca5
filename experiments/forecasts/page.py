"""Numbers and sentences of docs/forecasts/README.md, made from the ledger."""

import json
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import pandas as pd
from common import markdown, number

from negotiation_abm.calibration.ledger import block_error

CLEAR = 2.0
NAMES = {"status_quo": "the status quo", "constant_hazard": "constant hazards"}
KINDS = {
    "all": "all",
    "stands": "does the truce stand in 30, 90, 180 days",
    "in_force": "is there a truce in 30, 90, 180 days",
    "prolonged": "is it prolonged before its date",
    "next_side": "who escalates next",
    "next_lever": "on which lever",
}


def page_of(tables, published, files):
    """What the template takes."""
    ledger, scores = tables["ledger"], tables["scores"].set_index("questions")
    asked = ledger[ledger["series"] == "ask"]
    resolved = asked[asked["outcome"] != "open"]
    made = [json.loads(path.read_text()) for path in files]
    asking = [one for one in made if one.get("series", "ask") == "ask"]
    newest = max(asking, key=lambda one: one["known_until"])
    return {
        "headline": headline(scores.loc["all"]),
        "number": len(ledger),
        "open": int((ledger["outcome"] == "open").sum()),
        "asked": len(asked),
        "resolved": len(resolved),
        "cut_offs": resolved["known_until"].nunique(),
        "files": len(files),
        "scores": score_rows(scores),
        "score_words": paragraph(score_words(scores)),
        "by_year": paragraph(by_year(resolved)),
        "reliability_words": paragraph(reliability_words(tables["reliability"])),
        "newest": newest_table(ledger[ledger["known_until"] == newest["known_until"]]),
        "newest_made": newest["made_on"],
        "newest_next": next_table(newest),
        "newest_words": paragraph(newest_words(newest)),
        "december": december(ledger[ledger["series"] == "page"]),
        "published": published_table(published, ledger),
        "readings": readings_table(asked),
        "reading_words": paragraph(reading_words(asked)),
        "open_table": open_table(ledger),
        "ledger": ledger_table(ledger),
        "draws_a_chain": newest["draws_a_chain"],
        "draws_played": newest["draws_played"],
        "runs_a_draw": newest["runs_a_draw"],
        "r_hat": f"{max(one['largest_r_hat'] for one in asking):.2f}",
    }


def compared(row, other, score="brier"):
    """How the game did against one of the others, in words, with the paired difference."""
    gain, error = row[f"{score}_gain_{other}"], row[f"{score}_gain_{other}_error"]
    if abs(gain) <= CLEAR * error or gain != gain:
        said = "neither clearly better nor clearly worse than"
    else:
        said = "clearly better than" if gain > 0 else "clearly worse than"
    return f"{said} {NAMES[other]} (gain {number(gain, 3, True)}, standard error {error:.3f})"


def paragraph(text):
    return textwrap.fill(" ".join(text.split()), 99, break_on_hyphens=False)


def headline(row):
    gain, error = (row[f"brier_gain_constant_hazard{part}"] for part in ("", "_error"))
    verb, how = "does not foretell", "better"
    if abs(gain) > CLEAR * error:
        verb, how = "foretells", "better" if gain > 0 else "worse"
    game, hazard, quo = (row[f"brier_{m}"] for m in ("model", "constant_hazard", "status_quo"))
    return paragraph(
        f"**The game {verb} what happens next {how} than constant hazards do.** On "
        f"{int(row['number'])} resolved questions from {int(row['cut_offs'])} days its Brier "
        f"score is {game:.3f}; that of constant hazards is {hazard:.3f}, and that of the status "
        f"quo, which is certain that nothing changes, {quo:.3f} (0 is perfect, lower is better). "
        f"The game is {compared(row, 'constant_hazard')}, and {compared(row, 'status_quo')}."
    )


def score_rows(scores):
    rows = []
    for name, row in scores.iterrows():
        cells = [KINDS[name], int(row["number"]), int(row["cut_offs"])]
        cells += [f"{row[f'brier_{m}']:.3f}" for m in ("model", *NAMES)]
        cells += [gain(row, "brier", m, 3) for m in NAMES]
        cells += [f"{row[f'log_{m}']:.2f}".replace("-", "−") for m in ("model", *NAMES)]
        rows.append(cells)
    header = ["questions", "number", "days", "Brier: game", "status quo", "constant hazard"]
    header += ["gain on status quo (error)", "gain on constant hazard (error)"]
    header += ["log score: game", "status quo", "constant hazard"]
    return markdown(header, rows)


def gain(row, score, other, digits):
    error = row[f"{score}_gain_{other}_error"]
    shown = "one day" if error != error else f"{error:.{digits}f}"
    return f"{number(row[f'{score}_gain_{other}'], digits, True)} ({shown})"


def score_words(scores):
    """Which kinds of question the game answers clearly better or worse."""
    parts = []
    for other, words in NAMES.items():
        for sign, said in ((1, "better"), (-1, "worse")):
            names = [
                KINDS[name]
                for name, row in scores.drop("all").iterrows()
                if sign * row[f"brier_gain_{other}"] > CLEAR * row[f"brier_gain_{other}_error"]
            ]
            kinds = "; ".join(f"*{name}*" for name in names) or "no kind of question"
            parts.append(f"clearly {said} than {words} on {kinds}")
    row = scores.loc["all"]
    log = " and ".join(compared(row, other, "log") for other in NAMES)
    return (
        f"Taking two standard errors as clear, the game is {', '.join(parts)}. By the log score, "
        f"which punishes confident errors more, it is over all {log}."
    )


def by_year(resolved):
    """The same gains with a whole year as one block, and on the ends of quarters alone."""
    days = pd.to_datetime(resolved["known_until"])
    sundays = resolved[days.dt.dayofweek == 6]
    years = resolved["known_until"].str[:4]
    wide, quarterly = gains_in_words(resolved, years), gains_in_words(sundays, sundays.known_until)
    return (
        f"With a whole year as one block ({years.nunique()} years) the gains are {wide}. On the "
        f"{len(sundays)} questions of the ends of quarters alone, without the days on which others "
        f"published, they are {quarterly}."
    )


def gains_in_words(rows, blocks):
    parts = []
    for other, words in NAMES.items():
        gains = (rows[f"brier_{other}"] - rows["brier_model"]).to_numpy(float)
        error = block_error(gains, blocks.to_numpy())
        parts.append(f"{number(gains.mean(), 3, True)} ({error:.3f}) on {words}")
    return " and ".join(parts)


def reliability_words(table):
    rows = table[table["model"] == "model"]
    out = [r for r in rows.to_dict("records") if not r["low"] <= r["probability"] <= r["high"]]
    if not out:
        return (
            f"In each of the {len(rows)} bins the probability that the game gave lies inside the "
            "90 % interval of the share that came true; with so few questions the intervals are "
            "wide, and this says little."
        )
    parts = [
        f"where it gave {100 * r['probability']:.0f} %, {100 * r['share']:.0f} % came true "
        f"({100 * r['low']:.0f} to {100 * r['high']:.0f} %, {int(r['number'])} questions)"
        for r in out
    ]
    return (
        f"In {len(out)} of {len(rows)} bins the game's probability lies outside the 90 % interval: "
        f"{'; '.join(parts)}."
    )


def percent(value):
    return "" if value != value or value is None else f"{100 * value:.0f} %"


def span(row):
    return f"{percent(row['probability'])} ({100 * row['low']:.0f} to {100 * row['high']:.0f})"


def newest_table(rows):
    rows = rows[(rows["series"] == "ask") & (rows["answer"] == "yes")]
    cells = [
        [
            r["question"],
            span(r),
            *(percent(r[name]) for name in ("status_quo", "constant_hazard", "published")),
        ]
        for r in rows.to_dict("records")
    ]
    return markdown(
        ["question", "game (90 %)", "status quo", "constant hazard", "published"], cells
    )


def next_table(made):
    rows = []
    for row in made["questions"]:
        if row["kind"].startswith("next"):
            ranked = sorted(range(len(row["answers"])), key=lambda k: -row["probability"][k])
            for k in ranked[:5]:
                values = {"probability": row["probability"][k], "low": row["low"][k]}
                rows.append(
                    [
                        "who" if row["kind"] == "next_side" else "which lever",
                        row["answers"][k].replace("_", " "),
                        span(values | {"high": row["high"][k]}),
                        percent(row["constant_hazard"][k]),
                    ]
                )
    return markdown(["next escalation", "answer", "game (90 %)", "constant hazard"], rows)


def newest_words(made):
    by = {(row["kind"], row["day"]): row for row in made["questions"]}
    day = max(d for kind, d in by if kind == "prolonged" and ("stands", d) in by)
    stands, prolonged = by["stands", day], by["prolonged", day]
    side = next(row for row in made["questions"] if row["kind"] == "next_side")
    best = max(range(len(side["answers"])), key=side["probability"].__getitem__)
    likely = f"decides is most likely {{}} ({percent(side['probability'][best])})."
    last = {
        "US": f"The next escalation that a side {likely.format('American')}",
        "CHINA": f"The next escalation that a side {likely.format('Chinese')}",
        "none": "Most likely neither side decides on an escalation within 180 days.",
    }

    def chance(row):
        low, high = 100 * row["low"][0], 100 * row["high"][0]
        return f"{percent(row['probability'][0])} (a range from {low:.0f} to {high:.0f} %)"

    return (
        f"**The truce still stands on {day} with a probability of {chance(stands)}, and is "
        f"prolonged before that date with {chance(prolonged)}.** {last[side['answers'][best]]}"
    )


def december(rows):
    cells = [
        [r["question"], span(r), r["outcome"], r["settled_on"], *scores_of(r), log(r)]
        for r in rows.to_dict("records")
    ]
    header = ["question", "page (90 %)", "outcome", "on", "Brier: page", "status quo"]
    return markdown([*header, "constant hazard", "log score: page"], cells)


def score(row, model):
    value = row[f"brier_{model}"]
    return "" if value != value else f"{value:.3f}"


def scores_of(row):
    return [score(row, model) for model in ("model", *NAMES)]


def log(row):
    value = row["log_model"]
    return "" if value != value else f"{value:.2f}".replace("-", "−")


def published_table(published, ledger):
    by = ledger.set_index("id")
    rows = []
    for row in published.to_dict("records"):
        settled = row["outcome"].partition(" ")[0] in ("yes", "no")
        happened = row["outcome"].startswith("yes")
        own = f"{(row['probability'] - happened) ** 2:.3f}" if settled else ""
        same = by.loc[row["ledger_id"]] if row["ledger_id"] in by.index else None
        game = "" if same is None else percent(same["probability"])
        game_score = "" if same is None else score(same, "model")
        rows.append(
            [
                *(row[name] for name in ("question", "made_on", "source")),
                percent(row["probability"]),
                *(row["outcome"], own, game, game_score),
            ]
        )
    header = ["question", "made on", "by whom", "probability", "outcome", "Brier"]
    return markdown([*header, "game, same question", "its Brier"], rows)


def readings_table(rows):
    rows = rows[rows["other_readings"] != ""]
    cells = [[r["question"], r["outcome"], r["other_readings"]] for r in rows.to_dict("records")]
    return markdown(["question", "outcome", "by another reading"], cells) if cells else ""


def reading_words(rows):
    count = int((rows["other_readings"] != "").sum())
    return (
        f"{count or 'None'} of the resolved questions would come out otherwise by another reading."
    )


def open_table(ledger):
    rows = ledger[ledger["outcome"] == "open"]
    cells = [
        [r["known_until"], r["question"], r["source"].removeprefix("open: ")]
        for r in rows.to_dict("records")
    ]
    return markdown(["known until", "question", "why it is open"], cells)


def ledger_table(ledger):
    cells = []
    for r in ledger.to_dict("records"):
        row_id = r["source"].partition(":")[0] if r["outcome"] != "open" else ""
        cells.append(
            [
                *(r[name] for name in ("known_until", "kind", "question")),
                r["answer"].replace("_", " "),
                span(r),
                *(percent(r[name]) for name in NAMES),
                r["outcome"].replace("_", " "),
                r["settled_on"],
                row_id,
                *scores_of(r),
            ]
        )
    header = ["known until", "kind", "question", "answer", "game (90 %)", "status quo"]
    header += ["constant hazard", "outcome", "on", "record and row", "Brier: game", "status quo"]
    return markdown([*header, "constant hazard"], cells)
