"""How long each command of the README takes, as a user feels it: `make waits`.

Takes the commands from README.md, in their order, and `FURTHER` ones that people wait for, and runs
each in a process of its own: some times warm, and the first one of each name once cold (nothing
compiled, no font list). What of a
command is start-up (imports), compiling, playing, drawing and the rest is sampled every few
milliseconds in the process itself. Writes experiments/bench/waits.csv and the table of
docs/performance.md between its two markers, with the ratio of processor seconds to what the CSV
held before.

Arguments choose commands by how they begin (`waits.py run "plot results/phase"`); the others keep
their row. WAITS_REPEATS is how often a command runs warm (default 3), WAITS_TABLE another CSV, and
then the page is left as it is. WAITS_BEFORE is the folder of another version of this project: each
command then runs in both, in turns, and the table compares with that instead of the CSV.
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
BEFORE = Path(os.environ["WAITS_BEFORE"]).resolve() if "WAITS_BEFORE" in os.environ else None
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


def is_chosen(line):
    return not sys.argv[1:] or any(line.startswith(start) for start in sys.argv[1:])


def measure(root, words, home, caches):
    """One run of a command of the version in `root`, in the folder `home`.

    Wall and processor seconds, peak MiB of the largest process, and seconds of each part.
    """
    sample = home / "parts.txt"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(home), str(root / "src")]),
        "NEGOTIATION_ABM_CACHE": str(caches),
        "MPLCONFIGDIR": str(caches),
        "PYTHONDONTWRITEBYTECODE": "",
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


class Version:
    """One version of the project, with a folder to work in and caches of its own."""

    def __init__(self, root, home):
        self.root, self.home = root, home
        home.mkdir()
        (home / "sitecustomize.py").write_text(SAMPLER)
        (home / "configs").symlink_to(root / "configs")

    def run(self, words, is_cold=False):
        """One run; a sweep goes on where it was, so what it wrote before is removed."""
        if words[0] == "sweep":
            shutil.rmtree(self.home / words[words.index("--out") + 1], ignore_errors=True)
        if not is_cold:
            return measure(self.root, words, self.home, self.home / "warm")
        with tempfile.TemporaryDirectory() as empty:
            return measure(self.root, words, self.home, Path(empty))


def waits(line, versions, is_cold):
    """The row of one command: medians of warm runs, and of a cold one if it is wanted.

    The columns of the second version, if there are two, begin with "before_".
    """
    words = shlex.split(line)
    row = {"command": line}
    names = ["", "before_"][: len(versions)]
    if is_cold:
        for name, version in zip(names, versions, strict=True):
            cold = version.run(words, is_cold=True)
            row |= {f"{name}cold_{what}": cold[what] for what in ("wall", "cpu", "compile")}
    if words[0] not in LONG:
        for version in versions:
            version.run(words)
    taken = [
        [version.run(words) for version in versions]
        for _ in range(1 if words[0] in LONG else REPEATS)
    ]
    for name, runs in zip(names, zip(*taken, strict=True), strict=True):
        row |= {f"{name}{what}": statistics.median(run[what] for run in runs) for what in runs[0]}
    return row


def main():
    before = {row["command"]: row for row in csv.DictReader(TABLE.open())} if TABLE.exists() else {}
    rows, seen = [], set(LONG)
    with tempfile.TemporaryDirectory() as name:
        versions = [Version(ROOT, Path(name) / "now")]
        versions += [Version(BEFORE, Path(name) / "before")] if BEFORE else []
        for line in commands():
            first = line.split()[0]
            if is_chosen(line):
                rows.append(waits(line, versions, first not in seen))
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


TIMES = ["wall", "cpu", "cold_wall", "cold_cpu"]
COLUMNS = [
    "command", "wall", "cpu", "peak_mib", *PARTS, "cold_wall", "cold_cpu", "cold_compile",
    *(f"before_{name}" for name in TIMES),
]  # fmt: skip


def rounded(value):
    return value if isinstance(value, str) else f"{value:.4g}"


def seconds(row, name):
    """Seconds of a row, and those of the other version before them if it was measured too."""
    now, then = row.get(name), row.get(f"before_{name}")
    texts = [f"{float(value):.1f}" for value in (then, now) if value]
    return " → ".join(texts)


def page_table(rows, before):
    """Markdown: warm and cold seconds, shares of the warm wall time, ratio to what was before."""
    heads = ("command", "warm, s", "CPU, s", "to before", *(f"{part}, %" for part in PARTS))
    heads += ("rest, %", "peak, MiB", "cold, s", "cold CPU, s")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        shares = [100 * float(row[part]) / float(row["wall"]) for part in PARTS]
        old = row.get("before_cpu") or before.get(row["command"], {}).get("cpu")
        ratio = f"{float(row['cpu']) / float(old):.2f}" if old else ""
        cells = [f"`{row['command']}`", seconds(row, "wall"), seconds(row, "cpu"), ratio]
        cells += [f"{share:.0f}" for share in [*shares, max(0.0, 100 - sum(shares))]]
        cells += [f"{float(row['peak_mib']):.0f}", seconds(row, "cold_wall")]
        lines.append("| " + " | ".join([*cells, seconds(row, "cold_cpu")]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
