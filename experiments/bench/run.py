"""Speed and memory of the compiled run and of sweeps, beside others, measured in one go.

Writes results/bench.json, results/bench.png and prints ratios; medians of five. Absolute figures
depend on the machine and on what else it does: quote the ratios. BENCH_LARGEST is the largest
sweep (10,000,000 runs, minutes); BENCH_OUT the file.
"""

import json
import math
import os
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import growth
import mesa
from hybrid import HybridModel

from negotiation_abm import build_game, load_scenario, run_replicates, simulate
from negotiation_abm.files.provenance import environment
from negotiation_abm.run.batch import available_threads
from negotiation_abm.run.compiler import compiler
from negotiation_abm.run.model import NegotiationModel
from negotiation_abm.strategies import strategies
from negotiation_abm.sweep import executors
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.spec import spec_of

WEEKS = growth.WEEKS
REPEATS = 5
RUNS = 20_000
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


def seconds_of(action):
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def compare(**actions):
    """Median wall time of each action, in turns, so that a slow minute hits all alike."""
    times = {name: [] for name in actions}
    for _ in range(REPEATS):
        for name, action in actions.items():
            times[name].append(seconds_of(action))
    return {name: statistics.median(taken) for name, taken in times.items()}


def compiled(game, threads, replicates):
    return sum(len(block.runs) for block in simulate(game, replicates, 1, threads))


