"""Placeholder."""

import solara

from negotiation_abm.dashboard.parts import Note
from negotiation_abm.dashboard.session import Screen, Session


@solara.component
def View(session: Session, screen: Screen, query: str) -> None:
    """View."""
    Note(f"sweep {query} {screen}")
