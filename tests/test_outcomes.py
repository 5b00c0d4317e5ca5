"""The registry of outcomes, the one function that plays runs, and the how-to as written."""

import dataclasses
import importlib
import re
import shlex
import subprocess
import sys
import types

import numpy as np
import pandas as pd
import pytest

from cli_helpers import ROOT, command, howto, shipped_game, strict_json
from negotiation_abm import InputError, NegotiationModel, run_replicates
from negotiation_abm.core.state import as_record
from negotiation_abm.core.terms import Phase
from negotiation_abm.core.tracker import TALLY
from negotiation_abm.play.schema import Start
from negotiation_abm.play.start import game_of
from negotiation_abm.run import batch, outcomes, registry
from negotiation_abm.run.batch import blank_traces, run_outcomes, simulate
from negotiation_abm.run.outcome import COMMANDS, DIGITS, NEEDS, SUBJECTS, Outcome, Runs, digits_of
from negotiation_abm.run.play import Case, outcome_table, play, play_one
from negotiation_abm.run.registry import (
    as_floats,
    entries,
    entry_of,
    filled,
    for_people,
    named,
    outcomes_for,
    text_of,
)
from negotiation_abm.run.spells import runs_table, taken_down
from negotiation_abm.sweep.summary import load_sweep
from sweep_helpers import sweep

HOWTO = howto("outcome")
FUNCTION, ENTRY, SCRIPT = re.findall(r"```python\n(.*?)```", HOWTO, re.DOTALL)
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", HOWTO, re.DOTALL))
ENTRY_POINT = re.search(r"```toml\n(.*?)```", HOWTO, re.DOTALL)[1]
COMMAND_LINES = [line.split() for line in HOWTO.splitlines() if line.startswith("    negotiation-")]

SCENARIOS = ("baseline_2025", "busan_2025")


@pytest.fixture(scope="module")
def busan():
    return shipped_game("busan_2025")


def wide(game, count=30, seed=3):
    """Runs with everything that an outcome can read."""
    traces = blank_traces(game, count)
    block = run_replicates(game, seed, 0, count, traces)
    return Runs(game, block.runs, block.spells, traces)


# ---------------------------------------------------------------------------
# The registry.


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_an_entry_says_what_it_is(entry):
    assert entry.text
    assert entry.unit in DIGITS
    assert entry.each in SUBJECTS
    assert entry.needs in NEEDS
    assert entry.commands <= COMMANDS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_outcome_has_one_value_a_run(scenario):
    game = shipped_game(scenario)
    runs = wide(game)
    found = filled(game, entries())
    assert len({outcome.name for outcome in found}) == len(found)
    for outcome in found:
        values = as_floats(outcome.value(runs))
        assert values.shape == (30,), outcome.name
        assert "{" not in outcome.name + outcome.text
        if outcome.unit == "share":
            assert ((values >= 0) & (values <= 1) | np.isnan(values)).all(), outcome.name


def test_a_name_leads_to_its_entry_and_to_its_words(busan):
    for outcome in filled(busan, entries()):
        assert entry_of(outcome.name).value is not None
        assert entry_of(outcome.name).unit == outcome.unit
        assert text_of(outcome.name) == outcome.text
        assert named(busan, outcome.name)[0].name == outcome.name
    assert entry_of("survival_365") is None
    assert text_of("no.such.thing") is None


def test_what_an_entry_needs_it_says(busan):
    """An outcome is given no more than its entry asks for: else it would be missing somewhere."""
    block = run_replicates(busan, 3, 0, 5)
    for outcome in filled(busan, entries()):
        given = Runs(busan, block.runs, block.spells if outcome.needs == "spells" else None)
        if outcome.needs != "weeks":
            outcome.value(given)
        else:
            with pytest.raises(ValueError, match="needs='weeks'"):
                outcome.value(given)


