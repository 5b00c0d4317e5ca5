"""The record of 2025, hand-made records and another episode, through the rules of the game."""

import datetime as dt
import math

import pytest

from helpers import make_game
from negotiation_abm import (
    InputError,
    build_game,
    load_record,
    load_scenario,
    replay_record,
)
from negotiation_abm.core.terms import Move, TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.replay import board

US, CHINA = 0, 1
COLUMNS = (
    *("id", "date", "player", "move", "lever", "level", "loaded", "lead_weeks"),
    *("expires", "ends_truce", "rate_pp", "decision", "counted", "not_represented"),
)


def write_record(folder, *rows):
    """A record of rows given as ``id date player move`` and named columns."""
    lines = [",".join(COLUMNS)]
    for text, columns in rows:
        values = dict(zip(COLUMNS, text.split(), strict=False)) | columns
        lines.append(",".join(str(values.get(name, "")) for name in COLUMNS))
    path = folder / "record.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_record(path)


def row(text, **columns):
    return text, columns


@pytest.fixture(scope="module")
def baseline():
    return build_game(load_scenario("baseline_2025"))


@pytest.fixture(scope="module")
def replay(baseline):
    return replay_record(baseline, load_record("record_2025"))


@pytest.fixture(scope="module")
def weeks(replay):
    """Weeks by their first day."""
    return {dt.date.fromisoformat(week["week_of"]): week for week in replay.weeks}


# ---------------------------------------------------------------------------
# The record of 2025. Expected values: the documents behind seeds/facts.yaml, not the model.


def rates_of(replay, player):
    return [(date.isoformat(), rate) for date, who, rate in replay.rates if who == player]


def test_us_tariff_path(replay):
    assert rates_of(replay, US) == [
        ("2025-02-01", 10),
        ("2025-03-03", 20),
        ("2025-04-02", 54),
        ("2025-04-08", 104),
        ("2025-04-09", 145),
        ("2025-05-12", 30),
        ("2025-10-30", 20),
    ]


def test_chinese_tariff_path(replay):
    assert rates_of(replay, CHINA) == [
        ("2025-04-04", 34),
        ("2025-04-09", 84),
        ("2025-04-11", 125),
        ("2025-05-12", 10),
    ]


def test_spells_by_both_measures(replay):
    spells = [
        (s.measure, s.start.isoformat(), s.end.isoformat(), s.duration_days, TruceEnd(s.cause))
        for s in replay.spells
    ]
    censored, escalation = TruceEnd.CENSORED, TruceEnd.ESCALATION
    assert sorted(spells) == [
        (COVERED, "2025-05-12", "2025-12-31", 233, censored),
        (ANY_DOMAIN, "2025-05-12", "2025-05-28", 16, escalation),
        (ANY_DOMAIN, "2025-06-11", "2025-09-29", 110, escalation),
        (ANY_DOMAIN, "2025-10-30", "2025-12-31", 62, censored),
    ]


def test_who_ended_the_spells(replay):
    ends = {s.start.isoformat(): (s.player, s.lever) for s in replay.spells if s.player >= 0}
    chips, entity_lists = 1, 2
    assert ends == {"2025-05-12": (US, chips), "2025-06-11": (US, entity_lists)}


def test_agreements(replay):
    assert [(date.isoformat(), kind) for date, kind, _ in replay.agreements] == [
        ("2025-05-12", "BEGUN"),  # Geneva
        ("2025-06-11", "REPAIRED"),  # London
        ("2025-08-12", "RENEWED"),
        ("2025-10-30", "RENEWED"),  # Busan
    ]


@pytest.mark.parametrize(
    ("week", "phase", "weeks_left"),
    [
        ("2025-05-05", "DISPUTE", -1),
        ("2025-05-12", "TRUCE", 13),  # 90 days, to 12 August
        ("2025-06-09", "TRUCE", 9),  # London leaves the clock alone
        ("2025-08-11", "TRUCE", 13),  # to 10 November
        ("2025-10-27", "TRUCE", 54),  # to 10 November 2026
        ("2025-12-29", "TRUCE", 45),
    ],
)
def test_truce_and_its_clock(weeks, week, phase, weeks_left):
    there = weeks[dt.date.fromisoformat(week)]
    assert (there["phase"], there["weeks_left"]) == (phase, weeks_left)


