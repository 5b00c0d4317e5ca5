"""What a game was made from, for the manifest of a result."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from negotiation_abm.core import modules
from negotiation_abm.files.provenance import SEED_FORMULA, file_hash, text_hash
from negotiation_abm.files.resources import source_hash
from negotiation_abm.scenario.game import Game
from negotiation_abm.strategies import outside, outside_files


def rules_hash(*places: str) -> str:
    """Hash of the sources that determine the numbers of a run of a scenario.

    These are the rules, the strategies and modules (those from outside the package too) and what
    makes a game of a scenario, and `places`, the folders and files of the package that play it.
    """
    sources = source_hash("core", "strategies", "scenario", *places)
    hashes = {name: file_hash(Path(path)) for name, path in outside_files().items()}
    return text_hash([sources, hashes])[:16] if hashes else sources


def provenance_of(game: Game) -> dict[str, Any]:
    """Scenario and parameters in full, with their hashes, for a manifest."""
    scenario = game.scenario.model_dump(mode="json")
    chosen = game.parameter_set
    return {
        "scenario": scenario,
        "scenario_hash": text_hash(scenario),
        "parameter_set": {"name": chosen.name, "values": chosen.values, "sources": chosen.sources},
        "parameter_hash": text_hash(chosen.values),
        "notes": list(game.notes),
        **_files("strategy_files", outside(), scenario["strategies"].values()),
        **_files("module_files", modules.outside(), game.scenario.modules.names()),
    }


def facts_of_runs(game: Game, replicates: int, seed: int) -> dict[str, Any]:
    """`provenance_of` a game, with what its runs were drawn from."""
    drawn = {"seed": seed, "replicates": replicates, "seed_formula": SEED_FORMULA}
    return provenance_of(game) | drawn


def facts_of_record(path: Path) -> dict[str, str]:
    """Name and hash of a record's file."""
    return {"record": path.name, "record_sha256": file_hash(path)}


def _files(entry: str, known: dict[str, str], used: Iterable[str]) -> dict[str, Any]:
    """Hashes of the files of strategies or modules in use that are not of this package."""
    hashes = {name: file_hash(Path(known[name])) for name in used if name in known}
    return {entry: hashes} if hashes else {}
