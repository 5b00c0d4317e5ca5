"""The command line when all goes well."""

import json
import signal
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import negotiation_abm
from cli_helpers import (
    FIGURES,
    PATIENCE,
    REPLAY_FILES,
    ROOT,
    RUN_FILES,
    SCRIPT,
    WIDTH,
    command,
    contents,
    leftovers,
    python,
    script,
    shipped_game,
    strict_json,
)
from negotiation_abm.core.tracker import SPELL
from negotiation_abm.run import batch
from negotiation_abm.run.spells import spells_table
from negotiation_abm.scenario.schema import Scenario

COMMANDS = ("replay", "run", "plot", "check", "schema", "list")
HEAVY = ("numba", "mesa", "pandas", "matplotlib", "pyarrow", "scipy", "numpy", "pydantic")

SUMMARY_KEYS = {
    "posterior",
    "scenario",
    "start",
    "horizon_weeks",
    "replicates",
    "seed",
    "parameters",
    "min_severity",
    "interval",
    "truces",
    "runs",
    "notes",
    "content",
}
TRUCE_KEYS = {
    "measure",
    "group",
    "num_spells",
    "num_ended",
    "num_runs",
    "median_weeks",
    "median_interval",
    "survival",
    "ends_by_cause",
}
REPLAY_KEYS = {
    "scenario",
    "record",
    "players",
    "parameters",
    "start",
    "until",
    "weeks",
    "decisions",
    "moves",
    "log_score",
    "rows",
    "tariffs_by_lever",
    "min_severity",
    "recorded_moves",
    "threats",
    "warnings",
    "tariffs_are",
    "tariff_levers",
    "tariffs_at_start",
    "tariffs",
    "spells",
    "agreements",
    "broken_off",
    "pledges",
    "decisions_not_hold",
    "rounds",
    "weekly",
    "notes",
}


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch, tmp_path):
    """Output as into a pipe, and a working directory of the test's own."""
    for name in ("FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def good(capsys, *arguments):
    """Output of a command that must succeed and say nothing on standard error."""
    done = command(capsys, *arguments)
    assert (done.status, done.err) == (0, "")
    return done.out


# ---------------------------------------------------------------------------
# replay


def test_replay_prints_tables(capsys, tmp_path):
    out = good(capsys, "replay", "baseline_2025")
    assert out.startswith("Replay of record_2025.csv under baseline_2025")
    for text in (
        "recorded truce",
        "agreement 2025-10-30",
        "least expected",
        "rows that count are in the replay",
    ):
        assert text in out
    assert contents(tmp_path) == {}


def test_replay_json(capsys):
    summary = strict_json(good(capsys, "replay", "baseline_2025", "--json"))
    assert set(summary) == REPLAY_KEYS
    assert summary["players"] == ["US", "CHINA"]
    assert summary["weeks"] == len(summary["weekly"])
    assert summary["moves"] == len(summary["decisions_not_hold"])
    assert summary["log_score"]["per_decision_type_and_lever"] < 0.0
    assert all(0.0 < move["probability"] <= 1.0 for move in summary["decisions_not_hold"])


def test_replay_writes_files(capsys, tmp_path):
    out = good(capsys, "replay", "baseline_2025", "--out", tmp_path / "deep" / "er")
    folder = tmp_path / "deep" / "er"
    assert set(contents(folder)) == REPLAY_FILES | {"manifest.json"}
    assert "written to" in out
    decisions = pd.read_csv(folder / "decisions.csv")
    summary = json.loads((folder / "replay.json").read_text())
    assert len(decisions) == summary["decisions"]
    assert decisions["probability"].between(0.0, 1.0).all()
    assert len(pd.read_csv(folder / "replay.csv")) == summary["weeks"]


def test_replay_json_is_what_the_file_holds(capsys, tmp_path):
    out = good(capsys, "replay", "baseline_2025", "--json", "--out", tmp_path)
    assert json.loads(out) == json.loads((tmp_path / "replay.json").read_text())


def test_replay_by_path_equals_replay_by_name(capsys):
    path = ROOT / "configs" / "baseline_2025.yaml"
    record = ROOT / "seeds" / "record_2025.csv"
    named = good(capsys, "replay", "baseline_2025", "--json")
    assert good(capsys, "replay", path, "--record", record, "--json") == named


def test_replay_of_another_episode(capsys):
    folder = ROOT / "docs" / "examples"
    out = good(capsys, "replay", folder / "other_episode.yaml")
    assert "JAPAN" in out
    assert "note: JAPAN and KOREA not in parameter set start_2025" in out.replace("\n", " ")


def test_replay_skips_illegal_rows_on_request(capsys, tmp_path):
    record = tmp_path / "record.csv"
    record.write_text(
        "id,date,player,move,lever,level\n"
        "A,2025-02-03,US,ESCALATE,chips,0.5\n"
        "B,2025-02-10,US,SUSPEND,,\n"
        "C,2025-02-11,US,SUSPEND,,\n"
    )
    words = ("replay", "baseline_2025", "--record", record)
    assert command(capsys, *words).status == 2
    summary = strict_json(good(capsys, *words, "--skip-illegal", "--json"))
    assert [item["id"] for item in summary["rows"]["not_represented"]] == ["C"]
    assert "C" in good(capsys, *words, "--skip-illegal")


# ---------------------------------------------------------------------------
# run


def test_run_prints_tables(capsys, tmp_path):
    out = good(capsys, "run", "busan_2025", "--replicates", 40, "--out", tmp_path / "busan")
    assert out.startswith("40 runs of busan_2025")
    for text in ("agreed measures / all", "any measure / running", "90 d, %", "sha256"):
        assert text in out
    assert set(contents(tmp_path / "busan")) == RUN_FILES | {"manifest.json"}


def test_run_writes_to_results_by_default(capsys, tmp_path):
    good(capsys, "run", "busan_2025", "--replicates", 3)
    assert set(contents(tmp_path)) == {
        f"results/busan_2025/{name}" for name in RUN_FILES | {"manifest.json"}
    }


def test_run_json(capsys, tmp_path):
    words = ("run", "busan_2025", "--replicates", 40, "--seed", 5, "--out", tmp_path, "--json")
    summary = strict_json(good(capsys, *words))
    assert set(summary) == SUMMARY_KEYS
    assert (summary["replicates"], summary["seed"]) == (40, 5)
    assert {(entry["measure"], entry["group"]) for entry in summary["truces"]} == {
        (measure, group) for measure in ("covered", "any_domain") for group in ("all", "running")
    }
    for entry in summary["truces"]:
        assert set(entry) == TRUCE_KEYS
        assert set(entry["survival"]) == {"90 d", "180 d", "365 d"}
        shares = [share for share, _, _ in entry["ends_by_cause"].values()]
        assert sum(shares) == pytest.approx(1.0)
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    for name, facts in summary["content"].items():
        assert pq.read_metadata(tmp_path / name).num_rows == facts["rows"]
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    assert runs["replicate"].tolist() == list(range(40))
    for name, entry in summary["runs"].items():
        mean = runs[name].astype(float).mean()
        assert entry["mean"] == pytest.approx(mean, rel=1e-9), name


def test_means_and_their_errors_are_those_of_the_runs(capsys, tmp_path):
    words = ("run", "baseline_2025", "--replicates", 30, "--out", tmp_path, "--json")
    summary = strict_json(good(capsys, *words))
    runs = pd.read_parquet(tmp_path / "runs.parquet").drop(columns="replicate").astype(float)
    assert list(summary["runs"]) == list(runs)
    for name, entry in summary["runs"].items():
        count = runs[name].count()
        if count > 1:
            error = runs[name].std() / count**0.5
            assert entry["mc_error"] == pytest.approx(error, rel=1e-6, abs=1e-9), name


def test_run_of_one_replicate_is_json(capsys, tmp_path):
    words = ("run", "busan_2025", "--replicates", 1, "--out", tmp_path, "--json")
    summary = strict_json(good(capsys, *words))
    assert summary["content"]["runs.parquet"]["rows"] == 1
    strict_json((tmp_path / "manifest.json").read_text())


def test_run_without_any_truce(capsys, tmp_path):
    words = ["run", "baseline_2025", "--replicates", 5, "--out", tmp_path]
    words += ["--set", "strategies.US=hold", "--set", "strategies.CHINA=hold"]
    assert "no truce began in any run" in good(capsys, *words)
    summary = strict_json(good(capsys, *words, "--json"))
    assert summary["truces"] == []
    assert summary["content"]["truces.parquet"]["rows"] == 0
    good(capsys, "plot", tmp_path)


def different(files, others):
    return [name for name in files if others[name] != files[name]]


def content_and_bytes(capsys, folder, *words):
    out = good(capsys, "run", "busan_2025", "--out", folder, "--json", *words)
    files = {name: data for name, data in contents(folder).items() if name != "manifest.json"}
    return strict_json(out)["content"], files


def test_threads_and_chunks_change_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "BLOCK_SIZE", 50)  # several row groups
    common = ("--replicates", 130, "--seed", 3)
    content, files = content_and_bytes(capsys, tmp_path / "usual", *common)
    assert set(files) == RUN_FILES
    assert pq.ParquetFile(tmp_path / "usual" / "runs.parquet").num_row_groups == 3
    for threads, chunk_size in ((1, 1), (1, 64), (2, 7), (5, 50), (5, 5000)):
        folder = tmp_path / f"{threads} {chunk_size}"
        words = ("--threads", threads, "--chunk-size", chunk_size)
        other_content, other_files = content_and_bytes(capsys, folder, *common, *words)
        assert other_content == content
        assert set(other_files) == RUN_FILES
        assert different(files, other_files) == []


