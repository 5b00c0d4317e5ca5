"""Play, Sweeps and Mesa without a browser: addresses, words, commands."""

import io
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cli_helpers import command
from negotiation_abm import InputError, NegotiationModel, run_replicates
from negotiation_abm.dashboard import board, browser, game_address, mesa_model, permalink
from negotiation_abm.dashboard.browser import Asked
from negotiation_abm.files.resources import shipped
from negotiation_abm.play.advice import choices
from negotiation_abm.play.identity import state_hash
from negotiation_abm.play.schema import Start
from negotiation_abm.play.session import Session
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.sweep.slices import Query, open_sweep
from sweep_helpers import BREACH, RARE, sweep


def opened(query):
    return game_address.opened(permalink.read(query, game_address.fields()))


# ---------------------------------------------------------------------------
# Play: the address.


@pytest.mark.parametrize(
    "query",
    [
        "",
        "side=CHINA&seed=9&weeks=0",
        "opponent=dove&run=4&worth=0",
        "scenario=baseline_2025&from=2025-10-06&weeks=26",
        "set=%7B%22fatigue%22%3A1.0%7D",
    ],
)
def test_the_address_of_a_game_is_the_game(query):
    session = opened(query)
    for _ in range(6):
        session.play(session.advised())
    session.play(session.legal()[-1])
    values = game_address.values_of(session, "worth=0" not in query)
    address = permalink.write(values, game_address.fields())
    again = opened(address)
    assert again.log == session.log
    assert again.saved() == session.saved()
    assert game_address.values_of(again, values["worth"]) == values


def test_an_address_has_one_letter_a_move():
    session = opened("weeks=13&moves=0056")
    assert session.moves == ["HOLD", "HOLD", "ESCALATE chips", "THREATEN chips"]
    assert len(game_address.CODES) == 20  # as many as options


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("moves=00z", "moves: 'z' is no move"),
        ("moves=1", "address of the page: moves, 1: SUSPEND: not legal"),
        ("side=EU", "address of the page: side: 'EU'"),
        ("set=[]", "set: is no mapping"),
        ("set=" + "[" * 3000, "set: is not JSON"),
        ("set={%22record.file%22:%22/etc/passwd%22}", "set.record: cannot be changed here"),
        ("set={%22parameters%22:%22/etc/passwd%22}", "set.parameters: unknown '/etc/passwd'"),
        ("from=2025-10-06", "record: missing"),
        ("weeks=-1", "weeks: '-1' is out of range; allowed: 0 to 2600"),
    ],
)
def test_what_an_address_must_not_say(query, text):
    with pytest.raises(InputError) as caught:
        opened(query)
    assert text in str(caught.value)


# ---------------------------------------------------------------------------
# Play: the board.


def test_situation_is_that_of_the_state():
    session = opened("weeks=13&moves=5")
    facts = dict(board.situation(session))
    state = session.model.state
    assert facts["Week"].startswith(f"{state.turn + 1} of 13")
    assert facts["Truce"] == "since the week of 2025-10-27, until the week of 2026-11-09"
    share = state.strain / session.model.params.tolerance
    assert facts["Strain"] == f"{board.percent(share)} of what ends the truce"
    broken = opened("weeks=13&moves=2")
    assert dict(board.situation(broken))["Truce"] == "none: dispute"
    broken.play_on()
    assert dict(board.situation(broken))["Week"] == "13 of 13 played: the game is over"


def test_threats_and_offers_are_shown():
    session = opened("weeks=13&moves=6")
    announced = [text for name, text in board.situation(session) if name == "Announced"]
    assert announced[0].startswith("US chip controls: ")
    session = opened("weeks=13&moves=21")
    assert ("Your offer", "stands: an answering offer makes an agreement") in board.situation(
        session
    )


