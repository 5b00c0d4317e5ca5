"""The likelihood against loops, differences and subsets."""

import math
import time

import numpy as np
import pytest

from negotiation_abm.calibration.likelihood import Likelihood
from test_calibration_data import by_hand, episode, shipped


def loop(data, theta, decisions=None, rounds=None):
    """The log-likelihood, one decision and one week after the other."""
    total = 0.0
    for d in range(len(data.chosen)):
        if decisions is not None and not decisions[d]:
            continue
        values = {
            o: sum(data.features[d, o, k] * theta[k] for k in range(len(theta))) + data.offset[d, o]
            for o in range(data.legal.shape[1])
            if data.legal[d, o]
        }
        total += values[data.chosen[d]] - math.log(sum(math.exp(v) for v in values.values()))
    for r, held in enumerate(data.round_held):
        if rounds is not None and not rounds[r]:
            continue
        chance = 1.0 / (1.0 + math.exp(-float(data.round_features[r] @ theta)))
        total += math.log(chance if held else 1.0 - chance)
    return total


def differences(function, theta, step=1e-5):
    """Central differences of `function` in every coordinate, along the first axis."""
    rows = []
    for k in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[k] += step
        down[k] -= step
        rows.append((function(up) - function(down)) / (2.0 * step))
    return np.array(rows)


def random_theta(data, seed=1):
    return np.random.default_rng(seed).normal(0.0, 1.0, len(data.coefficients))


@pytest.fixture(params=["mechanisms", "episode"])
def data(request):
    return (episode() if request.param == "episode" else shipped("mechanisms_2025"))[0]


# ---------------------------------------------------------------------------
# Value and derivatives


@pytest.mark.parametrize("seed", [1, 2])
def test_value_is_that_of_a_loop(data, seed):
    theta = random_theta(data, seed)
    value, _ = Likelihood(data).value_and_gradient(theta)
    assert value == pytest.approx(loop(data, theta), abs=1e-8)


def test_log_probabilities_sum_to_the_choices_part(data):
    theta = random_theta(data)
    logs = Likelihood(data).log_probabilities(theta)
    assert logs.shape == data.chosen.shape
    no_rounds = np.zeros(len(data.round_held), bool)
    assert logs.sum() == pytest.approx(loop(data, theta, rounds=no_rounds), abs=1e-8)


def test_gradient_is_that_of_central_differences(data):
    likelihood, theta = Likelihood(data), random_theta(data)
    _, gradient = likelihood.value_and_gradient(theta)
    numeric = differences(lambda point: likelihood.value_and_gradient(point)[0], theta)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)


def test_information_is_minus_the_difference_of_gradients(data):
    likelihood, theta = Likelihood(data), random_theta(data)
    information = likelihood.information(theta)
    numeric = -differences(lambda point: likelihood.value_and_gradient(point)[1], theta)
    np.testing.assert_allclose(information, numeric, rtol=1e-6, atol=1e-6)


def test_information_is_symmetric_and_not_negative(data):
    information = Likelihood(data).information(random_theta(data))
    np.testing.assert_allclose(information, information.T, atol=1e-10)
    assert np.linalg.eigvalsh(information).min() > -1e-9


def test_far_values_do_not_overflow():
    data = by_hand([[[0.0], [1.0], [-1.0]]] * 2, [0, 1], rounds=[[1.0], [-1.0]], held=[1, 0])
    likelihood = Likelihood(data)
    value, gradient = likelihood.value_and_gradient(np.array([600.0]))
    # The choice of option 0 against option 1; the other choice and both weeks are certain.
    assert value == pytest.approx(-600.0)
    assert gradient == pytest.approx([-1.0])
    assert np.isfinite(likelihood.information(np.array([600.0]))).all()


# ---------------------------------------------------------------------------
# By hand


