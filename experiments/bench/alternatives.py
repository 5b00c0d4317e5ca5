"""One toy game, written for what a user would pick instead, and a million short runs of it.

The toy in full. Two sides have a tariff each, from 0 to 1, at first 0, and an anger, at first 0. A
run is 100 turns; in a turn side 0 acts, then side 1. With one uniform u a side escalates if

    u < 1 / (1 + exp(2.5 - anger)),                 its tariff rises by 0.1, to 1 at most,
                                                  and the other's anger by 1;

concedes if

    u > 1 - 1 / (1 + exp(2 - 2 * other's tariff)),    its tariff falls by 0.1, to 0 at least;

and holds else. At the end of a turn both angers are multiplied by 0.7. The outcome is the number of
turns at whose end both tariffs are at most 0.3.

Each way plays as many runs as take it about a second, `SHARE` of a million. What is compared is
processor seconds, over all threads and processes, as they depend least on what else the machine
does: scaled to a million, medians of three, in turns, after one call that compiles. With JAX (not
among the project's libraries) it is one way more: ALTERNATIVES_JAX names a Python that has it.
Prints a table in Markdown with versions; all means agree within their errors, or the script fails.

Run: python experiments/bench/alternatives.py
"""

import json
import math
import os
import platform
import random
import resource
import statistics
import subprocess
import sys

TURNS = 100
RUNS = 1_000_000
REPEATS = 3
SHARE = {"python": 0.002, "mesa": 0.0002, "numpy": 0.05, "jax": 0.05, "numba": 0.1, "engine": 0.1}
NAMES = {
    "python": "plain Python",
    "mesa": "Mesa `batch_run`",
    "numpy": "NumPy, arrays over runs",
    "jax": "JAX on the CPU, `vmap` over runs, `scan` over turns",
    "numba": "Numba, a loop over runs, `numpy.random`",
    "engine": "this project's way: such a loop, rules as functions, draws by counter, threads",
}


def step_of(u, other, anger):
    """What a side does: +1 escalates, -1 concedes, 0 holds. Also a rule of the compiled loops."""
    if u < 1.0 / (1.0 + math.exp(2.5 - anger)):
        return 1
    if u > 1.0 - 1.0 / (1.0 + math.exp(2.0 - 2.0 * other)):
        return -1
    return 0


def play_python(runs):
    random.seed(1)
    return [run_python() for _ in range(runs)]


def run_python():
    level, anger, calm = [0.0, 0.0], [0.0, 0.0], 0
    for _ in range(TURNS):
        for side in (0, 1):
            step = step_of(random.random(), level[1 - side], anger[side])
            level[side] = min(1.0, max(0.0, level[side] + 0.1 * step))
            if step == 1:
                anger[1 - side] += 1.0
        anger = [0.7 * value for value in anger]
        calm += max(level) <= 0.3 + 1e-9
    return calm


def play_mesa(runs):
    import warnings

    import mesa
    from toy_mesa import Toy

    warnings.simplefilter("ignore")
    rows = mesa.batch_run(
        Toy,
        {"seed": range(1, runs + 1)},
        number_processes=os.cpu_count(),
        max_steps=TURNS,
        data_collection_period=-1,
        display_progress=False,
    )
    return [row["calm"] for row in rows]


def play_numpy(runs):
    import numpy as np

    draws = np.random.default_rng(1)
    level, anger = np.zeros((2, runs)), np.zeros((2, runs))
    calm = np.zeros(runs, dtype=int)
    for _ in range(TURNS):
        for side in (0, 1):
            u = draws.random(runs)
            up = u < 1.0 / (1.0 + np.exp(2.5 - anger[side]))
            down = ~up & (u > 1.0 - 1.0 / (1.0 + np.exp(2.0 - 2.0 * level[1 - side])))
            level[side] = np.clip(level[side] + 0.1 * up - 0.1 * down, 0.0, 1.0)
            anger[1 - side] += up
        anger *= 0.7
        calm += level.max(axis=0) <= 0.3 + 1e-9
    return calm


def make_jax():
    import jax
    import jax.numpy as jnp

    def turn(state, key):
        level, anger, calm = state
        u = jax.random.uniform(key, (2,))
        for side in (0, 1):
            up = u[side] < jax.nn.sigmoid(anger[side] - 2.5)
            down = ~up & (u[side] > 1.0 - jax.nn.sigmoid(2.0 * level[1 - side] - 2.0))
            moved = jnp.clip(level[side] + 0.1 * up - 0.1 * down, 0.0, 1.0)
            level = level.at[side].set(moved)
            anger = anger.at[1 - side].add(up)
        return (level, 0.7 * anger, calm + (level.max() <= 0.3 + 1e-4)), None

    def run(key):
        start = (jnp.zeros(2), jnp.zeros(2), 0)
        return jax.lax.scan(turn, start, jax.random.split(key, TURNS))[0][2]

    many = jax.jit(jax.vmap(run))
    return lambda runs: many(jax.random.split(jax.random.key(1), runs)).block_until_ready()


