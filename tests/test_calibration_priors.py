"""Priors: pooled players, held values, files that cannot be used."""

import contextlib
import math

import numpy as np
import pytest
import yaml

from cli_helpers import ROOT
from helpers import write_yaml
from negotiation_abm import InputError
from negotiation_abm.calibration.features import POOLED
from negotiation_abm.calibration.priors import Prior, load_prior
from test_calibration_data import episode, normal, shipped

HELD = ("market", "restraint", "hold_fire", "fatigue_escalate")
SHIPPED = ROOT / "configs" / "calibration" / "priors.yaml"


def priors_with(folder, **changes):
    """A copy of the shipped priors; an entry of None is left out, others replace fields."""
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    for name, change in changes.items():
        if change is None:
            del content["priors"][name]
        else:
            content["priors"][name] = content["priors"].get(name, {}) | change
    return write_yaml(folder / "mine.yaml", content)


def labelled(data, prior):
    """Variances and covariances by label."""
    labels = [c.label for c in data.coefficients]
    return {
        (a, b): prior.covariance[i, j] for i, a in enumerate(labels) for j, b in enumerate(labels)
    }


# ---------------------------------------------------------------------------
# The shipped file


def test_every_coefficient_has_a_neutral_mean():
    _, prior = shipped()
    assert not prior.mean.any()


def test_players_share_a_mean():
    data, prior = shipped()
    covariance = labelled(data, prior)
    for name in POOLED:
        us, china = f"{name}.US", f"{name}.CHINA"
        assert covariance[us, us] == covariance[china, china] == 5.0**2 + 2.0**2
        assert covariance[us, china] == covariance[china, us] == 5.0**2


def test_all_else_is_independent():
    data, prior = shipped()
    for (a, b), value in labelled(data, prior).items():
        pooled = a.split(".")[0] == b.split(".")[0] and a.split(".")[0] in POOLED
        assert (value != 0.0) == (pooled or (a == b and a not in HELD)), (a, b)


def test_levers_are_not_pooled():
    data, prior = shipped()
    covariance = labelled(data, prior)
    chips, lists = "lever_bias.US.chips", "lever_bias.US.entity_lists"
    assert covariance[chips, chips] == 0.25
    assert covariance[chips, lists] == 0.0


def test_the_spread_between_players_is_the_pool_sd():
    data, prior = shipped()
    contrast = np.zeros(len(data.coefficients))
    labels = [c.label for c in data.coefficients]
    contrast[labels.index("initiative.US")], contrast[labels.index("initiative.CHINA")] = 1.0, -1.0
    assert contrast @ prior.covariance @ contrast == pytest.approx(8.0)  # twice pool_sd^2


def test_players_of_another_episode_are_pooled_too():
    data, prior = episode()
    covariance = labelled(data, prior)
    assert covariance["offer_cost.JAPAN", "offer_cost.KOREA"] == 25.0


# ---------------------------------------------------------------------------
# Density


def test_density_of_two_pooled_players_by_hand():
    prior = Prior(np.array([1.0, 1.0]), np.array([[2.0, 1.0], [1.0, 2.0]]))
    # Inverse: [[2, -1], [-1, 2]] / 3. At (2, 1): (1, 0) inverse (1, 0) = 2/3.
    value, gradient = prior.value_and_gradient(np.array([2.0, 1.0]))
    assert value == pytest.approx(-1.0 / 3.0)
    assert gradient == pytest.approx([-2.0 / 3.0, 1.0 / 3.0])


def test_gradient_is_that_of_central_differences():
    data, prior = shipped()
    theta = np.random.default_rng(1).normal(0.0, 2.0, len(data.coefficients))
    _, gradient = prior.value_and_gradient(theta)
    for k in range(len(theta)):
        step = np.zeros(len(theta))
        step[k] = 1e-5
        up, down = (prior.value_and_gradient(theta + sign * step)[0] for sign in (1, -1))
        assert gradient[k] == pytest.approx((up - down) / 2e-5, abs=1e-6)


def test_value_at_the_mean_is_zero():
    value, gradient = normal([1.0, 2.0], mean=3.0).value_and_gradient(np.array([3.0, 3.0]))
    assert (value, gradient.tolist()) == (0.0, [0.0, 0.0])


