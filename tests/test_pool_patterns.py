"""Patterns over a pool: who plays, what wrong models lack, and how often they pass."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from negotiation_abm.calibration import pool_patterns as module
from negotiation_abm.calibration.free_runs import CANNOT_FAIL
from negotiation_abm.calibration.patterns import STATISTICS
from negotiation_abm.calibration.pool import load_members
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.pool_patterns import (
    MECHANISMS,
    games_by_draw,
    governing,
    memoryless,
    pool_patterns,
)
from negotiation_abm.core.terms import Move
from negotiation_abm.replay.watched import simulated_history


@pytest.fixture(scope="module")
def members():
    pool = replace(load_pool("seven"), governments={"US": {"a": dt.date(2017, 1, 20)}})
    return load_members(pool, ("us_china_2025", "us_india_2025"), dt.date(2025, 12, 31))


@pytest.fixture(scope="module")
def fit(members):
    """Draws around the values of the scenarios, as a fit would give them."""
    rng = np.random.default_rng(1)
    points = [
        m.data.point() + 0.05 * rng.standard_normal((2, 3, len(m.data.point()))) for m in members
    ]
    return SimpleNamespace(draws=points.__getitem__)


def test_every_statistic_has_a_mechanism_that_can_be_taken_out():
    assert {statistic.without for statistic in STATISTICS} == set(MECHANISMS)


@pytest.mark.parametrize("name", MECHANISMS)
def test_what_is_taken_out_is_gone_and_the_rest_stays(members, fit, name):
    game = games_by_draw(members, fit)[0][0]
    changed = module._changed(game, MECHANISMS[name])
    differing = {
        field
        for field in game.params.dtype.names
        if game.params[field].tobytes() != changed.params[field].tobytes()
    }
    assert differing
    assert game.params["fatigue"][0] != 0.0  # the game itself stays as it is
    plain = differing - {"coverage", "audience_cost", "follow_decay_weeks"}
    assert all((changed.params[field] == 0).all() for field in plain if field in _coefficients())


def _coefficients():
    return {parameter.name for parameter in module.FITTED}


def test_games_take_the_values_of_their_draw(members, fit):
    games = games_by_draw(members, fit)
    assert (len(games), len(games[0])) == (6, 2)
    for number, member in enumerate(members):
        labels = [c.label for c in member.data.coefficients]
        expected = fit.draws(number)[1, 0, labels.index("fatigue")]
        assert games[3][number].params["fatigue"][0] == pytest.approx(expected)


def test_an_episode_is_played_by_those_who_governed_in_most_of_it():
    pool = load_pool("seven")
    for split, winner in ((dt.date(2025, 3, 1), "after"), (dt.date(2025, 11, 1), "before")):
        us = {"US": {"before": dt.date(2017, 1, 20), "after": split}}
        [member] = load_members(
            replace(pool, governments=us), ("us_china_2025",), dt.date(2025, 12, 31)
        )
        names = {member.governments[k] for k in governing(member)} - {"", "CHINA"}
        assert names == {winner}
        parameters = [
            (c.parameter, c.index) for c in (member.data.coefficients[k] for k in governing(member))
        ]
        assert len(set(parameters)) == len(parameters)


def test_a_model_without_memory_moves_as_often_as_the_record(members):
    member, rng = members[0], np.random.default_rng(2)
    weeks = int(member.data.turn.max()) + 1
    kinds = module.types_of(member.data)
    made = dict.fromkeys((Move.ESCALATE, Move.THREATEN, Move.CONCEDE), 0.0)
    runs = 60
    for number in range(runs):
        game = memoryless(member, member.game, rng)
        history = simulated_history(replace(game, weeks=game.weeks[:weeks]), 1, number)
        for move in made:
            made[move] += len(history.of(move)) / runs
    for move, mean in made.items():
        recorded = int((kinds[~member.data.agency] == move).sum())
        assert 0.5 * recorded - 2 < mean < 2.0 * recorded + 2


def test_the_table_says_who_passes(members, fit, monkeypatch):
    """Where the mechanism is no longer taken out, the wrong model passes as the right one does."""
    kept = {name: lambda params: None for name in MECHANISMS}
    monkeypatch.setattr(module, "MECHANISMS", kept)
    monkeypatch.setattr(module, "memoryless", lambda member, game, rng: game)
    done = []
    table, by_episode = pool_patterns(members, fit, 1, done.append)
    assert done == list(range(1, len(MECHANISMS) + 3))
    assert len(table) == len(STATISTICS)
    known = table[table["verdict"] != "not defined"]
    full = known[known["defined"] == 1.0]
    assert (full["passes_without"] == full["passes_memoryless"]).all()
    outside = (known["record"] < known["low"]) | (known["record"] > known["high"])
    always = (known[["passes_without", "passes_memoryless"]] >= 0.8).all(axis=1)
    expected = np.where(outside, "fail", np.where(always, CANNOT_FAIL, "pass"))
    assert known["verdict"].tolist() == expected.tolist()
    assert by_episode.groupby("episode").size().tolist() == [len(STATISTICS)] * 2
    assert (table["inside"] <= table["of"]).all()
    assert table["of"].max() == 2