def test_names_of_a_column_of_truces_are_given_once(capsys, tmp_path):
    """Parquet writes a dictionary that holds a name twice in another way each time."""
    good(capsys, "run", "busan_2025", "--replicates", 20, "--out", tmp_path)
    table = pq.read_table(tmp_path / "truces.parquet")
    spells = spells_table(shipped_game(), np.zeros(3, SPELL))
    for name, column in zip(spells.column_names, spells.columns, strict=True):
        if isinstance(column.chunk(0), pa.DictionaryArray):
            names = column.chunk(0).dictionary.to_pylist()
            assert len(set(names)) == len(names), name
            assert set(table[name].drop_null().unique().to_pylist()) <= set(names)


def test_seed_changes_the_content(capsys, tmp_path):
    common = ("--replicates", 30)
    first, _ = content_and_bytes(capsys, tmp_path / "a", *common, "--seed", 1)
    second, _ = content_and_bytes(capsys, tmp_path / "b", *common, "--seed", 2)
    largest, _ = content_and_bytes(capsys, tmp_path / "c", *common, "--seed", 2**64 - 1)
    hashes = {data["truces.parquet"]["sha256"] for data in (first, second, largest)}
    assert len(hashes) == 3


def test_more_replicates_begin_with_the_same_runs(capsys, tmp_path):
    content_and_bytes(capsys, tmp_path / "few", "--replicates", 10)
    content_and_bytes(capsys, tmp_path / "many", "--replicates", 25)
    few = pq.read_table(tmp_path / "few" / "runs.parquet")
    many = pq.read_table(tmp_path / "many" / "runs.parquet")
    assert many.slice(0, 10).equals(few)


