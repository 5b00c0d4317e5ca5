"""Adaptive replicates: the target is met or said not to be, and the numbers can be reproduced."""

import json

import numpy as np
import pandas as pd
import pytest

from negotiation_abm.files.errors import InputError
from negotiation_abm.sweep import executors
from negotiation_abm.sweep.plan import make_plan
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.shards import merge_shards
from negotiation_abm.sweep.summary import load_sweep
from sweep_helpers import BREACH, make_spec, sweep

STOP = {"half_width": 0.06, "cap": 260}
ADAPTIVE = {
    "design": [{"grid": {BREACH: [-2, 1, 2, 2.5, 3, 4]}}],
    "replicates": 40,
    "stop": STOP,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return sweep(tmp_path_factory.mktemp("adaptive") / "out", **ADAPTIVE)


def test_every_point_below_the_cap_meets_the_target(whole):
    table = load_sweep(whole.folder, "survival_365", "covered", "running")
    width = (table["high"] - table["low"]) / 2
    assert (width[table["runs"] < STOP["cap"]] <= STOP["half_width"]).all()
    assert table["point"][width > STOP["half_width"]].tolist() == whole.unmet
    assert table["runs"].min() == 40, "a point where all is soon clear"
    assert table["runs"].max() == 260
    assert (table["runs"] % 40 == 0)[table["runs"] < 260].all()
    assert json.loads((whole.folder / "manifest.json").read_text())["unmet"] == whole.unmet


def test_runs_are_those_of_a_sweep_without_a_rule(whole, tmp_path):
    sweep(tmp_path, design=ADAPTIVE["design"], replicates=260)
    every = pd.read_parquet(tmp_path / "runs").set_index(["point", "replicate"]).sort_index()
    some = pd.read_parquet(whole.folder / "runs").set_index(["point", "replicate"]).sort_index()
    pd.testing.assert_frame_equal(some, every.loc[some.index])
    assert every.loc[some.index].groupby("point").size().tolist() == [
        some.loc[point].index.max() + 1 for point in range(6)
    ]


@pytest.mark.parametrize(("threads", "chunk"), [(1, 13), (7, 1000)])
def test_numbers_do_not_depend_on_who_works(whole, tmp_path, threads, chunk):
    with executors.threads(threads) as team:
        assert sweep(tmp_path, team, chunk, **ADAPTIVE).content == whole.content


def test_stopped_at_any_moment_it_goes_on_alike(whole, tmp_path):
    def stop_at(moment):
        def stop(done, total):
            if done >= moment:
                raise KeyboardInterrupt

        return stop

    for moment in (40, 170, 100, 300):
        with pytest.raises(KeyboardInterrupt):
            run_sweep(make_spec(**ADAPTIVE), tmp_path, chunk_runs=40, progress=stop_at(moment))
    again = sweep(tmp_path, **ADAPTIVE)
    assert 0 < again.played < again.runs == whole.runs
    assert again.content == whole.content


def test_a_higher_cap_goes_on(whole, tmp_path):
    sweep(tmp_path, **ADAPTIVE | {"stop": STOP | {"cap": 100}})
    raised = run_sweep(make_spec(**ADAPTIVE), tmp_path, extend=True)
    assert raised.content == whole.content
    with pytest.raises(InputError, match="half_width"):
        run_sweep(make_spec(**ADAPTIVE | {"stop": STOP | {"half_width": 0.1}}), tmp_path)


def test_shards_of_points(whole, tmp_path):
    folders = [tmp_path / f"s{index}" for index in (1, 2, 3)]
    for index, folder in enumerate(folders, start=1):
        sweep(folder, None, None, (index, 3), **ADAPTIVE)
    merged = merge_shards(tmp_path / "all", folders)
    assert (merged.content, merged.unmet) == (whole.content, whole.unmet)


@pytest.mark.parametrize("name", ["rmst_weeks", "num_truces", "US.num_escalate"])
def test_other_outcomes_can_rule(tmp_path, name):
    target = {"rmst_weeks": 3.0, "num_truces": 0.12, "US.num_escalate": 0.9}[name]
    rule = {"outcome": name, "half_width": target, "cap": 2000}
    result = sweep(tmp_path, **ADAPTIVE | {"stop": rule})
    assert result.unmet == []
    table = load_sweep(tmp_path, name)
    if name == "rmst_weeks":
        table = table[(table["measure"] == "covered") & (table["group"] == "running")]
    assert ((table["high"] - table["low"]) / 2 <= target).all()
    assert len(np.unique(table["runs"])) > 1


def test_failed_point_does_not_keep_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr("negotiation_abm.sweep.plan.check_points", lambda plan: None)
    design = [*ADAPTIVE["design"], {"list": [{BREACH: 99}]}]
    result = sweep(tmp_path, **ADAPTIVE | {"design": design})
    assert len(result.failures) == 1
    assert len(load_sweep(tmp_path, "num_truces")) == 6


def test_unknown_outcome_is_refused():
    plan = make_plan(make_spec(**ADAPTIVE | {"stop": STOP | {"outcome": "survival_360"}}))
    with pytest.raises(InputError, match=r"survival_360: unknown; did you mean 'survival_365'"):
        run_sweep(plan.spec, "never")
