"""Forecasts that are kept: nothing later is known, files stay, questions are scored."""

import datetime as dt
import hashlib
import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from cli_helpers import ROOT, command, refused
from negotiation_abm import InputError, load_scenario
from negotiation_abm.calibration import benchmarks
from negotiation_abm.calibration.dispute import as_known, dispute_known
from negotiation_abm.calibration.ledger import (
    MODELS,
    Outcome,
    block_error,
    brier,
    log_score,
    readings_of,
    reliability,
    resolve,
    score_table,
)
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.questions import YES_NO, Question, questions_of

KEPT = ROOT / "docs" / "forecasts"
HASHES = ROOT / "tests" / "data" / "kept_forecasts.json"
DAY = dt.date(2025, 9, 28)
LATER = "2025-10-09"


def day(text):
    return dt.date.fromisoformat(text)


# ---------------------------------------------------------------------------
# Files


def test_no_kept_forecast_has_changed():
    kept = {path.name: path.read_bytes() for path in KEPT.glob("*_made_*.json")}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in kept.items()} == json.loads(
        HASHES.read_text()
    )


def test_every_question_stands_in_the_ledger():
    ledger = pd.read_csv(KEPT / "ledger.csv", keep_default_na=False)
    asked = [
        (made["known_until"], row["question"])
        for made in (json.loads(path.read_text()) for path in KEPT.glob("*_made_*.json"))
        for row in made["questions"]
    ]
    listed = list(zip(ledger["known_until"], ledger["question"], strict=True))
    assert sorted(asked) == sorted(listed)
    assert (ledger["source"] != "").all()  # a row of a record, or why it is open
    is_open = ledger["outcome"] == "open"
    assert ((ledger["brier_model"] == "") == is_open).all()


# ---------------------------------------------------------------------------
# What is known on a day


def pool_of(folder, *episodes):
    """A pool as a file, of episodes by name or path."""
    entries = {
        "name": "small",
        "episodes": [str(one) for one in episodes],
        "until": day("2026-10-08"),
        "parameters": "start_2025",
        "set": {"revised_rules": 1, "restore_share": 0.5, "covered_strain": 8, "tacit": 1},
        "spreads": {"episode": 1},
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(entries), encoding="utf-8")
    return load_pool(path)


def copied(folder, alter):
    """A copy of the episode of 2025 whose record and scenario are altered."""
    folder.mkdir()
    home = ROOT / "seeds" / "episodes" / "us_china_2025"
    shutil.copy(home / "record.csv", folder)
    scenario = yaml.safe_load((home / "scenario.yaml").read_text())
    record = pd.read_csv(folder / "record.csv", dtype=str, keep_default_na=False)
    record, scenario = alter(record, scenario)
    record.to_csv(folder / "record.csv", index=False)
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario), encoding="utf-8")
    return folder / "scenario.yaml"


def unchanged(record, scenario):
    return record, scenario


def changed_later(record, scenario):
    """Other moves, another level, one row more and an event from outside, all after the day."""
    later = (record["date"] > DAY.isoformat()) & (record["move"] == "ESCALATE")
    assert later.sum() > 3
    record.loc[later & (record["lever"] == "entity_lists"), "level"] = "0.9"
    record = record[(record["date"] <= "2025-11-30") & (record["move"] != "SUMMIT")]
    more = record[record["date"] <= DAY.isoformat()].iloc[-1].copy()
    more["id"], more["date"] = "X1", LATER
    more["move"], more["lever"], more["level"] = "ESCALATE", "soybeans", "0.9"
    more["player"], more["decision"], more["agency"] = "CHINA", "", ""
    record = pd.concat([record, more.to_frame().T]).sort_values("date", kind="stable")
    scenario["shocks"] = [{"date": day(LATER), "lever": "US.market_access", "level": 0.0}]
    return record, scenario


@pytest.fixture(scope="module")
def disputes(tmp_path_factory):
    """The dispute on a day, by a record and by one that differs after it alone."""
    home = tmp_path_factory.mktemp("leak")
    paths = [
        copied(home / name, alter)
        for name, alter in {"as_is": unchanged, "later": changed_later}.items()
    ]
    return [dispute_known(pool_of(path.parent, path), str(path), DAY) for path in paths]


def test_what_comes_after_the_day_changes_nothing_that_is_fitted(disputes):
    one, other = disputes
    for name in ("features", "legal", "chosen", "turn", "round_features", "round_held"):
        np.testing.assert_array_equal(
            getattr(one.member.data, name), getattr(other.member.data, name)
        )
    assert [row.id for row in one.member.record.rows] == [
        row.id for row in other.member.record.rows
    ]


