"""Sentences on the fit and on what one must believe follow the numbers beside them."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[1] / "experiments"


def script(name, file):
    spec = importlib.util.spec_from_file_location(f"words_of_{name}", FOLDER / name / file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page():
    return script("calibration", "write_up.py")


@pytest.fixture(scope="module")
def beliefs():
    return script("what_you_must_believe", "run.py")


# ---------------------------------------------------------------------------
# The page of the fit


def pattern(number, verdict, without=0.1, blind=0.1):
    row = {"pattern": f"P{number}", "statistic": f"statistic {number}", "verdict": verdict}
    return row | {"record": 0.5, "low": 0.1, "high": 0.4} | {
        "passes_without": without,
        "passes_memoryless": blind,
    }  # fmt: skip


def test_patterns_are_counted_and_named_by_verdict(page):
    rows = [
        pattern(1, "pass"),
        pattern(2, "fail", 0.9, 0.9),
        pattern(3, "cannot fail", 0.85, 0.95),
        pattern(4, "pass", 0.6, 0.7),
        pattern(5, "pass", 0.6, 0.1),  # one of the two is caught
    ]
    verdicts = {row["pattern"]: row["verdict"] for row in rows}
    text = page.patterns_words(rows, verdicts)
    assert text.startswith("3 of 5 patterns pass, 1 fail. Outside: statistic 2 (P2: 0.50, ")
    assert "Dropped, because both wrong models pass as well, in the share of runs given:" in text
    assert "statistic 3 (P3: 0.85 and 0.95)." in text
    assert text.endswith("Passing says little of: statistic 4 (P4: 0.60 and 0.70).")
    fine = page.patterns_words(rows[:1], {"P1": "pass"})
    assert fine == "1 of 1 patterns pass, 0 fail."


@pytest.mark.parametrize(
    ("low", "high", "shape", "said"),
    [
        (0.5, 1.2, 0.8, "are not told from ones of a constant hazard (shape 1), and the recorded"),
        (0.5, 0.9, 0.8, "are told from ones of a constant hazard (shape 1), and the recorded"),
    ],
)
def test_a_shape_is_told_from_1_by_its_interval(page, low, high, shape, said):
    rows = [
        {"spells": "recorded", "shape": shape, "low": low, "high": high},
        {"spells": "simulated", "shape": 0.5, "low": 0.4, "high": 0.6},
        {"spells": "simulated once", "shape": 0.6, "low": 0.3, "high": 0.85},
    ]
    assert said in page.shapes_words(rows)
    assert "lies inside" in page.shapes_words(rows)
    rows[2]["high"] = 0.7
    assert "lies outside" in page.shapes_words(rows)


def test_breaches_of_2018_are_given_both_ways(page):
    frame = pd.DataFrame(
        {
            "episode": ["us_china_2018", "us_china_2018", "us_eu_2018"],
            "date": ["2018-06-15", "2019-05-10", "2019-10-02"],
            "side": "US",
            "type": [0.3, 0.2, 0.9],
            "type_in_sample": [0.4, 0.1, 1.0],
        }
    )
    text = page.endings_words(frame)
    assert "2018-06-15 (US) 0.30, in sample 0.40; 2019-05-10 (US) 0.20, in sample 0.10." in text
    assert text.endswith("The fit to all raises 1 of 2.")


# ---------------------------------------------------------------------------
# What you must believe


def reading(judgement, name, year, low=0.1, high=0.7, cause="breach"):
    row = {"judgement": judgement, "reading": name, "cause": cause, "cause_share": 0.8}
    for key, value in (("s90", 0.9), ("s180", 0.6), ("s365", year), ("any365", 0.2)):
        row |= {key: value, f"{key}_low": low, f"{key}_high": high, f"{key}_parameters": 0.25}
    return row


TABLE = [
    reading("Rule?", "half", 0.40),
    reading("Rule?", "any", 0.10),
    reading("Rule?", "quarter", 0.45),
    reading("Weights?", "as assumed", 0.40),
    reading("Weights?", "half", 0.50),
    reading("Rows?", "shipped", 0.40),
    reading("Rows?", "other", 0.42),
]


def test_what_moves_the_answer_most_is_named(beliefs):
    text = beliefs.belief_words(pd.DataFrame(TABLE))
    assert "after a year with probability 0.40 (0.10 to 0.70), after half a year 0.60" in text
    assert (
        "are broken by a measure on the agreed list (80% of ends); so they are under every" in text
    )
    assert "“Rule?” moves the year most: from 0.10 (any) to 0.45 (quarter)." in text
    assert "move it by 0.02 to 0.10, the most by “Weights?”." in text
    assert text.endswith("Not knowing the parameters is wider than any of them.")


def test_a_narrow_posterior_and_another_cause_are_said(beliefs):
    rows = [*TABLE[:-1], reading("Rows?", "other", 0.42, cause="lapse")]
    rows[0] = reading("Rule?", "half", 0.40, 0.35, 0.45)
    text = beliefs.belief_words(pd.DataFrame(rows))
    assert "not under “other”" in text
    assert text.endswith("That is wider than what is not known of the parameters.")


def test_the_variance_is_split_without_remainder(beliefs):
    """Rules of .40, .10 and .45: the variance of their means, a quarter within each, the rest."""
    parts = beliefs.parts_of_variance(pd.DataFrame(TABLE))
    p = np.array([0.40, 0.10, 0.45])
    whole = p.mean() * (1 - p.mean())
    assert parts["rules"] == pytest.approx(p.var() / whole)
    assert parts["parameters"] == pytest.approx(0.25 * np.mean(p * (1 - p)) / whole)
    assert parts["parameters"] + parts["rules"] + parts["chance"] == pytest.approx(1.0)
    assert parts["count"] == 3
    assert "which of 3 rules of ending" in beliefs.variance_words(parts)


def lever(name, outcome, verdict, clear_in, least=-0.1, most=-0.05, change="impotent"):
    row = {"lever": name, "change": change, "outcome": outcome, "verdict": verdict, "rules": 7}
    return row | {"clear_in": clear_in, "least": least, "most": most}


def test_levers_are_sorted_by_how_they_hold_under_the_rules(beliefs):
    rows = []
    for outcome in beliefs.ASKED:
        rows += [
            lever("US.market_access", outcome, "under every rule", 7),
            lever("US.chips", outcome, "by the rules", 3),
            lever("US.chips", outcome, "not clear", 0, change="twice as potent"),
            lever("CHINA.soybeans", outcome, "by the rules", 7, -0.2, 0.3),
            lever("CHINA.rare_earths", outcome, "by the rules", 1),
        ]
    text = beliefs.lever_words(pd.DataFrame(rows))
    first = text.split(". ")[0]
    assert first == (
        "Whether the truce in force outlasts half a year is changed under every rule by US "
        "tariffs, under some rules only by US chip controls (3 of 7) and China soybean purchase "
        "limits (7 of 7, in either direction), clearly by no other lever under more than one"
    )
    silent = pd.DataFrame(row | {"verdict": "not clear", "clear_in": 0} for row in rows)
    assert "is changed clearly by no lever under any." in beliefs.lever_words(silent)
