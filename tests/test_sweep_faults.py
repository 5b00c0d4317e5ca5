"""Faults: kill -9, a full disk, a folder taken away, damaged files, two processes, dead workers."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from cli_helpers import PATIENCE, SCRIPT
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.lock import locked
from negotiation_abm.sweep import executors
from negotiation_abm.sweep.runner import run_sweep
from sweep_helpers import SMALL, make_spec, sweep

LONGER = {"replicates": 500}


@pytest.fixture(scope="module")
def longer(tmp_path_factory):
    return sweep(tmp_path_factory.mktemp("longer") / "out", **LONGER)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The same sweep, in parts of 500 runs."""
    folder = tmp_path_factory.mktemp("stored") / "out"
    sweep(folder, None, 500, **LONGER)
    return folder


@pytest.fixture
def in_parts(stored, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(stored, tmp_path / "out")


@pytest.fixture
def spec_file(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(SMALL | LONGER))
    return path


def begin(spec_file, out, *options, **keywords):
    words = [str(SCRIPT), "sweep", str(spec_file), "--out", str(out), *map(str, options)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(words, **pipes, **keywords)


def parts(out):
    return list((out / "runs").glob("*.parquet"))


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(spec_file, longer, tmp_path):
    """Each time some time after it has begun to store; in the end the same bytes."""
    out, rng = tmp_path / "out", random.Random(4)
    kept = []
    for _ in range(2):
        process = begin(spec_file, out, "--chunk-size", 50)
        before = len(parts(out))
        wait_for(lambda n=before, one=process: len(parts(out)) > n or one.poll() is not None)
        time.sleep(rng.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept.append(len(parts(out)))
    assert kept[0] < 60, "the first was killed before its end"
    done = run_sweep(make_spec(**LONGER), out)
    assert done.content == longer.content
    assert (out / "summary.parquet").read_bytes() == (
        longer.folder / "summary.parquet"
    ).read_bytes()
    assert not list(out.rglob("*.part"))


def test_killed_while_writing_leaves_nothing_that_counts(longer, in_parts):
    *_, last = sorted(parts(in_parts))
    (last.parent / f".{last.name}.99.part").write_bytes(last.read_bytes()[:100])
    last.unlink()  # killed after the spells were stored, before the runs
    again = sweep(in_parts, **LONGER)
    assert 0 < again.played <= 500
    assert again.content == longer.content
    assert not list(in_parts.rglob("*.part"))


@pytest.mark.parametrize("kind", ["runs", "spells"])
@pytest.mark.parametrize("damage", ["torn", "flipped", "gone", "empty"])
def test_damaged_part_is_found_named_and_played_again(kind, damage, longer, in_parts):
    path = sorted((in_parts / kind).glob("*.parquet"))[3]
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "flipped":
        path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "torn" else b"")
    said = []
    again = run_sweep(make_spec(**LONGER), in_parts, say=said.append)
    assert again.played == 500
    assert again.content == longer.content
    if (kind, damage) != ("runs", "gone"):
        assert any(path.name in line for line in said)


def test_other_damaged_files(longer, tmp_path):
    sweep(tmp_path)
    content = {name: (tmp_path / name).read_bytes() for name in ("points.parquet", "sweep.yaml")}
    for name in ("points.parquet", "summary.parquet", "sweep.yaml"):
        (tmp_path / name).write_bytes(b"damaged")
    sweep(tmp_path)
    assert (tmp_path / "points.parquet").read_bytes() == content["points.parquet"]
    assert b"damaged" not in (tmp_path / "summary.parquet").read_bytes()[:10]
    (tmp_path / "manifest.json").write_text('{"sweep": ')
    with pytest.raises(InputError, match=r"manifest.json: cannot be read .* is it damaged"):
        sweep(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(InputError, match="missing, but the folder holds parts of a sweep"):
        sweep(tmp_path)


def test_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"run": {}}')
    with pytest.raises(InputError, match="not the manifest of a sweep"):
        sweep(tmp_path)


def test_part_of_another_sweep_is_dropped(tmp_path):
    first = sweep(tmp_path / "a")
    sweep(tmp_path / "b", seed=6)
    (stray,) = parts(tmp_path / "b")[:1]
    (tmp_path / "a" / "runs" / stray.name).write_bytes(stray.read_bytes())
    said = []
    again = run_sweep(make_spec(), tmp_path / "a", say=said.append)
    assert (again.content, again.played) == (first.content, 0)
    assert "belongs to another sweep" in said[0]


def test_runs_stored_twice_count_once(tmp_path):
    first = sweep(tmp_path / "a", None, 100)
    sweep(tmp_path / "b", None, 90)
    for kind in ("runs", "spells"):
        for path in (tmp_path / "b" / kind).iterdir():
            (tmp_path / "a" / kind / path.name).write_bytes(path.read_bytes())
    again = run_sweep(make_spec(), tmp_path / "a")
    assert again.content == first.content
    assert again.runs == 360


def test_second_process_is_refused(tmp_path):
    with locked(tmp_path), pytest.raises(InputError, match="another process is at work"):
        sweep(tmp_path)


@pytest.mark.slow
def test_second_process_is_refused_and_the_first_goes_on(spec_file, longer, tmp_path):
    out = tmp_path / "out"
    first = begin(spec_file, out, "--chunk-size", 15)
    wait_for(lambda: (out / "manifest.json").exists() or first.poll() is not None)
    second = begin(spec_file, out)
    error = second.communicate()[1]
    assert second.returncode == 2
    assert error.startswith("error: ")
    assert "another process is at work in this folder" in error
    assert "Traceback" not in error
    first.communicate()
    assert first.returncode == 0
    assert json.loads((out / "manifest.json").read_text())["content"] == longer.content


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int):
    """A file system of its own, or a skip where that is not allowed."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_stops_with_a_line_and_a_resume_completes(longer, tmp_path):
    disk = tmp_path / "disk"
    with small_disk(disk, 300):
        out = disk / "out"
        with pytest.raises(InputError, match=r"writing stopped \(No space left on device\)") as e:
            sweep(out, None, 500, **LONGER)
        assert "the same command goes on from there" in str(e.value)
        stored = len(parts(out))
        assert stored > 0
        assert not list(out.rglob("*.part"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        again = sweep(out, None, 500, **LONGER)
        assert again.content == longer.content
        assert again.played == again.runs - 500 * stored


@pytest.mark.slow
def test_file_size_limit_is_a_clear_line(spec_file, longer, tmp_path):
    """Like a full disk, and can be had without rights."""
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))\n"
        "from negotiation_abm.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    out = tmp_path / "out"
    words = ["sweep", str(spec_file), "--out", str(out), "--chunk-size", "3000"]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sweep(out, **LONGER).content == longer.content


def test_folder_lost_on_the_way(longer, tmp_path):
    """Permission, in a way that stops the administrator too: a file stands where a folder was."""
    out = tmp_path / "out"
    seen = []

    def take_away(done, total):
        seen.append(done)
        if len(seen) == 2:
            os.rename(out / "runs", tmp_path / "taken")
            (out / "runs").write_text("")

    with pytest.raises(InputError, match=r"writing stopped \((Not a directory|File exists)\)"):
        run_sweep(make_spec(**LONGER), out, chunk_runs=300, progress=take_away)
    (out / "runs").unlink()
    os.rename(tmp_path / "taken", out / "runs")
    again = sweep(out, **LONGER)
    assert again.content == longer.content
    assert again.played == again.runs - 600


def test_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written to"):
        sweep(tmp_path / "file" / "out")


def test_clock_that_jumps_changes_nothing(in_parts):
    for number, path in enumerate(sorted(in_parts.rglob("*.parquet"))):
        moment = 4e9 if number % 2 else 0  # next century, and 1970
        os.utime(path, (moment, moment))
    assert sweep(in_parts, **LONGER).played == 0


def test_interrupted_keeps_what_is_stored(longer, tmp_path):
    def stop(done, total):
        if done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(make_spec(**LONGER), tmp_path, chunk_runs=250, progress=stop)
    assert len(parts(tmp_path)) == 4
    again = sweep(tmp_path, **LONGER)
    assert (again.content, again.played) == (longer.content, again.runs - 1000)


def killer(killed):
    """Kills one worker once the first part has been stored."""

    def kill_one(done, total):
        if not killed:
            workers = [pid for pid, words in children() if "spawn_main" in words]
            os.kill(max(workers), signal.SIGKILL)
            killed.append(max(workers))

    return kill_one


@pytest.mark.slow
def test_process_that_dies_is_replaced(longer, tmp_path):
    killed = []
    with executors.processes(2) as team:
        result = run_sweep(make_spec(**LONGER), tmp_path, team, 150, progress=killer(killed))
    assert killed
    assert (result.failures, result.content) == ([], longer.content)


def test_a_pool_found_dead_at_the_next_task_is_replaced():
    class Dead(ThreadPoolExecutor):
        def submit(self, *_):
            raise BrokenExecutor("a child process terminated abruptly")

    with pytest.raises(BrokenExecutor):
        executors.Team(Dead(1), 1).submit(abs, -3)
    team = executors.Team(Dead(1), 1, lambda: ThreadPoolExecutor(1))
    assert team.submit(abs, -3).result() == 3


@pytest.mark.verify
def test_dask_worker_killed_on_the_way(longer, tmp_path):
    killed = []
    with executors.dask(workers=2) as team:
        result = run_sweep(make_spec(**LONGER), tmp_path, team, 150, progress=killer(killed))
    assert killed
    assert (result.failures, result.content) == ([], longer.content)


def children():
    """Processes below this one: number and command line."""
    found, parents = [], {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                parents[int(entry.name)] = int(status[1]), words
    for pid, (_, words) in parents.items():
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above][0]
        if above == os.getpid() and pid != above:
            found.append((pid, words))
    return found


def test_no_dask_scheduler_answers(monkeypatch, tmp_path):
    import distributed

    real = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda target, timeout: real(target, timeout="1s"))
    with (
        pytest.raises(InputError, match=r"--scheduler: tcp://127\.0\.0\.1:9: does not answer"),
        executors.dask("tcp://127.0.0.1:9"),
    ):
        pass
