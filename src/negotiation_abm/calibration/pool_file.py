"""The file of a pool: which episodes are fitted together, how they differ, what is written."""

import contextlib
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from negotiation_abm.calibration.features import FITTED
from negotiation_abm.files.errors import InputError, changed_by, suggest
from negotiation_abm.files.resources import find
from negotiation_abm.files.validation import checked
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.scenario.load import Scenario, load_scenario

FOLDER = "configs/pools"
LEVELS = ("government", "episode")  # spreads of the base values of moves
Sd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Wanted(BaseModel):
    """A parameter set that comes of a pool: the values of one of its episodes."""

    model_config = ConfigDict(extra="forbid")

    member: str
    until: dt.date | None = None
    episodes: list[str] = []

    @model_validator(mode="after")
    def _check(self) -> "Wanted":
        if self.episodes and self.member not in self.episodes:
            raise ValueError(f"the member {self.member} is none of its episodes")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    description: str = ""
    episodes: list[str] = Field(min_length=1)
    until: dt.date
    parameters: str
    priors: str = "priors"
    set: dict[str, Any] = {}
    governments: dict[str, dict[str, dt.date]] = {}
    spreads: dict[str, Sd]
    sets: dict[str, Wanted] = {}


@dataclass(frozen=True)
class Pool:
    """A pool of episodes, as its file says.

    Attributes
    ----------
    episodes : tuple of str
        Scenarios with a record, by shipped name or path.
    until : date
        What lies after this day is not known.
    parameters : str
        Set that gives what is not fitted.
    changes : dict
        Changes of every scenario, as for `load_scenario`; empty for none.
    governments : dict
        For a side with several governments: name and first day of each.
    spreads : dict
        Sd of the half-normal prior of each spread; 0 or not named: none.
    sets : dict of str to Wanted
    """

    name: str
    path: Path
    episodes: tuple[str, ...]
    until: dt.date
    parameters: str
    priors: str
    changes: dict[str, Any]
    governments: dict[str, dict[str, dt.date]]
    spreads: dict[str, float]
    sets: dict[str, Wanted]

    def scenario(self, episode: str) -> Scenario:
        """The scenario of an episode, changed as the pool says; an `InputError` if it cannot be."""
        with self.naming():
            return load_scenario(episode, {"parameters": self.parameters} | self.changes)

    def naming(self) -> contextlib.AbstractContextManager[None]:
        """What is wrong with a change of a scenario is told of the pool's file."""
        places = {"parameters": "parameters"} | {name: f"set.{name}" for name in self.changes}
        return changed_by(self.path, places)

    def government_of(self, side: str, date: dt.date) -> str:
        """Who governs a side on a day; before the first that is listed, the first.

        >>> pool = load_pool("seven")
        >>> pool.government_of("US", dt.date(2021, 1, 19)), pool.government_of("EU", dt.date.min)
        ('US 2017-21', 'EU')
        """
        listed = sorted(self.governments.get(side, {}).items(), key=lambda entry: entry[1])
        begun = [name for name, first in listed if first <= date]
        if begun:
            return begun[-1]
        return listed[0][0] if listed else side


def load_pool(reference: str | Path) -> Pool:
    """Read the file of a pool, by shipped name or path.

    Raises
    ------
    InputError
        If there is no such file, or a name or a value is not admissible.
    """
    path = find(reference, FOLDER, ".yaml")
    file = checked(_File, path, read_yaml(path))
    allowed = [*LEVELS, *(p.name for p in FITTED if p.shape != "player")]
    for name in file.spreads:
        if name not in allowed:
            raise InputError(path, f"spreads.{name}", f"unknown; {suggest(name, allowed)}")
    for name, wanted in file.sets.items():
        place = f"sets.{name}"
        if Path(name).name != name:
            raise InputError(path, place, "not the name of a file")
        known = wanted.episodes or file.episodes
        if wanted.member not in known:
            raise InputError(path, f"{place}.member", suggest(wanted.member, known))
    for place, names in [("episodes", file.episodes)] + [
        (f"sets.{name}.episodes", wanted.episodes) for name, wanted in file.sets.items()
    ]:
        if len(set(names)) < len(names):
            raise InputError(path, place, "an episode is named twice")
    return Pool(
        name=file.name or path.stem,
        path=path,
        episodes=tuple(file.episodes),
        until=file.until,
        parameters=file.parameters,
        priors=file.priors,
        changes=file.set,
        governments=file.governments,
        spreads=file.spreads,
        sets=file.sets,
    )
