"""Forecasts from posterior draws, and the draws themselves."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli_helpers import ROOT, command, contents, shipped_game, strict_json
from helpers import foreign_scenario, make_game
from negotiation_abm import Game, InputError, NegotiationModel, build_game, load_scenario
from negotiation_abm.calibration.draws import draws_of, draws_path
from negotiation_abm.calibration.features import coefficients_of
from negotiation_abm.calibration.forecast import _spread, forecast
from negotiation_abm.calibration.forecast_step import make_forecast
from negotiation_abm.core.terms import TruceEnd
from negotiation_abm.core.tracker import ANY_DOMAIN, COVERED
from negotiation_abm.run.batch import run_replicates
from negotiation_abm.run.play import play_one
from negotiation_abm.run.posterior import games_of, thinned
from negotiation_abm.scenario.parameters import load_parameter_set

KNOWN = dt.date(2025, 12, 31)
CODES = {"covered": COVERED, "any_domain": ANY_DOMAIN}


@pytest.fixture(scope="module")
def busan():
    return shipped_game("busan_2025", parameters="calibrated_2025")


@pytest.fixture(scope="module")
def draws():
    return draws_of(load_parameter_set("calibrated_2025"))


@pytest.fixture(scope="module")
def one(busan):
    """The forecast of the point values alone, and the runs behind it."""
    return forecast([busan], 400, 5, KNOWN), run_replicates(busan, 5, 0, 400)


@pytest.fixture(scope="module")
def several(busan, draws):
    return forecast(games_of(busan, thinned(draws, 6)), 100, 5, KNOWN)


def lasted(block, measure):
    """Weeks that the truce in force lasted from the start, a run each, the slow way."""
    found = []
    for replicate in block.runs["replicate"]:
        spells = [s for s in block.spells if s["replicate"] == replicate and s["truce"] == 0]
        first = next(s for s in spells if s["measure"] == CODES[measure] and s["start_week"] <= 0)
        found.append((first["start_week"] + first["duration_weeks"], first["cause"]))
    return np.array(found)


# ---------------------------------------------------------------------------
# One draw: counts


@pytest.mark.parametrize("measure", CODES)
def test_probabilities_are_counts(one, measure):
    found, block = one
    weeks = lasted(block, measure)[:, 0]
    table = found.survival[found.survival["measure"] == measure]
    fresh = table[table["given"] == "start"].set_index("until")["probability"]
    for days in (90, 180, 365):
        assert fresh[f"{days} d"] == pytest.approx(np.mean(weeks > days // 7))
    assert fresh["its date, 2026-11-09"] == pytest.approx(np.mean(weeks > 52))
    assert table["parameter_share"].max() == 0.0  # one draw has no spread
    assert (table["low"] == table["high"]).all()


@pytest.mark.parametrize("measure", CODES)
def test_what_is_known_leaves_out_the_truces_that_had_ended(one, measure):
    found, block = one
    weeks = lasted(block, measure)[:, 0]
    table = found.survival[found.survival["measure"] == measure]
    known = table[table["given"] == "known"].set_index("until")["probability"]
    stood = (KNOWN - dt.date(2025, 11, 10)).days // 7
    for days in (90, 365):
        assert known[f"{days} d"] == pytest.approx(np.mean(weeks[weeks >= stood] > days // 7))
    fresh = table[table["given"] == "start"].set_index("until")["probability"]
    assert (known >= fresh).all()


def test_lengths_are_those_of_the_paired_contrasts(one, busan):
    """These count from the agreement, 11 days before the start: two weeks of the calendar."""
    found, _ = one
    table = found.survival.query("measure == 'covered' and given == 'start'").set_index("until")
    alive = play_one(busan, ["truce_weeks"], 400, 5)["truce_weeks"] - 2 > 52
    assert table["probability"]["365 d"] == pytest.approx(alive.mean())
    error = np.sqrt(alive.mean() * (1 - alive.mean()) / 400)
    assert table["simulation_error"]["365 d"] == pytest.approx(error)


@pytest.mark.parametrize("measure", CODES)
def test_ends_are_counts(one, measure):
    found, block = one
    causes = lasted(block, measure)[:, 1]
    table = found.ends[found.ends["measure"] == measure].set_index("end")["share"]
    assert table.sum() == pytest.approx(1.0)
    censored = np.mean(causes == TruceEnd.CENSORED)
    assert table.get("still in force at the horizon", 0.0) == pytest.approx(censored)
    for end in (TruceEnd.BREACH, TruceEnd.LAPSE, TruceEnd.COLLAPSE):
        assert table.get(end.name.lower(), 0.0) == pytest.approx(np.mean(causes == end))


@pytest.mark.parametrize("measure", CODES)
def test_the_curve_passes_through_the_probabilities(several, measure):
    curve = several.curve[several.curve["measure"] == measure].set_index("week")
    assert curve.index.tolist() == list(range(104))
    assert (curve["survival"].diff().dropna() <= 1e-12).all()
    assert ((curve["low"] <= curve["high"]) & curve["survival"].between(0, 1)).all()
    table = several.survival
    for days in (90, 180, 365):
        row = table[(table["measure"] == measure) & (table["until"] == f"{days} d")]
        assert curve["survival"][days // 7] == pytest.approx(row["probability"].iloc[0])


def test_any_domain_never_outlasts_the_truce(several):
    table = several.survival[several.survival["given"] == "start"]
    by = table.pivot(index="until", columns="measure", values="probability")
    assert (by["any_domain"] <= by["covered"]).all()


# ---------------------------------------------------------------------------
# Renewal


def test_renewals_are_those_of_the_readable_model(busan):
    """Runs that stop at the date: renewed by then, and how early the only renewal was."""
    runs, short = 40, Game(**{**busan.__dict__, "weeks": busan.weeks[:53]})
    renewed, leads = [], []
    for replicate in range(runs):
        model = NegotiationModel(short, seed=5, replicate=replicate).run_to_horizon()
        first = next(s for s in model.spells if s.measure == COVERED and s.truce == 0)
        renewed.append(first.renewals > 0)
        if model.tally.num_renewals == 1 and model.tally.num_truces == 0:
            leads.append(model.tally.renewal_lead_weeks)
    found = forecast([busan], runs, 5).renewal
    assert found["date"] == "2026-11-09"
    assert found["probability"] == pytest.approx(np.mean(renewed))
    assert found["weeks_early_mean"] == pytest.approx(np.mean(leads))
    assert found["weeks_early_quantiles"][1] == np.median(leads)
    assert found["of_those_that_reach_the_window"] >= found["probability"]


def test_without_a_date_there_is_no_renewal():
    game = shipped_game(
        "busan_2025", parameters="calibrated_2025", **{"truce.expires": "2029-01-01"}
    )
    found = forecast([game], 20, 1)
    assert found.renewal == {}
    assert set(found.survival["until"]) == {"90 d", "180 d", "365 d"}


def test_a_truce_that_nobody_renews_has_no_lead():
    game = shipped_game(
        "busan_2025",
        parameters="calibrated_2025",
        tacit=0,  # a date that passes ends the truce
        **{"strategies.US": "hold", "strategies.CHINA": "hold"},
    )
    found = forecast([game], 5, 1)
    assert (found.renewal["probability"], found.renewal["weeks_early_mean"]) == (0.0, None)
    assert found.renewal["weeks_early_quantiles"] == [None] * 3
    assert found.ends["end"].tolist() == ["lapse", "lapse"]


def test_points_beyond_the_horizon_are_left_out(busan):
    short = Game(**{**busan.__dict__, "weeks": busan.weeks[:30]})
    found = forecast([short], 20, 1)
    assert set(found.survival["until"]) == {"90 d", "180 d"}
    assert found.renewal == {}


# ---------------------------------------------------------------------------
# Two kinds of not knowing


def test_the_variance_splits_into_parameters_and_chance():
    """Draws of known spread: the split finds it, the noise of finite runs taken off."""
    rng = np.random.default_rng(1)
    truth = rng.beta(4.0, 2.0, 3000)  # variance 8 / (36 * 7)
    for runs in (20, 400):
        found = _spread(rng.binomial(runs, truth) / runs, np.full(3000, runs))
        whole = found["probability"] * (1 - found["probability"])
        assert found["probability"] == pytest.approx(2 / 3, abs=0.01)
        assert found["parameter_share"] * whole == pytest.approx(8 / 252, rel=0.1)


def test_shares_of_the_variance_by_hand():
    p, size = np.array([0.2, 0.6, 0.7]), np.array([1000, 1000, 1000])
    found = _spread(p, size)
    mean = p.mean()
    noise = (p * (1 - p) / 999).mean()
    assert found["parameter_share"] == pytest.approx((p.var() - noise) / (mean * (1 - mean)))
    rest = mean * (1 - mean) * (1 - found["parameter_share"])
    assert found["simulation_error"] == pytest.approx(np.sqrt(rest / 3000))


def test_draws_that_agree_leave_all_to_chance():
    rng = np.random.default_rng(2)
    found = _spread(rng.binomial(50, 0.6, 2000) / 50, np.full(2000, 50))
    assert found["parameter_share"] < 0.01


@pytest.mark.parametrize("p", [[0.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
def test_shares_stay_between_none_and_all(p):
    found = _spread(np.array(p), np.array([50, 50]))
    assert 0.0 <= found["parameter_share"] <= 1.0
    assert found["simulation_error"] == 0.0


def test_draws_with_more_runs_standing_weigh_more():
    found = _spread(np.array([0.2, 0.8, 0.5]), np.array([30, 10, 1]))  # the last says nothing
    assert found["probability"] == pytest.approx((0.2 * 30 + 0.8 * 10) / 40)


def test_draws_have_draws_of_their_own(busan):
    """Two games alike: together they are one game with twice the runs."""
    two, whole = forecast([busan, busan], 60, 5), forecast([busan], 120, 5)
    np.testing.assert_allclose(two.survival["probability"], whole.survival["probability"])


def test_forecasts_do_not_depend_on_the_order_of_threads(busan, draws):
    games = games_of(busan, thinned(draws, 4))
    one, two = forecast(games, 30, 5), forecast(games, 30, 5)
    pd.testing.assert_frame_equal(one.survival, two.survival)
    pd.testing.assert_frame_equal(one.ends, two.ends)


def test_progress_counts_draws(busan):
    done = []
    forecast([busan] * 3, 5, 1, progress=done.append)
    assert done == [1, 2, 3]


# ---------------------------------------------------------------------------
# Bad input


def test_a_start_without_a_truce_is_refused():
    with pytest.raises(InputError, match="truce: missing; a forecast starts with a truce in force"):
        forecast([shipped_game("baseline_2025")], 5, 1)


@pytest.mark.parametrize("known", [dt.date(2025, 11, 9), dt.date(2028, 1, 1)])
def test_a_day_outside_is_refused(busan, known):
    with pytest.raises(InputError, match=r"--known: .* is not in 2025-11-10 to 2027-11-08"):
        forecast([busan], 5, 1, known)


def test_too_few_runs_that_stand_are_refused(busan):
    with pytest.raises(InputError, match=r"--known: 2027-10-01: too few runs .* more replicates"):
        forecast([busan], 2, 1, dt.date(2027, 10, 1))


def test_a_set_without_draws_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"start_2025.yaml: has no posterior draws beside it"):
        make_forecast(
            shipped_game("busan_2025", parameters="start_2025"), 5, 5, 1, out=tmp_path / "out"
        )
    assert not contents(tmp_path)


# ---------------------------------------------------------------------------
# The command

FILES = {
    *("forecast_survival.csv", "forecast_ends.csv", "forecast_curve.csv"),
    *("forecast.json", "manifest.json"),
}
SMALL = ("--params", "calibrated_2025", "--draws", "3", "--replicates", "20")


def test_command_prints_and_writes(capsys, tmp_path):
    words = ("forecast", *SMALL, "--known", "2025-12-31", "--out", tmp_path / "out")
    done = command(capsys, *words)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(
        "busan_2025 from 2025-11-10, parameters calibrated_2025: 3 posterior"
    )
    assert max(map(len, done.out.splitlines())) <= 100
    assert set(contents(tmp_path / "out")) == FILES
    summary = strict_json((tmp_path / "out" / "forecast.json").read_text())
    assert summary["known_to_stand_until"] == "2025-12-31"
    table = pd.read_csv(tmp_path / "out" / "forecast_survival.csv")
    assert len(table) == len(summary["survival"]) == 2 * 2 * 4


def test_command_prints_strict_json_even_if_nobody_renews(capsys):
    quiet = ("--set", "strategies.US=hold", "--set", "strategies.CHINA=hold")
    done = command(capsys, "forecast", *SMALL, *quiet, "--json")
    assert strict_json(done.out)["renewal"]["weeks_early_mean"] is None
    done = command(capsys, "forecast", *SMALL, *quiet)
    assert done.status == 0
    assert "Renewed by its date (2026-11-09): .000 [.000, .000], .000 of" in done.out


@pytest.mark.parametrize(
    ("words", "fragments"),
    [
        (("baseline_2025", *SMALL), ("baseline_2025.yaml: truce: missing",)),
        ((*SMALL, "--known", "2031-01-01"), ("--known: 2031-01-01 is not in 2025-11-10",)),
        (("--params", "start_2025"), ("start_2025.yaml: has no posterior draws", "--params NAME")),
        (("--params", "calibrated_2052"), ("no such file", "calibrated_2025")),
        (("busan_2026",), ("no such file", "busan_2025")),
    ],
)
def test_bad_input_is_one_line(capsys, words, fragments):
    done = command(capsys, "forecast", *words)
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    for fragment in fragments:
        assert fragment in done.err


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--known", "soon", "'soon' is not a date; allowed: YYYY-MM-DD"),
        ("--replicates", "1", "'1' is out of range; allowed: 2 to"),
        ("--draws", "0", "'0' is out of range; allowed: 1 to"),
    ],
)
def test_options_that_are_no_such_thing(capsys, option, value, problem):
    done = command(capsys, "forecast", option, value)
    assert done.status == 2
    assert problem in done.err


# ---------------------------------------------------------------------------
# Draws, put into a game


def frame_of(**columns):
    return pd.DataFrame({name.replace("__", "."): values for name, values in columns.items()})


def test_draws_go_where_their_labels_say(busan, draws):
    some = thinned(draws, 3)
    games = games_of(busan, some)
    for (_, row), game in zip(some.iterrows(), games, strict=True):
        for c in coefficients_of(busan):
            if c.label not in row:  # an optional term may be younger than the draws
                continue
            assert float(game.params[c.parameter][(0, *c.index)]) == row[c.label], c.label
    assert {float(g.params["tolerance"][0]) for g in games} == {float(busan.params["tolerance"][0])}


def test_unknown_players_have_the_mean_and_stand_ins_their_own():
    game = build_game(load_scenario(ROOT / "docs" / "examples" / "other_episode.yaml"))
    frame = frame_of(
        fatigue=[1.0, 2.0],
        initiative__US=[-4.0, -2.0],
        initiative__CHINA=[-1.0, -1.0],
        lever_bias__US__chips=[9.0, 9.0],
    )
    for game_, fatigue, mean in zip(games_of(game, frame), (1.0, 2.0), (-2.5, -1.5), strict=True):
        assert float(game_.params["fatigue"][0]) == fatigue
        assert game_.params["initiative"][0].tolist() == [mean, mean]
        assert not game_.params["lever_bias"].any()  # a lever that the draws do not know
        assert game_.params["mirror"][0] == game.params["mirror"][0]  # not among the draws


def test_a_player_plays_as_the_one_that_it_names(tmp_path):
    game = make_game(tmp_path, foreign_scenario())  # NORTH plays as the US
    frame = frame_of(initiative__US=[-4.0], initiative__CHINA=[-1.0], lever_bias__US__ore=[0.7])
    (found,) = games_of(game, frame)
    assert found.params["initiative"][0].tolist() == [-4.0, -2.5]
    assert float(found.params["lever_bias"][0, 0, 0]) == 0.7


def test_a_player_that_the_draws_know_has_its_own_numbers_whomever_it_plays_as(tmp_path):
    game = make_game(tmp_path, foreign_scenario(), set={"threat_initiative.NORTH": 0.5})
    frame = frame_of(
        initiative__US=[-4.0],
        initiative__NORTH=[-2.0],
        threat_initiative__NORTH=[-3.0],
        lever_bias__NORTH__ore=[0.7],
        lever_bias__NORTH__bananas=[0.9],
    )
    (found,) = games_of(game, frame)
    assert float(found.params["initiative"][0, 0]) == -2.0
    assert float(found.params["threat_initiative"][0, 0]) == 0.5  # set by the scenario
    assert found.params["lever_bias"][0, 0].tolist()[:2] == [0.7, 0.0]


def test_the_game_of_the_draws_mean_is_that_of_point_values_for_other_players():
    """The rule for draws is the rule for point values."""
    base = ROOT / "docs" / "examples" / "other_episode.yaml"
    game = build_game(load_scenario(base, {"parameters": "calibrated_2025"}))
    point = {c.label: 0.0 for c in coefficients_of(shipped_game("baseline_2025"))}
    own = shipped_game("baseline_2025", parameters="calibrated_2025")
    for c in coefficients_of(own):
        point[c.label] = float(own.params[c.parameter][(0, *c.index)])
    (found,) = games_of(game, pd.DataFrame([point]))
    for c in coefficients_of(game):
        place = (0, *c.index)
        assert float(found.params[c.parameter][place]) == pytest.approx(
            float(game.params[c.parameter][place])
        ), c.label


def test_draws_are_thinned_evenly():
    frame = pd.DataFrame({"fatigue": np.arange(101.0)})
    assert thinned(frame, 5)["fatigue"].tolist() == [0, 25, 50, 75, 100]
    assert thinned(frame, 500) is frame


@pytest.fixture
def own_set(tmp_path):
    """A copy of the start values, with room for draws beside it."""
    source = ROOT / "configs" / "parameters" / "start_2025.yaml"
    path = tmp_path / "mine.yaml"
    path.write_bytes(source.read_bytes())
    return load_parameter_set(path)


def test_draws_lie_beside_the_set(own_set):
    assert draws_path(own_set) == Path(own_set.path).with_name("mine.parquet")
    assert draws_of(own_set) is None
    frame_of(chain=[0], draw=[0], fatigue=[1.5]).to_parquet(draws_path(own_set), index=False)
    assert draws_of(own_set).to_dict("list") == {"fatigue": [1.5]}


def store(chosen, frame):
    """Write draws beside a set, with the columns that say which they are."""
    numbered = frame.drop(columns=["chain", "draw"], errors="ignore")
    numbered.insert(0, "chain", np.zeros(len(frame), int))
    numbered.insert(1, "draw", np.arange(len(frame)))
    numbered.to_parquet(draws_path(chosen), index=False)


def test_an_unknown_column_is_refused(own_set):
    store(own_set, frame_of(fatigu=[1.0]))
    with pytest.raises(InputError, match=r"mine.parquet: fatigu: .*did you mean 'fatigue'"):
        draws_of(own_set)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (frame_of(fatigue=[1.0, np.nan]), "fatigue: holds something that is not a finite number"),
        (frame_of(fatigue=["much"]), "fatigue: holds something that is not a finite number"),
        (frame_of(mirror=[np.inf]), "mirror: holds something that is not a finite number"),
        (frame_of(fatigue=np.zeros(0)), "mine.parquet: holds no draws"),
        (frame_of(chain=[0], draw=[0]), "mine.parquet: holds no draws"),
    ],
)
def test_draws_that_are_no_numbers_or_none_are_refused(own_set, frame, problem):
    store(own_set, frame)
    with pytest.raises(InputError, match=problem):
        draws_of(own_set)


def test_a_file_that_is_no_parquet_is_refused_in_one_line(own_set):
    draws_path(own_set).write_text("chain,draw\n")
    with pytest.raises(InputError, match=r"mine.parquet: not a readable Parquet file") as refusal:
        draws_of(own_set)
    assert "\n" not in str(refusal.value)
