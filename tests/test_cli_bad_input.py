"""Bad input through the command line: status 2, one line that names file and place, no traces."""

import json
import shutil
from pathlib import Path

import pytest

from cli_helpers import ROOT, command, contents, make_results, refused, script
from malformed import BAD, PARAMETERS, RECORD, Bad, write_bad

pytestmark = pytest.mark.usefixtures("own_folder")
BASE = "extends: baseline_2025\nname: bad\n"
LOOP = {"a.yaml": "extends: b.yaml\nname: a\n", "b.yaml": "extends: a.yaml\nname: b\n"}
HEADER = "id,date,player,move,lever,level\n"
FACT = "- {id: a, value: 1, unit: pp, date: null, certainty: seed, statement: s, source: ['000']}\n"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A result folder that is whole."""
    return make_results(tmp_path_factory.mktemp("whole"), 10)


def write(files):
    """Write files by name into the working directory."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


# ---------------------------------------------------------------------------
# Every malformed file of the table


def marked(case: Bad):
    return pytest.param(case, id=str(case))


def command_for(case, path):
    """What a user would do with the file."""
    if case.kind == RECORD:
        return ("replay", "baseline_2025", "--record", path, "--out", "out")
    if case.kind == PARAMETERS:
        write({"using.yaml": f"{BASE}parameters: {path.name}\n"})
        path = Path("using.yaml")
    return ("run", path, "--replicates", 2, "--out", "out")


@pytest.mark.parametrize("case", [marked(case) for case in BAD])
def test_malformed_file(capsys, tmp_path, case):
    path = write_bad(case, tmp_path)
    refused(capsys, command_for(case, path), (path.name, *case.fragments))


CHECKED = [case for case in BAD if case.kind == RECORD]


@pytest.mark.parametrize("case", [marked(case) for case in CHECKED])
def test_malformed_file_is_refused_by_check(capsys, tmp_path, case):
    path = write_bad(case, tmp_path)
    words = ["check", *(["baseline_2025"] if case.replayed else []), path]
    refused(capsys, words, (path.name, *case.fragments))


# ---------------------------------------------------------------------------
# Several files, folders, and the command line itself: words, files, what the line must say

RUN = ("run", "bad.yaml", "--replicates", "2", "--out", "out")
REPLAY = ("replay", "baseline_2025", "--record", "bad.csv", "--out", "out")
SETS = ("run", "baseline_2025", "--replicates", "2", "--out", "out", "--set")

WHATIF = "name: bad\nscenario: baseline_2025\nfrom: 2025-10-06\n"
SWEEP = "name: bad\nscenario: busan_2025\nreplicates: 2\ndesign:\n- grid: {fatigue: [0]}\n"
GAME = """{"format": "negotiation-abm game 1", "scenario": "busan_2025", "side": "US",
 "opponent": "logit", "seed": 1, "set": {}, "moves": []}"""
POOL = (ROOT / "configs/pools/seven.yaml").read_text(encoding="utf-8")
VALUES = (ROOT / "configs/parameters/start_2025.yaml").read_text(encoding="utf-8")

