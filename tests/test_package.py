"""The wheel: installed elsewhere, it finds what it ships."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cli_helpers import PATIENCE, ROOT, shipped_game
from negotiation_abm import load_record, replay_record
from negotiation_abm.replay.step import replay_summary

OFFLINE = ("No matching distribution", "Could not find a version", "Connection", "Network")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]


def run(words, **options):
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=PATIENCE, **options
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of this checkout; skips where the build back end cannot be had."""
    folder = tmp_path_factory.mktemp("wheel")
    if importlib.util.find_spec("hatchling"):
        words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, ROOT]
    else:
        words = [*PIP, "wheel", "--no-deps", "-w", folder, ROOT]
    done = run(words, cwd=folder)
    if done.returncode and any(word in done.stdout + done.stderr for word in OFFLINE):
        pytest.skip("hatchling is not installed and cannot be fetched")
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    target = tmp_path_factory.mktemp("installed")
    done = run([*PIP, "install", "--no-deps", "--no-index", "--target", target, wheel])
    assert done.returncode == 0, done.stderr
    return target


def elsewhere(installed, folder, *words):
    """Python with the installed package before the checkout, in another working directory."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))
    }
    done = run(
        [sys.executable, *words], cwd=folder, env=environment | {"PYTHONPATH": str(installed)}
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.slow
def test_wheel_holds_the_package_and_its_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    top = {name.split("/")[0] for name in names}
    assert top == {"negotiation_abm", next(name for name in top if name.endswith(".dist-info"))}
    data = {name for name in names if name.startswith("negotiation_abm/_data/")}
    assert data == {
        f"negotiation_abm/_data/{path.relative_to(ROOT).as_posix()}"
        for folder in ("configs", "seeds")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert "negotiation_abm/py.typed" in names
    for page in ("template", "run", "whatif", "ground"):
        assert f"negotiation_abm/plotting/report/{page}.html" in names
    code = {name for name in names if name.endswith(".py")}
    assert code == {
        path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")
    }


@pytest.mark.slow
def test_installed_package_finds_its_data(installed, tmp_path):
    code = (
        "import negotiation_abm, negotiation_abm.files.resources as r;"
        "print(negotiation_abm.__file__); print(r.root())"
    )
    package, root = map(Path, elsewhere(installed, tmp_path, "-c", code).split())
    assert package.parent == installed / "negotiation_abm"
    assert root == installed / "negotiation_abm" / "_data"


@pytest.mark.slow
def test_installed_package_checks_what_it_ships(installed, tmp_path):
    words = ["-m", "negotiation_abm.cli", "check", "baseline_2025", "record_2025", "facts"]
    lines = elsewhere(installed, tmp_path, *words).splitlines()
    assert lines[0].startswith("baseline_2025: scenario, ")
    assert lines[1].startswith("record_2025: record, ")
    assert lines[2].startswith("facts: facts, ")
    assert lines[3].startswith(str(installed / "negotiation_abm" / "_data" / "seeds"))


@pytest.mark.slow
def test_installed_package_replays_as_the_checkout_does(installed, tmp_path):
    words = ["-m", "negotiation_abm.cli", "replay", "baseline_2025", "--json"]
    theirs = json.loads(elsewhere(installed, tmp_path, *words, "--out", "out"))
    ours = replay_record(shipped_game("baseline_2025"), load_record("record_2025"))
    assert theirs == json.loads(json.dumps(replay_summary(ours)))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["replay"]["environment"]["git"] is None  # it runs from no checkout
