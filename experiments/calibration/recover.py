"""Renew the stored table of recovery: 600 synthetic records, truths from posterior draws.

    python experiments/calibration/recover.py [RECORDS]

Some minutes on two cores. Fixed seed: two runs give the same table.
"""

import sys
from pathlib import Path

from negotiation_abm.calibration.draws import draws_of
from negotiation_abm.calibration.recovery import recovery, recovery_table, truths_of
from negotiation_abm.cli.tables import progress_bar
from negotiation_abm.run.posterior import thinned
from negotiation_abm.scenario.parameters import load_parameter_set

# 600: at 200 the standard error of one coverage (.02) is as wide as what it is to be held to.
SCENARIO, PARAMETERS, RECORDS, SEED = "baseline_2025", "calibrated_2025", 600, 2025
OUT = Path(__file__).parent / "recovery.csv"


def main(records=RECORDS):
    frame = thinned(draws_of(load_parameter_set(PARAMETERS)), records)
    with progress_bar(records, "records") as progress:
        found = recovery(SCENARIO, truths_of(frame), SEED, progress=progress)
    assert found["converged"].all()
    table = recovery_table(found)
    table.to_csv(OUT, float_format="%.6g")
    print(table.round(2).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
