"""What-ifs: nothing altered is nothing, shipped ones run, files and options say the same."""

import json

import numpy as np
import pandas as pd
import pytest

from cli_helpers import command, strict_json
from helpers import write_yaml
from negotiation_abm import (
    InputError,
    build_game,
    load_record,
    load_scenario,
    replay_record,
    run_replicates,
)
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.resources import shipped
from negotiation_abm.plotting import plot_folder, style
from negotiation_abm.plotting.timeline import plot_tariffs
from negotiation_abm.replay.step import replay_summary
from negotiation_abm.run.outcome import constituencies
from negotiation_abm.studies.whatif.outcomes import play_branch
from negotiation_abm.studies.whatif.run import branches, run_whatif
from negotiation_abm.studies.whatif.schema import WhatIf, is_whatif, load_whatif, parse_move

NAMES = list(shipped("configs/whatifs", ".yaml"))
START = {"parameters": "start_2025"}  # a fit to come changes no expectation
BASE = {"name": "mine", "scenario": "baseline_2025", "from": "2025-10-06", "common": START}


def whatif(**keys):
    return WhatIf.model_validate(BASE | keys)


def differences(summary):
    return {
        row["outcome"]: (row["difference"], row["low"], row["high"]) for row in summary["outcomes"]
    }


# ---------------------------------------------------------------------------
# Nothing altered, nothing changed.

AFTER = {"date": "2027-06-07", "player": "US", "move": "ESCALATE", "lever": "chips"}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"skip": ["S23"]},  # after the branch
        {"skip": ["O12"]},  # not part of the replay
        {"moves": [AFTER]},
        {"set": {"breach_cost": 2.7}},  # as it is
        {"strategies": {"US": "logit"}},
    ],
)
def test_nothing_altered_changes_nothing(keys):
    summary = run_whatif(whatif(**keys), 300, 2)
    assert len(summary["outcomes"]) > 15
    assert set(differences(summary).values()) == {(0.0, 0.0, 0.0)}
    assert bool(summary["notes"]) == bool(keys.get("skip") or keys.get("moves"))


@pytest.mark.parametrize(
    "keys",
    [
        {"skip": ["S21"]},
        {"moves": [AFTER | {"date": "2026-12-07"}]},
        {"set": {"breach_cost": 2.0}},
        {"strategies": {"US": "dove"}},
    ],
)
def test_something_altered_changes_something(keys):
    """Else the test above would prove nothing."""
    assert set(differences(run_whatif(whatif(**keys), 300, 2)).values()) != {(0.0, 0.0, 0.0)}


# ---------------------------------------------------------------------------
# Outcomes.


@pytest.fixture(scope="module")
def played():
    game = branches(whatif()).factual.game
    return game, play_branch(game, 1200, 4), run_replicates(game, 4, 0, 1200)


def column(played, name):
    return played.values[:, [outcome.name for outcome in played.outcomes].index(name)]


def test_outcomes_are_those_of_the_batch(played):
    game, found, block = played
    runs = block.runs
    np.testing.assert_array_equal(column(found, "weeks_in_truce"), runs["weeks_in_truce"])
    np.testing.assert_array_equal(found.in_truce.sum(axis=1), runs["weeks_in_truce"])
    for i, (a, scale) in game.tariff_levers().items():
        mean = runs["mean_in_force"][:, i, a] * scale
        np.testing.assert_allclose(column(found, f"{game.players[i]}.tariff_pp"), mean)
        np.testing.assert_allclose(found.tariffs[:, :, i].mean(axis=1), mean, rtol=1e-4)


def test_truce_that_holds_is_the_first_spell(played):
    _, found, block = played
    spells = block.spells[(block.spells["measure"] == 0) & (block.spells["truce"] == 0)]
    ended = (spells["start_week"] + spells["duration_weeks"] < 37 + 26) & (spells["cause"] > 0)
    np.testing.assert_array_equal(column(found, "covered_26"), 1.0 - ended)
    assert (column(found, "any_domain_26") == 0).all()  # it had ended on 29 September


