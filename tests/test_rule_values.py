"""The values of the revised rules are the same wherever a file states them."""

import pytest
import yaml

from cli_helpers import ROOT
from negotiation_abm.core.params import TRUCE_PARAMETERS

NAMES = [parameter.name for parameter in TRUCE_PARAMETERS]
EPISODES = sorted(ROOT.glob("seeds/episodes/*/scenario.yaml"))


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def stated(values):
    return {name: float(values[name]) for name in NAMES if name in values}


def test_the_pool_is_fitted_under_the_rules_that_it_writes():
    pool = stated(read(ROOT / "configs/pools/seven.yaml")["set"])
    assert set(pool) == set(NAMES)
    for name in ("pooled_2025", "pooled_2026"):
        entries = read(ROOT / f"configs/parameters/{name}.yaml")["parameters"]
        assert stated({key: entry["value"] for key, entry in entries.items()}) == pool


@pytest.mark.parametrize("path", EPISODES, ids=lambda path: path.parent.name)
def test_every_episode_is_replayed_under_the_rules_of_the_pool(path):
    pool = stated(read(ROOT / "configs/pools/seven.yaml")["set"])
    assert stated(read(path)["set"]) == pool
