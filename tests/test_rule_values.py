"""The values of the revised rules stand in the pool, and in the sets that are fitted under them."""

import yaml

from cli_helpers import ROOT
from negotiation_abm.core.params import TRUCE_PARAMETERS

NAMES = [parameter.name for parameter in TRUCE_PARAMETERS]
SETS = ("calibrated_2025", "calibrated_2025_alone", "calibrated_2026")


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def stated(values):
    return {name: float(values[name]) for name in NAMES if name in values}


def test_the_pool_is_fitted_under_the_rules_that_it_writes():
    pool = stated(read(ROOT / "configs/pools/seven.yaml")["set"])
    assert set(pool) == set(NAMES)
    for name in SETS:
        entries = read(ROOT / f"configs/parameters/{name}.yaml")["parameters"]
        assert stated({key: entry["value"] for key, entry in entries.items()}) == pool


def test_no_scenario_states_them_anew():
    """One place has them: the pool; sets carry them from there into every scenario."""
    places = [*ROOT.glob("seeds/episodes/*/*.yaml"), *ROOT.glob("configs/*.yaml")]
    assert places
    for path in places:
        assert not stated(read(path).get("set") or {}), path
