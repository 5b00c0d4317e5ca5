"""Folders that `run` filled, and the survival of their truces."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.files.resources import read_text
from negotiation_abm.run.step import selected_spells
from negotiation_abm.survival import Survival, survival

AS_SHIPPED = "as in the scenario"
LONGEST = 60  # letters of a label
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
    """Run folders with a label each, in words: what sets each apart from the first.

    Where that cannot be said in a few words, or is the same for two of them, the labels are the
    names of the folders, or their paths where these are the same.

    Parameters
    ----------
    labels : sequence of str
        One a folder, in place of these; or none.

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
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise InputError(folders[-1], "", "the same folder is given twice")
    names = labels or _first_distinct(_told(runs), [run.label for run in runs])
    names = names or [str(run.path) for run in runs]
    return [RunFolder(run.path, name, run.made) for run, name in zip(runs, names, strict=True)]


def _first_distinct(*choices: list[str]) -> list[str]:
    """The first list whose names are all different and not empty; an empty one if none is."""
    return next((c for c in choices if all(c) and len(set(c)) == len(c)), [])


def _told(runs: list[RunFolder]) -> list[str]:
    """Each run by its title, or by what it changes; an empty text where that takes many words."""
    titles = _first_distinct([str(run.made["scenario"].get("title") or "") for run in runs])
    if titles:
        return [title if len(title) <= LONGEST else "" for title in titles]
    given, differing = differences(runs)
    first = given[0]
    changed = {name: first.get(name) for name in runs[0].made["scenario"].get("set") or {}}
    told = [_change(changed) or AS_SHIPPED]
    for values in given[1:]:
        told.append(_change({n: values.get(n) for n in differing if values.get(n) != first.get(n)}))
    return told


def _change(values: dict[str, Any]) -> str:
    """Settings with their values, in words; empty if one has no simple value or they are many."""
    if not all(isinstance(value, str | int | float) for value in values.values()):
        return ""
    text = ", ".join(f"{words.setting(n)} {words.value(value)}" for n, value in values.items())
    return text if len(text) <= LONGEST else ""


def differences(runs: list[RunFolder]) -> tuple[list[dict[str, Any]], list[str]]:
    """What each run was made from, by dotted name; and the names whose values differ."""
    given = [_flat(_inputs(run.made)) for run in runs]
    names = sorted({name for values in given for name in values})
    return given, [name for name in names if len({json.dumps(v.get(name)) for v in given}) > 1]


def _inputs(made: dict[str, Any]) -> dict[str, Any]:
    """Scenario and parameters of a run, with what the scenario sets in place."""
    scenario = {k: v for k, v in made["scenario"].items() if k not in ("set", "parameters")}
    texts = ("name", "title", "description")
    scenario = {name: value for name, value in scenario.items() if name not in texts}
    changed = _flat(made["scenario"].get("set") or {})
    return scenario | _flat(made["parameter_set"]["values"]) | changed


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted names."""
    if not isinstance(data, dict):
        return {prefix: data}
    flat: dict[str, Any] = {}
    for name, value in data.items():
        flat |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return flat


def _is_run(made: Any) -> bool:
    return isinstance(made, dict) and set(made) >= NEEDED