def test_two_options_and_two_weeks_by_hand():
    data = by_hand([[[0.0], [1.0]]], [1], rounds=[[1.0], [1.0]], held=[1, 0])
    theta = math.log(3.0)  # odds of 3: chance 3/4
    likelihood = Likelihood(data)
    value, gradient = likelihood.value_and_gradient(np.array([theta]))
    assert value == pytest.approx(math.log(0.75) + math.log(0.75) + math.log(0.25))
    assert gradient == pytest.approx([(1 - 0.75) + (1 - 0.75) + (0 - 0.75)])
    assert likelihood.information(np.array([theta])) == pytest.approx(3 * 0.75 * 0.25)


def test_illegal_options_have_no_weight():
    legal = [[True, True, False]]
    data = by_hand([[[0.0], [1.0], [50.0]]], [1], legal=legal)
    value, _ = Likelihood(data).value_and_gradient(np.array([1.0]))
    assert value == pytest.approx(-math.log1p(math.exp(-1.0)))


def test_the_offset_counts():
    data = by_hand([[[0.0], [1.0]]], [1])
    data.offset[0, 1] = 2.0
    value, _ = Likelihood(data).value_and_gradient(np.array([1.0]))
    assert value == pytest.approx(-math.log1p(math.exp(-3.0)))


# ---------------------------------------------------------------------------
# Subsets


def test_subsets_are_those_of_a_loop(data):
    rng, theta = np.random.default_rng(3), random_theta(data)
    decisions = rng.random(len(data.chosen)) < 0.4
    rounds = rng.random(len(data.round_held)) < 0.5
    value, _ = Likelihood(data, decisions, rounds).value_and_gradient(theta)
    assert value == pytest.approx(loop(data, theta, decisions, rounds), abs=1e-8)


def test_parts_add_up():
    data, _ = shipped()
    theta = random_theta(data)
    first, early = data.months() <= 202505, data.round_months() <= 202505
    whole = Likelihood(data)
    parts = [Likelihood(data, first, early), Likelihood(data, ~first, ~early)]
    for name in ("value_and_gradient", "information"):
        total = getattr(whole, name)(theta)
        split = [getattr(part, name)(theta) for part in parts]
        if name == "information":
            np.testing.assert_allclose(split[0] + split[1], total, atol=1e-9)
        else:
            assert split[0][0] + split[1][0] == pytest.approx(total[0])
            np.testing.assert_allclose(split[0][1] + split[1][1], total[1], atol=1e-9)


def test_no_rounds_can_be_left():
    data, _ = shipped()
    theta = random_theta(data)
    none = np.zeros(len(data.round_held), bool)
    value, gradient = Likelihood(data, rounds=none).value_and_gradient(theta)
    assert value == pytest.approx(loop(data, theta, rounds=none))
    labels = [c.label for c in data.coefficients]
    assert gradient[labels.index("round_base")] == 0.0


def test_no_decision_can_be_left():
    data, _ = shipped()
    theta = random_theta(data)
    none = np.zeros(len(data.chosen), bool)
    likelihood = Likelihood(data, none)
    assert likelihood.log_probabilities(theta).shape == (0,)
    value, _ = likelihood.value_and_gradient(theta)
    assert value == pytest.approx(loop(data, theta, decisions=none))


# ---------------------------------------------------------------------------
# Concavity, speed


def test_concave_along_random_lines():
    data, _ = shipped()
    likelihood, rng = Likelihood(data), np.random.default_rng(4)
    for _ in range(20):
        a, b = rng.normal(0.0, 2.0, (2, len(data.coefficients)))
        ends = [likelihood.value_and_gradient(point)[0] for point in (a, b)]
        middle = likelihood.value_and_gradient((a + b) / 2.0)[0]
        assert middle >= sum(ends) / 2.0 - 1e-9


@pytest.mark.speed
def test_speed_of_a_call(capsys):
    data, _ = shipped()
    likelihood, theta = Likelihood(data), data.point()
    calls, best = 500, math.inf
    for _ in range(7):
        begun = time.perf_counter()
        for _ in range(calls):
            likelihood.value_and_gradient(theta)
        best = min(best, (time.perf_counter() - begun) / calls)
    with capsys.disabled():
        print(f"\nvalue and gradient: {best * 1e6:.0f} microseconds a call (aim: under 100)")
    assert best < 2e-3
