"""Tables in CSV files, as people save them: from an editor, or from a spreadsheet."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from negotiation_abm.files.errors import InputError
from negotiation_abm.files.resources import read_text

QUOTES = 'a field with quotes stands in quotes, and those within it are doubled: """so"" he said"'


@dataclass(frozen=True)
class Sheet:
    """A header, and the rows below it that hold anything.

    Attributes
    ----------
    rows : list of tuple of int and list of str
        Line in the file, and cells without spaces around them.
    has_decimal_commas : bool
        May a number have a decimal comma, as something else separates the cells?
    """

    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]]
    has_decimal_commas: bool

    def number(self, cell: str) -> str:
        """A cell that holds a number, with a decimal point."""
        is_decimal = self.has_decimal_commas and cell.count(",") == 1 and "." not in cell
        return cell.replace(",", ".") if is_decimal else cell

    def whole(self, cell: str) -> str:
        """A cell that holds a whole number, without the decimals that some programs add (4.0)."""
        found = re.fullmatch(r"(\d+)\.0+", self.number(cell))
        return found[1] if found else cell

    def flag(self, cell: str) -> str:
        """A cell that says yes or no, as 1 or 0: some programs write TRUE and FALSE."""
        return {"true": "1", "false": "0"}.get(cell.lower()) or self.whole(cell)

    def day(self, cell: str) -> str:
        """A cell that holds a date, as YYYY-MM-DD where its form leaves no doubt.

        The hour of midnight, which some programs add, goes. A date with dots (31.12.2025) has the
        day first wherever it is in use; one with strokes may be read in two ways and stays.

        >>> Sheet(Path(), [], [], False).day("1.12.2025 00:00")
        '2025-12-01'
        """
        cell = re.sub(r"(?<=\d)[ T]0?0:00(:00(\.0+)?)?$", "", cell)
        found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", cell)
        return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else cell


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file: cells separated by commas, or as spreadsheets do by semicolons or tabs.

    Rows without any content are left out, and so are columns that have neither a name nor content.

    Raises
    ------
    InputError
        With the line, if this is no CSV, or a row has not as many cells as the header.
    """
    text, skipped = read_text(path), 0
    if text.startswith("sep="):  # how some spreadsheets name the separator
        text, skipped = text.partition("\n")[2], 1
    separator = _separator(text.partition("\n")[0])
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            lines.append((reader.line_num + skipped, [cell.strip() for cell in cells]))
    except csv.Error as error:
        line = reader.line_num + skipped
        problem = f"not valid CSV: {error}; {QUOTES}"
        raise InputError(path, f"line {line}", problem) from None
    lines = [(line, cells) for line, cells in lines if any(cells)]
    header = lines[0][1] if lines else []
    used = max((_used(cells) for _, cells in lines), default=0)
    for line, cells in lines[1:]:
        if len(cells) != len(header):
            counted = f"{len(cells)} cells under {len(header)} names"
            problem = f"not as many fields as the header has columns: {counted}"
            raise InputError(path, f"line {line}", problem)
    rows = [(line, cells[:used]) for line, cells in lines[1:]]
    return Sheet(path, header[:used], rows, separator != ",")


def _separator(header: str) -> str:
    return next((one for one in ",;\t" if one in header), ",")


def _used(cells: list[str]) -> int:
    """Number of cells up to the last that holds anything."""
    return max((number for number, cell in enumerate(cells, start=1) if cell), default=0)
