"""Names of scenarios as people read them."""

from functools import lru_cache

from negotiation_abm.files.resources import shipped
from negotiation_abm.scenario.load import FOLDER, load_scenario


@lru_cache(maxsize=1)
def scenario_titles() -> dict[str, str]:
    """Title of each shipped scenario, by name."""
    return {name: load_scenario(name).title or name for name in shipped(FOLDER, ".yaml")}
