"""The range over posterior draws: the main answer, the same wherever it is given."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cli_helpers import command, shipped_game
from negotiation_abm.files import words
from negotiation_abm.plotting.report import write_report
from negotiation_abm.run.posterior import games_over_draws, range_over_draws, spread
from negotiation_abm.run.range_words import branches_sentence, estimate, first_sentence
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.scenario.posterior_draws import changes_of, load_draws
from report_helpers import visible


def good(capsys, *arguments):
    done = command(capsys, *arguments)
    assert done.status == 0, done.err
    return done.out


def test_a_game_of_a_draw_is_the_scenario_with_the_draw_set():
    draws = load_draws("calibrated_2025")
    first, *_, last = games_over_draws(shipped_game("busan_2025"), 5)
    for game, row in ((first, 0), (last, len(draws) - 1)):
        same = build_game(load_scenario("busan_2025", changes_of(draws, row)))
        assert game.params.tobytes() == same.params.tobytes()


def test_what_a_scenario_sets_is_set_in_every_draw():
    games = games_over_draws(shipped_game("busan_2025", breach_cost=1.5), 5)
    assert {float(game.params["breach_cost"][0]) for game in games} == {1.5}
    assert len({float(game.params["fatigue"][0]) for game in games}) == 5


def test_a_set_without_draws_has_no_range():
    game = shipped_game("busan_2025", parameters="start_2025")
    assert games_over_draws(game) == []
    assert range_over_draws(game, 1) is None


def test_the_range_depends_neither_on_threads_nor_on_the_other_draws():
    game = shipped_game("busan_2025")
    one, two = (range_over_draws(game, 3, 8, 10, threads) for threads in (1, 2))
    assert one.summary() == two.summary()
    assert one.summary()["draws"] == 8


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_noise_of_finite_runs_makes_no_range(share):
    """Draws that all say the same have hardly a range, however few runs each of them plays."""
    drawn = np.random.default_rng(1).binomial(50, share, 2000) / 50
    mean, low, high = spread(drawn, np.full(2000, 50))
    assert mean == pytest.approx(share, abs=0.01)
    assert high - low < 0.25 * np.quantile(drawn, 0.95) - 0.25 * np.quantile(drawn, 0.05)


def test_true_spread_stays():
    true = np.random.default_rng(2).uniform(0.2, 0.8, 4000)
    drawn = np.random.default_rng(3).binomial(50, true) / 50
    _, low, high = spread(drawn, np.full(4000, 50))
    assert (low, high) == pytest.approx(tuple(np.quantile(true, (0.05, 0.95))), abs=0.03)


def test_ranges_hold_their_estimates_and_fall_with_time():
    curve = range_over_draws(shipped_game("busan_2025"), 1, 20, 20).curve
    assert (curve["low"] <= curve["high"]).all()
    for _, part in curve.groupby("measure"):
        assert (part["survival"].diff().dropna() <= 1e-9).all()


def test_run_and_report_give_the_same_range_first(capsys, tmp_path):
    """Of the command line, its JSON and the report; simulation error comes behind and is named."""
    asked = ("run", "busan_2025", "--replicates", 50, "--draws", 10, "--out", tmp_path)
    printed = " ".join(good(capsys, *asked).split())
    summary = json.loads((tmp_path / "summary.json").read_text())
    year = summary["posterior"]["still_in_force"]["covered"]["365 d"]
    assert estimate(year) in printed
    assert "10 posterior draws of calibrated_2025, 50 runs each" in printed
    assert printed.index(estimate(year)) < printed.index("Simulation error alone")
    page = visible(write_report(tmp_path).read_text())
    assert first_sentence(summary["posterior"]) in page
    assert words.span(*year[1:]) in first_sentence(summary["posterior"])
    assert page.index(words.span(*year[1:])) < page.index("Simulation error alone")


def test_a_what_if_gives_its_range_first(capsys, tmp_path):
    """Its branch of the record at Busan is the truce of the scenario: the two ranges agree."""
    asked = ("two_month_truce", "--replicates", 50, "--draws", 40, "--out", tmp_path)
    printed = " ".join(good(capsys, "whatif", *asked).split())
    posterior = json.loads((tmp_path / "whatif.json").read_text())["posterior"]
    assert branches_sentence(posterior) in printed
    assert printed.index(branches_sentence(posterior)) < printed.index("Simulation error alone")
    row = next(r for r in posterior["rows"] if (r["measure"], r["days"]) == ("covered", 365))
    for side in ("factual", "altered", "difference"):
        middle, low, high = row[side]
        assert low <= middle <= high
    assert row["difference"][0] == pytest.approx(row["altered"][0] - row["factual"][0])
    same = range_over_draws(shipped_game("busan_2025"), 1, 40).at_days("covered", 365)
    assert row["factual"][0] == pytest.approx(same[0], abs=0.03)
    assert row["factual"][1:] == pytest.approx(same[1:], abs=0.12)  # two draws of forty
    assert branches_sentence(posterior) in visible(write_report(tmp_path).read_text())


def test_a_comparison_gives_the_range_of_each_run(capsys, tmp_path):
    for name in ("a", "b"):
        few = ("--replicates", 30, "--draws", 5, "--out", tmp_path / name)
        good(capsys, "run", "busan_2025", *few)
    printed = good(capsys, "survival", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "c")
    year = json.loads((tmp_path / "a" / "summary.json").read_text())["posterior"]
    assert estimate(year["still_in_force"]["covered"]["365 d"]) in printed
    assert "the middle 90 % of the posterior draws" in printed


def test_without_draws_it_says_so(capsys, tmp_path):
    set_to = ("--set", "parameters=start_2025")
    asked = ("run", "busan_2025", "--replicates", 50, *set_to, "--out", tmp_path)
    assert "start_2025 has no posterior draws" in good(capsys, *asked)
    assert not (tmp_path / "posterior.csv").exists()
    assert "No range" in visible(write_report(tmp_path).read_text())


def test_a_truce_of_another_pair_of_players_has_a_range():
    """Players that the draws do not know play with the mean of those they know, in each draw."""
    game = shipped_game("us_eu_2018")
    games = games_over_draws(game, 3)
    assert len(games) == 3 or game.parameter_set.name == "start_2025"
    assert all(replace(one, params=game.params).scenario is game.scenario for one in games)


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ((0.1, 0.02, 0.2), "+10 points (+2 to +20)."),
        ((0.1, -0.02, 0.2), "+10 points (-2 to +20), so the record does not settle the direction."),
        ((0.0, 0.0, 0.0), "the change makes no difference."),
    ],
)
def test_what_is_said_of_a_difference_follows_from_it(difference, said):
    row = {
        "measure": "covered",
        "days": 365,
        "altered": (0.3, 0.1, 0.5),
        "factual": (0.3, 0.1, 0.5),
    }
    found = branches_sentence({"rows": [row | {"difference": difference}]})
    assert found.replace("\N{MINUS SIGN}", "-").endswith(said)