# ---------------------------------------------------------------------------
# --set


def set_and_read(capsys, folder, *settings):
    words = [word for setting in settings for word in ("--set", setting)]
    good(capsys, "run", "busan_2025", "--replicates", 3, "--out", folder, *words)
    return json.loads((folder / "manifest.json").read_text())["run"]["scenario"]


def test_set_reaches_parameters_and_places(capsys, tmp_path):
    scenario = set_and_read(
        capsys,
        tmp_path,
        "breach_cost=1.5",
        "initiative.US=0.25",
        "levers.CHINA.rare_earths.irreplaceability=0.5",
        "strategies.US=tit_for_tat",
        "horizon_weeks=60",
        "calendar={}",
        "truce.terms=round",
    )
    assert scenario["set"] == {"breach_cost": 1.5, "initiative.US": 0.25}
    assert scenario["levers"]["CHINA"]["rare_earths"]["irreplaceability"] == 0.5
    assert scenario["levers"]["CHINA"]["rare_earths"]["start"] == 0.4
    assert scenario["strategies"]["US"] == "tit_for_tat"
    assert scenario["horizon_weeks"] == 60
    assert scenario["truce"]["terms"] == "round"


def test_set_takes_the_last_of_several(capsys, tmp_path):
    scenario = set_and_read(capsys, tmp_path, "breach_cost=1.5", "breach_cost=2.5")
    assert scenario["set"] == {"breach_cost": 2.5}


