"""What a lever does to free play, and the negative controls."""

import math

import numpy as np
import pandas as pd
import pytest

from cli_helpers import shipped_game
from negotiation_abm import Game, NegotiationModel
from negotiation_abm.calibration.controls import CONTROLS, control_table
from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.lever_response import (
    CHANGES,
    STANDS,
    Change,
    across_rules,
    changed_lever,
    lever_response,
    response_means,
)
from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import COVERED, SPELL, TALLY
from negotiation_abm.run.batch import Block, run_replicates
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.run.spells import curves_of

OFF = Change("disabled", 0.0, disabled=True)
SAME = Change("potency x 1", 1.0)
RARE_EARTHS, CHIPS = (1, 0), (0, 1)


@pytest.fixture(scope="module")
def game():
    return shipped_game("baseline_2025", parameters="calibrated_2025")


@pytest.fixture(scope="module")
def busan():
    return shipped_game("busan_2025", parameters="calibrated_2025")


def differing(one, other):
    """Fields in which two records differ, with the places."""
    found = {}
    for name in one.dtype.names:
        a, b = np.asarray(one[name][0]), np.asarray(other[name][0])
        if a.tobytes() != b.tobytes():
            found[name] = np.argwhere(np.atleast_1d(a != b)).tolist()
    return found


# ---------------------------------------------------------------------------
# The changed game


@pytest.mark.parametrize("change", [*CHANGES, SAME], ids=lambda c: c.label)
@pytest.mark.parametrize("name", ["game", "busan"])
def test_the_base_game_stays_as_it_is(name, change, request):
    game = request.getfixturevalue(name)
    before = [getattr(game, part).tobytes() for part in ("params", "initial", "weeks")]
    changed_lever(game, *RARE_EARTHS, change)
    assert [getattr(game, part).tobytes() for part in ("params", "initial", "weeks")] == before


def test_potency_changes_what_a_lever_does_and_nothing_else(busan):
    changed = changed_lever(busan, *RARE_EARTHS, Change("half", 0.5))
    assert differing(busan.params, changed.params) == {"weight": [[1, 0]]}
    assert differing(busan.initial, changed.initial) == {"potency": [[1, 0]]}
    assert changed.params["weight"][0, 1, 0] == 0.5 * busan.params["weight"][0, 1, 0]
    assert changed.initial["potency"][0, 1, 0] == 0.5 * busan.initial["potency"][0, 1, 0]


def test_a_disabled_lever_is_gone_and_the_others_are_not(busan):
    changed = changed_lever(busan, *RARE_EARTHS, OFF)
    for name in ("in_force", "loaded", "pending", "bite", "potency"):
        assert changed.initial[name][0, 1, 0] == 0.0
        assert differing(busan.initial, changed.initial).get(name, [[1, 0]]) == [[1, 0]]
    assert changed.params["cap"][0, 1, 0] == changed.params["floor"][0, 1, 0] == 0.0
    assert set(differing(busan.initial, changed.initial)) <= {
        *("in_force", "loaded", "pending", "bite", "potency"),
    }


@pytest.mark.parametrize("lever", [RARE_EARTHS, CHIPS])
def test_a_disabled_lever_is_never_used(busan, game, lever):
    for base in (game, busan):
        changed = changed_lever(base, *lever, OFF)
        runs = run_replicates(changed, 3, 0, 200).runs
        assert not runs["peak_in_force"][:, lever[0], lever[1]].any()
        assert runs["peak_in_force"].any()
        name = base.lever_names[lever[0]][lever[1]]
        for replicate in range(4):
            model = NegotiationModel(changed, seed=3, replicate=replicate).run_to_horizon()
            used = {(m["player"], m["lever"]) for m in model.moves}
            assert (base.players[lever[0]], name) not in used
            assert len(used) > 4


def test_an_impotent_lever_stays_on_the_menu(game):
    changed = changed_lever(game, *RARE_EARTHS, CHANGES[0])
    runs = run_replicates(changed, 3, 0, 200).runs
    assert runs["peak_in_force"][:, 1, 0].max() > game.initial["in_force"][0, 1, 0]


# ---------------------------------------------------------------------------
# Outcomes