def test_what_comes_after_the_day_changes_nothing_that_is_asked_or_played(disputes):
    one, other = disputes
    assert questions_of(one) == questions_of(other)
    for name in one.game.initial.dtype.names:
        np.testing.assert_array_equal(one.game.initial[name], other.game.initial[name])
    for name in one.game.weeks.dtype.names:
        np.testing.assert_array_equal(one.game.weeks[name], other.game.weeks[name])
    for question in questions_of(one):
        for benchmark in (benchmarks.status_quo, benchmarks.constant_hazard):
            assert benchmark(one, question) == benchmark(other, question)


def test_a_forecast_does_not_see_what_comes_after_and_is_never_overwritten(
    tmp_path, disputes, monkeypatch, capsys
):
    """The whole way, by the command: same answers, and a second file is refused."""
    monkeypatch.chdir(tmp_path)
    found = []
    for dispute in disputes:
        path = dispute.member.game.scenario.path
        words = ["ask", path, "--known", DAY, "--pool", path.parent / "small.yaml"]
        words += ["--draws", 10, "--replicates", 5, "--made", "2026-11-30"]
        done = command(capsys, *words, "--json")
        assert done.status == 0, done.err
        found.append(json.loads(done.out))
    assert found[0]["questions"] == found[1]["questions"]
    for row in found[0]["questions"]:
        assert sum(row["probability"]) == pytest.approx(1.0, abs=2e-3)
    name = f"us_china_2025_known_{DAY}_made_2026-11-30.json"
    (tmp_path / name).write_text("as it was")
    refused(capsys, [*words, "--out", tmp_path], ["never edited"])
    assert (tmp_path / name).read_text() == "as it was"


def test_an_episode_that_had_not_begun_is_left_out(tmp_path):
    pool = pool_of(tmp_path, "us_eu_2018", "us_india_2025", "us_china_2026")
    found = dispute_known(pool, "us_china_2018", day("2018-12-30"))
    assert [member.name for member in found.members] == ["us_eu_2018", "us_china_2018"]


def test_another_telling_of_the_same_dispute_gives_way(tmp_path):
    pool = pool_of(tmp_path, "us_china_2018", "us_china_2026")
    found = dispute_known(pool, "us_china_2025", day("2025-06-29"))
    assert [member.name for member in found.members] == ["us_china_2018", "us_china_2025"]


def test_a_summit_or_shock_that_is_not_public_yet_is_left_out():
    scenario = load_scenario("us_china_2026")
    before = as_known(scenario, day("2026-02-19"))
    assert before.shocks == []
    assert day("2026-05-14") not in [m.date for m in before.calendar.summits]  # known in March
    assert day("2026-11-18") in [m.date for m in before.calendar.summits]


def test_a_day_before_the_record_is_refused(tmp_path):
    with pytest.raises(InputError, match="no move by then"):
        dispute_known(pool_of(tmp_path, "us_china_2025"), "us_china_2025", day("2024-06-01"))


# ---------------------------------------------------------------------------
# Questions and what they are held against


def test_the_fixed_questions(disputes):
    found = questions_of(disputes[0], [day("2025-12-01")])
    assert [(q.kind, q.day) for q in found] == [
        ("stands", day("2025-10-28")),
        ("stands", day("2025-12-27")),
        ("stands", day("2026-03-27")),
        ("stands", day("2025-12-01")),
        ("prolonged", day("2025-11-10")),
        ("next_side", day("2026-03-27")),
        ("next_lever", day("2026-03-27")),
    ]
    assert found[-1].answers[-1] == "none"


def test_runs_count_by_how_likely_the_truce_so_far_was(disputes):
    dispute, theta = disputes[0], disputes[0].member.data.point()
    labels = [c.label for c in dispute.member.data.coefficients]
    runs = np.arange(50)
    theta[labels.index("truce_frailty")] = 0.0
    np.testing.assert_allclose(dispute.weights(theta, 1, runs), 1 / 50)
    theta[labels.index("truce_frailty")] = 1.0
    weights = dispute.weights(theta, 1, runs)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.std() > 0.0


def test_constant_hazards_by_hand(disputes):
    """One truce of 20 weeks so far, without an end: half an end in 21 weeks."""
    dispute = disputes[0]
    weeks = sum(week["phase"] == "TRUCE" for week in dispute.replay.weeks)
    question = Question("stands", "", DAY + dt.timedelta(days=70), YES_NO)
    yes, no = benchmarks.constant_hazard(dispute, question)
    assert yes == pytest.approx(math.exp(-0.5 / (weeks + 1) * 10))
    assert yes + no == pytest.approx(1.0)
    assert benchmarks.status_quo(dispute, question) == [1.0, 0.0]


# ---------------------------------------------------------------------------
# Resolution from a record


@pytest.fixture(scope="module")
def first_war():
    return readings_of("us_china_2018")


