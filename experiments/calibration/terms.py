"""What each disputed term of the payoffs is worth on disputes that the fit has not seen.

    python experiments/calibration/terms.py

About ten minutes of one core. Every dispute is left out in turn and predicted by the others, once
with the terms that `configs/calibration/priors.yaml` fits and once with a term more or less. The
gains over the shipped terms, in nats, go to `terms.csv` beside this file: for types of moves, and
with the lever.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml
from threadpoolctl import threadpool_limits

from negotiation_abm.calibration.left_out import gains, leave_one_episode_out
from negotiation_abm.calibration.pool import load_members
from negotiation_abm.calibration.pool_file import load_pool
from negotiation_abm.calibration.scores import MODEL
from negotiation_abm.cli.tables import progress_bar
from negotiation_abm.files.resources import find

OUT = Path(__file__).parent / "terms.csv"
OUTSIDE = {"market": 1.0, "restraint": 3.0, "hold_fire": 1.5}  # sd of the prior when it is let in
INSIDE = ("shadow", "brinkmanship")
SUMS = ["type", "type_and_lever"]


def variants():
    """Label and the sds of priors that differ from the shipped ones."""
    yield "as shipped", {}
    for name, sd in OUTSIDE.items():
        yield f"with {name}", {name: sd}
    yield f"with {', '.join(OUTSIDE)}", OUTSIDE
    for name in INSIDE:
        yield f"without {name}", {name: 0.0}


def main():
    pool = load_pool("seven")
    members = load_members(pool)
    text = yaml.safe_load(find(pool.priors, "configs/calibration", ".yaml").read_text())
    rows = []
    cases = list(variants())
    with (
        tempfile.TemporaryDirectory() as folder,
        progress_bar(len(cases), "sets of terms") as progress,
        threadpool_limits(1, "blas"),
    ):
        path = Path(folder) / "priors.yaml"
        for label, sds in cases:
            entries = {n: e | {"sd": sds.get(n, e["sd"])} for n, e in text["priors"].items()}
            path.write_text(yaml.safe_dump(text | {"priors": entries}))
            found = leave_one_episode_out(members, replace(pool, priors=str(path)))
            table = gains(found)
            own = table[(table["model"] == MODEL) & (table["episode"] == "all")]
            rows.append({"terms": label} | own[SUMS].iloc[0].to_dict())
            progress(len(rows))
    result = pd.DataFrame(rows)
    for column in SUMS:
        result[f"gain_{column}"] = result[column] - result[column].iloc[0]
    result.to_csv(OUT, index=False, float_format="%.6g")
    print(result.round(1).to_string(index=False))


if __name__ == "__main__":
    main()
