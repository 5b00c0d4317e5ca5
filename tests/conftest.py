"""Before the tests: how hard Hypothesis looks, and the rules compiled once for all workers.

And what many tests need: the game and the record of 2025, a folder to work in.
"""

import json
import math
import os
import subprocess
import sys

import pytest
from hypothesis import settings

# Matrices are small: more threads only wait, in each worker for those of the others.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

settings.register_profile("default", max_examples=6, deadline=None, derandomize=True)
settings.register_profile("verify", settings.get_profile("default"), max_examples=400)
settings.load_profile("default")

RUN_ONCE = """
import json, sys
from negotiation_abm import build_game, load_scenario, run_replicates
for changes in json.loads(sys.argv[1]):
    run_replicates(build_game(load_scenario("busan_2025", changes)), 1, 0, 1)
"""
# The compiled runs: of plain strategies, without and with disturbances, and of all strategies.
GAMES = ([{}, {"noise": 0.1}], [{"strategies.US": "foresight_1"}])


def pytest_sessionstart(session):
    """Compile the rules before workers start: side by side, they would compile the same."""
    config = session.config
    if config.getoption("dist", "no") == "no" or hasattr(config, "workerinput"):
        return
    config.get_terminal_writer().line("compiling the rules, once per version of them")
    words = [[sys.executable, "-c", RUN_ONCE, json.dumps(games)] for games in GAMES]
    for process in [subprocess.Popen(one) for one in words]:
        process.wait()


@pytest.fixture(scope="session", autouse=True)
def _no_news_by_the_clock():
    """How far the work is comes by the clock: on a slow machine a test would read it as trouble."""
    from negotiation_abm.cli import tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "LINE_SECONDS", math.inf)
        patch.setattr(tables, "FIRST_SECONDS", math.inf)
        yield


@pytest.fixture(scope="session")
def game():
    """The game of the year 2025; not to be changed."""
    from cli_helpers import shipped_game

    return shipped_game("baseline_2025")


@pytest.fixture(scope="session")
def record():
    """The record of the year 2025; not to be changed."""
    from negotiation_abm import load_record

    return load_record("record_2025")


@pytest.fixture
def own_folder(monkeypatch, tmp_path):
    """The working directory is a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def closed_figures():
    """Figures of pyplot are closed after the test."""
    from matplotlib import pyplot

    yield
    pyplot.close("all")