def test_outcomes_are_those_of_the_readable_run(busan):
    judged = [o for o in filled(busan, entries()) if o.needs != "weeks" and o.each != "holds"]
    runs = run_outcomes(busan, 5, 0, 2, judged)
    for replicate in range(2):
        model = NegotiationModel(busan, 5, replicate).run_to_horizon()
        own = Runs(busan, as_record(model.tally, TALLY))
        for outcome in judged:
            if outcome.needs == "tally":
                value = as_floats(outcome.value(own))[0]
                assert value == pytest.approx(
                    as_floats(runs.outcomes[outcome.name])[replicate], nan_ok=True
                ), outcome.name


def test_order_for_people(busan):
    names = [outcome.name for outcome in for_people(busan, "whatif")]
    assert names[0] == "covered_13"
    assert names.index("weeks_in_truce") < names.index("num_truces") < names.index("US.tariff_pp")
    assert names.index("US.last_tariff_pp") < names.index("CHINA.tariff_pp")  # player by player


def test_digits():
    assert [digits_of(unit) for unit in ("share", "weeks", "pp")] == [2, 0, 1]
    assert all(digits_of(unit, is_mean=True) >= digits_of(unit) for unit in DIGITS)
    assert digits_of("nobody knows") == 2


# ---------------------------------------------------------------------------
# Playing.


def test_threads_and_chunks_change_nothing(busan, monkeypatch):
    cases = [Case(name, shipped_game(name)) for name in SCENARIOS]
    wanted = [*filled(busan, entries()), "US.flow"]
    names = [outcome.name for outcome in filled(busan, entries())]

    def values(threads):
        return [found.values() for found in play(cases, names, 70, 9, threads)]

    one = values(1)
    monkeypatch.setattr(batch, "TRACED_CHUNK_SIZE", 13)
    monkeypatch.setattr("negotiation_abm.run.play.CHUNK_SIZE", 9)
    for first, second in zip(one, values(2), strict=True):
        np.testing.assert_array_equal(first, second)
    assert len(wanted) == len(names) + 1


def test_cases_come_in_order_with_their_own_runs(busan):
    cases = [Case("later", busan, first=40), Case("first", busan)]
    later, first = play(cases, ["weeks_in_truce"], 20, 4)
    assert (later.case.label, first.case.label) == ("later", "first")
    assert later.block.runs["replicate"].tolist() == list(range(40, 60))
    whole = play_one(busan, ["weeks_in_truce"], 60, 4)
    np.testing.assert_array_equal(first["weeks_in_truce"], whole["weeks_in_truce"][:20])
    np.testing.assert_array_equal(later["weeks_in_truce"], whole["weeks_in_truce"][40:])


def test_progress_counts_runs_over_all_cases(busan):
    seen = []
    cases = [Case(number, busan) for number in range(3)]
    list(play(cases, [], 25, 1, threads=2, progress=seen.append))
    assert seen == [25, 50, 75]


def test_weeks_are_traced_only_if_needed_and_few_at_a_time(busan, monkeypatch):
    sizes = []

    def traced(game, count):
        sizes.append(count)
        return blank_traces(game, count)

    monkeypatch.setattr(batch, "blank_traces", traced)
    monkeypatch.setattr(batch, "TRACED_CHUNK_SIZE", 20)
    play_one(busan, ["num_truces", "truce_weeks"], 90, 1)
    assert sizes == []
    played = run_outcomes(busan, 1, 0, 90, named(busan, "US.flow"))
    assert max(sizes) == 20
    np.testing.assert_array_equal(played.outcomes["US.flow"], play_one(busan, ["US.flow"], 90, 1)[
        "US.flow"
    ])  # fmt: skip


def test_table_of_cases_and_replicates(busan):
    january = shipped_game("baseline_2025")
    table = outcome_table(
        [Case("a", busan), Case("b", january)], ["num_truces", "outlasts_365"], 15, 2
    )
    assert table.index.names == ["case", "replicate"]
    assert table.shape == (30, 2)
    assert table.loc["b", "outlasts_365"].isna().all()  # no truce at the start
    runs = run_replicates(busan, 2, 0, 15).runs
    assert table.loc["a", "num_truces"].tolist() == runs["num_truces"].tolist()


