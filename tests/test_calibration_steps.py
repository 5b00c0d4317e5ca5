"""The step `calibrate`: the parameter set that it writes, its folder, its command line."""

import json
import re
import shutil
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
from negotiation_abm.calibration.baselines import BASELINES
from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.features import collect
from negotiation_abm.calibration.fit import fit
from negotiation_abm.calibration.likelihood import Likelihood
from negotiation_abm.calibration.marginal import MarginalLikelihood
from negotiation_abm.calibration.run import calibrate, fitted_set
from negotiation_abm.calibration.scores import log_scores
from negotiation_abm.calibration.validate import Effort, validate
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.scenario.parameters import load_parameter_set
from test_calibration_data import episode, shipped

FILES = {"mine.yaml", "identification.csv", "profiles.csv", "calibration.json", "manifest.json"}
EXAMPLES = ROOT / "docs" / "examples"
EPISODE = "other_episode.yaml"


def write_episode(folder):
    """The episode of docs/examples with the players of the shipped parameter set, as files."""
    for name in ("other_episode.yaml", "other_episode.csv"):
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("JAPAN", "US").replace("KOREA", "CHINA"))


@pytest.fixture
def two_levers(tmp_path, monkeypatch):
    """The folder of the episode, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    write_episode(tmp_path)
    return tmp_path


@pytest.fixture
def few_points(monkeypatch):
    """Profiles of two coefficients alone: this is about the folder, not about them."""
    profile_few(monkeypatch)


def profile_few(patch):
    whole = run_module._profiles

    def short(result):
        kept = {k: value for k, value in enumerate(result.theta) if k not in (12, 17)}
        return whole(replace(result, fixed=kept))

    patch.setattr(run_module, "_profiles", short)


@pytest.fixture(scope="module")
def calibrated_once(tmp_path_factory):
    """A folder with the episode and its fit in `out`, and what the fit gave."""
    folder = tmp_path_factory.mktemp("calibrated")
    write_episode(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        profile_few(patch)
        return folder, calibrate(*own(folder), folder / "out", name="mine")


@pytest.fixture
def calibrated(calibrated_once, two_levers):
    """The episode's folder with a fit in `out`; gives what the fit gave."""
    folder, summary = calibrated_once
    shutil.copytree(folder / "out", two_levers / "out")
    return summary


def with_grounds(result):
    """The part of the table of coefficients that a parameter set takes in."""
    grounds = ["fixed" if k in result.fixed else "both" for k in range(len(result.theta))]
    return pd.DataFrame({"rests_on": grounds, "error": result.errors})


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
    path.write_text(fitted_set(result, table, "mine"), encoding="utf-8")
    return result, table, path


def test_written_set_loads_and_is_whole(written):
    result, _, path = written
    base = result.data.game.parameter_set
    chosen = load_parameter_set(path)
    assert (chosen.name, chosen.players) == ("mine", ("US", "CHINA"))
    fitted = {one.parameter for one in result.data.coefficients}
    assert set(chosen.values) == set(base.values) | fitted
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
            kept = start.sources[name]
            assert ours.sources[name].endswith(kept)
            assert ours.sources[name].count("as in ") == 1


def test_a_fit_that_has_not_converged_is_refused(written):
    result, table, _ = written
    with pytest.raises(InputError, match="did not converge; nothing written"):
        fitted_set(replace(result, converged=False), table, "mine")


