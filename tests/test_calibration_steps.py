"""The step `calibrate`: the parameter set that it writes, its folder, its command line."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cli_helpers import ROOT, command, contents, leftovers, shipped_game, strict_json
from negotiation_abm import (
    InputError,
    build_game,
    load_record,
    load_scenario,
    replay_record,
)
from negotiation_abm.calibration import run as run_module
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.parameter_file import parameter_file
from negotiation_abm.calibration.run import calibrate
from negotiation_abm.calibration.scores import log_scores
from negotiation_abm.calibration.validate import validate
from negotiation_abm.core.params import PARAMETERS
from negotiation_abm.parameters import load_parameter_set
from test_calibration_data import episode, shipped

FILES = {"mine.yaml", "identification.csv", "profiles.csv", "calibration.json", "manifest.json"}
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def two_levers(tmp_path, monkeypatch):
    """The episode of docs/examples with the players of the shipped parameter set, as files."""
    monkeypatch.chdir(tmp_path)
    for name in ("other_episode.yaml", "other_episode.csv"):
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        Path(name).write_text(text.replace("JAPAN", "US").replace("KOREA", "CHINA"))
    return tmp_path


@pytest.fixture
def few_points(monkeypatch):
    """Profiles of two coefficients alone: this is about the folder, not about them."""
    whole = run_module._profiles

    def short(result):
        kept = {k: value for k, value in enumerate(result.theta) if k not in (12, 17)}
        return whole(replace(result, fixed=kept))

    monkeypatch.setattr(run_module, "_profiles", short)


def with_grounds(result):
    """The part of the table of coefficients that a parameter set takes in."""
    grounds = ["fixed" if k in result.fixed else "both" for k in range(len(result.theta))]
    return pd.DataFrame({"rests_on": grounds})


def own(folder, **changes):
    """The game of the episode's copy, and its record."""
    game = build_game(load_scenario(folder / "other_episode.yaml", changes))
    return game, load_record(folder / "other_episode.csv")


def wrote(out, name="mine"):
    """A scenario that uses the written set."""
    path = out.parent / "using.yaml"
    path.write_text(f"extends: other_episode.yaml\nname: using\nparameters: {out}/{name}.yaml\n")
    return path