def test_blocks_carry_outcomes_whatever_their_size(busan, monkeypatch):
    wanted = named(busan, "US.flow", "truce_weeks", "mean_renewal_lead_weeks")
    whole = run_outcomes(busan, 6, 0, 60, wanted)
    monkeypatch.setattr(batch, "BLOCK_SIZE", 25)
    blocks = list(simulate(busan, 60, 6, threads=2, chunk_size=17, outcomes=wanted))
    assert [len(block.runs) for block in blocks] == [25, 25, 10]
    for outcome in wanted:
        parts = [as_floats(block.outcomes[outcome.name]) for block in blocks]
        np.testing.assert_array_equal(
            np.concatenate(parts), as_floats(whole.outcomes[outcome.name])
        )


def test_an_outcome_of_the_truce_at_the_start_is_of_no_other():
    """A game that leaves the record in its 38th week: its truce began after the first week."""
    left = Start.model_validate({"scenario": "baseline_2025", "side": "US", "from": "2025-10-06"})
    game = game_of(left)
    assert game.initial["phase"][0] == Phase.TRUCE
    runs = wide(game, 40)
    weeks = as_floats(named(game, "truce_weeks")[0].value(runs))
    covered = runs.spells[(runs.spells["measure"] == 0) & (runs.spells["entry_weeks"] > 0)]
    assert len(covered) == 40
    np.testing.assert_array_equal(weeks[runs.rows(covered)], covered["duration_weeks"])
    assert (weeks > 0).all()


# ---------------------------------------------------------------------------
# An outcome of one's own.


def add(monkeypatch, more):
    monkeypatch.setattr(registry, "OUTCOMES", (*outcomes.OUTCOMES, *more))
    entries.cache_clear()
    entry_of.cache_clear()


@pytest.fixture
def followed(monkeypatch):
    """The list of outcomes as it stands once the how-to has been followed."""
    text = (ROOT / "src" / "negotiation_abm" / "run" / "outcomes.py").read_text(encoding="utf-8")
    text = text.replace("OUTCOMES: tuple", f"{FUNCTION}\n\nOUTCOMES: tuple", 1)
    text = text.replace("    # of a run\n", f"    # of a run\n{ENTRY}", 1)
    copied = types.ModuleType("copied")
    exec(compile(text, "outcomes.py", "exec"), vars(copied))
    assert len(copied.OUTCOMES) == len(outcomes.OUTCOMES) + 1
    monkeypatch.setattr(registry, "OUTCOMES", copied.OUTCOMES)
    entries.cache_clear()
    entry_of.cache_clear()
    yield copied
    monkeypatch.undo()
    entries.cache_clear()
    entry_of.cache_clear()


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    entries.cache_clear()
    entry_of.cache_clear()


