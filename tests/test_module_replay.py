"""Pledges, quiet enforcement and who is to blame, in replays of records."""

import datetime as dt
import math

import pytest

from module_helpers import CHINA, US, game_with, pledge
from negotiation_abm import (
    InputError,
    build_game,
    load_record,
    load_scenario,
    replay_record,
)
from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.replay import replay

COLUMNS = ("id", "date", "player", "move", "lever", "level", "decision", "quiet")
RARE_EARTHS, SOYBEANS, ENTITY_LISTS = 0, 1, 2  # numbers of levers


def write_record(folder, *rows):
    """A record of rows given as ``id date player move lever level`` and named columns."""
    lines = [",".join(COLUMNS)]
    for text, columns in rows:
        given = [None if word == "-" else word for word in text.split()]
        values = dict(zip(COLUMNS, given, strict=False)) | columns
        lines.append(",".join(str(values.get(name) or "") for name in COLUMNS))
    path = folder / "record.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_record(path)


def row(text, **columns):
    return text, columns


def delivery(name, date, level, **columns):
    return row(f"{name} {date} CHINA DELIVER - {level}", **{"decision": "buy"} | columns)


def last_row(date="2026-01-20"):
    """Keeps the replay going to a day, without a move of weight."""
    return row(f"end {date} both CALL")


def spells(result):
    """Measure, first and last day, cause, who, with what, agency, pledge."""
    return [
        (
            *(spell.measure, spell.start.isoformat(), spell.end.isoformat()),
            *(TruceEnd(spell.cause).name, spell.player, spell.lever, spell.agency, spell.pledge),
        )
        for spell in result.spells
    ]


def week_of(result, date):
    return next(week for week in result.weeks if week["week_of"] == date)


# ---------------------------------------------------------------------------
# 2025 with every module on.


class Catching(replay.Board):
    """A board that notes the enforcement of the rare earths at the end of each week."""

    seen: dict[str, float] = {}  # noqa: RUF012  # cleared by the fixture that uses it

    def close_week(self, chance):
        week = self.scenario.date_of(self.state.turn).isoformat()
        super().close_week(chance)
        self.seen[week] = float(self.state.intensity[CHINA, RARE_EARTHS])


@pytest.fixture(scope="module")
def full():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "Board", Catching)
        Catching.seen.clear()
        return replay_record(
            build_game(load_scenario("mechanisms_2025")), load_record("record_2025")
        )


@pytest.fixture(scope="module")
def plain():
    return replay_record(build_game(load_scenario("baseline_2025")), load_record("record_2025"))


def test_spells_of_2025_with_every_module(full):
    assert sorted(spells(full)) == [
        (COVERED, "2025-05-12", "2025-12-31", "CENSORED", -1, -1, False, -1),
        # Geneva: the US answers the slow-walked licences
        (ANY_DOMAIN, "2025-05-12", "2025-05-28", "NON_DELIVERY", CHINA, RARE_EARTHS, False, -1),
        # the calm of the summer: an agency's affiliates rule
        (ANY_DOMAIN, "2025-06-11", "2025-09-29", "ESCALATION", US, ENTITY_LISTS, True, -1),
        (ANY_DOMAIN, "2025-10-30", "2025-12-31", "CENSORED", -1, -1, False, -1),
    ]


def test_the_same_spells_without_modules_have_no_hidden_breach(full, plain):
    dates = {spell[:3] for spell in spells(full)}
    assert {spell[:3] for spell in spells(plain)} == dates
    causes = {spell[3] for spell in spells(plain)}
    assert causes == {"CENSORED", "ESCALATION"}


def test_pledges_of_busan_are_listed_with_what_became_of_them(full, plain):
    listed = [
        (item["name"], item["player"], item["lever"], item["status"]) for item in full.pledges
    ]
    assert listed == [
        ("soybeans_2025", "CHINA", "soybeans", "due; the record says nothing"),
        ("soybeans_2026", "CHINA", "soybeans", "running"),
        ("precursors", "CHINA", None, "running"),
    ]
    assert [item["due"] for item in full.pledges] == ["2025-12-31", "2026-12-31", "2026-11-10"]
    assert all(item["delivered"] is None and item["amount"] for item in full.pledges)
    assert plain.pledges == []


