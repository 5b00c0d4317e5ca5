"""How long each command of the README takes, as a user feels it: `make waits`.

Takes the commands from README.md, in their order, and `FURTHER` ones that people wait for, and runs
each in a process of its own: some times warm, and the first one of each name once cold (nothing
compiled, no font list). What of a
command is start-up (imports), compiling, playing, drawing and the rest is sampled every few
milliseconds in the process itself. Writes experiments/bench/waits.csv and the table of
docs/performance.md between its two markers, with the ratio of processor seconds to what the CSV
held before.

WAITS_REPEATS is how often a command runs warm (default 3), WAITS_ONLY a pattern that a command must
match (the others keep their row), WAITS_TABLE another CSV, and then the page is left as it is.
"""

import ast
import csv
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_suffix(".csv")
TABLE = Path(os.environ.get("WAITS_TABLE", STORED))
PAGE = ROOT / "docs" / "performance.md"
MARKS = ("<!-- waits -->", "<!-- end of waits -->")
REPEATS = int(os.environ.get("WAITS_REPEATS", "3"))
PARTS = ("start", "compile", "play", "draw")  # of the wall time; what is missing is the rest
FURTHER = (
    "report results/as_agreed",
    "whatif no_busan",
    "report results/whatif/no_busan",
    "surprise baseline_2025",
    "survival results/as_agreed results/cheap_breach",
    "episodes",
    "equilibrium baseline_2025 --at 2025-10-06",
    "tournament baseline_2025 --strategies logit,tit_for_tat,grim,dove",
    "sensitivity busan_drivers --out results/drivers",
    "forecast busan_2025 --known 2025-12-31 --out results/forecast",
    "calibrate --pool seven --out results/fit",
    "validate --pool seven --out results/fit",
)
LONG = ("calibrate", "validate", "sensitivity", "mechanisms", "sweep", "tournament")  # warm: once
SKIPPED = re.compile(r"my_|game\.json|dashboard")  # need a file of the reader's, or a browser

# Python runs this first in each process, as its `sitecustomize`. A thread looks at all others: the
# main thread says what is being done, or those it waits for.
SAMPLER = """
import os, sys, threading, time
begun, FILE = float(os.environ["WAITS_BEGUN"]), os.environ["WAITS_FILE"]
parts = {"start": 0.0}
WAITING = ("threading.py", "queue.py", "selectors.py", "thread.py", "subprocess.py")

def part_of(frame):
    if frame.f_code.co_filename.endswith(WAITING):
        return None
    names = []
    while frame is not None:
        names.append(frame.f_code.co_filename)
        frame = frame.f_back
    if any(name.startswith("<frozen importlib") for name in names):
        return "start"
    for part, place in (("compile", "/numba/"), ("play", "run/kernel.py"),
                        ("draw", "/plotting/"), ("draw", "/matplotlib/")):
        if any(place in name for name in names):
            return part
    return "rest"

def watch():
    main, own, last = threading.main_thread().ident, threading.get_ident(), begun
    while True:
        frames = sys._current_frames()
        frames.pop(own, None)
        first = part_of(frames.pop(main)) if main in frames else None
        part = first or next(filter(None, map(part_of, frames.values())), "rest")
        now = time.time()
        parts[part] = parts.get(part, 0.0) + now - last
        last = now
        with open(FILE + ".new", "w") as file:
            file.write(repr(parts))
        os.replace(FILE + ".new", FILE)
        time.sleep(0.01)

if os.environ.pop("WAITS_FIRST", None):  # not in processes that the command starts
    threading.Thread(target=watch, daemon=True).start()
"""


def commands():
    """The commands, without the program's name."""
    text = (ROOT / "README.md").read_text()
    lines = re.findall(r"^\$ negotiation-abm (.*?)(?:\s+#.*)?$", text, re.M)
    unique = dict.fromkeys([*(line.strip() for line in lines), *FURTHER])
    return [line for line in unique if not SKIPPED.search(line)]