# ---------------------------------------------------------------------------
# sd 0 holds a value


def test_sd_of_zero_holds_the_mean(tmp_path):
    data, _ = shipped()
    path = priors_with(tmp_path, mirror={"mean": 0.7, "sd": 0}, lever_bias={"sd": 0})
    prior = load_prior(data, path)
    held = {data.coefficients[k].label: value for k, value in prior.fixed.items()}
    assert held["mirror"] == 0.7
    assert all(held[name] == 0.0 for name in HELD)
    assert sum(label.startswith("lever_bias") for label in held) == 9
    assert len(held) == 10 + len(HELD)


def test_a_held_value_takes_no_part_in_the_density():
    prior = Prior(np.array([0.0, 1.0]), np.diag([4.0, 0.0]))
    value, gradient = prior.value_and_gradient(np.array([2.0, 5.0]))
    assert value == pytest.approx(-0.5)
    assert gradient.tolist() == [-0.5, 0.0]


def test_no_common_spread_leaves_the_players_apart(tmp_path):
    data, _ = shipped()
    prior = load_prior(data, priors_with(tmp_path, initiative={"sd": 0, "pool_sd": 1}))
    covariance = labelled(data, prior)
    assert covariance["initiative.US", "initiative.US"] == 1.0
    assert covariance["initiative.US", "initiative.CHINA"] == 0.0


def test_pool_sd_of_zero_is_refused_or_makes_the_players_one(tmp_path):
    path = priors_with(tmp_path, initiative={"sd": 5, "pool_sd": 0})
    with contextlib.suppress(InputError):
        assert np.isfinite(load_prior(shipped()[0], path).precision).all()


# ---------------------------------------------------------------------------
# Errors


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"fatigu": {"mean": 0, "sd": 1}}, ("priors.fatigu: unknown", "did you mean 'fatigue'?")),
        ({"tolerance": {"mean": 0, "sd": 1}}, ("priors.tolerance: unknown",)),
        ({"fatigue": None}, ("priors.fatigue: missing",)),
        ({"fatigue": {"sd": "wide"}}, ("priors.fatigue.sd: 'wide'", "valid number")),
        ({"fatigue": {"mean": None}}, ("priors.fatigue.mean: None", "valid number")),
        ({"fatigue": {"sd": True}}, ("priors.fatigue.sd: True", "valid number")),
        ({"fatigue": {"sd": -1}}, ("priors.fatigue.sd: -1", "greater than or equal to 0")),
        ({"initiative": {"pool_sd": -0.5}}, ("priors.initiative.pool_sd: -0.5", "equal to 0")),
        ({"initiative": {"pool_sd": [1]}}, ("priors.initiative.pool_sd: [1]", "valid number")),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, changes, fragments):
    with pytest.raises(InputError) as refusal:
        load_prior(shipped()[0], priors_with(tmp_path, **changes))
    for fragment in ("mine.yaml", *fragments):
        assert fragment in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"name": "x"}, "priors: missing"),
        ({"priors": [1]}, r"priors: \[1\]: expected a mapping"),
        ({"priors": None}, "priors: None: expected a mapping"),
    ],
)
def test_a_file_without_priors_is_refused(tmp_path, content, problem):
    with pytest.raises(InputError, match=problem):
        load_prior(shipped()[0], write_yaml(tmp_path / "mine.yaml", content))


def test_a_prior_that_is_no_mapping_is_refused(tmp_path):
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    content["priors"]["fatigue"] = 3
    with pytest.raises(InputError, match=r"priors\.fatigue: 3: expected a mapping"):
        load_prior(shipped()[0], write_yaml(tmp_path / "mine.yaml", content))


def test_an_unknown_file_is_refused():
    with pytest.raises(InputError, match="no such file"):
        load_prior(shipped()[0], "nowhere")


@pytest.mark.parametrize("number", [math.nan, math.inf])
@pytest.mark.parametrize("field", ["mean", "sd"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, field, number):
    path = priors_with(tmp_path, fatigue={field: number})
    with np.errstate(all="ignore"), pytest.raises(InputError):
        load_prior(shipped()[0], path)
