"""A sensitivity study in YAML: scenario, method, size, outcomes, factors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import find
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import load_scenario
from negotiation_abm.scenario.posterior_draws import load_draws
from negotiation_abm.studies.sensitivity.factors import Factor, changes_at, read_factors
from negotiation_abm.studies.sensitivity.outcomes import check_outcomes

FOLDER = "configs/sensitivity"
PARAMETER_SETS = "configs/parameters"

Whole = Annotated[int, Field(strict=True)]


class _Study(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    scenario: str
    method: Literal["sobol", "morris"] = "sobol"
    samples: Whole | None = Field(default=None, ge=2, le=2**20)
    replicates: Whole = Field(default=200, ge=2, le=10**9)
    seed: Whole = Field(default=1, ge=0, le=2**64 - 1)
    outcomes: list[Any]
    draws: str | None = None
    factors: dict[str, Any] = Field(min_length=1)


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
    """Read and check a study; every factor is tried at both ends, and at every choice.

    Raises
    ------
    InputError
        With file, place, value and what is allowed.
    """
    path = find(reference, FOLDER, ".yaml")
    study = checked(_Study, path, read_yaml(path))
    samples = study.samples or (256 if study.method == "sobol" else 20)
    if study.method == "sobol" and samples & (samples - 1):
        raise InputError(path, "samples", f"{samples} is not a power of 2")
    draws = None
    if study.draws is not None:
        find(study.draws, PARAMETER_SETS, ".parquet", path.parent, (path, "draws"))
        draws = load_draws(study.draws, path.parent)
    factors = tuple(read_factors(path, study.factors, draws))
    scenario = str(find(study.scenario, "configs", ".yaml", path.parent, (path, "scenario")))
    _try_values(path, scenario, factors)
    return Spec(
        path,
        study.name or path.stem,
        scenario,
        study.method,
        samples,
        study.replicates,
        study.seed,
        check_outcomes(path, study.outcomes, load_scenario(scenario)),
        factors,
    )


def _try_values(path: Path, scenario: str, factors: tuple[Factor, ...]) -> None:
    """Build the games at both ends of all factors and at every choice.

    A refusal names the factor, in the study.
    """
    for factor in factors:
        for value in factor.values if factor.is_choice else ():
            _try_alone(path, scenario, factor.name, value)
    for u in (0.0, 1.0):
        changes = changes_at(factors, [u] * len(factors))
        try:
            build_game(load_scenario(scenario, changes))
        except InputError as error:
            for name, value in changes.items():
                _try_alone(path, scenario, name, value)
            raise InputError(path, "factors", f"together they cannot be: {error}") from None


def _try_alone(path: Path, scenario: str, name: str, value: Any) -> None:
    try:
        build_game(load_scenario(scenario, {name: value}))
    except InputError as error:
        problem = error.problem if str(value) in error.problem else f"{value}: {error.problem}"
        raise InputError(path, f"factors.{name}", problem) from None
