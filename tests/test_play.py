"""A person plays: the same game as any run, saved and played again, placed among simulated ones."""

import json

import numpy as np
import pandas as pd
import pytest

from cli_helpers import command, strict_json
from helpers import assert_same_record
from negotiation_abm import InputError, NegotiationModel, run_replicates
from negotiation_abm.core.payoffs import flow, option_value
from negotiation_abm.core.terms import Move, Phase
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.core.transitions import is_legal
from negotiation_abm.play.advice import choices
from negotiation_abm.play.identity import state_hash
from negotiation_abm.play.log import log_table
from negotiation_abm.play.schema import SavedGame, Start, as_text, load_game, parse_game
from negotiation_abm.play.session import Session, resume
from negotiation_abm.play.standing import standing
from negotiation_abm.play.start import game_of
from negotiation_abm.play.step import run_play
from negotiation_abm.plotting import plot_folder
from negotiation_abm.run.batch import blank_traces
from negotiation_abm.strategies.logit import choose

BUSAN = {"scenario": "busan_2025", "side": "US", "seed": 7, "weeks": 30}
BRITTLE = {"set": {"restore_share": 0}}  # any covered escalation breaks the truce
LEFT = {"scenario": "baseline_2025", "from": "2025-10-06", "side": "CHINA", "seed": 3}


def start(**keys):
    return Start.model_validate(BUSAN | keys)


@pytest.fixture(scope="module")
def played():
    """A game that a person has played: some moves of her own, the rest left to the strategy."""
    session = Session(start(**BRITTLE))
    session.play("ESCALATE market_access")
    session.play("SUSPEND" if 1 in session.legal() else "HOLD")
    session.hold_until_news(10)
    session.play_on()
    return session


# ---------------------------------------------------------------------------
# The same game as any other run.


@pytest.mark.parametrize(
    "keys", [{}, {"side": "CHINA", "replicate": 4}, {"scenario": "mechanisms_busan"}, LEFT]
)
def test_a_person_who_follows_the_strategy_plays_the_run_of_that_seed(keys):
    chosen = Start.model_validate(keys if keys is LEFT else BUSAN | keys)
    session = Session(chosen)
    session.play_on()
    game = game_of(chosen)
    model = NegotiationModel(game, chosen.seed, chosen.replicate).run_to_horizon()
    assert session.model.moves == model.moves
    traces = blank_traces(game, 1)
    run = run_replicates(game, chosen.seed, chosen.replicate, 1, traces)
    np.testing.assert_array_equal(session.model.tally.num_moves, run.runs[0]["num_moves"])
    assert_same_record(session.model.tally, run.runs[0])
    for name in ("phase", "in_force", "flow", "felt"):
        np.testing.assert_allclose(session.traces[name], traces[0][name], rtol=0, atol=1e-12)


def test_looking_changes_nothing():
    looked, blind = Session(start()), Session(start())
    for move in ("HOLD", "THREATEN chips", "HOLD", "ESCALATE chips", "HOLD"):
        for _ in range(2):
            choices(looked)
            looked.advised()
        looked.play(move)
        blind.play(move)
        assert state_hash(looked.model.state) == state_hash(blind.model.state)


def test_the_opponent_plays_the_strategy_that_is_named():
    session = Session(start(opponent="always_escalate"))
    session.play("HOLD")
    assert all(e.move == "ESCALATE" for e in session.log if e.player == "CHINA")
    assert any(e.player == "CHINA" for e in session.log)


def test_weeks_to_play():
    session = Session(start(weeks=5))
    session.play_on()
    assert session.is_over
    assert len(session.traces) == 5
    assert session.legal() == [] == choices(session)


# ---------------------------------------------------------------------------
# What a move is worth, and what answers it.


def test_choices_are_the_legal_moves_with_their_values():
    session = Session(start())
    model, found = session.model, choices(session)
    assert [c.option for c in found] == session.legal()
    assert sum(c.probability for c in found) == pytest.approx(1.0)
    odds = {c.label: c.probability / found[0].probability for c in found}
    for choice in found:
        value = option_value(model.state, model.params, model.week, 0, choice.option)
        assert choice.value == pytest.approx(value)
        assert odds[choice.label] == pytest.approx(np.exp(model.params.precision * value))
    hold = found[0]
    assert (hold.label, hold.value, hold.flow_change) == ("HOLD", 0.0, 0.0)


def test_probability_is_how_often_the_strategy_chooses():
    session = Session(start())
    draws = (np.arange(20_000) + 0.5) / 20_000
    state, params, week = session.model.state, session.model.params, session.model.week
    chosen = [choose(state, params, week, 0, u, np.zeros(20)) for u in draws]
    for choice in choices(session):
        assert chosen.count(choice.option) / 20_000 == pytest.approx(choice.probability, abs=2e-4)


