"""Mutation testing of the rules: do the tests notice when one place of them says something else?

    python tests/mutants.py --seed 1 --count 400   # a sample of places, even over the files
    python tests/mutants.py --all                  # every place (hours)

A place is an operator, a comparison, a number or a word of `core`, `strategies` or `survival`; each
gets one change, drawn by the seed among those that the operators of Cosmic Ray know for it. The
rules run uncompiled. A mutant runs in a fork of a process that has loaded the libraries: its text
takes the place of the true one as it is imported, nothing on the disk changes, and only tests run
that pass through the line, the quickest first, until one fails.

Coverage and results are kept in ``results/mutants``; what is known there is not run again, except
survivors, which new tests may kill. Survivors that are known to be no fault stand in
``tests/data/mutants.csv`` with the reason.
"""

import argparse
import ast
import contextlib
import csv
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
OUT = ROOT / "results" / "mutants"
KNOWN = Path(__file__).parent / "data" / "mutants.csv"
ROOMS = ("core", "strategies", "survival")
FILES = sorted(path for room in ROOMS for path in (SOURCE / "negotiation_abm" / room).rglob("*.py"))
TESTS = """
calendar doctests draws lifetimes model module_off module_replay module_rules moves order_of_week
parameter_page payoffs play record_acts rmst rule_values strategies survival survival_oracles
tracker truce truce_revised user_modules user_strategies
""".split()  # noqa: SIM905
QUICK = "not slow and not verify and not speed and not e2e"
SLOWEST = 5.0  # seconds of a test that is used
MOST = 30.0  # seconds of all tests of a mutant together
CPU, WALL = 60, 600  # seconds after which a mutant is given up
# No rule hangs on these: markers and annotations, identity of small numbers, names of variables.
LEFT_OUT = re.compile(r"Decorator|Exception|Variable|_Is(Not)?$|_Is(Not)?_|BitOr_|ZeroIteration")
KILLED, SURVIVED, ENDLESS, UNTESTED = "killed", "survived", "timeout", "no test"


@dataclass(frozen=True)
class Mutant:
    """One change of one place."""

    file: str
    line: int
    operator: str
    number: int


def digest(*paths: Path) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def places() -> list[list[Mutant]]:
    """The mutants of each place, in order of files and lines."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    names = [name for name in operator_names() if not LEFT_OUT.search(name)]
    operators = {name: get_operator(name)() for name in names}
    found: dict[tuple[Any, ...], list[Mutant]] = defaultdict(list)
    for path in FILES:
        text, file = path.read_text(encoding="utf-8"), path.relative_to(SOURCE).as_posix()
        nodes = list(ast.walk(ast.parse(text)))
        code = {node.lineno for node in nodes if isinstance(node, ast.expr)}
        code -= {d.lineno for node in nodes for d in getattr(node, "decorator_list", ())}
        counts: Counter[str] = Counter()
        for node in ast_nodes(get_ast(text)):
            for name, operator in operators.items():
                for start, _ in operator.mutation_positions(node):
                    if start[0] in code:
                        found[file, *start].append(Mutant(file, start[0], name, counts[name]))
                    counts[name] += 1
    return [found[place] for place in sorted(found)]


def sample(seed: int, count: int) -> list[Mutant]:
    """One mutant each of `count` places: at even distances, so that each file has its share.

    In an order of chance, so that what a stopped run has judged is a sample too.
    """
    every, rng = places(), random.Random(seed)
    step = max(1.0, len(every) / count)
    first = rng.random() * step
    chosen = [every[int(place)] for place in np.arange(first, len(every), step)]
    rng.shuffle(chosen)
    return [random.Random(f"{seed}/{place[0]}").choice(place) for place in chosen]


def source_of(mutant: Mutant) -> str:
    """The text of the file with the change."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    text = (SOURCE / mutant.file).read_text(encoding="utf-8")
    return str(mutate_code(text, get_operator(mutant.operator)(), mutant.number))


def changed(mutant: Mutant) -> tuple[str, str]:
    """The line before and after."""
    before = (SOURCE / mutant.file).read_text(encoding="utf-8").splitlines()
    after = source_of(mutant).splitlines()
    number = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    return before[number].strip(), after[number].strip()


