"""A result folder: files appear whole or not at all, and the manifest says what made them."""

import errno
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
import pytest

from cli_helpers import (
    PATIENCE,
    REPLAY_FILES,
    RUN_FILES,
    SCRIPT,
    command,
    contents,
    leftovers,
    make_results,
    shipped_game,
)
from negotiation_abm import (
    InputError,
    __version__,
    load_record,
)
from negotiation_abm.files.folder import (
    Draft,
    prepare,
    read_manifest,
    writing,
)
from negotiation_abm.files.provenance import SEED_FORMULA
from negotiation_abm.plotting import plot_folder
from negotiation_abm.replay.step import write_replay
from negotiation_abm.run import batch
from negotiation_abm.run import step as runs
from negotiation_abm.run.batch import run_replicates
from negotiation_abm.run.step import run_batch


@pytest.fixture(scope="module")
def game():
    return shipped_game("busan_2025")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with a replay and a run; not to be changed."""
    return make_results(tmp_path_factory.mktemp("results"), 40)


@pytest.fixture
def older(results, tmp_path):
    """A folder with an older result, and what it holds."""
    folder = tmp_path / "older"
    shutil.copytree(results, folder)
    return folder, contents(folder)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that files are being written while the batch still runs."""
    monkeypatch.setattr(batch, "BLOCK_SIZE", 20)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------------------
# The manifest


def test_manifest_has_an_entry_for_each_step(results):
    manifest = read_manifest(results)
    assert set(manifest) == {"replay", "run"}
    assert set(manifest["replay"]["files"]) == REPLAY_FILES
    assert set(manifest["run"]["files"]) == RUN_FILES - {"posterior.csv"}  # no draws were asked for


def test_manifest_hashes_match_the_files(results):
    for step in read_manifest(results).values():
        for name, digest in step["files"].items():
            assert sha256(results / name) == digest, name


def test_manifest_lists_every_file(results):
    listed = {name for step in read_manifest(results).values() for name in step["files"]}
    assert listed | {"manifest.json"} == set(contents(results))


def test_manifest_says_what_made_the_run(results, game):
    step = read_manifest(results)["run"]
    assert (step["seed"], step["replicates"]) == (1, 40)
    assert step["seed_formula"] == SEED_FORMULA
    assert step["scenario"] == game.scenario.model_dump(mode="json")
    assert step["parameter_set"]["values"] == game.parameter_set.values
    assert set(step["parameter_set"]["sources"]) == set(game.parameter_set.values)
    assert all(step["parameter_set"]["sources"].values())
    assert step["environment"]["negotiation_abm"] == __version__
    assert step["environment"]["packages"]["numpy"]
    assert step["called_from"] == "python"
    for name, value in (
        ("scenario_hash", step["scenario"]),
        ("parameter_hash", step["parameter_set"]["values"]),
    ):
        text = json.dumps(value, sort_keys=True)
        assert step[name] == hashlib.sha256(text.encode()).hexdigest()


def test_manifest_says_which_record_was_replayed(results):
    step = read_manifest(results)["replay"]
    record = load_record("record_2025")
    assert step["record"] == "record_2025.csv"
    assert step["record_sha256"] == sha256(record.path)


def test_manifest_counts_rows(results):
    for name, facts in read_manifest(results)["run"]["content"].items():
        assert pq.read_metadata(results / name).num_rows == facts["rows"]


def test_scenario_hash_follows_the_scenario(tmp_path):
    hashes = []
    for number, changes in enumerate(({}, {"set.fatigue": 1.0}, {"fatigue": 1.0}, {"title": "x"})):
        run_batch(shipped_game("busan_2025", **changes), 2, 1, tmp_path / str(number))
        hashes.append(read_manifest(tmp_path / str(number))["run"]["scenario_hash"])
    assert hashes[1] == hashes[2]
    assert len(set(hashes)) == 3


def test_second_run_replaces_the_first_and_keeps_the_replay(older, game):
    folder, _ = older
    first = read_manifest(folder)
    run_batch(game, 15, 2, folder)
    second = read_manifest(folder)
    assert second["replay"] == first["replay"]
    assert second["run"]["replicates"] == 15
    assert len(pd.read_parquet(folder / "runs.parquet")) == 15
    assert all(sha256(folder / name) == h for name, h in second["run"]["files"].items())


# ---------------------------------------------------------------------------
# Interruptions


class UnforeseenError(Exception):
    """Something unforeseen."""