def test_players_are_named_and_what_is_set_says_so(two_levers, few_points):
    changes = {"agency_rate.US": 0.25, "tolerance": 0.6, "felt_memory": 0.2}
    game, record = own(two_levers, **changes)
    calibrate(game, record, two_levers / "out", name="mine")
    assert load_parameter_set(two_levers / "out" / "mine.yaml").values["felt_memory"] == 0.2
    text = (two_levers / "out" / "mine.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)["parameters"]
    rate = game.params["agency_rate"][0]
    assert entries["agency_rate"]["value"] == {"US": 0.25, "CHINA": float(rate[1])}
    for name in ("agency_rate", "tolerance"):
        assert entries[name]["source"].startswith("set in other_episode; else as in start_2025: ")
    assert entries["tolerance"]["value"] == 0.6
    assert load_parameter_set(two_levers / "out" / "mine.yaml").values["tolerance"] == 0.6


def test_written_set_of_other_players_loads(tmp_path):
    result = fit(*episode())
    path = tmp_path / "mine.yaml"
    path.write_text(fitted_set(result, with_grounds(result), "mine"), encoding="utf-8")
    load_parameter_set(path)


# ---------------------------------------------------------------------------
# The folder


def test_folder_of_a_fit(two_levers, calibrated):
    out, summary = two_levers / "out", calibrated
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


def test_written_set_is_that_of_the_summary(two_levers, calibrated):
    summary, (_, record) = calibrated, own(two_levers)
    data = collect(build_game(load_scenario(wrote(two_levers / "out"))), record)
    value, _ = MarginalLikelihood(data).value_and_gradient(data.point())
    assert value == pytest.approx(summary["log_likelihood"], abs=1e-4)
    made = load_parameter_set(two_levers / "out" / "mine.yaml").fit
    assert made["log_likelihood"] == pytest.approx(value, abs=2e-4)
    assert made["record_sha256"] == file_hash(two_levers / "other_episode.csv")
    assert (made["scenario"], made["record"]) == ("other_episode", "other_episode")


def test_two_fits_give_the_same_bytes(two_levers, few_points, calibrated):
    calibrate(*own(two_levers), two_levers / "again", name="mine")
    first, second = contents(two_levers / "out"), contents(two_levers / "again")
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


def test_calibrate_prints_json_and_writes_nothing_without_a_folder(two_levers, few_points, capsys):
    before = contents(two_levers)
    done = command(capsys, "calibrate", "other_episode.yaml", "--json")
    assert done.status == 0
    assert strict_json(done.out)["decisions"] == 74
    assert contents(two_levers) == before


def test_validate_prints_scores(two_levers, capsys):
    done = command(capsys, "validate", "other_episode.yaml", "--scores-only", "--out", "out")
    assert (done.status, done.err) == (0, "")
    words = " ".join(done.out.split())
    assert "without refitting; statistics learnt from" in words
    assert re.search(r"^baseline_2025 +type +type, lever", done.out, re.MULTILINE)
    assert "quantal response (this model)" in done.out
    assert "order-1 Markov pooled" in done.out
    tables = {"scores_as_given.csv", "by_move_type.csv", "calibration_curve.csv"}
    assert set(contents(Path("out"))) == {*tables, "validation.json", "manifest.json"}
    summary = strict_json(Path("out/validation.json").read_text())
    assert (
        len(summary["scores_as_given"])
        == len(pd.read_csv("out/scores_as_given.csv"))
        == 1 + len(BASELINES)
    )


def test_validate_prints_json(two_levers, capsys):
    done = command(capsys, "validate", "other_episode.yaml", "--scores-only", "--json")
    assert strict_json(done.out)["decisions"] == 74


def test_validate_takes_a_parameter_set(two_levers, calibrated, capsys):
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


FREE_TABLES = {"patterns", "predictive", "lever_response"}


@pytest.fixture
def tiny(two_levers):
    """Free runs, and little of them."""
    return Effort(draws=2, runs=2, lever_runs=20, control_runs=40, seed=3)


@pytest.mark.parametrize("parameters", ["start_2025", "calibrated_2025"])
def test_validate_with_free_runs(two_levers, tiny, parameters):
    game, record = own(two_levers, parameters=parameters)
    told = []
    found = validate(
        game, record, two_levers / "out", effort=tiny, progress=lambda *s: told.append(s)
    )
    has_draws = parameters == "calibrated_2025"
    assert set(found.tables) >= FREE_TABLES
    assert "controls" not in found.tables  # they are of the episode of 2025
    assert found.summary["draws"] == (2 if has_draws else 0)
    assert found.summary["free_runs"] == 4
    assert set(found.summary["verdicts"]) == {f"P{n}" for n in range(1, 11)}
    assert [s for s in told if s[0] == "free runs"][-1] == ("free runs", 4, 4)
    names = {f"{name}.csv" for name in found.tables} | {"validation.json", "manifest.json"}
    assert set(contents(two_levers / "out")) == names
    written = strict_json((two_levers / "out" / "validation.json").read_text())
    assert written["verdicts"] == found.summary["verdicts"]


def test_free_runs_change_no_score(two_levers, tiny):
    game, record = own(two_levers)
    with_, without = (validate(game, record, effort=effort).summary for effort in (tiny, None))
    assert with_["scores_as_given"] == without["scores_as_given"]
    assert not FREE_TABLES & set(without)


def test_validate_prints_patterns_and_levers(two_levers, capsys):
    done = command(capsys, "validate", EPISODE, "--draws", "1", "--runs", "2")
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 100
    assert "nan" not in done.out
    words = " ".join(done.out.split())
    assert re.search(r"\d+ of 10 patterns pass, \d+ fail, \d+ not defined \(2 free runs", words)
    assert "US.materials" in done.out
    assert "negative control" not in done.out


def test_a_set_that_was_fitted_to_the_record_is_in_sample(two_levers, calibrated):
    game, record = own(two_levers)
    fitted, _ = own(two_levers, parameters=str(two_levers / "out" / "mine.yaml"))
    found = validate(fitted, record)
    assert found.summary["in_sample"]
    assert "scores" in found.tables
    other = validate(game, record)
    assert not other.summary["in_sample"]
    assert "scores" not in other.tables


def test_a_set_fitted_to_a_record_that_is_gone_says_so(two_levers, calibrated):
    _, record = own(two_levers)
    chosen = two_levers / "out" / "mine.yaml"
    text = chosen.read_text().replace("record: other_episode", "record: gone")
    chosen.write_text(re.sub(r"record_sha256: \w+", "record_sha256: 00", text))
    fitted, _ = own(two_levers, parameters=str(chosen))
    summary = validate(fitted, record).summary
    assert any("mine was fitted to a record that is not here" in note for note in summary["notes"])
    assert summary["baselines_fitted_to"] == "baseline_2025"


def test_scenario_as_option_and_by_place(two_levers, capsys):
    ways = ((EPISODE,), ("--scenario", EPISODE), (EPISODE, "--scenario", EPISODE))
    found = {command(capsys, "validate", *way, "--scores-only").out for way in ways}
    assert len(found) == 1
    assert found.pop().startswith("other_episode.csv under other_episode")
    done = command(capsys, "validate", EPISODE, "--scenario", "baseline_2025", "--scores-only")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error: --scenario: baseline_2025: other_episode.yaml is given as well; name one\n"
    )


