"""A pool of episodes: its file, its data, the hierarchy, its sampler, what is left out."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cli_helpers import ROOT, command
from negotiation_abm import InputError, build_game, load_scenario
from negotiation_abm.calibration.hierarchy import Hierarchy
from negotiation_abm.calibration.left_out import (
    LeftOut,
    best_statistic,
    gains,
    second_signatures,
)
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.months_out import RELIABLE, _lost, smoothed
from negotiation_abm.calibration.pool import load_members
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.pool_fit import fit_pool
from negotiation_abm.calibration.posterior import mixing
from negotiation_abm.calibration.scores import MODEL
from negotiation_abm.calibration.spells import Spells, _log_probability, _smooth, fit_weibull
from negotiation_abm.calibration.surrogate import find_surrogate
from negotiation_abm.scenario.parameters import load_parameter_set
from negotiation_abm.scenario.posterior_draws import load_draws

TWO = ("us_china_2025", "us_india_2025")
SMALL = {
    "name": "small",
    "episodes": list(TWO),
    "until": dt.date(2025, 12, 31),
    "parameters": "start_2025",
    "governments": {"US": {"before": dt.date(2017, 1, 20), "after": dt.date(2025, 9, 1)}},
    "spreads": {"government": 2, "episode": 1, "breach_cost": 2, "lever_bias": 1},
    "sets": {"mine": {"member": "us_china_2025"}},
}


def pool_file(folder, **changes):
    """A small pool as a file."""
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL | changes), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return load_pool(pool_file(tmp_path_factory.mktemp("pool")))


@pytest.fixture(scope="module")
def members(pool):
    return load_members(pool)


@pytest.fixture(scope="module")
def hierarchy(members, pool):
    return Hierarchy(members, pool)


@pytest.fixture
def point(hierarchy):
    return hierarchy.start() + 0.2 * np.random.default_rng(1).standard_normal(hierarchy.size)


# ---------------------------------------------------------------------------
# The file


def test_the_shipped_pool_is_of_seven_main_readings():
    """The first coding of US-China 2018-20 is a check of the coding, and no part of it."""
    pool = load_pool("seven")
    assert len(pool.episodes) == 7
    assert not [name for name in pool.episodes if "/" in name]
    assert set(pool.sets) == {"calibrated_2025", "calibrated_2025_alone", "calibrated_2026"}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"spreads": {"goverment": 1}}, "spreads.goverment: unknown; did you mean 'government'"),
        ({"spreads": {"initiative": 1}}, "spreads.initiative: unknown"),
        ({"spreads": {"episode": -1}}, "spreads.episode"),
        ({"sets": {"mine": {"member": "us_eu_2018"}}}, "sets.mine.member"),
        ({"sets": {"../mine": {"member": "us_china_2025"}}}, "sets.../mine: not the name of a"),
        ({"episodes": ["us_china_2025"] * 2}, "episodes: an episode is named twice"),
        ({"episodes": []}, "episodes"),
        ({"untill": dt.date(2025, 1, 1)}, "untill: unknown; did you mean 'until'"),
    ],
)
def test_faults_of_a_pool_are_named(tmp_path, changes, place):
    with pytest.raises(InputError) as error:
        load_pool(pool_file(tmp_path, **changes))
    assert place in str(error.value)


def test_an_episode_that_is_not_known_by_the_date_is_refused(pool):
    with pytest.raises(InputError, match="us_india_2025 has no move by then"):
        load_members(pool, until=dt.date(2025, 1, 25))


# ---------------------------------------------------------------------------
# The episodes


def test_nothing_after_the_cut_off_date_is_seen(pool):
    until = dt.date(2025, 6, 30)
    for member in load_members(pool, until=until):
        assert max(member.data.dates) <= until
        assert max(row.date for row in member.record.rows) <= until
        last = member.game.scenario.turn_of(until)
        assert member.data.round_turn.max() == last


def test_base_values_of_a_government_hold_while_it_governs(pool, members):
    for member in members:
        data = member.data
        change = dt.date(2025, 9, 1)
        for k, (coefficient, name) in enumerate(
            zip(data.coefficients, member.governments, strict=True)
        ):
            used = np.array(data.dates)[(data.features[:, :, k] != 0).any(axis=1)]
            if name == "before":
                assert " of before" in coefficient.label
                assert len(used)
                assert max(used) < change + dt.timedelta(weeks=1)
            elif name == "after":
                assert len(used)
                assert min(used) >= change
    assert pool.government_of("CHINA", change) == "CHINA"


def test_splitting_by_government_changes_no_likelihood(pool, members):
    whole = load_members(replace(pool, governments={}))
    for member, plain in zip(members, whole, strict=True):
        theta = np.random.default_rng(2).normal(0.0, 0.3, len(plain.data.coefficients))
        by_label = dict(zip([c.label for c in plain.data.coefficients], theta, strict=True))
        split = [by_label[c.label.partition(" of ")[0]] for c in member.data.coefficients]
        value, _ = member.likelihood.value_and_gradient(np.array(split))
        assert value == pytest.approx(plain.likelihood.value_and_gradient(theta)[0])


def test_acts_of_agencies_are_no_choices(members):
    china = members[0]
    assert china.data.agency.sum() > 0
    assert not china.likelihood.counted[china.data.agency].any()


# ---------------------------------------------------------------------------
# The hierarchy


def test_the_gradient_is_that_of_differences(hierarchy, point):
    _, gradient = hierarchy.value_and_gradient(point)
    some = np.random.default_rng(3).choice(hierarchy.size, 20, replace=False).tolist()
    for k in [*some, hierarchy.size - 1, hierarchy.size - 3]:  # and spreads, which stand last
        step = np.zeros(hierarchy.size)
        step[k] = 1e-5
        up, down = (hierarchy.value_and_gradient(point + s)[0] for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_the_log_posterior_is_likelihoods_and_normal_priors(hierarchy, point, members):
    value, _ = hierarchy.value_and_gradient(point)
    for number, member in enumerate(members):
        theta = hierarchy.coefficients(point, number)
        likelihood = MarginalLikelihood(member.data, ~member.data.agency)
        value -= likelihood.value_and_gradient(theta)[0]
    gaps = [(x - u.mean) / u.sd for x, u in zip(point, hierarchy.unknowns, strict=True)]
    assert value == pytest.approx(-0.5 * np.square(gaps).sum())


def test_a_base_value_is_mean_and_deviations(hierarchy, point, members):
    by_label = dict(zip([u.label for u in hierarchy.unknowns], point, strict=True))
    labels = [c.label for c in members[1].data.coefficients]
    for side, who in (("INDIA", "INDIA"), ("US", "after")):
        expected = by_label["mean of offer_cost"]
        expected += abs(by_label["government"]) * by_label[f"offer_cost, {who}"]
        label = f"offer_cost, {who} in us_india_2025"
        expected += abs(by_label["episode"]) * by_label[label]
        found = hierarchy.coefficients(point, 1)[labels.index(f"offer_cost.{side}")]
        assert found == pytest.approx(expected)
    shared = [hierarchy.coefficients(point, n)[labels.index("fatigue")] for n in (0, 1)]
    assert shared[0] == shared[1] == by_label["mean of fatigue"]


def test_what_is_left_out_counts_for_nothing(members, pool, point):
    less = Hierarchy(members, pool, ["us_india_2025"])
    own = [k for k, u in enumerate(less.unknowns) if "us_india_2025" in u.label]
    assert own
    moved = point.copy()
    moved[own] += 0.5
    value, gradient = less.value_and_gradient(point)
    np.testing.assert_allclose(gradient[own], -point[own])  # the prior alone
    prior = 0.5 * (np.square(moved[own]) - np.square(point[own])).sum()
    assert less.value_and_gradient(moved)[0] == pytest.approx(value - prior)


def test_the_surrogate_agrees_with_the_posterior_near_its_centre(hierarchy):
    """Two values of the log density differ as the normal says, at other spreads too."""
    near = find_surrogate(hierarchy)
    rng = np.random.default_rng(4)
    for factor in (1.0, 0.7):
        frame = near.frame(factor * np.exp(near.logs[0]))
        z = 0.1 * rng.standard_normal((2, len(frame.mean)))
        first, second = (hierarchy.value_and_gradient(near.point(frame, x))[0] for x in z)
        expected = -0.5 * (z[0] @ z[0] - z[1] @ z[1])
        assert first - second == pytest.approx(expected, abs=0.15 if factor == 1.0 else 0.5)


def test_chains_over_nothing_that_counts_draw_from_the_prior(members, pool):
    """All left out: half-normal spreads, normal deviations, whatever a proposal is."""
    result = fit_pool(members, pool, 400, seed=5, left_out=TWO, warm_up=50)
    hierarchy = result.hierarchy
    names = list(hierarchy.spreads)
    _, size = mixing(np.abs(result.points))
    flat = np.abs(result.points.reshape(-1, hierarchy.size))
    for name, top in hierarchy.spreads.items():
        k = hierarchy.size - len(names) + names.index(name)
        error = 0.603 / np.sqrt(size[k])  # half-normal: mean .798, sd .603
        assert flat[:, k].mean() / top == pytest.approx(np.sqrt(2 / np.pi), abs=5 * error)
    deviations = [k for k, u in enumerate(hierarchy.unknowns) if u.spread]
    drawn = result.points[:, :, deviations]
    assert abs(drawn.mean()) < 0.05
    assert drawn.std() == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
def test_chains_mix_and_follow_the_seed(members, pool):
    first, again = (fit_pool(members, pool, 250, seed=3, chains=2) for _ in range(2))
    np.testing.assert_array_equal(first.points, again.points)
    r_hat, size = mixing(first.hierarchy.parts(first.points))
    assert r_hat.max() < 1.1
    assert size.min() > 20
    assert 0.6 < first.accepted < 0.95
    table = first.table
    assert (table["sd"] > 0).all()
    spreads = table[table["unknown"].isin(first.hierarchy.spreads)]
    assert (spreads["low"] > 0).all()


# ---------------------------------------------------------------------------
# What is left out


def test_second_signatures(members):
    data = members[0].data
    seconds = second_signatures(data)
    assert seconds.any()
    for d in np.flatnonzero(seconds):
        assert data.offered[d]
        partner = (data.turn == data.turn[d]) & (data.player != data.player[d])
        assert (data.chosen[partner] == 1).any()


def test_gains_by_hand(members):
    """Scores are -1 for the model and -2 for a statistic: a nat for every choice."""
    found = []
    for member in members:
        size = int((~member.data.agency).sum())
        ours, theirs = np.full((size, 2), -1.0), np.full((size, 2), -2.0)
        seconds = second_signatures(member.data)[~member.data.agency]
        found.append(LeftOut(member, {MODEL: ours, "other": theirs}, np.zeros((1, 1)), seconds))
    table = gains(found).set_index(["episode", "model"])
    sizes = [len(one.is_second) for one in found]
    assert table.loc["all", "gain_type"].tolist() == [0.0, sum(sizes)]
    assert table.loc["us_india_2025", "type"].tolist() == [-sizes[1], -2.0 * sizes[1]]
    errors = table.loc[(slice(None), "other"), "gain_type_error"].to_numpy()
    assert errors[2] == pytest.approx(np.hypot(*errors[:2]))
    once = gains(found, once=True).set_index(["episode", "model"])
    seconds = sum(int(one.is_second.sum()) for one in found)
    assert once.loc[("all", "other"), "gain_lever"] == sum(sizes) - seconds
    assert best_statistic(gains(found)) == "other"


def test_weeks_of_a_month_taken_out_are_a_likelihood_without_them(members):
    """Up to a constant: how often a reading occurs does not depend on coefficients."""
    member = members[0]
    months = np.array([202503, 202505, 202510, 202511])
    rng = np.random.default_rng(7)
    thetas = rng.normal(0.0, 0.3, (2, len(member.data.coefficients)))
    thetas[:, [c.label for c in member.data.coefficients].index("truce_frailty")] = [0.2, 1.0]
    quick = _lost(member, thetas, months)
    for number, month in enumerate(months.tolist()):
        less = member.without(month).likelihood
        slow = [
            less.value_and_gradient(theta)[0] - member.likelihood.value_and_gradient(theta)[0]
            for theta in thetas
        ]
        assert quick[1, number] - quick[0, number] == pytest.approx(slow[1] - slow[0])
        assert slow[0] > 1.0
    assert member.without(202001) is member


def test_weights_are_smoothed_and_their_tail_is_known():
    draws = np.random.default_rng(8).standard_normal(4000)
    logs, tail = smoothed(0.5 * draws)  # a normal around .5
    assert np.exp(logs).sum() == pytest.approx(1.0)
    assert np.exp(logs) @ draws == pytest.approx(0.5, abs=0.06)
    assert tail < 0.5
    assert smoothed(4.0 * draws)[1] > RELIABLE
    assert smoothed(np.zeros(4))[0].tolist() == pytest.approx([np.log(0.25)] * 4)


# ---------------------------------------------------------------------------
# Lengths of truces


def test_a_weibull_law_is_found_again():
    rng = np.random.default_rng(6)
    for shape in (0.6, 1.3):
        weeks = np.floor(20.0 * rng.weibull(shape, 40_000)).astype(int)
        kept = weeks[weeks >= 1]
        (scale, found), _ = fit_weibull(Spells(np.minimum(kept, 60), kept <= 60))
        assert np.exp(found) == pytest.approx(shape, abs=0.03)
        assert np.exp(scale) == pytest.approx(20.0, rel=0.06)


def test_hazards_and_probabilities_by_hand():
    # Ten truces end in week 5, ten stand at last sight in week 9: week 5 sees weeks 3 to 7.
    spells = Spells(np.array([5] * 10 + [9] * 10), np.array([True] * 10 + [False] * 10))
    hazard = _smooth(spells, 9)
    assert hazard[5] == pytest.approx(10.5 / (20 * 3 + 10 * 2 + 1))
    assert hazard[1] == pytest.approx(0.5 / (20 * 3 + 1))  # week 0 is no part of it
    flat = np.full(10, 0.1)
    assert np.exp(_log_probability(flat, 3, True)) == pytest.approx(0.9**2 * 0.1)
    assert np.exp(_log_probability(flat, 3, False)) == pytest.approx(0.9**3)


# ---------------------------------------------------------------------------
# The commands


@pytest.mark.slow
def test_calibrate_writes_the_sets_of_a_pool(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pool_file(tmp_path)
    words = ("calibrate", "--pool", "small.yaml", "--draws", "20", "--out", "out")
    done = command(capsys, *words)
    assert (done.status, done.err) == (0, "")
    assert "mine: us_china_2025 of 2 episodes, known at 2025-12-31" in done.out
    chosen = load_parameter_set(Path("out/mine.yaml"))
    assert chosen.fit["episodes"].keys() == set(TWO)
    draws = load_draws("out/mine.yaml")
    assert len(draws) == chosen.fit["draws"] == 80
    game = build_game(load_scenario("us_china_2025", {"parameters": "out/mine.yaml"}))
    fatigue = float(game.params["fatigue"][0])
    assert fatigue == pytest.approx(draws["fatigue"].mean(), abs=1e-5)
    assert "rests on" in chosen.sources["fatigue"]
    unknowns = pd.read_csv("out/mine_unknowns.csv")
    assert {"government", "episode", "breach_cost"} <= set(unknowns["unknown"])
    told = json.loads(Path("out/pool.json").read_text())["sets"]["mine"]
    assert told["unknowns"] == len(unknowns)


@pytest.mark.slow
def test_validate_leaves_out_the_episodes_of_a_pool(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pool_file(tmp_path)
    done = command(capsys, "validate", "--pool", "small.yaml", "--draws", "20", "--out", "out")
    assert (done.status, done.err) == (0, "")
    assert "one episode left out at a time" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    summary = json.loads(Path("out/pool_validation.json").read_text())
    assert [row["episode"] for row in summary["left_out"]["gains"]] == [*TWO, "all"]
    assert [row["episode"] for row in summary["months_out"]["gains"]] == [*TWO, "all"]
    months = pd.read_csv("out/months.csv")
    assert months["choices"].sum() == sum(summary["decisions"].values())
    assert ((months["tail"] < RELIABLE) == ~months["refitted"]).all()
    whole = pd.read_csv("out/months_out.csv").query("episode == 'all'").set_index("model")
    assert np.isfinite(whole["type"]).all()
    spells = pd.read_csv("out/spells.csv")
    assert (spells[["game", "constant hazard", "Weibull"]] < 0).all().all()


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (("calibrate", "--pool", "seve"), "did you mean 'seven'"),
        (("calibrate", "--pool", "seven", "busan_2025"), "busan_2025 is given as well; name one"),
        (("calibrate", "--pool", "seven", "--only", "calibrated"), "sets.calibrated: "),
        (("calibrate", "--only", "calibrated_2025"), "--only: is of a pool"),
        (("validate", "--pool", "seven", "--params", "x"), "every episode is fitted anew"),
        (("validate", "--pool", "seven", "--draws", "3"), "--draws: 3: allowed: 10 or more"),
        (("calibrate", "--pool", "seven", "--record", "x.csv"), "a pool names its episodes"),
    ],
)
def test_bad_words_are_one_line(words, fragment, capsys):
    done = command(capsys, *words)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    assert fragment in done.err


def test_the_shipped_pool_is_checked(capsys):
    done = command(capsys, "check", str(ROOT / "configs/pools/seven.yaml"))
    assert done.status == 0
    assert "pool, 7 episodes, 3 parameter sets" in done.out
