"""Files: which one a reference means, tables as spreadsheets save them, folders that stay true."""

import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from cli_helpers import ROOT, command, contents, leftovers, shipped_game
from negotiation_abm import InputError, build_game, load_record, load_scenario, replay_record
from negotiation_abm.cli import main
from negotiation_abm.files import resources
from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.files.lock import hold, hold_folder
from negotiation_abm.files.provenance import describe
from negotiation_abm.files.resources import source_hash
from negotiation_abm.files.sheets import read_sheet
from negotiation_abm.play.schema import load_game
from negotiation_abm.run.model import NegotiationModel
from negotiation_abm.run.step import run_batch
from negotiation_abm.scenario.provenance import rules_hash
from negotiation_abm.studies.sensitivity.spec import load_spec as load_study
from negotiation_abm.studies.whatif.schema import load_whatif
from negotiation_abm.sweep.plan import make_plan
from negotiation_abm.sweep.spec import load_spec as load_sweep

# ---------------------------------------------------------------------------
# Beside the file goes before the working directory


@pytest.fixture
def two_places(tmp_path, monkeypatch):
    """A folder of files, and a working directory with others of the same names."""
    there, here = tmp_path / "there", tmp_path / "here"
    parameters = (ROOT / "configs/parameters/start_2025.yaml").read_text(encoding="utf-8")
    draws = ROOT / "configs/parameters/calibrated_2025.parquet"
    record = (ROOT / "seeds/record_2025.csv").read_text(encoding="utf-8")
    for folder, weeks in ((there, 50), (here, 60)):
        folder.mkdir()
        (folder / "base.yaml").write_text(
            f"extends: baseline_2025\nname: {folder.name}\nhorizon_weeks: {weeks}\n"
            "calendar: {rounds: [], summits: []}\nrecord: {file: mine.csv}\nparameters: set.yaml\n"
        )
        (folder / "set.yaml").write_text(
            parameters.replace("name: start_2025", f"name: set_{folder.name}")
        )
        shutil.copy(draws, folder / "set.parquet")
        (folder / "mine.csv").write_text(record)
        (folder / "points.csv").write_text(f"fatigue\n{weeks / 50}\n")
    monkeypatch.chdir(here)
    return there


def write(folder, file, **content):
    path = folder / file
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_base_parameters_and_record_of_a_scenario(two_places):
    scenario = load_scenario(write(two_places, "over.yaml", extends="base.yaml", title="over"))
    assert (scenario.name, scenario.horizon_weeks) == ("there", 50)
    assert build_game(scenario).parameter_set.name == "set_there"
    record = load_record(scenario.record.file, scenario.path.parent)
    assert record.path.parent == two_places


def test_files_of_a_base_in_another_folder_lie_beside_the_base(two_places):
    (two_places / "deeper").mkdir()
    path = write(two_places / "deeper", "over.yaml", extends="../base.yaml", title="over")
    scenario = load_scenario(path)
    assert build_game(scenario).parameter_set.name == "set_there"
    assert load_record(scenario.record.file, scenario.path.parent).path.parent == two_places


def test_scenario_points_and_draws_of_a_sweep(two_places):
    design = [
        {"list": "points.csv"},
        {"posterior": {"set": "set.yaml", "draws": 1}},
        {"grid": {"parameters": ["set.yaml"]}},
    ]
    path = write(
        two_places, "sweep.yaml", name="s", scenario="base.yaml", replicates=2, design=design
    )
    plan = make_plan(load_sweep(path))
    games = [plan.games().game(plan.changes(number)) for number in range(3)]
    assert [len(game.weeks) for game in games] == [50, 50, 50]
    assert plan.changes(0) == {"fatigue": 1.0}
    assert {game.parameter_set.path.parent for game in games} == {two_places}


def test_scenario_of_a_study_a_whatif_and_a_saved_game(two_places):
    factors = {"fatigue": {"low": 1, "high": 2}}
    study = write(two_places, "s.yaml", scenario="base.yaml", outcomes=["median"], factors=factors)
    assert load_scenario(load_study(study).scenario).name == "there"
    whatif = {"name": "w", "scenario": "base.yaml", "from": "2025-10-27", "record": "mine.csv"}
    loaded = load_whatif(write(two_places, "w.yaml", **whatif))
    assert load_scenario(loaded.scenario).name == "there"
    assert load_record(loaded.record).path.parent == two_places
    game = {"format": "negotiation-abm game 1", "scenario": "base.yaml", "side": "US"}
    (two_places / "game.json").write_text(json.dumps(game | {"set": {"parameters": "set.yaml"}}))
    saved = load_game(two_places / "game.json")
    scenario = load_scenario(saved.scenario, saved.set)
    assert (scenario.name, build_game(scenario).parameter_set.name) == ("there", "set_there")