def test_calibrate_with_draws(two_levers, few_points, capsys):
    words = ("calibrate", EPISODE, "--draws", "25", "--out", "out", "--name", "mine")
    done = command(capsys, *words, "--packages", "split")
    assert (done.status, done.err) == (0, "")
    assert "Errors: sd of the posterior draws" in done.out
    assert "Posterior: 4 chains of 25" in done.out
    assert set(contents(Path("out"))) == FILES | {"mine.parquet"}
    chosen = load_parameter_set(Path("out/mine.yaml"))
    assert (chosen.fit["draws"], chosen.fit["packages"]) == (100, "split")
    assert "MAP (posterior sd)" in chosen.sources["fatigue"]
    draws = draws_of(chosen)
    assert draws.shape == (100, len(pd.read_csv("out/identification.csv")))
    columns = pd.read_parquet("out/mine.parquet")
    assert columns.groupby("chain").size().tolist() == [25] * 4


NO_RECORD = "name: bare\nextends: baseline_2025\nrecord: null\n"
BAD_PRIORS = "name: mine\npriors: {fatigue: {mean: 0, sd: 1}, mirrow: {mean: 0, sd: 1}}\n"

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
    "name that is a path": (
        ("calibrate", EPISODE, "--out", "out", "--name", "../mine"),
        ("--name: ../mine: not the name of a file; --out gives the folder",),
    ),
    "illegal move": (
        ("calibrate", EPISODE, "--record", "illegal.csv", "--out", "out"),
        ("illegal.csv: line 2 (A), 2019-07-02: CONCEDE materials is not legal here", "legal: HOLD"),
    ),
    "scenario named twice": (
        ("validate", EPISODE, "--scenario", "busan_2025"),
        ("--scenario: busan_2025: other_episode.yaml is given as well; name one",),
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
    illegal = "id,date,player,move,lever\nA,2019-07-02,US,CONCEDE,materials\n"
    Path("illegal.csv").write_text(illegal)
    Path("theirs.csv").write_bytes((EXAMPLES / "other_episode.csv").read_bytes())
    before = contents(two_levers)
    done = command(capsys, *words)
    assert done.status == 2
    assert len(done.err.splitlines()) == 1, done.err
    assert done.err.startswith("error: ")
    for fragment in fragments:
        assert fragment in done.err
    assert contents(two_levers) == before, "something was written"


@pytest.mark.parametrize("draws", ["0", "9", "many"])
def test_chains_too_short_to_judge_are_refused(two_levers, capsys, draws):
    done = command(capsys, "calibrate", EPISODE, "--draws", draws)
    assert done.status == 2
    problem = "is out of range" if draws.isdecimal() else "is not a whole number"
    assert f"argument --draws: '{draws}' {problem}; allowed: 10 to" in done.err


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
