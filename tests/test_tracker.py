"""Spells and tallies of scripted play, counted by hand."""

import datetime as dt

import numpy as np
import pytest

from helpers import (
    ESCALATE_0,
    HOLD,
    SUSPEND,
    THREATEN_0,
    make_game,
    make_params,
    make_state,
    make_truce,
    make_week,
)
from negotiation_abm import NegotiationModel
from negotiation_abm.core.state import as_object, blank
from negotiation_abm.core.terms import Phase, TruceEnd
from negotiation_abm.core.tracker import (
    ANY_DOMAIN,
    COVERED,
    NO_SPELL,
    TALLY,
    TRACE,
    start_tally,
    trace_turn,
    track_forced,
)

START = dt.date(2001, 1, 1)
BREACH, LAPSE, ESCALATION = TruceEnd.BREACH, TruceEnd.LAPSE, TruceEnd.ESCALATION
CENSORED, COLLAPSE = TruceEnd.CENSORED, TruceEnd.COLLAPSE

# Truce in week 2, strained in week 5 from the open lever, repaired in week 6, broken in week 9;
# another in week 12 that lapses in week 25; a third in week 30, renewed in week 36.
PLAY = [
    *((2, "A", "SUSPEND"), (2, "B", "SUSPEND")),
    (5, "B", "ESCALATE", "open"),
    *((6, "A", "SUSPEND"), (6, "B", "SUSPEND")),
    (9, "A", "ESCALATE", "text"),
    *((12, "A", "SUSPEND"), (12, "B", "SUSPEND")),
    *((30, "A", "SUSPEND"), (30, "B", "SUSPEND")),
    *((36, "A", "SUSPEND"), (36, "B", "SUSPEND")),
]


def play(folder, script, **changes):
    """Run a script; an escalation of the open lever has the severity .1 exactly."""
    full = {"weight": 1.0, "irreplaceability": 1.0, "step": 0.5}
    side = {"text": full | {"domain": "x"}, "open": full | {"domain": "y", "cap": 0.1}}
    terms = {"weeks": 13, "covers": {"A": ["text"], "B": ["text"]}}
    values = {"round_base": -20.0, "round_truce": 0.0, "fatigue": 0.0, "round_strain": 0.0}
    data = {
        "name": "script",
        "start": START,
        "horizon_weeks": 45,
        "players": ["A", "B"],
        "parameters": "start_2025",
        "strategies": {"A": "scripted", "B": "scripted"},
        "levers": {"A": side, "B": side},
        "terms": {"round": terms, "summit": terms},
        "set": values | {"round_date": 0.0, "min_severity": 0.1, "erosion": 0.0} | changes,
        "script": [
            {
                "date": START + dt.timedelta(weeks=week),
                "player": player,
                "move": move,
                "lever": lever[0] if lever else None,
            }
            for week, player, move, *lever in script
        ],
    }
    return NegotiationModel(make_game(folder, data), seed=1).run_to_horizon()


def spells_of(model, measure):
    return [
        (s.truce, s.start_week, s.duration_weeks, s.cause, s.player, s.lever, s.renewals)
        for s in model.spells
        if s.measure == measure
    ]


def test_covered_spells(tmp_path):
    assert spells_of(play(tmp_path, PLAY), COVERED) == [
        (0, 2, 7, BREACH, 0, 0, 0),
        (1, 12, 13, LAPSE, -1, -1, 0),
        (2, 30, 14, CENSORED, -1, -1, 1),  # week 44 is the last
    ]


def test_the_first_truce_is_the_first_even_in_the_first_week(tmp_path):
    moves = [(max(0, week - 2), *rest) for week, *rest in PLAY]
    tally = play(tmp_path, moves).tally
    assert (tally.num_truces, tally.first_truce_week) == (3, 0)


def test_any_domain_spells(tmp_path):
    assert spells_of(play(tmp_path, PLAY), ANY_DOMAIN) == [
        (0, 2, 3, ESCALATION, 1, 1, 0),
        (0, 6, 3, BREACH, 0, 0, 0),
        (1, 12, 13, LAPSE, -1, -1, 0),
        (2, 30, 14, CENSORED, -1, -1, 1),
    ]


def test_small_escalations_do_not_end_an_any_domain_spell(tmp_path):
    model = play(tmp_path, PLAY, min_severity=0.101)
    assert spells_of(model, ANY_DOMAIN)[0] == (0, 2, 7, BREACH, 0, 0, 0)


def test_collapse_ends_the_covered_spell_and_escalation_the_other(tmp_path):
    model = play(tmp_path, PLAY[:3], tolerance=0.1)
    assert spells_of(model, COVERED) == [(0, 2, 3, COLLAPSE, 1, 1, 0)]
    assert spells_of(model, ANY_DOMAIN) == [(0, 2, 3, ESCALATION, 1, 1, 0)]