def test_set_changes_the_result(capsys, tmp_path):
    usual, _ = content_and_bytes(capsys, tmp_path / "a", "--replicates", 20)
    other, _ = content_and_bytes(
        capsys, tmp_path / "b", "--replicates", 20, "--set", "breach_cost=0"
    )
    same, _ = content_and_bytes(capsys, tmp_path / "c", "--replicates", 20, "--set", "title=other")
    assert other != usual
    assert same == usual


@pytest.mark.parametrize(
    ("bad", "nearest"),
    [
        ("breach_cots=1", "breach_cost"),
        ("horizon_week=10", "horizon_weeks"),
        ("levers.US.chips.stepp=0.1", "step"),
        ("strategies.US=logti", "logit"),
        ("lever_bias.US.chipz=1", "US.chips"),
        ("initiative.CHINE=1", "CHINA"),
    ],
)
def test_set_suggests_the_nearest_name(capsys, bad, nearest):
    done = command(capsys, "run", "busan_2025", "--set", bad)
    assert done.status == 2
    assert f"did you mean '{nearest}'?" in done.err


# ---------------------------------------------------------------------------
# plot, check, schema, list


def test_plot_prints_the_files_that_it_writes(capsys, tmp_path):
    scenario = ROOT / "docs" / "examples" / "other_episode.yaml"
    good(capsys, "replay", scenario, "--out", tmp_path)
    before = contents(tmp_path)
    paths = [Path(path) for path in good(capsys, "plot", tmp_path).split()]
    drawn = {path.relative_to(tmp_path).as_posix() for path in paths}
    assert {name for name in FIGURES if "timeline" in name} <= drawn
    assert not drawn & {name for name in FIGURES if "timeline" not in name}  # there is no run here
    after = contents(tmp_path)
    assert set(after) == set(before) | drawn
    assert all(after[name] == before[name] for name in before if name != "manifest.json")
    assert b"JAPAN materials" in after["figures/timeline.svg"]
    assert leftovers(tmp_path) == []


def test_check_says_what_each_file_is(capsys):
    names = ["baseline_2025", "start_2025", "record_2025", "facts", "sources"]
    lines = good(capsys, "check", *names).splitlines()
    assert [line.split(":")[0] for line in lines[:5]] == names
    for line, kind in zip(
        lines, ["scenario", "parameter set", "record", "facts", "sources"], strict=False
    ):
        assert f": {kind}, " in line
    assert "record_2025.csv: fits baseline_2025" in lines[5]
    assert all(line.startswith("warning: ") for line in lines[6:])


def test_check_refuses_what_replay_refuses(capsys):
    """The record holds a move of December 2025 that is not legal from the start of busan_2025."""
    checked = command(capsys, "check", "busan_2025", "record_2025")
    replayed = command(capsys, "replay", "busan_2025", "--record", "record_2025")
    assert checked.status == replayed.status == 2
    first = checked.err.splitlines()[0]
    assert replayed.err.startswith(first)
    assert "O65" in first


def test_check_of_every_shipped_file(capsys):
    patterns = ("configs/**/*.yaml", "seeds/*", "seeds/episodes/*/*", "docs/examples/*")
    files = [file for pattern in patterns for file in ROOT.glob(pattern) if file.is_file()]
    files = [file for file in files if file.suffix != ".md"]
    assert len(files) >= 8
    for file in files:
        assert good(capsys, "check", file).startswith(f"{file}: ")


def test_schema_is_that_of_the_scenario(capsys, tmp_path):
    schema = strict_json(good(capsys, "schema"))
    assert set(schema["properties"]) == set(Scenario.model_fields)
    assert schema["additionalProperties"] is False
    for path in (ROOT / "configs").glob("*.yaml"):
        keys = set(yaml.safe_load(path.read_text())) - {"extends"}
        assert keys <= set(schema["properties"])
    assert good(capsys, "schema", "--out", tmp_path / "schema.json") == ""
    assert json.loads((tmp_path / "schema.json").read_text()) == schema


