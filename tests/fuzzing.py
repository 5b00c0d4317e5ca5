"""A seeded fuzzer: malformed input of every kind through the command line, in this process.

    python tests/fuzzing.py --seed 1 --count 20000

Input number *n* of a seed depends on the two alone, so that a failure is had again with
``--seed SEED --only N``. What must hold of each: exit status 0 or 2; with 2 one line of bounded
length and no trace (`check` has a line a fault); no file left that was not there; an end within `SECONDS` of processor time.
"""

# ruff: noqa: E501 (tables of malformed values)

import argparse
import contextlib
import copy
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from negotiation_abm.cli import main
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import root

SECONDS = 10.0
HUNG = 60  # seconds of processor time after which an input is given up
STUCK = 900  # seconds by the clock: waits for something that does not come
RUN = ("run", "baseline_2025", "--replicates", "2", "--out", "out")
WARM = (RUN, (*RUN, "--set", "noise=0.1"), (*RUN, "--set", "strategies.US=foresight_1"))
LONGEST = 1_700  # letters of an error line
MOST_FAULTS = 2_000  # lines of `check`

GAME = {
    "format": "negotiation-abm game 1",
    "scenario": "busan_2025",
    "side": "US",
    "opponent": "logit",
    "seed": 1,
    "set": {},
    "moves": [],
}
SWEEP = {
    "name": "s",
    "scenario": "busan_2025",
    "replicates": 2,
    "design": [
        {"grid": {"fatigue": [0, 1], "breach_cost": {"from": 0, "to": 2, "steps": 3}}},
        {"zip": {"fatigue": [0, 1]}},
        {"list": "points.csv"},
        {"latin_hypercube": {"points": 3, "ranges": {"fatigue": [0, 1]}}},
        {"sobol": {"points": 4, "ranges": {"truce.expires": ["2026-10-01", "2026-11-01"]}}},
        {"cross": [{"grid": {"noise": [0, 0.1]}}, {"grid": {"fatigue": [1]}}]},
    ],
}
SCRIPT = [{"date": "2025-03-03", "player": "US", "move": "ESCALATE", "lever": "chips"}]
SMALL = {
    "extends": "baseline_2025",
    "name": "s",
    "set": {"fatigue": 1.0},
    "strategies": {"US": "scripted", "CHINA": "logit"},
    "script": SCRIPT,
    "shocks": [{"date": "2025-03-03", "lever": "US.chips", "level": 0.5}],
}


def shipped(name: str) -> str:
    return (root() / name).read_text(encoding="utf-8")


def as_yaml(data: Any) -> str:
    return yaml.safe_dump(data, sort_keys=False)


# Each kind of file: its name, a good text, and commands that read it.
FILES: dict[str, tuple[str, Callable[[], str], list[list[str]]]] = {
    "scenario": (
        "s.yaml",
        lambda: shipped("configs/baseline_2025.yaml"),
        [["check", "s.yaml"], ["run", "s.yaml", "--replicates", "2", "--out", "out"]],
    ),
    "small scenario": (
        "s.yaml",
        lambda: as_yaml(SMALL),
        [["check", "s.yaml"], ["run", "s.yaml", "--replicates", "2", "--out", "out"]],
    ),
    "record": (
        "r.csv",
        lambda: shipped("seeds/record_2025.csv"),
        [["check", "r.csv"], ["replay", "baseline_2025", "--record", "r.csv", "--out", "out"]],
    ),
    "parameters": (
        "p.yaml",
        lambda: shipped("configs/parameters/start_2025.yaml"),
        [["check", "p.yaml"]],
    ),
    "sweep": ("w.yaml", lambda: as_yaml(SWEEP), [["check", "w.yaml"]]),
    "points": (
        "points.csv",
        lambda: "fatigue,levers.US.chips.step\n1,0.2\n2,\n",
        [["check", "w.yaml"]],
    ),
    "study": (
        "y.yaml",
        lambda: shipped("configs/sensitivity/busan_drivers.yaml"),
        [["check", "y.yaml"]],
    ),
    "whatif": ("f.yaml", lambda: shipped("configs/whatifs/no_busan.yaml"), [["check", "f.yaml"]]),
    "pool": ("o.yaml", lambda: shipped("configs/pools/seven.yaml"), [["check", "o.yaml"]]),
    "priors": ("q.yaml", lambda: shipped("configs/calibration/priors.yaml"), [["check", "q.yaml"]]),
    "facts": ("facts.yaml", lambda: shipped("seeds/facts.yaml"), [["check", "facts.yaml"]]),
    "game": (
        "g.json",
        lambda: json.dumps(GAME),
        [["play", "g.json", "--replicates", "2", "--out", "out"]],
    ),
}
BESIDE = {"points": {"w.yaml": as_yaml(SWEEP)}, "sweep": {"points.csv": "fatigue\n1\n2\n"}}