def test_slow_walked_licences_change_the_intensity_and_not_the_level(full):
    before, after = (week_of(full, date) for date in ("2025-05-12", "2025-05-19"))  # O31: 20 May
    level = "CHINA.rare_earths.in_force"
    assert before[level] == after[level] == 0.5
    assert Catching.seen["2025-05-12"] == 1.0
    assert Catching.seen["2025-05-19"] == Catching.seen["2025-06-02"] == pytest.approx(0.6 / 0.5)
    assert Catching.seen["2025-06-09"] == 1.0  # a formal level, London, is enforced as it reads
    assert after["US.pain"] > before["US.pain"] + 0.06
    assert after["US.anger"] > 0


def test_slow_walked_licences_are_no_choice(full, plain):
    quiet = [row.id for row in full.record.rows if row.quiet]
    assert "O31" in quiet
    for result, scored in ((full, False), (plain, True)):
        choices = {name for decision in result.decisions for name in decision.row_ids}
        assert ("O31" in choices) == scored
        assert "O31" in result.placed


def test_without_the_module_quiet_rows_are_escalations(plain):
    level = "CHINA.rare_earths.in_force"
    assert week_of(plain, "2025-05-12")[level] == 0.5
    assert week_of(plain, "2025-05-19")[level] == 0.6


def test_all_rows_are_accounted_for_with_every_module(full):
    ids = [row.id for row in full.record.rows]
    assert sorted([*full.placed, *(item.id for item in full.unplaced)]) == sorted(ids)


def test_replay_draws_nothing():
    """At their highest rates and noise, what modules draw still stays out of a replay."""
    calm = {"mediation_rate": 0, "delivery_noise": 0}
    wild = {"mediation_rate": 1, "delivery_noise": 1, "enforcement_pace": 1, "diligence": 0}
    weeks = [
        replay_record(
            build_game(load_scenario("mechanisms_2025", values)), load_record("record_2025")
        ).weeks
        for values in (calm, wild)
    ]
    assert weeks[0] == weeks[1]


# ---------------------------------------------------------------------------
# Deliveries, from 10 November 2025: 0.5 of weight on soybeans, due on 21 December.


@pytest.fixture(scope="module")
def promised():
    return game_with({"delivery": {"pledges": [pledge()]}})


def test_pledge_met(promised, tmp_path):
    record = write_record(
        tmp_path,
        delivery("half", "2025-12-02", 0.5),
        delivery("all", "2025-12-20", 0.95),
        last_row(),
    )
    result = replay_record(promised, record)
    (item,) = result.pledges
    assert (item["status"], item["delivered"]) == ("met", 0.95)
    assert result.placed == ["half", "all", "end"]
    assert result.decisions
    assert not [d for d in result.decisions if d.option]  # a delivery is no choice
    due, after = week_of(result, "2025-12-15"), week_of(result, "2025-12-22")
    assert week_of(result, "2025-12-08")["US.goodwill"] == 0
    assert due["US.goodwill"] == pytest.approx(0.5 * 0.7)  # goodwill 1 x weight, faded once
    assert after["US.goodwill"] == pytest.approx(0.5 * 0.7**2)
    assert due["strain"] == after["strain"] == 0


def test_pledge_missed_and_answered(promised, tmp_path):
    record = write_record(
        tmp_path,
        delivery("little", "2025-12-16", 0.2),
        row("answer 2025-12-29 US ESCALATE chips 0.7"),
        last_row(),
    )
    result = replay_record(promised, record)
    (item,) = result.pledges
    assert (item["status"], item["delivered"]) == ("missed", 0.2)
    missing = 0.5 * 0.5 * 0.8  # of a pledge wholly missed, weight, share that is missing
    assert week_of(result, "2025-12-15")["strain"] == 0
    assert week_of(result, "2025-12-22")["strain"] == pytest.approx(missing * 0.9)
    assert sorted(spells(result)) == [
        (COVERED, "2025-10-30", "2026-01-20", "CENSORED", -1, -1, False, -1),
        (ANY_DOMAIN, "2025-10-30", "2025-12-29", "NON_DELIVERY", CHINA, SOYBEANS, False, 0),
    ]