def test_survival_by_hand():
    # 10 spells: 2 end in week 1, 3 are censored in week 2, 1 ends in week 3, 4 run on.
    spells = np.zeros(10, SPELL)
    spells["replicate"] = np.arange(10)
    spells["duration_weeks"] = [1, 1, 2, 2, 2, 3, 9, 9, 9, 9]
    spells["cause"] = [1, 1, 0, 0, 0, 1, 0, 0, 0, 0]

    def lasting(some, week):
        return curves_of([some]).at(week).value[0]

    assert lasting(spells, 0) == 1.0
    assert lasting(spells, 2) == pytest.approx(0.8)
    assert lasting(spells, 5) == pytest.approx(0.8 * (1 - 1 / 5))
    assert math.isnan(lasting(spells[:0], 5))
    assert math.isnan(lasting(spells, 10))  # beyond the data


def test_outcomes_by_hand(game):
    runs = np.zeros(2, TALLY)
    runs["num_moves"][0] = [[9, 0, 3, 0, 1], [9, 0, 2, 0, 0]]
    runs["num_moves"][1] = [[9, 0, 1, 0, 0], [9, 0, 4, 0, 2]]
    runs["num_truces"], runs["first_truce_week"] = [0, 2], [-1, 6]
    runs["weeks_in_truce"] = [0, 30]
    runs["mean_in_force"][:, 0, 0] = [0.2, 0.4]
    spells = np.zeros(1, SPELL)
    spells["measure"], spells["duration_weeks"], spells["cause"] = COVERED, 30, TruceEnd.BREACH
    found = response_means(game, Block(runs, spells))
    assert (found["US escalations"], found["CHINA escalations"]) == (2.0, 3.0)
    assert (found["US concessions"], found["CHINA concessions"]) == (0.5, 1.0)
    assert (found["truces begun"], found["weeks in truce"]) == (1.0, 15.0)
    assert found["first truce, weeks"] == (104 + 6) / 2  # none: the horizon
    assert found["US mean tariff, pp"] == pytest.approx(0.3 * 145)
    assert found["S(26 weeks), covered"] == 1.0
    assert math.isnan(found["S(26 weeks), any domain"])
    assert found["escalations"] == 5.0
    assert STANDS not in found


def test_the_truce_in_force_is_followed_from_the_start(busan):
    """Of three runs one truce ends in week 10, one in week 27, one stands at the horizon."""
    started = int(busan.initial["age"][0])
    runs, spells = np.zeros(3, TALLY), np.zeros(4, SPELL)
    spells["replicate"], spells["measure"] = [0, 1, 2, 2], COVERED
    spells["entry_weeks"] = [started] * 3 + [0]  # the last one is a later truce
    spells["duration_weeks"] = [started + 10, started + 27, started + 40, 60]
    spells["cause"] = [TruceEnd.BREACH, TruceEnd.BREACH, TruceEnd.CENSORED, TruceEnd.CENSORED]
    assert response_means(busan, Block(runs, spells))[STANDS] == pytest.approx(2 / 3)


def rules_table(difference, low, high):
    row = {"lever": "US.chips", "change": "x", "outcome": "y", "difference": difference}
    return pd.DataFrame([row | {"low": low, "high": high, "clear": low > 0 or high < 0}])


@pytest.mark.parametrize(
    ("rows", "clear_in", "verdict"),
    [
        ([(0.1, 0.05, 0.2), (0.3, 0.1, 0.5)], 2, "under every rule"),
        ([(0.1, 0.05, 0.2), (0.0, -0.1, 0.1)], 1, "by the rules"),
        ([(0.1, 0.05, 0.2), (-0.1, -0.2, -0.05)], 2, "by the rules"),  # of either sign
        ([(0.1, -0.05, 0.2), (0.0, -0.1, 0.1)], 0, "not clear"),
    ],
)
def test_what_levers_do_under_several_rules(rows, clear_in, verdict):
    tables = {str(number): rules_table(*row) for number, row in enumerate(rows)}
    [found] = across_rules(tables).to_dict("records")
    assert (found["clear_in"], found["rules"], found["verdict"]) == (clear_in, 2, verdict)
    assert (found["least"], found["most"]) == (min(r[0] for r in rows), max(r[0] for r in rows))
    assert (found["low"], found["high"]) == (min(r[1] for r in rows), max(r[2] for r in rows))