NUMBERS = (
    "0", "-1", "1e400", ".inf", ".nan", "-0.0", "1e-320", "1e308", "9" * 30, "9" * 400, "9" * 5000,
    "0x" + "f" * 300, "0x" + "f" * 10_000, "1_000", "1:30", "0.1e1000", "2e9", "3e7", str(2**63), str(2**64),
)  # fmt: skip
DATES = (
    "0001-01-01", "0999-12-31", "3000-01-02", "9999-12-31", "2025-02-30", "2025-13-45", "2025-03-03T10:00:00Z",
    "2025-03-03 10:00:00+14:00", "10000-01-01", "2025-3-3", "!!timestamp x",
)  # fmt: skip
TAGS = (
    "!!bool x", "!!int ''", "!!float ''", "!!binary x", "!!set x", "!!omap [1]", "!!python/name:os.system x",
    "!foo x", "*nowhere", "&a [*a]", "<<: 1", "!!null ''", "=", "!!str [a]", "!!merge x",
)  # fmt: skip
TEXTS = (
    "", "''", "~", "yes", "[]", "{}", "[[]]", "{a: {b: c}}", "\"\\0\"", "\"\\ud800\"", "x" * 3_000, "../../etc/passwd",
    "/dev/zero", "/dev/null", ".", "\u202eabc", "a\u0300" * 50, "<img src=x onerror=alert(1)>", "$x_{$", "%s%n{0}", "[/b]",
    "US.chips", "levers.US.chips", "a.b.c.d.e", "-", "--out", "NO", "\x1b[31mred", "\u3000",
)  # fmt: skip
NASTY = NUMBERS + DATES + TAGS + TEXTS
MARK = "PUT_IT_HERE"
JSON = (
    "1" * 5_000,
    "1e999",
    "-1",
    "NaN",
    "Infinity",
    "null",
    "true",
    "[" * 3_000,
    "{}",
    "[]",
    "0.5",
    '"\\ud800"',
)
WHOLE = (
    "", "\0", "[" * 5_000, "{a: " * 20_000, "- " * 5_000, "\ufeff", "---\n---\n", "%YAML 3.0\n---\na: 1",
    "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [{','.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(12)),
    "a: 1\n" * 3_000, "? [a]\n: b", "\t", "a:\n\tb: c", "a" * 200_000, ",".join("ab" * 20_000), "\"\n" * 99, "\r" * 50,
)  # fmt: skip
NAMES = (
    "fatigue", "breach_cost", "horizon_weeks", "start", "levers.US.chips.step", "levers.US.chips", "levers", "name",
    "strategies.US", "calendar.summits.0.date", "truce.expires", "parameters", "record.file", "modules.shocks", "set",
    "set.fatigue", "initiative.US", "lever_bias.US.chips", "lead_weeks", "shocks", "players.0", "terms.summit.weeks",
    "a.b", ".", "levers.US..step", "plays_as.US", "script", "extends", "x" * 2_000, "levers.US.chips.step.x",
)  # fmt: skip


@dataclass
class Input:
    """One input: the words of a command, and the files that it finds."""

    words: list[str]
    files: dict[str, bytes] = field(default_factory=dict)