def test_breach_after_a_pledge_missed(promised, tmp_path):
    record = write_record(
        tmp_path,
        delivery("nothing", "2025-12-16", 0),
        row("answer 2025-12-23 US ESCALATE market_access 0.5"),
    )
    result = replay_record(promised, record)
    for measure, spell in enumerate(sorted(spells(result))):
        name = ("NON_DELIVERY", CHINA, SOYBEANS, False, 0)
        assert spell == (measure, "2025-10-30", "2025-12-23", *name)


def test_collapse_by_a_pledge_missed(tmp_path):
    game = game_with({"delivery": {"pledges": [pledge(lever=None)]}}, delivery_missed=2)
    result = replay_record(game, write_record(tmp_path, delivery("a", "2025-12-16", 0), last_row()))
    for measure, spell in enumerate(sorted(spells(result))):
        # the last day of the week; an effort, so no lever
        assert spell == (
            *(measure, "2025-10-30", "2025-12-21"),
            *("NON_DELIVERY", CHINA, -1, False, 0),
        )


def test_pledge_of_which_nothing_is_recorded(promised, tmp_path):
    result = replay_record(promised, write_record(tmp_path, last_row()))
    (item,) = result.pledges
    assert (item["status"], item["delivered"]) == ("due; the record says nothing", None)
    assert week_of(result, "2025-12-22")["strain"] == 0


@pytest.mark.parametrize(
    ("changes", "date", "status"),
    [
        ({"made": "2026-06-01", "due": "2026-07-01"}, "2026-01-20", "not begun"),
        ({"due": "2026-07-01"}, "2026-01-20", "running"),
    ],
)
def test_pledge_that_is_not_yet_due(tmp_path, changes, date, status):
    game = game_with({"delivery": {"pledges": [pledge(**changes)]}})
    (item,) = replay_record(game, write_record(tmp_path, last_row(date))).pledges
    assert (item["status"], item["delivered"]) == (status, None)


def test_end_of_the_truce_voids_its_pledges(tmp_path):
    game = game_with({"delivery": {"pledges": [pledge(due="2026-07-01")]}})
    breach = row("breach 2025-11-18 US ESCALATE market_access 0.5")
    (item,) = replay_record(game, write_record(tmp_path, breach, last_row())).pledges
    assert item["status"] == "void"


def test_deliveries_without_the_module_are_listed(tmp_path):
    record = write_record(
        tmp_path, delivery("a", "2025-12-02", 0.5), delivery("b", "2025-12-20", 1), last_row()
    )
    result = replay_record(game_with({}), record)
    assert [(item.id, item.reason) for item in result.unplaced] == [
        ("a", "a delivery, and the module is off"),
        ("b", "a delivery, and the module is off"),
    ]
    assert (result.placed, result.pledges) == (["end"], [])


def test_unknown_pledge_is_refused_with_the_nearest_name(promised, tmp_path):
    record = write_record(tmp_path, delivery("a", "2025-12-02", 0.5, decision="bye"))
    with pytest.raises(InputError, match="unknown pledge 'bye'; did you mean 'buy'"):
        replay_record(promised, record)


def test_void_pledge_stays_void_in_a_new_truce(promised, tmp_path):
    record = write_record(
        tmp_path,
        row("breach 2025-11-18 US ESCALATE market_access 0.5"),
        row("a 2025-12-02 US SUSPEND"),
        row("b 2025-12-02 CHINA SUSPEND"),
        delivery("nothing", "2025-12-16", 0),
        last_row(),
    )
    result = replay_record(promised, record)
    assert result.pledges[0]["status"] == "void"
    assert week_of(result, "2025-12-22")["strain"] == 0


def test_delivery_by_the_other_side_is_refused(promised, tmp_path):
    record = write_record(tmp_path, delivery("a", "2025-12-16", 1, player="US"))
    with pytest.raises(InputError):
        replay_record(promised, record)


def test_pledge_past_its_date_is_no_longer_running(promised, tmp_path):
    record = write_record(tmp_path, delivery("late", "2025-12-23", 1), last_row())
    assert replay_record(promised, record).pledges[0]["status"] != "running"