# ---------------------------------------------------------------------------
# Which test passes where


def covering() -> dict[tuple[str, int], list[tuple[float, str]]]:
    """Seconds and names of the tests that pass through each line, the quickest first.

    Line 0 stands for what runs as the file is imported: any test of the file may notice it.
    """
    lines: dict[tuple[str, int], set[tuple[float, str]]] = defaultdict(set)
    for name in dict.fromkeys(TESTS):
        for file, line, seconds, test in _measured(ROOT / "tests" / f"test_{name}.py"):
            lines[file, line].add((seconds, test))
            lines[file, 0].add((seconds, test))
    return {place: sorted(tests) for place, tests in lines.items()}


def _measured(path: Path) -> list[tuple[str, int, float, str]]:
    """File, line, seconds and test of all that one file of tests passes through; kept."""
    kept = OUT / "coverage" / f"{path.stem}-{digest(path, *FILES)}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(list(_measure(path))))
    return [tuple(row) for row in json.loads(kept.read_text())]


def _measure(path: Path) -> Iterator[tuple[str, int, float, str]]:
    from coverage import CoverageData

    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder, "coverage"), Path(folder, "report.xml")
        words = [*(f"--cov=negotiation_abm.{room}" for room in ROOMS), "--cov-context=test"]
        words += ["--cov-report=", "-q", f"--junitxml={report}", "-p", "no:cacheprovider"]
        words += [f"--basetemp={folder}/t", "-m", QUICK]
        environment = os.environ | {"COVERAGE_FILE": str(data)}
        subprocess.run(
            [sys.executable, "-m", "pytest", *words, str(path)],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        seconds = dict(_passed(report))
        measured, elsewhere = CoverageData(str(data)), set(seconds)
        measured.read()
        for file in measured.measured_files():
            for line, contexts in measured.contexts_by_lineno(file).items():
                for test in {context.partition("|")[0] for context in contexts} & set(seconds):
                    elsewhere.discard(test)
                    yield Path(file).relative_to(SOURCE).as_posix(), line, seconds[test], test
        for test in elsewhere:  # looks at tables alone, which are made as a file is imported
            yield "", 0, seconds[test], test


def _passed(report: Path) -> Iterator[tuple[str, float]]:
    for case in ElementTree.parse(report).iter("testcase"):
        seconds = float(case.get("time", 0))
        if seconds < SLOWEST and not list(case):
            file = (case.get("classname") or "").replace(".", "/")
            yield f"{file}.py::{case.get('name')}", seconds


def tests_of(mutant: Mutant, lines: dict[tuple[str, int], list[tuple[float, str]]]) -> list[str]:
    """The tests that a mutant has to pass, of `MOST` seconds together.

    What is made as a file is imported is also read through the list of its folder.
    """
    files = (mutant.file, f"{mutant.file.rpartition('/')[0]}/__init__.py", "")
    passing = lines.get((mutant.file, mutant.line)) or sorted(
        {test for file in files for test in lines.get((file, 0), [])}
    )
    chosen, total = [], 0.0
    for seconds, test in passing:
        total += seconds
        if total > MOST:
            break
        chosen.append(test)
    return chosen


# ---------------------------------------------------------------------------
# One mutant


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports one module from another text than that of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self._path, self._text = SOURCE / mutant.file, source_of(mutant)
        self._name = mutant.file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._name:
            return None
        inside = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            name, self._path, loader=self, submodule_search_locations=inside
        )

    def get_filename(self, name: str) -> str:
        return str(self._path)

    def get_data(self, path: str) -> bytes:
        return self._text.encode()


def fate(mutant: Mutant, tests: list[str]) -> str:
    """What becomes of a mutant: killed, survived, timeout, or that no test passes there."""
    if not tests:
        return UNTESTED
    child = os.fork()
    if child == 0:
        _run_tests(mutant, tests)
    end = time.monotonic() + WALL
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return SURVIVED if code == 0 else ENDLESS if code < 0 else KILLED
        if time.monotonic() > end:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return ENDLESS
        time.sleep(0.05)


