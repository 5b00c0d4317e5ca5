"""Time and peak memory of sweeps of growing size, each in a process of its own.

Run as a script it takes the sizes and the number of threads, and writes or renews their rows in
experiments/bench/growth.csv:

    python experiments/bench/growth.py 10000 100000 1000000 10000000 100000000

The games are those of `make bench`, of a year, or of GROWTH_WEEKS weeks and then without a summit.
Processor seconds (`cpu_seconds`) are those of the whole process, with its start, and hardly depend
on what else the machine does; `seconds` does. GROWTH_THREADS is the number of threads (default 1),
GROWTH_TABLE another file for the rows. The rules are compiled before anything is measured.
"""

import csv
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

TABLE = Path(os.environ.get("GROWTH_TABLE", Path(__file__).with_suffix(".csv")))
COLUMNS = ("runs", "weeks", "points", "seconds", "cpu_seconds", "peak_mib", "disk_mb")
WEEKS = int(os.environ.get("GROWTH_WEEKS", "52"))
SUMMITS = [{"date": "2025-10-30", "announced": "2025-09-19"}]
SCENARIO = {
    "extends": "baseline_2025",
    "name": "bench",
    "horizon_weeks": WEEKS,
    "calendar": {"summits": SUMMITS if WEEKS == 52 else []},
}
PEAK = (
    "import re, sys\n"
    "from negotiation_abm.cli import main\n"
    "status = main(sys.argv[1:])\n"
    "text = open('/proc/self/status').read()\n"
    "print(int(re.search(r'VmHWM:\\s*(\\d+)', text)[1]) / 1024, file=sys.stderr)\n"
    "sys.exit(status)\n"
)


def write_scenario(folder):
    """The scenario of these measurements as a file; returns its path."""
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(SCENARIO))
    return path


def sweep_data(path, points, replicates):
    steps = {"from": 0, "to": 4, "steps": points}
    return {
        "name": "bench",
        "scenario": str(path),
        "design": [{"grid": {"breach_cost": steps}}],
        "replicates": replicates,
    }


def children_seconds():
    """Processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(folder, path, size, threads=None):
    """One sweep of `size` runs over at most 1,000 points; its folder is removed again."""
    points = min(1_000, size // 1_000)
    spec = folder / "growth.yaml"
    spec.write_text(yaml.safe_dump(sweep_data(path, points, size // points)))
    out = folder / f"growth-{size}"
    words = ["sweep", str(spec), "--out", str(out), "--json"]
    words += ["--threads", str(threads)] if threads else []
    begun, used = time.perf_counter(), children_seconds()
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True
    )
    found = {
        "weeks": WEEKS,
        "points": points,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": children_seconds() - used,
        "peak_mib": float(re.findall(r"[\d.]+", done.stderr)[-1]),
        "disk_mb": sum(p.stat().st_size for p in out.rglob("*") if p.is_file()) / 1e6,
    }
    shutil.rmtree(out)
    print(size, found, flush=True)
    return found


def main():
    threads = int(os.environ.get("GROWTH_THREADS", "1"))
    kept = list(csv.DictReader(TABLE.open())) if TABLE.exists() else []
    rows = {(int(row["weeks"]), int(row["runs"])): row for row in kept}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_scenario(folder)
        measure(folder, path, 1_000, threads)
        for size in map(int, sys.argv[1:]):
            found = measure(folder, path, size, threads)
            row = {"runs": size, **{key: f"{value:.4g}" for key, value in found.items()}}
            rows[WEEKS, size] = row
            with TABLE.open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows[key] for key in sorted(rows))


if __name__ == "__main__":
    main()