# ---------------------------------------------------------------------------
# Quiet rows. Rare earths stand at 0.4 on 10 November 2025, with a potency of 0.95 squared.

QUIET = row("quiet 2025-11-18 CHINA ESCALATE rare_earths 0.5", quiet=1)


def h(level):
    return (1 - math.exp(-2 * level)) / (1 - math.exp(-2))


def test_quiet_row_moves_pain_alone(tmp_path):
    game = game_with({"enforcement": {}}, erosion=0)
    result = replay_record(game, write_record(tmp_path, QUIET, last_row()))
    before, after = week_of(result, "2025-11-10"), week_of(result, "2025-11-17")
    levels = [name for name in before if name.endswith((".in_force", ".loaded", ".pending"))]
    assert [before[name] for name in levels] == [after[name] for name in levels]
    hurt = 0.95**2 * (h(0.5) - h(0.4))
    assert after["US.pain"] - before["US.pain"] == pytest.approx(hurt)
    assert after["US.anger"] == pytest.approx(0.7 * hurt)  # faded once
    # the strain of a week is noted before it ends
    assert week_of(result, "2025-11-24")["strain"] == pytest.approx(0.9 * hurt)
    assert result.num_moves == 0
    assert result.placed == ["quiet", "end"]
    assert {spell[3] for spell in spells(result)} == {"CENSORED"}


@pytest.mark.parametrize(
    ("level", "in_force", "reason"),
    [("0.5", 0.0, "not in force"), ("-", 0.3, "without a level")],
)
def test_a_quiet_row_that_can_do_nothing_says_why(tmp_path, level, in_force, reason):
    silent = row(f"quiet 2025-11-18 CHINA ESCALATE rare_earths {level}", quiet=1)
    start = {"levers.CHINA.rare_earths.start": in_force, "levers.CHINA.rare_earths.floor": 0}
    game = game_with({"enforcement": {}}, **start)
    result = replay_record(game, write_record(tmp_path, silent, last_row()))
    assert result.placed == ["end"]
    assert [(one.id, reason in one.reason) for one in result.unplaced] == [("quiet", True)]


def test_quiet_easing_is_no_breach(tmp_path):
    easing = row("quiet 2025-11-18 CHINA CONCEDE rare_earths 0.3", quiet=1)
    game = game_with({"enforcement": {}}, erosion=0)
    result = replay_record(game, write_record(tmp_path, easing, last_row()))
    before, after = week_of(result, "2025-11-10"), week_of(result, "2025-11-17")
    assert after["US.pain"] - before["US.pain"] == pytest.approx(0.95**2 * (h(0.3) - h(0.4)))
    assert after["strain"] == after["US.anger"] == after["US.goodwill"] == 0


def test_without_the_module_a_quiet_row_is_the_move_that_it_names(tmp_path):
    game = game_with({}, parameters="start_2025")  # where any covered step is a breach
    result = replay_record(game, write_record(tmp_path, QUIET, last_row()))
    assert [d.row_ids for d in result.decisions if d.option] == [("quiet",)]
    assert week_of(result, "2025-11-17")["CHINA.rare_earths.in_force"] == 0.5
    causes = {spell[3:6] for spell in spells(result)}
    assert causes == {("BREACH", CHINA, RARE_EARTHS)}


@pytest.mark.parametrize(
    "first", [QUIET, delivery("d", "2025-11-18", 0.2)], ids=["quiet", "deliver"]
)
def test_choice_that_shares_a_label_with_a_row_that_is_none(tmp_path, first):
    text, columns = first
    game = game_with({"enforcement": {}, "delivery": {"pledges": [pledge()]}})
    record = write_record(
        tmp_path,
        row(text, **columns | {"decision": "buy"}),
        row("formal 2025-11-18 CHINA ESCALATE soybeans 0.4", decision="buy"),
    )
    result = replay_record(game, record)
    assert [d.row_ids for d in result.decisions if d.option] == [("formal",)]


def test_dates_of_the_small_records_are_those_of_the_scenario():
    scenario = game_with({"delivery": {"pledges": [pledge()]}}).scenario
    assert scenario.start == dt.date(2025, 11, 10)
    assert scenario.turn_of(dt.date(2025, 12, 21)) == 5