@pytest.mark.slow
def test_howto_reaches_every_command(followed, tmp_path, monkeypatch, capsys):
    """Each command of the page as written, in a folder with the files of the page."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    printed = {}
    for words in COMMAND_LINES:
        done = command(capsys, *shlex.split(" ".join(words[1:])))
        assert done.status == 0, (words, done.err)
        printed[words[1]] = done.out
    results = tmp_path / "results"
    runs = pd.read_parquet(results / "run" / "runs.parquet")
    summary = strict_json((results / "run" / "summary.json").read_text())
    mean = summary["runs"]["longest_calm"]["mean"]
    assert mean == pytest.approx(runs["longest_calm"].mean())
    assert (runs["longest_calm"] <= runs["weeks_in_truce"]).all()
    assert "longest stretch in a truce" in printed["whatif"]
    pairs = pd.read_csv(results / "tournament" / "pairs.csv")
    half = pairs["longest_calm_half"].dropna()  # none where every run has the same
    assert len(half) > 0
    assert (half > 0).all()
    table = load_sweep(results / "sweep", outcome="longest_calm")
    assert len(table) == 3
    assert (table["low"] <= table["mean"]).all()
    assert ((table["high"] - table["low"]) / 2 <= 8)[table["runs"] < 80].all()
    figure = (results / "slice" / "slice.svg").read_text(encoding="utf-8").lower()
    assert "longest stretch in a truce" in figure
    indices = pd.read_csv(results / "sensitivity" / "sensitivity.csv")
    assert set(indices["outcome"]) == {"longest_calm"}


def test_howto_outcome_by_hand(followed):
    weeks = np.zeros((3, 6), [("phase", "i8")])
    weeks["phase"] = [[0, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]]
    runs = Runs(None, np.zeros(3, TALLY), weeks_given=weeks)
    assert followed.longest_calm(runs).tolist() == [2, 6, 0]


def test_howto_script(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "ends_in_truce" in done.stdout


def test_entry_point_of_the_howto_is_found(tmp_path, monkeypatch):
    package = tmp_path / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "outcomes.py").write_text(
        "from negotiation_abm.run.outcome import Outcome\n"
        'LONGEST = Outcome("longest_calm", "longest", "weeks", len)\n'
        'TAKEN = [Outcome("num_truces", "again", "count", len)]\n'
    )
    info = tmp_path / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    lines = ENTRY_POINT.replace("project.entry-points.", "").replace('"', "")
    (info / "entry_points.txt").write_text(lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    entries.cache_clear()
    try:
        assert "longest_calm" in [entry.name for entry in entries()]
        for value, problem in (
            ("my_package.outcomes:TAKEN", "there is an outcome 'num_truces' already"),
            ("my_package.outcomes:Outcome", "neither an Outcome nor a list"),
            ("my_package.nowhere", "cannot be loaded"),
        ):
            text = lines.replace("my_package.outcomes:LONGEST", value)
            (info / "entry_points.txt").write_text(text)
            importlib.invalidate_caches()
            entries.cache_clear()
            with pytest.raises(InputError, match=problem):
                entries()
    finally:
        monkeypatch.undo()
        for name in [key for key in sys.modules if key.startswith("my_package")]:
            del sys.modules[name]
        entries.cache_clear()


def every_second(runs):
    """Not defined in odd runs."""
    number = runs.tally["replicate"]
    return np.where(number % 2 == 0, 1.0 * number, np.nan)


@pytest.mark.parametrize("needs", NEEDS)
def test_outcome_that_not_every_run_defines(busan, monkeypatch, tmp_path, needs):
    """Empty in files, the mean over the runs that define it; no mean of a sweep's point."""
    add(monkeypatch, [Outcome("even", "even runs", "barrels", every_second, needs=needs)])
    block = run_outcomes(busan, 1, 0, 6, taken_down(busan, "run"))
    assert runs_table(busan, block)["even"].to_pylist() == [0.0, None, 2.0, None, 4.0, None]
    [own] = [outcome for outcome in outcomes_for(busan, "play") if outcome.name == "even"]
    np.testing.assert_array_equal(as_floats(own.value(wide(busan, 4))), [0, np.nan, 2, np.nan])
    result = sweep(tmp_path / "out", replicates=6)
    table = load_sweep(result.folder, outcome="even")
    assert table["mean"].isna().all()


def test_outcome_of_each_player(busan, monkeypatch):
    each = Outcome(
        "{player}.holds_most", "{player} holds", "share",
        lambda runs, i: runs.tally["num_moves"][:, i, 0] > runs.num_weeks, each="player",
    )  # fmt: skip
    add(monkeypatch, [each])
    block = run_outcomes(busan, 1, 0, 5, taken_down(busan, "run"))
    table = runs_table(busan, block)
    assert {"US.holds_most", "CHINA.holds_most"} <= set(table.column_names)
    assert dataclasses.replace(each, commands=frozenset()).of(busan)[0].name == "US.holds_most"