def test_list_names_what_is_shipped_and_says_what_it_is(capsys):
    told = json.loads(good(capsys, "list", "--json"))
    assert set(told["parameter sets"]) == {
        "calibrated_2025", "calibrated_2025_alone", "calibrated_2026", "start_2025",
    }  # fmt: skip
    assert told["records"] == {"record_2025": ""}
    assert told["what-ifs"]["no_busan"] == "No meeting in Busan"
    assert told["studies"]["busan_drivers"].startswith("Which parameters and levers decide")
    out = good(capsys, "list")
    for kind, names in told.items():
        assert kind in out
        for name, words in names.items():
            assert name in out
            assert words or kind == "records"
            assert " ".join(words.split()[:4]) in out


# ---------------------------------------------------------------------------
# What is printed


@pytest.mark.parametrize(
    "words",
    [
        ("replay", "baseline_2025"),
        ("replay", ROOT / "docs" / "examples" / "other_episode.yaml"),
        ("run", "baseline_2025", "--replicates", 30),
        ("run", "busan_2025", "--replicates", 30),
        ("run", "busan_2025", "--replicates", 1),
        ("run", ROOT / "docs" / "examples" / "other_episode.yaml", "--replicates", 30),
    ],
)
def test_tables_fit_the_width(capsys, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    lines = good(capsys, *words).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert any(len(line) > 60 for line in lines)
    assert not any("\x1b" in line or "…" in line for line in lines)


def test_tables_of_many_runs_fit_the_width(capsys, tmp_path):
    """Counts with all their digits, from a summary with large numbers."""
    from negotiation_abm.cli.tables.run import print_run

    words = ("run", "busan_2025", "--replicates", 30, "--out", tmp_path, "--json")
    summary = strict_json(good(capsys, *words))
    summary["replicates"] = 1_000_000
    for entry in summary["truces"]:
        entry["num_spells"] = 12_345_678
        entry["median_weeks"], entry["median_interval"] = 100, [100, None]
    print_run(summary, Path("results"))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert sum("12,345,678" in line for line in lines) == 4  # no row is broken in two


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(capsys, name):
    done = command(capsys, name, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"usage: negotiation-abm {name}")


def test_help_names_every_command(capsys):
    done = command(capsys, "--help")
    assert done.status == 0
    for name in COMMANDS:
        assert f"\n    {name} " in done.out


def test_version(capsys):
    done = command(capsys, "--version")
    assert (done.status, done.out) == (0, f"negotiation-abm {negotiation_abm.__version__}\n")


# ---------------------------------------------------------------------------
# In a process of its own


def test_script_runs_the_same_as_this_process(capsys, tmp_path):
    words = ("--replicates", 50, "--threads", 2)
    ours, files = content_and_bytes(capsys, tmp_path / "ours", *words)
    words = ("run", "busan_2025", "--replicates", 50, "--threads", 1, "--chunk-size", 9, "--json")
    done = script(*words, "--out", tmp_path / "theirs")
    assert (done.returncode, done.stderr) == (0, "")
    assert strict_json(done.stdout)["content"] == ours
    assert different(files, contents(tmp_path / "theirs")) == []


def test_module_is_the_script():
    words = ["-m", "negotiation_abm.cli", "list"]
    done = subprocess.run(
        [SCRIPT.with_name("python"), *words], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (0, script("list").stdout)


def test_reader_that_leaves_early_ends_it_quietly():
    words = [str(SCRIPT), "replay", "baseline_2025", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), errors) == (128 + signal.SIGPIPE, b"")


LOADED = f"""
import json, sys
{{code}}
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
HELP = """
import contextlib, io
from negotiation_abm.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main({words!r})
"""


def test_import_and_help_load_nothing_heavy():
    """One after the other in a process: what one loads, the next shows too."""
    words = [["--help"], *([name, "--help"] for name in COMMANDS), ["--version"]]
    code = "".join(HELP.format(words=one) for one in words)
    done = python(LOADED.format(code=f"import negotiation_abm; dir(negotiation_abm)\n{code}"))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == []


def test_list_and_check_load_no_compiler_and_no_plotting():
    code = HELP.format(words=["check", "baseline_2025", "record_2025"])
    done = python(LOADED.format(code=code))
    assert set(json.loads(done.stdout)) <= {"numpy", "pydantic"}


def test_figures_load_no_scipy():
    """It is half of the time in which all figures load."""
    code = "from negotiation_abm.plotting import registry; registry.all_figures()"
    done = python(LOADED.format(code=code))
    assert (done.returncode, done.stderr) == (0, "")
    assert "scipy" not in json.loads(done.stdout)
