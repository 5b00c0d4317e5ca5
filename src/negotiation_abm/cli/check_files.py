"""The `check` command: say of each file what it is and whether it can be used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import find, read_yaml
from negotiation_abm.record.facts import check_facts, source_ids
from negotiation_abm.record.load import Record, load_record
from negotiation_abm.scenario.game import build_game
from negotiation_abm.scenario.load import Scenario, load_scenario
from negotiation_abm.scenario.module_inputs import check_module_file, is_module_file
from negotiation_abm.scenario.parameters import load_parameter_set

KINDS = (".yaml", ".csv", ".py")


def check_files(references: list[str]) -> Iterator[str]:
    """One line of good news a file; raises `InputError` at the first that cannot be used.

    Records are replayed under the scenarios that are checked with them.
    """
    scenarios: list[Scenario] = []
    records: list[Record] = []
    for reference in references:
        yield f"{reference}: {_check(reference, scenarios, records)}"
    for record in records:
        for scenario in scenarios:
            _replay(record, scenario)
            yield f"{record.path}: fits {scenario.name}"


def _check(reference: str, scenarios: list[Scenario], records: list[Record]) -> str:
    if reference.endswith(".py"):
        if is_module_file(Path(reference)):
            return f"module, named {check_module_file(Path(reference))}"
        from negotiation_abm.run.strategy_check import use_file  # loads the compiler

        return f"strategy, named {use_file(reference)}"
    path = _locate(reference)
    if path.suffix == ".csv":
        record = load_record(path)
        records.append(record)
        counted = sum(row.counted for row in record.rows)
        return f"record, {len(record.rows)} rows, {counted} counted"
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
            load_scenario(name, {"parameters": pool.parameters} | pool.changes)
        return f"pool, {len(pool.episodes)} episodes, {len(pool.sets)} parameter sets"
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
        return f"study, {len(study.factors)} factors, {len(study.outcomes)} outcomes"
    if kind == "sweep":
        from negotiation_abm.sweep.plan import make_plan
        from negotiation_abm.sweep.spec import load_spec

        plan = make_plan(load_spec(path))
        return f"sweep, {plan.num_points} points, up to {plan.most_runs} runs"
    if kind == "parameters":
        chosen = load_parameter_set(path)
        return f"parameter set, {len(chosen.values)} parameters"
    scenario = load_scenario(path)
    build_game(scenario)
    if scenario.record is not None:
        base, named_in = scenario.path.parent, (scenario.path, "record.file")
        _replay(load_record(scenario.record.file, base, named_in), scenario)
    scenarios.append(scenario)
    return f"scenario, {scenario.horizon_weeks} weeks from {scenario.start}"


def _replay(record: Record, scenario: Scenario) -> None:
    """See that every row can be played where it stands, as `replay` does."""
    from negotiation_abm.replay.replay import replay_record  # loads what plays

    replay_record(build_game(scenario), record)


def _locate(reference: str) -> Path:
    for folder, suffix in (
        ("configs", ".yaml"),
        ("configs/whatifs", ".yaml"),
        ("configs/parameters", ".yaml"),
        ("configs/pools", ".yaml"),
        ("configs/sensitivity", ".yaml"),
        ("configs/sweeps", ".yaml"),
        ("seeds", ".csv"),
        ("seeds", ".yaml"),
    ):
        try:
            return find(reference, folder, suffix)
        except InputError:
            continue
    raise InputError(reference, "", "no such file")


def _kind(path: Path, data: dict[str, Any]) -> str:
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(path, "", f"unknown kind of file; {suggest(path.suffix, KINDS)}")
    if "design" in data:
        return "sweep"
    if "facts" in data:
        return "facts"
    if "sources" in data:
        return "sources"
    if "episodes" in data:
        return "pool"
    if "from" in data:
        return "whatif"
    if "priors" in data:
        return "priors"
    if "factors" in data:
        return "study"
    if "parameters" in data and isinstance(data["parameters"], dict):
        return "parameters"
    return "scenario"
