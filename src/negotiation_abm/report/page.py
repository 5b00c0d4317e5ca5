"""The page: text, tables and figures put into the template."""

import base64
import html
import io
import shlex
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from negotiation_abm.errors import InputError
from negotiation_abm.plotting import style
from negotiation_abm.plotting.catalogue import drawn
from negotiation_abm.plotting.folder import complete, read_json
from negotiation_abm.report.assumptions import ground, resting
from negotiation_abm.report.words import answer, drivers, main_entry
from negotiation_abm.results import read_manifest, writing
from negotiation_abm.runs import selected_spells
from negotiation_abm.survival import Mean, count_spells, rmst

PAGE = "report.html"
UNTIL = 52
FIRST_PAGE = {
    "truce_durations": "How long truces last: share still holding by age, with 95 % band and the "
    "number at risk",
    "ends_by_cause": "What ends them: share of truces ended by each cause, by age",
}
DRIVERS = {"sensitivity": "What drives the outcome: shares of its variance, beside the noise floor"}
SHAPE = {"hazard": "When truces end: weekly chance by age, and what smooth families make of it"}


def write_report(folder: Path) -> Path:
    """Write ``report.html`` to a folder that holds a run.

    A study of sensitivity in the same folder (``sensitivity.csv``) adds what drives the outcome.

    Returns
    -------
    Path
        The page: one file, which loads nothing.

    Raises
    ------
    InputError
        If the folder holds no run.
    """
    if not folder.is_dir():
        raise InputError(folder, "", "no such folder")
    manifest = read_manifest(folder)
    made = manifest.get("run")
    if not isinstance(made, dict) or not (folder / "summary.json").is_file():
        raise InputError(folder, "", "holds no run; `negotiation-abm run` makes one")
    summary = read_json(folder / "summary.json")
    with complete(folder / "summary.json"):
        fields = _text(folder, summary, made) | _figures(folder, summary, manifest)
    text = resources.files(__package__).joinpath("template.html").read_text(encoding="utf-8")
    with writing(folder, "report", {}) as draft:
        draft.text(PAGE, Template(text).substitute(fields))
    return folder / PAGE


def _text(folder: Path, summary: dict[str, Any], made: dict[str, Any]) -> dict[str, str]:
    scenario = made["scenario"]
    sentences = answer(summary, _mean(folder, summary))
    return {
        "title": _escape(scenario["title"] or scenario["name"]),
        "question": _escape(_question(summary)),
        "description": _escape(scenario["description"] or ""),
        "answer": "".join(f"<p>{_escape(sentence)}</p>" for sentence in sentences),
        "ground": _escape(ground(resting(made))),
        "assumptions": _assumptions(made),
        "notes": "".join(f"<li>{_escape(note)}</li>" for note in summary["notes"]),
        "reproduce": _reproduce(made),
    }


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


def _assumptions(made: dict[str, Any]) -> str:
    rows = []
    for kind, names in resting(made):
        cells = f'<td class="count">{len(names)}</td><td>{_escape(", ".join(names))}</td>'
        rows.append(f"<tr><th>{_escape(kind)}</th>{cells}</tr>")
    return "".join(rows)


def _reproduce(made: dict[str, Any]) -> str:
    environment = made["environment"]
    git = environment.get("git")
    commit = f", commit {git['commit'][:12]}" if git else ""
    lines = [
        ("command", shlex.join(made["command"])),
        ("scenario", f"{made['scenario']['name']}, sha256 {made['scenario_hash'][:16]}"),
        ("parameters", f"{made['parameter_set']['name']}, sha256 {made['parameter_hash'][:16]}"),
        ("runs", f"{made['replicates']:,}, seed {made['seed']}"),
        (
            "version",
            f"negotiation_abm {environment['negotiation_abm']} (sources "
            f"{environment['source_hash']}{commit}), Python {environment['python']}",
        ),
        ("spells", f"content sha256 {made['content']['truces.parquet']['sha256'][:32]}"),
        ("made", made["created"]),
    ]
    return "".join(f"<tr><th>{name}</th><td>{_escape(text)}</td></tr>" for name, text in lines)


def _figures(folder: Path, summary: dict[str, Any], manifest: dict[str, Any]) -> dict[str, str]:
    if not summary["truces"]:
        return {"figures": "", "drivers": "<p>There is nothing to divide up.</p>"}
    with style.context():
        first = "".join(_figure(folder, name, text) for name, text in FIRST_PAGE.items())
        return {"figures": first, "drivers": _drivers(folder, manifest)}


def _drivers(folder: Path, manifest: dict[str, Any]) -> str:
    """The study in the folder, or the shape of the hazard and how to make a study."""
    if not (folder / "sensitivity.csv").is_file():
        text = (
            "This folder holds no study of sensitivity; <code>negotiation-abm sensitivity STUDY "
            f"--out {_escape(str(folder))}</code> adds one. Until then: the chance to end by age."
        )
        return f"<p>{text}</p>" + "".join(_figure(folder, *item) for item in SHAPE.items())
    with complete(folder / "sensitivity.csv"):
        table = pd.read_csv(folder / "sensitivity.csv")
        sentence = drivers([dict(row) for _, row in table.iterrows()])
    study, made = manifest.get("sensitivity", {}), manifest["run"]
    other = study.get("scenario_hash") != made["scenario_hash"]
    name = study.get("scenario", {}).get("name", "another scenario")
    warning = f" The study is of {name}, not of this run." if other else ""
    figure = "".join(_figure(folder, *item) for item in DRIVERS.items())
    return f"<p>{_escape(sentence + warning)}</p>{figure}"


def _figure(folder: Path, name: str, caption: str) -> str:
    found = drawn(folder, name)
    if found is None:
        return ""
    figure, _ = found
    try:
        data = base64.b64encode(_svg(figure)).decode()
    finally:
        plt.close(figure)
    text = _escape(caption)
    image = f'<img alt="{text}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure>{image}<figcaption>{text}.</figcaption></figure>"


def _svg(figure: Figure) -> bytes:
    """A figure whose letters are outlines: it looks the same without its font."""
    stream = io.BytesIO()
    with plt.rc_context({"svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _escape(text: object) -> str:
    return html.escape(str(text))
