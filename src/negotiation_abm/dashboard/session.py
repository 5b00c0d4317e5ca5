"""What one browser page remembers: the address of each view, and the screen it is shown on."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Screen:
    """What a figure is drawn for."""

    is_dark: bool = False
    is_narrow: bool = False


@dataclass
class OpenPage:
    """One open page; nothing in it is shared with another.

    Attributes
    ----------
    queries : dict
        The last query of each view, so that going back to a tab restores it.
    """

    queries: dict[str, str] = field(default_factory=dict)
    _show: Callable[[str, bool], None] = lambda address, is_new: None
    _go: Callable[[str], None] = lambda view: None

    def remember(self, view: str, query: str, is_new: bool = False) -> None:
        """Keep the state of a view, and put it into the address of the page.

        `is_new` makes it an entry of the browser's history, to which Back returns.
        """
        self.queries[view] = query
        self._show(self.address(view), is_new)

    def address(self, view: str) -> str:
        """Address of a view in its last state."""
        query = self.queries.get(view, "")
        return f"/{view}" + (f"?{query}" if query else "")

    def open(self, view: str, query: str) -> None:
        """Go to another view in a given state."""
        self.queries[view] = query
        self._go(view)

    def connect(self, show: Callable[[str, bool], None], go: Callable[[str], None]) -> None:
        """Say how an address is shown and how the page goes to another view."""
        self._show, self._go = show, go
