"""The spec of a sweep: one YAML file that says what varies, how often, and what is kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import find
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.scenario.load import changes_beside
from negotiation_abm.sweep.blocks import design_of
from negotiation_abm.sweep.designs import Chain, Changes, Design, Listed

FOLDER = "configs/sweeps"
FIXED = ("extends", "name", "players", "record", "description", "title")  # cannot vary

Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Stop(_Model):
    """Go on at each point until an outcome is known well enough."""

    outcome: str = Field(
        default="survival_365", description="survival_DAYS, rmst_weeks, or a number of a run"
    )
    measure: Literal["covered", "any_domain"] = "covered"
    group: Literal["running", "all"] | None = Field(
        default=None, description="default: running if the scenario starts in a truce"
    )
    half_width: Number = Field(gt=0, description="of the 95 % interval")
    cap: Whole = Field(ge=1, le=10**9, description="most runs of a point")


class SweepSpec(_Model):
    """A sweep. Load one with `load_spec`."""

    name: str = Field(pattern=r"^\w[\w .-]*$")
    title: str = ""
    description: str = ""
    scenario: str = Field(description="shipped name or path")
    set: dict[str, Any] = Field(default={}, description="changes at every point, by dotted name")
    design: list[dict[str, Any]] = Field(min_length=1)
    replicates: Whole = Field(ge=1, le=10**9, description="runs of each point; with stop: at first")
    seed: Whole = Field(default=1, ge=0, le=2**64 - 1)
    common_random_numbers: bool = Field(default=True, description="same draws at every point")
    outputs: list[Literal["spells", "runs", "turns"]] = []
    stop: Stop | None = None
    reference: dict[str, Any] | None = Field(
        default=None, description="point that others are compared with; {}: nothing changed"
    )
    days: list[Annotated[int, Field(strict=True, ge=1, le=36500)]] = Field(
        default=[90, 180, 365], min_length=1, description="days at which survival is given"
    )
    rmst_days: Whole = Field(default=365, ge=7, le=36500, description="limit of mean survival")

    _path: Path = PrivateAttr(default=Path("sweep"))
    _points: Design = PrivateAttr()

    @property
    def path(self) -> Path:
        """File that the spec was read from."""
        return self._path

    @property
    def points(self) -> Design:
        """All points, the reference last if the design does not hold it."""
        return self._points

    def most_runs(self) -> int:
        """Runs of a point if nothing stops it earlier."""
        return self.stop.cap if self.stop else self.replicates


def load_spec(
    reference: str | Path, changes: dict[str, Any] | None = None, replicates: int | None = None
) -> SweepSpec:
    """Read and check a sweep's spec.

    Parameters
    ----------
    reference : str or Path
        Path of a YAML file, or the name of a shipped one (``configs/sweeps``).
    changes : dict, optional
        Changes of the scenario at every point, laid over the spec's `set`.
    replicates : int, optional
        In place of the spec's.

    Raises
    ------
    InputError
        With file, place, value and what is allowed. (Names and values of points are checked by
        `negotiation_abm.sweep.plan.make_plan`.)
    """
    path = find(reference, FOLDER, ".yaml")
    data = read_yaml(path)
    if replicates is not None:
        data["replicates"] = replicates
    return spec_of(path, data, changes)


def spec_of(path: Path, data: dict[str, Any], changes: dict[str, Any] | None = None) -> SweepSpec:
    """The checked spec of a mapping; `path` is where files that it names are looked for."""
    given = data.get("set") or {}
    if isinstance(given, dict):
        data = data | {"set": changes_beside(given, path.parent) | (changes or {})}
    spec = checked(SweepSpec, path, data)
    spec._path = path
    design = design_of(path, spec.design)
    if spec.stop and spec.stop.cap < spec.replicates:
        problem = f"{spec.stop.cap} is below replicates, {spec.replicates}"
        raise InputError(path, "stop.cap", problem)
    for name in design.names:
        _check_name(path, spec, name)
    if spec.reference is not None and not _holds(design, spec.reference):
        design = Chain((design, Listed([spec.reference])))
    spec._points = design
    return spec


def _check_name(path: Path, spec: SweepSpec, name: str) -> None:
    if name.split(".")[0] in FIXED:
        raise InputError(path, "design", f"'{name}' cannot vary")
    if name in spec.set:
        raise InputError(path, f"set.{name}", "varies in the design too")


def _holds(design: Design, point: Changes) -> bool:
    """Is the point in the design? Looked for in small designs only."""
    return reference_number(design, point) is not None


def reference_number(design: Design, point: Changes) -> int | None:
    """Number of a point with these changes, among the first 100,000 and the last."""
    last = len(design) - 1
    numbers: list[int] = [last, *range(min(last, 100_000))]
    return next((number for number in numbers if design[number] == point), None)


def plain(value: Any) -> Any:
    """Dates as text, tuples as lists: what JSON and YAML hold."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
