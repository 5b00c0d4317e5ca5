"""The same draws at every point: what they save on a reference contrast."""

from pathlib import Path

import pytest

from negotiation_abm import load_scenario
from negotiation_abm.sweep.runner import run_sweep
from negotiation_abm.sweep.spec import spec_of
from negotiation_abm.sweep.summary import load_sweep

SCENARIO = "busan_2025"
PLAYER, LEVER = "CHINA", "rare_earths"


def difference_error(folder, common):
    """Error of the difference of RMST that a fifth more potency makes."""
    weight = load_scenario(SCENARIO).levers[PLAYER][LEVER].weight
    data = {
        "name": "contrast",
        "scenario": SCENARIO,
        "design": [{"list": [{f"levers.{PLAYER}.{LEVER}.weight": round(1.2 * weight, 6)}]}],
        "reference": {},
        "replicates": 4_000,
        "common_random_numbers": common,
    }
    run_sweep(spec_of(Path("contrast.yaml"), data), folder)
    row = load_sweep(folder, "rmst_weeks", "covered", "running").iloc[0]
    return row["difference_error"]


@pytest.mark.slow
def test_variance_of_a_difference_is_at_least_five_times_smaller(tmp_path):
    same = difference_error(tmp_path / "same", True)
    apart = difference_error(tmp_path / "apart", False)
    assert (apart / same) ** 2 > 5.0