def make(seed: int, number: int) -> Input:
    """Input `number` of a seed."""
    rng = random.Random(f"{seed}/{number}")
    draw = rng.random()
    if draw < 0.12:
        return _of_options(rng)
    if draw < 0.2:
        return _of_usage(rng)
    kind = rng.choice(list(FILES))
    name, text, commands = FILES[kind]
    files = {other: content.encode() for other, content in BESIDE.get(kind, {}).items()}
    files[name] = _mutated(rng, name, text())
    return Input(list(commands[0] if rng.random() < 0.7 else rng.choice(commands)), files)


def _of_options(rng: random.Random) -> Input:
    """Values for --set, with names of all kinds."""
    pairs = [
        f"{rng.choice(NAMES)}={rng.choice(NASTY + WHOLE[:6])}" for _ in range(rng.choice((1, 1, 2)))
    ]
    words = [
        "run",
        rng.choice(("busan_2025", "baseline_2025")),
        "--replicates",
        "2",
        "--out",
        "out",
    ]
    for pair in pairs:
        words += ["--set", pair]
    return Input(words)


def _of_usage(rng: random.Random) -> Input:
    """Options and names of other commands."""
    value = rng.choice(NASTY)
    words = rng.choice(
        [
            ["whatif", "baseline_2025", "--from", value, "--replicates", "2"],
            ["whatif", "baseline_2025", "--from", "2025-10-06", "--move", f"{value}:US:HOLD"],
            ["whatif", "baseline_2025", "--from", "2025-10-06", "--skip", value],
            [
                "whatif",
                "no_busan",
                "--strategy",
                f"US={value}",
                "--replicates",
                "2",
                "--out",
                "out",
            ],
            ["run", value, "--replicates", "2", "--out", "out"],
            ["run", "busan_2025", "--seed", value, "--out", "out"],
            ["replay", "baseline_2025", "--record", value],
            ["sweep", value, "--dry-run"],
            ["slice", value],
            ["plot", value],
            ["report", value],
            ["survival", value, value],
            ["sensitivity", value, "--out", "out"],
            ["check", value],
            ["play", value],
            ["equilibrium", "baseline_2025", "--at", value],
            ["forecast", "busan_2025", "--known", value, "--out", "out"],
        ]
    )
    return Input(words)


def _mutated(rng: random.Random, name: str, text: str) -> bytes:
    """A text with one to three changes: of a value, a line, a piece, or of its bytes."""
    if rng.random() < 0.04:
        return rng.choice(WHOLE).encode("utf-8", "surrogatepass")
    if name.endswith((".yaml", ".json")) and rng.random() < 0.6:
        return _placed(rng, name, text).encode("utf-8", "surrogatepass")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice((_value, _value, _value, _value, _line, _line, _piece, _cell))
        text = change(rng, text)
    content = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.08:
        place = rng.randrange(len(content) + 1)
        noise = bytes(rng.randrange(256) for _ in range(rng.choice((1, 1, 4, 40))))
        content = content[:place] + noise + content[place + rng.choice((0, 1, len(noise))) :]
    return content[: rng.randrange(len(content) + 1)] if rng.random() < 0.03 else content


