"""The whole matrix: 2,000 points of 200 runs have one content hash, whoever plays them and how.

Minutes; run with ``make verify`` or ``make sweep-check``.
"""

import random
import signal
import time

import pytest
import yaml

from negotiation_abm.sweep import executors
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.shards import merge_shards
from negotiation_abm.sweep.spec import spec_of
from sweep_helpers import BREACH, RARE
from test_sweep_faults import begin, killer, parts, wait_for

pytestmark = pytest.mark.verify

DATA = {
    "name": "matrix",
    "scenario": "busan_2025",
    "set": {"horizon_weeks": 60, "calendar.summits": []},
    "design": [
        {
            "grid": {
                BREACH: {"from": 0, "to": 4, "steps": 50},
                RARE: {"from": 0.05, "to": 1, "steps": 40},
            }
        }
    ],
    "replicates": 200,
}


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return spec_of(tmp_path_factory.mktemp("spec") / "matrix.yaml", DATA)


@pytest.fixture(scope="module")
def whole(spec, tmp_path_factory):
    result = run_sweep(spec, tmp_path_factory.mktemp("whole") / "out")
    assert (result.points, result.runs) == (2_000, 400_000)
    return result


@pytest.mark.parametrize("count", [1, 2, 7])
def test_threads(spec, whole, tmp_path, count):
    with executors.threads(count) as team:
        assert run_sweep(spec, tmp_path, team).content == whole.content


def test_processes(spec, whole, tmp_path):
    with executors.processes(2) as team:
        assert run_sweep(spec, tmp_path, team).content == whole.content


def test_dask_with_a_worker_killed(spec, whole, tmp_path):
    killed = []
    with executors.dask(workers=2) as team:
        result = run_sweep(spec, tmp_path, team, progress=killer(killed))
    assert killed
    assert (result.failures, result.content) == ([], whole.content)


@pytest.mark.parametrize("size", [999, 10_000, 50_000])
def test_chunks(spec, whole, tmp_path, size):
    assert run_sweep(spec, tmp_path, chunk_runs=size).content == whole.content


def test_ten_kills(spec, whole, tmp_path):
    path, out, rng = tmp_path / "matrix.yaml", tmp_path / "out", random.Random(10)
    path.write_text(yaml.safe_dump(DATA))
    for _ in range(10):
        process = begin(path, out, "--chunk-size", 4_000)
        before = len(parts(out)) if out.exists() else 0
        wait_for(lambda n=before, one=process: len(parts(out)) > n or one.poll() is not None, 120.0)
        time.sleep(rng.uniform(0, 0.8))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = run_sweep(spec, out)
    assert done.content == whole.content
    summary = (out / "summary.parquet").read_bytes()
    assert summary == (whole.folder / "summary.parquet").read_bytes()


def test_five_shards(spec, whole, tmp_path):
    folders = [tmp_path / f"shard-{index}" for index in range(1, 6)]
    for index, folder in enumerate(folders, start=1):
        run_sweep(spec, folder, shard_of=(index, 5))
    assert merge_shards(tmp_path / "all", folders).content == whole.content
