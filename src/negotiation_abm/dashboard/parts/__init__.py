"""The parts that views are made of: controls, boxes, figures, downloads.

Controls are small Vue files beside this one, made of plain HTML, so that labels, focus and arrow
keys are those of the browser.
"""

import base64
import html
import traceback
from collections.abc import Callable, Sequence
from typing import Any, cast

import solara

from negotiation_abm.dashboard.figures import Shown
from negotiation_abm.files.errors import InputError
from negotiation_abm.files.words import escape


@solara.component_vue("header.vue", vuetify=False)
def Header(
    tabs: list[dict[str, str]],
    current: str,
    address: dict[str, Any],
    event_go: Callable[[str], None],
    event_back: Callable[[str], None],
    event_screen: Callable[[dict[str, bool]], None],
) -> None:
    """Title, tabs and theme switch; keeps the address of the page; reports width and theme.

    `address` has the address itself (``to``) and how many entries of the history the page has made
    so far (``entries``): one more makes a new one, and Back comes as an event.
    """


@solara.component_vue("range.vue", vuetify=False)
def Range(
    label: str,
    value: float,
    low: float,
    high: float,
    step: float,
    shown: str = "",
    hint: str = "",
    name: str = "",
    marked: bool = False,
    words: list[str] | None = None,
    event_change: Callable[[float], None] | None = None,
) -> None:
    """A slider: `shown` is its value in words, `hint` a line below; changes come on release.

    `words` say what each value from `low` on is called while it moves.
    """


@solara.component_vue("choose.vue", vuetify=False)
def Choose(
    label: str,
    value: str,
    options: list[dict[str, str]],
    name: str = "",
    event_change: Callable[[str], None] | None = None,
) -> None:
    """A list to choose from; `options` have `value`, `text` and perhaps `group`."""


@solara.component_vue("tick.vue", vuetify=False)
def Tick(
    label: str,
    value: bool,
    name: str = "",
    event_change: Callable[[bool], None] | None = None,
) -> None:
    """A box to tick."""


@solara.component_vue("press.vue", vuetify=False)
def Press(
    label: str,
    name: str = "",
    kind: str = "plain",
    enabled: bool = True,
    event_press: Callable[[Any], None] | None = None,
) -> None:
    """A button; `kind` is plain, main or quiet."""


@solara.component_vue("command.vue", vuetify=False)
def _CommandBox(text: str) -> None:
    """A command with a button that copies it."""


@solara.component_vue("save.vue", vuetify=False)
def _Save(
    files: list[dict[str, str]],
    ready: dict[str, str] | None = None,
    event_ask: Callable[[str], None] | None = None,
) -> None:
    """Buttons that hand out files; a file is made when it is asked for."""


@solara.component
def Command(text: str) -> None:
    """The command that reproduces what is shown, ready to copy."""
    _CommandBox(text=text)


@solara.component
def Note(text: str, kind: str = "note") -> None:
    """A line of text in a box: note, warning or error (read out by screen readers)."""
    role = "alert" if kind == "error" else "status"
    solara.HTML(
        tag="div",
        unsafe_innerHTML=escape(text),
        classes=["box", kind],
        attributes={"role": role},
    )


@solara.component_vue("picture.vue", vuetify=False)
def _Picture(
    image: str,
    hover: str,
    alt: str,
    stale: bool,
    about: str,
    cells: list[dict[str, Any]],
    picked: str,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """A figure with values where the mouse is, and cells to click."""


@solara.component
def Picture(
    shown: Shown | None,
    alt: str,
    is_stale: bool = False,
    about: str = "",
    cells: Sequence[dict[str, Any]] = (),
    picked: str = "",
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """A figure, with its values where the mouse is.

    Parameters
    ----------
    is_stale : bool
        While a newer one is being made.
    about : str
        What it was made for.
    cells : sequence of dict
        Parts of it that can be clicked: ``id``, ``text``, and the place as shares of the figure
        (``x``, ``y``: its middle, ``width``, ``height``). A click calls `on_pick` with the id.
    """
    _Picture(
        image=shown.address if shown else "",
        hover=shown.hover if shown else "",
        alt=alt,
        stale=is_stale,
        about=about,
        cells=list(cells),
        picked=picked,
        event_pick=on_pick or (lambda _: None),
    )


@solara.component
def Progress(share: float, text: str) -> None:
    """How much is done."""
    solara.HTML(
        tag="div",
        attributes={"role": "status"},
        unsafe_innerHTML=(
            f"<div class='bar'><i style='width:{100 * share:.0f}%'></i></div>"
            f"<p class='hint'>{escape(text)}</p>"
        ),
    )


@solara.component
def Table(
    columns: list[tuple[str, str]],
    rows: list[list[str]],
    caption: str = "",
    strong: set[int] | frozenset[int] = frozenset(),
) -> None:
    """A table of words; `columns` are (heading, left or right), `strong` rows stand out."""
    head = "".join(f"<th scope='col' class='{side}'>{escape(t)}</th>" for t, side in columns)
    body = ""
    for number, row in enumerate(rows):
        mark = " class='strong'" if number in strong else ""
        cells = "".join(
            f"<td class='{side}' data-head='{html.escape(t)}'>{escape(cell)}</td>"
            for (t, side), cell in zip(columns, row, strict=True)
        )
        body += f"<tr{mark}>{cells}</tr>"
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    solara.HTML(
        tag="div",
        unsafe_innerHTML=f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
        classes=["table"],
    )


@solara.component
def Downloads(files: dict[str, Callable[[], bytes]]) -> None:
    """Buttons for files by name; each is made when it is asked for.

    Parameters
    ----------
    files : dict
        File name (``whatif.svg``, ``differences.csv``) to what makes its content.
    """
    ready, set_ready = solara.use_state(cast(dict[str, str], {}))
    problem, set_problem = solara.use_state("")

    def ask(name: str) -> None:
        try:
            content = base64.b64encode(files[name]()).decode()
        except Exception as error:
            if not isinstance(error, InputError):
                traceback.print_exc()
            set_problem(f"{name} could not be made: {error}")
            return
        set_problem("")
        count = int(ready.get("count", "0")) + 1
        set_ready({"name": name, "content": content, "count": str(count)})

    if problem:
        Note(problem, kind="error")
    _Save(
        files=[{"name": name, "kind": name.rsplit(".", 1)[-1].upper()} for name in files],
        ready=ready,
        event_ask=ask,
    )


@solara.component_vue("timeline.vue", vuetify=False)
def Timeline(
    labels: list[str],
    week: int,
    image: str,
    hover: str,
    alt: str,
    first: float,
    aweek: float,
    marks: list[dict[str, Any]],
    picked: str,
    event_change: Callable[[int], None] | None = None,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """A figure over time with a slider, a play button, a moving week and marks to click."""


@solara.component_vue("events.vue", vuetify=False)
def Events(
    items: list[dict[str, Any]],
    picked: str,
    none: str,
    event_pick: Callable[[str], None] | None = None,
) -> None:
    """Events as a list of buttons."""


@solara.component_vue("chips.vue", vuetify=False)
def Chips(
    items: list[dict[str, str]],
    event_drop: Callable[[str], None] | None = None,
) -> None:
    """What has been chosen, each with a button that takes it away."""
