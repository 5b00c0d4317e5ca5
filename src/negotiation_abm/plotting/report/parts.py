"""What the pages share: templates, figures that load nothing, assumptions, provenance."""

import base64
import html
import io
import shlex
from importlib import resources
from string import Template
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from negotiation_abm.plotting.report.assumptions import ground, resting


def filled(name: str, fields: dict[str, str]) -> str:
    """A template of this package with its fields, each of them HTML."""
    text = resources.files(__package__).joinpath(f"{name}.html").read_text(encoding="utf-8")
    return Template(text).substitute(fields)


def escape(text: object) -> str:
    """Text as HTML."""
    return html.escape(str(text))


def picture(figure: Figure, caption: str) -> str:
    """A figure inside the page."""
    data = base64.b64encode(_svg(figure)).decode()
    text = escape(caption)
    image = f'<img alt="{text}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure>{image}<figcaption>{text}.</figcaption></figure>"


def _svg(figure: Figure) -> bytes:
    """A figure whose letters are outlines: it looks the same without its font."""
    stream = io.BytesIO()
    with rc_context({"svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def foundations(made: dict[str, Any], notes: list[str], hashes: dict[str, str]) -> str:
    """What the numbers rest on, and how to make them again.

    Parameters
    ----------
    made : dict
        Entry of the step in a manifest.
    hashes : dict of str
        Further lines of its provenance.
    """
    return filled(
        "ground",
        {
            "ground": escape(ground(resting(made))),
            "assumptions": _assumptions(made),
            "notes": "".join(f"<li>{escape(note)}</li>" for note in notes),
            "reproduce": "".join(
                f"<tr><th>{name}</th><td>{escape(text)}</td></tr>"
                for name, text in provenance(made, hashes)
            ),
        },
    )


def _assumptions(made: dict[str, Any]) -> str:
    rows = []
    for kind, names in resting(made):
        cells = f'<td class="count">{len(names)}</td><td>{escape(", ".join(names))}</td>'
        rows.append(f"<tr><th>{escape(kind)}</th>{cells}</tr>")
    return "".join(rows)


def provenance(made: dict[str, Any], hashes: dict[str, str]) -> list[tuple[str, str]]:
    """Command, hashes, seed, version: what each is and its text."""
    environment = made["environment"]
    git = environment.get("git")
    commit = f", commit {git['commit'][:12]}" if git else ""
    return [
        ("command", shlex.join(made["command"]) if made["command"] else "called from Python"),
        ("scenario", f"{made['scenario']['name']}, sha256 {made['scenario_hash'][:16]}"),
        ("parameters", f"{made['parameter_set']['name']}, sha256 {made['parameter_hash'][:16]}"),
        ("runs", f"{made['replicates']:,}, seed {made['seed']}"),
        (
            "version",
            f"negotiation_abm {environment['negotiation_abm']} (sources "
            f"{environment['source_hash']}{commit}), Python {environment['python']}",
        ),
        *hashes.items(),
        ("made", made["created"]),
    ]
