"""A sensitivity study in YAML: scenario, method, size, outcomes, factors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find, read_yaml
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.studies.sensitivity.factors import Factor, changes_at, read_factors
from negotiation_abm.studies.sensitivity.outcomes import check_outcomes

FOLDER = "configs/sensitivity"
METHODS = ("sobol", "morris")
KEYS = (
    "name",
    "scenario",
    "method",
    "samples",
    "replicates",
    "seed",
    "outcomes",
    "draws",
    "factors",
)


@dataclass(frozen=True)
class Spec:
    """A study.

    Attributes
    ----------
    samples : int
        Rows of the Sobol design (a power of 2), or trajectories of the Morris design.
    replicates : int
        Runs behind the mean of each point.
    """

    path: Path
    name: str
    scenario: str
    method: str
    samples: int
    replicates: int
    seed: int
    outcomes: tuple[str, ...]
    factors: tuple[Factor, ...]


def load_spec(reference: str | Path) -> Spec:
    """Read and check a study; every factor is tried at both ends of its range.

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    path = find(reference, FOLDER, ".yaml")
    data = read_yaml(path)
    for key in data:
        if key not in KEYS:
            raise InputError(path, str(key), f"unknown; {suggest(key, KEYS)}")
    for key in ("scenario", "outcomes", "factors"):
        if key not in data:
            raise InputError(path, key, "missing")
    method = data.get("method", "sobol")
    if method not in METHODS:
        raise InputError(path, "method", f"'{method}': {suggest(method, METHODS)}")
    samples = _whole(path, data, "samples", 256 if method == "sobol" else 20)
    if method == "sobol" and samples & (samples - 1):
        raise InputError(path, "samples", f"{samples} is not a power of 2")
    factors = tuple(read_factors(path, data["factors"], data.get("draws")))
    scenario = str(find(str(data["scenario"]), "configs", ".yaml", path.parent, (path, "scenario")))
    for u in (0.0, 1.0):
        load_scenario(scenario, changes_at(factors, [u] * len(factors)))
    return Spec(
        path,
        str(data.get("name", path.stem)),
        scenario,
        method,
        samples,
        _whole(path, data, "replicates", 200),
        _whole(path, data, "seed", 1, least=0),
        check_outcomes(path, data["outcomes"], load_scenario(scenario)),
        factors,
    )


def _whole(path: Path, data: dict[str, Any], key: str, default: int, least: int = 2) -> int:
    value = data.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(path, key, f"{value!r} is not a whole number of at least {least}")
    return value
