"""The page of a what-if: what was altered, and what that changes, run by run."""

import re
from pathlib import Path
from typing import Any

from negotiation_abm.files import words
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.folder import read_manifest
from negotiation_abm.plotting.folder import complete, read_json
from negotiation_abm.plotting.registry import drawn, in_report
from negotiation_abm.plotting.report.parts import escape, filled, foundations, picture, provenance
from negotiation_abm.plotting.report.whatif_words import (
    answer,
    design,
    is_clear,
    name_of,
    question,
)
from negotiation_abm.run.outcome import digits_of
from negotiation_abm.survival.words import ONE_RUN

FILE = "whatif.json"
GROUPS = {  # heading: what tells the outcomes that stand under it
    "Truce, still in force": r"(covered|any_domain)_\d+|weeks_in_truce|num_truces",
    "Average extra tariff, points": r".*tariff_pp",
    "Pain, units a week": r"pain\..*",
    "Other outcomes": r"(?!.*\.(flow|num_escalate)$).*",  # flows and moves are left to the table
}
COLUMNS = (words.ARMS["factual"], words.ARMS["altered"], "difference (95 %)")
TABLES = ("differences.csv", "paths.csv")


def is_whatif(folder: Path) -> bool:
    """Has `whatif` filled this folder?"""
    made = read_manifest(folder).get("whatif")
    return isinstance(made, dict) and (folder / FILE).is_file()


def whatif_page(folder: Path) -> tuple[str, str]:
    """Title and body of the page of a what-if, with all that it rests on."""
    made, summary = _read(folder)
    with complete(folder / FILE):
        notes = [*summary["notes"], f"Interval: {summary['interval']}."]
        body = foundations(made, notes, _hashes(made))
        page = _section(folder, summary, "") + f'\n<section class="page">\n{body}\n</section>'
        return escape(question(summary)), page


def listed(folder: Path, beside: dict[str, Any]) -> str:
    """A what-if on a page of its own in the report of another result.

    Parameters
    ----------
    beside : dict
        Entry of that result in its manifest.

    Raises
    ------
    InputError
        If the folder holds no what-if.
    """
    if not folder.is_dir():
        raise InputError(folder, "--whatif", "no such folder")
    if not is_whatif(folder):
        problem = "holds no what-if; `negotiation-abm whatif` makes one"
        raise InputError(folder, "--whatif", problem)
    made, summary = _read(folder)
    with complete(folder / FILE):
        lines = [f"{name} {text}" for name, text in provenance(made, _hashes(made))]
        source = f'<p class="source">{escape("; ".join(lines))}</p>'
        return _section(folder, summary, _warning(made, summary, beside) + source)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return read_manifest(folder)["whatif"], read_json(folder / FILE)


def _warning(made: dict[str, Any], summary: dict[str, Any], beside: dict[str, Any]) -> str:
    """Says so where a what-if does not rest on the parameters of the first page."""
    own, other = summary["parameters"], beside["parameter_set"]["name"]
    is_altered = "parameters" in made["whatif"]["set"]  # then the hash is of the altered branch
    if own != other:
        text = f"Played with the parameters {own}, not with those of the first page ({other})"
    elif not is_altered and made["parameter_hash"] != beside["parameter_hash"]:
        text = f"Played with other values of {own} than those of the first page"
    else:
        return ""
    return f'<p class="limits"><strong>{escape(text)}.</strong></p>'


def _hashes(made: dict[str, Any]) -> dict[str, str]:
    found = {"record": f"{made['record']}, sha256 {made['record_sha256'][:16]}"}
    return found | {
        name.partition(".")[0]: f"{name}, sha256 {made['files'][name][:32]}" for name in TABLES
    }


def _section(folder: Path, summary: dict[str, Any], more: str) -> str:
    return filled(
        "whatif",
        {
            "question": escape(question(summary)),
            "title": escape("The change"),
            "description": escape(_altered(summary)),
            "answer": "".join(f"<p>{escape(sentence)}</p>" for sentence in answer(summary)),
            "design": escape(design(summary)),
            "differences": _differences(summary),
            "figure": _figures(folder),
            "more": more,
        },
    )


def _figures(folder: Path) -> str:
    found = [(drawn(folder, entry), entry.words) for entry in in_report("whatif", folder)]
    if not any(made is not None for made, _ in found):
        raise ValueError("the tables of its figures have no rows")
    return "".join(picture(made[0], words) for made, words in found if made is not None)


def _altered(summary: dict[str, Any]) -> str:
    """The alteration line by line, what was carried out of it, and what the file says of it."""
    lines = "; ".join(summary["alteration"])
    made = [
        f"{player} made {share:.2f} of the moves given, on average a run"
        for player, share in summary["forced_moves_a_run"].items()
        if share > 0.0
    ]
    return f"{'; '.join([lines, *made])}. {summary['description']}"


def _differences(summary: dict[str, Any]) -> str:
    """One table a group of outcomes, each in the first that fits; empty ones are left out."""
    out, left = [], list(summary["outcomes"])
    for heading, pattern in GROUPS.items():
        own = [row for row in left if re.fullmatch(pattern, row["outcome"])]
        left = [row for row in left if row not in own]
        rows = [_row(row) for row in own]
        if rows:
            head = "".join(f'<th class="number">{text}</th>' for text in COLUMNS)
            out.append(f"<table><tr><th>{escape(heading)}</th>{head}</tr>{''.join(rows)}</table>")
    return "".join(out)


def _row(row: dict[str, Any]) -> str:
    scale = 100.0 if row["unit"] == "share" else 1.0  # shares are shown in percent
    digits = digits_of(row["unit"], is_mean=True) - 2 * (row["unit"] == "share")
    before, after, low, high = (
        "" if row[key] is None else f"{scale * row[key]:.{digits}f}"
        for key in ("factual", "altered", "low", "high")
    )
    ends = f"{low} to {high}" if low else ONE_RUN
    gap = f"{scale * row['difference']:+.{digits}f} ({ends})"
    clear = " clear" if is_clear(row) else ""
    cells = [("number", before), ("number", after), (f"number{clear}", gap)]
    data = "".join(f'<td class="{kind}">{escape(text)}</td>' for kind, text in cells)
    return f"<tr><td>{escape(name_of(row))}</td>{data}</tr>"
