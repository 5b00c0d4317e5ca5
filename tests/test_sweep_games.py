"""Games of points: the fast way gives the arrays of the slow way, bit for bit."""

import datetime as dt
import pickle

import numpy as np
import pytest

from negotiation_abm import build_game, load_scenario
from negotiation_abm.core.params import LEVER_NUMBERS, PARAMETERS
from negotiation_abm.files.errors import InputError
from negotiation_abm.sweep.games import Games, _is_quick, read_source
from sweep_helpers import BREACH, RARE

CHANGES = {"set.forum": 1.5, "levers.US.chips.cap": 0.9}


def same(fast, slow):
    for name in ("params", "initial", "weeks"):
        assert getattr(fast, name).tobytes() == getattr(slow, name).tobytes()
    assert fast.strategy_codes == slow.strategy_codes
    assert fast.scenario.model_dump() == slow.scenario.model_dump()


def games(scenario="busan_2025", changes=None):
    return Games(read_source(scenario, changes or {}, set()), changes or {})


@pytest.mark.parametrize("scenario", ["busan_2025", "mechanisms_2025"])
def test_every_parameter_and_lever_number_both_ways(scenario):
    rng = np.random.default_rng(3)
    builder = games(scenario)
    names = [p for p in PARAMETERS if p.shape not in ("triple", "chain")]
    for _ in range(6):
        point = {}
        for parameter in names:
            place = {"player": ".US", "lever": ".CHINA.soybeans"}.get(parameter.shape, "")
            value = float(rng.uniform(parameter.low, parameter.high))
            point[parameter.name + place] = round(value) if parameter.integer else value
        for parameter in LEVER_NUMBERS:
            low, high = parameter.low, min(1.0, parameter.high)
            value = {"floor": 0.05, "cap": 1.0}.get(parameter.name, rng.uniform(low, high))
            point[f"levers.CHINA.rare_earths.{parameter.name}"] = float(value)
        point |= {"levers.CHINA.rare_earths.start": 0.3, "levers.CHINA.rare_earths.loaded": 0.2}
        assert all(_is_quick(name, value) for name, value in point.items())
        same(builder.game(point), build_game(load_scenario(scenario, point)))


@pytest.mark.parametrize(
    "point",
    [
        {},
        {"strategies.US": "tit_for_tat", BREACH: 1},
        {"truce.expires": dt.date(2027, 3, 1), RARE: 0.5},
        {"calendar.summits.1.date": dt.date(2026, 10, 1)},
        {"terms.summit.weeks": 26, "terms.round.weeks": None},
        {"horizon_weeks": 150, "fatigue": 0.3},
        {"parameters": "calibrated_2025", "fatigue": 0.3},
        {"initiative.US": 0.5, "initiative": 0.2},
        {"initiative": 0.2, "initiative.US": 0.5},
        {"set.fatigue": 0.1, "fatigue": 0.7},
        {"modules.enforcement": {}, "agency_rate": 0.1},
        {"levers.US.chips.agency": False},
    ],
)
def test_names_that_need_the_whole_scenario(point):
    builder = games(changes=CHANGES)
    slow = build_game(load_scenario("busan_2025", CHANGES | point))
    same(builder.game(point), slow)
    same(builder.game(point), slow)  # from what was kept


def test_overrides_of_the_file_keep_their_order(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("extends: busan_2025\nname: own\nset: {initiative: 1, initiative.US: 2}\n")
    point = {"initiative": 3}
    same(games(str(path)).game(point), build_game(load_scenario(path, point)))


@pytest.mark.parametrize(
    "point",
    [
        {BREACH: 99},
        {BREACH: True},
        {BREACH: float("nan")},
        {"shadow_weeks": 1.5},
        {RARE: 1.5},
        {"levers.CHINA.rare_earths.start": 0.9},
        {"levers.CHINA.rare_earths.floor": 0.9},
        {"levers.CHINA.rare_earth.start": 0.1},
        {"levers.EU.rare_earths.start": 0.1},
        {"initiative.EU": 0.1},
        {"initiative.US.chips": 0.1},
        {"step_multiple": 2},
        {"fatige": 1},
        {"truce.expires": "2026-13-01"},
    ],
)
def test_what_is_wrong_is_said_as_by_the_slow_way(point):
    with pytest.raises(InputError) as slow:
        build_game(load_scenario("busan_2025", point))
    with pytest.raises(InputError) as fast:
        games().game(point)
    assert str(fast.value) == str(slow.value)


def test_parameter_of_a_module_that_only_the_point_sets(tmp_path):
    """The base game cannot be built without it."""
    import yaml

    from negotiation_abm.files.resources import shipped

    data = yaml.safe_load(shipped("configs/parameters", ".yaml")["start_2025"].read_text())
    del data["parameters"]["diligence"]
    (tmp_path / "set.yaml").write_text(yaml.safe_dump(data))
    changes = {"parameters": str(tmp_path / "set.yaml")}
    point = {"diligence": 0.5}
    same(
        games(changes=changes).game(point),
        build_game(load_scenario("busan_2025", changes | point)),
    )
    with pytest.raises(InputError, match="diligence: missing"):
        games(changes=changes).game({"fatigue": 1})


def test_source_travels_and_needs_no_files():
    source = pickle.loads(pickle.dumps(read_source("busan_2025", {}, {"start_2025"})))
    assert {"start_2025", "calibrated_2025"} == set(source.sets)
    point = {"parameters": "start_2025", BREACH: 1}
    same(Games(source, {}).game(point), build_game(load_scenario("busan_2025", point)))
