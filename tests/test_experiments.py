"""Every experiment is rebuilt at small size; its README, figure and place in the docs are whole."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[1] / "experiments"
DOCS = FOLDER.parent / "docs"
MAKEFILE = (FOLDER.parent / "Makefile").read_text()
NAMES = re.search(r"^STUDIES := (.*)$", MAKEFILE, re.MULTILINE)[1].split()
FILES = ("README.md", "table.csv", "figure.png")
INTERVAL = re.compile(r"\(−?[+\d.]+ to [−+]?[\d.]+\)|from 0 than|over \d+\)")


def load(path):
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result_of(text):
    return re.search(r"^\*\*Result\.\*\* (.*?)\n\n", text, re.DOTALL | re.MULTILINE)[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_experiment_is_rebuilt(name, tmp_path, capsys):
    load(FOLDER / name / "run.py").main([str(tmp_path), "--small"])
    text = (tmp_path / "README.md").read_text()
    assert text == capsys.readouterr().out.removesuffix("\n")
    for part in ("**Question.**", "**Design.**", "**What it does not show.**", "(figure.png)"):
        assert part in text
    assert not re.search(r"\bnan\b|[{}]", text)
    assert INTERVAL.search(result_of(text)) or "nothing (noise floor" in result_of(text)
    assert len(pd.read_csv(tmp_path / "table.csv")) > 1
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in (tmp_path / "figure.svg").read_text()


def test_every_folder_with_a_question_is_listed():
    assert sorted(NAMES) == sorted(path.parent.name for path in FOLDER.glob("*/README.md.in"))
    page = " ".join((DOCS / "experiments.md").read_text().split())
    for name in NAMES:
        assert all((FOLDER / name / file).is_file() for file in FILES)
        text = (FOLDER / name / "README.md").read_text()
        assert " ".join(result_of(text).split()) in page
        shown = set(re.findall(r"`table.csv`|\]\((\w+\.\w+)\)", text)) - {""}
        assert all((FOLDER / name / file).is_file() for file in shown)


def test_noise_of_finite_runs_is_taken_off_the_spread_over_draws():
    common = load(FOLDER / "common.py")
    rng = np.random.default_rng(1)
    true = rng.normal(2.0, 1.0, 20_000)
    for noise in (0.0, 0.25, 4.0):
        seen = true + rng.normal(0.0, np.sqrt(noise), len(true))
        found = common.spread([(0.0, gap, noise) for gap in seen])
        assert found["low"] == pytest.approx(2.0 - 1.645, abs=0.08)
        assert found["high"] == pytest.approx(2.0 + 1.645, abs=0.08)
        assert found["mean_error"] == pytest.approx(np.sqrt((1 + noise) / len(true)), rel=0.05)


def test_noise_alone_leaves_a_narrow_interval_but_not_that_of_the_mean():
    common = load(FOLDER / "common.py")
    seen = np.random.default_rng(2).normal(0.5, 1.0, 400)
    found = common.spread([(0.0, gap, 1.1) for gap in seen])
    half = (found["high"] - found["low"]) / 2.0
    assert 3.0 * 1.645 * found["mean_error"] < half < 0.35 * 1.645


def test_a_case_like_the_base_differs_by_nothing(tmp_path):
    common = load(FOLDER / "common.py")
    spec = {
        "scenario": "busan_2025",
        "draws": 3,
        "replicates": 8,
        "seed": 4,
        "cases": {"base": {}, "same": {"horizon_weeks": 104}},
    }
    _, table = common.paired(common.Study(FOLDER, tmp_path, spec, True))
    same = table[table["case"] == "same"]
    assert len(same) == 7
    assert (same[["difference", "low", "high", "mean_difference"]] == 0.0).all(axis=None)
