"""Every malformed file gives one clear line: file, place, value, what is allowed or nearest."""

import pytest

from malformed import BAD, PARAMETERS, RECORD, SCENARIO, Bad, good_text, whole, write_bad
from negotiation_abm import (
    InputError,
    build_game,
    load_record,
    load_scenario,
    replay_record,
)
from negotiation_abm.scenario.parameters import load_parameter_set


def load(case, path):
    """What a user of the package would do with the file."""
    if case.kind == SCENARIO:
        build_game(load_scenario(path))
    elif case.kind == PARAMETERS:
        load_parameter_set(path)
    elif case.replayed:
        replay_record(build_game(load_scenario("baseline_2025")), load_record(path))
    else:
        load_record(path)


def marked(case):
    return pytest.param(case, id=str(case))


@pytest.mark.parametrize("case", [marked(case) for case in BAD])
def test_message(case, tmp_path):
    path = write_bad(case, tmp_path)
    with pytest.raises(InputError) as caught:
        load(case, path)
    message = str(caught.value)
    for fragment in (str(path), *case.fragments):
        assert fragment in message
    assert "\n" not in message
    assert message == message.strip()


@pytest.mark.parametrize("kind", [SCENARIO, RECORD, PARAMETERS])
def test_unedited_file_is_accepted(kind, tmp_path):
    """Else the cases above could be refused for another reason."""
    case = Bad("none", kind, whole(good_text(kind)), (), replayed=True)
    load(case, write_bad(case, tmp_path))


def test_cases_have_names_of_their_own():
    names = [str(case) for case in BAD]
    assert len(set(names)) == len(names) >= 20


@pytest.mark.parametrize("kind", ["load_scenario", "load_record", "load_parameter_set"])
def test_file_that_is_not_there(kind, tmp_path):
    function = {"load_scenario": load_scenario, "load_record": load_record}.get(
        kind, load_parameter_set
    )
    path = tmp_path / "nowhere.yaml"
    with pytest.raises(InputError, match="no such file") as caught:
        function(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "fragments"),
    [
        ("fatige", 1, ("fatige: unknown name to set", "did you mean 'fatigue'?")),
        ("levers.US.chips.stp", 0.1, ("levers.US.chips.stp: unknown", "did you mean 'step'?")),
        ("players.0.1", "EU", ("players.0.1: not a place that can be set",)),
        ("horizon_weeks.0", 3, ("horizon_weeks.0: not a place that can be set",)),
        ("players.2", "EU", ("players.2: '2' is no entry of the list", "0 to 1")),
        ("calendar.summits.9.date", "2026-01-05", ("'9' is no entry", "allowed: 0 to 3")),
        ("calendar.summits.first.date", "2026-01-05", ("'first' is no entry",)),
        ("shocks.0.level", 0.5, ("shocks.0.level: unknown '0'",)),
        ("calendar.summits.0.dat", "2026-01-05", ("summits.0.dat: unknown", "'date'")),
        ("fatigue", 1000, ("set.fatigue: 1000", "-50 to 50")),
        ("levers.US.chips.step", 2, ("levers.US.chips.step: 2", "less than or equal to 1")),
        ("levers.US.chps.step", 0.1, ("levers.US.chps", "did you mean 'chips'?")),
    ],
)
def test_change_that_cannot_be_made(name, value, fragments):
    with pytest.raises(InputError) as caught:
        load_scenario("baseline_2025", {name: value})
    for fragment in ("baseline_2025.yaml", *fragments):
        assert fragment in str(caught.value)