def _run_tests(mutant: Mutant, tests: list[str]) -> None:
    """In the fork: run the tests on the mutant, and end with pytest's status."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    status = 3
    try:
        sys.meta_path.insert(0, _Instead(mutant))
        with tempfile.TemporaryDirectory() as folder:
            words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:cov", f"--basetemp={folder}/t"]
            words += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
            status = int(pytest.main([*words, *tests]))
    except BaseException:
        pass
    os._exit(status)


def load_libraries() -> None:
    """Import what the tests import, and forget what is of this project: forks start from here."""
    import hypothesis
    import lifelines
    import matplotlib.pyplot
    import pandas
    import scipy.stats

    importlib.import_module("negotiation_abm.cli")
    del hypothesis, lifelines, matplotlib, pandas, scipy
    for name in [one for one in sys.modules if one.partition(".")[0] == "negotiation_abm"]:
        del sys.modules[name]


# ---------------------------------------------------------------------------
# All of them

FIELDS = ("file", "line", "operator", "number", "digest", "tests", "fate", "before", "after")


def judge(mutants: list[Mutant]) -> list[dict[str, Any]]:
    """A row for each mutant, or for those that were judged until Ctrl-C.

    Rows are written as they come, so that a stopped run goes on where it was.
    """
    lines = covering()
    load_libraries()
    log = OUT / "mutants.csv"
    rows = list(csv.DictReader(log.open(encoding="utf-8", newline=""))) if log.exists() else []
    known = {(*(row[name] for name in FIELDS[:5]),): row for row in rows}
    found = []
    with log.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        if not rows:
            writer.writeheader()
        with contextlib.suppress(KeyboardInterrupt):
            for mutant in mutants:
                key = (mutant.file, str(mutant.line), mutant.operator, str(mutant.number))
                key = (*key, digest(SOURCE / mutant.file))
                row = known.get(key)
                if row is None or row["fate"] in (SURVIVED, UNTESTED):
                    tests, (before, after) = tests_of(mutant, lines), changed(mutant)
                    values = (*key, len(tests), fate(mutant, tests), before, after)
                    row = dict(zip(FIELDS, values, strict=True))
                    writer.writerow(row)
                    stream.flush()
                    if row["fate"] != KILLED:
                        print(*row.values(), sep=" | ", flush=True)
                found.append(row)
    return found


def reasons() -> dict[tuple[str, str, str], str]:
    """Changes that are no fault, by file, line before and line after, with the reason."""
    with KNOWN.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {(row["file"], row["before"], row["after"]): row["reason"] for row in rows}


def summary(rows: list[dict[str, Any]]) -> tuple[list[str], float]:
    """Lines of a table by room, and the share of mutants that tests notice."""
    from scipy.stats import binomtest

    known, counts = reasons(), Counter[tuple[str, str]]()
    for row in rows:
        is_known = (row["file"], row["before"], row["after"]) in known
        what = "equivalent" if is_known and row["fate"] == SURVIVED else row["fate"]
        counts.update([(row["file"].split("/")[1], what), ("all", what)])
    kinds = (KILLED, ENDLESS, SURVIVED, UNTESTED, "equivalent")
    said = ["room         mutants " + " ".join(f"{kind:>10}" for kind in kinds) + "  score"]
    score = 1.0
    for room in (*ROOMS, "all"):
        of = [counts[room, kind] for kind in kinds]
        judged, noticed = sum(of[:4]), of[0] + of[1]
        score = noticed / judged if judged else 1.0
        low, high = binomtest(noticed, judged).proportion_ci(method="wilson") if judged else (0, 1)
        numbers = " ".join(f"{number:>10}" for number in of)
        said.append(f"{room:<12} {sum(of):>7} {numbers}  {score:.1%} ({low:.1%} to {high:.1%})")
    return said, score


def command_line() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--all", action="store_true", help="every place")
    parser.add_argument("--least", type=float, default=0.9, help="share that must be noticed")
    options = parser.parse_args()
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    os.environ["PYTHONPATH"] = str(SOURCE)
    sys.path.insert(0, str(SOURCE))
    os.chdir(ROOT)
    began = time.monotonic()
    rows = judge(sample(options.seed, 10**9 if options.all else options.count))
    said, score = summary(rows)
    print(*said, f"seed {options.seed}, {time.monotonic() - began:.0f} s", sep="\n")
    return 0 if score >= options.least else 1


if __name__ == "__main__":
    sys.exit(command_line())