def measure(words, home, caches):
    """One run of a command in `home`: wall and processor seconds, peak MiB, seconds of each part.

    Memory is that of the largest process.
    """
    sample = home / "parts.txt"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(home), str(ROOT / "src")]),
        "NEGOTIATION_ABM_CACHE": str(caches),
        "MPLCONFIGDIR": str(caches),
        "WAITS_FILE": str(sample),
        "WAITS_FIRST": "1",
        "WAITS_BEGUN": str(time.time()),
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "negotiation_abm.cli", *words],
        cwd=home,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(f"negotiation-abm {shlex.join(words)}: status {process.returncode}", file=sys.stderr)
    parts = ast.literal_eval(sample.read_text())
    found = {part: parts.get(part, 0.0) for part in PARTS}
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": wall, "cpu": cpu, "peak_mib": usage.ru_maxrss / 1024, **found}


def fresh(words, home):
    """A sweep goes on where it was, so what it wrote is removed."""
    if words[0] == "sweep":
        shutil.rmtree(home / words[words.index("--out") + 1], ignore_errors=True)


def waits(line, home, is_cold):
    """The row of one command: medians of warm runs, and of a cold one if it is wanted."""
    words = shlex.split(line)
    warm_caches = home / "warm"
    row = {"command": line}
    if is_cold:
        fresh(words, home)
        with tempfile.TemporaryDirectory() as empty:
            cold = measure(words, home, Path(empty))
        row |= {"cold_wall": cold["wall"], "cold_cpu": cold["cpu"], "cold_compile": cold["compile"]}
    if words[0] not in LONG:
        fresh(words, home)
        measure(words, home, warm_caches)
    runs = []
    for _ in range(1 if words[0] in LONG else REPEATS):
        fresh(words, home)
        runs.append(measure(words, home, warm_caches))
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return row | middle


def main():
    before = {row["command"]: row for row in csv.DictReader(TABLE.open())} if TABLE.exists() else {}
    only, rows, seen = re.compile(os.environ.get("WAITS_ONLY", "")), [], set(LONG)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "sitecustomize.py").write_text(SAMPLER)
        (home / "configs").symlink_to(ROOT / "configs")
        for line in commands():
            first = line.split()[0]
            if only.search(line):
                rows.append(waits(line, home, first not in seen))
                print(json.dumps(rows[-1]), flush=True)
            elif line in before:
                rows.append(before[line])
            seen.add(first)
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows({k: rounded(v) for k, v in row.items() if k in COLUMNS} for row in rows)
    if TABLE != STORED:
        return
    start, end = MARKS
    text = PAGE.read_text()
    head, tail = text.split(start)[0], text.split(end)[1]
    PAGE.write_text(f"{head}{start}\n{page_table(rows, before)}\n{end}{tail}")


COLUMNS = [
    "command", "wall", "cpu", "peak_mib", *PARTS, "cold_wall", "cold_cpu", "cold_compile",
]  # fmt: skip


def rounded(value):
    return value if isinstance(value, str) else f"{value:.4g}"


def page_table(rows, before):
    """Markdown: warm and cold seconds, shares of the warm wall time, ratio to the last table."""
    heads = ("command", "warm, s", "CPU, s", "to the last", *(f"{part}, %" for part in PARTS))
    heads += ("rest, %", "peak, MiB", "cold, s", "cold CPU, s")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        wall, shares = float(row["wall"]), [float(row[part]) for part in PARTS]
        shares = [100 * share / wall for share in shares]
        old = before.get(row["command"])
        ratio = f"{float(row['cpu']) / float(old['cpu']):.2f}" if old else ""
        cells = [f"`{row['command']}`", f"{wall:.1f}", f"{float(row['cpu']):.1f}", ratio]
        cells += [f"{share:.0f}" for share in [*shares, max(0.0, 100 - sum(shares))]]
        cells.append(f"{float(row['peak_mib']):.0f}")
        cells += [f"{float(row[n]):.1f}" if row.get(n) else "" for n in ("cold_wall", "cold_cpu")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