def test_a_setting_of_the_command_line_means_the_working_directory(capsys, two_places):
    words = ("run", two_places / "base.yaml", "--replicates", 2, "--out", "out", "--json")
    assert command(capsys, *words, "--set", "parameters=set.yaml").status == 0
    assert read_manifest(Path("out"))["run"]["parameter_set"]["name"] == "set_here"


def test_an_edited_scenario_is_read_anew(tmp_path):
    path = write(tmp_path, "s.yaml", extends="busan_2025", name="s", horizon_weeks=90)
    assert len(NegotiationModel(str(path)).game.weeks) == 90
    assert load_scenario(path).horizon_weeks == 90
    write(tmp_path, "s.yaml", extends="busan_2025", name="s", horizon_weeks=91)
    assert len(NegotiationModel(str(path)).game.weeks) == 91
    changed = load_scenario(path, {"levers.US.chips.step": 0.5})
    assert (
        changed.levers["US"]["chips"].step == 0.5 != load_scenario(path).levers["US"]["chips"].step
    )


# ---------------------------------------------------------------------------
# Tables as spreadsheets save them

RECORD = [
    ["id", "date", "player", "move", "lever", "level", "statement"],
    ["A1", "2025-02-03", "US", "ESCALATE", "market_access", "0.069", "Zölle, 10 %"],
    ["A2", "2025-02-10", "CHINA", "ESCALATE", "market_access", "0.08", "an answer"],
]
SAVED = {
    "commas": (",", "utf-8", lambda cells: cells),
    "byte order mark": (",", "utf-8-sig", lambda cells: cells),
    "rows of commas only": (",", "utf-8", lambda cells: [*cells, [""] * 7, [""] * 7]),
    "empty columns": (",", "utf-8", lambda cells: [[*row, "", ""] for row in cells]),
    "semicolons": (";", "utf-8-sig", lambda cells: cells),
    "semicolons and decimal commas": (
        ";",
        "utf-8",
        lambda cells: [[c.replace("0.0", "0,0") for c in row] for row in cells],
    ),
    "tabs": ("\t", "utf-8", lambda cells: cells),
    "Unicode text": ("\t", "utf-16", lambda cells: cells),
}


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "sep"])
def test_a_record_as_a_spreadsheet_saves_it(tmp_path, name, end, head):
    separator, encoding, edit = SAVED[name]
    quoted = [
        separator.join(f'"{c}"' if separator in c else c for c in row) for row in edit(RECORD)
    ]
    lines = [f"sep={separator}", *quoted] if head else quoted
    path = tmp_path / "r.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    rows = load_record(path).rows
    assert [(row.id, row.level, row.statement) for row in rows] == [
        ("A1", 0.069, "Zölle, 10 %"),
        ("A2", 0.08, "an answer"),
    ]


