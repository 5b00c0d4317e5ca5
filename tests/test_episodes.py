"""Shipped episodes: found by name, replayed, tabled, and pooled as the reference class."""

import json

import numpy as np
import pandas as pd
import pytest

from cli_helpers import ROOT, command
from negotiation_abm import InputError
from negotiation_abm.files.resources import shipped_episodes
from negotiation_abm.plotting import plot_folder
from negotiation_abm.studies.endings import compare_rules
from negotiation_abm.studies.episodes import replay_episode, replay_episodes
from negotiation_abm.studies.reference_class import (
    class_spells,
    class_survival,
    reference_class,
    run_episodes,
)

MAIN = [name for name in shipped_episodes() if "/" not in name]


def good(capsys, *words):
    result = command(capsys, *words)
    assert result.status == 0, result.err
    return result.out


@pytest.fixture(scope="module")
def episodes():
    return replay_episodes([])


def dates(episodes, name, measure):
    found = next(episode for episode in episodes if episode.name == name)
    return [
        (row["start"], row["end"], row["days"], row["cause"], row["player"])
        for row in found.rows
        if row["measure"] == measure
    ]


def test_every_episode_and_reading_replays_and_has_a_truce(episodes):
    assert len(MAIN) == 8
    assert [episode.name for episode in episodes] == list(shipped_episodes())
    for episode in episodes:
        assert {row["measure"] for row in episode.rows} == {"covered", "any_domain"}
        assert episode.replay.num_moves > 20


@pytest.mark.parametrize("name", MAIN)
def test_each_episode_has_notes_and_a_name_of_its_own(name, episodes):
    folder = shipped_episodes()[name].parent
    text = (folder / "notes.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("*.yaml")):
        if path.name != "scenario.yaml":
            assert f"`{path.stem}`" in text  # each other reading is explained
    names = [episode.game.scenario.name for episode in episodes]
    assert len(set(names)) == len(names)


def test_dates_of_two_episodes_are_those_counted_by_hand(episodes):
    assert dates(episodes, "japan_korea_2019", "covered") == [
        ("2019-11-22", "2020-06-02", 193, "breach", "KOREA"),
        ("2023-03-16", "2023-06-27", 103, "fulfilled", None),
    ]
    assert dates(episodes, "us_canada_2025", "any_domain") == [
        ("2025-02-03", "2025-03-04", 29, "lapse", "US"),
        ("2025-03-06", "2025-03-12", 6, "escalation", "US"),
        ("2025-04-02", "2025-05-30", 58, "escalation", "US"),
        ("2025-06-29", "2025-07-31", 32, "collapse", "US"),
        ("2026-08-18", "2026-08-22", 4, "lapse", "US"),
    ]


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("us_china_2018/announcement_ends", [10, 155, 33, 142]),
        ("us_china_2026", [514]),
        ("us_china_2026/literal", [150, 279, 10]),
        ("us_mexico_2025/section_122", [29, 351]),
        ("us_mexico_2025/section_301", [29, 504]),
        ("us_india_2025/new_basis", [100, 171]),
        ("us_eu_2018/cars_only", [838, 301]),
    ],
)
def test_other_readings_give_other_lengths(episodes, name, days):
    assert [row[2] for row in dates(episodes, name, "covered")] == days


FIRST = {"revised_rules": 0, "restore_share": 0, "tacit": 0}  # the rules as first specified


@pytest.mark.parametrize(
    ("name", "first", "revised"),
    [
        ("us_china_2026/literal", [80, 32, 53, 10], [150, 279, 10]),
        ("us_eu_2018", [434, 349, 301], [434, 711]),
        ("us_canada_2025/no_renewal", [29, 31, 32, 4], [29, 147, 4]),
        ("us_mexico_2025", [29, 504], [29, 533]),
    ],
)
def test_the_rules_as_first_specified_are_a_parameter_away(name, first, revised):
    for changes, days in ((FIRST, first), ({}, revised)):
        rows = replay_episode(name, changes).rows
        assert [row["days"] for row in rows if row["measure"] == "covered"] == days


def test_a_recoded_record_says_what_became_of_each_threat(episodes):
    """No lead is shortened any more: a threat is replaced, carried out, withdrawn, or lapses."""
    found = next(e for e in episodes if e.name == "us_eu_2018").replay.threats
    fates = {threat.row_id: (threat.fate, threat.fate_row) for threat in found}
    assert fates["011"] == ("replaced", "013")  # the exemption of 2018, put off by a month
    assert fates["013"] == ("carried out", "020")
    assert fates["047"] == ("carried out", "055")  # no date was known when it was made
    assert fates["073"] == ("withdrawn", "079")


def test_an_episode_within_another_is_counted_once(episodes):
    names = [episode.name for episode in reference_class(episodes)]
    assert "us_china_2026" in names
    assert "us_china_2025" not in names
    assert len(names) == len(MAIN) - 1


