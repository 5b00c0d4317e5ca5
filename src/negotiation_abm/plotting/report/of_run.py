"""The page of a run: how long truces last, what ends them, what drives it."""

from pathlib import Path
from typing import Any

import pandas as pd

from negotiation_abm.plotting.folder import complete, read_json
from negotiation_abm.plotting.registry import Entry, drawn, find_figure, in_report
from negotiation_abm.plotting.report.parts import escape, filled, foundations, picture
from negotiation_abm.plotting.report.words import answer, drivers, main_entry
from negotiation_abm.run.step import selected_spells
from negotiation_abm.survival import Mean, count_spells, rmst

UNTIL = 52
SHAPE = "hazard"  # the figure in place of a study that the folder does not hold


def run_page(folder: Path, manifest: dict[str, Any]) -> tuple[str, str]:
    """Title and body of the page of a run.

    Raises
    ------
    InputError
        If the tables are not complete.
    """
    made, summary = manifest["run"], read_json(folder / "summary.json")
    with complete(folder / "summary.json"):
        scenario = made["scenario"]
        title = escape(scenario["title"] or scenario["name"])
        spells = made["content"]["truces.parquet"]["sha256"]
        fields = {
            "title": title,
            "question": escape(_question(summary)),
            "description": escape(scenario["description"] or ""),
            "answer": "".join(
                f"<p>{escape(sentence)}</p>" for sentence in answer(summary, _mean(folder, summary))
            ),
            "ground": foundations(
                made, summary["notes"], {"spells": f"content sha256 {spells[:32]}"}
            ),
        }
        return title, filled("run", fields | _figures(folder, summary, manifest))


def _question(summary: dict[str, Any]) -> str:
    entry = main_entry(summary, "covered")
    which = "this truce" if entry is not None and entry["group"] == "running" else "a truce"
    return f"How long does {which} last, and what ends it?"


def _mean(folder: Path, summary: dict[str, Any]) -> Mean | None:
    """Restricted mean of the truces that the answer speaks of."""
    entry = main_entry(summary, "covered")
    if entry is None:
        return None
    counts = count_spells(selected_spells(folder / "truces.parquet", "covered", entry["group"])())
    found = None if counts is None else rmst(counts, UNTIL)
    return found if found is not None and found.value == found.value else None


def _figures(folder: Path, summary: dict[str, Any], manifest: dict[str, Any]) -> dict[str, str]:
    if not summary["truces"]:
        return {"figures": "", "drivers": "<p>There is nothing to divide up.</p>"}
    first = "".join(_figure(folder, entry) for entry in in_report("run", folder))
    return {"figures": first, "drivers": _drivers(folder, manifest)}


def _drivers(folder: Path, manifest: dict[str, Any]) -> str:
    """The study in the folder, or the shape of the hazard and how to make a study."""
    if not (folder / "sensitivity.csv").is_file():
        text = (
            "This folder holds no study of sensitivity; <code>negotiation-abm sensitivity STUDY "
            f"--out {escape(str(folder))}</code> adds one. Until then: the chance to end by age."
        )
        return f"<p>{text}</p>{_figure(folder, find_figure(SHAPE))}"
    with complete(folder / "sensitivity.csv"):
        table = pd.read_csv(folder / "sensitivity.csv")
        sentence = drivers([dict(row) for _, row in table.iterrows()])
    study, made = manifest.get("sensitivity", {}), manifest["run"]
    other = study.get("scenario_hash") != made["scenario_hash"]
    name = study.get("scenario", {}).get("name", "another scenario")
    warning = f" The study is of {name}, not of this run." if other else ""
    shown = "".join(_figure(folder, entry) for entry in in_report("sensitivity", folder))
    return f"<p>{escape(sentence + warning)}</p>{shown}"


def _figure(folder: Path, entry: Entry) -> str:
    found = drawn(folder, entry)
    return "" if found is None else picture(found[0], entry.words)