def test_lever_rows():
    rows = {(r["player"], r["name"]): r for r in board.lever_rows(opened("side=CHINA"))}
    assert rows["US", "tariffs"]["text"] == "20 + 24 points"
    assert rows["US", "chip controls"]["text"] == "50 %"
    assert not rows["US", "chip controls"]["covered"]
    assert rows["China", "rare-earth controls"]["covered"]
    assert rows["China", "rare-earth controls"]["own"]
    assert not rows["US", "chip controls"]["own"]


def test_move_rows_say_what_a_move_does():
    session = opened("")
    rows = {row["option"]: row for row in board.move_rows(session, choices(session))}
    assert list(rows) == session.legal()
    assert (rows[0]["text"], rows[0]["value"], rows[0]["flow"]) == ("Hold", "0", "0")
    assert (rows[2]["text"], rows[2]["note"]) == (
        "Raise tariffs, 20 to 56 points",
        "breaks the truce",
    )
    assert (rows[5]["text"], rows[5]["note"]) == (
        "Raise chip controls, 50 to 60\N{NO-BREAK SPACE}%",
        "strains the truce",
    )
    assert rows[6]["text"] == "Threaten with chip controls, to 60\N{NO-BREAK SPACE}%"
    assert rows[7]["text"] == "Ease chip controls, 50 to 40\N{NO-BREAK SPACE}%"
    assert rows[0]["answers"].startswith("holds ")


def test_log_rows_are_newest_first():
    session = opened("weeks=26&moves=2")
    session.play_on()
    rows = board.log_rows(session)
    assert [row["text"] for row in rows] == [entry.text for entry in session.log[::-1]]
    assert rows[-1]["side"] == "own"
    assert rows[-1]["mark"] == "ENDED"
    assert {row["side"] for row in rows} <= {"own", "other", "event"}


def test_weeks_to_choose():
    assert game_address.weeks_to_choose(opened("")) == [13, 26, 52, 0]
    left = opened("scenario=baseline_2025&from=2025-12-22")
    assert game_address.weeks_to_choose(left)[-1] == 0
    for weeks in game_address.weeks_to_choose(left)[:-1]:
        Session(left.start.model_copy(update={"weeks": weeks}))


def test_opponents_can_be_played_against():
    for name in game_address.opponents():
        session = Session(Start(scenario="busan_2025", side="US", opponent=name, weeks=3))
        session.play_on()
        assert session.is_over


# ---------------------------------------------------------------------------
# Sweeps.


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    values = {BREACH: [0.5, 2.0], RARE: [0.3, 0.9], "fatigue": [0.5, 1.5]}
    sweep(folder / "b" / "three", design=[{"grid": values}], replicates=20)
    (folder / "a").mkdir()
    (folder / "a" / "sensitivity.csv").write_text(
        "outcome,factor,is_dummy,mu_star,mu_star_low,mu_star_high,sigma\n"
        "x,breach_cost,False,1,0.9,1.1,0.2\nx,dummy,True,0.1,0,0.2,0.1\n"
    )
    return folder


@pytest.mark.parametrize(
    "query",
    [
        "",
        "folder=a",
        "outcome=median_weeks&measure=any_domain&group=all",
        f"across={BREACH}&up=&at={RARE}=0.9;fatigue=0.5",
        "outcome=num_truces&point=3",
    ],
)
def test_the_address_of_a_slice_is_the_slice(query, root):
    asked = browser.read(query, root)
    assert browser.read(browser.write(asked, root), root) == asked


def test_a_sweep_is_shown_before_a_study(root, tmp_path):
    assert browser.first_of(root) == "b/three"
    assert browser.read("", root).folder == "b/three"
    assert browser.read("", tmp_path) is None