@pytest.mark.parametrize("measure", ["covered", "any_domain"])
def test_the_reference_class_equals_lifelines(episodes, measure):
    lifelines = pytest.importorskip("lifelines")
    spells = class_spells(episodes, measure)
    fitter = lifelines.KaplanMeierFitter()
    is_failure = spells["event_observed"] & (spells["cause"] != "fulfilled")
    fitter.fit(spells["duration_weeks"], is_failure)
    table = class_survival(episodes, measure).table
    expected = fitter.survival_function_at_times(table["week"]).to_numpy()
    np.testing.assert_allclose(table["survival"], expected, atol=1e-12)


def test_the_class_by_hand_without_a_library(episodes):
    """Two episodes: 4, 29, 147 and 193 days, and one truce that was fulfilled after 103 days."""
    few = [e for e in episodes if e.name in ("us_canada_2025", "japan_korea_2019")]
    table = class_survival(few, "covered").table.set_index("week")["survival"]
    assert table[3] == pytest.approx(4 / 5)
    assert table[10] == pytest.approx(3 / 5)
    assert table[20] == pytest.approx(3 / 5)
    assert table[27] == pytest.approx(3 / 10)  # after 147 days; fulfilled is no failure


def test_commands_find_episodes_by_name(capsys):
    listed = good(capsys, "list")
    for name in shipped_episodes():
        assert name in listed
    assert "2020-06-02" in good(capsys, "replay", "japan_korea_2019")
    assert "2023-03-06" in good(capsys, "replay", "japan_korea_2019/march_6")
    assert "scenario" in good(capsys, "check", "us_eu_2018", "us_eu_2018/cars_only")


def test_the_page_holds_the_table_of_the_command(capsys):
    printed = good(capsys, "episodes")
    page = (ROOT / "docs" / "episodes.md").read_text(encoding="utf-8")
    missing = [line for line in printed.splitlines() if line.strip() not in page]
    assert not missing
    assert max(map(len, printed.splitlines())) <= 100


def test_json_and_folder_hold_the_same(capsys, tmp_path):
    out = tmp_path / "out"
    printed = json.loads(good(capsys, "episodes", "us_eu_2018", "--json", "--out", out))
    assert printed == json.loads((out / "episodes.json").read_text())
    table = pd.read_csv(out / "episodes.csv")
    assert len(table) == len(printed["truces"])
    assert set(table["reading"].dropna()) == {"cars_only", "french_tax_covered"}
    assert (out / "manifest.json").is_file()
    assert [path.name for path in plot_folder(out)] == [
        "reference_class.png",
        "reference_class.svg",
    ]


def test_a_parameter_of_the_rules_holds_in_every_replay():
    usual, changed = run_episodes([]), run_episodes([], {"min_severity": 0.3})
    assert changed["min_severity"] == [0.3]
    assert usual["min_severity"] == [0.1]
    days = [
        [r["days"] for r in found["truces"] if r["measure"] == "any_domain"]
        for found in (usual, changed)
    ]
    assert days[0] != days[1]


def test_truces_of_a_run_stand_beside(capsys, tmp_path):
    run, out = tmp_path / "few", tmp_path / "out"
    good(capsys, "run", "busan_2025", "--replicates", 40, "--out", run)
    printed = good(capsys, "episodes", "japan_korea_2019", "--beside", run, "--out", out)
    assert "simulated," in printed
    table = pd.read_csv(out / "reference_class.csv")
    simulated = "simulated, The Busan truce, from 10 November 2025"
    assert set(table["scenario"]) == {"recorded", simulated}


@pytest.mark.parametrize(
    "words",
    [
        ("us_eu_2081",),
        ("us_eu_2018/cars",),
        ("--set", "tolerence=2"),
        ("--set", "levers.US.chips.step=0.1"),
        ("--set", "tolerance"),
        ("--beside", "nowhere"),
    ],
)
def test_wrong_names_give_one_line(capsys, words):
    result = command(capsys, "episodes", *words)
    assert result.status == 2
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1


def test_rules_of_ending_are_compared_truce_by_truce(tmp_path):
    names = ["us_canada_2025", "us_eu_2018", "us_china_2018"]
    summary = compare_rules("truce", names, tmp_path / "rules")
    table = pd.read_csv(tmp_path / "rules/rules.csv")
    assert len(table) == len(summary["truces"])
    first, *others = summary["rules"]
    assert first["counts"]["Y"] == sum(first["counts"].values()) > 5
    marks = {(row["rule"], row["episode"], row["start"]): row["mark"] for row in summary["truces"]}
    # what the tacit rule is for: a date that passed, and both sides went on
    assert marks["restored or strained", "us_eu_2018", "2020-01-20"] == "Y"
    assert marks["the same, tacit", "us_eu_2018", "2020-01-20"] == "c"
    # the record marks the American list as the end; China's answer of that day is the larger step
    assert marks["restored or strained", "us_china_2018", "2018-05-19"] == "Y"
    for rule in others:
        assert sum(rule["counts"].values()) >= sum(first["counts"].values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: a\nepisodes: [us_eu_2018]\nrules: []\n", "rules"),
        ("name: a\nepisodes: [nowhere]\nrules: [{name: b}]\n", "nowhere"),
        ("name: a\nepisodes: [us_eu_2018]\nrules: [{name: b, set: {tacid: 1}}]\n", "tacit"),
    ],
)
def test_bad_rules_are_one_line(tmp_path, text, says):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        compare_rules(path)
