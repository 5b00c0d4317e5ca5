"""Resolve and score the forecasts that were kept: ledger, scores, and the page about them.

    python experiments/forecasts/ledger.py docs/forecasts results/forecasts
    negotiation-abm plot results/forecasts

The first writes ledger.csv, scores.csv, reliability.csv and ledger.json into the second folder, and
ledger.csv and README.md into the first. Nothing in the files of the forecasts is changed.
"""

import datetime as dt
import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from negotiation_abm.calibration.ledger import (
    MODELS,
    brier,
    log_score,
    readings_of,
    reliability,
    resolve,
    score_table,
)
from negotiation_abm.files.folder import writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.files.resources import shipped_episodes
from negotiation_abm.studies.episodes import replay_episode

sys.path.insert(0, str(Path(__file__).parent))
from page import page_of

DATED = ("stands", "stands_any", "in_force", "prolonged")


@cache
def readings(name):
    return tuple(readings_of(name))


@cache
def others(name):
    """Readings of the same events that could have been the main one, by name."""
    main = [one.name for one in readings(name)]
    names = [n for n in shipped_episodes() if n.partition("/")[0] in main and n != name]
    return tuple(replay_episode(n, {}) for n in names)


def other_answers(name, row, known, answer):
    """Answers of other readings where they differ, in words."""
    found = []
    for one in others(name):
        out = resolve(row["kind"], known, dt.date.fromisoformat(row["day"]), row["answers"], [one])
        if out.answer and out.answer != answer:
            found.append(f"{one.name}: {out.answer}")
    return "; ".join(found)


def entries(path, published):
    """One row a question of a forecast file."""
    made = json.loads(path.read_text())
    known, name = dt.date.fromisoformat(made["known_until"]), made["episode"]
    for row in made["questions"]:
        day, answers = dt.date.fromisoformat(row["day"]), row["answers"]
        out = resolve(row["kind"], known, day, answers, readings(name))
        place = int(np.argmax(row["probability"])) if answers != ["yes", "no"] else 0
        key = f"{name}:{known}:{row['kind']}:{day}"
        theirs = published[published["ledger_id"] == key]
        entry = {
            "id": key,
            "made_on": made["made_on"],
            "known_until": made["known_until"],
            "kind": made["kind"],
            "series": made.get("series", "ask"),
            "kind_of_question": row["kind"],
            "question": row["question"],
            "resolves_on": row["day"],
            "outcome": out.answer or "open",
            "settled_on": out.day.isoformat() if out.day else "",
            "source": out.source,
            "other_readings": other_answers(name, row, known, out.answer)
            if row["kind"] in DATED and out.answer
            else "",
            "answer": answers[place],
            "probability": row["probability"][place],
            "low": row["low"][place],
            "high": row["high"][place],
            "status_quo": row["status_quo"][place] if row["status_quo"] else None,
            "constant_hazard": row["constant_hazard"][place] if row["constant_hazard"] else None,
            "published": theirs["probability"].iloc[0] if len(theirs) else None,
            "published_by": theirs["source"].iloc[0] if len(theirs) else "",
        }
        for model in MODELS:
            values = row["probability" if model == "model" else model]
            scored = bool(out.answer) and values is not None
            entry[f"brier_{model}"] = brier(values, answers, out.answer) if scored else None
            entry[f"log_{model}"] = log_score(values, answers, out.answer) if scored else None
        yield entry


def reliability_table(ledger):
    """Of yes-or-no questions that are resolved."""
    rows = ledger[ledger["kind_of_question"].isin(DATED) & ledger["brier_model"].notna()]
    happened = (rows["outcome"] == "yes").to_numpy(float)
    columns = {"model": "probability", "constant_hazard": "constant_hazard"}
    return pd.concat(
        [
            reliability(rows[column].to_numpy(float), happened).assign(model=name)
            for name, column in columns.items()
        ],
        ignore_index=True,
    )


def main(forecasts, results):
    forecasts, results = Path(forecasts), Path(results)
    published = pd.read_csv(forecasts / "published.csv", keep_default_na=False)
    files = sorted(
        forecasts.glob("*_known_*_made_*.json"), key=lambda p: p.name.partition("_known_")[2]
    )
    ledger = pd.DataFrame([entry for path in files for entry in entries(path, published)])
    asked = ledger[ledger["series"] == "ask"]
    tables = {
        "ledger": ledger,
        "scores": score_table(asked),
        "reliability": reliability_table(asked),
    }
    facts = {
        "forecasts": {path.name: file_hash(path) for path in files},
        "origin": f"{len(files)} files of {forecasts}, questions with the answers yes and no",
    }
    with writing(results, "ledger", facts) as draft:
        for name, table in tables.items():
            draft.csv(f"{name}.csv", table, 6)
    ledger.to_csv(forecasts / "ledger.csv", index=False, float_format="%.6g")
    template = (Path(__file__).parent / "forecasts.md.in").read_text()
    (forecasts / "README.md").write_text(template.format(**page_of(tables, published, files)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