@pytest.mark.parametrize("error", [UnforeseenError, KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("new", [False, True])
def test_exception_in_the_middle_leaves_nothing(older, game, small_blocks, error, new):
    folder, before = older
    if new:
        folder, before = folder / "new", {}
    parts = []

    def progress(done):
        if done >= 60:
            parts.extend(leftovers(folder))
            raise error

    with pytest.raises(error):
        run_batch(game, 100, 1, folder, threads=2, chunk_size=5, progress=progress)
    assert len(parts) == 2  # truces and runs were being written
    assert contents(folder) == before


@pytest.mark.parametrize("place", ["survival_of", "survival_table", "_summary"])
def test_exception_after_the_tables_leaves_nothing(older, game, monkeypatch, place):
    folder, before = older

    def stop(*_):
        assert len(leftovers(folder)) >= 2
        raise UnforeseenError

    monkeypatch.setattr(runs, place, stop)
    with pytest.raises(UnforeseenError):
        run_batch(game, 20, 1, folder)
    assert contents(folder) == before


def test_exception_of_a_thread_reaches_the_caller(tmp_path, game, monkeypatch):
    def stop(game, seed, first, count, traces=None):
        if first >= 10:
            raise UnforeseenError
        return run_replicates(game, seed, first, count)

    monkeypatch.setattr(batch, "run_replicates", stop)
    with pytest.raises(UnforeseenError):
        run_batch(game, 40, 1, tmp_path, threads=3, chunk_size=5)
    assert contents(tmp_path) == {}


def test_exception_in_a_replay_leaves_nothing(tmp_path, monkeypatch):
    from negotiation_abm.replay import step as observed

    def stop(_):
        raise UnforeseenError

    monkeypatch.setattr(observed, "decision_table", stop)
    with pytest.raises(UnforeseenError):
        write_replay(shipped_game("baseline_2025"), load_record("record_2025"), tmp_path)
    assert contents(tmp_path) == {}


def test_keyboard_interrupt_through_the_command(capsys, tmp_path, monkeypatch, small_blocks):
    def interrupted(blocks, progress):
        yield next(usual(blocks, progress))
        raise KeyboardInterrupt

    usual = batch._blocks
    monkeypatch.setattr(batch, "_blocks", interrupted)
    done = command(capsys, "run", "busan_2025", "--replicates", 60, "--out", tmp_path)
    assert done.status == 130
    assert done.out == ""
    assert done.err == "interrupted: nothing of the unfinished step was kept\n"
    assert contents(tmp_path) == {}


def interruptible():
    """An interrupt reaches the child even if this process was started to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_interrupt_of_a_real_run(older, game):
    run_replicates(game, 1, 0, 1)  # the compiled code is in its cache
    folder, before = older
    words = [str(SCRIPT), "run", "busan_2025", "--replicates", "50000000", "--out", str(folder)]
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not list(folder.glob("*.part*")) and process.poll() is None:
            assert time.monotonic() < deadline, "nothing was written"
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert err == "interrupted: nothing of the unfinished step was kept\n"
    assert contents(folder) == before


# ---------------------------------------------------------------------------
# A full disk


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_in_a_table(capsys, older, monkeypatch, small_blocks, game):
    folder, before = older
    usual, written = pq.ParquetWriter.write_table, []

    def write_table(self, table, *words, **named):
        written.append(len(table))
        if len(written) > 3:
            full()
        usual(self, table, *words, **named)

    monkeypatch.setattr(pq.ParquetWriter, "write_table", write_table)
    with pytest.raises(InputError, match=r"writing stopped \(No space left on device\)") as caught:
        run_batch(game, 100, 1, folder)
    assert str(folder) in str(caught.value)
    assert contents(folder) == before
    done = command(capsys, "run", "busan_2025", "--replicates", 100, "--out", folder)
    assert done.status == 2
    assert done.err == f"error: {folder}: writing stopped (No space left on device)\n"
    assert contents(folder) == before


@pytest.mark.parametrize(
    "place", [(pd.DataFrame, "to_csv"), (Draft, "text"), (Draft, "json"), (os, "replace")]
)
def test_full_disk_elsewhere(older, monkeypatch, game, place):
    folder, before = older
    monkeypatch.setattr(*place, full)
    with pytest.raises(InputError, match="No space left on device"):
        run_batch(game, 20, 1, folder)
    assert contents(folder) == before


def test_full_disk_in_a_figure(older, monkeypatch):
    from matplotlib.figure import Figure

    folder, before = older
    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(InputError, match="No space left on device"):
        plot_folder(folder)
    assert contents(folder) == before


def test_real_limit_on_the_size_of_files(tmp_path, game):
    """The system refuses to write, in a process of its own."""
    run_replicates(game, 1, 0, 1)
    words = [str(SCRIPT), "run", "busan_2025", "--replicates", "3000", "--out", str(tmp_path)]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"error: {tmp_path}: writing stopped (")
    assert contents(tmp_path) == {}


# ---------------------------------------------------------------------------
# Writing


def test_writing_makes_folders_and_keeps_names(tmp_path):
    with writing(tmp_path / "a" / "b", "step", {"fact": 1}) as draft:
        draft.text("one.txt", "eins")
        draft.json("deep/two.json", {"zwei": [2]})
        assert set(contents(tmp_path)) & {"a/b/one.txt", "a/b/deep/two.json"} == set()
    folder = tmp_path / "a" / "b"
    assert set(contents(folder)) == {"one.txt", "deep/two.json", "manifest.json"}
    step = read_manifest(folder)["step"]
    assert step["fact"] == 1
    assert step["files"]["one.txt"] == hashlib.sha256(b"eins").hexdigest()


def test_prepare_leaves_nothing(tmp_path):
    prepare(tmp_path / "new" / "er")
    prepare(tmp_path / "new" / "er")
    assert contents(tmp_path) == {}
    assert (tmp_path / "new" / "er").is_dir()


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written to"):
        prepare(tmp_path)
    tmp_path.chmod(0o700)


# ---------------------------------------------------------------------------
# The same twice


def test_replay_is_the_same_twice(tmp_path):
    for name in ("a", "b"):
        write_replay(shipped_game("baseline_2025"), load_record("record_2025"), tmp_path / name)
    first, second = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert all(first[name] == second[name] for name in REPLAY_FILES)
