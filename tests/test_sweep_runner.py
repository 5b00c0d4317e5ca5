"""Running sweeps: the same content whoever works, in whatever pieces, however often stopped."""

import concurrent.futures
import json
import os

import numpy as np
import pandas as pd
import pytest

from negotiation_abm import build_game, load_scenario
from negotiation_abm.files.errors import InputError
from negotiation_abm.run.batch import run_outcomes
from negotiation_abm.run.spells import runs_table, spells_table, taken_down
from negotiation_abm.sweep import executors
from negotiation_abm.sweep.plan import make_plan
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.shards import merge_shards
from negotiation_abm.sweep.summary import load_sweep
from sweep_helpers import BREACH, RARE, make_spec, outcome, sweep


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The small sweep in one go."""
    return sweep(tmp_path_factory.mktemp("whole") / "out")


def content(out, **changes):
    return sweep(out, **changes).content


def test_rows_are_those_of_the_compiled_run(whole):
    runs = pd.read_parquet(whole.folder / "runs")
    points = pd.read_parquet(whole.folder / "points.parquet")
    assert len(runs) == whole.runs == 360
    assert list(points.columns) == ["point", "key", BREACH, RARE]
    for point, row in points.iterrows():
        changes = {BREACH: row[BREACH], RARE: row[RARE]}
        game = build_game(load_scenario("busan_2025", changes))
        block = run_outcomes(game, 5, 0, 60, taken_down(game, "sweep"))
        expected = runs_table(game, block, "sweep").to_pandas()
        found = runs[runs["point"] == point].reset_index(drop=True)
        for name in set(found) - {"point", "weeks"}:
            np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_number_of_threads(whole, tmp_path, count):
    with executors.threads(count) as team:
        assert sweep(tmp_path, team, 37).content == whole.content


@pytest.mark.parametrize("size", [7, 60, 1000])
def test_size_of_chunks(whole, tmp_path, size):
    assert sweep(tmp_path, None, size).content == whole.content


@pytest.mark.slow
def test_processes(whole, tmp_path):
    with executors.processes(2) as team:
        assert sweep(tmp_path, team, 50).content == whole.content


def test_any_executor_with_submit(whole, tmp_path):
    class Patient:
        """Does nothing until it is asked."""

        def submit(self, function, *arguments):
            future = concurrent.futures.Future()
            future.set_result(function(*arguments))
            return future

    assert sweep(tmp_path / "a", Patient(), 50).content == whole.content
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert sweep(tmp_path / "b", pool, 50).content == whole.content
    with pytest.raises(InputError, match="has no method 'submit'"):
        sweep(tmp_path / "c", 5)


def test_shards_make_the_whole(whole, tmp_path):
    for index in range(1, 6):
        sweep(tmp_path / f"s{index}", None, 11, (index, 5))
    merged = merge_shards(tmp_path / "all", [tmp_path / f"s{index}" for index in range(1, 6)])
    assert merged.content == whole.content
    assert (tmp_path / "all" / "summary.parquet").read_bytes() == (
        whole.folder / "summary.parquet"
    ).read_bytes()
    assert sweep(tmp_path / "all").played == 0


def test_more_shards_than_points_share_the_runs_of_each(tmp_path):
    one = {"design": [{"grid": {BREACH: [1, 2]}}]}
    for index in (1, 2, 3):
        assert sweep(tmp_path / f"s{index}", None, None, (index, 3), **one).runs == 40
    merged = merge_shards(tmp_path / "all", [tmp_path / f"s{index}" for index in (1, 2, 3)])
    assert merged.content == content(tmp_path / "whole", **one)


def test_shards_that_do_not_fit(tmp_path):
    for index in (1, 2):
        sweep(tmp_path / f"s{index}", None, None, (index, 3))
    sweep(tmp_path / "other", None, None, (3, 3), seed=6)
    sweep(tmp_path / "whole")
    shards = [tmp_path / "s1", tmp_path / "s2"]
    for folders, text in (
        (shards, "missing: 3/3"),
        ([*shards, tmp_path / "s2"], "missing: 3/3; unexpected: 2/3"),
        ([*shards, tmp_path / "other"], "a shard of another sweep"),
        ([*shards, tmp_path / "whole"], "holds a whole sweep"),
        ([*shards, tmp_path / "nowhere"], "not the folder of a shard"),
    ):
        with pytest.raises(InputError, match=text):
            merge_shards(tmp_path / "all", folders)
    with pytest.raises(InputError, match="was begun as another part"):
        sweep(tmp_path / "s1", None, None, (2, 3))


def test_finished_sweep_is_left_as_it_is(whole, tmp_path):
    before = {path: path.read_bytes() for path in whole.folder.rglob("*.parquet")}
    again = sweep(whole.folder)
    assert (again.played, again.content) == (0, whole.content)
    assert before == {path: path.read_bytes() for path in whole.folder.rglob("*.parquet")}


def test_more_replicates_play_only_what_is_new(whole, tmp_path):
    sweep(tmp_path, replicates=25)
    with pytest.raises(InputError, match="replicates: 25 -> 60; --extend adds what is new"):
        sweep(tmp_path)
    result = run_sweep(make_spec(), tmp_path, extend=True)
    assert (result.played, result.content) == (6 * 35, whole.content)
    with pytest.raises(InputError, match="replicates: 25 is below the 60"):
        run_sweep(make_spec(replicates=25), tmp_path, extend=True)


def test_more_points_play_only_what_is_new(whole, tmp_path):
    few = {"design": [{"grid": {BREACH: [2], RARE: [0.3, 0.9]}}]}
    sweep(tmp_path, **few)
    with pytest.raises(InputError, match="points: 2 -> 6"):
        sweep(tmp_path)
    result = run_sweep(make_spec(), tmp_path, extend=True)
    assert (result.played, result.content) == (4 * 60, whole.content)
    values = pd.read_parquet(tmp_path / "points.parquet")[[BREACH, RARE]]
    assert [tuple(row) for row in values.to_numpy()] == [
        (2, 0.3), (2, 0.9), (0.5, 0.3), (0.5, 0.6), (0.5, 0.9), (2, 0.6),
    ]  # fmt: skip
    assert sweep(tmp_path).played == 0
    one = outcome(load_sweep(tmp_path), 5, "rmst_weeks", "covered", "running")
    other = outcome(load_sweep(whole.folder), 4, "rmst_weeks", "covered", "running")
    assert {n: v for n, v in one.items() if n != "point"} == {
        n: v for n, v in other.items() if n != "point"
    }
    with pytest.raises(InputError, match="point 2 of the sweep begun there is no longer"):
        run_sweep(make_spec(**few), tmp_path, extend=True)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"seed": 6}, "seed: 5 -> 6"),
        ({"scenario": "baseline_2025"}, "scenario.name: .*busan_2025.* -> .*baseline_2025"),
        ({"set": {"fatigue": 1}}, "set.fatigue: null -> 1"),
        ({"common_random_numbers": False}, "common_random_numbers: true -> false"),
        ({"outputs": ["spells"]}, "outputs"),
        ({"stop": {"half_width": 0.1, "cap": 100}}, "stop"),
    ],
)
def test_another_sweep_is_refused_and_the_difference_shown(whole, changes, text):
    with pytest.raises(InputError, match=text):
        run_sweep(make_spec(**changes), whole.folder, extend=True)


def test_other_rules_are_refused(whole, tmp_path, monkeypatch):
    sweep(tmp_path)
    state = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(state | {"rules": "0" * 16}))
    with pytest.raises(InputError, match="was begun with other rules"):
        sweep(tmp_path)


def test_independent_draws_differ_by_point_and_stay_when_points_are_added(tmp_path):
    free = {"common_random_numbers": False}
    twice = {"design": [{"list": [{BREACH: 1}, {BREACH: 1.0000000001}]}]}
    sweep(tmp_path / "free", **free, **twice)
    sweep(tmp_path / "common", **twice)
    for name, same in (("free", False), ("common", True)):
        runs = pd.read_parquet(tmp_path / name / "runs").set_index("point")["US.num_escalate"]
        assert np.array_equal(runs.loc[0], runs.loc[1]) is same
    plan = make_plan(make_spec(**free))
    more = make_plan(make_spec(design=[{"grid": {RARE: [0.1, 0.3, 0.6, 0.9], BREACH: [2, 0.5]}}]))
    seeds = {plan.key(n): plan.seed(n) for n in range(6)}
    assert len(set(seeds.values())) == 6
    assert set(seeds) <= {more.key(n) for n in range(8)}


def test_outputs_on_request(whole, tmp_path):
    one = {"design": [{"list": [{BREACH: 1}]}], "replicates": 8}
    result = sweep(tmp_path, outputs=["spells", "runs", "turns"], **one)
    game = build_game(load_scenario("busan_2025", {BREACH: 1}))
    block = run_outcomes(game, 5, 0, 8, taken_down(game, "run", "sweep"))
    for kind, expected in (
        ("spells", spells_table(game, block.spells)),
        ("runs", runs_table(game, block, "run", "sweep")),
    ):
        found = pd.read_parquet(result.folder / kind)
        for name in expected.column_names:
            column = expected[name].to_pandas().astype(object)
            assert found[name].astype(object).where(found[name].notna(), None).tolist() == (
                column.where(column.notna(), None).tolist()
            ), name
    turns = pd.read_parquet(result.folder / "turns")
    assert len(turns) == 8 * 104
    truce = turns[turns["phase"] == "truce"].groupby("replicate").size()
    assert truce.tolist() == pd.read_parquet(result.folder / "runs")["weeks_in_truce"].tolist()
    level = turns.groupby("replicate")["US.chips.in_force"]
    np.testing.assert_allclose(level.mean(), block.runs["mean_in_force"][:, 0, 1])
    np.testing.assert_array_equal(level.max(), block.runs["peak_in_force"][:, 0, 1])


def test_bad_point_is_recorded_and_stops_no_other(whole, tmp_path, monkeypatch):
    """Found only during the run: the check before it is off."""
    monkeypatch.setattr("negotiation_abm.sweep.plan.check_points", lambda plan: None)
    design = [{"grid": {BREACH: [0.5, 2], RARE: [0.3, 0.6, 0.9]}}, {"list": [{BREACH: 99}]}]
    result = sweep(tmp_path, design=design)
    assert len(result.failures) == 1
    assert "breach_cost: 99.0 is out of bounds" in result.failures[0]
    assert sweep(tmp_path, design=design).played == 0
    again = run_sweep(make_spec(design=design), tmp_path, retry_failed=True)
    assert len(again.failures) == 1
    assert len(load_sweep(tmp_path)["point"].unique()) == 6
    mended = run_sweep(make_spec(), tmp_path / "other")
    assert mended.content == whole.content == result.content


def with_gaps(column):
    """Values, None where there is none, which pandas 3 shows as NaN."""
    return [None if pd.isna(value) else value for value in column]


def test_points_on_disk_hold_text_dates_and_gaps(tmp_path):
    design = [
        {"list": [{"strategies.US": "tit_for_tat"}, {"truce.expires": "2026-12-01"}, {BREACH: 1}]}
    ]
    sweep(tmp_path, design=design, replicates=2)
    points = pd.read_parquet(tmp_path / "points.parquet")
    assert with_gaps(points["strategies.US"]) == ["tit_for_tat", None, None]
    assert with_gaps(points["truce.expires"]) == [None, "2026-12-01", None]
    assert points[BREACH].isna().tolist() == [True, True, False]
    table = load_sweep(tmp_path, outcome="num_truces")
    assert with_gaps(table["strategies.US"]) == ["tit_for_tat", None, None]


def test_manifest_says_what_was_run(whole):
    state = json.loads((whole.folder / "manifest.json").read_text())
    assert state["state"] == "complete"
    assert state["content"] == whole.content
    assert state["machine"]["cores"] == os.cpu_count()
    assert "Philox" in state["seed_formula"]
    assert state["environment"]["packages"]["numpy"] == np.__version__
    assert state["described"]["replicates"] == 60
    assert state["described"]["scenario"]["name"] == "busan_2025"
    again = make_spec(whole.folder)
    assert make_plan(again).hash() == state["plan"]


def test_load_sweep_selects_and_complains(whole, tmp_path):
    chosen = load_sweep(whole.folder, "survival_365", "covered", "running")
    assert chosen["point"].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(InputError, match="no 'survival_356'; did you mean 'survival_365'"):
        load_sweep(whole.folder, "survival_356")
    with pytest.raises(InputError, match="no sweep there"):
        load_sweep(tmp_path)
