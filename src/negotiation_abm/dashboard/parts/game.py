"""Parts of the game: the list of moves, a field to fill, a file to load, the board."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import solara

from negotiation_abm.files.words import escape

STYLE = Path(__file__).parent / "game.css"


@solara.component_vue("moves.vue", vuetify=False)
def Moves(
    rows: list[dict[str, Any]],
    worth: bool,
    enabled: bool = True,
    event_play: Callable[[int], None] | None = None,
) -> None:
    """Every legal move as a button, with what it is worth if `worth`."""


@solara.component_vue("entry.vue", vuetify=False)
def Entry(
    label: str,
    value: str,
    name: str,
    kind: str = "number",
    low: str = "",
    high: str = "",
    event_change: Callable[[str], None] | None = None,
) -> None:
    """A field to fill: a number or a date."""


@solara.component_vue("load.vue", vuetify=False)
def Load(
    label: str,
    name: str,
    accept: str,
    most: int,
    event_load: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """A file to choose; `event_load` gets name and text (no text if it has over `most` bytes)."""


@solara.component
def Facts(rows: list[tuple[str, str]], is_stacked: bool = False) -> None:
    """Pairs of a heading and a few words, beside it or below it."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    solara.HTML(
        tag="dl", unsafe_innerHTML=items, classes=["facts", "stacked"] if is_stacked else ["facts"]
    )


@solara.component
def Levers(rows: list[dict[str, Any]]) -> None:
    """Levers of both sides as bars: in force, suspended, covered by the truce."""
    parts, player = [], ""
    for row in rows:
        if row["player"] != player:
            player = row["player"]
            yours = " (you)" if row["own"] else ""
            parts.append(f"<h4>{escape(player + yours)}</h4>")
        parts.append(_lever(row))
    parts.append(
        "<p class='hint'>Light: suspended, snaps back when the truce ends. In truce: raising it "
        "breaks the truce.</p>"
    )
    solara.HTML(tag="div", unsafe_innerHTML="".join(parts), classes=["board"])


def _lever(row: dict[str, Any]) -> str:
    side = "own" if row["own"] else "other"
    mark = " <span class='covered' title='covered by the truce'>in truce</span>"
    return (
        f"<div class='strip {side}'><div class='strip-head'><span>{escape(row['name'])}"
        f"{mark if row['covered'] else ''}</span><span>{escape(row['text'])}</span></div>"
        f"<div class='meter'><i style='width:{100 * row['in_force']:.1f}%'></i>"
        f"<i class='loaded' style='width:{100 * row['loaded']:.1f}%'></i></div></div>"
    )


@solara.component
def Log(rows: list[dict[str, Any]]) -> None:
    """The log of a game, newest first."""
    items = "".join(
        f"<li class='{escape(row['side'])} {escape(row['mark'].lower())}'>"
        f"<time>{escape(str(row['date']))}</time>"
        f"<span>{escape(row['text'])}</span></li>"
        for row in rows
    )
    empty = "<li class='event'><time></time><span>Nothing has happened yet.</span></li>"
    solara.HTML(
        tag="ol",
        unsafe_innerHTML=items or empty,
        classes=["log"],
        attributes={"aria-label": "Log of the game, newest first", "tabindex": "0"},
    )
