"""Folders that `run` filled, and the survival of their truces."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from negotiation_abm.errors import InputError
from negotiation_abm.results import read_manifest
from negotiation_abm.runs import selected_spells
from negotiation_abm.survival import Survival, count_spells, estimate


@dataclass(frozen=True)
class RunFolder:
    """A folder that `run` filled."""

    path: Path
    label: str
    made: dict[str, Any]

    @property
    def is_running(self) -> bool:
        """Was a truce in force at the start?"""
        return self.made["scenario"].get("truce") is not None

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of spells that this run has."""
        return ("all", "running") if self.is_running else ("all",)

    @cached_property
    def _kept(self) -> dict[tuple[str, str], Survival | None]:
        return {}

    def survival(self, measure: str, group: str, level: float) -> Survival | None:
        """Survival of one measure and group; None if there are no such spells."""
        blocks = selected_spells(self.path / "truces.parquet", measure, group)
        if (measure, group) not in self._kept:
            counts = count_spells(blocks())
            self._kept[measure, group] = None if counts is None else estimate(counts, level)
        return self._kept[measure, group]


def read_runs(folders: list[Path]) -> list[RunFolder]:
    """Run folders with a label each: their names, or their paths where names are the same.

    Raises
    ------
    InputError
        If one of them is not the result of a run.
    """
    runs = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(folder, "", "no such folder")
        made = read_manifest(folder).get("run")
        if not (folder / "truces.parquet").is_file() or not isinstance(made, dict):
            problem = (
                "holds no run (truces.parquet, manifest.json); `negotiation-abm run` makes one"
            )
            raise InputError(folder, "", problem)
        runs.append(RunFolder(folder, folder.resolve().name, made))
    names = [run.label for run in runs]
    if len(set(names)) < len(names):
        runs = [RunFolder(run.path, str(run.path), run.made) for run in runs]
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise InputError(folders[-1], "", "the same folder is given twice")
    return runs
