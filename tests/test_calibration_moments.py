"""Moments of free runs: the emulator, its term in a fit, files of moments, weekly statistics."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from cli_helpers import ROOT, shipped_game
from helpers import write_yaml
from negotiation_abm import InputError, load_record
from negotiation_abm.calibration import joint, moments
from negotiation_abm.calibration.emulator import Surface, fit_surface
from negotiation_abm.calibration.emulator_check import check_emulator
from negotiation_abm.calibration.features import coefficients_of
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.joint import FAR, MomentTerm, fit_joint
from negotiation_abm.calibration.moments import (
    LOG,
    LOGIT,
    PLAIN,
    Moments,
    load_moments,
    moment_names,
    recorded_spells,
    scale_of,
    simulated_moments,
    weibull_shape,
    with_coefficients,
)
from negotiation_abm.calibration.priors import Prior
from negotiation_abm.calibration.weekly import before_dates, near_dates, raises_answered, rises
from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import SPELL
from test_calibration_data import by_hand, episode_hidden, normal
from test_calibration_likelihood import differences

# ---------------------------------------------------------------------------
# The emulator


def quadratic(z):
    """Two outcomes of three inputs, by hand."""
    first = 1.0 + 2.0 * z[..., 0] - z[..., 1] + 0.5 * z[..., 0] ** 2 + 3.0 * z[..., 0] * z[..., 2]
    return np.stack([first, -2.0 + z[..., 2] - z[..., 2] ** 2], axis=-1)


def test_a_quadratic_is_found_exactly():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(200, 3))
    surface = fit_surface(z, quadratic(z))
    assert surface.constant == pytest.approx([1.0, -2.0], abs=1e-3)
    np.testing.assert_allclose(surface.slope, [[2, -1, 0], [0, 0, 1]], atol=1e-3)
    bent = [[0.5, 0, 1.5], [0, 0, 0], [1.5, 0, 0]], [[0, 0, 0], [0, 0, 0], [0, 0, -1]]
    np.testing.assert_allclose(surface.curve, bent, atol=1e-3)
    assert surface.explained == pytest.approx([1.0, 1.0], abs=1e-6)
    for point in rng.normal(size=(5, 3)):
        np.testing.assert_allclose(surface(point)[0], quadratic(point), atol=5e-3)


def test_slopes_of_a_surface_are_central_differences():
    rng = np.random.default_rng(2)
    bent = rng.normal(size=(2, 3, 3))
    surface = Surface(
        rng.normal(size=2), rng.normal(size=(2, 3)), bent + bent.transpose(0, 2, 1), np.ones(2)
    )
    z = rng.normal(size=3)
    numeric = differences(lambda point: surface(point)[0], z)
    np.testing.assert_allclose(surface(z)[1], numeric.T, atol=1e-8)


def test_noise_is_hardly_explained_and_hardly_followed():
    rng = np.random.default_rng(3)
    z, noise = rng.normal(size=(150, 6)), rng.normal(size=(150, 20))
    surface = fit_surface(z, noise)
    assert abs(surface.explained.mean()) < 0.06
    assert surface.explained.max() < 0.4
    fresh = np.array([surface(point)[0] for point in rng.normal(size=(200, 6))])
    assert fresh.std(axis=0).mean() < 0.35  # least squares alone would have sqrt(27 / 150) or more


def test_the_penalty_helps_where_there_are_fewer_points_than_terms():
    rng = np.random.default_rng(4)
    z = rng.normal(size=(40, 8))  # 44 terms
    surface = fit_surface(z, (z[:, 0] + 0.1 * rng.normal(size=40))[:, None])
    fresh = rng.normal(size=(200, 8))
    guessed = np.array([surface(point)[0][0] for point in fresh])
    assert np.corrcoef(guessed, fresh[:, 0])[0, 1] > 0.8


def test_signal_and_noise_are_told_apart():
    rng = np.random.default_rng(5)
    z = rng.normal(size=(400, 3))
    noisy = z[:, :1] + rng.normal(size=(400, 1))
    assert fit_surface(z, noisy).explained[0] == pytest.approx(0.5, abs=0.1)


def test_an_outcome_that_never_varies_is_its_own_surface():
    z = np.random.default_rng(6).normal(size=(30, 2))
    surface = fit_surface(z, np.full((30, 1), 4.0))
    assert surface(np.array([1.0, -1.0]))[0] == pytest.approx([4.0])
    assert surface.explained == pytest.approx([1.0])


# ---------------------------------------------------------------------------
# The term of a fit


def term_of(curves, slope=None, constant=None, names=None):
    """A term over three coefficients, the second of them held; outcomes as given."""
    names = names or ("peak_tariff_US", "lapse_share", "weibull_shape", "spell_0")
    count, rng = len(names), np.random.default_rng(7)
    constant = np.array([100.0, -1.0, 0.3, -3.0]) if constant is None else constant
    slope = rng.normal(size=(count, 2)) if slope is None else slope
    curve = np.zeros((count, 2, 2))
    if curves:
        bent = 0.2 * rng.normal(size=(count, 2, 2))
        curve = bent + bent.transpose(0, 2, 1)
    targets = sum(not name.startswith("spell") for name in names)
    return MomentTerm(
        names=names,
        target=np.array([110.0, 0.1, 0.7])[:targets],
        sd=np.array([20.0, 0.05, 0.2])[:targets],
        surface=Surface(constant, slope, curve, np.ones(count)),
        centre=np.array([0.5, 9.0, -0.5]),
        free=np.array([True, False, True]),
        root=np.array([[1.0, 0.0], [0.4, 2.0]]),
    )


AT = np.array([0.7, 9.0, -0.6])


def test_outcomes_are_on_their_own_scales():
    term = term_of(False, slope=np.zeros((4, 2)))
    found = term.outcomes(AT)
    assert found["peak_tariff_US"] == 100.0
    assert found["lapse_share"] == pytest.approx(1.0 / (1.0 + math.e))
    assert found["weibull_shape"] == pytest.approx(math.exp(0.3))
    assert found["spell_0"] == -3.0


def test_the_density_by_hand():
    term = term_of(False, slope=np.zeros((4, 2)))
    value, gradient = term.value_and_gradient(AT)
    gaps = [-10 / 20, (1 / (1 + math.e) - 0.1) / 0.05, (math.exp(0.3) - 0.7) / 0.2]
    assert value == pytest.approx(-0.5 * sum(gap**2 for gap in gaps) - 3.0)
    assert not gradient.any()
    assert term.log_density(term.outcomes(AT)) == pytest.approx(value)


@pytest.mark.parametrize("curves", [False, True])
def test_gradient_of_the_term_is_that_of_central_differences(curves):
    term = term_of(curves)
    _, gradient = term.value_and_gradient(AT)
    numeric = differences(lambda point: term.value_and_gradient(point)[0], AT)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)
    assert gradient[1] == 0.0


def test_information_is_exact_for_plain_moments_that_are_linear_and_bent_spells():
    names = ("peak_tariff_US", "peak_tariff_CHINA", "spell_0", "spell_1")
    term = term_of(True, names=names, constant=np.array([100.0, 90.0, -9.0, -12.0]))
    term.surface.curve[:2] = 0.0
    numeric = -differences(lambda point: term.value_and_gradient(point)[1], AT)
    assert max(term.outcomes(AT)["spell_0"], term.outcomes(AT)["spell_1"]) < 0.0
    np.testing.assert_allclose(term.information(AT), numeric, atol=1e-5)


def test_information_of_bent_moments_is_the_part_of_their_slopes():
    """Gauss-Newton: what is left out vanishes where a moment meets its target."""
    names = ("lapse_share",)
    term = term_of(False, names=names, constant=np.array([math.log(0.1 / 0.9)]))
    met = MomentTerm(**{**term.__dict__, "target": np.array([0.1]), "sd": np.array([0.05])})
    numeric = -differences(lambda point: met.value_and_gradient(point)[1], met.centre)
    np.testing.assert_allclose(met.information(met.centre), numeric, atol=1e-4)


def test_what_is_beyond_belief_has_no_pull():
    slope = np.ones((4, 2))
    far = term_of(True, slope=slope, constant=np.array([100.0, -FAR - 9.0, FAR + 9.0, 5.0]))
    far.sd[:] = 20.0, 1.0, 1e4
    found = far.outcomes(AT)
    assert found["lapse_share"] == pytest.approx(1.0 / (1.0 + math.exp(FAR)))
    assert found["weibull_shape"] == pytest.approx(math.exp(FAR))
    assert found["spell_0"] == 0.0  # a log probability
    value, gradient = far.value_and_gradient(AT)
    assert np.isfinite(value)
    numeric = differences(lambda point: far.value_and_gradient(point)[0], AT)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)
    # The plain moment alone is left, and no curvature of what has no pull.
    alone = term_of(True, names=("peak_tariff_US",), slope=slope[:1], constant=np.array([100.0]))
    alone.surface.curve[:] = far.surface.curve[:1]
    np.testing.assert_allclose(gradient, alone.value_and_gradient(AT)[1])
    np.testing.assert_allclose(far.information(AT), alone.information(AT), atol=1e-12)


@pytest.mark.parametrize("scale", [PLAIN, LOG, LOGIT])
def test_scales_go_there_and_back(scale):
    for value in (0.05, 0.5, 0.93):
        there = scale.forward(value)
        assert scale.back(there) == pytest.approx(value)
        step = 1e-6
        slope = (scale.back(there + step) - scale.back(there - step)) / (2 * step)
        assert float(scale.slope(np.float64(there))) == pytest.approx(slope, rel=1e-6)


def test_a_fit_with_a_term_moves_towards_the_target():
    """One coin, 4 of 10, and a moment that wants the log-odds at 1."""
    data, prior = by_hand([[[0.0], [1.0]]] * 10, [1] * 4 + [0] * 6), normal([3.0])
    surface = Surface(np.zeros(1), np.ones((1, 1)), np.zeros((1, 1, 1)), np.ones(1))
    wants = {"target": np.array([1.0]), "surface": surface, "centre": np.zeros(1)}
    thetas = []
    for sd in (100.0, 0.5, 0.01):
        term = MomentTerm(
            ("peak_tariff_US",), sd=np.array([sd]), free=np.ones(1, bool), root=np.eye(1), **wants
        )
        found = fit(data, prior, term=term)
        assert found.converged
        thetas.append(float(found.theta[0]))
    alone = float(fit(data, prior).theta[0])
    assert thetas[0] == pytest.approx(alone, abs=1e-3)
    assert thetas[0] < thetas[1] < thetas[2]
    assert thetas[2] == pytest.approx(1.0, abs=1e-3)


# ---------------------------------------------------------------------------
# A joint fit, small


FREE = ("initiative.JAPAN", "initiative.KOREA", "offer_cost.JAPAN", "offer_cost.KOREA", "fatigue")


@pytest.fixture(scope="module")
def small_joint():
    """The small episode, five coefficients free."""
    data, prior = episode_hidden()
    alone = fit(data, prior)
    free = [k for k, c in enumerate(data.coefficients) if c.label in FREE]
    covariance = np.zeros_like(prior.covariance)
    covariance[np.ix_(free, free)] = prior.covariance[np.ix_(free, free)]
    few = Prior(np.where(np.isin(np.arange(len(alone.theta)), free), 0.0, alone.theta), covariance)
    targets = {
        "escalations_JAPAN": {"target": 4.5, "sd": 0.5},
        "lapse_share": {"target": 0.05, "sd": 0.1},
    }
    spells = [{"measure": "covered", "weeks": 10, "ended": False}]
    wanted, done = Moments(ROOT, targets, spells), []
    found = fit_joint(
        data, few, wanted, seed=1, points=80, replicates=60, rounds=2, progress=done.append
    )
    return found, wanted, done


@pytest.mark.slow
def test_a_joint_fit_gives_up_likelihood_for_moments(small_joint):
    found, wanted, done = small_joint
    assert found.fit.converged
    assert done == list(range(1, 161))
    assert found.likelihood_cost > 0.0
    alone = joint.simulate_at(found.fit.data, wanted, found.likelihood_alone.theta, 600, 1)
    term = found.fit.term
    assert term.log_density(found.simulated) > term.log_density(alone)
    gap, before = (abs(m["escalations_JAPAN"] - 4.5) for m in (found.simulated, alone))
    assert gap < 0.5 < before
    assert set(found.explained) == {"escalations_JAPAN", "lapse_share", "spell_0"}
    assert 0.9 < found.explained["escalations_JAPAN"] < 1.0


@pytest.mark.slow
def test_the_emulator_is_held_to_simulation(small_joint):
    found, wanted, _ = small_joint
    rng, result = np.random.default_rng(1), found.fit
    free = [k for k in range(len(result.theta)) if k not in result.fixed]
    root = np.linalg.cholesky(result.covariance[np.ix_(free, free)])
    draws = np.repeat(result.theta[None], 20, axis=0)
    draws[:, free] += rng.normal(size=(20, len(free))) @ root.T
    check = check_emulator(found, wanted, draws, 1000, 2)  # fewer, and noise hides what it knows
    assert 0.0 < check.error < 2.0
    assert 0.2 < check.effective_share <= 1.0
    assert check.correlation["escalations_JAPAN"] > 0.8


# ---------------------------------------------------------------------------
# Moments of free runs


@pytest.fixture(scope="module")
def game():
    return shipped_game("baseline_2025")


def test_names_are_those_of_the_game(game):
    names = moment_names(game)
    assert {"peak_tariff_US", "peak_tariff_CHINA", "concessions_CHINA", "weibull_shape"} <= set(
        names
    )
    assert len(set(names)) == len(names)
    assert all(scale_of(name) in (PLAIN, LOG, LOGIT) for name in names)
    assert scale_of("peak_tariff_CHINA") is PLAIN
    assert scale_of("lapse_share") is LOGIT
    other = moment_names(episode_hidden()[0].game)  # no tariffs
    assert "escalations_KOREA" in other
    assert not any(name.startswith("peak_tariff") for name in other)


def test_simulated_moments_are_named_and_on_their_scales(game):
    wanted = load_moments("moments_2025", game, load_record("record_2025"))
    found = simulated_moments(game, wanted, 50, 60, 1)
    assert set(moment_names(game)) | {f"spell_{n}" for n in range(4)} == set(found)
    for name, value in found.items():
        if name.startswith("spell"):
            assert value < 0.0
        else:
            assert np.isfinite(scale_of(name).forward(value)), name
    assert found == simulated_moments(game, wanted, 50, 60, 1)
    assert found != simulated_moments(game, wanted, 50, 60, 2)


def test_coefficients_change_the_game_and_leave_the_other_alone(game):
    coefficients, before = coefficients_of(game), game.params.tobytes()
    theta = np.random.default_rng(8).normal(size=len(coefficients))
    changed = with_coefficients(game, coefficients, theta)
    assert game.params.tobytes() == before
    for value, c in zip(theta, coefficients, strict=True):
        expected = abs(value) if c.label == "truce_frailty" else value
        assert float(changed.params[c.parameter][(0, *c.index)]) == expected


def spell_rows(weeks, causes):
    rows = np.zeros(len(weeks), SPELL)
    rows["duration_weeks"], rows["cause"] = weeks, causes
    return rows


def test_hazards_by_hand():
    """Of 10 spells two end in week 0, one is censored there; the rest in week 30."""
    causes = [1, 1, 0] + [2] * 7
    hazard = moments._hazard(spell_rows([0, 0, 0] + [30] * 7, causes))
    # Week 0 sees weeks 0 to 2: 2 ends of 10 + 7 + 7 at risk, and half a count.
    assert hazard[0] == pytest.approx(2.5 / 25.0)
    assert hazard[30] == pytest.approx(7.5 / (7 * 3 + 1.0))  # weeks 28 to 30 alone are at risk
    assert hazard[10] == pytest.approx(0.5 / 36.0)
    assert hazard[40] == pytest.approx(0.5)


def test_the_probability_of_a_spell_by_hand():
    hazard = np.full(61, 0.1)
    ended, running = (
        moments._log_probability(hazard, {"weeks": 3, "ended": ended}) for ended in (True, False)
    )
    assert math.exp(ended) == pytest.approx(0.9**3 * 0.1)
    assert math.exp(running) == pytest.approx(0.9**4)


def test_weibull_shapes():
    rng = np.random.default_rng(9)
    for shape in (0.6, 1.0, 1.8):
        weeks = np.floor(400 * rng.weibull(shape, 4000))
        found = weibull_shape(spell_rows(weeks, np.ones(4000)))
        assert found == pytest.approx(shape, rel=0.06)
    assert weibull_shape(spell_rows([3, 3], [1, 1])) == 1.0  # nothing to tell
    assert weibull_shape(spell_rows([5, 9], [0, 0])) == 1.0


def test_censored_spells_pull_the_weibull_shape_down():
    weeks = np.repeat(np.arange(1, 21), 5)
    early = spell_rows(weeks, np.where(np.arange(100) % 4, 1, 0))
    late = early.copy()
    late["duration_weeks"][late["cause"] == TruceEnd.CENSORED] = 60
    assert weibull_shape(late) < weibull_shape(early)


# ---------------------------------------------------------------------------
# Files of moments


def test_the_shipped_file_and_the_spells_of_the_record(game):
    found = load_moments("moments_2025", game, load_record("record_2025"))
    assert found.targets["weibull_shape"]["target"] == 0.6
    assert [(s["measure"], s["weeks"], s["ended"]) for s in found.spells] == [
        ("any_domain", 2, True),
        ("any_domain", 16, True),
        ("covered", 33, False),
        ("any_domain", 9, False),
    ]
    assert found.spells == recorded_spells(game, load_record("record_2025"))
    assert load_moments("moments_2025", game).spells == []


GOOD = {"moments": {"lapse_share": {"target": 0.05, "sd": 0.07}}}
SPELL_GIVEN = {"measure": "covered", "weeks": 9, "ended": True}


def with_spell(**changes):
    return GOOD | {"spells": [SPELL_GIVEN | changes]}


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (
            {"moments": {"lapse_shar": {"target": 0, "sd": 1}}},
            ("lapse_shar: unknown",),
        ),
        ({"moments": {"concessions_USA": {"target": 0, "sd": 1}}}, ("concessions_US",)),
        (
            {"moments": {"lapse_share": {"target": "few", "sd": 1}}},
            ("target", "'few' is not"),
        ),
        ({"moments": {"lapse_share": {"sd": 1}}}, ("moments.lapse_share.target", "None")),
        ({"moments": {"lapse_share": 3}}, ("moments.lapse_share.target", "not a number")),
        ({"moments": {"lapse_share": {"target": math.nan, "sd": 1}}}, ("target", "nan")),
        ({"moments": {"lapse_share": {"target": 0, "sd": 0}}}, ("sd", "0 is not above 0")),
        ({"moments": {"lapse_share": {"target": 0, "sd": -1}}}, ("sd", "-1 is not above 0")),
        ({"moments": {"lapse_share": {"target": True, "sd": 1}}}, ("target", "True is not a n")),
        ({"moments": [1]}, ("moments: missing, or not a mapping",)),
        ({"spells": "record"}, ("moments: missing, or not a mapping",)),
        (GOOD | {"spells": "all"}, ("spells: neither a list nor 'record'",)),
        (GOOD | {"spells": None}, ("spells: neither a list nor 'record'",)),
        (GOOD | {"spels": []}, ("spels: unknown; did you mean 'spells'?",)),
        (with_spell(measure="any"), ("spells.0: measure (covered, any_domain)",)),
        (with_spell(ended=1), ("spells.0: measure",)),
        (with_spell(weeks=2.5), ("spells.0.weeks: 2.5 is not a whole number from 0 to 60",)),
        (with_spell(weeks=61), ("spells.0.weeks: 61 is not a whole number from 0 to 60",)),
        (with_spell(weeks=-1), ("spells.0.weeks: -1 is not",)),
        (with_spell(weeks="ten"), ("spells.0.weeks: 'ten' is not a number",)),
        (GOOD | {"spells": [3]}, ("spells.0.weeks: None is not a number",)),
    ],
)
def test_bad_files_of_moments(tmp_path, game, content, fragments):
    path = write_yaml(tmp_path / "mine.yaml", content)
    with pytest.raises(InputError) as refusal:
        load_moments(path, game, load_record("record_2025"))
    assert "\n" not in str(refusal.value)
    for fragment in ("mine.yaml", *fragments):
        assert fragment in str(refusal.value)


def test_an_unknown_file_is_refused(game):
    with pytest.raises(InputError, match="no such file"):
        load_moments("moments_2052", game)


def test_names_are_of_the_scenario(tmp_path):
    """The shipped file does not fit a game of other players."""
    other = episode_hidden()[0].game
    with pytest.raises(InputError, match=r"moments\.escalations_US: unknown"):
        load_moments("moments_2025", other)
    content = yaml.safe_load((ROOT / "configs/calibration/moments_2025.yaml").read_text())
    content["moments"] = {"escalations_KOREA": {"target": 3, "sd": 1}}
    assert load_moments(write_yaml(tmp_path / "m.yaml", content), other).spells == []


# ---------------------------------------------------------------------------
# Weekly statistics, by hand


def tiny(start=0.0, cap=1.0, ahead=()):
    """A game of two players with a tariff each, as far as weekly statistics look."""
    weeks = np.zeros(len(ahead), [("weeks_to_summit", "i8")])
    weeks["weeks_to_summit"] = ahead
    return SimpleNamespace(
        initial={"in_force": np.full((1, 2, 1), start)},
        params={"cap": np.full((1, 2, 1), cap)},
        weeks=weeks,
        tariff_levers=lambda: {0: (0, 100.0), 1: (0, 100.0)},
    )


def levels(us, china):
    """One run of two tariffs, shape (1, weeks, 2, 1)."""
    return np.stack([us, china], axis=1).astype(float)[None, :, :, None]


def test_rises_by_hand():
    up = rises(tiny(start=0.2), levels([0.2, 0.4, 0.4, 0.3], [0.3, 0.3, 0.5, 0.5]))
    assert up[0, :, 0, 0].tolist() == [False, True, False, False]
    assert up[0, :, 1, 0].tolist() == [True, False, True, False]


def test_answers_within_two_weeks_by_hand():
    # The US raises in weeks 0, 3 and 8; China in weeks 2 and 6.
    us = [0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3]
    china = [0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2]
    assert raises_answered(tiny(), levels(us, china)) == pytest.approx(1 / 3)
    assert raises_answered(tiny(), levels(us, [0.0] * 9 + [0.1])) == pytest.approx(1 / 3)


def test_a_raise_of_the_same_week_is_an_answer_and_an_earlier_one_is_not():
    assert raises_answered(tiny(), levels([0.0, 0.1, 0.1], [0.0, 0.1, 0.1])) == 1.0
    assert raises_answered(tiny(), levels([0.0, 0.1, 0.1], [0.1, 0.1, 0.1])) == 0.0


def test_raises_against_a_capped_tariff_do_not_count():
    # China is at its cap from week 0 on: only the raise of week 0 was open.
    assert raises_answered(tiny(cap=0.5), levels([0.1, 0.2, 0.3], [0.5, 0.5, 0.5])) == 1.0
    assert math.isnan(raises_answered(tiny(), levels([0.0, 0.0], [0.0, 0.1])))


def test_answers_need_two_tariffs():
    game = tiny()
    game.tariff_levers = lambda: {0: (0, 100.0)}
    assert math.isnan(raises_answered(game, levels([0.1], [0.1])))


def test_weeks_near_dates_by_hand():
    game = tiny(ahead=[-1, -1, 7, 6, 1, 0, -1])
    truce = np.array([[True, True, False, False, False, False, True]])
    left = np.array([[7, 6, 5, 4, 3, 2, 0]])
    near = near_dates(game, truce, left)
    # Week 1: six weeks to the expiry; weeks 3 and 4: before the summit, not its own week.
    assert near[0].tolist() == [False, True, False, True, True, False, False]


def test_rises_before_dates_by_hand():
    game = tiny(ahead=[-1, -1, 2, 1])
    never = np.zeros((1, 4), bool)
    found = before_dates(
        game, levels([0.1, 0.1, 0.2, 0.3], [0.0, 0.0, 0.1, 0.1]), never, never.astype(int) - 1
    )
    assert found == pytest.approx((3 / 2) / (1 / 2))
    quiet = levels([0.0] * 4, [0.0] * 4)
    assert math.isnan(before_dates(game, quiet, never, never.astype(int) - 1))
    no_dates = tiny(ahead=[-1] * 4)
    assert math.isnan(
        before_dates(no_dates, levels([0.1] * 4, [0.1] * 4), never, never.astype(int) - 1)
    )
