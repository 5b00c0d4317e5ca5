"""Result files that were cut off, emptied or replaced: one line that names the damaged one."""

import json
import os
import shutil
from pathlib import Path

import pytest

from cli_helpers import command, contents, make_results, refused
from negotiation_abm.files.damage import damages
from negotiation_abm.files.folder import read_manifest, writing
from sweep_helpers import sweep

RUN = {
    "manifest.json": ("survival", "report"),
    "summary.json": ("plot", "report"),
    "survival.csv": ("plot",),
    "truces.parquet": ("survival", "report"),
    "traces.parquet": ("plot",),
}
SWEEP = {
    "manifest.json": ("slice", "merge"),
    "summary.parquet": ("slice", "plot"),
    "sweep.yaml": ("slice", "plot"),
}
DAMAGES = {
    "cut off": lambda content: content[: len(content) // 2],
    "cut at a line": lambda content: content[: content.rfind(b"\n", 0, -1) + 1 or -9],
    "empty": lambda content: b"",
    "of something else": lambda content: b'{"run": 1, "sweep": {"a": []}, "format": 1}',
    "nested": lambda content: b"[" * 100_000,
    "binary": lambda content: bytes(range(256)),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("damage")
    make_results(home / "run", 40)
    sweep(home / "sweep", replicates=6)
    return home


CASES = [
    (kind, file, word, damage)
    for kind, table in (("run", RUN), ("sweep", SWEEP))
    for file, words in table.items()
    for word in words
    for damage in DAMAGES
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "file", "word", "damage"), CASES)
def test_damaged_file_is_named(capsys, folders, tmp_path, kind, file, word, damage):
    folder = Path(shutil.copytree(folders / kind, tmp_path / kind))
    (folder / file).write_bytes(DAMAGES[damage]((folder / file).read_bytes()))
    before = contents(folder)
    shards = (folder,) if word == "merge" else ()
    done = command(capsys, word, folder, *shards)
    assert done.status == 2, done.out
    assert done.err.count("\n") == 1
    assert done.err.startswith("error: ")
    assert len(done.err) < 1_500
    assert file in done.err or damage == "of something else"  # JSON, and of no run
    assert str(folder) in done.err
    assert contents(folder) == before


READERS = ("plot {}", "survival {}", "report {}", "survival {} {}2", "plot {} {}2",
           "episodes us_eu_2018 --beside {}")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("words", READERS)
def test_a_file_of_another_run_is_named(capsys, folders, own_folder, words):
    """Each can be read, and would give another answer under the name of this run."""
    shutil.copytree(folders / "run", "run")
    others = contents(make_results(Path("run2"), 30))
    for file in sorted(others.keys() - {"manifest.json"}):
        path = Path("run", file)
        content = path.read_bytes()
        path.write_bytes(others[file] if others[file] != content else content + b"\n")
        refused(capsys, words.format("run", "run").split(), [str(path), "make it again"])
        path.write_bytes(content)


@pytest.mark.slow
def test_a_table_that_is_gone_is_told_with_the_figures_that_are_left(capsys, folders, own_folder):
    shutil.copytree(folders / "run", "run")
    Path("run/truces.parquet").unlink()
    done = command(capsys, "plot", "run")
    assert done.status == 0
    assert "levers.png" in done.out
    gone = Path("run/truces.parquet")
    assert done.err == f"note: {gone} is missing; what is made from it is left out\n"


@pytest.mark.slow
@pytest.mark.parametrize("word", ["plot", "survival", "report"])
def test_a_manifest_of_a_sweep_beside_the_tables_of_a_run(capsys, folders, own_folder, word):
    shutil.copytree(folders / "run", "run")
    shutil.copyfile(folders / "sweep" / "manifest.json", "run/manifest.json")
    refused(capsys, [word, "run"], [str(Path("run", "manifest.json")), "of another folder"])


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["foreign", "of another sweep", "gone"])
def test_truces_of_a_point_come_from_files_as_they_were_written(
    capsys, folders, own_folder, tmp_path, damage
):
    shutil.copytree(folders / "sweep", "sweep")
    sweep(tmp_path / "other", replicates=6, seed=2)
    (path,) = Path("sweep/spells").iterdir()
    (other,) = (tmp_path / "other" / "spells").iterdir()
    path.unlink()
    if damage != "gone":
        of = {"foreign": folders / "run" / "truces.parquet", "of another sweep": other}[damage]
        shutil.copyfile(of, path)
    refused(capsys, ["slice", "sweep", "--point", "0"], [str(path), "make it again"])


def test_a_file_that_two_steps_wrote_is_no_damage(tmp_path):
    for step in ("one", "two"):
        with writing(tmp_path, step, {}) as draft:
            draft.text("a.txt", step)
    assert list(damages(tmp_path)) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows knows no such files")
@pytest.mark.parametrize(
    "file", ["manifest.json", "summary.json", "survival.csv", "truces.parquet"]
)
def test_what_is_no_file_is_not_read(capsys, folders, tmp_path, file):
    folder = Path(shutil.copytree(folders / "run", tmp_path / "run"))
    (folder / file).unlink()
    os.mkfifo(folder / file)  # nobody writes to it: opening it would not end
    for word in ("plot", "survival", "report"):
        done = command(capsys, word, folder)
        assert done.status == 2, done.out
        assert done.err.count("\n") == 1
        assert str(folder) in done.err


def test_damages_names_what_was_changed_and_nothing_else(folders, tmp_path):
    folder = Path(shutil.copytree(folders / "run", tmp_path / "run"))
    assert list(damages(folder)) == []
    (folder / "survival.csv").write_text("x")
    (folder / "runs.parquet").unlink()
    assert {path.name for path, _ in damages(folder)} == {"runs.parquet", "survival.csv"}


@pytest.mark.parametrize(
    "entry",
    [
        {"files": {"../kept.txt": "0"}},
        {"files": {"/KEPT": "0"}},
        {"files": {"a/../../kept.txt": "0"}},
        {"files": ["kept.txt"]},
        {"files": {"x": 1}, "made_from": ["x"]},
        {"files": {"x": "0"}, "made_from": {"x": ["y"]}},
        {"files": {"x\0": "0"}},
        ["files"],
    ],
)
def test_a_hostile_manifest_removes_nothing_outside(tmp_path, entry):
    """A step removes what the one before it wrote: what its manifest says, if it lies there."""
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    folder = tmp_path / "out"
    folder.mkdir()
    text = json.dumps({"run": entry, "other": entry}).replace("/KEPT", str(kept))
    (folder / "manifest.json").write_text(text)
    for keep in (False, True):
        with writing(folder, "run", {}, keep=keep) as draft:
            draft.text("new.txt", "new")
    assert kept.read_text() == "mine"
    assert "new.txt" in read_manifest(folder)["run"]["files"]