def test_truce_held_26_weeks_is_not_that_of_a_branch_in_a_dispute():
    game = branches(whatif(**{"from": "2025-03-03"})).factual.game
    assert np.isnan(column(play_branch(game, 5, 1), "covered_26")).all()


def test_constituencies_sum_to_the_pain(played):
    game, found, _ = played
    who = constituencies(game)
    assert who["Chinese technology firms"] == [(0, 1), (0, 2)]
    assert sum(len(levers) for levers in who.values()) == 9
    flow = column(found, "US.flow")
    pain = sum(column(found, f"pain.{name}") for name, levers in who.items() if levers[0][0] == 1)
    assert (flow < -pain + 0.4 * 3).all()  # less own cost, plus the opponent's pain


def test_threads_and_chunks_do_not_matter():
    game = branches(whatif()).factual.game
    one, two = play_branch(game, 700, 6, threads=1), play_branch(game, 700, 6, threads=2)
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.tariffs, two.tariffs)


def test_draws_are_common():
    """The paired interval is far narrower than that of separate runs."""
    row = next(
        row
        for row in run_whatif(whatif(set={"breach_cost": 2.6}), 2000, 1)["outcomes"]
        if row["outcome"] == "US.tariff_pp"
    )
    game = branches(whatif()).factual.game
    spread = column(play_branch(game, 2000, 1), "US.tariff_pp").std()
    separate = 2 * 1.96 * spread * np.sqrt(2 / 2000)
    assert row["high"] - row["low"] < 0.8 * separate


# ---------------------------------------------------------------------------
# Shipped what-ifs.