def test_levels_and_flow_are_those_of_the_usual_size():
    session = Session(start())
    model = session.model
    before = flow(model.state, model.params, model.week, 0)
    choice = next(c for c in choices(session) if c.label == "CONCEDE market_access")
    session.play(choice.option)
    assert model.state.in_force[0, 0] == pytest.approx(choice.after)
    entry = session.log[0]
    assert (entry.before, entry.after) == (choice.before, choice.after)
    assert entry.probability == pytest.approx(choice.probability)
    if model.state.turn == 0:  # the same week goes on
        after = flow(model.state, model.params, model.week, 0)
        assert after - before == pytest.approx(choice.flow_change)


def test_an_offer_is_answered_by_an_offer():
    """Acceptance is what carries a mirrored signing: the answer must react to the move."""
    session = Session(Start.model_validate({"scenario": "baseline_2025", "side": "US"}))
    assert 1 in session.legal()  # a dispute: an offer can always be made
    found = {c.label: c for c in choices(session)}
    assert found["SUSPEND"].answers[0].label in ("SUSPEND", "HOLD")
    accepts = {a.label: a.probability for a in found["SUSPEND"].answers}.get("SUSPEND", 0.0)
    assert accepts > 10 * 0.005
    for choice in found.values():
        chances = [answer.probability for answer in choice.answers]
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) <= 1.0 + 1e-12


# ---------------------------------------------------------------------------
# Moves and the log.


@pytest.mark.parametrize(
    ("move", "text"),
    [
        ("ESCLATE chips", "did you mean 'ESCALATE'?"),
        ("ESCALATE chip", "did you mean 'chips'?"),
        ("ESCALATE", "unknown lever"),
        ("HOLD chips", "HOLD has no lever"),
        ("SUSPEND", "not legal in the week of 2025-11-10; allowed: HOLD, "),
        ("", "unknown move"),
    ],
)
def test_a_move_that_is_none_changes_nothing(move, text):
    session = Session(start())
    before = state_hash(session.model.state)
    with pytest.raises(InputError, match=text.replace("?", r"\?")):
        session.play(move)
    assert session.moves == []
    assert state_hash(session.model.state) == before


def test_no_move_after_the_end(played):
    with pytest.raises(InputError, match="the game is over"):
        played.play("HOLD")


def test_the_log_says_what_happened(played):
    texts = [entry.text for entry in played.log]
    assert texts[0].startswith("US: raises market access from 20 to ")
    assert texts[0].endswith("; this breaks the truce")
    assert played.log[0].event == "ENDED"
    moves = [entry for entry in played.log if entry.move]
    assert [(e.turn, e.player, Move[e.move]) for e in moves] == [
        (m["turn"], m["player"], m["move"]) for m in played.model.moves
    ]
    assert [e.turn for e in played.log] == sorted(e.turn for e in played.log)
    assert list(log_table(played.log)["text"]) == texts


def test_ends_of_a_truce_are_in_the_log():
    """Whatever ends a truce, the log has a line for it."""
    for seed in range(12):
        session = Session(start(seed=seed, weeks=80))
        session.play_on()
        ended = [s for s in session.model.spells if s.measure == 0 and s.cause != 0]
        assert sum(entry.event == "ENDED" for entry in session.log) == len(ended)
        begun = session.model.tally.num_truces
        assert sum(entry.event == "BEGUN" for entry in session.log) == begun


def test_agencies_act_in_the_log():
    session = Session(start(set={"agency_rate": 0.3}))
    session.play_on()
    acts = [entry for entry in session.log if "of its own accord" in entry.text]
    assert len(acts) == session.model.tally.agency_shocks.sum() > 0
    assert {entry.probability for entry in acts} == {None}


def test_holding_stops_at_news():
    session = Session(start())
    session.hold_until_news(20)
    assert set(session.moves) == {"HOLD"}
    assert len(session.log) >= 1 or session.model.state.turn == 20
    assert {entry.turn for entry in session.log} == {session.log[0].turn}


# ---------------------------------------------------------------------------
# Saved and played again.


@pytest.mark.parametrize("keys", [{}, LEFT, {"set": {"fatigue": 1.0, "terms.round.weeks": 8}}])
def test_a_saved_game_goes_to_the_same_state(keys, tmp_path):
    session = Session(Start.model_validate(keys if keys is LEFT else BUSAN | keys))
    for move in ("THREATEN rare_earths" if keys is LEFT else "THREATEN chips", "HOLD", "HOLD"):
        session.play(move)
    path = tmp_path / "game.json"
    path.write_text(as_text(session.saved()), encoding="utf-8")
    again = resume(load_game(path), path)
    assert again.notes == []
    assert again.log == session.log
    assert again.saved() == session.saved()
    for one in (session, again):
        one.play_on()
    assert again.model.moves == session.model.moves
    assert state_hash(again.model.state) == state_hash(session.model.state)


