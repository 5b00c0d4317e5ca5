"""`sweep` and `merge` on the command line, and what planning costs."""

import json
import subprocess
import sys
import tracemalloc

import pytest
import yaml

from cli_helpers import WIDTH, command, strict_json
from negotiation_abm.sweep.plan import make_plan
from negotiation_abm.sweep.spec import load_spec
from sweep_helpers import SMALL, make_spec, sweep


@pytest.fixture
def spec_file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL))
    return path


def test_sweep_prints_points_and_writes_a_folder(spec_file, tmp_path, capsys):
    done = command(capsys, "sweep", spec_file, "--out", tmp_path / "out")
    assert done.status == 0
    assert "6 points, 360 runs (360 played now)" in done.out
    assert all(len(line) <= WIDTH for line in done.out.splitlines())
    assert {"sweep.yaml", "manifest.json", "points.parquet", "summary.parquet"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    again = command(capsys, "sweep", spec_file, "--out", tmp_path / "out", "--json")
    assert strict_json(again.out)["played"] == 0
    spec = yaml.safe_load((tmp_path / "out" / "sweep.yaml").read_text())
    assert spec["replicates"] == 60


def test_options_change_the_spec(spec_file, tmp_path, capsys):
    words = ["sweep", spec_file, "--out", tmp_path / "out", "--replicates", 4, "--threads", 1]
    done = command(capsys, *words, "--set", "fatigue=0.5", "--chunk-size", 5, "--json")
    result = strict_json(done.out)
    expected = sweep(tmp_path / "other", replicates=4, set={"fatigue": 0.5})
    assert (result["runs"], result["content"]) == (24, expected.content)
    more = command(capsys, *words[:4], "--replicates", 5, "--set", "fatigue=0.5")
    assert more.status == 2
    assert "replicates: 4 -> 5; --extend adds what is new" in more.err
    more = command(
        capsys, *words[:4], "--replicates", 5, "--set", "fatigue=0.5", "--extend", "--json"
    )
    assert strict_json(more.out)["played"] == 6


def test_shards_and_merge(spec_file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for index in (1, 2):
        assert command(capsys, "sweep", spec_file, "--shard", f"{index}/2").status == 0
    missing = command(capsys, "merge", "results/small", "results/small/shard-1-of-2")
    assert missing.status == 2
    assert "missing: 2/2" in missing.err
    done = command(capsys, "merge", "results/small", "--json")
    assert strict_json(done.out)["content"] == sweep(tmp_path / "other").content
    none = command(capsys, "merge", "elsewhere")
    assert (none.status, "holds no shard" in none.err) == (2, True)


def test_dry_run_writes_nothing(spec_file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = command(capsys, "sweep", spec_file, "--dry-run", "--replicates", 100_000)
    assert done.status == 0
    assert "6 points of busan_2025" in done.out
    for word in ("600,000", "time", "disk", "memory", "2 workers"):
        assert word in done.out or word == "2 workers"
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]
    found = strict_json(command(capsys, "sweep", spec_file, "--dry-run", "--json").out)
    assert found["points"] == 6
    assert found["runs"] == [360, 360]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["rare_earth_breach"], "did you mean 'rare_earths_breach'?"),
        (["rare_earths_breach", "--set", "fatige=1"], "did you mean 'fatigue'?"),
        (["rare_earths_breach", "--set", "breach_cost=1"], "varies in the design too"),
        (["rare_earths_breach", "--shard", "6/5"], "'6/5' is no part of a whole"),
        (["rare_earths_breach", "--threads", "0"], "allowed: 1 to"),
        (["rare_earths_breach", "--threads", "2", "--workers", "2"], "not allowed with"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_2(words, text, capsys, tmp_path):
    done = command(capsys, "sweep", *words, "--out", tmp_path / "out")
    assert done.status == 2
    assert text in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_interrupted_says_how_to_go_on(spec_file, tmp_path, capsys, monkeypatch):
    def interrupted(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("negotiation_abm.sweep.runner.make_plan", interrupted)
    done = command(capsys, "sweep", spec_file, "--out", tmp_path / "out")
    assert done.status == 130
    assert "the same command goes on from there" in done.err


def test_failures_give_status_1(spec_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("negotiation_abm.sweep.plan.check_points", lambda plan: None)
    spec_file.write_text(
        yaml.safe_dump(SMALL | {"design": [{"list": [{"forum": 1}, {"forum": 99}]}]})
    )
    done = command(capsys, "sweep", spec_file, "--out", tmp_path / "out")
    assert done.status == 1
    assert "failed: point 1, runs 0 to 59" in done.out
    assert "--retry-failed tries these again" in done.out


@pytest.mark.parametrize(
    ("axis", "replicates"), [(1_000, 100), (10_000, 1)], ids=["10^6 points", "10^8 points"]
)
def test_planning_a_hundred_million_runs_is_cheap(axis, replicates, tmp_path):
    steps = {"from": 0, "to": 1, "steps": axis}
    path = tmp_path / "huge.yaml"
    data = SMALL | {"design": [{"grid": {"fatigue": steps, "forum": steps}}]}
    path.write_text(yaml.safe_dump(data | {"replicates": replicates}))
    make_plan(make_spec())  # imports
    tracemalloc.start()
    plan = make_plan(load_spec(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plan.most_runs == 10**8
    assert plan.changes(plan.num_points - 1) == {"fatigue": 1, "forum": 1}
    assert peak < 110e6


@pytest.fixture(scope="module")
def planning(tmp_path_factory):
    """A process that plans 10^8 runs: those, seconds of the plan, peak memory, heavy imports."""
    script = (
        "import json, re, sys, time\n"
        "from negotiation_abm.sweep.plan import make_plan\n"
        "from negotiation_abm.sweep.spec import load_spec\n"
        "begun = time.perf_counter()\n"
        "plan = make_plan(load_spec(sys.argv[1]))\n"
        "seconds = time.perf_counter() - begun\n"
        "status = open('/proc/self/status').read()\n"
        "peak = 1024 * int(re.search(r'VmHWM:\\s*(\\d+)', status)[1])\n"
        "heavy = [n for n in ('numba', 'pandas', 'pyarrow', 'scipy', 'mesa') if n in sys.modules]\n"
        "print(json.dumps([plan.most_runs, seconds, peak, heavy]))\n"
    )
    steps = {"from": 0, "to": 1, "steps": 10_000}
    path = tmp_path_factory.mktemp("planning") / "huge.yaml"
    data = {"design": [{"grid": {"fatigue": steps, "forum": steps}}], "replicates": 1}
    path.write_text(yaml.safe_dump(SMALL | data))
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_planning_needs_no_compiler_and_little_memory(planning):
    runs, _, peak, heavy = planning
    assert runs == 10**8
    assert heavy == []
    assert peak < 110e6


@pytest.mark.speed
def test_planning_takes_less_than_a_second(planning):
    assert planning[1] < 1.0
