"""What docs/sweeps.md says of sweeps, measured: common random numbers, stop rule, dry run.

Writes results/sweep_checks.json and prints it.
"""

import json
import tempfile
import time
from pathlib import Path

from negotiation_abm import load_scenario
from negotiation_abm.sweep import executors
from negotiation_abm.sweep.forecast import forecast
from negotiation_abm.sweep.plan import make_plan
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.spec import load_spec, spec_of
from negotiation_abm.sweep.summary import load_sweep

HERE = Path("checks.yaml")
SCENARIO = "busan_2025"


def common_random_numbers(folder):
    """Variance of the difference of RMST with independent draws over that with the same."""
    scenario = load_scenario(SCENARIO)
    levers = [(player, lever) for player in scenario.players for lever in scenario.levers[player]]
    points = [
        {f"levers.{p}.{a}.weight": round(1.2 * scenario.levers[p][a].weight, 6)} for p, a in levers
    ]
    data = {
        "name": "common_random_numbers",
        "scenario": SCENARIO,
        "design": [{"list": points}],
        "reference": {},
        "replicates": 20_000,
    }
    tables = {}
    for common in (True, False):
        spec = spec_of(HERE, data | {"common_random_numbers": common})
        run_sweep(spec, folder / f"crn-{common}")
        tables[common] = load_sweep(folder / f"crn-{common}", "rmst_weeks", "covered", "running")
    found = {}
    for number, (player, lever) in enumerate(levers):
        same, apart = (tables[common].iloc[number] for common in (True, False))
        found[f"{player}.{lever}"] = {
            "difference_weeks": same["difference"],
            "half_width": (same["difference_high"] - same["difference_low"]) / 2,
            "variance_ratio": (apart["difference_error"] / same["difference_error"]) ** 2,
        }
    return found


def stop_rule(folder):
    """A hundred points until S(365 d) is known to two points of a hundred."""
    rule = {"outcome": "survival_365", "half_width": 0.02, "cap": 2_000}
    axes = {
        "breach_cost": {"from": 0, "to": 4, "steps": 10},
        "levers.CHINA.rare_earths.irreplaceability": {"from": 0.1, "to": 1, "steps": 10},
    }
    data = {"name": "adaptive", "scenario": SCENARIO, "design": [{"grid": axes}]}
    result = run_sweep(spec_of(HERE, data | {"replicates": 200, "stop": rule}), folder / "adaptive")
    table = load_sweep(folder / "adaptive", "survival_365", "covered", "running")
    width = (table["high"] - table["low"]) / 2
    below = table["runs"] < rule["cap"]
    return {
        "points": len(table),
        "below_the_cap": int(below.sum()),
        "below_the_cap_and_met": int((width[below] <= rule["half_width"]).sum()),
        "said_to_be_wider": len(result.unmet),
        "wider": int((width > rule["half_width"]).sum()),
        "runs": result.runs,
        "runs_without_rule": len(table) * rule["cap"],
    }


def dry_run(folder):
    """Time that was forecast, and time that it took."""
    found = {}
    for replicates in (500, 2_000):
        spec = load_spec("rare_earths_breach", None, replicates)
        with executors.threads() as team:
            told = forecast(make_plan(spec), team)
            begun = time.perf_counter()
            run_sweep(spec, folder / f"dry-{replicates}", team)
            taken = time.perf_counter() - begun
        size = sum(p.stat().st_size for p in (folder / f"dry-{replicates}").rglob("*.parquet"))
        found[told.runs[0]] = {
            "seconds_told": told.seconds[0],
            "seconds_taken": taken,
            "megabytes_told": told.disk[0] / 1e6,
            "megabytes_taken": size / 1e6,
        }
    return found


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {
            "dry_run": dry_run(folder),
            "stop_rule": stop_rule(folder),
            "common_random_numbers": common_random_numbers(folder),
        }
    out = Path("results/sweep_checks.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(out.read_text())


if __name__ == "__main__":
    main()
