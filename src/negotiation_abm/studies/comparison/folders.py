"""Folders that `run` filled, and the survival of their truces."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.resources import read_text
from negotiation_abm.run.step import selected_spells
from negotiation_abm.survival import Survival, survival

NEEDED = {"scenario", "parameter_set", "seed", "replicates", "environment"}


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

    @property
    def posterior(self) -> dict[str, Any] | None:
        """The range of the answer over posterior draws; None if the run has none."""
        path = self.path / "summary.json"
        if not path.is_file():
            return None
        found: dict[str, Any] | None = json.loads(read_text(path)).get("posterior")
        return found

    def survival(self, measure: str, group: str, level: float) -> Survival | None:
        """Survival of one measure and group; None if there are no such spells."""
        return survival(selected_spells(self.path / "truces.parquet", measure, group), level)


def read_runs(folders: list[Path], labels: Sequence[str] = ()) -> list[RunFolder]:
    """Run folders with a label each: their names, or their paths where names are the same.

    Parameters
    ----------
    labels : sequence of str
        One a folder, in place of the names; or none.

    Raises
    ------
    InputError
        If one of them is not the result of a run, or there are not as many labels as folders.
    """
    if labels and (len(labels) != len(folders) or len(set(labels)) < len(labels)):
        problem = f"give one for each of {len(folders)} folders, all different, or none"
        raise InputError("--label", ", ".join(labels), problem)
    runs = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(folder, "", "no such folder")
        made = read_manifest(folder).get("run", {})
        if not (folder / "truces.parquet").is_file() or not _is_run(made):
            problem = (
                "holds no run (truces.parquet, manifest.json); `negotiation-abm run` makes one"
            )
            raise InputError(folder, "", problem)
        runs.append(RunFolder(folder, folder.resolve().name, made))
    if labels:
        runs = [RunFolder(run.path, name, run.made) for run, name in zip(runs, labels, strict=True)]
    names = [run.label for run in runs]
    if len(set(names)) < len(names):
        runs = [RunFolder(run.path, str(run.path), run.made) for run in runs]
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise InputError(folders[-1], "", "the same folder is given twice")
    return runs


def _is_run(made: Any) -> bool:
    return isinstance(made, dict) and set(made) >= NEEDED
