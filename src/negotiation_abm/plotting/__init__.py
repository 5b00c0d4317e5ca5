"""Figures: one function each, ``(table, ax=None) -> ax``; no computing here."""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.folder import read_manifest, writing
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.plotting.folder import complete, read_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("png", "svg")

# Studies: the file that a step leaves, and the module whose ``draw(folder)`` makes its figures.
# The step of the manifest has the name of the module.
STUDIES = {
    f"{name}.json": name for name in ("whatif", "surprise", "tournament", "equilibrium", "play")
}


def plot_folder(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Draw figures of a result folder as PNG and SVG; by default all that its tables allow.

    Parameters
    ----------
    names : iterable of str
        Names of the gallery (``docs/gallery.md``).

    Returns
    -------
    list of Path
        The files written, in ``figures/``.

    Raises
    ------
    InputError
        If the folder has no such figure, or no figure at all.
    """
    from negotiation_abm.plotting.catalogue import FIGURES

    if not folder.is_dir():
        raise InputError(folder, "", "no such folder")
    if (folder / "sweep.yaml").is_file():
        from negotiation_abm.plotting.sweeps import draw_sweep

        return draw_sweep(folder)
    asked = list(dict.fromkeys(names))
    for name in asked:
        if name not in FIGURES:
            raise InputError("--figure", name, suggest(name, FIGURES))
        for file in FIGURES[name].needs:
            if not (folder / file).is_file():
                problem = f"missing; {FIGURES[name].made_by} writes it"
                raise InputError(folder / file, "", problem)
    chosen = asked or [
        name
        for name, entry in FIGURES.items()
        if all((folder / file).is_file() for file in entry.needs)
    ]
    studies = [] if asked else [file for file in STUDIES if (folder / file).is_file()]
    if not chosen and not studies:
        problem = "holds neither replay.json nor summary.json, nor a study; run or replay first"
        raise InputError(folder, "", problem)
    return _draw(folder, chosen, studies, bool(asked))


def _draw(folder: Path, names: list[str], studies: list[str], is_asked: bool) -> list[Path]:
    from negotiation_abm.plotting import style
    from negotiation_abm.plotting.catalogue import FIGURES, drawn

    figures: dict[str, Figure] = {}
    about: dict[str, str] = {}
    sources: dict[str, list[Path]] = {}
    try:
        with style.context():
            for name in names:
                found = drawn(folder, name)
                if found is not None:
                    figures[name], about[name] = found
                    entry = FIGURES[name]
                    read = (*entry.needs, entry.table, "replay.json")  # a recorded line, if any
                    sources[name] = [folder / file for file in read]
                elif is_asked:
                    problem = f"nothing to draw for '{name}'; it needs {FIGURES[name].made_by}"
                    raise InputError(folder, "", problem)
            for file in studies:
                of_study = study_figures(folder, file)
                figures |= of_study
                about |= dict.fromkeys(of_study, f"{file} sha256 {file_hash(folder / file)}")
                sources |= {key: [folder / file] for key in of_study}
            with writing(folder, "plot", {}, keep=True) as draft:
                for name, figure in figures.items():
                    for kind in KINDS:
                        path = draft.path(f"figures/{name}.{kind}", sources[name])
                        style.save(figure, path, about[name])
    finally:
        style.close(figures.values())
    return [folder / "figures" / f"{name}.{kind}" for name in figures for kind in KINDS]


def study_figures(folder: Path, file: str) -> "dict[str, Figure]":
    """The figures of a study, with where they come from in small print."""
    from negotiation_abm.plotting import style

    read_json(folder / file)
    module = importlib.import_module(f"{__name__}.{STUDIES[file]}")
    with complete(folder / file):
        found: dict[str, Figure] = module.draw(folder)
    for figure in found.values():
        style.small_print(figure, style.origin(read_manifest(folder).get(STUDIES[file], {})))
    return found