def saved_data(session, **keys):
    return json.loads(as_text(session.saved())) | keys


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"format": "chess"}, "format: 'chess'; expected 'negotiation-abm game 1'"),
        ({"seeds": 1}, "seeds: unknown; did you mean 'seed'"),
        ({"seed": -1}, "seed: -1: input should be greater"),
        ({"seed": "7"}, "seed: '7': input should be a valid integer"),
        ({"weeks": 0}, "weeks: 0: input should be greater"),
        ({"weeks": 500}, "weeks: 500 is beyond the horizon; allowed: 1 to 104"),
        ({"moves": "HOLD"}, "moves: 'HOLD': input should be a valid list"),
        ({"moves": [3]}, "moves.0: 3: input should be a valid string"),
        ({"side": "EU"}, "side: 'EU': did you mean 'US'? allowed: US, CHINA"),
        ({"opponent": "logitt"}, "opponent: unknown 'logitt'; did you mean 'logit'"),
        ({"scenario": "busan"}, "did you mean 'busan_2025'"),
        ({"set": {"fatige": 1}}, "fatige: unknown name to set; did you mean 'fatigue'"),
        ({"set": {"fatigue": "x"}}, "fatigue"),
        ({"from": "2025-10-06"}, "record: missing"),
        ({"from": "soon"}, "from: 'soon': "),
        ({"moves": ["HOLD", "JUMP"]}, "moves.1: JUMP: unknown move"),
        ({"moves": ["SUSPEND"]}, "moves.0: SUSPEND: not legal in the week"),
        ({"moves": ["HOLD"] * 200}, "the game is over"),
        ({"moves": ["HOLD", "HOLD"]}, "state: the moves lead to another state"),
        ({"state": "0" * 16}, "state: the moves lead to another state"),
    ],
)
def test_a_file_that_is_no_game_is_refused(keys, text, played, tmp_path, capsys):
    path = tmp_path / "game.json"
    path.write_text(json.dumps(saved_data(played, **keys)), encoding="utf-8")
    done = command(capsys, "play", path, "--out", tmp_path / "out")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert text in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "[" * 5000, '{"format": 1' + "0" * 9999 + "}"]
)
def test_a_file_that_is_no_json_is_refused(text):
    with pytest.raises(InputError, match=r"^mine\.json: "):
        parse_game(text, "mine.json")