def test_another_alphabet_is_one_line_that_says_what_to_do(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("id,date,player,move\nA,2025-02-03,US,Zölle\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"r\.csv: byte \d+: not UTF-8 text; save .*'CSV UTF-8'"):
        load_record(path)


def test_a_decimal_comma_is_none_where_commas_separate(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('id,date,player,move,lever,level\nA,2025-02-03,US,ESCALATE,chips,"0,5"\n')
    with pytest.raises(InputError, match="line 2, level: '0,5'; allowed: a number from 0 to 1"):
        load_record(path)


def test_points_of_a_sweep_as_a_spreadsheet_saves_them(tmp_path):
    (tmp_path / "points.csv").write_text("fatigue;forum\n1,5;0,25\n;\n", encoding="utf-8-sig")
    design = [{"list": "points.csv"}]
    path = write(tmp_path, "s.yaml", name="s", scenario="busan_2025", replicates=2, design=design)
    points = load_sweep(path).points
    assert [points[number] for number in range(len(points))] == [{"fatigue": 1.5, "forum": 0.25}]


def test_lines_are_counted_as_in_the_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('sep=;\na;b\n\n"1\n2";3\n4;5\n')
    assert [line for line, _ in read_sheet(path).rows] == [5, 6]


# ---------------------------------------------------------------------------
# Rows of third parties

THIRD = "id,date,player,move,lever,level,not_represented\n"


@pytest.mark.parametrize(
    "row",
    ["CANADA,,,,third party", "CANADA,ESCALATE,dairy,0.4,third party", "US,,steel,,no such lever"],
)
def test_a_row_that_is_not_represented_may_be_of_anyone(capsys, tmp_path, row):
    path = tmp_path / "r.csv"
    path.write_text(THIRD + f"A,2025-02-03,{row}\nB,2025-02-04,US,ESCALATE,chips,0.5,\n")
    assert command(capsys, "check", "baseline_2025", path).status == 0
    words = ("replay", "baseline_2025", "--record", path, "--out", tmp_path / "out")
    assert command(capsys, *words).status == 0
    result = replay_record(shipped_game("baseline_2025"), load_record(path))
    assert [item.id for item in result.unplaced] == ["A"]


# ---------------------------------------------------------------------------
# A folder and its manifest


def at_once(folder, number):
    with writing(Path(folder), f"step{number}", {}) as draft:
        draft.text(f"{number}.txt", str(number))


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_no_entry_is_lost_when_steps_write_at_once(tmp_path, kind):
    numbers = range(24)
    if kind == "threads":
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(at_once, [str(tmp_path)] * len(numbers), numbers))
    else:
        with multiprocessing.get_context("fork").Pool(6) as pool:
            pool.starmap(at_once, [(str(tmp_path), number) for number in numbers])
    manifest = read_manifest(tmp_path)
    assert set(manifest) == {f"step{number}" for number in numbers}
    assert set(contents(tmp_path)) == {"manifest.json", *(f"{number}.txt" for number in numbers)}


def test_the_lock_of_a_process_that_was_killed_blocks_nobody(tmp_path):
    code = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from negotiation_abm.files.lock import hold, hold_folder
        with hold_folder(Path({str(tmp_path)!r})), hold(Path({str(tmp_path / "x.lock")!r})):
            print("held", flush=True)
            time.sleep(60)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(OSError, match="temporarily"), hold(tmp_path / "x.lock", wait=False):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with hold_folder(tmp_path), hold(tmp_path / "x.lock", wait=False):
        pass


def test_an_older_result_takes_what_was_made_from_it_along(capsys, tmp_path):
    folder = tmp_path / "r"
    game = shipped_game("busan_2025")
    run_batch(game, 20, 1, folder)
    (folder / "notes.txt").write_text("mine")
    for words in (("survival", folder), ("plot", folder), ("report", folder)):
        assert command(capsys, *words).status == 0
    before = contents(folder)
    assert {"survival.json", "report.html", "figures/truce_durations.png"} <= set(before)
    run_batch(game, 20, 1, folder)  # the same again
    assert set(contents(folder)) == set(before)
    run_batch(game, 20, 2, folder)
    manifest = read_manifest(folder)
    assert set(manifest) == {"run"}
    assert set(contents(folder)) == {"manifest.json", "notes.txt", *manifest["run"]["files"]}
    assert leftovers(folder) == []


def test_only_what_was_made_from_the_replaced_files_goes(tmp_path):
    def step(name, text, *sources, **options):
        with writing(tmp_path, name, {}, **options) as draft:
            path = draft.path(f"{name}.txt", [tmp_path / source for source in sources])
            path.write_text(text)

    step("a", "1")
    step("b", "1")
    step("of_a", "1", "a.txt")
    step("of_b", "1", "b.txt")
    step("of_of_a", "1", "of_a.txt", "b.txt")
    step("elsewhere", "1", "../outside.txt")
    step("a", "2")
    assert set(read_manifest(tmp_path)) == {"a", "b", "of_b", "elsewhere"}
    assert set(contents(tmp_path)) == {
        "a.txt",
        "b.txt",
        "of_b.txt",
        "elsewhere.txt",
        "manifest.json",
    }


def test_files_of_the_same_step_go_unless_they_are_kept(tmp_path):
    for keep, names in ((False, {"two"}), (True, {"one", "two"})):
        folder = tmp_path / str(keep)
        for name in ("one", "two"):
            with writing(folder, "step", {}, keep=keep) as draft:
                draft.text(name, "text")
        assert set(read_manifest(folder)["step"]["files"]) == names
        assert set(contents(folder)) == names | {"manifest.json"}


def test_figures_drawn_one_by_one_are_all_in_the_manifest(capsys, tmp_path):
    run_batch(shipped_game("busan_2025"), 20, 1, tmp_path)
    for name in ("hazard", "levers"):
        assert command(capsys, "plot", tmp_path, "--figure", name).status == 0
    files = read_manifest(tmp_path)["plot"]["files"]
    assert set(files) == {f"figures/{n}.{k}" for n in ("hazard", "levers") for k in ("png", "svg")}


def test_a_manifest_of_an_older_version_is_read(tmp_path):
    older = {"run": {"files": {"a": "0"}}, "plot": {"files": {"b": "0"}}, "odd": 3}
    (tmp_path / "manifest.json").write_text(json.dumps(older))
    with writing(tmp_path, "run", {}) as draft:
        draft.text("c", "text")
    assert set(read_manifest(tmp_path)) == {"run", "plot", "odd"}


@pytest.mark.parametrize("place", ["taken", "taken/deeper", "a\0b", "x" * 300])
def test_a_folder_that_cannot_be_used_is_one_line(capsys, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("mine")
    done = command(capsys, "run", "busan_2025", "--replicates", 2, "--out", place)
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert "--out: cannot be written to (" in done.err


# ---------------------------------------------------------------------------
# What is on record


def test_the_manifest_has_the_command_that_was_carried_out(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kernel_launcher", "-f", "kernel.json"])
    game = shipped_game("busan_2025")
    run_batch(game, 2, 1, tmp_path)
    made = read_manifest(tmp_path)["run"]
    assert (made["command"], made["called_from"]) == (None, "python")
    words = ["run", "busan_2025", "--replicates", "2", "--out", str(tmp_path)]
    assert main(words) == 0
    made = read_manifest(tmp_path)["run"]
    assert made["command"] == ["negotiation-abm", *words]
    assert made["called_from"] == "command line"
    assert main(["run", "nowhere"]) == 2
    assert describe()["command"] is None


def test_a_report_of_a_run_from_python_says_so(capsys, tmp_path):
    run_batch(shipped_game("busan_2025"), 2, 1, tmp_path)
    assert command(capsys, "report", tmp_path).status == 0
    assert "called from Python" in (tmp_path / "report.html").read_text(encoding="utf-8")


# ---------------------------------------------------------------------------
# Hashes of the sources


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The package's sources in a folder where they can be edited, as what is hashed."""
    folder = tmp_path / "negotiation_abm"
    shutil.copytree(ROOT / "src" / "negotiation_abm", folder)
    monkeypatch.setattr(resources, "_PACKAGE", folder)
    source_hash.cache_clear()
    yield folder
    source_hash.cache_clear()


def hash_of_edited(folder, name):
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    source_hash.cache_clear()
    return rules_hash("run")


@pytest.mark.parametrize(
    "name",
    ["core/payoffs.py", "strategies/logit.py", "run/batch.py"]
    + [
        path.relative_to(ROOT / "src" / "negotiation_abm").as_posix()
        for path in sorted((ROOT / "src" / "negotiation_abm" / "scenario").glob("*.py"))
    ],
)
def test_what_builds_and_plays_a_game_is_in_the_hash(copied, name):
    before = rules_hash("run")
    assert hash_of_edited(copied, name) != before


@pytest.mark.parametrize("name", ["cli/run.py", "plotting/timeline.py", "dashboard/app.py"])
def test_what_only_shows_is_not(copied, name):
    before = rules_hash("run")
    assert hash_of_edited(copied, name) == before


def test_strategies_from_outside_are_in_the_hash(tmp_path):
    from negotiation_abm import strategies

    text = (ROOT / "src/negotiation_abm/strategies/hold.py").read_text(encoding="utf-8")
    path, found = tmp_path / "held_by_me.py", [rules_hash()]
    try:
        for addition in ("", "\n# edited\n"):
            path.write_text(text + addition, encoding="utf-8")
            strategies.add_file(path)
            found.append(rules_hash())
    finally:
        strategies._ADDED.pop("held_by_me", None)
        strategies.forget()
    assert len(set(found)) == 3
    assert rules_hash() == found[0]


def test_a_place_that_is_not_there_is_no_hash():
    with pytest.raises(FileNotFoundError):
        source_hash("core", "nowhere.py")


def test_every_place_that_is_hashed_is_there():
    from negotiation_abm.sweep.games import rules

    assert len(rules()) == 16
    assert rules() != rules_hash() != source_hash()
