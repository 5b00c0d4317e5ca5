"""From a scenario's dates to the weeks and the first state of the game."""

import datetime as dt

import numpy as np
import pytest

from helpers import foreign_scenario, make_game, write_yaml
from negotiation_abm import build_game, load_scenario
from negotiation_abm.core.terms import Forum, Phase

MONDAY = dt.date(2001, 1, 1)


def calendar_game(folder, calendar, **changes):
    lever = {"weight": 1.0, "irreplaceability": 1.0, "step": 0.1, "domain": "trade"}
    terms = {"weeks": 13, "covers": {}}
    data = {
        "name": "calendar",
        "start": MONDAY,
        "horizon_weeks": 16,
        "players": ["A", "B"],
        "parameters": "start_2025",
        "strategies": {"A": "hold", "B": "hold"},
        "levers": {"A": {"one": lever, "two": lever}, "B": {"one": lever}},
        "terms": {"round": terms, "summit": terms},
        "calendar": calendar,
    }
    return make_game(folder, data, **changes)


def test_weeks_to_the_next_summit_that_is_announced(tmp_path):
    summits = [
        {"date": "2001-04-02"},  # week 13, known from the start
        {"date": "2001-02-09", "announced": "2001-01-15"},  # week 5, known from week 2
    ]
    game = calendar_game(tmp_path, {"summits": summits})
    assert game.weeks["weeks_to_summit"].tolist() == [
        *(13, 12),
        *(3, 2, 1, 0),
        *(7, 6, 5, 4, 3, 2, 1, 0),
        *(-1, -1),
    ]


def test_meetings_fall_into_their_weeks_and_a_summit_goes_before_a_round(tmp_path):
    meetings = {
        "rounds": [{"date": "2001-01-07"}, {"date": "2001-01-08"}, {"date": "2001-01-22"}],
        "summits": [{"date": "2001-01-28"}],
    }
    forums = calendar_game(tmp_path, meetings).weeks["forum"]
    assert forums[:5].tolist() == [Forum.ROUND, Forum.ROUND, Forum.NONE, Forum.SUMMIT, Forum.NONE]


def test_season_is_judged_on_the_middle_day_of_a_week(tmp_path):
    seasons = [
        {"lever": "A.two", "months": [2], "factor": 1.5},
        {"lever": "A.two", "months": [2, 3], "factor": 2.0},
    ]
    salience = calendar_game(tmp_path, {"seasons": seasons}).weeks["salience"]
    # Thursdays 25 January; 1 to 22 February; 1 to 29 March; 5 April
    assert salience[3:14, 0, 1].tolist() == [1.0, *[3.0] * 4, *[2.0] * 5, 1.0]
    assert np.all(salience[:, 0, 0] == 1.0)
    assert np.all(salience[:, 1] == 1.0)


def test_approach_builds_up_to_its_date_and_ends(tmp_path):
    approaches = [{"lever": "B.one", "date": "2001-02-15", "ramp_weeks": 4, "factor": 3.0}]
    salience = calendar_game(tmp_path, {"approaches": approaches}).weeks["salience"][:, 1, 0]
    # Thursdays 11 January (5 weeks before) to 22 February
    assert salience[1:8] == pytest.approx([1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 1.0])


def test_running_truce(tmp_path):
    truce = {"began": "2000-12-18", "expires": "2001-02-06", "terms": "summit", "renewals": 2}
    covers = {"weeks": 52, "covers": {"A": ["two"], "B": ["one"]}}
    terms = {"round": {"weeks": 13, "covers": {}}, "summit": covers}
    (state,) = calendar_game(tmp_path, {}, truce=truce, terms=terms).initial
    assert (state["phase"], state["age"], state["weeks_left"]) == (Phase.TRUCE, 2, 5)
    assert (state["leaders"], state["renewals"]) == (1, 2)
    assert state["covered"][:, :2].tolist() == [[0, 1], [1, 0]]


def test_running_truce_without_a_date(tmp_path):
    (state,) = calendar_game(tmp_path, {}, truce={"began": "2001-01-01"}).initial
    assert (state["phase"], state["age"], state["weeks_left"], state["leaders"]) == (1, 0, -1, 0)


def test_shocks_and_scripts_are_put_into_their_weeks(tmp_path):
    game = make_game(tmp_path, foreign_scenario())
    shocked = np.flatnonzero(game.weeks["has_shock"])
    assert shocked.tolist() == [22, 26]  # 7 August and 4 September from 6 March
    assert game.weeks["shock"][22, 0, 0] == 0.7
    assert np.isnan(game.weeks["shock"][22]).sum() == 11
    script = game.weeks["script"]
    assert script[1, 0].tolist() == [6, *[-1] * 7]  # THREATEN of the second lever
    assert script[4, 1].tolist() == [-1, 1, *[-1] * 6]  # SUSPEND in the second exchange
    assert (script >= 0).sum() == 8


def test_values_set_by_a_scenario(tmp_path):
    values = {"fatigue": 1.25, "initiative.B": -2.0, "lever_bias.A.two": 0.75, "agency_rate": 0.5}
    (params,) = calendar_game(tmp_path, {}, set=values).params
    assert params["fatigue"] == 1.25
    assert params["initiative"].tolist() == pytest.approx([-3.275, -2.0])  # A: mean of the set
    assert params["lever_bias"][:, :2].tolist() == [[0.0, 0.75], [0.0, 0.0]]
    assert params["agency_rate"].tolist() == [0.5, 0.5]


def test_scenario_that_extends_another_keeps_what_it_does_not_name(tmp_path):
    write_yaml(tmp_path / "base.yaml", foreign_scenario())
    changes = {"levers": {"SOUTH": {"gas": {"start": 0.5}}}, "truce": None, "shocks": []}
    path = write_yaml(tmp_path / "top.yaml", {"extends": "base.yaml"} | changes)
    base, top = load_scenario(tmp_path / "base.yaml"), load_scenario(path)
    assert (base.levers["SOUTH"]["gas"].start, top.levers["SOUTH"]["gas"].start) == (0.0, 0.5)
    assert top.levers["SOUTH"]["gas"].domain == "energy"
    assert top.levers["NORTH"] == base.levers["NORTH"]
    assert (base.truce is None, top.truce, top.shocks) == (False, None, [])
    assert top.calendar == base.calendar


def test_levers_are_numbered_in_the_order_of_the_file():
    game = build_game(load_scenario("baseline_2025"))
    assert [label for _, _, label in game.lever_labels()][:5] == [
        *("US.market_access", "US.chips", "US.entity_lists", "US.port_fees"),
        "CHINA.rare_earths",
    ]
    assert game.domain_names == ("trade", "technology", "shipping", "farm")
    assert game.option_label(0, 0) == "HOLD"
    assert game.option_label(5, 0) == "ESCALATE chips"
    assert game.tariff_levers() == {0: (0, 145.0), 1: (2, 125.0)}