def test_seven_are_shipped():
    assert len(NAMES) == 7
    assert not set(NAMES) & set(shipped("configs", ".yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_shipped_whatif_says_something(name, tmp_path):
    entry = load_whatif(name)
    assert entry.name == name
    assert entry.title
    assert entry.description
    summary = run_whatif(entry, 200, 1, tmp_path)
    assert any(low > 0 or high < 0 for _, low, high in differences(summary).values())
    assert summary["notes"] == []


def test_truce_for_two_months_lasts_shorter():
    found = differences(run_whatif(load_whatif("two_month_truce"), 2000, 1))
    assert found["covered_26"][2] < -0.02


def test_threat_carried_out_ends_the_truce():
    shipped_one = load_whatif("threat_carried_out")
    shipped_one.common.update(START)
    summary = run_whatif(shipped_one, 500, 1)
    rows = {row["outcome"]: row for row in summary["outcomes"]}
    assert rows["covered_13"]["altered"] == 0.0
    assert rows["US.tariff_pp"]["low"] > 5.0
    assert summary["forced_moves_a_run"]["US"] == 1.0


# ---------------------------------------------------------------------------
# Files.


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whatif")
    return run_whatif(load_whatif("no_affiliates_rule"), 300, 1, folder), folder


def test_files_of_a_whatif(written):
    summary, folder = written
    assert json.loads((folder / "whatif.json").read_text()) == json.loads(json.dumps(summary))
    table = pd.read_csv(folder / "differences.csv")
    assert list(table["outcome"]) == [row["outcome"] for row in summary["outcomes"]]
    paths = pd.read_csv(folder / "paths.csv")
    assert set(paths["arm"]) == {"record", "factual", "altered", "difference"}
    tariffs = {"US.tariff_pp", "CHINA.tariff_pp"}
    assert set(paths["series"]) == tariffs | {"in_truce", "holds.covered", "holds.any_domain"}
    assert (paths["low"] <= paths["high"]).all()
    branch = paths[(paths["arm"] == "altered") & (paths["series"] == "in_truce")]
    assert branch["week_of"].iloc[0] == "2025-10-06"
    assert len(branch) == summary["weeks"] == 67
    facts = read_manifest(folder)["whatif"]
    assert facts["whatif"]["skip"] == ["S21"]
    assert facts["replicates"] == 300


def test_curves_of_a_standing_truce_agree_with_the_outcomes(written):
    summary, folder = written
    paths = pd.read_csv(folder / "paths.csv")
    outcomes = {row["outcome"]: row for row in summary["outcomes"]}
    for measure in ("covered", "any_domain"):
        for ahead in (13, 26, 52):
            at = (paths["series"] == f"holds.{measure}") & (paths["turn"] == 37 + ahead - 1)
            row = outcomes[f"{measure}_{ahead}"]
            for arm in ("factual", "altered", "difference"):
                found = paths[at & (paths["arm"] == arm)].iloc[0]
                assert found["value"] == pytest.approx(row[arm], abs=1e-7)
            assert found["low"] == pytest.approx(row["low"], abs=1e-6)
            assert found["high"] == pytest.approx(row["high"], abs=1e-6)


def test_figure_of_a_whatif(written):
    paths = plot_folder(written[1])
    assert {"whatif.png", "whatif.svg"} <= {path.name for path in paths}
    assert all(path.stat().st_size > 10_000 for path in paths)


def test_file_of_a_whatif_is_known_from_a_scenario(tmp_path):
    path = write_yaml(tmp_path / "mine.yaml", BASE)
    assert is_whatif(str(path))
    assert is_whatif("no_busan")
    assert not is_whatif("baseline_2025")
    assert load_whatif(path).date.isoformat() == "2025-10-06"


def test_options_say_what_a_file_says(capsys, tmp_path):
    words = ("--replicates", 50, "--json", "--out", tmp_path / "out")
    by_name = command(capsys, "whatif", "threat_carried_out", *words)
    by_hand = command(
        capsys, "whatif", "baseline_2025", "--from", "2025-10-27",
        "--move", "2025-11-01:US:ESCALATE:market_access", *words,
    )  # fmt: skip
    first, second = strict_json(by_name.out), strict_json(by_hand.out)
    assert first["outcomes"] == second["outcomes"]
    assert first["alteration"] == second["alteration"]


def test_printed_table_fits_a_terminal(capsys, tmp_path):
    done = command(capsys, "whatif", "no_busan", "--replicates", 20, "--out", tmp_path)
    assert done.status == 0
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 100
    assert "still in force after 13" in done.out


# ---------------------------------------------------------------------------
# Refused: the command line says one line, and writes nothing.

OCTOBER = ("baseline_2025", "--from", "2025-10-06")
JANUARY = ("--from", "2025-01-27")


@pytest.mark.parametrize(
    ("words", "fragments"),
    [
        (("baseline_2025",), ("--from: missing",)),
        (("baseline_2025", "--from", "2024-12-31"), ("--from: 2024-12-31", "allowed: 2025-01-20")),
        (("baseline_2025", "--from", "october"), ("--from: october", "YYYY-MM-DD")),
        (("busan_2025", "--from", "2025-12-01"), ("busan_2025.yaml: record", "missing")),
        ((*OCTOBER, "--skip", "S99"), ("record_2025.csv: skip S99", "did you mean")),
        ((*OCTOBER, "--move", "2025-10-06:US:RAISE:chips"), ("unknown move 'RAISE'",)),
        ((*OCTOBER, "--move", "2025-13-06:US:HOLD"), ("is no date of the calendar",)),
        ((*OCTOBER, "--move", "US:HOLD"), ("expected DATE:PLAYER:MOVE:LEVER",)),
        ((*OCTOBER, "--move", "2025-10-06:CHINA:CONCEDE:entity_list"), ("did you mean",)),
        (
            ("baseline_2025", *JANUARY, "--move", "2025-01-28:US:CONCEDE:port_fees"),
            ("2025-01-28:US:CONCEDE:port_fees", "not legal here", "legal: HOLD"),
        ),
        ((*OCTOBER, "--move", "2025-09-01:US:HOLD"), ("before the branch",)),
        ((*OCTOBER, "--strategy", "US=tit_for_tits"), ("did you mean 'tit_for_tat'",)),
        ((*OCTOBER, "--strategy", "US"), ("expected PLAYER=NAME",)),
        ((*OCTOBER, "--set", "start=2025-02-03"), ("start", "cannot be altered at a date")),
        ((*OCTOBER, "--set", "levers.US.chips.start=0.1"), ("cannot be altered at a date",)),
        ((*OCTOBER, "--set", "fatige=1"), ("fatige", "did you mean 'fatigue'")),
        (("no_busn",), ("no_busn",)),
    ],
)
def test_bad_input_is_one_line(capsys, tmp_path, monkeypatch, words, fragments):
    monkeypatch.chdir(tmp_path)
    done = command(capsys, "whatif", *words, "--replicates", 2, "--out", "out")
    assert done.status == 2, done.out
    assert len(done.err.splitlines()) == 1, done.err
    for fragment in fragments:
        assert fragment in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"form": "2025-10-06"}, "form: unknown; did you mean 'from'"),
        ({"moves": [{"date": "2025-10-06", "player": "US", "mov": "HOLD"}]}, "did you mean 'move'"),
        ({"from": "soon"}, "from: 'soon'"),
        ({"name": ""}, "name: ''"),
    ],
)
def test_bad_file_names_its_place(tmp_path, keys, problem):
    path = write_yaml(tmp_path / "mine.yaml", BASE | keys)
    with pytest.raises(InputError, match=problem):
        load_whatif(path)