# ---------------------------------------------------------------------------
# The response


def test_no_change_changes_nothing(game):
    table = lever_response([game], 40, 50, 1, changes=(SAME,))
    assert len(table) == 9 * len(table["outcome"].unique())
    assert (table[["difference", "low", "high"]].fillna(0.0) == 0.0).all(axis=None)
    assert not table["clear"].any()


def test_what_no_run_has_is_nan_and_not_clear():
    silent = shipped_game("baseline_2025", **{"strategies.US": "hold", "strategies.CHINA": "hold"})
    table = lever_response([silent, silent], 30, 5, 1, changes=(OFF,))
    spells = table[table["outcome"].str.startswith("S(")]
    assert spells[["base", "difference", "low", "high"]].isna().all(axis=None)
    assert not table["clear"].any()


@pytest.fixture(scope="module")
def response(game):
    games = games_of(game, thinned(draws_of(game.parameter_set), 3))
    done = []
    table = lever_response(games, 40, 60, 1, progress=done.append)
    return table, games, done


def test_one_row_a_lever_change_and_outcome(response, game):
    table, _, done = response
    assert done == [1, 2, 3]
    labels = [label for _, _, label in game.lever_labels()]
    assert table["lever"].unique().tolist() == labels
    assert table["change"].unique().tolist() == [change.label for change in CHANGES]
    assert not table.duplicated(["lever", "change", "outcome"]).any()
    assert len(table) == 9 * 4 * table["outcome"].nunique()
    known = table.dropna()
    assert ((known["low"] <= known["difference"]) & (known["difference"] <= known["high"])).all()
    assert (known["clear"] == ((known["low"] > 0) | (known["high"] < 0))).all()


def test_base_and_change_have_the_same_draws(response):
    """Differences are those of runs that are played anew, one draw after the other."""
    table, games, _ = response
    gaps = []
    for one in games:
        short = Game(**{**one.__dict__, "weeks": one.weeks[:40]})
        changed = changed_lever(short, *RARE_EARTHS, OFF)
        base, other = (response_means(g, run_replicates(g, 1, 0, 60)) for g in (short, changed))
        gaps.append(other["US concessions"] - base["US concessions"])
    row = table.query(
        "lever == 'CHINA.rare_earths' and change == 'disabled' and outcome == 'US concessions'"
    ).iloc[0]
    assert (row["low"], row["difference"], row["high"]) == pytest.approx(
        tuple(np.quantile(gaps, (0.05, 0.5, 0.95)))
    )


def test_the_response_does_not_depend_on_threads(response, game):
    table, games, _ = response
    pd.testing.assert_frame_equal(table, lever_response(games, 40, 60, 1))


@pytest.mark.slow
def test_leverage_moves_concessions_of_the_other_side(game):
    """At the point values, a year of free play, a thousand runs: signs that stand out of noise."""
    table = lever_response([game], 52, 1000, 2, changes=(CHANGES[0],))
    by = table.set_index(["lever", "outcome"])["difference"]
    assert by["CHINA.rare_earths", "US concessions"] < -0.2
    assert by["US.chips", "CHINA concessions"] < -0.1
    assert by["CHINA.rare_earths", "truces begun"] < 0.0


# ---------------------------------------------------------------------------
# Negative controls


@pytest.mark.slow
def test_controls_are_paired_with_the_game_without_them():
    table = control_table({"parameters": "calibrated_2025"}, 300, 1)
    assert len(table) == 2 * len(CONTROLS)
    assert table["control"].unique().tolist() == [label for label, _, _ in CONTROLS]
    null = (table["low"] <= 0) & (table["high"] >= 0)
    assert (table["verdict"] == np.where(null, "pass", "fail")).all()
    assert (table["low"] <= table["difference"]).all()
    # The same draws: most runs are the same with and without, so that differences are small.
    survival = table[table["outcome"].str.startswith("S(")]
    assert (survival["difference"].abs() < 0.15).all()
