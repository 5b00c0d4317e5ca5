"""The calibrated set that is shipped: whole, with its draws, made from the shipped files."""

import numpy as np
import pytest

from cli_helpers import shipped_game
from negotiation_abm import load_record, load_scenario
from negotiation_abm.calibration.draws import draws_of, draws_path
from negotiation_abm.calibration.features import coefficients_of, collect
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.posterior import mixing
from negotiation_abm.calibration.priors import load_prior
from negotiation_abm.calibration.scores import log_scores
from negotiation_abm.core.params import PARAMETERS
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.scenario.parameters import MODEL_VERSION, load_parameter_set
from test_calibration_data import shipped

NAME = "calibrated_2025"


@pytest.fixture(scope="module")
def chosen():
    return load_parameter_set(NAME)


@pytest.fixture(scope="module")
def chains():
    """Draws by coefficient, shape (chains, draws)."""
    import pandas as pd

    frame = pd.read_parquet(draws_path(load_parameter_set(NAME))).sort_values(["chain", "draw"])
    count = frame["chain"].nunique()
    return {
        name: frame[name].to_numpy().reshape(count, -1)
        for name in frame.columns
        if name not in ("chain", "draw")
    }


def fitted_coefficients(chosen, game):
    """Those that the set knows; an optional term may be younger than the set."""
    return [c for c in coefficients_of(game) if c.parameter in chosen.values]


def test_the_set_is_whole_and_of_these_rules(chosen):
    data = read_yaml(chosen.path)
    assert data["model_version"] == MODEL_VERSION
    assert chosen.players == ("US", "CHINA")
    assert set(chosen.values) >= {p.name for p in PARAMETERS if p.name in data["parameters"]}
    assert all(chosen.sources.values())


def test_it_was_made_from_the_shipped_files(chosen):
    made = chosen.fit
    if "pool" in made:
        records = made["episodes"]
        assert made["scenario"] in records
        assert load_pool(made["pool"]).sets[NAME].member == made["scenario"]
    else:
        records = {made["scenario"]: made["record_sha256"]}
        assert made["certainty"] is None
    for name, digest in records.items():
        scenario = load_scenario(name)
        assert file_hash(load_record(scenario.record.file, scenario.path.parent).path) == digest
    data = collect(shipped_game(made["scenario"]), own_record(made), with_hidden=False)
    load_prior(data, made["priors"])


def own_record(made):
    """The record of the scenario that the set is of."""
    scenario = load_scenario(made["scenario"])
    return load_record(scenario.record.file, scenario.path.parent)


def test_columns_of_the_draws_are_the_coefficients(chosen):
    frame, game = draws_of(chosen), shipped_game("baseline_2025")
    assert list(frame.columns) == [c.label for c in fitted_coefficients(chosen, game)]
    assert len(frame) == chosen.fit["draws"]
    assert np.isfinite(frame.to_numpy()).all()
    assert (frame["truce_frailty"] > 0).all()
    assert (frame["fatigue_escalate"] == 0).all()  # held by its prior


def test_draws_lie_around_the_point(chosen):
    game, frame = shipped_game("baseline_2025", parameters=NAME), draws_of(chosen)
    for c in fitted_coefficients(chosen, game):
        point = float(game.params[c.parameter][(0, *c.index)])
        draws = frame[c.label]
        assert abs(draws.mean() - point) <= 1.5 * draws.std() + 1e-12, c.label
        moments = f"{point:.2f} ({draws.std(ddof=0):.2f})" if draws.std() else f"held at {point:g}"
        note = f"{c.label} {moments}"
        assert note in chosen.sources[c.parameter], c.label


def test_chains_have_mixed(chains):
    names = [name for name in chains if np.ptp(chains[name]) > 0]
    r_hat, size = mixing(np.stack([chains[name] for name in names], axis=2))
    assert {name: value for name, value in zip(names, r_hat, strict=True) if value >= 1.01} == {}
    assert {name: value for name, value in zip(names, size, strict=True) if value <= 400} == {}


def test_games_of_the_draws_can_be_played(chosen):
    from negotiation_abm.run.batch import run_replicates

    games = games_of(shipped_game("busan_2025", parameters=NAME), thinned(draws_of(chosen), 3))
    spells = [run_replicates(game, 1, 0, 20).spells for game in games]
    assert all(len(one) > 0 for one in spells)


def test_it_predicts_the_record_better_than_the_start_values():
    data, _ = shipped()
    fitted = shipped_game("baseline_2025", parameters=NAME)
    theta = np.array([float(fitted.params[c.parameter][(0, *c.index)]) for c in data.coefficients])
    start = shipped_game("baseline_2025", parameters="start_2025")
    begun = np.array([float(start.params[c.parameter][(0, *c.index)]) for c in data.coefficients])
    gain = log_scores(data, theta).sum(axis=0) - log_scores(data, begun).sum(axis=0)
    assert (gain > 0.0).all()


@pytest.mark.parametrize("name", ["baseline_2025", "busan_2025", "mechanisms_2025"])
def test_scenarios_can_use_it(name):
    game = shipped_game(name, parameters=NAME)
    assert game.parameter_set.name == NAME
    assert not any("not in parameter set" in note for note in game.notes)
