"""The one list of figures: what each is drawn from, what it shows, and how it is drawn.

A figure is a function under the decorator `figure`, in any file of this folder. From there it
reaches ``plot DIR`` and ``plot DIR --figure NAME``, the page, the gallery and, if it says so, the
report; ``docs/howto_figure.md`` adds one.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from matplotlib.figure import Figure

from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.provenance import file_hash
from negotiation_abm.plotting import style
from negotiation_abm.plotting.folder import complete, origin_of, read_json

Draw = TypeVar("Draw", bound=Callable[..., Any])
HASH_SHOWN = 12  # digits in the small print
FIGURES: "dict[str, Entry]" = {}


@dataclass(frozen=True)
class Entry:
    """One figure.

    Attributes
    ----------
    name : str
        Of the figure and of its files.
    table : str
        The file behind it: its hash stands in the small print.
    step : str
        Entry of the manifest that says where the files come from.
    words : str
        What the figure shows, in a sentence for people: the caption of report, page and gallery.
    needs : tuple of str
        Files without which the folder has no such figure.
    made_by : str
        The command that writes them.
    note : str
        More for the small print.
    report_place : int
        Where the report of the step shows it (1, 2, ...); 0 for nowhere.
    draw : callable
        Folder to `Figure`; None if the files hold nothing to draw.
    """

    name: str
    table: str
    step: str
    words: str
    needs: tuple[str, ...]
    made_by: str
    note: str
    report_place: int
    draw: Callable[[Path], Figure | None]

    def sources(self, folder: Path) -> list[Path]:
        """The files that the figure shows; a replay beside a run may be marked in it."""
        return [folder / file for file in dict.fromkeys([*self.needs, self.table, "replay.json"])]

    def is_in(self, folder: Path) -> bool:
        """Does the folder hold the files that the figure needs?"""
        return all((folder / file).is_file() for file in self.needs)


def figure(
    name: str,
    *,
    table: str,
    step: str,
    words: str,
    needs: Iterable[str] = (),
    made_by: str = "",
    note: str = "",
    report_place: int = 0,
    size: tuple[float, float] = (8.6, 5.6),
) -> Callable[[Draw], Draw]:
    """Put a function into the list of figures; it stays as it is.

    The function takes either ``(table, ax=None)``, draws the table on axes (``plt.gca()`` without
    any) and returns them; or, where its first parameter is called ``folder``, the path of a result
    folder, and returns a whole `Figure`, or None if there is nothing to draw.

    Parameters
    ----------
    table : str
        The file behind the figure, which a function of a table gets: ``.csv`` or ``.parquet`` as a
        data frame, ``.json`` as a dict.
    needs : iterable of str
        Files that the figure needs (default: `table`).
    made_by : str
        The command that writes the files (default: ``negotiation-abm STEP``).
    size : tuple of float
        Width and height in inches of the figure around a function of a table.

    Raises
    ------
    ValueError
        If another function has the name.
    """

    def put(function: Draw) -> Draw:
        known = FIGURES.get(name)
        if known is not None and _source(known.draw) != _source(function):
            raise ValueError(f"two figures are called '{name}'")
        of_folder = next(iter(inspect.signature(function).parameters)) == "folder"
        draw = function if of_folder else _on_axes(function, table, size)
        FIGURES[name] = Entry(
            name,
            table,
            step,
            words,
            tuple(needs) or (table,),
            made_by or f"negotiation-abm {step}",
            note,
            report_place,
            draw,
        )
        return function

    return put


def _source(function: Callable[..., Any]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def _on_axes(
    function: Callable[..., Any], table: str, size: tuple[float, float]
) -> Callable[[Path], Figure | None]:
    """A function of a table as one of a folder, on a figure of its own."""

    def draw(folder: Path) -> Figure | None:
        data = read_table(folder / table)
        if not len(data):
            return None
        whole, ax = style.subplots(figsize=size, layout=style.roomy())
        function(data, ax)
        return whole

    draw.__module__, draw.__qualname__ = _source(function)
    return draw


def read_table(path: Path) -> Any:
    """A file of a result folder: a data frame, or what a JSON file holds."""
    if path.suffix == ".json":
        return read_json(path)
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@cache
def _load() -> None:
    package = importlib.import_module("negotiation_abm.plotting")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:
            importlib.import_module(f"{package.__name__}.{module.name}")


def all_figures() -> dict[str, Entry]:
    """Every figure by name, from all files of this folder."""
    _load()
    return dict(FIGURES)


def figures_of(folder: Path) -> list[Entry]:
    """The figures whose files a folder holds."""
    return [entry for entry in all_figures().values() if entry.is_in(folder)]


def in_report(step: str, folder: Path) -> list[Entry]:
    """The figures of a step that its report shows, in their order."""
    found = [e for e in figures_of(folder) if e.step == step and e.report_place]
    return sorted(found, key=lambda entry: entry.report_place)


def find_figure(name: str) -> Entry:
    """The figure of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    known = all_figures()
    if name not in known:
        raise InputError("--figure", name, suggest(name, known))
    return known[name]


def drawn(folder: Path, entry: Entry) -> tuple[Figure, str] | None:
    """A figure of a folder with its small print, and what stands behind it.

    Returns
    -------
    tuple of Figure and str, or None
        None if the files hold nothing to draw; the text names the table and its hash.

    Raises
    ------
    InputError
        If a file is not complete.
    """
    with complete(folder / entry.table):
        found = entry.draw(folder)
    if found is None:
        return None
    digest = file_hash(folder / entry.table) if (folder / entry.table).is_file() else ""
    behind = f"{entry.table} {digest[:HASH_SHOWN]}"
    parts = [origin_of(folder, entry.step), entry.note, behind]
    style.small_print(found, "  |  ".join(part for part in parts if part))
    return found, f"{entry.table} sha256 {digest}"