def test_levels_after_busan_are_where_the_busan_scenario_starts(weeks):
    game = build_game(load_scenario("busan_2025"))
    there = weeks[game.scenario.start]
    for i, a, label in game.lever_labels():
        for name in ("in_force", "loaded"):
            assert there[f"{label}.{name}"] == pytest.approx(game.initial[name][0, i, a]), label


def test_meetings_of_the_record(replay):
    held = [turn for turn, happened, _ in replay.rounds if happened]
    dates = [
        *("2025-05-12", "2025-06-05", "2025-06-09", "2025-07-28", "2025-08-28"),
        *("2025-09-14", "2025-09-19", "2025-10-18", "2025-10-25", "2025-11-24"),
    ]
    start = dt.date(2025, 1, 20)
    assert held == [(dt.date.fromisoformat(date) - start).days // 7 for date in dates]
    assert len(replay.rounds) == 49  # 50 weeks to 31 December, less that of the summit
    assert all(0 < chance < 1 for _, _, chance in replay.rounds)


def test_every_counted_row_is_placed_or_listed_with_a_reason(replay):
    counted = {row.id for row in replay.record.rows if row.counted}
    listed = {item.id: item.reason for item in replay.unplaced}
    assert counted <= set(replay.placed) | set(listed)
    assert not set(replay.placed) & set(listed)
    assert all(listed.values())
    assert len(replay.placed) == len(set(replay.placed))
    assert {"S01", "S08", "S10", "S21", "S24", "S31", "S43"} <= set(replay.placed)


def test_all_rows_of_the_record_are_accounted_for(replay):
    ids = [row.id for row in replay.record.rows]
    assert sorted([*replay.placed, *(item.id for item in replay.unplaced)]) == sorted(ids)


def test_every_decision_has_a_probability(replay):
    assert replay.num_moves > 40
    for decision in replay.decisions:
        assert 0 < decision.probability <= decision.type_probability <= 1 + 1e-12
    scores = [math.log(decision.probability) for decision in replay.decisions]
    assert replay.log_score == pytest.approx(sum(scores) / len(scores))


def test_probabilities_sum_to_one_over_the_options(baseline, monkeypatch):
    """Catch the weights behind each decision and hold the noted probability to them."""
    caught, original = [], board.option_weights

    def catch(state, params, week, player, weights):
        count, total = original(state, params, week, player, weights)
        caught.append(weights[:count] / total)
        return count, total

    monkeypatch.setattr(board, "option_weights", catch)
    result = replay_record(baseline, load_record("record_2025"))
    assert len(caught) == len(result.decisions)
    for shares, decision in zip(caught, result.decisions, strict=True):
        assert shares.sum() == pytest.approx(1.0, abs=1e-12)
        assert decision.probability == shares[decision.option]
        assert len(shares) == (14 if decision.player == US else 17)  # 2 + 3 a lever


def test_replay_is_the_same_every_time(baseline, replay):
    again = replay_record(baseline, load_record("record_2025"))
    assert again.decisions == replay.decisions
    assert again.weeks == replay.weeks


def test_weekly_table_holds_plain_numbers(replay):
    for week in replay.weeks:
        for name, value in week.items():
            assert isinstance(value, int | float | str), name


# ---------------------------------------------------------------------------
# Packages.

FEBRUARY = [
    row("a 2025-02-04 CHINA ESCALATE market_access 0.05", decision="package"),
    row("b 2025-02-04 CHINA ESCALATE rare_earths 0.2", decision="package"),
    row("c 2025-02-04 CHINA ESCALATE entity_lists 0.1", decision="package"),
]


def test_package_is_one_decision_and_moves_all_its_levers(baseline, tmp_path):
    result = replay_record(baseline, write_record(tmp_path, *FEBRUARY))
    moves = [d for d in result.decisions if d.option]
    assert [(d.player, d.row_ids) for d in moves] == [(CHINA, ("a", "b", "c"))]
    assert result.placed == ["a", "b", "c"]
    week = result.weeks[-1]
    assert week["CHINA.market_access.in_force"] == 0.05
    assert week["CHINA.rare_earths.in_force"] == 0.2
    assert week["CHINA.entity_lists.in_force"] == 0.1


def test_package_angers_once_and_frightens_markets_by_all_its_rows(baseline, tmp_path):
    week = replay_record(baseline, write_record(tmp_path, *FEBRUARY)).weeks[2]
    assert week["US.anger"] == pytest.approx(0.7)  # one escalation, faded once
    # steps .05, .1, .1 by potency .4 x .8**2, 1 x .95**2, .3 x .8**2; faded once
    loss = 0.05 * 0.256 + 0.1 * 0.9025 + 0.1 * 0.192
    assert week["CHINA.market_loss"] == pytest.approx(0.6 * loss)


def test_package_strains_a_truce_by_all_its_rows(tmp_path):
    game = build_game(load_scenario("busan_2025", {"terms.summit.covers": {"CHINA": []}}))
    record = write_record(
        tmp_path,
        row("a 2025-11-11 CHINA ESCALATE rare_earths 0.5", decision="p"),
        row("b 2025-11-11 CHINA ESCALATE soybeans 0.4", decision="p"),
    )
    week = replay_record(game, record).weeks[0]
    potency = 0.95**2, 0.5 * 0.7**2
    assert week["strain"] == pytest.approx(0.1 * potency[0] + 0.2 * potency[1])


def test_rows_of_a_later_week_are_carried_out_without_a_choice(baseline, tmp_path):
    record = write_record(
        tmp_path,
        FEBRUARY[0],
        row("b 2025-02-18 CHINA ESCALATE rare_earths 0.2", decision="package"),
    )
    result = replay_record(baseline, record)
    assert [d.row_ids for d in result.decisions if d.option] == [("a",)]
    assert result.placed == ["a", "b"]
    assert result.weeks[-1]["CHINA.rare_earths.in_force"] == 0.2


# ---------------------------------------------------------------------------
# Exchanges, dates, what is left out.


def test_quiet_week_is_two_holds(baseline, tmp_path):
    record = write_record(tmp_path, row("a 2025-02-12 US ESCALATE chips 0.5"))
    result = replay_record(baseline, record)
    turns = [d.turn for d in result.decisions]
    assert [turns.count(turn) for turn in range(3)] == [2, 2, 2]
    assert turns.count(3) == 4  # the move, an answer HOLD, and a last exchange of two
    # until defaults to the scenario's end of observation
    assert result.until == dt.date(2025, 12, 31)


def test_moves_of_a_week_are_read_as_exchanges(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-02-10 CHINA ESCALATE soybeans 0.1"),
        row("b 2025-02-11 US ESCALATE chips 0.5"),
        row("c 2025-02-12 US ESCALATE chips 0.6"),
        row("d 2025-02-13 CHINA ESCALATE soybeans 0.2"),
        row("e 2025-02-14 CHINA ESCALATE soybeans 0.3"),
    )
    result = replay_record(baseline, record)
    week = [(d.player, bool(d.option)) for d in result.decisions if d.turn == 3]
    assert week == [
        *((CHINA, True), (US, True)),
        *((CHINA, False), (US, True)),
        *((CHINA, True), (US, False)),
        *((CHINA, True), (US, False)),  # more than three exchanges: no cap, and no idle one
    ]


def test_row_before_the_start_is_listed(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-01-02 US ESCALATE chips 0.5"),
        row("b 2025-02-12 US ESCALATE chips 0.5", not_represented="a test"),
        row("c 2025-02-12 US ESCALATE chips 0.5"),
    )
    result = replay_record(baseline, record)
    assert [(item.id, item.reason) for item in result.unplaced] == [
        ("a", "before the start of the scenario"),
        ("b", "a test"),
    ]
    assert result.placed == ["c"]


def test_move_without_a_level_takes_the_usual_step(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-02-12 US THREATEN chips", lead_weeks=1),
        row("b 2025-02-18 US ESCALATE chips"),
        row("c 2025-02-25 US CONCEDE chips"),
        row("d 2025-03-04 US THREATEN chips 0.3", lead_weeks=1),
        row("e 2025-03-11 US ESCALATE chips"),
    )
    result = replay_record(baseline, record)
    levels = [week["US.chips.in_force"] for week in result.weeks[3:8]]
    assert levels == pytest.approx([0.4, 0.5, 0.4, 0.4, 0.7])
    assert result.weeks[6]["US.chips.pending"] == pytest.approx(0.3)


def test_recorded_level_cuts_down_what_is_loaded(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-02-10 US SUSPEND chips 0.5 0.4", expires="2025-05-12"),
        row("b 2025-02-10 CHINA SUSPEND"),
        row("c 2025-02-18 US ESCALATE chips 0.8"),
    )
    first = build_game(load_scenario("baseline_2025", {"parameters": "start_2025"}))
    weeks = replay_record(first, record).weeks
    levels = [(week["US.chips.in_force"], week["US.chips.loaded"]) for week in weeks[3:5]]
    assert levels == [(0.5, 0.4), (0.8, pytest.approx(0.2))]


# ---------------------------------------------------------------------------
# Illegal moves.

ILLEGAL = [
    (
        "at the floor",
        [row("x 2025-02-12 US CONCEDE port_fees 0")],
        ("line 2 (x), 2025-02-12", "CONCEDE port_fees is not legal here", "floor", "HOLD, SUSPEND"),
    ),
    (
        "at the cap",
        [
            row("a 2025-02-10 CHINA ESCALATE soybeans 1"),
            row("x 2025-02-12 CHINA THREATEN soybeans 0.1", lead_weeks=2),
        ],
        ("line 3 (x)", "THREATEN soybeans", "cap", "CONCEDE soybeans"),
    ),
    (
        "offer twice",
        [row("a 2025-02-10 US SUSPEND"), row("x 2025-02-12 US SUSPEND")],
        ("line 3 (x)", "SUSPEND is not legal", "an own offer stands already", "HOLD"),
    ),
    (
        "nothing to settle",
        [
            row("a 2025-02-10 US SUSPEND", expires="2025-05-12"),
            row("b 2025-02-10 CHINA SUSPEND"),
            row("x 2025-02-18 US SUSPEND"),
        ],
        ("line 4 (x)", "12 weeks left", "no strain and no threat to withdraw"),
    ),
    (
        "escalation downwards",
        [row("x 2025-02-12 US ESCALATE chips 0.35")],
        ("line 2 (x)", "ESCALATE to level 0.35", "chips is at 0.4"),
    ),
    (
        "concession upwards",
        [row("x 2025-02-12 US CONCEDE chips 0.45")],
        ("line 2 (x)", "CONCEDE to level 0.45", "chips is at 0.4"),
    ),
]


@pytest.mark.parametrize(("name", "rows", "fragments"), ILLEGAL, ids=[case[0] for case in ILLEGAL])
def test_illegal_move_is_refused_with_row_reason_and_alternatives(
    baseline, tmp_path, name, rows, fragments
):
    record = write_record(tmp_path, *rows)
    with pytest.raises(InputError) as caught:
        replay_record(baseline, record)
    message = str(caught.value)
    for fragment in ("record.csv", *fragments):
        assert fragment in message
    assert "\n" not in message


@pytest.mark.parametrize(("name", "rows", "fragments"), ILLEGAL, ids=[case[0] for case in ILLEGAL])
def test_illegal_move_is_listed_if_asked(baseline, tmp_path, name, rows, fragments):
    result = replay_record(baseline, write_record(tmp_path, *rows), skip_illegal=True)
    (left_out,) = result.unplaced
    assert left_out.id == "x"
    assert fragments[-1].split(",")[0] in left_out.reason
    assert "x" not in result.placed
    assert len(result.placed) == len(rows) - 1


def test_rows_that_go_with_an_illegal_one_are_listed_too(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("x 2025-02-12 US CONCEDE port_fees 0", decision="p"),
        row("y 2025-02-12 US CONCEDE chips 0.3", decision="p"),
        row("z 2025-02-20 US CONCEDE chips 0.3", decision="p"),
    )
    result = replay_record(baseline, record, skip_illegal=True)
    assert [item.id for item in result.unplaced] == ["x", "y", "z"]
    assert result.weeks[-1]["US.chips.in_force"] == pytest.approx(0.4)


# ---------------------------------------------------------------------------
# Another episode: other labels, levers and years, and choices that are even (precision 0).


def turbot_war(**changes):
    fish = {"weight": 1.0, "irreplaceability": 0.8, "step": 0.25, "domain": "fish"}
    covers = {"WEST": ["boarding"], "EAST": ["visas"]}
    return {
        "name": "fishery",
        "start": "1995-03-06",
        "horizon_weeks": 12,
        "players": ["WEST", "EAST"],
        "parameters": "start_2025",
        "strategies": {"WEST": "hold", "EAST": "hold"},
        "set": {"precision": 0.0},
        "levers": {
            "WEST": {"quota": fish, "boarding": fish | {"domain": "sea"}},
            "EAST": {
                "visas": fish | {"domain": "travel", "pp_at_full": 50},
                "licence": fish | {"start": 0.2, "floor": 0.2, "cap": 0.2},  # cannot move
            },
        },
        "terms": {
            "round": {"weeks": 13, "covers": covers},
            "summit": {"weeks": None, "covers": covers},
        },
    } | changes


EPISODE = [
    row("w1 1995-03-09 WEST ESCALATE boarding 0.5"),
    row("e1 1995-03-10 EAST ESCALATE visas 1.0"),
    row("w2 1995-03-20 WEST SUSPEND boarding 0.2 0.2", expires="1995-04-24"),
    row("e2 1995-03-21 EAST SUSPEND"),
]


def test_other_episode_is_scored(tmp_path):
    """Each choice has the probability 1 / number of legal options, counted by hand."""
    result = replay_record(make_game(tmp_path, turbot_war()), write_record(tmp_path, *EPISODE))
    # WEST: HOLD, SUSPEND, two levers to raise or threaten, and boarding to concede once it is up.
    # EAST: HOLD, SUSPEND, visas to raise or threaten; at the cap only to concede; both after.
    legal = [6, 4, 7, 3, 7, 3, 7, 3, 7, 5]
    assert [1 / d.probability for d in result.decisions] == pytest.approx(legal)
    assert result.log_score == pytest.approx(-sum(map(math.log, legal)) / 10)
    assert [d.row_ids for d in result.decisions if d.option] == [("w1",), ("e1",), ("w2",), ("e2",)]
    raise_any = result.decisions[0]
    assert raise_any.type_probability == pytest.approx(2 / 6)
    assert [Move(d.option if d.option < 2 else 2) for d in result.decisions] == [
        *(Move.ESCALATE, Move.ESCALATE, Move.HOLD, Move.HOLD, Move.HOLD, Move.HOLD),
        *(Move.SUSPEND, Move.SUSPEND, Move.HOLD, Move.HOLD),
    ]


def test_other_episode_settles_by_record_and_by_rule(tmp_path):
    result = replay_record(make_game(tmp_path, turbot_war()), write_record(tmp_path, *EPISODE))
    week = result.weeks[-1]
    assert (week["WEST.boarding.in_force"], week["WEST.boarding.loaded"]) == (0.2, 0.2)
    # EAST gives no level: .7 of it off, .4 of that loaded
    assert week["EAST.visas.in_force"] == pytest.approx(0.3)
    assert week["EAST.visas.loaded"] == pytest.approx(0.28)
    assert (week["phase"], week["weeks_left"]) == ("TRUCE", 5)  # to the week of 24 April
    assert [(player, rate) for _, player, rate in result.rates] == [
        (1, 50.0),
        (1, pytest.approx(15)),
    ]


def test_other_episode_lapses_on_its_date(tmp_path):
    record = write_record(tmp_path, *EPISODE)
    game = make_game(tmp_path, turbot_war(record={"file": "record.csv", "until": "1995-05-28"}))
    result = replay_record(game, record)
    assert result.until == dt.date(1995, 5, 28)  # the last day of the horizon
    covered = next(spell for spell in result.spells if spell.measure == COVERED)
    assert (covered.start, covered.end) == (dt.date(1995, 3, 21), dt.date(1995, 4, 30))
    assert (covered.duration_days, covered.duration_weeks) == (40, 5)
    assert covered.cause == TruceEnd.LAPSE
    # half of what was loaded snaps back
    assert result.weeks[-1]["WEST.boarding.in_force"] == pytest.approx(0.3)
    assert result.weeks[-1]["EAST.visas.in_force"] == pytest.approx(0.44)


def test_parameters_of_foreign_players_are_pooled_and_said(tmp_path):
    game = make_game(tmp_path, turbot_war())
    assert "WEST and EAST not in parameter set start_2025" in game.notes[0]
    # the means of US and CHINA in the set
    assert game.params["initiative"][0] == pytest.approx([-3.275, -3.275])
    one = make_game(tmp_path, turbot_war(plays_as={"WEST": "CHINA", "EAST": "US"}))
    assert one.params["initiative"][0] == pytest.approx([-3.37, -3.18])
    assert one.notes == ()


def test_record_of_another_scenario_is_refused(baseline, tmp_path):
    with pytest.raises(InputError, match=r"line 2 \(w1\), player: unknown 'WEST'"):
        replay_record(baseline, write_record(tmp_path, *EPISODE))


# ---------------------------------------------------------------------------
# Corners.


def test_agreement_without_a_recorded_date_gets_the_term_of_its_forum(baseline, tmp_path):
    record = write_record(
        tmp_path, row("a 2025-02-10 US SUSPEND"), row("b 2025-02-10 CHINA SUSPEND")
    )
    result = replay_record(baseline, record)
    assert result.agreements == [(dt.date(2025, 2, 10), "BEGUN", "week of 2025-05-12")]


def test_row_whose_id_is_the_label_of_an_earlier_package(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-02-04 US ESCALATE market_access 0.1", decision="d"),
        row("d 2025-03-04 US ESCALATE chips 0.5"),
    )
    assert replay_record(baseline, record).num_moves == 2


def test_label_that_is_the_id_of_a_row_of_the_other_side(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-02-04 US ESCALATE market_access 0.1"),
        row("b 2025-02-04 CHINA ESCALATE soybeans 0.3", decision="a"),
    )
    assert replay_record(baseline, record).num_moves == 2


def test_recorded_levels_stay_within_the_cap(tmp_path):
    game = build_game(load_scenario("baseline_2025", {"levers.US.chips.cap": 0.8}))
    record = write_record(
        tmp_path,
        row("a 2025-02-10 US SUSPEND chips 0.5 0.5", expires="2025-05-12"),
        row("b 2025-02-10 CHINA SUSPEND"),
    )
    week = replay_record(game, record).weeks[3]
    assert week["US.chips.in_force"] + week["US.chips.loaded"] <= 0.8 + 1e-9


@pytest.mark.parametrize("text", ["CONCEDE chips 0.9", "ESCALATE chips 0.3"])
def test_carried_row_in_the_wrong_direction_is_refused(baseline, tmp_path, text):
    record = write_record(
        tmp_path,
        row("a 2025-02-04 US ESCALATE market_access 0.1", decision="p"),
        row(f"b 2025-02-04 US {text}", decision="p"),
    )
    with pytest.raises(InputError, match="chips is at"):
        replay_record(baseline, record)


def test_escalation_in_the_package_of_an_offer_is_carried_out_or_refused(baseline, tmp_path):
    record = write_record(
        tmp_path,
        row("a 2025-02-04 US SUSPEND", decision="p"),
        row("b 2025-02-04 US ESCALATE chips 0.9", decision="p"),
    )
    result = replay_record(baseline, record)
    assert result.weeks[-1]["US.chips.in_force"] == pytest.approx(0.9)
