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
from negotiation_abm.plotting.claims import claim_of
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

    The function takes ``(table, ax=None)``, draws the table on axes (``plt.gca()`` without any) and
    returns them. One with several panels has no `ax`: it takes what each file of `needs` holds, in
    that order, and returns a whole `Figure`. Where its first parameter is called ``folder``, it
    takes the path of a result folder, and may return None if there is nothing to draw.

    Parameters
    ----------
    table : str
        The file behind the figure, which a function of a table gets: ``.csv`` or ``.parquet`` as a
        data frame, ``.json`` as a dict. Without rows there is no figure.
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
        files = tuple(needs) or (table,)
        takes = list(inspect.signature(function).parameters)
        draw: Callable[[Path], Figure | None] = function
        if takes[0] != "folder":
            has_axes = "ax" in takes
            whole = _on_axes(function, size) if has_axes else function
            draw = _from_files(whole, (table,) if has_axes else files, _source(function))
        FIGURES[name] = Entry(
            name,
            table,
            step,
            words,
            files,
            made_by or f"negotiation-abm {step}",
            note,
            report_place,
            draw,
        )
        return function

    return put


def _source(function: Callable[..., Any]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def _on_axes(function: Callable[..., Any], size: tuple[float, float]) -> Callable[..., Figure]:
    """A function that draws on axes as one that makes a figure."""

    def draw(table: Any) -> Figure:
        whole, ax = style.subplots(figsize=size, layout=style.roomy())
        function(table, ax)
        return whole

    return draw


def _from_files(
    function: Callable[..., Figure], files: tuple[str, ...], source: tuple[str, str]
) -> Callable[[Path], Figure | None]:
    """A function of tables as one of the folder that holds them; None where one has no rows."""

    def draw(folder: Path) -> Figure | None:
        tables = [read_table(folder / file) for file in files]
        is_empty = any(isinstance(table, pd.DataFrame) and table.empty for table in tables)
        return None if is_empty else function(*tables)

    draw.__module__, draw.__qualname__ = source
    return draw


def read_table(path: Path) -> Any:
    """A file of a result folder: a data frame, or what a JSON file holds.

    The name of a scenario stays text, though it may be a number.
    """
    if path.suffix == ".json":
        return read_json(path)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype={"scenario": str})


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
        text = claim_of(entry.name, folder) if found is not None else ""
    if found is None:
        return None
    if text:
        style.headline(found, text)
    digest = file_hash(folder / entry.table) if (folder / entry.table).is_file() else ""
    behind = f"{entry.table} {digest[:HASH_SHOWN]}"
    parts = [origin_of(folder, entry.step), entry.note, behind]
    style.small_print(found, style.SMALL_GAP.join(part for part in parts if part))
    return found, f"{entry.table} sha256 {digest}"
