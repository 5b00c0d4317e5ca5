"""The shipped facts, their sources, and how they fit the record of 2025."""

import datetime as dt
from collections import Counter

import pytest
import yaml

from cli_helpers import ROOT, shipped_game
from negotiation_abm import InputError, replay_record
from negotiation_abm.record.facts import (
    Fact,
    check_facts,
    load_facts,
)

FACTS = ROOT / "seeds" / "facts.yaml"
FIVE = {"000", "001", "002", "003", "004"}
UNITS = {
    *("pp", "fraction", "usd_bn", "usd_tn", "Mt", "Mt_per_year"),
    *("years", "days", "count", "date", "bool", "text"),
}

# The matters on which the sources disagree (docs/data.md).
CONFLICTS = {
    "us_headline_after_busan_pp": 47,
    "us_threat_announced": "2025-10-10",
    "october_first_mover": "US",
    "april_elements_count": 7,
    "deadlines_autumn_2025": ["2025-11-01", "2025-11-08", "2025-11-10", "2025-12-01"],
    "rare_earth_pause_scope": None,
    "rare_earth_output_share": 0.7,
    "substitution_years": [5, 10],
    "soy_pledge_2025_mt": 12,
    "soy_pledge_yearly_mt": 25,
    "kuala_lumpur_days": ["2025-10-25", "2025-10-26"],
    "num_leader_calls_2025": 4,
    "truce_may_start": "2025-05-12",
    "truce_may_first_expiry": "2025-08-12",
    "tiktok_after_busan": "promised",
    "taiwan_at_busan": "not raised",
    "market_loss_usd_tn": 2,
}


@pytest.fixture(scope="module")
def facts():
    return load_facts()


@pytest.fixture(scope="module")
def sources():
    return yaml.safe_load((ROOT / "seeds" / "sources.yaml").read_text(encoding="utf-8"))


def test_shipped_facts_load(facts):
    assert check_facts(FACTS) == len(facts) == 161
    for entry in facts.values():
        assert Fact(**entry).model_dump(exclude_unset=True) == entry


def test_counts_are_those_of_the_documentation(facts):
    counts = Counter(entry["certainty"] for entry in facts.values())
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for certainty, count in counts.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{certainty}`"))
        assert row.split("|")[3].strip() == str(count)


def test_five_documents_are_listed(sources):
    assert [entry["id"] for entry in sources["sources"]] == sorted(FIVE)
    ids = [entry["id"] for entry in (*sources["sources"], *sources["outside"])]
    assert len(set(ids)) == len(ids)


def test_every_source_is_used(facts, sources):
    used = {source for entry in facts.values() for source in entry["source"]}
    used |= {
        source
        for entry in facts.values()
        for reading in entry.get("conflict", {}).get("readings", ())
        for source in reading["source"]
    }
    assert used >= FIVE


def test_facts_of_the_seeds_cite_only_the_five_documents(facts):
    for name, entry in facts.items():
        assert isinstance(entry["source"], list), name
        assert entry["source"], name
        if entry["certainty"] == "seed":
            assert set(entry["source"]) <= FIVE, name
        else:
            assert not set(entry["source"]) & FIVE, name


def test_units_and_values(facts):
    for name, entry in facts.items():
        assert entry["unit"] in UNITS, name
        values = entry["value"] if isinstance(entry["value"], list) else [entry["value"]]
        for value in values:
            if entry["unit"] == "bool":
                assert isinstance(value, bool), name
            elif entry["unit"] == "date":
                dt.date.fromisoformat(value if len(value) == 10 else f"{value}-01")
            elif entry["unit"] == "text":
                assert isinstance(value, str), name
            else:
                number = value
                if isinstance(value, list):  # a day and the number from that day
                    date, number = value
                    dt.date.fromisoformat(date)
                assert isinstance(number, int | float), name
                assert not isinstance(number, bool), name
        if entry["unit"] == "fraction":
            assert all(-1 <= value <= 1 for value in values), name


def test_dates(facts):
    for name, entry in facts.items():
        date = entry["date"]
        if date is not None:
            assert len(date) in (7, 10), name
            dt.date.fromisoformat(date if len(date) == 10 else f"{date}-01")


def test_statements_are_sentences(facts):
    for name, entry in facts.items():
        assert entry["statement"].strip().endswith((".", "'")), name
        assert len(entry["statement"]) > 15, name


def test_conflicts_are_there(facts):
    assert {name for name, entry in facts.items() if "conflict" in entry} == set(CONFLICTS)


@pytest.mark.parametrize("name", CONFLICTS)
def test_conflict_names_readings_choice_and_reason(facts, sources, name):
    entry = facts[name]
    conflict = entry["conflict"]
    assert set(conflict) == {"readings", "chosen", "why"}
    assert conflict["chosen"] == entry["value"]
    if CONFLICTS[name] is not None:
        assert conflict["chosen"] == CONFLICTS[name]
    assert len(conflict["readings"]) >= 2
    assert conflict["why"].strip()
    known = {item["id"] for item in (*sources["sources"], *sources["outside"])}
    for reading in conflict["readings"]:
        assert {"value", "unit", "source"} <= set(reading)
        assert reading["source"]
        assert set(reading["source"]) <= known


def test_facts_without_a_list_of_sources_beside(tmp_path, facts):
    copy = tmp_path / "facts.yaml"
    copy.write_text(FACTS.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_facts(copy) == facts
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    with pytest.raises(InputError, match="unknown '000'"):
        load_facts(copy)


# ---------------------------------------------------------------------------
# The record


def test_ids_of_the_record_are_unique(record):
    ids = [row.id for row in record.rows]
    assert len(set(ids)) == len(ids) == 111
    assert sum(row.counted for row in record.rows) == 96


def test_every_claim_of_the_seeds_stands_once(record):
    """S01 to S46; S13 is a round and the offer of each side."""
    seeds = Counter(row.id.split(".")[0] for row in record.rows if row.id.startswith("S"))
    assert seeds == Counter({f"S{number:02}": 1 for number in range(1, 47)} | {"S13": 3})


def test_rows_of_the_seeds_cite_the_five_documents(record):
    for row in record.rows:
        assert row.statement, row.id
        if row.certainty == "seed":
            assert set(row.source.split(";")) <= FIVE, row.id
        assert row.source, row.id


def test_replay_accounts_for_every_row_once(record):
    result = replay_record(shipped_game("baseline_2025"), record)
    placed = list(result.placed)
    left_out = [item.id for item in result.unplaced]
    assert Counter(placed + left_out) == Counter(row.id for row in record.rows)
    counted = {row.id for row in record.rows if row.counted}
    assert len(counted & set(placed)) == 82
    assert len(counted & set(left_out)) == 14
    assert all(item.reason for item in result.unplaced)
    decided = [name for decision in result.decisions for name in decision.row_ids]
    assert len(set(decided)) == len(decided)
    assert set(decided) <= set(placed)


def test_record_agrees_with_the_facts(record, facts):
    rows = {row.id: row for row in record.rows}
    assert rows["S24"].date.isoformat() == facts["us_threat_announced"]["value"]
    assert rows["S24"].move == "THREATEN"
    summits = [row for row in record.rows if row.move == "SUMMIT"]
    assert [row.date.isoformat() for row in summits] == ["2025-10-30"]
    assert rows["S29"].date.isoformat() == facts["kuala_lumpur_days"]["value"][0]
    offers = [row for row in record.rows if row.move == "SUSPEND"]
    for player in ("US", "CHINA"):
        first = next(row for row in offers if row.player == player)
        assert first.date.isoformat() == facts["truce_may_start"]["value"]