@pytest.mark.parametrize(
    ("kind", "known", "by", "answer", "on", "row"),
    [
        ("stands", "2018-12-30", "2019-03-30", "yes", "2019-03-30", ""),
        ("stands", "2018-12-30", "2019-06-28", "no", "2019-05-10", "Q090"),
        ("stands", "2018-12-30", "2019-05-10", "no", "2019-05-10", "Q090"),
        ("in_force", "2018-06-24", "2018-09-22", "no", "2018-09-22", ""),
        ("in_force", "2018-06-24", "2018-12-21", "yes", "2018-12-21", "Q062"),
        ("prolonged", "2018-12-30", "2019-03-01", "yes", "2019-02-24", "Q078"),
        ("prolonged", "2018-12-30", "2019-02-23", "no", "2019-02-23", ""),
        ("next_side", "2018-12-30", "2019-06-28", "US", "2019-05-10", "Q090"),
        ("next_lever", "2019-06-30", "2019-12-27", "CHINA soybeans", "2019-08-05", "Q115"),
        ("next_side", "2018-12-30", "2019-04-30", "none", "2019-04-30", ""),  # Q085: an agency
    ],
)
def test_questions_are_resolved_by_rows(first_war, kind, known, by, answer, on, row):
    answers = ("US", "CHINA", "none") if kind == "next_side" else ("CHINA soybeans", "none")
    found = resolve(kind, day(known), day(by), answers, first_war)
    assert (found.answer, found.day) == (answer, day(on))
    assert row in found.source
    assert found.source.startswith("us_china_2018")


def test_what_no_record_reaches_is_open(first_war):
    for kind in ("stands", "prolonged", "next_side"):
        found = resolve(kind, day("2019-12-29"), day("2020-06-26"), ("yes", "no"), first_war)
        reason = "open: the record us_china_2018 ends on 2020-03-01"
        assert found == Outcome("", None, reason)


def test_a_later_record_goes_on_where_the_own_one_ends():
    readings = readings_of("us_china_2025")
    assert [one.name for one in readings] == ["us_china_2025", "us_china_2026"]
    found = resolve("prolonged", day("2025-12-28"), day("2026-11-10"), ("yes", "no"), readings)
    assert (found.answer, found.source.split()[0]) == ("yes", "us_china_2026")


# ---------------------------------------------------------------------------
# Scores by hand


def test_scores_by_hand():
    three = ["US", "CHINA", "none"]
    assert brier([0.5, 0.3, 0.2], three, "US") == pytest.approx((0.25 + 0.09 + 0.04) / 2)
    assert brier([0.8, 0.2], YES_NO, "no") == pytest.approx(0.64)
    assert log_score([0.5, 0.3, 0.2], three, "CHINA") == pytest.approx(math.log(0.3))
    assert log_score([1.0, 0.0], YES_NO, "no") == pytest.approx(math.log(0.01))


def test_an_outcome_that_is_none_of_the_answers_has_the_worst_log_score():
    assert log_score([0.5, 0.5], ["US chips", "none"], "US currency") == pytest.approx(
        -4.6052, 1e-4
    )


def test_errors_are_those_of_blocks():
    values, blocks = np.array([0.1, 0.3, -0.2, 0.4, 0.4]), np.array(list("aabbc"))
    mean = 0.2
    sums = [(0.1 - mean) + (0.3 - mean), (-0.2 - mean) + (0.4 - mean), 0.4 - mean]
    expected = math.sqrt(3 / 2 * sum(s * s for s in sums)) / 5
    assert block_error(values, blocks) == pytest.approx(expected)
    assert math.isnan(block_error(values, np.zeros(5)))


def test_the_table_of_scores_by_hand():
    columns = {f"brier_{model}": [0.1 * k, 0.2, np.nan] for k, model in enumerate(MODELS, 1)}
    columns |= {f"log_{model}": [-0.1, -0.2, np.nan] for model in MODELS}
    table = pd.DataFrame(
        columns | {"kind_of_question": ["a", "b", "b"], "known_until": ["x", "y", "y"]}
    )
    found = score_table(table).set_index("questions")
    assert found.loc["all", "number"] == 2  # what is open has no score
    assert found.loc["all", "brier_model"] == pytest.approx(0.15)
    assert found.loc["all", "brier_gain_constant_hazard"] == pytest.approx((0.3 - 0.1) / 2)
    assert found.loc["all", "brier_gain_constant_hazard_error"] == pytest.approx(
        block_error(np.array([0.2, 0.0]), np.array(["x", "y"]))
    )
    assert found.loc["all", "log_gain_status_quo"] == 0.0


def test_reliability_by_hand():
    found = reliability(np.array([0.1, 0.15, 1.0, 0.9]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert found["number"].tolist() == [2, 2]
    assert found["share"].tolist() == [0.5, 1.0]
    assert found["probability"].tolist() == pytest.approx([0.125, 0.95])
    assert ((found["low"] < found["share"]) & (found["low"] >= 0)).all()
