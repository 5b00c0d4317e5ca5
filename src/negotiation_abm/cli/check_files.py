"""The `check` command: say of each file what it is and whether it can be used."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find, not_there
from negotiation_abm.files.yaml_text import read_yaml
from negotiation_abm.record.facts import check_facts, source_ids
from negotiation_abm.record.load import Record
from negotiation_abm.replay.examine import Fault, examine, examine_file, of_error
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import Scenario, load_scenario
from negotiation_abm.scenario.module_inputs import check_module_file, is_module_file
from negotiation_abm.scenario.parameters import load_parameter_set

KINDS = (".yaml", ".csv", ".py")
# The first of these keys that a file has says what it is.
KIND_BY_KEY = {
    "design": "sweep",
    "facts": "facts",
    "sources": "sources",
    "rules": "rules",
    "episodes": "pool",
    "from": "whatif",
    "priors": "priors",
    "factors": "study",
}


@dataclass(frozen=True)
class Checked:
    """What one file is, or how a record fits a scenario; without faults it can be used."""

    file: str
    about: str
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def check_files(references: list[str]) -> Iterator[Checked]:
    """Say of each file what it is, and of each record how it fits.

    A record is replayed, in a dry run, under the scenarios that are checked with it. Without a
    record each scenario is checked with the one that it names.
    """
    scenarios: list[Scenario] = []
    records: list[Record] = []
    names_record = False
    for reference in references:
        try:
            names_record |= _is_record(reference)
            yield _check(reference, scenarios, records)
        except InputError as error:
            yield Checked(reference, "", [of_error(error)])
    for scenario in scenarios:
        own = None if names_record else _own_record(scenario)
        if own:
            yield own
        for record in records:
            yield _fit(scenario, record)


def _own_record(scenario: Scenario) -> Checked | None:
    """How the record that a scenario names fits it; None if it names none."""
    if scenario.record is None:
        return None
    named_in = (scenario.path, "record.file")
    try:
        path = find(scenario.record.file, "seeds", ".csv", scenario.path.parent, named_in)
    except InputError as error:
        return Checked(str(scenario.path), "", [of_error(error)])
    record, found = examine_file(path)
    return Checked(str(path), "", found.faults) if found.faults else _fit(scenario, record)


def _fit(scenario: Scenario, record: Record) -> Checked:
    found = examine(scenario, record)
    return Checked(str(record.path), f"fits {scenario.name}", found.faults, found.warnings)


def _check(reference: str, scenarios: list[Scenario], records: list[Record]) -> Checked:
    """One file by itself; a scenario or record that can be used joins its list."""
    if _is_record(reference):
        path = _locate(reference)
        record, found = examine_file(path)
        if not found.faults:
            records.append(record)
        counted = sum(row.counted for row in record.rows)
        about = f"record, {words.counted(len(record.rows), 'row')}, {counted} counted"
        return Checked(reference, about, found.faults)
    return Checked(reference, _about(reference, scenarios))


def _is_record(reference: str) -> bool:
    return not reference.endswith(".py") and _locate(reference).suffix == ".csv"


def _about(reference: str, scenarios: list[Scenario]) -> str:
    """What kind of file this is; raises `InputError` if it cannot be used."""
    if reference.endswith(".py"):
        if is_module_file(Path(reference)):
            return f"module, named {check_module_file(Path(reference))}"
        from negotiation_abm.run.strategy_check import use_file  # loads the compiler

        return f"strategy, named {use_file(reference)}"
    path = _locate(reference)
    data = read_yaml(path)
    kind = _kind(path, data)
    if kind == "facts":
        return f"facts, {check_facts(path)} entries"
    if kind == "sources":
        return f"sources, {len(source_ids(path, data))} entries"
    if kind == "pool":
        from negotiation_abm.calibration.pool_file import load_pool  # loads scipy

        pool = load_pool(path)
        for name in {*pool.episodes, *(e for one in pool.sets.values() for e in one.episodes)}:
            with pool.naming():
                build_game(pool.scenario(name))
        return f"pool, {len(pool.episodes)} episodes, {len(pool.sets)} parameter sets"
    if kind == "rules":
        from negotiation_abm.studies.endings import load_rules  # loads pandas

        rules, _ = load_rules(path)
        return f"rules, {len(rules.rules)} for {len(rules.episodes)} episodes"
    if kind == "priors":
        from negotiation_abm.calibration.features import coefficients_of  # loads scipy
        from negotiation_abm.calibration.priors import read_priors

        coefficients = coefficients_of(build_game(load_scenario("baseline_2025")))
        return f"priors, {len(read_priors(coefficients, path))} parameters"
    if kind == "whatif":
        from negotiation_abm.studies.whatif.run import branches  # loads pandas
        from negotiation_abm.studies.whatif.schema import load_whatif

        whatif = load_whatif(path)
        branches(whatif)
        return f"what-if, from {whatif.date} of {whatif.scenario}"
    if kind == "study":
        from negotiation_abm.studies.sensitivity.spec import load_spec as load_study  # loads scipy

        study = load_study(path)
        return (
            f"study, {words.counted(len(study.factors), 'factor')}, "
            f"{words.counted(len(study.outcomes), 'outcome')}"
        )
    if kind == "sweep":
        from negotiation_abm.sweep.plan import make_plan
        from negotiation_abm.sweep.spec import load_spec

        plan = make_plan(load_spec(path))
        return (
            f"sweep, {words.counted(plan.num_points, 'point')}, "
            f"up to {words.counted(plan.most_runs, 'run')}"
        )
    if kind == "parameters":
        chosen = load_parameter_set(path)
        return f"parameter set, {words.counted(len(chosen.values), 'parameter')}"
    scenario = load_scenario(path)
    build_game(scenario)
    scenarios.append(scenario)
    return f"scenario, {words.counted(scenario.horizon_weeks, 'week')} from {scenario.start}"


def _locate(reference: str) -> Path:
    for folder, suffix in (
        ("configs", ".yaml"),
        ("configs/whatifs", ".yaml"),
        ("configs/parameters", ".yaml"),
        ("configs/pools", ".yaml"),
        ("configs/rules", ".yaml"),
        ("configs/sensitivity", ".yaml"),
        ("configs/sweeps", ".yaml"),
        ("seeds", ".csv"),
        ("seeds", ".yaml"),
    ):
        try:
            return find(reference, folder, suffix)
        except InputError:
            continue
    raise InputError(reference, "", not_there(reference))


def _kind(path: Path, data: dict[str, Any]) -> str:
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(path, "", f"unknown kind of file; {suggest(path.suffix, KINDS)}")
    for key, kind in KIND_BY_KEY.items():
        if key in data:
            return kind
    has_values = isinstance(data.get("parameters"), dict)
    return "parameters" if has_values else "scenario"