def test_check_knows_a_whatif(capsys, tmp_path):
    done = command(capsys, "check", "no_busan")
    assert done.out == "no_busan: what-if, from 2025-10-27 of baseline_2025\n"
    bad = write_yaml(tmp_path / "bad.yaml", BASE | {"skip": ["S99"]})
    assert command(capsys, "check", bad).status == 2


def test_move_in_words():
    move = parse_move("2026-02-02:CHINA:SUSPEND")
    assert (move.player, move.move, move.lever, move.exchange) == ("CHINA", "SUSPEND", None, 1)


def test_other_scenarios_can_be_left_too():
    """Modules are on in the replay and after it."""
    summary = run_whatif(
        whatif(scenario="mechanisms_2025", set={"diligence.CHINA": 0.2}, **{"from": "2025-12-08"}),
        2000, 1,
    )  # fmt: skip
    assert differences(summary)["covered_26"][2] < 0
    assert build_game(load_scenario("mechanisms_2025")).params["num_modules"][0] == 10


# ---------------------------------------------------------------------------
# Two tariffs, two names.


def test_effective_tariff_is_one_thing_everywhere(written):
    """The record in a what-if is the effective tariff of the replay; the headline has its own name.

    In April 2025 the headline stayed at 145 points while exemptions took the effective rate to 116.
    """
    paths = pd.read_csv(written[1] / "paths.csv")
    game = build_game(load_scenario("baseline_2025"))
    weeks = replay_record(game, load_record("record_2025")).weeks
    for i, (lever, scale) in game.tariff_levers().items():
        player = game.players[i]
        shown = paths[(paths["arm"] == "record") & (paths["series"] == f"{player}.tariff_pp")]
        replayed = [week[f"{player}.tariff_pp"] for week in weeks]
        np.testing.assert_allclose(shown["value"], replayed, rtol=1e-6)
        levels = [week[f"{player}.{game.lever_names[i][lever]}.in_force"] for week in weeks]
        np.testing.assert_allclose(replayed, np.array(levels) * scale)
    most = max(weeks, key=lambda week: week["US.headline_pp"] - week["US.tariff_pp"])
    assert most["US.headline_pp"] == 145.0
    assert most["US.tariff_pp"] == pytest.approx(116.0)


def test_every_tariff_in_words_says_which_it_is(written):
    summary, folder = written
    words = [row["text"] for row in summary["outcomes"] if "tariff" in row["text"]]
    assert len(words) == 4
    assert all(text.startswith("average extra tariff of ") for text in words)
    plot_folder(folder, ["whatif"])
    assert "Average extra tariff of US" in (folder / "figures" / "whatif.svg").read_text()
    replay = replay_summary(
        replay_record(build_game(load_scenario("baseline_2025")), load_record("record_2025"))
    )
    with style.context():
        ax = plot_tariffs(replay, style.subplots()[1])
    assert ax.get_ylabel() == "announced extra tariff,\npercentage points"
    labels = ax.get_legend_handles_labels()[1]
    assert "average over all goods" in labels
    dotted = [line for line in ax.lines if line.get_linestyle() == ":" and len(line.get_xdata())]
    assert max(dotted[0].get_ydata()) == pytest.approx(116.0)