def test_a_file_from_elsewhere_names_shipped_files_only(played, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("extends: busan_2025\nname: other\n", encoding="utf-8")
    for keys in ({"scenario": str(other)}, {"set": {"parameters": str(other)}}):
        text = json.dumps(saved_data(played, **keys))
        parse_game(text, "game.json")
        with pytest.raises(InputError, match="unknown"):
            parse_game(text, "game.json", only_shipped=True)
    text = json.dumps(saved_data(played, set={"record.file": str(other)}))
    with pytest.raises(InputError, match="record: cannot be changed here"):
        parse_game(text, "game.json", only_shipped=True)


def test_a_game_saved_under_other_rules_says_so(played):
    made = played.saved().made_by.model_copy(update={"rules": "0" * 16, "parameters": "1"})
    saved = played.saved().model_copy(update={"made_by": made, "state": "0" * 16})
    assert resume(saved, "g.json").notes == [
        "saved under other rules and parameters: the same moves now lead to another state"
    ]
    impossible = saved.model_copy(update={"moves": ["SUSPEND"]})
    with pytest.raises(InputError, match="saved under other rules and parameters"):
        resume(impossible, "g.json")


# ---------------------------------------------------------------------------
# The truce record against the simulated distribution.


def test_standing_of_a_game_that_the_strategy_played():
    """Its own outcomes are those of the run with its draws."""
    session = Session(start())
    session.play_on()
    table = standing(session, 300).table
    np.testing.assert_allclose(table["yours"], table["same_draws"], atol=1e-9)
    assert table["below"].between(0.0, 1.0).all()
    assert (table["low"] <= table["high"]).all()


def test_standing_of_a_broken_truce(played):
    found = standing(played, 400)
    rows = found.table.set_index("outcome")
    assert rows.loc["covered_13", "yours"] == 0.0
    assert rows.loc["covered_13", "mean"] > 0.5
    assert rows.loc["weeks_in_truce", "yours"] == sum(played.traces["phase"] == Phase.TRUCE)
    assert rows.loc["weeks_in_truce", "below"] < 0.2
    assert set(found.survival["group"]) == {"all", "running"}
    spell = found.spells[0]
    assert (spell["measure"], spell["cause"], spell["player"]) == ("covered", "breach", "US")


@pytest.mark.parametrize(
    ("scenario", "date", "is_running"),
    [
        ("busan_2025", None, True),
        ("baseline_2025", None, False),
        ("baseline_2025", "2025-03-03", False),  # leaves the record in a dispute
        ("baseline_2025", "2025-06-02", True),  # in the truce of Geneva
        ("baseline_2025", "2025-10-06", True),  # after its any-domain spell has ended
    ],
)
def test_the_running_truce_is_the_one_in_force_at_the_start(scenario, date, is_running):
    """Wherever a game starts; a truce that is signed in its first week is a new one."""
    session = Session(
        Start.model_validate(
            {"scenario": scenario, "side": "US", "from": date, "weeks": 30, "seed": 7}
        )
    )
    session.play_on()
    found = standing(session, 150).survival
    assert (session.game.initial["phase"][0] == Phase.TRUCE) == is_running
    groups = found.groupby("measure")["group"].unique()
    assert list(groups["covered"]) == (["all", "running"] if is_running else ["all"])
    spells = run_replicates(session.game, 7, 0, 150).spells
    for measure, code in (("covered", COVERED), ("any_domain", ANY_DOMAIN)):
        of_measure = spells[spells["measure"] == code]
        before = (of_measure["entry_weeks"] > 0).sum()  # observed from some age on
        rows = found[(found["measure"] == measure) & (found["group"] == "running")]
        assert rows["at_risk"].max() == before if before else not len(rows)
        if measure == "covered":
            assert before == (150 if is_running else 0)


def test_the_distribution_is_that_of_a_run(played):
    """Medians and survival as the command `run` has them for the same scenario and seed."""
    from negotiation_abm.run.spells import spells_table
    from negotiation_abm.survival import survival

    found = standing(played, 500)
    block = run_replicates(played.game, 7, 0, 500)
    weeks = found.table.set_index("outcome").loc["weeks_in_truce"]
    assert weeks["mean"] == pytest.approx(block.runs["weeks_in_truce"].mean())
    assert weeks["median"] == np.median(block.runs["weeks_in_truce"])
    spells = spells_table(played.game, block.spells).to_pandas()
    curve = survival(lambda: [spells[spells["measure"] == "covered"]]).table["survival"]
    part = found.survival.query("measure == 'covered' and group == 'all'")
    np.testing.assert_allclose(part["survival"], curve)


# ---------------------------------------------------------------------------
# The command.


def test_command(played, tmp_path, capsys):
    path, out = tmp_path / "game.json", tmp_path / "out"
    path.write_text(as_text(played.saved()), encoding="utf-8")
    done = command(capsys, "play", path, "--replicates", 200, "--out", out)
    assert (done.status, done.err) == (0, "")
    text = done.out
    assert max(map(len, text.splitlines())) <= 100
    for entry in played.log[:3]:
        assert entry.text[:40] in text
    assert state_hash(played.model.state) in text
    assert {item.name for item in out.iterdir()} == {
        "play.json",
        "log.csv",
        "standing.csv",
        "simulated.csv",
        "manifest.json",
    }
    log = pd.read_csv(out / "log.csv")
    assert list(log["text"]) == [entry.text for entry in played.log]
    figures = plot_folder(out)
    assert {"game", "standing"} <= {figure.stem for figure in figures}


def test_command_of_a_game_that_goes_on(tmp_path, capsys):
    session = Session(start())
    session.play("HOLD")
    path = tmp_path / "game.json"
    path.write_text(as_text(session.saved()), encoding="utf-8")
    summary = strict_json(command(capsys, "play", path, "--json").out)
    assert summary == json.loads(json.dumps(run_play(session, 10)))
    assert not summary["is_over"]
    assert summary["outcomes"] == []
    assert [spell["measure"] for spell in summary["course"]["spells"]] == ["covered", "any_domain"]
    text = command(capsys, "play", path).out
    assert "not over: 1 of 30 weeks" in text or "not over: 0 of 30 weeks" in text


def test_a_saved_game_has_every_key_of_a_start():
    assert set(Start.model_fields) < set(SavedGame.model_fields)


def test_legal_moves_are_those_of_the_rules():
    session = Session(start(side="CHINA"))
    model = session.model
    legal = [o for o in range(20) if is_legal(model.state, model.params, 1, o)]
    assert session.legal() == [o for o in legal if o < 2 + 3 * 5]
