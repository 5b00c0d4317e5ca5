"""Figures: functions ``(table, ax=None) -> ax``, and the list of those that a folder allows.

Nothing is computed here, and nothing of Matplotlib is changed for whoever imports it: its settings
are in force while a figure is drawn (`style.context`), and figures belong to no window.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import Draft, writing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from negotiation_abm.plotting.registry import Entry

KINDS = ("png", "svg")


def plot_folder(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Draw figures of a result folder as PNG and SVG; by default all that its files allow.

    Parameters
    ----------
    names : iterable of str
        Names of figures (``docs/gallery.md``).

    Returns
    -------
    list of Path
        The files written, in ``figures/``.

    Raises
    ------
    InputError
        If the folder has no such figure, or no figure at all.
    """
    from negotiation_abm.plotting import registry, style

    if not folder.is_dir():
        raise InputError(folder, "", "no such folder")
    asked = [registry.find_figure(name) for name in dict.fromkeys(names)]
    for entry in asked:
        _check(folder, entry)
    chosen = asked or registry.figures_of(folder)
    if not chosen:
        problem = "holds neither replay.json nor summary.json, nor a study; run or replay first"
        raise InputError(folder, "", problem)
    with style.context():
        found = {entry.name: registry.drawn(folder, entry) for entry in chosen}
        for entry in asked:
            if found[entry.name] is None:
                problem = f"nothing to draw for '{entry.name}'; it needs {entry.made_by}"
                raise InputError(folder, "", problem)
        with writing(folder, "plot", {}, keep=True) as draft:
            return [
                path
                for entry in chosen
                if (drawn := found[entry.name]) is not None
                for path in save_figure(
                    draft, f"figures/{entry.name}", *drawn, made_from=entry.sources(folder)
                )
            ]


def _check(folder: Path, entry: "Entry") -> None:
    for file in entry.needs:
        if not (folder / file).is_file():
            raise InputError(folder / file, "", f"missing; {entry.made_by} writes it")


def save_figure(
    draft: Draft, name: str, figure: "Figure", about: str = "", made_from: Iterable[Path] = ()
) -> list[Path]:
    """Write a figure in both kinds; returns the files, as they are called when all is written.

    Parameters
    ----------
    name : str
        Path in the folder, without an ending.
    about : str
        Goes into the description that both kinds carry.
    made_from : iterable of Path
        The files that it shows; the figure goes when one of them is replaced.
    """
    from negotiation_abm.plotting import style

    sources = list(made_from)
    for kind in reversed(KINDS):  # a second layout drifts, and the page makes an SVG with its first
        style.save(figure, draft.path(f"{name}.{kind}", sources), about)
    return [draft.folder / f"{name}.{kind}" for kind in KINDS]
