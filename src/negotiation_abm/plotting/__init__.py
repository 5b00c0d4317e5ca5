"""Figures: one function each, ``(table, ax=None) -> ax``; no computing here."""

import contextlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negotiation_abm.errors import InputError
from negotiation_abm.results import read_manifest, writing

# Studies: the file that a step leaves, and the module whose ``draw(folder)`` makes its figures.
# The step of the manifest has the name of the module.
STUDIES = {f"{name}.json": name for name in ("whatif", "surprise", "tournament", "equilibrium")}


def plot_folder(folder: Path) -> list[Path]:
    """Draw every figure that the tables of a result folder allow, as PNG and SVG.

    Returns
    -------
    list of Path
        The files written, in ``figures/``.

    Raises
    ------
    InputError
        If the folder holds nothing that has figures.
    """
    if not folder.is_dir():
        raise InputError(folder, "", "no such folder")
    replay = _read_json(folder / "replay.json")
    summary = _read_json(folder / "summary.json")
    studies = [name for name in STUDIES if _read_json(folder / name) is not None]
    if replay is None and summary is None and not studies:
        problem = "holds neither replay.json nor summary.json, nor a study; run or replay first"
        raise InputError(folder, "", problem)
    return _draw(folder, replay, summary, studies)


@contextlib.contextmanager
def _complete(path: Path) -> Iterator[None]:
    """Say which file it is when a result lacks what a figure needs."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, FileNotFoundError) as error:
        problem = f"not a complete result ({type(error).__name__}: {error}); run it again"
        raise InputError(path, "", problem) from None


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(path, "", f"not valid JSON ({error})") from None
    if not isinstance(data, dict):
        raise InputError(path, "", "not a result of this package")
    return data


def _draw(
    folder: Path,
    replay: dict[str, Any] | None,
    summary: dict[str, Any] | None,
    studies: list[str],
) -> list[Path]:
    import pandas as pd

    from negotiation_abm.plotting import style
    from negotiation_abm.plotting.causes import plot_ends_by_cause
    from negotiation_abm.plotting.durations import plot_durations
    from negotiation_abm.plotting.timeline import plot_timeline

    manifest = read_manifest(folder)
    figures = {}
    try:
        with style.context():
            if replay is not None:
                with _complete(folder / "replay.json"):
                    figures["timeline"] = plot_timeline(replay)
                style.small_print(figures["timeline"], style.origin(manifest.get("replay", {})))
            if summary is not None:
                with _complete(folder / "summary.json"):
                    has_spells = bool(summary["truces"])
            if summary is not None and has_spells:
                with _complete(folder / "survival.csv"):
                    table = pd.read_csv(folder / "survival.csv")
                    recorded = replay["spells"] if replay else []
                    figures["truce_durations"] = plot_durations(table, recorded)
                    figures["ends_by_cause"] = plot_ends_by_cause(table)
                for name in ("truce_durations", "ends_by_cause"):
                    style.small_print(figures[name], style.origin(manifest.get("run", {})))
            for file in studies:
                module = importlib.import_module(f"{__name__}.{STUDIES[file]}")
                with _complete(folder / file):
                    drawn = module.draw(folder)
                figures |= drawn
                for figure in drawn.values():
                    style.small_print(figure, style.origin(manifest.get(STUDIES[file], {})))
            with writing(folder, "plot", {}) as draft:
                for name, figure in figures.items():
                    for kind in ("png", "svg"):
                        style.save(figure, draft.path(f"figures/{name}.{kind}"))
    finally:
        style.close(figures.values())
    return [folder / "figures" / f"{name}.{kind}" for name in figures for kind in ("png", "svg")]
