"""Speed and memory of the compiled run, beside Mesa's own batch_run, measured in one go.

Writes results/bench.json and prints ratios; medians of five. Absolute figures depend on the
machine and on what else it does: quote the ratios.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import mesa

from negotiation_abm import build_game, load_scenario, run_replicates, simulate
from negotiation_abm.batch import available_threads
from negotiation_abm.model import NegotiationModel
from negotiation_abm.provenance import environment

WEEKS = 52
REPEATS = 5
CHANGES = {
    "horizon_weeks": WEEKS,
    "calendar.summits": [{"date": "2025-10-30", "announced": "2025-09-19"}],
}


def median_seconds(action):
    """Median wall time of REPEATS calls."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def compiled(game, threads, replicates):
    return sum(len(block.runs) for block in simulate(game, replicates, 1, threads))


def mesa_batch(path, processes, replicates):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mesa.batch_run(
            NegotiationModel,
            {"scenario": str(path), "seed": 1, "replicate": range(replicates)},
            number_processes=processes,
            max_steps=WEEKS,
            display_progress=False,
        )


def peak_memory_mib(replicates):
    """Peak resident memory of a `run` of its own, in MiB."""
    script = (
        "import resource, sys\n"
        "from negotiation_abm.cli import main\n"
        "main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)\n"
    )
    with tempfile.TemporaryDirectory() as out:
        arguments = ["run", "baseline_2025", "--replicates", str(replicates), "--out", out]
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
        )
        seconds = time.perf_counter() - begun
    return float(done.stderr.split()[-1]), seconds


def main():
    scenario = load_scenario("baseline_2025", CHANGES)
    game = build_game(scenario)
    run_replicates(game, 1, 0, 10)  # compile
    cores = available_threads()
    rates = {}
    for threads in sorted({1, cores}):
        count = 20_000 * threads
        rates[threads] = count / median_seconds(lambda t=threads, n=count: compiled(game, t, n))
    decisions = run_replicates(game, 1, 0, 2_000).runs["num_moves"].sum() / 2_000
    mesa_rates = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.yaml"
        path.write_text(
            "extends: baseline_2025\n"
            f"horizon_weeks: {WEEKS}\n"
            "calendar: {summits: [{date: 2025-10-30, announced: 2025-09-19}]}\n"
        )
        for processes in sorted({1, cores}):
            count = 20 * processes
            mesa_rates[processes] = count / median_seconds(
                lambda p=processes, n=count: mesa_batch(path, p, n)
            )
    memory = {n: peak_memory_mib(n) for n in (10_000, 100_000)}
    result = {
        "scenario": f"baseline_2025, {WEEKS} weeks, foresight 0",
        "cores": cores,
        "compiled_runs_per_second": rates,
        "nanoseconds_per_decision_one_core": 1e9 / rates[1] / decisions,
        "mesa_batch_run_runs_per_second": mesa_rates,
        "ratio_compiled_to_mesa_all_cores": rates[cores] / max(mesa_rates.values()),
        "ratio_all_cores_to_one": rates[cores] / rates[1],
        "run_command_peak_memory_mib": {n: round(m, 1) for n, (m, _) in memory.items()},
        "run_command_seconds": {n: round(s, 2) for n, (_, s) in memory.items()},
        "bench_peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "environment": environment(),
    }
    out = Path(os.environ.get("BENCH_OUT", "results/bench.json"))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    for name, value in result.items():
        if name != "environment":
            print(f"{name}: {value}")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