CASES = {
    # scenarios
    "extends loop": (("check", "a.yaml"), LOOP, ("b.yaml: extends", "a.yaml")),
    "extends itself": (
        ("check", "bad.yaml"),
        {"bad.yaml": "extends: bad.yaml\n"},
        ("bad.yaml: extends",),
    ),
    "fault in the base": (
        RUN,
        {"bad.yaml": "extends: base.yaml\nname: bad\n", "base.yaml": "name: [\n"},
        ("base.yaml: line 2: not valid YAML",),
    ),
    "lever nobody owns in coverage": (
        RUN,
        {"bad.yaml": BASE + "terms: {summit: {covers: {CHINA: [chips]}}}\n"},
        ("bad.yaml: terms.summit.covers.CHINA", "'CHINA.chips' is a lever that no one owns"),
    ),
    "lever nobody owns in an approach": (
        RUN,
        {
            "bad.yaml": BASE
            + "calendar: {approaches: [{lever: US.corn, date: 2025-05-05, ramp_weeks: 4,"
            " factor: 2}]}\n"
        },
        ("bad.yaml: calendar.approaches.0.lever", "'US.corn'"),
    ),
    "lever nobody owns in a parameter": (
        RUN,
        {"bad.yaml": BASE + "set: {lever_bias.US.corn: 1}\n"},
        ("bad.yaml: set.lever_bias.US.corn", "no one owns"),
    ),
    "shock outside the horizon": (
        RUN,
        {"bad.yaml": BASE + "shocks: [{date: 2024-12-30, lever: US.chips, level: 1}]\n"},
        ("bad.yaml: shocks.0.date: 2024-12-30", "2025-01-20"),
    ),
    "script outside the horizon": (
        RUN,
        {"bad.yaml": BASE + "script: [{date: 2031-01-01, player: US, move: HOLD}]\n"},
        ("bad.yaml: script.0.date: 2031-01-01", "outside the horizon"),
    ),
    "parameter set that is not there": (
        RUN,
        {"bad.yaml": BASE + "parameters: start_2026\n"},
        ("'start_2026': no such file", "did you mean 'start_2025'?"),
    ),
    "folder in place of a scenario": (
        ("check", "bad.yaml"),
        {"bad.yaml/x": ""},
        ("bad.yaml", "a folder, no file"),
    ),
    "scenario that is not there": (
        ("run", "busan_2026", "--out", "out"),
        {},
        ("busan_2026: no such file", "did you mean 'busan_2025'?"),
    ),
    "binary scenario": (("check", "bad.yaml"), {"bad.yaml": b"\x89PNG\r\n"}, ("bad.yaml: byte 0",)),
    # records
    "record that is not there": (
        ("replay", "baseline_2025", "--record", "record_2026", "--out", "out"),
        {},
        ("record_2026: no such file", "did you mean 'record_2025'?"),
    ),
    "scenario without a record": (
        ("replay", "busan_2025", "--out", "out"),
        {},
        ("busan_2025.yaml: record: missing", "--record FILE"),
    ),
    "record of the scenario that is not there": (
        ("replay", "bad.yaml", "--out", "out"),
        {"bad.yaml": BASE + "record: {file: nowhere.csv}\n"},
        ("'nowhere.csv': no such file",),
    ),
    "required column missing": (
        REPLAY,
        {"bad.csv": "id,date,player\nA,2025-02-03,US\n"},
        ("bad.csv: line 1: column 'move' is missing",),
    ),
    "scenario in place of a record": (
        REPLAY,
        {"bad.csv": BASE},
        ("bad.csv: line 1: unknown column 'extends: baseline_2025'",),
    ),
    "record that fits no scenario": (
        ("check", "baseline_2025", "bad.csv"),
        {"bad.csv": HEADER + "A,2025-02-03,US,ESCALATE,chip,0.5\n"},
        ("bad.csv: line 2 (A), lever", "did you mean 'chips'?"),
    ),
    "move made illegal by a setting": (
        (*REPLAY, "--set", "levers.US.chips.floor=0.4"),
        {"bad.csv": HEADER + "A,2025-02-03,US,CONCEDE,chips,\n"},
        ("bad.csv: line 2 (A)", "the lever is at its floor"),
    ),
    # facts
    "fact without a statement": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT.replace("statement: s, ", "")},
        ("facts.yaml: facts.a.statement: missing",),
    ),
    "fact given twice": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT + FACT},
        ("facts.yaml: facts.a", "twice"),
    ),
    "fact of unknown certainty": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT.replace("seed", "sead")},
        ("facts.yaml: facts.a.certainty: 'sead'", "did you mean 'seed'?"),
    ),
    "fact from an unknown source": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT, "sources.yaml": "sources:\n- {id: '001'}\n"},
        ("facts.yaml: facts.a.source: unknown '000'",),
    ),
    "fact with an unknown entry": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT.replace("{", "{nota: x, ")},
        ("facts.yaml: facts.a.nota: unknown", "did you mean 'note'?"),
    ),
    "fact with a number for a text": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT.replace("statement: s", "statement: 5")},
        ("facts.yaml: facts.a.statement: 5", "put it in quotes: '5'"),
    ),
    # words that YAML reads as something else
    "NO as a player": (
        ("check", "bad.yaml"),
        {"bad.yaml": BASE + "players: [NO, SE]\n"},
        ("bad.yaml: players.0: False", "such as 'NO'"),
    ),
    "NO as a name": (
        ("check", "bad.yaml"),
        {"bad.yaml": BASE + "levers: {NO: {}}\n"},
        ("bad.yaml: levers.False", "such as 'NO'"),
    ),
    "NO as a player of a set": (
        ("check", "bad.yaml"),
        {"bad.yaml": "model_version: 1\nplayers: [NO, SE]\nparameters: {}\n"},
        ("bad.yaml: players.0: False", "such as 'NO'"),
    ),
    "on as a lever that is covered": (
        ("check", "bad.yaml"),
        {"bad.yaml": BASE + "terms: {round: {covers: {US: [on]}}}\n"},
        ("bad.yaml: terms.round.covers.US.0: True", "such as 'YES'"),
    ),
    "number as a lever": (
        ("check", "bad.yaml"),
        {"bad.yaml": BASE + "levers: {US: {301: {weight: 1}}}\n"},
        ("bad.yaml: levers.US.301", "put it in quotes: '301'"),
    ),
    "day as a name": (
        ("check", "bad.yaml"),
        {"bad.yaml": BASE.replace("name: bad", "name: 2025-01-01")},
        ("bad.yaml: name", "put it in quotes: '2025-01-01'"),
    ),
    "NO as a player of a what-if": (
        ("check", "bad.yaml"),
        {
            "bad.yaml": "name: w\nscenario: baseline_2025\nfrom: 2025-10-27\n"
            "strategies: {no: hold}\n"
        },
        ("bad.yaml: strategies.False", "such as 'NO'"),
    ),
    # priors
    "prior that is a word": (
        ("check", "bad.yaml"),
        {"bad.yaml": "priors: {fatigue: {mean: potato, sd: 1}}\n"},
        ("bad.yaml: priors.fatigue.mean: 'potato'", "valid number"),
    ),
    "prior of no parameter": (
        ("check", "bad.yaml"),
        {"bad.yaml": "priors: {fatige: {mean: 0, sd: 1}}\n"},
        ("bad.yaml: priors.fatige: unknown", "did you mean 'fatigue'?"),
    ),
    "prior of an unknown kind": (
        ("check", "bad.yaml"),
        {"bad.yaml": "priors: {fatigue: {mean: 0, sd: 1, kind: rayleig}}\n"},
        ("bad.yaml: priors.fatigue.kind: 'rayleig'", "did you mean 'rayleigh'?"),
    ),
    "priors that are a list": (
        ("check", "bad.yaml"),
        {"bad.yaml": "priors: [1]\n"},
        ("bad.yaml: priors", "expected a mapping"),
    ),
    "prior that is left out": (
        ("check", "bad.yaml"),
        {"bad.yaml": "priors: {fatigue: {mean: 0, sd: 1}}\n"},
        ("bad.yaml: priors.acceptance: missing",),
    ),
    # records that cannot be replayed
    "illegal row of the scenario's own record": (
        ("check", "bad.yaml"),
        {
            "bad.yaml": BASE + "record: {file: bad.csv}\n",
            "bad.csv": HEADER + "A,2025-02-03,US,CONCEDE,port_fees,\n",
        },
        ("bad.csv: line 2 (A)", "CONCEDE port_fees is not legal", "legal: HOLD"),
    ),
    # other files
    "unknown kind of file": (("check", "bad.toml"), {"bad.toml": "a: 1\n"}, ("bad.toml", "kind")),
    "nothing of that name": (("check", "nowhere"), {}, ("nowhere: no such file",)),
    # settings
    "setting without a value": ((*SETS, "breach_cost"), {}, ("--set: breach_cost", "NAME=VALUE")),
    "setting without a name": ((*SETS, "=1"), {}, ("--set: =1", "NAME=VALUE")),
    "setting that is not YAML": ((*SETS, "fatigue=[1"), {}, ("--set: fatigue=[1", "not valid")),
    "setting of no value": ((*SETS, "fatigue="), {}, ("--set: fatigue", "None")),
    "setting of an unknown name": (
        (*SETS, "breach_cots=1"),
        {},
        ("--set: breach_cots: unknown name to set", "did you mean 'breach_cost'?"),
    ),
    "setting out of bounds": (
        (*SETS, "breach_cost=1e9"),
        {},
        ("--set: breach_cost", "out of bounds"),
    ),
    "setting below a number": (
        (*SETS, "horizon_weeks.x=1"),
        {},
        ("--set: horizon_weeks.x", "not a place"),
    ),
    "setting of the base": ((*SETS, "extends=busan_2025"), {}, ("extends: unknown name to set",)),
    # where to write
    "file in place of the output folder": (
        ("run", "baseline_2025", "--replicates", "2", "--out", "taken"),
        {"taken": "mine"},
        ("taken: --out: cannot be written to (",),
    ),
    "file above the output folder": (
        ("run", "baseline_2025", "--replicates", "2", "--out", "taken/deeper"),
        {"taken": "mine"},
        ("taken/deeper: --out: cannot be written to (",),
    ),
    "file in place of the folder of a replay": (
        ("replay", "baseline_2025", "--out", "taken"),
        {"taken": "mine"},
        ("taken: --out: cannot be written to (",),
    ),
    "folder of a schema that is not there": (
        ("schema", "--out", "nowhere/schema.json"),
        {},
        ("nowhere/schema.json: --out: cannot be written",),
    ),
    "folder in place of a schema": (
        ("schema", "--out", "here"),
        {"here/x": ""},
        ("here: --out: cannot be written",),
    ),
    # plotting
    "plot of no folder": (("plot", "nowhere"), {}, ("nowhere: no such folder",)),
    "plot of a file": (("plot", "bad.csv"), {"bad.csv": ""}, ("bad.csv: no such folder",)),
    "plot of an empty folder": (
        ("plot", "empty"),
        {"empty/notes.txt": ""},
        ("empty: holds neither replay.json nor summary.json",),
    ),
    "plot of a corrupt summary": (
        ("plot", "broken"),
        {"broken/summary.json": '{"truces": ['},
        ("broken/summary.json: not valid JSON",),
    ),
    "plot of a summary that is not text": (
        ("plot", "broken"),
        {"broken/summary.json": b"\xff\xfe\x00"},
        ("broken/summary.json: byte 2: not UTF-8 text",),
    ),
    "plot of an empty summary": (
        ("plot", "broken"),
        {"broken/summary.json": ""},
        ("broken/summary.json: not valid JSON",),
    ),
    "plot of a list for a replay": (
        ("plot", "broken"),
        {"broken/replay.json": "[]"},
        ("broken/replay.json: not a result",),
    ),
    "setting of a day that does not exist": (
        (*SETS, "start=2025-02-30"),
        {},
        ("start", "2025-02-30"),
    ),
    "setting over a set that is a list": (
        ("run", "bad.yaml", "--out", "out", "--set", "fatigue=1"),
        {"bad.yaml": BASE + "set: [1]\n"},
        ("bad.yaml: set",),
    ),
    "deeply nested YAML": (
        ("check", "bad.yaml"),
        {"bad.yaml": "a: " + "[" * 600 + "]" * 600},
        ("bad.yaml",),
    ),
    "facts that are a number": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts: 5\n"},
        ("facts.yaml: facts",),
    ),
    "fact with a list for an id": (
        ("check", "facts.yaml"),
        {"facts.yaml": "facts:\n" + FACT.replace("id: a", "id: [a]")},
        ("facts.yaml: facts",),
    ),
    "fact with a number for its sources": (
        ("check", "facts.yaml"),
        {
            "facts.yaml": "facts:\n" + FACT.replace("['000']", "5"),
            "sources.yaml": "sources:\n- {id: '000'}\n",
        },
        ("facts.yaml: facts.a.source",),
    ),
    "sources that are nothing": (
        ("check", "sources.yaml"),
        {"sources.yaml": "sources:\n"},
        ("sources.yaml: sources",),
    ),
    "plot of a summary without truces": (
        ("plot", "broken"),
        {"broken/summary.json": "{}"},
        ("broken/summary.json",),
    ),
    "plot of a replay without weeks": (
        ("plot", "broken"),
        {"broken/replay.json": "{}"},
        ("broken/replay.json",),
    ),
    "scenario whose record is not there": (
        ("check", "bad.yaml"),
        {"bad.yaml": BASE + "record: {file: nowhere.csv}\n"},
        ("nowhere.csv",),
    ),
    "date of a record in another form": (
        ("check", "bad.csv"),
        {"bad.csv": HEADER + "A,2025-W10-1,US,ESCALATE,chips,0.5\n"},
        ("bad.csv: line 2, date: '2025-W10-1'", "YYYY-MM-DD"),
    ),
    "setting of true for a number": (
        (*SETS, "breach_cost=true"),
        {},
        ("--set: breach_cost", "True"),
    ),
    "change in a what-if": (
        ("whatif", "bad.yaml"),
        {"bad.yaml": WHATIF + "set: {fatigue: .nan}\n"},
        ("bad.yaml: set.fatigue: nan",),
    ),
    "change of both branches of a what-if": (
        ("check", "bad.yaml"),
        {"bad.yaml": WHATIF + "common: {horizon_weeks: 99999}\n"},
        ("bad.yaml: common.horizon_weeks: 99999",),
    ),
    "strategy in a what-if": (
        ("whatif", "bad.yaml"),
        {"bad.yaml": WHATIF + "strategies: {US: holds}\n"},
        ("bad.yaml: strategies.US", "did you mean 'hold'?"),
    ),
    "what a what-if cannot change": (
        ("whatif", "bad.yaml"),
        {"bad.yaml": WHATIF + "set: {start: 2025-01-20}\n"},
        ("bad.yaml: set.start: cannot be altered at a date",),
    ),
    "setting over a what-if": (
        ("whatif", "bad.yaml", "--set", "fatigue=3000"),
        {"bad.yaml": WHATIF + "set: {fatigue: .1}\n"},
        ("error: --set: fatigue: 3000.0 is out of bounds",),
    ),
    "strategy by option": (
        ("whatif", "baseline_2025", "--from", "2025-10-06", "--strategy", "US=holds"),
        {},
        ("error: --strategy: US: unknown strategy 'holds'",),
    ),
    "change in a sweep": (
        ("sweep", "bad.yaml"),
        {"bad.yaml": SWEEP + "set: {horizon_weeks: -3}\n"},
        ("error: bad.yaml: set.horizon_weeks: -3",),
    ),
    "setting over a sweep": (
        ("sweep", "bad.yaml", "--set", "horizon_weeks=-4"),
        {"bad.yaml": SWEEP + "set: {horizon_weeks: -3}\n"},
        ("error: --set: horizon_weeks: -4",),
    ),
    "change in a saved game": (
        ("play", "bad.json"),
        {"bad.json": GAME.replace("{}", '{"fatigue": NaN}')},
        ("error: bad.json: set.fatigue: nan",),
    ),
    "change in a pool": (
        ("check", "bad.yaml"),
        {"bad.yaml": POOL.replace("set: {", "set: {fatigue: 3000, ")},
        ("error: bad.yaml: set.fatigue: 3000.0 is out of bounds",),
    ),
    "parameter set by option": (
        ("forecast", "busan_2025", "--params", "bad.yaml"),
        {"bad.yaml": VALUES.replace("value: ", "value: .nan  # ", 1)},
        ("bad.yaml: parameters.precision: nan is out of bounds",),
    ),
    "parameter set by option that is not there": (
        ("forecast", "busan_2025", "--params", "start_2026"),
        {},
        ("error: --params: 'start_2026': no such file", "did you mean 'start_2025'?"),
    ),
    "parameter set by setting": (
        (*SETS, "parameters=bad.yaml"),
        {"bad.yaml": VALUES.replace("value: ", "value: .nan  # ", 1)},
        ("bad.yaml: parameters.precision: nan is out of bounds",),
    ),
    "date of a week": (
        ("whatif", "baseline_2025", "--from", "2025-W40"),
        {},
        ("--from: 2025-W40: is not a date; expected YYYY-MM-DD",),
    ),
    "date in a message": (
        (*SETS, "start=3333-12-31"),
        {},
        ("--set: start: 3333-12-31: ",),
    ),
    "folder for a file": (
        ("run", "folder"),
        {"folder/x": ""},
        ("folder: a folder, no file",),
    ),
    "device for a file": (
        ("sweep", "bad.yaml"),
        {"bad.yaml": SWEEP.replace("grid: {fatigue: [0]}", "list: /dev/zero")},
        ("'/dev/zero': a device or a pipe, no file",),
    ),
    "bytes of a name that are no text": (
        ("check", b"caf\xe9.yaml".decode(errors="surrogateescape")),
        {},
        (r"error: caf\xe9.yaml: no such file",),
    ),
    "scenario name that leads out of the results": (
        ("run", "bad.yaml", "--replicates", "2"),
        {"bad.yaml": BASE.replace("bad", "../elsewhere")},
        ("bad.yaml: name",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_command(capsys, name):
    words, files, fragments = CASES[name]
    write(files)
    refused(capsys, words, fragments)


def test_base_of_the_cases_is_good(capsys):
    write({"bad.yaml": BASE, "facts.yaml": "facts:\n" + FACT})
    assert command(capsys, "check", "bad.yaml", "facts.yaml").status == 0
    done = command(capsys, *RUN)
    assert (done.status, done.err) == (0, "")


# ---------------------------------------------------------------------------
# Result folders with something missing


def test_plot_of_a_corrupt_summary_leaves_older_figures(capsys, results, tmp_path):
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    write({folder / "figures/timeline.png": "older"})
    (folder / "summary.json").write_text("{")
    refused(capsys, ("plot", folder), (str(folder / "summary.json"), "is damaged"))


def test_plot_into_a_file(capsys, results, tmp_path):
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    (folder / "figures").write_text("taken")
    refused(capsys, ("plot", folder), (str(folder),))


@pytest.mark.parametrize("content", ["{}", '{"run": {"a": 1}}'])
def test_plot_does_without_a_manifest(capsys, results, tmp_path, content):
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    (folder / "manifest.json").write_text(content)
    assert command(capsys, "plot", folder, "--figure", "ends_by_cause").status == 0
    assert "plot" in json.loads((folder / "manifest.json").read_text())


@pytest.mark.parametrize("content", ["[]", '{"run": {', ""])
def test_plot_of_a_damaged_manifest(capsys, results, tmp_path, content):
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    (folder / "manifest.json").write_text(content)
    refused(capsys, ("plot", folder), (str(folder / "manifest.json"), "is damaged"))


def test_plot_without_the_curves(capsys, results, tmp_path):
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    (folder / "survival.csv").unlink()
    refused(capsys, ("plot", folder), ("survival.csv",))


def test_plot_of_empty_curves(capsys, results, tmp_path):
    folder = Path(shutil.copytree(results, tmp_path / "copy"))
    (folder / "survival.csv").write_text("")
    refused(capsys, ("plot", folder), ("survival.csv",))


# ---------------------------------------------------------------------------
# Square brackets are markup for the terminal library


def test_square_brackets_of_a_record_are_printed(capsys):
    write({"r.csv": "id,date,player,move,not_represented\nA,2025-02-03,US,,said [sic] so\n"})
    done = command(capsys, "replay", "baseline_2025", "--record", "r.csv")
    assert done.status == 0
    assert "A: said [sic] so" in done.out


def test_square_brackets_of_a_folder_are_printed(capsys):
    done = command(capsys, "run", "baseline_2025", "--replicates", 2, "--out", "a[/b]")
    assert done.status == 0
    assert "written to a[/b]" in done.out


# ---------------------------------------------------------------------------
# Usage errors: argparse says how to use the command, and exits with 2

USAGE = [
    ((), "COMMAND"),
    (("rum", "busan_2025"), "rum"),
    (("run",), "SCENARIO"),
    (("plot",), "DIR"),
    (("check",), "FILE"),
    (("run", "busan_2025", "--replicate"), "--replicate"),
    (("run", "busan_2025", "--replicates", "0"), "--replicates"),
    (("run", "busan_2025", "--replicates", "-5"), "--replicates"),
    (("run", "busan_2025", "--replicates", "1.5"), "--replicates"),
    (("run", "busan_2025", "--replicates", "many"), "--replicates"),
    (("run", "busan_2025", "--replicates", "10000000000000"), "--replicates"),
    (("run", "busan_2025", "--seed", "-1"), "--seed"),
    (("run", "busan_2025", "--seed", str(2**64)), "--seed"),
    (("run", "busan_2025", "--threads", "0"), "--threads"),
    (("run", "busan_2025", "--chunk-size", "0"), "--chunk-size"),
    (("replay", "baseline_2025", "--seed", "1"), "--seed"),
    (("site", "out", "--draws", "0"), "--draws"),
    (("run", "busan_2025", "--out", ""), "--out"),
    (("plot", ""), "DIR"),
    (("sweep", "rare_earths_breach", "--dry-run", "--shard", f"1/{'9' * 400}"), "--shard"),
]


@pytest.mark.parametrize(("words", "named"), USAGE)
def test_usage_error(capsys, tmp_path, words, named):
    done = command(capsys, *words)
    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith("usage: negotiation-abm")
    assert named in done.err.splitlines()[-1]
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("option", ["--replicates", "--seed"])
def test_usage_error_says_what_is_allowed(capsys, option):
    done = command(capsys, "run", "busan_2025", option, "many")
    assert "whole number" in done.err


@pytest.mark.parametrize("value", ["9" * 5_000, "a\nb\x1b[2J" * 900])
@pytest.mark.parametrize(
    "words",
    [
        ("run", "busan_2025", "--replicates"),
        ("forecast", "busan_2025", "--known"),
        ("ask", "us_china_2018", "--made", "2025-01-01", "--known"),
        ("survival", "x", "--measure"),
        ("run", "busan_2025", "--unknown"),
        ("dashboard", "--port"),
        (),
    ],
)
def test_usage_error_is_bounded(capsys, words, value):
    done = command(capsys, *words, value)
    assert done.status == 2
    said = done.err.partition("error: ")[2]
    assert len(said.splitlines()) == 1
    assert len(said) < 1_000
    assert "\x1b" not in said


# ---------------------------------------------------------------------------
# In a process of its own


def test_script_says_one_line_and_exits_with_2():
    words, files, fragments = CASES["required column missing"]
    write(files)
    done = script(*words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert all(fragment in done.stderr for fragment in fragments)
    assert set(contents(Path())) == set(files)


def test_script_in_a_terminal_without_utf8(tmp_path):
    """A path and a value outside ASCII, in a terminal that has no UTF-8."""
    path = tmp_path / "Szenario_\u00fc.yaml"
    path.write_text(BASE + "strategies: {US: \u7a4d\u6975}\n", encoding="utf-8")
    environment = {"PATH": "/usr/bin", "LC_ALL": "C", "PYTHONUTF8": "0", "HOME": str(tmp_path)}
    done = script("check", path, env=environment, cwd=ROOT)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "strategies.US" in done.stderr
