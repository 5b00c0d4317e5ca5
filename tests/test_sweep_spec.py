"""Specs of sweeps: what is accepted, what is refused and with which words; designs; posterior."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import yaml

from negotiation_abm import load_scenario
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import shipped
from negotiation_abm.scenario.posterior_draws import changes_of, coefficients, load_draws
from negotiation_abm.sweep.plan import key_of, make_plan
from negotiation_abm.sweep.spec import load_spec, spec_of
from sweep_helpers import BREACH, RARE, SMALL, make_spec


def points(*blocks, **changes):
    spec = make_spec(design=list(blocks), **changes)
    return [spec.points[number] for number in range(len(spec.points))]


def test_shipped_sweeps_can_be_played():
    names = shipped("configs/sweeps", ".yaml")
    assert "rare_earths_breach" in names
    for name in names:
        make_plan(load_spec(name))


def test_grid_runs_through_every_combination_the_last_name_fastest():
    found = points({"grid": {"fatigue": [1, 2], "forum": {"from": 0, "to": 1, "steps": 3}}})
    pairs = [tuple(point.values()) for point in found]
    assert pairs == [(1, 0), (1, 0.5), (1, 1), (2, 0), (2, 0.5), (2, 1)]


def test_zip_list_and_blocks_follow_one_another(tmp_path):
    (tmp_path / "points.csv").write_text("fatigue,truce.expires\n1.5,2026-12-01\n,2027-01-05\n")
    path = tmp_path / "sweep.yaml"
    design = [{"zip": {"fatigue": [1, 2], "forum": [3, 4]}}, {"list": "points.csv"}]
    found = spec_of(path, SMALL | {"design": design}).points
    assert [found[number] for number in range(len(found))] == [
        {"fatigue": 1, "forum": 3},
        {"fatigue": 2, "forum": 4},
        {"fatigue": 1.5, "truce.expires": dt.date(2026, 12, 1)},
        {"truce.expires": dt.date(2027, 1, 5)},
    ]


def test_cross_combines_blocks():
    found = points({"cross": [{"list": [{"forum": 1}, {"forum": 2}]}, {"grid": {BREACH: [0, 1]}}]})
    assert [tuple(point.values()) for point in found] == [(1, 0), (1, 1), (2, 0), (2, 1)]


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_sampled_points_fill_their_ranges(kind):
    ranges = {
        "fatigue": [0.5, 1.5],
        "forum": {"low": 0.01, "high": 1, "scale": "log"},
        "shadow_weeks": [1, 4],
        "truce.expires": [dt.date(2026, 11, 1), dt.date(2026, 11, 4)],
    }
    found = points({kind: {"points": 64, "seed": 3, "ranges": ranges}})
    assert found == points({kind: {"points": 64, "seed": 3, "ranges": ranges}})
    fatigue = np.array([point["fatigue"] for point in found])
    assert (np.bincount(((fatigue - 0.5) * 64).astype(int), minlength=64) == 1).all()
    forum = np.log10([point["forum"] for point in found])
    assert (np.bincount(((forum + 2) / 2 * 64).astype(int), minlength=64) == 1).all()
    weeks = [point["shadow_weeks"] for point in found]
    assert [weeks.count(week) for week in (1, 2, 3, 4)] == [16] * 4
    assert all(isinstance(week, int) for week in weeks)
    assert {point["truce.expires"].day for point in found} == {1, 2, 3, 4}


def test_more_sobol_points_keep_the_first():
    ranges = {"fatigue": [0, 1], "forum": [0, 1]}
    few = points({"sobol": {"points": 32, "ranges": ranges}})
    assert points({"sobol": {"points": 64, "ranges": ranges}})[:32] == few


def test_posterior_draws_are_changes_of_the_scenario():
    draws = load_draws("calibrated_2025")
    found = points({"posterior": {"set": "calibrated_2025", "draws": 10}})
    assert len(found) == 10
    row = len(draws) // 2
    assert found[5] == {"parameters": "calibrated_2025"} | changes_of(draws, row)
    scenario = load_scenario("busan_2025", found[5])
    assert scenario.set["initiative.US"] == draws["initiative.US"][row]
    assert len(coefficients(draws)) == len(found[5]) - 1


def test_draws_must_be_parameters(tmp_path):
    draws = load_draws("calibrated_2025")
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\n")
    with pytest.raises(InputError, match=r"mine.parquet: no such file"):
        load_draws(path)
    for bad, text in (
        (draws.rename(columns={"fatigue": "fatige"}), "fatige: unknown parameter; did you mean"),
        (draws.rename(columns={"initiative.US": "initiative.US.chips"}), "has no such part"),
        (draws.assign(fatigue="high"), "fatigue: holds something that is not a finite number"),
        (draws.assign(fatigue=np.inf), "not a finite number"),
        (draws.drop(columns="draw"), "draw: missing column"),
        (draws.iloc[:0], "holds no draws"),
    ):
        bad.to_parquet(path.with_suffix(".parquet"))
        with pytest.raises(InputError, match=text):
            load_draws(path)
    path.with_suffix(".parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        load_draws(path)


def test_reference_is_a_point_of_the_design_or_one_more():
    inside = make_plan(make_spec(reference={BREACH: 2, RARE: 0.6}))
    assert (inside.num_points, inside.reference()) == (6, 4)
    added = make_plan(make_spec(reference={}))
    assert (added.num_points, added.reference()) == (7, 6)
    assert make_plan(make_spec()).reference() is None


def test_keys_do_not_depend_on_order_or_spelling_of_numbers():
    assert key_of({"a": 1, "b": "x"}) == key_of({"b": "x", "a": 1.0})
    assert key_of({"a": 1}) != key_of({"a": 1.0000001})
    assert key_of({"a": True}) != key_of({"a": 1})


GRID = {"grid": {BREACH: [1]}}
LOG = {"low": 0, "high": 1, "scale": "log"}
SOBOL = {"points": 64, "ranges": {"fatigue": [0, 1]}}


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"replicate": 5}, ("replicate: unknown", "did you mean 'replicates'?")),
        ({"replicates": 0}, ("replicates: 0", "greater than or equal to 1")),
        ({"replicates": "many"}, ("replicates: 'many'", "valid integer")),
        ({"seed": -1}, ("seed: -1",)),
        ({"outputs": ["spels"]}, ("outputs.0: 'spels'", "'spells'")),
        ({"scenario": "busan_2026"}, ("busan_2026", "did you mean 'busan_2025'?")),
        ({"design": []}, ("design",)),
        ({"design": [{"gird": {}}]}, ("design.0.gird: unknown design", "'grid'")),
        ({"design": [{"grid": {}, "zip": {}}]}, ("design.0", "expected one of grid")),
        ({"design": [{"grid": {BREACH: []}}]}, (f"design.0.grid.{BREACH}: no values",)),
        ({"design": [{"grid": {BREACH: 1}}]}, ("expected a list of values",)),
        ({"design": [{"grid": {BREACH: {"from": 1, "to": 0, "steps": 3}}}]}, ("1 is above 0",)),
        ({"design": [{"grid": {BREACH: {"from": 0, "to": 1, "steps": 0}}}]}, ("steps: 0",)),
        ({"design": [{"zip": {"fatigue": [1], "forum": [1, 2]}}]}, ("fatigue has 1, forum has 2",)),
        ({"design": [{"list": "nowhere.csv"}]}, ("'nowhere.csv': no such file",)),
        ({"design": [{"sobol": SOBOL | {"points": 100}}]}, ("no power of 2", "64 or 128")),
        ({"design": [{"sobol": SOBOL | {"pionts": 1}}]}, ("pionts: unknown", "'points'")),
        ({"design": [{"sobol": SOBOL | {"ranges": {"forum": [0]}}}]}, ("expected [low, high]",)),
        (
            {"design": [{"sobol": SOBOL | {"ranges": {"shadow_weeks": [0.5, 2]}}}]},
            ("whole numbers are wanted here",),
        ),
        (
            {
                "design": [
                    {"sobol": SOBOL | {"ranges": {"forum": {"low": 0, "high": 1, "scale": "log"}}}}
                ]
            },
            ("above 0",),
        ),
        (
            {"design": [{"posterior": {"set": "calibrated_2052"}}]},
            ("mean 'calibrated_202",),
        ),
        ({"design": [{"posterior": {"set": "start_2025"}}]}, ("no posterior draws",)),
        ({"design": [{"posterior": {"set": "calibrated_2025", "draws": 5000}}]}, ("1 to 4000",)),
        ({"design": [{"cross": [GRID, GRID]}]}, ("'breach_cost' varies in block 0 too",)),
        ({"design": [{"grid": {"players": [["A", "B"]]}}]}, ("'players' cannot vary",)),
        ({"set": {BREACH: 1}}, (f"set.{BREACH}: varies in the design too",)),
        (
            {"design": [{"grid": {"fatige": [1]}}]},
            ("point 0 (fatige=1)", "did you mean 'fatigue'?"),
        ),
        ({"design": [{"grid": {BREACH: [1, 99]}}]}, ("point 1 (breach_cost=99)", "-10 to 20")),
        (
            {"design": [{"grid": {"levers.CHINA.rare_earth.weight": [1]}}]},
            ("did you mean 'rare_earths'?",),
        ),
        (
            {"design": [{"grid": {"calendar.summits.7.date": ["2026-04-01"]}}]},
            ("'7' is no entry of the list; allowed: 0 to 2",),
        ),
        ({"set": {"forun": 1}}, ("forun", "did you mean 'forum'?")),
        ({"stop": {"half_width": 0.01, "cap": 5}}, ("stop.cap: 5 is below replicates, 60",)),
        ({"stop": {"half_width": 0, "cap": 500}}, ("stop.half_width: 0",)),
    ],
)
def test_bad_spec_is_one_clear_line(changes, fragments):
    with pytest.raises(InputError) as caught:
        make_plan(make_spec(**changes))
    message = str(caught.value)
    assert "\n" not in message
    for fragment in fragments:
        assert fragment in message


def test_bad_csv_names_file_and_line(tmp_path):
    path = tmp_path / "sweep.yaml"
    for text, fragment in (
        ("fatigue\n", "expected a line of dotted names"),
        ("fatigue,fatigue\n1,2\n", "line 1: a name is empty or given twice"),
        ("fatigue,forum\n1,2\n3\n", "columns: 1 cells under 2 names"),
        ("fatigue\n[1\n", "line 2, fatigue: '[1' is not a value"),
    ):
        (tmp_path / "points.csv").write_text(text)
        with pytest.raises(InputError) as caught:
            spec_of(path, SMALL | {"design": [{"list": "points.csv"}]})
        assert "points.csv" in str(caught.value)
        assert fragment in str(caught.value)


def test_spec_is_found_by_path_and_its_scenario_beside_it(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("extends: busan_2025\nname: mine\nset: {forum: 0.5}\n")
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(SMALL | {"scenario": "mine.yaml"}))
    monkeypatch.chdir("/")
    plan = make_plan(load_spec(tmp_path / "sweep.yaml", {"fatigue": 1}, 7))
    assert plan.spec.replicates == 7
    scenario = plan.games().game(plan.changes(0)).scenario
    assert scenario.set == {"forum": 0.5, "fatigue": 1, BREACH: 0.5}
    assert scenario.levers["CHINA"]["rare_earths"].irreplaceability == 0.3


def test_frames_of_draws_are_not_changed():
    draws = load_draws("calibrated_2025")
    before = draws.copy()
    changes_of(draws, 3)
    pd.testing.assert_frame_equal(draws, before)
