"""Renew the stored ranks of simulation-based calibration: 500 fits to simulated pools, and again.

    python experiments/calibration/sbc.py [FITS]

About forty minutes of one core. Fixed seeds: two runs give the same tables. What lies outside its
band in one table by chance does not in the other. The pool and its bounded priors stand beside
this file.
"""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.sbc import calibrate_by_simulation
from negotiation_abm.cli.tables import progress_bar
from negotiation_abm.run.batch import available_threads

HERE = Path(__file__).parent
FITS = 500
SEEDS = {"sbc.csv": 2026, "sbc_again.csv": 2027}


def main(fits=FITS):
    pool = replace(load_pool(HERE / "sbc_pool.yaml"), priors=str(HERE / "sbc_priors.yaml"))
    context = multiprocessing.get_context("spawn")
    for name, seed in SEEDS.items():
        with (
            ProcessPoolExecutor(available_threads(), context) as executor,
            progress_bar(fits, "fits") as progress,
        ):
            table = calibrate_by_simulation(pool, fits, seed, executor, progress)
        table.to_csv(HERE / name, index=False, float_format="%.6g")
        print(table[["unknown", "mean", "coverage", "p", "inside"]].round(3).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