def test_tally(tmp_path):
    tally = play(tmp_path, PLAY).tally
    assert (tally.num_truces, tally.num_renewals, tally.num_repairs) == (3, 1, 1)
    assert tally.renewal_lead_weeks == 7  # 13 weeks, less six that had passed
    assert tally.first_truce_week == 2
    assert tally.weeks_in_truce == 7 + 13 + 15
    assert tally.num_meetings == 0
    assert tally.num_moves[:, 1:].tolist() == [[5, 1, 0, 0], [5, 1, 0, 0]]


def test_peak_and_mean_level(tmp_path):
    tally = play(tmp_path, [(9, "B", "ESCALATE", "open")]).tally
    assert tally.peak_in_force[1, 1] == pytest.approx(0.1)
    assert tally.mean_in_force[1, 1] == pytest.approx(0.1 * 36 / 45)


def test_run_without_a_truce(tmp_path):
    model = play(tmp_path, [(9, "B", "ESCALATE", "open")])
    assert model.spells == []
    assert model.tally.first_truce_week == -1


def test_truce_of_the_last_week(tmp_path):
    model = play(tmp_path, [(44, "A", "SUSPEND"), (44, "B", "SUSPEND")])
    assert spells_of(model, COVERED) == [(0, 44, 0, CENSORED, -1, -1, 0)]


def test_a_forced_move_counts_where_it_was_made_and_in_its_exchange():
    tally = as_object(blank(TALLY)[0])
    week = make_week(forced=[[1 + ESCALATE_0, 0, 1 + HOLD], [0, 1 + SUSPEND, 0]])
    for exchange in range(3):
        state = make_state(make_params(), exchange=exchange)
        for player, options in ((0, (HOLD, ESCALATE_0, THREATEN_0)), (1, (HOLD, SUSPEND))):
            for option in options:
                track_forced(tally, state, week, player, option)
    assert tally.forced_moves.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("phase", "begun", "starts", "renewals"),
    [
        (Phase.DISPUTE, 0, [NO_SPELL] * 2, [0, 0]),
        (Phase.TRUCE, 0, [-4, -4], [2, 2]),
        (Phase.TRUCE, 1, [0, 0], [0, 0]),  # its own spells are kept
    ],
)
def test_a_truce_in_force_opens_a_spell_of_each_measure(phase, begun, starts, renewals):
    tally = as_object(blank(TALLY)[0])
    tally.begun = begun
    state = make_truce(make_params(), phase=phase, turn=5, age=9, renewals=2)
    start_tally(tally, state, 7)
    assert (tally.replicate, tally.first_turn, tally.first_truce_week) == (7, 5, -1)
    assert tally.begun == 1
    assert tally.spell_start.tolist() == starts
    assert tally.spell_renewals.tolist() == renewals


@pytest.mark.parametrize("phase", [Phase.DISPUTE, Phase.TRUCE])
def test_a_trace_notes_the_state_and_the_moves_of_a_week(phase):
    params = make_params(relative_gains=0.5)
    levels = {"in_force": [[0.5, 0], [0, 0.25]], "loaded": [[0, 0.1], [0.2, 0]]}
    moods = {"felt": [0.1, 0.2], "anger": [0.3, 0.4], "goodwill": [0.5, 0.6], "strain": 0.7}
    state = make_truce(params, phase=phase, age=9, forum=1, **levels, **moods)
    week = make_week(salience=[[2.0, 1.0], [1.0, 1.0]])
    trace, tally = (as_object(blank(kind)[0]) for kind in (TRACE, TALLY))
    tally.num_moves[1, 3] = 8
    trace_turn(trace, state, params, week, tally)
    assert trace.age == (9 if phase == Phase.TRUCE else 0)
    for name in ("phase", "weeks_left", "forum", *moods, *levels):
        assert np.array_equal(getattr(trace, name), getattr(state, name)), name
    assert np.array_equal(trace.num_moves, tally.num_moves)
    assert trace.hurt[:, :2].ravel() == pytest.approx([2 * 12 / 15, 0, 0, 8 / 15])
    pains = np.array([8 / 15, 2 * 12 / 15])
    assert trace.flow == pytest.approx(0.5 * pains[::-1] - pains)


def test_threat_that_is_carried_out_is_counted(tmp_path):
    threat = [(3, "A", "THREATEN", "open"), (4, "A", "ESCALATE", "open")]  # every lead is 1 or more
    tally = play(tmp_path, [*threat, (5, "B", "ESCALATE", "open")]).tally
    assert tally.threats_carried_out.tolist() == [1, 0]
