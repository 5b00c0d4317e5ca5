"""`plot A B`: several runs in one figure, with names for people and the range of each."""

import shutil

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from cli_helpers import command, shipped_game
from negotiation_abm.plotting.durations import plot_lengths
from negotiation_abm.run.step import run_batch
from negotiation_abm.studies.comparison.folders import read_runs

NAMES = ("As agreed", "Cheap breach")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name, cost in (("a", 2.7), ("b", 1.0)):
        game = shipped_game("busan_2025", breach_cost=cost)
        run_batch(game, 60, 1, folder / name, draws=4)
    return [folder / "a", folder / "b"]


def test_two_runs_are_compared_in_one_command(capsys, tmp_path, runs):
    labels = [word for name in NAMES for word in ("--label", name)]
    done = command(capsys, "plot", *runs, *labels, "--out", tmp_path)
    assert done.status == 0, done.err
    assert str(tmp_path / "figures" / "scenarios.svg") in done.out
    drawn = (tmp_path / "figures" / "scenarios.svg").read_text()
    for text in (*NAMES, "90 % of posterior draws", "of a hundred still in force"):
        assert text in drawn
    assert list(pd.read_csv(tmp_path / "ranges.csv")["scenario"].unique()) == list(NAMES)


def test_without_labels_the_runs_are_called_by_what_they_change(capsys, tmp_path, runs):
    names = [run.label for run in read_runs(runs)]
    assert names == ["cost of breaking the truce 2.7", "cost of breaking the truce 1"]
    done = command(capsys, "plot", *runs, "--out", tmp_path)
    assert done.status == 0, done.err
    assert names[1] in (tmp_path / "figures" / "scenarios.svg").read_text()


def test_runs_that_words_do_not_tell_apart_keep_the_names_of_their_folders(tmp_path, runs):
    shutil.copytree(runs[0], tmp_path / "again")
    assert [run.label for run in read_runs([runs[0], tmp_path / "again"])] == ["a", "again"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--label", "one"), "--label: one: give one for each of 2 folders"),
        (("--label", "one", "--label", "one"), "all different"),
    ],
)
def test_labels_that_do_not_fit(capsys, tmp_path, runs, words, said):
    done = command(capsys, "plot", *runs, *words, "--out", tmp_path / "out")
    assert done.status == 2
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_a_label_alone_needs_runs_to_compare(capsys, runs):
    done = command(capsys, "plot", runs[0], "--label", "one")
    assert done.status == 2
    assert "--label: needs several run folders" in done.err.replace("::", ":")


def test_a_histogram_counts_every_truce_once(runs):
    table = pd.read_csv(runs[0] / "survival.csv")
    part = table[(table["measure"] == "covered") & (table["group"] == "running")]
    ax = plot_lengths(part, plt.figure().add_subplot())
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(100.0)
    plt.close("all")