# ---------------------------------------------------------------------------
# The parameter set


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The set of the shipped record, written and read again, with the fit behind it."""
    result = fit(*shipped())
    table = with_grounds(result)
    path = tmp_path_factory.mktemp("set") / "mine.yaml"
    path.write_text(parameter_file(result, table, "mine"), encoding="utf-8")
    return result, table, path


def test_written_set_loads_and_is_whole(written):
    _, _, path = written
    chosen = load_parameter_set(path)
    assert (chosen.name, chosen.players) == ("mine", ("US", "CHINA"))
    assert set(chosen.values) == {parameter.name for parameter in PARAMETERS}
    assert all(chosen.sources.values())


def test_written_set_gives_the_same_scores(written):
    result, _, path = written
    game = shipped_game("baseline_2025", parameters=str(path))
    replay = replay_record(game, load_record("record_2025"))
    scores = log_scores(result.data, result.theta).mean(axis=0)
    assert replay.type_log_score == pytest.approx(scores[0], abs=1e-6)
    assert replay.log_score == pytest.approx(scores[1], abs=1e-6)


def test_written_values_are_those_of_the_fit(written):
    result, _, path = written
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["parameters"]
    labels = [c.label for c in result.data.coefficients]
    by_label = dict(zip(labels, result.theta, strict=True))
    assert entries["fatigue"]["value"] == pytest.approx(by_label["fatigue"], abs=1e-6)
    assert entries["offer_cost"]["value"] == pytest.approx(
        {player: by_label[f"offer_cost.{player}"] for player in ("US", "CHINA")}, abs=1e-6
    )
    bias = entries["lever_bias"]["value"]["CHINA"]
    assert bias["soybeans"] == pytest.approx(by_label["lever_bias.CHINA.soybeans"], abs=1e-6)


def test_every_fitted_value_says_what_it_rests_on(written):
    result, table, path = written
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["parameters"]
    for k, coefficient in enumerate(result.data.coefficients):
        note = (
            f"{coefficient.label} {result.theta[k]:.2f} ({result.errors[k]:.2f}), "
            f"rests on {table['rests_on'][k]}"
        )
        assert note in entries[coefficient.parameter]["source"]


def test_what_is_not_fitted_is_as_in_the_starting_set(written):
    result, _, path = written
    start, ours = result.data.game.parameter_set, load_parameter_set(path)
    fitted_names = {c.parameter for c in result.data.coefficients}
    for name, value in start.values.items():
        if name not in fitted_names:
            assert ours.values[name] == value
            assert ours.sources[name] == f"as in start_2025: {start.sources[name]}"


def test_a_fit_that_has_not_converged_is_refused(written):
    result, table, _ = written
    with pytest.raises(InputError, match="did not converge; nothing written"):
        parameter_file(replace(result, converged=False), table, "mine")


def test_written_set_keeps_what_the_scenario_sets(two_levers):
    game, record = own(two_levers, felt_memory=0.2)
    calibrate(game, record, two_levers / "out", name="mine")
    assert load_parameter_set(two_levers / "out" / "mine.yaml").values["felt_memory"] == 0.2


def test_written_set_of_other_players_loads(tmp_path):
    result = fit(*episode())
    path = tmp_path / "mine.yaml"
    path.write_text(parameter_file(result, with_grounds(result), "mine"), encoding="utf-8")
    load_parameter_set(path)


# ---------------------------------------------------------------------------
# The folder


def test_folder_of_a_fit(two_levers, few_points):
    game, record = own(two_levers)
    out = two_levers / "out"
    summary = calibrate(game, record, out, name="mine")
    assert set(contents(out)) == FILES
    assert not leftovers(out)
    assert summary["converged"]
    assert summary["decisions"] == 74
    assert json.loads((out / "calibration.json").read_text())["sentences"] == summary["sentences"]
    table = pd.read_csv(out / "identification.csv")
    assert len(table) == len(summary["coefficients"]) == len(summary["sentences"])
    profiles = pd.read_csv(out / "profiles.csv")
    assert profiles.groupby("coefficient").size().tolist() == [13, 13]
    files = json.loads((out / "manifest.json").read_text())["calibrate"]["files"]
    assert set(files) == FILES - {"manifest.json"}


def test_written_set_is_that_of_the_summary(two_levers, few_points):
    game, record = own(two_levers)
    summary = calibrate(game, record, two_levers / "out", name="mine")
    replay = replay_record(build_game(load_scenario(wrote(two_levers / "out"))), record)
    chosen = sum(np.log(decision.probability) for decision in replay.decisions)
    weeks = sum(np.log(chance if held else 1 - chance) for _, held, chance in replay.rounds)
    assert chosen + weeks == pytest.approx(summary["log_likelihood"], abs=1e-4)


def test_two_fits_give_the_same_bytes(two_levers, few_points):
    game, record = own(two_levers)
    for out in ("first", "second"):
        calibrate(game, record, two_levers / out, name="mine")
    first, second = contents(two_levers / "first"), contents(two_levers / "second")
    for name in FILES - {"manifest.json"}:
        assert first[name] == second[name], name
    one, two = (json.loads(folder["manifest.json"])["calibrate"] for folder in (first, second))
    assert {**one, "created": ""} == {**two, "created": ""}


def test_nothing_is_written_if_the_fit_has_not_converged(two_levers, monkeypatch):
    def stopped(*arguments, **options):
        return replace(fit(*arguments, **options), converged=False)

    monkeypatch.setattr(run_module, "fit", stopped)
    game, record = own(two_levers)
    with pytest.raises(InputError, match="did not converge"):
        calibrate(game, record, two_levers / "out")
    assert not (two_levers / "out").exists()


def test_counting_some_certainties_keeps_holds_and_the_state():
    data, prior = shipped()
    use = run_module._counted(data, ("seed",))
    assert use[data.chosen == 0].all()
    assert {data.certainty[d] for d in np.flatnonzero(use)} == {"", "seed"}
    assert (data.chosen[use] != 0).sum() == data.certainty.count("seed") > 0
    assert run_module._counted(data, None).all()
    part = fit(data, prior, Likelihood(data, use))
    assert part.converged
    assert not np.allclose(part.theta, fit(data, prior).theta, atol=0.01)


# ---------------------------------------------------------------------------
# The command line


def test_calibrate_prints_a_table(two_levers, few_points, capsys):
    done = command(
        capsys,
        "calibrate",
        "other_episode.yaml",
        "--out",
        "out",
        "--name",
        "mine",
        "--set",
        "mirror=1",
    )
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Fit of other_episode.csv under other_episode: 74 decisions")
    for word in ("fatigue", "initiative.CHINA", "lever_bias.US.materials", "likelihood", "fixed"):
        assert word in done.out
    assert "out: mine.yaml" in done.out
    assert set(contents(Path("out"))) == FILES


def test_calibrate_writes_nothing_without_a_folder(two_levers, capsys):
    before = contents(two_levers)
    done = command(capsys, "calibrate", "other_episode.yaml")
    assert done.status == 0
    assert contents(two_levers) == before


def test_calibrate_prints_json(two_levers, capsys):
    done = command(capsys, "calibrate", "other_episode.yaml", "--json")
    assert done.status == 0
    assert strict_json(done.out)["decisions"] == 74


def test_validate_prints_scores(two_levers, capsys):
    done = command(capsys, "validate", "other_episode.yaml", "--scores-only", "--out", "out")
    assert (done.status, done.err) == (0, "")
    assert "without refitting; statistics learnt from baseline_2025" in done.out
    assert "quantal response (this model)" in done.out
    assert "order-1 Markov pooled" in done.out
    tables = {"scores_as_given.csv", "by_move_type.csv", "calibration_curve.csv"}
    assert set(contents(Path("out"))) == {*tables, "validation.json", "manifest.json"}
    summary = strict_json(Path("out/validation.json").read_text())
    assert len(summary["scores_as_given"]) == len(pd.read_csv("out/scores_as_given.csv")) == 7


def test_validate_prints_json(two_levers, capsys):
    done = command(capsys, "validate", "other_episode.yaml", "--scores-only", "--json")
    assert strict_json(done.out)["decisions"] == 74


def test_validate_takes_a_parameter_set(two_levers, few_points, capsys):
    command(capsys, "calibrate", "other_episode.yaml", "--out", "out", "--name", "mine")
    done = command(
        capsys,
        "validate",
        "other_episode.yaml",
        "--params",
        "out/mine.yaml",
        "--scores-only",
        "--json",
    )
    given = strict_json(done.out)
    assert given["parameters"] == "mine"
    game, record = own(two_levers)
    data = collect(game, record)
    theta = fit(data, episode()[1]).theta
    assert given["as_given"]["type_and_lever"] == pytest.approx(
        log_scores(data, theta)[:, 1].mean(), abs=1e-5
    )


NO_RECORD = "name: bare\nextends: baseline_2025\nrecord: null\n"
BAD_PRIORS = "name: mine\npriors: {fatigue: {mean: 0, sd: 1}, mirrow: {mean: 0, sd: 1}}\n"
EPISODE = "other_episode.yaml"

BAD = {
    "unknown certainty": (
        ("calibrate", EPISODE, "--certainty", "seed,outsid"),
        ("--certainty: outsid", "did you mean 'outside'?"),
    ),
    "empty certainty in a list": (
        ("calibrate", EPISODE, "--certainty", "seed,"),
        ("--certainty", "allowed: seed, outside, general_knowledge"),
    ),
    "missing record": (
        ("calibrate", EPISODE, "--record", "nowhere.csv"),
        ("nowhere.csv: no such file",),
    ),
    "scenario without a record": (("calibrate", "bare.yaml"), ("bare.yaml: record: missing",)),
    "unknown priors": (
        ("calibrate", EPISODE, "--priors", "nowhere"),
        ("nowhere: no such file", "allowed:"),
    ),
    "priors with a misspelt name": (
        ("calibrate", EPISODE, "--priors", "bad.yaml"),
        ("bad.yaml: priors.mirrow: unknown", "did you mean 'mirror'?"),
    ),
    "priors that are no YAML": (
        ("calibrate", EPISODE, "--priors", "broken.yaml"),
        ("broken.yaml",),
    ),
    "unknown scenario": (("calibrate", "nowhere"), ("nowhere: no such file",)),
    "record of other players": (
        ("calibrate", "baseline_2025", "--record", "theirs.csv"),
        ("theirs.csv: line 3 (E01), player: unknown 'JAPAN'",),
    ),
    "validate: missing record": (
        ("validate", EPISODE, "--record", "nowhere.csv"),
        ("nowhere.csv: no such file",),
    ),
    "validate: unknown parameter set": (
        ("validate", EPISODE, "--params", "nowhere"),
        ("'nowhere': no such file",),
    ),
    "validate: unknown priors": (
        ("validate", EPISODE, "--priors", "nowhere"),
        ("nowhere: no such file",),
    ),
    "folder that is a file": (
        ("validate", EPISODE, "--out", "other_episode.csv"),
        ("other_episode.csv: --out: cannot be written to",),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name, two_levers, capsys):
    words, fragments = BAD[name]
    Path("bare.yaml").write_text(NO_RECORD)
    Path("bad.yaml").write_text(BAD_PRIORS)
    Path("broken.yaml").write_text("priors: [\n")
    Path("theirs.csv").write_bytes((EXAMPLES / "other_episode.csv").read_bytes())
    before = contents(two_levers)
    done = command(capsys, *words)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("error: ")
    for fragment in fragments:
        assert fragment in done.err
    assert contents(two_levers) == before, "something was written"


def test_validate_scores_do_not_depend_on_the_parameters_given(two_levers):
    game, record = own(two_levers)
    other, _ = own(two_levers, fatigue=0.0, mirror=3.0)
    first, second = validate(game, record).summary, validate(other, record).summary
    assert first["scores_as_given"][1]["type"] == second["scores_as_given"][1]["type"]
    assert first["as_given"] != second["as_given"]


# ---------------------------------------------------------------------------
# The shipped record, whole


@pytest.mark.verify
def test_two_fits_of_the_shipped_record_give_the_same_bytes(tmp_path, capsys):
    for out in ("first", "second"):
        words = ("calibrate", "baseline_2025", "--name", "mine", "--out", tmp_path / out)
        assert command(capsys, *words).status == 0
    first, second = contents(tmp_path / "first"), contents(tmp_path / "second")
    for name in FILES - {"manifest.json"}:
        assert first[name] == second[name], name
    assert len(pd.read_csv(tmp_path / "first" / "profiles.csv")) == 37 * 13