def make_floor():
    """Draws the uniforms of a run and computes five exponentials a decision, nothing else."""
    numba = compiler()
    from negotiation_abm.core.draws import uniforms

    @numba.njit(nogil=True)
    def floor(turns, decisions):
        total = 0.0
        for turn in range(turns):
            total += uniforms(1, turn // 64, turn % 64, 0)[0]
        for number in range(decisions):
            u, u1, u2, u3 = uniforms(1, number // 64, number % 64, 2)
            total += math.exp(u) + math.exp(u1) + math.exp(u2) + math.exp(u3) + math.exp(u * u1)
        return total

    floor(1, 1)
    return floor


def mesa_batch(model, path, processes, replicates):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mesa.batch_run(
            model,
            {"scenario": str(path), "seed": 1, "replicate": range(replicates)},
            number_processes=processes,
            max_steps=WEEKS,
            display_progress=False,
        )


def speed(path):
    """Compiled run, floor, Mesa and the hybrid, in turns."""
    cores = available_threads()
    game = build_game(load_scenario(path))
    runs = run_replicates(game, 1, 0, 2_000).runs
    decisions = int(runs["num_moves"].sum()) * RUNS // 2_000
    floor = make_floor()
    counts = {"mesa": 60 * cores, "hybrid": 1_000 * cores}
    HybridModel(str(path), 1, 0).step()  # compile
    taken = compare(
        one_core=lambda: compiled(game, 1, RUNS),
        all_cores=lambda: compiled(game, cores, RUNS * cores),
        floor=lambda: floor(RUNS * WEEKS, decisions),
        mesa=lambda: mesa_batch(NegotiationModel, path, cores, counts["mesa"]),
        hybrid=lambda: mesa_batch(HybridModel, path, cores, counts["hybrid"]),
    )
    rates = {
        "one_core": RUNS / taken["one_core"],
        "all_cores": RUNS * cores / taken["all_cores"],
        "floor": RUNS / taken["floor"],
        "mesa_batch_run": counts["mesa"] / taken["mesa"],
        "mesa_compiled_rules": counts["hybrid"] / taken["hybrid"],
    }
    result = {
        "runs_per_second": rates,
        "nanoseconds_per_decision": 1e9 * taken["one_core"] / decisions,
        "floor_nanoseconds_per_decision": 1e9 * taken["floor"] / decisions,
        "all_cores_to_one": rates["all_cores"] / rates["one_core"],
        "all_cores_to_mesa_batch_run": rates["all_cores"] / rates["mesa_batch_run"],
        "all_cores_to_mesa_compiled_rules": rates["all_cores"] / rates["mesa_compiled_rules"],
        "one_core_to_floor": taken["one_core"] / taken["floor"],
    }
    for name in [name for name in strategies() if name.startswith("foresight")]:
        ahead = build_game(load_scenario(path, {"strategies": dict.fromkeys(game.players, name)}))
        run_replicates(ahead, 1, 0, 10)
        seconds = compare(ahead=lambda g=ahead: compiled(g, 1, RUNS // 20))["ahead"]
        result["runs_per_second"][f"one_core_{name}"] = RUNS / 20 / seconds
    return result


def growth_of(folder, path):
    """Time and peak memory of sweeps of growing size, each in a process of its own."""
    largest = int(os.environ.get("BENCH_LARGEST", SIZES[-1]))
    return {size: growth.measure(folder, path, size) for size in SIZES if size <= largest}


def executor_times(folder, path):
    """The same sweep with threads, processes and Dask; workers started and warm before."""
    cores = available_threads()
    spec = spec_of(folder / "x.yaml", growth.sweep_data(path, 100, 500 * cores))
    small = spec_of(folder / "x.yaml", growth.sweep_data(path, 2 * cores, 10))
    times, hashes = {}, set()
    for name, make in (
        ("threads", executors.threads),
        ("processes", executors.processes),
        ("dask", lambda n: executors.dask(workers=n)),
    ):
        with make(cores) as team:
            run_sweep(small, folder / f"warm-{name}", team, 10)
            out = folder / f"executor-{name}"
            times[name] = seconds_of(lambda t=team, o=out: run_sweep(spec, o, t))
            hashes.add(run_sweep(spec, out, team).content)
    assert len(hashes) == 1
    return {"runs": 100 * 500 * cores, "seconds": times}


def main():
    cores = available_threads()
    result = {"scenario": f"baseline_2025, {WEEKS} weeks", "cores": cores}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = growth.write_scenario(folder)
        result["speed"] = speed(path)
        print(json.dumps(result["speed"], indent=2), flush=True)
        result["executors"] = executor_times(folder, path)
        print(json.dumps(result["executors"], indent=2), flush=True)
        result["growth"] = growth_of(folder, path)
    result["environment"] = environment()
    out = Path(os.environ.get("BENCH_OUT", "results/bench.json"))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    draw(result, out.with_suffix(".png"))
    print(f"written to {out}")


def draw(result, path):
    import matplotlib.pyplot as plt

    from negotiation_abm.plotting import style

    names = {
        "floor": "floor: draws and five exponentials a decision",
        "all_cores": "compiled run, all cores",
        "one_core": "compiled run, one core",
        "mesa_compiled_rules": "Mesa batch_run, compiled rules",
        "mesa_batch_run": "Mesa batch_run",
    }
    rates = result["speed"]["runs_per_second"]
    with style.context():
        figure, axes = plt.subplots(1, 2, figsize=(13, 4.2))
        figure.subplots_adjust(left=0.27, right=0.98, top=0.9, bottom=0.2, wspace=0.25)
        values = [rates[name] for name in names]
        axes[0].barh(list(names.values()), values, color=style.BLUE, height=0.6)
        axes[0].set(xscale="log", xlabel="runs a second", title="Speed")
        axes[0].invert_yaxis()
        for row, value in enumerate(values):
            axes[0].text(value * 0.9, row, f"{value:,.0f}", ha="right", va="center", color="white")
        sizes = [int(size) for size in result["growth"]]
        peaks = [entry["peak_mib"] for entry in result["growth"].values()]
        axes[1].plot(sizes, peaks, "o-", color=style.BLACK)
        axes[1].axhline(500, color=style.GREY, lw=0.8, ls=":")
        axes[1].set(xscale="log", ylim=(0, 560), xlabel="runs of a sweep", title="Peak memory, MiB")
        note = f"{result['scenario']}  |  {result['cores']} cores  |  make bench"
        style.small_print(figure, note)
        style.save(figure, path)
        plt.close(figure)


if __name__ == "__main__":
    main()