def _placed(rng: random.Random, name: str, text: str) -> str:
    """A good file but for one to three values, names or entries; all else stays as it is."""
    is_json = name.endswith(".json")
    data = json.loads(text) if is_json else _parsed(text)
    data = json.loads(json.dumps(data, default=str)) if is_json else copy.deepcopy(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(rng, data)
    if is_json:
        return json.dumps(data).replace(
            f'"{MARK}"', rng.choice((*JSON, json.dumps(rng.choice(TEXTS))))
        )
    dumped: str = yaml.safe_dump(data, sort_keys=False, width=10**6)
    while MARK in dumped:
        dumped = dumped.replace(MARK, rng.choice(NASTY), 1)
    return dumped


@lru_cache
def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


def _change(rng: random.Random, data: Any) -> None:
    """Put the mark, or a copy of another entry, somewhere in a structure; or take an entry out."""
    places: list[tuple[Any, Any]] = []
    waiting = [data]
    while waiting:
        one = waiting.pop()
        keys = (
            list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        )
        for key in keys:
            places.append((one, key))
            waiting.append(one[key])
    if not places:
        return
    inside, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind == 0:
        del inside[key]
    elif kind == 1:
        inside[key] = copy.deepcopy(rng.choice(places)[0])
    elif kind == 2 and isinstance(inside, dict):
        inside[rng.choice((MARK, f"{key}x", "", "a.b"))] = inside.pop(key)
    elif kind == 3 and isinstance(inside, list):
        inside += [copy.deepcopy(inside[key])] * rng.choice((1, 10, 300))
    elif kind == 4:
        inside[key] = rng.choice(
            ([], {}, [MARK], {"a": MARK}, [[MARK]], None, [1, 2, 3], {"from": MARK, "to": 1})
        )
    else:
        inside[key] = MARK


def _lines(rng: random.Random, text: str, pattern: str) -> tuple[list[str], int]:
    """Lines of a text, and the number of one of those that hold a sign."""
    lines = text.split("\n")
    chosen = [number for number, line in enumerate(lines) if pattern in line] or [0]
    return lines, rng.choice(chosen)


def _value(rng: random.Random, text: str) -> str:
    """Another value behind a colon."""
    lines, number = _lines(rng, text, ":")
    places = [n for n, sign in enumerate(lines[number]) if sign == ":"] or [0]
    head = lines[number][: rng.choice(places) + 1]
    lines[number] = f"{head} {rng.choice(NASTY)}" + rng.choice(("", "", "}", ","))
    return "\n".join(lines)


def _cell(rng: random.Random, text: str) -> str:
    """Another cell between commas."""
    lines, number = _lines(rng, text, ",")
    cells = lines[number].split(",")
    cells[rng.randrange(len(cells))] = rng.choice(NASTY)
    lines[number] = ",".join(cells)
    return "\n".join(lines)


def _line(rng: random.Random, text: str) -> str:
    """A line gone, twice, elsewhere, with another indent, or with a name misspelt."""
    lines = text.split("\n")
    number = rng.randrange(len(lines))
    kind = rng.randrange(5)
    if kind == 0:
        del lines[number]
    elif kind == 1:
        lines.insert(rng.randrange(len(lines) + 1), lines[number])
    elif kind == 2:
        lines[number] = " " * rng.randrange(6) + lines[number].lstrip()
    elif kind == 3 and len(lines[number]) > 1:
        place = rng.randrange(len(lines[number]) - 1)
        lines[number] = lines[number][:place] + lines[number][place + 1 :]
    else:
        lines.insert(number, rng.choice(NASTY))
    return "\n".join(lines)


def _piece(rng: random.Random, text: str) -> str:
    """A piece left out, twice, or often."""
    first, last = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    last = min(last, first + rng.choice((1, 10, 100, 1000)))
    return text[:first] + text[first:last] * rng.choice((0, 2, 30)) + text[last:]


# ---------------------------------------------------------------------------
# What must hold


class Hung(BaseException):
    """The input has not come to an end."""


@contextlib.contextmanager
def _given_up() -> Iterator[None]:
    """Raise `Hung` after `HUNG` seconds of work, however busy the machine is, or `STUCK` of waiting."""

    def stop(number: int, frame: Any) -> None:
        raise Hung

    if not hasattr(signal, "setitimer"):
        yield
        return
    timers = {signal.ITIMER_PROF: signal.SIGPROF, signal.ITIMER_REAL: signal.SIGALRM}
    before = {name: signal.signal(name, stop) for name in timers.values()}
    signal.setitimer(signal.ITIMER_PROF, HUNG)
    signal.setitimer(signal.ITIMER_REAL, STUCK)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for name, handler in before.items():
            signal.signal(name, handler)


def _contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def run(words: list[str]) -> tuple[int | None, str, str]:
    """Status (None for a trace) and standard error of a command, and the trace."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            return main(words), said.getvalue(), ""
        except SystemExit as leaving:
            return int(leaving.code or 0), said.getvalue(), ""
        except Hung:
            return None, said.getvalue(), f"no end within {HUNG} s of work or {STUCK} s"
        except BaseException:
            return None, said.getvalue(), traceback.format_exc()


def problem_of(one: Input, seconds: float | None = None) -> str:
    """What is wrong with how an input was taken; empty if nothing is.

    Parameters
    ----------
    seconds : float, optional
        Processor time that it may take.
    """
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        for file, content in one.files.items():
            (folder / file).write_bytes(content)
        before = _contents(folder)
        os.chdir(folder)
        began = time.process_time()
        try:
            with _given_up():
                status, said, trace = run(one.words)
        finally:
            os.chdir(home)
        used = time.process_time() - began
        left = _contents(folder) - before
    if status is None:
        return trace
    if status not in (0, 1, 2) or (status == 1 and one.words[0] != "sweep"):
        return f"status {status}: {said[-500:]}"
    if status == 2:
        if said.startswith("usage: "):  # argparse says how, and then what is wrong
            said = "error: " + said.partition("error: ")[2]
        lines = said.splitlines()
        most = MOST_FAULTS if one.words[0] == "check" else 1  # which says all that is wrong
        if not 1 <= len(lines) <= most or any(not line.startswith("error: ") for line in lines):
            return f"not one line: {said[:500]!r}"
        if max(map(len, lines)) > LONGEST or "Traceback" in said:
            return f"a line of {max(map(len, lines))} letters: {said[:300]!r}"
    if status == 2 and left:
        return f"left behind: {sorted(left)[:5]}"
    if seconds is not None and used > seconds:
        return f"took {used:.1f} s of processor time"
    return ""


def problem_of_address(seed: int, number: int) -> str:
    """The same for addresses of the page, which are read in this process as the page does."""
    from urllib.parse import quote

    from negotiation_abm.dashboard import browser, game_address, mesa_model, permalink, question
    from negotiation_abm.play.schema import parse_game

    rng = random.Random(f"address {seed}/{number}")
    names = (
        "week", "event", "scenario", "from", "set", "skip", "moves", "side", "seed", "opponent", "start", "weeks",
        "folder", "outcome", "at", "point", "figure", "across", "up", "measure", "group", "step", "run", "player", "x",
    )  # fmt: skip
    parts = []
    for _ in range(rng.randrange(1, 5)):
        value = rng.choice((*NASTY, "fatigue=1", "fatigue=1e999", "US.chips", "..", "/", "a=b;c"))
        value = value.encode("utf-8", "replace").decode()
        parts.append(f"{rng.choice(names)}={quote(value) if rng.random() < 0.8 else value}")
    query = "&".join(parts)
    readers: list[Callable[[], Any]] = [
        lambda: question.read(query),
        lambda: game_address.opened(permalink.read(query, game_address.fields())),
        lambda: browser.read(query, Path("nowhere")),
        lambda: mesa_model.model_of(permalink.read(query, mesa_model.fields())),
        lambda: parse_game(
            _mutated(rng, "", json.dumps(GAME)).decode("utf-8", "replace"), "g", True
        ),
    ]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rng.choice(readers)()
    except InputError as error:
        text = str(error)
        return "" if "\n" not in text and len(text) <= LONGEST else f"not one line: {text[:300]}"
    except Exception:
        return f"{query}\n{traceback.format_exc()}"
    return ""


def check(seed: int, number: int, seconds: float | None = None) -> str:
    """What is wrong with input `number` of a seed; every tenth is an address of the page."""
    if number % 10 == 9:
        return problem_of_address(seed, number)
    return problem_of(make(seed, number), seconds)


def command_line() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="show this input and what becomes of it")
    options = parser.parse_args()
    if options.only is not None:
        one = make(options.seed, options.only)
        print(one.words, {name: text[:2_000] for name, text in one.files.items()})
        print(check(options.seed, options.only, SECONDS) or "nothing wrong")
        return 0
    for words in WARM:  # compiles the rules, which is not to be counted
        problem_of(Input(list(words)))
    for file in ("scenario", "small scenario"):
        name, text, (_, run_it) = FILES[file]
        problem_of(Input(run_it, {name: text().encode()}))
    began, failed = time.monotonic(), 0
    numbers = range(options.first, options.first + options.count)
    for done, number in enumerate(numbers, start=1):
        problem = check(options.seed, number, SECONDS)
        if problem:
            failed += 1
            print(f"--seed {options.seed} --only {number}: {problem}\n", flush=True)
        if done % 500 == 0:
            print(f"{done} inputs, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{options.count} inputs, {failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(command_line())
