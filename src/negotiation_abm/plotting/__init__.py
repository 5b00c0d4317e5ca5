"""Figures: one function each, ``(table, ax=None) -> ax``; no computing here."""

from collections.abc import Iterable
from pathlib import Path

from negotiation_abm.errors import InputError, nearest
from negotiation_abm.results import writing

KINDS = ("png", "svg")


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
            raise InputError("--figure", name, nearest(name, FIGURES))
        for file in FIGURES[name].needs:
            if not (folder / file).is_file():
                problem = f"missing; {FIGURES[name].made_by} writes it"
                raise InputError(folder / file, "", problem)
    chosen = asked or [
        name
        for name, entry in FIGURES.items()
        if all((folder / file).is_file() for file in entry.needs)
    ]
    if not chosen:
        problem = "holds neither replay.json nor summary.json; run or replay first"
        raise InputError(folder, "", problem)
    return _draw(folder, chosen, bool(asked))


def _draw(folder: Path, names: list[str], is_asked: bool) -> list[Path]:
    from negotiation_abm.plotting import style
    from negotiation_abm.plotting.catalogue import FIGURES, drawn

    figures, about = {}, {}
    try:
        with style.context():
            for name in names:
                found = drawn(folder, name)
                if found is not None:
                    figures[name], about[name] = found
                elif is_asked:
                    problem = f"nothing to draw for '{name}'; it needs {FIGURES[name].made_by}"
                    raise InputError(folder, "", problem)
            with writing(folder, "plot", {}) as draft:
                for name, figure in figures.items():
                    for kind in KINDS:
                        path = draft.path(f"figures/{name}.{kind}")
                        style.save(figure, path, about[name])
    finally:
        style.close(figures.values())
    return [folder / "figures" / f"{name}.{kind}" for name in figures for kind in KINDS]
