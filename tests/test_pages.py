"""Pages written from results: built at small size, and committed as their templates have them."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

from cli_helpers import command
from negotiation_abm.files.resources import shipped

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "experiments" / "pages"
TEMPLATES = sorted(FOLDER.glob("*.md.in"))
NAMES = ["equilibrium", "foresight", "mechanisms", "tournament", "whatif"]
SCORES = ("left_out", "left_out_type", "left_out_lever")
FEW = {  # a table of foresight takes minutes; its columns are enough here
    "foresight.json": '{"parameters": "mine", "replicates": 4000, "seed": 1}',
}


def write_up():
    spec = importlib.util.spec_from_file_location("write_up", FOLDER / "write_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What `make pages` leaves, at small size."""
    return tmp_path_factory.mktemp("pages")


@pytest.mark.slow
def test_pages_are_written_from_results(capsys, results, monkeypatch):
    for name in shipped("configs/whatifs", ".yaml"):
        command(capsys, "whatif", name, "--replicates", 20, "--out", results / "whatif" / name)
    for words in (
        ("mechanisms", "--replicates", 20),
        ("surprise", "baseline_2025", "--replicates", 4),
        ("tournament", "baseline_2025", "--replicates", 3, "--strategies", "logit,grim,hold,dove"),
        ("equilibrium", "baseline_2025", "--at", "2025-10-06", "--replicates", 20),
    ):
        assert command(capsys, *words, "--out", results / words[0]).status == 0
    (results / "foresight").mkdir()
    for name, text in FEW.items():
        (results / "foresight" / name).write_text(text)
    fit = pd.DataFrame(
        {"strategy": ["foresight_1", "foresight_2"], "holds": "as replayed", "error": 0.5}
        | {"coefficient": [0.5, 2.5], "gain_in_sample": 1.0}
        | {f"gain_{score}": [-2.0, 3.0] for score in SCORES}
        | {f"gain_{score}_error": [1.5, 1.0] for score in SCORES}
    )
    fit.to_csv(results / "foresight" / "fit.csv", index=False)
    outcomes = ("survival_365", "truce_weeks", "first_truce_weeks", "escalations", "concessions")
    rows = [
        {"strategy": s, "outcome": o, "mean": 2.0, "difference": 1.0, "low": 0.5, "high": 1.5}
        for s in ("logit", "foresight_1", "foresight_2")
        for o in outcomes
    ]
    pd.DataFrame(rows).to_csv(results / "foresight" / "play.csv", index=False)
    made = write_up()
    monkeypatch.setattr(made.of_mechanisms, "RUNS", 20)
    made.main(results, results)
    for name in NAMES:
        text = (results / f"{name}.md").read_text()
        assert not re.search(r"\bnan\b|[{}]", text)
        assert "parameter set `" in text
    whatif = (results / "whatif.md").read_text()
    assert all(f"| `{name}` | 202" in whatif for name in shipped("configs/whatifs", ".yaml"))
    foresight = " ".join((results / "foresight.md").read_text().split())
    assert "`foresight_1`, HOLDs as replayed, 1.0 from 0 and 1.0 from 1" in foresight
    assert "3 of the 6 scores left out are better with foresight and none worse" in foresight
    assert "The second move adds nothing beyond that" in foresight


def test_every_template_is_a_page():
    assert [path.name.removesuffix(".md.in") for path in TEMPLATES] == NAMES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_committed_page_is_as_its_template_has_it(template):
    """Text between the numbers, word for word: an edit belongs into the template."""
    page = (ROOT / "docs" / template.name.removesuffix(".in")).read_text()
    pieces = re.split(r"\{[^}]*\}", template.read_text())
    place = 0
    for piece in pieces:
        found = page.find(piece, place)
        assert found >= 0, piece
        place = found + len(piece)


def test_pages_are_of_the_parameters_that_are_shipped():
    for name in NAMES:
        text = " ".join((ROOT / "docs" / f"{name}.md").read_text().split())
        assert "are those of the parameter set `calibrated_2025`, which the scenario" in text
