"""The page: header, one tab a view, footer; a view is a component `View(session, screen, query)`.

A view is a module of `negotiation_abm.dashboard.views` named in `VIEWS`. It reads its state from
`query` (see `permalink`) once, and calls ``session.remember(name, query)`` whenever it changes.
What a view raises is caught here: bad input is shown as its line, anything else by name.
"""

import importlib
import traceback
from dataclasses import dataclass
from typing import Any, cast

import solara

from negotiation_abm import __version__
from negotiation_abm.dashboard import settings, warm
from negotiation_abm.dashboard.parts import Header, Note
from negotiation_abm.dashboard.session import OpenPage, Screen
from negotiation_abm.files.errors import InputError, suggest
from negotiation_abm.files.resources import source_hash


@dataclass(frozen=True)
class Tab:
    """One view: the name in the address and of its module, and the label of its tab."""

    name: str
    label: str


VIEWS = (
    Tab("replay", "Replay"),
    Tab("whatif", "What if"),
    Tab("sweep", "Sweeps"),
    Tab("play", "Play"),
    Tab("mesa", "For modellers"),
)
COMPILING = (
    "The rules are being compiled, once on this machine: about a minute. The recorded year "
    "(Replay) and the game (Play) can be used meanwhile; what is simulated comes when it is done."
)
LABELS = {entry.name: entry.label for entry in VIEWS}


@solara.component
def Layout(children: Any = ()) -> None:
    """The whole page; it stays while the address goes from view to view."""
    session = solara.use_memo(OpenPage, [])
    screen, set_screen = solara.use_state(cast(Screen | None, None))
    router = solara.use_router()
    name = router.parts[0] or VIEWS[0].name
    query = router.search or ""
    address, set_address = solara.use_state((f"/{name}" + (f"?{query}" if query else ""), 0))
    returns, set_returns = solara.use_state(0)
    session.queries.setdefault(name, query)
    opened = solara.use_memo(lambda: session.queries.get(name, query), [name, returns])

    def show(target: str, is_new: bool) -> None:
        set_address(lambda old: (target, old[1] + is_new))

    def go(view: str) -> None:
        target = session.address(view)
        show(target, view != name)
        router.push(target)

    def back(target: str) -> None:
        """Show an earlier entry of the history: another state of this view, or another view.

        The router opens another view by itself; this one must be built anew.
        """
        path, _, before = target.lstrip("/").partition("?")
        view = path or VIEWS[0].name
        session.queries[view] = before
        show(target, False)
        if view == name:
            set_returns(lambda old: old + 1)

    session.connect(show, go)
    solara.Title(f"{LABELS.get(name, 'Not found')} - negotiation_abm")
    with solara.Div(classes=["page"]):
        Header(
            tabs=[
                {"name": e.name, "label": e.label, "href": session.address(e.name)} for e in VIEWS
            ],
            current=name,
            address={"to": address[0] if name in LABELS else "", "entries": address[1]},
            event_go=go,
            event_back=back,
            event_screen=lambda found: set_screen(Screen(found["dark"], found["narrow"])),
        )
        _Compiling()
        with solara.Div(classes=["stack"], attributes={"id": "main", "role": "main"}):
            if screen is not None:
                shown = (Edge, Again)[returns % 2]
                shown(name, session, screen, opened).key(f"{name} {returns}")
        _Footer()


@solara.component
def Edge(name: str, session: OpenPage, screen: Screen, query: str) -> None:
    """A view, with whatever it raises shown as a line and not as a trace."""
    error, _ = solara.use_exception()
    if error is None:
        Shown(name, session, screen, query)
        return
    if not isinstance(error, InputError):
        traceback.print_exception(error)
    Note(str(error) if isinstance(error, InputError) else failed(error), kind="error")

    solara.HTML(
        tag="p", unsafe_innerHTML=f"<a href='/{name if name in LABELS else ''}'>Start anew</a>"
    )


@solara.component
def Again(name: str, session: OpenPage, screen: Screen, query: str) -> None:
    """The same as another type of component, which is what builds a view anew after Back."""
    Edge(name, session, screen, query)


def failed(error: BaseException) -> str:
    """What the page says of an error that is not the user's."""
    return f"This view failed: {type(error).__name__}: {error}"


@solara.component
def Shown(name: str, session: OpenPage, screen: Screen, query: str) -> None:
    """The view of that name."""
    if name not in LABELS:
        raise InputError(
            "address of the page", f"/{name}", f"no such view; {suggest(name, LABELS)}"
        )
    module: Any = importlib.import_module(f"negotiation_abm.dashboard.views.{name}")
    module.View(session, screen, query)


@solara.component
def _Compiling() -> None:
    """That the rules are being compiled, as long as they are, where people look first."""
    is_ready, set_ready = solara.use_state(warm.is_ready())

    def watch(cancel: Any) -> None:
        while not warm.wait(0.2):
            if cancel.is_set():
                return
        set_ready(True)

    solara.use_thread(watch, dependencies=[])
    with solara.Div(attributes={"id": "compiling"}):
        if not is_ready:
            Note(COMPILING)


@solara.component
def _Footer() -> None:
    """Version, sources and seed."""
    solara.HTML(
        tag="footer",
        classes=["foot"],
        unsafe_innerHTML=(
            f"negotiation_abm {__version__} ({source_hash()[:8]}) &nbsp;|&nbsp; seed "
            f"{settings.current().seed} &nbsp;|&nbsp; everything is computed on this machine"
        ),
    )


@solara.component
def _Nothing() -> None:
    """What a route shows; the layout has shown its view."""
    solara.Div()


routes = [
    solara.Route(path="/", component=_Nothing, layout=Layout),
    *(solara.Route(path=entry.name, component=_Nothing) for entry in VIEWS),
]