def make_numba():
    import numba
    import numpy as np

    step = numba.njit(step_of)

    @numba.njit
    def play(runs):
        np.random.seed(1)  # noqa: NPY002
        found = np.zeros(runs, dtype=np.int64)
        for number in range(runs):
            level, anger = np.zeros(2), np.zeros(2)
            for _ in range(TURNS):
                for side in range(2):
                    u = np.random.random()  # noqa: NPY002
                    move = step(u, level[1 - side], anger[side])
                    level[side] = min(1.0, max(0.0, level[side] + 0.1 * move))
                    if move == 1:
                        anger[1 - side] += 1.0
                anger *= 0.7
                found[number] += max(level[0], level[1]) <= 0.3 + 1e-9
        return found

    return play


def make_engine():
    """Rules that are plain functions of a record, draws by counter, chunks over threads."""
    import numba
    import numpy as np
    from numba.extending import register_jitable

    from negotiation_abm.core.draws import uniforms
    from negotiation_abm.run.batch import in_chunks
    from negotiation_abm.run.compiler import register_rules

    register_rules()
    rule_of_step = register_jitable(step_of)
    record = np.dtype([("level", "f8", 2), ("anger", "f8", 2), ("calm", "i8")], align=True)

    @register_jitable
    def play_turn(state, seed, replicate, turn):
        draws = uniforms(seed, replicate, turn, 0)
        for side in range(2):
            move = rule_of_step(draws[side], state.level[1 - side], state.anger[side])
            state.level[side] = min(1.0, max(0.0, state.level[side] + 0.1 * move))
            if move == 1:
                state.anger[1 - side] += 1.0
        state.anger[0] *= 0.7
        state.anger[1] *= 0.7
        state.calm += max(state.level[0], state.level[1]) <= 0.3 + 1e-9

    @numba.njit(nogil=True)
    def loop(first, states, seed):
        for number in range(len(states)):
            for turn in range(TURNS):
                play_turn(states[number], seed, first + number, turn)

    def chunk(first, size):
        states = np.zeros(size, record)
        loop(first, states, np.uint64(1))
        return states["calm"]

    return lambda runs: np.concatenate(list(in_chunks(chunk, runs, None, 2_000)))


MAKERS = {
    "python": lambda: play_python,
    "mesa": lambda: play_mesa,
    "numpy": lambda: play_numpy,
    "jax": make_jax,
    "numba": make_numba,
    "engine": make_engine,
}


def processor_seconds():
    """Of this process and those that it has started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(names):
    """Seconds of a million runs (a list each), and mean outcome with its error, in turns."""
    plays, found = {name: MAKERS[name]() for name in names}, {}
    for name, play in plays.items():
        begun = processor_seconds()
        runs = int(RUNS * SHARE[name])
        play(runs if name == "jax" else max(2, runs // 100))  # compiles for each number of runs
        found[name] = {"first": processor_seconds() - begun, "seconds": []}
    for _ in range(REPEATS):
        for name, play in plays.items():
            runs = int(RUNS * SHARE[name])
            begun = processor_seconds()
            outcomes = play(runs)
            taken = processor_seconds() - begun
            outcomes = [int(value) for value in outcomes]
            found[name]["seconds"].append(taken / SHARE[name])
            found[name]["mean"] = statistics.fmean(outcomes)
            found[name]["error"] = statistics.stdev(outcomes) / math.sqrt(runs)
    return found


def version_of(name):
    import importlib.metadata

    package = {"engine": "negotiation-abm", "python": ""}.get(name, name)
    return (
        f"{package} {importlib.metadata.version(package)}"
        if package
        else (f"Python {platform.python_version()}")
    )


def main():
    if sys.argv[1:]:  # the part that another Python measures
        found = measure(sys.argv[1:])
        versions = {name: version_of(name) for name in found}
        print(json.dumps({"found": found, "versions": versions}))
        return
    parts = [([n for n in SHARE if n != "jax"], sys.executable)]
    if os.environ.get("ALTERNATIVES_JAX"):
        parts.append((["jax"], os.environ["ALTERNATIVES_JAX"]))
    found, versions = {}, {}
    for names, python in parts:
        done = subprocess.run([python, __file__, *names], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        part = json.loads(done.stdout)
        found |= part["found"]
        versions |= part["versions"]
    middle = {name: statistics.median(entry["seconds"]) for name, entry in found.items()}
    centre = found["engine"]
    print("| a million runs of the toy | processor seconds | times | turns in calm |")
    print("|---|---|---|---|")
    for name in sorted(middle, key=lambda one: -middle[one]):
        entry = found[name]
        error = math.hypot(entry["error"], centre["error"])
        assert abs(entry["mean"] - centre["mean"]) < 4.0 * error, (name, entry)
        print(
            f"| {NAMES[name]} ({versions[name]}) | {middle[name]:,.1f} | "
            f"{middle[name] / middle['engine']:,.1f} | {entry['mean']:.2f} ± {entry['error']:.2f} |"
        )


if __name__ == "__main__":
    main()
