"""Tournaments: pairs against single runs, common draws, hashes, spirals by hand, files, figures."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cli_helpers import command, shipped_game, strict_json
from negotiation_abm import InputError, NegotiationModel, run_replicates
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.plotting import plot_folder
from negotiation_abm.run.outcomes import spirals
from negotiation_abm.strategies import code_of, shipped_names
from negotiation_abm.studies.tournament.play import play_pairs
from negotiation_abm.studies.tournament.run import entrants, ranking_table, run_tournament

NAMES = ["dove", "always_escalate", "logit"]


@pytest.fixture(scope="module")
def played(game):
    return {found.case.label: found for found in play_pairs(game, NAMES, 40, 3)}


@pytest.fixture(scope="module")
def written(game, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tournament")
    return run_tournament(game, NAMES, 40, 3, folder), folder


# ---------------------------------------------------------------------------
# Pairs.


def test_every_ordered_pair_is_played_once(played):
    assert list(played) == [(a, b) for a in NAMES for b in NAMES]
    assert all(found["US.flow"].shape == (40,) for found in played.values())


def test_pair_is_a_batch_of_its_own(game, played):
    of_pair = replace(game, strategy_codes=(code_of("dove"), code_of("logit")))
    block = run_replicates(of_pair, 3, 0, 40)
    found = played["dove", "logit"]
    np.testing.assert_allclose(found["share_in_truce"] * 104, block.runs["weeks_in_truce"])
    for i, player in enumerate(game.players):
        moves = block.runs["num_moves"][:, i, 2]
        np.testing.assert_array_equal(found[f"{player}.num_escalate"], moves)


def test_payoff_is_that_of_the_readable_run(game, played):
    of_pair = replace(game, strategy_codes=(code_of("logit"), code_of("dove")))
    chosen = {"US": "logit", "CHINA": "dove"}
    for replicate in range(2):
        model = NegotiationModel(of_pair, 3, replicate, chosen).run_to_horizon()
        weekly = model.datacollector.get_agent_vars_dataframe()
        for player in game.players:
            mean = weekly.loc[weekly["player"] == player, "flow_payoff"].mean()
            assert played["logit", "dove"][f"{player}.flow"][replicate] == pytest.approx(mean)


def test_chunks_do_not_matter(game, monkeypatch, played):
    monkeypatch.setattr("negotiation_abm.run.batch.TRACED_CHUNK_SIZE", 7)
    again = {found.case.label: found for found in play_pairs(game, NAMES, 40, 3, threads=1)}
    for pair, found in played.items():
        np.testing.assert_array_equal(found.values(), again[pair].values())
        np.testing.assert_array_equal(found.block.spells, again[pair].block.spells)


def test_doves_settle_and_hawks_do_not(played):
    assert played["dove", "dove"]["share_in_truce"].mean() > 0.9
    assert (played["always_escalate", "dove"]["share_in_truce"] == 0).all()
    assert played["always_escalate", "always_escalate"]["spirals"].all()
    assert not played["dove", "dove"]["spirals"].any()


def levels_of(*raises):
    """Levels of two levers after weeks in which the named sides raise theirs."""
    levels, now = [], np.zeros((2, 1))
    for sides in raises:
        for side in sides:
            now[side] += 0.1
        levels.append(now.copy())
    return np.array([levels])


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        (["01", "01", "01"], True),
        (["", "01", "01", "01", ""], True),
        (["01", "01", "0", "01", "01"], False),  # not running
        (["01", "01"], False),  # too short
        (["0", "1", "0", "1"], False),
        (["1", "01", "01", "01"], True),
    ],
)
def test_spirals_by_hand(weeks, expected):
    levels = levels_of(*[[int(side) for side in week] for week in weeks])
    assert spirals(np.zeros((1, 2, 1)), levels).tolist() == [expected]


def test_level_that_stands_already_is_not_raised():
    levels = np.full((1, 3, 2, 1), 0.5)
    assert not spirals(np.full((1, 2, 1), 0.5), levels).any()


# ---------------------------------------------------------------------------
# Tables.


def test_ranking_by_hand(game):
    # payoffs of a and b (rows: first, columns: second), the same in both replicates
    payoffs = np.zeros((2, 2, 2, 2))
    payoffs[0, 0], payoffs[0, 1], payoffs[1, 0], payoffs[1, 1] = (3, 3), (0, 5), (5, 0), (1, 1)
    pairs = pd.DataFrame(
        [(a, b, 0.5, 0.25) for a in "ab" for b in "ab"],
        columns=["first", "second", "share_in_truce", "spirals"],
    )
    table = ranking_table(game, ["a", "b"], payoffs, pairs)
    assert table["strategy"].tolist() == ["b", "a"]
    assert table["payoff"].tolist() == [3.0, 1.5]  # (5 + 1) / 2 on each side; (3 + 0) / 2
    assert table["payoff_half"].isna().all()  # runs that are all alike give no interval
    assert table["rank"].tolist() == [1, 2]


def test_tables_of_a_tournament(written):
    summary, folder = written
    pairs, ranking = pd.read_csv(folder / "pairs.csv"), pd.read_csv(folder / "ranking.csv")
    assert len(pairs) == 9
    assert set(ranking["strategy"]) == set(NAMES)
    assert ranking["payoff"].is_monotonic_decreasing
    hawks = pairs[(pairs["first"] == "always_escalate") & (pairs["second"] == "dove")].iloc[0]
    assert hawks["num_truces"] == 0
    assert np.isnan(hawks["survival_180"])
    doves = pairs[(pairs["first"] == "dove") & (pairs["second"] == "dove")].iloc[0]
    assert doves["survival_180_low"] <= doves["survival_180"] <= doves["survival_180_high"]
    assert json.loads((folder / "tournament.json").read_text()) == json.loads(json.dumps(summary))
    facts = read_manifest(folder)["tournament"]
    assert facts["content"] == summary["content"]
    assert facts["strategies"] == NAMES


def test_hash_is_the_same_on_any_number_of_threads_and_for_no_other_seed(game, written):
    summary = written[0]
    assert run_tournament(game, NAMES, 40, 3, threads=1)["content"] == summary["content"]
    assert run_tournament(game, NAMES, 40, 4)["content"] != summary["content"]


def test_draws_are_common(game):
    """The same strategy under two names would have the same runs: hold is an empty script."""
    pairs = {
        found.case.label: found for found in play_pairs(game, ["hold", "scripted", "logit"], 20, 1)
    }
    one, other = pairs["hold", "logit"], pairs["scripted", "logit"]
    np.testing.assert_array_equal(one.values(), other.values())


def test_noise_is_part_of_the_game():
    quiet = run_tournament(shipped_game("baseline_2025"), ["hold", "dove"], 20, 1)
    noisy = run_tournament(shipped_game("baseline_2025", noise=0.1), ["hold", "dove"], 20, 1)
    assert quiet["content"] != noisy["content"]
    assert noisy["noise"] == [0.1, 0.1]


def test_figures_of_a_tournament(written):
    names = {path.stem for path in plot_folder(written[1])}
    assert {f"tournament_{kind}" for kind in ("payoffs", "truces", "ranking")} <= names


# ---------------------------------------------------------------------------
# The command.


def test_all_strategies_take_part_unless_named():
    assert set(shipped_names()) <= set(entrants(None))
    assert entrants(["grim", "dove"]) == ["grim", "dove"]


def test_command_prints_a_table_that_fits(capsys, tmp_path):
    done = command(
        capsys, "tournament", "busan_2025", "--strategies", "hold,dove,grim", "--replicates", 10,
        "--noise", 0.02, "--out", tmp_path,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert max(len(line.rstrip()) for line in done.out.splitlines()) <= 100
    assert "9 ordered pairs" in done.out


def test_command_gives_json(capsys, tmp_path):
    words = ("--strategies", "hold,dove", "--replicates", 5, "--out", tmp_path, "--json")
    summary = strict_json(command(capsys, "tournament", "busan_2025", *words).out)
    assert summary["strategies"] == ["hold", "dove"]


@pytest.mark.parametrize(
    ("words", "fragments"),
    [
        (("--strategies", "dove,grimm"), ("--strategies: grimm", "did you mean 'grim'")),
        (("--strategies", "dove,dove"), ("named twice",)),
        (("--noise", "1.5"), ("--noise: 1.5", "allowed: 0 to 1")),
        (("--strategy-file", "nowhere.py"), ("nowhere.py: no such file",)),
    ],
)
def test_bad_input_is_one_line(capsys, tmp_path, monkeypatch, words, fragments):
    monkeypatch.chdir(tmp_path)
    done = command(capsys, "tournament", "busan_2025", *words, "--out", "out")
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    for fragment in fragments:
        assert fragment in done.err
    assert not (tmp_path / "out").exists()


def test_set_that_lacks_a_number_is_refused(capsys, tmp_path):
    from negotiation_abm.files.resources import root

    text = (root() / "configs/parameters/start_2025.yaml").read_text()
    begin, end = text.index("  generosity:"), text.index("  grit_pace:")
    path = tmp_path / "lacking.yaml"
    path.write_text(text[:begin] + text[end:])
    done = command(capsys, "tournament", "busan_2025", "--set", f"parameters={path}")
    assert done.status == 2
    assert "the strategy 'generous_tit_for_tat' needs it" in done.err


def test_unknown_name_in_python():
    with pytest.raises(InputError, match="unknown strategy"):
        entrants(["nobody"])


@pytest.mark.verify
def test_whole_tournament_is_reproducible(game):
    names = entrants(None)
    contents = {run_tournament(game, names, 100, 1, threads=n)["content"] for n in (1, 2)}
    assert len(contents) == 1