@pytest.mark.parametrize("is_of_point", [False, True])
def test_the_command_gives_what_is_shown(root, capsys, is_of_point):
    from negotiation_abm.plotting.slices import as_csv, look_up

    query = Query("survival_90", "covered", "all", BREACH, "", {RARE: "0.9", "fatigue": "1.5"})
    asked = browser.filled(Asked("b/three", query, 5 if is_of_point else None), root)
    words = shlex.split(browser.command(asked, root, is_of_point))
    assert words[0] == "negotiation-abm"
    done = command(capsys, *words[1 : words.index("--out")])
    assert done.status == 0
    assert as_csv(look_up(root / "b/three", asked.query, asked.point).table) == done.out


def test_the_command_plays_a_point_anew(root, tmp_path, capsys):
    words = shlex.split(browser.run_command(open_sweep(root / "b/three"), 5))
    words[words.index("--out") + 1] = str(tmp_path / "run")
    assert command(capsys, *words[1:]).status == 0
    anew = pd.read_csv(tmp_path / "run" / "survival.csv")
    done = command(capsys, "slice", root / "b/three", "--point", 5)
    ours = pd.read_csv(io.StringIO(done.out))
    for name in ("at_risk", "survival", "lower", "upper"):
        np.testing.assert_allclose(anew[name], ours[name], rtol=1e-6)


def test_what_can_be_chosen(root):
    asked = browser.read("outcome=num_truces", root)
    sweep_read = browser.opened((root / "b/three").resolve())
    known = browser.choices_of(sweep_read, asked)
    assert (known["measure"], known["group"]) == ([], [])
    assert asked.query.across not in known["up"]
    assert browser.to_fix(sweep_read, asked) == list(asked.query.at)
    points = browser.points_of(sweep_read, asked)
    assert len(points) == 4
    assert all(point["text"].count(":") >= 1 for point in points)


# ---------------------------------------------------------------------------
# Mesa.


def test_the_shown_model_is_the_model():
    shown = mesa_model.model_of(
        permalink.read(
            "scenario=baseline_2025&seed=7&run=2&first=dove&step=30", mesa_model.fields()
        )
    )
    plain = NegotiationModel("baseline_2025", 7, 2, {"US": "dove"})
    for _ in range(30):
        plain.step()
    assert shown.moves == plain.moves
    pd.testing.assert_frame_equal(mesa_model.table_of(shown), mesa_model.table_of(plain))
    assert mesa_model.values_of(shown)["step"] == 30
    game = build_game(load_scenario("baseline_2025", {"strategies.US": "dove"}))
    whole = shown.run_to_horizon()
    runs = run_replicates(game, 7, 2, 1).runs
    np.testing.assert_array_equal(whole.tally.num_moves, runs[0]["num_moves"])


def test_the_line_of_python_writes_the_table(tmp_path):
    model = mesa_model.model_of(permalink.read("seed=3&step=12", mesa_model.fields()))
    words = shlex.split(mesa_model.command_of(model))
    subprocess.run([sys.executable, *words[1:]], check=True, cwd=tmp_path)
    assert (tmp_path / "mesa.csv").read_text() == mesa_model.as_csv(model)


def test_plots_have_the_levers_of_every_shipped_scenario():
    """Mesa's page keeps its plots when another scenario is chosen."""
    labels = {
        tuple(build_game(load_scenario(name)).lever_labels())
        for name in shipped("configs", ".yaml")
    }
    assert len(labels) == 1


def test_move_lines_are_the_last_moves():
    model = mesa_model.model_of(permalink.read("seed=3&step=60", mesa_model.fields()))
    lines = mesa_model.move_lines(model)
    assert len(lines) == min(len(model.moves), mesa_model.SHOWN_MOVES)
    last = model.moves[-1]
    assert lines[0][:2] == [model.game.scenario.date_of(last["turn"]).isoformat(), last["player"]]


def test_a_game_and_the_mesa_model_agree():
    """The page's two ways to play one run give one state."""
    session = opened("weeks=0&seed=5")
    session.play_on()
    model = mesa_model.model_of(permalink.read("seed=5&step=2600", mesa_model.fields()))
    assert state_hash(session.model.state) == state_hash(model.state)
