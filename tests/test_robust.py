"""What once ended in a trace, a hang or a long message: one bounded line, whatever the file."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import yaml

from cli_helpers import PATIENCE, SCRIPT, command, contents, leftovers, python, refused, script
from negotiation_abm.cli import main
from negotiation_abm.files import folder, whole
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.yaml_text import MOST_NESTED, parse_yaml
from negotiation_abm.run import compiler
from negotiation_abm.sweep.spec import spec_of
from sweep_helpers import SMALL, make_spec, sweep

LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
DISLIKED = {
    "a tag that does not fit": "!!bool x",
    "no number": "!!int ''",
    "no date": "!!timestamp x",
    "no float": "!!float ''",
    "brackets": "[" * 5_000,
    "more brackets": "[" * 200_000,
    "dashes": "- " * 100_000 + "x",
    "laughs": LAUGHS,
    "itself": "&a [*a]",
    "digits": "9" * 5_000,
    "hexadecimal": "0x" + "f" * 10_000,
    "minutes": "1:" * 300 + "1",
    "half a pair": "\ud800",
    "a code": "!!python/object/apply:os.system [x]",
}


@pytest.mark.parametrize("name", DISLIKED)
def test_yaml_that_is_refused(name):
    with pytest.raises(yaml.YAMLError):
        parse_yaml(DISLIKED[name])


@pytest.mark.parametrize("name", sorted({*DISLIKED} - {"half a pair"}))
@pytest.mark.parametrize("where", ["file", "entry", "--set", "cell"])
def test_yaml_that_is_refused_anywhere(capsys, tmp_path, monkeypatch, name, where):
    monkeypatch.chdir(tmp_path)
    text = DISLIKED[name]
    Path("w.yaml").write_text(yaml.safe_dump(SMALL | {"design": [{"list": "p.csv"}]}))
    words = ["check", "w.yaml"]
    if where == "cell":
        if "\n" in text or len(text) > 100_000:
            return
        Path("p.csv").write_text(f'fatigue\n"{text}"\n')
    elif where == "--set":
        words = ["run", "busan_2025", "--set", f"fatigue={text}"]
    else:
        Path("w.yaml").write_text(text if where == "file" else f"name: {text}\n")
    done = command(capsys, *words)
    assert done.status == 2
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert len(done.err) < 1_700


def test_aliases_and_nesting_that_are_good():
    assert parse_yaml("a: &x [1, 2]\nb: *x\nc: [*x, *x]")["c"] == [[1, 2], [1, 2]]
    deep = "[" * (MOST_NESTED - 1) + "]" * (MOST_NESTED - 1)
    assert str(parse_yaml(deep)) == deep


@pytest.mark.parametrize("part", range(3))
def test_an_error_is_bounded_and_one_line(part):
    texts = ["file", "place", "problem"]
    texts[part] = "x\n\x1b[31m" * 100_000
    line = str(InputError(*texts))
    assert len(line) < 1_500
    assert line.isprintable()


# ---------------------------------------------------------------------------
# Sweeps


HUGE = 10**299
DESIGNS = {
    "points": [{"grid": {f"levers.US.a{n}.step": [0.1] * 1000 for n in range(7)}}],
    "points of a cross": [{"cross": [{"grid": {f"a{n}": [1] * 10_000}} for n in range(5)]}],
    "steps": [{"grid": {"fatigue": {"from": 0, "to": 1, "steps": 30_000_000}}}],
    "huge steps": [{"grid": {"fatigue": {"from": 0, "to": 1, "steps": HUGE}}}],
    "names": [{"sobol": {"points": 2, "ranges": {f"a{n}": [0, 1] for n in range(22_000)}}}],
    "ends": [{"latin_hypercube": {"points": 2, "ranges": {"fatigue": [0, HUGE]}}}],
    "steps between ends": [{"grid": {"fatigue": {"from": -HUGE, "to": HUGE, "steps": 3}}}],
    "sampled points": [{"sobol": {"points": HUGE, "ranges": {"fatigue": [0, 1]}}}],
    "seed": [{"sobol": {"points": 2, "seed": HUGE, "ranges": {"fatigue": [0, 1]}}}],
}
MIXED = "{from: 2026-01-01, to: 2026-01-02T10:00:00, steps: 3}"


@pytest.mark.parametrize("name", DESIGNS)
def test_design_without_measure(name, tmp_path):
    with pytest.raises(InputError) as raised:
        spec_of(tmp_path / "w.yaml", SMALL | {"design": DESIGNS[name]})
    assert "allowed" in str(raised.value) or "less than" in str(raised.value)


def test_design_that_mixes_dates_and_times(tmp_path):
    for ends in (MIXED, MIXED.replace("from: 2026-01-01", "from: 3")):
        design = [{"grid": {"truce.expires": parse_yaml(ends)}}]
        with pytest.raises(InputError, match="two numbers or two dates"):
            spec_of(tmp_path / "w.yaml", SMALL | {"design": design})


def test_folder_deleted_on_the_way(tmp_path):
    import shutil

    from negotiation_abm.sweep.runner import run_sweep

    out = tmp_path / "out"
    seen = []

    def delete(done, total):
        seen.append(done)
        if len(seen) == 2:
            shutil.rmtree(out)

    with pytest.raises(InputError, match=r"manifest.json: is gone"):
        run_sweep(make_spec(), out, chunk_runs=60, progress=delete)
    assert len(seen) == 2  # it does not play on
    assert not out.exists()
    assert sweep(out).runs == 360


# ---------------------------------------------------------------------------
# Dates, numbers


@pytest.mark.parametrize("date", ["0001-01-01", "0999-12-31", "3000-01-02", "9999-12-31"])
@pytest.mark.parametrize("words", ["whatif baseline_2025 --from", "equilibrium baseline_2025 --at"])
def test_dates_outside_the_calendar(capsys, words, date):
    done = command(capsys, *words.split(), date)
    assert done.status == 2
    assert f"{date}: allowed: 1000-01-01 to 3000-01-01" in done.err


# ---------------------------------------------------------------------------
# The system gives less than is needed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 8 TiB"), "not enough memory"),
        (ImportError("libx.so: failed to map segment"), "a library cannot be loaded"),
        (OSError(28, "No space left on device", "/x"), "/x: No space left on device"),
        (OSError("cannot allocate memory in static TLS block"), "static TLS"),
        (RuntimeError("can't start new thread"), "no more threads"),
    ],
)
def test_what_the_system_refuses_is_one_line(capsys, monkeypatch, error, words):
    from negotiation_abm.cli import files

    def fail(*_):
        raise error

    monkeypatch.setattr(files, "_list", fail)
    done = command(capsys, "list")
    assert done.status == 2
    assert done.err.count("\n") == 1
    assert words in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit elsewhere")
@pytest.mark.parametrize(
    ("mib", "words", "doing"),
    [(60, "list", "starting"), (100, "list", "starting"),
     (900, "run busan_2025 --replicates 2 --out out", "compiling the rules")],
)  # fmt: skip
def test_a_limit_on_memory_is_told_before_a_library_ends_the_process(tmp_path, mib, words, doing):
    import resource

    limit = mib * 2**20
    done = script(
        *words.split(),
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert (done.returncode, done.stdout) == (2, "")
    said = f"not enough memory (the system allows this process {mib} MiB, {doing} needs"
    assert done.stderr.startswith(f"error: {said}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_library_that_does_not_load_is_no_full_disk(tmp_path):
    def step():
        with folder.writing(tmp_path / "out", "run", {}) as draft:
            draft.text("a.txt", "a")
            raise OSError("cannot allocate memory in static TLS block")

    with pytest.raises(OSError, match="TLS"):
        step()
    assert contents(tmp_path) == {}


def test_a_full_disk_under_the_cache_stops_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)

    def double(x):
        return 2 * x

    def full(*_):
        raise OSError(28, "No space left on device")

    kept = compiler.jit(double)
    compiler._forgive(kept)
    monkeypatch.setattr(type(kept._cache), "_save_overload", full)
    assert kept(21) == 42
    assert "could not be kept (No space left on device)" in capsys.readouterr().err


# ---------------------------------------------------------------------------
# Warnings, signals


def test_warnings_of_libraries_stay_off_the_terminal():
    code = (
        "import sys, warnings, logging\n"
        "from negotiation_abm import cli\n"
        "from negotiation_abm.cli import files\n"
        "def run(options):\n"
        "    warnings.warn('from a library', RuntimeWarning)\n"
        "    logging.getLogger('matplotlib').warning('from another')\n"
        "    logging.getLogger('negotiation_abm.x').info('our own')\n"
        "files._list = run\n"
        "sys.argv = ['negotiation-abm', 'list']\n"
        "sys.exit(cli.main())\n"
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "our own\n")


def begun(out):
    """A run that has begun to write."""
    words = [str(SCRIPT), "run", "baseline_2025", "--replicates", "3000000", "--out", str(out)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE
    while not leftovers(out) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert process.poll() is None
    return process


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such signals")
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path):
    process = begun(tmp_path / "new" / "run")
    process.send_signal(signal.SIGTERM)
    error = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert error.splitlines()[-1].startswith("stopped")
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_leaves_no_folder_behind(capsys, own_folder, tmp_path):
    """Folders for results are made before what they are made from is read."""
    priors = tmp_path / "priors.yaml"
    priors.write_text("potato: 1")
    kept = tmp_path / "kept"
    kept.mkdir()
    for out in (tmp_path / "new" / "deep", kept, kept / "new"):
        words = ["calibrate", "baseline_2025", "--priors", str(priors), "--out", str(out)]
        refused(capsys, words, ["potato: unknown"])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept", "priors.yaml"]
    assert list(kept.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such signals")
def test_what_a_killed_run_left_goes_with_the_next_step(capsys, tmp_path):
    process = begun(tmp_path)
    process.kill()
    process.communicate()
    assert leftovers(tmp_path)
    own = whole.aside(tmp_path / "other.txt")
    own.write_text("of one that lives")
    assert command(capsys, "replay", "baseline_2025", "--out", tmp_path).status == 0
    assert leftovers(tmp_path) == [own.name]


def test_a_large_file_is_announced_and_a_huge_one_refused(capsys, tmp_path, monkeypatch):
    import logging

    from negotiation_abm.files import resources

    path = tmp_path / "s.yaml"
    path.write_text("name: [" + "a, " * 40 + "]\n")
    said = []
    monkeypatch.setattr(logging.Logger, "info", lambda self, text, *a: said.append(text % a))
    monkeypatch.setattr(resources, "LARGE_FILE", 50)
    assert command(capsys, "check", path).status == 2
    assert said[0].startswith(f"reading {path}, 0.0 MB")
    monkeypatch.setattr(resources, "LARGEST_FILE", 60)
    done = command(capsys, "check", path)
    assert done.status == 2
    assert "allowed: up to 60" in done.err


ENDLESS = ("/dev/zero", "pipe")
READERS = ("check {}", "play {}", "replay baseline_2025 --record {}", "run {}", "sweep {}",
           "whatif {}", "sensitivity {}", "validate --params {}",
           "run busan_2025 --set parameters={}",
           "calibrate --pool {}", "episodes --rules {}")  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows knows no such files")
@pytest.mark.parametrize("file", ENDLESS)
@pytest.mark.parametrize("words", READERS)
def test_what_has_no_end_is_not_read(capsys, own_folder, words, file):
    os.mkfifo("pipe")
    done = command(capsys, *words.format(file).split())
    assert done.status == 2
    assert done.err.count("\n") == 1
    assert "not enough memory" not in done.err


def test_a_file_of_unknown_length_is_bounded(capsys, tmp_path, monkeypatch):
    from negotiation_abm.files import resources

    monkeypatch.setattr(resources, "LARGEST_FILE", 10)
    proc = Path("/proc/self/status")  # says that it is empty
    if not proc.is_file():
        pytest.skip("there is no such file")
    assert "allowed: up to 10" in command(capsys, "check", proc).err


def test_main_gives_back_signals_and_filters():
    before = signal.getsignal(signal.SIGTERM), warnings.filters[:]
    assert main(["list"]) == 0
    assert (signal.getsignal(signal.SIGTERM), warnings.filters[:]) == before
